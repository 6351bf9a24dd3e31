"""Names inside a run directory.

Knows: where runpact's own records stand.
Does not know: what is in them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

PRIVATE = ".runpact"
"""Folder of runpact's own records in every run."""
RECORD = f"{PRIVATE}/run.json"
SEAL = f"{PRIVATE}/seal"
BALLAST = f"{PRIVATE}/ballast"
CONTRACT = f"{PRIVATE}/contract"
DIFF = f"{PRIVATE}/code/diff.patch"
"""Changes of tracked files against the commit."""
UNTRACKED = f"{PRIVATE}/code/untracked"
"""Folder of the files that git neither tracks nor ignores, under their own paths."""
LOCKS = f"{PRIVATE}/environment"
"""Folder of the project's lock files."""
PIPELINE = f"{PRIVATE}/pipeline.json"
"""What was last asked of an experiment; its lock is the orchestrator's."""
ATTEMPTS = f"{PRIVATE}/attempts"
"""Folder of an experiment that holds the older attempts at its stages, by stage and number."""
ALIASES = f"{PRIVATE}/aliases"
"""Folder of an experiment with an empty file for each alias that is a directory of copies."""
RESULT = f"{PRIVATE}/result.json"
"""What an attempt at a stage came to."""
CLAIM = f"{PRIVATE}/claim.json"
"""What the program of a stage said of itself."""
IMPORTED = f"{PRIVATE}/import.json"
"""What an experiment took over from a legacy folder."""
PROVEN = f"{PRIVATE}/proven.json"
"""Cache of an experiment: what was read and hashed, by stamps."""
STAGED = ".new-"
"""Prefix of a run directory that is being created."""
NOTES = ".runpact-notes"
"""Folder of a workspace that holds tags and notes, beside its runs; nothing else has them."""
CACHE = ".runpact-cache"
"""Folder of a workspace that holds what can be made again, such as its index."""
ASIDE = ".runpact-aside"
"""Folder of a workspace that `runpact doctor` moves things to instead of removing them."""
LEDGER = ".runpact-ledger.jsonl"
"""File of a workspace that tells what was promoted and pruned; kept under version control."""
TRASH = ".runpact-trash"
"""Folder of a workspace that pruned runs wait in, until somebody empties it."""
TEMPORARY = ".tmp-"
"""Prefix of an artifact that is being written."""


class RunPaths:
    """Absolute paths of one run's records."""

    def __init__(self, directory: str, records: dict[str, str]) -> None:
        """Store the run directory and where its layout puts manifest, events and metrics."""
        self.directory = directory
        self.records = records

    def at(self, relative: str) -> str:
        """Return the absolute path of something in the run."""
        return posixpath.join(self.directory, relative)

    @property
    def manifest(self) -> str:
        """The manifest."""
        return self.at(self.records["manifest"])

    @property
    def seal(self) -> str:
        """The seal."""
        return self.at(SEAL)

    @property
    def ballast(self) -> str:
        """The reserve that is freed when the disk is full."""
        return self.at(BALLAST)


def ancestors(path: str) -> Iterator[str]:
    """Yield the directories above a relative path, up to and with the run's own, which is empty."""
    while path:
        path = posixpath.dirname(path)
        yield path


def is_own_record(path: str, records: dict[str, str]) -> bool:
    """Whether this is one of runpact's own records, wherever the layout puts it."""
    return path.startswith(f"{PRIVATE}/") or path in records.values()


def is_unpinned(path: str, records: dict[str, str]) -> bool:
    """Whether the manifest cannot name this file: itself, its seal, the ballast."""
    return path in {records["manifest"], SEAL, BALLAST}
