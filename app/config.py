"""Configuration: read once from the environment, frozen, refused at start with an exact message."""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

MIN_SECRET_LENGTH = 32
SEED_BYTES = 32
DEMO_SECRET = "demo-only-secret-not-for-production-0123456789"  # noqa: S105


class ConfigurationRefused(Exception):
    """The environment lacks or weakens something the server must have; every fault is listed."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("configuration refused:\n" + "\n".join(f"  - {fault}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class Config:
    """What one process needs to know. Times in seconds, sizes in bytes."""

    base_url: str
    secret_key: str = field(repr=False)
    database_url: str = field(repr=False)
    blob_url: str
    demo: bool = False
    redis_url: str | None = field(default=None, repr=False)
    worker_inline: bool = True
    """Whether outbox and clocks run in this process (embedded) or in `cordee worker` (grown)."""
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str = "cordee@localhost"
    vapid_private_key: str | None = field(default=None, repr=False)
    vapid_subject: str | None = None
    log_key: str | None = field(default=None, repr=False)
    """Seed of the key that signs the logs, base64; derived from `secret_key` when absent."""
    push_loopback: bool = False
    """Whether push services on this machine, and only those, may be called: for tests."""
    attachment_bytes: int = 600 * 1024 * 1024
    daily_upload_bytes: int = 4 * 1024 * 1024 * 1024
    upload_dir: str | None = None
    """Where arriving files lie until whole, when blobs go to a bucket; beside them when on disk."""
    session_idle: int = 12 * 3600
    session_absolute: int = 7 * 24 * 3600
    trust_proxy: bool = False
    x_accel: bool = False
    rate_limits: bool = True
    log_level: str = "INFO"

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by HTTPS: decides cookie flags and HSTS."""
        return self.base_url.startswith("https://")

    @property
    def sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> Config:
        """Build from `CORDEE_*` variables.

        Raises ConfigurationRefused naming each missing or weak value. Values of secrets are
        never part of a message.
        """
        return _Reader(env).config()


