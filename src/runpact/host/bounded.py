"""A program that is asked a question and may not answer for ever, nor without end.

Knows: how to read an answer up to a size and a moment.
Does not know: which program, what the answer means.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from runpact.host import clock
from runpact.model.digest import PREFIX

if TYPE_CHECKING:
    import subprocess

_CHUNK = 1 << 16
_COMPLAINT = 4096


class Sink:
    """Keeps the beginning of a text and hashes the whole of it; several answers may go into one."""

    def __init__(self, limit: int) -> None:
        """Begin empty, to keep at most `limit` bytes."""
        self.limit = limit
        self.size = 0
        self._kept: list[bytes] = []
        self._digest = hashlib.sha256()

    def add(self, data: bytes) -> None:
        """Take the next piece."""
        self._digest.update(data)
        if self.size < self.limit:
            self._kept.append(data[: self.limit - self.size])
        self.size += len(data)

    @property
    def is_whole(self) -> bool:
        """Whether all of the text was kept."""
        return self.size <= self.limit

    @property
    def text(self) -> bytes:
        """What was kept."""
        return b"".join(self._kept)

    @property
    def digest(self) -> str:
        """Digest of the whole text, also of what was not kept."""
        return PREFIX + self._digest.hexdigest()


def ask(
    command: Sequence[str],
    *,
    environ: Mapping[str, str],
    deadline: float,
    sink: Sink,
    question: bytes = b"",
    reads_on: bool = False,
    answers: tuple[int, ...] = (0,),
) -> str:
    """Run a program and take its answer; it is killed at the deadline, and mostly beyond the limit.

    Args:
        command: Program (absolute path) and arguments.
        environ: Its whole environment.
        deadline: Moment on the monotonic clock.
        sink: Takes what it writes.
        question: Its standard input, at most what a pipe holds (64 kB).
        reads_on: Read a longer answer to its end, for its digest.
        answers: Exit codes that come with an answer.

    Returns:
        Why there is no whole answer; nothing when there is one.
    """
    import subprocess  # noqa: PLC0415 - costs milliseconds that only a question should pay

    try:
        process = subprocess.Popen(
            command,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
    except OSError as error:
        return f"it cannot be started: {os.strerror(error.errno or 0)}"
    with process:
        complaint = Sink(_COMPLAINT)
        try:
            _put(process, question)
            fault = _read(process, sink, complaint, deadline=deadline, reads_on=reads_on)
        except BaseException:
            process.kill()
            raise
        if fault:
            process.kill()
            return fault
        code = process.wait()
    first = complaint.text.decode("utf-8", "replace").strip().partition("\n")[0]
    return "" if code in answers else f"it ended with {code}: {first}"


def _put(process: subprocess.Popen[bytes], question: bytes) -> None:
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(question)
        process.stdin.close()


def _read(
    process: subprocess.Popen[bytes], sink: Sink, complaint: Sink, *, deadline: float, reads_on: bool
) -> str:
    """Read both streams to their ends; return why that was given up, or nothing."""
    pairs = ((process.stdout, sink), (process.stderr, complaint))
    sinks = {stream.fileno(): taker for stream, taker in pairs if stream is not None}
    poll = select.poll()
    for descriptor in sinks:
        poll.register(descriptor, select.POLLIN)
    while sinks:
        left = deadline - clock.monotonic()
        ready = poll.poll(left * 1000) if left > 0 else []
        if not ready:
            return "it did not answer in time"
        for descriptor, _event in ready:
            data = os.read(descriptor, _CHUNK)
            sinks[descriptor].add(data)
            if not data:
                poll.unregister(descriptor)
                del sinks[descriptor]
        if not sink.is_whole and not reads_on:
            return f"its answer is longer than {sink.limit:,} bytes"
    return ""
