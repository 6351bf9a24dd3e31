"""`runpact run` with its fence: flags, folders, messages, exit codes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place
from runpact.host import landlock
from runpact.model.errors import StorageError
from runpact.verbs.life import start

PLACES = """\
contract: test.places
version: "1.0.0"
workspace: {caches: ["scratch/**"]}
kinds:
  run:
    at: "runs/{name}"
    places: {models: {at: "models/{run.id}", entries: [{file: model.onnx, required: false}]}}
"""


def ran(place: Place, script: str, *options: str) -> tuple[int, str, dict]:
    """Return exit code, what stood on stderr, and the confinement of a command's run."""
    code, _out, err = place.call("run", *options, "--", "sh", "-c", script)
    folder = place.root / place.runs()[0]["path"]
    manifest = json.loads((folder / ".runpact/manifest.json").read_text())
    return code, err, manifest["provenance"]["confinement"]


def test_the_kernel_fences_a_command_by_default(empty: Place) -> None:
    code, err, record = ran(empty, "echo > stray")
    assert code == 3
    assert (record["requested"], record["level"], record["abi"]) == ("W2", "W2", landlock.abi())
    assert "the fence (W2) may have refused it something" in err
    assert "--cache GLOB" in err
    assert not (empty.root / "stray").exists()


def test_a_command_that_succeeds_is_told_nothing_of_the_fence(empty: Place) -> None:
    code, err, _record = ran(empty, "echo Permission denied >&2")
    assert (code, "fence" in err) == (0, False)


@pytest.mark.requirement("C-019")
def test_the_run_its_places_and_declared_caches_are_open(empty: Place) -> None:
    empty.write("contract.yaml", PLACES)
    script = 'touch "$RUNPACT_RUN_DIR/x" models/a/model.onnx scratch/x tmp/x "$TMPDIR/x" && ! touch models/x'
    code, err, record = ran(empty, script, "--name", "a", "--cache", "tmp/**", "--cache", "one.txt")
    assert code == 0, err
    assert {"scratch", "tmp"} <= set(record["opened"])
    assert "one.txt" not in record["opened"]
    assert (empty.root / "models/a/model.onnx").exists()


def test_a_place_that_nobody_wrote_to_is_not_left_behind(empty: Place) -> None:
    empty.write("contract.yaml", PLACES)
    assert ran(empty, "true", "--name", "a")[0] == 0
    assert not (empty.root / "models/a").exists()


def test_a_glob_that_is_no_folder_opens_its_folder_and_the_rest_is_compared(empty: Place) -> None:
    empty.write("data/x.npy", "x")
    code, _err, record = ran(
        empty, "sleep 0.02; touch data/x.npy.lock data/stray", "--cache", "data/**/*.lock", "--cache", "*.db"
    )
    assert code == 1
    assert [stray["path"] for stray in record["strays"]] == ["data/stray"]
    assert "the cache `data/**/*.lock` opens all of its folder" in record["gaps"]
    assert "*.db" in record["closed"]


def test_another_run_is_closed_unless_the_command_makes_runs(empty: Place) -> None:
    ran(empty, "true", "--name", "other")
    other = empty.runs()[0]["path"]
    assert ran(empty, f"touch {other}/spoiled")[0] == 3
    assert not (empty.root / other / "spoiled").exists()
    code, _err, record = ran(empty, f"touch {other}/spoiled", "--nested")
    assert code == 0
    assert "runs" in record["opened"]
    assert any("other runs are not held" in gap for gap in record["gaps"])


def test_a_run_that_a_fenced_command_may_not_make_says_how_it_may(empty: Place) -> None:
    program = "import runpact\nwith runpact.run(name='inner'): pass\n"
    code, err, _record = ran(empty, f'{sys.executable} -c "{program}"')
    assert code == 3
    log = next(empty.root.glob("runs/*/logs/stderr.log")).read_text()
    assert "this process is fenced into another run" in log
    assert "fence (W2)" in err


@pytest.mark.parametrize("least", ["W2", "W3"])
def test_a_level_that_is_demanded_and_not_there_creates_nothing(
    empty: Place, monkeypatch: pytest.MonkeyPatch, least: str
) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    code, out, err = empty.call("run", "--require-confinement", least, "--json", "--", "true")
    assert (code, out) == (2, "")
    assert '"code":"confinement"' in err.replace(" ", "")
    assert not (empty.root / "runs").exists()


