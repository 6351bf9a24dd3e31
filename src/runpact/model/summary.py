"""One line about a run, and all that the index knows of it.

Knows: which facts of a run are asked for by name.
Does not know: how they were read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from runpact.model.metrics import MetricSummary
from runpact.model.notebook import html_table
from runpact.model.query.fields import FIELDS, NOTE, TAG
from runpact.model.query.tree import Field, Scalar, Stored, shown, stored
from runpact.model.run import State

EMPTY = "(empty)"
"""Stands for a list or mapping without content, so that it exists."""


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a listing."""

    id: str
    uid: str | None
    state: State
    kind: str | None
    name: str
    path: str
    """Relative to the workspace's data root, POSIX."""
    started: str | None = None
    ended: str | None = None
    duration_seconds: float | None = None
    contract: str | None = None
    """`id version` of the contract it was made under."""
    parent: str | None = None
    """uid of the run it is part of."""
    parent_path: str | None = None
    """Where that run stood when this one began, relative to the data root; None elsewhere."""
    reason: str = ""
    """Why the state is not simply `finished`."""

    def told(self) -> list[tuple[str, object]]:
        """Return what a notebook shows of the run."""
        facts = ((name, getattr(self, name)) for name in RunSummary.__struct_fields__)
        return [(name, value.value if isinstance(value, State) else value) for name, value in facts]

    def _repr_html_(self) -> str:
        return html_table(
            ("run", self.id), [(name, value) for name, value in self.told() if value not in {None, ""}]
        )


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a run comes from, as far as runs are searched by it."""

    commit: str | None = None
    branch: str | None = None
    dirty: bool | None = None
    command: str | None = None
    python: str | None = None
    exit_code: int | None = None


class IndexedRun(msgspec.Struct, frozen=True, kw_only=True):
    """All that runs are searched by."""

    summary: RunSummary
    origin: Origin = Origin()
    facts: dict[str, Scalar] = {}
    """`config.…`, `metrics.…`, `capture.…`, `seed.…`, `tag.…`: values by the name of their field."""
    is_open: bool = False
    """Not sealed: its state is computed anew for every question."""

    def columns(self) -> dict[str, Stored | None]:
        """Return the values of the index's columns."""
        run, origin = self.summary, self.origin
        contract, _, version = (run.contract or "").partition(" ")
        found: dict[str, str | int | float | bool | None] = {
            "id": run.id,
            "uid": run.uid,
            "name": run.name or None,
            "path": run.path,
            "kind": run.kind,
            "state": run.state.value,
            "reason": run.reason or None,
            "parent": run.parent,
            "contract": contract or None,
            "contract_version": version or None,
            "commit_id": origin.commit,
            "branch": origin.branch,
            "command": origin.command,
            "python": origin.python,
            "started": run.started,
            "ended": run.ended,
            "duration": run.duration_seconds,
            "exit_code": origin.exit_code,
            "dirty": origin.dirty,
        }
        return {name: None if value is None else stored(value) for name, value in found.items()}

    def value(self, field: Field) -> Stored | None:
        """Return the stored form of a field's value; None when there is none."""
        if field.column is not None:
            return self.columns()[field.column]
        return stored(self.facts[field.name]) if field.name in self.facts else None

    def has(self, field: Field) -> bool:
        """Whether the field, or one below it, has a value."""
        below = f"{field.name}."
        return self.value(field) is not None or any(name.startswith(below) for name in self.facts)

    @property
    def tags(self) -> tuple[str, ...]:
        """What people call the run."""
        return tuple(name.removeprefix("tag.") for name in self.facts if name.startswith("tag."))

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the fields that hold last values of metrics, without those made of `@min` and its like."""
        return tuple(
            name for name in self.facts if name.startswith("metrics.") and f"{name}@count" in self.facts
        )

    def shown(self, field: Field) -> Scalar:
        """Return a field's value as people know it; tags with commas between them."""
        if field.name == TAG:
            return ", ".join(self.tags) or None
        value = self.value(field)
        return None if value is None else shown(value)


COLUMNS = tuple(dict.fromkeys(field.column for field in FIELDS.values() if field.column is not None))
"""Columns of the index, in order."""


def facts_of(
    config: Mapping[str, object],
    metrics: tuple[MetricSummary, ...],
    captures: Mapping[str, str],
    seeds: Mapping[str, int | None],
    tags: Iterable[str] = (),
    notes: Iterable[str] = (),
) -> dict[str, Scalar]:
    """Return everything that differs from run to run, by the name of its field."""
    found: dict[str, Scalar] = dict(_leaves("config", config))
    for metric in metrics:
        name = f"metrics.{metric.name}"
        found |= {name: metric.last, f"{name}@min": metric.min, f"{name}@max": metric.max}
        found[f"{name}@count"] = metric.count
    found |= {f"capture.{name}": value for name, value in captures.items()}
    found |= {f"seed.{name}": value for name, value in seeds.items()}
    found |= {f"{TAG}.{tag}": True for tag in tags}
    remarks = "\n".join(notes)
    return found | ({NOTE: remarks} if remarks else {})


def _leaves(name: str, value: object) -> Iterator[tuple[str, Scalar]]:
    if isinstance(value, Mapping):
        pairs = [(str(key), inner) for key, inner in value.items()]
    elif isinstance(value, list | tuple):
        pairs = [(str(number), inner) for number, inner in enumerate(value)]
    else:
        yield name, value if isinstance(value, str | int | float | bool) or value is None else str(value)
        return
    if not pairs and name != "config":
        yield name, EMPTY
    for key, inner in pairs:
        yield from _leaves(f"{name}.{key}", inner)
