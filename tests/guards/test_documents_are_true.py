"""What the pages and the files for operators say exists, exists; and what exists is said."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from uuid import uuid4

import click
import pytest
from flask import Flask

from app.config import Config
from app.sockets import EVENTS
from attachments.store import BlobStore
from protocol.command import main as cordee

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OPERATED = sorted(path for path in (ROOT / "deploy").iterdir() if path.suffix != ".lock")
NOT_SETTINGS = {"CORDEE_URL", "CORDEE_PASSWORD", "CORDEE_STATE"}
"""Read by the `cordee` command on a clinician's machine, not by the server."""
PRODUCTION = ROOT / "deploy" / "environment.example"


def normal(path: str) -> str:
    return re.sub(r"<[^>]+>|\{[^}]+\}", "{}", path)


def settings() -> set[str]:
    return set(re.findall(r'"(CORDEE_\w+)"', (ROOT / "app" / "config.py").read_text()))


def example(**filled: str) -> dict[str, str]:
    lines = PRODUCTION.read_text().splitlines()
    pairs = [line.split("=", 1) for line in lines if line and not line.startswith("#")]
    return {**dict(pairs), **filled}


def test_the_api_page_names_every_address_and_no_other(app: Flask) -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    told = {
        (method, normal(path))
        for method, path in re.findall(r"`(GET|HEAD|POST|PUT|PATCH|DELETE) (/[^`?\s]*)`", page)
    }
    served = {
        (method, normal(rule.rule.removeprefix("/api/v1")))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    served |= {("HEAD", "/uploads/{}")}
    told = {(method, path.removeprefix("/api/v1")) for method, path in told}
    assert told == served


def test_the_api_page_names_every_event(app: Flask) -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    told = set(re.findall(r"`(\w+:\w+) \{", page))
    assert told == set(EVENTS)
    emitted = {
        name
        for room in ("auth", "messaging", "attachments", "pools", "notifications")
        for path in (ROOT / room).rglob("*.py")
        for name in re.findall(
            r'(?:emit|tell_case|evict_account)\([^"]*?"(\w+:\w+)"', path.read_text()
        )
    }
    heard = set(re.findall(r"`(\w+:\w+)`", page.split("From the server:")[1].split("They are")[0]))
    assert heard == emitted


@pytest.mark.parametrize("page", [*PAGES, *OPERATED], ids=lambda path: path.name)
def test_every_setting_named_is_read(page: Path) -> None:
    named = set(re.findall(r"CORDEE_[A-Z_]+[A-Z]", page.read_text()))
    assert named - settings() - NOT_SETTINGS == set()


def test_the_example_names_every_setting_and_starts_once_filled() -> None:
    named = set(re.findall(r"^#? ?(CORDEE_\w+)=", PRODUCTION.read_text(), flags=re.MULTILINE))
    of_the_demonstration = {"CORDEE_DEMO", "CORDEE_INSTANCE"}
    of_the_tests = {"CORDEE_PUSH_LOOPBACK", "CORDEE_RATE_LIMITS"}
    assert named == settings() - of_the_demonstration - of_the_tests
    config = Config.from_environment(example(CORDEE_SECRET_KEY="k" * 40))
    assert config.secure and config.trust_proxy and config.x_accel and not config.worker_inline


def test_nginx_looks_for_blobs_where_they_lie(tmp_path: Path) -> None:
    """The redirect of attachments/downloads.py, through nginx's `alias`, is the store's own file."""
    nginx = (ROOT / "deploy" / "nginx.conf").read_text()
    inside = re.search(r"location (\S+) \{\s+internal;\s+alias (\S+);", nginx)
    assert inside
    address, alias = inside.groups()
    store = BlobStore(Config("http://localhost", "k" * 40, "sqlite://", f"file://{tmp_path}"))
    name = store.name(uuid4())
    redirect = f"/_{name}"
    assert redirect.startswith(address)
    root = example()["CORDEE_BLOB_URL"].removeprefix("file://")
    assert alias + redirect.removeprefix(address) == f"{root}/{name}"


def test_nginx_passes_the_true_address_on_everywhere() -> None:
    """`proxy_set_header` is inherited only where none is set (nginx, ngx_http_proxy_module)."""
    nginx = (ROOT / "deploy" / "nginx.conf").read_text()
    locations = re.findall(r"location [^{]+\{([^}]*)\}", nginx)
    assert len(locations) >= 4
    assert not [block for block in locations if "proxy_set_header" in block]
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in nginx


def test_nginx_and_the_units_agree_on_ports_and_on_the_cookie() -> None:
    nginx = (ROOT / "deploy" / "nginx.conf").read_text()
    unit = (ROOT / "deploy" / "cordee@.service").read_text()
    ports = set(re.findall(r"server 127\.0\.0\.1:(\d+);", nginx))
    assert ports == set(re.findall(r"cordee@(\d+)", unit))
    assert "127.0.0.1:%i" in unit
    assert "__Host-cordee_session" in nginx
    for service in (ROOT / "deploy").glob("*.service"):
        assert "EnvironmentFile=/etc/cordee/environment" in service.read_text()


def written_commands() -> list[tuple[str, str]]:
    """Every `cordee …` line of a shell block, and every inline `cordee x y` of the pages."""
    found: list[tuple[str, str]] = []
    for page in [*PAGES, *OPERATED]:
        text = page.read_text().replace("\\\n", " ")
        blocks = "\n".join(re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL))
        lines = re.findall(r"(?:^|;)\s*(cordee [^;#\n]+)", blocks, flags=re.MULTILINE)
        lines += re.findall(r"`(cordee [^`]+)`", text)
        lines += re.findall(r"ExecStart=\S+/(cordee [^\n]+)", text)
        found += [(page.name, " ".join(line.split())) for line in lines]
    return found


