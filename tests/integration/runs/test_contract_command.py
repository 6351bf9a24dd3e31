"""`runpact contract …` and what checks say beside runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from integration.runs.place import Place

KIND = """\
contract: test.trees
version: "1.0.0"
description: What a run is.
kinds:
  run:
    at: "runs/{name:slug}"
    strays: {id: NAMES}
    entries:
      - {file: metrics.json, id: R1, schema: {type: object, required: [loss], x-rule: R2}}
      - {file: log.jsonl, id: R3, required: false, schema: {type: object}}
    rules:
      - {id: R4, foreach: {row: rows.log}, when: present.log, check: row.n > 0}
      - {id: R5, foreach: {f: files.extra}, check: f.size > 0}
"""
EXTRA = '      - {files: "extra/*", as: extra, required: false}\n    rules:\n'
BROKEN = {
    "R1": ("runs/a/metrics.json", "delete: [runs/a/metrics.json]"),
    "R2": ("runs/a/metrics.json#/loss", 'unset: ["runs/a/metrics.json#/loss"]'),
    "R3": ("runs/a/log.jsonl#/1", 'set: {"runs/a/log.jsonl#/1": 5}'),
    "R4": ("runs/a/log.jsonl#/0/n", "write: {runs/a/log.jsonl: '{\"n\": 0}'}"),
    "R5": ("runs/a/extra/x", "copy: {runs/a/extra/x: empty.txt}"),
    "NAMES": ("runs/A", "rename: {runs/a: runs/A}"),
}
CASES = "- {tree: good}\n" + "".join(
    f'- {{tree: bad-{rule}, base: good, verdict: fail, rule: {rule}, path: "{path}", edit: {{{edit}}}}}\n'
    for rule, (path, edit) in BROKEN.items()
)


@pytest.fixture
def trees(empty: Place) -> Place:
    empty.write("contract.yaml", KIND.replace("    rules:\n", EXTRA))
    empty.write("cases.yaml", CASES)
    empty.write("empty.txt", "")
    empty.write("trees/good/runs/a/metrics.json", '{"loss": 1}')
    empty.write("trees/good/runs/a/log.jsonl", '{"n": 1}\n{"n": 2}\n')
    return empty


def test_trees_are_judged_as_their_cases_say(trees: Place) -> None:
    code, out, _err = trees.call("contract", "test")
    assert (code, out) == (0, "OK test.trees: 7 of 7 trees judged as they should be\n")
    code, document = trees.json("contract", "test")
    assert (code, document["contracts"][0]["right"], document["contracts"][0]["unbroken"]) == (0, 7, [])
    assert (trees.root / "trees/good/runs/a/metrics.json").exists()


def test_a_rule_that_no_tree_breaks_is_told(trees: Place) -> None:
    trees.write("cases.yaml", "".join(CASES.splitlines(keepends=True)[:-1]))
    code, out, _err = trees.call("contract", "test")
    assert code == 3
    assert "no tree breaks NAMES" in out


def test_a_tree_that_is_judged_otherwise_is_told(trees: Place) -> None:
    trees.write("cases.yaml", CASES.replace("rule: R1,", "rule: R9,"))
    code, out, _err = trees.call("contract", "test")
    assert code == 3
    assert "bad-R1: not found: rule R9 at runs/a/metrics.json" in out


@pytest.mark.parametrize(
    ("cases", "told"),
    [
        ("- {tree: nothing}", "no tree at"),
        ("- {tre: good}", "the cases cannot be read"),
        ("- {tree: x", "the cases cannot be read"),
        ("- {tree: b, base: good, edit: {delete: [gone]}}", "cannot be changed at `gone`"),
        ("- {tree: b, base: good, edit: {set: {'runs/a/metrics.json#/x/y': 1}}}", "cannot be changed"),
        (
            "- {tree: b, base: good, edit: {set: {'runs/a/x.txt#/x': 1}, write: {runs/a/x.txt: x}}}",
            "cannot be changed",
        ),
        ("- {tree: b, base: good, edit: {delete: [../x]}}", "not a safe relative path"),
    ],
)
def test_cases_that_cannot_be_tried_are_told(trees: Place, cases: str, told: str) -> None:
    trees.write("cases.yaml", cases)
    code, _out, err = trees.call("contract", "test")
    assert code in {2, 64}
    assert told in err


def test_a_contract_without_cases_cannot_be_tried(trees: Place) -> None:
    (trees.root / "cases.yaml").unlink()
    assert trees.call("contract", "test")[0] == 2


def test_a_tree_without_runs_proves_nothing(trees: Place) -> None:
    trees.write("trees/none/readme", "")
    trees.write("cases.yaml", "cases: [{tree: trees/none}]".replace("cases: ", ""))
    code, out, _err = trees.call("contract", "test")
    assert code == 3
    assert "no run stands in this tree" in out


def test_directories_beside_runs_are_told(trees: Place) -> None:
    trees.write("runs/a/metrics.json", '{"loss": 1}')
    trees.write("runs/B/x", "")
    code, document = trees.json("check")
    assert code == 3
    assert [(each["rule"], each["path"]) for each in document["findings"] if each["severity"] == "error"] == [
        ("NAMES", "runs/B")
    ]
    assert "beside the runs" in trees.call("check")[1]
    assert trees.call("check", "runs/a")[0] == 0


def test_a_vacuous_rule_is_incomplete_when_strict(trees: Place) -> None:
    trees.write("runs/a/metrics.json", '{"loss": 1}')
    assert trees.call("check")[0] == 0
    code, out, _err = trees.call("check", "--strict")
    assert code == 2
    assert "rule R5 matched nothing" in out
    trees.write("runs/a/metrics.json", "{}")
    assert trees.call("check", "--strict")[0] == 3


def test_the_page_is_written_and_its_age_told(trees: Place, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    assert trees.call("contract", "docs")[1].startswith("# test.trees 1.0.0")
    assert trees.call("contract", "docs", "--check", str(page))[0] == 3
    assert trees.call("contract", "docs", "--output", str(page))[0] == 0
    assert trees.call("contract", "docs", "--check", str(page))[0] == 0
    assert trees.call("contract", "docs", "--output", str(tmp_path / "new/page.md"))[0] == 0
    assert "is not there" in trees.call("contract", "docs", "--check", str(tmp_path / "no.md"))[1]
    assert trees.call("contract", "docs", "--output", str(page / "page.md"))[0] == 2
    assert trees.call("contract", "docs", "--check", str(tmp_path))[0] == 2


def test_the_schema_is_a_json_schema(trees: Place) -> None:
    code, out, _err = trees.call("contract", "schema")
    assert (code, json.loads(out)["title"]) == (0, "runpact contract")


def test_changes_are_weighed_against_runs(trees: Place) -> None:
    trees.write("runs/a/metrics.json", '{"loss": 1}')
    old = trees.write("old.yaml", KIND.replace("    rules:\n", EXTRA))
    text = old.read_text()
    trees.write("contract.yaml", text.replace("[loss]", "[loss, steps]"))
    code, out, _err = trees.call("contract", "diff", str(old), "--against")
    assert code == 3
    assert "1 runs judged by both: 1 stop conforming" in out
    assert "it must be at least 2.0.0" in out
    trees.write("contract.yaml", text.replace("[loss]", "[loss, steps]").replace("1.0.0", "2.0.0"))
    assert trees.call("contract", "diff", str(old))[0] == 1
    trees.write("contract.yaml", text.replace('version: "1.0.0"', 'version: "1.1.0"'))
    code, document = trees.json("contract", "diff", str(old), "--against", "--run", "runs/a")
    assert (code, document["is_breaking"], document["judged"], document["broken"]) == (0, False, 1, [])
    assert "nothing changed" in trees.call("contract", "diff", str(old))[1]


def test_links_and_copies_follow_the_newest_run(empty: Place) -> None:
    empty.write(
        "contract.yaml",
        """\
