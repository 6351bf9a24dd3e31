"""Which layers of the code a change set touches, and whether it may.

Knows: that the first layer with a fitting glob decides, and that a label excuses a mixed change set.
Does not know: how changes are found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from runpact.model.finding import Verdict
from runpact.model.template import compile_glob

TRAILER = "Mixed-Layers"
"""Key of the trailer by which a commit says why its change set mixes layers."""
_MOST_PURE = 1


class LayerReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a change set touches."""

    base: str
    """The commit that it begins after."""
    layers: dict[str, tuple[str, ...]]
    """Changed paths by layer, in the order of the contract; layers without any are left out."""
    others: tuple[str, ...]
    """Changed paths that no layer names; they go with any layer."""
    labels: tuple[str, ...]
    """Why the layers are mixed, as whoever mixed them says."""

    @property
    def is_mixed(self) -> bool:
        """Whether several layers are touched."""
        return len(self.layers) > _MOST_PURE

    @property
    def verdict(self) -> Verdict:
        """ERROR when layers are mixed without a label, INCOMPLETE when nothing changed at all."""
        if not self.layers and not self.others:
            return Verdict.INCOMPLETE
        return Verdict.ERROR if self.is_mixed and not self.labels else Verdict.OK


def sort_by_layer(
    paths: Iterable[str], layers: Mapping[str, Iterable[str]], *, base: str, labels: Iterable[str]
) -> LayerReport:
    """Sort the paths of a change set into layers.

    Args:
        paths: Relative to the workspace.
        layers: Globs by layer.
        base: The commit that the change set begins after.
        labels: Why layers are mixed, if anybody says so.
    """
    globs = [(name, compile_glob(glob)) for name, each in layers.items() for glob in each]
    found: dict[str, list[str]] = {name: [] for name in layers}
    others: list[str] = []
    for path in paths:
        name = next((name for name, glob in globs if glob.fullmatch(path)), None)
        (others if name is None else found[name]).append(path)
    return LayerReport(
        base=base,
        layers={name: tuple(each) for name, each in found.items() if each},
        others=tuple(others),
        labels=tuple(labels),
    )