@pytest.mark.parametrize(("page", "line"), written_commands())
def test_every_command_written_down_exists(page: str, line: str) -> None:
    """Names and options; values are the reader's own."""
    words = shlex.split(line.replace("…", ""))[1:]
    group: click.Command = cordee
    while words and isinstance(group, click.Group) and not words[0].startswith("-"):
        found = group.get_command(click.Context(group), words[0])
        assert found, f"{page}: no command `{words[0]}` in `{line}`"
        group = found
        words = words[1:]
    known = {"--help", *(option for param in group.params for option in param.opts)}
    assert {word for word in words if word.startswith("--")} - known == set(), f"{page}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_file_and_target_named_exists(page: Path) -> None:
    text = page.read_text()
    named = re.findall(r"`((?:tests|docs|deploy|app|auth|client|protocol|static)/[\w./*-]*)`", text)
    named += [link for link in re.findall(r"\]\(([\w./-]+)\)", text) if "://" not in link]
    made = {"docs/benchmarks.md", "docs/screenshot.png", "static/dist"}
    for name in named:
        base = page.parent if (page.parent / name).exists() else ROOT
        here = list(base.glob(name.rstrip("/"))) or list(base.glob(name.rstrip("/") + "*"))
        assert here or name in made, f"{page.name} names {name}"
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for target in re.findall(r"`make ([a-z]+)", text):
        assert target in targets, f"{page.name} names make {target}"


@pytest.mark.parametrize(
    "lock", ["deploy/requirements.lock", "deploy/requirements-dev.lock", "package-lock.json"]
)
def test_locks_pin_content_and_name_no_host(lock: str) -> None:
    """Whoever installs chooses the mirror; the hashes decide what is accepted."""
    text = (ROOT / lock).read_text()
    assert not re.search(r'"resolved":|--(?:extra-)?index-url|@ https?://', text)
    assert "sha256:" in text or '"integrity": "sha512-' in text
