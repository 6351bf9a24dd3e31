"""A log stays readable, whatever a write left behind."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runpact.disk import io
from runpact.disk.appendlog import AppendLog
from runpact.model.errors import StorageError
from runpact.model.journal import read_journal


@pytest.fixture
def log(tmp_path: Path) -> AppendLog:
    return AppendLog(str(tmp_path / "log.jsonl"), "log.jsonl")


def refuse(*_: object) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def half(write: Callable[[int, bytes], int]) -> Callable[[int, bytes], int]:
    return lambda descriptor, data: write(descriptor, data[: len(data) // 2])


def agrees(log: AppendLog, path: Path) -> list[object]:
    record, data = log.record(), path.read_bytes()
    journal = read_journal(data)
    assert (record.count, record.size) == (len(journal.entries), len(data))
    assert record.digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
    return [entry["x"] for entry in journal.entries]


def test_a_line_behind_a_torn_one_that_could_not_be_cut_off_is_readable(
    log: AppendLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append({"x": 1})
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", half(os.write))
        patched.setattr(io, "cut", refuse)
        with pytest.raises(StorageError):
            log.append({"x": 2})
    assert log.append({"x": 3}) == 2
    assert agrees(log, tmp_path / "log.jsonl") == [1, 3]


def test_a_torn_line_is_cut_off_before_the_log_is_sealed(
    log: AppendLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append({"x": 1})
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", half(os.write))
        patched.setattr(io, "cut", refuse)
        with pytest.raises(StorageError):
            log.append({"x": 2})
        with pytest.raises(StorageError):
            log.record()
    assert agrees(log, tmp_path / "log.jsonl") == [1]


def test_a_signal_right_after_the_write_neither_loses_nor_counts_a_line_twice(
    log: AppendLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(descriptor: int, line: bytes) -> None:
        os.write(descriptor, line)
        raise KeyboardInterrupt

    log.append({"x": 1})
    with monkeypatch.context() as patched:
        patched.setattr(io, "append_line", interrupted)
        with pytest.raises(KeyboardInterrupt):
            log.append({"x": 2})
    assert log.append({"x": 3}) == 3
    assert agrees(log, tmp_path / "log.jsonl") == [1, 2, 3]


@pytest.mark.parametrize("lost", ["cut", "garbage", "removed"])
def test_a_log_that_somebody_cut_is_not_taken_for_whole(log: AppendLog, tmp_path: Path, lost: str) -> None:
    log.append({"x": 1})
    log.append({"x": 2})
    log.check_whole()
    path = tmp_path / "log.jsonl"
    if lost == "removed":
        path.unlink()
    else:
        path.write_bytes(b"nonsense" if lost == "garbage" else path.read_bytes()[:-5])
    with pytest.raises(StorageError, match="lost lines"):
        log.check_whole()


def test_a_log_that_was_cut_goes_on_readable_and_stays_suspect(log: AppendLog, tmp_path: Path) -> None:
    for number in range(3):
        log.append({"x": number})
    path = tmp_path / "log.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    log.expect_others()
    log.append({"x": "later"})
    assert agrees(log, path) == [0, "later"]
    log.append({"x": "still later"})
    with pytest.raises(StorageError, match="lost lines"):
        log.check_whole()
