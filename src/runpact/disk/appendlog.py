"""An append-only log on disk.

Knows: one write per line; numbers advance only after success.
Does not know: what the lines mean.

Threads take turns. Several processes do so by `runpact.disk.sharedlog`.
"""

from __future__ import annotations

import contextlib
import enum
import hashlib
import math
import operator
import os
import threading
import zlib

import msgspec

from runpact.disk import io
from runpact.model.errors import StorageError, ValueRefusedError
from runpact.model.journal import count_lines, frame_line
from runpact.model.manifest import LogRecord

_encode = msgspec.json.Encoder().encode
_crc = zlib.crc32


class _Doubt(enum.Enum):
    """What may be wrong with the file since the last write did not return."""

    NONE = 0
    TAIL = 1
    """A piece of a refused line may stand at the end."""
    OTHERS = 2
    """Other processes wrote after the last line of this one."""
    COUNT = 3
    """Nobody knows whether the last line was written, nor whether it was counted."""


_SURE, _UNKNOWN = _Doubt.NONE, _Doubt.COUNT
_BATCH = 64
"""Lines that wait to be hashed."""


class _Point(msgspec.Struct):
    """The body of a line of the metric log."""

    seq: int
    time: float
    step: float | None
    values: dict[str, float]


class AppendLog:
    """Writes framed lines and knows count, size and digest of what it wrote."""

    def __init__(self, path: str, relative: str) -> None:
        """Store where the log stands; nothing is created before the first line."""
        self._path = path
        self.relative = relative
        self._descriptor = -1
        self._lock: contextlib.AbstractContextManager[object] = threading.Lock()
        self._digest = hashlib.sha256()
        self._unhashed: list[bytes] = []
        """The last lines, not in the digest yet."""
        self._doubt = _SURE
        self._is_held = False
        self._is_cut = False
        self.count = 0
        self.size = 0

    @property
    def exists(self) -> bool:
        """Whether a line was ever to be written."""
        return self._descriptor >= 0

    def open(self) -> None:
        """Create the file."""
        with io.storing("log", self._path):
            self._descriptor = io.open_append(self._path)

    def adopt(self) -> bool:
        """Take over a log that other processes may have begun or gone on with; say whether they did."""
        with io.storing("log", self._path):
            if not self.exists and os.path.lexists(self._path):
                self._descriptor = io.open_shared(self._path)
            is_others = self.exists and os.fstat(self._descriptor).st_size != self.size
        if is_others:
            self.expect_others()
        return is_others

    def hold(self, seconds: float) -> bool:
        """Keep others from appending until this one closes the log; False when one does not let go."""
        with io.storing("log", self._path):
            self._is_held = io.lock_within(self._descriptor, seconds)
        return self._is_held

    def append(self, fields: dict[str, object]) -> int:
        """Append one entry; return its number.

        Raises:
            StorageError: Nothing was appended.
            ValueRefusedError: A field is not strict JSON data.
        """
        with self._lock:
            self._settle()
            try:
                body = _encode({"seq": self.count + 1, **fields})
            except _REFUSED as error:
                raise _refused("an event", error) from error
            self._write(frame_line(body))
            return self.count

    def append_point(self, time: float, step: float | None, values: dict[str, float]) -> None:
        """Append one metric point for each name, acknowledged together.

        Args:
            time: Seconds since 1970, UTC.
            step: The caller's own counter; None when there is none.
            values: Finite numbers by name.

        Raises:
            StorageError: Nothing was appended.
            ValueRefusedError: A number is not finite, a name is no text.
        """
        try:
            for value in values.values():
                if type(value) not in _NUMBERS or not _isfinite(value):
                    values = _plain_numbers(values)
                    break
        except OverflowError:  # a whole number beyond a double
            values = _plain_numbers(values)
        if step is not None and type(step) is not int:
            step = _plain_number("the step", step)
        with self._lock:
            if self._doubt is not _SURE:
                self._settle()
            try:
                body = _encode(_Point(self.count + 1, time, step, values))
            except _REFUSED as error:
                raise _refused("a point", error) from error
            self._write(b'%b,"crc":"%08x"}\n' % (body[:-1], _crc(body)))

    def _write(self, line: bytes) -> None:
        if self._descriptor < 0:
            self.open()
        self._doubt = _UNKNOWN  # a signal may end the next lines anywhere
        try:
            io.append_line(self._descriptor, line)
        except OSError as error:
            self._doubt = _Doubt.TAIL
            with contextlib.suppress(StorageError):
                self._settle()
            raise io.storage_error("log", self._path, error) from error
        self.count += 1
        self.size += len(line)
        self._unhashed.append(line)
        if len(self._unhashed) >= _BATCH:
            self._hash()
        self._doubt = _SURE

    def _hash(self) -> None:
        """Hash the last lines together: one by one, that takes as long as making a line does."""
        self._digest.update(b"".join(self._unhashed))
        self._unhashed.clear()

    def _settle(self) -> None:
        """Make file and count agree again: a line behind a torn one could never be read."""
        if self._doubt is _Doubt.NONE:
            return
        with io.storing("log", self._path):
            if self._doubt is _Doubt.TAIL or self._recount():
                io.cut(self._descriptor, self.size)
        self._doubt = _Doubt.NONE

    def expect_others(self) -> None:
        """Go on from what stands in the file by then: another process wrote lines as well."""
        self._doubt = _Doubt.OTHERS if self._doubt is _Doubt.NONE else _Doubt.COUNT

    def _recount(self) -> bool:
        """Count what was written, all of it unless only others wrote; say whether a torn line is behind."""
        acknowledged, is_cut = self.count, os.fstat(self._descriptor).st_size < self.size
        if self._doubt is _UNKNOWN or is_cut:
            self.count, self.size, self._digest = 0, 0, hashlib.sha256()
            self._unhashed.clear()
        self._doubt = _UNKNOWN  # a signal, or a fork in another thread, may leave the next lines half done
        self._hash()
        with open(self._path, "rb") as file:
            file.seek(self.size)
            data = file.read()
        self.count, size = count_lines(data, self.count)
        self._digest.update(data[:size])
        self.size += size
        self._is_cut |= self.count < acknowledged
        return size != len(data)

    def check_whole(self) -> None:
        """Make sure that every acknowledged line is still in the file.

        Raises:
            StorageError: Somebody cut the file or put another in its place.
        """
        with self._lock:
            self._settle()
            self._notice_cut()
        if self._is_cut:
            raise StorageError(
                f"`{self.relative}` lost lines that were acknowledged",
                at=self._path,
                hint="a program wrote to it; write events and points through runpact only",
            )

    def _notice_cut(self) -> None:
        if self.exists and not self._is_cut:
            with io.storing("log", self._path):
                status = os.fstat(self._descriptor)
            self._is_cut = status.st_nlink == 0 or status.st_size < self.size

    def sync(self) -> None:
        """Make all lines durable."""
        if self.exists:
            with io.storing("log", self._path):
                io.sync_data(self._descriptor)

    def record(self) -> LogRecord:
        """Return what a seal must say about this log.

        Raises:
            StorageError: A piece of a refused line cannot be cut off.
        """
        with self._lock:
            self._settle()
            self._doubt = _UNKNOWN  # until what waits is hashed
            self._hash()
            self._doubt = _SURE
        return LogRecord(self.relative, self.count, self.size, f"sha256:{self._digest.hexdigest()}")

    def close(self) -> None:
        """Give the descriptor back; a second call does nothing."""
        if self._is_held:
            io.unlock(self._descriptor)  # a process forked meanwhile may have the descriptor, and so the lock
            self._is_held = False
        if self.exists:
            io.close_quietly(self._descriptor)
            self._descriptor = -1


