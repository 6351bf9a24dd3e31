"""Plan which runs may go.

Knows: which records tell what protects a run: its archive, its tags, what leans on it.
Does not know: the rules, how a run is removed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

import msgspec

from runpact.disk.discover import holds_runs
from runpact.disk.evidence import certificates_at, read_beside
from runpact.formats.jsondoc import parse
from runpact.host.clock import utc_now
from runpact.model.archive.retention import (
    Candidate,
    Decision,
    Keeping,
    decide,
    frozen_by,
    keeping_of,
)
from runpact.model.contract.language import LoadedContract
from runpact.model.contract.surroundings import Policy
from runpact.model.errors import CannotStartError, RunpactError
from runpact.model.evidence.certificate import Certificate
from runpact.model.facts import FormatFault
from runpact.model.judge.subject import Subject
from runpact.model.ledger.entry import Ledger
from runpact.model.names import shown_path
from runpact.model.provenance import Provenance
from runpact.verbs.archive.ledger import demand_whole
from runpact.verbs.archive.verify_copy import archive_fault
from runpact.verbs.evidence.certify import SCRATCH
from runpact.verbs.evidence.verify_certificate import certificate_document
from runpact.verbs.finding.annotate import annotations_of
from runpact.verbs.finding.find import list_runs
from runpact.verbs.finding.gather import gather
from runpact.verbs.finding.origin import origin_of
from runpact.verbs.finding.places import named_by, place_folders
from runpact.verbs.finding.standing import is_experiment, stand


def plan(root: str, loaded: LoadedContract, ledger: Ledger, keeping: Keeping) -> tuple[Decision, ...]:
    """Return what becomes of each run of a workspace, newest first.

    Args:
        root: Absolute data root.
        loaded: The workspace's contract.
        ledger: What was promoted.
        keeping: What a person wants to keep; its policy is looked up in the contract.

    Raises:
        CannotStartError: There is no such policy, or it does not say what is kept.
        LedgerError: The ledger is damaged, so that nothing is proven.
    """
    demand_whole(ledger)
    policy = _policy(loaded, keeping.policy)
    if policy is not None:
        keeping = keeping_of(keeping.policy or "", policy.keep, keeping)
    runs = _joined(list(_candidates(root, loaded, ledger, policy)))
    cited = {
        run.path: told for uid, told in _cited(root, ledger).items() for run, _leans in runs if run.uid == uid
    }
    decisions = decide([run for run, _leans in runs], keeping, cited=cited, now=utc_now())
    return tuple(_unless_frozen(root, loaded, _unless_nested(root, each)) for each in decisions)


def _unless_frozen(root: str, loaded: LoadedContract, decision: Decision) -> Decision:
    """Return a decision; a run in a frozen folder stays, since nobody may change what is there."""
    frozen = loaded.contract.workspace.frozen
    if not decision.is_freed or not frozen:
        return decision
    record = stand(posixpath.normpath(posixpath.join(root, decision.path)))[0].record
    kind = loaded.contract.kinds.get(record.kind) if record is not None else None
    owned = place_folders(kind, root, named_by(record)).values() if kind and record is not None else ()
    places = (decision.path, *(shown_path(posixpath.normpath(folder), root) for folder in owned))
    glob = next((found for place in places if (found := frozen_by(frozen, place)) is not None), None)
    if glob is None:
        return decision
    reason = f"it stands in what the contract has frozen: {glob}"
    return Decision(path=decision.path, uid=decision.uid, is_freed=False, reasons=(reason,))


def _policy(loaded: LoadedContract, name: str | None) -> Policy | None:
    if name is None:
        return None
    policies = loaded.contract.policies
    if name not in policies:
        keeping = [each for each, policy in policies.items() if policy.keep]
        raise CannotStartError(
            f"the contract has no policy `{name}`",
            expected=" or ".join(keeping) or "one with `keep`",
            got=name,
        )
    return policies[name]


class _Leans(msgspec.Struct, frozen=True):
    """What a run says that it leans on, before it is known which runs these are."""

    uids: Mapping[str, str]
    paths: Mapping[str, str]


def _candidates(
    root: str, loaded: LoadedContract, ledger: Ledger, policy: Policy | None
) -> Iterator[tuple[Candidate, _Leans]]:
    for found in list_runs(root, loaded.contract):
        directory = posixpath.normpath(posixpath.join(root, found.path))
        reading, standing = stand(directory)
        uid, archive, fault = found.uid or "", "", ""
        entry = ledger.archive_of(uid) if uid else None
        if entry is not None:
            fault = archive_fault(root, entry)
            archive = "" if fault else entry.at or ""
        is_wanted, rank = False, None
        if policy is not None and reading.record is not None:
            tree = gather(reading, standing, loaded, path=found.path, root=root)
            is_wanted, rank = _judged(Subject(tree.kind, loaded, tree.tree), policy)
        yield (
            Candidate(
                path=found.path,
                uid=uid,
                kind=found.kind or "",
                name=found.name,
                state=found.state,
                started=found.started or "",
                tags=annotations_of(root, uid).tags if uid else (),
                archive=archive,
                archive_fault=fault,
                is_wanted=is_wanted,
                rank=rank,
            ),
            _leans(origin_of(reading), found.parent, found.parent_path),
        )


def _judged(subject: Subject, policy: Policy) -> tuple[bool, float | None]:
    """Return whether the policy's condition keeps a run, and what it is ranked by; a doubt keeps it."""
    where, by = policy.keep.get("where"), policy.keep.get("by")
    is_wanted = isinstance(where, str) and subject.decide(where) is not False
    rank = subject.evaluate(by) if isinstance(by, str) else None
    is_number = isinstance(rank, int | float) and not isinstance(rank, bool)
    return is_wanted, float(rank) if is_number and isinstance(rank, int | float) else None


