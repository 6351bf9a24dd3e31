"""Small values: errors, findings, digests, names, journal, manifest, metrics."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from runpact.model import digest, errors, journal, manifest, metrics, names
from runpact.model.errors import Fault, MalformedDocumentError, UnknownVersionError, UnsafeNameError
from runpact.model.facts import ArrayFact, ArraysFact
from runpact.model.finding import Finding, Report, Severity, Verdict, worst
from runpact.model.run import (
    SEALABLE,
    ContractRef,
    Liveness,
    Outcome,
    RunFacts,
    Standing,
    State,
    classify,
)


def finding(severity: Severity, because: str | None = None) -> Finding:
    return Finding(code="x", severity=severity, message="m", because=because)


def test_a_fault_says_its_place_as_far_as_it_is_known() -> None:
    assert Fault("m").place == "document"
    assert Fault("m", "f.yaml").place == "f.yaml"
    assert Fault("m", "f.yaml", 3).place == "f.yaml:3:1"
    assert Fault("m", "f.yaml", 3, 7).place == "f.yaml:3:7"


@pytest.mark.parametrize(
    ("severities", "verdict", "code"),
    [
        ([], Verdict.OK, 0),
        ([Severity.ADVICE], Verdict.OK, 0),
        ([Severity.WARNING, Severity.ADVICE], Verdict.WARNING, 1),
        ([Severity.INCOMPLETE, Severity.WARNING], Verdict.INCOMPLETE, 2),
        ([Severity.INCOMPLETE, Severity.ERROR], Verdict.ERROR, 3),
    ],
)
def test_the_worst_finding_is_the_verdict(severities: list[Severity], verdict: Verdict, code: int) -> None:
    report = Report(tuple(map(finding, severities)))
    assert (report.verdict, report.verdict.exit_code, report.is_ok) == (verdict, code, code == 0)


def test_a_consequence_is_not_counted_again() -> None:
    assert Report((finding(Severity.ERROR, because="file"),)).verdict is Verdict.OK
    assert worst([]) is Verdict.OK


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (1.5e300, "1.5e+300"),
        (333333333.33333329, "333333333.3333333"),
        (-12.25, "-12.25"),
        (0.1, "0.1"),
        (123, "123"),
        (5e-324, "5e-324"),
        (-1.7976931348623157e308, "-1.7976931348623157e+308"),
        (295147905179352830000.0, "295147905179352830000"),
        (9.999999999999997e22, "9.999999999999997e+22"),
        (1e23, "1e+23"),
        (999999999999999700000.0, "999999999999999700000"),
        (4.5, "4.5"),
        (2e-3, "0.002"),
        (1e-27, "1e-27"),
        (333333333.3333332, "333333333.3333332"),
        ("é\u20ac\n", '"é€\\n"'),
        ([1, (2,)], "[1,[2]]"),
        ({"\ud83d\ude00": 1, "\ufb33": 2, "a": 3}, '{"a":3,"\U0001f600":1,"\ufb33":2}'),
    ],
)
def test_canonical_json_follows_the_rfc(value: object, text: str) -> None:
    if isinstance(value, dict):
        value = {key.encode("utf-16", "surrogatepass").decode("utf-16"): item for key, item in value.items()}
    assert digest.canonical_json(value) == text.encode()


def test_canonical_json_refuses_what_json_cannot_say() -> None:
    for value in (float("nan"), float("inf"), 2**53):
        with pytest.raises(ValueError, match=r"JSON"):
            digest.canonical_json(value)
    with pytest.raises(TypeError, match="bytes"):
        digest.canonical_json(b"")
    with pytest.raises(TypeError, match="dict"):
        digest.canonical_json({1: 2})


def test_digests_have_one_form() -> None:
    assert digest.is_digest(digest.digest_bytes(b"x"))
    assert not digest.is_digest("sha256:XY")
    assert digest.digest_of_set({"a": "1", "b": "2"}) == digest.digest_of_set({"b": "2", "a": "1"})


@pytest.mark.parametrize("name", ["a", "A1._+=@-z", "x" * 128, "2026-01-01"])
def test_safe_names_pass(name: str) -> None:
    assert names.check_name(name, what="name") == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "-a", ".a", "a/b", "a b", "a\n", "\0", "con", "NUL.txt", "a.", "é", "x" * 129, "a\\b"],
)
def test_unsafe_names_are_refused_with_a_safe_suggestion(name: str) -> None:
    with pytest.raises(UnsafeNameError) as caught:
        names.check_name(name, what="name")
    assert caught.value.exit_code == 64
    assert names.check_name(names.suggest_name(name), what="name")


def test_relative_paths_stay_inside() -> None:
    assert names.check_relative("a/b c/.d", what="path") == "a/b c/.d"
    for path in ("", "/a", "a//b", "a/../b", "./a", "a/-b", "a\\b", "a\nb", "/".join("a" * 17), "x" * 256):
        with pytest.raises(UnsafeNameError):
            names.check_relative(path, what="path")


def test_a_journal_ends_at_the_first_line_that_is_not_valid() -> None:
    lines = [journal.frame_line(msgspec.json.encode({"seq": n, "x": n})) for n in (1, 2, 3)]
    assert len(journal.read_journal(b"".join(lines)).entries) == 3
    gap = journal.read_journal(lines[0] + lines[2])
    assert (len(gap.entries), gap.discarded) == (1, len(lines[2]))
    torn = journal.read_journal(lines[0] + lines[1][:-5])
    assert (len(torn.entries), torn.size) == (1, len(lines[0]))


@pytest.mark.parametrize(
    "body",
    [b"{nothing}", b'{"seq":1,"a":"\xff"}', b'{"seq":1,"a":' + b"[" * 5000 + b"]" * 5000 + b"}", b"[1]"],
)
def test_a_line_that_is_no_json_object_ends_a_journal_whatever_its_checksum(body: bytes) -> None:
    line = journal.frame_line(body)
    assert journal.read_journal(line) == journal.Journal((), 0, len(line))


def test_a_changed_byte_ends_a_journal_before_its_line() -> None:
    first, second = (journal.frame_line(msgspec.json.encode({"seq": n})) for n in (1, 2))
    read = journal.read_journal(first + second.replace(b"2", b"3", 1))
    assert ([entry["seq"] for entry in read.entries], read.size) == ([1], len(first))


SAYS_NOT = "the sealed manifest does not say how the run ended"
SEAL = manifest.seal_for("u", "m.json", b"bytes", {"events": manifest.LogRecord("e", 1, 2, "d")})


def test_a_seal_knows_its_manifest() -> None:
    assert manifest.parse_seal(manifest.encode_seal(SEAL)) == SEAL
    assert manifest.why_seal_rejects(SEAL, b"bytes") is None
    assert "has 3 bytes" in str(manifest.why_seal_rejects(SEAL, b"abc"))
    assert "digest" in str(manifest.why_seal_rejects(SEAL, b"bytez"))


def test_every_flipped_byte_of_a_seal_is_found() -> None:
    data = manifest.encode_seal(SEAL)
    for position, bit in itertools.product(range(len(data)), (1, 32, 128)):
        damaged = bytearray(data)
        damaged[position] ^= bit
        with pytest.raises((MalformedDocumentError, UnknownVersionError)):
            manifest.parse_seal(bytes(damaged))


def a_manifest(**said: object) -> manifest.Manifest:
    base = {"sealed": True, "uid": "u", "id": "i", "kind": "run", "started": "t"}
    return manifest.Manifest(**base, contract=ContractRef("c", "1.0.0", "d"), **said)  # type: ignore[arg-type]


def test_a_manifest_reads_back_and_keeps_projected_fields_apart() -> None:
    value = a_manifest(files=(manifest.FileRecord("a", 1, "d", type="T@1"),))
    assert manifest.parse_manifest(manifest.encode_manifest(value)) == value
    projected = msgspec.json.decode(manifest.encode_manifest(value, {"git_hash": "x", "sealed": False}))
    assert (projected["git_hash"], projected["sealed"]) == ("x", True)
    assert manifest.parse_manifest(manifest.encode_manifest(value, {"git_hash": "x"})) == value


def test_what_is_no_manifest_is_refused() -> None:
    for data in (b"", b"[]", b"{}", b"\xff", b"[" * 5000):
        with pytest.raises(MalformedDocumentError):
            manifest.parse_manifest(data)
    other = manifest.encode_manifest(a_manifest()).replace(b"manifest/1", b"manifest/2")
    with pytest.raises(UnknownVersionError):
        manifest.parse_manifest(other)


def test_metrics_are_summed_up_by_name() -> None:
    entries: list[dict[str, object]] = [
        {"values": {"a": 3, "b": 1.0}, "step": 1},
        {"values": {"a": 1, "c": "text"}, "step": None},
        {"values": None},
    ]
    assert metrics.summarise_metrics(entries) == (
        metrics.MetricSummary("a", 2, 1, 1, 3, None),
        metrics.MetricSummary("b", 1, 1.0, 1.0, 1.0, 1),
    )


FACTS = {
    "record_fault": (None, "bad record"),
    "manifest_fault": (None, "bad manifest"),
    "seal_fault": (None, "bad seal"),
    "log_fault": (None, "bad log"),
    "has_record": (True, False),
    "has_manifest": (True, False),
    "has_seal": (True, False),
    "is_sealed": (True, False),
    "is_staged": (True, False),
    "outcome": (None, Outcome(state=State.FINISHED, ended="t", duration_seconds=1.0)),
    "liveness": tuple(Liveness),
}


def test_every_combination_of_facts_has_a_state() -> None:
    seen = set()
    for values in itertools.product(*FACTS.values()):
        facts = RunFacts(**dict(zip(FACTS, values, strict=True)))
        standing = classify(facts)
        seen.add(standing.state)
        if standing.state is State.FINISHED:
            assert facts.outcome is not None
            assert facts.is_sealed
            assert facts.has_seal
            assert facts.has_record
            assert not any((facts.record_fault, facts.manifest_fault, facts.seal_fault, facts.log_fault))
        if standing.state is State.CORRUPT:
            assert standing.reason
    assert seen == set(State) - {State.FAILED}


@pytest.mark.parametrize(
    ("liveness", "state"),
    [
        (Liveness.ALIVE, State.RUNNING),
        (Liveness.DEAD, State.INTERRUPTED),
        (Liveness.ORPHANS, State.INTERRUPTED),
        (Liveness.UNDECIDED, State.UNKNOWN),
    ],
)
def test_an_unsealed_run_is_what_its_owner_is(liveness: Liveness, state: State) -> None:
    assert classify(RunFacts(has_record=True, has_manifest=True, liveness=liveness)).state is state


@pytest.mark.parametrize("state", list(State))
def test_a_sealed_run_is_only_what_a_seal_may_record(state: State) -> None:
    outcome = Outcome(state=state, ended="t", duration_seconds=1.0, error="E: x")
    facts = RunFacts(has_record=True, has_manifest=True, has_seal=True, is_sealed=True, outcome=outcome)
    expected = (state, "E: x") if state in SEALABLE else (State.CORRUPT, SAYS_NOT)
    standing = classify(facts)
    assert expected == (standing.state, standing.reason)


def test_a_sealed_manifest_without_an_outcome_is_damage() -> None:
    for liveness in Liveness:
        facts = RunFacts(has_record=True, has_manifest=True, has_seal=True, is_sealed=True, liveness=liveness)
        assert Standing(State.CORRUPT, SAYS_NOT) == classify(facts)


def test_arrays_are_pickled_when_one_of_them_is() -> None:
    plain, pickled = ArrayFact("a", "<f4", (2,)), ArrayFact("b", "|O", (1,), pickle=True)
    assert [ArraysFact(arrays).pickle for arrays in ((), (plain,), (plain, pickled))] == [False, False, True]


def test_every_error_has_a_code_and_an_exit_code_and_carries_its_facts() -> None:
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    raised = [value for value in classes if issubclass(value, errors.RunpactError)]
    assert len({value.code for value in raised}) == len(raised)
    assert {value.exit_code for value in raised} <= {2, 3, 64}
    error = errors.StorageError("m", at="/a", expected="e", got="g", hint="h", faults=(Fault("f"),))
    assert (str(error), error.at, error.expected, error.got, error.hint) == ("m", "/a", "e", "g", "h")
    assert error.faults == (Fault("f"),)


@pytest.mark.parametrize(
    ("path", "shown"),
    [("a/b", "a/b"), ("é/漢", "é/漢"), ("a\udcff", "a\\xff"), ("\udce9\udc80é", "\\xe9\\x80é")],
)
def test_a_record_names_bytes_that_are_no_text_readably(path: str, shown: str) -> None:
    assert shown == names.readable_path(path)


def test_a_long_name_is_shown_shortened() -> None:
    with pytest.raises(UnsafeNameError) as caught:
        names.check_name("a/" * 200, what="name")
    assert len(caught.value.got) == 81
