"""Record what a run evaluated, window by window, as its report.

Knows: what of a report the run itself knows, and that an evaluation is refused when it is no pair.
Does not know: how anything was evaluated.
"""

from __future__ import annotations

import dataclasses
import posixpath
from collections.abc import Iterable, Mapping

import msgspec

from runpact.disk.evidence import siblings_of
from runpact.disk.layout import CONTRACT
from runpact.disk.reader import read_run
from runpact.disk.tree import digest_file
from runpact.formats.encode import plain_data
from runpact.model.digest import canonical_json
from runpact.model.errors import UsageError, ValueRefusedError
from runpact.model.evidence.announced import Announced
from runpact.model.evidence.build import Stored
from runpact.model.evidence.policy import NamedPolicy
from runpact.model.evidence.refusal import EvidenceError
from runpact.model.evidence.report import read_report, weighted_mean
from runpact.model.evidence.schedule import refuse_unpaired, schedule_digest
from runpact.model.evidence.stored import reference_to
from runpact.model.evidence.window import FINAL, PREVIEW, EvidenceReport, Window
from runpact.verbs.contracts.load_contract import load_copy
from runpact.verbs.evidence.normal import normal_report
from runpact.verbs.evidence.policies import find_policy
from runpact.verbs.life.inputs import record_input
from runpact.verbs.life.opened import OpenRun

SIDECAR = "evaluation_sidecar.json"
_LIBRARIES = ("python", "numpy", "torch")


class Evaluated(msgspec.Struct, frozen=True, kw_only=True):
    """What a program says of its evaluation; `ActiveRun.evaluation` explains each."""

    windows: Mapping[str, Iterable[object]]
    metric: Mapping[str, object]
    data: Mapping[str, object]
    guards: Iterable[Mapping[str, object]] = ()
    edit: Mapping[str, object] | None = None
    metrics: Mapping[str, object] = {}
    model: object = None
    device: str | None = None
    policy: str | None = None
    seed_notes: Mapping[str, str] = {}
    has_sidecar: bool = False
    stored: Mapping[str, str] = {}
    """Absolute paths, by name, of files that the report refers to and a store holds."""


def report_of(run: OpenRun, said: Evaluated, announced: Announced) -> bytes:
    """Return the report of an evaluation in its normal form; events tell of it.

    Raises:
        ValueRefusedError: Something in it is no evidence.
        EvidenceError: It is no pair with the baseline that was announced.
    """
    named = _policy(run, said.policy or announced.policy)
    document = _document(run, said, named)
    try:
        report = read_report(document)
    except EvidenceError as error:
        raise ValueRefusedError(
            f"an evaluation that is no evidence, {error.message}", expected=error.expected, got=error.got
        ) from error
    if announced.baseline is not None:
        document["baseline"] = _paired(run, report, announced.baseline, is_strict=announced.is_strict)
    for guard in report.guards:
        if guard.verdict in {"fail", "warn"}:
            limits = (
                next((each.limits for each in named.policy.guards if each.name == guard.name), {})
                if named
                else {}
            )
            run.event(
                "guard.triggered",
                guard=guard.name,
                verdict=guard.verdict,
                limits=limits,
                observed=guard.evidence,
            )
    arms = {arm: len(windows) for arm, windows in report.evaluation_windows.items()}
    run.note("evaluation.recorded", schedule=schedule_digest(report), windows=arms)
    return canonical_json(document)


def _document(run: OpenRun, said: Evaluated, named: NamedPolicy | None) -> dict[str, object]:
    arms = {str(arm): [_window(each) for each in windows] for arm, windows in said.windows.items()}
    seeds = {library: run.record.provenance.seeds.get(library) for library in _LIBRARIES}
    missing = {library: "the run recorded no seed for it" for library, seed in seeds.items() if seed is None}
    meta = {
        "run_id": run.id,
        "uid": run.uid,
        "nickname": run.name,
        "started": run.started,
        "seeds": seeds,
        "seed_notes": missing | dict(said.seed_notes),
        "model": said.model,
        "device": said.device,
        "attempt": _attempt(run),
    }
    document = {
        "schema_version": "1.0",
        "meta": meta,
        "data": {**said.data, "windows": {arm: len(windows) for arm, windows in arms.items()}},
        "auto": _auto(named),
        "metrics": {**said.metrics, "primary_metric": {**said.metric, **_means(arms)}},
        "guards": list(said.guards),
        "edit": dict(said.edit or {"name": "none", "deltas": {}}),
        "evaluation_windows": arms,
        "artifacts": {
            "events_path": run.record.records["events"],
            "sidecar": SIDECAR if said.has_sidecar else None,
            **_stored(said),
        },
        "provenance": _provenance(run),
    }
    return msgspec.convert(plain_data(document), dict[str, object])


