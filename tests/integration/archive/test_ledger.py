"""The ledger on disk, and `runpact ledger`."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from runpact.cli.main import run_command_line
from runpact.disk import ledger as ledger_files
from runpact.disk.layout import LEDGER
from runpact.model.errors import LedgerError, StorageError
from runpact.model.ledger.entry import Baseline, Entry
from runpact.verbs.archive.ledger import ledger_of, open_ledger

Captured = pytest.CaptureFixture[str]


def entry(name: str) -> Entry:
    return Entry(
        seq=0,
        previous=None,
        time="",
        who="",
        action="promote",
        run=f"uid-{name}",
        run_id=name,
        path=f"runs/{name}",
        at=f"reports/label_{name}",
    )


def add(root: Path, *names: str) -> None:
    for name in names:
        with open_ledger(str(root)) as held:
            held.add(entry(name))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _append(folder: str, process: int) -> None:
    for number in range(20):
        add(Path(folder), f"{process}-{number}")


@pytest.mark.requirement("B-121")
def test_processes_that_append_at_once_lose_nothing(place: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_append, args=(str(place), number)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found = ledger_of(str(place))
    assert (len(found.entries), found.fault, found.torn) == (80, "", 0)
    assert {each.run_id for each in found.entries} == {f"{p}-{n}" for p in range(4) for n in range(20)}


def test_a_torn_line_is_cut_off_by_the_next_writer(place: Path, capsys: Captured) -> None:
    add(place, "a", "b")
    with (place / LEDGER).open("ab") as file:
        file.write(b'{"action":"pro')
    assert run_command_line(["ledger", "verify"]) == 1
    assert "ledger-torn" in capsys.readouterr().out
    add(place, "c")
    assert run_command_line(["ledger", "verify"]) == 0
    assert [each.run_id for each in ledger_of(str(place)).entries] == ["a", "b", "c"]


def test_nothing_is_added_to_a_damaged_ledger(place: Path, capsys: Captured) -> None:
    add(place, "a", "b", "c")
    data = (place / LEDGER).read_bytes()
    (place / LEDGER).write_bytes(data.replace(b"uid-b", b"uid-x"))
    with pytest.raises(LedgerError), open_ledger(str(place)):
        pass
    assert run_command_line(["ledger", "show"]) == 3
    assert run_command_line(["ledger", "prove", "1"]) == 2
    told = capsys.readouterr()
    assert "ledger-damaged" in told.out
    assert "error[ledger]" in told.err


def test_a_refused_line_leaves_nothing_behind(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(place, "a")
    before = (place / LEDGER).read_bytes()

    def refuse(descriptor: int, line: bytes) -> None:
        os.write(descriptor, line[:10])
        raise OSError(28, "full")

    monkeypatch.setattr(ledger_files.io, "append_line", refuse)
    with pytest.raises(StorageError):
        add(place, "b")
    assert (place / LEDGER).read_bytes() == before


def test_a_ledger_that_another_process_keeps_is_waited_for_and_no_longer(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_files, "_WAIT_SECONDS", 0.05)
    with open_ledger(str(place)), pytest.raises(StorageError, match="too long"):
        add(place, "a")


def test_a_link_is_no_ledger(place: Path) -> None:
    (place / "elsewhere").write_bytes(b"")
    (place / LEDGER).symlink_to("elsewhere")
    with pytest.raises(StorageError):
        add(place, "a")
    with pytest.raises(StorageError):
        ledger_of(str(place))


def test_entries_are_shown_proven_and_verified(place: Path, capsys: Captured) -> None:
    assert run_command_line(["ledger", "verify"]) == 2
    assert "ledger-empty" in capsys.readouterr().out
    add(place, "a", "b", "c")
    assert run_command_line(["ledger", "show", "b", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [each["run_id"] for each in shown["entries"]] == ["b"]
    assert run_command_line(["ledger", "show"]) == 0
    told = capsys.readouterr().out
    assert "reports/label_c" in told
    assert f"head {shown['head']}" in told
    assert run_command_line(["ledger", "prove", "label_b"]) == 0
    (place / "proof.json").write_text(capsys.readouterr().out, encoding="utf-8")
    assert run_command_line(["ledger", "verify", "proof.json"]) == 0
    assert run_command_line(["ledger", "verify", "proof.json", "--head", shown["head"]]) == 0
    add(place, "d")
    assert run_command_line(["ledger", "verify", "proof.json"]) == 0
    assert run_command_line(["ledger", "verify", "--head", shown["head"], "--json"]) == 0
    assert run_command_line(["ledger", "prove", "none"]) == 2
    assert run_command_line(["ledger", "verify", "--head", "3"]) == 2


def test_a_proof_needs_a_head_that_is_known(place: Path, capsys: Captured) -> None:
    add(place, "a", "b")
    assert run_command_line(["ledger", "prove", "1"]) == 0
    proof = capsys.readouterr().out
    (place / "proof.json").write_text(proof, encoding="utf-8")
    (place / LEDGER).unlink()
    assert run_command_line(["ledger", "verify", "proof.json"]) == 1
    assert "head-unknown" in capsys.readouterr().out
    add(place, "x", "y")
    assert run_command_line(["ledger", "verify", "proof.json"]) == 3
    head = json.loads(proof)["head"]
    assert run_command_line(["ledger", "verify", "--head", head]) == 3
    (place / "proof.json").write_text(proof.replace("uid-a", "uid-b"), encoding="utf-8")
    assert run_command_line(["ledger", "verify", "proof.json", "--head", head]) == 3


def test_the_ledger_honours_the_umask(place: Path) -> None:
    before = os.umask(0o022)
    try:
        add(place, "a")
    finally:
        os.umask(before)
    assert stat.S_IMODE((place / LEDGER).stat().st_mode) == 0o644


@pytest.mark.requirement("B-A9")
def test_output_is_utf8_whatever_the_locale(place: Path) -> None:
    with open_ledger(str(place)) as held:
        held.add(
            msgspec.structs.replace(entry("a"), baseline=Baseline("b", "sha256:" + "0" * 64), path="runs/ä")
        )
    plain = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "runpact", "ledger", "show"],
        cwd=place,
        env=plain,
        capture_output=True,
        check=True,
    )
    assert "runs/ä" in done.stdout.decode()
    assert "→ b" in done.stdout.decode()
