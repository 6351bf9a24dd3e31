"""`runpact diff`: what differs between runs on disk, and the exit codes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import runpact
from integration.runs.place import Place
from runpact.model.errors import UsageError

CONTRACT = """\
contract: test.diff
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    determinism:
      volatile: ["logs/**", "metrics.json#/wall"]
      tolerances:
        metrics.json#/loss: {absolute: 0.01}
        weights.npz#/w: {relative: 0.01}
        .runpact/metrics.jsonl#/loss: {absolute: 0.01}
"""


@pytest.fixture
def lab(empty: Place) -> Place:
    empty.write("contract.yaml", CONTRACT)
    return empty


def make(name: str, *, loss: float = 0.5, lr: float = 0.1, wall: float = 1.0, extra: str = "") -> Path:
    with runpact.run(name=name, config={"lr": lr}, unsafe_skip_check=True) as run:
        for step in range(5):
            run.log({"loss": loss + step}, step=step)
        run.save("metrics.json", {"loss": loss, "wall": wall})
        np.savez(run.path("weights.npz"), w=np.full((2, 3), loss), k=np.arange(4))
        Path(run.path("table.csv")).write_text(f"step,x\n0,{lr}\n")
        if extra:
            Path(run.path("extra.bin")).write_bytes(extra.encode())
    return Path(run.dir)


def test_runs_of_the_same_thing_are_equal(lab: Place) -> None:
    make("a")
    make("b", wall=2.0)
    code, found = lab.json("diff", "a", "b")
    assert (code, found["answer"]) == (0, "equal")
    assert all(row["likeness"] == "noted" for rows in found["sections"].values() for row in rows)
    assert found["counts"]["volatile"] == 1
    code, out, _err = lab.call("diff", "a", "b")
    assert code == 0
    assert out.splitlines()[-1] == "equal; 2 differ as the contract allows (--all shows them)"


def test_runs_within_the_tolerances_are_equal(lab: Place) -> None:
    make("a")
    make("b", loss=0.504)
    code, found = lab.json("diff", "a", "b", "--all")
    assert code == 0
    likeness = {row["key"]: row["likeness"] for rows in found["sections"].values() for row in rows}
    assert likeness["weights.npz#/w"] == "tolerated"
    assert likeness["weights.npz"] == "tolerated"
    assert likeness["loss.series"] == "tolerated"
    assert likeness["metrics.json#/loss"] == "tolerated"
    assert likeness["table.csv"] == "same"


def test_runs_beyond_the_tolerances_are_different(lab: Place) -> None:
    make("a")
    make("b", loss=0.6, lr=0.2, extra="x")
    code, found = lab.json("diff", "a", "b")
    assert (code, found["answer"]) == (1, "different")
    told = {row["key"]: row for rows in found["sections"].values() for row in rows}
    assert told["lr"]["values"] == [0.1, 0.2]
    assert told["loss.last"]["values"] == [4.5, 4.6]
    assert told["loss.series"]["remark"].startswith("5 of 5 points differ, from step 0 on, by at most 0.1")
    assert told["weights.npz#/w"]["remark"] == "6 of 6 values differ, by at most 0.1"
    assert told["table.csv#/0/x"]["values"] == ["0.1", "0.2"]
    assert told["extra.bin"]["absent"] == [0]
    assert "weights.npz#/k" not in told
    code, out, _err = lab.call("diff", "a", "b")
    assert code == 1
    assert out.splitlines()[0] == "A  runs/a"
    assert "different: 1 in config, 4 in metrics, 4 in artifacts" in out


def test_only_some_sections_decide_when_only_they_are_asked_for(lab: Place) -> None:
    make("a")
    make("b", lr=0.2)
    assert lab.call("diff", "a", "b")[0] == 1
    assert lab.call("diff", "a", "b", "--only", "metrics, seeds")[0] == 0
    code, _out, err = lab.call("diff", "a", "b", "--only", "metric")
    assert (code, "metrics, artifacts" in err) == (64, True)


def test_one_run_alone_differs_from_nothing(lab: Place) -> None:
    make("a")
    assert lab.call("diff", "a")[0] == 64
    with pytest.raises(UsageError):
        runpact.diff("a")
    assert lab.call("diff", "a", "zzz")[0] == 2


def test_three_runs_stand_side_by_side(lab: Place) -> None:
    for name, lr in (("a", 0.1), ("b", 0.1), ("c", 0.3)):
        make(name, lr=lr)
    _code, found = lab.json("diff", "a", "b", "c")
    assert found["sections"]["config"][0]["values"] == [0.1, 0.1, 0.3]


def test_an_interrupted_run_is_compared_by_what_stands_there(lab: Place) -> None:
    folder = make("a")
    other = lab.root / "runs/b"
    shutil.copytree(folder, other)
    manifest = json.loads((other / ".runpact/manifest.json").read_text())
    (other / ".runpact/manifest.json").write_text(json.dumps({**manifest, "sealed": False}))
    (other / ".runpact/seal").unlink()
    (other / "link").symlink_to("metrics.json")
    (other / "pipe.fifo").write_text("x")
    (other / "pipe.fifo").unlink()
    code, found = lab.json("diff", "a", "b")
    told = {row["key"]: row for rows in found["sections"].values() for row in rows}
    assert code == 1
    assert told["state"]["values"] == ["finished", "interrupted"]
    assert told["link"]["absent"] == [0]
    assert "metrics.json" not in told


def test_the_summary_tells_undecided_from_different(lab: Place) -> None:
    make("a")
    folder = make("b", lr=0.2)
    (folder / ".runpact/seal").unlink()
    _code, out, _err = lab.call("diff", "a", "b", "--only", "run,config")
    assert out.splitlines()[-1].startswith("different: 1 undecided in run, 1 in config")
    (folder / ".runpact/manifest.json").unlink()


def test_a_damaged_run_is_undecided(lab: Place) -> None:
    folder = make("a")
    shutil.copytree(folder, lab.root / "runs/b")
    (lab.root / "runs/b/.runpact/seal").write_bytes(b"{}")
    code, found = lab.json("diff", "a", "b")
    assert code in {1, 2}
    assert found["sections"]["run"][0]["likeness"] == "undecided"
    assert lab.call("diff", "a", "b", "--only", "run,config")[0] == 2


def test_a_file_that_is_not_the_sealed_one_is_not_believed(lab: Place) -> None:
    make("a")
    folder = make("b", loss=0.504)
    (folder / "metrics.json").write_text('{"loss": 0.5, "wall": 1.0}')
    code, found = lab.json("diff", "a", "b")
    told = {row["key"]: row for row in found["sections"]["artifacts"]}
    assert code == 2
    assert told["metrics.json"]["remark"] == "not compared by value: it is not the file that was sealed"
    (folder / "metrics.json").unlink()
    assert lab.call("diff", "a", "b")[0] == 2


def test_links_are_compared_by_where_they_lead(lab: Place) -> None:
    for name in ("a", "b"):
        with runpact.run(name=name, config={}, unsafe_skip_check=True) as run:
            Path(run.path("x.json")).symlink_to(f"{name}.json")
    code, found = lab.json("diff", "a", "b")
    assert code == 1
    assert found["sections"]["artifacts"][0]["remark"] == "other bytes"


def test_foreign_directories_are_compared_by_their_kind(lab: Place) -> None:
    for name, loss in (("a", 0.5), ("b", 0.501)):
        lab.write(f"runs/{name}/metrics.json", json.dumps({"loss": loss, "wall": loss}))
        lab.write(f"runs/{name}/logs/out.log", name)
    assert lab.call("diff", "a", "b")[0] == 0
    lab.write("runs/b/metrics.json", '{"loss": 0.6}')
    assert lab.call("diff", "a", "b")[0] == 1


def test_without_a_contract_nothing_may_differ(empty: Place) -> None:
    for name, loss in (("a", 0.5), ("b", 0.501)):
        empty.write(f"{name}/metrics.json", json.dumps({"loss": loss}))
    assert empty.call("diff", "a", "b")[0] == 1
    assert empty.call("diff", "a", "a")[0] == 0


def test_a_directory_of_no_kind_may_not_differ(lab: Place) -> None:
    lab.write("contract.yaml", CONTRACT + '  other:\n    at: "others/{name}"\n')
    for name, loss in (("a", 0.5), ("b", 0.501)):
        lab.write(f"elsewhere/{name}/metrics.json", json.dumps({"loss": loss}))
    assert lab.call("diff", "elsewhere/a", "elsewhere/b")[0] == 1


def test_a_file_that_cannot_be_read_leaves_it_undecided(lab: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from runpact.model.errors import StorageError
    from runpact.verbs.judging import sealedcontents

    for name in ("a", "b"):
        lab.write(f"runs/{name}/x.bin", name)

    def refuse(root: str, path: str) -> tuple[str, int]:
        raise StorageError("cannot be read")

    monkeypatch.setattr(sealedcontents, "digest_file", refuse)
    assert lab.call("diff", "a", "b")[0] == 2


def test_long_values_are_shown_around_the_place_where_they_differ(lab: Place) -> None:
    for name, tail in (("a", "one"), ("b", "two")):
        config = {"layers": [*range(40), tail], "short": name, "same": 1}
        with runpact.run(name=name, config=config, unsafe_skip_check=True):
            pass
    _code, out, _err = lab.call("diff", "a", "b", "--only", "config")
    (line,) = (line for line in out.splitlines() if line.strip().startswith("layers"))
    assert '37,38,39,"one"]' in line
    assert '37,38,39,"two"]' in line
    assert "…" in line


def test_the_stored_diff_is_printed_on_request(lab: Place) -> None:
    folder = make("a")
    make("b")
    record = json.loads((folder / ".runpact/manifest.json").read_text())
    assert record["provenance"]["code"]["commit"] == "unknown"
    _code, out, _err = lab.call("diff", "a", "b", "--patch")
    assert "runs/a, runs/b: no stored diff" in out
    assert lab.json("diff", "a", "b", "--patch")[1]["patches"] == [None, None]


def test_the_stored_diff_of_a_changed_repository_is_that_of_the_run(lab: Place) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.email=a@b", "-c", "user.name=a", *words], cwd=lab.root, check=True)

    lab.write("code.py", "x = 1\n")
    git("init", "-q", ".")
    git("add", "-A")
    git("commit", "-qm", "first")
    make("a")
    lab.write("code.py", "x =\t2\n")
    command = [sys.executable, "-m", "runpact", "run", "--name", "b", "--", "true"]
    subprocess.run(command, cwd=lab.root, check=True)
    code, out, _err = lab.call("diff", "a", "b", "--patch", "--only", "code")
    assert code == 1
    assert "runs/a: no stored diff" in out
    assert "+x =\t2" in out


def test_long_lists_of_values_are_shortened(lab: Place) -> None:
    for name, value in (("a", 0), ("b", 1)):
        lab.write(f"runs/{name}/l.json", json.dumps([value] * 40))
    _code, out, _err = lab.call("diff", "a", "b")
    assert "… and 28 more values; --all shows them" in out
    assert "more values" not in lab.call("diff", "a", "b", "--all")[1]


def test_a_program_asks_whether_runs_are_equal(lab: Place) -> None:
    make("a")
    make("b", lr=0.2)
    assert runpact.diff("a", "a").is_equal
    found = runpact.diff("a", "b")
    assert not found.is_equal
    assert found.differences["config"][0].values == (0.1, 0.2)
    assert runpact.diff("a", "b", only="metrics").is_equal


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda run: (run / ".runpact/metrics.jsonl").write_text("garbage"), "not the one that was sealed"),
        (lambda run: (run / ".runpact/metrics.jsonl").unlink(), "metrics.jsonl"),
        (lambda run: (run / ".runpact/run.json").unlink(), "its records are damaged"),
    ],
)
def test_metrics_of_a_damaged_run_prove_no_difference(lab: Place, damage: object, told: str) -> None:
    make("a")
    damage(make("b"))
    code, found = lab.json("diff", "a", "b", "--only", "metrics")
    assert (code, found["answer"]) == (2, "undecided")
    (row,) = found["sections"]["metrics"]
    assert told in row["remark"]
    assert row["values"] == ["1 metrics", None]


def test_a_foreign_directory_has_no_metrics(lab: Place) -> None:
    make("a")
    lab.write("runs/foreign/metrics.json", "{}")
    assert lab.json("diff", "a", "runs/foreign", "--only", "metrics")[0] == 1


def test_a_very_long_name_leaves_room_for_the_values(lab: Place) -> None:
    for name, value in (("a", 1.0), ("b", 2.0)):
        with runpact.run(name=name, unsafe_skip_check=True) as run:
            run.log({"m" * 300: value}, step=0)
    out = lab.call("diff", "a", "b")[1]
    assert max(map(len, out.splitlines())) < 160
    assert "…" in out
    shown = lab.call("tail", "a")[1]
    assert max(map(len, shown.splitlines())) < 120
