"""Makes the example's own package importable, and geometries with exact answers at hand."""

from __future__ import annotations

import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "holography"
sys.path.insert(0, str(EXAMPLE))
