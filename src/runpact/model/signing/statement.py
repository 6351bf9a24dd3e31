"""What a signature says: an in-toto statement about a certificate.

Knows: the fields of the statement, and that all but the moment and the program follow from the certificate.
Does not know: keys, files.

Source:
    The in-toto attestation framework, statement v1.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

from typing import Annotated, Final, Literal

import msgspec

from runpact.model.digest import canonical_json, digest_bytes
from runpact.model.signing.reasons import refused

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "urn:x-runpact:certificate:1"
CERTIFICATE = "evaluation.cert.json"
MOMENT = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$(?!\n)"
"""A moment in whole seconds, UTC: such texts are in order of time."""
Hex = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]


class DigestSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The digest of a subject."""

    sha256: Hex


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that is vouched for."""

    name: str
    """Relative to the folder of the certificate."""
    digest: DigestSet


class Engine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The program that signed."""

    name: str
    version: str


class Predicate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said of the certificate, so that a reader sees what was signed."""

    decision: str
    run_id: str
    baseline_run_id: str
    tier: str
    policy_digest: str
    signed_at: Annotated[str, msgspec.Meta(pattern=MOMENT)]
    """By the clock of the signer."""
    engine: Engine


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A certificate and its reports by digest, with what the certificate says in short."""

    type: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(name="_type")
    subject: tuple[Subject, ...]
    predicate_type: Literal["urn:x-runpact:certificate:1"]
    predicate: Predicate

    @property
    def told(self) -> str:
        """What was signed, for people."""
        said = self.predicate
        pair = f"{said.run_id} against {said.baseline_run_id}"
        return f"{said.decision} of {pair} under {said.tier}, {said.signed_at}"


class _Reference(msgspec.Struct):
    path: str
    sha256: str


class _Baseline(msgspec.Struct):
    run_id: str


class _Policy(msgspec.Struct):
    tier: str
    policy_digest: str


class _Certificate(msgspec.Struct):
    """What a statement takes from a certificate; `runpact verify` judges the rest."""

    run_id: str
    decision: str
    evidence: tuple[_Reference, ...]
    baseline: _Baseline
    policy_provenance: _Policy


def statement_of(data: bytes, document: object, *, signed_at: str, engine: Engine) -> Statement:
    """Return the statement about a certificate.

    Args:
        data: The bytes of the certificate.
        document: The JSON data that they are.
        signed_at: The moment, in whole seconds.
        engine: The program that signs.

    Raises:
        SignatureRefusedError: It is no certificate.
    """
    try:
        found = msgspec.convert(document, _Certificate)
    except msgspec.ValidationError as error:
        raise refused("statement_differs", f"there is no certificate: {error}") from error
    files = [(CERTIFICATE, digest_bytes(data)), *((each.path, each.sha256) for each in found.evidence)]
    return Statement(
        type=STATEMENT,
        subject=tuple(Subject(name, DigestSet(digest.removeprefix("sha256:"))) for name, digest in files),
        predicate_type=PREDICATE,
        predicate=Predicate(
            decision=found.decision,
            run_id=found.run_id,
            baseline_run_id=found.baseline.run_id,
            tier=found.policy_provenance.tier,
            policy_digest=found.policy_provenance.policy_digest,
            signed_at=signed_at,
            engine=engine,
        ),
    )


def render_statement(statement: Statement) -> bytes:
    """Return the bytes that are signed; a reader takes them as they are and never makes them again."""
    return canonical_json(msgspec.to_builtins(statement))


def parse_statement(document: object) -> Statement:
    """Return the statement that verified JSON data is.

    Raises:
        SignatureRefusedError: It is none.
    """
    try:
        return msgspec.convert(document, Statement)
    except msgspec.ValidationError as error:
        raise refused("malformed_statement", f"the statement is malformed: {error}") from error


def refuse_other(statement: Statement, data: bytes, document: object) -> None:
    """Make sure that a statement is about this certificate and says of it what it says itself.

    Raises:
        SignatureRefusedError: It is not.
    """
    said = statement.predicate
    expected = statement_of(data, document, signed_at=said.signed_at, engine=said.engine)
    if statement != expected:
        name, wanted, got = next(
            (key, new, old) for key, new, old in _parts(expected, statement) if new != old
        )
        raise refused(
            "statement_differs", f"`{name}` is of another certificate", expected=wanted[:200], got=got[:200]
        )


def _parts(expected: Statement, got: Statement) -> list[tuple[str, str, str]]:
    """Return what is compared: name, expected, got."""
    ours, theirs = msgspec.to_builtins(expected), msgspec.to_builtins(got)
    pairs = [("subject", f"{ours['subject']}", f"{theirs['subject']}")]
    return pairs + [
        (key, f"{ours['predicate'][key]}", f"{theirs['predicate'][key]}") for key in ours["predicate"]
    ]
