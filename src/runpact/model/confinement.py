"""How far a run is kept from writing elsewhere: what is asked, what was really enforced.

Knows: the levels of confinement, what each mechanism cannot see or refuse.
Does not know: how a write is noticed or refused, which folders there are.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

from collections.abc import Iterable

import msgspec

REFUSE, RECORD, COMPARE, OFF = MODES = ("refuse", "record", "compare", "off")
"""What a caller asks for: the hook refuses, the hook only records, no hook, nothing at all."""

W0, W1, W2, W3 = LEVELS = ("W0", "W1", "W2", "W3")
"""Nothing is known; folders were compared; the kernel refused; the rest of the system was read-only."""
ANY, DECLARED = READS = ("any", "declared")
"""What may be read: everything, or only what was declared and the toolchain."""

CACHE_NAMES = frozenset(
    {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints"}
)
"""Folders of these names are caches wherever they stand."""
_COVERAGE = ".coverage"
MOST_STRAYS = 100
"""Strays listed of one run; more are counted."""
OUTSIDE = "[outside]"
"""Stands in a record for a folder that is neither the workspace nor below the home directory."""

HOOK_GAPS = (
    "C code is not seen: ctypes, extension modules such as HDF5's, SQLite within a database that existed",
    "child processes are not held",
    "files opened before the run began, or by another program for this one, may be written",
    "pipes, sockets and device nodes may be made",
)
PROCESS_GAP = HOOK_GAPS[2]
"""What is left of them where the kernel refuses as well."""
COMPARISON_GAPS = (
    "only changes below the workspace, the repository and the current directory are seen, and afterwards",
    "hidden folders, virtual environments and the folders that runs stand in are not looked into",
    "the first milliseconds of a run are not told from what came before it",
    "a removal is seen only in a folder where nothing else was made",
)


KERNEL_GAPS = (
    "times, modes, owners and attributes of files outside may be changed; only the comparison sees it",
    "a program outside may be asked to write, by a socket or a message",
)
ISOLATED_GAPS = (
    "a program outside may be asked to write, by a socket that stands in a folder",
    "a signal that ends the command is told as exit code 128 and its number",
)
TRACE_GAP = "the trace stood where the command could write: it tells of accidents, it proves nothing"
ROOT_GAP = "it ran as root, whose other system calls are not held: modules, clock, shutdown"
CUT_GAP = "files outside may be cut by truncate(2): this kernel's Landlock is older than ABI 3"
UDP_GAP = "only TCP is refused: datagrams and sockets of files are not"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller asks of the fence around a command."""

    level: str = W2
    """One of `LEVELS`."""
    least: str = W0
    """Do not begin where less can be reached."""
    reads: str = ANY
    """One of `READS`."""
    has_network: bool = True
    is_traced: bool = False
    """Its calls are written down, which slows it: to list what it reads and writes."""
    is_nested: bool = False
    """The command makes runs of its own, so the folders that runs stand in are opened."""


class Fence(msgspec.Struct, frozen=True, kw_only=True):
    """What a child process may do, as a launcher is told it."""

    level: str = W2
    """The level asked for; one of `LEVELS`."""
    writable: tuple[str, ...] = ()
    """Folders with all in them, and files, absolute and free of links; what is not there stays closed."""
    readable: tuple[str, ...] | None = None
    """What may be read besides and besides the toolchain, absolute and free of links; None: everything."""
    has_network: bool = True
    private_in: str | None = None
    """Where to make a private folder for temporary files; None where the usual ones are open."""
    shown: tuple[str, ...] = ()
    """What must be seen, read-only, where temporary folders are replaced."""
    closed: tuple[str, ...] = ()
    """Caches that stay closed, since what is to be held lies in them."""
    traced: tuple[str, ...] = ()
    """Names of system calls to be written down; none: no trace."""
    gaps: tuple[str, ...] = ()
    """Where it lets more pass than it should, for want of a way to say so."""
    least: str = W0
    """Start nothing where less than this level can be enforced."""


