"""The least an upload can cost: threads that read a PATCH body into a file and fsync it.

No account, no offset, no lock, no digest, no row. `python sink.py PORT FOLDER`.
"""

from __future__ import annotations

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PIECE = 1024 * 1024


class Sink(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path

    def do_PATCH(self) -> None:
        """Append the body to the file that the path names."""
        target = self.folder / self.path.rsplit("/", 1)[-1]
        left = int(self.headers["Content-Length"])
        buffer = memoryview(bytearray(PIECE))
        file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            while left:
                count = self.rfile.readinto(buffer[: min(left, PIECE)])  # type: ignore[attr-defined]
                if not count:
                    return
                os.write(file, buffer[:count])
                left -= count
            os.fsync(file)
        finally:
            os.close(file)
        self.send_response(204)
        self.send_header("Upload-Offset", str(target.stat().st_size))
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    Sink.folder = Path(sys.argv[2])
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Sink).serve_forever()
