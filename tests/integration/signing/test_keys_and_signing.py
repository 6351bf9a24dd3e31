"""Keys on disk, and what is signed with them; securesystemslib is asked whether it agrees."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
from securesystemslib.dsse import Envelope as OtherEnvelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from runpact.cli.main import run_command_line
from runpact.model.errors import (
    CannotStartError,
    PrivateKeyError,
    SignatureRefusedError,
    StorageError,
    WriteOnceError,
)
from runpact.model.signing.key import public_key_of_pem
from runpact.model.signing.trust import parse_trust
from runpact.verbs.evidence.sign import load_key, make_key, sign_certificate
from runpact.verbs.evidence.vouch import who_vouches
from runpact.workspace.signing import sign, signers, trusted
from signing_cases import CERTIFICATE, certificate, entry, signer, trust


def nobody(path: str) -> bytes | None:
    raise AssertionError(path)


@pytest.fixture
def certified(tmp_path: Path) -> Path:
    path = tmp_path / "evaluation.cert.json"
    path.write_bytes(CERTIFICATE)
    return path


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_private_key_is_its_owners_alone_under_every_umask(tmp_path, mask):
    before = os.umask(mask)
    try:
        made = make_key(str(tmp_path / "ada"), None)
    finally:
        os.umask(before)
    assert stat.S_IMODE(Path(made.private_path).stat().st_mode) == 0o600
    assert Path(made.private_path).read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert public_key_of_pem(Path(made.public_path).read_text()) == made.public


def test_a_key_is_never_overwritten(tmp_path):
    made = make_key(str(tmp_path / "ada"), None)
    before = Path(made.private_path).read_bytes()
    with pytest.raises(WriteOnceError):
        make_key(str(tmp_path / "ada"), None)
    assert Path(made.private_path).read_bytes() == before


def test_a_public_key_that_stands_there_keeps_the_private_one_from_being_made(tmp_path):
    (tmp_path / "ada.pub").write_text("another")
    with pytest.raises(WriteOnceError):
        make_key(str(tmp_path / "ada"), None)
    assert [path.name for path in tmp_path.iterdir()] == ["ada.pub"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_private_key_that_others_may_read_is_not_used(tmp_path, mode):
    made = make_key(str(tmp_path / "ada"), None)
    Path(made.private_path).chmod(mode)
    with pytest.raises(CannotStartError, match="others may read"):
        load_key(made.private_path, nobody)


def test_a_passphrase_is_asked_for_only_when_the_key_has_one(tmp_path):
    plain = make_key(str(tmp_path / "plain"), None)
    closed = make_key(str(tmp_path / "closed"), b"open sesame")
    assert load_key(plain.private_path, nobody).public == plain.public
    assert load_key(closed.private_path, lambda _path: b"open sesame").public == closed.public
    for wrong in (b"sesame", None):
        with pytest.raises(PrivateKeyError, match="passphrase is wrong"):
            load_key(closed.private_path, lambda _path, wrong=wrong: wrong)


def test_what_is_no_ed25519_key_is_refused(tmp_path):
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    with pytest.raises(PrivateKeyError, match="no private key"):
        load_key(str(path), nobody)
    path.write_bytes(
        subprocess.run(["openssl", "genpkey", "-algorithm", "X25519"], check=True, capture_output=True).stdout
    )
    with pytest.raises(PrivateKeyError, match="another sort"):
        load_key(str(path), nobody)


def other_key(name: str) -> SSlibKey:
    public = signer(name).public
    return SSlibKey(public.id, "ed25519", "ed25519", {"public": public.raw.hex()})


def test_securesystemslib_verifies_what_is_signed_here(certified):
    path = sign_certificate(str(certified), [signer("ada"), signer("bob")])
    document = json.loads(Path(path).read_bytes())
    read = OtherEnvelope.from_dict(document)
    assert set(read.verify([other_key("ada"), other_key("bob")], 2)) == {
        signer("ada").public.id,
        signer("bob").public.id,
    }
    with pytest.raises(VerificationError):
        read.verify([other_key("eve")], 1)


def test_what_securesystemslib_signs_is_verified_here(certified):
    from securesystemslib.signer import CryptoSigner

    path = Path(sign_certificate(str(certified), [signer("ada")]))
    ours = OtherEnvelope.from_dict(json.loads(path.read_bytes()))
    other = CryptoSigner(signer("eve")._key, other_key("eve"))
    ours.sign(other)
    vouched = who_vouches(
        CERTIFICATE,
        json.dumps(ours.to_dict()).encode(),
        parse_trust(trust(entry("ada"), entry("eve"), threshold=2)),
    )
    assert {key.owner for key in vouched.keys} == {"ada", "eve"}


def test_a_second_signature_is_added_and_none_is_made_twice(certified):
    path = Path(sign_certificate(str(certified), [signer("ada")]))
    first = path.read_bytes()
    sign_certificate(str(certified), [signer("ada")])
    assert path.read_bytes() == first
    sign_certificate(str(certified), [signer("bob"), signer("ada")])
    document = json.loads(path.read_bytes())
    assert [each["keyid"] for each in document["signatures"]] == [signer(n).public.id for n in ("ada", "bob")]
    assert document["payload"] == json.loads(first)["payload"]
    assert [each.name for each in sorted(certified.parent.iterdir())] == [path.name, certified.name]


def test_an_attestation_of_another_certificate_is_not_added_to(certified):
    path = Path(sign_certificate(str(certified), [signer("ada")]))
    before = path.read_bytes()
    certified.write_bytes(certificate("20270101_000000"))
    with pytest.raises(SignatureRefusedError) as caught:
        sign_certificate(str(certified), [signer("bob")])
    assert caught.value.reason == "statement_differs"
    assert path.read_bytes() == before


def test_an_attestation_that_appears_meanwhile_is_not_replaced(certified, monkeypatch):
    from runpact.disk import attestation

    place = certified.parent / "attestation.dsse.json"
    place.write_text("{}")
    with pytest.raises(StorageError):
        attestation.keep_attestation(str(place), b"other", is_new=True)
    assert place.read_text() == "{}"


def test_keygen_and_signing_work_as_a_person_uses_them(certified, monkeypatch, capfd):
    monkeypatch.chdir(certified.parent)
    monkeypatch.setenv("KEY_WORDS", "correct horse")
    assert (
        run_command_line(["keygen", "keys/ada", "--owner", "Ada", "--passphrase-env", "KEY_WORDS", "--json"])
        == 0
    )
    said = json.loads(capfd.readouterr().out)
    Path("trust.json").write_text(json.dumps(trust(said["entry"])))
    sign(certified.name, signers(["keys/ada"], passphrase=lambda _path: b"correct horse"))
    vouched = who_vouches(CERTIFICATE, Path("attestation.dsse.json").read_bytes(), trusted("trust.json"))
    assert [key.id for key in vouched.keys] == [said["id"]]
    assert run_command_line(["keygen", "keys/bob"]) == 0
    assert "entry for a trust file" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--passphrase-env", "NO_SUCH_VARIABLE"], 64, "is not set"),
        (["--passphrase-env", ""], 64, "given nothing"),
        (["--passphrase"], 64, "no terminal"),
    ],
)
def test_a_passphrase_that_is_not_there_makes_no_key(tmp_path, monkeypatch, capfd, words, code, told):
    monkeypatch.chdir(tmp_path)
    with Path(os.devnull).open(encoding="utf-8") as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        code_of = run_command_line(["keygen", "ada", *words])
    assert code_of == code
    assert told in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []
