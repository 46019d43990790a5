"""Asking, answering, and the steps of a case."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from client.commands.base import (
    as_json,
    commands,
    progress_bar,
    show,
    signed_in,
    told_plainly,
)


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
    "take-over",
    "take_over",
    "Case {number} is yours.",
    "Take a case over from an expert who is away or gone.",
)
_step_command(
    "acknowledge",
    "acknowledge",
    "Opinion of case {number} acknowledged.",
    "Say that you have read the opinion.",
)
_step_command("close", "close", "Case {number} is closed.", "Close an acknowledged case.")
