"""Entry point of the command `runpact`.

`--version` alone is answered before anything else is imported.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys

_FEW_COLLECTIONS = 50_000, 20, 50
"""A command's modules, contract and records live as long as it does: looking through them finds nothing."""


def main() -> int:
    """Run the command line and return its exit code."""
    if sys.argv[1:] == ["--version"]:
        from runpact.version import VERSION  # noqa: PLC0415 - the fast path

        return _said(f"runpact {VERSION}\n")
    gc.set_threshold(*_FEW_COLLECTIONS)
    import threading  # noqa: PLC0415 - imported anyway from here on

    from runpact.cli.main import run_command_line  # noqa: PLC0415 - click and the verbs are not needed for --version

    code = run_command_line(sys.argv[1:], is_own=True)
    if threading.active_count() == 1:  # who left a thread behind waits for it
        _leave(code)
    return code


def _said(text: str) -> int:
    """Print a text and return the exit code, as `run_command_line` would."""
    try:
        if sys.stdout is not None:
            sys.stdout.write(text)
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the interpreter's last flush goes nowhere
        return 128 + 13
    except OSError as error:
        sys.stderr.write(f"error[storage]: stdout cannot be written: {error.strerror or error}\n")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 3
    return 0


def _leave(code: int) -> None:
    """End the process here: taking modules apart that nobody needs any more is a tenth of a short command."""
    import contextlib  # noqa: PLC0415 - long imported when a command ends

    atexit._run_exitfuncs()  # noqa: SLF001 - there is no public name; multiprocessing ends its processes so
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # what was said before has been flushed, and told
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
