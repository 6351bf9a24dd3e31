"""Logs of any length are read, piece by piece."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import runpact
from runpact.disk import storedlog
from runpact.disk.storedlog import StoredLog
from runpact.model.journal import frame_line


def line(number: int, text: str = "x") -> bytes:
    return frame_line(b'{"seq":%d,"text":"%s"}' % (number, text.encode()))


@pytest.fixture(params=[1, 7, 64, 1 << 20])
def piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read pieces of so many bytes."""
    monkeypatch.setattr(storedlog, "_PIECE", request.param)


def read(folder: Path, data: bytes) -> tuple[list[object], StoredLog]:
    (folder / "log").write_bytes(data)
    log = StoredLog(str(folder), "log")
    return [entry["seq"] for entry in log.entries()], log


@pytest.mark.parametrize(
    ("behind", "discarded"),
    [(b"", 0), (b"{", 1), (line(9), len(line(9))), (b"\n" + line(4), 1 + len(line(4)))],
)
def test_entries_are_those_before_the_first_bad_line(
    tmp_path: Path, piece: None, behind: bytes, discarded: int
) -> None:
    whole = b"".join(line(number, "y" * number) for number in (1, 2, 3))
    entries, log = read(tmp_path, whole + behind)
    assert entries == [1, 2, 3]
    assert (log.count, log.size, log.discarded) == (3, len(whole), discarded)
    assert [entry["seq"] for entry in log.entries()] == entries


def test_what_has_no_newline_for_too_long_is_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storedlog, "_LONGEST_LINE", 100)
    monkeypatch.setattr(storedlog, "_PIECE", 64)
    entries, log = read(tmp_path, line(1) + b"z" * 100_000)
    assert entries == [1]
    assert log.discarded == 100_000


def test_what_is_no_file_holds_nothing_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/dev/zero")
    for name in ("pipe", "folder", "link", "nothing"):
        log = StoredLog(str(tmp_path), name)
        assert list(log.entries()) == []
        assert log.exists is (name != "nothing")


def test_an_error_of_the_device_ends_the_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_descriptor: int, _size: int) -> bytes:
        raise OSError(5, "Input/output error")

    (tmp_path / "log").write_bytes(line(1))
    log = StoredLog(str(tmp_path), "log")
    with monkeypatch.context() as patch:
        patch.setattr(storedlog.os, "read", refused)
        found = list(log.entries())
    assert found == []
    assert log.discarded == len(line(1))


def test_a_run_with_a_log_of_seventy_megabytes_is_read_and_verifies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with runpact.run(name="long", durability="none", unsafe_skip_check=True) as run:
        for _time in range(70):
            run.event("long", text="a" * 1_000_000)
    assert runpact.verify(run.dir) is runpact.Verdict.OK
