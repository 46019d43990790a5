"""The browser's protocol core with a page around it, built and served under our own headers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copytree, which
from threading import Thread

from app.security import HEADERS

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests/vectors"
PAGE = ROOT / "tests/web/harness/index.html"


class HardenedFiles(SimpleHTTPRequestHandler):
    """Files under the headers that the application sends with every answer."""

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet: the browser's own console is what the tests watch."""


@contextmanager
def served_harness(site: Path) -> Iterator[str]:
    """Build the harness into `site` and serve it on loopback, a secure context for browsers."""
    vite = [_node(), "node_modules/vite/bin/vite.js", "build", "--mode", "harness"]
    subprocess.run(
        [*vite, "--outDir", str(site), "--logLevel", "warn"],
        cwd=ROOT,
        check=True,
        env={**os.environ, "NODE_ENV": "production"},
        timeout=120,
    )
    (site / "index.html").write_bytes(PAGE.read_bytes())
    copytree(
        VECTORS, site / "vectors", ignore=lambda _, names: {n for n in names if "json" not in n}
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(HardenedFiles, directory=str(site)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def _node() -> str:
    beside = Path(sys.executable).parent / "node"
    found = str(beside) if beside.exists() else which("node")
    assert found, "node is missing: make install"
    return found
