"""Serve a whole demonstration here: migrate, start gunicorn, seed the people, say where to go."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FORWARDED = (signal.SIGINT, signal.SIGTERM)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=8000)
    options.add_argument("--instance", type=Path, default=ROOT / "instance")
    chosen = options.parse_args()
    instance = chosen.instance.resolve()
    instance.mkdir(parents=True, exist_ok=True)
    url = f"http://localhost:{chosen.port}"
    if taken(chosen.port):
        print(
            f"Port {chosen.port} is in use. Try: make run PORT={chosen.port + 1}", file=sys.stderr
        )
        return 1
    env = {
        **os.environ,
        "CORDEE_DEMO": "1",
        "CORDEE_BASE_URL": url,
        "CORDEE_INSTANCE": str(instance),
        "CORDEE_LOG_LEVEL": os.environ.get("CORDEE_LOG_LEVEL", "WARNING"),
    }
    subprocess.run(
        [sys.executable, "-m", "protocol.command", "server", "migrate"],
        env=env,
        cwd=ROOT,
        check=True,
    )
    server = subprocess.Popen(gunicorn(chosen.port), env=env, cwd=ROOT, start_new_session=True)
    for name in FORWARDED:
        signal.signal(name, lambda *_: server.terminate())
    try:
        wait_until_ready(url, server)
        subprocess.run(
            [sys.executable, "-m", "client.demo", "--url", url, "--instance", str(instance)],
            env=env,
            cwd=ROOT,
            check=True,
        )
        print(welcome(url, instance), flush=True)
        server.wait()
    except subprocess.CalledProcessError as failure:
        server.terminate()
        server.wait()
        return failure.returncode
    print("\nStopped. The data stays in", instance)
    return 0


def gunicorn(port: int) -> list[str]:
    """The embedded run model of docs/architecture.md: one gevent process."""
    return [
        sys.executable, "-m", "gunicorn", "wsgi:app", "-k", "gevent", "-w", "1",
        "--worker-connections", "20000", "--backlog", "4096", "--keep-alive", "75",
        "--graceful-timeout", "3", "--log-level", "warning", "-b", f"127.0.0.1:{port}",
    ]  # fmt: skip


def taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SystemExit("The server stopped at start: see the message above.")
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    server.terminate()
    raise SystemExit("The server did not answer within a minute.")


def welcome(url: str, instance: Path) -> str:
    people = json.loads((instance / "demo-people.json").read_text())
    lines = [
        "",
        f"  Cordée is running: {url}        (Ctrl-C stops it)",
        "",
        "  Demonstration people, one tap on the sign-in page:",
        *(f"    {person['name']:<24} {person['role']}" for person in people),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
