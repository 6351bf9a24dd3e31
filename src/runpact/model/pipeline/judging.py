"""What is to be said of an experiment beyond its files: of its stages, and of its manifest.

Knows: which standing of a stage is a fault, and how much it weighs.
Does not know: files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from runpact.model.finding import Finding, Severity
from runpact.model.pipeline.view import StageRow
from runpact.model.run import State

_HINT = "run the pipeline again"


def judge_experiment(
    rows: Mapping[str, StageRow],
    *,
    asked: Iterable[str],
    stale: Mapping[str, str],
    is_imported: bool = False,
) -> Iterator[Finding]:
    """Yield what the attempts of an experiment come to; paths relative to it.

    Args:
        rows: The last attempt at each stage, by name.
        asked: Names of the stages that were last asked for.
        stale: Why a stage is out of date, by name.
        is_imported: It took over a legacy folder, and need not have run any stage.
    """
    for name, row in rows.items():
        yield from _of_attempt(name, row)
    for name, why in stale.items():
        yield Finding(
            code="stale",
            severity=Severity.WARNING,
            path=name,
            message=f"the stage is out of date: {why}",
            expected="an attempt that read the latest",
            hint=_HINT,
        )
    missing = [name for name in asked if name not in rows]
    for name in missing or ([] if rows or is_imported else ["."]):
        yield Finding(
            code="not-run",
            severity=Severity.INCOMPLETE,
            path=name,
            message="the stage has not run" if rows or missing else "no stage has run",
            expected="a sealed attempt",
            got="none",
            hint=_HINT,
        )


def _of_attempt(name: str, row: StageRow) -> Iterator[Finding]:
    reason = f": {row.reason}" if row.reason else ""
    if row.state is State.CORRUPT:
        yield Finding(
            code="corrupt",
            severity=Severity.ERROR,
            path=f"{name}/.runpact",
            message=f"the attempt is corrupt{reason}",
            expected="undamaged records",
            got=row.state.value,
            hint="run `runpact verify` on it",
        )
    elif row.manifest_digest is None:
        yield Finding(
            code="not-sealed",
            severity=Severity.INCOMPLETE,
            path=f"{name}/.runpact",
            message=f"the attempt is {row.state.value}{reason}",
            expected="a sealed attempt",
            got=row.state.value,
            hint="wait for its end" if row.state is State.RUNNING else _HINT,
        )
    elif row.result is None:
        yield Finding(
            code="damaged-record",
            severity=Severity.ERROR,
            path=f"{name}/.runpact/result.json",
            message=f"what the attempt came to is not known{reason}",
            expected="a result",
            got="none",
            hint=_HINT,
        )
    else:
        yield from row.result.findings


def judge_view(
    document: object, rows: Mapping[str, StageRow], *, path: str, config_digest: str
) -> Iterator[Finding]:
    """Yield where the manifest of an experiment is not what its stages say.

    Args:
        document: The manifest as it was read; None when it cannot be.
        rows: The last attempt at each stage, by name.
        path: Of the manifest.
        config_digest: Of the frozen configuration.
    """
    told = document if isinstance(document, dict) else {}
    stages = told.get("stages")
    known = stages if isinstance(stages, dict) else {}
    for name in sorted({*rows, *known}):
        row = rows.get(name)
        found = known.get(name)
        expected = _told(row) if row is not None else None
        got = {key: found.get(key) for key in expected or ()} if isinstance(found, dict) else found
        if expected is None or got != expected:
            yield _differs(f"{path}#/stages/{name}", expected, found if expected is None else got)
    if told.get("config_digest") != config_digest:
        yield _differs(f"{path}#/config_digest", config_digest, told.get("config_digest"))


def _told(row: StageRow) -> dict[str, object]:
    return {"uid": row.uid, "attempt": row.attempt, "manifest_digest": row.manifest_digest}


def _differs(path: str, expected: object, got: object) -> Finding:
    return Finding(
        code="view-differs",
        severity=Severity.WARNING,
        path=path,
        message="the manifest says otherwise than the stages' own records, which count",
        expected=str(expected),
        got=f"{got!s:.200}",
        hint="the next `runpact pipeline run` derives it again",
    )
