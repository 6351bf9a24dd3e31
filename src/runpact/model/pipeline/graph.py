"""Stages and who feeds whom.

Knows: the order of stages, the writer of each alias, what follows from a stage, which stages are asked for.
Does not know: what was run.
"""

from __future__ import annotations

from collections.abc import Iterable

from runpact.model.contract.language import Kind, Stage
from runpact.model.contract.stages import directory_of
from runpact.model.errors import UsageError


class Graph:
    """The stages of a kind, in the order of their ids."""

    def __init__(self, kind: Kind) -> None:
        """Store the stages; a contract that was linted has one writer for each alias and no circle."""
        self.stages = tuple(sorted(kind.stages, key=lambda stage: stage.id))
        self.by_id = {stage.id: stage for stage in self.stages}
        self.writer = {alias: stage for stage in self.stages for alias in stage.writes}
        self.feeds = {
            stage.id: tuple(
                dict.fromkeys(self.writer[alias].id for alias in stage.reads if alias in self.writer)
            )
            for stage in self.stages
        }
        """Ids of the stages whose outputs a stage reads."""
        self._before: dict[str, tuple[str, ...]] = {}

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids in order."""
        return tuple(self.by_id)

    def before(self, stage: str) -> tuple[str, ...]:
        """Return the ids of all stages that a stage rests on, directly or through others, in order."""
        known = self._before.get(stage)
        if known is None:
            found: set[str] = set()
            for each in reversed(self.ids):  # a stage reads only what an earlier one writes
                if each == stage or each in found:
                    found.update(self.feeds[each])
            known = self._before[stage] = tuple(each for each in self.ids if each in found)
        return known

    def select(
        self, *, first: str | None = None, last: str | None = None, only: Iterable[str] = ()
    ) -> tuple[str, ...]:
        """Return the ids that are asked for, in order.

        Args:
            first: The first one, by id or by name; by default the first there is.
            last: The last one, itself included.
            only: These alone, of those between first and last.

        Raises:
            UsageError: There is no such stage, or none is left.
        """
        begin = self._position(first, "--from") if first is not None else 0
        end = self._position(last, "--to") if last is not None else len(self.stages) - 1
        chosen = self.ids[begin : end + 1]
        wanted = {self.ids[self._position(each, "--only")] for each in only}
        chosen = tuple(each for each in chosen if each in wanted) if wanted else chosen
        if not chosen:
            raise UsageError(
                "no stage is asked for",
                expected=" ".join(self.ids) or "a contract with stages",
                got=f"from {first or 'the first'} to {last or 'the last'}",
            )
        return chosen

    def stage(self, reference: str) -> Stage:
        """Return the stage of that id or name.

        Raises:
            UsageError: There is none.
        """
        return self.stages[self._position(reference, "stage")]

    def _position(self, reference: str, what: str) -> int:
        for number, stage in enumerate(self.stages):
            if reference in {stage.id, stage.slug, directory_of(stage)}:
                return number
        raise UsageError(
            f"{what}: no stage `{reference[:80]}`",
            expected=", ".join(directory_of(stage) for stage in self.stages) or "a contract with stages",
            got=reference[:80],
        )
