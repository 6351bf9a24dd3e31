"""The guard of a Python process: refuses writes outside the run while it is open.

Knows: which audit events write (PEP 578), where their paths lead, who causes them.
Does not know: which folders are free; what is done with what it saw.

One hook serves the process for good, since Python removes none; it looks up nothing while no run is
open. It only sees what Python's own functions do, and it stops accidents, not intent.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable

from runpact.model.confinement import RECORD, REFUSE
from runpact.model.errors import StrayWriteError
from runpact.model.territory import Territory

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_DEVICE = re.compile(r"/dev/(?!shm/).*|/proc/(?:self|thread-self|\d+)(?:/task/\d+)?/fd/\d+")
"""Terminals, null, and descriptors that are open already."""
_STANDARD = os.path.dirname(os.__file__) + os.sep
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

Arguments = tuple[object, ...]


class _Shape:
    """Where an event names what it changes."""

    def __init__(self, *paths: tuple[int, int | None], follows: bool = True, makes: bool = False) -> None:
        self.paths = paths
        """Indexes of a path and of the directory descriptor it is relative to."""
        self.follows = follows
        """A link at the end of the path is followed."""
        self.makes = makes
        """The path must not exist before, rather than exist."""


_SHAPES = {
    "os.chmod": _Shape((0, 2)),
    "os.chown": _Shape((0, 3)),
    "os.link": _Shape((0, 2), (1, 3), follows=False),
    "os.mkdir": _Shape((0, 2), follows=False, makes=True),
    "os.remove": _Shape((0, 1), follows=False),
    "os.removexattr": _Shape((0, None)),
    "os.rename": _Shape((0, 2), (1, 3), follows=False),
    "os.rmdir": _Shape((0, 1), follows=False),
    "os.setxattr": _Shape((0, None)),
    "os.symlink": _Shape((1, 2), follows=False, makes=True),
    "os.truncate": _Shape((0, None)),
    "os.utime": _Shape((0, 3)),
}
_UNCOUNTED = {
    "multiprocessing.popen_spawn_posix": "multiprocessing (spawn)",
    "multiprocessing.popen_forkserver": "multiprocessing (forkserver)",
    "joblib.externals.loky.backend.popen_loky_posix": "joblib (loky)",
    "loky.backend.popen_loky_posix": "loky",
}
"""Modules that are imported to start a worker, past the events that the hook sees."""
_STARTING = ("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.spawn")


class Guard:
    """Watches over one run of this process, from `begin` to `end`."""

    def __init__(self, territory: Territory, *, mode: str) -> None:
        """Store what the run may write.

        Args:
            territory: The folders.
            mode: `refuse` or `record`; a run of another mode only lets its own folders be written while
                the guard of another run is at work.
        """
        self.territory = territory
        self.refuses = mode == REFUSE
        self.is_watching = mode in {REFUSE, RECORD}
        self.strays: dict[tuple[str, str], bool] = {}
        """Whether it was refused, by path and event."""
        self.programs: dict[str, int] = {}
        """How often a program was started, by name."""
        self.databases: dict[str, tuple[int, ...]] = {}
        """Size and time of change of the databases that were opened outside, by path."""

    def begin(self) -> None:
        """Put the guard to work; it sees all threads of the process."""
        _HOOK.add(self)

    def end(self) -> None:
        """Take the guard off; a second call does nothing."""
        _HOOK.remove(self)

    def written_databases(self) -> list[str]:
        """Return the databases outside the run that changed after they were opened."""
        return [path for path, before in self.databases.items() if _database_stamp(path) != before]


class _Hook:
    """The process's one audit hook and the guards it works for."""

    def __init__(self) -> None:
        self._guards: tuple[Guard, ...] = ()
        self._lock = threading.Lock()
        self._handlers: dict[str, Callable[[str, Arguments], None]] = {}
        self._is_installed = False

    def add(self, guard: Guard) -> None:
        with self._lock:
            self._guards = (*self._guards, guard)
            if guard.is_watching:
                self._install()

    def remove(self, guard: Guard) -> None:
        with self._lock:
            self._guards = tuple(each for each in self._guards if each is not guard)
            if not any(each.is_watching for each in self._guards):
                self._handlers.clear()

    def _install(self) -> None:
        self._handlers.update(dict.fromkeys(_SHAPES, self._change))
        self._handlers.update(dict.fromkeys(_STARTING, self._start))
        self._handlers |= {"open": self._open, "sqlite3.connect": self._connect}
        if not self._is_installed:
            sys.addaudithook(_hook_over(self._handlers))
            self._is_installed = True

    def _open(self, event: str, arguments: Arguments) -> None:
        path, _mode, flags = arguments
        if not isinstance(flags, int) or not flags & _WRITING or isinstance(path, int):
            return
        if isinstance(path, str) and any(_is_plainly_in(guard.territory.own, path) for guard in self._guards):
            return
        full = _located(path, None, follows=True)
        if full is not None and (flags & os.O_CREAT or os.path.lexists(full)):
            self._judge(event, full)

    def _change(self, event: str, arguments: Arguments) -> None:
        shape = _SHAPES[event]
        for number, (index, relative_to) in enumerate(shape.paths):
            descriptor = arguments[relative_to] if relative_to is not None else None
            full = _located(arguments[index], descriptor, follows=shape.follows)
            if full is None:
                continue
            if number == 0 and os.path.lexists(full) is shape.makes:
                return  # missing, or there already: the system says so itself, as programs expect
            self._judge(event, full)

    def _connect(self, event: str, arguments: Arguments) -> None:
        path = _database_path(arguments[0])
        full = _located(path, None, follows=True) if path else None
        if full is None:
            return
        if not os.path.exists(full):
            self._judge(event, full)
        elif not any(guard.territory.allows(full) for guard in self._guards) and not _is_own():
            for guard in self._guards:  # reading and writing look alike: told by comparison
                guard.databases.setdefault(full, _database_stamp(full))

    def _start(self, event: str, arguments: Arguments) -> None:
        if _is_own() or (event == "os.posix_spawn" and _is_called_by("subprocess.py")):
            return
        name = os.path.basename(_text(arguments[0]).split(" ", 1)[0])
        for guard in self._guards:
            guard.programs[name] = guard.programs.get(name, 0) + 1

    def _judge(self, event: str, path: str) -> None:
        guards = self._guards
        if any(guard.territory.allows(path) for guard in guards) or _is_own():
            return
        if event == "os.mkdir" and any(guard.territory.leads_to_free(path) for guard in guards):
            return
        is_refused = any(guard.refuses for guard in guards)
        for guard in guards:
            if guard.is_watching:
                guard.strays[path, event] = is_refused
        if is_refused:
            raise _refusal(event, path, guards[-1].territory.shown(path))


