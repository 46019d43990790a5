"""What every command stands on: the group they join, plain words for errors, who is signed in.

Every command prints JSON with ``--json``. Exit codes: 1 refused or impossible, 2 wrong usage,
3 a broken seal (something received is not what its author signed). What a command needs is imported
inside it: the executable starts quickly, and the server's own commands load no client.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from client.errors import BrokenSeal, CordeeError, NetworkDown, NotSignedIn, Refused

if TYPE_CHECKING:
    from client.cordee import CordeeClient

P = ParamSpec("P")
R = TypeVar("R")

BROKEN_SEAL = 3

commands = click.Group("cordee", help="Cordée: sealed and traced teleexpertise messaging.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def told_plainly(function: Callable[P, R]) -> Callable[P, R]:
    """Turn what this room raises into a sentence and an exit code."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except NotSignedIn as error:
            raise click.ClickException(
                "The session has ended. Sign in again with `cordee sign-in`."
            ) from error
        except Refused as error:
            raise click.ClickException(error.detail or error.code) from error
        except BrokenSeal as error:
            from client.verdicts import sentence

            click.secho(sentence(error, _language()), fg="red", err=True)
            click.echo(f"({error})", err=True)
            sys.exit(BROKEN_SEAL)
        except NetworkDown as error:
            raise click.ClickException(f"The server cannot be reached ({error}).") from error
        except (CordeeError, LookupError, OSError) as error:
            raise click.ClickException(str(error)) from error

    return run


def _language() -> str:
    """The language of the person's machine, as POSIX locales name it (LC_ALL before LANG)."""
    named = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    return named[:2].lower() or "en"


@contextmanager
def signed_in() -> Iterator[CordeeClient]:
    """The client of whoever is signed in on this machine."""
    from client.device import Device

    device = Device.here()
    with device.client() as client:
        try:
            yield client
        finally:
            device.keep_log(client)


def show(value: Any, as_json: bool, text: str) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1) if as_json else text)


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error while bytes move; nothing when nobody watches."""
    bars: list[Any] = []

    def advance(done: int, total: int) -> None:
        if not bars or done < bars[-1].pos:  # the next handful of files
            bars.append(click.progressbar(length=total, label="Uploading", file=sys.stderr))
            bars[-1].__enter__()
        bars[-1].update(done - bars[-1].pos)

    try:
        yield advance
    finally:
        for bar in bars:
            bar.__exit__(None, None, None)
