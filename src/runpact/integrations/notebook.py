"""Notebooks: a run that is open over many cells. `%load_ext runpact`, then `%runpact start NAME`.

Knows: which moments IPython has.
Does not know: IPython, which calls this module and is never imported by it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Protocol

from runpact.api import PendingRun, run
from runpact.api.byhand import error_lines
from runpact.api.context import CURRENT
from runpact.model.errors import RunpactError, UsageError
from runpact.verbs.life.active import ActiveRun

_USAGE = "`%runpact start [NAME]` or `%runpact end`"


class Events(Protocol):
    """What IPython calls at its moments."""

    def register(self, event: str, function: Callable[..., None], /) -> None:
        """Have a function called at a moment."""
        ...


class Shell(Protocol):
    """What this module asks of an IPython shell."""

    events: Events

    def register_magic_function(self, func: Callable[[str], object], magic_name: str) -> None:
        """Let people call a function as `%NAME`."""
        ...


class Notebook:
    """The run of a notebook, from the cell that starts it to the one that ends it."""

    def __init__(self) -> None:
        """Begin without a run."""
        self._pending: PendingRun | None = None
        self.run: ActiveRun | None = None

    def magic(self, line: str) -> ActiveRun | None:
        """Start or end the run: `%runpact start NAME`, `%runpact end`."""
        word, *rest = line.split() or [""]
        try:
            if word == "start" and len(rest) < 2:  # noqa: PLR2004 - a name, or none
                return self._start(*rest)
            if word == "end" and not rest:
                return self._end()
            raise UsageError("what the notebook asks for is not understood", expected=_USAGE, got=line)
        except RunpactError as error:
            sys.stderr.write("\n".join(error_lines(error)) + "\n")
            return None

    def before_cell(self, *_said: object) -> None:
        """Let `runpact.current()` be the run in this cell: kernels run each cell in a context of its own."""
        if self.run is not None:
            CURRENT.set(self.run)

    def after_cell(self, result: object = None) -> None:
        """Note in the run's log that a cell failed."""
        error = getattr(result, "error_in_exec", None)
        if self.run is not None and isinstance(error, BaseException):
            self.run.event("cell.failed", error=f"{type(error).__name__}: {error!s:.200}")

    def _start(self, name: str | None = None) -> ActiveRun:
        if self.run is not None:
            raise UsageError("a run is open in this notebook", got=self.run.id, hint="`%runpact end` ends it")
        self._pending = run(name=name)
        self.run = self._pending.__enter__()
        return self.run

    def _end(self) -> ActiveRun:
        opened, pending = self.run, self._pending
        if opened is None or pending is None:
            raise UsageError("no run is open in this notebook", hint="`%runpact start` starts one")
        self.run = self._pending = None
        pending.__exit__(None, None, None)
        return opened


def load_ipython_extension(shell: Shell) -> None:
    """Take part in a shell: IPython calls this for `%load_ext runpact`."""
    notebook = Notebook()
    shell.register_magic_function(notebook.magic, magic_name="runpact")
    shell.events.register("pre_run_cell", notebook.before_cell)
    shell.events.register("post_run_cell", notebook.after_cell)
