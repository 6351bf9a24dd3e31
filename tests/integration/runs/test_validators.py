"""Checks written in Python: where they are found, and what is never run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from integration.runs.place import Place

CONTRACT = """\
contract: test.python
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    entries: [{file: x.txt, as: x, text: {}}]
    rules:
      - {id: R1, validator: {name: shorter, version: "1", arguments: {than: 5}}}
validators:
  shorter: {module: tools/checks.py, function: shorter, version: "1"}
"""
CHECKS = """\
from pathlib import Path

import runpact


def shorter(directory, *, than):
    print("looking")
    text = (directory / "x.txt").read_text()
    Path(__file__).with_name("was-run").touch()
    if len(text) >= than:
        yield runpact.ValidatorFault(
            path="x.txt", message="too long", expected=f"less than {than}", got=str(len(text))
        )
"""


@pytest.fixture
def python(empty: Place) -> Place:
    empty.write("contract.yaml", CONTRACT)
    empty.write("tools/checks.py", CHECKS)
    empty.write("runs/a/x.txt", "abc")
    empty.write("runs/b/x.txt", "abcdefgh")
    return empty


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


def said(place: Place, *arguments: str) -> list[tuple[str, str, str]]:
    _code, document = place.json("check", *arguments)
    return [(each["code"], each["path"], each["message"]) for each in document["findings"]]


def test_a_validator_of_the_workspace_judges(python: Place) -> None:
    code, document = python.json("check")
    assert code == 3
    (finding,) = document["findings"]
    assert {name: finding[name] for name in ("rule", "path", "expected", "got")} == {
        "rule": "R1",
        "path": "runs/b/x.txt",
        "expected": "less than 5",
        "got": "8",
    }


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('name: shorter, version: "1"', 'name: shorter, version: "2"', "registered as version 1, not 2"),
        ("name: shorter,", "name: longer,", "no validator `longer` is registered"),
        ("function: shorter", "function: taller", "tools/checks.py has no function `taller`"),
        ("module: tools/checks.py", "module: tools/absent.py", "importing"),
        ("arguments: {than: 5}", "arguments: {over: 5}", "raised TypeError"),
    ],
)
def test_one_that_cannot_be_asked_leaves_its_rule_undecided(
    python: Place, old: str, new: str, reason: str
) -> None:
    python.write("contract.yaml", CONTRACT.replace(old, new))
    ((code, path, message),) = said(python, "a")
    assert (code, path) == ("undecided", "runs/a")
    assert reason in message


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise SystemExit(1)", "raised SystemExit"),
        ("return ['bad']", "gave 'bad', not a runpact.ValidatorFault"),
        ("return 5", "raised TypeError"),
    ],
)
def test_one_that_answers_nonsense_leaves_its_rule_undecided(python: Place, body: str, reason: str) -> None:
    python.write("tools/checks.py", f"def shorter(directory, *, than):\n    {body}\n")
    ((code, _path, message),) = said(python, "a")
    assert code == "undecided"
    assert reason in message


def test_a_module_that_cannot_be_imported_is_told(python: Place) -> None:
    python.write("tools/checks.py", "raise SystemExit(3)\n")
    ((code, _path, message),) = said(python, "a")
    assert code == "undecided"
    assert "SystemExit: 3" in message


def test_a_module_outside_the_folder_is_not_imported(python: Place, elsewhere: Path) -> None:
    (elsewhere / "evil.py").write_text(CHECKS, encoding="utf-8")
    (python.root / "tools/checks.py").unlink()
    (python.root / "tools/checks.py").symlink_to(elsewhere / "evil.py")
    ((code, _path, message),) = said(python, "a")
    assert code == "undecided"
    assert "outside the contract's folder" in message


def test_code_of_a_contract_from_elsewhere_is_not_run(python: Place, elsewhere: Path) -> None:
    shutil.copytree(python.root, elsewhere, dirs_exist_ok=True)
    arguments = ("--contract", f"{elsewhere}/contract.yaml", "--workdir", str(python.root), "a")
    ((code, _path, message),) = said(python, *arguments)
    assert code == "undecided"
    assert "--trust-contract" in message
    assert not (elsewhere / "tools/was-run").exists()
    assert said(python, "--trust-contract", *arguments) == []
    assert (elsewhere / "tools/was-run").exists()


def test_code_inside_a_run_is_never_run(python: Place) -> None:
    python.write("runs/a/.runpact/run.json", "{}")
    python.write("runs/a/contract.yaml", CONTRACT)
    python.write("runs/a/tools/checks.py", CHECKS)
    ((code, _path, message),) = said(
        python, "--contract", "runs/a/contract.yaml", "--workdir", str(python.root), "runs/b"
    )
    assert code == "undecided"
    assert "not run" in message
    python.write("runs/a/runs/inner/x.txt", "abc")
    ((code, path, _message),) = said(python, "--workspace", "runs/a")
    assert (code, path) == ("undecided", "runs/inner")
    assert not (python.root / "runs/a/tools/was-run").exists()


def test_an_installed_package_registers_validators(
    python: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    (site / "lab-1.0.dist-info").mkdir(parents=True)
    (site / "lab-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: lab\nVersion: 1.0\n")
    (site / "lab-1.0.dist-info/entry_points.txt").write_text(
        "[runpact.validators]\nshorter = labchecks:shorter\ntorn = labchecks:absent\n"
        "twice = labchecks:shorter\n"
    )
    (site / "other-1.0.dist-info").mkdir()
    (site / "other-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (site / "other-1.0.dist-info/entry_points.txt").write_text(
        "[runpact.validators]\ntwice = labchecks:other\n"
    )
    (site / "labchecks.py").write_text(CHECKS + '\nshorter.version = "1"\n')
    monkeypatch.syspath_prepend(str(site))
    without = CONTRACT.split("validators:\n", maxsplit=1)[0]
    python.write("contract.yaml", without)
    assert [path for _code, path, _message in said(python)] == ["runs/b/x.txt"]
    for name, reason in (("torn", "importing labchecks:absent failed"), ("twice", "more than once")):
        python.write("contract.yaml", without.replace("shorter", name))
        ((code, _path, message),) = said(python, "a")
        assert code == "undecided"
        assert reason in message
