"""The human document of a contract says everything the contract says."""

from __future__ import annotations

import pytest

from runpact.model.contract.language import Contract, Entry, Kind
from runpact.model.contract.page import contract_page
from runpact.model.contract.page.entries import tree_of
from runpact.model.contract.page.markdown import code, escaped, items, paragraph, table
from runpact.model.contract.page.surroundings import workspace_section
from runpact.model.contract.surroundings import ImportRules, WorkspaceLog, WorkspaceRules
from unit.model.judge.memory import contract_of

KIND = """
at: "runs/{name}"
description: One training run.
told_by: doc.m.mode == "x"
strays: {id: N}
state_words: {finished: ok}
sealed: by_stage
exit_codes: contract
entries:
  - {file: [m.json, sub/b.json], id: R1, description: the record}
  - {files: "f_{n:02}.npz", as: f, count: {min: 1, max: 9}, numbering: contiguous, forbidden: n == "7"}
  - {one_of: [a.pt, a.npz], required: false}
  - {any_of: [c.pt, c.npz]}
  - {file: e.json, present: doc.m.e}
  - {file: w.raw, size: {equals: doc.m.w}, formerly: {old.raw: "2.0"}, writer: stage 01, readers: [stage 02]}
  - {file: v.raw, size: {equals: 4}, required: doc.m.v}
  - {file: "{x}/l.json", foreach: {x: doc.m.l}, canonical: true}
  - {dir: logs}
  - {files: "**/old*", forbidden: true}
  - file: s.json
    id: S
    fields: {a: run.id}
    schema:
      type: object
      required: [k]
      properties:
        k: {const: 1, x-rule: K}
        e: {enum: [a, b]}
        l: {type: array, items: {type: object, properties: {i: {type: integer, minimum: 0}}}}
        t: {type: [string, "null"], format: date, description: when}
        r: {$ref: "#/$defs/r"}
        none: false
        list: {type: array}
      allOf: [{required: [e]}]
      $defs: {r: {type: string, pattern: "x+"}}
  - {file: g.json, fields: run.config}
  - file: t.csv
    table:
      columns:
        a: {type: integer, enum: [1, 2], minimum: 1, maximum: 2, empty: false, unique: true, order: ascending, first: 1, step: 1, equals: run.id, pattern: "[12]", id: C}
        b: {required: false}
      extra: refused
      order: [a]
      key: [a]
      rows: {min: 1}
  - {file: u.csv, table: {columns: [x, y]}}
  - {file: d.dat, ids: {missing: M1, schema: S1}, format: csv, table: {delimiter: ";", comment: "#", header: false, columns: [x]}}
  - {file: b.dat, format: [csv, tsv], table: {delimiter: whitespace, columns: [x]}}
  - {file: k.npz, symbols: file, arrays: {q: {shape: [N]}}}
  - {file: o.md, text: {lines: [{pattern: End, where: last}]}}
  - {file: z.npz, arrays: {q: {dtype: ["<f8", "<f4"], shape: [N, 7], finite: true, order: ascending, first: 0, last: 1, minimum: 0, maximum: 1, equals: p, step: "1"}, p: {}}}
  - {file: q.md, text: {rows: {min: 1}, lines: [{pattern: y}]}}
  - {file: r.md, text: {sections: [One], lines: [{pattern: "a|b", id: L}, {pattern: x}], each: ".*"}}
dimensions: {N: doc.m.n}
others: [{in: "x/**", are: refused, id: O}]
inventories: [{of: m, at: /f, covers: ["**"], exclude: [x], id: I}, {of: s, covers: doc.s.all, algorithm: md5}]
states: {word: doc.m.state, moves: {open: [closed], closed: []}, initial: [open]}
rules:
  - {id: Q, check: [doc.m.a == 1, doc.m.b == 1], message: two things, when: doc.m.on, error_from: "2.0"}
  - {id: T, foreach: {x: doc.m.l}, check: x > 1, description: All are large., severity: warning}
  - {id: U, match: {each: files.f, by: n, with: rows.s}, relax: it is slow}
  - {id: V, validator: {name: v, version: "1"}}
tiers: {gold: {when: doc.m.gold, description: the best}}
determinism: {volatile: ["logs/**"], tolerances: {"m.json#/x": {relative: 0.1}}}
places: {models: {at: "models/{run.id}", entries: [{file: m.onnx}]}}
latest: [{copy: m.json, to: latest.json, of: ended}, {link: logs, to: latest}]
each_stage:
  entries: [{file: y.json, schema: {properties: {z: {type: integer}}}}, {file: plain.txt}]
  rules: [{id: W, check: doc.y.z == 1}]
stages: [{id: "01", slug: make, reads: {a: A@1}, writes: {b: {file: b.json}}, description: makes}]
formats: [{in: "**", allow: [json], id: F}]
relax: {R1: not here}
"""
CONTRACT = {
    "description": "What we do.",
    "extends": "runpact:basic@1",
    "workspace": {
        "directories": ["runs"],
        "caches": ["tmp/**"],
        "frozen": ["old/**"],
        "log": "log.txt",
        "indexes": [
            {"files": "i.csv", "columns": {"id": "run.id"}},
            {
                "files": "j.{csv,md}",
                "columns": {"name": "run.name"},
                "kinds": ["run"],
                "where": "run.ok",
                "order": ["-name"],
            },
        ],
    },
    "formats": [{"in": "**", "allow": ["json"]}],
    "promotions": {"reports": {"from": ["run"], "at": "reports/{label}", "entries": [{"file": "r.json"}]}},
    "policies": {
        "p": {
            "gates": [{"metric": "loss", "max": 1.1, "min": 0}],
            "guards": [{"name": "g"}],
            "minimum_windows": 5,
        }
    },
}


