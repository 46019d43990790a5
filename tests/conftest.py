"""What every test stands on: a real migrated database, the real application, a clock one can move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import clock as app_clock
from app.config import Config
from app.factory import create_app
from app.migrate import migrate
from tests.support.nursery import Nursery
from tests.support.postgres import PostgresServer
from tests.support.redis_server import RedisServer
from tests.support.serving import ROOT, ServedApp
from tests.support.tracing import watch

SERVED = {
    "test_changing_hands.py",
    "test_story_by_client.py",
    "test_membership_model.py",
    "test_honest_runs.py",
    "test_account_commands.py",
    "test_commands.py",
}
"""Few tests, each long: they play with real servers, or play long."""

hypothesis.settings.register_profile(
    "the same every day",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile("search", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("the same every day")
"""A change is judged by what it changes: neither by the luck of a draw nor by a slow machine. Look
for new examples with `--hypothesis-profile search`."""


class MovedClock:
    """The house's clock, moved by hand. It goes on running from wherever it was put."""

    def __init__(self) -> None:
        self.shift = timedelta()
        self.held: datetime | None = None

    def __call__(self) -> datetime:
        return (self.held or datetime.now(UTC)) + self.shift

    def hold(self) -> None:
        """Stand still from now on, but for `advance`: however long a slow machine takes."""
        self.held = datetime.now(UTC)

    def advance(self, **by: float) -> None:
        """Move forward, in the keywords of timedelta: `clock.advance(hours=2)`."""
        self.shift += timedelta(**by)


@pytest.fixture
def clock() -> Iterator[MovedClock]:
    moved = MovedClock()
    app_clock.use(moved)
    yield moved
    app_clock.use(None)


@pytest.fixture(scope="session")
def migrated_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database at the newest schema, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "cordee.sqlite3"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session", autouse=True)
def nursery() -> Iterator[None]:
    """Where the servers of the tests come from; it begins with the first of them."""
    ServedApp.nursery = nursery = Nursery(ROOT)
    yield
    nursery.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    yield server
    server.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that no worker is left with one at the end (test.sh)."""
    sizes = Counter(item.path for item in items)
    items.sort(key=lambda item: (_rank(item.path), -sizes[item.path], item.path))


def _rank(path: Path) -> int:
    """How early a file comes: browsers, then whatever starts servers of its own."""
    here = path.relative_to(Path(__file__).parent)
    if here.parts[0] == "e2e":
        return 0
    if here.parts[0] == "realtime" or here.name in SERVED:
        return 1
    return 2


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What the API and the sockets promise holds on SQLite and on PostgreSQL alike."""
    twice = {"api", "realtime"} & set(Path(metafunc.definition.path).parts)
    if twice and "database_url" in metafunc.fixturenames:
        metafunc.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path, migrated_template: Path) -> str:
    """A migrated database of this test's own."""
    if getattr(request, "param", "sqlite") == "postgresql":
        postgres: PostgresServer = request.getfixturevalue("postgres")
        return postgres.migrated_database()
    database = tmp_path / "cordee.sqlite3"
    database.write_bytes(migrated_template.read_bytes())
    return f"sqlite:///{database}"


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Config:
    return Config(
        base_url="http://localhost",
        secret_key="a secret for the tests, long enough to pass",
        database_url=database_url,
        blob_url=f"file://{tmp_path / 'blobs'}",
        worker_inline=False,
    )


@pytest.fixture
def app(config: Config) -> Iterator[Flask]:
    """The application. Every request that succeeds must leave its trace: see tests/support."""
    made = create_app(config)
    silent = watch(made)
    yield made
    assert silent == []


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def servers(
    request: pytest.FixtureRequest, tmp_path: Path, database_url: str
) -> Iterator[tuple[ServedApp, ServedApp]]:
    """Where people connect: one process on SQLite (named twice), or two instances that share
    PostgreSQL and Redis."""
    if database_url.startswith("sqlite"):
        alone = ServedApp(tmp_path / "instance", database_url)
        yield alone, alone
        alone.end()
        return
    redis: RedisServer = request.getfixturevalue("redis_server")
    redis.wait_for_listeners(0)
    shared = {
        "CORDEE_REDIS_URL": redis.url,
        "CORDEE_BLOB_URL": f"file://{tmp_path / 'blobs'}",
    }
    pair = tuple(ServedApp(tmp_path / "instance", database_url, **shared) for _ in range(2))
    redis.wait_for_listeners(2)
    yield pair[0], pair[1]
    for instance in pair:
        instance.end()


@pytest.fixture
def server(servers: tuple[ServedApp, ServedApp]) -> ServedApp:
    """One real server."""
    return servers[0]
