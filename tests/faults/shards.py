"""A lane cut into shards, each a process of its own.

Knows: how to start a lane's module side by side and to add up what the processes found.
Does not know: what a lane looks for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
SHARDS = 2


def sharded(module: str, *options: str, every: int = 1, before: tuple[str, ...] = ()) -> dict:
    """Return the sum of what `python -m module` finds when each shard takes its share of the points.

    Args:
        module: Takes `--every` and `--offset`, prints one JSON document.
        options: Handed to it.
        every: Take one point in so many.
        before: Words in front of the command, as `unshare --mount`.
    """
    command = [*before, sys.executable, "-m", module, *options, "--every", str(every * SHARDS)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    shards = [
        subprocess.Popen([*command, "--offset", str(every * shard)], stdout=subprocess.PIPE, env=environment)
        for shard in range(SHARDS)
    ]
    said = [(shard.communicate()[0], shard.returncode) for shard in shards]
    assert [code for _text, code in said] == [0] * SHARDS
    total, *others = [json.loads(text) for text, _code in said]
    for other in others:
        total = {name: _sum(name, value, other[name]) for name, value in total.items()}
    return total


def _sum(name: str, left: object, right: object) -> object:
    if isinstance(left, dict) and isinstance(right, dict):
        both = left.keys() & right.keys()
        return left | right | {key: _sum(key, left[key], right[key]) for key in both}
    if isinstance(left, list) and isinstance(right, list):
        return left + right
    assert isinstance(left, int | float)
    assert isinstance(right, int | float)
    return max(left, right) if name in {"seconds", "slowest", "calls"} else left + right
