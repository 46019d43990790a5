"""A log says where something broke and never of whom: faults are told without their words."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any
from uuid import uuid4

import pytest
import structlog
from flask import Flask
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db import database
from app.http import Schema
from app.logs import Wordless, where_it_broke

NAME = "CHAPPAZ-FICTIF"


class Patient(Schema):
    """Something with a name in it."""

    name: str
    age: int


def broken_twice() -> None:
    try:
        raise KeyError(NAME)
    except KeyError as error:
        raise RuntimeError(f"no record of {NAME}") from error


def test_a_fault_is_told_by_place_and_kind() -> None:
    try:
        broken_twice()
    except RuntimeError:
        told = where_it_broke(sys.exc_info())  # type: ignore[arg-type]
    assert NAME not in told
    assert told.index("builtins.KeyError") < told.index("builtins.RuntimeError")
    assert f"{__file__}:" in told and "broken_twice" in told


def test_each_fault_of_a_group_is_told_once() -> None:
    try:
        raise ExceptionGroup(NAME, [ValueError(NAME), OSError(28, NAME)])
    except ExceptionGroup:
        told = where_it_broke(sys.exc_info())  # type: ignore[arg-type]
    assert NAME not in told
    assert told.count("ValueError") == 1 and "OSError 28" in told


def test_a_logged_line_holds_no_word_of_the_fault(app: Flask) -> None:
    line: Any = {"event": "fault", "endpoint": "auth.get_session"}
    try:
        broken_twice()
    except RuntimeError:
        line["exc_info"] = True
        for process in structlog.get_config()["processors"]:
            line = process(None, "error", line)
    assert NAME not in line
    assert "builtins.RuntimeError" in json.loads(line)["exception"]


def test_libraries_are_held_to_it_too() -> None:
    try:
        broken_twice()
    except RuntimeError:
        record = logging.LogRecord("library", 40, "", 1, "it broke", None, sys.exc_info())
    said = Wordless("%(message)s").format(record)
    assert said.startswith("it broke\n") and "RuntimeError" in said
    assert NAME not in said


def test_neither_database_nor_schema_repeats_what_it_refused(app: Flask) -> None:
    with pytest.raises(DBAPIError) as refused, database().engine.begin() as connection:
        connection.execute(
            text("INSERT INTO organisation (id, name) VALUES (:id, :name)"),
            {"id": str(uuid4()), "name": NAME},
        )
    assert NAME not in str(refused.value)
    with pytest.raises(ValidationError) as invalid:
        Patient.model_validate({"name": "x", "age": NAME})
    assert NAME not in str(invalid.value)
