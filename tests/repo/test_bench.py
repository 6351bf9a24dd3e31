"""The benchmarks run, and their rows say what they are held to."""

import ast
import json
import subprocess
import sys

from tracked import ROOT

BENCH = ROOT / "bench"


def bench(*words):
    return subprocess.run(
        [sys.executable, str(BENCH / "run.py"), *words], capture_output=True, text=True, check=False, cwd=ROOT
    )


def test_the_benchmarks_name_their_rows():
    listed = bench("--list")
    names = [line.split(" ", 1)[0] for line in listed.stdout.splitlines()]
    assert {"version", "import", "ls-cold", "check-cold", "run", "run-durable", "points"} <= set(names)
    assert len(names) == len(set(names))


def test_a_row_is_measured_beside_its_floor_and_stored(tmp_path):
    done = bench("--quick", "--results", str(tmp_path), "run", "run-files")
    assert done.returncode == 0, done.stderr
    stored = json.loads((tmp_path / "latest.json").read_text(encoding="utf-8"))
    timed, counted = stored["rows"]
    assert set(timed["seconds"]) == {"runpact", "floor"}
    assert all(0 < low <= middle <= high for low, middle, high in timed["seconds"].values())
    assert 0 < counted["count"] <= counted["budget"]


def test_an_unknown_row_is_refused():
    assert bench("no-such-row").returncode == 64


def test_the_command_imports_nothing_before_it_answers_its_version():
    script = (ROOT / "scripts" / "runpact").read_text(encoding="utf-8")
    assert (ROOT / "scripts" / "runpact").stat().st_mode & 0o111
    tree = ast.parse(script)
    imported = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imported == ["import sys", "from runpact.__main__ import main"]
    listed = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import sys; sys.argv[1:] = ['--version']\n" + script],
        capture_output=True,
        text=True,
        check=False,
    )
    modules = {line.rpartition("|")[2].strip() for line in listed.stderr.splitlines()}
    assert listed.stdout.startswith("runpact ")
    assert modules & {"re", "click", "msgspec", "typing", "runpact.cli"} == set()
