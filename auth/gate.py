"""The door of every request: the cookie, the CSRF token, the role."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import wraps
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Response, current_app, g, request

from app.config import Config
from app.errors import DomainError
from app.security import remote_address
from auth.actor import Actor
from auth.errors import CsrfFailed, NotCertified, NotPermitted, NotSignedIn
from auth.permissions import Permission
from auth.service.sessions import csrf_token, load_actor
from trace import Action, record_refusal

F = TypeVar("F", bound=Callable[..., Any])

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_TOKEN = 128


def require(permission: Permission) -> Callable[[F], F]:
    """Let a route run only for a signed-in person whose role holds `permission`.

    Loads the actor afresh, checks the CSRF token of every unsafe method, then the role. Place it
    under the route decorator and above `describe`.
    """

    def wrap(view: F) -> F:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            g.actor = enter(permission)
            return view(*args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return cast(F, guarded)

    return wrap


def current_actor() -> Actor:
    """The person making this request. Raises NotSignedIn outside a route that requires one."""
    actor = g.get("actor")
    if actor is None:
        raise NotSignedIn()
    return cast(Actor, actor)


def check_permission(actor: Actor, permission: Permission) -> None:
    """Raise NotCertified or NotPermitted unless the actor's role holds `permission`."""
    if actor.may(permission):
        return
    raise NotPermitted() if actor.certified else NotCertified()


def configuration() -> Config:
    """What the running application was made with."""
    found: Config = current_app.config["CORDEE"]
    return found


def cookie_name(config: Config) -> str:
    """`__Host-` pins the cookie to this host, path / and HTTPS (RFC 6265bis section 4.1.3.2)."""
    return "__Host-cordee_session" if config.secure else "cordee_session"


def enter(permission: Permission) -> Actor:
    """The person making this request, if they may pass. Raises the reason if not."""
    actor = load_actor(presented_token(), remote_address())
    if request.method not in SAFE_METHODS:
        check_csrf(actor)
    try:
        check_permission(actor, permission)
    except DomainError:
        record_refusal(
            actor,
            Action.ACCOUNT_DENY,
            ("account", actor.account_id),
            detail={"endpoint": (request.endpoint or "")[:64]},
        )
        raise
    return actor


def presented_token() -> str:
    """The session token of this request's cookie. Raises NotSignedIn when there is none."""
    token = request.cookies.get(cookie_name(configuration()), "")
    if not token or len(token) > MAX_TOKEN:
        raise NotSignedIn()
    return token


def token_of_environ(environ: dict[str, str], config: Config) -> str | None:
    """The same for a socket's handshake."""
    try:
        cookie = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(cookie_name(config))
    except CookieError:
        return None
    return cookie.value if cookie and len(cookie.value) <= MAX_TOKEN else None


def check_csrf(actor: Actor) -> None:
    """Refuse an unsafe request that our own page did not write.

    The token is bound to the session; `Origin`, when the browser sends it, must be ours. The
    cookie's SameSite=Strict is the third lock.
    """
    presented = request.headers.get("X-CSRF-Token", "")
    if not hmac.compare_digest(presented.encode(), csrf_token(actor.session_id).encode()):
        raise CsrfFailed()
    check_origin()


def check_origin() -> None:
    """Refuse a request that another site's page sent. Also guards the public endpoints."""
    origin = request.headers.get("Origin")
    if origin and urlsplit(origin).netloc not in (
        request.host,
        urlsplit(configuration().base_url).netloc,
    ):
        raise CsrfFailed()


def set_session_cookie(response: Response, token: str) -> Response:
    """Hand the browser its session, where no script reads it and no other site sends it."""
    config = configuration()
    response.set_cookie(
        cookie_name(config),
        token,
        max_age=config.session_absolute,
        path="/",
        secure=config.secure,
        httponly=True,
        samesite="Strict",
    )
    return response


def clear_session_cookie(response: Response) -> Response:
    """Take it back, with the attributes it was set with: else some browsers keep it."""
    config = configuration()
    response.delete_cookie(
        cookie_name(config), path="/", secure=config.secure, httponly=True, samesite="Strict"
    )
    return response
