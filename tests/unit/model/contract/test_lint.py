"""Every fault of a contract beyond its form."""

from __future__ import annotations

import pytest

from runpact.formats.yamltree import read_tree
from runpact.model.contract.language import Contract
from runpact.model.contract.lint import advise, lint
from runpact.model.contract.merge import completed, merge
from runpact.model.contract.node import Node
from runpact.model.contract.reader import read_contract
from runpact.model.pattern import UnsafePatternError, compile_pattern
from unit.model.judge.memory import contract_of, told

TWICE = "{r: runs, a: generated_at, b: generated_at}"


def notes(kind: str, top: str = "") -> list[str]:
    tree, contract = read(kind, top)
    found = lint(completed(contract), tree, "c.yaml", {})
    return [f"{fault.at}: {fault.message}" for fault in found]


def read(kind: str, top: str = "") -> tuple[Node, Contract]:
    indented = "".join(f"    {line}\n" for line in kind.splitlines())
    text = f'contract: a.b\nversion: "1.0.0"\n{top}kinds:\n  run:\n    at: "r/{{name}}"\n{indented}'
    tree = read_tree(text.encode(), "c.yaml")
    assert not isinstance(tree, tuple), tree
    contract, faults = read_contract(tree, "c.yaml")
    assert contract is not None, faults
    assert faults == ()
    return tree, contract


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            "rules: [{id: R, check: 'size(run.id.trimmed()) > floors(1)'}]",
            ["there is no function `trimmed`", "there is no function `floors`"],
        ),
        (
            "entries: [{file: a, ids: {mising: R}, format: jsn}, {file: b.xyz, format: [xyz, json]}]",
            ["/ids/mising: no finding has this code", "/format: there is no such format"],
        ),
        ("like: nothing", ["/kinds/run/like: it is like no kind of this contract"]),
        ("latest: [{to: x}]", ["/kinds/run/latest/0: it is one of copy, link"]),
        ("latest: [{to: x, copy: a, link: b}]", ["/kinds/run/latest/0: it is one of copy, link"]),
        ("places: {m: {at: '{x', entries: [{}]}}", ["capture that cannot be read", "an entry is one of"]),
        (
            "each_stage: {at: '{x', entries: [{}], rules: [{id: R}]}",
            ["cannot be read", "an entry is one of", "a rule is one of"],
        ),
        (
            "each_stage: {rules: [{id: R, check: doc.x.y == 1}]}",
            ["/kinds/run/each_stage/rules/0/check: no entry is named `x`"],
        ),
        ("states: {word: run.id, moves: {a: [b]}}", ["/kinds/run/states/moves/a: `b` is not a state here"]),
        (
            (
                "sealed: by_stage\n"
                "stages: [{id: '1', slug: A, command: [a]},"
                " {id: '02', slug: a, command: [a], writes: {x: {}}}, {id: '02', slug: b, command: [a]}]"
            ),
            ["two digits", "a slug has", "an output is one of", "two stages have one id"],
        ),
        ("entries: [{file: a, present: run.x, required: false}]", ["`present` says both"]),
        (
            "entries: [{dir: a, format: json, size: {min: 1}}]",
            ["a directory has no size", "a directory has no format"],
        ),
        ("entries: [{file: a, numbering: contiguous}]", ["only patterns are numbered"]),
        ("entries: [{files: 'a*', numbering: contiguous}]", ["the pattern captures no number"]),
        ("entries: [{files: 'a{n:02}', numbering: {of: m}}]", ["the pattern has no such capture"]),
        (
            "entries: [{files: '{x', numbering: contiguous, required: n}]",
            ["cannot be read", "nothing is named `n`"],
        ),
        ("entries: [{file: a, formerly: {../b: soon}}]", ["not a safe relative path", "it is no version"]),
        ("entries: [{file: a, schema: {type: nothing}}]", ["the schema cannot be used"]),
        (
            "entries: [{file: a, table: {columns: {x: {pattern: '(a+)+', error_from: soon}}}}]",
            ["it is no version", "may never end"],
        ),
        ("entries: [{file: a, table: {columns: {x: {equals: 'a =='}}}}]", ["cannot be read"]),
        (
            "entries: [{file: a, text: {each: '(', lines: [{pattern: '(a*)*'}]}}]",
            ["is broken", "may never end"],
        ),
        (
            "entries: [{file: a, arrays: {x: {step: no, foreach: {s: gone.x}}}}]",
            ["nothing is named `gone`", "nothing is named `no`"],
        ),
        (
            "entries: [{file: a, size: {equals: doc.b.x}}, {files: 'b*', count: {equals: doc.c.x}}]",
            ["`b`", "`c`"],
        ),
        ("entries: [{file: sums}]\ninventories: [{of: sums}]", []),
        ("inventories: [{of: sums, covers: doc.x.y}]", ["no entry is named `x`", "no entry is named `sums`"]),
        ("entries: [{file: a, id: R}]\ntiers: {gold: {rules: [R]}}", []),
        ("tiers: {gold: {rules: [R], when: doc.x.y}}", ["no entry is named `x`", "no rule has this id"]),
        ("rules: [{id: R, check: 'true', foreach: {doc: run.x}}]", ["the name has a meaning of its own"]),
        (
            "rules: [{id: R, check: 'true', match: {each: files.a, by: x, with: rows.b}}]",
            ["`a`", "`b`", "a rule is one of"],
        ),
        (
            "rules: [{id: R, check: ['true', 'x ==']}]",
            ["/kinds/run/rules/0/check/1: the expression cannot be read"],
        ),
        (
            "rules: [{id: R, foreach: {e: run.l}, check: 'e.all(x, x > 1) && y == 1'}]",
            ["nothing is named `y` here"],
        ),
        ("told_by: doc.x.y\ndimensions: {M: doc.z.y}", ["`x`", "`z`"]),
        (
            "entries: [{file: '{c.code}/x', foreach: {c: run.l}}, {files: '{n}.x', as: f, forbidden: n == '1'}]",
            [],
        ),
    ],
)
def test_a_kind_is_checked(kind: str, expected: list[str]) -> None:
    found = notes(kind)
    assert len(found) == len(expected), found
    for said in expected:
        assert any(said in each for each in found), (said, found)


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        (
            "workspace: {directories: [../a], caches: ['{x'], frozen: ['{y'], log: /x}\n",
            ["not a safe relative path", "read", "read", "not a safe relative path"],
        ),
        (
            "workspace: {git: {ignored: [/a, b], kept: ['!c', ../d], outside: ['']}}\n",
            ["/git/ignored/0", "/git/kept/0", "/git/kept/1", "/git/outside/0"],
        ),
        (
            "workspace: {log: {file: ../x, level: 'run.config.trimmed()'}}\n",
            ["/workspace/log: ", "/workspace/log/level: there is no function `trimmed`"],
        ),
        (
            "workspace: {indexes: [{files: i.csv, kinds: [rum], columns: {a: doc.x.y}}]}\n",
            ["no such kind", "no entry is named `x`"],
        ),
        (
            "workspace: {indexes: [{files: i.xls, columns: {}, where: doc.x.y, order: [-b]}]}\n",
            ["it names no files of a view", "a view has columns", "no entry is named `x`", "no such column"],
        ),
        (
            "workspace: {indexes: [{files: ../i.csv, columns: {a: run.id}, markdown: {columns: [b]}}]}\n",
            ["not a safe relative path", "no such column"],
        ),
        (
            "workspace: {indexes: [{files: .runpact-cache/i.csv, columns: {a: run.id}, json: {a: folder}}]}\n",
            ["runpact's own", "the rows stand at one key"],
        ),
        (
            "workspace: {indexes: [{files: i.md, columns: {a: run.id}}, {files: i.md, columns: {a: run.id}}]}\n",
            ["another view writes this file"],
        ),
        (
            (
                "workspace: {indexes: [{files: i.md, columns: {a: run.metrics.loss, b: run.path, "
                "c: run.nmae, d: run.stat.x}, where: size(run.tags) > 0}]}\n"
            ),
            ["`run` has no `nmae`", "`run` has no `stat`", "`run` has no `tags`"],
        ),
        (
            f"workspace: {{indexes: [{{files: i.json, columns: {{a: run}}, json: {TWICE}}}]}}\n",
            ["the moment stands at one key"],
        ),
        (
            "promotions: {p: {from: [rum], at: '{x', entries: [{}], needs: doc.x.y}}\n",
            ["no such kind", "read", "an entry", "`x`"],
        ),
        ("promotions: {p: {from: [run], at: x}}\n", []),
        (
            "policies: {p: {}, q: {like: z, confidence: 2, gates: [{metric: m}]}}\n",
            ["empty", "like no other", "no bound", "no probability"],
        ),
        ("policies: {p: {gates: [{metric: m, max: 1}]}, q: {like: p, profile: release}}\n", []),
        ("validators: {v: {module: ../x.py, function: f, version: '1'}}\n", ["not a safe relative path"]),
        ("types: {T@1: {}}\n", []),
    ],
)
def test_what_stands_beside_the_kinds_is_checked(top: str, expected: list[str]) -> None:
    found = notes("entries: []", top)
    assert len(found) == len(expected), found
    for said in expected:
        assert any(said in each for each in found), (said, found)


