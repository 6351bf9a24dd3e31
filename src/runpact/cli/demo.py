"""`runpact demo`: an example on real input, told to a newcomer.

Knows: the story.
Does not know: what the example computes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import click

from runpact.cli.check import show_check, show_verify
from runpact.cli.options import json_option
from runpact.cli.output import paint, print_json, say
from runpact.cli.story import has_story, play, tell_story
from runpact.workspace import Workspace, lay_out_example


@click.command("demo")
@click.argument("name", default="certification")
@click.option("--into", metavar="DIR", help="Folder for the example; by default ./runpact-demo/NAME.")
@json_option
def demo_command(*, name: str, into: str | None, is_json: bool) -> int:
    """Lay out the example NAME, run its main job, check and verify the run it made.

    `certification` goes on: two subjects, their certificates, promotion, pruning.
    """
    folder = lay_out_example(name, into or os.path.join("runpact-demo", name))
    shown = os.path.relpath(folder)
    if os.path.isfile(os.path.join(folder, _OWN_STORY)):
        return _hear(folder, shown, is_json=is_json)
    if not is_json:
        say(f"{paint('runpact demo', 'bold')} {name}: the example lies in {shown}")
        say(f"  running  python train.py   in {shown}")
        sys.stdout.flush()
    began = time.monotonic()
    code = subprocess.run([sys.executable, "train.py"], cwd=folder, stdout=sys.stderr, check=False).returncode
    if code != 0:
        sys.stderr.write(f"the example ended with {code}; `cd {shown} && runpact ls` shows what it left\n")
        return 3
    if is_json:
        return _document(folder)
    code = _tell(folder, shown)
    if has_story(folder):
        code = max(code, tell_story(folder, say=say))
    say(f"\n{time.monotonic() - began:.0f} s; all of it lies in {shown}")
    return code


def _hear(folder: str, shown: str, *, is_json: bool) -> int:
    """Let an example tell its own story."""
    if not is_json:
        say(f"{paint('runpact demo', 'bold')}: the example lies in {shown}")
        sys.stdout.flush()
    output = _STDERR if is_json else None
    code = subprocess.run([sys.executable, _OWN_STORY], cwd=folder, stdout=output, check=False).returncode
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


def _tell(folder: str, shown: str) -> int:
    place = Workspace.open(workspace=folder)
    newest = place.runs()[0]
    say()
    say(f"{paint('The run', 'bold')}  {shown}/{newest.path}")
    codes = [show_check(place, [newest.path]), show_verify(place, newest.path)]
    say()
    say(f"{paint('What was made', 'bold')}  (all of it plain files, pinned by digest in the manifest)")
    for path, what in _MADE:
        say(f"  {path:<22}{what}")
    if not has_story(folder):
        say()
        say(f"{paint('Try next', 'bold')}  cd {shown}")
        for command, what in _NEXT:
            say(f"  {command.format(run=newest.path)}\n      {what}")
    return max(codes)


_OWN_STORY = "demo.py"
_STDERR = 2
_MADE = (
    ("report.json", "metrics, seeds, digests, guards, held-out evaluation windows"),
    ("events.jsonl", "the event log, by phase, each line checksummed"),
    ("config.json", "the configuration the run was made with"),
    ("model.npz", "the trained model, in its declared place"),
    ("plots/loss.svg", "training and validation loss"),
    (".runpact/", "runpact's own records: birth record, contract copy, metrics, manifest, seal"),
)
_NEXT = (
    ("runpact ls", "list the runs"),
    ("runpact show {run}", "see one: origin, metrics, events, files"),
    ("echo >> {run}/report.json", "spoil a file …"),
    ("runpact verify {run}", "… and see it found"),
    ("runpact contract lint", "read the contract that judged the run"),
)
