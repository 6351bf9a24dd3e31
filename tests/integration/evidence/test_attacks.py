"""What is forged, mixed, cut or missing never verifies; each cause has its reason."""

from __future__ import annotations

import copy
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evidence_cases import (
    POLICY,
    Change,
    balanced,
    certified,
    digest,
    forge,
    forge_report,
    judging,
    mean,
    report,
)
from runpact.disk.evidence import certificates_at
from runpact.model.contract.surroundings import Gate, Guard
from runpact.model.digest import canonical_json
from runpact.model.evidence.certificate import VOLATILE, render
from runpact.model.evidence.policy import NamedPolicy
from runpact.model.evidence.refusal import EvidenceError
from runpact.model.evidence.step import Step, Verification
from runpact.verbs.evidence.verify_certificate import verify_certificate


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evidence")
    return Path(certified(folder).path)


@pytest.fixture
def place(original: Path, tmp_path: Path) -> Path:
    """Return a certificate that may be attacked."""
    root = shutil.copytree(original.parent.parent, tmp_path / "reports")
    for path in root.rglob("*.json"):
        path.chmod(0o644)
    return root / original.parent.name / original.name


def verify(path: Path, policy: NamedPolicy = POLICY, **means: object) -> Verification:
    return verify_certificate(str(path), judging(policy, **means), shown="certificate")


def outcome(path: Path, policy: NamedPolicy = POLICY, **means: object) -> tuple[int, str]:
    found = verify(path, policy, **means)
    return found.verdict.exit_code, found.reason


