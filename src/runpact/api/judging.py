"""Judge, prove and compare runs from a program.

Knows: how a caller names runs.
Does not know: how they are judged.
"""

from __future__ import annotations

from collections.abc import Iterable

from runpact.api.opened import PathLike, opened
from runpact.api.reading import reference_to
from runpact.model.compare.row import Comparison
from runpact.model.finding import Verdict
from runpact.model.summary import RunSummary
from runpact.verbs.judging.check import CheckedRun
from runpact.workspace.comparing import diff as compare_runs_of


def check(
    *references: PathLike | RunSummary,
    contract: PathLike | None = None,
    workspace: PathLike | None = None,
    workdir: PathLike | None = None,
) -> list[CheckedRun]:
    """Judge runs against their contract; all of the workspace's when none is named."""
    place = opened(workspace, workdir=workdir, contract=contract)
    return place.check([reference_to(reference) for reference in references])


def diff(
    *references: PathLike | RunSummary,
    only: Iterable[str] = (),
    contract: PathLike | None = None,
    workspace: PathLike | None = None,
    workdir: PathLike | None = None,
) -> Comparison:
    """Compare runs, each with the first; `.is_equal` says whether they are, by the contract's determinism.

    Args:
        references: Two runs or more: paths, ids, uids, unique prefixes, names, or runs of an answer.
        only: Sections to compare, as in `["metrics", "artifacts"]`; by default all.
        contract: Contract file or pack; by default the workspace's.
        workspace: Folder of the contract; by default found upwards.
        workdir: Folder for the data, when it is not the contract's.

    Raises:
        UsageError: There are fewer than two runs, or no section has that name.
    """
    place = opened(workspace, workdir=workdir, contract=contract)
    names = (only,) if isinstance(only, str) else tuple(only)
    return compare_runs_of(place, [reference_to(reference) for reference in references], only=names)


def verify(
    reference: PathLike | RunSummary, *, workspace: PathLike | None = None, workdir: PathLike | None = None
) -> Verdict:
    """Re-derive a run's records from its bytes and return the verdict."""
    place = opened(workspace, workdir=workdir)
    _directory, _standing, report = place.verify(reference_to(reference))
    return report.verdict
