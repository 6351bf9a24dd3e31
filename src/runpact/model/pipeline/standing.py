"""Where an experiment stands, and what was last asked of it.

Knows: the order in which the states of stages decide.
Does not know: how they are read.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

from collections.abc import Iterable, Mapping

import msgspec

from runpact.model.run import Owner, Standing, State

ASKED_FORMAT = "runpact.pipeline/1"

_WORST = (State.CORRUPT, State.UNKNOWN, State.FAILED, State.INTERRUPTED, State.ABANDONED)
"""The first of these that a requested stage is in is the experiment's."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was last asked of an experiment, and by which process; `.runpact/pipeline.json`."""

    format: str = ASKED_FORMAT
    stages: tuple[str, ...] = ()
    """Names, `NN_slug`, in order."""
    owner: Owner | None = None
    started: str = ""
    jobs: int = 1
    config_digest: str = ""


def parse_asked(data: bytes | None) -> Asked:
    """Read what was last asked of an experiment; nothing, when the record is missing or cannot be read."""
    if not data:
        return Asked()
    try:
        asked = msgspec.json.decode(data, type=Asked)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Asked()
    return asked if asked.format == ASKED_FORMAT else Asked()


def experiment_standing(
    asked: Iterable[str],
    stages: Mapping[str, Standing],
    *,
    is_orchestrated: bool,
    is_imported: bool | None = None,
) -> Standing:
    """Return the state of an experiment.

    Args:
        asked: Names of the stages that were last asked for, in order.
        stages: Where the last attempt of each stage stands, by name.
        is_orchestrated: An orchestrator lives.
        is_imported: What it took over from a legacy folder is complete; None when it took over nothing.
    """
    if is_orchestrated:
        return Standing(State.RUNNING)
    running = [name for name, each in stages.items() if each.state is State.RUNNING]
    if running:
        return Standing(State.RUNNING, f"stage {running[0]} runs")
    wanted = tuple(dict.fromkeys((*asked, *stages)))
    for state in _WORST:
        for name in wanted:
            each = stages.get(name)
            if each is not None and each.state is state:
                reason = f": {each.reason}" if each.reason else ""
                return Standing(state, f"stage {name} is {state.value}{reason}")
    missing = [name for name in wanted if name not in stages]
    if is_imported is False:
        return Standing(State.INTERRUPTED, "its import was not completed")
    if is_imported and not wanted:
        return Standing(State.FINISHED)
    if missing or not wanted:
        return Standing(
            State.INTERRUPTED, f"stage {missing[0]} has not run" if missing else "no stage has run"
        )
    return Standing(State.FINISHED)
