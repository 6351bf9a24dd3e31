import json

import pytest

from runpact.model.errors import MalformedTrustError, SignatureRefusedError
from runpact.model.signing.envelope import PAYLOAD_TYPE, parse_envelope, pre_authentication_encoding
from runpact.model.signing.key import PublicKey, public_key, public_key_of_pem
from runpact.model.signing.reasons import SIGNATURE_REASONS, refused
from runpact.model.signing.statement import statement_of
from runpact.model.signing.trust import believed_keys, owners, parse_trust, refuse_doubtful
from signing_cases import SMALL_ORDER, entry, envelope, signer, trust


def faults_of(document):
    with pytest.raises(MalformedTrustError) as caught:
        parse_trust(document, file="trust.json")
    return [(fault.at, fault.message) for fault in caught.value.faults]


def test_a_payload_is_signed_with_its_type_and_lengths():
    assert pre_authentication_encoding("a/b", b"hello world") == b"DSSEv1 3 a/b 11 hello world"
    assert pre_authentication_encoding("\u00e9", b"") == b"DSSEv1 2 \xc3\xa9 0 "


def test_a_trust_file_is_read():
    read = parse_trust(trust(entry("ada"), entry("bob"), threshold=2))
    assert [key.owner for key in read.keys] == ["ada", "bob"]
    assert read.roles["certify"].threshold == 2


@pytest.mark.parametrize(
    ("document", "at"),
    [
        ([], ""),
        ({}, ""),
        (trust(format="runpact.trust/2"), "/format"),
        (trust(extra=1), ""),
        (trust(entry("ada", rôle="x")), "/keys/0"),
        (trust(entry("ada", valid_until="tomorrow")), "/keys/0/valid_until"),
        (trust(entry("ada", valid_from="2026-02-30 00:00")), "/keys/0/valid_from"),
        (trust(entry("ada", roles=[])), "/keys/0/roles"),
        (trust(entry("ada", roles=["Certify"])), "/keys/0/roles/0"),
        (trust(entry("ada", id="ada")), "/keys/0/id"),
        (trust(entry("ada", id=signer("ada").public.id + "\n")), "/keys/0/id"),
        (trust(entry("ada", revoked=True)), "/keys/0/revoked"),
        (trust(keys=[]), "/keys"),
        (trust(threshold=0), "/roles/.../threshold"),
        (trust(threshold=True), "/roles/.../threshold"),
    ],
)
def test_a_fault_of_form_is_told_with_its_pointer(document, at):
    ((found, message),) = faults_of(document)
    assert (found, bool(message)) == (at, True)


def test_every_fault_of_meaning_is_told():
    small = PublicKey(SMALL_ORDER[0])
    document = trust(
        entry("ada"),
        entry("ada"),
        entry("bob", id=signer("zoe").public.id),
        entry("eve", id=small.id, public=small.text),
        entry("ida", public="MCow", owner="ida\u202e"),
        entry("joe", valid_from="2026-02-01T00:00:00Z", valid_until="2026-01-01T00:00:00Z"),
        threshold=7,
    )
    document["roles"]["promote"] = document["roles"].pop("certify")
    found = faults_of(document)
    assert [at for at, _ in found] == [
        "/keys/1/id",
        "/keys/2/id",
        "/keys/3/public",
        "/keys/4/public",
        "/keys/4/owner",
        "/keys/5/valid_until",
        "/roles",
        "/roles/promote/threshold",
    ]
    assert "anybody can sign" in dict(found)["/keys/3/public"]


def test_a_public_key_reads_back_as_it_is_written():
    public = signer("ada").public
    assert public_key(public.text) == public == public_key_of_pem(public.pem)
    assert public_key_of_pem(public.text) == "no PEM file of one public key"
    assert isinstance(public_key(public.text + "\n"), str)


def test_keys_vouch_when_enough_of_them_do():
    trusted = parse_trust(
        trust(
            entry("ada"),
            entry("bob", revoked={"at": "2026-12-01T00:00:00Z", "reason": "retired"}),
            entry("eve", roles=["promote"]),
            threshold=2,
        )
    )
    keys = believed_keys(parse_envelope(envelope(names=("ada", "bob", "eve", "stranger"))), trusted)
    vouching = refuse_doubtful(keys, trusted, signed_at="2026-03-09T08:00:00Z")
    assert [key.owner for key in vouching] == ["ada", "bob"]
    assert owners(vouching).startswith("ada (sha256:")


def test_a_key_without_an_owner_is_told_by_its_id():
    trusted = parse_trust(trust(entry("ada", owner="")))
    assert owners(trusted.keys) == signer("ada").public.id


def test_a_certificate_that_is_none_is_not_signed():
    with pytest.raises(SignatureRefusedError, match="no certificate") as caught:
        statement_of(b"{}", {}, signed_at="2026-03-09T08:00:00Z", engine=None)
    assert caught.value.reason == "statement_differs"


def test_each_reason_says_what_it_means():
    assert json.dumps(SIGNATURE_REASONS)
    assert all(str(refused(reason)) == told.rstrip(".") for reason, told in SIGNATURE_REASONS.items())
    assert len(set(SIGNATURE_REASONS.values())) == len(SIGNATURE_REASONS)
    assert PAYLOAD_TYPE == "application/vnd.in-toto+json"
