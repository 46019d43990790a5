"""Writes cordee1-extra.json, the vectors beyond the primitives: run only to add, never to change.

Everything derives from names, so the same run gives the same bytes (a test holds that), and no
vector needs a secret to be kept.

    python -m tests.vectors.write_extra
"""

import json
from pathlib import Path
from typing import Any

from client.crypto import (
    format_recovery_code,
    group_chain_key,
    group_kem_public,
    group_kem_seed,
    read_recovery_code,
    recovery_keys,
    statement_hash,
)
from client.crypto.derive import derive
from client.crypto.stream import seal_with
from protocol import contexts
from protocol.encoding import b64
from protocol.shapes import plain_size, sealed_size
from tests.vectors.network import (
    NET,
    POOL,
    TEAM,
    Chains,
    Made,
    account,
    event,
    group,
    header,
    ident,
    kem,
    manifest,
    message,
    policy,
    secret,
    seed,
    sign_key,
    signed,
)
from tests.vectors.refusals import refused_base64, refused_chains, refused_statements

TARGET = Path(__file__).with_name("cordee1-extra.json")

ABOUT = {
    "bytes": "every byte string is standard base64 with padding",
    "recovery": "code = 20 bytes; printed = Crockford base32 in 8 groups of 4; typed[] all read as "
    "code (case, spaces and dashes dropped, O is 0, I and L are 1, an optional 33rd symbol is "
    "Crockford's check symbol mod 37, verified); master = HKDF-SHA256(code, no salt, 'cordee1 "
    "recovery', 32); auth and kek from master as from a password's mk",
    "recovery_refused": "typed must be refused",
    "group": "kem_seed and chain_key = HKDF-SHA256(secret, no salt, 'cordee1 group kem' / 'cordee1 "
    "group chain', 32); kem_public = public key of kem_seed; previous = secret of the epoch "
    "before, sealed_previous = seal(chain_key, context, previous) with the given salt and prefix",
    "contexts": "name of the function in protocol/contexts.py, its arguments, its result",
    "contexts_refused": "the arguments must be refused",
    "sizes": "plaintext bytes and sealed bytes; sealed_impossible: lengths no plaintext gives",
    "base64_refused": "texts that strict base64 refuses",
    "statements": "payload written as compact JSON in the order given (so p is reproducible), "
    "signed by seeds in order; hash = SHA-256 of the DSSE encoding",
    "statements_refused": "verify_statement(type, statement, ...keys) must fail; error = name of "
    "the class in protocol/errors.py (advice, not a promise)",
    "verify": "verify_statement: every given key must have signed, and nobody else",
    "chains": "root = pinned public key; policy, accounts, groups, case = whole chains that verify; "
    "a certified account is co-signed by a registrar of the last policy or by the root, or is "
    "named with this very key in any policy of the chain; members = account ids of each group, for case events",
    "chains_refused": "statements must be refused as a chain of that kind, against chains.policy "
    "and the keys of chains.accounts (all keys of each chain); policy: against chains.root",
}


def context_vectors() -> list[Made]:
    net, one, two = NET, ident("one"), ident("two")
    recipient = contexts.group_recipient(one, 3)
    calls: list[tuple[str, list[Any]]] = [
        ("group_recipient", [one, 3]),
        ("account_recipient", [one, 0]),
        ("custodian_recipient", [1]),
        ("account_key_context", [net, one, "password"]),
        ("account_key_context", [net, one, "recovery"]),
        ("passkey_context", [net, one, "AbC-_9"]),
        ("keys_context", [net, one, 2]),
        ("group_context", [net, one, 4, two, 1]),
        ("group_prev_context", [net, one, 4]),
        ("case_context", [net, one, 0, recipient]),
        ("case_prev_context", [net, one, 1]),
        ("header_context", [net, one, 0, 2]),
        ("message_context", [net, one, 0, two]),
        ("attachment_context", [net, one, two, 0, 2]),
    ]
    return [
        {"name": name, "arguments": given, "context": getattr(contexts, name)(*given)}
        for name, given in calls
    ]


def refused_contexts() -> list[Made]:
    net, one = NET, ident("one")
    calls: list[tuple[str, list[Any]]] = [
        ("keys_context", [net.upper(), one, 0]),
        ("keys_context", [net, f"{one}|0", 0]),
        ("keys_context", [net, one, -1]),
        ("keys_context", [net, one, 1.5]),
        ("keys_context", [net, one, 2**53]),
        ("account_key_context", [net, one, "password|x"]),
        ("account_key_context", [net, one, "passkey:x"]),
        ("passkey_context", [net, one, "a|b"]),
        ("passkey_context", [net, one, ""]),
        ("case_context", [net, one, 0, f"group:{one}@00"]),
        ("case_context", [net, one, 0, f"group:{one}"]),
        ("case_context", [net, one, 0, f"group:{one}@0|1"]),
        ("case_context", [net, one, 0, "custodian:-1"]),
        ("case_context", [net, one, 0, f"person:{one}@0"]),
        ("attachment_context", [net, one, one, 2, 2]),
        ("attachment_context", [net, one, one, 0, 0]),
    ]
    return [{"name": name, "arguments": given} for name, given in calls]


def recovery_vectors() -> list[Made]:
    made = []
    for name in ("first", "second", "third"):
        code = secret(f"recovery {name}")[:20] if name != "third" else bytes(20)
        printed = format_recovery_code(code)
        check = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U"[int.from_bytes(code, "big") % 37]
        typed = [
            printed,
            printed.lower(),
            f" {printed.replace('-', ' ')}\n",
            printed.replace("-", "").replace("0", "o").replace("1", "l"),
            printed.replace("-", "\u2011").replace("0", "O").replace("1", "I"),
            f"{printed}-{check}",
        ]
        assert all(read_recovery_code(text) == code for text in typed)
        auth, kek = recovery_keys(code)
        master = derive(code, b"cordee1 recovery")
        keys = {"master": b64(master), "auth": b64(auth), "kek": b64(kek)}
        made.append({"code": b64(code), "printed": printed, "typed": typed} | keys)
    return made


