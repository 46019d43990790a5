"""What an operator does once: found the network, appoint who certifies people."""

from __future__ import annotations

from pathlib import Path

import click

from client.commands.base import commands, told_plainly


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