def leaves(value: object, at: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from leaves(each, (*at, key))
    elif isinstance(value, list) and value:
        for number, each in enumerate(value):
            yield from leaves(each, (*at, number))
    else:
        yield at


def inside(document: object, path: tuple[object, ...]) -> object:
    for key in path:
        document = document[key]
    return document


def removed(path: tuple[object, ...]) -> Change:
    def change(document: dict) -> None:
        del inside(document, path[:-1])[path[-1]]

    return change


OTHERS = [None, 0, 1, -3.5, 7, "x", True, False, [], {}, ["x"], digest("another")]


def replaced(path: tuple[object, ...], source: random.Random) -> Change:
    def change(document: dict) -> None:
        old = inside(document, path)
        choices = [each for each in OTHERS if each != old or type(each) is not type(old)]
        inside(document, path[:-1])[path[-1]] = source.choice(choices)

    return change


def nudged(path: tuple[object, ...]) -> Change:
    """Change a value as little as it can be, within its type."""

    def change(document: dict) -> None:
        old = inside(document, path)
        new: object = "x"
        if isinstance(old, bool):
            new = not old
        elif isinstance(old, int):
            new = old + 1
        elif isinstance(old, float):
            new = old + abs(old) * 2**-52 + 2**-1000 if old else 1e-300
        elif isinstance(old, str):
            new = old[:-1] + ("1" if old.endswith("0") else "0")
        inside(document, path[:-1])[path[-1]] = new

    return change


def pointer(path: tuple[object, ...]) -> str:
    return "/" + "/".join(map(str, path))


def test_the_honest_certificate_passes(place: Path) -> None:
    assert outcome(place) == (0, "")
    assert [step.name for step in verify(place).steps if step.reason] == []


EACH_OR_ALL = pytest.mark.parametrize("most", [1, pytest.param(3, marks=pytest.mark.nightly)])
"""Changes of each leaf: one of three sorts in turn, or all three."""


def changes_of(
    document: object, most: int, source: random.Random
) -> Iterator[tuple[tuple[object, ...], Change]]:
    for number, path in enumerate(leaves(document)):
        changes = [removed(path), replaced(path, source), nudged(path)]
        for change in (changes[number % 3 :] + changes)[:most]:
            yield path, change


@EACH_OR_ALL
def test_every_leaf_of_the_certificate_counts(place: Path, most: int) -> None:
    honest = place.read_bytes()
    checked = 0
    for path, change in changes_of(json.loads(honest), most, random.Random(4)):
        if pointer(path).startswith(VOLATILE):
            continue
        forge(place, change)
        code, reason = outcome(place)
        assert code >= 2, (pointer(path), place.read_bytes())
        assert reason
        place.write_bytes(honest)
        checked += 1
    assert checked > 130 * most
    assert outcome(place) == (0, "")


@pytest.mark.requirement("B-118")
def test_every_leaf_counts_also_for_who_does_not_renew_the_digest(place: Path) -> None:
    honest = place.read_bytes()
    for path in leaves(json.loads(honest)):
        document = json.loads(honest)
        nudged(path)(document)
        place.write_bytes(render(document))
        assert outcome(place) in {
            (3, "altered_certificate"),
            (3, "malformed_certificate"),
            (3, "unknown_version"),
        }


@EACH_OR_ALL
@pytest.mark.parametrize("name", ["report.json", "../baseline/report.json"])
def test_every_leaf_of_a_report_counts(place: Path, name: str, most: int) -> None:
    honest = (place.parent / name).read_bytes()
    document, checked = json.loads(honest), 0
    for path, change in changes_of(document, most, random.Random(5)):
        if most == 1 and path[0] == "evaluation_windows" and path[2] not in {0, 11, 23}:
            continue
        altered = copy.deepcopy(document)
        change(altered)
        (place.parent / name).write_bytes(canonical_json(altered))
        assert outcome(place) == (3, "digest_differs"), pointer(path)
        checked += 1
    assert checked > 50 * most


@EACH_OR_ALL
@pytest.mark.parametrize("name", ["report.json", "../baseline/report.json"])
def test_a_forger_of_both_report_and_certificate_is_never_authenticated(
    place: Path, name: str, most: int
) -> None:
    honest, certificate = (place.parent / name).read_bytes(), place.read_bytes()
    policy = balanced(signature="optional")
    document = json.loads(honest)
    passed = []
    for path, change in changes_of(document, most, random.Random(7)):
        if path[0] == "evaluation_windows" and path[2] != 11:
            continue
        forge_report(place, name, change)
        assert outcome(place, policy)[0] >= 1, pointer(path)
        passed += [pointer(path)] * (outcome(place)[0] == 0)
        (place.parent / name).write_bytes(honest)
        place.write_bytes(certificate)
    # What the certificate repeats or rests on cannot be changed unnoticed, signed or not.
    bound = ("/meta/seeds", "/data/dataset", "/data/tokenizer", "/data/split", "/metrics/primary_metric/kind")
    bound += ("/auto", "/meta/run_id", "/evaluation_windows/final") if name == "report.json" else ()
    assert [each for each in passed if each.startswith(bound)] == []
    assert passed


FLIPS = 300


@pytest.mark.parametrize("count", [FLIPS, pytest.param(20_000, marks=pytest.mark.nightly)])
def test_no_flipped_bit_is_accepted(place: Path, count: int) -> None:
    files = [place, place.parent / "report.json", place.parent / "../baseline/report.json"]
    contents = [path.read_bytes() for path in files]
    source = random.Random(6)
    accepted = []
    for _ in range(count):
        which = source.randrange(3)
        data = bytearray(contents[which])
        bit = source.randrange(len(data) * 8)
        data[bit // 8] ^= 1 << bit % 8
        files[which].write_bytes(data)
        if outcome(place)[0] < 2:
            accepted.append((files[which].name, bit))
        files[which].write_bytes(contents[which])
    assert accepted == []


def declare(*path: object, to: object) -> Change:
    def change(document: dict) -> None:
        inside(document, path[:-1])[path[-1]] = to

    return change


FORGED: list[tuple[str, Change]] = [
    ("unknown_version", declare("schema_version", to="v2")),
    ("malformed_certificate", declare("schema_version", to=1)),
    ("malformed_certificate", declare("ours", to=1)),
    ("malformed_certificate", declare("validation", "looks_fine", to=True)),
    ("malformed_certificate", declare("created_at", to="yesterday")),
    ("malformed_certificate", declare("run_id", to="x")),
    ("wrong_references", declare("evidence", to=[])),
    ("wrong_references", lambda d: d["evidence"].reverse()),
    ("wrong_references", lambda d: d["evidence"].append(d["evidence"][0])),
    ("escaping_path", declare("evidence", 0, "path", to="/etc/hostname")),
    ("escaping_path", declare("evidence", 1, "path", to="../../report.json")),
    ("escaping_path", declare("evidence", 1, "path", to="../baseline/../../x.json")),
    ("escaping_path", declare("evidence", 1, "path", to="../")),
    ("escaping_path", declare("evidence", 1, "path", to="./report.json")),
    ("evidence_missing", declare("evidence", 1, "path", to="../elsewhere/report.json")),
    ("digest_differs", declare("evidence", 1, "sha256", to=digest("x"))),
    ("digest_differs", declare("evidence", 1, "size", to=1)),
    ("self_comparison", lambda d: d["evidence"].__setitem__(1, d["evidence"][0] | {"role": "baseline"})),
    ("policy_differs", declare("policy_provenance", "policy_digest", to=digest("x"))),
    ("policy_differs", declare("resolved_policy", "gates", 0, "max", to=9.0)),
    ("policy_differs", declare("policy_provenance", "tier", to="lenient")),
    ("pairing_differs", declare("dataset", "windows", "schedule", to=digest("x"))),
    ("pairing_differs", declare("dataset", "windows", "stats", "paired_windows", to=400)),
    ("statistics_differ", declare("statistics", "upper", to=0.0)),
    ("statistics_differ", declare("statistics", "resamples", to=100)),
    ("statistics_differ", declare("statistics", "seed", to="00" * 32)),
    ("statistics_differ", declare("statistics", to=None)),
    ("statistics_differ", declare("primary_metric", "ratio_vs_baseline", to=1.0)),
    ("gates_differ", declare("gates", to=[])),
    ("gates_differ", declare("gates", 0, "observed", to=1.0)),
    ("guards_differ", declare("guards", 0, "outcome", to="fail")),
    ("guards_differ", declare("variance", to=None)),
    ("attempts_differ", declare("attempt", to={"number": 1, "earlier": []})),
    ("attempts_differ", declare("attempt", to=None)),
    ("fields_differ", declare("run_id", to="20260309_070001")),
    ("fields_differ", declare("auto", "tier", to="aggressive")),
    ("fields_differ", declare("limitations", to=[])),
    ("decision_differs", declare("decision", to="fail")),
    ("decision_differs", declare("reasons", to=[{"code": "gate_failed", "subject": "x", "message": "y"}])),
]


@pytest.mark.requirement("B-091", "B-092", "B-097", "B-100", "B-114", "B-119", "B-134")
@pytest.mark.parametrize(("reason", "change"), FORGED)
def test_a_forged_field_has_a_reason_of_its_own(place: Path, reason: str, change: Change) -> None:
    forge(place, change)
    assert outcome(place) == ({"evidence_missing": 2}.get(reason, 3), reason)


def test_a_failure_declared_a_pass_is_found(tmp_path: Path) -> None:
    path = Path(certified(tmp_path, report(shift=0.3)).path)
    assert outcome(path) == (3, "gate_failed")
    path.chmod(0o644)
    for change in (
        declare("decision", to="pass"),
        declare("reasons", to=[]),
        declare("gates", 0, "outcome", to="pass"),
        declare("validation", "primary_metric_acceptable", to=True),
    ):
        forge(path, change)
        assert outcome(path)[0] == 3
        assert verify(path).decision == ""


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data + b"\n",
        lambda data: data.replace(b" ", b"", 1),
        lambda data: data.replace(b'"decision": "pass"', b'"decision": "pass", "decision": "pass"'),
        lambda data: data.replace(b": 1000,", b": 1000.0,"),
        lambda data: data.replace(b": 1000,", b": NaN,"),
        lambda data: b"\xef\xbb\xbf" + data,
        lambda _data: b"",
        lambda _data: b"[]",
        lambda _data: b"null",
        lambda _data: b'{"schema_version": "v1"}',
        lambda data: data.replace(b'"pass"', b'"p\\u0061ss"', 1),
        lambda data: data.replace(b'"seed": 7', b'"seed": 9007199254740993'),
    ],
)
def test_a_certificate_has_one_form_in_bytes(place: Path, spoil: Callable[[bytes], bytes]) -> None:
    place.write_bytes(spoil(place.read_bytes()))
    assert outcome(place) == (3, "malformed_certificate")


