"""Reading, joining and checking contracts, with the place of every fault."""

from __future__ import annotations

import msgspec
import pytest

from runpact.formats.yamltree import read_tree
from runpact.model.contract.language import (
    Contract,
    Entry,
    FormatRule,
    IndexView,
    Kind,
    Records,
    Rule,
    WorkspaceRules,
)
from runpact.model.contract.lint import lint
from runpact.model.contract.merge import merge
from runpact.model.contract.node import Node
from runpact.model.contract.reader import read_contract
from runpact.model.contract.surroundings import GitRules, ImportRules
from runpact.model.errors import Fault

HEAD = 'contract: a.b\nversion: "1.0.0"\n'


def faults_of(text: str, schemas: dict[str, bytes] | None = None) -> tuple[Fault, ...]:
    tree = read_tree(text.encode(), "c.yaml")
    if isinstance(tree, tuple):
        return tree
    contract, faults = read_contract(tree, "c.yaml")
    return faults if contract is None else faults + lint(contract, tree, "c.yaml", schemas or {}, faults)


def kind(text: str) -> str:
    return f"{HEAD}kinds:\n  run:\n    at: r/{{name}}\n{text}"


@pytest.mark.parametrize(
    ("text", "line", "column", "told"),
    [
        ("contract: a.b\n", 1, 1, "`version` is missing"),
        ("[]", 1, 1, "another sort"),
        (HEAD + "kindz: {}\n", 3, 1, "`kindz` is not known"),
        (HEAD + "kinds: []\n", 3, 8, "another sort"),
        (HEAD + "kinds: {}\n", 1, 1, "no kinds"),
        (HEAD + "kinds: {run: {}}\n", 3, 14, "`at` is missing"),
        (HEAD + "kinds: {Run: {at: x}}\n", 3, 14, "unsafe name"),
        (HEAD + "kinds: {a: {at: x}, b: {at: x}}\n", 3, 29, "share one place"),
        (HEAD + "kinds: {a: {at: /x}}\n", 3, 17, "leaves the workspace"),
        (HEAD + "kinds: {a: {at: '{x'}}\n", 3, 17, "cannot be read"),
        ('contract: A\nversion: "1"\nkinds: {a: {at: x}}\n', 1, 11, "contract's id"),
        ('contract: a\nversion: "1"\nkinds: {a: {at: x}}\n', 2, 10, "not semantic"),
        (kind("    clash: x\n"), 6, 12, "no number"),
        (kind("    clash: '_{name}'\n"), 6, 12, "no number"),
        (kind("    clash: '_{n'\n"), 6, 12, "cannot be read"),
        (kind("    others: all\n"), 6, 13, "not one of the words"),
        (kind("    others: [a]\n"), 6, 14, "another sort"),
        (kind("    state_words: {finishd: ok}\n"), 6, 28, "not a state"),
        (kind("    state_words: {finished: 1}\n"), 6, 29, "another sort"),
        (kind("    records: {manifest: ../x}\n"), 6, 25, "not a safe relative path"),
        (kind("    records: {manifest: x, events: x}\n"), 6, 14, "share one file"),
        (kind("    latest: [{copy: ../x, to: '{'}]\n"), 6, 31, "cannot be read"),
        (kind("    entries: [{}]\n"), 6, 15, "one of file, files, dir"),
        (kind("    entries: [{file: a, dir: b}]\n"), 6, 15, "one of file, files, dir"),
        (kind("    entries: [{file: a, as: x}, {file: b, as: x}]\n"), 6, 47, "two entries are named"),
        (kind("    entries: [{file: ../a}]\n"), 6, 22, "not a safe relative path"),
        (kind("    entries: [{files: '{x'}]\n"), 6, 23, "cannot be read"),
        (kind("    entries: [{file: a, count: {min: 1}}]\n"), 6, 32, "can be counted"),
        (kind("    entries: [{dir: a, fields: run.id}]\n"), 6, 32, "written from fields"),
        (kind("    entries: [{file: a, schema: s.json}]\n"), 6, 33, "cannot be used"),
        (kind("    entries: [{file: a, required: 'a =='}]\n"), 6, 35, "cannot be read"),
        (kind("    entries: [{file: a, required: 5}]\n"), 6, 35, "another sort"),
        (kind("    entries: [{file: a, fields: {x: 'a =='}}]\n"), 6, 37, "cannot be read"),
        (
            kind("    entries: [{file: abc}]\n    rules: [{id: r, check: doc.abd.x == 1}]\n"),
            7,
            28,
            "no entry is named",
        ),
        (kind("    rules: [{id: r, check: 'true', when: '('}]\n"), 6, 42, "cannot be read"),
        (kind("    formats: [{in: '**', allow: json}]\n"), 6, 33, "another sort"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, line: int, column: int, told: str) -> None:
    found = faults_of(text)
    assert (line, column) in {(fault.line, fault.column) for fault in found}
    assert any(told in fault.message for fault in found)


def test_faults_of_form_and_of_sense_are_told_together() -> None:
    text = kind("    entriez: []\n    clash: x\n    rules: [{id: r, check: doc.a.b == 1}]\n").replace(
        "1.0.0", "one"
    )
    told = [fault.message for fault in faults_of(text)]
    assert len(told) == 3
    assert [word in " ".join(told) for word in ("entriez", "not semantic", "no number")] == [True] * 3


def test_a_good_contract_has_no_fault() -> None:
    text = kind(
        "    others: refused\n    state_words: {finished: ok}\n"
        "    entries:\n      - {file: m.json, as: metrics, schema: s.json}\n"
        "      - {files: 'f_{n:04}.x', as: frames, count: {min: 1}}\n      - {dir: d}\n"
        "    rules: [{id: r, when: 'true', check: doc.metrics.x == 1 && doc.manifest.uid != ''}]\n"
        "    latest: [{copy: m.json, to: 'runs/{name}.json'}]\n"
    )
    assert faults_of(text, {"s.json": b"{}"}) == ()


def test_the_nearest_known_word_is_offered() -> None:
    (fault,) = faults_of(kind("    entries: [{file: a, requird: true}]\n"))
    assert fault.hint == "did you mean `required`?"
    (fault,) = faults_of(kind("    qqqqqq: 1\n"))
    assert fault.hint == "remove it"


def test_faults_of_inherited_parts_end_where_the_document_does() -> None:
    tree = read_tree((HEAD + "extends: x\n").encode(), "c.yaml")
    assert isinstance(tree, Node)
    inherited = Contract(
        contract="a.b", version="1.0.0", kinds={"run": Kind(at="r/{name}", entries=(Entry(file="../x"),))}
    )
    (fault,) = lint(inherited, tree, "c.yaml", {})
    assert (fault.line, fault.column) == (1, 1)
    (fault,) = lint(inherited, Node(line=4, column=2, items=()), "c.yaml", {})
    assert fault.line == 4


def test_children_win_and_parents_fill_in() -> None:
    parent = Contract(
        contract="p",
        version="1.0.0",
        formats=(FormatRule(in_="**", allow=("json",)),),
        kinds={
            "run": Kind(
                at="r/{name}",
                clash="_{n}",
                records=Records(manifest="m.json"),
                state_words={"finished": "ok"},
                entries=(Entry(file="a.json"), Entry(file="b.json")),
                others="refused",
                rules=(Rule(id="r1", check="true"),),
                description="d",
            ),
            "other": Kind(at="o/{name}"),
        },
    )
    child = Contract(
        contract="c",
        version="1.0.0",
        formats=(FormatRule(in_="x", allow=("npz",)),),
        kinds={
            "run": Kind(
                entries=(Entry(file="b.json", required=False), Entry(file="c.json")),
                state_words={"failed": "bad"},
            ),
            "own": Kind(at="own/{name}"),
        },
    )
    merged = merge(child, parent)
    run = merged.kinds["run"]
    assert set(merged.kinds) == {"run", "other", "own"}
    assert [(entry.name, entry.required) for entry in run.entries] == [("a", True), ("b", False), ("c", True)]
    assert (run.at, run.clash, run.others, run.records.manifest) == ("r/{name}", "_{n}", "refused", "m.json")
    assert run.state_words == {"finished": "ok", "failed": "bad"}
    assert [rule.id for rule in run.rules] == ["r1"]
    assert [rule.in_ for rule in merged.formats] == ["x", "**"]
    own = Kind(at="x", clash="-{n:03}", records=Records(events="e"), others="advised", description="mine")
    overriding = merge(Contract(contract="c", version="1.0.0", kinds={"run": own}), parent).kinds["run"]
    assert (overriding.at, overriding.clash, overriding.others) == ("x", "-{n:03}", "advised")


def test_what_stands_around_the_runs_is_inherited_by_name() -> None:
    def around(**said: object) -> Contract:
        return Contract(contract="c", version="1.0.0", workspace=WorkspaceRules(**said))

    old, new = IndexView(files="i.csv", columns={"a": "run.id"}), IndexView(files="i.csv", columns={})
    parent = around(rules=(Rule(id="w", check="true"),), indexes=(old,), directories=("a",))
    merged = merge(around(directories=("b",)), parent).workspace
    assert (merged.directories, merged.indexes, [rule.id for rule in merged.rules]) == (
        ("a", "b"),
        (old,),
        ["w"],
    )
    assert merge(around(indexes=(new,)), parent).workspace.indexes == (new,)


AROUND = WorkspaceRules(
    directories=("a",),
    caches=("c/**",),
    frozen=("f/**",),
    secrets=("S_*",),
    log="log.jsonl",
    entries=(Entry(file="e.json"),),
    others="refused",
    rules=(Rule(id="w", check="true"),),
    indexes=(IndexView(files="i.csv", columns={"a": "run.id"}),),
    layers={"data": ("d/**",), "model": ("m/**",)},
    data="work",
    golden="records",
    imports=ImportRules(order=("data", "model")),
    git=GitRules(ignored=("g/**",)),
)


@pytest.mark.parametrize("field", [each.name for each in msgspec.structs.fields(WorkspaceRules)])
def test_each_rule_around_the_runs_is_inherited_unless_the_child_says_it(field: str) -> None:
    said = getattr(AROUND, field)
    assert said != getattr(WorkspaceRules(), field), "the parent must say it for this to prove anything"
    parent = Contract(contract="p", version="1.0.0", workspace=AROUND)
    child = Contract(contract="c", version="1.0.0")
    assert getattr(merge(child, parent).workspace, field) == said
    none = Contract(contract="p", version="1.0.0")
    assert getattr(merge(parent, none).workspace, field) == said


def test_the_childs_layers_decide_before_the_inherited_ones() -> None:
    own = WorkspaceRules(layers={"model": ("mine/**",), "web": ("w/**",)}, golden="own")
    child = Contract(contract="c", version="1.0.0", workspace=own)
    merged = merge(child, Contract(contract="p", version="1.0.0", workspace=AROUND)).workspace
    assert list(merged.layers.items()) == [("model", ("mine/**",)), ("web", ("w/**",)), ("data", ("d/**",))]
    assert merged.golden == "own"


def test_entries_have_names() -> None:
    named = [
        Entry(file="a/b.tar.gz"),
        Entry(dir="x/y/"),
        Entry(file=".hidden"),
        Entry(files="*.x", as_="z"),
        Entry(),
    ]
    assert [entry.name for entry in named] == ["b", "y", ".hidden", "z", ""]
    assert Contract(contract="a", version="3.1.4").major == 3


def test_nodes_give_their_plain_value() -> None:
    tree = read_tree(b"a: [1, 2.5, true, null, text]\nb: {c: ''}\n", "x")
    assert isinstance(tree, Node)
    assert tree.value() == {"a": [1, 2.5, True, None, "text"], "b": {"c": ""}}
    assert tree.sort == "a mapping"
    assert [value.sort for _key, value in tree.pairs or ()] == ["a list", "a mapping"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 1\na: 2",
        "a: !x 1",
        "a: &x 1\nb: *x",
        "? [a]\n: 1",
        "[" * 500,
        "a: [",
        "\tx: 1",
        "x" * (2 << 20),
        "- " * 2000,
        " " * 1100 + "x",
    ],
)
def test_yaml_outside_the_strict_subset_is_refused(text: str) -> None:
    assert isinstance(read_tree(text.encode(), "x"), tuple)


def test_bytes_that_are_no_text_are_refused() -> None:
    assert isinstance(read_tree(b"\xff\xfe", "x"), tuple)
    nested = "\n".join(" " * depth + "a:" for depth in range(70))
    assert isinstance(read_tree(nested.encode(), "x"), tuple)