class Enforcement(msgspec.Struct, frozen=True, kw_only=True):
    """How a child was really held."""

    level: str = W0
    """`W0`, `W2` or `W3`."""
    is_whole: bool = True
    """Nothing but the kernel's age is missing from the level."""
    abi: int = 0
    """Version of the kernel's Landlock; 0: none."""
    reads: str = ANY
    network: str = "open"
    """`open`, `tcp refused` or `none`."""
    mechanism: tuple[str, ...] = ()
    """`namespaces`, `landlock`, `private temporary folder`."""
    opened: tuple[str, ...] = ()
    """Folders and files that could be written, absolute, those of the run among them."""
    closed: tuple[str, ...] = ()
    """Caches that could not."""
    gaps: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    """What was asked for and is not enforced, with the reason."""


class Stray(msgspec.Struct, frozen=True, kw_only=True):
    """A write outside the run."""

    path: str
    """Relative to the workspace, or from `~/`; elsewhere absolute, in a record from `[outside]/`."""
    action: str
    """What was done or tried, as in `open`, `os.rename`; `changed` or `removed` by comparison."""
    seen_by: str
    """`hook`, `comparison` or `trace`."""
    refused: bool = False
    """It was refused, so nothing was written."""


class LeftRunning(msgspec.Struct, frozen=True, kw_only=True):
    """A process that still ran when the command had ended."""

    pid: int
    command: str
    """Without secrets, and without the folders of paths."""
    is_ended: bool
    """It was ended before the run was sealed; else it may still write into it."""


class Confinement(msgspec.Struct, frozen=True, kw_only=True):
    """The confinement asked for and the level really reached."""

    requested: str = "W0"
    level: str = "W0"
    """`W0`: nothing was compared; `W1`: compared before and after; `W2`: the kernel refused writes outside;
    `W3`: the rest of the system was read-only as well. With `+hook`, Python's writes were refused; with
    `+kernel`, all but the cutting of files was."""
    mechanism: tuple[str, ...] = ()
    """What was at work, to its end: `hook`, `recording hook`, `namespaces`, `landlock`, `comparison` …"""
    abi: int = 0
    """Version of the kernel's Landlock; 0: there was none, or it was not asked."""
    reads: str = "any"
    """`declared`: what was neither declared nor part of the toolchain could not be read."""
    network: str = "open"
    """`open`, `tcp refused` or `none`."""
    opened: tuple[str, ...] = ()
    """Folders and files outside the run that the kernel let be written, shown as strays are."""
    closed: tuple[str, ...] = ()
    """Caches that it did not, since what is to be held lies in them."""
    lacking: tuple[str, ...] = ()
    """What was asked for and was not enforced, with the reason."""
    gaps: tuple[str, ...] = ("writes outside the run are not confined",)
    strays: tuple[Stray, ...] = ()
    more_strays: int = 0
    """Strays beyond those listed."""
    undeclared: tuple[str, ...] = ()
    """Files that a traced command read, or was refused, without their being declared; shown as strays are."""
    more_undeclared: int = 0
    """Such files beyond those listed."""
    left_running: tuple[LeftRunning, ...] | msgspec.UnsetType = msgspec.UNSET
    """Processes that the command left behind; not said where there were none."""


def is_cache_name(name: str) -> bool:
    """Whether a file or folder of this name is a cache wherever it stands; `.coveragerc` is none."""
    return name in CACHE_NAMES or name == _COVERAGE or name.startswith(f"{_COVERAGE}.")


def requested_level(mode: str, wanted: str = "") -> str:
    """Return the level that a caller's words stand for."""
    by_mode = {REFUSE: "W1+hook", RECORD: "W1", COMPARE: "W1"}.get(mode, "W0")
    return wanted + by_mode[2:] if wanted > by_mode[:2] else by_mode


