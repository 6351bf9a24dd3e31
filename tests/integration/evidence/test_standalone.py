"""The verifier that stands alone gives the same verdicts and reasons as the tool."""

from __future__ import annotations

import ast
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
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
from runpact.model.contract.surroundings import Gate, Guard
from runpact.model.evidence.policy import NamedPolicy
from runpact.model.evidence.refusal import EvidenceError
from runpact.standalone import NAME, verifier_source
from runpact.standalone import runpact_verify as verifier
from runpact.verbs.evidence.verify_certificate import verify_certificate

SOURCE = Path(verifier.__file__)
OTHERS = [None, 0, 1, -3.5, 7, "x", True, False, [], {}, ["x"], digest("another"), 2**60, "a\n", 1e300]


def contract(policy: NamedPolicy) -> dict:
    document = json.loads(json.dumps(policy.document))
    return {"contract": "acme.own", "version": "1.0.0", "policies": {policy.tier: document}}


def by_tool(path: Path, policy: NamedPolicy) -> str:
    def find(tier: str) -> NamedPolicy:
        if tier != policy.tier:
            raise EvidenceError("no_policy")
        return policy

    means = msgspec.structs.replace(judging(policy), policy=find)
    return verify_certificate(str(path), means, shown="certificate").reason


def alone(path: Path, policy: NamedPolicy) -> str:
    try:
        return verifier.verify(str(path), contract(policy), "", None, needs_signature=False)[0]
    except verifier.Refused as error:
        return error.args[0]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(certified(tmp_path_factory.mktemp("evidence")).path)


@pytest.fixture
def place(original: Path, tmp_path: Path) -> Path:
    root = shutil.copytree(original.parent.parent, tmp_path / "reports")
    for path in root.rglob("*.json"):
        path.chmod(0o644)
    return root / original.parent.name / original.name


def leaves(value: object, at: tuple = ()) -> Iterator[tuple]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from leaves(each, (*at, key))
    elif isinstance(value, list) and value:
        for number, each in enumerate(value):
            yield from leaves(each, (*at, number))
    else:
        yield at


def holder(document, path):
    for key in path[:-1]:
        document = document[key]
    return document


def removed(path: tuple, _source: random.Random) -> Change:
    return lambda document: holder(document, path).__delitem__(path[-1])


def replaced(path: tuple, source: random.Random) -> Change:
    other = source.choice(OTHERS)
    return lambda document: holder(document, path).__setitem__(path[-1], other)


def nudged(path: tuple, _source: random.Random) -> Change:
    def change(document: dict) -> None:
        old = holder(document, path)[path[-1]]
        new: object = "x"
        if isinstance(old, bool):
            new = not old
        elif isinstance(old, int | float):
            new = old + 1 if isinstance(old, int) else old * (1 + 2**-50) + 1e-12
        elif isinstance(old, str):
            new = old[:-1] + ("1" if old.endswith("0") else "0")
        holder(document, path)[path[-1]] = new

    return change


def tampered(place: Path, count: int | None) -> Iterator[tuple[str, str]]:
    """Yield what was done, with the certificate changed on disk, and bring it back afterwards."""
    source = random.Random(5)
    before = {path: path.read_bytes() for path in place.parent.parent.rglob("*.json")}
    targets = [("", place), ("report.json", place.parent / "report.json")]
    targets.append(("../baseline/report.json", place.parent / "../baseline/report.json"))
    cases = [
        (name, at, way)
        for name, target in targets
        for at in leaves(json.loads(target.read_bytes()))
        for way in (removed, replaced, nudged)
    ]
    for name, at, way in cases if count is None else source.sample(cases, count):
        change = way(at, source)
        try:
            forge_report(place, name, change) if name else forge(place, change)
        except ValueError:
            continue
        yield f"{way.__name__} {name} /{'/'.join(map(str, at))}", name
        for path, data in before.items():
            path.write_bytes(data)


def disagreements(place: Path, policy: NamedPolicy, count: int | None) -> tuple[int, list[str]]:
    seen, found = 0, []
    for told, _name in tampered(place, count):
        ours, theirs = by_tool(place, policy), alone(place, policy)
        seen += 1
        if ours != theirs:
            found.append(f"{told}: tool {ours}, alone {theirs}")
    return seen, found


