"""Makes the example's own package importable, as it is when its program runs."""

from __future__ import annotations

import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "certification"
sys.path.insert(0, str(EXAMPLE))
