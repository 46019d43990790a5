"""A link that opens a door of a network: to sign up, or to come back."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from client.errors import CordeeError
from protocol.encoding import unb64
from protocol.errors import ProtocolError
from protocol.shapes import SIGN_KEY_SIZE


class InvitationUnreadable(CordeeError):
    """The text is not an invitation link of this network."""


@dataclass(frozen=True)
class Invitation:
    """An invitation link, taken apart: token for the server, root for the pin."""

    base_url: str
    token: str = field(repr=False)
    root: bytes

    @classmethod
    def read(cls, link: str) -> Invitation:
        """``{base_url}/join#token={…}&root={…}``; both values in base64url."""
        parts = urlsplit(link.strip())
        fragment = parse_qs(parts.fragment)
        try:
            token, root = fragment["token"][0], unb64url(fragment["root"][0])
        except (KeyError, ProtocolError) as error:
            raise InvitationUnreadable("this is not a whole invitation link") from error
        if len(root) != SIGN_KEY_SIZE:
            raise InvitationUnreadable("the link does not name the network's root")
        return cls(f"{parts.scheme}://{parts.netloc}", token, root)


def unb64url(text: str) -> bytes:
    """Unpadded base64url (RFC 4648 section 5), as links carry it."""
    standard = text.rstrip("=").replace("-", "+").replace("_", "/")
    return unb64(standard + "=" * (-len(standard) % 4))
