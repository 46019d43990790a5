"""Chains of policy, people, groups and case keys: continuity and authority."""

from datetime import UTC, datetime, timedelta

import pytest

from client.crypto import (
    cosign_statement,
    sign_public,
    statement_hash,
    verify_account_chain,
    verify_case_events,
    verify_group_chain,
    verify_policy_chain,
)
from protocol import errors
from protocol.encoding import b64, unb64
from protocol.errors import NotCertified, OutsideCareCircle, RegistrarUnknown, SignerUnknown
from protocol.statements import GroupPayload, read_payload
from tests.vectors.load import vectors
from tests.vectors.network import (
    POOL,
    Chains,
    account,
    event,
    group,
    ident,
    policy,
    secret,
    seed,
    sign_key,
    signed,
)

EXTRA = vectors("cordee1-extra")
CHAINS, REFUSED = EXTRA["chains"], EXTRA["chains_refused"]
ROOT = unb64(CHAINS["root"])


@pytest.fixture(scope="module")
def rules():
    return verify_policy_chain(CHAINS["policy"], ROOT)


@pytest.fixture(scope="module")
def people(rules):
    return {
        ident_: verify_account_chain(chain, rules).sign_keys
        for ident_, chain in CHAINS["accounts"].items()
    }


@pytest.fixture(scope="module")
def verifiers(rules, people):
    return {
        "policy": lambda chain: verify_policy_chain(chain, ROOT),
        "account": lambda chain: verify_account_chain(chain, rules),
        "group": lambda chain: verify_group_chain(chain, rules, people),
        "case": lambda chain: verify_case_events(
            chain, people, CHAINS["members"], net=CHAINS["net"]
        ),
    }


def test_the_policy(rules):
    assert rules.net == CHAINS["net"]
    assert rules.registrars == {sign_public(seed("charlet"))}
    assert rules.hash == statement_hash(CHAINS["policy"][-1])
    first = verify_policy_chain(CHAINS["policy"][:1], ROOT)
    assert first.registrars == frozenset()


def test_people(rules):
    blanc = verify_account_chain(CHAINS["accounts"][ident("blanc")], rules)
    assert blanc.payload.seq == 1
    assert blanc.sign_keys == (sign_public(seed("blanc")), sign_public(seed("blanc 1")))
    assert blanc.sign_key == blanc.sign_keys[-1]
    assert len(blanc.kem_key) == 1216
    assert blanc.certified
    assert verify_account_chain(CHAINS["accounts"][ident("charlet")], rules).certified


def test_a_person_who_waits(rules):
    waiting = CHAINS["waiting"]
    assert not verify_account_chain(waiting, rules, certified=False).certified
    with pytest.raises(NotCertified):
        verify_account_chain(waiting, rules)
    certified = [cosign_statement(waiting[0], seed("charlet"))]
    assert verify_account_chain(certified, rules).hash == statement_hash(waiting[0])


def test_the_root_may_certify(rules):
    by_root = [signed("account", account("waiting"), "waiting", "root")]
    assert verify_account_chain(by_root, rules).certified


def test_an_own_key_named_as_registrar_certifies_that_account_only(rules):
    impostor = account("waiting") | {"sign_key": sign_key("charlet")}
    with pytest.raises(NotCertified):
        verify_account_chain([signed("account", impostor, "charlet")], rules)


def test_a_registrar_who_left():
    """Their word stands only where the log shows it came before, or once another co-signs."""
    first, second = Chains().policy
    left = signed("policy", policy(2, second, ["mermoud"]), "root")
    rules = verify_policy_chain([first, second, left], ROOT)
    favre = [signed("account", account("favre"), "favre", "charlet")]
    with pytest.raises(NotCertified):
        verify_account_chain(favre, rules)
    assert verify_account_chain(favre, rules, former_registrars=True).certified
    again = [cosign_statement(favre[0], seed("mermoud"))]
    assert verify_account_chain(again, rules).certified
    charlet = [signed("account", account("charlet"), "charlet")]
    assert verify_account_chain(charlet, rules).certified
    made = [signed("group", group(0, 0, None, ["blanc"], ["charlet"]), "charlet")]
    with pytest.raises(RegistrarUnknown):
        verify_group_chain(made, rules, {})
    verify_group_chain(made, rules, {}, former_registrars=True)


def test_a_group_through_its_epochs(rules, people):
    pool = verify_group_chain(CHAINS["groups"][POOL], rules, people)
    assert (pool.payload.seq, pool.payload.epoch, len(pool.kem_keys)) == (2, 1, 2)
    assert pool.kem_key == unb64(pool.payload.kem_key)
    assert pool.payload.members == (ident("blanc"),)
    assert pool.everyone == {ident("blanc"), ident("mermoud")}
    assert pool.hash == statement_hash(CHAINS["groups"][POOL][-1])