_REFUSED = (TypeError, ValueError, OverflowError, RecursionError)
"""What the encoder raises for what it cannot encode."""
_NUMBERS = frozenset({int, float})
_isfinite = math.isfinite
_DOUBLE_BITS = 1024


def _refused(what: str, error: Exception) -> ValueRefusedError:
    return ValueRefusedError(
        f"{what} cannot be recorded: {error!s:.200}",
        expected="names that are Unicode text, and plain data",
        hint="write what is no plain data with run.save(...)",
    )


def _plain_numbers(values: dict[str, float]) -> dict[str, float]:
    """Convert number-like scalars (numpy's, Decimal) and refuse the rest by name."""
    return {str(name): _plain_number(f"metric `{name!s:.100}`", value) for name, value in values.items()}


def _plain_number(what: str, value: object) -> float:
    number = _as_number(value)
    if number is None:
        raise ValueRefusedError(
            f"{what} is not a number",
            expected="int or float",
            got=f"{type(value).__name__} {value!r:.60}",
            hint="log numbers only; use run.event(...) or run.save(...) for the rest",
        )
    if not math.isfinite(number):
        raise ValueRefusedError(
            f"{what} is {number}",
            expected="a finite number",
            got=str(number),
            hint="JSON has no NaN or infinity; leave the point out, or log a flag such as `diverged: 1`",
        )
    return number


def _as_number(value: object) -> float | None:
    if isinstance(value, bool | str | bytes):
        return None
    with contextlib.suppress(TypeError):
        whole = operator.index(value)  # type: ignore[arg-type]  # whole numbers of numpy stay whole
        return whole if whole.bit_length() < _DOUBLE_BITS else math.inf
    try:
        return float(value)  # type: ignore[arg-type]  # anything with __float__: numpy scalars, Decimal, tensors
    except (TypeError, ValueError):
        return None
