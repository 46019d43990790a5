"""A server with a missing or weak setting does not start, and says exactly why."""

from __future__ import annotations

import pytest

from app.config import DEMO_SECRET, Config, ConfigurationRefused

GOOD = {
    "CORDEE_BASE_URL": "https://cordee.example.fr",
    "CORDEE_SECRET_KEY": "k" * 40,
    "CORDEE_SMTP_URL": "smtp://mail.example.fr",
    "CORDEE_MAIL_FROM": "cordee@example.fr",
}


def test_a_complete_production_environment_is_accepted():
    config = Config.from_environment(GOOD)
    assert config.secure
    assert not config.demo


def test_demonstration_needs_nothing_but_its_switch():
    config = Config.from_environment({"CORDEE_DEMO": "1"})
    assert config.sqlite
    assert config.base_url == "http://localhost:8000"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"CORDEE_SECRET_KEY": ""}, "CORDEE_SECRET_KEY is missing"),
        ({"CORDEE_SECRET_KEY": "short"}, "CORDEE_SECRET_KEY is too short"),
        ({"CORDEE_SECRET_KEY": DEMO_SECRET}, "demonstration key"),
        ({"CORDEE_BASE_URL": ""}, "CORDEE_BASE_URL is missing"),
        ({"CORDEE_BASE_URL": "http://cordee.example.fr"}, "must start with https://"),
        ({"CORDEE_BASE_URL": "cordee.example.fr"}, "must be an origin"),
        ({"CORDEE_SMTP_URL": ""}, "CORDEE_SMTP_URL is missing"),
        ({"CORDEE_DEMO": "1"}, "public CORDEE_BASE_URL"),
        ({"CORDEE_DEMO": "1", "CORDEE_BASE_URL": "http://localhost:8000"}, "do not mix"),
        ({"CORDEE_MAIL_FROM": ""}, "CORDEE_MAIL_FROM is missing"),
        ({"CORDEE_RATE_LIMITS": "0"}, "CORDEE_RATE_LIMITS=0"),
        ({"CORDEE_DATABASE_URL": "mysql://h/d"}, "CORDEE_DATABASE_URL must start with sqlite://"),
        ({"CORDEE_BLOB_URL": "/var/lib/blobs"}, "CORDEE_BLOB_URL must start with file://"),
        ({"CORDEE_REDIS_URL": "127.0.0.1:6379"}, "CORDEE_REDIS_URL must start with redis://"),
        ({"CORDEE_SMTP_URL": "mail.example.fr"}, "CORDEE_SMTP_URL must start with smtp://"),
        ({"CORDEE_WORKER_INLINE": "0"}, "needs PostgreSQL"),
        ({"CORDEE_VAPID_PRIVATE_KEY": "x"}, "mailto:"),
        ({"CORDEE_LOG_LEVEL": "loud"}, "CORDEE_LOG_LEVEL"),
        ({"CORDEE_SESSION_IDLE": "soon"}, "CORDEE_SESSION_IDLE"),
        ({"CORDEE_X_ACCEL": "maybe"}, "CORDEE_X_ACCEL must be 1 or 0"),
    ],
)
def test_each_fault_is_named(change, words):
    with pytest.raises(ConfigurationRefused, match=words):
        Config.from_environment({**GOOD, **change})


def test_every_fault_is_listed_at_once_and_no_secret_is_repeated():
    with pytest.raises(ConfigurationRefused) as refused:
        Config.from_environment({"CORDEE_SECRET_KEY": "hunter2"})
    assert len(refused.value.faults) == 3, refused.value.faults
    assert "hunter2" not in str(refused.value)


def test_secrets_stay_out_of_the_representation():
    config = Config.from_environment({**GOOD, "CORDEE_DATABASE_URL": "postgresql://u:pass@h/d"})
    assert "kkkk" not in repr(config)
    assert "pass@" not in repr(config)
