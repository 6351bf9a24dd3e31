"""Everything that can keep runpact from answering.

Knows: stable codes, the exit code each family stands for, the facts to print.
Does not know: terminals, JSON, or how the error is shown.
"""

from __future__ import annotations

import errno
import functools
from typing import ClassVar

import msgspec


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing wrong with a document that a person wrote or a program stored."""

    message: str
    file: str = ""
    line: int = 0
    """1-based; 0 when the place is not known."""
    column: int = 0
    """1-based; 0 when the place is not known."""
    at: str = ""
    """JSON pointer inside the document; empty for the document itself."""
    expected: str = ""
    got: str = ""
    hint: str = ""

    @property
    def place(self) -> str:
        """The place as `file:line:column`, as far as it is known."""
        parts = [self.file or "document"]
        if self.line:
            parts += [str(self.line), str(self.column or 1)]
        return ":".join(parts)


class RunpactError(Exception):
    """Base of all errors; each subclass has a stable `code` and an `exit_code`."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 3

    def __init__(
        self,
        message: str,
        *,
        at: str = "",
        expected: str = "",
        got: str = "",
        hint: str = "",
        faults: tuple[Fault, ...] = (),
    ) -> None:
        """Store what happened, where, and what to do next."""
        super().__init__(message)
        self.message = message
        self.at = at
        self.expected = expected
        self.got = got
        self.hint = hint
        self.faults = faults


class UsageError(RunpactError):
    """The command line or call was not understood."""

    code = "usage"
    exit_code = 64


class FilterError(UsageError):
    """A filter, an order or a column was not understood; says at which character."""

    code = "filter"

    def __init__(self, text: str, position: int, message: str, *, expected: str = "", got: str = "") -> None:
        """Store the text, how many characters stand before the fault, and what is wrong there."""
        fault = Fault(message, "filter", line=1, column=position + 1, expected=expected, got=got)
        super().__init__(message, at=f"character {position + 1}", expected=expected, got=got, faults=(fault,))
        self.text = text
        self.position = position


class UnsafeNameError(UsageError):
    """A name, id or path would be unsafe as part of a file name."""

    code = "unsafe-name"


class CannotStartError(RunpactError):
    """The question cannot be answered: an input of the check itself is missing or broken."""

    code = "cannot-start"
    exit_code = 2


class MalformedContractError(CannotStartError):
    """The contract is neither kept nor broken, because it cannot be read; lists all faults."""

    code = "malformed-contract"


class UnknownVersionError(CannotStartError):
    """A document has a major version that this runpact does not know."""

    code = "unknown-version"


class NoContractError(CannotStartError):
    """No contract was found to judge by."""

    code = "no-contract"


class LedgerError(CannotStartError):
    """The ledger is damaged, so that nothing can be added to it or believed of it."""

    code = "ledger"


class PromotionIncompleteError(CannotStartError):
    """Something that a promotion needs is not there yet, as a certificate."""

    code = "promotion-incomplete"


class NotPromotableError(RunpactError):
    """A run may not be promoted: its contract is broken, its records are damaged, its certificate fails."""

    code = "not-promotable"


class DamagedCopyError(RunpactError):
    """What is kept for good is not what was entered: a file of it was changed, added or lost."""

    code = "damaged-copy"


class NoSuchRunError(CannotStartError):
    """No run has that id, path or prefix."""

    code = "no-such-run"


class AmbiguousRunError(CannotStartError):
    """A prefix fits several runs; the candidates stand in the hint."""

    code = "ambiguous-run"


class MalformedDocumentError(CannotStartError):
    """A document cannot be read as what it claims to be."""

    code = "malformed-document"


class CommandNotFoundError(CannotStartError):
    """The program to run does not exist or may not be executed."""

    code = "command-not-found"


class ConfigError(CannotStartError):
    """A configuration file or override cannot be read."""

    code = "config"


class OwnershipError(CannotStartError):
    """Code that is no project's asked for a run, or asked for one inside a run that takes none."""

    code = "ownership"


class ConfinementError(CannotStartError):
    """What was asked of the fence cannot be enforced here, and less was not accepted."""

    code = "confinement"


class MalformedTrustError(CannotStartError):
    """The trust file cannot be read, so that nobody can be believed; lists all faults."""

    code = "malformed-trust"


class PrivateKeyError(CannotStartError):
    """A private key cannot be used."""

    code = "private-key"


class EvidenceError(CannotStartError):
    """Evidence is missing or invalid; the message begins with the reason (docs/certificate.md)."""

    code = "evidence"

    def __init__(
        self, reason: str, told: str, *, at: str = "", expected: str = "", got: str = "", hint: str = ""
    ) -> None:
        """Store the reason, a stable code, and what is told to people."""
        super().__init__(f"{reason}: {told}", at=at, expected=expected, got=got, hint=hint)
        self.reason = reason
        self.told = told

    def __str__(self) -> str:
        """Return all that is known: a program that lets the error pass shows this alone."""
        facts = {"expected": self.expected, "got": self.got, "at": self.at, "hint": self.hint}
        return "\n".join([self.message, *(f"  {name}: {said}" for name, said in facts.items() if said)])


class TelemetryError(CannotStartError):
    """A telemetry database is missing, damaged, or something else than one."""

    code = "telemetry"


class StorageError(RunpactError):
    """The file system refused: disk full, no permission, I/O error."""

    code = "storage"


class NotEndedError(RunpactError):
    """A process did not end in the time that it was given."""

    code = "not-ended"


class ClosedRunError(RunpactError):
    """The run is sealed or belongs to another process; nothing can be added."""

    code = "closed-run"


class WriteOnceError(RunpactError):
    """An artifact of that name exists already; artifacts are written once."""

    code = "write-once"


class ValueRefusedError(RunpactError):
    """A value cannot be recorded strictly (NaN, object array, unknown type)."""

    code = "value-refused"


class StrayWriteError(RunpactError, PermissionError):
    """A program tried to write outside its run while the run was open; nothing was written."""

    code = "stray-write"

    def __init__(
        self, message: str, *, at: str = "", expected: str = "", got: str = "", hint: str = ""
    ) -> None:
        """Store what was refused; to code that expects an `OSError` it is "permission denied"."""
        super().__init__(message, at=at, expected=expected, got=got, hint=hint)
        self.errno, self.strerror, self.filename = errno.EACCES, message, at

    def __reduce__(self) -> tuple[object, ...]:
        fields = {"at": self.at, "expected": self.expected, "got": self.got, "hint": self.hint}
        return functools.partial(type(self), **fields), (self.message,)

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class WorkspaceChangedError(RunpactError):
    """What was to leave a workspace as it was made, changed or removed something in it."""

    code = "workspace-changed"


class ContractBrokenError(RunpactError):
    """A finished run does not keep its contract; carries the report."""

    code = "contract-broken"


class SignatureRefusedError(RunpactError):
    """A signature is not believed; `reason` is one of `model.signing.reasons`."""

    code = "signature-refused"

    def __init__(self, reason: str, message: str, *, expected: str = "", got: str = "") -> None:
        """Store the reason with what was found."""
        super().__init__(message, expected=expected, got=got)
        self.reason = reason
