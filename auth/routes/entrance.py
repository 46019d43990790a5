"""Sign-up, sign-in, recovery: the doors that need no session and give one."""

from __future__ import annotations

from flask import Response, request

from app.http import describe, parse, reply
from app.security import remote_address
from auth.gate import configuration, cookie_name, set_session_cookie
from auth.routes import auth
from auth.schemas import (
    RecoveryCode,
    RecoveryCompletion,
    RecoveryKeys,
    RecoveryOpened,
    RecoveryOpening,
    ReturnBody,
    ReturnOpened,
    ReturnOpening,
    SignedIn,
    SignInBody,
    SignInOpened,
    SignInOpening,
    SignUpBody,
    SignUpOpened,
    SignUpOpening,
)
from auth.service import invitations, recovery, returning, sign_in, sign_up


@auth.post("/sign-up/opening")
@describe(body=SignUpOpening, answer=SignUpOpened)
def post_sign_up_opening() -> Response:
    """What the holder of an invitation link needs to begin."""
    body = parse(SignUpOpening)
    return reply(invitations.open_invitation(body.token, remote_address()))


@auth.post("/sign-up")
@describe(body=SignUpBody, answer=SignedIn, status=201)
def post_sign_up() -> Response:
    """Make an account that waits to be certified, and sign in with it."""
    return _signed_in(sign_up.sign_up(parse(SignUpBody), remote_address()), 201)


@auth.post("/sign-in/opening")
@describe(body=SignInOpening, answer=SignInOpened)
def post_sign_in_opening() -> Response:
    """Salt and parameters of the password function, for known and unknown addresses alike."""
    return reply(sign_in.open_sign_in(parse(SignInOpening).mail, remote_address()))


@auth.post("/sign-in")
@describe(body=SignInBody, answer=SignedIn)
def post_sign_in() -> Response:
    """Begin a session."""
    held = request.cookies.get(cookie_name(configuration()))
    return _signed_in(sign_in.sign_in(parse(SignInBody), remote_address(), held), 200)


@auth.post("/recovery/opening")
@describe(body=RecoveryOpening, answer=RecoveryOpened)
def post_recovery_opening() -> Response:
    """Begin a recovery; a code follows by mail when the recovery key was right."""
    return reply(recovery.open_recovery(parse(RecoveryOpening), remote_address()))


@auth.post("/recovery/code")
@describe(body=RecoveryCode, answer=RecoveryKeys)
def post_recovery_code() -> Response:
    """Show the mailed code; receive the sealed keys and a new second factor."""
    return reply(recovery.confirm_recovery(parse(RecoveryCode), remote_address()))


@auth.post("/recovery/completion")
@describe(body=RecoveryCompletion, answer=SignedIn)
def post_recovery_completion() -> Response:
    """Set the new password and second factor; begin a session and end all others."""
    return _signed_in(recovery.complete_recovery(parse(RecoveryCompletion), remote_address()), 200)


@auth.post("/return/opening")
@describe(body=ReturnOpening, answer=ReturnOpened)
def post_return_opening() -> Response:
    """What the holder of a return link needs to make the account's next keys."""
    return reply(returning.open_return(parse(ReturnOpening).token, remote_address()))


@auth.post("/return")
@describe(body=ReturnBody, answer=SignedIn, status=201)
def post_return() -> Response:
    """Come back to one's account with new keys that a registrar is still to co-sign."""
    return _signed_in(returning.complete_return(parse(ReturnBody), remote_address()), 201)


def _signed_in(entered: tuple[SignedIn, str], status: int) -> Response:
    view, token = entered
    return set_session_cookie(reply(view, status), token)
