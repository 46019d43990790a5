"""What the API tests share."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.factories.care import CareCircle
from tests.factories.circles import WideCircle
from tests.factories.people import FoundedNetwork


@pytest.fixture
def network(app: Flask) -> FoundedNetwork:
    """An installed network with its administrator."""
    return FoundedNetwork(app)


@pytest.fixture
def care_circle(network: FoundedNetwork) -> CareCircle:
    """A pool, a care team and an outsider."""
    return CareCircle(network)


@pytest.fixture
def wide_circle(network: FoundedNetwork) -> WideCircle:
    """The care circle with a second pool, for cases that travel."""
    return WideCircle(network)