def confinement_at_start(mode: str, wanted: str = "") -> Confinement:
    """Return what can be said before anything ran: the hook, if there is one, and no comparison yet."""
    return confinement_of(mode, compared=None, wanted=wanted)


def confinement_of(
    mode: str,
    *,
    compared: bool | None,
    strays: tuple[Stray, ...] = (),
    gaps: tuple[str, ...] = (),
    wanted: str = "",
    enforced: Enforcement = Enforcement(),  # noqa: B008 - frozen
    undeclared: tuple[str, ...] | None = None,
) -> Confinement:
    """Return the record of how a run was confined.

    Args:
        mode: What the caller asked of hook and comparison.
        compared: Whether the comparison was completed; None when there was none.
        strays: Writes outside the run.
        gaps: What was noticed beyond the known limits of each mechanism.
        wanted: The level that was asked of the kernel; empty when none was.
        enforced: What the kernel was made to refuse.
        undeclared: Files that were read without being declared; None when the command was not traced.
    """
    requested = requested_level(mode, wanted)
    if requested == W0 and undeclared is None and not enforced.lacking:
        return Confinement()
    hook = {REFUSE: "hook", RECORD: "recording hook"}.get(mode)
    base = ("W1" if compared else "W0") + ("+hook" if mode == REFUSE else "")
    is_fenced = enforced.level != W0 and enforced.is_whole
    known = (*(HOOK_GAPS if hook and not is_fenced else ()), *(COMPARISON_GAPS if compared else ()))
    known += (TRACE_GAP,) if undeclared is not None else ()
    return Confinement(
        requested=requested,
        level=_level(base, enforced),
        mechanism=(
            *((hook,) if hook else ()),
            *enforced.mechanism,
            *(("comparison",) if compared else ()),
            *(("trace",) if undeclared is not None else ()),
        ),
        abi=enforced.abi,
        reads=enforced.reads,
        network=enforced.network,
        opened=enforced.opened,
        closed=enforced.closed,
        lacking=enforced.lacking,
        gaps=enforced.gaps + known + gaps,
        strays=strays[:MOST_STRAYS],
        more_strays=max(0, len(strays) - MOST_STRAYS),
        undeclared=(undeclared or ())[:MOST_STRAYS],
        more_undeclared=max(0, len(undeclared or ()) - MOST_STRAYS),
    )


def without_host(confinement: Confinement, *, around: tuple[str, ...] = ()) -> Confinement:
    """Return what a record may say of a run's confinement: no absolute path of a file that it touched.

    Such a path breaks the rule that runs refer to nothing by one, and may name people and machines. What
    stays is its name, or its path from a folder that was watched: the repository around a workspace.

    Args:
        confinement: With paths as people are told them.
        around: Absolute folders that were watched.
    """
    return msgspec.structs.replace(
        confinement,
        strays=tuple(
            msgspec.structs.replace(stray, path=named_outside(stray.path, around=around))
            for stray in confinement.strays
        ),
        undeclared=tuple(named_outside(path, around=around) for path in confinement.undeclared),
    )


def named_outside(path: str, *, around: Iterable[str] = ()) -> str:
    """Return a path as records show it: an absolute one from `[outside]/`, any other as it is.

    Args:
        path: As people are told it.
        around: Absolute folders from which it may be told.
    """
    if not path.startswith("/"):
        return path
    holding = [folder for folder in around if folder != "/" and path.startswith(f"{folder}/")]
    start = len(max(holding, key=len)) + 1 if holding else path.rfind("/") + 1
    return f"{OUTSIDE}/{path[start:]}"


def _level(base: str, enforced: Enforcement) -> str:
    """Return the level of a run: never more than what the kernel did, or what was compared."""
    if enforced.level == W0:
        return base
    return base.replace(base[:2], enforced.level, 1) if enforced.is_whole else f"{base}+kernel"


def is_reached(level: str, least: str) -> bool:
    """Whether a recorded level is at least another one."""
    return level[:2] >= least
