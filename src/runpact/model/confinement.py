"""Where a run may write, and how far that was really enforced.

Knows: which folder decides about a path, the levels of confinement, what each mechanism cannot see.
Does not know: how a write is noticed.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

import re

import msgspec

from runpact.model.names import readable_path
from runpact.model.template import compile_glob, glob_to_regex

REFUSE, RECORD, COMPARE, OFF = MODES = ("refuse", "record", "compare", "off")
"""What a caller asks for: the hook refuses, the hook only records, no hook, nothing at all."""

CACHE_NAMES = frozenset(
    {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints"}
)
"""Folders of these names are caches wherever they stand."""
CACHE_FILES = (".coverage",)
"""Files whose names begin so are caches wherever they stand."""
MOST_STRAYS = 100
"""Strays listed of one run; more are counted."""

HOOK_GAPS = (
    "C code is not seen: ctypes, extension modules such as HDF5's, SQLite within a database that existed",
    "child processes are not held",
    "files opened before the run began, or by another program for this one, may be written",
    "pipes, sockets and device nodes may be made",
)
COMPARISON_GAPS = (
    "only changes below the workspace, the repository and the current directory are seen, and afterwards",
    "hidden folders, virtual environments and the folders that runs stand in are not looked into",
    "the first milliseconds of a run are not told from what came before it",
    "a removal is seen only in a folder where nothing else was made",
)


class Stray(msgspec.Struct, frozen=True, kw_only=True):
    """A write outside the run."""

    path: str
    """Relative to the workspace; outside it absolute, with `~` for the home directory."""
    action: str
    """What was done or tried, as in `open`, `os.rename`; `changed` or `removed` by comparison."""
    seen_by: str
    """`hook` or `comparison`."""
    refused: bool = False
    """It was refused, so nothing was written."""


class Confinement(msgspec.Struct, frozen=True, kw_only=True):
    """The confinement asked for and the level really reached."""

    requested: str = "W0"
    level: str = "W0"
    """`W0`: nothing was compared; `W1`: compared before and after; with `+hook`, Python's writes refused."""
    mechanism: tuple[str, ...] = ()
    """`hook`, `recording hook`, `comparison`: what was at work, to its end."""
    gaps: tuple[str, ...] = ("writes outside the run are not confined",)
    strays: tuple[Stray, ...] = ()
    more_strays: int = 0
    """Strays beyond those listed."""


def requested_level(mode: str) -> str:
    """Return the level that a caller's word stands for."""
    return {REFUSE: "W1+hook", RECORD: "W1", COMPARE: "W1"}.get(mode, "W0")


def confinement_at_start(mode: str) -> Confinement:
    """Return what can be said before anything ran: the hook, if there is one, and no comparison yet."""
    return confinement_of(mode, compared=None)


def confinement_of(
    mode: str,
    *,
    compared: bool | None,
    strays: tuple[Stray, ...] = (),
    gaps: tuple[str, ...] = (),
) -> Confinement:
    """Return the record of how a run was confined.

    Args:
        mode: What the caller asked for.
        compared: Whether the comparison was completed; None when there was none.
        strays: Writes outside the run.
        gaps: What was noticed beyond the known limits of each mechanism.
    """
    if mode == OFF:
        return Confinement()
    hook = {REFUSE: "hook", RECORD: "recording hook"}.get(mode)
    mechanism = (*((hook,) if hook else ()), *(("comparison",) if compared else ()))
    known = (*(HOOK_GAPS if hook else ()), *(COMPARISON_GAPS if compared else ()))
    return Confinement(
        requested=requested_level(mode),
        level=("W1" if compared else "W0") + ("+hook" if mode == REFUSE else ""),
        mechanism=mechanism,
        gaps=known + gaps,
        strays=strays[:MOST_STRAYS],
        more_strays=max(0, len(strays) - MOST_STRAYS),
    )


class Territory:
    """The folders that decide whether a path may be written while a run is open.

    The innermost folder that holds a path decides: a cache in the workspace is free, a workspace in the
    temporary directory is not.
    """

    def __init__(
        self,
        *,
        root: str,
        home: str,
        own: tuple[str, ...],
        watched: tuple[str, ...],
        caches: tuple[str, ...],
        globs: tuple[str, ...] = (),
    ) -> None:
        """Store the folders, all of them absolute and free of links.

        Args:
            root: Data root of the workspace.
            home: The home directory.
            own: Folders of the run.
            watched: Folders of which nothing else may be written.
            caches: Folders that anyone may write.
            globs: Paths that anyone may write; relative to the root, absolute, or from `~/`.
        """
        self._root, self._home = _folder(root), _folder(home)
        self._globs = tuple(self._compiled(glob) for glob in globs)
        self.own = tuple(map(_folder, own))
        rows = dict.fromkeys(map(_folder, watched), False)
        rows |= dict.fromkeys(map(_folder, (*caches, *own)), True)
        self._rows = tuple(sorted(rows.items(), key=_by_length, reverse=True))

    def allows(self, path: str) -> bool:
        """Whether an absolute path, free of links, may be written."""
        for folder, is_free in self._rows:
            if path.startswith(folder) or path == folder[:-1]:
                if is_free:
                    return True
                break
        return self._is_cache(path)

    def leads_to_free(self, path: str) -> bool:
        """Whether a folder of this path lies on the way to one that may be written, and so may be made."""
        inside = _folder(path)
        return any(is_free and folder.startswith(inside) for folder, is_free in self._rows)

    def _is_cache(self, path: str) -> bool:
        *folders, name = path.split("/")
        if not CACHE_NAMES.isdisjoint((*folders, name)) or name.startswith(CACHE_FILES):
            return True
        return any(glob.fullmatch(each) for glob in self._globs for each in (path, f"{path}/"))

    def _compiled(self, glob: str) -> re.Pattern[str]:
        if glob.startswith("/"):
            return compile_glob(glob)
        base, rest = (self._home, glob[2:]) if glob.startswith("~/") else (self._root, glob)
        return re.compile(re.escape(base) + glob_to_regex(rest))

    def shown(self, path: str) -> str:
        """Return how people and records are told a path: relative to the workspace, or from `~/`."""
        for folder, short in ((self._root, ""), (self._home, "~/")):
            if path.startswith(folder) and folder != "/":
                return readable_path(short + path[len(folder) :])
        return readable_path(path)


def _folder(path: str) -> str:
    return path.rstrip("/") + "/"


def _by_length(row: tuple[str, bool]) -> int:
    return len(row[0])
