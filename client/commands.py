"""The ``cordee`` commands of a clinician (sign in, list, open, read, answer) and of an operator.

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
from pathlib import Path
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
            click.secho(f"Broken seal, nothing is shown: {error}", fg="red", err=True)
            sys.exit(BROKEN_SEAL)
        except NetworkDown as error:
            raise click.ClickException(f"The server cannot be reached ({error}).") from error
        except (CordeeError, LookupError, OSError) as error:
            raise click.ClickException(str(error)) from error

    return run


@contextmanager
def signed_in() -> Iterator[CordeeClient]:
    """The client of whoever is signed in on this machine."""
    from client.device import Device

    with Device.here().client() as client:
        yield client


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


@commands.command("sign-in")
@click.argument("mail")
@click.option("--url", envvar="CORDEE_URL", required=True, help="The network's address.")
@click.option("--code", prompt="Code", help="Six digits from the authenticator application.")
@told_plainly
def sign_in(mail: str, url: str, code: str) -> None:
    """Sign in and keep the session on this machine. The password comes from a prompt, or from the
    environment variable CORDEE_PASSWORD."""
    from client.cordee import CordeeClient
    from client.device import Device

    password = os.environ.get("CORDEE_PASSWORD") or click.prompt("Password", hide_input=True)
    with CordeeClient(url) as client:
        facts = client.sign_in(mail, password, code.replace(" ", ""))
        Device.here().keep(client, mail)
    click.echo(f"Signed in as {facts['name']}.")
    if not facts.get("certified"):
        click.echo("An administrator must still certify this account.")


@commands.command("sign-out")
@told_plainly
def sign_out() -> None:
    """End the session and remove the keys from this machine."""
    from client.device import Device

    device = Device.here()
    try:
        with device.client() as client:
            client.sign_out()
    except (NotSignedIn, BrokenSeal):
        pass  # already over on the server, or unreadable here: removing is all that is left
    finally:
        device.forget()
    click.echo("Signed out.")


@commands.command("cases")
@click.option(
    "--box",
    type=click.Choice(["unclaimed", "mine", "waiting", "done", "all"]),
    default="all",
    show_default=True,
)
@click.option("--urgency", type=click.Choice(["urgent", "priority", "routine"]))
@as_json
@told_plainly
def cases(box: str, urgency: str | None, as_json: bool) -> None:
    """List cases, most pressing first."""
    from client.showing import case_json, case_line

    with signed_in() as client:
        found = list(client.cases.in_box(box, urgency=urgency))
    text = "\n".join(map(case_line, found)) or "No case here."
    show([case_json(case) for case in found], as_json, text)


@commands.command("open")
@click.argument("pool")
@click.option("--birth-name", required=True)
@click.option("--given-names", required=True)
@click.option("--sex", type=click.Choice(["F", "M", "U"]), required=True)
@click.option("--birth-date", required=True, metavar="YYYY-MM-DD")
@click.option("--local-id", default="", help="The patient's number in your own records.")
@click.option("--question", required=True, help="What you want to know.")
@click.option(
    "--consent",
    type=click.Choice(["oral", "written"]),
    required=True,
    help="How the patient, informed, agreed. No request leaves without.",
)
@click.option("--representative", help="Who agreed on the patient's behalf.")
@click.option("--urgency", type=click.Choice(["urgent", "priority", "routine"]), default="routine")
@click.option("--urgency-reason", default="")
@click.option("--care-team", help="Which of your care teams shares the case.")
@click.option(
    "--file", "files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@as_json
@told_plainly
def open_case(pool: str, files: tuple[Path, ...], as_json: bool, **given: Any) -> None:
    """Ask POOL (its name or specialty) a question about a patient."""
    from client.request import Consent, Patient, Request
    from client.showing import case_json

    patient = Patient(
        given["birth_name"],
        given["given_names"],
        given["sex"],
        given["birth_date"],
        local_id=given["local_id"],
    )
    consent = Consent(
        by="representative" if given["representative"] else "patient",
        how=given["consent"],
        representative_name=given["representative"],
    )
    request = Request(
        patient,
        given["question"],
        consent,
        urgency=given["urgency"],
        urgency_reason=given["urgency_reason"],
    )
    with signed_in() as client, progress_bar() as progress:
        case = client.cases.open_case(
            pool, request, files=files, care_team=given["care_team"], progress=progress
        )
    show(case_json(case), as_json, f"Sent as case {case.number}.")


@commands.command("read")
@click.argument("case")
@click.option(
    "--save",
    type=click.Path(file_okay=False, path_type=Path),
    help="Also save the case's files in this directory.",
)
@as_json
@told_plainly
def read(case: str, save: Path | None, as_json: bool) -> None:
    """Read a case, everything verified, and tell the others that one has."""
    from client.showing import case_json, case_page, message_json

    with signed_in() as client:
        found = client.cases.find(case)
        messages = client.thread.read(found.id)
        if messages:
            client.cases.mark_read(found.id, messages[-1].sequence)
        if save:
            _save_files(client, found, messages, save)
    value = {**case_json(found), "messages": [message_json(message) for message in messages]}
    show(value, as_json, case_page(found, messages))


@commands.command("post")
@click.argument("case")
@click.argument("text")
@click.option("--reply-to", help="Id of the message answered.")
@as_json
@told_plainly
def post(case: str, text: str, reply_to: str | None, as_json: bool) -> None:
    """Say something in a case. TEXT "-" is read from standard input."""
    words = sys.stdin.read() if text == "-" else text
    with signed_in() as client:
        found = client.cases.find(case)
        sequence = client.thread.post(found.id, words, reply_to=reply_to)
    show({"case": found.id, "sequence": sequence}, as_json, f"Posted as message {sequence}.")


@commands.command("attach")
@click.argument("case")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--text", default="", help="What to say with the files.")
@click.option("--caption", help="A line shown under each picture.")
@click.option("--original-size", is_flag=True, help="Keep the resolution of pictures.")
@as_json
@told_plainly
def attach(case: str, files: tuple[Path, ...], text: str, as_json: bool, **options: Any) -> None:
    """Clean, seal and send files: pictures lose place and device, DICOM its identities."""
    with signed_in() as client, progress_bar() as progress:
        found = client.cases.find(case)

        def seal(file: Any) -> Any:
            sealed = client.attachments.seal(found.id, file, **options)
            done = "; ".join(sealed.report) or "nothing to take out"
            click.echo(f"{Path(file).name}: {done}", err=True)
            return sealed

        sequence = client.thread.post(found.id, text, files=files, sealing=seal, progress=progress)
    show({"case": found.id, "sequence": sequence}, as_json, f"Sent as message {sequence}.")


@commands.command("opinion")
@click.argument("case")
@click.option("--conclusion", required=True)
@click.option("--recommendations", default="")
@click.option("--follow-up", default="")
@click.option("--incidents", default="", help="Technical incidents, if any.")
@click.option("--amend", is_flag=True, help="Sign a new version of your opinion.")
@as_json
@told_plainly
def opinion(case: str, amend: bool, as_json: bool, **words: str) -> None:
    """Sign an opinion; the requester is told."""
    with signed_in() as client:
        found = client.cases.find(case)
        if amend:
            answer = client.steps.amend_opinion(found.id, **words)
        else:
            answer = client.steps.give_opinion(found.id, **words)
    value = {"case": found.id, "state": answer["state"], "sequence": answer["sequence"]}
    show(value, as_json, f"Opinion signed in case {found.number}.")


def _step_command(name: str, step: str, said: str, about: str) -> None:
    """A command for a step that needs no words."""

    @commands.command(name, help=about)
    @click.argument("case")
    @as_json
    @told_plainly
    def take(case: str, as_json: bool) -> None:
        with signed_in() as client:
            found = client.cases.find(case)
            answer = getattr(client.steps, step)(found.id)
        show(
            {"case": found.id, "state": answer["state"]}, as_json, said.format(number=found.number)
        )


_step_command("claim", "claim", "Case {number} is yours.", "Take a case of your pool.")
_step_command("release", "release", "Case {number} is free again.", "Give a claimed case back.")
_step_command(
    "acknowledge",
    "acknowledge",
    "Opinion of case {number} acknowledged.",
    "Say that you have read the opinion.",
)
_step_command("close", "close", "Case {number} is closed.", "Close an acknowledged case.")


@commands.command("init")
@click.option("--name", required=True, help="The network's name, as people see it.")
@click.option("--admin-mail", required=True, help="Who administers it first.")
@click.option(
    "--root-key",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("cordee-root.key"),
    show_default=True,
    help="Where to write the root key.",
)
@click.option("--language", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@told_plainly
def init(name: str, admin_mail: str, root_key: Path, language: str) -> None:
    """Found the network of this deployment and print the first administrator's link."""
    from client.operator import found_network

    link = found_network(name, admin_mail, root_key, language)
    click.echo(f"Root key written to {root_key}. Copy it to two places offline, then remove it.")
    click.echo(f"Link for {admin_mail}, valid once, for 72 hours:\n\n  {link}\n")
    click.echo(f"After they have signed up:  cordee appoint {admin_mail} --root-key {root_key}")


