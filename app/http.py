"""Reading requests and writing answers: the only place where JSON meets our schemas."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from flask import Response, current_app, request
from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationError
from spectree import Response as Answers
from spectree import SpecTree

from app.errors import MalformedBody, ValidationFailed

M = TypeVar("M", bound=BaseModel)
F = TypeVar("F", bound=Callable[..., Any])

_PROBLEM = {
    "title": "Problem",
    "description": "A refusal (RFC 9457). `code` is stable; `detail` is in the reader's language.",
    "type": "object",
    "required": ["type", "status", "code", "detail"],
    "properties": {
        "type": {"const": "about:blank"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
        "detail": {"type": "string", "minLength": 1},
        "retry_after": {"type": "integer", "minimum": 0},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


class ApiDocument(SpecTree):
    """The OpenAPI document: this API alone, with every refusal as the problem it is sent as."""

    def _generate_spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = super()._generate_spec()
        spec["paths"] = {
            path: operations
            for path, operations in spec["paths"].items()
            if path.startswith("/api/")
        }
        spec["components"]["schemas"]["Problem"] = _PROBLEM
        problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
        for operations in spec["paths"].values():
            for method, operation in operations.items():
                answers = operation["responses"]
                answers.pop("422", None)
                if not answers:  # bytes rather than JSON: tus, downloads
                    answers["2XX"] = {"description": "Done"}
                if method == "put" and "201" in answers:  # sent again under the same id
                    answers.setdefault("200", answers["201"])
                answers["default"] = {
                    "description": "Refused",
                    "content": {"application/problem+json": problem},
                }
        return spec


openapi = ApiDocument(
    "flask",
    title="Cordée",
    version="1",
    path="api/v1/openapi",
    annotations=False,
    validation_error_status=422,
    page_templates={},
)


def _from_b64(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise ValueError("base64 text expected")
    try:
        raw = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if base64.b64encode(raw).decode() != value:
        raise ValueError("not canonical base64")
    return raw


def _to_rfc3339(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


B64 = Annotated[
    bytes,
    BeforeValidator(_from_b64, json_schema_input_type=str),
    PlainSerializer(lambda raw: base64.b64encode(raw).decode(), return_type=str, when_used="json"),
]
"""Bytes that travel as standard base64 with padding (RFC 4648 section 4), canonical only."""

Instant = Annotated[datetime, PlainSerializer(_to_rfc3339, return_type=str, when_used="json")]
"""An instant that travels as RFC 3339 UTC with milliseconds."""


class Schema(BaseModel):
    """A body or an answer: unknown fields are refused, values never coerced across types.

    What a schema refuses is named by its field; the value stays out of the error's words.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, from_attributes=True, hide_input_in_errors=True
    )


def describe(
    *,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    answer: type[BaseModel] | None = None,
    status: int = 200,
) -> Callable[[F], F]:
    """Put an endpoint in the OpenAPI document; `parse` and `parse_query` hold it to its word."""

    def wrap(handler: F) -> F:
        answers = Answers(**{f"HTTP_{status}": answer})
        documented = openapi.validate(json=body, query=query, resp=answers, skip_validation=True)(
            handler
        )
        documented.described = (body, query)
        return documented  # type: ignore[no-any-return]

    return wrap


def _described() -> tuple[type[BaseModel] | None, type[BaseModel] | None]:
    handler: Any = current_app.view_functions[request.endpoint or ""]
    while handler is not None:
        if found := getattr(handler, "described", None):
            return found  # type: ignore[no-any-return]
        handler = getattr(handler, "__wrapped__", None)
    return None, None


def parse(model: type[M], **fixed: Any) -> M:
    """The JSON body as `model`. `fixed` are fields that come from the address.

    Raises MalformedBody (not JSON, not an object) or ValidationFailed (fields named).
    """
    declared, _ = _described()
    assert declared is model, f"{request.endpoint} describes another body"
    try:
        payload = request.get_json(silent=True)
    except RecursionError:  # brackets upon brackets: no body of ours is deep
        raise MalformedBody() from None
    if not isinstance(payload, dict):
        raise MalformedBody()
    return validate(model, {**payload, **fixed})


def parse_query(model: type[M]) -> M:
    """The query string as `model`; a repeated parameter keeps its first value."""
    _, declared = _described()
    assert declared is model, f"{request.endpoint} describes another query"
    return validate(model, request.args.to_dict())


def validate(model: type[M], values: dict[str, Any]) -> M:
    """Check values from outside. Raises ValidationFailed; the values themselves are not echoed.

    No text holds U+0000: PostgreSQL stores none, and no one types one.
    """
    try:
        if field := _field_with_nul(values):
            raise ValidationFailed(errors=[{"field": field, "message": "U+0000 is not text"}])
        return model.model_validate(values)
    except ValidationError as error:
        faults = [
            {"field": ".".join(map(str, e["loc"])), "message": e["msg"]} for e in error.errors()
        ]
        raise ValidationFailed(errors=faults) from None
    except RecursionError:
        raise MalformedBody() from None


def _field_with_nul(value: object, place: str = "") -> str | None:
    if isinstance(value, str):
        return (place or "body") if "\x00" in value else None
    inside = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        inside = dict(enumerate(value)).items()
    for name, part in inside:
        if "\x00" in str(name):
            return place or "body"
        if found := _field_with_nul(part, f"{place}.{name}" if place else str(name)):
            return found
    return None


def reply(answer: BaseModel | None = None, status: int = 200) -> Response:
    """A JSON answer that no cache keeps."""
    if answer is None:
        return Response(status=204)
    response = Response(answer.model_dump_json(), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
