"""The operator's first minutes: what is missing is said in a line, not in a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.commands import commands


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run a command of the server in a place where nothing is yet."""
    monkeypatch.setenv("CORDEE_DEMO", "1")
    monkeypatch.setenv("CORDEE_INSTANCE", str(tmp_path / "not" / "yet"))

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(commands, list(arguments))

    return invoke


@pytest.mark.parametrize("command", [("trace", "head"), ("trace", "verify")])
def test_a_command_before_the_database_says_what_to_run(run, command: tuple[str, ...]) -> None:
    told = run(*command)
    assert told.exit_code == 1
    assert "cordee server migrate" in told.output
    assert "Traceback" not in told.output


def test_migrating_makes_the_place_and_may_be_repeated(run, tmp_path: Path) -> None:
    for _ in range(2):
        assert run("server", "migrate").exit_code == 0
    assert (tmp_path / "not" / "yet" / "cordee.sqlite3").exists()
    assert run("trace", "verify").output.startswith("0 rows; head 0:")
