"""The whole story in a minute: evaluate, train, promote, use the model, and look.

runpact demo perception
python demo.py
"""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from importlib.metadata import distributions
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHOWN = os.path.relpath(HERE)
NEEDED = ("numpy", "skimage", "hydra")
PACKAGES = "numpy scikit-image hydra-core"
RUNPACT = (sys.executable, "-m", "runpact")
MODEL = "vision/corrector/lens/trained/walls"
NO_REPOSITORY, IGNORED = 128, 0


class StopError(Exception):
    """A step did not do what it should."""


def main() -> int:
    """Tell the story; 0 when every step held."""
    began = time.monotonic()
    try:
        tell()
    except StopError as error:
        sys.stderr.write(f"the demo stopped: {error}\n")
        return 3
    print(f"\n{time.monotonic() - began:.0f} s in all")
    return 0


def tell() -> None:
    """Run every project once, and show what came of it."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise StopError(
            f"no {', '.join(missing)} here; `{sys.executable} -m pip install {PACKAGES}` brings them"
        )
    own_repository()
    heading("A: how far are the skills from the truth?")
    evaluated = project("evaluate")
    show(metrics(evaluated))
    heading("B: learn what the lens does, from three pictures; a fourth says when it is learnt")
    learnt = metrics(project("train"))
    print(f"  {learnt['pairs']} points; of the fourth picture {learnt['before_px']:.2f} px off, ", end="")
    print(f"then {learnt['after_px']:.2f} px")
    runpact("models", "promote", "train", "--to", MODEL)
    heading("C: the same camera, with the model, which it names by URI")
    applied = project("apply")
    result = metrics(applied)
    show(result["without_model"], "without")
    show(result, "with")
    if result["mean_reprojection_px"] >= result["without_model"]["mean_reprojection_px"]:
        raise StopError("the model made it no better")
    heading("What the contract says")
    runpact("check")
    runpact("lint-layers")
    runpact("models", "verify")
    runpact("lineage", applied)
    heading("What there is to look at: the wall's raster as it is (green) and as it was found (red)")
    for run in (evaluated, applied):
        print(f"  {os.path.relpath(HERE / run)}/artifacts/overlays/sheet.png")
    try_next(
        f"runpact verify {applied}",
        f"runpact reproduce {evaluated}",
        "python -m projects.evaluate.main scene.picture=coins camera.bend=0.0",
    )


def own_repository() -> None:
    """Be a repository of one's own, with its packages written down, unless another one holds this folder."""
    if shutil.which("git") is None:
        print("  no git here: the runs say so")
        return
    if git("check-ignore", "-q", ".").returncode not in {NO_REPOSITORY, IGNORED} or (HERE / ".git").exists():
        return
    pins = sorted({f"{each.name}=={each.version}" for each in distributions() if each.name != "runpact"})
    (HERE / "requirements.txt").write_text("\n".join(pins) + "\n", encoding="utf-8")
    author = ("-c", "user.name=demo", "-c", "user.email=demo@example.org", "-c", "commit.gpgsign=false")
    for words in (("init", "-q"), ("add", "-A"), (*author, "commit", "-q", "-m", "As it was laid out")):
        done = git(*words)
        if done.returncode:
            raise StopError(f"git {words[0]} ended with {done.returncode}: {done.stderr.strip()}")


def git(*words: str) -> subprocess.CompletedProcess[str]:
    """Ask git about this folder."""
    return subprocess.run(["git", *words], cwd=HERE, check=False, capture_output=True, text=True)


def project(name: str) -> str:
    """Run a project; return the path of its run."""
    print(f"  python -m projects.{name}.main", flush=True)
    command = [sys.executable, "-m", f"projects.{name}.main"]
    done = subprocess.run(command, cwd=HERE, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise StopError(f"project {name} ended with {done.returncode}")
    return (HERE / done.stdout.strip().splitlines()[-1]).resolve().relative_to(HERE).as_posix()


def metrics(run: str) -> dict:
    """Return what a run measured."""
    return json.loads((HERE / run / "metrics.json").read_text(encoding="utf-8"))


def show(measured: dict, word: str = "") -> None:
    """Print errors against the truth."""
    print(
        f"  {word:<8}reprojection {measured['mean_reprojection_px']:.2f} px "
        f"(worst {measured['worst_reprojection_px']:.2f}), position {measured['mean_position']:.3f} units, "
        f"turn {measured['mean_turn_deg']:.2f} degrees, {measured['frames']} frames"
    )


def runpact(*words: str) -> None:
    """Run a command of runpact, and stop where it finds a fault."""
    print(f"  runpact {' '.join(words)}", flush=True)
    if subprocess.run([*RUNPACT, *words], cwd=HERE, check=False).returncode > 1:
        raise StopError(f"runpact {words[0]} found faults")


def try_next(*commands: str) -> None:
    """Print commands to go on with, to be typed from where the reader stands."""
    print(f"\nTry next:{'' if SHOWN == '.' else f'  cd {shlex.quote(SHOWN)}'}")
    for command in commands:
        print(f"  {command}")


def heading(text: str) -> None:
    """Begin a chapter."""
    print(f"\n{text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
