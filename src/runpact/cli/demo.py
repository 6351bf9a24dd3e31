"""`runpact demo`: an example on real input, told to a newcomer.

Knows: how an example's job is run, and what is told of the run it made.
Does not know: what the example computes, which examples there are.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import subprocess
import sys
import time

import click

from runpact.cli.check import show_check, show_verify
from runpact.cli.demos import STORIES, Told
from runpact.cli.options import json_option
from runpact.cli.output import paint, print_json, say
from runpact.cli.story import has_story, play, tell_story
from runpact.model.errors import CannotStartError
from runpact.workspace import Workspace, lay_out_example

_OWN_STORY = "demo.py"
_STDERR = 2
_NEEDED = "numpy"
"""What the examples that runpact tells of compute with; one with a story of its own says what it needs."""


@click.command("demo")
@click.argument("name", default="certification")
@click.option("--into", metavar="DIR", help="Folder for the example; by default ./runpact-demo/NAME.")
@json_option
def demo_command(*, name: str, into: str | None, is_json: bool) -> int:
    """Lay out the example NAME, run its main job, check and verify the run it made.

    Examples: certification (a small language model, its subjects, certificates, promotion, pruning),
    holography (a pipeline of thirteen stages), vision (a detector, from training to statistics),
    quant (backtests, sweeps, sessions, learned models),
    perception (projects and skills: where a camera stands).
    """
    if name in STORIES and importlib.util.find_spec(_NEEDED) is None:
        raise CannotStartError(
            f"the example needs {_NEEDED}, which is not installed",
            expected=_NEEDED,
            got="nothing",
            hint=f"`{shlex.quote(sys.executable)} -m pip install 'runpact[arrays]'` brings it",
        )
    folder = lay_out_example(name, into or os.path.join("runpact-demo", name))
    shown = os.path.relpath(folder)
    if os.path.isfile(os.path.join(folder, _OWN_STORY)):
        return _hear(folder, name, shown, is_json=is_json)
    told = STORIES[name]
    if not is_json:
        say(f"{paint('runpact demo', 'bold')} {name}: the example lies in {shown}")
        say(f"  running  python {shlex.join(told.command)}   in {shown}")
        sys.stdout.flush()
    began = time.monotonic()
    command = (sys.executable, *told.command)
    code = subprocess.run(command, cwd=folder, stdout=sys.stderr, check=False).returncode
    if code != 0:
        sys.stderr.write(f"the example ended with {code}; `cd {shown} && runpact ls` shows what it left\n")
        return 3
    if is_json:
        return _document(folder)
    code = _tell(folder, shown, told)
    say(f"\n{time.monotonic() - began:.0f} s; all of it lies in {shown}")
    return code


def _hear(folder: str, name: str, shown: str, *, is_json: bool) -> int:
    """Let an example tell its own story, from where the reader stands."""
    if not is_json:
        say(f"{paint('runpact demo', 'bold')} {name}: the example lies in {shown}")
        sys.stdout.flush()
    output = _STDERR if is_json else None
    command = (sys.executable, os.path.join(folder, _OWN_STORY))
    code = subprocess.run(command, stdout=output, check=False).returncode
    if is_json:
        print_json("demo", folder=folder, exit_code=code)
    return 0 if code == 0 else 3


def _document(folder: str) -> int:
    place = Workspace.open(workspace=folder)
    newest = place.runs()[0]
    checked, verified = place.check([newest.path])[0].verdict, place.verify(newest.path)[2].verdict
    steps = play(folder, say=lambda _line: None, is_quiet=True) if has_story(folder) else []
    print_json(
        "demo", folder=folder, run=newest.path, check=checked.value, verify=verified.value, steps=steps
    )
    is_told = all(step["exit_code"] == step["expected"] for step in steps)
    return max(checked.exit_code, verified.exit_code, 0 if is_told else 3)


def _tell(folder: str, shown: str, told: Told) -> int:
    place = Workspace.open(workspace=folder)
    newest = place.runs()[0]
    say()
    say(f"{paint('The run', 'bold')}  {shown}/{newest.path}")
    codes = [show_check(place, [newest.path]), show_verify(place, newest.path)]
    say()
    say(f"{paint('What was made', 'bold')}  (all of it plain files, pinned by digest in the manifest)")
    width = max(22, *(len(path) + 2 for path, _what in told.made))
    for path, what in told.made:
        say(f"  {path:<{width}}{what}")
    if has_story(folder):
        return max(*codes, tell_story(folder, say=say))
    say()
    say(f"{paint('Try next', 'bold')}  cd {shown}")
    for command, what in told.then:
        say(f"  {command.format(run=newest.path)}\n      {what}")
    return max(codes)
