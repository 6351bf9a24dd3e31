"""What belongs into a repository, and what does not.

Knows: names and sizes that say so.
Does not know: git, files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from runpact.model.codes import CODES
from runpact.model.finding import Finding

CHECKPOINTS = (".pt", ".pth", ".ckpt", ".safetensors", ".onnx", ".bin", ".h5", ".pkl")
"""Endings of files that hold weights."""
_ARRAYS = (".npz", ".npy")
"""Endings that only curated copies must not have: elsewhere they are data of all sorts."""
LOG = "events.jsonl"
COPY_BYTES = 1_000_000
"""Bytes of the largest file among curated copies."""
INDEX_BYTES = 10_000_000
"""Bytes of the largest file in the index of git."""


class Belongings(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a workspace that are kept for good; paths are relative to it."""

    copies: Mapping[str, int] = {}
    """Size by path of what stands where promoted copies do."""
    indexed: Mapping[str, int] = {}
    """Size by path of what stands in the index of git."""
    folders: Sequence[str] = ()
    """Folders of promoted copies."""


def judge_belongings(found: Belongings, *, largest: int | None = None) -> Iterator[Finding]:
    """Yield what does not belong there.

    Args:
        found: What stands there.
        largest: Bytes of the largest file; by default one for curated copies, another for the index.
    """
    for path in sorted({**found.copies, **found.indexed}):
        is_copy = any(path.startswith(f"{folder}/") for folder in found.folders)
        size = max(found.copies.get(path, 0), found.indexed.get(path, 0))
        where = "in the index of git" if path in found.indexed else "among curated copies"
        limit = largest if largest is not None else COPY_BYTES if is_copy else INDEX_BYTES
        name = path.rpartition("/")[2].lower()
        if name.endswith(CHECKPOINTS) or (is_copy and name.endswith(_ARRAYS)):
            yield _finding("checkpoint-kept", f"weights of a model stand {where}", path)
        elif name == LOG:
            yield _finding("log-kept", f"an event log stands {where}", path)
        if size > limit:
            yield _finding(
                "evidence-too-large",
                f"a large file stands {where}",
                path,
                expected=f"at most {limit:,} bytes",
                got=f"{size:,} bytes",
            )


def _finding(
    code: str, message: str, path: str, *, expected: str | None = None, got: str | None = None
) -> Finding:
    return Finding(
        code=code,
        severity=CODES[code].severity,
        message=message,
        path=path,
        expected=expected,
        got=got,
        hint="keep it in a store of artifacts; `git rm --cached` takes it out of the index",
    )
