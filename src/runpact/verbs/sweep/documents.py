"""Write what came out of a sweep into its run.

Knows: which files a sweep has, which of them its contract allows.
Does not know: what a table looks like, how trials were run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from runpact.model.contract.language import Kind
from runpact.model.facts import Json
from runpact.model.sweep.board import Board, board_of
from runpact.model.sweep.leaderboard import Counts, Place, counts_of, ranked, row_of
from runpact.model.sweep.plan import Plan
from runpact.model.sweep.tables import csv_table, json_page, markdown_table
from runpact.model.sweep.trial import TrialEnd
from runpact.model.sweep.walkforward import walk_tables
from runpact.model.template import PathTemplate
from runpact.verbs.finding.origin import origin_of
from runpact.verbs.finding.standing import stand
from runpact.verbs.life.active import ActiveRun
from runpact.verbs.sweep.measure import metrics_in

_TOP = 10


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came out of a sweep."""

    plan: Plan
    ends: tuple[TrialEnd, ...]
    board: Board
    counts: Counts
    best_config: dict[str, object] | None
    """The whole configuration of the best trial, as its run recorded it."""
    best_metrics: dict[str, float]
    """The last value of each metric of the best trial; of a walk, the mean over the setting's windows."""

    @property
    def places(self) -> tuple[Place, ...]:
        """The trials, best first; of a walk, those on test windows, each for itself."""
        return self.board.places

    @property
    def best(self) -> TrialEnd | None:
        """The best trial; of a walk, the best setting's on its latest window. None when none is ranked."""
        return self.board.best_ends[-1] if self.board.best_ends else None

    @property
    def rows(self) -> list[dict[str, Json]]:
        """The leaderboard as plain values; of a walk, a line for each setting that it chose."""
        return self.board.rows

    @property
    def best_result(self) -> dict[str, Json] | None:
        """The first line of the leaderboard; None when nothing is ranked."""
        return self.board.best_row

    def facts(self) -> dict[str, object]:
        """What expressions of the contract call `sweep`."""
        phases = [end.trial.phase for end in self.ends]
        return {
            "mode": self.plan.mode,
            "method": self.plan.method,
            "objective": self.plan.objective.field,
            "direction": self.plan.objective.direction,
            "seed": self.plan.seed,
            "n_runs": len(self.ends),
            "n_train_runs": phases.count("train"),
            "n_test_runs": phases.count("test"),
            "n_selected": phases.count("test"),
            "counts": msgspec.to_builtins(self.counts),
            "leaderboard_size": sum(row["rank"] is not None for row in self.rows),
            "out_of_sample": self.board.out_of_sample,
            "best_result": self.best_result,
            "best_config": self.best_config,
            "best_metrics": self.best_metrics,
            "top10": self.rows[:_TOP],
        }


def outcome_of(
    plan: Plan, ends: tuple[TrialEnd, ...], *, asked: int, resumed: int, at: Callable[[str], str]
) -> Outcome:
    """Return what came out.

    Args:
        plan: What was asked.
        ends: Of all trials.
        asked: How many there were to be.
        resumed: How many were known before.
        at: Returns the absolute directory of a run by its path.
    """
    board, everything = board_of(plan, ends), ranked(ends, plan.objective)
    best = [_recorded(at(end.path)) for end in board.best_ends]
    return Outcome(
        plan=plan,
        ends=tuple(sorted(ends, key=lambda end: end.trial.number)),
        board=board,
        counts=counts_of(everything, asked=asked, resumed=resumed),
        best_config=best[-1][0] if best else None,
        best_metrics=_means([metrics for _config, metrics in best]),
    )


def _means(metrics: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of each metric that all of some trials have."""
    shared = [name for name in (metrics[0] if metrics else ()) if all(name in each for each in metrics)]
    return {name: sum(each[name] / len(metrics) for each in metrics) for name in shared}


def _recorded(directory: str) -> tuple[dict[str, object] | None, dict[str, float]]:
    """Return the configuration of a run, and its metrics."""
    reading, _standing = stand(directory)
    origin = origin_of(reading)
    config = dict(origin.config.resolved) if origin is not None else None
    return config, {each.name: each.last for each in metrics_in(reading)}


def write_documents(run: ActiveRun, outcome: Outcome) -> tuple[str, ...]:
    """Write the files of a sweep that its contract allows; return their paths.

    Raises:
        StorageError: One could not be written.
    """
    written = []
    for name, value in _documents(run, outcome):
        if is_allowed(run.kind, name):
            run.save(name, value)
            written.append(name)
    return tuple(written)


def _documents(run: ActiveRun, outcome: Outcome) -> Iterator[tuple[str, object]]:
    plan, rows = outcome.plan, outcome.rows
    yield "leaderboard.csv", csv_table(rows)
    yield "leaderboard.json", json_page(_page(outcome))
    yield "leaderboard.md", markdown_table(f"{plan.name}: {plan.objective.text}", _said(outcome), rows)
    yield "config_resolved.yaml", dict(run.record.provenance.config.resolved)
    if outcome.best is not None:
        yield "best_config.json", outcome.best_config
        yield "best_result.json", json_page(outcome.best_result or {})
    if plan.is_walk:
        for stem, table in walk_tables(outcome.ends, plan.objective).items():
            yield f"{stem}.csv", csv_table(table)
    else:
        experiments = [row_of(Place(rank=None, end=end), plan.objective) for end in outcome.ends]
        yield "experiments.csv", csv_table([_without(row, "rank") for row in experiments])


def _without(row: Mapping[str, Json], name: str) -> dict[str, Json]:
    return {key: value for key, value in row.items() if key != name}


def _page(outcome: Outcome) -> dict[str, object]:
    return {"format": "runpact.leaderboard/1", **outcome.facts(), "rows": outcome.rows}


def _said(outcome: Outcome) -> list[str]:
    counts = outcome.counts
    said = [f"Trials: {counts.told}, of {counts.asked}"]
    if counts.tied:
        said.append(f"{counts.tied} trials share their rank; among equals the earlier stands first")
    return [*said, *outcome.board.remarks]


def is_allowed(kind: Kind, path: str) -> bool:
    """Whether a file may stand in runs of a kind: unless it refuses others, or where an entry names it."""
    others = kind.others
    if others in {"allowed", "advised"}:
        return True
    named = (
        path in entry.paths
        or (entry.files is not None and PathTemplate.pattern(entry.files).match(path) is not None)
        for entry in kind.entries
    )
    return any(named)
