"""Sockets: who is behind each one, and the end of those whose session ended.

A handler asks again at every event: what was true when the socket connected may not be now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

import structlog
from flask import Flask, Request
from socketio.exceptions import ConnectionRefusedError as RefuseConnection

from app.announcements import on_commit
from app.config import Config
from app.errors import DomainError
from app.extensions import pick_language, socketio
from app.relay import Relay, this_process
from app.sockets import forget_language, remember_language
from app.wire import hang_up_on_strangers
from auth.actor import Actor
from auth.announced import (
    AccountChanged,
    KeysChanged,
    LeaveChanged,
    SealReported,
    SessionsRevoked,
)
from auth.errors import NotSignedIn
from auth.gate import check_permission, token_of_environ
from auth.limits import enforced, spend, spend_address
from auth.permissions import Permission
from auth.service.sessions import living_among, load_actor, reload_actor
from trace import Action, record_refusal

log = structlog.get_logger()

CONNECTIONS_PER_ACCOUNT = 30
SWEEP_SECONDS = 60
SWEEP_BATCH = 500

ConnectHook = Callable[[str, Actor], None]
DisconnectHook = Callable[[str, UUID], None]
SweepHook = Callable[[tuple[UUID, ...]], None]


@dataclass(frozen=True, slots=True)
class _Socket:
    session_id: UUID
    account_id: UUID
    address: str


_sockets: dict[str, _Socket] = {}
_sids_of_session: dict[UUID, set[str]] = defaultdict(set)
_sids_of_account: dict[UUID, set[str]] = defaultdict(set)
_connected: list[ConnectHook] = []
_disconnected: list[DisconnectHook] = []
_swept: list[SweepHook] = []
_evictions = Relay("cordee:evictions")
_departures = Relay("cordee:departures")


def on_connect(hook: ConnectHook) -> None:
    """Call `hook(sid, actor)` once a socket is let in: rooms join it to their own."""
    if hook not in _connected:
        _connected.append(hook)


def on_disconnect(hook: DisconnectHook) -> None:
    """Call `hook(sid, account_id)` when a socket is gone."""
    if hook not in _disconnected:
        _disconnected.append(hook)


def on_sweep(hook: SweepHook) -> None:
    """Call `hook(account_ids)` every minute with everybody connected here: what another process
    should have told and did not is put right then."""
    if hook not in _swept:
        _swept.append(hook)


def account_room(account_id: UUID) -> str:
    """Every device of one person."""
    return f"account:{account_id}"


def session_room(session_id: UUID) -> str:
    """Every tab of one device."""
    return f"session:{session_id}"


def sids_of(account_id: UUID) -> frozenset[str]:
    """The person's sockets on this process."""
    return frozenset(_sids_of_account.get(account_id, ()))


def actor_of(sid: str) -> Actor:
    """The person behind a socket as they stand now, read from the database.

    Raises NotSignedIn when the session was revoked or expired, or the person suspended. Call it
    outside a transaction; inside one use `auth.service.sessions.actor_in_transaction`.
    """
    known = _sockets.get(sid)
    if known is None:
        raise NotSignedIn()
    return reload_actor(known.session_id, known.address)


def require_event(
    permission: Permission, *, amount: int = 120, per: int = 10
) -> Callable[[Callable[[str, Any, Actor], Any]], Callable[[str, Any], Any]]:
    """Let a socket handler run only for a person whose role holds `permission`, now.

    The handler receives `(sid, body, actor)`. `amount` events in `per` seconds per session.
    """

    def wrap(handler: Callable[[str, Any, Actor], Any]) -> Callable[[str, Any], Any]:
        @wraps(handler)
        def guarded(sid: str, body: Any) -> Any:
            actor = actor_of(sid)
            spend(actor, f"event:{permission}", amount, per=per)
            try:
                check_permission(actor, permission)
            except DomainError:
                record_refusal(actor, Action.ACCOUNT_DENY, ("account", actor.account_id))
                raise
            return handler(sid, body, actor)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return wrap


def evict_session(session_id: UUID) -> None:
    """Tell and cut every socket of a session, on every process."""
    _cut(session_id)
    _evictions.tell(str(session_id))


def evict_account(account_id: UUID, event: str, *payloads: dict[str, Any]) -> None:
    """Tell every socket of a person that something is over for them, then cut it, on every process.

    The session lives on: a device comes back, into the rooms of today alone.
    """
    _see_off(account_id, event, payloads)
    # From whom, because this process hears it too, when the device may be back already.
    told = {
        "from": this_process(),
        "account": str(account_id),
        "event": event,
        "payloads": payloads,
    }
    _departures.tell(told)


