"""Whatever is read, it is refused or understood: no traceback, no hang, nothing outside."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from faults.malformed import SLOW, Bench, Read
from faults.mutate import TRAP
from faults.shards import sharded

KINDS = (
    "json",
    "yaml",
    "npz",
    "npy",
    "others",
    "contract",
    "tree",
    "expression",
    "pattern",
    "record",
    "name",
)


def held(figures: Callable[[str], None], *, count: int, name: str = "") -> int:
    """Demand that every malformed input was refused or read as what it is; return how many there were."""
    found = sharded("faults.malformed", "--count", str(count))
    counts = found["counts"]
    kinds = ", ".join(f"{counts[kind]} {kind} ({counts[f'{kind} refused']} refused)" for kind in KINDS)
    figures(
        f"malformed inputs{name}: {found['inputs']}: {kinds}; {len(found['wrong'])} wrong, "
        f"slowest {found['slowest']:.2f} s, {found['seconds']:.0f} s"
    )
    assert found["wrong"] == []
    assert found["is_trap_there"] == 0
    assert all(counts[f"{kind} refused"] > 0 for kind in KINDS)
    return int(found["inputs"])


def test_some_malformed_inputs_are_refused_and_lead_nowhere(figures: Callable[[str], None]) -> None:
    assert held(figures, count=200, name=", sample") >= 1000


@pytest.mark.nightly
def test_ten_thousand_malformed_inputs_are_refused_and_lead_nowhere(figures: Callable[[str], None]) -> None:
    assert held(figures, count=3000) >= 10_000


def _raises(_data: bytes) -> bool:
    raise KeyError("unnamed")


def _computes(_data: bytes) -> bool:
    began = time.process_time()
    while time.process_time() - began <= SLOW:
        pass
    return True


def _is_led_outside(_data: bytes) -> bool:
    with suppress(OSError):
        Path(TRAP).read_bytes()
    return True


def _writes_outside(_data: bytes) -> bool:
    with suppress(OSError):
        Path("/proc/nowhere").write_bytes(b"")
    return True


def _starts_a_program(_data: bytes) -> bool:
    return subprocess.run(["true"], check=False).returncode == 0


@pytest.mark.parametrize(
    ("read", "told"),
    [
        (_raises, "traceback: KeyError"),
        (_computes, "hang: 1.0 s"),
        (_is_led_outside, "outside: open '/runpact-trap/secret'"),
        (_writes_outside, "outside: open '/proc/nowhere'"),
        (_starts_a_program, "outside: subprocess.Popen"),
    ],
)
def test_a_reader_that_misbehaves_is_noticed(read: Read, told: str) -> None:
    bench = Bench()
    try:
        bench.try_all("any", read, iter([b"data"]))
    finally:
        bench.close()
    assert any(told in line for line in bench.wrong)
