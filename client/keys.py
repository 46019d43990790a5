"""The secrets of one account, and the small record ("keys blob") they are kept in.

``keys`` = seal(AK, JSON{sign_seed, kem_seed, root, former?}): the server keeps it and cannot open
it. The network's root rides inside, so that a second device pins the same root without a new
invitation; so do the KEM seeds of before a renewal, so that old grants still open.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from client.crypto import (
    kem_public,
    random_key,
    seal,
    sign_public,
    sign_statement,
    statement_hash,
    suite_of,
    unseal,
    verify_account_chain,
    verify_statement,
)
from client.errors import OwnKeysBroken, broken_as
from protocol import Account, Policy
from protocol.contexts import account_recipient, keys_context
from protocol.encoding import b64, unb64
from protocol.errors import KeyChangeUnauthorised, ProtocolError, SequenceBroken
from protocol.shapes import KEY_SIZE
from protocol.statement import ACCOUNT, Statement, parse_payload, statement_payload
from protocol.statements import AccountPayload, read_payload


@dataclass(frozen=True)
class Keys:
    """What a signed-in person can sign with and open with. Never print or log one."""

    net: str
    account: str
    seq: int
    sign_seed: bytes = field(repr=False)
    kem_seed: bytes = field(repr=False)
    root: bytes = field(repr=False)
    """Public key of the network's root: the pin."""
    former: tuple[tuple[int, bytes], ...] = field(default=(), repr=False)
    """(sequence, KEM seed) of earlier keys, oldest first."""
    suite: int = 1
    """Which KEM the public key is of; see ``client.crypto.hpke``."""

    @classmethod
    def fresh(cls, net: str, account: str, root: bytes) -> Keys:
        """New keys for a new account."""
        return cls(net, account, 0, random_key(), random_key(), root)

    def renewed(self, suite: int | None = None) -> Keys:
        """The keys that follow these: nothing of the old ones but the seeds that open old grants.

        ``suite`` moves the person to another KEM; they keep theirs otherwise.
        """
        return Keys(
            self.net,
            self.account,
            self.seq + 1,
            random_key(),
            random_key(),
            self.root,
            (*self.former, (self.seq, self.kem_seed)),
            suite or self.suite,
        )

    @property
    def recipient(self) -> str:
        """How grants of a case name this person."""
        return account_recipient(self.account, self.seq)

    def kem_seed_of(self, seq: int) -> bytes | None:
        """The private KEM seed of one of this account's key sequences; None for another's."""
        return self.kem_seed if seq == self.seq else dict(self.former).get(seq)

    @property
    def kem_public(self) -> bytes:
        return kem_public(self.kem_seed, self.suite)

    @property
    def sign_public(self) -> bytes:
        return sign_public(self.sign_seed)

    def statement(
        self, name: str, rpps: str | None, prev: str | None = None, *also: bytes
    ) -> dict[str, Any]:
        """The key statement of the account, signed by itself.

        ``prev`` is the hash of the one before, in base64; ``also`` are seeds that sign it too.
        """
        payload = {
            "v": 1,
            "net": self.net,
            "account": self.account,
            "seq": self.seq,
            "sign_key": b64(self.sign_public),
            "kem_key": b64(self.kem_public),
            "name": name,
            "rpps": rpps,
            "prev": prev,
        }
        return sign_statement(ACCOUNT, payload, self.sign_seed, *also)

    def sealed(self, account_key: bytes) -> bytes:
        """The keys blob."""
        record: dict[str, Any] = {
            "sign_seed": b64(self.sign_seed),
            "kem_seed": b64(self.kem_seed),
            "root": b64(self.root),
        }
        if self.former:
            record["former"] = [{"seq": seq, "kem_seed": b64(seed)} for seq, seed in self.former]
        plain = json.dumps(record).encode()
        return seal(account_key, keys_context(self.net, self.account, self.seq), plain)

    @classmethod
    def opened(
        cls,
        net: str,
        account: str,
        account_key: bytes,
        sealed: bytes,
        statements: Sequence[Statement],
    ) -> Keys:
        """Open the keys blob and compare it with the last statement the server shows.

        Raises ``OwnKeysBroken``: then the server shows others something else than what we hold.
        """
        stated = last_payload(statements)
        with broken_as(OwnKeysBroken, "the keys of this account"):
            plain = unseal(account_key, keys_context(net, account, stated.seq), sealed)
            try:
                fields = json.loads(plain)
                sign_seed, kem_seed, root = (
                    unb64(fields[name], KEY_SIZE) for name in ("sign_seed", "kem_seed", "root")
                )
                former = tuple(
                    (int(one["seq"]), unb64(one["kem_seed"], KEY_SIZE))
                    for one in fields.get("former", [])
                )
            except (ValueError, KeyError, TypeError) as error:
                raise OwnKeysBroken("the keys of this account: not the record we wrote") from error
        suite = suite_of(unb64(stated.kem_key))
        keys = cls(net, account, stated.seq, sign_seed, kem_seed, root, former, suite)
        mine = (account, b64(keys.sign_public), b64(keys.kem_public))
        if mine != (stated.account, stated.sign_key, stated.kem_key):
            raise OwnKeysBroken("the server shows other keys for this account than its own")
        return keys


def last_payload(statements: Sequence[Statement]) -> AccountPayload:
    """What the last statement says; its signature is the chain's business, not checked here."""
    if not statements:
        raise OwnKeysBroken("the server shows no key statement for this account")
    try:
        return read_payload(AccountPayload, parse_payload(statement_payload(statements[-1])))
    except ProtocolError as error:
        raise OwnKeysBroken(f"a key statement cannot be read: {error}") from error


def verify_last_keys(earlier: Sequence[Statement], last: Statement, policy: Policy) -> Account:
    """Verify keys that nobody may have vouched for yet: whoever calls is about to decide that.

    Those of somebody who lost everything are signed by themselves alone, which a chain refuses
    until a registrar's signature stands beside; here continuity and that one signature count.
    """
    try:
        return verify_account_chain([*earlier, last], policy, certified=False)
    except KeyChangeUnauthorised:
        before = verify_account_chain(earlier, policy, certified=False)
    said = read_payload(AccountPayload, parse_payload(statement_payload(last)))
    verify_statement(ACCOUNT, last, unb64(said.sign_key))
    follows = (said.account, said.net, said.seq, said.prev)
    place = (before.payload.account, policy.net, before.payload.seq + 1, b64(before.hash))
    if follows != place:
        raise SequenceBroken("the new keys do not follow this person's last ones")
    return Account(said, statement_hash(last), False, (*before.sign_keys, unb64(said.sign_key)))
