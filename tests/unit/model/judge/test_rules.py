"""Rules: checks, loops, matches, validators, inventories, states, tiers, parts."""

from __future__ import annotations

import hashlib

import pytest

from runpact.model.facts import FormatFault, RunTree
from runpact.model.judge import judge
from runpact.model.judge.rules import MOST_FAULTS
from unit.model.judge.memory import NO_DOCUMENT, Memory, contract_of, judged, told

TABLE = "i,p\n1,a\n2,b\n"
HEX = hashlib.sha256(b"x").hexdigest()


def rules(
    text: str, entries: str = "[{file: d.json}, {file: t.csv, required: false}, {file: x, required: false}]"
) -> str:
    return f"entries: {entries}\nrules: [{text}]"


@pytest.mark.parametrize(
    ("text", "document", "expected"),
    [
        ("{id: R, check: doc.d.x == 1}", {"x": 1}, []),
        ("{id: R, check: doc.d.x == 1}", {"x": 2}, ["rule R d.json#/x"]),
        ("{id: R, check: [doc.d.x == 1, doc.d.y == 1]}", {"x": 1, "y": 2}, ["rule R d.json#/y"]),
        ("{id: R, check: doc.d.x == 1, at: doc.d.y}", {"x": 2}, ["rule R d.json#/y"]),
        ("{id: R, check: doc.d.x}", {"x": "no"}, ["undecided R d.json#/x"]),
        ("{id: R, when: doc.d.on, check: 'false'}", {"on": False}, []),
        ("{id: R, when: doc.d.on, check: 'false'}", {}, ["undecided R d.json#/on"]),
        (
            "{id: R, foreach: {e: doc.d.l}, when: e.on, check: e.ok}",
            {"l": [{"on": True, "ok": False}, {"on": False}]},
            ["rule R d.json#/l/0/ok"],
        ),
        (
            "{id: R, foreach: {e: doc.d.l}, when: e.on, check: e.ok}",
            {"l": [{}]},
            ["undecided R d.json#/l/0/on"],
        ),
        ("{id: R, foreach: {e: doc.d.m}, check: e.value > 1}", {"m": {"a/b": 1}}, ["rule R d.json#/m/a~1b"]),
        ("{id: R, foreach: {e: doc.d.l}, check: e > 1}", {"l": []}, ["vacuous R d.json#/l"]),
        ("{id: R, foreach: {e: doc.d.no}, when: present.x && e.a, check: e > 1}", {}, []),
        ("{id: R, foreach: {e: doc.d.no}, check: e > 1}", {}, ["undecided R d.json#/no"]),
        (
            "{id: R, foreach: {e: 'doc.d.l.filter(x, x > 1)'}, check: e > 9}",
            {"l": [1, 2]},
            ["rule R d.json#/l"],
        ),
        (
            "{id: R, foreach: {e: 'doc.d.m.map(k, k)', f: '[1]'}, check: e == 'x'}",
            {"m": {"a": 1}},
            ["rule R d.json#/m"],
        ),
        (
            "{id: R, foreach: {l: leaves.d}, check: \"!string(l.value).contains('${')\"}",
            {"a": {"b": ["${x}"]}, "c": True},
            ["rule R d.json#/a/b/0"],
        ),
        ("{id: R, foreach: {r: rows.t}, check: index.r == 0 || previous.r.i < r.i}", {}, []),
        ("{id: R, foreach: {r: rows.t}, check: r.p == 'a'}", {}, ["rule R t.csv#/1/p"]),
        ("{id: R, foreach: {f: files.t}, check: size(f.rows) == 3}", {}, ["rule R t.csv"]),
        ("{id: R, foreach: {f: files.d}, check: f.doc.x == 3}", {"x": 1}, ["rule R d.json#/x"]),
        ("{id: R, check: size(files.t) == 3}", {}, ["rule R t.csv"]),
        ("{id: R, check: present.t && !present.d}", {}, ["rule R t.csv"]),
        (
            "{id: R, check: is_file('t.csv') && !is_dir('t.csv') && !is_file('../x') && !is_file('/t.csv')}",
            {},
            [],
        ),
        ("{id: R, check: digest('no') == ''}", {}, ["undecided R "]),
        ("{id: R, check: canonical_digest(doc.d) == digest('d.json')}", {"b": 1, "a": 2}, []),
        ("{id: R, check: doc_at('d.json') == doc.d && size(rows_at('t.csv')) == 2}", {}, []),
        ("{id: R, check: doc_at('t.csv') == 1}", {}, ["undecided R t.csv"]),
        ("{id: R, check: rows_at('d.json') == 1}", {}, ["undecided R d.json"]),
        ("{id: R, check: is_run('r/known') && !is_run('r/x')}", {}, []),
        ("{id: R, check: 'run.id == \"b\" || size(run) < 0'}", {}, ["rule R "]),
        ("{id: R, check: doc.t.x == 1}", {}, ["undecided R t.csv#/x"]),
        ("{id: R, check: run.nothing == 1}", {}, ["undecided R "]),
        (
            "{id: R, check: 'sum(rows.t.map(r, int(r.i))) == 3 && least([2, 1]) == 1 && greatest([1, 2]) == 2'}",
            {},
            [],
        ),
        ("{id: R, check: 'distinct([1, 1, 2]) == [1, 2] && flatten([[1], [2]]) == [1, 2]'}", {}, []),
        (
            '{id: R, check: \'pad(7, 3) == "007" && lower("A") == "a" && join(split("a-b", "-"), "+") == "a+b"\'}',
            {},
            [],
        ),
        (
            '{id: R, check: \'string(null) == "null" && string(true) == "true" && string(1) == "1" && !is_relative("/x")\'}',
            {},
            [],
        ),
    ],
)
def test_a_rule_is_judged(text: str, document: object, expected: list[str]) -> None:
    assert told(rules(text), {"d.json": document, "t.csv": TABLE}) == expected


