"""What must be refused, for cordee1-extra.json: each entry breaks exactly one promise."""

import json
from typing import Any

from client.crypto import group_kem_public, signing_key
from protocol.encoding import b64, unb64
from protocol.statement import pae
from tests.vectors.network import (
    NET,
    POOL,
    Chains,
    Made,
    account,
    event,
    group,
    ident,
    kem,
    message,
    policy,
    secret,
    seed,
    sign_key,
    signed,
)

NOON = "2031-08-15T12:00:00Z"


def refused_base64() -> list[str]:
    return ["AA", "AAA", "AB==", "AAB=", "AA==\n", " AA==", "AA-_", "A===", "AA==AA==", "é==="]


def forged(payload: bytes, *who: str, kind: str = "message") -> Made:
    """Sign bytes that no client would write."""
    encoded = pae(f"cordee1.{kind}", payload)
    return {
        "t": f"cordee1.{kind}",
        "p": b64(payload),
        "s": [
            {"k": sign_key(name), "sig": b64(signing_key(seed(name)).sign(encoded))} for name in who
        ],
    }


def refused_statements() -> list[Made]:
    good = signed("message", message("text", "text", "favre", {"text": "avis ?"}), "favre")
    both = signed("account", account("favre"), "favre", "charlet")
    signature = good["s"][0]
    broken = bytearray(unb64(signature["sig"]))
    broken[3] ^= 1
    other = good["p"][:-8] + ("A" if good["p"][-8] != "A" else "B") + good["p"][-7:]
    favre, charlet = sign_key("favre"), sign_key("charlet")
    raw = unb64(good["p"]).decode()

    def text(name: str, payload: str | bytes, error: str) -> Made:
        made = payload if isinstance(payload, bytes) else payload.encode()
        return case(name, forged(made, "favre"), error)

    def case(name: str, statement: Any, error: str, *keys: str, kind: str = "message") -> Made:
        return {
            "name": name,
            "type": f"cordee1.{kind}",
            "keys": list(keys) or [favre],
            "statement": statement,
            "error": error,
        }

    return [
        case(
            "signature changed",
            good | {"s": [signature | {"sig": b64(bytes(broken))}]},
            "SignatureInvalid",
        ),
        case("payload changed", good | {"p": other}, "SignatureInvalid"),
        case("signed by another key", good, "SignerUnknown", charlet),
        case(
            "signed as another type",
            good | {"t": "cordee1.header"},
            "SignatureInvalid",
            kind="header",
        ),
        case("another type than asked", good, "StatementTypeWrong", kind="header"),
        case("unknown type", good | {"t": "cordee2.message"}, "StatementMalformed"),
        case(
            "second signature missing",
            both | {"s": both["s"][:1]},
            "SignatureMissing",
            favre,
            charlet,
            kind="account",
        ),
        case("a signer nobody asked for", both, "SignerUnknown", favre, kind="account"),
        case("one key twice", good | {"s": [signature, signature]}, "SignerRepeated"),
        case("no signature", good | {"s": []}, "StatementMalformed"),
        case("nine signatures", good | {"s": [signature] * 9}, "StatementTooLarge"),
        case("a field too many", good | {"x": 1}, "StatementMalformed"),
        case("a field missing", {"t": good["t"], "p": good["p"]}, "StatementMalformed"),
        case(
            "a field too many in a signature",
            good | {"s": [signature | {"alg": "x"}]},
            "StatementMalformed",
        ),
        case(
            "base64 without padding",
            good | {"s": [signature | {"k": favre.rstrip("=")}]},
            "StatementMalformed",
        ),
        case("base64url payload", good | {"p": "_-_-"}, "StatementMalformed"),
        case(
            "short signature",
            good | {"s": [signature | {"sig": b64(bytes(63))}]},
            "StatementMalformed",
        ),
        case("payload not text", good | {"p": 7}, "StatementMalformed"),
        text("not JSON", "{", "PayloadMalformed"),
        text("not an object", "[1]", "PayloadMalformed"),
        text("not UTF-8", b'{"v":"\xff"}', "PayloadMalformed"),
        text("byte-order mark", b"\xef\xbb\xbf{}", "PayloadMalformed"),
        text("a name twice", '{"v":1,"v":2}', "PayloadKeyRepeated"),
        text("a name twice, once escaped", '{"by":1,"\\u0062y":2}', "PayloadKeyRepeated"),
        text(
            "a name twice, deep inside", '{"a":[{"b":{"c":1,"d":2,"c":1}}]}', "PayloadKeyRepeated"
        ),
        text("NaN", '{"v":NaN}', "PayloadMalformed"),
        text("a number too large", '{"v":1e999}', "PayloadMalformed"),
        text("an integer JavaScript rounds", '{"v":9007199254740993}', "PayloadMalformed"),
        text("a lone surrogate", '{"v":"\\ud800"}', "PayloadMalformed"),
        text("nested too deeply", '{"a":' * 33 + "1" + "}" * 33, "PayloadMalformed"),
        text("trailing bytes", raw + "{}", "PayloadMalformed"),
    ]


