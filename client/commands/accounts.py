"""One's own account: new keys, coming back after a loss, being away."""

from __future__ import annotations

import os
from datetime import datetime

import click

from client.commands.base import commands, signed_in, told_plainly

DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"])


@commands.command("renew-keys")
@click.option("--code", prompt="Code", help="Six digits from the authenticator application.")
@click.option("--suite", type=click.Choice(["1", "2"]), help="Move to this algorithm as well.")
@told_plainly
def renew_keys(code: str, suite: str | None) -> None:
    """Replace keys that somebody else may have. The passwords come from prompts, or from
    CORDEE_PASSWORD and CORDEE_NEW_PASSWORD."""
    from client.device import Device

    device = Device.here()
    with device.client() as client:
        recovery = client.account.renew_keys(
            os.environ.get("CORDEE_PASSWORD") or click.prompt("Password", hide_input=True),
            _new_password(),
            code.replace(" ", ""),
            suite=int(suite) if suite else None,
        )
        device.keep(client, str(client.account.facts["mail"]))
    click.echo(f"Your new recovery code, shown once. Keep it on paper:\n\n  {recovery}\n")
    click.echo("An administrator must now confirm your new keys; your other sessions have ended.")


@commands.command("come-back")
@click.argument("link")
@told_plainly
def come_back(link: str) -> None:
    """Return to one's account with the LINK an administrator gave, when everything was lost."""
    from client.cordee import CordeeClient
    from client.device import Device
    from client.invitation import Invitation

    password = _new_password()
    with CordeeClient(Invitation.read(link).base_url) as client:
        back = client.account.come_back(link, password)
        Device.here().keep(client, str(back.account["mail"]))
    click.echo(f"Second factor, for the authenticator application:  {back.totp_secret}")
    click.echo(f"Recovery code, shown once. Keep it on paper:\n\n  {back.recovery_code}\n")
    click.echo(
        "An administrator must now confirm your new keys; colleagues then give access again."
    )


@commands.command("leave")
@click.option("--from", "start", type=DAY, help="First day, such as 2026-12-20.")
@click.option("--until", "end", type=DAY, help="When you are back.")
@click.option("--delegate", help="Who stands in (name or id): a member of one of your groups.")
@click.option("--back", is_flag=True, help="End the leave, or give it up.")
@told_plainly
def leave(start: datetime | None, end: datetime | None, delegate: str | None, back: bool) -> None:
    """Say that you are away, and who is told instead of you."""
    from client.commands.travelling import find_person

    with signed_in() as client:
        if back:
            client.account.come_back_from_leave()
            click.echo("Your colleagues see that you are there.")
            return
        if start is None or end is None:
            raise click.UsageError("say --from and --until, or --back")
        known = find_person(client, delegate) if delegate else None
        client.account.go_on_leave(
            start.astimezone(), end.astimezone(), known.id if known else None
        )
    instead = f" {known.name} stands in." if known else ""
    click.echo(f"You are away from {start:%Y-%m-%d} until {end:%Y-%m-%d}.{instead}")


def _new_password() -> str:
    return os.environ.get("CORDEE_NEW_PASSWORD") or str(
        click.prompt("New password", hide_input=True, confirmation_prompt=True)
    )