def test_a_type_that_no_array_has_names_the_nearest() -> None:
    entry = "entries: [{file: a.npz, arrays: {x: {dtype: [float64, flaot32]}, y: {dtype: '<f4'}, z: {}}}]"
    (found,) = notes(entry)
    assert found == "/kinds/run/entries/0/arrays/x/dtype: no array has this type"


def test_an_unknown_type_names_the_nearest() -> None:
    (found,) = notes("entries: [{file: a, type: Fram@1}]", "types: {Frame@1: {}}\n")
    assert found == "/kinds/run/entries/0/type: no such artifact type"


def test_kinds_that_are_like_each_other_are_a_fault() -> None:
    text = 'contract: a\nversion: "1.0.0"\nkinds: {a: {at: x, like: b}, b: {at: y, like: a}}\n'
    tree = read_tree(text.encode(), "c.yaml")
    contract, _faults = read_contract(tree, "c.yaml")
    assert contract is not None
    found = lint(completed(contract), tree, "c.yaml", {})
    assert {fault.message for fault in found} == {"kinds are like each other"}


def test_a_pattern_that_is_too_long_is_refused() -> None:
    with pytest.raises(UnsafePatternError):
        compile_pattern("a" * 501)


def test_stages_of_a_child_join_those_of_its_parent() -> None:
    parent = contract_of("each_stage: {entries: [{file: a}], rules: [{id: R, check: 'true'}]}").contract
    child = contract_of("each_stage: {entries: [{file: b}], at: 's/{stage.id}'}").contract
    stage = merge(child, parent).kinds["run"].each_stage
    assert stage is not None
    assert [entry.path for entry in stage.entries] == ["a", "b"]
    assert (stage.at, len(stage.rules)) == ("s/{stage.id}", 1)
    assert merge(contract_of("{}").contract, parent).kinds["run"].each_stage == parent.kinds["run"].each_stage


