"""The key this server identifies itself with to push services (RFC 8292)."""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from app import sealing
from app.config import Config

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256 (SEC 2 section 2.4.2)."""


class VapidKey:
    """The configured key, or one that follows from the server's secret and needs no storage."""

    def __init__(self, config: Config) -> None:
        self.subject = config.vapid_subject or f"mailto:{config.mail_from}"
        if config.vapid_private_key:
            self.signer = Vapid02.from_string(config.vapid_private_key)
        else:
            self.signer = Vapid02(private_key=derived_key())

    @property
    def public(self) -> str:
        """Uncompressed point, base64url without padding: what browsers subscribe with."""
        point = self.signer.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def derived_key() -> ec.EllipticCurvePrivateKey:
    """Key pair by extra random bits (FIPS 186-5 appendix A.2.1) from the server's secret."""
    seed = int.from_bytes(sealing.derive("vapid", 40))
    return ec.derive_private_key(seed % (ORDER - 1) + 1, ec.SECP256R1())


@lru_cache(maxsize=4)
def vapid_key(config: Config) -> VapidKey:
    return VapidKey(config)
