"""The page of the machine interface: its program runs, and it knows every code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from runpact.cli.main import run_command_line
from runpact.cli.offered import WITHHELD
from runpact.model.machine.failure import CODES
from runpact.model.machine.signals import OF_RESULT

PAGE = Path(__file__).parents[2] / "docs/machine.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_every_code_is_described_as_the_code_says() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| [^|]+ \| ([^|]+) \|$", TEXT, re.MULTILINE))
    assert {code for code in CODES if not rows[code].startswith(CODES[code].split(";")[0])} == {
        "interrupted",
    }
    assert all(f"`{name}`" in TEXT for name in OF_RESULT if not name.startswith("runs_index"))


@pytest.mark.requirement("E10.1")
def test_the_program_of_the_page_answers_its_request(tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n# main\.py\n(.*?)```", TEXT, re.DOTALL)
    request, answer = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "main.py").write_text(program, encoding="utf-8")

    def ran(payload: str) -> dict[str, object]:
        done = subprocess.run(
            [sys.executable, "main.py", "--json-request", payload],
            cwd=tmp_path,
            check=False,
            capture_output=True,
            timeout=60,
        )
        told = json.loads(done.stdout)
        assert isinstance(told, dict)
        assert told["exit_code"] == done.returncode
        return told

    assert ran(request)["status"] == "success"
    assert ran(request.replace("ticker", "tickr").replace("}}", ', "ticker": "A"}}')) == json.loads(answer)
    assert ran(request.replace("SPY", "NONE"))["exit_code"] == 3


def test_the_requests_of_the_page_are_understood_by_runpact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNPACT_WORKSPACE", raising=False)
    requests = re.findall(r"^runpact request '(\{.*\})'$", TEXT, re.MULTILINE)
    assert len(requests) == 3
    for payload in requests:
        assert run_command_line(["request", payload]) == 0
        answer = json.loads(capfd.readouterr().out)
        assert (answer["status"], answer["error"]) == ("success", None)
    listed = re.search(r"Not offered: (.*)\.", TEXT)
    assert listed is not None
    assert set(re.findall(r"`([a-z-]+)`", listed[1])) == WITHHELD.keys() - {"request"}
