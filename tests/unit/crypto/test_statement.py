"""Statements: frozen signatures both ways, typed payloads, everything a verifier refuses."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.crypto import (
    cosign_statement,
    sign_public,
    sign_statement,
    signing_key,
    statement_hash,
    verify_statement,
)
from protocol import errors
from protocol.encoding import b64, unb64
from protocol.errors import (
    PayloadFieldsWrong,
    PayloadMalformed,
    SignatureMissing,
    SignerRepeated,
    StatementMalformed,
    StatementTooLarge,
    StatementTypeWrong,
    WrongLength,
)
from protocol.statement import MAX_PAYLOAD, pae, parse_payload
from protocol.statements import (
    PAYLOADS,
    AccountPayload,
    HeaderPayload,
    MessagePayload,
    SignedStatement,
    read_payload,
)
from tests.vectors.load import vectors
from tests.vectors.network import account, header, manifest, message, seed, signed
from tests.vectors.write_extra import TARGET, write

FIRST = vectors("cordee1")["statement"]
EXTRA = vectors("cordee1-extra")
STATEMENTS, REFUSED = EXTRA["statements"], EXTRA["statements_refused"]
SEED, OTHER = bytes(range(32)), bytes(range(1, 33))

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_the_extra_vectors_are_those_of_the_writer():
    """Nobody edits a frozen vector by hand, and no change of ours alters one."""
    assert TARGET.read_text(encoding="utf-8") == write()


def test_pae_as_in_its_specification():
    """The example of the DSSE protocol page."""
    assert (
        pae("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@pytest.mark.parametrize("vector", FIRST, ids=range(len(FIRST)))
def test_frozen_signatures_both_ways(vector):
    payload = verify_statement("cordee1.message", vector["statement"], unb64(vector["public"]))
    assert statement_hash(vector["statement"]).hex() == vector["pae_sha256"]
    again = sign_statement("cordee1.message", payload, unb64(vector["seed"]))
    assert again == vector["statement"]


@pytest.mark.parametrize("vector", STATEMENTS, ids=lambda vector: vector["type"])
def test_frozen_payloads_both_ways(vector):
    kind, keys = vector["type"], [unb64(key) for key in vector["keys"]]
    payload = verify_statement(kind, vector["statement"], *keys)
    assert payload == vector["payload"]
    assert b64(statement_hash(vector["statement"])) == vector["hash"]
    SignedStatement.model_validate(vector["statement"])
    model = read_payload(PAYLOADS[kind], payload)
    seeds = [unb64(text) for text in vector["seeds"]]
    assert sign_statement(kind, vector["payload"], *seeds) == vector["statement"]
    rewritten = sign_statement(kind, model, *seeds)
    assert verify_statement(kind, rewritten, *keys) == payload


@pytest.mark.parametrize("vector", REFUSED, ids=lambda vector: vector["name"])
def test_refused_statements(vector):
    keys = [unb64(key) for key in vector["keys"]]
    with pytest.raises(getattr(errors, vector["error"])):
        verify_statement(vector["type"], vector["statement"], *keys)


@given(body=st.dictionaries(st.text(), json_values, max_size=5))
def test_what_is_signed_is_what_is_read(body):
    statement = sign_statement("cordee1.message", {"body": body}, SEED)
    assert verify_statement("cordee1.message", statement, sign_public(SEED)) == {"body": body}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_by_name(raw):
    with contextlib.suppress(PayloadMalformed):
        parse_payload(raw)


@given(json_values | st.dictionaries(st.sampled_from("tps"), json_values))
def test_any_object_in_place_of_a_statement(value):
    with pytest.raises(errors.StatementRefused):
        verify_statement("cordee1.message", value, sign_public(SEED))


def test_a_co_signature_keeps_the_hash():
    alone = sign_statement("cordee1.account", {"v": 1}, SEED)
    both = cosign_statement(alone, signing_key(OTHER))
    assert statement_hash(both) == statement_hash(alone)
    assert [entry["k"] for entry in both["s"]] == [b64(sign_public(SEED)), b64(sign_public(OTHER))]
    assert len(alone["s"]) == 1
    verify_statement("cordee1.account", both, sign_public(OTHER), sign_public(SEED))
    with pytest.raises(SignerRepeated):
        cosign_statement(both, SEED)


def test_what_no_client_signs():
    with pytest.raises(StatementTypeWrong):
        sign_statement("cordee1.other", {}, SEED)
    with pytest.raises(SignatureMissing):
        sign_statement("cordee1.message", {})
    with pytest.raises(SignerRepeated):
        sign_statement("cordee1.message", {}, SEED, SEED)
    with pytest.raises(StatementTooLarge):
        sign_statement("cordee1.message", {"text": "é" * (MAX_PAYLOAD // 2)}, SEED)
    for value in (float("nan"), float("inf"), 2**53, "\ud800", b"bytes"):
        with pytest.raises(PayloadMalformed):
            sign_statement("cordee1.message", {"value": value}, SEED)
    model = read_payload(AccountPayload, account("favre"))
    with pytest.raises(StatementTypeWrong):
        sign_statement("cordee1.group", model, SEED)
    with pytest.raises(WrongLength):
        sign_statement("cordee1.message", {}, bytes(31))


def test_nobody_named_as_signer():
    statement = sign_statement("cordee1.message", {}, SEED)
    with pytest.raises(SignatureMissing):
        verify_statement("cordee1.message", statement)
    with pytest.raises(WrongLength):
        verify_statement("cordee1.message", statement, bytes(31))


def test_a_payload_too_large_to_read():
    statement = sign_statement("cordee1.message", {}, SEED)
    for size in (MAX_PAYLOAD + 1, 4 * MAX_PAYLOAD):
        large = statement | {"p": b64(bytes(size))}
        with pytest.raises(StatementTooLarge):
            verify_statement("cordee1.message", large, sign_public(SEED))


@pytest.mark.parametrize("p", ["e30", "e31=", "e30=\n", "e3_=", " e30="])
def test_payloads_in_another_base64(p):
    statement = sign_statement("cordee1.message", {}, SEED) | {"p": p}
    with pytest.raises(StatementMalformed):
        verify_statement("cordee1.message", statement, sign_public(SEED))


def typed_message(**change):
    return message("text", "text", "favre", {"text": ""}) | change


@pytest.mark.parametrize(
    "change",
    [
        {"at": "2026-02-30T10:00:00Z"},
        {"at": "2026-03-02T07:41:05+01:00"},
        {"at": "2026-03-02 07:41:05Z"},
        {"kind": "Text"},
        {"kind": ""},
        {"g": -1},
        {"g": True},
        {"g": 0.0},
        {"seen": ["not an id"]},
        {"seen": None},
        {"body": []},
        {"attachments": [{}]},
        {"attachments": [manifest() | {"size": 1}]},
        {"attachments": [manifest() | {"parts": []}]},
        {"attachments": [manifest() | {"key": b64(bytes(31))}]},
        {"attachments": [manifest() | {"href": "https://elsewhere.example"}]},
        {"log": {"size": 1}},
        {"by": None},
    ],
)
def test_messages_with_wrong_fields(change):
    with pytest.raises(PayloadFieldsWrong):
        read_payload(MessagePayload, typed_message(**change))


@pytest.mark.parametrize("name", list(typed_message()))
def test_messages_without_a_field(name):
    payload = typed_message()
    del payload[name]
    with pytest.raises(PayloadFieldsWrong, match=name):
        read_payload(MessagePayload, payload)


def test_a_refusal_never_repeats_the_payload():
    """What a reader logs must not hold a patient's name."""
    with pytest.raises(PayloadFieldsWrong) as refused:
        read_payload(HeaderPayload, header() | {"at": "Odette Grépillon", "v": "Odette"})
    assert "Odette" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


def test_payload_models_are_frozen():
    model = read_payload(AccountPayload, account("favre"))
    with pytest.raises(ValueError):
        model.name = "Dr Blanc"


def test_helpers_sign_as_their_people():
    assert signed("message", typed_message(), "favre")["s"][0]["k"] == b64(
        sign_public(seed("favre"))
    )
