"""`runpact golden`: the values of one experiment, held against later ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place

CONTRACT = f"""\
contract: test.golden
version: "1.0.0"
types:
  Cells@1: {{table: {{columns: {{name: {{}}, area: {{type: number}}}}}}}}
kinds:
  experiment:
    at: "runs/{{experiment}}"
    sealed: by_stage
    entries:
      - {{file: config.resolved.json, written: start, fields: run.config}}
    determinism:
      volatile:
        - 01_make/report/report.json#/made_at
        - 01_make/report/trace.log
        - "01_make/fields/*.npz#/clock"
      tolerances:
        "01_make/fields/*.npz#/depth": {{relative: 1.0e-6}}
        "01_make/report/report.json#/loss": {{relative: 1.0e-3}}
        "01_make/report/cells.csv#/*/area": {{absolute: 0.01}}
    stages:
      - id: "01"
        slug: make
        command: ["{sys.executable}", make.py, "{{writes.fields}}", "{{writes.report}}"]
        config: []
        writes:
          fields: {{files: "fields/{{name}}.npz", count: {{min: 1}}}}
          report:
            - {{file: report/report.json}}
            - {{file: report/cells.csv, type: Cells@1}}
            - {{file: report/note.txt}}
            - {{file: report/trace.log, required: false}}
            - {{file: report/table.json, required: false}}
      - id: "02"
        slug: tell
        command: [sh, tell.sh]
        config: []
        reads: {{report: {{required: false}}}}
        writes: {{story: {{file: story/story.txt, required: false}}}}
"""
PROGRAM = """\
import json, os, sys, time
import numpy as np
fields, report = sys.argv[1:]
said = json.load(open("said.json"))
depth = np.linspace(1.0, 2.0, said.get("size", 12)).reshape(-1, 4)
for place, by in said.get("shift", {}).items():
    depth.reshape(-1)[int(place)] += by
extra = {"sign": np.array(said["sign"])} if "sign" in said else {}
np.savez(f"{fields}/ads.npz", depth=depth, count=np.arange(3), name=np.array(["a", "b"]),
         z=np.array([1 + 2j]), stamp=np.array(b"ab"), clock=time.time(),
         hole=np.array([np.nan, np.inf]), **extra)
json.dump({"loss": said.get("loss", 0.5), "rows": [1, 2], "made_at": time.time(), **said.get("more", {})},
          open(f"{report}/report.json", "w"))
open(f"{report}/cells.csv", "w").write(f"name,area\\nx,{said.get('area', 1.0)}\\n")
if "table" in said:
    open(f"{report}/table.json", "w").write(said["table"])
open(f"{report}/note.txt", "w").write(said.get("note", "all is well\\n"))
open(f"{report}/trace.log", "w").write(str(time.time()))
"""
PLAIN = """\
contract: test.plain
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    determinism: {tolerances: {".runpact/metrics.jsonl#/loss": {relative: 0.1}}}
"""


class Golden(Place):
    """A workspace whose one stage makes what `said.json` says."""

    def make(self, name: str = "x", **said: object) -> None:
        """Run the experiment anew."""
        self.write("said.json", json.dumps(said))
        code, document = self.json("pipeline", "run", "--experiment", name, "--force")
        assert code == 0, document

    def plain(self, link: str = "", **files: str) -> Path:
        """Make a run of one piece, `p`, with these files; return its folder."""
        self.write("contract.yaml", PLAIN)
        with runpact.run(name="p") as run:
            for name, text in files.items():
                Path(run.path(name)).write_text(text)
            if link:
                Path(run.path(link)).symlink_to("a.txt")
        return self.root / "runs/p"

    def compare(self, *options: str) -> tuple[int, dict]:
        """Hold the experiment against the record."""
        return self.json("golden", "compare", "ads", *options)

    def departures(self, *options: str) -> list[tuple[str, str]]:
        """Return what departs and where."""
        return [
            (each["what"], each["path"].removeprefix("01_make/") + "#" + each["pointer"] + each["index"])
            for each in self.compare(*options)[1]["departures"]
        ]

    @property
    def record(self) -> Path:
        """The record's file."""
        return self.root / "golden/ads.json"


