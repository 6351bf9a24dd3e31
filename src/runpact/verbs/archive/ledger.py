"""Keep the ledger: add to it, prove what stands in it.

Knows: that nothing is added to a ledger that is damaged.
Does not know: what is done to runs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import msgspec

from runpact.disk.layout import LEDGER
from runpact.disk.ledger import HeldLedger, held_ledger, read_ledger_bytes
from runpact.host.clock import now
from runpact.host.environment import user_name
from runpact.model.errors import CannotStartError, LedgerError
from runpact.model.finding import Finding, Report, Severity
from runpact.model.ledger.entry import Entry, Ledger, line_after, read_head, read_ledger
from runpact.model.ledger.proof import Proof, judge_growth, judge_proof, prove


class OpenLedger:
    """The ledger while nobody else may add to it."""

    def __init__(self, held: HeldLedger, ledger: Ledger) -> None:
        """Store the file and what stands in it."""
        self._held = held
        self.ledger = ledger

    def add(self, entry: Entry) -> Entry:
        """Add an entry, durably; return it with its number, time and writer.

        Raises:
            StorageError: Nothing was added.
        """
        signed = msgspec.structs.replace(entry, time=now(), who=user_name())
        line = line_after(self.ledger, signed)
        self._held.append(line, after=self.ledger.size)
        self.ledger = read_ledger(b"\n".join((*self.ledger.lines, line)))
        return self.ledger.entries[-1]


@contextlib.contextmanager
def open_ledger(root: str) -> Iterator[OpenLedger]:
    """Hold the ledger of a workspace for the length of the block.

    Raises:
        LedgerError: It is damaged.
        StorageError: It cannot be had.
    """
    with held_ledger(root) as held:
        ledger = read_ledger(held.read())
        demand_whole(ledger)
        yield OpenLedger(held, ledger)


def ledger_of(root: str) -> Ledger:
    """Return what can be read of a workspace's ledger.

    Raises:
        StorageError: It cannot be read.
    """
    return read_ledger(read_ledger_bytes(root))


def demand_whole(ledger: Ledger) -> None:
    """Make sure that every line of a ledger is an entry.

    Raises:
        LedgerError: One is not.
    """
    if ledger.fault:
        (finding, *_torn) = ledger.report.findings
        raise LedgerError(
            finding.message, at=LEDGER, expected=finding.expected or "", hint=finding.hint or ""
        )


def prove_entry(root: str, reference: str) -> Proof:
    """Return the proof of an entry.

    Args:
        root: Absolute data root.
        reference: Its number; or uid, id, path or label of what was promoted, for the newest such entry.

    Raises:
        CannotStartError: There is no such entry.
        LedgerError: The ledger is damaged.
    """
    ledger = ledger_of(root)
    demand_whole(ledger)
    seqs = [entry.seq for entry in ledger.entries if _is_meant(entry, reference)]
    if not seqs:
        raise CannotStartError(
            f"no entry `{reference}` in the ledger",
            at=LEDGER,
            expected=f"a number up to {len(ledger.entries)}, or a run or folder that it names",
            got=reference,
            hint="`runpact ledger show` lists them",
        )
    return prove(ledger, seqs[-1])


def _is_meant(entry: Entry, reference: str) -> bool:
    names = {str(entry.seq), entry.run, entry.run_id, entry.path, entry.at, (entry.at or "").split("/")[-1]}
    return reference.rstrip("/") in names - {None, ""}


def verify_ledger(root: str, known: str | None) -> tuple[Ledger, Report]:
    """Return the ledger of a workspace and what it comes to.

    Args:
        root: Absolute data root.
        known: Head that somebody kept; None when there is none.

    Raises:
        CannotStartError: The head is none.
    """
    ledger = ledger_of(root)
    findings = ledger.report.findings
    if not ledger.entries and not ledger.fault:
        findings += (
            Finding(
                code="ledger-empty",
                severity=Severity.INCOMPLETE,
                path=LEDGER,
                message="there is nothing in the ledger: nothing was promoted",
            ),
        )
    if known is not None:
        findings += judge_growth(ledger, _head(known)).findings
    return ledger, Report(findings)


def verify_proof(root: str, proof: Proof, known: str | None) -> Report:
    """Return what a proof comes to, against a head or the ledger that stands here.

    Raises:
        CannotStartError: The head is none.
    """
    if known is not None:
        return judge_proof(proof, _head(known))
    ledger = ledger_of(root)
    if not ledger.entries:
        return judge_proof(proof, None)
    inner = judge_proof(proof, proof.head)
    return Report((*inner.findings, *judge_growth(ledger, proof.head).findings))


def _head(text: str) -> str:
    if read_head(text) is None:
        raise CannotStartError(
            f"`{text[:80]}` is no head of a ledger", expected="<entries>:sha256:<hex>", got=text[:80]
        )
    return text