def refused_chains(good: Chains) -> list[Made]:
    return [
        *_refused_policies(good),
        *_refused_accounts(good),
        *_refused_groups(good),
        *_refused_cases(good),
    ]


def _refused(chain: str, name: str, statements: list[Made], error: str) -> Made:
    return {"chain": chain, "name": name, "statements": statements, "error": error}


def _refused_policies(good: Chains) -> list[Made]:
    first, second = good.policy

    def with_second(name: str, error: str, /, *who: str, **change: Any) -> Made:
        payload = policy(1, first, ["charlet"]) | change
        return _refused(
            "policy", name, [first, signed("policy", payload, *(who or ("root",)))], error
        )

    return [
        _refused("policy", "empty", [], "ChainEmpty"),
        _refused("policy", "does not start at 0", [second], "SequenceBroken"),
        _refused("policy", "same twice", [first, first], "SequenceBroken"),
        with_second("signed by another root", "SignerUnknown", "favre"),
        with_second("skipped seq", "SequenceBroken", seq=2),
        with_second("wrong prev", "PreviousHashWrong", prev=b64(secret("elsewhere"))),
        with_second("no prev", "PreviousHashWrong", prev=None),
        with_second("another network", "SubjectChanged", net=ident("other net")),
        with_second("more witnesses asked than there are", "PayloadFieldsWrong", k=1),
        with_second("a field too many", "PayloadFieldsWrong", note="x"),
        with_second("another version", "PayloadFieldsWrong", v=2),
        with_second("version as a boolean", "PayloadFieldsWrong", v=True),
        _refused("policy", "another type", good.accounts["favre"], "StatementTypeWrong"),
    ]


def _refused_accounts(good: Chains) -> list[Made]:
    blanc = good.accounts["blanc"][0]

    def one(name: str, error: str, /, *who: str, **change: Any) -> Made:
        made = signed("account", account("favre") | change, *(who or ("favre", "charlet")))
        return _refused("account", name, [made], error)

    def two(name: str, error: str, /, *who: str, **change: Any) -> Made:
        payload = account("blanc", 1, blanc, "blanc 1") | change
        signers = who or ("blanc 1", "blanc", "charlet")
        return _refused("account", name, [blanc, signed("account", payload, *signers)], error)

    return [
        _refused("account", "empty", [], "ChainEmpty"),
        _refused("account", "not certified", good.waiting, "NotCertified"),
        one("unknown registrar", "SignerUnknown", "favre", "blanc"),
        one("not signed by its own key", "SignatureMissing", "charlet"),
        one("prev on the first", "PreviousHashWrong", prev=b64(secret("elsewhere"))),
        one("does not start at 0", "SequenceBroken", seq=1),
        one("another network", "NetworkWrong", net=ident("other net")),
        one("KEM key too short", "PayloadFieldsWrong", kem_key=b64(bytes(1215))),
        one("upper-case id", "PayloadFieldsWrong", account=ident("favre").upper()),
        one("name that reads backwards", "PayloadFieldsWrong", name="Dr \u202eervaF"),
        one("blank name", "PayloadFieldsWrong", name="  "),
        one("RPPS of ten digits", "PayloadFieldsWrong", rpps="1000345678"),
        one("seq as text", "PayloadFieldsWrong", seq="0"),
        two("new key without the old one or a registrar", "KeyChangeUnauthorised", "blanc 1"),
        two("new key certified by the old one only", "NotCertified", "blanc 1", "blanc"),
        two("new key that did not sign", "SignatureMissing", "blanc", "charlet"),
        two("skipped seq", "SequenceBroken", seq=2),
        two("wrong prev", "PreviousHashWrong", prev=b64(secret("elsewhere"))),
        two("another person", "SubjectChanged", account=ident("favre")),
    ]