def test_policies_that_are_like_another_take_what_it_says() -> None:
    gates = [{"metric": "m", "max": 1}]
    loaded = contract_of("{}", policies={"p": {"gates": gates}, "q": {"like": "p", "profile": "release"}})
    policy = loaded.contract.policies["q"]
    assert (policy.gates, policy.profile) == (loaded.contract.policies["p"].gates, "release")


def test_policies_that_are_like_each_other_end() -> None:
    loaded = contract_of("{}", policies={"p": {"like": "q"}, "q": {"like": "p"}})
    assert set(loaded.contract.policies) == {"p", "q"}


def test_an_entry_without_a_fault_of_its_type_keeps_its_own_words() -> None:
    types = {"T@1": {"table": {"columns": ["a"]}, "text": {"rows": {"min": 9}}}}
    kind = "entries: [{file: t.csv, id: R, type: T@1, text: {rows: {min: 1}}}]"
    assert told(kind, {"t.csv": "b\n"}, contract={"types": types}) == ["missing-column R t.csv#/a"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("check: doc.o.x > 1", ["/kinds/run/rules/0"]),
        ("foreach: {r: rows.o}, check: r.x > 1", ["/kinds/run/rules/0"]),
        ("when: present.o, check: doc.o.x > 1", []),
        ("when: doc.m.has_o, check: doc.o.x > 1", ["/kinds/run/rules/0"]),
        ("check: '!present.o || doc.o.x > 1'", []),
        ("when: has(doc.o.x), check: doc.o.x > 1", []),
        ("check: doc.m.x > 1", []),
        ("match: {each: rows.o, by: a, with: files.fs, on: path}", ["/kinds/run/rules/0"]),
    ],
)
def test_a_rule_that_reads_what_may_be_missing_is_advised(rule: str, expected: list[str]) -> None:
    entries = "entries: [{file: o.json, required: false}, {file: m.json}, {files: f/*, as: fs}]"
    tree, contract = read(f"{entries}\nrules: [{{id: R, {rule}}}]")
    found = advise(completed(contract), tree, "c.yaml")
    assert [fault.at for fault in found] == expected
    assert all("`R` reads `o`" in fault.message for fault in found)