def test_a_rule_tells_what_it_got_when_that_is_short() -> None:
    (finding,) = judged(
        rules("{id: R, check: doc.d.x == 1, message: other, hint: look}"), {"d.json": {"x": 2}}
    ).findings
    assert (finding.got, finding.message, finding.hint) == ("doc.d.x = 2", "other", "look")
    (finding,) = judged(rules("{id: R, check: size(doc.d.x) == 1}"), {"d.json": {"x": [1, 2]}}).findings
    assert finding.got is None


def test_many_faults_of_a_rule_are_counted() -> None:
    kind = rules("{id: R, foreach: {e: doc.d.l}, check: e > 1}")
    report = judged(kind, {"d.json": {"l": [0] * MOST_FAULTS + [0, "x"]}})
    assert len(report.findings) == MOST_FAULTS + 1
    assert (report.findings[-1].path, report.findings[-1].message) == (
        "d.json",
        "and 2 more faults of this rule",
    )


def test_what_follows_from_a_missing_file_hangs_on_it() -> None:
    kind = """
entries:
  - {file: d.json}
  - {file: x.json, id: X, required: doc.d.x}
  - {file: "{e}.txt", id: E, foreach: {e: doc.d.l}}
rules:
  - {id: R, check: doc.d.x == 1}
  - {id: S, foreach: {e: doc.d.l}, check: e == 1}
  - {id: T, check: digest("d.json") == ""}
"""
    report = judged(kind, {})
    assert [finding.rule for finding in report.findings if finding.because is None] == ["entries/d"]
    assert {finding.because for finding in report.findings} == {None, "d.json"}


def test_what_follows_from_a_consequence_hangs_on_its_cause() -> None:
    kind = """
entries: [{file: d.json}, {file: x.json, id: X, required: doc.d.x}]
rules: [{id: R, check: doc.x.y == 1}]
"""
    report = judged(kind, {})
    assert {finding.rule: finding.because for finding in report.findings} == {
        "entries/d": None,
        "X": "d.json",
        "R": "d.json",
    }


MATCH = """
entries: [{{files: "f_{{n:02}}.txt", as: f, required: false}}, {{file: d.json, rows: {{at: /l}}}}]
rules: [{{id: R, match: {{each: files.f, by: n, with: rows.d, on: k{more}}}}}]
"""


@pytest.mark.parametrize(
    ("more", "numbers", "rows", "expected"),
    [
        ("", [1, 2], [{"k": 1}, {"k": 2}], []),
        ("", [1, 2], [{"k": 1}], ["match R d.json"]),
        ("", [1], [{"k": 1}, {"k": 2}], ["match R f_02.txt"]),
        ("", [1], [{"k": 1}, {"k": 1}], ["match R d.json#/l/1"]),
        (", kind: same_keys", [1], [{"k": 1}, {"k": 1}], []),
        (", kind: left_in_right", [1], [{"k": 1}, {"k": 2}], []),
        (", kind: right_in_left", [1, 2], [{"k": 1}], []),
        (", equal: [size]", [1], [{"k": 1, "size": 9}], ["match R d.json#/l/0/size"]),
        ("", [], [], ["vacuous R d.json#/l"]),
        ("", [1], [{"x": 1}], ["undecided R d.json#/l"]),
        ("", [1], [5], ["undecided R d.json#/l"]),
    ],
)
def test_a_match_names_what_lacks_a_partner(
    more: str, numbers: list[int], rows: list[object], expected: list[str]
) -> None:
    files = {f"f_{n:02}.txt": "" for n in numbers} | {"d.json": {"l": rows}}
    assert told(MATCH.format(more=more), files) == expected


