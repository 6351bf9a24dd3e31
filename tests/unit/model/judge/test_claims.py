"""Entries as claims: presence, choices, loops, sizes, numbering, legacy names, other files."""

from __future__ import annotations

import pytest

from unit.model.judge.memory import Link, judged, told

CASES = {
    "one of several": (
        "entries: [{one_of: [a.json, b.json], id: R}]",
        [
            ({}, ["missing R a.json"]),
            ({"a.json": 1}, []),
            ({"a.json": 1, "b.json": 1}, ["too-many R b.json"]),
        ],
    ),
    "any of several": (
        "entries: [{any_of: [a.json, b.json], id: R}]",
        [({}, ["missing R a.json"]), ({"a.json": 1, "b.json": 1}, [])],
    ),
    "present exactly when": (
        "entries: [{file: run.json}, {file: x.json, id: R, present: doc.run.x}]",
        [
            ({"run.json": {"x": True}}, ["missing R x.json"]),
            ({"run.json": {"x": False}, "x.json": 1}, ["forbidden R x.json"]),
            ({"run.json": {"x": False}}, []),
            ({"run.json": {}, "x.json": 1}, ["undecided R x.json"]),
            ({"x.json": 1}, ["missing entries/run run.json"]),
        ],
    ),
    "forbidden by capture": (
        'entries: [{files: "m/{model}.pt", as: m, id: R, required: false, forbidden: model != "tcn"}]',
        [({"m/tcn.pt": ""}, []), ({"m/ridge.pt": "", "m/tcn.pt": ""}, ["forbidden R m/ridge.pt"])],
    ),
    "forbidden undecided": (
        "entries: [{file: a.json, id: R, forbidden: doc.a.x}]",
        [({"a.json": {}}, ["undecided R a.json"])],
    ),
    "a pattern that must match": (
        'entries: [{files: "f/*.csv", id: R}]',
        [({}, ["missing R f/*.csv"]), ({"f/a.csv": "x\n"}, [])],
    ),
    "counted": (
        'entries: [{file: n.json}, {files: "f/*.txt", id: R, required: false, count: {equals: doc.n.files}}]',
        [
            ({"n.json": {"files": 1}, "f/a.txt": ""}, []),
            ({"n.json": {"files": 2}, "f/a.txt": ""}, ["too-few R f/*.txt"]),
            ({"n.json": {"files": 0}, "f/a.txt": ""}, ["too-many R f/*.txt"]),
            ({"n.json": {}, "f/a.txt": ""}, ["undecided R f/*.txt"]),
        ],
    ),
    "sized": (
        """
entries:
  - {file: h.json}
  - {file: v.raw, id: R, size: {equals: doc.h.w * doc.h.h}}
  - {file: w.raw, id: S, required: false, size: {min: 2, max: 3}}
""",
        [
            ({"h.json": {"w": 2, "h": 2}, "v.raw": "1234"}, []),
            ({"h.json": {"w": 2, "h": 3}, "v.raw": "1234"}, ["size R v.raw"]),
            ({"h.json": {"w": 2, "h": 1}, "v.raw": "1234"}, ["size R v.raw"]),
            ({"h.json": {}, "v.raw": "1234"}, ["undecided R v.raw"]),
            ({"h.json": {"w": 0, "h": 0}, "v.raw": "", "w.raw": "1"}, ["size S w.raw"]),
            ({"h.json": {"w": 0, "h": 0}, "v.raw": "", "w.raw": "1234"}, ["size S w.raw"]),
        ],
    ),
    "numbered": (
        'entries: [{files: "s{p:int}/c_{n:02}.txt", id: R, required: false, numbering: {of: n, from: 1}}]',
        [
            ({"s1/c_01.txt": "", "s1/c_02.txt": "", "s2/c_01.txt": ""}, []),
            ({"s1/c_01.txt": "", "s1/c_03.txt": ""}, ["gap R s1/c_02.txt"]),
            ({"s2/c_02.txt": ""}, ["gap R s2/c_01.txt"]),
            ({}, []),
        ],
    ),
    "numbered without naming the number": (
        'entries: [{files: "c_{n:02}.txt", id: R, required: false, numbering: contiguous}]',
        [
            ({"c_00.txt": "", "c_01.txt": ""}, []),
            ({"c_05.txt": ""}, [f"gap R c_0{n}.txt" for n in (1, 2, 3, 4)]),
        ],
    ),
    "numbered by no one number": (
        'entries: [{files: "{a:int}_{b:int}.txt", id: R, required: false, numbering: contiguous}]',
        [({"1_9.txt": "", "3_7.txt": ""}, [])],
    ),
    "numbers that a glob hides": (
        'entries: [{files: "c*_{n:02}.txt", id: R, required: false, numbering: {of: n, from: 1}}]',
        [({"cx_02.txt": ""}, ["gap R cx_02.txt"])],
    ),
    "numbers that are no numbers": (
        'entries: [{files: "c_{n}.txt", id: R, required: false, numbering: {of: n}}]',
        [({"c_x.txt": "", "c_1.txt": ""}, [])],
    ),
    "once for each item": (
        """
entries:
  - {file: list.json}
  - {file: "{c.code}/{s}/x.json", as: made, id: R, foreach: {c: doc.list, s: c.series}, required: c.on}
""",
        [
            (
                {"list.json": [{"code": "a", "on": True, "series": ["u", "v"]}], "a/u/x.json": 1},
                ["missing R a/v/x.json"],
            ),
            ({"list.json": [{"code": "a", "on": False, "series": ["u"]}]}, []),
            ({"list.json": [{"code": "a", "on": "yes", "series": ["u"]}]}, ["undecided R a/u/x.json"]),
            (
                {"list.json": [{"code": "..", "on": True, "series": ["u"]}]},
                ["undecided R {c.code}/{s}/x.json"],
            ),
            ({"list.json": 5}, ["undecided R {c.code}/{s}/x.json"]),
            ({"list.json": [{"on": True, "series": ["u"]}]}, ["missing R {c.code}/u/x.json"]),
        ],
    ),
    "only when": (
        "entries: [{file: m.json}, {file: x.json, id: R, when: doc.m.full}]",
        [
            ({"m.json": {"full": True}}, ["missing R x.json"]),
            ({"m.json": {"full": False}}, []),
            ({"m.json": {}}, ["undecided R x.json"]),
        ],
    ),
    "directories by pattern": (
        """
entries:
  - {dirs: "attempt{n:int}", as: attempts, required: false}
  - {file: "{t.path}/report.json", id: R, foreach: {t: files.attempts}}
  - {files: "attempt{t.n}/*.log", id: S, foreach: {t: files.attempts}}
  - {dir: logs, id: D, required: false}
""",
        [
            ({}, []),
            ({"attempt1": None}, ["missing R attempt1/report.json", "missing S attempt1/*.log"]),
            ({"attempt1/report.json": 1, "attempt1/a.log": ""}, []),
            ({"logs": ""}, ["wrong-sort D logs"]),
        ],
    ),
    "an entry that leans on itself": (
        'entries: [{file: "{x.path}", as: loop, id: R, foreach: {x: files.loop}}]',
        [({"a": ""}, [])],
    ),
    "a directory reached by a link": (
        "entries: [{dir: final, id: R, required: true}]",
        [
            ({"a1": None, "final": Link("a1")}, []),
            ({"a1": None, "via": Link("./a1"), "final": Link("via")}, []),
            ({"final": Link("gone")}, ["wrong-sort R final"]),
            ({"a1": "", "final": Link("a1")}, ["wrong-sort R final"]),
            ({"final": Link("final")}, ["wrong-sort R final"]),
            ({"final": Link("/etc")}, ["wrong-sort R final", "escaping-link None final"]),
        ],
    ),
    "other files by place": (
        """
entries:
  - {file: a.json}
  - {dir: keep, required: false}
  - {files: "**/*.csv", required: false}
  - {files: "**/old*", forbidden: true, id: F}
others:
  - {in: "m/**", are: refused, id: R}
  - {in: "n/**", are: advised}
""",
        [
            ({"a.json": 1, "keep/x": "", "free": ""}, []),
            (
                {"a.json": 1, "m/x": "", "n/y": "", "m/t.csv": ""},
                ["unexpected R m/t.csv", "unexpected R m/x", "unexpected others n/y"],
            ),
            ({"a.json": 1, "k/x": ""}, []),
            ({"a.json": 1, "m/old1": ""}, ["forbidden F m/old1", "unexpected R m/old1"]),
        ],
    ),
}


