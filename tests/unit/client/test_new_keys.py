"""New keys for a person: by themselves on suspicion, or after everything was lost."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pyotp
import pytest

from client import CordeeClient
from client.crypto import random_key, seal, unseal, unwrap
from client.errors import KeyPending, NotCertified, OwnKeysBroken
from client.keys import Keys
from protocol.contexts import account_recipient, case_context, keys_context
from protocol.encoding import unb64
from protocol.errors import ProtocolError
from tests.unit.client.conftest import PASSWORD, REQUEST, Village

NEW_PASSWORD = "cairn rosée vallon myrtille"


def device(village: Village) -> CordeeClient:
    return CordeeClient("http://localhost", httpx.WSGITransport(app=village.app))


def test_who_lost_everything_comes_back_to_the_same_account(village: Village) -> None:
    favre, office = village.people["favre"], village.administrator
    case = favre.cases.open_case("dermatology", REQUEST)
    answer = office.transport.post(
        f"/accounts/{village.people['benali'].account.id}/return", {"checked": "in_person"}
    )
    lost, new = village.people["benali"], device(village)
    back = new.account.come_back(answer["link"], NEW_PASSWORD)
    assert back.account["id"] == lost.account.id and not back.account["certified"]
    assert new.account.keys.seq == lost.account.keys.seq + 1
    office.administration.certify(back.account["id"])
    new.account.refresh()
    with pytest.raises(KeyPending):
        new.cases.read(case.id)  # nobody has given the keys of the pool again yet
    village.people["blanc"].directory.people([back.account["id"]], refresh=True)
    village.people["blanc"].heal()
    new.directory.forget()
    header = new.cases.read(case.id).header
    assert header is not None and header.question == REQUEST.question
    village.people["benali"] = new


def test_after_a_renewal_old_messages_verify_and_old_grants_open(
    village: Village, clock: Any
) -> None:
    favre, blanc = village.people["favre"], village.people["blanc"]
    case = favre.cases.open_case("dermatology", REQUEST)
    blanc.steps.claim(case.id)
    blanc.thread.post(case.id, "Depuis quand ?")
    clock.advance(minutes=5)
    code = pyotp.TOTP(village.secrets["blanc"]).at(int(time.time() + 300))
    recovery = blanc.account.renew_keys(PASSWORD, NEW_PASSWORD, code)
    assert recovery and blanc.account.keys.seq == 1
    with pytest.raises(NotCertified):
        blanc.cases.read(case.id)

    # While the keys wait, nobody loses what was said before.
    reader, _ = village.lying_to("favre")
    assert [message.text for message in reader.thread.read(case.id)][-1] == "Depuis quand ?"

    village.administrator.administration.certify(blanc.account.id)
    assert blanc.account.refresh()["certified"]
    assert blanc.cases.read(case.id).header is not None
    reader, _ = village.lying_to("favre")
    assert [message.text for message in reader.thread.read(case.id)][-1] == "Depuis quand ?"
    assert reader.directory.person(blanc.account.id).seq == 1
    blanc.thread.post(case.id, "Merci.")
    assert [message.text for message in reader.thread.read(case.id)][-1] == "Merci."

    # Another device opens the blob and finds the former seed in it.
    clock.advance(minutes=5)
    second = device(village)
    second.sign_in(
        "blanc@reseau.test",
        NEW_PASSWORD,
        pyotp.TOTP(village.secrets["blanc"]).at(int(time.time() + 600)),
    )
    assert second.account.keys.kem_seed_of(0) is not None
    assert second.cases.read(case.id).header is not None
    village.people["blanc"] = second


@pytest.mark.parametrize("told", [True, False], ids=["told by the server", "by oneself"])
@pytest.mark.parametrize("handed", [True, False], ids=["handed the key of before", "at once"])
def test_former_keys_open_nothing_written_after_a_renewal(
    village: Village, clock: Any, monkeypatch: pytest.MonkeyPatch, told: bool, handed: bool
) -> None:
    if not told:
        for room in ("thread", "stepping"):
            asked = f"messaging.service.{room}.require_fresh_key"
            monkeypatch.setattr(asked, lambda *_, **__: None)
    who = f"roch-{int(told)}{int(handed)}"
    village.sign_up(who, "Dr Anne Roch", specialty="general_practice")
    asker, blanc = village.people[who], village.people["blanc"]
    case = asker.cases.open_case("dermatology", REQUEST)
    blanc.thread.post(case.id, "Avant")
    former = asker.account.keys.kem_seed
    clock.advance(minutes=5)
    code = pyotp.TOTP(village.secrets[who]).at(clock())
    asker.account.renew_keys(PASSWORD, NEW_PASSWORD, code)
    village.administrator.administration.certify(asker.account.id)
    asker.account.refresh()
    if not told:
        blanc.directory.person(asker.account.id, refresh=True)
    if handed:
        blanc.circle.regrant(case.id, asker.account.id)
    blanc.thread.post(case.id, "Pour elle seule")
    asker.directory.forget()
    asker.thread.post(case.id, "Merci.")
    opened = asker.cases.renew_keys(case.id)
    assert opened.generation == 1, "once is enough"
    assert account_recipient(asker.account.id, 1) in opened.chain.recipients
    rows = asker.transport.get(f"/cases/{case.id}/messages")["items"]
    assert [row["generation"] for row in rows] == [0, 1, 1]
    net = asker.account.keys.net
    for grant in asker.transport.get(f"/cases/{case.id}")["grants"]:
        if grant["generation"] == 1:
            place = case_context(net, case.id, 1, grant["recipient"])
            with pytest.raises(ProtocolError):
                unwrap(former, place, unb64(grant["wrapped"]))


def test_the_blob_of_before_still_opens_and_a_broken_one_does_not() -> None:
    """Blobs written before renewals existed hold no `former`."""
    net, account = "6f0e6c1c-5f0b-4a51-9c7e-3f1d6a7c4e10", "0b9c2c0e-6a53-4f0c-9b7a-5b7b1a0f0a11"
    keys, account_key = Keys.fresh(net, account, random_key()), random_key()
    first = keys.statement("Claire Favre", None)
    assert Keys.opened(net, account, account_key, keys.sealed(account_key), [first]) == keys
    place = keys_context(net, account, 0)
    assert "former" not in json.loads(unseal(account_key, place, keys.sealed(account_key)))
    newer = keys.renewed(suite=2)
    second = newer.statement("Claire Favre", None, None, keys.sign_seed)
    opened = Keys.opened(net, account, account_key, newer.sealed(account_key), [first, second])
    assert (opened, opened.suite, opened.kem_seed_of(0)) == (newer, 2, keys.kem_seed)
    assert len(unb64(json.loads(_payload(second))["kem_key"])) == 1665
    record = json.loads(unseal(account_key, place, keys.sealed(account_key)))
    for former in ([{"seq": 0}], [{"seq": "x", "kem_seed": "AAAA"}], 3):
        broken = json.dumps({**record, "former": former}).encode()
        with pytest.raises(OwnKeysBroken):
            Keys.opened(net, account, account_key, seal(account_key, place, broken), [first])


def _payload(statement: dict[str, Any]) -> bytes:
    return unb64(statement["p"])