@pytest.fixture
def golden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Golden:
    """The workspace, with a golden record of the experiment `x`."""
    root = tmp_path / "workspace"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.delenv("RUNPACT_WORKSPACE", raising=False)
    place = Golden(root, capsys)
    place.write("contract.yaml", CONTRACT)
    place.write("make.py", PROGRAM)
    place.write(
        "tell.sh", 'echo told > "$RUNPACT_STAGE_DIR/story/story.txt"; echo "{}" > "$RUNPACT_STAGE_DIR/x"\n'
    )
    place.make()
    code, document = place.json("golden", "record", "ads", "x")
    assert (code, document["path"]) == (0, "golden/ads.json")
    return place


@pytest.mark.requirement("C-154")
def test_a_rerun_that_makes_the_same_values_is_equal(golden: Golden) -> None:
    golden.make()
    code, document = golden.compare()
    assert (code, document["verdict"], document["departures"]) == (0, "OK", [])
    assert (document["compared"], document["equal"]) == (5, 5)
    assert golden.call("golden", "compare", "ads")[1].startswith("OK runs/x is equal to golden record ads")


def test_a_record_holds_values_and_nothing_that_may_differ(golden: Golden) -> None:
    files = {each["path"]: each for each in json.loads(golden.record.read_bytes())["files"]}
    assert sorted(files) == [
        "01_make/fields/ads.npz",
        "01_make/report/cells.csv",
        "01_make/report/note.txt",
        "01_make/report/report.json",
        "02_tell/story/story.txt",
    ]
    assert files["01_make/report/report.json"]["document"] == {"loss": 0.5, "rows": [1, 2]}
    assert files["01_make/report/cells.csv"]["rows"] == [{"name": "x", "area": "1.0"}]
    arrays = files["01_make/fields/ads.npz"]["arrays"]
    assert arrays["depth"]["shape"] == [3, 4]
    assert arrays["depth"]["values"][0] == 1.0
    assert arrays["z"]["values"] == [[1.0, 2.0]]
    assert arrays["hole"]["values"] == ["nan", "inf"]
    assert arrays["stamp"]["values"] == [97, 98]
    assert set(files["01_make/report/note.txt"]) == {"path", "digest"}


@pytest.mark.requirement("C-154")
def test_numbers_are_compared_by_the_relative_error_that_the_contract_allows(golden: Golden) -> None:
    golden.make(shift={"0": 1e-7}, loss=0.5001, area=1.009)
    code, document = golden.compare()
    assert (code, document["departures"]) == (0, [])
    assert (document["equal"], document["tolerated"]) == (5, 3)
    golden.make(shift={"0": 1e-7, "5": 0.5, "7": 0.25}, loss=0.6, area=1.25)
    code, document = golden.compare()
    assert (code, document["verdict"]) == (3, "ERROR")
    array, cell, loss = document["departures"]
    assert (array["what"], array["pointer"], array["index"]) == ("different", "/depth", "[1, 1]")
    assert array["now"] - array["golden"] == pytest.approx(0.5)
    assert array["relative_error"] == pytest.approx(0.5 / array["now"])
    assert array["tolerance"] == {"relative": 1e-6, "absolute": 0.0}
    assert array["remark"].startswith("3 of 12 values differ, by at most 0.5; 2 by more than is tolerated")
    assert (cell["pointer"], cell["absolute_error"], cell["relative_error"]) == ("/0/area", 0.25, 0.2)
    assert (loss["path"], loss["pointer"]) == ("01_make/report/report.json", "/loss")
    assert (loss["golden"], loss["now"]) == (0.5, 0.6)
    assert loss["relative_error"] == pytest.approx(1 / 6)