@commands.command("appoint")
@click.argument("mail")
@click.option(
    "--root-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The file `cordee init` wrote.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@told_plainly
def appoint(mail: str, root_key: Path, yes: bool) -> None:
    """Make the administrator with address MAIL a registrar, who certifies people."""
    from client.operator import RootKey, appoint_registrar, candidate

    root = RootKey.read(root_key)
    person = candidate(mail, root)
    click.echo(f"{person.account.payload.name} <{mail}>")
    click.echo(f"Key fingerprint: {person.fingerprint}")
    if not yes:
        click.confirm("Is this the person, and is this their fingerprint?", abort=True)
    appoint_registrar(person, root)
    click.echo(f"{person.account.payload.name} may now certify people and create groups.")


def _save_files(client: CordeeClient, case: Any, messages: list[Any], target: Path) -> None:
    """Save every file of a case; a name that exists gets a number, nothing is overwritten."""
    target.mkdir(parents=True, exist_ok=True)
    manifests = list(case.header.attachments)
    manifests += [manifest for message in messages for manifest in message.attachments]
    for manifest in manifests:
        path = _free_name(target / Path(manifest.name).name)
        partial = path.with_name(path.name + ".partial")
        try:
            with partial.open("xb") as file:
                client.attachments.download(case.id, manifest, file)
            partial.rename(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        click.echo(f"Saved {path}", err=True)


def _free_name(path: Path) -> Path:
    number = 2
    free = path
    while free.exists():
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free