@pytest.mark.requirement("B-080", "B-132")
def test_a_copied_folder_verifies_and_one_without_its_baseline_does_not(place: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(place.parent.parent, tmp_path / "elsewhere" / "deep")
    path = moved / place.parent.name / place.name
    assert outcome(path) == (0, "")
    shutil.rmtree(moved / "baseline")
    assert outcome(path) == (2, "evidence_missing")
    (place.parent / "report.json").unlink()
    assert outcome(place) == (2, "evidence_missing")


def test_no_link_is_followed_and_no_special_file_is_opened(place: Path, tmp_path: Path) -> None:
    real = place.parent / "report.json"
    aside = tmp_path / "aside.json"
    real.rename(aside)
    real.symlink_to(aside)
    assert outcome(place) == (2, "report_unreadable")
    real.unlink()
    os.mkfifo(real)
    assert outcome(place) == (2, "report_unreadable")


def test_a_certificate_that_cannot_be_read_says_so(place: Path) -> None:
    assert outcome(place.parent / "nothing.cert.json") == (2, "no_certificate")


@pytest.mark.requirement("B-065", "B-115")
def test_annotations_are_not_read_and_nothing_else_may_stand_there(place: Path) -> None:
    (place.parent / "metadata.json").write_text("{not even json", encoding="utf-8")
    assert outcome(place) == (0, "")
    (place.parent / "notes.txt").write_text("x", encoding="utf-8")
    assert outcome(place) == (3, "extra_file")
    (place.parent / "notes.txt").unlink()
    (place.parent / "deep").mkdir()
    assert outcome(place) == (3, "extra_file")


def test_a_flat_name_is_a_certificate_too(place: Path) -> None:
    flat = place.rename(place.parent / "quant8.cert.json")
    assert outcome(flat) == (0, "")


def test_reports_of_other_pairs_do_not_stand_in(place: Path, tmp_path: Path) -> None:
    other = Path(certified(tmp_path / "other", report(shift=0.011)).path)
    shutil.copy(other.parent / "report.json", place.parent / "report.json")
    assert outcome(place) == (3, "digest_differs")
    easier = report(shift=0.2, nickname="baseline")
    for windows in easier["evaluation_windows"].values():
        windows.reverse()
    forge_report(place, "../baseline/report.json", lambda document: document.update(easier))
    assert outcome(place)[0] == 3


UNPAIRED: list[tuple[str, Change]] = [
    ("dataset_differs", declare("data", "dataset_hash", to=digest("x"))),
    ("encoder_differs", declare("data", "tokenizer_hash", to=digest("x"))),
    ("split_differs", declare("data", "split", to="train")),
    ("settings_differ", declare("data", "stride", to=3)),
    ("seeds_differ", declare("meta", "seeds", "python", to=3)),
    ("metric_differs", declare("metrics", "primary_metric", "unit", to="bits")),
    ("windows_differ", declare("evaluation_windows", "final", 0, "id", to="final-x")),
    ("contents_differ", declare("evaluation_windows", "final", 0, "content_digest", to=digest("x"))),
    ("duplicate_windows", declare("evaluation_windows", "final", 0, "id", to="final-0001")),
    ("arms_overlap", declare("evaluation_windows", "final", 0, "content_digest", to=digest("preview 0"))),
    ("no_windows", declare("evaluation_windows", "final", to=[])),
    ("malformed_report", declare("guards", to="none")),
    ("report_inconsistent", declare("metrics", "primary_metric", "final", to=1.0)),
    ("report_inconsistent", declare("evaluation_windows", "final", 0, "value", to=0.0)),
    ("seed_unexplained", declare("meta", "seed_notes", to={})),
]


@pytest.mark.requirement("B-083", "B-084")
@pytest.mark.parametrize("name", ["report.json", "../baseline/report.json"])
@pytest.mark.parametrize(("reason", "change"), UNPAIRED)
def test_pairing_is_derived_from_both_reports(place: Path, name: str, reason: str, change: Change) -> None:
    forge_report(place, name, change)
    code, got = outcome(place)
    assert got == reason
    assert code == (2 if reason == "no_windows" else 3)


def test_a_better_subject_whose_means_agree_is_found_by_its_statistics(place: Path) -> None:
    def better(document: dict) -> None:
        windows = document["evaluation_windows"]["final"]
        for window in windows:
            window["value"] -= 0.5
        document["metrics"]["primary_metric"]["final"] = mean(windows)

    forge_report(place, "report.json", better)
    assert outcome(place) == (3, "statistics_differ")


def no_policy(_tier: str) -> NamedPolicy:
    raise EvidenceError("no_policy")


@pytest.mark.parametrize(
    "policy",
    [
        balanced(gates=(Gate(metric="primary", max=1.2, statistic="upper"),)),
        balanced(guards=(Guard(name="invariants"),)),
        balanced(minimum_windows=1),
        balanced(profile="dev"),
        NamedPolicy("lenient", POLICY.policy),
    ],
)
def test_a_policy_is_the_verifiers(place: Path, policy: NamedPolicy) -> None:
    assert outcome(place, policy) == (3, "policy_differs")


def test_without_a_policy_there_is_no_verdict(place: Path) -> None:
    means = judging()
    found = verify_certificate(
        str(place), type(means)(policy=no_policy, resampler=means.resampler), shown="certificate"
    )
    assert (found.verdict.exit_code, found.reason) == (2, "no_policy")
    assert [step.name for step in found.steps] == ["parse", "evidence", "reports", "pairing", "policy"]


def made_under(policy: NamedPolicy, folder: Path) -> Path:
    return Path(certified(folder, policy=policy).path)


def test_nobody_vouches_for_what_is_not_signed(tmp_path: Path) -> None:
    for number, (word, expected) in enumerate(
        {
            "optional": (1, "not_authenticated"),
            "required": (2, "signature_missing"),
            "waived": (0, ""),
        }.items()
    ):
        policy = balanced(signature=word)
        path = made_under(policy, tmp_path / str(number))
        assert outcome(path, policy) == expected
        needed = outcome(path, policy, needs_signature=True)
        assert needed == (2, "signature_missing")
        (path.parent / "attestation.dsse.json").write_text("{}", encoding="utf-8")
        unchecked = (2, "signature_missing") if word == "required" else (1, "signature_not_checked")
        assert outcome(path, policy) == unchecked


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Step(name="signature"), (0, "")),
        (Step(name="signature", reason="signature_broken"), (3, "signature_broken")),
    ],
)
def test_the_callers_trust_decides_about_signatures(tmp_path: Path, answer: Step, expected: tuple) -> None:
    policy = balanced(signature="required")
    path = made_under(policy, tmp_path)
    asked = []

    def authenticate(certificate: str, data: bytes) -> Step:
        asked.append((certificate, data))
        return answer

    assert outcome(path, policy, authenticator=authenticate) == expected
    assert asked == [(str(path), path.read_bytes())]


def test_places_of_certificates(place: Path, tmp_path: Path) -> None:
    reports = place.parent.parent
    assert certificates_at(str(place)) == certificates_at(str(place.parent)) == (str(place),)
    other = shutil.copytree(place.parent, reports / "another") / place.name
    assert certificates_at(str(reports)) == (str(other), str(place))
    assert certificates_at(str(tmp_path / "nothing")) == ()
    (reports / ".runpact").mkdir()
    assert certificates_at(str(reports)) == ()


def test_findings_carry_the_reasons(tmp_path: Path) -> None:
    found = verify(Path(certified(tmp_path, report(shift=0.3)).path))
    (finding,) = found.report.findings
    assert (finding.code, finding.rule, finding.path) == ("gate-failed", "judgement", "certificate")
    assert found.run_id == "20260309_070000"
    assert found.tier == "balanced"
