"""Damaged runs are named one by one, each with its reason, and hide none of the others."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.oracle import Found, runs_of
from faults.scenario import PLACES, Program, lay_out, make_run, part_of, result_of
from runpact.model.finding import Verdict
from runpact.workspace import Workspace

RUNS = 200
PRIVATE = ".runpact"
MANIFEST = f"{PRIVATE}/manifest.json"
BIRTH = f"{PRIVATE}/run.json"
SEAL = f"{PRIVATE}/seal"


def quiet(_fact: str, **_fields: object) -> None:
    """Tell nobody."""


def little(program: Program) -> None:
    """Do as little as the contract asks for."""
    program.event(1)
    program.points(1)
    program.artifact("result.json", result_of(1))
    program.artifact("parts/first.bin", part_of(1))


def removed(path: str) -> Callable[[Path, Path], None]:
    return lambda run, _other: (run / path).unlink()


def emptied(path: str) -> Callable[[Path, Path], None]:
    return lambda run, _other: os.truncate(run / path, 0)


def torn(path: str) -> Callable[[Path, Path], None]:
    return lambda run, _other: os.truncate(run / path, (run / path).stat().st_size // 2)


def swapped(path: str) -> Callable[[Path, Path], None]:
    def swap(run: Path, other: Path) -> None:
        shutil.copy(other / path, run / path)

    return swap


def edited(path: str, old: bytes, new: bytes) -> Callable[[Path, Path], None]:
    def edit(run: Path, _other: Path) -> None:
        data = (run / path).read_bytes()
        assert old in data
        (run / path).write_bytes(data.replace(old, new, 1))

    return edit


def piped(path: str) -> Callable[[Path, Path], None]:
    def pipe(run: Path, _other: Path) -> None:
        (run / path).unlink()
        os.mkfifo(run / path)

    return pipe


def linked(path: str) -> Callable[[Path, Path], None]:
    """Move a file out of the run and leave a link to it."""

    def link(run: Path, _other: Path) -> None:
        outside = run.parents[1] / f"outside-{run.name}"
        (run / path).rename(outside)
        (run / path).symlink_to(outside)

    return link


def cut_at_a_line(run: Path, _other: Path) -> None:
    lines = (run / PRIVATE / "events.jsonl").read_bytes().splitlines(keepends=True)
    (run / PRIVATE / "events.jsonl").write_bytes(b"".join(lines[:-1]))


def records_are_a_file(run: Path, _other: Path) -> None:
    shutil.rmtree(run / PRIVATE)
    (run / PRIVATE).write_text("")


Damage = tuple[Callable[[Path, Path], None], str, str]
DAMAGES: dict[str, Damage] = {
    "the manifest was removed": (removed(MANIFEST), "corrupt", "the manifest is missing"),
    "the manifest was emptied": (emptied(MANIFEST), "corrupt", "manifest"),
    "the manifest was torn": (torn(MANIFEST), "corrupt", "manifest"),
    "the outcome was edited": (edited(MANIFEST, b'"finished"', b'"failed"'), "corrupt", "seal"),
    "the birth record was removed": (removed(BIRTH), "corrupt", "the birth record is missing"),
    "the birth record is another run's": (swapped(BIRTH), "corrupt", "birth record"),
    "the seal was removed": (removed(SEAL), "corrupt", "the seal is missing"),
    "the seal is another run's": (swapped(SEAL), "corrupt", "seal"),
    "the manifest is a pipe": (piped(MANIFEST), "corrupt", "not a regular file"),
    "the log lacks its last line": (cut_at_a_line, "finished", "the log is not the one sealed"),
    "an artifact has another byte": (
        edited("result.json", b"0.25", b"0.26"),
        "finished",
        "not the one sealed",
    ),
    "an artifact became a link": (linked("parts/first.bin"), "finished", "became a symlink"),
}
"""What was done to a run, its state afterwards, and a part of the reason: of `ls`, else of `verify`."""
MORE: dict[str, Damage] = {
    "the birth record was torn": (torn(BIRTH), "corrupt", "birth record"),
    "the birth record is no UTF-8": (edited(BIRTH, b'"kind"', b'"\xff\xfe"'), "corrupt", "birth record"),
    "the birth record is a pipe": (piped(BIRTH), "corrupt", "not a regular file"),
    "the birth record is a link": (linked(BIRTH), "corrupt", "cannot be opened"),
    "the seal was torn": (torn(SEAL), "corrupt", "seal"),
    "a size in the seal was edited": (edited(SEAL, b'"size":', b'"size":1'), "corrupt", "seal"),
    "the log was removed": (removed(f"{PRIVATE}/events.jsonl"), "finished", "the log is missing"),
    "the metrics were emptied": (emptied(f"{PRIVATE}/metrics.jsonl"), "finished", "not the one sealed"),
    "an artifact was removed": (removed("parts/first.bin"), "finished", "the file is missing"),
    "an artifact is a pipe": (piped("parts/first.bin"), "finished", "became a other"),
    "the contract's copy was edited": (
        edited(f"{PRIVATE}/contract/contract.yaml", b"others: refused", b"others: allowed"),
        "finished",
        "not the one sealed",
    ),
    "the records are a file": (records_are_a_file, "unknown", "no runpact records"),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of many finished runs."""
    folder = tmp_path_factory.mktemp("store") / "w"
    lay_out(folder)
    for number in range(RUNS):
        assert make_run(folder, quiet, durability="none", name=f"r{number:03}", work=little) == 0
    return folder