def test_a_departure_is_told_with_place_values_and_error(golden: Golden) -> None:
    golden.make(shift={"5": 0.5}, note="all is lost\n")
    code, out, _err = golden.call("golden", "compare", "ads")
    assert code == 3
    assert "different 01_make/fields/ads.npz#/depth[1, 1]\n" in out
    assert (
        "golden 1.454545455   now 1.954545455   relative error 0.256 (allowed 1e-06 relative, 0 absolute)"
        in out
    )
    assert "different 01_make/report/note.txt\n" in out
    assert "other bytes" in out
    assert "3 of 5 files equal" in out


def test_values_that_differ_in_their_last_digits_are_told_with_them(golden: Golden) -> None:
    golden.make(more={"gain": 0.1})
    golden.call("golden", "record", "ads", "x", "--replace")
    golden.make(more={"gain": 0.1 + 2**-56})
    assert "golden 0.1   now 0.10000000000000002" in golden.call("golden", "compare", "ads")[1]


def test_what_is_missing_is_incomplete_and_what_was_added_is_a_warning(golden: Golden) -> None:
    golden.make(more={"gain": 1}, sign=[1])
    assert golden.departures() == [("added", "fields/ads.npz#/sign"), ("added", "report/report.json#/gain")]
    assert golden.compare()[0] == 1
    golden.call("golden", "record", "ads", "x", "--replace")
    golden.make()
    assert golden.departures() == [
        ("missing", "fields/ads.npz#/sign"),
        ("missing", "report/report.json#/gain"),
    ]
    assert golden.compare()[0] == 2


def test_a_stage_that_failed_is_why_its_files_are_missing(golden: Golden) -> None:
    golden.write("said.json", "no document")
    assert golden.json("pipeline", "run", "--experiment", "x", "--force")[0] == 3
    code, document = golden.compare()
    assert (code, document["equal"]) == (2, 1)
    assert {
        (each["what"], each["path"][:2], each["remark"].split(":")[0]) for each in document["departures"]
    } == {
        ("missing", "01", "the last attempt is ERROR"),
        ("undecided", "02", "the stage is out of date"),
    }


def test_a_file_that_was_changed_after_the_seal_is_read_anew(golden: Golden) -> None:
    path = golden.root / "runs/x/01_make/report/report.json"
    path.chmod(0o644)
    path.write_text('{"loss": 0.5, "rows": [1, 2]}')
    assert golden.compare()[0] == 2
    assert golden.departures() == [("undecided", "report/report.json#")]
    path.unlink()
    assert golden.departures() == [("missing", "report/report.json#")]


def test_another_experiment_is_compared_when_it_is_named(golden: Golden) -> None:
    golden.make("y", loss=0.9)
    assert golden.compare()[0] == 0
    assert golden.departures("y") == [("different", "report/report.json#/loss")]


def test_another_configuration_leaves_it_undecided(golden: Golden) -> None:
    assert golden.json("pipeline", "run", "--experiment", "y", "--set", "speed=2")[0] == 0
    code, document = golden.compare("y")
    assert (code, [each["remark"] for each in document["departures"]]) == (
        2,
        ["the run had another configuration"],
    )


def test_of_a_long_array_spaced_values_and_measures_of_the_whole_are_held(golden: Golden) -> None:
    golden.make(size=4000)
    golden.call("golden", "record", "ads", "x", "--replace", "--values", "100")
    files = {each["path"]: each for each in json.loads(golden.record.read_bytes())["files"]}
    depth = files["01_make/fields/ads.npz"]["arrays"]["depth"]
    assert (len(depth["values"]), depth["step"]) == (100, 40)
    assert depth["whole"] == {"least": 1.0, "greatest": 2.0, "mean magnitude": 1.5}
    assert golden.compare()[0] == 0
    golden.make(size=4000, shift={"1": 9.0})
    assert golden.departures() == [("different", "fields/ads.npz#/depthgreatest")]
    assert "ads.npz#/depth (greatest)" in golden.call("golden", "compare", "ads")[1]
    golden.make(size=4000, shift={"80": 0.1})
    assert golden.departures() == [("different", "fields/ads.npz#/depth[20, 0]")]
    golden.make(size=4000, shift={"1": 1e-7})
    assert golden.compare()[0] == 0


