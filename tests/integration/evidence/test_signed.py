"""Signed certificates, as the tool and the verifier that stands alone judge them."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from evidence_cases import POLICY, balanced, certified, judging, report
from runpact.model.errors import MalformedTrustError, SignatureRefusedError
from runpact.model.signing.ed25519 import is_valid, key_fault
from runpact.model.signing.trust import parse_trust
from runpact.standalone import NAME
from runpact.standalone import runpact_verify as verifier
from runpact.verbs.evidence.sign import sign_certificate
from runpact.verbs.evidence.verify_certificate import verify_certificate
from runpact.verbs.evidence.vouch import trusted_by, who_vouches
from signing_cases import OFF_CURVE, OTHER_ENCODINGS, SMALL_ORDER, attacks, entry, signer, trust
from signing_vectors import RFC_8032

ATTACKS = attacks()
SIGNED = balanced(signature="required")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signed")
    path = Path(certified(folder, report(shift=0.01, policy=SIGNED), report(policy=SIGNED), SIGNED).path)
    sign_certificate(str(path), [signer("ada")])
    return path


@pytest.fixture
def place(original: Path, tmp_path: Path) -> Path:
    root = shutil.copytree(original.parent.parent, tmp_path / "reports")
    for path in root.rglob("*.json"):
        path.chmod(0o644)
    return root / original.parent.name / original.name


def both(path: Path, document: dict | None, policy=SIGNED, *, needs: bool = False) -> tuple[str, str]:
    """Return the reasons of the tool and of the verifier that stands alone."""
    means = {"authenticator": trusted_by(parse_trust(document))} if document else {}
    ours = verify_certificate(str(path), judging(policy, needs_signature=needs, **means), shown="c").reason
    contract = {"policies": {policy.tier: json.loads(json.dumps(policy.document))}}
    try:
        theirs = verifier.verify(str(path), contract, "", document, needs_signature=needs)[0]
    except verifier.Refused as error:
        theirs = error.args[0]
    return ours, theirs


def test_a_signature_of_somebody_trusted_makes_an_intact_pass(place: Path) -> None:
    assert both(place, trust()) == ("", "")


def test_without_trust_or_without_signature_nothing_is_authenticated(place: Path) -> None:
    optional = balanced()
    assert both(place, None) == ("signature_missing",) * 2
    assert both(place, trust(entry("bob"))) == ("untrusted_key",) * 2
    (place.parent / "attestation.dsse.json").unlink()
    assert both(place, trust()) == ("signature_missing",) * 2
    del optional


@pytest.mark.parametrize(
    ("kind", "is_signed", "is_trusted", "needs", "reason"),
    [
        ("optional", True, True, False, ""),
        ("optional", True, False, False, "signature_not_checked"),
        ("optional", False, True, False, "not_authenticated"),
        ("optional", False, True, True, "signature_missing"),
        ("waived", False, False, False, ""),
        ("waived", True, False, False, "signature_not_checked"),
        ("waived", False, False, True, "signature_missing"),
        ("required", True, True, True, ""),
    ],
)
def test_policy_and_caller_say_what_a_missing_signature_weighs(
    tmp_path: Path, kind: str, is_signed: bool, is_trusted: bool, needs: bool, reason: str
) -> None:
    policy = balanced(signature=kind)
    path = Path(certified(tmp_path, report(shift=0.01, policy=policy), report(policy=policy), policy).path)
    if is_signed:
        sign_certificate(str(path), [signer("ada")])
    assert both(path, trust() if is_trusted else None, policy, needs=needs) == (reason, reason)


@pytest.mark.parametrize("name", ATTACKS)
def test_both_refuse_a_named_attack_for_the_same_reason(name: str) -> None:
    attack = ATTACKS[name]
    with pytest.raises(verifier.Refused) as caught:
        verifier.authenticate(
            attack.certificate, json.loads(attack.certificate), attack.attestation, attack.trust
        )
    assert caught.value.args[0] == attack.reason


TRUSTS = {
    "sound": trust(),
    "two": trust(entry("ada"), entry("bob"), threshold=2),
    "unknown key": trust(extra=1),
    "another version": trust(format="runpact.trust/2"),
    "no keys": trust(keys=[]),
    "twice": trust(entry("ada"), entry("ada")),
    "another id": trust(entry("ada", id=signer("bob").public.id)),
    "id with a line break": trust(entry("ada", id=signer("ada").public.id + "\n")),
    "no role": trust(entry("ada", roles=[])),
    "role in capitals": trust(entry("ada", roles=["Certify"])),
    "too few": trust(threshold=2),
    "threshold 0": trust(threshold=0),
    "threshold true": trust(threshold=True),
    "no certify": {**trust(), "roles": {}},
    "hidden owner": trust(entry("ada", owner="a\u202e")),
    "never valid": trust(entry("ada", valid_from="2026-02-01T00:00:00Z", valid_until="2026-01-01T00:00:00Z")),
    "moment": trust(entry("ada", valid_from="2026-02-01")),
    "nulls": trust(entry("ada", valid_from=None, valid_until=None, revoked=None), not_before=None),
}


@pytest.mark.parametrize("name", TRUSTS)
def test_both_read_trust_files_alike(name: str) -> None:
    def alone() -> bool:
        try:
            verifier.trusted(json.dumps(TRUSTS[name]).encode())
        except verifier.Refused:
            return False
        return True

    def tool() -> bool:
        try:
            parse_trust(TRUSTS[name])
        except MalformedTrustError:
            return False
        return True

    assert alone() == tool() == (name in {"sound", "two", "nulls"})


@pytest.mark.parametrize("name", RFC_8032)
def test_the_vectors_of_the_rfc_hold_alone_too(name: str) -> None:
    _private, public, message, signature = map(bytes.fromhex, RFC_8032[name])
    assert verifier.signs(public, message, signature)
    for bad in (signature[:-1], signature + b"\0", signature[:32] + bytes(32), bytes(32) + signature[32:]):
        assert verifier.signs(public, message, bad) is is_valid(public, message, bad) is False


@pytest.mark.parametrize("raw", [*SMALL_ORDER, *OTHER_ENCODINGS, OFF_CURVE], ids=bytes.hex)
def test_both_trust_no_key_of_small_order_or_in_another_encoding(raw: bytes) -> None:
    assert verifier.sound_key(raw) is None
    assert key_fault(raw)
    assert not verifier.signs(raw, b"", SMALL_ORDER[0] + bytes(32))


def refused_by_both(certificate: bytes, attestation: bytes, document: dict) -> bool:
    ours = theirs = ""
    try:
        who_vouches(certificate, attestation, parse_trust(document))
    except SignatureRefusedError as error:
        ours = error.reason
    try:
        verifier.authenticate(certificate, json.loads(certificate), attestation, document)
    except verifier.Refused as error:
        theirs = error.args[0]
    return bool(ours) and ours == theirs


def flips(place: Path, count: int) -> list[int]:
    attestation, certificate = (place.parent / "attestation.dsse.json").read_bytes(), place.read_bytes()
    source, found = random.Random(3), []
    for _ in range(count):
        bit = source.randrange(8 * len(attestation))
        data = bytearray(attestation)
        data[bit // 8] ^= 1 << bit % 8
        if not refused_by_both(certificate, bytes(data), trust()):
            found.append(bit)
    return found


def test_no_flipped_bit_of_an_attestation_is_accepted_by_either(place: Path) -> None:
    assert flips(place, 80) == []


@pytest.mark.nightly
def test_no_bit_of_twenty_thousand_is_accepted_by_either(place: Path, figures) -> None:
    found = flips(place, 20_000)
    figures(f"attestations: 20000 single-bit flips, {len(found)} accepted or judged otherwise alone")
    assert found == []


def test_the_verifier_may_stand_beside_the_evidence(place: Path) -> None:
    (place.parent / NAME).write_text("anything: it is never run")
    assert both(place, trust()) == ("", "")
    (place.parent / "other.py").write_text("")
    assert both(place, trust()) == ("extra_file",) * 2


def test_the_policy_that_waives_says_so(tmp_path: Path) -> None:
    assert both(Path(certified(tmp_path).path), trust(), POLICY) == ("", "")
