"""The comparison: what changed outside the run while it was open."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place
from runpact.host import watch
from runpact.host.watch import Moment, changes_since, moment_of, repository_above
from runpact.verbs.life import confine

LATEST = """\
contract: test.latest
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}/{started:%Y%m%d-%H%M%S}"
    entries: [{file: metrics.json, required: false}]
    latest: [{copy: metrics.json, to: "newest/{name}.json"}]
"""
PLACES = """\
contract: test.places
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    places: {models: {at: "models/{run.id}"}}
"""


def ran(place: Place, script: str, *options: str) -> tuple[int, dict]:
    """Return the exit code of a command's run and its confinement."""
    code, folder = place.run_of(f"sleep 0.02; {script}", "--confinement", "W1", *options)
    manifest = json.loads((folder / ".runpact/manifest.json").read_text())
    return code, manifest["provenance"]["confinement"]


def strays(confinement: dict) -> list[tuple[str, str]]:
    return [(stray["path"], stray["action"]) for stray in confinement["strays"]]


def test_a_command_that_writes_only_into_its_run_is_compared_and_clean(empty: Place) -> None:
    code, confinement = ran(empty, 'echo x > "$RUNPACT_RUN_DIR/x"')
    assert (code, strays(confinement)) == (0, [])
    assert (confinement["requested"], confinement["level"]) == ("W1", "W1")
    assert confinement["mechanism"] == ["comparison"]
    assert any(gap.startswith("hidden folders") for gap in confinement["gaps"])


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo x > new", [("new", "changed")]),
        ("echo x >> old.txt", [("old.txt", "changed")]),
        ("chmod 600 old.txt", [("old.txt", "changed")]),
        ("touch -d 2001-01-01 old.txt", [("old.txt", "changed")]),
        ("mv old.txt sub/moved", [("sub/moved", "changed")]),
        ("ln -s nowhere new", [("new", "changed")]),
        ("rm sub/inner.txt", [("sub", "removed")]),
        ("mkdir -p a/b; touch a/b/c", [("a/b/c", "changed")]),
        ("touch runs/stray", []),
        ("mkdir .tool; touch .tool/x", []),
        ("mkdir __pycache__; touch __pycache__/x", []),
        ("touch venv/lib", []),
        ("cat old.txt", []),
    ],
)
def test_what_a_command_changes_beside_its_run_is_a_warning(
    empty: Place, script: str, expected: list
) -> None:
    empty.write("old.txt", "old")
    empty.write("sub/inner.txt", "x")
    empty.write("venv/pyvenv.cfg", "")
    code, confinement = ran(empty, script)
    assert strays(confinement) == expected
    assert code == (1 if expected else 0)


def test_declared_caches_are_exempt_and_nothing_else(empty: Place) -> None:
    script = "mkdir tmp other; touch tmp/x other/x"
    code, confinement = ran(empty, script, "--cache", "tmp/**")
    assert (code, strays(confinement)) == (1, [("other/x", "changed")])


def test_a_comparison_can_be_left_out_and_is_then_not_claimed(empty: Place) -> None:
    code, confinement = ran(empty, "touch new", "--guard", "off")
    assert (code, confinement["level"], confinement["strays"]) == (0, "W0", [])


def test_the_copies_of_the_newest_run_and_other_runs_are_no_strays(empty: Place) -> None:
    empty.write("contract.yaml", LATEST)
    with runpact.run(name="outer", guard="compare") as outer:
        time.sleep(0.02)
        with runpact.run(name="inner", guard="compare") as run:
            run.save("metrics", {"loss": 1})
    assert (empty.root / "newest/inner.json").exists()
    manifest = json.loads((Path(outer.dir) / ".runpact/manifest.json").read_text())
    assert manifest["provenance"]["confinement"]["strays"] == []


def test_what_other_runs_write_into_their_places_is_no_stray(empty: Place) -> None:
    empty.write("contract.yaml", PLACES)
    code, confinement = ran(empty, "mkdir -p models/other; touch models/other/m.onnx models-of-mine")
    assert (code, strays(confinement)) == (1, [("models-of-mine", "changed")])


def test_a_run_of_this_process_is_compared_when_it_took_long_enough(
    empty: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confine, "SHORTEST_COMPARED", 0.01)
    with runpact.run(name="a") as run:
        time.sleep(0.02)
        os.system("touch new")  # noqa: S605 - what the hook cannot see
    manifest = json.loads((Path(run.dir) / ".runpact/manifest.json").read_text())
    confinement = manifest["provenance"]["confinement"]
    assert (confinement["level"], confinement["mechanism"]) == ("W1+hook", ["hook", "comparison"])
    assert strays(confinement) == [("new", "changed")]


def test_a_write_that_the_hook_recorded_is_not_told_twice(empty: Place) -> None:
    with runpact.run(name="a", guard="record") as run:
        time.sleep(0.02)
        Path("new").touch()
        held = run.held
        run.held = held.__class__(
            mode="compare",
            territory=held.territory,
            guard=held.guard,
            moment=held.moment,
            roots=held.roots,
            homes=held.homes,
        )
    manifest = json.loads((Path(run.dir) / ".runpact/manifest.json").read_text())
    found = manifest["provenance"]["confinement"]["strays"]
    assert {stray["seen_by"] for stray in found} == {"hook"}


