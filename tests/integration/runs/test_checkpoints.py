"""Checkpoints of a run: in one folder, whole at every moment, only as many as are wanted."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import runpact
from integration.runs.place import Place
from runpact.model.errors import (
    CannotStartError,
    ContractBrokenError,
    StorageError,
    UnsafeNameError,
    UsageError,
    ValueRefusedError,
)

CONTRACT = """\
contract: test.training
version: "1.0.0"
extends: runpact:project-run@1
kinds: {run: {made_by: ["**"]}}
"""
FOLDER = "artifacts/checkpoints"


@pytest.fixture
def place(empty: Place) -> Place:
    """A workspace of projects."""
    empty.write("contract.yaml", CONTRACT)
    return empty


def weights(value: float = 1.0) -> dict[str, np.ndarray]:
    return {"w": np.full(3, value), "b": np.zeros(1)}


def names_in(run: runpact.ActiveRun) -> list[str]:
    return sorted(path.name for path in (Path(run.dir) / FOLDER).iterdir())


def write_torch(path: str) -> None:
    """Write what `torch.save` does: a zip around a pickle."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"w": 1}))
        archive.writestr("archive/version", "3")


@pytest.mark.requirement("A-015", "A-049", "A-050", "A-051")
def test_best_and_last_are_replaced_and_steps_are_kept_in_number(place: Place) -> None:
    with runpact.run(name="t", config={"a": 1}) as run:
        for step in range(5):
            loss = 1 / (step + 1)
            run.checkpoint(step, weights(step), keep=2, metrics={"loss": loss})
            run.checkpoint("last", weights(step), step=step)
            if step < 3:
                path = run.checkpoint("best", weights(loss), step=step, metrics={"loss": np.float32(loss)})
        run.save("metrics", {"loss": 0.2})
    assert names_in(run) == ["best.npz", "last.npz", "step_000003.npz", "step_000004.npz"]
    assert np.load(path)["w"][0] == pytest.approx(1 / 3)
    assert (place.call("check")[0], place.call("verify", run.id)[0]) == (0, 0)
    told = {each.name: (each.step, each.metrics) for each in runpact.open_run(run.id).checkpoints()}
    assert told["best"] == (2, {"loss": pytest.approx(1 / 3)})
    assert told["step_000004"] == (4, {"loss": 0.2})
    assert sorted(told) == ["best", "last", "step_000003", "step_000004"]


@pytest.mark.requirement("A-050", "A-051")
def test_other_names_are_a_warning(place: Place) -> None:
    with runpact.run(name="t", config={"a": 1}) as run:
        run.checkpoint("epoch-1", weights())
        run.save("metrics", {"loss": 0.2})
    code, document = place.json("check")
    assert code == 1
    assert {each["rule"] for each in document["findings"]} == {"A-050", "A-051"}


@pytest.mark.requirement("A-046")
def test_a_programs_own_writer_writes_the_file(place: Place) -> None:
    with runpact.run(name="t", config={"a": 1}) as run:
        run.checkpoint("best", weights())
        assert run.checkpoint("best", write_torch).endswith("/best.pt")
        run.checkpoint("last", lambda path: np.savez(path, **weights()), suffix=".npz")
        assert names_in(run) == ["best.pt", "last.npz"]
        run.save("metrics", {"loss": 0.2})
    assert (place.call("check")[0], place.call("verify", run.id)[0]) == (0, 0)


def test_a_file_is_copied_with_its_suffix(place: Place) -> None:
    source = place.root / "model.safetensors"
    with runpact.run(name="t", config={"a": 1}, caches="*.safetensors") as run:
        run.checkpoint("best", weights(), suffix="safetensors")
        source.write_bytes((Path(run.dir) / FOLDER / "best.safetensors").read_bytes())
        run.checkpoint("last", source)
        run.save("metrics", {"loss": 0.2})
    assert names_in(run) == ["best.safetensors", "last.safetensors"]
    assert place.call("check")[0] == 0