_HOOK = _Hook()


def _hook_over(
    handlers: dict[str, Callable[[str, Arguments], None]],
) -> Callable[[str, Arguments], None]:
    find = handlers.get

    def hook(event: str, arguments: Arguments) -> None:
        handler = find(event)
        if handler is not None:
            handler(event, arguments)

    return hook


def _refusal(event: str, path: str, shown: str) -> StrayWriteError:
    name = os.path.basename(path)
    return StrayWriteError(
        f"`{shown}` lies outside the run, so `{event}` on it was refused",
        at=path,
        expected="a path in the run, or in a declared cache",
        got=path,
        hint=f'write to run.path("{name}"), or declare a cache: runpact.run(caches=("…/**",))',
    )


def _located(path: object, descriptor: object, *, follows: bool) -> str | None:
    """Return the absolute path, free of links, that an event speaks of; None for what is no file."""
    text = _descriptor_path(path) if isinstance(path, int) else _text(path)
    if not text or _DEVICE.fullmatch(text):
        return None
    if not text.startswith("/"):
        base = (
            _descriptor_path(descriptor) if isinstance(descriptor, int) and descriptor >= 0 else os.getcwd()
        )
        text = os.path.join(base, text)
    folder, name = os.path.split(text.rstrip("/"))
    if name in {"", ".", ".."}:
        return os.path.realpath(text)
    full = os.path.join(os.path.realpath(folder), name)
    return os.path.realpath(full) if follows and os.path.islink(full) else full


def _is_plainly_in(folders: tuple[str, ...], path: str) -> bool:
    """Whether a path stands in one of these folders, with no link on the way: the usual case."""
    for folder in folders:
        if path.startswith(folder):
            at = folder[:-1]
            for part in path[len(folder) :].split("/"):
                at = f"{at}/{part}"
                if part == ".." or os.path.islink(at):
                    return False
            return True
    return False


def _text(path: object) -> str:
    try:
        return os.fsdecode(path)  # type: ignore[arg-type]  # what else an event may carry is caught here
    except TypeError:
        return ""


def _descriptor_path(descriptor: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""


def uncounted_starters() -> list[str]:
    """Return what this process imported that starts programs without an audit event."""
    return [name for module, name in _UNCOUNTED.items() if module in sys.modules]


def _database_path(database: object) -> str:
    """Return the file that SQLite would open; empty when there is none or it is opened for reading."""
    text = _text(database)
    if text.startswith("file:"):
        path, _mark, query = text.removeprefix("file:").partition("?")
        options = set(query.split("&"))
        return "" if options & {"mode=ro", "mode=memory", "immutable=1"} or path == ":memory:" else path
    return "" if text == ":memory:" else text


def _database_stamp(path: str) -> tuple[int, ...]:
    return tuple(number for name in (path, f"{path}-wal") for number in _changed(name))


def _changed(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return (0, 0)
    return status.st_size, status.st_mtime_ns


def _is_own() -> bool:
    """Whether runpact itself causes this event: the first caller outside the standard library is ours."""
    frame = sys._getframe(1)  # noqa: SLF001 - the documented way to see the caller
    while frame.f_back is not None:
        frame = frame.f_back
        name = frame.f_code.co_filename
        if name == __file__ or (name.startswith(("<frozen ", _STANDARD)) and "site-packages" not in name):
            continue
        return name.startswith(_PACKAGE)
    return False


def _is_called_by(name: str) -> bool:
    frame = sys._getframe(1)  # noqa: SLF001 - as above
    while frame.f_back is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return frame.f_code.co_filename == _STANDARD + name
