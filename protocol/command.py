"""The ``cordee`` executable: one name, commands from every room, no import between rooms.

A room offers a click group (or a list of click commands) under the entry-point group
``cordee.commands``. Nothing is imported until a command is looked for, so that ``cordee sign-in``
on a doctor's machine never loads the server. From a checkout that is not installed, the known
rooms are tried by name; one that is not there is left out.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib import import_module
from importlib.metadata import entry_points

import click

ENTRY_POINTS = "cordee.commands"
CHECKOUT = ("client.commands:commands", "app.commands:commands")


class Rooms(click.Group):
    """A click group whose commands live in other rooms."""

    @cached_property
    def offers(self) -> tuple[str, ...]:
        """``module:attribute`` of every offer, in the order they are searched."""
        installed = sorted({entry.value for entry in entry_points(group=ENTRY_POINTS)})
        known = [offer for offer in CHECKOUT if offer in installed or not installed]
        return (*known, *(offer for offer in installed if offer not in known))

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = {command.name or "" for offer in self.offers for command in _load(offer)}
        return sorted(names | set(super().list_commands(ctx)))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The first room's command of that name; later rooms stay unloaded, unless it is a group:
        what several rooms offer under one name is one group."""
        if own := super().get_command(ctx, cmd_name):
            return own
        found: list[click.Group] = []
        for offer in self.offers:
            for command in _load(offer):
                if command.name == cmd_name and isinstance(command, click.Group):
                    found.append(command)
                elif command.name == cmd_name and not found:
                    return command
        return _merged(found)


def _merged(groups: list[click.Group]) -> click.Group | None:
    """One group with the commands of all; the first to offer a name keeps it."""
    if len(groups) < 2:
        return groups[0] if groups else None
    commands = {name: one for group in reversed(groups) for name, one in group.commands.items()}
    return click.Group(groups[0].name, commands, help=groups[0].help)


def _load(offer: str) -> Iterator[click.Command]:
    module_name, _, attribute = offer.partition(":")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and f"{module_name}.".startswith(f"{error.name}."):
            return
        raise
    offered: click.Command | Iterable[click.Command] = getattr(module, attribute)
    if isinstance(offered, click.Group):
        yield from offered.commands.values()
    elif isinstance(offered, click.Command):
        yield offered
    else:
        yield from offered


@click.group(cls=Rooms, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cordee", message="%(version)s")
def main() -> None:
    """Cordée: sealed and traced teleexpertise messaging."""


if __name__ == "__main__":
    main()
