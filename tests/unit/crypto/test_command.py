"""One executable, commands from every room, none loaded before it is asked for."""

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from protocol import command
from protocol.command import Rooms

ROOT = Path(__file__).parents[3]


@pytest.fixture
def room(tmp_path, monkeypatch):
    """Writes a room to import from, and makes its offer the only one installed."""

    def write(name: str, source: str) -> str:
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        return f"{name}:commands"

    monkeypatch.syspath_prepend(tmp_path)
    return write


@pytest.fixture
def cordee(monkeypatch):
    """A fresh executable that finds exactly these offers."""

    def made(*offers: str) -> Rooms:
        found = [EntryPoint("room", offer, command.ENTRY_POINTS) for offer in offers]
        monkeypatch.setattr(command, "entry_points", lambda *, group: found)
        return Rooms("cordee")

    return made


def run(group: Rooms, *arguments: str):
    return CliRunner().invoke(group, arguments)


HELLO = """
import click

@click.group()
def commands(): ...

@commands.command()
def hello():
    click.echo("bonjour")
"""
LISTED = """
import click

@click.command("good-night")
def night():
    click.echo("bonne nuit")

commands = [night]
"""


def test_groups_and_lists_share_one_name(room, cordee):
    group = cordee(room("a_room", HELLO), room("b_room", LISTED))
    assert group.list_commands(click.Context(group)) == ["good-night", "hello"]
    assert run(group, "hello").output == "bonjour\n"
    assert run(group, "good-night").output == "bonne nuit\n"


def test_a_single_command(room, cordee):
    offer = room("c_room", LISTED.replace("[night]", "night"))
    assert run(cordee(offer), "good-night").output == "bonne nuit\n"


def test_a_room_is_not_loaded_when_another_has_the_command(room, cordee):
    group = cordee(room("d_room", HELLO), room("e_room", "raise RuntimeError('loaded')"))
    assert run(group, "hello").exit_code == 0
    assert isinstance(run(group, "other").exception, RuntimeError)


def test_a_room_that_is_not_there_is_left_out(room, cordee):
    group = cordee(room("f_room", HELLO), "no_such_room:commands", "no.such.room:commands")
    assert run(group, "hello").exit_code == 0
    assert group.list_commands(click.Context(group)) == ["hello"]


def test_a_room_that_lacks_one_of_its_parts_says_so(room, cordee):
    group = cordee(room("g_room", "import no_such_library"))
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        group.list_commands(click.Context(group))


def test_an_unknown_command(room, cordee):
    result = run(cordee(room("h_room", HELLO)), "nothing")
    assert result.exit_code == 2
    assert "nothing" in result.output


def test_not_installed_the_known_rooms_are_tried(cordee):
    assert cordee().offers == command.CHECKOUT


def test_from_a_checkout():
    shown = subprocess.run(
        [sys.executable, "-m", "protocol.command", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Commands" in shown.stdout or "COMMAND" in shown.stdout