def test_a_match_of_documents_names_the_list_that_lacks_the_item() -> None:
    kind = rules("{id: R, match: {each: doc.d.a, by: k, with: doc.d.b}}")
    assert told(kind, {"d.json": {"a": [{"k": "x"}], "b": []}}) == ["match R d.json"]
    assert told(kind, {"d.json": {"a": 1, "b": [{"k": "x"}]}}) == ["undecided R d.json#/a"]
    assert told(kind, {"d.json": {"b": []}}) == ["undecided R d.json#/a"]


def test_a_match_with_files_that_a_glob_finds_names_the_file_at_hand() -> None:
    entries = '[{files: "*/f_{n:int}.txt", as: f, required: false}, {file: d.json, rows: {at: /l, or: self}}]'
    kind = rules("{id: R, match: {each: rows.d, by: n, with: files.f, equal: [path]}}", entries)
    assert told(kind, {"d.json": {"n": 7}}) == ["match R */f_7.txt"]
    assert told(kind, {"d.json": {"n": 7, "path": "b"}, "a/f_7.txt": ""}) == ["match R a/f_7.txt"]


def test_a_match_with_files_of_several_captures_names_the_item_at_hand() -> None:
    entries = '[{files: "{a}/f_{n:int}.txt", as: f, required: false}, {file: d.json, rows: {at: /l}}]'
    kind = rules("{id: R, match: {each: rows.d, by: n, with: files.f}}", entries)
    assert told(kind, {"d.json": {"l": [{"n": 7}]}}) == ["match R d.json#/l/0"]
    odd = '[{files: "f_{n:int}.txt", as: f, required: false}, {file: d.json, rows: {at: /l}}]'
    kind = rules("{id: R, match: {each: rows.d, by: n, with: files.f}}", odd)
    assert told(kind, {"d.json": {"l": [{"n": "x y"}]}}) == ["match R f_{n:int}.txt"]


def test_a_place_of_a_name_that_is_nowhere_is_the_run() -> None:
    assert told("rules: [{id: R, check: doc.gone.x == 1}]", {}) == ["undecided R "]


def test_a_validator_without_a_registry_is_undecided() -> None:
    tree = RunTree(
        files=(),
        document=lambda _path, _form: NO_DOCUMENT,
        content=lambda _path, _form: NO_DOCUMENT,
        is_own=False,
    )
    loaded = contract_of("rules: [{id: R, validator: {name: v, version: '1'}}]")
    (finding,) = judge(loaded.contract.kinds["run"], loaded, tree).findings
    assert "no validator `v` is registered" in finding.message


def test_a_validator_is_asked_by_name_and_version() -> None:
    kind = 'rules: [{{id: R, validator: {{name: strict, version: "{version}", arguments: {{faults: [a.json#/x]}}}}}}]'
    assert told(kind.format(version="1"), {}) == ["validator R a.json#/x"]
    assert told(kind.format(version="2"), {}) == ["undecided R "]


@pytest.mark.parametrize(
    ("text", "files", "expected"),
    [
        ("form: lines", {"sums": f"{HEX}  a\n"}, []),
        (
            "form: lines",
            {"sums": f"{HEX}  a\n# comment\n{HEX}  ../b"},
            ["checksum-line I sums#/1", "checksum-line I sums#/2"],
        ),
        ("form: lines, sorted: true", {"sums": f"{HEX}  b\n{HEX}  a\n", "b": "x"}, ["order I sums"]),
        ("form: lines", {"sums": f"{HEX}  a\n{HEX}  a\n"}, ["duplicate I sums"]),
        ("form: lines", {"sums": f"{HEX}  gone\n"}, ["missing I gone"]),
        ("form: lines", {"sums": f"{HEX}  b\n", "b": "y"}, ["digest-mismatch I b"]),
        ('form: lines, covers: ["**"], exclude: [d.json]', {"sums": "", "d.json": 1}, ["not-listed I sums"]),
        ('form: lines, covers: ["b"], closed: true', {"sums": f"{HEX}  a\n"}, ["too-much-listed I sums"]),
        ("form: lines, covers: \"['a', 'gone']\", rules: {covers: C}", {"sums": ""}, ["not-listed C sums"]),
        ("form: lines, covers: doc.d.no", {"sums": "", "d.json": {}}, ["undecided I sums"]),
        ("form: lines, covers: \"'a'\"", {"sums": ""}, []),
        ('form: lines, covers: ["**"], rules: {form: F}', {"sums": "x\n"}, ["checksum-line F sums#/0"]),
        ("form: lines", {"sums": b"\xff"}, ["undecided I sums"]),
        ("form: lines, base: sub", {"sums": f"{HEX}  a\n", "sub/a": "y"}, ["digest-mismatch I sub/a"]),
    ],
)
def test_a_checksum_file_is_judged(text: str, files: dict[str, object], expected: list[str]) -> None:
    kind = f"entries: [{{file: sums}}, {{file: d.json, required: false}}]\ninventories: [{{of: sums, id: I, {text}}}]"
    assert told(kind, {"a": "x", **files}) == expected


