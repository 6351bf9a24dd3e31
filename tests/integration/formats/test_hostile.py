"""Files that nobody meant, each judged in time."""

from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import pytest

from runpact.formats import csvtable, tomldoc
from runpact.formats.inspect import Inspector
from runpact.model.facts import FormatFault


@pytest.mark.parametrize(
    "text", ["a." * 100_000 + "a = 1", "[" + '"a" . ' * 50_000 + "a]", "x=1\n" + "a." * 64 + "b=1"]
)
def test_a_key_of_endless_parts_is_too_deep(text: str) -> None:
    began = time.process_time()
    fault = tomldoc.parse(text.encode())
    assert isinstance(fault, FormatFault)
    assert fault.code == "too-deep"
    assert time.process_time() - began < 1


def test_a_header_of_many_columns_is_read_once() -> None:
    header = ",".join([*(f"c{number}" for number in range(60_000)), "c59999"])
    began = time.process_time()
    fault = csvtable.inspect(io.BytesIO(f"{header}\n".encode()))
    assert isinstance(fault, FormatFault)
    assert "`c59999` stands twice" in fault.message
    assert time.process_time() - began < 1


def test_each_of_many_arrays_is_read_without_reading_the_list_again(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **{f"a{number}": np.zeros(2) for number in range(600)})
    inspector = Inspector(str(tmp_path))
    began = time.process_time()
    assert all(not isinstance(inspector.values("a.npz", f"a{n}"), str) for n in range(600))
    assert time.process_time() - began < 10


def test_arrays_that_together_fill_the_memory_are_not_all_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runpact.formats.inspect._MOST_KEPT", 100)
    np.savez(tmp_path / "a.npz", a=np.zeros(10), b=np.zeros(10))
    inspector = Inspector(str(tmp_path))
    first = inspector.values("a.npz", "a")
    assert inspector.values("a.npz", "a") is first
    inspector.values("a.npz", "b")
    assert inspector.values("a.npz", "a") is not first


def test_a_number_beyond_json_is_not_canonical(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a":18446744073709551616}')
    assert Inspector(str(tmp_path)).is_canonical("a.json") is False
