"""TLS: whom this machine believes, and a connection that two threads may use at once."""

from __future__ import annotations

import errno
import select
import ssl
from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from typing import Any


@lru_cache(maxsize=1)
def trusted_authorities() -> ssl.SSLContext:
    """The certificate authorities of this machine, read once for all clients."""
    return ssl.create_default_context()


def live_context() -> ssl.SSLContext:
    """The same authorities, for a connection read by one thread while another writes.

    OpenSSL's connections are not made for that, and Python guards them since 3.13.1 only
    (CPython issue 124984): before, one connection in some thousand lost what came or left.
    """
    context = ssl.create_default_context()
    context.sslsocket_class = _InTurn
    return context


class _InTurn(ssl.SSLSocket):
    """Reads and writes one after the other, and waits for the line outside its turn."""

    _turn = Lock()
    """One for all: nobody waits inside."""

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        received: bytes = self._when_ready(super().recv, buflen, flags)
        return received

    def send(self, data: Any, flags: int = 0) -> int:
        sent: int = self._when_ready(super().send, data, flags)
        return sent

    def _when_ready(self, act: Callable[..., Any], *args: Any) -> Any:
        while True:
            with self._turn:
                patience = self.gettimeout()
                self.settimeout(0)
                try:
                    return act(*args)
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as wanting:
                    if patience == 0:
                        raise
                    reads = isinstance(wanting, ssl.SSLWantReadError)
                finally:
                    if self.fileno() >= 0:
                        self.settimeout(patience)
            self._wait_for(select.POLLIN if reads else select.POLLOUT, patience)

    def _wait_for(self, awaited: int, patience: float | None) -> None:
        if (descriptor := self.fileno()) < 0:
            raise OSError(errno.EBADF, "closed meanwhile")
        line = select.poll()
        line.register(descriptor, awaited)
        if not line.poll(None if patience is None else patience * 1000):
            raise TimeoutError("timed out")