contract: test.latest
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    entries: [{file: m.txt}]
    places: {models: {at: "models/{run.id}", entries: [{file: model.bin}]}}
    latest: [{copy: m.txt, to: latest.txt}, {link: m.txt, to: links/latest.txt}]
""",
    )
    script = "echo {0} > $RUNPACT_RUN_DIR/m.txt; mkdir -p models/{0}; touch models/{0}/model.bin"
    for name in ("one", "two"):
        assert empty.call("run", "--name", name, "--", "sh", "-c", script.format(name))[0] == 0
    assert (empty.root / "latest.txt").read_text() == "two\n"
    assert (empty.root / "links/latest.txt").read_text() == "two\n"
    assert (empty.root / "links/latest.txt").readlink() == Path("../runs/two/m.txt")
    (empty.root / "models/one/model.bin").unlink()
    code, document = empty.json("check", "one")
    assert (code, document["findings"][0]["path"]) == (2, "models/one/model.bin")
    (empty.root / "models/one").rmdir()
    assert empty.json("check", "one")[0] == 2


def test_a_place_that_needs_what_a_path_does_not_tell_is_left_out(empty: Place) -> None:
    empty.write(
        "contract.yaml",
        """\
contract: test.places
version: "1.0.0"
kinds:
  run: {at: "runs/{name}", places: {m: {at: "models/{run.git}", entries: [{file: x}]}}}