def _refused_groups(good: Chains) -> list[Made]:
    made, joining, left = good.pool

    def first(name: str, error: str, /, *who: str, **change: Any) -> Made:
        payload = group(0, 0, None, ["blanc"], ["charlet"]) | change
        return _refused("group", name, [signed("group", payload, *(who or ("charlet",)))], error)

    def third(name: str, error: str, /, *who: str, **change: Any) -> Made:
        payload = group(2, 0, joining, ["blanc", "mermoud"], ["blanc"]) | change
        return _refused(
            "group", name, [made, joining, signed("group", payload, *(who or ("blanc",)))], error
        )

    rotated = b64(kem_of_epoch(1))
    own = group(2, 0, joining, ["blanc", "mermoud"], ["favre"])
    ousted = group(3, 1, left, ["blanc"], ["blanc", "charlet"])
    return [
        _refused("group", "empty", [], "ChainEmpty"),
        first("created by nobody's registrar", "RegistrarUnknown", "blanc"),
        first("begins at epoch 1", "EpochBroken", epoch=1),
        first("begins at seq 1", "SequenceBroken", seq=1),
        first("nobody governs it", "PayloadFieldsWrong", managers=[]),
        first("a member twice", "PayloadFieldsWrong", members=[ident("blanc"), ident("blanc")]),
        first("another network", "NetworkWrong", net=ident("other net")),
        first("unknown kind", "PayloadFieldsWrong", kind="club"),
        first("an end date for a stranger", "PayloadFieldsWrong", until={ident("favre"): NOON}),
        first("an end date on no day", "PayloadFieldsWrong", until={ident("blanc"): "2031-02-30"}),
        first("an end date of nobody", "PayloadFieldsWrong", until={"blanc": NOON}),
        first("end dates as a list", "PayloadFieldsWrong", until=[]),
        first("no end dates, said with null", "PayloadFieldsWrong", until=None),
        third(
            "manager only in its own statement", "ManagerUnknown", "favre", managers=own["managers"]
        ),
        third("signed by a member who does not manage", "ManagerUnknown", "mermoud"),
        third("signed by a stranger besides a manager", "ManagerUnknown", "blanc", "favre"),
        _refused(
            "group",
            "ex-manager",
            [*good.pool, signed("group", ousted, "charlet")],
            "ManagerUnknown",
        ),
        third("wrong prev", "PreviousHashWrong", prev=b64(secret("elsewhere"))),
        third("prev of two before", "PreviousHashWrong", prev=joined_prev(joining)),
        third("skipped seq", "SequenceBroken", seq=3),
        third("swapped key", "KeySwapped", kem_key=kem("favre")),
        third("skipped epoch", "EpochBroken", epoch=2, kem_key=rotated),
        third("new epoch, old key", "KeyUnchanged", epoch=1),
        third("removal without rotation", "RemovalWithoutRotation", members=[ident("blanc")]),
        third("another group", "SubjectChanged", group=ident("other group")),
        third("pool turned care team", "SubjectChanged", kind="care_team"),
        _refused("group", "a statement dropped", [made, left], "SequenceBroken"),
        _refused("group", "reordered", [made, left, joining], "SequenceBroken"),
    ]


def joined_prev(statement: Made) -> str:
    previous: str = json.loads(unb64(statement["p"]))["prev"]
    return previous


def kem_of_epoch(epoch: int) -> bytes:
    return group_kem_public(secret(f"pool epoch {epoch}"))


def _refused_cases(good: Chains) -> list[Made]:
    opened, granted, turned, closed = good.case
    to = [f"group:{POOL}@0"]

    def first(name: str, error: str, /, *who: str, **change: Any) -> Made:
        payload = event(0, "open", 0, "favre", to, None) | change
        return _refused("case", name, [signed("case", payload, *(who or ("favre",)))], error)

    def second(name: str, error: str, /, *who: str, **change: Any) -> Made:
        payload = event(1, "grant", 0, "favre", [f"account:{ident('mermoud')}@0"], opened)
        made = signed("case", payload | change, *(who or ("favre",)))
        return _refused("case", name, [opened, made], error)

    def rotation(name: str, error: str, /, **change: Any) -> Made:
        payload = event(1, "rotate", 1, "favre", to, opened) | change
        return _refused("case", name, [opened, signed("case", payload, "favre")], error)

    again = event(4, "close", 1, "favre", [], closed)
    return [
        _refused("case", "empty", [], "ChainEmpty"),
        first("signed by another than its author", "SignerUnknown", "blanc"),
        first("author unknown", "SignerUnknown", "favre", by=ident("nobody")),
        first("begins with a grant", "EventOutOfPlace", event="grant"),
        first("begins at generation 1", "GenerationBroken", generation=1),
        first("begins at 1", "SequenceBroken", n=1),
        first("opened to nobody", "EventOutOfPlace", to=[]),
        first("a recipient twice", "PayloadFieldsWrong", to=to * 2),
        first("recipient without epoch", "PayloadFieldsWrong", to=[f"group:{POOL}"]),
        first("another network", "NetworkWrong", net=ident("other net")),
        second("opened twice", "EventOutOfPlace", event="open"),
        second("wrong prev", "PreviousHashWrong", prev=b64(secret("elsewhere"))),
        second("skipped n", "SequenceBroken", n=2),
        second("another case", "SubjectChanged", case=ident("other case")),
        second("granted in another generation", "GenerationBroken", generation=1),
        second("planted key", "KeySwapped", kc=b64(secret("planted"))),
        second("granted to nobody", "EventOutOfPlace", to=[]),
        second("granted by an outsider", "OutsideCareCircle", "charlet", by=ident("charlet")),
        rotation("rotation skips a generation", "GenerationBroken", generation=2),
        rotation("rotation keeps the key", "KeyUnchanged", kc=json.loads(unb64(opened["p"]))["kc"]),
        rotation("rotation keeps nobody", "EventOutOfPlace", to=[]),
        rotation("another network later", "NetworkWrong", net=f"{NET[:-1]}0"),
        _refused(
            "case", "closed twice", [*good.case, signed("case", again, "favre")], "EventOutOfPlace"
        ),
        _refused("case", "an event dropped", [opened, turned], "SequenceBroken"),
        _refused("case", "two events swapped", [opened, turned, granted], "SequenceBroken"),
    ]
