"""The page of certificates and its schema are those of the declarations; policies are well formed."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from evidence_cases import certified
from runpact.model.evidence.reasons import REASONS
from runpact.verbs.contracts.load_contract import load_contract

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import certificate_page  # noqa: E402 - a tool beside the tests


@pytest.mark.requirement("B-090")
def test_the_page_and_the_schema_are_current() -> None:
    assert certificate_page.TARGET.read_text(encoding="utf-8") == certificate_page.text()
    assert certificate_page.PAGE.read_text(encoding="utf-8") == certificate_page.page()


@pytest.mark.requirement("B-090")
def test_a_certificate_fits_the_schema_that_is_published(tmp_path: Path) -> None:
    document = msgspec.json.decode(Path(certified(tmp_path).path).read_bytes())
    schema = msgspec.json.decode(certificate_page.TARGET.read_bytes())
    jsonschema_rs.validator_for(schema).validate(document)
    document["ours"] = 1
    assert not jsonschema_rs.validator_for(schema).is_valid(document)


def test_every_reason_that_the_code_gives_is_described() -> None:
    given = {
        reason
        for path in (ROOT / "src/runpact").rglob("*.py")
        for reason in re.findall(
            r'(?:EvidenceError|Cause)\(\s*"([a-z_]+)"|reason="([a-z_]+)"', path.read_text(encoding="utf-8")
        )
        for reason in reason
        if reason
    }
    assert given - REASONS.keys() == set()
    assert len(given) > 20


def test_the_policies_of_the_page_are_well_formed(tmp_path: Path) -> None:
    page = (ROOT / "docs/policies.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml contract\n(.*?)```", page, re.DOTALL)
    path = tmp_path / "contract.yaml"
    path.write_text(block, encoding="utf-8")
    policies = load_contract(str(path)).contract.policies
    assert policies["conservative"].minimum_windows == 100
    assert policies["conservative"].signature == "required"


@pytest.mark.requirement("B-020")
def test_the_worked_example_does_what_it_says_line_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "docs/certificate.md").read_text(encoding="utf-8")
    parts = dict(re.findall(r"```(yaml|python|console) worked\n(.*?)```", text, re.DOTALL))
    monkeypatch.chdir(tmp_path)
    Path("contract.yaml").write_text(parts["yaml"], encoding="utf-8")
    Path("evaluate.py").write_text(parts["python"], encoding="utf-8")
    lines = [re.fullmatch(r"(\S+) (.*?) +# (\d+).*", line) for line in parts["console"].splitlines()]
    assert len(lines) > 5
    for line in lines:
        assert line is not None
        program = [sys.executable] if line[1] == "python" else [sys.executable, "-m", "runpact"]
        done = subprocess.run(
            [*program, *shlex.split(line[2])], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == int(line[3]), f"{line[0]}\n{done.stdout}{done.stderr}"
