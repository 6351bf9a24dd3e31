import json

import pytest

from runpact.model.contract.language import Count, Entry, FormatRule, Kind, Records, Rule
from runpact.model.errors import StorageError
from runpact.model.facts import ContentFact, DocumentFact, FileFact, FormatFault
from runpact.model.finding import Severity, Verdict
from runpact.model.judge import judge
from unit.model.judge.build import codes, findings, loaded, tree

AT = "runs/{name}"
DIRECTORY = FileFact("d", "dir")


def _kind(*entries, **more) -> Kind:
    return Kind(at=AT, entries=entries, **more)


def test_a_contract_without_clauses_is_judged_by_the_records_alone():
    report = judge(_kind(), loaded(_kind()), tree("a.txt"))
    assert [(finding.code, finding.severity) for finding in report.findings] == [
        ("bare-contract", Severity.ADVICE)
    ]
    assert report.verdict is Verdict.OK


def test_everything_present_has_no_finding():
    kind = _kind(Entry(file="a.txt"), Entry(dir="d/"), Entry(files="p/*.txt"), others="refused")
    assert codes(kind, tree("a.txt", DIRECTORY, "d/any/thing", "p/1.txt")) == []


def test_what_is_missing_is_incomplete_and_names_its_entry():
    kind = _kind(
        Entry(file="a.txt"),
        Entry(dir="d"),
        Entry(files="p/*.txt", as_="parts"),
        Entry(file="b", required=False),
    )
    found = findings(kind, tree())
    assert [(finding.code, finding.path, finding.rule) for finding in found] == [
        ("missing", "a.txt", "entries/a"),
        ("missing", "d", "entries/d"),
        ("missing", "p/*.txt", "entries/parts"),
    ]
    assert {finding.severity for finding in found} == {Severity.INCOMPLETE}


@pytest.mark.parametrize(("state", "expected"), [("failed", []), ("finished", [("missing", "a.txt")])])
def test_presence_may_depend_on_the_run(state, expected):
    kind = _kind(Entry(file="a.txt", required='run.state == "finished"', forbidden='run.state == "failed"'))
    assert codes(kind, tree(run={"state": state})) == expected


def test_what_is_forbidden_is_an_error():
    kind = _kind(
        Entry(file="e.txt", required=False, forbidden='run.state == "finished"'),
        Entry(file="f.txt", forbidden=True),
    )
    found = findings(kind, tree("e.txt", "f.txt"))
    assert [(finding.code, finding.path, finding.severity) for finding in found] == [
        ("forbidden", "e.txt", Severity.ERROR),
        ("forbidden", "f.txt", Severity.ERROR),
    ]


def test_a_condition_without_answer_is_undecided():
    kind = _kind(
        Entry(file="a.txt", required="run.nothing == 1"),
        Entry(file="b.txt", required=False, forbidden="1 / 0 > 1"),
    )
    found = findings(kind, tree("b.txt"))
    assert [(finding.code, finding.path, finding.because) for finding in found] == [
        ("undecided", "a.txt", None),
        ("undecided", "b.txt", None),
    ]
    assert {finding.severity for finding in found} == {Severity.INCOMPLETE}


@pytest.mark.parametrize(
    ("count", "code"),
    [
        (Count(min=3), ["too-few"]),
        (Count(max=1), ["too-many"]),
        (Count(equals=2), []),
        (Count(equals=1), ["too-many"]),
        (Count(equals=3), ["too-few"]),
        (Count(min=1, max=2), []),
    ],
)
def test_files_of_a_pattern_are_counted(count, code):
    kind = _kind(Entry(files="p/{n:04}.txt", count=count))
    assert [name for name, _path in codes(kind, tree("p/0001.txt", "p/0002.txt", "p/1.txt"))] == code


def test_an_optional_pattern_without_files_is_not_counted():
    assert codes(_kind(Entry(files="p/*", count=Count(min=2), required=False)), tree()) == []


def test_a_directory_in_the_place_of_a_file_is_an_error():
    kind = _kind(Entry(file="d"), Entry(dir="f"))
    assert codes(kind, tree(DIRECTORY, "f")) == [("wrong-sort", "d"), ("wrong-sort", "f")]


def _schema(text: dict) -> dict:
    return {"schemas": {"s.json": json.dumps(text).encode()}}


def test_a_document_is_held_against_its_schema():
    kind = _kind(Entry(file="m.json", schema="s.json"))
    schema = _schema({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["b"]})
    found = findings(kind, tree("m.json", documents={"m.json": {"a": "x"}}), **schema)
    assert [(finding.code, finding.path, finding.rule) for finding in found] == [
        ("schema", "m.json#/a", "entries/m"),
        ("schema", "m.json#/b", "entries/m"),
    ]
    assert all(finding.severity is Severity.ERROR and finding.expected for finding in found)
    assert codes(kind, tree("m.json", documents={"m.json": {"a": 1, "b": 2}}), **schema) == []


