"""Layers of the code of a workspace.

Knows: which contract declares them.
Does not know: how changes are found or judged.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runpact.model.layers import LayerReport
    from runpact.verbs.pipeline.imports import ImportReport
    from runpact.workspace import Workspace

__all__ = ["imports_judged", "layers_changed"]


def layers_changed(place: Workspace, *, base: str, label: str = "") -> LayerReport:
    """Return which layers the commits since `base` touch.

    Raises:
        CannotStartError: There are no layers, no repository, or git does not answer.
    """
    from runpact.verbs.pipeline.layers import report_layers

    return report_layers(place.root, place.lint().contract, os.environ, base=base, label=label)


def imports_judged(place: Workspace) -> ImportReport:
    """Return what the code of the layers imports, catches and asks for that it should not.

    Raises:
        CannotStartError: The contract says nothing of imports, or a file cannot be read.
    """
    from runpact.verbs.pipeline.imports import report_imports

    return report_imports(place.root, place.lint().contract)
