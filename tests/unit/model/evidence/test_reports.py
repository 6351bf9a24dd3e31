"""A report is evidence only when it is whole and agrees with itself; two are a pair only when all is equal."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from evidence_cases import digest, mean, report
from runpact.model.digest import canonical_json, digest_bytes
from runpact.model.evidence.refusal import EvidenceError
from runpact.model.evidence.report import read_report
from runpact.model.evidence.schedule import matching, refuse_unpaired, schedule_digest

Change = Callable[[dict], None]


def reason(change: Change) -> str:
    document = report()
    change(document)
    with pytest.raises(EvidenceError) as refused:
        read_report(document)
    return refused.value.reason


def put(*path: object, to: object) -> Change:
    def change(document: dict) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = to

    return change


WINDOWS = "evaluation_windows"
ALONE: list[tuple[str, Change]] = [
    ("no_windows", put(WINDOWS, to={})),
    ("no_windows", put(WINDOWS, to=[])),
    ("no_windows", put(WINDOWS, "final", to=[])),
    ("malformed_report", put("data", "dataset_hash", to="sha256:short")),
    ("malformed_report", put(WINDOWS, "final", 0, "weight", to=0)),
    ("malformed_report", put(WINDOWS, "final", 0, "value", to="1")),
    ("malformed_report", put(WINDOWS, "final", 0, "value", to=True)),
    ("malformed_report", put(WINDOWS, "final", 0, "value", to=1e200)),
    ("malformed_report", put(WINDOWS, "final", 0, "extra", to=1)),
    ("malformed_report", put("meta", "seeds", to={"python": 1, "numpy": 1})),
    ("malformed_report", put("meta", "started", to="yesterday")),
    ("malformed_report", put("schema_version", to="2.0")),
    ("malformed_report", put("guards", to=None)),
    ("seed_unexplained", put("meta", "seed_notes", to={})),
    ("duplicate_windows", put(WINDOWS, "final", 1, "id", to="final-0000")),
    ("arms_overlap", put(WINDOWS, "final", 1, "id", to="preview-0000")),
    ("arms_overlap", put(WINDOWS, "final", 1, "content_digest", to=digest("preview 3"))),
    ("report_inconsistent", put("metrics", "primary_metric", "final", to=1.0)),
    ("report_inconsistent", put("metrics", "primary_metric", "preview", to=None)),
    ("lengths_differ", put("data", "windows", to={"final": 23})),
    ("lengths_differ", put("data", "windows", to={"other": 1})),
    (
        "report_inconsistent",
        put("guards", to=[{"name": "a", "verdict": "pass"}, {"name": "a", "verdict": "fail"}]),
    ),
]


@pytest.mark.parametrize(("expected", "change"), ALONE)
def test_what_a_report_lacks_has_a_reason_of_its_own(expected: str, change: Change) -> None:
    assert reason(change) == expected


def test_a_report_that_is_no_table_has_no_windows() -> None:
    with pytest.raises(EvidenceError) as refused:
        read_report([1])
    assert refused.value.reason == "no_windows"
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    "path",
    [("data", "dataset_hash"), ("data", "tokenizer_hash"), ("meta", "started"), ("auto", "policy_digest")],
)
def test_a_newline_behind_a_digest_or_a_moment_is_no_part_of_it(path: tuple[str, str]) -> None:
    section, field = path
    assert reason(put(section, field, to=report()[section][field] + "\n")) == "malformed_report"


def test_one_window_is_no_evidence() -> None:
    document = report(windows=1)
    with pytest.raises(EvidenceError) as refused:
        read_report(document)
    assert refused.value.reason == "no_windows"


def test_an_arm_alone_is_enough_and_rounded_means_are_accepted() -> None:
    document = report()
    del document[WINDOWS]["preview"], document["metrics"]["primary_metric"]["preview"]
    document["data"]["windows"] = {"final": 24}
    document["metrics"]["primary_metric"]["final"] = round(mean(document[WINDOWS]["final"]), 6)
    assert len(read_report(document).final) == 24


PAIRS: list[tuple[str, Change]] = [
    ("dataset_differs", put("data", "dataset_hash", to=digest("other"))),
    ("split_differs", put("data", "split", to="train")),
    ("encoder_differs", put("data", "tokenizer_hash", to=digest("other"))),
    ("settings_differ", put("data", "stride", to=128)),
    ("settings_differ", put("data", "sequence_length", to=128)),
    ("settings_differ", put("data", "window_seed", to=8)),
    ("seeds_differ", put("meta", "seeds", "numpy", to=2)),
    ("metric_differs", put("metrics", "primary_metric", "unit", to="bits")),
    ("metric_differs", put("metrics", "primary_metric", "direction", to="higher")),
    ("windows_differ", put(WINDOWS, "preview", 0, "id", to="preview-x")),
    ("contents_differ", put(WINDOWS, "preview", 3, "content_digest", to=digest("other"))),
    ("contents_differ", put(WINDOWS, "final", 23, "content_digest", to=digest("other"))),
]


@pytest.mark.requirement("B-083", "B-084")
@pytest.mark.parametrize(("expected", "change"), PAIRS)
def test_what_is_not_equal_in_a_pair_has_a_reason_of_its_own(expected: str, change: Change) -> None:
    other = report()
    change(other)
    with pytest.raises(EvidenceError) as refused:
        refuse_unpaired(read_report(other), read_report(report()))
    assert refused.value.reason == expected


def reweighted(windows: list[dict]) -> list[dict]:
    return [each | {"weight": each["weight"] + 1} for each in windows]


def test_lengths_weights_and_order_are_compared() -> None:
    whole, short, heavy, turned = report(), report(windows=20), report(), report()
    for document, windows in (
        (heavy, reweighted(heavy[WINDOWS]["final"])),
        (turned, list(reversed(turned[WINDOWS]["final"]))),
    ):
        document[WINDOWS]["final"] = windows
        document["metrics"]["primary_metric"]["final"] = mean(windows)
    for other, expected in ((short, "lengths_differ"), (heavy, "weights_differ"), (turned, "windows_differ")):
        with pytest.raises(EvidenceError) as refused:
            refuse_unpaired(read_report(other), read_report(whole))
        assert refused.value.reason == expected
    assert 20 / 48 <= matching(read_report(short), read_report(whole)) < 1
    assert matching(read_report(whole), read_report(whole)) == 1.0


def test_values_and_further_fields_do_not_make_a_pair_unequal() -> None:
    other = report(shift=0.5, noise=0.1) | {"annotations": {"who": "me"}}
    refuse_unpaired(read_report(other), read_report(report()))


def test_the_digest_of_a_schedule_covers_contents_and_no_value() -> None:
    one, worse, other = report(), report(shift=0.3), report()
    other[WINDOWS]["final"][5]["content_digest"] = digest("other")
    digests = [schedule_digest(read_report(each)) for each in (one, worse, other)]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("name", ["plain", "föhn", 'a\n"b"\x7f', "\U0001f600"])
@pytest.mark.parametrize("weight", [3, 2.5, 1e15])
@pytest.mark.parametrize("arm", ["preview", "prüfung"])
def test_the_digest_of_a_schedule_is_that_of_its_canonical_form(name: str, weight: float, arm: str) -> None:
    document = report()
    windows = document[WINDOWS]
    windows[arm] = windows.pop("preview")
    windows["final"][0] |= {"id": name, "weight": weight}
    document["data"]["windows"] = {}
    stated = document["metrics"]["primary_metric"]
    stated["final"] = mean(windows["final"])
    if arm != "preview":
        del stated["preview"]
    rows = {a: [[w["id"], w["content_digest"], w["weight"]] for w in ws] for a, ws in windows.items()}
    expected = digest_bytes(canonical_json({"arms": rows, "format": "runpact.schedule/1"}))
    assert schedule_digest(read_report(copy.deepcopy(document))) == expected
