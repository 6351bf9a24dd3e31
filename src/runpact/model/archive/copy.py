"""A curated copy: what runpact records beside its files.

Knows: the record, its one form, how a folder is held against it.
Does not know: files on disk, what a certificate says.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

from collections.abc import Mapping
from typing import Literal

import msgspec

from runpact.model.digest import canonical_json
from runpact.model.errors import MalformedDocumentError
from runpact.model.finding import Finding, Report, Severity
from runpact.model.ledger.entry import ArchivedFile, Baseline

RECORD = "evidence_manifest.json"
"""Name of the record in the folder of a copy."""
FORMAT = "runpact.promotion/1"
ANNOTATIONS = "metadata.json"
BASELINE = "baseline"
"""Name of the folder that holds the baseline's report."""
FAILED = "_failed"
"""Ends the name of a folder whose certificate is no pass."""
Role = Literal["subject", "baseline", "copy", "model", "dataset"]


class CopiedRun(msgspec.Struct, frozen=True, kw_only=True):
    """Which run was copied."""

    id: str
    uid: str | None = None
    name: str | None = None
    started: str | None = None


class CopyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a curated copy is a copy of; a function of its content, so that promoting again finds it equal."""

    format: str = FORMAT
    promotion: str
    """The contract's name of the promotion."""
    label: str
    role: Role
    run: CopiedRun | None
    """Null of what no run made."""
    decision: str | None = None
    """The certificate's; null without one."""
    tier: str | None = None
    failed: bool = False
    """The certificate is no pass, and was archived as such."""
    baseline: Baseline | None = None
    files: dict[str, ArchivedFile]
    """By their path in the folder; annotations, signatures and this record are left out."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says of a promotion."""

    label: str | None = None
    """Name of the folder; by default it follows from the run."""
    promotion: str | None = None
    """Which of the contract's promotions; not needed when one alone fits."""
    certificate: str | None = None
    """Absolute path of the certificate or its folder; by default it is looked for in the scratch folder."""
    tier: str | None = None
    """Which of several certificates, by the policy that judged."""
    is_failed: bool = False
    """Archive a certificate that is no pass, labelled as such."""
    annotations: bytes | None = None
    """A JSON object that is kept beside, and never read."""


def render_record(record: CopyRecord) -> bytes:
    """Return the record in its one form."""
    return canonical_json(msgspec.to_builtins(record)) + b"\n"


def parse_record(data: bytes) -> CopyRecord:
    """Read a record.

    Raises:
        MalformedDocumentError: It is none.
    """
    try:
        record = msgspec.json.decode(data, type=CopyRecord)
        is_canonical = render_record(record) == data
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise MalformedDocumentError(f"the record of a curated copy cannot be read: {error}") from error
    if record.format != FORMAT or not is_canonical:
        raise MalformedDocumentError(
            "the record of a curated copy is not in its one form", expected=FORMAT, got=record.format[:80]
        )
    return record


def label_for(label: str, *, is_failed: bool) -> str:
    """Return the name of a folder; one whose certificate is no pass says so."""
    return label + FAILED if is_failed and not label.endswith(FAILED) else label


def judge_copy(
    expected: Mapping[str, ArchivedFile], found: Mapping[str, ArchivedFile], *, open_names: frozenset[str]
) -> Report:
    """Return what is wrong with the files of a curated copy.

    Args:
        expected: As they were recorded.
        found: As they stand there.
        open_names: Files that may stand beside them.
    """
    findings = [
        Finding(
            code="missing-file" if path not in found else "digest-mismatch",
            severity=Severity.ERROR,
            path=path,
            message="a file of the curated copy is gone" if path not in found else "the file was changed",
            expected=f"{file.sha256}, {file.size} bytes",
            got=f"{found[path].sha256}, {found[path].size} bytes" if path in found else "nothing",
            hint="restore it from version control",
        )
        for path, file in expected.items()
        if found.get(path) != file
    ]
    findings += [
        Finding(
            code="added-file",
            severity=Severity.ERROR,
            path=path,
            message="a file stands in the curated copy that its record does not name",
        )
        for path in sorted(found.keys() - expected.keys() - open_names)
    ]
    return Report(tuple(findings))