def register_sockets(app: Flask, config: Config) -> None:
    """Bind connect and disconnect; listen for sessions that end, here and on other processes."""
    _sockets.clear()
    _sids_of_session.clear()
    _sids_of_account.clear()
    server: Any = socketio.server

    sweeping = False

    def connect(sid: str, environ: dict[str, Any], _auth: object = None) -> None:
        nonlocal sweeping
        if not sweeping:
            sweeping = True
            server.start_background_task(_sweep, server)
        actor = _let_in(sid, environ, config)
        server.enter_room(sid, account_room(actor.account_id))
        server.enter_room(sid, session_room(actor.session_id))
        remember_language(sid, pick_language(Request(environ)))
        for hook in _connected:
            hook(sid, actor)

    def disconnect(sid: str, *_reason: object) -> None:
        gone = _sockets.pop(sid, None)
        forget_language(sid)
        if gone is None:
            return
        _forget(_sids_of_session, gone.session_id, sid)
        _forget(_sids_of_account, gone.account_id, sid)
        for hook in _disconnected:
            hook(sid, gone.account_id)

    server.on("connect", connect)
    server.on("disconnect", disconnect)
    on_commit(SessionsRevoked, _evict_revoked)
    on_commit(AccountChanged, _tell_account_changed)
    on_commit(KeysChanged, _tell_peers)
    on_commit(LeaveChanged, _tell_peers)
    on_commit(SealReported, _tell_seal_reported)
    _evictions.bind(config, lambda session_id: _cut(UUID(session_id)))
    _departures.bind(config, _hear_departure)


def _let_in(sid: str, environ: dict[str, Any], config: Config) -> Actor:
    address = str(environ.get("REMOTE_ADDR") or "unknown")
    token = token_of_environ(environ, config)
    try:
        spend_address("connect", address, 600, per=60)
        actor = load_actor(token, address) if token else None
    except DomainError as refusal:
        raise RefuseConnection(refusal.code, refusal.extra) from None
    if actor is None:
        raise RefuseConnection(NotSignedIn.code)
    if enforced() and len(sids_of(actor.account_id)) >= CONNECTIONS_PER_ACCOUNT:
        raise RefuseConnection("too_many_connections")
    _sockets[sid] = _Socket(actor.session_id, actor.account_id, actor.address)
    _sids_of_session[actor.session_id].add(sid)
    _sids_of_account[actor.account_id].add(sid)
    return actor


def _evict_revoked(fact: SessionsRevoked) -> None:
    for session_id in fact.session_ids:
        evict_session(session_id)


def _tell_account_changed(fact: AccountChanged) -> None:
    socketio.emit(
        "account:changed", {"account": str(fact.account_id)}, to=account_room(fact.account_id)
    )


def _tell_peers(fact: KeysChanged | LeaveChanged) -> None:
    for peer in fact.peers:
        socketio.emit("account:changed", {"account": str(fact.account_id)}, to=account_room(peer))


def _tell_seal_reported(fact: SealReported) -> None:
    for administrator in fact.administrators:
        socketio.emit("seal:reported", {"id": str(fact.report_id)}, to=account_room(administrator))


def _cut(session_id: UUID) -> None:
    server: Any = socketio.server
    for sid in tuple(_sids_of_session.get(session_id, ())):
        server.emit("session:revoked", {}, to=sid)
        server.disconnect(sid)


def _see_off(account_id: UUID, event: str, payloads: Iterable[dict[str, Any]]) -> None:
    server: Any = socketio.server
    for sid in sids_of(account_id):
        for payload in payloads:
            server.emit(event, payload, to=sid)
        server.disconnect(sid)


def _hear_departure(told: dict[str, Any]) -> None:
    if told["from"] != this_process():
        _see_off(UUID(told["account"]), told["event"], told["payloads"])


def cut_expired() -> None:
    """Cut the sockets of this process whose session ended quietly: it expired, or its revocation
    on another process was not heard (pub/sub delivers at most once)."""
    held = list(_sids_of_session)
    for start in range(0, len(held), SWEEP_BATCH):
        batch = held[start : start + SWEEP_BATCH]
        for session_id in set(batch) - living_among(batch):
            _cut(session_id)


def _sweep(server: Any) -> None:
    strangers: set[str] = set()
    while server is socketio.server:
        socketio.sleep(SWEEP_SECONDS)
        try:
            strangers = hang_up_on_strangers(server, strangers)
            cut_expired()
            for hook in _swept:
                hook(tuple(_sids_of_account))
        except Exception:
            log.exception("sockets_not_swept")


def _forget(known: dict[UUID, set[str]], key: UUID, sid: str) -> None:
    known[key].discard(sid)
    if not known[key]:
        del known[key]
