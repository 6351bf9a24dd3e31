"""`runpact.hydra.main`: Hydra's decorator, each of whose jobs is a run.

Knows: how the function gets its value, how a refusal reaches the person who started the program.
Does not know: when a run begins; the callback does.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable

import hydra
import msgspec
from omegaconf import DictConfig

from runpact.api import run
from runpact.api.byhand import error_lines
from runpact.host.callers import calling_files
from runpact.integrations.hydra.callback import ASKED, OPEN, RefusedError, RunCallback, live_callback
from runpact.integrations.hydra.hydrarun import Wish
from runpact.integrations.hydra.words import with_override

_CALLBACK = f"++hydra.callbacks.runpact._target_={RunCallback.__module__}.{RunCallback.__qualname__}"
_OTHERS = frozenset({"--experimental-rerun"})


def main(
    config_path: str | None = None,
    config_name: str | None = None,
    *,
    version_base: str | None = "1.3",
    typed: type | None = None,
    sweep_kind: str | None = None,
    direction: str = "min",
    **said: object,
) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Make each job of a Hydra program a run, whose directory is Hydra's output directory.

    `config.yaml` and `config_resolved.yaml` of the layout, overrides and choices are recorded with the run.
    Everything else is as with `hydra.main`. A number that the function returns is logged as `returned`.

    Args:
        config_path: As Hydra's: folder of the configurations, relative to the file.
        config_name: As Hydra's.
        version_base: As Hydra's.
        typed: Dataclass, `msgspec.Struct` or pydantic model that the configuration must fit. The function is
            given a value of it, never Hydra's own; without it what Hydra composed. Every fault is told,
            with its key, before a run is made; the program then ends with exit code 2.
        sweep_kind: Kind of the run that a multirun is; by default `multirun` or `sweep`, if the contract has
            one; empty for none.
        direction: `min` or `max`: which returned number is the best of a multirun.
        said: Keywords of `runpact.run`, as `kind`, `name`, `seeds`.

    Returns:
        A decorator. What it returns takes no arguments and parses the command line, or takes a configuration
        and makes one run of it.
    """
    wish = Wish(typed=typed, callers=calling_files(), sweep_kind=sweep_kind, direction=direction, said=said)

    def decorate(function: Callable[..., object]) -> Callable[..., object]:
        task = Task(function, wish)
        started = hydra.main(config_path=config_path, config_name=config_name, version_base=version_base)(
            task
        )

        @functools.wraps(function)
        def program(config: DictConfig | None = None) -> object:
            return _begun(started, wish) if config is None else task(config)

        return program

    return decorate


class Task:
    """The function of a program as Hydra calls it; other processes can be given it."""

    def __init__(self, function: Callable[..., object], wish: Wish) -> None:
        """Store it; Hydra looks for its module and its file."""
        functools.update_wrapper(self, function)
        self._function, self._wish = function, wish

    def __call__(self, config: DictConfig) -> object:
        """Call the function within the run of the job; seal the run as the call ends."""
        job = OPEN.get()
        if job is None or not job.is_open:
            return self._alone(config)
        with job:
            value = self._function(job.argument(config))
            job.returned(value)
            return value

    def _alone(self, config: DictConfig) -> object:
        """Make a run of a configuration that no command line led to."""
        pending = run(config=config, typed=self._wish.typed, **self._wish.said)  # type: ignore[arg-type]  # passed on
        with pending.asked_by(self._wish.callers) as opened:
            return self._function(config if self._wish.typed is None else opened.typed)


def _begun(started: Callable[[], object], wish: Wish) -> object:
    """Run a program of Hydra's, with the callback that makes its runs."""
    before = sys.argv
    token = ASKED.set(msgspec.structs.replace(wish, arguments=tuple(before[1:])))
    if not _OTHERS & {argument.partition("=")[0] for argument in before}:
        sys.argv = [*before[:1], *with_override(before[1:], _CALLBACK)]
    ended: BaseException | None = None
    try:
        return started()
    except RefusedError as refused:
        ended = refused.error
        sys.stderr.write("\n".join(error_lines(refused.error)) + "\n")
        raise SystemExit(refused.error.exit_code) from refused.error
    except BaseException as error:
        ended = error
        raise
    finally:
        sys.argv = before
        ASKED.reset(token)
        callback = live_callback()
        if callback is not None:
            callback.abandon(ended)
