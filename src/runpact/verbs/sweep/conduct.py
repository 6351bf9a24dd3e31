"""Try what a plan asks for: in order, several at once, each once.

Knows: when a trial may begin, what is skipped, what is tried again, when to stop.
Does not know: how a trial is run, where trials come from.

1. A source gives the next trial. One that came to an end earlier is not run; the source is told that end.
2. Each other trial is run, again where it failed and may be, and its end is written down before the source
   is told: what a sweep has learnt, its log holds.
3. Once asked to stop, no trial begins; those that run are waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from runpact.model.sweep.source import Source
from runpact.model.sweep.trial import Trial, TrialEnd

Run = Callable[[Trial], TrialEnd]


class TrialNews(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to one trial."""

    moment: Literal["began", "ended", "taken over"]
    trial: Trial
    end: TrialEnd | None = None


class Handling(msgspec.Struct, frozen=True, kw_only=True):
    """How trials are handled."""

    run: Run
    """Runs one trial to its end; called in several threads when there are several jobs."""
    note: Callable[[TrialEnd], None]
    """Writes an end down."""
    tell: Callable[[TrialNews], None]
    is_stopped: Callable[[], bool]
    stop: Callable[[], None]
    """Ends the trials that run, because of an error here."""
    jobs: int = 1
    retry: int = 0


class Conductor:
    """Runs the trials of a source."""

    def __init__(
        self, source: Source, handling: Handling, known: Mapping[tuple[str, ...], TrialEnd] = {}
    ) -> None:
        """Store what is tried, how, and what is known already, by the overrides of a trial."""
        self.source = source
        self.handling = handling
        self.known = known
        self.ends: list[TrialEnd] = []
        """Every end there is, in the order in which they came."""
        self.resumed = 0
        """How many of them were known already."""

    def run(self) -> None:
        """Run what there is to be run."""
        if self.handling.jobs == 1:
            while (trial := self._next()) is not None:
                self._end(self._tried(trial))
        else:
            self._run_at_once()

    def _run_at_once(self) -> None:
        """Run trials in threads, the next as one ends."""
        from concurrent.futures import (  # noqa: PLC0415 - only several jobs pay for it
            FIRST_COMPLETED,
            Future,
            ThreadPoolExecutor,
            wait,
        )

        running: set[Future[TrialEnd]] = set()
        with ThreadPoolExecutor(self.handling.jobs, "trial") as workers:
            try:
                while True:
                    while len(running) < self.handling.jobs and (trial := self._next()) is not None:
                        running.add(workers.submit(self._tried, trial))
                    if not running:
                        return
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        self._end(future.result())
            except BaseException:
                self.handling.stop()
                for future in wait(running).done:
                    if future.exception() is None:
                        self._end(future.result())
                raise

    def _next(self) -> Trial | None:
        """Return the next trial to be run; whatever is known already is passed over."""
        while not self.handling.is_stopped() and (trial := self.source.take()) is not None:
            end = self.known.get(trial.overrides)
            if end is None:
                self.handling.tell(TrialNews(moment="began", trial=trial))
                return trial
            self.resumed += 1
            end = msgspec.structs.replace(end, trial=trial)
            self.ends.append(end)
            self.source.told(end)
            self.handling.tell(TrialNews(moment="taken over", trial=trial, end=end))
        return None

    def _tried(self, trial: Trial) -> TrialEnd:
        attempts = 1
        end = self.handling.run(trial)
        while end.is_failed and attempts <= self.handling.retry and not self.handling.is_stopped():
            attempts += 1
            end = self.handling.run(trial)
        return msgspec.structs.replace(end, attempts=attempts)

    def _end(self, end: TrialEnd) -> None:
        self.ends.append(end)
        self.handling.note(end)
        self.source.told(end)
        self.handling.tell(TrialNews(moment="ended", trial=end.trial, end=end))
