"""Refusals. A `DomainError` states a fact; two translators carry it to HTTP and to the socket."""

from __future__ import annotations

from typing import Any, ClassVar

import structlog
from flask import Flask, Response, json, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from app.wording import translate

log = structlog.get_logger()


class DomainError(Exception):
    """Something the person can understand and act on. Subclasses name the fact.

    `message` is a gettext msgid with `%(name)s` places filled from `extra`; `extra` also travels
    as members of the problem document (RFC 9457 section 3.2).
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    message: ClassVar[str] = "This cannot be done."

    def __init__(self, **extra: Any) -> None:
        super().__init__(self.code)
        self.extra = extra

    def detail(self) -> str:
        return translate(
            self.message, **{k: v for k, v in self.extra.items() if isinstance(v, str | int)}
        )

    def problem(self) -> dict[str, Any]:
        return {
            "type": "about:blank",
            "status": self.status,
            "code": self.code,
            "detail": self.detail(),
            **self.extra,
        }


class ValidationFailed(DomainError):
    """The body or a parameter does not have the shape the schema asks for."""

    code = "validation_failed"
    status = 422
    message = "Some fields are not filled in as expected. Check them and send again."


class MalformedBody(DomainError):
    code = "malformed_body"
    status = 400
    message = "The request could not be read. Reload the page and try again."


class Conflict(DomainError):
    """The id was used before for something else."""

    code = "conflict"
    status = 409
    message = "Something else was already saved under this identifier. Reload the page."


class RateLimited(DomainError):
    code = "rate_limited"
    status = 429
    message = "Too many attempts. Wait %(retry_after)s seconds, then try again."


def problem_response(problem: dict[str, Any]) -> Response:
    response = Response(json.dumps(problem), problem["status"], mimetype="application/problem+json")
    if "retry_after" in problem:
        response.headers["Retry-After"] = str(problem["retry_after"])
    return response


def register_errors(app: Flask) -> None:
    """Turn refusals and faults into RFC 9457 problem documents (API) or pages (the rest)."""
    from app.pages import error_page

    def answer(problem: dict[str, Any]) -> Response:
        if request.path.startswith("/api/"):
            return problem_response(problem)
        return error_page(problem)

    @app.errorhandler(DomainError)
    def refuse(error: DomainError) -> Response:
        log.info("refused", code=error.code, status=error.status, endpoint=request.endpoint)
        return answer(error.problem())

    @app.errorhandler(HTTPException)
    def refuse_http(error: HTTPException) -> Response:
        status = error.code or 500
        code = (error.name or "error").lower().replace(" ", "_")
        response = answer(
            {"type": "about:blank", "status": status, "code": code, "detail": _http_detail(status)}
        )
        for name in ("Allow",):
            if name in dict(error.get_headers()):
                response.headers[name] = dict(error.get_headers())[name]
        return response

    @app.errorhandler(OperationalError)
    def busy(error: OperationalError) -> Response:
        log.error("database_unavailable", endpoint=request.endpoint)
        detail = translate("The service is busy. Nothing was lost; try again in a moment.")
        return answer(
            {
                "type": "about:blank",
                "status": 503,
                "code": "unavailable",
                "detail": detail,
                "retry_after": 2,
            }
        )

    @app.errorhandler(Exception)
    def fault(error: Exception) -> Response:
        log.exception("fault", endpoint=request.endpoint)
        detail = translate("Something broke on our side. It has been recorded; try again.")
        return answer({"type": "about:blank", "status": 500, "code": "fault", "detail": detail})


def _http_detail(status: int) -> str:
    match status:
        case 404:
            return translate("There is nothing at this address.")
        case 405:
            return translate("This cannot be done at this address.")
        case 413:
            return translate("This is too large to be sent.")
        case 415:
            return translate("The request must be sent as JSON.")
        case _:
            return translate("The request could not be read. Reload the page and try again.")
