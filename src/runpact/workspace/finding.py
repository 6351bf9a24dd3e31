"""The front door to many runs: questions, and the index behind them.

Knows: which workspace is asked, whose contract says where runs stand.
Does not know: how the index is kept.
"""

from __future__ import annotations

import functools
import posixpath
from typing import TYPE_CHECKING

from runpact.host.clock import utc_now
from runpact.model.query.order import parse_columns
from runpact.model.query.tree import Field
from runpact.model.summary import RunSummary
from runpact.verbs.finding import search
from runpact.verbs.finding.find import judged_copies_below
from runpact.verbs.finding.found import FoundRun, Runs, found_run
from runpact.verbs.finding.look import Look
from runpact.verbs.finding.reindex import Catalogue
from runpact.verbs.finding.search import Facet, Facets, Question

if TYPE_CHECKING:
    from runpact.verbs.life.views import Views  # noqa: TC004 - exported for annotations alone
    from runpact.workspace import Workspace

__all__ = [
    "Facet",
    "Facets",
    "FoundRun",
    "Question",
    "Runs",
    "Views",
    "all_directories",
    "all_runs",
    "check_views",
    "count",
    "facets",
    "page",
    "parts_by_state",
    "rebuild",
    "resolve",
    "write_views",
]


_MOST_VALUES = 20
"""Values of a field that are counted when nobody says how many."""


def _catalogue(place: Workspace) -> Catalogue:
    """Return the workspace's runs; only its own contract's index is kept."""
    return Catalogue(place.data_root, place.working_contract.contract, is_kept=not place.is_named)


def all_runs(place: Workspace) -> list[RunSummary]:
    """List the runs, newest first."""
    with _catalogue(place) as catalogue:
        answer = search.search(catalogue, Question(), now=utc_now(), judge=str)
    return [run.summary for run in answer.runs]


def all_directories(place: Workspace) -> list[str]:
    """Return what `check` judges: the runs, and curated copies that a kind says how to judge."""
    copies = judged_copies_below(place.data_root, place.working_contract.contract)
    paths = (*(run.path for run in all_runs(place)), *copies)
    return [posixpath.normpath(posixpath.join(place.data_root, path)) for path in paths]


def page(place: Workspace, question: Question, *, columns: tuple[Field, ...] = ()) -> Runs:
    """Return the runs that a question asks for.

    Args:
        place: The workspace.
        question: Which runs, in which order.
        columns: Fields that are going to be shown; what no run has is remarked on.

    Raises:
        FilterError: Filter, order or page are not understood.
    """

    @functools.cache
    def judge(path: str) -> str:
        return place.check([posixpath.join(place.data_root, path)])[0].verdict.value

    now = utc_now()
    with _catalogue(place) as catalogue:
        answer = search.search(catalogue, question, now=now, judge=judge)
        remarks = search.doubts(
            catalogue, columns, question, now=now, kinds=place.working_contract.contract.kinds
        )
    if place.reference is None and not answer.runs:
        remarks = (*remarks, f"there is no contract.yaml at or above {place.cwd}")
    paths = [run.summary.path for run in answer.runs]
    directories = [posixpath.normpath(posixpath.join(place.data_root, path)) for path in paths]
    looks = [Look(now, functools.partial(judge, path)) for path in paths]
    return Runs(tuple(map(found_run, answer.runs, directories, looks)), after=answer.next, remarks=remarks)


def count(place: Workspace, question: Question) -> int | None:
    """Return how many runs a question asks for, on all pages; None when only judging would tell."""
    with _catalogue(place) as catalogue:
        return search.count(catalogue, question, now=utc_now())


def facets(place: Workspace, fields: tuple[Field, ...], question: Question) -> dict[str, Facets]:
    """Return how many of the runs that a question asks for have which value of each field."""
    most = _MOST_VALUES if question.limit is None else question.limit
    with _catalogue(place) as catalogue:
        return search.facets(catalogue, fields, question, now=utc_now(), most=most)


def parts_by_state(place: Workspace, uid: str) -> dict[str, int]:
    """Return how many runs are part of a run, by their state."""
    state = parse_columns("state")
    with _catalogue(place) as catalogue:
        found = search.facets(catalogue, state, Question(filter=f"parent = {uid}"), now=utc_now())
    return {str(facet.value): facet.runs for facet in found["state"].values}


def resolve(place: Workspace, reference: str) -> str:
    """Return the absolute directory of the run a person means."""
    from runpact.verbs.finding.lookup import resolve_run

    with _catalogue(place) as catalogue:
        return resolve_run(catalogue, reference, cwd=place.cwd)


def rebuild(place: Workspace) -> int:
    """Make the index anew; return how many runs there are."""
    with _catalogue(place) as catalogue:
        return catalogue.rebuild()


def write_views(place: Workspace) -> Views:
    """Bring the registry views of the contract up to date.

    Raises:
        StorageError: A file cannot be written, or another process has been writing for long.
    """
    from runpact.verbs.life import views

    contract = place.working_contract.contract
    return views.write_views(place.data_root, contract, is_own=not place.is_named)


def check_views(place: Workspace) -> Views:
    """Say of every file of the contract's registry views whether it lists the runs as they are."""
    from runpact.verbs.life import views

    contract = place.working_contract.contract
    return views.check_views(place.data_root, contract, is_own=not place.is_named)
