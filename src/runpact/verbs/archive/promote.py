"""Promote a run: make a curated copy of it, together with its evidence.

Knows: what must hold before, and the order in which copy and ledger become durable.
Does not know: what a copy is made of, how a certificate is judged, how a folder gets its name.

1. Check the run by the workspace's contract, verify its records, ask the promotion's condition. 2. Gather
what is copied. 3. Make it ready, judge it where it lies, verify its certificate there. 4. Give it its name.
5. Tell the ledger. Promoting again after a crash anywhere finds what is there and completes the rest.
"""

from __future__ import annotations

import posixpath

import msgspec

from runpact.disk.archive import files_of_copy, staged
from runpact.model.archive.copy import (
    ANNOTATIONS,
    BASELINE,
    RECORD,
    CopyRecord,
    Wish,
    label_for,
    render_record,
)
from runpact.model.contract.language import Contract, LoadedContract
from runpact.model.contract.surroundings import Promotion
from runpact.model.errors import (
    CannotStartError,
    Fault,
    NotPromotableError,
    PromotionIncompleteError,
)
from runpact.model.evidence.names import FILE
from runpact.model.ledger.entry import Entry
from runpact.model.names import check_name, shown_path
from runpact.model.run import RunRecord, State
from runpact.model.template import PathTemplate
from runpact.standalone import NAME, verifier_source
from runpact.verbs.archive.copies import (
    Draft,
    Source,
    demand_entries,
    demand_sound,
    draft_of_baseline,
    draft_of_files,
    draft_of_subject,
    is_evidence,
    publish_copy,
)
from runpact.verbs.archive.ledger import OpenLedger, open_ledger
from runpact.verbs.evidence.verify_certificate import Judging, verify_certificate
from runpact.verbs.finding.gather import gather
from runpact.verbs.finding.places import named_by
from runpact.verbs.finding.standing import stand
from runpact.verbs.judging.check import check_run
from runpact.verbs.judging.verify import verify_run

_PASSED = "pass"
_UNSIGNED = frozenset({"not_authenticated", "signature_not_checked"})
"""What is accepted of a certificate whose policy does not demand a signature."""


class Promoted(msgspec.Struct, frozen=True, kw_only=True):
    """A curated copy that stands on disk."""

    path: str
    """Absolute."""
    record: CopyRecord
    entry: Entry
    """The ledger's."""
    is_new: bool
    """False when the same copy stood there already."""


def promote(root: str, directory: str, wish: Wish, *, loaded: LoadedContract, judging: Judging) -> Promoted:
    """Make a curated copy of a run, and tell the ledger.

    Args:
        root: Absolute data root.
        directory: Absolute path of the run.
        wish: What was said.
        loaded: The workspace's contract; never the run's own copy.
        judging: By what certificates are judged.

    Raises:
        PromotionIncompleteError: Something is not there yet.
        NotPromotableError: Contract, records or certificate speak against it.
        EvidenceError: A report is no evidence.
        WriteOnceError: Another copy has that name.
        LedgerError: The ledger is damaged.
    """
    source = sound(root, directory, loaded)
    name, promotion = _promotion(loaded.contract, source.record.kind, wish.promotion)
    _demand_needs(source, promotion)
    draft = _draft(root, source, promotion, wish)
    _demand_pass(source, draft, is_failed=wish.is_failed)
    label = check_name(label_for(wish.label or draft.label, is_failed=wish.is_failed), what="label")
    record = draft.record(name, label, is_failed=wish.is_failed)
    folder = posixpath.normpath(posixpath.join(root, _place(promotion, source.record, label)))
    with open_ledger(root) as ledger:
        files = _files(folder, draft, record, wish.annotations)
        with staged(posixpath.dirname(folder), files) as staging:
            ready = posixpath.join(staging, label)
            demand_entries(ready, label, source, promotion)
            _demand_verified(posixpath.join(ready, FILE), source, draft, judging)
            is_new = _publish(staging, folder, draft)
        entry = _tell(ledger, source, record, folder, root)
    return Promoted(path=folder, record=record, entry=entry, is_new=is_new)


def sound(root: str, directory: str, loaded: LoadedContract) -> Source:
    """Return a run that finished, keeps its contract, and whose records are true.

    Args:
        root: Absolute data root.
        directory: Absolute path of the run.
        loaded: The workspace's contract; never the run's own copy.

    Raises:
        PromotionIncompleteError: It did not finish, or something is missing.
        NotPromotableError: Contract or records speak against it.
    """
    shown = shown_path(directory, root)
    reading, standing = stand(directory)
    if reading.record is None or standing.state is not State.FINISHED:
        raise PromotionIncompleteError(
            "only a finished run that runpact made can be promoted",
            at=shown,
            expected=State.FINISHED.value,
            got=standing.state.value if reading.record else "a directory without its records",
        )
    checked = check_run(directory, root=root, contract=loaded, is_named=True)
    said = "names all of it"
    demand_sound(
        checked.report, "the run does not keep its contract", at=shown, hint=f"`runpact check {shown}` {said}"
    )
    _standing, report = verify_run(directory)
    demand_sound(
        report, "the records of the run are not true", at=shown, hint=f"`runpact verify {shown}` {said}"
    )
    gathered = gather(reading, standing, loaded, path=shown, root=root)
    return Source(directory=directory, path=shown, record=reading.record, gathered=gathered, loaded=loaded)