def _bare_pickle(path: str) -> None:
    Path(path).write_bytes(pickle.dumps(Path("a")))


def _failing(path: str) -> None:
    Path(path).write_bytes(b"half")
    raise RuntimeError


@pytest.mark.requirement("A-045", "A-047")
@pytest.mark.parametrize(
    ("state", "error"),
    [
        (_bare_pickle, ValueRefusedError),
        (_failing, RuntimeError),
        (lambda _path: None, CannotStartError),
        ({"w": np.array([None])}, ValueRefusedError),
        ({"w": "text"}, ValueRefusedError),
        ({}, ValueRefusedError),
        (7, UsageError),
        (Path("missing.pt"), CannotStartError),
    ],
)
def test_what_cannot_be_kept_leaves_the_older_one(
    empty: Place, state: object, error: type[Exception]
) -> None:
    with runpact.run(name="t") as run:
        path = Path(run.checkpoint("best", weights(3), suffix="pt.npz"))
        before = path.read_bytes()
        with pytest.raises(error):
            run.checkpoint("best", state, suffix="pt.npz")  # type: ignore[arg-type]
        assert path.read_bytes() == before
        assert names_in(run) == ["best.pt.npz"]
    assert runpact.verify(run.id) is runpact.Verdict.OK


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"keep": 0}, UsageError),
        ({"keep": True}, UsageError),
        ({"step": "a"}, UsageError),
        ({"metrics": 5}, UsageError),
        ({"metrics": {"loss": float("nan")}}, ValueRefusedError),
        ({"metrics": {"loss": "low"}}, ValueRefusedError),
        ({"suffix": "a/b"}, UnsafeNameError),
    ],
)
def test_numbers_that_are_none_are_refused_before_anything_is_written(
    empty: Place, said: dict[str, object], error: type[Exception]
) -> None:
    with runpact.run(name="t") as run:
        with pytest.raises(error):
            run.checkpoint(1, weights(), **said)  # type: ignore[arg-type]
        assert not (Path(run.dir) / FOLDER).exists()


def test_the_newest_of_a_name_is_pinned_even_when_its_event_was_refused(empty: Place) -> None:
    with runpact.run(name="t") as run:
        run.checkpoint("best", weights(1))
        note, run.note = run.note, _refusing  # type: ignore[method-assign]
        with pytest.raises(StorageError):
            run.checkpoint("best", weights(2))
        run.note = note  # type: ignore[method-assign]
    assert runpact.verify(run.id) is runpact.Verdict.OK


def _refusing(*_words: object, **_fields: object) -> int:
    raise StorageError("full")


@pytest.mark.requirement("A-049")
def test_other_files_among_the_checkpoints_are_refused(place: Place) -> None:
    def body() -> None:
        with runpact.run(name="t", config={"a": 1}) as run:
            run.checkpoint("best", weights())
            run.checkpoint("last", weights())
            Path(run.dir, FOLDER, "notes.txt").write_text("x")
            run.save("metrics", {"loss": 0.2})

    with pytest.raises(ContractBrokenError, match=r"notes\.txt"):
        body()


@pytest.mark.requirement("A-049")
def test_a_format_that_the_contract_does_not_take_is_refused_at_the_call(place: Place) -> None:
    with runpact.run(name="t", config={"a": 1}) as run:
        for name in ("best", "last"):
            run.checkpoint(name, weights())
        with pytest.raises(
            ValueRefusedError, match=r"takes no checkpoint of this format \(A-049\)"
        ) as refused:
            run.checkpoint("cp", Path("contract.yaml"))
        assert (refused.value.expected, refused.value.got) == ("pt or safetensors or npz", "cp.yaml")
        run.save("metrics", {"loss": 0.2})
    assert place.call("check")[0] == 0


