"""Standard streams that text can be written to, whatever the caller made of them.

Knows: streams that are closed, locales that lack characters, readers that have left.
Does not know: what is written.
"""

from __future__ import annotations

import io
import os
import sys


def make_writable() -> None:
    """Let output go nowhere where the caller closed a stream; elsewhere it is UTF-8, whatever the locale."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open as long as the process
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def give_up_stdout() -> None:
    """Let what waits to be written go nowhere: the reader has left, or nothing can be stored."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