@pytest.mark.parametrize(
    ("text", "document", "expected"),
    [
        ("at: /f", {"f": {"a": HEX}}, []),
        ("at: /f", {"f": {"a": f"sha256:{HEX}"}}, []),
        ("at: /f, prefix: forbidden", {"f": {"a": f"sha256:{HEX}"}}, ["inventory I d.json#/f/a"]),
        ("at: /f, prefix: required", {"f": {"a": HEX}}, ["inventory I d.json#/f/a"]),
        ("at: /f", {"f": {"/a": HEX, "b": 5}}, ["inventory I d.json#/f/~1a", "inventory I d.json#/f/b"]),
        ("at: /f", {"f": []}, ["inventory I d.json#/f"]),
        ("at: /f", {}, ["inventory I d.json#/f"]),
        ("form: list, path: name", [{"name": "a", "sha256": HEX}, 5], ["inventory I d.json#/1"]),
        ("form: list", {}, ["inventory I d.json"]),
    ],
)
def test_a_list_in_a_document_is_judged(text: str, document: object, expected: list[str]) -> None:
    kind = f"entries: [{{file: d.json}}]\ninventories: [{{of: d, id: I, {text}}}]"
    assert told(kind, {"a": "x", "d.json": document}) == expected


def test_an_inventory_that_cannot_be_read_hangs_on_its_fault() -> None:
    kind = "entries: [{file: d.json}]\ninventories: [{of: d, id: I, at: /f}]"
    report = judged(kind, {"d.json": "{"})
    assert [(finding.code, finding.because) for finding in report.findings] == [
        ("invalid-json", None),
        ("undecided", "d.json"),
    ]


STATES = """
entries: [{file: s.json}, {file: h.jsonl, required: false}]
states:
  word: doc.s.state
  moves: {open: [closed, broken], closed: [], broken: []}
  reason: doc.s.reason
  reasons: {closed: [done]}
"""
HISTORY = STATES + "  history: rows.h\n  field: to\n"


@pytest.mark.parametrize(
    ("kind", "files", "expected"),
    [
        (STATES, {"s.json": {"state": "open"}}, []),
        (STATES, {"s.json": {"state": "ajar"}}, ["state states s.json#/state"]),
        (STATES, {"s.json": {}}, ["undecided states s.json#/state"]),
        (STATES, {"s.json": {"state": "closed", "reason": "done"}}, []),
        (STATES, {"s.json": {"state": "closed", "reason": "x"}}, ["state states s.json#/reason"]),
        (STATES, {"s.json": {"state": "closed"}}, ["undecided states s.json#/reason"]),
        (HISTORY, {"s.json": {"state": "broken"}, "h.jsonl": '{"to": "open"}\n{"to": "broken"}\n'}, []),
        (
            HISTORY,
            {"s.json": {"state": "open"}, "h.jsonl": '{"to": "closed"}\n{"to": "open"}\n'},
            ["transition states h.jsonl#/1/to"],
        ),
        (
            HISTORY,
            {"s.json": {"state": "open"}, "h.jsonl": '{"to": "open"}\n5\n'},
            ["transition states h.jsonl#/1/to", "state states s.json#/state"],
        ),
        (HISTORY, {"s.json": {"state": "open"}}, ["undecided states h.jsonl"]),
        (HISTORY.replace("rows.h", "doc.s"), {"s.json": {"state": "open"}}, ["undecided states s.json"]),
    ],
)
def test_states_follow_the_table_of_moves(kind: str, files: dict[str, object], expected: list[str]) -> None:
    assert told(kind, files) == expected