def _leans(origin: Provenance | None, parent: str | None, parent_path: str | None) -> _Leans:
    inputs = origin.inputs if origin is not None else ()
    uids = {each.run: f"reads it as `{each.name}`" for each in inputs if each.run is not None}
    paths = {each.path: f"reads it as `{each.name}`" for each in inputs if each.path is not None}
    if parent is not None:
        uids[parent] = "is part of it"
    return _Leans(uids, paths | ({} if parent_path is None else {parent_path: "is part of it"}))


def _joined(found: list[tuple[Candidate, _Leans]]) -> list[tuple[Candidate, _Leans]]:
    """Return the runs with the paths of those that each leans on."""
    joined = []
    for run, leans in found:
        refers = {
            other.path: what
            for other, _leans in found
            for what in (_why(other, leans),)
            if what and other.path != run.path
        }
        joined.append((msgspec.structs.replace(run, refers=refers), leans))
    return joined


def _why(other: Candidate, leans: _Leans) -> str:
    """Return why a run that leans on these leans on another one; nothing when it does not."""
    if other.uid in leans.uids:
        return leans.uids[other.uid]
    inside = (what for path, what in leans.paths.items() if f"{path}/".startswith(f"{other.path}/"))
    return next(inside, "")


def _cited(root: str, ledger: Ledger) -> dict[str, str]:
    """Return the uids of runs that a certificate speaks of which is not promoted, with which one."""
    cited: dict[str, str] = {}
    for path in certificates_at(posixpath.join(root, SCRATCH)):
        label = posixpath.basename(posixpath.dirname(path))
        uids = list(_speaks_of(path))
        if any(ledger.archive_of(uid) is None for uid in uids[:1]):
            cited |= dict.fromkeys(
                uids, f"the certificate {SCRATCH}/{label} speaks of it and is not promoted"
            )
    return cited


def _speaks_of(certificate: str) -> Iterator[str]:
    """Yield the uids of subject and baseline of a certificate, as far as their reports tell."""
    try:
        found = msgspec.convert(certificate_document(certificate), Certificate)
        reports = [read_beside(certificate, each.path) for each in found.evidence]
    except RunpactError:
        return
    for data in reports:
        fact = parse(data or b"")
        meta = (
            fact.value.get("meta")
            if not isinstance(fact, FormatFault) and isinstance(fact.value, dict)
            else {}
        )
        uid = meta.get("uid") if isinstance(meta, dict) else None
        if isinstance(uid, str):
            yield uid


def _unless_nested(root: str, decision: Decision) -> Decision:
    """Return a decision; a run that holds others stays, since it would take them with it."""
    if not decision.is_freed:
        return decision
    directory = posixpath.normpath(posixpath.join(root, decision.path))
    reading, _standing = stand(directory)
    if is_experiment(reading) or not holds_runs(directory):
        return decision
    return Decision(
        path=decision.path, uid=decision.uid, is_freed=False, reasons=("other runs stand in its directory",)
    )