def test_the_page_says_everything() -> None:
    page = contract_page(contract_of(KIND, **CONTRACT))
    for said in (
        "What we do.",
        "`i.csv` lists the runs that have ended\n",
        "`j.{csv,md}` lists the runs of kind `run` that have ended, unless `run.ok` is false, ordered by `-name`",
        "Columns of `j.{csv,md}`:\n\n| column | value |\n|---|---|\n| `name` | `run.name` |\n",
        "M1 (missing), S1 (schema)",
        "read as csv or tsv",
        "cells are parted by `;`",
        "cells are parted by whitespace",
        "lines that begin with `#` are no rows",
        "no header; the columns stand in this order",
        "sizes named in shapes are shared by one file alone",
        "the last line like `End`",
        "with their md5",
        "A history begins with `open`.",
        "`runpact:basic@1`",
        "One training run.",
        "refused (N)",
        "`ok` for finished",
        "## Workspace",
        "`log.txt` is the log",
        "exactly when `doc.m.e`",
        "`a.pt` or `a.npz`",
        "exactly one",
        "at least one",
        "at least 1 files and at most 9 files",
        "not when",
        "formerly `old.raw` until 2.0",
        "4 bytes",
        "`doc.m.w` bytes",
        "written by stage 01 alone",
        "read by stage 02",
        "for each x in `doc.m.l`",
        "canonical JSON",
        "must not",
        "| `k` | `1` | yes |  | K |",
        '`"a"` or `"b"`',
        "`l[].i`",
        "string or null, date",
        "text like `x+`",
        "nothing",
        "Written by runpact at seal",
        "no other columns",
        "rows ascend by `a`",
        "together stand once",
        "`<f8 or <f4`",
        "steps of `1`",
        "sections in this order: One",
        "(L)",
        "`N` is `doc.m.n`",
        "in `x/**` refused (O)",
        "except `x`",
        "may become",
        "final",
        "Not: two things.",
        "error from 2.0, before a warning",
        "All are large.",
        "each of `files.f` matches `rows.s` by `n`",
        "validator `v` 1",
        "**gold**: the best when `doc.m.gold`",
        "`logs/**` may differ",
        "0.1 relative",
        "`models/{run.id}`",
        "copy of `m.json`",
        "copy of `m.json` of the newest run that ended",
        "link to `logs` of the newest run that finished",
        "Every stage",
        "| 01 | make | `a` (A@1) | `b` | makes |",
        "### Loosened",
        "R1: not here",
        "U: it is slow",
        "## File formats",
        "## Promotions",
        "`reports/{label}`",
        "## Policies",
        "≥ 0 ≤ 1.1",
    ):
        assert said in page, said


def test_the_page_of_a_small_contract_is_small() -> None:
    page = contract_page(contract_of("entries: [{file: a.json}]\nothers: refused"))
    assert "No other file may stand" in page
    assert "Rules" not in page
    page = contract_page(contract_of("states: {word: run.state, moves: {a: []}}"))
    assert "The state stands in `run.state`" in page
    assert "begins with" not in page
    assert "Other files are noted" in contract_page(contract_of("others: advised"))


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (code("a`b"), "`` a`b ``"),
        (escaped("a_b*"), "a\\_b\\*"),
        (table(("a", "b"), [("x|y", "")]), "| a |\n|---|\n| x\\|y |\n"),
        (table(("a",), []), ""),
        (items([]), ""),
        (paragraph("  "), ""),
    ],
)
def test_markdown_is_escaped_and_empty_parts_are_left_out(got: str, expected: str) -> None:
    assert got == expected


def test_the_log_says_from_which_level_on() -> None:
    log = WorkspaceLog(file="log.txt", level="run.config.level")
    page = workspace_section(Contract(contract="a.b", version="1.0.0", workspace=WorkspaceRules(log=log)))
    assert "`log.txt` is the log of all runs, from level `run.config.level` on" in page


def test_layers_without_libraries_are_said_by_their_order_alone() -> None:
    rules = WorkspaceRules(imports=ImportRules(order=("core", "apps")))
    page = workspace_section(Contract(contract="a.b", version="1.0.0", workspace=rules))
    assert "layers import themselves and those before them: `core`, `apps`" in page
    assert "library code" not in page


def test_a_slash_in_the_expression_of_a_capture_parts_no_names_of_the_tree() -> None:
    kind = Kind(at="r/{name}", entries=(Entry(files="deep/{path:[a-z]{2}(/[a-z]+)*}/a.txt"),))
    assert tree_of(kind).splitlines() == [
        "r/{name}/",
        "└── deep/",
        "    └── {path:[a-z]{2}(/[a-z]+)*}/",
        "        └── a.txt",
    ]