def test_chosen_files_alone_are_held_and_compared(golden: Golden) -> None:
    code, document = golden.json("golden", "record", "loss", "x", "--files", "01_make/report/*.json")
    assert (code, [each["path"] for each in document["files"]]) == (0, ["01_make/report/report.json"])
    golden.make(note="else\n", shift={"0": 1})
    assert golden.json("golden", "compare", "loss")[0] == 0
    code, document = golden.json("golden", "record", "none", "x", "--files", "elsewhere/*")
    assert (code, document["error"]["code"]) == (2, "cannot-start")


def test_a_record_is_replaced_only_when_that_is_asked_for(golden: Golden) -> None:
    before = golden.record.read_bytes()
    code, document = golden.json("golden", "record", "ads", "x")
    assert (code, "--replace" in document["error"]["hint"]) == (2, True)
    assert golden.record.read_bytes() == before
    golden.make(loss=0.7)
    assert golden.call("golden", "record", "ads", "x", "--replace")[1].startswith("replaced golden/ads.json")
    assert golden.compare()[0] == 0


def test_what_would_follow_from_something_else_now_is_neither_recorded_nor_equal(golden: Golden) -> None:
    golden.write("make.py", PROGRAM + "# edited\n")
    code, document = golden.compare()
    assert (code, document["verdict"]) == (2, "INCOMPLETE")
    assert [(each["what"], each["path"]) for each in document["departures"]] == [
        ("undecided", "01_make"),
        ("undecided", "02_tell"),
    ]
    code, _out, err = golden.call("golden", "record", "other", "x")
    assert code == 2
    assert "01_make: the stage is out of date: its code changed: make.py" in err


def test_what_is_not_as_it_was_sealed_is_not_recorded(golden: Golden) -> None:
    note = next((golden.root / "runs/x/01_make").rglob("note.txt"))
    text = note.read_text()
    note.write_text("else")
    assert "note.txt is not the file that was sealed" in golden.call("golden", "record", "other", "x")[2]
    note.write_text(text)
    config = golden.root / "runs/x/config.resolved.json"
    assert golden.call("golden", "record", "other", "x")[0] == 0
    config.write_text("{}")
    assert "config.resolved.json is not the file" in golden.call("golden", "record", "third", "x")[2]


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"{}", "malformed-document"), (b'{"format": 1', "malformed-document"), (b"\xff", "malformed-document")],
)
def test_a_damaged_record_is_an_error_and_never_equal(golden: Golden, data: bytes, code: str) -> None:
    golden.record.write_bytes(data)
    assert golden.compare()[1]["error"]["code"] == code
    assert golden.compare()[0] in {2, 3}


def test_a_record_of_a_later_format_is_refused(golden: Golden) -> None:
    golden.record.write_text(golden.record.read_text().replace("runpact.golden/1", "runpact.golden/2"))
    code, document = golden.compare()
    assert (code, document["error"]["code"]) == (2, "unknown-version")


def test_values_in_a_record_that_are_none_of_their_type_are_undecided(golden: Golden) -> None:
    document = json.loads(golden.record.read_bytes())
    document["files"][0]["digest"] = "sha256:0"
    document["files"][0]["arrays"]["depth"]["values"][0] = "much"
    del document["digest"]
    golden.record.write_text(json.dumps(document))
    assert golden.departures() == [("undecided", "fields/ads.npz#/depth")]


def test_no_record_and_no_run_are_said(golden: Golden) -> None:
    code, document = golden.json("golden", "compare", "other")
    assert (code, "golden record other" in document["error"]["hint"]) == (2, True)
    assert golden.json("golden", "compare", "ads", "nowhere")[0] == 2
    assert golden.json("golden", "record", "../x", "x")[0] == 64


def test_an_unfinished_experiment_is_not_recorded(golden: Golden) -> None:
    golden.write("said.json", "no document")
    golden.json("pipeline", "run", "--experiment", "y")
    code, document = golden.json("golden", "record", "y", "y")
    assert (code, "not fit" in document["error"]["message"]) == (2, True)
    assert not (golden.root / "golden/y.json").exists()


