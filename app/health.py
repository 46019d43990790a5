"""Liveness, readiness and metrics, for those who operate the service."""

from __future__ import annotations

import time

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from sqlalchemy import text

from app.db import database

health = Blueprint("health", __name__)

REQUESTS = Counter(
    "cordee_requests_total", "Answers by endpoint and status", ["endpoint", "status"]
)
SECONDS = Histogram("cordee_request_seconds", "Time to answer", ["endpoint"])
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Via")


@health.get("/healthz")
def alive() -> Response:
    """Whether the process runs."""
    return Response("ok\n", mimetype="text/plain")


@health.get("/readyz")
def ready() -> Response:
    """Whether the database answers."""
    with database().engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return Response("ok\n", mimetype="text/plain")


@health.get("/metrics")
def metrics() -> Response:
    """Prometheus figures, to this machine only: counts say when a practice works.

    What a proxy on this machine passes on comes from elsewhere, whether proxies are trusted or not.
    """
    passed_on = any(name in request.headers for name in FORWARDED)
    if passed_on or request.remote_addr not in ("127.0.0.1", "::1"):
        return Response(status=404)
    return Response(generate_latest(), mimetype=CONTENT_TYPE_LATEST)


def register_metrics(app: Flask) -> None:
    """Count every answer and its time, by endpoint: an address would name a case."""

    @app.before_request
    def started() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def counted(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        REQUESTS.labels(endpoint, response.status_code).inc()
        SECONDS.labels(endpoint).observe(
            time.perf_counter() - g.get("started", time.perf_counter())
        )
        return response
