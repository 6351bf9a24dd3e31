"""Tests that write where they must not fail; a run to test with; a run of the tests."""

from __future__ import annotations

import json
import os

import pytest

TESTS = """
import pathlib, shutil, subprocess
import runpact

ROOT = pathlib.Path(__file__).parent

def skill():
    runpact.current().scope("motion").log({"mean": 1.0})

def test_clean(tmp_path):
    (tmp_path / "x.txt").write_text("x")

def test_with_a_run(runpact_run, tmp_path):
    skill()
    assert runpact.current() is runpact_run
    assert runpact_run.dir.startswith(str(tmp_path))

def test_runs():
    (ROOT / "runs").mkdir()
    (ROOT / "runs/a.txt").write_text("x")

def test_source():
    (ROOT / "model.npz").write_bytes(b"")

def test_cache():
    (ROOT / "__pycache__").mkdir(exist_ok=True)
    (ROOT / "__pycache__/x").write_text("x")

def test_child():
    subprocess.run(["sh", "-c", "mkdir -p models; echo x > models/a.pt"], cwd=ROOT, check=True)
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("RUNPACT_WORKSPACE", str(pytester.path))
    pytester.makeini("[pytest]\n")
    pytester.makepyfile(test_it=TESTS)
    return pytester


def called(suite: pytest.Pytester, *options: str) -> pytest.RunResult:
    plugins = ("-p", "runpact.integrations.pytest", "-p", "no:cacheprovider")
    return suite.runpytest_subprocess(*plugins, *options)


@pytest.mark.requirement("AX-015")
def test_a_test_that_writes_to_runs_or_beside_the_sources_fails(suite: pytest.Pytester) -> None:
    result = called(suite, "--runpact-clean", "--deselect", "test_it.py::test_child")
    result.assert_outcomes(passed=3, failed=2, deselected=1)
    result.stdout.fnmatch_lines(
        [
            "*test_it.py::test_runs wrote runs; tests write below `tmp_path` alone",
            "*test_it.py::test_source wrote model.npz; tests write below `tmp_path` alone",
        ]
    )


@pytest.mark.requirement("AX-015")
def test_a_test_whose_child_process_wrote_fails(suite: pytest.Pytester) -> None:
    suite.makeini("[pytest]\nrunpact_clean = true\n")
    result = called(suite, "-k", "child or clean")
    result.assert_outcomes(passed=1, failed=1, deselected=4)
    result.stdout.fnmatch_lines(["*test_it.py::test_child wrote models; tests write below `tmp_path` alone"])


REAL = """
import atexit, pathlib, subprocess
import runpact

ROOT = pathlib.Path(__file__).parent

def test_real_run():
    with runpact.run(name="t"):
        pass

def test_empty_folder():
    subprocess.run(["mkdir", "-p", "runs/empty"], cwd=ROOT, check=True)

def test_old_run():
    subprocess.run(["sh", "-c", "echo x >> runs/old/a.txt"], cwd=ROOT, check=True)

def test_clean(tmp_path):
    (tmp_path / "x.txt").write_text("x")
"""


@pytest.mark.requirement("AX-015")
def test_a_test_that_makes_a_run_fails_and_what_no_test_is_known_for_is_told_as_well(
    suite: pytest.Pytester,
) -> None:
    suite.makefile(".yaml", contract='contract: t.t\nversion: "1.0.0"\nextends: runpact:basic@1\n')
    suite.makepyfile(test_it=REAL)
    (suite.path / "runs/old/.runpact").mkdir(parents=True)
    (suite.path / "runs/old/a.txt").write_text("x")
    result = called(suite, "--runpact-clean")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*test_it.py::test_real_run wrote runs/t-*; tests write below `tmp_path` alone",
            "*test_it.py::test_empty_folder wrote runs/empty; tests write below `tmp_path` alone",
            "*the tests changed the root directory*",
            "runs/old/a.txt",
        ]
    )


def test_what_is_declared_may_be_written(suite: pytest.Pytester) -> None:
    suite.makeini("[pytest]\nrunpact_clean = true\nrunpact_writes =\n    runs/**\n    *.npz\n")
    result = called(suite, "--deselect", "test_it.py::test_child")
    result.assert_outcomes(passed=5, deselected=1)
    assert result.ret == 0


def test_without_the_option_nobody_watches(suite: pytest.Pytester) -> None:
    result = called(suite)
    result.assert_outcomes(passed=6)


@pytest.mark.parametrize(("body", "state"), [("pass", "finished"), ("assert 0", "failed")])
def test_a_session_can_be_a_run(pytester: pytest.Pytester, monkeypatch, body: str, state: str) -> None:
    monkeypatch.setenv("RUNPACT_WORKSPACE", str(pytester.path))
    pytester.makefile(".yaml", contract='contract: t.t\nversion: "1.0.0"\nextends: runpact:basic@1\n')
    pytester.makepyfile(f"def test_one():\n    {body}\n")
    called(pytester, "--runpact-run")
    (folder,) = os.scandir(pytester.path / "runs")
    rows = json.loads((pytester.path / "runs" / folder.name / "tests.json").read_text())["tests"]
    assert [(row["test"].partition("::")[2], row["outcome"] == "passed") for row in rows] == [
        ("test_one", state == "finished")
    ]
    manifest = json.loads((pytester.path / "runs" / folder.name / ".runpact/manifest.json").read_text())
    assert manifest["outcome"]["state"] == state
