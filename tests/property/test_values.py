"""Digests, names, verdicts, metrics: what holds for all values."""

from __future__ import annotations

import contextlib
import json
import random

from hypothesis import given
from hypothesis import strategies as st

from runpact.model.digest import canonical_json, digest_of_set, is_digest
from runpact.model.errors import UnsafeNameError
from runpact.model.expression import ExpressionError, Scope, Undecided
from runpact.model.finding import Finding, Report, Severity, Verdict, worst
from runpact.model.metrics import summarise_metrics
from runpact.model.names import check_name, check_relative, readable_path, suggest_name
from runpact.model.reference import pointer_of, references

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXT, below, max_size=4),
    max_leaves=12,
)
FINDINGS = st.builds(
    Finding,
    code=st.just("x"),
    severity=st.sampled_from(Severity),
    message=TEXT,
    because=st.none() | st.just("a.json"),
)


def shuffled(value: object, seed: int) -> object:
    """Return an equal value with the keys of each mapping in another order, numbers as doubles."""
    if isinstance(value, dict):
        items = [(key, shuffled(item, seed)) for key, item in value.items()]
        random.Random(seed).shuffle(items)
        return dict(items)
    if isinstance(value, list):
        return tuple(shuffled(item, seed) for item in value)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(JSON, st.integers())
def test_equal_values_have_equal_bytes(value, seed):
    assert canonical_json(value) == canonical_json(shuffled(value, seed))


@given(JSON)
def test_canonical_bytes_are_json_of_the_same_value(value):
    written = canonical_json(value)
    assert json.loads(written, parse_int=float) == value
    assert written == canonical_json(json.loads(written, parse_int=float))


@given(JSON, JSON)
def test_other_values_have_other_bytes(one, other):
    assert (canonical_json(one) == canonical_json(other)) == (typed(one) == typed(other))


def typed(value: object) -> object:
    """Return a value in which true is not 1."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return ("bool", value) if isinstance(value, bool) else value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_reads_back_exactly(number):
    assert float(canonical_json(number)) == number


@given(st.dictionaries(TEXT, TEXT, max_size=5), st.integers())
def test_a_set_has_one_digest_whatever_its_order(digests, seed):
    assert is_digest(digest_of_set(digests))
    assert digest_of_set(digests) == digest_of_set(shuffled(digests, seed))


@given(st.text(max_size=200))
def test_a_name_is_safe_or_refused_with_a_safe_one(name):
    suggested = suggest_name(name)
    assert check_name(suggested, what="name") == suggested
    with contextlib.suppress(UnsafeNameError):
        assert check_name(name, what="name") == name
        assert "/" not in name
        assert name.isascii()
        assert name.isprintable()
        assert check_relative(name, what="path") == name


@given(st.text("ab./\\-\n\0é", max_size=30))
def test_a_relative_path_never_leaves_its_root(path):
    with contextlib.suppress(UnsafeNameError):
        parts = check_relative(path, what="path").split("/")
        assert not {"", ".", ".."} & set(parts)
        assert "\\" not in path


@given(st.binary(max_size=30))
def test_every_path_of_the_system_has_a_readable_form(raw):
    path = raw.decode("utf-8", "surrogateescape")
    shown = readable_path(path)
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert (shown == path) == (raw.decode("utf-8", "replace") == path)


@given(st.lists(FINDINGS, max_size=6))
def test_the_verdict_is_the_worst_that_counts(findings):
    report = Report(tuple(findings))
    counted = {finding.severity for finding in findings if finding.because is None}
    order = [Severity.ERROR, Severity.INCOMPLETE, Severity.WARNING]
    expected = next((Verdict[severity.name] for severity in order if severity in counted), Verdict.OK)
    assert expected is report.verdict
    assert expected is Report(tuple(reversed(findings))).verdict
    assert expected is worst([report.verdict, Verdict.OK])


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.floats(allow_nan=False), max_size=3), max_size=6))
def test_metrics_are_summed_up_over_all_points(points):
    found = {
        metric.name: metric for metric in summarise_metrics({"values": point, "step": 1} for point in points)
    }
    for name, metric in found.items():
        values = [point[name] for point in points if name in point]
        assert (metric.count, metric.last) == (len(values), values[-1])
        assert (metric.min, metric.max) == (min(values), max(values))
    assert set(found) == {name for point in points for name in point}


@given(st.lists(st.text(max_size=6) | st.integers(0, 99), max_size=5))
def test_a_pointer_reads_back(path):
    parts = pointer_of(path).split("/")[1:]
    assert [part.replace("~1", "/").replace("~0", "~") for part in parts] == [str(part) for part in path]


@given(st.text("docfiles.run()[]{}\"'=!<>&|+-/ 019axn,\\", max_size=30))
def test_any_text_is_an_expression_an_undecided_one_or_refused(text):
    references(text)
    with contextlib.suppress(ExpressionError):
        assert isinstance(Scope({"doc": {}}).decide(text), bool | Undecided)


@given(JSON)
def test_a_document_reaches_expressions_as_it_is(value):
    document = json.loads(canonical_json(value), parse_int=float)
    assert Scope({"doc": {"x": document}}).evaluate("doc.x") == document
