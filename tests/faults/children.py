"""Programs in children of their own, and what they told until they ended.

Knows: how to fork, how to read facts until the child is gone.
Does not know: what the child does.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable

from faults.scenario import TRACEBACK, Fact, Tell, read_facts, teller


def told_by(
    work: Callable[[Tell], int], *, meanwhile: Callable[[int], None] = lambda _child: None
) -> tuple[list[Fact], int]:
    """Run `work` in a child; return its facts and its exit code, negative when a signal ended it.

    Args:
        work: Runs in the child.
        meanwhile: Called here with the child's process id.
    """
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        tell = teller(sending)
        code = TRACEBACK
        try:
            code = work(tell)
        except BaseException:  # noqa: BLE001 - a child of fork must end here whatever happens
            tell("traceback", text=traceback.format_exc())
        finally:
            os._exit(code)
    os.close(sending)
    meanwhile(child)
    with os.fdopen(receiving, "rb") as stream:
        facts = read_facts(stream.read())
    return facts, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