@pytest.mark.parametrize("delimiter", ["ab", "'\"'", '"\\n"', '"\\0"'])
def test_a_table_is_parted_by_one_character(delimiter: str) -> None:
    (note,) = notes(f"entries: [{{file: a.csv, table: {{delimiter: {delimiter}}}}}]")
    assert note == "/kinds/run/entries/0/table/delimiter: no table is parted by this"


@pytest.mark.parametrize(
    ("at", "files", "is_refused"),
    [
        ("runs/{name}", "runs/index.csv", False),
        ("runs/{name}", "runs/a/index.csv", True),
        ("runs/{name}", "runs/a/b/index.csv", True),
        ("runs/{name}", "index.csv", False),
        (".", "index.csv", True),
        ("{x", "index.csv", False),
    ],
)
def test_a_view_stands_beside_the_runs(at: str, files: str, is_refused: bool) -> None:
    text = f'contract: a\nversion: "1.0.0"\nkinds: {{run: {{at: "{at}"}}}}\n'
    text += f'workspace: {{indexes: [{{files: "{files}", columns: {{a: run.id}}}}]}}\n'
    tree = read_tree(text.encode(), "c.yaml")
    contract, _faults = read_contract(tree, "c.yaml")
    assert contract is not None
    found = [fault.message for fault in lint(contract, tree, "c.yaml", {})]
    assert ("it lies in a run of kind `run`" in found) is is_refused


SESSION = """\
session: {}
state_words: {finished: ok, interrupted: cut}
entries: [{file: s.json, written: change, fields: run.lifecycle}]
states:
  word: doc.s.status
  moves: {running: [ok, failed, cut], ok: [], failed: [], cut: []}
  reason: doc.s.why
  reasons: {running: [a], ok: [b], failed: [c], cut: [d, e]}
"""


def test_a_session_whose_life_can_be_told_is_well_formed() -> None:
    assert notes(SESSION) == []
    assert notes(SESSION.replace("  reason: doc.s.why\n", "")) == []
    assert notes(SESSION.replace("session: {}", "session: {alerts: PAPER_1, ready: {a: present.s}}")) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("session: {}", "session: {alerts: paper}", "/session/alerts: codes are capitals, digits and _"),
        ("session: {}", "session: {}\nsealed: by_stage", "/session: a session is sealed as a whole"),
        ("written: change, ", "", "/states/word: runpact does not write the document that it speaks of"),
        (
            ", fields: run.lifecycle",
            "",
            "/states/word: runpact does not write the document that it speaks of",
        ),
        ("doc.s.status", "run.word", "/states/word: runpact does not write the document that it speaks of"),
        (
            "[ok, failed, cut]",
            "[ok, failed]",
            "/states/moves/running: a session that is `running` may become `cut`",
        ),
        ("cut: []", "cut: [ok]", "/states/moves/cut: `cut` is the end of a session"),
        (
            "cut: [d, e]",
            "cut: [d]",
            "/states/reasons/cut: a session that somebody ended and one whose process was gone have the same reason",
        ),
        ("running: [a], ", "", "/states/reasons: runpact writes a reason for `running`"),
        ("state_words: {", "state_words: {running: open, ", "/states/moves: a session may be `open`"),
        ("session: {}", "session: {ready: {a: present.gone}}", "/session/ready/a: no entry is named `gone`"),
    ],
)
def test_a_session_whose_life_cannot_be_told_is_malformed(old: str, new: str, expected: str) -> None:
    assert f"/kinds/run{expected}" in notes(SESSION.replace(old, new))


def test_a_session_without_a_table_of_moves_is_malformed() -> None:
    assert notes("session: {}") == ["/kinds/run/session: a session has a table of moves"]


def test_a_view_lists_either_runs_or_sessions() -> None:
    def view(kinds: str) -> str:
        return f"workspace: {{indexes: [{{files: i.csv, kinds: [{kinds}], columns: {{a: run.id}}}}]}}\n"

    plain = "kinds:\n  plain: {at: 'p/{name}'}"
    assert notes(SESSION, view("run")) == []
    both = view("run, plain").replace("kinds: [run", "kinds: [run") + ""
    text = f'contract: a.b\nversion: "1.0.0"\n{both}{plain}\n  run:\n    at: "r/{{name}}"\n'
    text += "".join(f"    {line}\n" for line in SESSION.splitlines())
    tree = read_tree(text.encode(), "c.yaml")
    contract, _faults = read_contract(tree, "c.yaml")
    assert contract is not None
    found = [f"{fault.at}: {fault.message}" for fault in lint(completed(contract), tree, "c.yaml", {})]
    assert found == ["/workspace/indexes/0/kinds: sessions stand in no registry of runs"]
