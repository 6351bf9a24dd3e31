"""Take over a legacy folder as a new experiment, without touching it.

    python tools/import_legacy_run.py fase11_2024 --as old-2024
    python tools/import_legacy_run.py fase11_2024 --as old-2024 --copy --map legacy.yaml

Links lead to what is recognised, unless --copy is given; the manifest says `resolved_from_legacy: true`, and
what was not recognised is listed. It is `runpact import` in this workspace; to import again changes nothing.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    mode = () if {"--copy", "--link"} & set(sys.argv) else ("--link",)
    command = ("-m", "runpact", "import", "--workspace", str(HERE), *mode, *sys.argv[1:])
    os.execv(sys.executable, (sys.executable, *command))  # noqa: S606 - this interpreter, no shell
