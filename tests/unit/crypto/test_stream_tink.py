"""Tink as oracle: what it seals we open, what we seal it opens, and both refuse alike."""

from io import BytesIO

import pytest
import tink
from tink import proto_keyset_format, secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from client.crypto import seal, seal_chunks, unseal, unseal_chunks
from protocol.shapes import FIRST_PLAIN, NEXT_PLAIN, SEGMENT_SIZE
from tests.vectors.load import pattern

KEY = bytes(range(100, 132))
HERE = "cordee1|att|ici|à côté|0|1"
EDGES = [0, 1, 15, 16, 17, FIRST_PLAIN - 1, FIRST_PLAIN, FIRST_PLAIN + 1,
         FIRST_PLAIN + NEXT_PLAIN - 1, FIRST_PLAIN + NEXT_PLAIN, FIRST_PLAIN + NEXT_PLAIN + 1,
         FIRST_PLAIN + 2 * NEXT_PLAIN + 123]  # fmt: skip


class Kept(BytesIO):
    """A destination whose bytes can still be read after the writer closed it."""

    content = b""

    def close(self) -> None:
        self.content = self.getvalue()
        super().close()


@pytest.fixture(scope="module")
def oracle() -> streaming_aead.StreamingAead:
    """Tink's AES256_GCM_HKDF_1MB with our key."""
    streaming_aead.register()
    key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(
        version=0,
        key_value=KEY,
        params=aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
            ciphertext_segment_size=SEGMENT_SIZE,
            derived_key_size=32,
            hkdf_hash_type=common_pb2.SHA256,
        ),
    )
    data = tink_pb2.KeyData(
        type_url="type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey",
        value=key.SerializeToString(),
        key_material_type=tink_pb2.KeyData.SYMMETRIC,
    )
    keyset = tink_pb2.Keyset(
        primary_key_id=1,
        key=[
            tink_pb2.Keyset.Key(
                key_data=data,
                status=tink_pb2.ENABLED,
                key_id=1,
                output_prefix_type=tink_pb2.RAW,
            )
        ],
    )
    handle = proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
    primitive: streaming_aead.StreamingAead = handle.primitive(streaming_aead.StreamingAead)
    return primitive


def tink_seals(oracle: streaming_aead.StreamingAead, plain: bytes) -> bytes:
    kept = Kept()
    with oracle.new_encrypting_stream(kept, HERE.encode()) as stream:
        stream.write(plain)
    return kept.content


def tink_opens(oracle: streaming_aead.StreamingAead, sealed: bytes, context: str = HERE) -> bytes:
    with oracle.new_decrypting_stream(BytesIO(sealed), context.encode()) as stream:
        return bytes(stream.read())


@pytest.mark.parametrize("size", EDGES)
def test_tink_opens_what_we_seal(oracle, size):
    plain = pattern(size, 11)
    assert tink_opens(oracle, seal(KEY, HERE, plain)) == plain
    assert tink_opens(oracle, b"".join(seal_chunks(KEY, HERE, BytesIO(plain)))) == plain


@pytest.mark.parametrize("size", EDGES)
def test_we_open_what_tink_seals(oracle, size):
    plain = pattern(size, 13)
    sealed = tink_seals(oracle, plain)
    assert unseal(KEY, HERE, sealed) == plain
    assert b"".join(unseal_chunks(KEY, HERE, BytesIO(sealed))) == plain


@pytest.mark.parametrize("place", [1, 39, 40, SEGMENT_SIZE, -1])
def test_tink_refuses_our_seal_once_changed(oracle, place):
    changed = bytearray(seal(KEY, HERE, pattern(FIRST_PLAIN + 100, 1)))
    changed[place] ^= 1
    with pytest.raises(tink.TinkError):
        tink_opens(oracle, bytes(changed))


def test_tink_refuses_our_seal_elsewhere(oracle):
    with pytest.raises(tink.TinkError):
        tink_opens(oracle, seal(KEY, HERE, b"Odette"), "cordee1|att|ailleurs|0|1")
