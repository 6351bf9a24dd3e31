"""A page about a run: what it says, that nothing in it is markup, that nothing is loaded."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from evidence_cases import report
from runpact.model.compare.series import Point
from runpact.model.finding import Finding, Severity, Verdict
from runpact.model.inputs import Input
from runpact.model.provenance import Code, Config, Provenance
from runpact.model.runpage.charts import MOST_CHARTS, charts_of, sparkline
from runpact.model.runpage.evidence import evidence_sections
from runpact.model.runpage.facts import MOST_ROWS, Section, Told, page_of
from runpact.model.runpage.html import html_page
from runpact.model.runpage.markdown import markdown_page

EVIL = "<script>alert(1)</script>`|\n# x"


def points(*values: float) -> tuple[Point, ...]:
    return tuple(Point(float(number), float(number), value) for number, value in enumerate(values))


TOLD = Told(
    path="runs/a",
    status="success",
    state="finished",
    verdict=Verdict.OK,
    judged_by="acme 1.0.0",
    seconds=3,
    again="python t.py",
    origin=Provenance(
        command=("python", EVIL),
        code=Code(commit="abc", dirty=True),
        config=Config(resolved={"lr": 0.1, "deep": {"a": [1, None], "none": None}}, digest="sha256:c"),
        seeds={"python": 3},
        inputs=(
            Input(name=EVIL, path=None, digest="sha256:i", size=1, changed=True),
            Input(name="plain", path=None, digest="sha256:j", size=1),
        ),
    ),
    series={"train/loss": points(1, 0.5, 0.25), "val/loss": points(1.1, 0.6), "one": points(4)},
    results={"sharpe": 1.5},
    tables=(Section("trades.csv", ("date", "price"), (("2020", EVIL),), "and 3 more rows"),),
    findings=(
        Finding(code="missing", severity=Severity.ERROR, rule="R", path="a.json", message="it is missing"),
    ),
    files=(("a.json", 12345, "sha256:f"),),
    notes=("good",),
)


class Parsed(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        """Read it."""
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append(tag)
        self.attributes += attrs


def test_a_page_says_what_a_reader_asks() -> None:
    page = markdown_page(page_of(TOLD))
    for part in (
        "# Run runs/a",
        "**success**",
        "**state:** `finished`",
        "**again:** `python t.py`",
        "**commit:** `abc with changes`",
        "`it is missing`",
        "| `train/loss` | `3` | `0.25` | `0.25` | `1` | `█▃▁` |",
        "| `sharpe` | `1.5` |",
        "| `deep.a` | `[1,null]` |",
        "## trades.csv",
        "and 3 more rows",
        "sha256:i (changed since)",
        "`12,345`",
        "`good`",
    ):
        assert part in page


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("success", "success"),
        ("2012-12-31", "2012-12-31"),
        ("a b", "a b"),
        ("", '""'),
        ("1.5", '"1.5"'),
        ("-3", '"-3"'),
        ("null", '"null"'),
        ("[]", '"[]"'),
        (" x", '" x"'),
        (None, "null"),
        (True, "true"),
        (0.25588042283953016, "0.25588"),
        (-0.15113251745088885, "-0.151133"),
        (10000.0, "10000.0"),
        (1234567, "1234567"),
    ],
)
def test_a_result_is_told_as_a_person_writes_it(value: object, cell: str) -> None:
    (results,) = (
        each
        for each in page_of(Told(path="a", status="x", state="x", results={"v": value})).sections
        if each.title == "Results"
    )
    assert results.rows == (("v", cell),)


def test_a_table_has_fractions_in_six_digits_and_breaks_no_date() -> None:
    row = ("2012-12-31", "9953.479886663497", "1.10", "1e-05", "0.1234567e-8", "two words")
    told = Told(path="a", status="x", state="x", tables=(Section("t.csv", tuple("abcdef"), (row,)),))
    (table,) = (each for each in page_of(told).sections if each.title == "t.csv")
    assert table.rows == (("2012-12-31", "9953.48", "1.10", "1e-05", "1.23457e-09", "two words"),)
    html = html_page(page_of(told))
    assert '<td class="word">2012-12-31</td>' in html
    assert "<td>two words</td>" in html
    assert "td.word,th{white-space:nowrap}" in html


def test_the_configuration_keeps_all_digits() -> None:
    page = markdown_page(page_of(Told(path="a", status="x", state="x", config={"lr": 0.12345678901})))
    assert "`0.12345678901`" in page


def test_the_command_can_be_typed() -> None:
    origin = Provenance(command=("python", "main.py", "--json-request", '{"a": 1}'))
    lines = dict(page_of(Told(path="a", status="x", state="x", origin=origin)).lines)
    assert lines["command"] == "python main.py --json-request '{\"a\": 1}'"


def test_nothing_that_a_run_says_is_markup() -> None:
    facts = page_of(TOLD)
    html, markdown = html_page(facts), markdown_page(facts)
    assert "script" not in Parsed(html).tags
    assert not re.search(r"^# x", markdown, re.MULTILINE)
    assert "<script>" in markdown  # as code, where it means nothing
    assert all(line.startswith(("|", "-")) for line in markdown.splitlines() if "<script>" in line)


def test_an_html_page_loads_nothing_and_runs_nothing() -> None:
    parsed = Parsed(html_page(page_of(TOLD)))
    names = {name for name, _value in parsed.attributes}
    assert names.isdisjoint({"src", "href", "srcset", "action", "data", "onclick", "onload"})
    assert set(parsed.tags).isdisjoint({"script", "link", "img", "iframe", "object", "form", "base"})
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in parsed.attributes
    assert parsed.tags.count("svg") == 1
    ids = [value for name, value in parsed.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert "prefers-color-scheme:dark" in html_page(page_of(TOLD))


@pytest.mark.parametrize(("status", "look"), [("success", "good"), ("failed", "bad"), ("aborted", "open")])
def test_a_word_for_a_state_has_a_look_and_stands_there_as_text(status: str, look: str) -> None:
    page = html_page(page_of(Told(path="a", status=status, state="finished")))
    assert f'<p class="status {look}">{status}</p>' in page
    assert "<h2>" not in page


@pytest.mark.parametrize(
    ("status", "verdict", "look", "told"),
    [
        ("success", Verdict.OK, "good", "success"),
        ("success", Verdict.WARNING, "open", "success · WARNING"),
        ("success", Verdict.INCOMPLETE, "open", "success · INCOMPLETE"),
        ("success", Verdict.ERROR, "bad", "success · ERROR"),
        ("aborted", Verdict.ERROR, "bad", "aborted · ERROR"),
        ("failed", Verdict.OK, "bad", "failed"),
    ],
)
def test_the_look_is_that_of_the_worse_of_state_and_verdict(
    status: str, verdict: Verdict, look: str, told: str
) -> None:
    page = html_page(page_of(Told(path="a", status=status, state="x", verdict=verdict, judged_by="b 1.0")))
    assert f'<p class="status {look}">{told}</p>' in page
    assert f"<dd>{verdict.value} by b 1.0</dd>" in page


def test_metrics_of_one_last_name_share_a_picture() -> None:
    charts = charts_of(TOLD.series)
    assert [chart.title for chart in charts] == ["loss"]
    assert "val/loss" in charts[0].svg
    many = {f"m{number}": points(1, 2) for number in range(20)}
    assert len(charts_of(many)) == MOST_CHARTS


def test_a_course_has_the_extremes_of_its_series() -> None:
    assert sparkline([1, 1]) == ""
    assert sparkline([0.0, 1.0]) == "▁█"
    assert len(sparkline(list(range(1000)))) == 24
    assert sparkline([-1.7e308, 1.7e308]) == "▁█"


def test_long_lists_are_cut_and_say_so() -> None:
    files = tuple((f"{number}.json", 1, "") for number in range(MOST_ROWS + 5))
    page = markdown_page(page_of(Told(path="a", status="x", state="running", files=files)))
    assert "and 5 more" in page


def test_a_document_that_is_no_evidence_has_no_table() -> None:
    assert evidence_sections({"a": 1}) == ()
    assert evidence_sections(None) == ()


def test_evidence_is_told_with_its_metric_and_its_guards() -> None:
    document = report()
    document["guards"] = [
        {"name": "a", "verdict": "pass", "measurement_point": {"tap": "block.out", "matched": ["b1"]}},
        {"name": "b", "verdict": "warn", "measurement_point": "loss", "evidence": {"drift": 0.5}},
        {"name": "c", "verdict": "skipped"},
    ]
    evidence, guards = evidence_sections(document)
    assert dict(evidence.rows).keys() >= {"metric", "better", "final", "windows of final", "split", "policy"}
    assert ("seconds", "3.5") in evidence.rows
    assert guards.rows == (
        ("a", "pass", "block.out b1", ""),
        ("b", "warn", "loss", "drift 0.5"),
        ("c", "skipped", "", ""),
    )


def test_evidence_without_a_preview_and_a_policy_tells_none() -> None:
    document = report()
    del document["evaluation_windows"]["preview"]
    del document["metrics"]["primary_metric"]["preview"]
    document["data"]["windows"].pop("preview")
    document["auto"] = {"tier": None, "policy_digest": None}
    evidence, _guards = evidence_sections(document)
    rows = dict(evidence.rows)
    assert "preview" not in rows
    assert rows["policy"] == "none"