def test_tiers_need_their_rules_and_their_condition() -> None:
    kind = """
entries: [{file: d.json, schema: {type: object, required: [x]}}]
rules: [{id: A, check: doc.d.a}, {id: B, check: doc.d.b}]
tiers: {gold: {when: doc.d.gold}, plain: {rules: [A]}}
"""
    document = {"x": 1, "a": True, "b": True, "gold": True}
    assert judged(kind, {"d.json": document}).tiers == ("gold", "plain")
    assert judged(kind, {"d.json": {**document, "b": False}}).tiers == ("plain",)
    assert judged(kind, {"d.json": {**document, "gold": 5}}).tiers == ("plain",)
    assert judged(kind, {"d.json": {**document, "a": False}}).tiers == ()


STAGES = """
each_stage:
  at: "{stage.id}_{stage.slug}"
  entries: [{file: log.txt, id: L}, {file: s.json, id: S, canonical: true}, {file: t.csv, required: false, table: {columns: [a]}}]
  rules: [{id: C, check: doc.s.id == stage.id && run.stage.slug == stage.slug && doc.s.run == run.id}]
"""


def test_every_stage_is_judged_in_its_directory() -> None:
    good = {"s.json": {"id": "01", "run": "a"}, "log.txt": ""}
    files = {f"01_make/{name}": content for name, content in good.items()}
    assert told(STAGES, files) == []
    bad = {**files, "02_show/s.json": {"id": "03", "run": "a"}, "02_show/t.csv": "b\n"}
    assert told(STAGES, bad) == [
        "missing L 02_show/log.txt",
        "missing-column entries/t 02_show/t.csv#/a",
        "rule C 02_show/s.json#/id",
    ]
    assert told(STAGES, {}) == ["vacuous each_stage "]


def test_consequences_inside_a_stage_are_named_from_the_run() -> None:
    report = judged(STAGES, {"01_make/log.txt": ""})
    assert {finding.because for finding in report.findings} == {None, "01_make/s.json"}


def test_places_are_judged_beside_the_run() -> None:
    kind = "places: {models: {at: 'models/{run.id}', entries: [{file: m.onnx, id: M}]}, other: {at: x}}"
    beside = Memory({"n.onnx": ""}).tree()
    assert told(kind, {}, places={"models": ("../../models/a", beside)}) == [
        "missing M ../../models/a/m.onnx"
    ]


@pytest.mark.parametrize(
    ("entry", "files", "expected"),
    [
        ("{file: a.json, id: R, format: json}", {"a.json": '{"x": NaN}'}, ["invalid-json R a.json#/x"]),
        ("{file: a.json, id: R, format: [yaml, toml]}", {"a.json": 1}, ["format R a.json"]),
        ("{file: a.json, id: R, format: json}", {"a.json": 1}, []),
        ("{file: a.txt, id: R, format: txt}", {"a.txt": ""}, []),
        ("{file: a.json, id: R, canonical: true}", {"a.json": '{ "x": 1}'}, ["not-canonical R a.json"]),
        (
            "{file: a.csv, id: R, schema: {required: [b]}}",
            {"a.csv": "a\n1\n2\n"},
            ["schema R a.csv#/0/b", "schema R a.csv#/1/b"],
        ),
        ("{file: a.jsonl, id: R, schema: {type: object}}", {"a.jsonl": "{}\n5\n"}, ["schema R a.jsonl#/1"]),
        ("{file: a.bin, id: R, schema: {type: object}}", {"a.bin": ""}, ["not-a-document R a.bin"]),
    ],
)
def test_a_document_is_judged(entry: str, files: dict[str, object], expected: list[str]) -> None:
    assert told(f"entries: [{entry}]", files) == expected


def test_a_header_is_a_document() -> None:
    kind = """
entries: [{file: a.png, id: R, schema: {properties: {width: {const: 4, x-rule: W}}}}]
rules: [{id: H, check: doc.a.height == 3}]
"""
    header = {"width": 5, "height": 2}
    assert told(kind, {"a.png": ""}, header=lambda _path: header) == [
        "schema W a.png#/width",
        "rule H a.png#/height",
    ]


def test_the_first_entry_that_claims_a_format_has_its_fault() -> None:
    kind = 'entries: [{file: a.json, id: A, schema: {}}, {files: "*.json", id: F, format: json}]'
    assert told(kind, {"a.json": "{"}) == ["invalid-json F a.json"]


def test_a_content_that_cannot_be_told_is_a_fault() -> None:
    fault = FormatFault("unreadable", "no permission")
    assert told(
        "entries: [{file: a.json, id: F, format: json}]", {"a.json": 1}, content=lambda _path, _form: fault
    ) == ["unreadable F a.json"]
