"""The server's commands: `cordee server …`, `cordee trace …`, `cordee worker`.

Those the operator's own client calls speak JSON on standard input and output.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import click
from flask import Flask
from flask_babel import force_locale
from sqlalchemy.exc import OperationalError, ProgrammingError

from app import background, clock
from app.config import Config, ConfigurationRefused
from app.errors import DomainError
from app.migrate import migrate as migrate_database


@click.group()
def commands() -> None:
    """Commands of the server."""


@commands.group()
def server() -> None:
    """Operate the server."""


@commands.group()
def trace() -> None:
    """Check the trace."""


def _configuration() -> Config:
    try:
        return Config.from_environment()
    except ConfigurationRefused as refused:
        raise click.ClickException(str(refused)) from None


@contextmanager
def _database_told_plainly() -> Iterator[None]:
    try:
        yield
    except (OperationalError, ProgrammingError):
        raise click.ClickException(
            "the database does not answer, or is not at the newest schema: look at "
            "CORDEE_DATABASE_URL, then run `cordee server migrate`"
        ) from None


@contextmanager
def _application() -> Iterator[Flask]:
    """The application, bound to its database; refusals become one line and exit code 1."""
    from app.factory import create_app

    app = create_app(_configuration())
    try:
        with _database_told_plainly():
            yield app
    except DomainError as refusal:
        with app.app_context(), force_locale("en"):
            words = f"{refusal.code}: {refusal.detail()}"
        reason = refusal.extra.get("reason")
        raise click.ClickException(f"{words} ({reason})" if reason else words) from None


def _read_json(*fields: str) -> dict[str, Any]:
    try:
        values = json.load(sys.stdin)
    except ValueError:
        raise click.ClickException("JSON expected on standard input") from None
    if not isinstance(values, dict) or set(values) != set(fields):
        raise click.ClickException("expected exactly the fields " + ", ".join(fields))
    return values


def _print_json(values: dict[str, Any]) -> None:
    click.echo(json.dumps(values))


@server.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    with _database_told_plainly():
        migrate_database(_configuration().database_url)


@server.command()
def check() -> None:
    """Check the configuration and name every missing or weak value."""
    config = _configuration()
    click.echo(f"configuration is complete; the service is to be reached at {config.base_url}")


@server.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def serve(host: str, port: int) -> None:
    """Serve with gunicorn: one gevent process. Behind nginx, run one per core."""
    _configuration()
    arguments = [
        *(sys.executable, "-m", "gunicorn", "wsgi:app", "-k", "gevent", "-w", "1"),
        *("--worker-connections", "20000", "--backlog", "4096", "--keep-alive", "75"),
        *("--graceful-timeout", "10", "-b", f"{host}:{port}"),
    ]
    from app.pages import ROOT

    os.chdir(ROOT)
    os.execv(sys.executable, arguments)  # noqa: S606 (our own interpreter, no shell)


@server.command("install-network")
@click.option("--admin-mail", required=True, help="who receives the first invitation")
@click.option("--language", default="fr", type=click.Choice(["fr", "en"]))
def install_network(admin_mail: str, language: str) -> None:
    """Install the network read as {net, name, root, policy}; print {link} for its administrator."""
    from auth.service import network

    read = _read_json("net", "name", "root", "policy")
    with _application():
        root = base64.b64decode(read["root"], validate=True)
        network.install_network(UUID(read["net"]), str(read["name"]), root, read["policy"])
        _print_json({"link": _invite(admin_mail, language)})


@server.command("invite-administrator")
@click.argument("mail")
@click.option("--language", default="fr", type=click.Choice(["fr", "en"]))
def invite_administrator(mail: str, language: str) -> None:
    """Print {link}: another single-use invitation, when the first one expired."""
    with _application():
        _print_json({"link": _invite(mail, language)})


def _invite(mail: str, language: str) -> str:
    from auth.schemas import InvitationBody
    from auth.service.invitations import invite_first_administrator

    checked = InvitationBody(mail=mail, kind="administrator", language=language)  # type: ignore[arg-type]
    return invite_first_administrator(checked.mail, checked.language)


@server.command("pending-registrar")
@click.argument("mail")
def pending_registrar(mail: str) -> None:
    """Print {account, name, statement, policy}: what the operator checks and signs."""
    from auth.service import appointment

    with _application():
        _print_json(appointment.pending_registrar(mail))


@server.command("install-appointment")
def install_appointment() -> None:
    """Install {policy_statement, account_statement}, both signed by the root."""
    from auth.service import appointment

    read = _read_json("policy_statement", "account_statement")
    with _application():
        account = appointment.install_appointment(
            read["policy_statement"], read["account_statement"]
        )
        _print_json({"account": str(account)})


@server.command()
def policy() -> None:
    """Print {policy}: the chain of policies, which the operator's next one continues."""
    from auth.service import network

    with _application():
        _, _, statements = network.read_network()
        _print_json({"policy": statements})


@server.command("install-policy")
def install_policy() -> None:
    """Install {statement}, the next policy, signed by the root; print {seq}."""
    from auth.service import network

    read = _read_json("statement")
    with _application():
        _print_json({"seq": network.install_policy(read["statement"]).payload.seq})


@server.command("record-opening")
def record_opening() -> None:
    """Note {case, reason}: a custodian opened this case from a backup. Its people are told."""
    from auth.service import openings

    read = _read_json("case", "reason")
    with _application():
        openings.record_opening(str(read["case"]), str(read["reason"]))
        _print_json({"case": read["case"]})


@server.command("log-key")
def log_key() -> None:
    """Print {log_key}: the public half of the key that signs the logs, for the policy to name."""
    from app import sealing
    from trace import signing

    config = _configuration()
    sealing.bind(config.secret_key)
    signing.bind(config)
    _print_json({"log_key": base64.b64encode(signing.public_key()).decode()})


@trace.command()
@click.option("--head", "noted", help="a head noted earlier, PLACE:HASH, as `head` prints it")
def verify(noted: str | None) -> None:
    """Find every changed, missing or reordered row, and every entry of the logs that is not as it
    was signed, and name it. Exit code 1 if there is one."""
    from app.transactions import transaction
    from trace.chain import verify_chain
    from trace.checking import verify_log
    from trace.sequencer import place_rows
    from trace.trees import Tree

    with _application():
        place_rows()
        with transaction(read_only=True) as running:
            verdict = verify_chain(running, now=clock.now(), noted=_noted(noted))
            for tree in Tree:
                verdict.faults += verify_log(tree)
    for fault in verdict.faults:
        click.echo(f"{fault.kind}: {fault.words}")
    click.echo(f"{verdict.rows} rows; head {verdict.last_place}:{verdict.head.hex()}")
    if not verdict.sound:
        sys.exit(1)


@trace.command()
def head() -> None:
    """Print the last place and hash. Keep it off this machine: a later cut shows against it."""
    from app.transactions import transaction
    from trace.sequencer import head as last
    from trace.sequencer import place_rows

    with _application():
        place_rows()
        with transaction(read_only=True) as running:
            place, digest = last(running)
    click.echo(f"{place}:{digest.hex()}")


def _noted(text: str | None) -> tuple[int, bytes] | None:
    if text is None:
        return None
    place, _, digest = text.partition(":")
    try:
        return int(place), bytes.fromhex(digest)
    except ValueError:
        raise click.BadParameter("expected PLACE:HASH", param_hint="--head") from None


@commands.command()
def worker() -> None:
    """Run the outbox and the clocks, and nothing else (the grown run model)."""
    with _application():
        background.run_forever()