def refused_recovery() -> list[Made]:
    printed = format_recovery_code(secret("recovery first")[:20])
    good = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U"
    check = int.from_bytes(secret("recovery first")[:20], "big") % 37
    return [
        {"name": "empty", "typed": ""},
        {"name": "one symbol short", "typed": printed[:-1]},
        {"name": "two symbols long", "typed": f"{printed}-AB"},
        {"name": "a letter outside the alphabet", "typed": f"U{printed[1:]}"},
        {"name": "punctuation", "typed": f"{printed[:-1]}."},
        {"name": "wrong check symbol", "typed": f"{printed}-{good[(check + 1) % 37]}"},
    ]


def group_vectors() -> list[Made]:
    made = []
    for epoch in (1, 2):
        now, before = secret(f"pool epoch {epoch}"), secret(f"pool epoch {epoch - 1}")
        salt, prefix = secret(f"salt {epoch}"), secret(f"prefix {epoch}")[:7]
        context = contexts.group_prev_context(NET, POOL, epoch)
        made.append(
            {
                "secret": b64(now),
                "kem_seed": b64(group_kem_seed(now)),
                "kem_public": b64(group_kem_public(now)),
                "chain_key": b64(group_chain_key(now)),
                "previous": b64(before),
                "context": context,
                "salt": b64(salt),
                "prefix": b64(prefix),
                "sealed_previous": b64(
                    seal_with(group_chain_key(now), context, before, salt, prefix)
                ),
            }
        )
    return made


def size_vectors() -> Made:
    edge, segment = 1024 * 1024 - 56, 1024 * 1024 - 16
    plains = [0, 1, 318, edge - 1, edge, edge + 1, edge + segment, edge + segment + 1]
    plains += [8 * 1024 * 1024, 500_000_000]
    assert all(plain_size(sealed_size(plain)) == plain for plain in plains)
    mib = 1024 * 1024
    return {
        "possible": [{"plain": plain, "sealed": sealed_size(plain)} for plain in plains],
        "sealed_impossible": [0, 40, 55, mib + 1, mib + 16, 2 * mib + 16],
    }


def statement_vectors() -> list[Made]:
    text = message("text", "text", "favre", {"text": "Fièvre depuis hier, 38,6 °C."})
    opinion = message(
        "opinion",
        "opinion",
        "blanc",
        {
            "conclusion": "Kératose séborrhéique 👩🏽‍⚕️",
            "recommendations": "Pas de biopsie.",
            "follow_up": "Contrôle à 6 mois",
            "incidents": "",
            "version": 1,
            "status": "signed",
        },
        seen=[ident("text")],
        log={"size": 4, "root": b64(secret("log root"))},
    )
    photo = message("photo message", "text", "favre", {"text": ""}, attachments=[manifest()])
    examples = [
        (
            "policy",
            policy(
                0,
                None,
                ["charlet"],
                log_key=sign_key("log"),
                witnesses=[sign_key("witness 0"), sign_key("witness 1")],
                k=1,
                custodians=[kem("custodian")],
            ),
            ["root"],
        ),
        ("account", account("favre"), ["favre", "charlet"]),
        ("account", account("waiting"), ["waiting"]),
        ("group", group(0, 0, None, ["blanc"], ["charlet"]), ["charlet"]),
        (
            "group",
            group(
                0,
                0,
                None,
                ["favre", "mermoud"],
                ["favre"],
                group=TEAM,
                kind="care_team",
                name="Cabinet d’Abondance",
            ),
            ["charlet"],
        ),
        (
            "group",
            group(
                0,
                0,
                None,
                ["blanc", "mermoud"],
                ["charlet"],
                until={ident("mermoud"): "2031-08-15T18:00:00.000Z"},
            ),
            ["charlet"],
        ),
        ("group", group(0, 0, None, ["blanc"], ["charlet"], until={}), ["charlet"]),
        ("case", event(0, "open", 0, "favre", [f"group:{POOL}@0"], None), ["favre"]),
        ("message", text, ["favre"]),
        ("message", opinion, ["blanc"]),
        ("message", photo, ["favre"]),
        ("header", header(), ["favre"]),
    ]
    made = []
    for kind, payload, who in examples:
        statement = signed(kind, payload, *who)
        made.append(
            {
                "type": f"cordee1.{kind}",
                "payload": payload,
                "seeds": [b64(seed(name)) for name in who],
                "keys": [sign_key(name) for name in who],
                "statement": statement,
                "hash": b64(statement_hash(statement)),
            }
        )
    return made


def write() -> str:
    chains = Chains()
    content = {
        "about": ABOUT,
        "recovery": recovery_vectors(),
        "recovery_refused": refused_recovery(),
        "group": group_vectors(),
        "contexts": context_vectors(),
        "contexts_refused": refused_contexts(),
        "sizes": size_vectors(),
        "base64_refused": refused_base64(),
        "statements": statement_vectors(),
        "statements_refused": refused_statements(),
        "chains": {
            "root": sign_key("root"),
            "net": NET,
            "policy": chains.policy,
            "accounts": {ident(who): chain for who, chain in chains.accounts.items()},
            "waiting": chains.waiting,
            "groups": {POOL: chains.pool},
            "case": chains.case,
            "members": {POOL: [ident("blanc"), ident("mermoud")]},
        },
        "chains_refused": refused_chains(chains),
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    TARGET.write_text(write(), encoding="utf-8")
