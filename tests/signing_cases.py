"""Keys, trust files, attestations and the named attacks on them, for tests of signatures."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runpact.model.signing.envelope import PAYLOAD_TYPE, Envelope, Signature, envelope_document, sign
from runpact.model.signing.key import PublicKey
from runpact.model.signing.statement import Engine, render_statement, statement_of

Document = dict
SIGNED_AT = "2026-03-09T08:00:00Z"


class NamedSigner:
    """A signer whose private key is the digest of a name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())

    @property
    def public(self) -> PublicKey:
        return PublicKey(self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


@cache
def signer(name: str) -> NamedSigner:
    return NamedSigner(name)


def entry(name: str, **changes: object) -> Document:
    public = signer(name).public
    return {"id": public.id, "public": public.text, "owner": name, "roles": ["certify"], **changes}


def trust(*keys: Document, threshold: int = 1, **changes: object) -> Document:
    return {
        "format": "runpact.trust/1",
        "roles": {"certify": {"threshold": threshold}},
        "keys": list(keys or (entry("ada"),)),
        **changes,
    }


def certificate(run_id: str = "20260309_070000") -> bytes:
    """Return what signatures look at of a certificate; `tests/evidence_cases.py` makes whole ones."""
    references = [
        {
            "role": role,
            "path": path,
            "sha256": "sha256:" + hashlib.sha256(role.encode()).hexdigest(),
            "size": 1,
        }
        for role, path in (("subject", "report.json"), ("baseline", "../baseline/report.json"))
    ]
    document = {
        "run_id": run_id,
        "decision": "pass",
        "evidence": references,
        "baseline": {"run_id": "20260309_064210", "report_path": "../baseline/report.json"},
        "policy_provenance": {"tier": "balanced", "policy_digest": "sha256:" + "b" * 64},
    }
    return json.dumps(document).encode()


CERTIFICATE = certificate()


def payload(certified: bytes = CERTIFICATE, signed_at: str = SIGNED_AT) -> bytes:
    made = statement_of(
        certified, json.loads(certified), signed_at=signed_at, engine=Engine("runpact", "0.0.0")
    )
    return render_statement(made)


def envelope(
    certified: bytes = CERTIFICATE, names: Sequence[str] = ("ada",), signed_at: str = SIGNED_AT
) -> Document:
    return envelope_document(sign(payload(certified, signed_at), [signer(name) for name in names]))


def signed_payload(data: bytes, kind: str = PAYLOAD_TYPE, name: str = "ada") -> Document:
    """Return an envelope that truly signs any bytes under any type."""
    bare = Envelope(data, (), kind)
    made = Signature(signer(name).public.id, signer(name).sign(bare.signed_bytes))
    return envelope_document(Envelope(data, (made,), kind))


class Attack(NamedTuple):
    """What a reader is shown, and the reason for which it is refused."""

    reason: str
    attestation: bytes
    trust: Document
    certificate: bytes = CERTIFICATE


def _text(document: object) -> bytes:
    return json.dumps(document).encode()


def _changed(**changes: object) -> bytes:
    return _text({**envelope(), **changes})


def _signature(**changes: object) -> bytes:
    document = envelope()
    document["signatures"][0].update(changes)
    return _text(document)


def _statement(change: Callable[[Document], object]) -> bytes:
    """Return an envelope over a statement that was changed before it was truly signed."""
    document = json.loads(payload())
    change(document)
    return _text(signed_payload(_text(document)))


def _bare() -> bytes:
    """Return an envelope whose signature is over the payload itself, without its type."""
    document = envelope()
    made = signer("ada").sign(base64.b64decode(document["payload"]))
    document["signatures"][0]["sig"] = base64.b64encode(made).decode()
    return _text(document)


def _loose(text: str) -> str:
    """Return other base64 of the same bytes: the bits that no byte has are set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = text.rstrip("=")[-1]
    return text.rstrip("=")[:-1] + alphabet[alphabet.index(last) + 1] + text[len(text.rstrip("=")) :]


def _with_order(signature: str) -> str:
    """Return the same signature with S + L for S, which a lax reader accepts."""
    order = 2**252 + 27742317777372353535851937790883648493
    data = base64.b64decode(signature)
    scalar = int.from_bytes(data[32:], "little") + order
    return base64.b64encode(data[:32] + scalar.to_bytes(32, "little")).decode()


def _repeated() -> bytes:
    document = envelope()
    document["signatures"] *= 2
    return _text(document)


def attacks() -> dict[str, Attack]:
    """Return the named attacks."""
    good, plain = _text(envelope()), trust()
    sig = envelope()["signatures"][0]["sig"]
    ada, eve = signer("ada").public, signer("eve").public
    other = certificate("20260101_000000")
    return {
        "key confusion: another key's signature under a trusted id": Attack(
            "signature_broken",
            _text(envelope(names=("eve",))).replace(eve.id.encode(), ada.id.encode()),
            plain,
        ),
        "signed by a stranger": Attack("untrusted_key", _text(envelope(names=("eve",))), plain),
        "embedded key": Attack("malformed_envelope", _changed(publicKey=eve.text), plain),
        "embedded key in the signature": Attack("malformed_envelope", _signature(publicKey=eve.text), plain),
        "alg field": Attack("malformed_envelope", _signature(alg="none"), plain),
        "duplicate key: two payloads": Attack(
            "malformed_envelope", good.replace(b'{"payload"', b'{"payload": "e30=", "payload"'), plain
        ),
        "duplicate key inside the statement": Attack(
            "malformed_statement",
            _text(signed_payload(payload().replace(b'"decision"', b'"decision":"fail","decision"'))),
            plain,
        ),
        "base64 malleability in a signature": Attack(
            "malformed_envelope", _signature(sig=_loose(sig)), plain
        ),
        "base64 without padding": Attack("malformed_envelope", _signature(sig=sig.rstrip("=")), plain),
        "base64 with a line break": Attack("malformed_envelope", _signature(sig=sig + "\n"), plain),
        "base64 of addresses": Attack("malformed_envelope", _signature(sig="-_" + sig[2:]), plain),
        "signature malleability: S + L": Attack("signature_broken", _signature(sig=_with_order(sig)), plain),
        "no signature": Attack("malformed_envelope", _changed(signatures=[]), plain),
        "empty signature": Attack("malformed_envelope", _signature(sig=""), plain),
        "threshold by repetition of one key": Attack(
            "threshold_not_met", _repeated(), trust(entry("ada"), entry("bob"), threshold=2)
        ),
        "too few keys": Attack("threshold_not_met", good, trust(entry("ada"), entry("bob"), threshold=2)),
        "rollback: an older attestation with its older certificate": Attack(
            "signature_too_old",
            _text(envelope(other, signed_at="2026-01-01T00:00:00Z")),
            trust(not_before="2026-03-01T00:00:00Z"),
            other,
        ),
        "replay: the attestation of an older certificate": Attack(
            "statement_differs", _text(envelope(other)), plain
        ),
        "another payload type, truly signed": Attack(
            "other_payload_type", _text(signed_payload(payload(), "application/json")), plain
        ),
        "payload type exchanged afterwards": Attack(
            "other_payload_type", _changed(payloadType="application/vnd.in-toto+jsoN"), plain
        ),
        "signed without type": Attack("signature_broken", _bare(), plain),
        "payload exchanged": Attack(
            "signature_broken", _changed(payload=envelope(other)["payload"]), plain, other
        ),
        "look-alike field": Attack(
            "malformed_envelope", good.replace(b"payloadType", "p\u0430yloadType".encode()), plain
        ),
        "look-alike field in the statement": Attack(
            "malformed_statement",
            _statement(lambda s: s["predicate"].update({"dec\u0456sion": "pass"})),
            plain,
        ),
        "look-alike key id": Attack("untrusted_key", _signature(keyid=ada.id.replace("a", "\u0430")), plain),
        "upper-case key id": Attack("untrusted_key", _signature(keyid=ada.id.upper()), plain),
        "another decision in the statement": Attack(
            "statement_differs", _statement(lambda s: s["predicate"].update(decision="fail")), plain
        ),
        "another policy in the statement": Attack(
            "statement_differs",
            _statement(lambda s: s["predicate"].update(policy_digest="sha256:" + "c" * 64)),
            plain,
        ),
        "a subject left out": Attack("statement_differs", _statement(lambda s: s["subject"].pop()), plain),
        "a subject added": Attack(
            "statement_differs", _statement(lambda s: s["subject"].append(s["subject"][0])), plain
        ),
        "another statement type": Attack(
            "malformed_statement",
            _statement(lambda s: s.update(_type="https://in-toto.io/Statement/v0.1")),
            plain,
        ),
        "another predicate type": Attack(
            "malformed_statement", _statement(lambda s: s.update(predicateType="urn:x-other:1")), plain
        ),
        "a moment that is none": Attack(
            "malformed_statement",
            _statement(lambda s: s["predicate"].update(signed_at="2026-13-09T08:00:00Z")),
            plain,
        ),
        "a moment with a line break": Attack(
            "malformed_statement",
            _statement(lambda s: s["predicate"].update(signed_at=SIGNED_AT + "\n")),
            plain,
        ),
        "a moment of another zone": Attack(
            "malformed_statement",
            _statement(lambda s: s["predicate"].update(signed_at="2026-03-09T08:00:00+00:00")),
            plain,
        ),
        "payload is no JSON": Attack("malformed_statement", _text(signed_payload(b"pass")), plain),
        "envelope is no JSON": Attack("malformed_envelope", good[:-1], plain),
        "envelope is a list": Attack("malformed_envelope", b"[]", plain),
        "expired key": Attack("key_expired", good, trust(entry("ada", valid_until=SIGNED_AT))),
        "key not yet valid": Attack(
            "key_not_yet_valid", good, trust(entry("ada", valid_from="2026-03-09T08:00:01Z"))
        ),
        "revoked key: retired before it signed": Attack(
            "key_revoked", good, trust(entry("ada", revoked={"at": SIGNED_AT, "reason": "retired"}))
        ),
        "revoked key: compromised afterwards": Attack(
            "key_revoked",
            good,
            trust(entry("ada", revoked={"at": "2026-12-01T00:00:00Z", "reason": "compromised"})),
        ),
        "wrong role": Attack("wrong_role", good, trust(entry("ada", roles=["promote"]), entry("bob"))),
        "one of two keys revoked": Attack(
            "key_revoked",
            _text(envelope(names=("ada", "bob"))),
            trust(
                entry("ada"),
                entry("bob", revoked={"at": "2026-01-01T00:00:00Z", "reason": "retired"}),
                threshold=2,
            ),
        ),
        "one of two signatures broken": Attack(
            "signature_broken",
            _text(
                {
                    **(both := envelope(names=("ada", "bob"))),
                    "signatures": [both["signatures"][0], {**both["signatures"][1], "sig": sig}],
                }
            ),
            trust(entry("ada"), entry("bob")),
        ),
        "another certificate beside it": Attack("statement_differs", good, plain, CERTIFICATE + b" "),
    }


SMALL_ORDER = tuple(
    bytes.fromhex(text)
    for text in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    )
)
OTHER_ENCODINGS = tuple(
    bytes.fromhex(text)
    for text in (
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    )
)
"""Encodings of points that are not the one of the point, or have y at or beyond the prime."""
OFF_CURVE = bytes.fromhex("0200000000000000000000000000000000000000000000000000000000000000")