def _stored(said: Evaluated) -> dict[str, object]:
    found = {name: digest_file(*posixpath.split(path)) for name, path in said.stored.items()}
    references = [reference_to(name, *answer) for name, answer in found.items()]
    return {"stored": [msgspec.to_builtins(each) for each in references]} if references else {}


def _window(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, Window):
        return msgspec.to_builtins(value)
    raise UsageError(
        "a window is a mapping or a dataclass",
        expected="id, content_digest, weight, value",
        got=type(value).__name__,
    )


def _means(arms: Mapping[str, list[object]]) -> dict[str, float]:
    """Return the weighted means of the arms that a metric states."""
    found = {}
    for arm in (PREVIEW, FINAL):
        try:
            windows = msgspec.convert(plain_data(arms.get(arm, [])), tuple[Window, ...])
        except msgspec.ValidationError as error:
            raise ValueRefusedError(f"a window of `{arm}` is no evidence: {error}") from error
        if windows:
            found[arm] = weighted_mean(windows)
    return found


def _attempt(run: OpenRun) -> dict[str, object]:
    """Return how many runs of this name stood beside this one, and began before it."""
    earlier = []
    for directory in siblings_of(run.dir):
        record = read_run(directory).record
        if (
            record is not None
            and (record.name, record.kind) == (run.name, run.record.kind)
            and record.started < run.started
        ):
            earlier.append((record.started, record.id))
    return {"number": len(earlier) + 1, "earlier": [identity for _started, identity in sorted(earlier)]}


def _policy(run: OpenRun, reference: str | None) -> NamedPolicy | None:
    """Return the policy that the run is made under; None when its contract has none to choose."""
    contract = load_copy(posixpath.join(run.dir, CONTRACT)).contract
    if reference is None and sum(bool(each.gates or each.guards) for each in contract.policies.values()) != 1:
        return None
    return find_policy(reference, tier=None, contract=contract, cwd=run.root)


def _auto(named: NamedPolicy | None) -> dict[str, object]:
    if named is None:
        return {"tier": None, "policy_digest": None, "reason": "no policy was announced"}
    return {"tier": named.tier, "policy_digest": named.digest}


def _provenance(run: OpenRun) -> dict[str, object]:
    origin = run.provenance
    return {
        "commit": origin.code.commit,
        "dirty": origin.code.dirty,
        "config_digest": origin.config.digest,
        "locks": [lock.digest or lock.copy_digest for lock in origin.environment.locks],
        "inputs": {each.name: each.digest for each in origin.inputs},
        "confinement": {"requested": origin.confinement.requested, "level": origin.confinement.level},
    }


def _paired(run: OpenRun, report: EvidenceReport, path: str, *, is_strict: bool) -> dict[str, object]:
    """Return which baseline the run is paired with; one that it is no pair with is refused, or told."""
    _data, baseline = normal_report(path)
    record_input(run, path, cwd=posixpath.dirname(path), name="baseline")
    unpaired = _why_unpaired(report, baseline)
    if unpaired is not None and is_strict:
        raise unpaired
    if unpaired is not None:
        run.note("evaluation.unpaired", reason=unpaired.reason, expected=unpaired.expected, got=unpaired.got)
    return {
        "run_id": baseline.report.meta.run_id,
        "sha256": baseline.sha256,
        "paired": unpaired is None,
    }


def _why_unpaired(report: EvidenceReport, baseline: Stored) -> EvidenceError | None:
    try:
        refuse_unpaired(report, baseline.report)
    except EvidenceError as error:
        return error
    return None