@pytest.mark.parametrize(
    ("kind", "files", "expected"),
    [(kind, files, expected) for kind, rows in CASES.values() for files, expected in rows],
)
def test_a_claim_is_judged(kind: str, files: dict[str, object], expected: list[str]) -> None:
    assert told(kind, files) == expected


LEGACY = 'entries: [{file: metadata.json, id: R, formerly: {meta.json: "2.0"}}]'


@pytest.mark.parametrize(
    ("version", "files", "expected"),
    [
        ("1.4.0", {"meta.json": 1}, ["legacy-name R meta.json"]),
        ("1.4.0", {"meta.json": 1, "metadata.json": 1}, []),
        ("2.0.0", {"meta.json": 1}, ["missing R metadata.json"]),
        ("1.4.0", {}, ["missing R metadata.json"]),
    ],
)
def test_a_legacy_name_is_read_until_its_version(
    version: str, files: dict[str, object], expected: list[str]
) -> None:
    assert told(LEGACY, files, contract={"version": version}) == expected


@pytest.mark.parametrize(
    ("clause", "version", "severity"),
    [
        ("severity: advice", "1.0.0", "advice"),
        ('error_from: "2.0"', "1.9.9", "warning"),
        ('error_from: "2.0"', "2.0.0", "incomplete"),
        ('severity: error, error_from: "2"', "2.0.0-rc.1+b", "error"),
    ],
)
def test_a_clause_weighs_what_it_says_at_this_version(clause: str, version: str, severity: str) -> None:
    report = judged(f"entries: [{{file: a.json, {clause}}}]", {}, contract={"version": version})
    assert [finding.severity.value for finding in report.findings] == [severity]


def test_a_type_brings_its_clauses_and_the_entry_its_own() -> None:
    types = {"T@1": {"format": "json", "schema": {"type": "object"}}}
    kind = (
        "entries: [{file: a.json, id: R, type: T@1}, {file: b.json, id: S, type: T@1, schema: {type: array}}]"
    )
    assert told(kind, {"a.json": [], "b.json": []}, contract={"types": types}) == ["schema R a.json"]


def test_a_kind_begins_as_the_one_it_is_like() -> None:
    kinds = {
        "base": {
            "at": "b/{name}",
            "entries": [{"file": "a.json", "id": "A"}],
            "rules": [{"id": "R", "check": "false"}],
        },
        "run": {"at": "r/{name}", "like": "base", "rules": [{"id": "R", "check": "true"}]},
    }
    assert told("{}", {}, contract={"kinds": kinds}) == ["missing A a.json"]