""",
    )
    empty.write("runs/a/m.json", "{}")
    assert empty.call("check", "a")[0] == 0


def test_kinds_at_one_place_are_told_by_their_content(empty: Place) -> None:
    empty.write(
        "contract.yaml",
        """\
contract: test.kinds
version: "1.0.0"
kinds:
  run: {at: "runs/{name}", entries: [{file: m.json}]}
  sweep:
    like: run
    told_by: doc.m.mode == "sweep"
    entries: [{file: best.json, id: BEST}]
""",
    )
    empty.write("runs/a/m.json", '{"mode": "run"}')
    empty.write("runs/b/m.json", '{"mode": "sweep"}')
    code, document = empty.json("check")
    assert code == 2
    assert [(each["rule"], each["path"]) for each in document["findings"]] == [("BEST", "runs/b/best.json")]


def test_lint_tells_what_may_surprise(trees: Place) -> None:
    _code, out, _err = trees.call("contract", "lint")
    assert "advice" not in out
    text = KIND.replace("when: present.log, check: row.n > 0", "check: row.n > 0")
    trees.write("contract.yaml", text.replace("    rules:\n", EXTRA))
    code, out, _err = trees.call("contract", "lint")
    assert (code, "rule `R4` reads `log`, which may be missing" in out) == (0, True)
    _code, document = trees.json("contract", "lint")
    assert [each["at"] for each in document["advice"]] == ["/kinds/run/rules/0"]


ACROSS = """\
contract: test.across
version: "1.0.0"
workspace:
  entries: [{file: registry.csv, as: registry}]
  others: refused
  rules:
    - {id: W1, match: {each: files.run, by: name, with: rows.registry, on: run_id, kind: left_in_right}}
    - id: W2
      foreach: {row: rows.registry}
      check: doc_at("runs/" + row.run_id + "/metrics.json").loss == double(row.loss)
kinds:
  run: {at: "runs/{name}", entries: [{file: metrics.json}]}
  yard: {at: ".", entries: [{file: fleet.json}]}
"""


def test_rules_of_the_workspace_hold_across_runs(empty: Place) -> None:
    empty.write("contract.yaml", ACROSS)
    empty.write("registry.csv", "run_id,loss\na,1.5\n")
    empty.write("fleet.json", "{}")
    empty.write("runs/a/metrics.json", '{"loss": 1.5}')
    _code, document = empty.json("check")
    told = [(each["rule"], each["path"]) for each in document["findings"]]
    assert told == [("others", "contract.yaml"), ("others", "fleet.json")]
    assert {run["path"] for run in document["runs"]} == {".", "runs/a"}
    empty.write("runs/b/metrics.json", '{"loss": 1.5}')
    empty.write("registry.csv", "run_id,loss\na,2\nc,1\n")
    _code, document = empty.json("check")
    told = [(each["rule"], each["path"]) for each in document["findings"] if not each["because"]]
    assert told[2:] == [
        ("W1", "registry.csv"),
        ("W2", "registry.csv#/0/run_id"),
    ]


def test_a_tree_made_of_a_wrong_one_is_not_tried(trees: Place) -> None:
    trees.write("trees/good/runs/a/metrics.json", "{}")
    code, out, _err = trees.call("contract", "test")
    assert code == 3
    assert "not tried: it is made of `good`" in out


def test_the_page_of_artifacts_is_written_and_found_stale(trees: Place, tmp_path: Path) -> None:
    page = tmp_path / "ARTIFACT_API.md"
    assert trees.call("contract", "docs", "--artifacts")[1].startswith("# Artifacts of test.trees 1.0.0")
    assert trees.call("contract", "docs", "--artifacts", "--check", str(page))[0] == 3
    assert trees.call("contract", "docs", "--artifacts", "--output", str(page))[0] == 0
    assert trees.call("contract", "docs", "--artifacts", "--check", str(page))[0] == 0
    assert trees.call("contract", "docs", "--check", str(page))[0] == 3
    trees.write("contract.yaml", (trees.root / "contract.yaml").read_text().replace('"1.0.0"', '"1.0.1"'))
    assert trees.call("contract", "docs", "--artifacts", "--check", str(page))[0] == 3
