"""People: accounts, invitations, sign-in, sessions, permissions, signed keys."""

from __future__ import annotations

from flask import Flask, request

from app.config import Config


def register(app: Flask, config: Config) -> None:
    """Bind routes, sockets and limits to the application."""
    from app.announcements import on_record
    from app.security import remote_address
    from auth import limits
    from auth.announced import PolicyInstalled
    from auth.gate import SAFE_METHODS, check_origin
    from auth.permissions import PUBLIC_ENDPOINTS
    from auth.routes import auth, entrance, keys, network, own, people, reports, tracing
    from auth.service import certification, invitations, sessions, sign_in
    from auth.sockets import register_sockets

    limits.bind(config)
    sessions.bind(config)
    invitations.bind(config)
    sign_in.bind()

    @app.before_request
    def guard_public() -> None:
        """Public API endpoints: our own pages only, and not too often from one address."""
        if request.endpoint in PUBLIC_ENDPOINTS and request.path.startswith("/api/"):
            limits.spend_address("public", remote_address(), 600, per=60)
            if request.method not in SAFE_METHODS:
                check_origin()

    on_record(PolicyInstalled, certification.certify_appointed)
    assert all((entrance, keys, network, own, people, reports, tracing))
    app.register_blueprint(auth)
    register_sockets(app, config)
