"""Signing in and out on this machine."""

from __future__ import annotations

import os

import click

from client.commands.base import commands, told_plainly
from client.errors import BrokenSeal, NotSignedIn


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
    device = Device.here()
    with CordeeClient(url) as client:
        device.recall_log(client)
        facts = client.sign_in(mail, password, code.replace(" ", ""))
        device.keep(client, mail)
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