def test_false_is_not_taken_for_the_number_zero(place: Path) -> None:
    def change(document: dict) -> None:
        assert document["guards"][0]["observed"]["broken"] == 0
        document["guards"][0]["observed"]["broken"] = False

    forge(place, change)
    assert (by_tool(place, POLICY), alone(place, POLICY)) == ("guards_differ",) * 2


def test_both_give_the_same_reason_for_a_changed_leaf(place: Path) -> None:
    seen, found = disagreements(place, POLICY, 150)
    assert seen > 100
    assert found == []


@pytest.mark.nightly
def test_both_give_the_same_reason_for_every_changed_leaf(place: Path, figures) -> None:
    seen, found = disagreements(place, POLICY, None)
    figures(f"standalone verifier: {seen} changed leaves, {len(found)} judged otherwise than by the tool")
    assert found == []


def flips(place: Path, count: int) -> tuple[int, list[str]]:
    source, files = random.Random(7), sorted(place.parent.parent.rglob("*.json"))
    before, accepted = {path: path.read_bytes() for path in files}, []
    for _ in range(count):
        path = source.choice(files)
        bit = source.randrange(8 * len(before[path]))
        data = bytearray(before[path])
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        ours, theirs = by_tool(place, POLICY), alone(place, POLICY)
        path.write_bytes(before[path])
        if not theirs or ours != theirs:
            accepted.append(f"{path.name} bit {bit}: tool {ours}, alone {theirs}")
    return count, accepted


def test_no_flipped_bit_is_accepted_and_both_say_why(place: Path) -> None:
    assert flips(place, 250)[1] == []


@pytest.mark.nightly
def test_no_flipped_bit_of_twenty_thousand_is_accepted(place: Path, figures) -> None:
    count, accepted = flips(place, 20_000)
    figures(f"standalone verifier: {count} single-bit flips, {len(accepted)} accepted or judged otherwise")
    assert accepted == []


GUARDS = (
    Guard(name="invariants"),
    Guard(name="norm", limits={"max_norm": 1.0}),
    Guard(name="negative_control", limits={"min_effect": 0.1}, required=False),
    Guard(name="variance"),
    Guard(name="own", limits={"mode": "x", "max_x": 3}),
)
POLICIES = {
    "a gate on the difference": balanced(gates=(Gate(metric="primary", of="difference", max=0.001),)),
    "a gate on the value": balanced(gates=(Gate(metric="log_loss", of="value", min=0.0, max=1.5),)),
    "a gate on another metric": balanced(gates=(Gate(metric="seconds", of="value", max=4.0),)),
    "a gate on what is not there": balanced(gates=(Gate(metric="minutes", of="value", max=4.0),)),
    "a gate on an end of a value": balanced(
        gates=(Gate(metric="primary", of="value", statistic="lower", min=1.0),)
    ),
    "lower ends": balanced(gates=(Gate(metric="primary", min=0.5, statistic="lower"),)),
    "widths": balanced(gates=(Gate(metric="primary", max=1.02),), maximum_width=0.01),
    "narrow": balanced(gates=(Gate(metric="primary", max=1.02),), maximum_width=1e-9),
    "many windows": balanced(minimum_windows=25, signature="optional"),
    "confinement": balanced(confinement="W2+hook"),
    "enough confinement": balanced(
        confinement="W1+hook", provenance=("commit", "clean", "lock", "inputs", "config")
    ),
    "provenance": balanced(provenance=("commit", "moon")),
    "guards": balanced(guards=GUARDS),
    "drift": balanced(guards=(Guard(name="metric_drift", limits={"max_drift": 1e-9}),)),
    "signature": balanced(signature="required"),
    "dev": balanced(profile="dev", confidence=0.8),
}


@pytest.mark.parametrize("name", POLICIES)
def test_both_judge_alike_under_every_sort_of_policy(tmp_path: Path, name: str) -> None:
    policy = POLICIES[name]
    for number, shift in enumerate((0.01, 0.3, -0.2)):
        subject = report(shift=shift, noise=0.02, policy=policy)
        subject["guards"] += [
            {
                "name": "norm",
                "verdict": "pass",
                "evidence": {"norms": {"w": 0.5, "b": -3}},
                "measurement_point": "x",
            },
            {"name": "negative_control", "verdict": "warn", "evidence": {"control": 9.0}},
            {"name": "own", "verdict": "skipped" if number else "pass", "evidence": {"mode": "x", "x": 3}},
        ]
        made = certified(tmp_path / str(number), subject, policy=policy)
        path = Path(made.path)
        assert (alone(path, policy), made.certificate.decision) == (
            by_tool(path, policy),
            made.certificate.decision,
        )


