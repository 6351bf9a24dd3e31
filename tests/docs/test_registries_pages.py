"""The pages of registries and of reproducing: what they say to type works from an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def walked(page: str, folder: Path) -> str:
    """Write the programs of a page into a folder, type its shell blocks there; return what was printed."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for name, program in re.findall(r"```python\n# (\w+\.py)\n(.*?)```", text, re.DOTALL):
        (folder / name).write_text(program, encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    lines = "".join(block for language, block in blocks if not language)
    programs = re.findall(r"`(python \w+\.py)`:", text)
    who = {
        f"GIT_{role}_{what}": "a@example.org"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    done = subprocess.run(
        ["bash", "-e", "-c", lines + "\n".join(programs)],
        cwd=folder,
        env={**os.environ, **who, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_model_is_promoted_found_and_used_as_the_page_says(tmp_path: Path) -> None:
    told = walked("models.md", tmp_path)
    assert "OK registered: local://vision/depth/tiny/trained/indoor/" in told
    assert "OK registered: data://vision/depth/rooms/1.0" in told
    (metrics,) = tmp_path.glob("runs/evaluate*/metrics.json")
    assert '"scans":1' in metrics.read_text().replace(" ", "")


def test_a_run_is_reproduced_as_the_page_says(tmp_path: Path) -> None:
    assert "reproduced runs/detector" in walked("reproduce.md", tmp_path)