def test_a_group_whose_manager_has_one_key(rules):
    one_each = {ident(who): sign_public(seed(who)) for who in ("charlet", "blanc")}
    assert verify_group_chain(CHAINS["groups"][POOL], rules, one_each).payload.seq == 2


def test_a_manager_whose_key_nobody_vouched_for(rules):
    with pytest.raises(errors.ManagerUnknown):
        verify_group_chain(CHAINS["groups"][POOL], rules, {})


def test_a_case_through_its_generations(people):
    chain = verify_case_events(CHAINS["case"], people, CHAINS["members"], net=CHAINS["net"])
    assert chain.closed
    assert len(chain.commitments) == 2
    assert chain.opener == ident("favre")
    assert f"group:{POOL}@1" in chain.recipients
    shared = verify_case_events(CHAINS["case"][:2], people, CHAINS["members"], net=CHAINS["net"])
    assert f"account:{ident('mermoud')}@0" in shared.recipients
    assert not shared.closed


def test_a_closed_case_reopens_by_a_rotation(people):
    closed = CHAINS["case"][-1]
    turned = event(4, "rotate", 2, "favre", [f"group:{POOL}@1"], closed)
    chain = verify_case_events(
        [*CHAINS["case"], signed("case", turned, "favre")],
        people,
        CHAINS["members"],
        net=CHAINS["net"],
    )
    assert not chain.closed
    assert len(chain.commitments) == 3


def test_a_named_account_may_grant_once_granted(people):
    opened, granted = CHAINS["case"][:2]
    onward = event(2, "grant", 0, "mermoud", [f"account:{ident('charlet')}@0"], granted)
    chain = [opened, granted, signed("case", onward, "mermoud")]
    assert verify_case_events(chain, people, {POOL: [ident("blanc")]}, net=CHAINS["net"])


def test_a_member_of_a_group_that_never_had_the_case(people):
    opened, granted = CHAINS["case"][:2]
    with pytest.raises(OutsideCareCircle):
        verify_case_events([opened, granted], people, {POOL: []}, net=CHAINS["net"])


def test_a_key_returned_to(people):
    """A rotation to a key of any earlier generation is no rotation."""
    turned = CHAINS["case"][2]
    back = event(3, "rotate", 2, "favre", [f"group:{POOL}@1"], turned)
    back["kc"] = b64(verify_case_events(
        CHAINS["case"][:1], people, CHAINS["members"], net=CHAINS["net"]
    ).commitments[0])  # fmt: skip
    with pytest.raises(errors.KeyUnchanged):
        verify_case_events(
            [*CHAINS["case"][:3], signed("case", back, "favre")],
            people,
            CHAINS["members"],
            net=CHAINS["net"],
        )


@pytest.mark.parametrize(
    "vector", REFUSED, ids=lambda vector: f"{vector['chain']}: {vector['name']}"
)
def test_refused_chains(verifiers, vector):
    with pytest.raises(getattr(errors, vector["error"])):
        verifiers[vector["chain"]](vector["statements"])


@pytest.mark.parametrize("chain", ["policy", "account", "group", "case"])
def test_a_changed_signature_anywhere_in_a_chain(verifiers, chain):
    good = {
        "policy": CHAINS["policy"],
        "account": CHAINS["accounts"][ident("blanc")],
        "group": CHAINS["groups"][POOL],
        "case": CHAINS["case"],
    }[chain]
    verifiers[chain](good)
    for place, statement in enumerate(good):
        for number, entry in enumerate(statement["s"]):
            signature = bytearray(unb64(entry["sig"]))
            signature[7] ^= 4
            entries = list(statement["s"])
            entries[number] = entry | {"sig": b64(bytes(signature))}
            changed = [*good[:place], statement | {"s": entries}, *good[place + 1 :]]
            with pytest.raises(errors.SignatureInvalid):
                verifiers[chain](changed)


def test_another_root():
    with pytest.raises(SignerUnknown):
        verify_policy_chain(CHAINS["policy"], sign_public(secret("another root")))


def test_a_locum_is_present_until_the_minute_signed():
    payload = group(0, 0, None, ["blanc", "mermoud"], ["charlet"])
    payload["until"] = {ident("mermoud"): "2031-08-15T18:00:00.000Z"}
    agreed = read_payload(GroupPayload, payload)
    last_second = datetime(2031, 8, 15, 17, 59, 59, tzinfo=UTC)
    assert agreed.present(last_second) == {ident("blanc"), ident("mermoud")}
    assert agreed.present(last_second + timedelta(seconds=1)) == {ident("blanc")}
