"""What a new workspace of the pack begins with, and the page on data of one's own, line by line."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from integration.runs.place import Place

ROOT = Path(__file__).resolve().parents[3]
PACK = "runpact:staged-pipeline@1"


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    """An empty folder, in which `python` is the one that runs this test."""
    root = tmp_path / "mine"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.delenv("RUNPACT_WORKSPACE", raising=False)
    monkeypatch.setenv("PATH", os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
    return Place(root, capsys)


def test_a_new_workspace_of_pipelines_runs_at_once_as_it_says(new: Place) -> None:
    code, out, _err = new.call("init", "--pack", PACK)
    assert code == 0
    told = re.findall(r"`runpact ([^`]+)`", out.splitlines()[-1])
    assert [words.split()[0] for words in told] == ["pipeline", "pipeline"]
    for words in told:
        code, out, err = new.call(*shlex.split(words))
        assert code == 0, err
    assert out.count("up to date") == 2
    assert new.json("check", "first")[1]["verdict"] == "OK"
    assert new.call("pipeline", "done", "first")[1].endswith("2 of 2 stages done\n")


def test_what_stands_there_is_never_replaced(new: Place) -> None:
    new.write("contract.yaml", "kinds: 3\n")
    code, document = new.json("init", "--pack", PACK)
    assert (code, document["written"]) == (0, [".gitignore"])
    assert (new.root / "contract.yaml").read_text() == "kinds: 3\n"
    assert "declare the stages in contract.yaml" in document["next"]
    (new.root / "contract.yaml").unlink()
    new.write("stages/01_make.py", "# mine")
    assert "stages/01_make.py" not in new.json("init", "--pack", PACK)[1]["written"]
    assert (new.root / "stages/01_make.py").read_text() == "# mine"


def test_a_workspace_of_single_runs_is_told_how_to_make_one(new: Place) -> None:
    code, document = new.json("init")
    assert (code, document["written"]) == (0, [".gitignore", "contract.yaml"][::-1])
    assert document["next"].startswith("`runpact run --name first")


def blocks() -> list[tuple[str, str]]:
    """The code of the page's section on data of one's own: language and text."""
    page = (ROOT / "docs/pipelines.md").read_text(encoding="utf-8")
    section = page.partition("## Beginning with your own data\n")[2].partition("\n## ")[0]
    return re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL)


def said(text: str, root: Path) -> list[str]:
    """Lines without the seconds that a stage took, the workspace as the page writes it."""
    lines = text.replace(str(root), "…").splitlines()
    return [re.sub(r" in [0-9.]+ s$", "", line) for line in lines if line]


def test_the_page_on_data_of_ones_own_works_line_by_line(new: Place) -> None:
    asked = 0
    for language, text in blocks():
        if language != "console":
            new.write({"yaml": "contract.yaml", "python": "stages/01_take.py"}[language], text)
            continue
        for part in text.removeprefix("$ ").split("\n$ "):
            command, _line, expected = part.partition("\n")
            words = (
                f"{shlex.quote(sys.executable)} -m {command}" if command.startswith("runpact") else command
            )
            done = subprocess.run(
                ("sh", "-c", words), cwd=new.root, capture_output=True, text=True, check=False
            )
            asked += 1
            if not command.startswith("runpact init"):
                shown = said(expected, new.root)
                assert said(done.stdout + done.stderr, new.root)[-len(shown) or 999 :] == shown, command
    assert asked == 8
    assert {language for language, _text in blocks()} == {"console", "yaml", "python"}
