"""Entries of the ledger, and the ledger as it is read from its bytes.

Knows: the one form of a line, that each names the hash of the one before it, what a torn end is.
Does not know: files.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

import functools
from typing import Literal

import msgspec

from runpact.model.digest import PREFIX, canonical_json, digest_bytes
from runpact.model.finding import Finding, Report, Severity
from runpact.model.ledger.merkle import leaf_hash, root_of

FORMAT = "runpact.ledger/1"
Action = Literal["promote", "add", "remove", "prune", "restore", "empty"]
_KEPT_APART = frozenset({"model", "dataset"})
"""Roles of copies that hold a part of a run, made to be used: they do not stand for the run."""


class ArchivedFile(msgspec.Struct, frozen=True):
    """A file of a curated copy."""

    sha256: str
    size: int
    """Bytes."""

    @classmethod
    def of(cls, data: bytes) -> "ArchivedFile":
        """Return digest and size of these bytes."""
        return cls(digest_bytes(data), len(data))


class Baseline(msgspec.Struct, frozen=True):
    """What a promoted run was compared with."""

    run_id: str
    sha256: str
    """Of its report in normal form."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was done to a run, or to what the registries hold."""

    format: str = FORMAT
    seq: int = 0
    """From 1, without a gap."""
    previous: str | None = None
    """Leaf hash of the entry before; null in the first."""
    time: str = ""
    """RFC 3339, UTC."""
    who: str = ""
    """Name of the account."""
    action: Action
    run: str
    """uid; empty of what no run made."""
    run_id: str
    path: str
    """Of the run's directory then, relative to the workspace; of what no run made, where it came from."""
    reason: str = ""
    """Why, for people; of what was pruned, what freed it."""
    at: str | None = None
    """Folder of the curated copy, or of the trash, relative to the workspace."""
    promotion: str | None = None
    """The contract's name of the promotion."""
    role: Literal["subject", "baseline", "copy", "model", "dataset"] | None = None
    decision: str | None = None
    """The certificate's."""
    tier: str | None = None
    certificate: str | None = None
    """Digest of the certificate's file."""
    baseline: Baseline | None = None
    files: dict[str, ArchivedFile] = {}
    """Of the curated copy, by their path in it."""


class Ledger(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All that can be read of a ledger."""

    entries: tuple[Entry, ...] = ()
    lines: tuple[bytes, ...] = ()
    """As they stand in the file, without their newline."""
    size: int = 0
    """Bytes of the whole lines."""
    torn: int = 0
    """Bytes behind the last whole line: a writer was interrupted."""
    fault: str = ""
    """Why the line behind the last entry is none; empty when every line is."""

    @functools.cached_property
    def leaves(self) -> tuple[bytes, ...]:
        """The leaf hash of each entry."""
        return tuple(map(leaf_hash, self.lines))

    @property
    def head(self) -> str:
        """The number of entries and the root over them: whoever keeps it can tell when one is changed."""
        return head_of(len(self.lines), root_of(self.leaves))

    @property
    def report(self) -> Report:
        """What is wrong with it."""
        return Report(tuple(_findings(self)))

    def of_run(self, uid: str) -> tuple[Entry, ...]:
        """Return what was done to a run, oldest first."""
        return tuple(entry for entry in self.entries if entry.run == uid)

    def archive_of(self, uid: str) -> Entry | None:
        """Return the newest promotion that stands for a run; a model made of it does not."""
        promoted = (entry for entry in self.of_run(uid) if entry.action == "promote")
        found = [entry for entry in promoted if entry.role not in _KEPT_APART]
        return found[-1] if found else None

    def kept_in(self, folder: str) -> tuple[str, ...]:
        """Return where models and data sets stand below a folder, as far as was entered, sorted."""
        last = {entry.at: entry for entry in self.entries if entry.at is not None}
        return tuple(
            sorted(
                at
                for at, entry in last.items()
                if at.startswith(f"{folder}/") and entry.role in _KEPT_APART and entry.action != "remove"
            )
        )

    def last_at(self, folder: str) -> Entry | None:
        """Return what was last done to a folder of curated copies, relative to the workspace."""
        return next((entry for entry in reversed(self.entries) if entry.at == folder), None)


def head_of(size: int, root: bytes) -> str:
    """Return a head as text: `<entries>:sha256:<hex>`."""
    return f"{size}:{PREFIX}{root.hex()}"


def read_head(text: str) -> tuple[int, str] | None:
    """Return number of entries and root of a head; None when it is none."""
    count, _colon, root = text.partition(":")
    is_whole = count.isascii() and count.isdigit() and root.startswith(PREFIX)
    return (int(count), root) if is_whole else None


def line_after(ledger: Ledger, entry: Entry) -> bytes:
    """Return the line that adds an entry: its number and what is before it are those of the ledger."""
    previous = f"{PREFIX}{ledger.leaves[-1].hex()}" if ledger.lines else None
    numbered = msgspec.structs.replace(entry, seq=len(ledger.lines) + 1, previous=previous)
    return canonical_json(msgspec.to_builtins(numbered)) + b"\n"


def read_ledger(data: bytes) -> Ledger:
    """Read a ledger up to its first line that is none."""
    whole = data.rfind(b"\n") + 1
    entries: list[Entry] = []
    lines: list[bytes] = []
    fault, size = "", 0
    for line in data[:whole].split(b"\n")[:-1]:
        try:
            entry = _entry(line)
        except ValueError as error:
            fault = str(error)
            break
        fault = _why_not_next(entry, lines)
        if fault:
            break
        entries.append(entry)
        lines.append(line)
        size += len(line) + 1
    return Ledger(entries=tuple(entries), lines=tuple(lines), size=size, torn=len(data) - whole, fault=fault)


def _entry(line: bytes) -> Entry:
    """Return the entry that a line holds.

    Raises:
        ValueError: It is none, or not in its one form.
    """
    try:
        document = msgspec.json.decode(line)
        entry = msgspec.convert(document, Entry)
        is_canonical = canonical_json(document) == line
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, TypeError) as error:
        message = f"it is no entry: {error}"
        raise ValueError(message) from error
    if entry.format != FORMAT:
        message = f"it has the unknown format `{entry.format}`"
        raise ValueError(message)
    if not is_canonical:
        message = "it is not in its one form"
        raise ValueError(message)
    return entry


def _why_not_next(entry: Entry, lines: list[bytes]) -> str:
    """Say why an entry does not follow these lines; nothing when it does."""
    previous = f"{PREFIX}{leaf_hash(lines[-1]).hex()}" if lines else None
    if entry.seq != len(lines) + 1:
        return f"it is numbered {entry.seq}, not {len(lines) + 1}"
    return (
        "" if entry.previous == previous else "it does not follow the entry before it: that one was changed"
    )


def _findings(ledger: Ledger) -> list[Finding]:
    found = []
    if ledger.fault:
        found.append(
            Finding(
                code="ledger-damaged",
                severity=Severity.ERROR,
                message=f"line {len(ledger.lines) + 1} of the ledger: {ledger.fault}",
                expected="entries that follow each other",
                hint="restore the ledger from version control; until then nothing is promoted or pruned",
            )
        )
    if ledger.torn:
        found.append(
            Finding(
                code="ledger-torn",
                severity=Severity.WARNING,
                message="the ledger ends in the middle of a line: its writer was interrupted",
                got=f"{ledger.torn} bytes behind the last entry",
                hint="nothing that was acknowledged is lost; the next entry cuts it off",
            )
        )
    return found