def test_each_row_is_held_against_the_schema():
    kind = _kind(Entry(file="m.jsonl", schema="s.json"))
    rows = DocumentFact([{"a": 1}, {"a": "x"}, 3], is_rows=True)
    schema = _schema({"type": "object", "properties": {"a": {"type": "integer"}}})
    assert codes(kind, tree("m.jsonl", documents={"m.jsonl": rows}), **schema) == [
        ("schema", "m.jsonl#/1/a"),
        ("schema", "m.jsonl#/2"),
    ]


def test_a_document_that_cannot_be_read_is_an_error_with_its_place():
    kind = _kind(Entry(file="m.json"))
    fault = FormatFault("duplicate-key", "the key `a` appears twice", "/x/a")
    assert codes(kind, tree("m.json", documents={"m.json": fault})) == [("duplicate-key", "m.json#/x/a")]


def test_a_provider_that_fails_is_a_finding():
    def refuse(_path, _form):
        raise StorageError("cannot read it")

    kind = _kind(Entry(file="m.json"), formats=(FormatRule(in_="**", allow=("json",)),))
    facts = tree("m.json")
    broken = type(facts)(files=facts.files, run=facts.run, document=refuse, content=refuse)
    assert codes(kind, broken) == [("unreadable", "m.json"), ("format", "m.json")]


FORMATS = (FormatRule(in_="ckpt/**", allow=("pt",)), FormatRule(in_="*.json", allow=("json",)))


def test_the_first_matching_format_rule_decides():
    kind = _kind(Entry(files="**", required=False), formats=FORMATS)
    found = findings(kind, tree("a.json", "a.txt", "ckpt/a.json", ".runpact/seal"))
    assert [(finding.code, finding.path, finding.rule) for finding in found if finding.code == "format"] == [
        ("format", "a.txt", "formats"),
        ("format", "ckpt/a.json", "formats/ckpt/**"),
    ]


def test_the_contracts_own_formats_come_after_the_kinds():
    kind = _kind(Entry(files="*", required=False), formats=(FormatRule(in_="a.*", allow=("txt",)),))
    assert codes(kind, tree("a.txt", "b.png"), formats=(FormatRule(in_="**", allow=("png",)),)) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (ContentFact(named=("npz",), fits=(), content="text"), "not what its name says"),
        (ContentFact(named=("npz",), fits=("npz",), content="npz", pickle=True), "execute when read"),
        (FormatFault("unreadable", "no"), "cannot be told"),
    ],
)
def test_content_counts_as_much_as_the_name(content, said):
    kind = _kind(Entry(file="a.npz"), formats=(FormatRule(in_="**", allow=("npz",)),))
    (finding,) = findings(kind, tree("a.npz", contents={"a.npz": content}))
    assert (finding.code, finding.severity) == ("format", Severity.ERROR)
    assert said in finding.message


@pytest.mark.parametrize(("others", "severity"), [("refused", Severity.ERROR), ("advised", Severity.ADVICE)])
def test_what_no_entry_names_is_reported(others, severity):
    kind = _kind(Entry(file="a/b.txt"), others=others, records=Records(manifest="run.json"))
    facts = tree(
        FileFact("a", "dir"), "a/b.txt", "a/c.txt", "run.json", ".runpact/seal", FileFact(".runpact", "dir")
    )
    found = findings(kind, facts)
    assert [(finding.code, finding.path, finding.severity) for finding in found] == [
        ("unexpected", "a/c.txt", severity)
    ]


def test_open_sets_accept_anything_regular():
    assert codes(_kind(Entry(file="a.txt")), tree("a.txt", "b.txt")) == []


def test_pipes_links_and_shut_directories_are_errors():
    facts = tree(
        FileFact("link", "symlink", target="/etc/passwd", escapes=True),
        FileFact("pipe", "other"),
        FileFact("shut", "dir", fault="Permission denied"),
        FileFact("fine", "symlink", target="a"),
        "a",
    )
    found = findings(_kind(Entry(file="a")), facts)
    assert [(finding.code, finding.path) for finding in found] == [
        ("escaping-link", "link"),
        ("special-file", "pipe"),
        ("unreadable", "shut"),
    ]
    assert {finding.severity for finding in found} == {Severity.ERROR}


def _ruled(check: str, when: str | None = None, **more) -> Kind:
    rule = Rule(id="R1", check=check, when=when, **more)
    return _kind(
        Entry(file="m.json"), Entry(files="p/{n:04}.txt", as_="parts", required=False), rules=(rule,)
    )


def _with_document(value, *facts):
    return tree("m.json", *facts, documents={"m.json": value})


def test_a_rule_that_does_not_hold_names_its_place():
    kind = _ruled(
        "doc.m.loss < 1.0", message="the loss is too large", hint="train longer", severity="warning"
    )
    (finding,) = findings(kind, _with_document({"loss": 2.5}))
    assert (finding.code, finding.rule, finding.path) == ("rule", "R1", "m.json#/loss")
    assert (finding.severity, finding.message, finding.hint) == (
        Severity.WARNING,
        "the loss is too large",
        "train longer",
    )


