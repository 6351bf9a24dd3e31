"""The plan of a sweep: all that it takes to begin it, and to go on with it later.

Knows: what a sweep is asked, how that is said in a document.
Does not know: what has been tried already.
"""

# No deferred annotations: the decoder would evaluate each as text.

from typing import Literal

import msgspec

from runpact.model.digest import digest_of_value
from runpact.model.errors import UsageError
from runpact.model.facts import Json
from runpact.model.sweep.objective import Objective, objective_of
from runpact.model.sweep.order import count_of
from runpact.model.sweep.space import Space, space_of
from runpact.model.sweep.splits import Walk

PLANNED, TRIED = "sweep.planned", "sweep.trial"
"""Events of a sweep: its plan, and the end of a trial."""
Method = Literal["grid", "random", "optuna"]


class SplitPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A walk over an index, and the keys by which a trial is told its window."""

    index: tuple[Json, ...]
    """Ascending moments or numbers."""
    walk: Walk
    keys: tuple[str, str] = ("start", "end")
    """Keys of the configuration for the first and the last entry of a window, both in it."""


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a sweep tries, how, and what it is after."""

    format: Literal["runpact.sweep-plan/1"] = "runpact.sweep-plan/1"
    name: str
    space: Space
    method: Method
    trials: int | None = None
    """At most so many; of a walk, on each split."""
    seed: int = 0
    objective: Objective
    kind: str | None = None
    """Of the trials."""
    sweep_kind: str | None = None
    captures: dict[str, str] = {}
    """Captures of a trial's place; placeholders are filled."""
    sweep_captures: dict[str, str] = {}
    command: tuple[str, ...] = ()
    """Of a trial; placeholders are filled. Empty when a function is tried."""
    config: str | None = None
    """File of the base configuration."""
    overrides: tuple[str, ...] = ()
    """On the base configuration."""
    splits: SplitPlan | None = None
    retry: int = 0
    """How often a failed trial is tried again."""
    caches: tuple[str, ...] = ()
    """Globs that a trial may write besides its run."""
    inputs: tuple[str, ...] = ()
    """Files and folders that each trial of a command records as inputs."""
    durability: Literal["commit", "none"] = "commit"
    """Of the trials; the sweep itself is always durable."""

    @property
    def is_walk(self) -> bool:
        """Whether each setting is tried on several windows."""
        return self.splits is not None

    @property
    def mode(self) -> str:
        """What sort of sweep it is: `grid`, `random`, `optuna` or `walkforward`."""
        return "walkforward" if self.is_walk else self.method

    @property
    def digest(self) -> str:
        """Of everything that decides which trials there are; not of jobs and retries."""
        decisive = msgspec.to_builtins(msgspec.structs.replace(self, retry=0, name="", durability="commit"))
        return digest_of_value(decisive)


class Saying(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan as a document or a program says it."""

    space: dict[str, Json]
    objective: str
    name: str = "sweep"
    method: Method | None = None
    trials: int | None = None
    seed: int = 0
    kind: str | None = None
    sweep_kind: str | None = None
    captures: dict[str, str] = {}
    sweep_captures: dict[str, str] = {}
    command: tuple[str, ...] = ()
    config: str | None = None
    overrides: tuple[str, ...] = msgspec.field(name="set", default=())
    splits: SplitPlan | None = None
    retry: int = 0
    caches: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    durability: Literal["commit", "none"] = "commit"


def saying_of(document: object, *, file: str) -> Saying:
    """Return what a document says.

    Raises:
        UsageError: It has another form.
    """
    try:
        return msgspec.convert(document, Saying)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"`{file}` is no plan of a sweep: {error}", at=file, hint="docs/sweeps.md shows one"
        ) from error


def plan_of(said: Saying, space: Space | None = None) -> Plan:
    """Return the plan that is meant, with what was left open decided.

    Args:
        said: By a document, a program or options.
        space: When it was read already.

    Raises:
        UsageError: Something in it is not understood, or does not fit together.
    """
    space = space or space_of(said.space)
    is_grid = all(type(each).__name__ == "Grid" for each in space.values())
    method = said.method or ("grid" if is_grid else "random")
    if method == "grid" and not is_grid:
        raise UsageError("a grid draws nothing", expected="lists of values", got=f"{', '.join(space)}")
    if method == "optuna" and said.splits is not None:
        raise UsageError(
            "a walk over splits tries the same settings on each",
            expected="a grid or random draws",
            got="optuna",
        )
    if said.retry < 0:
        raise UsageError("no such number of repetitions", expected="0 or more", got=str(said.retry))
    if method == "optuna" and said.trials is None:
        raise UsageError("a sampler needs a number of trials", expected="--trials N", got="none")
    if method != "optuna":
        count_of(space, trials=said.trials)
    plan = Plan(
        name=said.name,
        space=space,
        method=method,
        trials=said.trials,
        seed=said.seed,
        objective=objective_of(said.objective),
        kind=said.kind,
        sweep_kind=said.sweep_kind,
        captures=said.captures,
        sweep_captures=said.sweep_captures,
        command=said.command,
        config=said.config,
        overrides=said.overrides,
        splits=said.splits,
        retry=said.retry,
        caches=said.caches,
        inputs=said.inputs,
        durability=said.durability,
    )
    _demand_apart(plan)
    return plan


def read_plan(document: object) -> Plan | None:
    """Return the plan that a sweep recorded; None when it is none that can be gone on with."""
    try:
        return msgspec.convert(document, Plan)
    except msgspec.ValidationError:
        return None


def _demand_apart(plan: Plan) -> None:
    """Make sure that no key is set twice."""
    if plan.splits is None:
        return
    taken = sorted(set(plan.splits.keys) & plan.space.keys())
    if taken or len(set(plan.splits.keys)) < len(plan.splits.keys):
        raise UsageError(
            "a key of the windows is swept as well",
            expected="two keys of their own",
            got=", ".join(taken or plan.splits.keys),
        )