class _Reader:
    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.faults: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        value = self.env.get(name, "").strip()
        if not value and default is None:
            self.faults.append(f"{name} is missing")
        return value or default or ""

    def number(self, name: str, default: int, least: int) -> int:
        raw = self.env.get(name, "").strip()
        if not raw:
            return default
        if not raw.isdigit() or int(raw) < least:
            self.faults.append(f"{name} must be a whole number of at least {least}")
            return default
        return int(raw)

    def flag(self, name: str, default: bool = False) -> bool:
        raw = self.env.get(name, "").strip().lower()
        if raw in ("", "0", "1", "true", "false", "yes", "no"):
            return default if not raw else raw in ("1", "true", "yes")
        self.faults.append(f"{name} must be 1 or 0")
        return default

    def config(self) -> Config:
        demo = self.flag("CORDEE_DEMO")
        instance = Path(self.env.get("CORDEE_INSTANCE", "instance")).resolve()
        secret = self.text("CORDEE_SECRET_KEY", DEMO_SECRET if demo else None)
        if secret and len(secret) < MIN_SECRET_LENGTH:
            self.faults.append(
                f"CORDEE_SECRET_KEY is too short: at least {MIN_SECRET_LENGTH} characters, "
                "for example from `openssl rand -base64 48`"
            )
        if secret == DEMO_SECRET and not demo:
            self.faults.append("CORDEE_SECRET_KEY is the demonstration key: make your own")
        base_url = self.text("CORDEE_BASE_URL", "http://localhost:8000" if demo else None).rstrip(
            "/"
        )
        self._check_base_url(base_url, demo)
        config = Config(
            base_url=base_url,
            secret_key=secret,
            database_url=self.text(
                "CORDEE_DATABASE_URL", f"sqlite:///{instance / 'cordee.sqlite3'}"
            ),
            blob_url=self.text("CORDEE_BLOB_URL", f"file://{instance / 'blobs'}"),
            demo=demo,
            redis_url=self.text("CORDEE_REDIS_URL", "") or None,
            worker_inline=self.flag("CORDEE_WORKER_INLINE", True),
            smtp_url=self.text("CORDEE_SMTP_URL", "") or None,
            mail_from=self.text("CORDEE_MAIL_FROM", "cordee@localhost"),
            vapid_private_key=self.text("CORDEE_VAPID_PRIVATE_KEY", "") or None,
            vapid_subject=self.text("CORDEE_VAPID_SUBJECT", "") or None,
            log_key=self.text("CORDEE_LOG_KEY", "") or None,
            push_loopback=self.flag("CORDEE_PUSH_LOOPBACK"),
            attachment_bytes=self.number(
                "CORDEE_ATTACHMENT_BYTES", Config.attachment_bytes, 1 << 20
            ),
            daily_upload_bytes=self.number(
                "CORDEE_DAILY_UPLOAD_BYTES", Config.daily_upload_bytes, 1 << 20
            ),
            upload_dir=self.text("CORDEE_UPLOAD_DIR", "") or None,
            session_idle=self.number("CORDEE_SESSION_IDLE", Config.session_idle, 60),
            session_absolute=self.number("CORDEE_SESSION_ABSOLUTE", Config.session_absolute, 60),
            trust_proxy=self.flag("CORDEE_TRUST_PROXY"),
            x_accel=self.flag("CORDEE_X_ACCEL"),
            rate_limits=self.flag("CORDEE_RATE_LIMITS", True),
            log_level=self.text("CORDEE_LOG_LEVEL", "INFO").upper(),
        )
        self._check_schemes(config)
        self._check_public(config)
        self._check_together(config)
        if self.faults:
            raise ConfigurationRefused(self.faults)
        return config

    def _check_base_url(self, base_url: str, demo: bool) -> None:
        if not base_url:
            return
        parts = urlsplit(base_url)
        local = parts.hostname in ("localhost", "127.0.0.1")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
            self.faults.append(
                "CORDEE_BASE_URL must be an origin such as https://cordee.example.fr"
            )
        elif demo and not local:
            self.faults.append(
                "CORDEE_DEMO is on with a public CORDEE_BASE_URL: demonstration people have "
                "published passwords, so it serves localhost only"
            )
        elif not demo and parts.scheme != "https" and not local:
            self.faults.append("CORDEE_BASE_URL must start with https:// outside localhost")

    def _check_schemes(self, config: Config) -> None:
        """A value of the wrong kind is named at start, not met by the first request."""
        for name, value, schemes in (
            ("CORDEE_DATABASE_URL", config.database_url, ("sqlite", "postgresql")),
            ("CORDEE_BLOB_URL", config.blob_url, ("file", "s3", "gs", "az", "https")),
            ("CORDEE_REDIS_URL", config.redis_url, ("redis", "rediss", "unix")),
            ("CORDEE_SMTP_URL", config.smtp_url, ("smtp", "smtps")),
        ):
            if value and value.partition(":")[0] not in schemes:
                kinds = " or ".join(f"{scheme}://" for scheme in schemes)
                self.faults.append(f"{name} must start with {kinds}")

    def _check_public(self, config: Config) -> None:
        """What may be left out or loosened on one's own machine, and nowhere else."""
        if urlsplit(config.base_url).hostname in ("localhost", "127.0.0.1", None):
            return
        if not config.rate_limits:
            self.faults.append("CORDEE_RATE_LIMITS=0 is for measuring on localhost: leave it out")
        if config.mail_from.endswith("@localhost"):
            self.faults.append("CORDEE_MAIL_FROM is missing: whom mails and pushes come from")

    def _check_together(self, config: Config) -> None:
        if config.demo and (config.smtp_url or config.redis_url or not config.sqlite):
            self.faults.append(
                "CORDEE_DEMO is on beside CORDEE_SMTP_URL, CORDEE_REDIS_URL or a PostgreSQL "
                "CORDEE_DATABASE_URL: demonstration and production do not mix"
            )
        if not config.demo and not config.smtp_url:
            self.faults.append("CORDEE_SMTP_URL is missing (smtp://user:password@host:587)")
        if not config.blob_url.startswith("file://") and not config.upload_dir:
            self.faults.append(
                "CORDEE_UPLOAD_DIR is missing: CORDEE_BLOB_URL is a bucket, so name a local "
                "directory where files lie until they are whole"
            )
        if not config.worker_inline and config.sqlite:
            self.faults.append("CORDEE_WORKER_INLINE=0 needs PostgreSQL: SQLite serves one process")
        if config.vapid_private_key and not (config.vapid_subject or "").startswith("mailto:"):
            self.faults.append("CORDEE_VAPID_SUBJECT must be a mailto: address when push is on")
        if config.log_key and not _is_seed(config.log_key):
            self.faults.append(
                "CORDEE_LOG_KEY must be 32 bytes in base64, as `openssl rand -base64 32` prints"
            )
        if config.push_loopback and urlsplit(config.base_url).hostname != "localhost":
            self.faults.append("CORDEE_PUSH_LOOPBACK is for tests: it works on localhost only")
        if config.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            self.faults.append("CORDEE_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR")


def _is_seed(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == SEED_BYTES
    except ValueError:
        return False
