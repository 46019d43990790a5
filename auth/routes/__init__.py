"""Thin handlers: parse, call one service, answer."""

from __future__ import annotations

from flask import Blueprint

auth = Blueprint("auth", __name__, url_prefix="/api/v1")
