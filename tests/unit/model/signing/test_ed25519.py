import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from runpact.model.signing.ed25519 import is_valid, key_fault
from signing_cases import OFF_CURVE, OTHER_ENCODINGS, SMALL_ORDER, signer
from signing_vectors import RFC_8032

ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.mark.parametrize("name", RFC_8032)
def test_the_vectors_of_the_rfc_hold(name):
    _private, public, message, signature = map(bytes.fromhex, RFC_8032[name])
    assert is_valid(public, message, signature)
    assert not is_valid(public, message + b"\0", signature)


@pytest.mark.parametrize("name", RFC_8032)
def test_a_flipped_bit_of_a_vector_is_noticed(name):
    _private, public, message, signature = map(bytes.fromhex, RFC_8032[name])
    for place in range(0, 512, 37):
        flipped = bytearray(signature)
        flipped[place // 8] ^= 1 << place % 8
        assert not is_valid(public, message, bytes(flipped))


@pytest.mark.parametrize("multiple", [1, 2, 7])
def test_s_beyond_the_order_of_the_group_is_refused(multiple):
    _private, public, message, signature = map(bytes.fromhex, RFC_8032["3"])
    scalar = int.from_bytes(signature[32:], "little") + multiple * ORDER
    assert not is_valid(public, message, signature[:32] + scalar.to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 1, 32, 63, 65, 128])
def test_signatures_of_another_length_are_refused(length):
    _private, public, message, signature = map(bytes.fromhex, RFC_8032["2"])
    assert not is_valid(public, message, (signature * 2)[:length])


@pytest.mark.parametrize("public", SMALL_ORDER, ids=bytes.hex)
def test_a_key_of_small_order_vouches_for_nothing(public):
    assert "small order" in key_fault(public)
    # With R equal to the neutral point and S = 0 a lax verifier accepts any message for some of these.
    assert not any(is_valid(public, b"%d" % n, SMALL_ORDER[0] + bytes(32)) for n in range(16))


@pytest.mark.parametrize("public", [*OTHER_ENCODINGS, OFF_CURVE], ids=bytes.hex)
def test_a_key_in_another_encoding_is_refused(public):
    assert "one encoding" in key_fault(public)
    assert not is_valid(public, b"", SMALL_ORDER[0] + bytes(32))


def test_r_in_another_encoding_is_refused():
    """R = the neutral point, written otherwise: the equation holds for k = S / a, the bytes do not."""
    seed = hashlib.sha512(hashlib.sha256(b"ada").digest()).digest()[:32]
    number = int.from_bytes(seed, "little") & ((1 << 254) - 8) | 1 << 254
    public = signer("ada").public.raw
    for encoding, is_expected in (
        (SMALL_ORDER[0], True),
        (OTHER_ENCODINGS[0], False),
        (OTHER_ENCODINGS[4], False),
    ):
        factor = int.from_bytes(hashlib.sha512(encoding + public + b"m").digest(), "little") % ORDER
        scalar = factor * number % ORDER
        assert is_valid(public, b"m", encoding + scalar.to_bytes(32, "little")) is is_expected


def test_keys_of_another_length_are_refused():
    assert key_fault(b"\1" * 31) == "31 bytes, not 32"
    assert not is_valid(b"\1" * 31, b"", bytes(64))


def test_a_sound_key_has_no_fault():
    assert key_fault(signer("ada").public.raw) == ""


@settings(max_examples=60, deadline=None)
@given(
    name=st.text(max_size=4), message=st.binary(max_size=200), place=st.integers(0, 511), flip=st.booleans()
)
def test_the_library_gives_the_same_answer(name, message, place, flip):
    made = signer(name)
    signature = bytearray(made.sign(message))
    if flip:
        signature[place // 8] ^= 1 << place % 8
    try:
        Ed25519PublicKey.from_public_bytes(made.public.raw).verify(bytes(signature), message)
    except InvalidSignature:
        is_expected = False
    else:
        is_expected = True
    assert is_valid(made.public.raw, message, bytes(signature)) is is_expected