def test_a_record_stands_where_it_is_asked_to_but_in_no_run(golden: Golden) -> None:
    assert golden.call("golden", "record", "ads", "x", "--at", "tests/ads.json")[0] == 0
    assert golden.json("golden", "compare", "ads", "--at", "tests/ads.json")[0] == 0
    code, document = golden.json("golden", "record", "ads", "x", "--at", "runs/x/ads.json")
    assert (code, "stand in a run" in document["error"]["message"]) == (2, True)


def test_the_contract_says_where_records_stand(golden: Golden) -> None:
    golden.write("contract.yaml", CONTRACT + "workspace: {golden: tests/golden}\n")
    golden.make()
    assert golden.json("golden", "record", "ads", "x")[1]["path"] == "tests/golden/ads.json"
    golden.write("contract.yaml", CONTRACT + "workspace: {golden: ../golden}\n")
    assert golden.json("contract", "lint")[0] == 2


def test_a_plain_run_is_recorded_with_its_files_and_last_metrics(golden: Golden) -> None:
    golden.write("contract.yaml", PLAIN)
    for name, loss in (("p", 1.0), ("q", 1.05), ("r", 2.0)):
        with runpact.run(name=name) as run:
            run.log({"loss": loss})
            run.save("a.txt", "A")
    assert golden.json("golden", "record", "plain", "p")[0] == 0
    assert golden.json("golden", "compare", "plain", "q")[0] == 0
    code, document = golden.json("golden", "compare", "plain", "r")
    assert (code, [(each["path"], each["pointer"]) for each in document["departures"]]) == (
        3,
        [(".runpact/metrics.jsonl", "/loss")],
    )


def test_a_stage_that_is_out_of_date_is_neither_recorded_nor_equal(golden: Golden) -> None:
    golden.write("said.json", '{"loss": 0.6}')
    assert golden.json("pipeline", "run", "--experiment", "x", "--only", "01", "--force")[0] == 0
    departures = golden.compare()[1]["departures"]
    assert [(each["what"], each["path"]) for each in departures] == [
        ("undecided", "02_tell"),
        ("different", "01_make/report/report.json"),
    ]
    assert departures[0]["remark"].startswith("the stage is out of date")
    code, document = golden.json("golden", "record", "late", "x")
    assert (code, document["error"]["got"].startswith("02_tell: the stage is out of date")) == (2, True)


@pytest.mark.parametrize(
    ("name", "text"),
    [("bad.json", "{no document"), ("bad.npy", "no array"), ("bad.csv", "a\n" + "1\n" * 1_000_001)],
)
def test_a_file_that_cannot_be_read_is_not_held(golden: Golden, name: str, text: str) -> None:
    golden.plain(**{name: text, "good.txt": "A"})
    code, document = golden.json("golden", "record", "bad", "p")
    assert (code, f"`{name}" in document["error"]["message"]) == (2, True)
    assert golden.json("golden", "record", "good", "p", "--files", "good.*")[0] == 0


def test_a_record_that_would_be_too_large_names_what_is_large(golden: Golden) -> None:
    text = json.dumps(["x" * 1000] * 9_000)
    golden.plain(**{"a.json": text, "b.json": text, "c.txt": "C"})
    code, document = golden.json("golden", "record", "big", "p")
    assert (code, "most of it in a.json, b.json, c.txt" in document["error"]["got"]) == (2, True)


def test_a_record_of_another_kind_or_contract_is_refused(golden: Golden) -> None:
    document = json.loads(golden.record.read_bytes()) | {"kind": "other"}
    del document["digest"]
    golden.record.write_text(json.dumps(document))
    code, document = golden.compare()
    assert (code, "kind" in document["error"]["message"]) == (2, True)
    golden.write("contract.yaml", PLAIN)
    code, document = golden.json("golden", "record", "ads", "runs/x")
    assert (code, "this contract" in document["error"]["message"]) == (2, True)


