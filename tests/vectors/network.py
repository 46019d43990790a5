"""A small network in Haute-Savoie, made of names: secrets, payloads and whole chains for vectors."""

from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from client.crypto import (
    group_kem_public,
    kem_public,
    key_commitment,
    sign_public,
    sign_statement,
    statement_hash,
)
from protocol.encoding import b64
from protocol.shapes import sealed_size


def secret(name: str) -> bytes:
    return sha256(f"cordee1-extra {name}".encode()).digest()


def ident(name: str) -> str:
    return str(uuid5(NAMESPACE_DNS, f"{name}.cordee.example"))


def kem(name: str) -> str:
    return b64(kem_public(secret(f"{name} kem")))


def sign_key(name: str) -> str:
    return b64(sign_public(seed(name)))


def seed(name: str) -> bytes:
    return secret(f"{name} sign")


NET = ident("net")
POOL = ident("dermatology")
TEAM = ident("abondance")
CASE = ident("case")
AT = "2026-03-02T07:41:05.120Z"

Made = dict[str, Any]


def after(previous: Made | None) -> str | None:
    return None if previous is None else b64(statement_hash(previous))


def policy(seq: int, previous: Made | None, registrars: list[str], **change: Any) -> Made:
    return {
        "v": 1,
        "net": NET,
        "seq": seq,
        "registrars": [{"account": ident(who), "sign_key": sign_key(who)} for who in registrars],
        "custodians": [],
        "log_key": None,
        "witnesses": [],
        "k": 0,
        "minimum_client": "0.1.0",
        "prev": after(previous),
    } | change


def account(
    who: str, seq: int = 0, previous: Made | None = None, keys: str | None = None, **change: Any
) -> Made:
    names = {
        "charlet": ("Nadège Charlet", None),
        "favre": ("Dr Élise Favre", "10003456789"),
        "blanc": ("Dr Antoine Blanc", "10002345671"),
        "mermoud": ("Dr Lucie Mermoud", "10004567890"),
        "waiting": ("Dr Paul Vittoz", "10005678902"),
    }
    name, rpps = names[who]
    return {
        "v": 1,
        "net": NET,
        "account": ident(who),
        "seq": seq,
        "sign_key": sign_key(keys or who),
        "kem_key": kem(keys or who),
        "name": name,
        "rpps": rpps,
        "prev": after(previous),
    } | change


def group(
    seq: int,
    epoch: int,
    previous: Made | None,
    members: list[str],
    managers: list[str],
    **change: Any,
) -> Made:
    return {
        "v": 1,
        "net": NET,
        "group": POOL,
        "kind": "pool",
        "seq": seq,
        "epoch": epoch,
        "kem_key": b64(group_kem_public(secret(f"pool epoch {epoch}"))),
        "members": [ident(who) for who in members],
        "managers": [ident(who) for who in managers],
        "name": "Dermatologie Chablais",
        "prev": after(previous),
    } | change


def event(
    n: int,
    kind: str,
    generation: int,
    by: str,
    to: list[str],
    previous: Made | None,
    **change: Any,
) -> Made:
    return {
        "v": 1,
        "net": NET,
        "case": CASE,
        "n": n,
        "event": kind,
        "generation": generation,
        "kc": b64(key_commitment(secret(f"case generation {generation}"))),
        "to": to,
        "by": ident(by),
        "prev": after(previous),
    } | change


def manifest() -> Made:
    size, small = 9_000_000, 24_310
    first, rest = 8 * 1024 * 1024, 9_000_000 - 8 * 1024 * 1024
    return {
        "id": ident("photo"),
        "name": "avant-bras.jpg",
        "type": "image/jpeg",
        "size": size,
        "key": b64(secret("photo key")),
        "parts": [
            {"size": sealed_size(first), "sha256": b64(secret("photo part 0"))},
            {"size": sealed_size(rest), "sha256": b64(secret("photo part 1"))},
        ],
        "width": 4000,
        "height": 3000,
        "caption": "Vue de près, échelle en cm",
        "preview": {
            "id": ident("preview"),
            "type": "image/jpeg",
            "size": small,
            "key": b64(secret("preview key")),
            "parts": [{"size": sealed_size(small), "sha256": b64(secret("preview part 0"))}],
            "width": 400,
            "height": 300,
        },
    }


def message(name: str, kind: str, by: str, body: Made, **change: Any) -> Made:
    return {
        "v": 1,
        "net": NET,
        "case": CASE,
        "id": ident(name),
        "g": 0,
        "by": ident(by),
        "kind": kind,
        "at": AT,
        "seen": [],
        "body": body,
        "attachments": [],
        "log": None,
    } | change


def header() -> Made:
    return {
        "v": 1,
        "net": NET,
        "case": CASE,
        "version": 0,
        "g": 0,
        "by": ident("favre"),
        "at": AT,
        "body": {
            "patient": {
                "birth_name": "Grépillon",
                "used_name": "",
                "given_names": "Odette",
                "sex": "F",
                "birth_date": "1938-02-11",
                "birthplace_code": "74001",
                "ins": "",
                "ins_status": None,
                "local_id": "EHPAD-12",
            },
            "consent": {
                "informed": True,
                "by": "patient",
                "representative_name": None,
                "how": "oral",
                "at": AT,
            },
            "urgency_reason": "",
            "question": "Lésion pigmentée apparue il y a trois mois : biopsie ?",
            "reason": None,
            "wanted_delay": None,
            "attachments": [manifest()],
            "answers": {},
        },
    }


def signed(kind: str, payload: Made, *who: str) -> Made:
    return sign_statement(f"cordee1.{kind}", payload, *(seed(name) for name in who))


class Chains:
    """The statements of a small network in which everything verifies."""

    def __init__(self) -> None:
        first = signed("policy", policy(0, None, []), "root")
        self.policy = [first, signed("policy", policy(1, first, ["charlet"]), "root")]
        blanc = signed("account", account("blanc"), "blanc", "charlet")
        moved = account("blanc", 1, blanc, "blanc 1")
        self.accounts = {
            "charlet": [signed("account", account("charlet"), "charlet")],
            "favre": [signed("account", account("favre"), "favre", "charlet")],
            "blanc": [blanc, signed("account", moved, "blanc 1", "blanc", "charlet")],
            "mermoud": [signed("account", account("mermoud"), "mermoud", "charlet")],
        }
        self.waiting = [signed("account", account("waiting"), "waiting")]
        made = signed("group", group(0, 0, None, ["blanc"], ["charlet"]), "charlet")
        joined = group(1, 0, made, ["blanc", "mermoud"], ["charlet", "blanc"])
        joining = signed("group", joined, "charlet")
        left = signed("group", group(2, 1, joining, ["blanc"], ["blanc"]), "blanc")
        self.pool = [made, joining, left]
        favre = f"account:{ident('favre')}@0"
        to = sorted([favre, f"group:{POOL}@0"])
        opened = signed("case", event(0, "open", 0, "favre", to, None), "favre")
        shared = event(1, "grant", 0, "blanc", [f"account:{ident('mermoud')}@0"], opened)
        granted = signed("case", shared, "blanc")
        to = sorted([favre, f"group:{POOL}@1"])
        turned = signed("case", event(2, "rotate", 1, "favre", to, granted), "favre")
        closed = signed("case", event(3, "close", 1, "blanc", [], turned), "blanc 1")
        self.case = [opened, granted, turned, closed]
