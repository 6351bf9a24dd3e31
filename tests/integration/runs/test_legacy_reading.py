"""Directories of an earlier time: read under old names, completed from their other files, never made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import runpact
from integration.runs.place import Place
from trading import CONFIG, CONTRACT

NAME = "20260309_064210_run_1a2b3c4"
GOOD = Path(runpact.__file__).parent / f"packs/run-registry@1/trees/good/outputs/runs/{NAME}"
LEGACY = {"metadata.json": "meta.json", "report.json": "run_report.json"}


@pytest.fixture
def desk(empty: Place) -> Place:
    """A workspace with one good run that runpact did not make."""
    empty.write("contract.yaml", CONTRACT)
    shutil.copytree(GOOD, empty.root / "outputs/runs" / NAME)
    return empty


def folder(place: Place) -> Path:
    return place.root / "outputs/runs" / NAME


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def rows(place: Place) -> list[dict]:
    assert place.call("index", "views")[0] == 0
    return json.loads((place.root / "outputs/runs/runs_index.json").read_text())["runs"]


@pytest.mark.requirement("E8.1")
def test_old_names_are_read_with_advice_alone(desk: Place) -> None:
    for new, old in LEGACY.items():
        (folder(desk) / new).rename(folder(desk) / old)
    report = folder(desk) / "run_report.json"
    document = json.loads(report.read_text())
    roles = document["machine_contract"]["artifacts"]
    listed = [
        each | {"file_name": LEGACY.get(each["file_name"], each["file_name"])}
        for each in document["artifacts"]
    ]
    old_roles = {role: LEGACY.get(name, name) for role, name in roles.items()}
    machine = document["machine_contract"] | {"artifacts": old_roles}
    edit(report, artifacts=listed, machine_contract=machine)
    code, judged = desk.json("check")
    assert code == 0
    codes = [each["code"] for each in judged["findings"]]
    assert codes == ["legacy-name", "legacy-name"]
    assert desk.runs()[0]["kind"] == "run"
    assert rows(desk)[0]["created_at"] == "2026-03-09T06:42:10Z"
    code, page, _err = desk.call("report", NAME, "--format", "md")
    assert "`config_hash`" in page.split("## Metadata")[1]


@pytest.mark.requirement("E8.3", "E12.1")
def test_where_both_stand_the_canonical_file_wins(desk: Place) -> None:
    for new, old in LEGACY.items():
        shutil.copy(folder(desk) / new, folder(desk) / old)
    edit(folder(desk) / "meta.json", mode="legacy", run_id="another")
    edit(folder(desk) / "run_report.json", summary={"trades": 0}, results=[])
    code, judged = desk.json("check")
    found = {(each["code"], each["path"].rsplit("/", 1)[-1]) for each in judged["findings"]}
    assert all("rule" not in code for code, _path in found)
    assert code in {0, 2}
    assert rows(desk)[0]["mode"] == "run"
    _code, page, _err = desk.call("report", NAME, "--format", "md")
    assert "legacy" not in page.split("## Metadata")[1].split("##")[0]


@pytest.mark.requirement("E8.5")
def test_a_directory_with_the_old_metadata_alone_is_completed_from_its_other_files(desk: Place) -> None:
    (folder(desk) / "metadata.json").rename(folder(desk) / "meta.json")
    edit(folder(desk) / "meta.json", top10=[{"sharpe_simple": 2.5, "total_return": 0.3, "trades": 4.0}])
    for name in ("report.json", "metrics.json", "run_report.md", "trades.csv"):
        (folder(desk) / name).unlink()
    (row,) = rows(desk)
    assert (row["ticker"], row["start"], row["end"]) == ("SPY", "2020-01-01", "2021-01-01")
    assert (row["sharpe_simple"], row["total_return"], row["trades"]) == (2.5, 0.3, 4)
    assert isinstance(row["trades"], int)
    _code, shown = desk.json("show", NAME)
    assert shown["config"]["ticker"] == "SPY"
    assert desk.call("show", NAME)[0] == 0
    _code, page, _err = desk.call("report", NAME, "--format", "md")
    assert "| `ticker` | `SPY` |" in page


@pytest.mark.requirement("E8.5")
def test_a_directory_with_the_old_report_alone_is_completed_from_it(desk: Place) -> None:
    (folder(desk) / "report.json").rename(folder(desk) / "run_report.json")
    edit(folder(desk) / "run_report.json", header={"run_id": NAME, "created_at": "2026-03-09T06:42:10Z"})
    for name in ("metadata.json", "metrics.json", "config.json"):
        (folder(desk) / name).unlink()
    (row,) = rows(desk)
    assert (row["ticker"], row["sharpe_simple"], row["mode"]) == ("SPY", 1.2, "run")
    assert row["created_at"] == "2026-03-09T06:42:10Z"


@pytest.mark.requirement("E8.2")
def test_no_command_writes_an_old_name(desk: Place) -> None:
    measured = {"total_return": 1.0}
    best = "metrics.total_return:max"
    runpact.sweep(
        {"fee": [0.1]}, trial=lambda _trial: measured, objective=best, config=CONFIG, workspace=desk.root
    )
    for kind in ("run", "session"):
        with runpact.run(kind=kind, workspace=desk.root, config=CONFIG, durability="none") as run:
            run.log({"total_return": 1.0})
            if kind == "session":
                run.save("trades.csv", [{"a": 1}])
    failing = runpact.run(kind="run", workspace=desk.root, config=CONFIG, durability="none")
    with pytest.raises(ValueError, match="x"), failing:
        raise ValueError("x")
    for command in (("index", "views"), ("doctor", "--fix"), ("check",), ("sessions", "index"), ("ls",)):
        desk.call(*command)
    names = {path.name for path in desk.root.rglob("*")}
    assert names.isdisjoint(LEGACY.values())


def test_a_configuration_that_is_no_document_is_told_as_none(desk: Place) -> None:
    (folder(desk) / "config.json").write_text("[1]")
    assert desk.json("show", NAME)[1]["config"] == {}


@pytest.mark.requirement("E8.1", "E8.3")
def test_runs_are_compared_under_canonical_names(desk: Place) -> None:
    old = desk.root / "outputs/runs/20250309_064210_run_1a2b3c4"
    shutil.copytree(folder(desk), old)
    for new, legacy in LEGACY.items():
        (old / new).rename(old / legacy)
    assert desk.call("diff", old.name, NAME)[0] == 0
    edit(old / "meta.json", mode="grid")
    code, out, _err = desk.call("diff", old.name, NAME)
    assert code == 1
    assert "metadata.json" in out
    assert "meta.json" not in out
    shutil.copy(folder(desk) / "metadata.json", old / "metadata.json")  # which supersedes the other
    assert desk.call("diff", old.name, NAME)[0] == 0


def test_arrays_and_tables_are_compared_under_canonical_names(empty: Place) -> None:
    entries = "[{file: t.csv, formerly: {u.csv: '2.0'}}, {file: a.npz, formerly: {b.npz: '2.0'}}]"
    kinds = f"{{run: {{at: 'r/{{name}}', entries: [{{dir: gone, required: false}}, {entries[1:]}}}}}"
    empty.write("contract.yaml", f"contract: a.b\nversion: '1.0.0'\nkinds: {kinds}\n")
    for name, table, arrays in (("old", "u.csv", "b.npz"), ("new", "t.csv", "a.npz")):
        empty.write(f"r/{name}/{table}", f"x\n{len(name + table)}\n")
        np.savez(empty.root / f"r/{name}/{arrays}", x=np.arange(3.0) + len(table))
    assert empty.call("diff", "r/old", "r/new")[0] == 0
    empty.write("r/old/u.csv", "x\n1\n")
    np.savez(empty.root / "r/old/b.npz", x=np.arange(3.0))
    code, out, _err = empty.call("diff", "r/old", "r/new")
    assert code == 1
    assert "t.csv" in out
    assert "a.npz" in out
