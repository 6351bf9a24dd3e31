"""What came of making a run again.

Knows: the three answers and their exit codes; what may be run; what weighs in a comparison.
Does not know: how a run is made again, how values are compared.
"""

# No deferred annotations: the encoder would evaluate each as text, which costs every command milliseconds.

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NoReturn

import msgspec

from runpact.model.config.schema import leaves
from runpact.model.errors import CannotStartError, UsageError
from runpact.model.golden.departure import Departure
from runpact.model.inputs import Input
from runpact.model.reproduce.ingredients import Ingredient

Word = Literal["reproduced", "reproducible", "differs", "not reproducible"]
_CODES: dict[Word, int] = {"reproduced": 0, "reproducible": 0, "differs": 1, "not reproducible": 2}
_MOST_SHOWN = 10


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What will be done, before it is."""

    run: str
    """The run, as it is shown."""
    uid: str
    ingredients: tuple[Ingredient, ...]
    command: tuple[str, ...]
    cwd: str
    """Relative to the workspace."""
    is_command: bool
    """It was started with `runpact run`; else its program made the run by itself."""
    doubts: tuple[str, ...] = ()
    """What may differ and is not an ingredient."""
    foreign: str = ""
    """Why it is not certain that the run was made in this workspace; empty when it was."""

    @property
    def missing(self) -> tuple[Ingredient, ...]:
        """The ingredients that are not there."""
        return tuple(each for each in self.ingredients if not each.is_there)


class Reproduced(msgspec.Struct, frozen=True, kw_only=True):
    """The answer."""

    word: Word
    plan: Plan
    run: str = ""
    """The run that was made, as it is shown; empty without one."""
    uid: str = ""
    departures: tuple[Departure, ...] = ()
    """Where the new run differs, the first first."""
    remarks: tuple[str, ...] = ()
    """What differs and is no value of a file; what went wrong on the way."""
    compared: int = 0
    equal: int = 0
    tolerated: int = 0
    kept: str = ""
    """Where the working tree stands, when it was to be kept."""

    @property
    def exit_code(self) -> int:
        """0 reproduced, 1 differs, 2 not reproducible."""
        return _CODES[self.word]


def answer_of(plan: Plan) -> Reproduced:
    """Return what looking alone comes to."""
    return Reproduced(word="not reproducible" if plan.missing else "reproducible", plan=plan)


def demand_runnable(
    plan: Plan, *, is_trusted: bool, overrides: Sequence[str], settings: Mapping[str, object]
) -> None:
    """Make sure that a run may be made again as somebody wants it.

    Args:
        plan: Of the run.
        is_trusted: Somebody vouched for it.
        overrides: Settings to change.
        settings: The configuration on record.

    Raises:
        CannotStartError: It was not made here and nobody vouched for it, or its settings cannot be changed.
        UsageError: It has no such setting.
    """
    if plan.foreign and not is_trusted:
        raise CannotStartError(
            f"`{plan.run}` is not run again: {plan.foreign}",
            at=plan.run,
            expected="a run that was made in this workspace",
            hint="it would run its recorded command with your rights: look at the plan, then say --trust",
        )
    if overrides and not plan.is_command:
        raise CannotStartError(
            "the settings of this run are its program's own",
            expected="a run of `runpact run`, whose configuration can be handed over changed",
            got=" ".join(plan.command),
        )
    known = {".".join(key[:end]) for key, _value in leaves(settings) for end in range(1, len(key) + 1)}
    for override in overrides:
        key = override.partition("=")[0].strip()
        if key not in known and '"' not in key:
            _refuse_unknown("setting", key, known, option="--set")


def demand_inputs(given: Iterable[str], inputs: Iterable[Input]) -> None:
    """Make sure that inputs which somebody names are the run's.

    Args:
        given: Their names.
        inputs: On record.

    Raises:
        UsageError: The run read none of this name.
    """
    known = {each.name for each in inputs}
    for name in given:
        if name not in known:
            _refuse_unknown("input", name, known, option="--input")


def _refuse_unknown(what: str, name: str, known: set[str], *, option: str) -> NoReturn:
    raise UsageError(
        f"the run has no {what} `{name}`",
        at=option,
        expected=f"one of {', '.join(sorted(known)[:_MOST_SHOWN])}" if known else f"a run with an {what}",
        got=name,
    )


def setting_remarks(then: Mapping[str, object], now: Mapping[str, object]) -> Iterator[str]:
    """Yield which settings are other ones, by their keys."""
    first, second = (
        {".".join(key): msgspec.json.encode(value).decode() for key, value in leaves(side)}
        for side in (then, now)
    )
    other = [key for key in sorted(first.keys() | second.keys()) if first.get(key) != second.get(key)]
    for key in other[:_MOST_SHOWN]:
        yield f"the setting `{key}`: {first.get(key, 'none')} then, {second.get(key, 'none')} now"
    if len(other) > _MOST_SHOWN:
        yield f"{len(other) - _MOST_SHOWN} more settings are other ones"


def word_for(departures: tuple[Departure, ...], remarks: tuple[str, ...], compared: int) -> Word:
    """Return the word for a comparison; nothing compared reproduces nothing."""
    return "differs" if departures or remarks or not compared else "reproduced"
