"""`runpact check`, `contract lint`, `ls`, `show`, `init`, `demo`: judging, reading, starting."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from integration.runs.place import CONTRACT, Place
from runpact.verbs.contracts.load_contract import load_contract

METRICS = 'echo \'{"loss": 0.5}\' > "$RUNPACT_RUN_DIR/metrics.json"'


def test_a_good_run_is_ok(place: Place, good_run: Path) -> None:
    code, document = place.json("check", good_run.name)
    assert (code, document["verdict"], document["findings"]) == (0, "OK", [])
    assert place.call("check")[:2] == (0, f"OK runs/{good_run.name}: contract test.runs 1.0.0\n")


def test_several_runs_are_counted_and_the_worst_decides(place: Place, good_run: Path) -> None:
    del good_run
    assert place.call("run", "--name", "bad", "--", "true")[0] == 2
    code, out, _err = place.call("check")
    assert code == 2
    assert "2 runs: 1 OK, 1 INCOMPLETE" in out


def test_no_run_at_all_is_vacuous(place: Place) -> None:
    assert place.call("check")[0] == 2


def test_a_rule_that_does_not_hold_is_named(place: Place) -> None:
    code, _folder = place.run_of('echo \'{"loss": 50.0}\' > "$RUNPACT_RUN_DIR/metrics.json"')
    assert code == 3
    (finding,) = place.json("check")[1]["findings"]
    assert (finding["code"], finding["rule"], finding["path"].partition("#")[2]) == (
        "rule",
        "loss-is-sane",
        "/loss",
    )


@pytest.mark.parametrize(
    ("name", "text", "pointer", "said"),
    [
        ("a.json", '{"a": [1, NaN]}', "#/a/1", "NaN is not a JSON number"),
        ("a.json", '{"a": -Infinity}', "#/a", "-Infinity is not a JSON number"),
        ("a.json", '{"a": 1, "a": 2}', "#/a", "the key `a` appears twice"),
        ("a.json", '{"a": 1', "", "Expecting"),
        ("a.yaml", "a: .nan\n", "#/a", "nan is not a number"),
    ],
)
def test_a_document_that_its_format_does_not_allow_says_why_and_where(
    empty: Place, name: str, text: str, pointer: str, said: str
) -> None:
    kind = '{at: "runs/{name}", formats: [{in: "**", allow: [json, yaml], id: F-1}]}'
    empty.write("contract.yaml", f'contract: a.b\nversion: "1.0.0"\nkinds: {{run: {kind}}}\n')
    empty.write(f"runs/a/{name}", text)
    code, document = empty.json("check", "runs/a")
    found = next(each for each in document["findings"] if each["rule"] == "F-1")
    assert (code, found["code"], found["path"]) == (3, "format", f"runs/a/{name}{pointer}")
    assert said in found["message"]
    assert said in found["got"]
    assert found["expected"] == f"strict {name[2:]}"


def test_a_foreign_directory_is_judged_by_the_contract(place: Place) -> None:
    place.write("runs/old-20250101-000000/metrics.json", '{"loss": "x"}')
    code, document = place.json("check", "runs/old-20250101-000000")
    assert code == 3
    assert [run["state"] for run in place.runs()] == ["unknown"]
    assert {finding["code"] for finding in document["findings"]} == {"schema", "missing"}


def test_a_directory_elsewhere_is_judged_by_the_only_kind(place: Place) -> None:
    place.write("elsewhere/x", "y")
    code, document = place.json("check", "elsewhere")
    assert code == 3
    assert "unexpected" in {finding["code"] for finding in document["findings"]}


def test_a_place_of_no_kind_is_told(place: Place) -> None:
    place.write(
        "contract.yaml", 'contract: t.r\nversion: "1.0.0"\nkinds: {a: {at: "a/{x}"}, b: {at: "b/{x}"}}\n'
    )
    (place.root / "c").mkdir()
    code, _out, err = place.call("check", "c")
    assert code == 2
    assert "no place of any kind" in err
    (place.root / "b" / "x").mkdir(parents=True)
    assert place.json("check", "b/x")[1]["runs"][0]["judged_by"] == "t.r 1.0.0"


def test_without_any_contract_a_foreign_directory_cannot_be_judged(empty: Place) -> None:
    (empty.root / "x").mkdir()
    code, _out, err = empty.call("check", "x")
    assert code == 2
    assert "no contract judges" in err


def test_a_copied_run_is_judged_by_its_own_copy_and_says_so(place: Place, good_run: Path) -> None:
    place.write("contract.yaml", CONTRACT.replace("test.runs", "other.runs"))
    code, document = place.json("check", good_run.name)
    assert (code, [finding["code"] for finding in document["findings"]]) == (0, ["judged-by-own-copy"])
    place.write("contract.yaml", CONTRACT.replace('"1.0.0"', '"2.0.0"'))
    assert place.json("check", good_run.name)[1]["runs"][0]["judged_by"] == "test.runs 1.0.0"
    place.write("contract.yaml", CONTRACT.replace('"1.0.0"', '"1.7.0"'))
    assert place.json("check", good_run.name)[1]["runs"][0]["judged_by"] == "test.runs 1.7.0"


def test_a_named_contract_judges_whatever_made_the_run(place: Place, good_run: Path) -> None:
    code, document = place.json("check", "--contract", "runpact:basic@1", str(good_run))
    assert (code, document["runs"][0]["judged_by"]) == (0, "runpact.basic 1.0.0")


def test_findings_of_a_workspace_that_is_the_run_have_plain_paths(place: Place) -> None:
    place.write(
        "contract.yaml",
        'contract: t.r\nversion: "1.0.0"\nkinds: {all: {at: ".", entries: [{file: a.txt}]}}\n',
    )
    code, document = place.json("check")
    assert (code, [finding["path"] for finding in document["findings"]]) == (2, ["a.txt"])
    assert [run["path"] for run in place.runs()] == ["."]
    assert place.json("show", ".")[1]["state"] == "unknown"


def test_names_of_every_sort_find_a_run(place: Place, good_run: Path) -> None:
    (run,) = place.runs()
    for reference in (run["id"], f"runs/{run['id']}", run["uid"], run["uid"][:30], "good", str(good_run)):
        assert place.json("show", reference)[1]["uid"] == run["uid"]
    _code, newest = place.run_of(METRICS, "--name", "good")
    assert place.json("show", "good")[1]["id"] == newest.name
    code, _out, err = place.call("show", "good-")
    assert code == 2
    assert "fits 2 runs" in err
    code, _out, err = place.call("show", run["id"] + "x")
    assert code == 2
    assert f"did you mean `{run['id']}`" in err


def test_many_candidates_are_counted(empty: Place) -> None:
    for _number in range(10):
        empty.call("run", "--durability", "none", "--name", "m", "--", "true")
    assert "and 2 more" in empty.call("show", "m-")[2]


def test_show_tells_a_person_everything(place: Place) -> None:
    _code, folder = place.run_of(
        f"{METRICS}; mkdir $RUNPACT_RUN_DIR/logs/x; touch $RUNPACT_RUN_DIR/logs/x/$(seq -s ' ' -f f%g 1 1)",
        "--set",
        "lr=1",
    )
    for number in range(25):
        (folder / "logs" / f"more{number}").touch()
    code, out, _err = place.call("show", folder.name)
    assert code == 0
    for word in ("finished", "command", "configuration", "run.ended", "files (", "test.runs 1.0.0"):
        assert word in out


def test_ls_filters_and_limits(place: Place, good_run: Path) -> None:
    del good_run
    place.run_of("exit 1", "--name", "bad")
    assert [run["name"] for run in place.json("ls", "--state", "failed")[1]["runs"]] == ["bad"]
    assert place.json("ls", "--kind", "nope")[1]["runs"] == []
    code, out, _err = place.call("ls", "--limit", "1")
    assert code == 0
    assert "1 of 2 runs" in out
    assert "failed" in out
    assert place.call("ls", "--kind", "nope")[1].startswith("no such runs below")


def test_colour_repeats_words_only_where_wanted(
    place: Place, good_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del good_run
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\033[32m" in place.call("ls")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033[" not in place.call("ls")[1]


def test_names_from_the_disk_never_drive_the_terminal(place: Place) -> None:
    _code, folder = place.run_of(f"{METRICS}")
    (folder / "evil\033[31m\n.txt").touch()
    code, out, _err = place.call("check")
    assert code == 3
    assert "\033" not in out


def test_lint_tells_what_a_contract_is(place: Place) -> None:
    code, out, _err = place.call("contract", "lint")
    assert code == 0
    assert "kind run at runs/{name}-{started:%Y%m%d-%H%M%S}: 4 entries, 1 rules" in out
    assert place.json("contract", "lint")[1]["files"] == ["contract.yaml", "schemas/metrics.json"]


def test_lint_without_a_contract_says_how_to_make_one(empty: Place) -> None:
    code, _out, err = empty.call("contract", "lint")
    assert code == 2
    assert "runpact init" in err


def test_a_malformed_contract_is_refused_with_all_its_faults(place: Place) -> None:
    text = (
        CONTRACT.replace("entries:", "entriez:")
        .replace('version: "1.0.0"', "version: 1")
        .replace("others", "othres")
    )
    place.write("contract.yaml", text)
    code, _out, err = place.call("contract", "lint")
    assert code == 2
    for told in (
        "contract.yaml:2:10",
        "contract.yaml:6:5",
        "did you mean `entries`?",
        "did you mean `others`?",
    ):
        assert told in err
    code, document = place.json("run", "--", "true")
    assert code == 2
    assert {(fault["line"], fault["column"]) for fault in document["error"]["faults"]} >= {(2, 10), (6, 5)}
    assert not (place.root / "runs").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "a: b",
        "{" * 3000,
        "x: !!python/object/apply:os.system [id]",
        "a: &a [*a]",
        "\0",
        "a: 1\na: 1",
        "- " * 5000,
    ],
)
def test_hostile_contracts_are_refused_without_a_traceback(place: Place, text: str) -> None:
    place.write("contract.yaml", text)
    assert place.call("contract", "lint")[0] == 2
    assert place.call("ls")[0] == 2


def test_contracts_stay_in_their_folder(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "s.json"
    outside.write_text("{}")
    (place.root / "schemas/metrics.json").unlink()
    (place.root / "schemas/metrics.json").symlink_to(outside)
    assert place.call("contract", "lint")[0] == 2
    place.write("contract.yaml", CONTRACT.replace("schemas/metrics.json", "../s.json"))
    assert place.call("contract", "lint")[0] in {2, 64}


def test_a_contract_extends_a_pack_or_a_file(place: Place) -> None:
    place.write("base.yaml", CONTRACT)
    place.write("contract.yaml", 'contract: child.runs\nversion: "1.0.0"\nextends: base.yaml\n')
    code, folder = place.run_of(METRICS)
    assert code == 0
    copy = folder / ".runpact/contract"
    assert (copy / "extends/base.yaml/contract.yaml").read_text() == CONTRACT
    shutil.move(folder, place.root / "away")
    place.write("contract.yaml", 'contract: other.runs\nversion: "1.0.0"\nextends: runpact:basic@1\n')
    code, document = place.json("check", "away")
    assert (code, document["runs"][0]["judged_by"]) == (0, "child.runs 1.0.0")
    place.write("faulty.yaml", CONTRACT.replace("others:", "othres:"))
    for parent in ("runpact:nope@1", "nope.yaml", "contract.yaml", "faulty.yaml"):
        place.write("contract.yaml", f'contract: c.r\nversion: "1.0.0"\nextends: {parent}\n')
        assert place.call("contract", "lint")[0] == 2


@pytest.mark.requirement("A-005", "A-009", "A-025", "A-026", "A-028")
def test_the_project_pack_makes_its_layout(empty: Place) -> None:
    empty.write("contract.yaml", 'contract: my.project\nversion: "1.0.0"\nextends: runpact:project-run@1\n')
    script = 'cd "$RUNPACT_RUN_DIR"; echo \'{"loss": 1}\' > metrics.json'
    empty.write("projects/demo/main.sh", script)
    assert empty.call("run", "--set", "lr=0.1", "--", "sh", "projects/demo/main.sh")[0] == 0
    folder = empty.root / empty.runs()[0]["path"]
    assert folder.name.endswith("_nogit")
    manifest = json.loads((folder / "run_manifest.json").read_text())
    assert (manifest["project_name"], manifest["git_hash"], manifest["sealed"]) == ("demo", "unknown", True)
    assert (folder / "config_resolved.yaml").read_text() == "lr: 0.1\n"
    assert empty.call("verify", str(folder))[0] == 0


def test_latest_copies_follow_the_newest_finished_run(place: Place) -> None:
    text = CONTRACT.replace(
        "    others:", '    latest: [{copy: metrics.json, to: "runs/{name}.json"}]\n    others:'
    )
    place.write("contract.yaml", text)
    assert place.run_of(METRICS, "--name", "a")[0] == 0
    assert json.loads((place.root / "runs/a.json").read_text()) == {"loss": 0.5}
    place.run_of("exit 1", "--name", "a")
    assert json.loads((place.root / "runs/a.json").read_text()) == {"loss": 0.5}
    os.utime(place.root / "runs/a.json", (2**32, 2**32))
    assert place.run_of(METRICS.replace("0.5", "0.7"), "--name", "a")[0] == 0
    assert json.loads((place.root / "runs/a.json").read_text()) == {"loss": 0.5}
    (place.root / "runs/b.json").mkdir()
    code, _out, err = place.call("run", "--name", "b", "--", "sh", "-c", METRICS)
    assert code == 1
    assert "was not refreshed" in err


def test_a_field_that_cannot_be_decided_is_left_out_and_logged(place: Place) -> None:
    place.write(
        "contract.yaml",
        'contract: t.r\nversion: "1.0.0"\nkinds:\n  run:\n    at: "r/{name}"\n'
        "    state_words: {finished: ok}\n    entries:\n      - file: meta.json\n        written: change\n"
        "        fields: {id: run.id, word: run.word, x: run.nope, end: run.ended}\n"
        "      - {file: all.json, fields: run.nope}\n",
    )
    code, folder = place.run_of("true", "--name", "a")
    assert code == 0
    meta = json.loads((folder / "meta.json").read_text())
    assert (meta["id"], meta["word"], "x" in meta, meta["end"] is not None) == ("a", "ok", False, True)
    assert json.loads((folder / "all.json").read_text()) is None
    events = [
        json.loads(line)["event"] for line in (folder / ".runpact/events.jsonl").read_text().splitlines()
    ]
    assert "field.undecided" in events


def test_init_starts_a_workspace_and_changes_nothing_twice(empty: Place) -> None:
    empty.write(".gitignore", "*.pyc")
    code, document = empty.json("init")
    assert (code, document["written"]) == (0, ["contract.yaml", ".gitignore"])
    assert empty.call("contract", "lint")[0] == 0
    before = (empty.root / ".gitignore").read_text()
    assert before.startswith("*.pyc\n")
    assert "/runs/" in before
    assert empty.json("init")[1]["written"] == []
    (empty.root / ".gitignore").write_text(before.replace("/runs/", "/old/"))
    assert empty.json("init")[1]["written"] == [".gitignore"]
    assert (empty.root / ".gitignore").read_text() == before
    assert "runpact run --name first" in empty.call("init", "plain")[1]
    code, out, _err = empty.call("init", "below", "--id", "a.b", "--pack", "runpact:project-run@1")
    assert (code, "write a program in `projects/{project}/**`" in out, "--name" in out) == (0, True, False)
    code, _out, err = empty.call("init", "runpact:project-run@1")
    assert (code, "hint: runpact init --pack runpact:project-run@1 [FOLDER]" in err) == (64, True)
    assert "contract: a.b" in (empty.root / "below/contract.yaml").read_text()
    assert empty.call("init", "x", "--id", "A B")[0] == 64
    assert empty.call("init", "x", "--pack", "runpact:nope@1")[0] == 2
    (empty.root / "binary").mkdir()
    (empty.root / "binary/.gitignore").write_bytes(b"\xff\xfe")
    assert empty.call("init", "binary")[0] == 2


def test_demo_names_the_examples_it_has(empty: Place) -> None:
    code, _out, err = empty.call("demo", "nope")
    assert code == 2
    assert "certification" in err


def test_an_example_may_tell_its_own_story_where_the_reader_stands(empty: Place) -> None:
    empty.write("laid/demo.py", "open('heard.txt', 'x').write(__file__)")
    assert empty.call("demo", "certification", "--into", "laid")[0] == 0
    assert (empty.root / "heard.txt").read_text() == str(empty.root / "laid/demo.py")
    empty.write("laid/demo.py", "raise SystemExit(7)")
    code, document = empty.json("demo", "certification", "--into", "laid")
    assert (code, document["exit_code"]) == (3, 7)


def test_commands_that_do_not_exist_are_suggested(empty: Place) -> None:
    assert "did you mean `check`" in empty.call("chek")[2]
    assert empty.call("zzzzzz")[0] == 64
    assert empty.call("--version")[:2] == (0, "runpact 0.1.0\n")
    code, out, _err = empty.call("--help")
    assert code == 0
    assert "Exit codes" in out
    assert empty.call("run", "--help")[0] == 0


def test_a_damaged_record_is_an_error_of_the_check(place: Place, good_run: Path) -> None:
    (good_run / ".runpact/manifest.json").write_text("{")
    code, document = place.json("check", str(good_run))
    assert (code, document["findings"][0]["code"]) == (3, "corrupt")


def test_a_current_directory_that_is_gone_is_told(empty: Place) -> None:
    (empty.root / "gone").mkdir()
    os.chdir(empty.root / "gone")
    (empty.root / "gone").rmdir()
    assert empty.call("ls")[0] == 2


def test_what_a_place_must_hold_may_depend_on_the_run(place: Place) -> None:
    place.write(
        "contract.yaml",
        CONTRACT
        + "    places:\n      models:\n        at: 'models/{run.id}'\n        entries:\n"
        + "          - {file: model.txt, required: run.state == 'finished' && run.config.trains}\n",
    )
    _code, folder = place.run_of(METRICS, "--set", "trains=true")
    (place.root / "models" / folder.name).mkdir(parents=True)
    found = place.json("check", str(folder))[1]["findings"]
    assert [(each["code"], each["path"]) for each in found] == [
        ("missing", f"models/{folder.name}/model.txt")
    ]


def test_a_schema_of_ones_own_comes_before_an_inherited_one_of_that_name(place: Place) -> None:
    place.write("contract.yaml", 'contract: child.runs\nversion: "1.0.0"\nextends: runpact:work-directory@1')
    path = str(place.root / "contract.yaml")
    (place.root / "schemas/metrics.json").unlink()
    assert b"elapsed_ms" in load_contract(path).schemas["schemas/metrics.json"]
    place.write("schemas/metrics.json", '{"type": "string"}')
    assert load_contract(path).schemas["schemas/metrics.json"] == b'{"type": "string"}'