def test_a_comparison_that_met_its_limit_is_not_claimed(
    empty: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        empty.write(f"file-{number}", "")
    monkeypatch.setattr(confine, "_MOST_NAMES", 3)
    _code, confinement = ran(empty, "true")
    assert (confinement["requested"], confinement["level"]) == ("W1", "W0")
    assert "the comparison stopped after 4 names" in confinement["gaps"]


def test_a_home_directory_is_too_wide_to_be_compared(empty: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty.root / "project").mkdir()
    monkeypatch.setenv("HOME", str(empty.root / "project"))
    code, confinement = ran(empty, "touch new")
    assert (code, strays(confinement)) == (0, [])
    assert any("home directory" in gap for gap in confinement["gaps"])


def test_the_repository_around_the_workspace_is_compared_too(
    empty: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty.root / ".git").mkdir()
    (empty.root / "project").mkdir()
    monkeypatch.chdir(empty.root / "project")
    code, out, _err = empty.call(
        "run", "--confinement", "W1", "--json", "--", "sh", "-c", "sleep 0.02; touch ../new"
    )
    assert code == 1
    assert "`[outside]/new`" in " ".join(finding["message"] for finding in json.loads(out)["findings"])
    assert repository_above(str(empty.root / "project")) == str(empty.root)
    assert repository_above("/") is None


def test_limits_of_names_and_time_stop_a_walk(tmp_path: Path) -> None:
    for number in range(600):
        (tmp_path / f"{number}").touch()
    moment = Moment(time.time_ns())
    free = {"is_free": lambda _path: False, "roots": [str(tmp_path)]}
    whole = changes_since(moment, most_names=1000, most_seconds=10, **free)
    assert (whole.is_complete, whole.looked_at, whole.changed) == (True, 600, ())
    assert not changes_since(moment, most_names=599, most_seconds=10, **free).is_complete
    late = changes_since(moment, most_names=1000, most_seconds=-1, **free)
    assert (late.is_complete, late.looked_at) == (False, watch._LOOKS_PER_CLOCK)


def test_folders_that_are_gone_or_closed_are_passed_over(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    found = changes_since(
        Moment(0), [gone, str(tmp_path)], is_free=lambda _path: False, most_names=9, most_seconds=9
    )
    assert (found.is_complete, found.changed) == (True, ())


def test_a_file_server_has_a_clock_of_its_own(tmp_path: Path) -> None:
    status = tmp_path.stat()
    hour = 3_600_000_000_000
    early = moment_of(status.st_ctime_ns + hour, str(tmp_path))
    assert early.on(status.st_dev) == early.clock_ns == status.st_ctime_ns + hour
    assert moment_of(7, str(tmp_path / "gone")) == Moment(7)
    skewed = Moment(1000, device=5, skew_ns=-hour)
    assert (skewed.on(5), skewed.on(6)) == (1000 - hour, 1000)


def test_a_skew_is_told_by_the_fresh_directorys_own_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time_ns()
    monkeypatch.setattr(watch.time, "time_ns", lambda: now - 10_000_000_000)
    moment = moment_of(now, str(tmp_path))
    assert moment.device == tmp_path.stat().st_dev
    assert 9_000_000_000 < moment.skew_ns < 11_000_000_000


def test_the_file_that_the_output_is_sent_to_is_no_stray(empty: Place) -> None:
    printing = "echo out; echo err >&2; sleep 0.1; echo > other"
    script = f"exec runpact run --confinement W1 --name a -- sh -c '{printing}' > train.log 2>&1"
    environ = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-c", script], cwd=empty.root, env=environ, check=False, timeout=60)
    (run,) = empty.runs()
    manifest = json.loads((empty.root / run["path"] / ".runpact/manifest.json").read_text())
    assert "out" in (empty.root / "train.log").read_text()
    assert strays(manifest["provenance"]["confinement"]) == [("other", "changed")]


def test_what_a_clock_that_was_ahead_wrote_before_the_run_is_no_stray(tmp_path: Path) -> None:
    (tmp_path / "old").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/old").touch()
    (tmp_path / "folder/old").unlink()
    days = 2 * 86_400 * 1_000_000_000
    limits = {"is_free": lambda _path: False, "most_names": 100, "most_seconds": 10.0}
    for clock, expected in ((time.time_ns() - days, True), (0, True), (time.time_ns(), False)):
        changes = changes_since(Moment(clock), [str(tmp_path)], **limits)
        assert bool(changes.changed) is expected
    set_back = Moment(time.time_ns() - days // 2, tmp_path.stat().st_dev, -days)
    changes = changes_since(set_back, [str(tmp_path)], **limits)
    assert (changes.changed, changes.removed_in) == ((), ())