@pytest.mark.parametrize("link", ["log", "identity"])
def test_both_judge_alike_without_noise_and_with_equal_weights(tmp_path: Path, link: str) -> None:
    pair = [report(shift=shift) for shift in (0.25, 0.0)]
    for each in pair:
        for arm in ("preview", "final"):
            for window in each["evaluation_windows"][arm]:
                window["weight"] = 2.5
            each["metrics"]["primary_metric"] |= {arm: mean(each["evaluation_windows"][arm]), "link": link}
    path = Path(certified(tmp_path, *pair).path)
    assert alone(path, POLICY) == by_tool(path, POLICY)


def test_it_is_one_file_of_the_standard_library(tmp_path: Path) -> None:
    tree = ast.parse(verifier_source())
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= set(sys.stdlib_module_names)


def test_its_command_line_tells_each_certificate(place: Path, tmp_path: Path, capsys) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(contract(POLICY)))
    folder = str(place.parent.parent)
    assert verifier.main([str(place), str(place.parent), folder, "--policy", f"{policy}#balanced"]) == 0
    assert capsys.readouterr().out.count("OK ") == 3
    assert verifier.main([folder, "--policy", f"{policy}#other"]) == 2
    assert "no_policy (other)" in capsys.readouterr().out
    assert verifier.main([str(tmp_path / "nothing"), "--policy", str(policy)]) == 2
    assert verifier.main([str(place), "--policy", str(place.parent)]) == 2
    (tmp_path / "trust.json").write_text("{}")
    assert (
        verifier.main([folder, "--policy", str(policy), "--trust", str(tmp_path / "trust.json"), "--json"])
        == 2
    )
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["reason"] == "cannot_start"
    shutil.rmtree(place.parent)
    assert verifier.main([folder, "--policy", str(policy)]) == 2
    assert "no_certificate" in capsys.readouterr().out


def test_it_stays_one_file_that_can_be_read() -> None:
    lines = verifier_source().decode().splitlines()
    assert len(lines) <= 840
    assert max(map(len, lines)) <= 150


def test_it_judges_a_copied_folder_from_the_command_line(place: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(place.parent.parent, tmp_path / "elsewhere")
    (copied / place.parent.name / NAME).write_bytes(verifier_source())
    (tmp_path / "policy.json").write_text(json.dumps(contract(POLICY)))

    def said(*words: str) -> tuple[int, list[dict]]:
        command = [sys.executable, "-I", str(SOURCE), str(copied), "--policy", str(tmp_path / "policy.json")]
        done = subprocess.run(
            [*command, "--json", *words], capture_output=True, text=True, check=False, cwd="/"
        )
        assert done.stderr == ""
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    code, (answer,) = said()
    assert (code, answer["verdict"], answer["reason"]) == (0, "OK", "")
    code, (answer,) = said("--require-signature")
    assert (code, answer["reason"]) == (2, "signature_missing")
    (copied / "baseline/report.json").unlink()
    code, (answer,) = said()
    assert (code, answer["reason"]) == (2, "evidence_missing")


def test_what_the_command_line_gets_wrong_is_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "policy.json").write_text("{}")
    (tmp_path / "contract.yaml").write_text("contract: a.b")
    (tmp_path / "other.json").write_text("{}")
    policy = ["--policy", str(tmp_path / "policy.json")]
    for arguments in ([], [str(tmp_path), *policy, "--wrong"]):
        with pytest.raises(SystemExit) as ended:
            verifier.main(arguments)
        assert ended.value.code == 64
    capsys.readouterr()
    assert verifier.main([str(tmp_path / "gone"), *policy]) == 2
    assert "no_certificate (nothing stands there)" in capsys.readouterr().out
    assert verifier.main([str(tmp_path), "--policy", str(tmp_path / "contract.yaml")]) == 2
    assert "runpact contract policies" in capsys.readouterr().out
    assert verifier.main([str(tmp_path / "other.json"), *policy]) == 3
    assert "it is no certificate" in capsys.readouterr().out
