"""What runs came from, side by side: contract and state, configuration, code, environment, inputs.

Knows: which facts make two runs the same cause; what is the same word for "not known".
Does not know: what the runs made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from runpact.model.compare.row import ABSENT, Likeness, Row, Section, plain_row, row_of
from runpact.model.compare.side import Side
from runpact.model.facts import Json
from runpact.model.inputs import Input
from runpact.model.provenance import Code, Copy, Environment, Provenance
from runpact.model.run import State

_STILL = {
    State.RUNNING: "it still runs",
    State.CORRUPT: "it is damaged",
    State.ABANDONED: "its creation never completed",
}
"""States in which a run cannot be compared, and why."""


def run_section(sides: Sequence[Side]) -> Section:
    """Return how the runs ended, and what they promised."""
    rows = [_state_row(sides)]
    if any(side.is_recorded for side in sides):
        rows += [
            plain_row("kind", [side.kind for side in sides]),
            plain_row("contract", [_contract(side) for side in sides]),
            plain_row("exit_code", [side.outcome.exit_code if side.outcome else None for side in sides]),
            plain_row("error", [side.outcome.error if side.outcome else None for side in sides]),
        ]
    return Section(name="run", rows=tuple(rows))


def _state_row(sides: Sequence[Side]) -> Row:
    row = plain_row("state", [side.state.value for side in sides])
    reasons = [_unfit(side) for side in sides]
    if not any(reasons):
        return row
    told = "; ".join(f"{side.shown}: {reason}" for side, reason in zip(sides, reasons, strict=True) if reason)
    return row_of("state", row.values, Likeness.UNDECIDED, told)


def _unfit(side: Side) -> str:
    is_elsewhere = side.is_recorded and side.state is State.UNKNOWN
    return side.reason if is_elsewhere else _STILL.get(side.state, "")


def _contract(side: Side) -> Json:
    made = side.contract
    return f"{made.id} {made.version} {made.digest}" if made else ABSENT


def origin_sections(sides: Sequence[Side]) -> Iterator[Section]:
    """Yield configuration, seeds, code, environment and inputs; what no run recorded is left out."""
    for name, rows_of in _SECTIONS.items():
        known = [side.origin for side in sides if side.origin is not None]
        if len(known) == len(sides):
            yield Section(name=name, rows=tuple(rows_of(known)))
        elif known:
            told = [side.origin is not None for side in sides]
            yield Section(
                name=name, rows=(row_of("recorded", told, Likeness.UNDECIDED, "one run records none"),)
            )


def _config(origins: Sequence[Provenance]) -> Iterable[Row]:
    return mapping_rows([flattened(origin.config.resolved) for origin in origins])


def flattened(config: Mapping[str, object], prefix: str = "") -> dict[str, Json]:
    """Return a configuration with dotted keys; lists and empty mappings are values."""
    found: dict[str, Json] = {}
    for key, value in config.items():
        if isinstance(value, dict) and value:
            found |= flattened(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def mapping_rows(runs: Sequence[Mapping[str, Json]], prefix: str = "") -> Iterator[Row]:
    """Yield one row for each key that any of the mappings has."""
    for key in dict.fromkeys(key for run in runs for key in run):
        yield plain_row(prefix + key, [run.get(key, ABSENT) for run in runs])


def _seeds(origins: Sequence[Provenance]) -> Iterable[Row]:
    return mapping_rows([origin.seeds for origin in origins])


def _code(origins: Sequence[Provenance]) -> Iterator[Row]:
    codes = [origin.code for origin in origins]
    yield knowing_row("commit", [None if code.commit == "unknown" else code.commit for code in codes])
    yield knowing_row("dirty", [code.dirty for code in codes])
    yield plain_row("diff", [_digest(code.diff) for code in codes])
    yield plain_row("untracked", [code.untracked.digest if code.untracked else ABSENT for code in codes])
    yield from _left_out(codes)
    for row in (
        plain_row("command", [list(origin.command) for origin in origins]),
        plain_row("directory", [origin.cwd for origin in origins]),
    ):
        is_same = row.likeness is Likeness.SAME
        yield row if is_same else row_of(row.key, row.values, Likeness.NOTED, "decides nothing by itself")


def knowing_row(key: str, values: Sequence[Json]) -> Row:
    """Return a row in which null means that a run does not know."""
    if None not in values:
        return plain_row(key, values)
    is_unknown = all(value is None for value in values)
    return row_of(key, values, Likeness.NOTED if is_unknown else Likeness.UNDECIDED, "not known")


def _digest(copy: Copy | None) -> Json:
    return ABSENT if copy is None else copy.digest or copy.copy_digest


def _left_out(codes: Sequence[Code]) -> Iterator[Row]:
    names = [[each.path for each in code.left_out] for code in codes]
    if any(names):
        row = plain_row("not stored", names)
        is_same = row.likeness is Likeness.SAME
        likeness = Likeness.NOTED if is_same else Likeness.DIFFERENT
        yield row_of(row.key, row.values, likeness, "what these files held is not known")


def _environment(origins: Sequence[Provenance]) -> Iterator[Row]:
    found = [origin.environment for origin in origins]
    for name in ("python", "implementation", "platform", "machine"):
        yield plain_row(name, [getattr(each, name) for each in found])
    yield plain_row("torch", [_torch(each) for each in found])
    for name in ("cpu", "cores", "nvidia_driver", "cuda"):
        yield plain_row(name, [getattr(origin.devices, name) for origin in origins])
    yield plain_row(
        "gpus", [[gpu.name or gpu.pci for gpu in origin.devices.gpus or ()] for origin in origins]
    )
    yield from mapping_rows([{**each.packages} for each in found], "package ")
    yield from mapping_rows([{**each.variables} for each in found], "variable ")
    yield from mapping_rows([{lock.source: _digest(lock) for lock in each.locks} for each in found], "lock ")


def _torch(environment: Environment) -> Json:
    torch = environment.torch
    return " ".join(filter(None, (torch.version, torch.cuda, torch.hip))) if torch else ABSENT


def _inputs(origins: Sequence[Provenance]) -> Iterator[Row]:
    runs = [{each.name: each for each in origin.inputs} for origin in origins]
    for name in dict.fromkeys(name for run in runs for name in run):
        found = [run.get(name) for run in runs]
        row = plain_row(name, [each.digest if each else ABSENT for each in found])
        is_doubtful = row.likeness is Likeness.SAME and any(_is_doubtful(each) for each in found)
        if is_doubtful:
            row = row_of(name, row.values, Likeness.UNDECIDED, "it changed while a run read it")
        yield row


def _is_doubtful(each: Input | None) -> bool:
    return each is not None and (each.changed or not each.digest)


_SECTIONS: dict[str, Callable[[Sequence[Provenance]], Iterable[Row]]] = {
    "config": _config,
    "seeds": _seeds,
    "code": _code,
    "environment": _environment,
    "inputs": _inputs,
}