def test_only_numbered_checkpoints_of_the_last_written_go(empty: Place) -> None:
    with runpact.run(name="t") as run:
        for step in (1, 2, 3, 4, 5, 3):
            run.checkpoint(step, weights())
        run.checkpoint("best", weights(), keep=1)
        assert len(names_in(run)) == 6
        run.checkpoint(6, weights(), keep=3)
        assert names_in(run) == ["best.npz", "step_000003.npz", "step_000005.npz", "step_000006.npz"]


def test_a_writer_that_writes_nothing_is_told_so(empty: Place) -> None:
    with runpact.run(name="t") as run:
        with pytest.raises(CannotStartError, match="wrote nothing"):
            run.checkpoint("last", lambda path: None)
        with pytest.raises(UsageError, match="`keep` is how many"):
            run.checkpoint(1, weights(), keep=0)


@pytest.mark.parametrize("name", ["a.bin", "x", "b.txt"])
def test_a_pickle_is_named_whatever_the_file_is_called(place: Place, name: str) -> None:
    with runpact.run(name="t", config={"a": 1}, unsafe_skip_check=True) as run:
        run.save("metrics", {"loss": 0.2})
        Path(run.dir, name).write_bytes(pickle.dumps({"a": [1, 2, 3]}))
    (found,) = (each for each in runpact.check(run.id)[0].report.findings if each.path.endswith(name))
    assert (found.rule, found.got) == ("A-045", "pickle")


def test_a_killed_training_keeps_its_checkpoints(place: Place) -> None:
    code = """\
import os, numpy as np, runpact
with runpact.run(name="t", config={"a": 1}) as run:
    for step in range(3):
        run.checkpoint("last", {"w": np.full(3, float(step))}, step=step)
        run.checkpoint("best", {"w": np.full(3, float(step))}, step=step)
    os.rename(run.path("artifacts/checkpoints/best.npz"), run.path("artifacts/checkpoints/kept"))
    np.savez(run.path("artifacts/checkpoints/best.npz"), w=np.full(3, 9.0))  # replaced, not yet told
    os.remove(run.path("artifacts/checkpoints/kept"))
    print(run.dir, flush=True)
    os.kill(os.getpid(), 9)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place.root, capture_output=True, check=False, text=True
    )
    directory = done.stdout.strip()
    assert place.call("doctor", "--fix")[0] in {0, 1}
    assert runpact.verify(directory) is runpact.Verdict.OK
    assert np.load(Path(directory, FOLDER, "best.npz"))["w"][0] == 9
    assert {each.step for each in runpact.open_run(directory).checkpoints()} == {2}


def test_a_process_of_a_command_keeps_checkpoints_too(place: Place) -> None:
    place.write(
        "go.py",
        "import runpact, numpy as np\nrun = runpact.current()\n"
        "for step in range(4): run.checkpoint('last', {'w': np.ones(step + 1)}, step=step)\n"
        "for step in range(4): run.checkpoint(step, {'w': np.ones(step + 1)}, keep=1)\n"
        "run.checkpoint('best', {'w': np.ones(1)})\n"
        "run.save('metrics', {'loss': 0.5})\n",
    )
    code, _out, err = place.call("run", "--name", "t", "--set", "a=1", "--", sys.executable, "go.py")
    assert code == 0, err
    run = place.root / place.runs()[0]["path"]
    assert sorted(path.name for path in (run / FOLDER).iterdir()) == [
        "best.npz",
        "last.npz",
        "step_000003.npz",
    ]
    assert place.call("verify", str(run))[0] == 0


def test_a_foreign_run_tells_of_no_checkpoints(empty: Place) -> None:
    empty.write("runs/old/a.json", json.dumps({}))
    assert runpact.open_run("runs/old").checkpoints() == ()


@pytest.mark.parametrize("state", [{"w": np.array([None])}, {"w": np.array(["a"])}, {}])
def test_safetensors_hold_arrays_of_numbers_alone(empty: Place, state: dict[str, object]) -> None:
    with runpact.run(name="t") as run, pytest.raises(ValueRefusedError):
        run.checkpoint("best", state, suffix="safetensors")