def test_a_level_that_is_not_reached_is_said_once_and_recorded(
    empty: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    code, err, record = ran(empty, "true")
    assert code == 0
    assert err.count("W2 was asked for: this kernel has no Landlock") == 1
    assert (record["requested"], record["level"], len(record["lacking"])) == ("W2", "W1", 1)
    code, document = empty.json("run", "--", "true")
    assert (code, document["confinement"], document["lacking"]) == (0, "W1", record["lacking"])


def test_a_comparison_that_fell_short_of_what_was_demanded_is_incomplete(empty: Place) -> None:
    code, _out, err = empty.call("run", "--guard", "off", "--require-confinement", "W1", "--", "true")
    assert code == 2
    assert "confinement W0 is less than the W1 demanded" in err


@pytest.mark.parametrize(("options", "level"), [(("--confinement", "W0"), "W0"), (("--guard", "off"), "W0")])
def test_a_command_can_be_left_free(empty: Place, options: tuple[str, ...], level: str) -> None:
    code, _err, record = ran(empty, "echo > stray", *options)
    assert (code, record["level"], record["requested"]) == (0, level, level)
    assert record["gaps"] == ["writes outside the run are not confined"]


def test_the_kernels_fence_needs_no_comparison(empty: Place) -> None:
    _code, _err, record = ran(empty, "true", "--guard", "off", "--confinement", "W2")
    assert (record["level"], record["mechanism"][0]) == ("W2", "landlock")
    assert "comparison" not in record["mechanism"]


def test_only_what_is_declared_can_be_read(empty: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty.write("data/declared.txt", "declared")
    empty.write("data/other.txt", "other")
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "secret"
    elsewhere.write_text("secret")
    script = empty.write("work.sh", f"cat data/declared.txt; cat data/other.txt; cat {elsewhere}; ls; true\n")
    options = ("--reads", "declared", "--input", "data/declared.txt")
    assert empty.call("run", *options, "--", "sh", str(script))[0] == 0
    run = empty.root / empty.runs()[0]["path"]
    manifest = json.loads((run / ".runpact/manifest.json").read_text())
    assert manifest["provenance"]["confinement"]["reads"] == "declared"
    assert (run / "logs/stdout.log").read_text() == "declared"
    assert (run / "logs/stderr.log").read_text().count("ermission denied") == 3


def test_a_python_program_runs_where_only_declared_files_are_read(empty: Place) -> None:
    empty.write(
        "work.py", "import json, runpact, numpy; runpact.current().log({'loss': float(numpy.ones(1)[0])})"
    )
    code, _out, err = empty.call("run", "--reads", "declared", "--", sys.executable, "work.py")
    assert code == 0, err


def test_a_closed_network_is_recorded_as_far_as_it_is_closed(empty: Place) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = f"import socket; socket.create_connection(('127.0.0.1', {port}))"
        code, err, record = ran(empty, f'{sys.executable} -c "{program}"', "--no-network")
    assert code == 3, err
    assert record["network"] == "tcp refused"
    assert any("only TCP is refused" in gap for gap in record["gaps"])


def test_show_tells_level_and_what_was_asked(empty: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    ran(empty, "true", "--name", "a")
    assert "W2" in empty.call("show", "a")[1]
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    ran(empty, "true", "--name", "b")
    assert "W1 (W2 was asked for)" in empty.call("show", "b")[1]


def test_programs_in_the_command_are_told_the_level(empty: Place) -> None:
    assert ran(empty, 'test "$RUNPACT_CONFINEMENT" = W2')[0] == 0


def test_a_workspace_outside_the_temporary_folder_leaves_that_open(
    empty: Place, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    code, err, record = ran(empty, 'touch "$TMPDIR/kept"')
    assert code == 0, err
    assert os.listdir(temporary) == ["kept"]  # noqa: PTH208 - one name
    assert str(temporary) in {str(Path(path).expanduser()) for path in record["opened"]}


def test_a_run_that_a_fenced_program_may_not_make_is_told_apart_from_other_refusals(
    empty: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_arguments: object) -> None:
        raise StorageError("cannot write run directory: Permission denied", got="EACCES")

    monkeypatch.setattr(start.RunWriter, "create", closed)
    with pytest.raises(StorageError, match=r"denied$"), runpact.run(name="a"):
        pass
    monkeypatch.setenv("RUNPACT_CONFINEMENT", "W2")
    with pytest.raises(StorageError, match=r"fenced into another run$"), runpact.run(name="a"):
        pass
    assert not (empty.root / "runs").exists()


@pytest.mark.parametrize("level", ["W0", "W1"])
def test_limits_that_take_the_kernel_are_said_to_be_missing(empty: Place, level: str) -> None:
    code, err, record = ran(empty, "cat contract.yaml; true", "--confinement", level, "--reads", "declared")
    assert (code, record["reads"], record["level"]) == (0, "any", level)
    assert f"confinement {level}: reads were to be limited" in err
    assert len(record["lacking"]) == 1