def damage(store: Path, folder: Path, damages: dict[str, Damage]) -> dict[str, str]:
    """Copy the store and damage some of its runs; return what was done by the run's path."""
    shutil.copytree(store, folder, symlinks=True)
    names = {f"{PLACES['run']}/r{7 + number * 13:03}": name for number, name in enumerate(damages)}
    for path, name in names.items():
        damages[name][0](folder / path, folder / PLACES["run"] / "r000")
    return names


def misjudged(run: Found, name: str, damages: dict[str, Damage], folder: Path) -> list[str]:
    """Return what is told wrongly of one run; `name` is empty when it was left alone."""
    said = f"{run.path} ({name or 'left alone'})"
    if not name:
        return [] if (run.state, run.verdict) == ("finished", Verdict.OK) else [f"{said} is {run.state}"]
    _do, state, reason = damages[name]
    _directory, _standing, report = Workspace.open(workspace=str(folder)).verify(run.path)
    told = " ".join([run.reason, *(finding.message for finding in report.findings)])
    wrong = [] if run.state == state else [f"{said} is {run.state}, not {state}"]
    if run.verdict is Verdict.OK:
        wrong.append(f"{said} verifies")
    return wrong if reason in told else [*wrong, f"{said} is said to be: {told}"]


def checked_wrongly(folder: Path, names: dict[str, str]) -> list[str]:
    """Check every run at once and one by one; a damaged one must not keep the others from their verdict."""
    workspace = Workspace.open(workspace=str(folder))
    wrong = []
    for checked in workspace.check([]):
        name = names.get(checked.path, "")
        (alone,) = workspace.check([checked.path])
        if alone != checked:
            wrong.append(f"{checked.path} ({name}) is checked otherwise alone")
        is_kept = checked.verdict is Verdict.OK
        if (checked.state.value == "corrupt" and is_kept) or not (name or is_kept):
            wrong.append(f"{checked.path} ({name}) is {checked.state.value} and {checked.verdict.value}")
    return wrong


@pytest.mark.parametrize(
    ("damages", "title"), [(DAMAGES, "named"), (MORE, "more")], ids=["twelve ways", "twelve more"]
)
def test_twelve_damaged_runs_are_named_and_hide_none_of_the_others(
    store: Path, tmp_path: Path, damages: dict[str, Damage], title: str, figures: Callable[[str], None]
) -> None:
    began = time.monotonic()
    names = damage(store, tmp_path / "w", damages)
    found = runs_of(tmp_path / "w")
    wrong = [
        line for run in found for line in misjudged(run, names.get(run.path, ""), damages, tmp_path / "w")
    ]
    wrong += checked_wrongly(tmp_path / "w", names)
    intact = [run for run in found if run.verdict is Verdict.OK]
    figures(
        f"damaged store, {title}: {RUNS} runs, {len(names)} damaged in {len(damages)} ways, "
        f"{len(found)} listed, {len(intact)} verified, {len(wrong)} wrong, {time.monotonic() - began:.0f} s"
    )
    assert wrong == []
    assert len(found) == RUNS
    assert len(intact) == RUNS - len(damages)


def test_a_store_whose_every_run_is_damaged_is_still_listed(store: Path, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    shutil.copytree(store, folder, symlinks=True)
    for run in (folder / PLACES["run"]).iterdir():
        (run / BIRTH).write_bytes(b"\0" * 100)
    found = runs_of(folder)
    assert {run.state for run in found} == {"corrupt"}
    assert len(found) == RUNS
    assert make_run(folder, quiet, durability="none", name="next", work=little) == 0
    assert json.loads((folder / PLACES["run"] / "next/result.json").read_bytes()) == result_of(1)
