"""The story of evidence, told on the example `certification`: from a subject to what is kept of it.

Knows: which commands are run, in which order, and how each has to end.
Does not know: what any of them does.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypedDict

from runpact.cli.output import paint

_SUBJECTS = ("quant8", "quant2")
_TAMPERED = "tampered"


class Act(NamedTuple):
    """One command of the story."""

    told: str
    """What a newcomer is told before it; empty to go on without a word."""
    command: tuple[str, ...]
    code: int = 0
    """How it has to end."""


class Played(TypedDict):
    """A command that was run."""

    command: str
    exit_code: int
    expected: int


def has_story(folder: str) -> bool:
    """Whether an example goes on after its main job."""
    return os.path.isfile(os.path.join(folder, "quantise.py"))


def tell_story(folder: str, *, say: Callable[[str], None]) -> int:
    """Run the commands of the story in an example's folder; return 0 when each ended as it has to."""
    played = play(folder, say=say)
    wrong = [each for each in played if each["exit_code"] != each["expected"]]
    for each in wrong:
        say(f"{paint('unexpected', 'red')}: `{each['command']}` ended with {each['exit_code']}")
    return 3 if wrong else 0


def play(folder: str, *, say: Callable[[str], None], is_quiet: bool = False) -> list[Played]:
    """Run each command, in order, until one does not end as it has to.

    Args:
        folder: Absolute path of the example.
        say: Is told every line before a command.
        is_quiet: Keep the output of the commands back.
    """
    played: list[Played] = []
    for act in _acts(Path(folder)):
        if act.told:
            say("")
            say(paint(act.told, "bold"))
        shown = " ".join(act.command)
        say(f"  {paint('$', 'dim')} {shown}")
        sys.stdout.flush()
        code = _run(act.command, folder, is_quiet=is_quiet)
        played.append({"command": shown, "exit_code": code, "expected": act.code})
        if code != act.code:
            break
    return played


def _run(command: tuple[str, ...], folder: str, *, is_quiet: bool) -> int:
    words = {"python": [sys.executable], "runpact": [sys.executable, "-m", "runpact"]}[command[0]]
    done = subprocess.run(
        [*words, *command[1:]], cwd=folder, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    if not is_quiet:
        sys.stdout.write(
            "".join(f"    {line}\n" for line in (done.stdout + done.stderr).splitlines() if line)
        )
    return done.returncode


def _acts(folder: Path) -> Iterator[Act]:
    yield Act(
        "Two subjects: the same model, its weights rounded to 8 and to 2 bits, on the same windows",
        ("python", "quantise.py", "--bits", "8"),
    )
    yield Act("", ("python", "quantise.py", "--bits", "2"))
    against = ("--format", "cert", "--baseline", "baseline", "--policy", "balanced")
    yield Act(
        "A certificate of each, under the policy that was announced before: 8 bits pass, 2 bits fail",
        ("runpact", "report", "quant8", *against),
    )
    yield Act("", ("runpact", "report", "quant2", *against), 3)
    eight, two = (_scratch(folder, name) for name in _SUBJECTS)
    yield Act("What they rest on: every window, the interval, the bound", ("python", "differences.py", eight))
    yield Act("", ("python", "differences.py", two))
    yield Act(
        "Verify: everything is computed again from the reports; exit 1, since nobody signed it yet",
        ("runpact", "verify", eight),
        1,
    )
    _tamper(folder, eight)
    yield Act(
        f"A copy in {_TAMPERED}/ in which one number was changed is refused",
        ("runpact", "verify", f"{_TAMPERED}/{Path(eight).name}"),
        3,
    )
    yield Act(
        "Promote what passed, with its baseline; what failed is refused", ("runpact", "promote", "quant8")
    )
    yield Act("", ("runpact", "promote", "baseline"))
    yield Act("", ("runpact", "promote", "quant2"), 3)
    yield Act(
        "A later attempt makes the first one stale; what is archived may go, and the trash gives it back",
        ("python", "quantise.py", "--bits", "8"),
    )
    yield Act("", ("runpact", "prune", "--dry-run"))
    yield Act("", ("runpact", "prune"))
    yield Act(
        "The evidence stands by itself, and the ledger says what was done",
        ("runpact", "verify", "reports"),
        1,
    )
    yield Act("", ("runpact", "ledger", "verify"))


def _scratch(folder: Path, name: str) -> str:
    """Return the folder of a subject's certificate, relative to the example's."""
    found = sorted(folder.glob(f"reports_scratch/{name}_*/evaluation.cert.json"))
    return found[-1].parent.relative_to(folder).as_posix()


def _tamper(folder: Path, scratch: str) -> None:
    """Copy the evidence, and make the subject look better than it is."""
    copy = folder / _TAMPERED
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder / "reports_scratch", copy)
    path = copy / Path(scratch).name / "evaluation.cert.json"
    better = re.sub(r'("ratio_vs_baseline": ?)[-0-9.e]+', r"\g<1>0.9", path.read_text(encoding="utf-8"))
    path.chmod(0o644)
    path.write_text(better, encoding="utf-8")
