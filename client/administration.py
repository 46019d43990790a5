"""What an administrator does: invite and certify people, create organisations, pools, care teams.

An administrator governs and cannot read: the secret of a group is made here, wrapped to its members
and forgotten. Later members get it from a member's client (``client.groups.owed``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from client.account import OwnAccount
from client.crypto import cosign_statement
from client.directory import Directory
from client.errors import About, PersonNotTrusted, broken_as
from client.groups.governing import Change, Governing
from client.keys import verify_last_keys
from client.network import Network
from client.transport import Transport
from client.verdicts import Reporting


class Administration(Reporting):
    """The administrator's calls. Each is refused by the server for anyone else."""

    def __init__(
        self,
        transport: Transport,
        network: Network,
        own: OwnAccount,
        directory: Directory,
        governing: Governing,
    ) -> None:
        self._transport = transport
        self._network = network
        self._own = own
        self._directory = directory
        self._governing = governing

    # people

    def invite(
        self,
        mail: str,
        *,
        kind: str = "clinician",
        organisation: str | None = None,
        language: str = "fr",
    ) -> dict[str, Any]:
        """Invite somebody; the answer's ``link`` works once, for 72 hours."""
        body = {"mail": mail, "kind": kind, "organisation": organisation, "language": language}
        answer: dict[str, Any] = self._transport.post("/invitations", body)
        return answer

    def waiting(self) -> list[dict[str, Any]]:
        """Accounts that wait to be certified, as the server shows them."""
        return list(self._transport.pages("/accounts", waiting=1))

    def accounts(self) -> list[dict[str, Any]]:
        """Everybody, with the fields only administrators see. Not verified."""
        return list(self._transport.pages("/accounts"))

    def certify(self, account: str) -> dict[str, Any]:
        """Vouch for a person's keys, after having checked that it is this person.

        The keys must be the account's own (self-signed, of this network); then the registrar signs
        the same words. New keys that wait come before those in force. Raises
        ``PersonNotTrusted``.
        """
        facts = self._facts_of(account)
        statements: list[dict[str, Any]] = list(facts["statements"])
        if waiting := facts.get("pending"):
            statements.append(waiting["statement"])
        *earlier, statement = statements
        about = About("account", account, name=str(facts.get("name", "")))
        with broken_as(PersonNotTrusted, f"keys of account {account}", about):
            chain = verify_last_keys(earlier, statement, self._network.policy())
        if chain.payload.account != account:
            raise PersonNotTrusted(f"the keys shown for {account} are another person's", about)
        if chain.payload.rpps != facts.get("rpps", chain.payload.rpps):
            raise PersonNotTrusted("the RPPS shown is not the one the person signed", about)
        vouched = cosign_statement(statement, self._own.keys.sign_seed)
        answer: dict[str, Any] = self._transport.put(
            f"/accounts/{account}/certification", {"statement": vouched}
        )
        return answer

    def suspend(self, account: str) -> None:
        """Close every session of a person and refuse new ones."""
        self._transport.post(f"/accounts/{account}/suspension")

    def readmit(self, account: str) -> None:
        """End a suspension."""
        self._transport.delete(f"/accounts/{account}/suspension")

    def attach_to(self, account: str, organisation: str | None) -> None:
        """Say on behalf of which organisation a person acts."""
        self._transport.call("PATCH", f"/accounts/{account}", {"organisation": organisation})

    def _facts_of(self, account: str) -> dict[str, Any]:
        found = self._transport.get("/accounts", ids=account)["items"]
        if not found:
            raise PersonNotTrusted(
                f"the server shows no account {account}", About("account", account)
            )
        facts: dict[str, Any] = found[0]
        return facts

    # organisations

    def organisations(self) -> list[dict[str, Any]]:
        return list(self._transport.pages("/organisations"))

    def create_organisation(
        self,
        name: str,
        *,
        kind: str,
        territory: str,
        finess: str | None = None,
        ident: str | None = None,
    ) -> str:
        """A hospital, practice, imaging centre, EHPAD or maison de santé; gives its id."""
        ident = ident or str(uuid4())
        body = {"name": name, "kind": kind, "finess": finess, "territory": territory}
        self._transport.put(f"/organisations/{ident}", body)
        return ident

    # groups

    def create_pool(
        self,
        name: str,
        *,
        specialty: str,
        territory: str,
        members: Iterable[str],
        organisation: str | None = None,
        deadlines: dict[str, int] | None = None,
    ) -> str:
        """A pool of experts; gives its id. ``deadlines`` in minutes by urgency."""
        facts = {
            "specialty": specialty,
            "territory": territory,
            "organisation": organisation,
            **({"deadlines": deadlines} if deadlines else {}),
        }
        return self._governing.found("pool", name, members, facts)

    def create_care_team(
        self,
        name: str,
        *,
        territory: str,
        members: Iterable[str],
        organisation: str | None = None,
    ) -> str:
        """Requesters of one structure who share its cases; gives its id."""
        facts = {"specialty": None, "territory": territory, "organisation": organisation}
        return self._governing.found("care_team", name, members, facts)

    def add_member(self, group: str, member: str) -> None:
        """Sign that somebody belongs to a group from now on; the epoch stays.

        A manager who is also a member hands over the key at once; otherwise a member's client does
        when it is next online. ``CordeeClient.groups`` has the other changes.
        """
        self._governing.change(group, Change(add=(member,)))

    def add_manager(self, group: str, manager: str) -> None:
        """Let somebody else govern a group as well."""
        managers = self._directory.group(group, refresh=True).managers
        self._governing.change(group, Change(managers=tuple(dict.fromkeys([*managers, manager]))))

    def change_group(self, group: str, **fields: Any) -> None:
        """Rename, move or archive: ``name``, ``territory``, ``deadlines``, ``archived``."""
        self._transport.call("PATCH", f"/groups/{group}", fields)
