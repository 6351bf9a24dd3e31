"""Who vouches for a certificate: the tool's answer to honest attestations and to the named attacks."""

from __future__ import annotations

import json
import random

import pytest

from runpact.model.errors import MalformedTrustError, SignatureRefusedError
from runpact.model.signing.reasons import SIGNATURE_REASONS
from runpact.model.signing.trust import parse_trust
from runpact.verbs.evidence.vouch import read_trust, who_vouches
from signing_cases import CERTIFICATE, Attack, attacks, entry, envelope, signer, trust

ATTACKS = attacks()


def reason_of(attack: Attack) -> str:
    try:
        who_vouches(attack.certificate, attack.attestation, parse_trust(attack.trust))
    except SignatureRefusedError as error:
        return error.reason
    return ""


@pytest.mark.parametrize("name", ATTACKS)
def test_a_named_attack_is_refused_for_its_own_reason(name):
    assert reason_of(ATTACKS[name]) == ATTACKS[name].reason


def test_every_reason_is_that_of_some_attack():
    assert {attack.reason for attack in ATTACKS.values()} == set(SIGNATURE_REASONS)


def test_an_honest_attestation_says_what_was_signed_and_by_whom():
    vouched = who_vouches(CERTIFICATE, json.dumps(envelope()).encode(), parse_trust(trust()))
    assert [key.owner for key in vouched.keys] == ["ada"]
    assert vouched.statement.told == (
        "pass of 20260309_070000 against 20260309_064210 under balanced, 2026-03-09T08:00:00Z"
    )


def test_two_keys_satisfy_a_threshold_of_two():
    data = json.dumps(envelope(names=("ada", "bob"))).encode()
    vouched = who_vouches(CERTIFICATE, data, parse_trust(trust(entry("ada"), entry("bob"), threshold=2)))
    assert [key.owner for key in vouched.keys] == ["ada", "bob"]


def flipped(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


def accepted(places, data: bytes) -> list[int]:
    trusted = parse_trust(trust())
    found = []
    for place in places:
        attack = flipped(data, place)
        try:
            who_vouches(CERTIFICATE, attack, trusted)
        except SignatureRefusedError:
            continue
        found.append(place)
    return found


def test_no_flipped_bit_of_an_attestation_is_accepted():
    data = json.dumps(envelope()).encode()
    assert accepted(random.Random(1).sample(range(8 * len(data)), 150), data) == []


@pytest.mark.nightly
def test_no_bit_of_an_attestation_can_be_flipped(figures):
    data = json.dumps(envelope(), indent=1).encode()
    places = range(8 * len(data))
    found = accepted(places, data)
    figures(f"signatures: {len(places)} single-bit flips of an attestation, {len(found)} accepted")
    assert found == []


def test_a_trust_file_is_read_strictly(tmp_path):
    path = tmp_path / "trust.json"
    path.write_text(json.dumps(trust()))
    assert read_trust(str(path), shown="trust.json").keys[0].id == signer("ada").public.id
    path.write_text('{"format": "runpact.trust/1", "format": "runpact.trust/1"}')
    with pytest.raises(MalformedTrustError, match="twice") as caught:
        read_trust(str(path), shown="trust.json")
    assert caught.value.faults[0].file == "trust.json"