def _promotion(contract: Contract, kind: str, wanted: str | None) -> tuple[str, Promotion]:
    """Return the promotion that is meant."""
    fitting = {name: each for name, each in contract.promotions.items() if kind in each.from_}
    name = wanted or (next(iter(fitting)) if len(fitting) == 1 else None)
    if name in fitting:
        return name, fitting[name]
    raise CannotStartError(
        f"the contract has no promotion `{wanted or ''}` of `{kind}` runs".replace(" ``", ""),
        expected=" or ".join(fitting) or f"`promotions` with `from: [{kind}]`",
        got=wanted or "",
        hint="name one with --to" if fitting else "docs/promotion.md shows how one is declared",
    )


def _demand_needs(source: Source, promotion: Promotion) -> None:
    answer = source.subject().decide(promotion.needs)
    if answer is not True:
        raise PromotionIncompleteError(
            "the promotion's condition does not hold of the run",
            at=source.path,
            expected=promotion.needs,
            got="false" if answer is False else f"undecided: {answer.reason}",
        )


def _draft(root: str, source: Source, promotion: Promotion, wish: Wish) -> Draft:
    if not is_evidence(promotion):
        return draft_of_files(source, promotion)
    if wish.certificate is None and (wish.label or source.record.name) == BASELINE:
        return draft_of_baseline(source)
    draft = draft_of_subject(source, root, wish.certificate, wish.tier)
    if wish.label == BASELINE:
        raise CannotStartError(f"`{BASELINE}` is the folder of the baseline's report", got=BASELINE)
    return draft


def _demand_pass(source: Source, draft: Draft, *, is_failed: bool) -> None:
    """Make sure that a certificate is a pass, or archived as what it is."""
    is_pass = draft.decision in {None, _PASSED}
    if is_pass and is_failed:
        raise CannotStartError(
            "the run has no certificate that failed", at=source.path, hint="promote it without --failed"
        )
    if not is_pass and not is_failed:
        refusal = NotPromotableError if draft.decision == "fail" else PromotionIncompleteError
        raise refusal(
            "the certificate of the run is no pass",
            at=source.path,
            expected=_PASSED,
            got=draft.decision or "",
            hint="`runpact explain` says why; `--failed` archives it, labelled as failed",
        )


def _place(promotion: Promotion, record: RunRecord, label: str) -> str:
    """Return the folder of the copy, relative to the workspace."""
    known = named_by(record)
    values = {f"run.{name}": value for name, value in known.items()} | known | {"label": label}
    try:
        return PathTemplate.parse(promotion.at).render(values)
    except KeyError as error:
        raise CannotStartError(
            f"the place of the promotion cannot be told: nothing is called {error}", got=promotion.at
        ) from error


def _files(folder: str, draft: Draft, record: CopyRecord, annotations: bytes | None) -> dict[str, bytes]:
    """Return every file that is made ready, by its path beside the place of the copy."""
    own = {**draft.pinned, **draft.others, RECORD: render_record(record)}
    if annotations is not None:
        own[ANNOTATIONS] = annotations
    files = {}
    if draft.beside is not None:
        own[NAME] = verifier_source()
        beside = draft.beside.record(record.promotion, BASELINE)
        files = {f"{BASELINE}/{RECORD}": render_record(beside)}
        files |= {f"{BASELINE}/{path}": data for path, data in draft.beside.pinned.items()}
    return files | {posixpath.join(posixpath.basename(folder), path): data for path, data in own.items()}


def _demand_verified(path: str, source: Source, draft: Draft, judging: Judging) -> None:
    """Make sure that the certificate verifies where it lies now, but for being no pass or unsigned."""
    if draft.decision is None:
        return
    found = verify_certificate(path, judging, shown=FILE)
    accepted = _UNSIGNED | (frozenset() if draft.decision == _PASSED else frozenset({"judgement"}))
    wrong = [step for step in found.steps if step.reason and not {step.reason, step.name} & accepted]
    if wrong or found.decision != draft.decision:
        raise NotPromotableError(
            "the certificate of the run does not verify",
            at=source.path,
            got=", ".join(step.reason for step in wrong),
            faults=tuple(Fault(f"[{step.reason}] {step.message}", step.name) for step in wrong),
            hint="`runpact explain` goes through it",
        )


def _publish(staging: str, folder: str, draft: Draft) -> bool:
    """Give the folders their names, the baseline's first; say whether the copy was new."""
    parent, label = posixpath.split(folder)
    if draft.beside is not None:
        publish_copy(posixpath.join(staging, BASELINE), posixpath.join(parent, BASELINE), draft.beside.pinned)
    return publish_copy(posixpath.join(staging, label), folder, draft.pinned)


def _tell(ledger: OpenLedger, source: Source, record: CopyRecord, folder: str, root: str) -> Entry:
    """Return the ledger's entry of a copy; one that says the same is not made twice."""
    names = {*record.files, RECORD}
    files = {path: file for path, file in files_of_copy(folder).items() if path in names}
    place = shown_path(folder, root)
    present = ledger.ledger.archive_of(source.record.uid)
    if present is not None and (present.at, present.files) == (place, files):
        return present
    return ledger.add(
        Entry(
            action="promote",
            run=source.record.uid,
            run_id=source.record.id,
            path=source.path,
            at=place,
            promotion=record.promotion,
            role=record.role,
            decision=record.decision,
            tier=record.tier,
            certificate=files[FILE].sha256 if FILE in files else None,
            baseline=record.baseline,
            files=files,
        )
    )
