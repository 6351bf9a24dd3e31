"""What a skill of the perception example must not do: each is refused, and told by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examples.perception.conftest import Repository

RUNNING = """\
import runpact
from skills.bad import go
with runpact.run(config={"seed": 1}) as run:
    go()
    run.save("metrics", {"loss": 0.5})
"""


def attempt(repository: Repository, *lines: str) -> tuple[int, str]:
    """Let a project call a skill that does this; return how it ended and what it said."""
    body = "".join(f"    {line}\n" for line in lines)
    (repository.root / "skills/bad.py").write_text(f"import os, runpact\ndef go():\n{body}")
    (repository.root / "projects/evaluate/bad.py").write_text(RUNNING)
    done = repository.python("-m", "projects.evaluate.bad")
    return done.returncode, done.stderr


@pytest.mark.requirement("A-001", "A-002", "A-003", "A-004", "A-034", "AX-008")
@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("runpact.run(name='evaluate').__enter__()", "OwnershipError"),
        ("os.makedirs('outputs')", "StrayWriteError"),
        ("open('runs/evaluate/notes.txt', 'w')", "StrayWriteError"),
        ("open('models/best.pt', 'wb')", "StrayWriteError"),
        ("runpact.current().scope('bad').log({'loss': float('nan')})", "ValueRefusedError"),
        ("runpact.current().save('metrics', {'loss': float('inf')})", "ValueRefusedError"),
    ],
)
def test_what_a_skill_must_not_do_is_refused_at_once(repository: Repository, line: str, error: str) -> None:
    before = {path for path in repository.root.rglob("*") if "__pycache__" not in path.parts}
    code, said = attempt(repository, line)
    assert code != 0
    assert error in said
    known = {"runs", ".git", ".runpact"}
    made = {path.relative_to(repository.root) for path in repository.root.rglob("*") if path not in before}
    stray = {path for path in made if path.parts[0] not in known and "__pycache__" not in path.parts}
    assert stray == {Path("skills/bad.py"), Path("projects/evaluate/bad.py")}
    assert len(list((repository.root / "runs/evaluate").iterdir())) == 1


@pytest.mark.requirement("A-045", "A-046", "A-047", "A-048")
@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (("import pickle", "path = S.path('x.npz')", "open(path, 'wb').write(pickle.dumps([1]))"), "x.npz"),
        (("import pickle", "path = S.path('x.pkl')", "open(path, 'wb').write(pickle.dumps([1]))"), "x.pkl"),
        (
            (
                "import zipfile, pickle",
                "with zipfile.ZipFile(S.path('model.pt'), 'w') as z:",
                "    z.writestr('model/data.pkl', pickle.dumps([1]))",
            ),
            "model.pt",
        ),
        (
            (
                "import zipfile, pickle",
                "with zipfile.ZipFile(S.path('model.npz'), 'w') as z:",
                "    z.writestr('model/data.pkl', pickle.dumps([1]))",
            ),
            "model.npz",
        ),
    ],
)
def test_what_a_skill_must_not_store_breaks_the_contract(
    repository: Repository, capsys: pytest.CaptureFixture[str], lines: tuple[str, ...], name: str
) -> None:
    scoped = ("S = runpact.current().scope('bad')", *lines)
    code, said = attempt(repository, *scoped)
    assert code != 0
    assert name in said
    capsys.readouterr()
    assert repository.call("check", "--json") == 3
    rules = {finding.get("rule") for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert rules & {"A-045", "A-046", "A-048"}
