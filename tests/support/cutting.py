"""A line that breaks: a TCP relay that resets each connection after so many bytes upwards."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress


class CuttingLine:
    """Listens on loopback, relays to `port`; after `most` bytes from the client, a reset."""

    def __init__(self, port: int, most: int, cuts: int) -> None:
        self.target, self.most, self.left = port, most, cuts
        self.made = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                threading.Thread(target=self._up, args=(client, server), daemon=True).start()
                threading.Thread(target=self._down, args=(server, client), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        passed = 0
        with suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
                passed += len(data)
                if passed >= self.most and self.left > 0:
                    self.left -= 1
                    self.made += 1
                    reset(client)
                    break
        with suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _down(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
        with suppress(OSError):
            client.close()
        server.close()

    def close(self) -> None:
        self.listener.close()


def reset(line: socket.socket) -> None:
    """End a connection as a vanished signal does: RST, not FIN."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()
