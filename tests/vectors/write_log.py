"""Writes cordee1-log.json, the vectors of the log: run only to add, never to change.

    python -m tests.vectors.write_log

Keys and leaves derive from names (see ``tests.vectors.network``), so the same run gives the same
bytes; a test holds that.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from client.crypto import sign_public, signing_key
from protocol.encoding import b64
from protocol.log import GrowingTree, consistency_proof, inclusion_proof
from protocol.merkle import LogKind, log_leaf
from protocol.note import (
    COSIGNATURE,
    Checkpoint,
    Note,
    NoteSignature,
    cosignature,
    cosigned_message,
    key_log_origin,
    log_signature,
    trace_origin,
    verifier_key,
)
from protocol.safety import safety_code
from tests.vectors.network import NET, ident, secret, seed

TARGET = Path(__file__).with_name("cordee1-log.json")
TIME = 1_790_000_000
Made = dict[str, Any]

ABOUT = {
    "bytes": "every byte string is standard base64 with padding",
    "leaves": "kind (1 account, 2 group, 3 policy), subject, seq, hash of the statement; leaf = 53 "
    "bytes; leaf_hash = SHA-256(0 ‖ leaf)",
    "roots": "root over the first n leaves, n from 0",
    "inclusion": "proof that leaf index is in the tree of the first size leaves (RFC 6962 2.1.1)",
    "consistency": "proof that the tree of size leaves extends that of old leaves (RFC 6962 2.1.2)",
    "inclusion_refused": "leaf_hash is not at index of the tree with that root, by that proof",
    "consistency_refused": "as consistency, to be refused",
    "notes": "checkpoint notes (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature) that "
    "verify under log_key, witnesses and k; cosigned_by = keys of the witnesses that signed",
    "notes_refused": "to be refused under the same origin, log_key, witnesses and k; error = name "
    "of the class in protocol/errors.py (advice, not a promise)",
    "safety": "code over the root and two people, each an id and the hashes of all their "
    "statements; the order of the two does not matter",
}


def leaves() -> list[tuple[int, str, int, bytes]]:
    kinds = (LogKind.ACCOUNT, LogKind.GROUP, LogKind.POLICY)
    return [
        (int(kinds[n % 3]), ident(f"subject {n % 7}"), n // 7, secret(f"statement {n}"))
        for n in range(21)
    ]


def tree() -> GrowingTree:
    made = GrowingTree()
    for leaf in leaves():
        made.append(log_leaf(*leaf))
    return made


def inclusion() -> list[Made]:
    grown = tree()
    return [
        {
            "index": index,
            "size": size,
            "proof": [b64(one) for one in inclusion_proof(index, size, grown.subtree)],
        }
        for size in (1, 2, 3, 7, 8, 13, 21)
        for index in sorted({0, size // 2, size - 1})
    ]


def consistency() -> list[Made]:
    grown = tree()
    return [
        {
            "old": old,
            "size": size,
            "proof": [b64(one) for one in consistency_proof(old, size, grown.subtree)],
        }
        for old, size in ((0, 5), (1, 2), (3, 7), (4, 7), (6, 8), (8, 13), (13, 21), (21, 21))
    ]


def inclusion_refused() -> list[Made]:
    grown = tree()
    proof = [b64(one) for one in inclusion_proof(5, 13, grown.subtree)]
    good: Made = {
        "leaf_hash": b64(grown.subtree(0, 5)),
        "index": 5,
        "size": 13,
        "proof": proof,
        "root": b64(grown.root(13)),
    }
    return [
        good | {"why": "another leaf", "leaf_hash": b64(grown.subtree(0, 6))},
        good | {"why": "another place", "index": 4},
        good | {"why": "beyond the tree", "index": 13},
        good | {"why": "another root", "root": b64(grown.root(12))},
        good | {"why": "a hash missing", "proof": proof[:-1]},
        good | {"why": "a hash too many", "proof": [*proof, proof[0]]},
        good | {"why": "swapped hashes", "proof": [proof[1], proof[0], *proof[2:]]},
    ]


def consistency_refused() -> list[Made]:
    grown = tree()
    proof = [b64(one) for one in consistency_proof(6, 13, grown.subtree)]
    good: Made = {
        "old": 6,
        "size": 13,
        "old_root": b64(grown.root(6)),
        "root": b64(grown.root(13)),
        "proof": proof,
    }
    return [
        good | {"why": "another past", "old_root": b64(secret("another root"))},
        good | {"why": "another present", "root": b64(secret("another root"))},
        good | {"why": "another size", "old": 7},
        good | {"why": "smaller than before", "size": 5},
        good | {"why": "a hash missing", "proof": proof[1:]},
        good | {"why": "a hash too many", "proof": [*proof, proof[0]]},
        good | {"why": "no proof", "proof": []},
        good | {"why": "two roots at one size", "old": 13, "proof": []},
    ]


def logged(checkpoint: Checkpoint, by: str = "log", name: str | None = None) -> NoteSignature:
    signature = signing_key(seed(by)).sign(checkpoint.text().encode())
    return log_signature(name or checkpoint.origin, sign_public(seed(by)), signature)


def witnessed(checkpoint: Checkpoint, by: str, time: int = TIME) -> NoteSignature:
    signature = signing_key(seed(by)).sign(cosigned_message(checkpoint.text(), time))
    name = f"cordee.witness/{by.replace(' ', '-')}"
    return cosignature(name, sign_public(seed(by)), time, signature)


def written(checkpoint: Checkpoint, *lines: NoteSignature) -> str:
    return Note(checkpoint, checkpoint.text(), lines).written()


def notes() -> Made:
    grown, origin = tree(), key_log_origin(NET)
    point = Checkpoint(origin, 21, grown.root())
    mine, one, two = logged(point), witnessed(point, "witness 0"), witnessed(point, "witness 1")
    stranger = witnessed(point, "a stranger")
    flipped = NoteSignature(
        one.name, one.key_id, one.signature[:-1] + bytes([one.signature[-1] ^ 1])
    )
    later = NoteSignature(one.name, one.key_id, (TIME + 1).to_bytes(8, "big") + one.signature[8:])
    other = Checkpoint(origin, 20, grown.root())
    elsewhere = Checkpoint(trace_origin(NET), 21, grown.root())
    good = written(point, mine, one, two)
    names = ("witness 0", "witness 1")
    return {
        "origin": origin,
        "trace_origin": trace_origin(NET),
        "log_key": b64(sign_public(seed("log"))),
        "witnesses": [b64(sign_public(seed(name))) for name in names],
        "k": 2,
        "size": 21,
        "root": b64(grown.root()),
        "time": TIME,
        "witness_keys": [
            verifier_key(f"cordee.witness/{name.replace(' ', '-')}", COSIGNATURE, key)
            for name in names
            for key in [sign_public(seed(name))]
        ],
        "good": [good, written(point, stranger, mine, two, one), written(point, one, mine, two)],
        "refused": [
            {"why": why, "note": note, "error": error}
            for why, note, error in (
                ("one witness of two", written(point, mine, one), "WitnessesTooFew"),
                ("one witness twice", written(point, mine, one, one), "WitnessesTooFew"),
                ("a stranger cosigned", written(point, mine, one, stranger), "WitnessesTooFew"),
                ("a forged cosignature", written(point, mine, flipped, two), "CosignatureWrong"),
                ("another time", written(point, mine, later, two), "CosignatureWrong"),
                ("not signed by the log", written(point, one, two), "NoteUnsigned"),
                ("another log key", written(point, logged(point, "x"), one, two), "NoteUnsigned"),
                ("the log's signature moved", written(other, mine, one, two), "NoteUnsigned"),
                (
                    "another log",
                    written(elsewhere, logged(elsewhere), witnessed(elsewhere, "witness 0")),
                    "NoteForeign",
                ),
                ("an extension line", good.replace("\n\n", "\nmore\n\n"), "NoteMalformed"),
                ("a size with a zero", good.replace("\n21\n", "\n021\n"), "NoteMalformed"),
                ("no empty line", good.replace("\n\n", "\n"), "NoteMalformed"),
                ("no last newline", good[:-1], "NoteMalformed"),
                ("no signature", point.text() + "\n", "NoteMalformed"),
                ("a carriage return", good.replace("\n", "\r\n"), "NoteMalformed"),
                ("a name with a space", good.replace("witness-0", "witness 0"), "NoteMalformed"),
            )
        ],
    }


def safety() -> list[Made]:
    root = sign_public(seed("root"))
    favre = (ident("favre"), [secret("favre 0"), secret("favre 1")])
    blanc = (ident("blanc"), [secret("blanc 0")])
    swapped = (ident("blanc"), [secret("planted")])
    return [
        {
            "root": b64(root),
            "people": [
                {"account": account, "hashes": [b64(value) for value in hashes]}
                for account, hashes in (one, other)
            ],
            "code": safety_code(root, one, other),
        }
        for one, other in ((favre, blanc), (blanc, favre), (favre, swapped))
    ]


def write() -> str:
    grown = tree()
    made = leaves()
    content = {
        "about": ABOUT,
        "leaves": [
            {
                "kind": kind,
                "subject": subject,
                "seq": seq,
                "hash": b64(value),
                "leaf": b64(log_leaf(kind, subject, seq, value)),
                "leaf_hash": b64(sha256(b"\x00" + log_leaf(kind, subject, seq, value)).digest()),
            }
            for kind, subject, seq, value in made
        ],
        "roots": [b64(grown.root(size)) for size in range(len(made) + 1)],
        "inclusion": inclusion(),
        "inclusion_refused": inclusion_refused(),
        "consistency": consistency(),
        "consistency_refused": consistency_refused(),
        "notes": notes(),
        "safety": safety(),
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    TARGET.write_text(write(), encoding="utf-8")
