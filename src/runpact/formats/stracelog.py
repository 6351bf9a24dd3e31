"""What strace writes: system calls with their paths (`strace -f -y -o FILE`).

Knows: the form of its lines, which argument of which call is a path, where a relative one begins.
Does not know: which paths matter.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from runpact.model.trace import Access

_OPENING = ("open", "openat", "openat2", "creat")
_RUNNING = ("execve", "execveat")
_MOVING = ("chdir", "fchdir")
_FORKING = ("clone", "clone3", "fork", "vfork")
_SECOND_PATH = ("symlink", "symlinkat", "link", "linkat")
"""Of these only the second path is written."""
_BOTH_PATHS = ("rename", "renameat", "renameat2")
_FIRST_PATH = (
    *("truncate", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "mknod", "mknodat", "chmod", "fchmodat"),
    *("fchmodat2", "chown", "lchown", "fchownat", "utime", "utimes", "utimensat", "futimesat"),
    *("setxattr", "lsetxattr", "removexattr", "lremovexattr"),
)
CALLS = (*_OPENING, *_RUNNING, *_MOVING, *_FORKING, *_SECOND_PATH, *_BOTH_PATHS, *_FIRST_PATH)
"""Calls that must be traced."""

_LINE = re.compile(r"(\d+)\s+(.*)", re.DOTALL)
_CALL = re.compile(
    r"(\w+)\((.*)\)\s+=\s+(-?\d+|\?)(?:<((?:[^<>\\]|\\.)*)[^>]*>)?(?:\s+(E[A-Z0-9]+)\b)?", re.DOTALL
)
_UNFINISHED = re.compile(r"(.*?)\s*<unfinished \.\.\.>$", re.DOTALL)
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)", re.DOTALL)
_PATH = re.compile(r'(?:(?:AT_FDCWD|-?\d+)<((?:[^<>\\]|\\.)*)>, )?"((?:[^"\\]|\\.)*)"(?:\.\.\.)?')
_WORKING = re.compile(r"AT_FDCWD<((?:[^<>\\]|\\.)*)>")
_MOVED_TO = re.compile(r"\d+<((?:[^<>\\]|\\.)*)>")
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-f]{2})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "v": "\v", "f": "\f", "a": "\a", "b": "\b"}
_WRITING = re.compile(r"\bO_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)\b")
_READING_NOT = re.compile(r"\bO_(?:PATH|DIRECTORY)\b")


def read_accesses(lines: Iterable[str], *, cwd: str) -> Iterator[Access]:
    """Yield what each call did to which path; lines that cannot be read are passed over.

    Args:
        lines: Of the file that strace wrote.
        cwd: Absolute directory that the command was started in.
    """
    reader = _Reader(cwd)
    for line in lines:
        yield from reader.accesses(line.rstrip("\n"))


class _Reader:
    """What is known of each process while its lines go by."""

    def __init__(self, cwd: str) -> None:
        self._first = cwd
        self._working: dict[str, str] = {}
        self._begun: dict[str, str] = {}

    def accesses(self, line: str) -> Iterator[Access]:
        found = _LINE.match(line)
        if found is None:
            return
        process, text = found.groups()
        if resumed := _RESUMED.match(text):
            text = self._begun.pop(process, "") + resumed[1]
        if unfinished := _UNFINISHED.match(text):
            self._begun[process] = unfinished[1]
            return
        call = _CALL.match(text)
        if call is not None:
            yield from self._read(process, *call.groups(default=""))

    def _read(
        self, process: str, name: str, told: str, answer: str, real: str, error: str
    ) -> Iterator[Access]:
        if working := _WORKING.search(told):
            self._working[process] = _plain(working[1])
        base = self._working.get(process, self._first)
        if name in _FORKING and not error:
            self._working.setdefault(answer, base)
            return
        paths = [(_plain(start) if start else base, _plain(path)) for start, path in _PATH.findall(told)]
        full = [os.path.normpath(os.path.join(start, path)) for start, path in paths]
        if name in _MOVING and not error:
            moved = _MOVED_TO.match(told)
            self._working[process] = full[0] if full else _plain(moved[1]) if moved else base
        elif name in _OPENING and full:
            yield from _opened(name, _flags(told), _plain(real) if real and not error else full[0], error)
        elif name in _RUNNING and full:
            yield Access(name, full[0], is_write=False, error=error)
        else:
            yield from (Access(name, path, is_write=True, error=error) for path in _written(name, full))


def _opened(name: str, flags: str, path: str, error: str) -> Iterator[Access]:
    if name == "creat" or _WRITING.search(flags):
        yield Access(name, path, is_write=True, error=error)
    elif error or not _READING_NOT.search(flags):  # a folder that could not be listed hides what is in it
        yield Access(name, path, is_write=False, error=error)


def _flags(told: str) -> str:
    """Return what follows the path."""
    path = _PATH.search(told)
    return told[path.end() :] if path else ""


def _written(name: str, paths: list[str]) -> list[str]:
    if name in _BOTH_PATHS:
        return paths[:2]
    if name in _SECOND_PATH:
        return paths[1:2]
    return paths[:1] if name in _FIRST_PATH else []


def _plain(text: str) -> str:
    """Return a path as it was before it was written with escapes."""
    if "\\" not in text:
        return text
    raw = _ESCAPE.sub(_character, text)
    return os.fsdecode(raw.encode("latin-1", "replace"))


def _character(found: re.Match[str]) -> str:
    octal, hexadecimal, letter = found.groups()
    if octal:
        return chr(int(octal, 8) & 0xFF)
    return chr(int(hexadecimal, 16)) if hexadecimal else _LETTERS.get(letter, letter)