def test_of_many_departures_of_one_file_the_worst_is_told(golden: Golden) -> None:
    golden.make(table=json.dumps(list(range(40))))
    golden.call("golden", "record", "ads", "x", "--replace")
    golden.make(table=json.dumps(list(range(1, 41))))
    assert golden.call("golden", "compare", "ads")[1].splitlines()[:-1] == [
        "different 01_make/report/table.json#/0",
        "    golden 0   now 1   relative error 1 (allowed 0 relative, 0 absolute)",
        "    the worst of 40 in this file",
        "--all shows every departure",
    ]
    assert golden.call("golden", "compare", "ads", "--all")[1].count("different ") == 40
    assert len(golden.compare()[1]["departures"]) == 40


def test_of_many_files_that_depart_the_first_are_told(golden: Golden) -> None:
    program = golden.root / "make.py"
    more = 'for number in range(24):\n    open(f"{fields}/{number:02}.npz", "w").write("a")\n'
    program.write_text(program.read_text() + more)
    golden.make()
    code, out, _err = golden.call("golden", "compare", "ads")
    lines = out.splitlines()
    assert (code, lines[-3:-1]) == (1, ["… and 4 more files", "--all shows every departure"])
    assert sum(line.startswith("added ") for line in lines) == 20


def test_links_and_files_that_are_gone_are_told_in_plain_runs(golden: Golden) -> None:
    run = golden.plain(**{"a.txt": "A", "b.txt": "B"}, link="c.txt")
    assert golden.json("golden", "record", "plain", "p")[0] == 0
    assert golden.json("golden", "compare", "plain")[0] == 0
    (run / "b.txt").unlink()
    code, document = golden.json("golden", "compare", "plain")
    assert (code, [(each["what"], each["path"]) for each in document["departures"]]) == (
        2,
        [("missing", "b.txt")],
    )


def test_of_two_who_record_at_once_one_is_told_that_the_other_was_first(golden: Golden) -> None:
    golden.record.unlink()
    command = [sys.executable, "-m", "runpact", "golden", "record", "ads", "x"]
    both = [subprocess.Popen(command, cwd=golden.root, stderr=subprocess.DEVNULL) for _ in range(4)]
    assert sorted(each.wait(60) for each in both) == [0, 2, 2, 2]
    assert golden.compare()[0] == 0
    assert [path.name for path in golden.record.parent.iterdir()] == ["ads.json"]


def test_a_folder_that_cannot_be_written_is_told(golden: Golden) -> None:
    (golden.root / "taken").write_text("a file")
    code, document = golden.json("golden", "record", "ads", "x", "--at", "taken/ads.json")
    assert (code, document["error"]["code"]) == (3, "storage")


def test_without_numpy_arrays_are_neither_held_nor_equal(
    golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    golden.make(shift={"0": 1e-7})
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.setitem(sys.modules, "numpy.lib", None)
    code, document = golden.json("golden", "record", "bare", "x")
    assert (code, document["error"]["got"]) == (2, "numpy is not installed")
    code, document = golden.compare()
    assert (code, {each["what"] for each in document["departures"]}) == (2, {"undecided"})


@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "empty", "cut", "edited"])
def test_a_record_that_is_none_is_named_with_what_to_do(golden: Golden, kind: str) -> None:
    text = golden.record.read_text()
    golden.record.unlink()
    if kind == "fifo":
        os.mkfifo(golden.record)
    elif kind == "device":
        golden.record.symlink_to("/dev/zero")
    elif kind == "folder":
        golden.record.mkdir()
    else:
        put = {"empty": "", "cut": text[:-20], "edited": text.replace("0.5", "0.9", 1)}[kind]
        golden.record.write_text(put)
    code, document = golden.compare()
    assert code == 2
    assert "golden/ads.json" in document["error"]["message"]
    told = "no golden record to hold" if kind in {"empty", "cut", "edited"} else "is not a regular file"
    assert told in document["error"]["message"]
    assert ("--replace" in document["error"]["hint"]) == (kind in {"empty", "cut", "edited"})
