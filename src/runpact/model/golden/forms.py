"""How the outputs of stages are read: as each stage's own entries say.

Knows: that an output's path begins with the directory of its stage.
Does not know: how anything is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runpact.model.contract.language import ArtifactType, Kind
from runpact.model.contract.stages import attempt_kind, directory_of
from runpact.model.facts import AS_NAMED, Form
from runpact.model.judge.forms import Forms


class StageForms(Forms):
    """What a kind with stages says about reading; paths are relative to the experiment."""

    def __init__(self, kind: Kind, types: Mapping[str, ArtifactType]) -> None:
        """Keep what the kind and each of its stages say."""
        super().__init__(kind.entries)
        self._stages = {
            directory_of(stage): Forms(attempt_kind(kind, stage, types).entries) for stage in kind.stages
        }

    def form_of(self, path: str) -> Form:
        """Return how a file is to be read."""
        stage, _, rest = path.partition("/")
        own = super().form_of(path)
        return self._stages[stage].form_of(rest) if own == AS_NAMED and stage in self._stages else own

    def typed(self, path: str, rows: Iterable[dict[str, object]]) -> list[dict[str, object]]:
        """Return rows with the cells of typed columns as values."""
        stage, _, rest = path.partition("/")
        return self._stages[stage].typed(rest, rows) if stage in self._stages else super().typed(path, rows)
