"""A real push service on loopback with a browser behind it, which opens what it receives.

The opening is written here from RFC 8291 and RFC 8188 with primitives alone: the library under
test has no say in whether it got them right.
"""

from __future__ import annotations

import json
import os
import struct
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass(frozen=True)
class Received:
    """One message, as the browser behind the endpoint sees it."""

    payload: dict[str, Any]
    headers: dict[str, str]
    """Names in lower case."""
    claims: dict[str, Any]
    vapid_key: str


class PushService:
    """Knows any number of browsers; each has its endpoint and keys."""

    def __init__(self) -> None:
        self.browsers: dict[str, Browser] = {}
        self.statuses: list[tuple[int, dict[str, str]]] = []
        """Answers to the next messages, before it behaves again."""
        self.calls = 0
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                service.calls += 1
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers = service.answer(
                    self.path, {k.lower(): v for k, v in self.headers.items()}, body
                )
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def browser(self) -> Browser:
        browser = Browser(f"{self.url}/push/{os.urandom(8).hex()}")
        self.browsers[browser.endpoint.removeprefix(self.url)] = browser
        return browser

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        if self.statuses:
            return self.statuses.pop(0)
        browser = self.browsers.get(path)
        if browser is None:
            return 410, {}
        browser.receive(self.url, headers, body)
        return 201, {}

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Browser:
    """A push subscription with its private half."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.secret = os.urandom(16)
        self.received: list[Received] = []

    @property
    def point(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def subscription(self) -> dict[str, Any]:
        """As `PushSubscription.toJSON()`, without what the server does not take."""
        return {
            "endpoint": self.endpoint,
            "keys": {"p256dh": _b64url(self.point), "auth": _b64url(self.secret)},
        }

    def receive(self, audience: str, headers: dict[str, str], body: bytes) -> None:
        assert headers["content-encoding"] == "aes128gcm"
        assert int(headers["ttl"]) > 0
        claims, key = check_vapid(headers["authorization"], audience)
        payload = json.loads(self.open(body))
        self.received.append(Received(payload, headers, claims, key))

    def open(self, body: bytes) -> bytes:
        """RFC 8188 header and one record; keys by RFC 8291 section 3.4."""
        salt, _record_size, id_length = body[:16], *struct.unpack(">IB", body[16:21])
        sender, sealed = body[21 : 21 + id_length], body[21 + id_length :]
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = self.private.exchange(ec.ECDH(), point)
        info = b"WebPush: info\0" + self.point + sender
        material = HKDF(hashes.SHA256(), 32, self.secret, info).derive(shared)
        key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(material)
        nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(material)
        plain = AESGCM(key).decrypt(nonce, sealed, None)
        text, _, _ = plain.rpartition(b"\x02")
        return text


def check_vapid(authorization: str, audience: str) -> tuple[dict[str, Any], str]:
    """The claims and key of a VAPID header whose ES256 signature holds (RFC 8292)."""
    scheme, _, rest = authorization.partition(" ")
    assert scheme.lower() == "vapid"
    fields = dict(part.strip().split("=", 1) for part in rest.split(","))
    header, claims, signature = fields["t"].split(".")
    raw = _unb64url(signature)
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _unb64url(fields["k"]))
    signed = f"{header}.{claims}".encode()
    key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    said = json.loads(_unb64url(claims))
    assert said["aud"] == audience
    return said, fields["k"]


def _b64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unb64url(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
