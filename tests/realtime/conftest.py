"""Real sockets: a served application, or two that share PostgreSQL and Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests.factories.care import CareCircle
from tests.factories.people import FoundedNetwork, Person
from tests.support.live import Device, LiveHttp, go_live
from tests.support.serving import ServedApp

Connect = Callable[[Person], Device]


@pytest.fixture
def care_circle(app: Flask, servers: tuple[ServedApp, ServedApp]) -> CareCircle:
    """The circle at real servers: requesters at the first, experts at the second."""
    circle = CareCircle(FoundedNetwork(app))
    here, there = servers
    for person in (circle.favre, circle.maret, circle.administrator, circle.vidal):
        go_live(person, here.url)
    for person in (circle.blanc, circle.roche):
        go_live(person, there.url)
    return circle


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Open a socket for a person at their server; closed with the test."""
    devices: list[Device] = []

    def open_socket(person: Person) -> Device:
        http = person.http
        assert isinstance(http, LiveHttp)
        devices.append(Device(http.url, http.token))
        return devices[-1]

    yield open_socket
    for device in devices:
        device.close()
