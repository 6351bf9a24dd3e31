"""What every change runs, and what the night runs, read from what runs them."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys

import pytest
from tracked import ROOT

EXAMPLE = "tests/examples/holography"
TOY = f"{EXAMPLE}/test_pipeline.py::test_the_orchestrator_runs_all_stages_of_the_toy_in_order"


def markers_of(command):
    """The expression by which a command of `do.py` chooses tests."""
    tree = ast.parse((ROOT / "do.py").read_text(encoding="utf-8"))
    names = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    (function,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == command)
    (value,) = (
        keyword.value
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "run_pytest"
        for keyword in node.keywords
        if keyword.arg == "markers"
    )
    return names[value.id] if isinstance(value, ast.Name) else value.value


def selected(command):
    """The tests of the example that a lane runs, without their parameters."""
    words = ("-m", "pytest", "--collect-only", "-q", "-n0", "-p", "no:cacheprovider", "--no-cov")
    done = subprocess.run(
        (sys.executable, *words, "-m", markers_of(command), EXAMPLE),
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return {line.partition("[")[0] for line in done.stdout.splitlines() if "::" in line}


@pytest.mark.requirement("C-146", "C-189")
def test_every_change_runs_the_toy_pipeline_its_gates_and_the_write_check():
    assert "exec python3 do.py test" in (ROOT / ".ci/run").read_text(encoding="utf-8")
    fast = selected("do_test")
    for name in (
        TOY,
        f"{EXAMPLE}/test_pipeline.py::test_every_entry_point_compiles",
        f"{EXAMPLE}/test_pipeline.py::test_nothing_is_written_outside_the_experiment",
        f"{EXAMPLE}/test_faults.py::test_a_stage_is_stopped_before_it_begins",
        f"{EXAMPLE}/test_types.py::test_what_is_not_of_its_type_is_refused",
    ):
        assert name in fast
    assert any(name.startswith(f"{EXAMPLE}/test_loaders.py::") for name in fast)


@pytest.mark.requirement("C-097", "C-151")
def test_the_night_runs_all_stages_behind_their_gate_controls_and_golden_records():
    night = selected("do_nightly")
    assert {
        f"{EXAMPLE}/test_nightly.py::test_every_configuration_runs_through_all_stages",
        f"{EXAMPLE}/test_nightly.py::test_the_gate_was_asked_before_the_expensive_stages",
        f"{EXAMPLE}/test_nightly.py::test_negative_controls_break_contracts",
        f"{EXAMPLE}/test_nightly.py::test_every_golden_record_is_kept_and_a_changed_value_departs",
    } <= night
    assert TOY not in night


@pytest.mark.requirement("C-189")
@pytest.mark.parametrize("code", [0, 1])
def test_what_merges_a_change_hears_how_its_tests_ended(tmp_path, code):
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci/run")
    (tmp_path / "do.py").write_text(
        f"import sys\nraise SystemExit({code} if sys.argv[1:] == ['test'] else 9)\n"
    )
    assert subprocess.run((tmp_path / ".ci/run",), check=False).returncode == code


@pytest.mark.requirement("C-189")
@pytest.mark.parametrize("passed", [True, False])
def test_a_lane_in_which_a_test_failed_has_failed(passed):
    program = (
        "import do, time; steps = do.Steps(); steps.report('lint', time.monotonic(), passed=True);"
        f"steps.report('pytest', time.monotonic(), passed={passed}); raise SystemExit(steps.finish())"
    )
    done = subprocess.run((sys.executable, "-c", program), cwd=ROOT, check=False, capture_output=True)
    assert done.returncode == (0 if passed else 1)
