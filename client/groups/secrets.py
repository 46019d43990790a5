"""The secrets R_e of the groups one belongs to, each compared with the key its epoch states.

Today's epoch comes from a grant wrapped to oneself; earlier ones from the chain, where several
members may each have sealed a link, and any one that is right will do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from client.account import OwnAccount
from client.crypto import (
    check_epoch_secret,
    group_kem_seed,
    open_previous_epoch,
    seal_previous_epoch,
    unwrap,
    wrap,
)
from client.directory import CareGroup, Directory, Person
from client.errors import (
    About,
    BrokenSeal,
    CordeeError,
    GrantBroken,
    GroupKeyPlanted,
    GroupNotTrusted,
    KeyPending,
    broken_as,
)
from client.transport import Transport
from client.verdicts import Reporting
from protocol.contexts import group_context
from protocol.encoding import b64, unb64
from protocol.errors import ProtocolError


class GroupSecrets(Reporting):
    """What opens the groups one belongs to, remembered while signed in."""

    def __init__(self, transport: Transport, own: OwnAccount, directory: Directory) -> None:
        self._transport = transport
        self._own = own
        self._directory = directory
        self._secrets: dict[tuple[str, int], bytes] = {}

    def forget(self, group: str | None = None) -> None:
        """Drop the secrets of one group, as when one has left it; or of all."""
        for known in [key for key in self._secrets if group in (None, key[0])]:
            del self._secrets[known]

    def secret(self, ident: str, epoch: int) -> bytes:
        """R_e of a group one belongs to.

        The derived public key is compared with the one the group's statements name, so a secret
        planted by the server or another member is refused: ``GroupKeyPlanted``. A grant that does
        not open is given back, so that somebody else makes another: ``GrantBroken``. Where nobody
        has made one yet: ``KeyPending``.
        """
        if (ident, epoch) not in self._secrets:
            self._open(ident, epoch)
        try:
            return self._secrets[ident, epoch]
        except KeyError:
            name = self._directory.group(ident).name
            raise KeyPending(
                f"The key of {name} has not been handed to you yet. It comes as soon as a "
                "colleague of the group is online."
            ) from None

    def held(self, group: str) -> frozenset[int]:
        """The epochs of a group whose secret is in memory."""
        return frozenset(epoch for known, epoch in self._secrets if known == group)

    def seed(self, ident: str, epoch: int) -> bytes:
        """The private KEM seed of a group's epoch."""
        return group_kem_seed(self.secret(ident, epoch))

    def keep(self, group: CareGroup, epoch: int, secret: bytes) -> None:
        """Remember a secret once it is the one the group's statement names."""
        about = About("group", group.id, name=group.name)
        stated = group.group.kem_keys
        if epoch >= len(stated):
            raise GroupNotTrusted(
                f"group {group.id}: a grant of an epoch no statement names", about
            )
        with broken_as(GroupKeyPlanted, f"group {group.id} epoch {epoch}", about):
            check_epoch_secret(secret, stated[epoch])
        self._secrets[group.id, epoch] = secret

    def wrapped_to(
        self, group: str, epoch: int, secret: bytes, people: Iterable[Person]
    ) -> dict[str, dict[str, Any]]:
        """Grants of an epoch's secret, by account."""
        net = self._own.keys.net
        return {
            person.id: {
                "member_seq": person.seq,
                "wrapped": b64(
                    wrap(
                        person.kem_key,
                        group_context(net, group, epoch, person.id, person.seq),
                        secret,
                    )
                ),
            }
            for person in people
        }

    def link(self, group: str, epoch: int) -> str:
        """R_{e-1} sealed under R_e's chain key, in base64, for those who come later."""
        secret, previous = self.secret(group, epoch), self.secret(group, epoch - 1)
        return b64(seal_previous_epoch(self._own.keys.net, group, epoch, secret, previous))

    # inside

    def _open(self, ident: str, epoch: int) -> None:
        """Open this epoch: by its own grant, else down the chain from a later one."""
        answer = {**self._transport.get(f"/groups/{ident}"), "id": ident}
        group = self._directory.remember(answer)
        grants = {
            int(grant["epoch"]): grant
            for grant in answer.get("grants", [])
            if self._seed_for(int(grant["member_seq"])) is not None
        }
        links = self._links(answer)
        broken: BrokenSeal | None = None
        known = {number for name, number in self._secrets if name == ident}
        for later in sorted((e for e in grants.keys() | known if e >= epoch), reverse=True):
            try:
                if later in grants:
                    self._open_grant(group, later, grants[later])
                self._descend(group, later, links)
            except BrokenSeal as error:
                broken = broken or error
            if (ident, epoch) in self._secrets:
                return
        if broken:
            raise broken

    def _open_grant(self, group: CareGroup, epoch: int, grant: Mapping[str, Any]) -> None:
        if (group.id, epoch) in self._secrets:
            return
        keys, seq = self._own.keys, int(grant["member_seq"])
        seed = self._seed_for(seq)
        assert seed is not None
        place = group_context(keys.net, group.id, epoch, keys.account, seq)
        about = About("group", group.id, name=group.name)
        try:
            with broken_as(GrantBroken, f"grant of group {group.id} epoch {epoch}", about):
                secret = unwrap(seed, place, unb64(grant["wrapped"]))
            self.keep(group, epoch, secret)
        except (GrantBroken, GroupKeyPlanted):
            if seq == keys.seq:
                self._give_back(group.id, epoch)
            raise

    def _descend(self, group: CareGroup, latest: int, links: Mapping[int, list[bytes]]) -> None:
        """Follow the chain back as far as it goes. Of several links to one epoch any may be wrong;
        the key that epoch states tells which is right."""
        net = self._own.keys.net
        for epoch in range(latest, 0, -1):
            if (group.id, epoch - 1) in self._secrets:
                continue
            for sealed in links.get(epoch, []):
                with suppress(ProtocolError):
                    secret = open_previous_epoch(
                        net, group.id, epoch, self._secrets[group.id, epoch], sealed
                    )
                    check_epoch_secret(secret, group.group.kem_keys[epoch - 1])
                    self._secrets[group.id, epoch - 1] = secret
                    break
            else:
                return

    def _links(self, answer: Mapping[str, Any]) -> dict[int, list[bytes]]:
        links: dict[int, list[bytes]] = {}
        for entry in answer.get("previous", []):
            with suppress(ProtocolError):
                links.setdefault(int(entry["epoch"]), []).append(unb64(entry["sealed"]))
        return links

    def _give_back(self, group: str, epoch: int) -> None:
        """Tell the server that one's own grant is useless: it becomes pending again."""
        with suppress(CordeeError):
            self._transport.delete(f"/groups/{group}/grants/{epoch}/me")

    def _seed_for(self, seq: int) -> bytes | None:
        """One's private KEM seed of a key sequence, today's or a former one's."""
        return self._own.keys.kem_seed_of(seq)
