"""What a stage's program claims of itself, and how that is taken from its summary.

Knows: the keys of a summary, and how to tell what is wrong with one without refusing the rest.
Does not know: whether a claim is true (`ending`), where the summary lies.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

from typing import Literal

import msgspec

from runpact.model.contract.stages import STAGE_SUMMARY
from runpact.model.facts import DocumentFact, FormatFault, Json
from runpact.model.finding import Verdict
from runpact.model.versioned import encode_record, parse_record

CLAIM_FORMAT = "runpact.claim/1"
SUMMARY = STAGE_SUMMARY
"""Where a program says what it did, relative to its stage's directory."""

_MOST_CODE = 255
_MOST_COUNTED = 2**53
"""Beyond it JSON readers disagree on numbers."""


Origin = Literal["summary", "stage"]
"""Where a claim comes from: a JSON summary that the program wrote, or `runpact.stage()`."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a stage's items came through; None where nobody counted."""

    inputs_total: int | None = None
    inputs_ok: int | None = None
    inputs_failed: int | None = None
    outputs_rows: int | None = None


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What a stage's program said of itself: evidence, never the verdict.

    Each part is None where the program said nothing of it.
    """

    format: str = CLAIM_FORMAT
    origin: Origin
    stage: str | None = None
    """`NN_slug`."""
    experiment: str | None = None
    status: Verdict | None = None
    exit_code: int | None = None
    counts: Counts | None = None
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    artifacts: dict[str, str] = {}
    """Path relative to the experiment, by logical name."""
    code: tuple[str, ...] = ()
    """Files that the program loaded as modules, relative to the workspace."""
    opened: tuple[str, ...] = ()
    """Paths in directories of other stages that it named when it opened them, relative to the experiment."""
    fault: str | None = None
    """Why what the program left cannot be used as it stands."""


def encode_claim(claim: Claim) -> bytes:
    """Return the bytes of a claim's record."""
    return encode_record(claim)


def parse_claim(data: bytes) -> Claim:
    """Read the record of a claim.

    Raises:
        MalformedDocumentError: It is none.
        UnknownVersionError: Its major version is not 1.
    """
    return parse_record(data, Claim, what="the claim of a stage", expected=CLAIM_FORMAT)


def claim_of(found: DocumentFact | FormatFault) -> Claim:
    """Return what a program's summary claims; what cannot be understood is told, never raised.

    Args:
        found: The summary as it was read.
    """
    if isinstance(found, FormatFault):
        return Claim(origin="summary", fault=found.message)
    if not isinstance(found.value, dict):
        return Claim(origin="summary", fault=f"it is {_sort(found.value)}, not an object")
    reader = _Reader(found.value)
    claim = Claim(
        origin=reader.origin(),
        stage=reader.text("stage"),
        experiment=reader.text("experiment"),
        status=reader.status(),
        exit_code=reader.exit_code(),
        counts=reader.counts(),
        errors=reader.texts("errors"),
        warnings=reader.texts("warnings"),
        artifacts=reader.artifacts(),
        code=reader.texts("code"),
        opened=reader.texts("opened"),
    )
    return msgspec.structs.replace(claim, fault="; ".join(reader.faults) or None)


class _Reader:
    """Takes a summary apart and keeps what is wrong with it."""

    def __init__(self, document: dict[str, Json]) -> None:
        self.document = document
        self.faults: list[str] = []

    def origin(self) -> Origin:
        return "stage" if self.document.get("origin") == "stage" else "summary"

    def text(self, key: str) -> str | None:
        value = self.document.get(key)
        if value is not None and not isinstance(value, str):
            self._wrong(key, "a text", value)
            return None
        return value

    def status(self) -> Verdict | None:
        word = self.text("status")
        try:
            return Verdict(word) if word is not None else None
        except ValueError:
            self._wrong("status", "OK, WARNING, INCOMPLETE or ERROR", word)
            return None

    def exit_code(self) -> int | None:
        return self._number("exit_code", self.document.get("exit_code"), _MOST_CODE)

    def counts(self) -> Counts | None:
        given = self.document.get("counts")
        if given is not None and not isinstance(given, dict):
            self._wrong("counts", "an object", given)
        if not isinstance(given, dict):
            return None
        names = Counts.__struct_fields__
        return Counts(
            **{name: self._number(f"counts.{name}", given.get(name), _MOST_COUNTED) for name in names}
        )

    def _number(self, name: str, value: Json, most: int) -> int | None:
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most:
            return value
        self._wrong(name, f"a whole number from 0 to {most}", value)
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.document.get(key)
        if value is not None and not isinstance(value, list):
            self._wrong(key, "a list", value)
        if not isinstance(value, list):
            return ()
        return tuple(each if isinstance(each, str) else msgspec.json.encode(each).decode() for each in value)

    def artifacts(self) -> dict[str, str]:
        value = self.document.get("artifacts")
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(path, str) for path in value.values()):
            self._wrong("artifacts", "a path by name", value)
            return {}
        return value

    def _wrong(self, key: str, expected: str, got: Json) -> None:
        self.faults.append(f"`{key}` is not {expected}: {msgspec.json.encode(got).decode():.60}")


def _sort(value: Json) -> str:
    return "a list" if isinstance(value, list) else "a single value"
