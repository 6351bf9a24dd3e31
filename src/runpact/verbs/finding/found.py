"""Runs as a program gets them.

Knows: how runs become records, tables and data frames.
Does not know: how they were found.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, overload

from runpact.model.errors import UsageError
from runpact.model.notebook import html_table
from runpact.model.query.fields import AGE, NOTE, VERDICT, field_named
from runpact.model.query.order import parse_columns, parse_field
from runpact.model.query.tree import Field, Scalar
from runpact.model.summary import IndexedRun, RunSummary
from runpact.verbs.finding.look import Look, told_verdict

_FIXED = ("path", "id", "uid", "state", "kind", "name", "started", "ended", "duration", "contract", "reason")
_MOMENTS = ("started", "ended")
_SHOWN = 20


class FoundRun(RunSummary, frozen=True, kw_only=True):
    """One run of an answer: what is known of it, its configuration, its metrics, its tags.

    `run["metrics.loss@min"]`, and any other field of a filter, is its value.
    """

    directory: str
    """Absolute path."""
    config: dict[str, Scalar]
    """Values of the configuration by their dotted path."""
    metrics: dict[str, Scalar]
    """Last value of each metric."""
    tags: tuple[str, ...]
    known: IndexedRun
    look: Look

    @property
    def verdict(self) -> str:
        """`OK`, `WARNING`, `INCOMPLETE` or `ERROR`: judged when it is first asked for."""
        return self.look.verdict

    @property
    def age_seconds(self) -> float | None:
        """Seconds between its start and the question that it answered; None where no start is known."""
        try:
            began = datetime.fromisoformat(self.started or "")
            return (self.look.moment - began).total_seconds()
        except (ValueError, TypeError):
            return None

    def __getitem__(self, field: str) -> Scalar:
        """Return the value of any field of a filter, as `run["metrics.loss@min"]`; None when there is none.

        Raises:
            FilterError: There is no such field.
        """
        return self.value(parse_field(field))

    def value(self, field: Field) -> Scalar:
        """Return the value of a field; None when there is none."""
        if field.name == VERDICT:
            return self.verdict
        return self.age_seconds if field.name == AGE else self.known.shown(field)

    def told(self) -> list[tuple[str, object]]:
        """Return what a notebook shows of the run."""
        remarks = [(NOTE, self.known.facts.get(NOTE, "")), ("verdict", told_verdict(self.look))]
        return [*super().told(), ("tags", " ".join(self.tags)), *remarks]

    def __repr__(self) -> str:
        return f"<FoundRun {self.path}: {self.state.value}>"


def found_run(run: IndexedRun, directory: str, look: Look) -> FoundRun:
    """Return a run as a program gets it."""
    summary = {name: getattr(run.summary, name) for name in RunSummary.__struct_fields__}
    return FoundRun(
        **summary,
        directory=directory,
        config=_below(run, "config."),
        metrics={name.removeprefix("metrics."): run.facts[name] for name in run.metrics},
        tags=run.tags,
        known=run,
        look=look,
    )


def _below(run: IndexedRun, prefix: str) -> dict[str, Scalar]:
    return {name.removeprefix(prefix): value for name, value in run.facts.items() if name.startswith(prefix)}


class Runs(Sequence[FoundRun]):
    """Runs in order; a sequence, a table, and what a notebook shows.

    `.next` says where the next page begins, None after the last run; `.remarks` why there may be fewer runs
    than were meant, as a metric that no run has.
    """

    def __init__(
        self, runs: tuple[FoundRun, ...], *, after: str | None = None, remarks: tuple[str, ...] = ()
    ) -> None:
        """Store the runs, where the next page begins, None after the last run, and what is odd about them."""
        self._runs = runs
        self.next = after
        self.remarks = remarks
        """Why there may be fewer runs than were meant: names that no run has, no contract far and wide."""

    @overload
    def __getitem__(self, index: int) -> FoundRun: ...

    @overload
    def __getitem__(self, index: slice) -> Runs: ...

    def __getitem__(self, index: int | slice) -> FoundRun | Runs:
        """Return one run, or some."""
        return Runs(self._runs[index]) if isinstance(index, slice) else self._runs[index]

    def __iter__(self) -> Iterator[FoundRun]:
        """Return the runs one by one."""
        return iter(self._runs)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._runs)

    def __repr__(self) -> str:
        told = "".join(f"; {remark}" for remark in self.remarks)
        return f"<Runs: {len(self)}{' and more' if self.next else ''}{told}>"

    def _repr_html_(self) -> str:
        names = ("state", "started", "path", *self._varying())
        rows = ([run.value(_field(name)) for name in names] for run in self._runs[:_SHOWN])
        more = len(self) - _SHOWN
        below = (*([f"and {more} more"] if more > 0 else ()), *self.remarks)
        return html_table(names, rows, below="; ".join(below))

    def _varying(self) -> list[str]:
        """Return the fields of configurations and metrics that any of the runs has."""
        settings = {
            name for run in self._runs for name in run.known.facts if name.startswith(("config.", "tag."))
        }
        return sorted(settings.union(*(run.known.metrics for run in self._runs)))

    def table(self, columns: str = "") -> dict[str, list[Scalar]]:
        """Return columns by name.

        Args:
            columns: Fields as in `metrics.loss,config.lr`; by default what every run has, then each
                configuration value, metric and tag of any.

        Raises:
            FilterError: One of them is no field.
        """
        fields = parse_columns(columns) or tuple(map(_field, (*_FIXED, *self._varying())))
        return {field.name: [run.value(field) for run in self._runs] for field in fields}

    def to_pandas(self, columns: str = "") -> Any:  # noqa: ANN401 - of a library that need not be installed
        """Return a `pandas.DataFrame`, a row for each run; `started` and `ended` are timestamps in UTC.

        Args:
            columns: As `table` takes them.

        Raises:
            FilterError: One of them is no field.
            UsageError: pandas is not installed.
        """
        return _library("pandas").DataFrame(_timed(self.table(columns)))

    def to_polars(self, columns: str = "") -> Any:  # noqa: ANN401 - as above
        """Return a `polars.DataFrame`, a row for each run; a column of several sorts of values becomes text.

        Args:
            columns: As `table` takes them.

        Raises:
            FilterError: One of them is no field.
            UsageError: polars is not installed.
        """
        return _library("polars").DataFrame(_timed(_uniform(self.table(columns))))

    def to_arrow(self, columns: str = "") -> Any:  # noqa: ANN401 - as above
        """Return a `pyarrow.Table`, a row for each run; a column of several sorts of values becomes text.

        Args:
            columns: As `table` takes them.

        Raises:
            FilterError: One of them is no field.
            UsageError: pyarrow is not installed.
        """
        return _library("pyarrow").table(_timed(_uniform(self.table(columns))))


def _timed(table: dict[str, list[Scalar]]) -> dict[str, Sequence[object]]:
    """Return columns with moments in place of their texts."""
    return {
        name: [_moment(value) for value in values] if name in _MOMENTS else values
        for name, values in table.items()
    }


def _moment(value: Scalar) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _field(name: str) -> Field:
    """Return the field of exactly this name, in which quotes are characters like others."""
    return field_named(name) or parse_field(name)


def _library(name: str) -> Any:  # noqa: ANN401 - a module that need not be installed
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(
            f"{name} is not installed", expected=name, hint="install it, or use `table()`"
        ) from error


def _uniform(table: dict[str, list[Scalar]]) -> dict[str, list[Scalar]]:
    """Return columns that hold one sort of values each, as frames with typed columns want them."""
    return {name: _one_sort(values) for name, values in table.items()}


def _one_sort(values: list[Scalar]) -> list[Scalar]:
    sorts = {type(value) for value in values if value is not None}
    if len(sorts) <= 1:
        return values
    if sorts == {int, float}:
        return [None if value is None else float(value) for value in values]
    return [None if value is None else str(value) for value in values]
