"""What the walk of the run registry looks at: documents, digests, sessions that are ended from outside.

Knows: files and processes.
Does not know: any demand.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON document of a file."""
    return dict(json.loads(path.read_text(encoding="utf-8")))


def has_keys(keys: set[str]) -> Any:  # noqa: ANN401 - a test of a path
    """Return a test whether a document has these keys."""
    return lambda path: keys <= read_json(path).keys()


def digests_in(folder: Path) -> dict[str, str]:
    """Digest every file of a run but its report and runpact's own records."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and ".runpact" not in path.parts and path.name != "report.json"
    }


def is_plain(path: Path) -> bool:
    """Whether a document is strict JSON, indented by two."""
    text = path.read_text(encoding="utf-8")
    return text.startswith('{\n  "') and "NaN" not in text and "Infinity" not in text


def struck(work: Path, ticker: str, number: int) -> tuple[Path, dict[str, Any]]:
    """Begin a session and strike it; return its folder and what it told while it lived."""
    before = set(sessions_in(work))
    words = ("paper", f"--ticker={ticker}", "--pace=0.1", "--signal-file=struck.jsonl")
    command = [sys.executable, "main.py", *words]
    with subprocess.Popen(command, cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not (begun := set(sessions_in(work)) - before) and process.poll() is None:
            time.sleep(0.05)
        (folder,) = begun
        living = read_json(folder / "session_status.json")
        time.sleep(0.5)
        process.send_signal(number)
    return folder, living


def sessions_in(work: Path) -> list[Path]:
    """Return the folders of the sessions, oldest first."""
    return sorted(path for path in (work / "outputs/paper_sessions").glob("2*") if path.is_dir())


def newest_session(work: Path) -> Path:
    """Return the folder of the newest session."""
    return max(sessions_in(work), key=lambda path: path.stat().st_ctime_ns)
