"""Waking a browser: Web Push (RFC 8030), encrypted (RFC 8291), signed (RFC 8292).

The endpoint is a URL a client gave us, so it is called as one would open a stranger's letter:
public addresses only, checked on the very address connected to, no redirect, no proxy, no cookie,
the answer's head and no more of it, and the line cut at a deadline.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from contextlib import suppress
from dataclasses import dataclass
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

import requests
from pywebpush import WebPushException, webpush
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

from app.config import Config
from notifications.errors import EndpointRefused
from notifications.outcome import Outcome, Retry, Sent, Unknown, Useless
from notifications.vapid import vapid_key

TIMEOUT = (5, 15)
"""Seconds to connect, to answer."""
DEADLINE = 30.0
"""Seconds one call may take in all: TIMEOUT is per read, and a hostile service answers a byte at
a time."""
TTL = 24 * 3600
LOOPBACK = ("127.0.0.1", "::1", "localhost")
TRANSLATED = tuple(
    map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "::/96"))
)


@dataclass(frozen=True)
class Device:
    """A subscribed browser."""

    endpoint: str
    p256dh: str
    auth: str


def check_endpoint(endpoint: str, config: Config) -> None:
    """Refuse what is plainly no push service. Names are resolved, and checked, when called.

    Raises EndpointRefused.
    """
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        raise EndpointRefused() from None
    host = parts.hostname or ""
    if config.push_loopback and host in LOOPBACK:
        return
    plain = parts.scheme == "https" and port in (None, 443) and not parts.username
    if not plain or "." not in host or host.endswith((".local", ".internal", ".localhost")):
        raise EndpointRefused()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return
    if not reachable(address):
        raise EndpointRefused()


def push(device: Device, payload: dict[str, Any], config: Config, urgent: bool) -> Outcome:
    """Send one message; what became of it."""
    try:
        check_endpoint(device.endpoint, config)
    except EndpointRefused:
        return Useless("endpoint_refused")
    key = vapid_key(config)
    info = {
        "endpoint": device.endpoint,
        "keys": {"p256dh": device.p256dh, "auth": device.auth},
    }
    try:
        with _session(config) as calls:
            webpush(
                info,
                data=json.dumps(payload, ensure_ascii=False, separators=(",", ":")),
                vapid_private_key=key.signer,
                vapid_claims={"sub": key.subject},
                ttl=TTL,
                timeout=TIMEOUT,  # type: ignore[arg-type]
                headers={"Urgency": "high" if urgent else "normal"},
                requests_session=calls,
            )
    except WebPushException as failure:
        return _judge(failure)
    except (requests.RequestException, OSError):
        return Retry("unreachable")
    except ValueError:
        return Useless("keys_refused")
    return Sent()


def _judge(failure: WebPushException) -> Outcome:
    status = failure.status_code
    if status in (404, 410):
        return Unknown()
    if status is None:
        return Useless("keys_refused")
    if status == 429 or status >= 500:
        after = failure.retry_after or ""
        return Retry(f"http_{status}", int(after) if after.isdigit() else None)
    return Useless(f"http_{status}")


class _Calls(requests.Session):
    """A session that follows nothing, reads no body and asks no environment for a proxy."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """The status and headers say all; a body could be without end."""
        answer = super().send(request, **{**options, "stream": True})
        answer.close()
        answer._content = b""
        return answer


def _session(config: Config) -> _Calls:
    calls = _Calls()
    adapter = _Loopback() if config.push_loopback else _Guarded()
    calls.mount("https://", adapter)
    calls.mount("http://", adapter)
    return calls


def public_addresses(host: str, port: int) -> list[str]:
    """What `host` resolves to, public addresses only (not private, local, or reserved)."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(where[0]).partition("%")[0] for *_, where in found]
    return [address for address in addresses if reachable(ipaddress.ip_address(address))]


def reachable(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether a push service may have this address: public, and not one that a translator on the
    way turns into an IPv4 address we did not look at (RFC 6052, 3056, 4291 section 2.5.5)."""
    if isinstance(address, ipaddress.IPv6Address) and (
        address.is_site_local or any(address in network for network in TRANSLATED)
    ):
        return False
    return address.is_global and not address.is_multicast


class _Deadline:
    """Shuts a connection down when its time is over, whatever it is waiting for."""

    def __init__(self, connected: socket.socket) -> None:
        self._line = connected.dup()  # TLS takes the socket itself over
        self._timer = Timer(DEADLINE, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def _cut(self) -> None:
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)

    def over(self) -> None:
        self._timer.cancel()
        self._line.close()


class _Timed(HTTPConnection):
    """A connection with a deadline."""

    _deadline: _Deadline | None = None

    def _new_conn(self) -> socket.socket:
        connected = self._reach()
        self._deadline = _Deadline(connected)
        return connected

    def _reach(self) -> socket.socket:
        return super()._new_conn()

    def close(self) -> None:
        if self._deadline is not None:
            self._deadline.over()
            self._deadline = None
        super().close()


class _GuardedHTTPS(_Timed, HTTPSConnection):
    """Resolves by itself and connects to what it checked: no second lookup to rebind."""

    def _reach(self) -> socket.socket:
        for address in public_addresses(self._dns_host, self.port):
            try:
                return socket.create_connection((address, self.port), self.timeout)
            except OSError:
                continue
        raise NewConnectionError(self, "no public address answers")


class _NoPlain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        raise NewConnectionError(self, "only https")


class _GuardedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPS


class _NoPlainPool(HTTPConnectionPool):
    ConnectionCls = _NoPlain


class _Guarded(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "https": _GuardedHTTPSPool,
            "http": _NoPlainPool,
        }


class _TimedPool(HTTPConnectionPool):
    ConnectionCls = _Timed


class _Loopback(HTTPAdapter):
    """For the tests' own push service: this machine and nothing else."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            **self.poolmanager.pool_classes_by_scheme,
            "http": _TimedPool,
        }

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        if urlsplit(request.url or "").hostname not in LOOPBACK:
            raise requests.ConnectionError("loopback only")
        return super().send(request, *args, **kwargs)