@pytest.mark.parametrize(
    ("check", "path"),
    [
        ('doc.m.name.startsWith("x")', "m.json#/name"),
        ("size(files.parts) > 5", "p/{n:04}.txt"),
        ('run.id == "other"', ""),
        ("doc.m.size() > 9", "m.json"),
    ],
)
def test_the_place_of_a_rule_is_what_it_speaks_of(check, path):
    (finding,) = findings(_ruled(check), _with_document({"name": "y"}))
    assert finding.path == path


def test_a_rule_that_holds_or_does_not_apply_is_silent():
    assert codes(_ruled("doc.m.loss < 1.0"), _with_document({"loss": 0.5})) == []
    assert codes(_ruled("false", when='run.state == "failed"'), _with_document({})) == []
    assert codes(_ruled("true", when='run.state == "finished"'), _with_document({})) == []
    parts = _ruled('files.parts.all(f, f.size > 0) && files.parts[0].n == "0001"')
    assert codes(parts, _with_document({}, "p/0001.txt")) == []


@pytest.mark.parametrize(
    ("check", "when"), [("doc.m.none == 1", None), ("true", "doc.m.none == 1"), ("doc.m.loss", None)]
)
def test_a_rule_without_answer_is_undecided_and_counts(check, when):
    report = judge(_ruled(check, when), loaded(_ruled(check, when)), _with_document({"loss": 1}))
    assert [(finding.code, finding.because) for finding in report.findings] == [("undecided", None)]
    assert report.verdict is Verdict.INCOMPLETE


def test_a_rule_undecided_by_a_reported_file_hangs_on_that_finding():
    kind = _ruled("doc.m.loss < 1.0")
    missing, undecided = findings(kind, tree())
    assert (missing.code, undecided.code, undecided.because) == ("missing", "undecided", "m.json")
    fault = FormatFault("invalid-json", "broken")
    broken, undecided = findings(kind, tree("m.json", documents={"m.json": fault}))
    assert (broken.code, undecided.because) == ("invalid-json", "m.json")
    assert judge(kind, loaded(kind), tree()).verdict is Verdict.INCOMPLETE


def test_the_manifest_is_a_document_of_every_run():
    kind = _kind(
        rules=(Rule(id="R", check="doc.manifest.kind == 'other'"),), records=Records(manifest="run.json")
    )
    (finding,) = findings(kind, tree("run.json", documents={"run.json": {"kind": "run"}}))
    assert finding.path == "run.json#/kind"
    (finding,) = findings(kind, tree())
    assert (finding.code, finding.because) == ("undecided", None)


def test_a_foreign_run_has_no_records_of_its_own():
    kind = _kind(Entry(file="run.json"), records=Records(manifest="run.json"))
    assert codes(kind, tree(is_own=False)) == [("missing", "run.json")]
    assert codes(kind, tree()) == []


def test_the_order_of_findings_is_stable():
    kind = _kind(
        Entry(file="b.txt"), Entry(file="a.txt"), rules=(Rule(id="R", check="false"),), others="refused"
    )
    facts = tree("z.txt", "y.txt")
    assert codes(kind, facts) == codes(kind, facts)
    assert [code for code, _path in codes(kind, facts)] == [
        "missing",
        "missing",
        "unexpected",
        "unexpected",
        "rule",
    ]


def test_numbers_beyond_64_bits_do_not_stop_a_judgement():
    kind = _kind(Entry(file="m.json", schema="s.json"), rules=(Rule(id="R", check="doc.m.a > 1"),))
    schema = _schema({"type": "object", "properties": {"a": {"type": "integer"}}})
    assert codes(kind, tree("m.json", documents={"m.json": {"a": 10**30}}), **schema) == []


def test_names_that_are_not_unicode_do_not_stop_a_judgement():
    kind = _kind(Entry(file="a"), others="refused", formats=(FormatRule(in_="**", allow=("txt",)),))
    assert ("unexpected", "\udcff") in codes(kind, tree("\udcff"))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (Entry(file="a.json", fields={"id": "run.id"}), "runpact writes it"),
        (Entry(file="a.json"), "write it into"),
    ],
)
def test_the_hint_for_a_missing_file_says_who_writes_it(entry, said):
    (finding,) = findings(_kind(entry), tree())
    assert said in finding.hint


def test_a_pattern_with_globs_and_captures_finds_its_files():
    rule = Rule(id="R", check='files.frames.map(f, f.n) == ["0001", "0002"]')
    kind = _kind(Entry(files="**/f_{n:04}.x", as_="frames"), others="refused", rules=(rule,))
    assert codes(kind, tree("a/b/f_0001.x", "f_0002.x")) == []
    assert codes(kind, tree("a/b/f_0001.x", "f_0002.x", "f_3.x")) == [("unexpected", "f_3.x")]
