"""Seed 000: runs and artifacts of projects, on `examples/perception`.

Knows: which commands show which demands, in the order of the seed's document.
Does not know: how a camera is found.
"""

from __future__ import annotations

import json
import re
import shutil
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from walk import Walk

TITLE = "runs and artifacts of projects"
LETTER = "A"
MODEL = "vision/corrector/lens/trained/walls"
FRAMES = 12
INCOMPLETE, REFUSED = 2, 3
AUTHOR = ("-c", "user.name=walk", "-c", "user.email=walk@example.org", "-c", "commit.gpgsign=false")
SKILL = "import os, runpact\n\n\ndef go():\n    {line}\n"
PROJECT = """\
import runpact
from skills.bad import go

with runpact.run(config={{"seed": 1}}) as run:
    go()
    run.save("metrics", {{"loss": 0.5}})
"""
FORBIDDEN = (
    ("runpact.run(name='evaluate').__enter__()", "OwnershipError", ("A-001", "A-002")),
    ("os.makedirs('outputs')", "StrayWriteError", ("A-003", "A-004")),
    ("open('models/best.pt', 'wb')", "StrayWriteError", ("AX-008",)),
    ("runpact.current().scope('bad').log({'loss': float('nan')})", "ValueRefusedError", ("A-034",)),
    (
        "import pickle; open(runpact.current().scope('bad').path('x.npz'), 'wb').write(pickle.dumps([1]))",
        r"bad/x\.npz",
        ("A-045", "A-047"),
    ),
    (
        (
            "import pickle, zipfile as z; path = runpact.current().scope('bad').path('model.pt'); "
            "z.ZipFile(path, 'w').writestr('m/data.pkl', pickle.dumps([1]))"
        ),
        r"bad/model\.pt",
        ("A-046", "A-049"),
    ),
    ("runpact.current().scope('bad').save('table.csv', 'a\\n1\\n')", r"bad/table\.csv", ("A-048",)),
)


def produce(walk: Walk) -> None:
    """Follow the seed's document from a clean copy of the example, a repository of its own."""
    from walk import ROOT  # noqa: PLC0415 - imports this module

    left = shutil.ignore_patterns("runs", "models", "data", "__pycache__", ".runpact*")
    shutil.copytree(ROOT / "examples" / "perception", walk.folder / "work", ignore=left)
    _repository(walk)
    run = _evaluate(walk)
    _records(walk, run)
    _predictions(walk, run)
    trained = _train(walk)
    _apply(walk, trained)
    _lists(walk)
    _refuse(walk)
    _reproduce(walk, run)
    _move(walk)


def _repository(walk: Walk) -> None:
    """Commit the example, with the packages it runs with."""
    pins = sorted({f"{each.name}=={each.version}" for each in distributions() if each.name != "runpact"})
    (walk.folder / "work/requirements.txt").write_text("\n".join(pins) + "\n", encoding="utf-8")
    for words in (("init", "-q"), ("add", "-A"), (*AUTHOR, "commit", "-qm", "one")):
        walk.run("git", *words, within="work")


def _project(walk: Walk, name: str, *overrides: str, code: int = 0, shows: tuple[str, ...] = ()) -> Path:
    """Run a project; return its newest run."""
    walk.run("python", "-m", f"projects.{name}.main", *overrides, within="work", code=code, shows=shows)
    return max((walk.folder / "work/runs" / name).iterdir(), key=lambda path: path.stat().st_ctime_ns)


def _evaluate(walk: Walk) -> Path:
    """Section 2: a project's run, entry by entry; a second one in the same second."""
    run = _project(walk, "evaluate", shows=("A-005",))
    commit = walk.run("git", "rev-parse", "HEAD", within="work").out.strip()
    is_named = re.fullmatch(rf"\d{{4}}-\d\d-\d\d_\d\d-\d\d-\d\d_{commit[:7]}", run.name) is not None
    walk.look(f"the run is called {run.name}", "A-006", holds=is_named)
    at = "work/runs/evaluate/*/"
    walk.file(f"{at}config.yaml", "A-007", "A-044", "A-022", holds=lambda path: "${seed}" in path.read_text())
    walk.file(f"{at}config_resolved.yaml", "A-008", "A-023", holds=lambda path: "${" not in path.read_text())
    walk.file(f"{at}metrics.json", "A-010", "A-033", "A-034", "A-043", holds=_is_strict)
    walk.file(f"{at}logs", "A-016")
    walk.file(f"{at}artifacts", "A-011")
    walk.file(f"{at}artifacts/overlays/*.png", "A-048", count=7)
    manifest = _json(run / "run_manifest.json")
    walk.look("the manifest keeps the whole commit", "A-020", "A-027", holds=manifest["git_hash"] == commit)
    utc = str(manifest["started"]).endswith("Z") and str(manifest["started"])[:10] == run.name[:10]
    walk.look(f"the manifest says when: {manifest['started']}", "A-021", holds=utc)
    return run


def _records(walk: Walk, run: Path) -> None:
    """Section 3: what the records say."""
    import yaml  # noqa: PLC0415 - runpact brings it
    from omegaconf import OmegaConf  # noqa: PLC0415 - as above

    composed = OmegaConf.to_container(OmegaConf.load(run / "config.yaml"), resolve=True)
    resolved = yaml.safe_load((run / "config_resolved.yaml").read_text(encoding="utf-8"))
    walk.look("config.yaml, resolved, is config_resolved.yaml", "A-024", holds=composed == resolved)
    manifest = _json(run / "run_manifest.json")
    walk.look("run_manifest.json states schema_version", "A-009", "A-025", holds="schema_version" in manifest)
    walk.look(
        "it names the project as the folder does", "A-026", holds=manifest["project_name"] == run.parent.name
    )
    versions = manifest["package_versions"]
    walk.look(f"it names {len(versions)} packages, with versions", "A-028", holds="numpy" in versions)
    is_free = all(manifest.get(name) is None for name in ("cuda_version", "torch_version"))
    walk.look("no CUDA, no torch: nothing is said of them", "A-029", "A-030", holds=is_free)


def _predictions(walk: Walk, run: Path) -> None:
    """Section 4: predictions and their document."""
    folder = run / "artifacts/predictions"
    named = [f"frame_{number:04}.npz" for number in range(FRAMES)]
    found = sorted(path.name for path in folder.glob("*.npz"))
    walk.look(f"{FRAMES} files frame_0000.npz …", "A-012", "A-013", "A-042", holds=found == named)
    rows = _json(folder / "metadata.json")["frames"]
    walk.file("work/runs/evaluate/*/artifacts/predictions/metadata.json", "A-014", "A-035")
    for key, number in (("frame_id", "A-036"), ("timestamp", "A-037"), ("intrinsics", "A-038")):
        walk.look(f"each row has its {key}", number, holds=all(key in row for row in rows))
    walk.look("each row has its version", "A-039", holds=all("contract_version" in row for row in rows))
    ids = [row["frame_id"] for row in rows]
    walk.look("rows and files are the same frames", "A-040", holds=ids == list(range(FRAMES)))
    (folder / "frame_0003.npz").rename(walk.folder / "away.npz")
    walk.run(
        "runpact", "check", str(run), within="work", code=REFUSED, says="A-040", shows=("A-035", "A-040")
    )
    (walk.folder / "away.npz").rename(folder / "frame_0003.npz")
    for gone in ("metrics.json", "config.yaml"):
        shutil.move(run / gone, walk.folder / gone)
    says = r"metrics\.json\s[\s\S]*config\.yaml\s|config\.yaml\s[\s\S]*metrics\.json\s"
    walk.run("runpact", "check", str(run), within="work", code=INCOMPLETE, says=says, shows=("A-017",))
    walk.run("runpact", "verify", str(run), within="work", code=REFUSED, shows=("A-061",))
    for gone in ("metrics.json", "config.yaml"):
        shutil.move(walk.folder / gone, run / gone)
    walk.run("runpact", "verify", str(run), within="work", shows=("A-061",))


def _train(walk: Walk) -> Path:
    """Section 6: checkpoints, and nothing is promoted by itself."""
    run = _project(walk, "train")
    names = sorted(path.name for path in (run / "artifacts/checkpoints").iterdir())
    numbers = ("A-015", "A-049", "A-050", "A-051")
    walk.look(f"checkpoints: {names}", *numbers, holds=names == ["best.npz", "last.npz"])
    is_empty = not list((walk.folder / "work").glob("models/*/*"))
    walk.look("no model yet", "A-052", "A-058", holds=is_empty)
    promoted = ("A-053", "AX-007")
    walk.run("runpact", "models", "promote", "train", "--to", MODEL, within="work", shows=promoted)
    at = f"work/models/{MODEL}/*_*/"
    keys = {
        "schema_version",
        "model_name",
        "skill",
        "format",
        "git_hash",
        "input_spec",
        "class_map",
        "export",
    }
    walk.file(
        f"{at}manifest.json", "AX-002", "AX-004", "AX-005", holds=lambda path: keys <= _json(path).keys()
    )
    walk.file(f"{at}model.npz", "AX-003", "AX-004")
    for name in ("config_resolved.yaml", "metrics.json"):
        walk.file(f"{at}{name}", "AX-004")
    staged = walk.run("git", "status", "--porcelain", "--untracked-files=all", within="work").out
    is_kept = "models/README.md" in staged and "model.npz" not in staged and " runs/" not in staged
    walk.look("git sees the folder of models, no model and no run", "AX-001", "A-004", holds=is_kept)
    return run


def _apply(walk: Walk, trained: Path) -> None:
    """Section 7: the model is named by its URI, and recorded by it and by digest."""
    short = "local://vision/corrector/lens"
    walk.run("runpact", "models", "resolve", short, within="work", shows=("AX-006",))
    run = _project(walk, "apply")
    uri = f"local://{MODEL}/{trained.name[:10]}"
    record = (run / "run_manifest.json").read_text(encoding="utf-8")
    walk.look("the manifest names the model by URI", "A-056", "AX-006", holds=uri in record)
    measured = _json(run / "metrics.json")
    with_model = measured["mean_reprojection_px"]
    without = measured["without_model"]["mean_reprojection_px"]
    told = f"reprojection error {without:.2f} px without the model, {with_model:.2f} with it"
    walk.look(told, holds=with_model < without)
    walk.run("runpact", "lineage", str(run), within="work", says="train", shows=("A-060",))
    walk.run("runpact", "check", within="work", says="OK", shows=("A-017",))
    (folder,) = (walk.folder / "work/models" / MODEL).iterdir()
    remove = ("runpact", "models", "remove", f"local://{MODEL}/{folder.name}", "--reason", "none")
    walk.run(*remove, within="work", code=INCOMPLETE, says="is not removed", shows=("A-058",))


def _lists(walk: Walk) -> None:
    """What the other documents ask: layers, data sets, what is committed, settings."""
    walk.run("runpact", "lint-layers", within="work", shows=("AX-011", "AX-013", "AX-016"))
    walk.run("runpact", "lint-repo", within="work", shows=("AX-014",))
    (walk.folder / "walls.json").write_text('["camera", "coins"]\n', encoding="utf-8")
    add = ("runpact", "data", "add", str(walk.folder / "walls.json"), "--to", "vision/corrector/walls/1.0")
    walk.run(*add, within="work", shows=("AX-010",))
    walk.file("work/data/vision/corrector/walls/1.0/manifest.json", "AX-010")
    wrong = ("python", "-m", "projects.evaluate.main", "camera.width=wide")
    before = _runs(walk)
    walk.run(*wrong, within="work", code=2, says=r"camera\.width", shows=("AX-012",))
    walk.look("it made no run", "AX-012", holds=_runs(walk) == before)


def _refuse(walk: Walk) -> None:
    """Section 1 and 5: what a skill must not do, on a copy of the repository."""
    bad = walk.folder / "bad"
    left = shutil.ignore_patterns("runs", "models", ".runpact*")
    shutil.copytree(walk.folder / "work", bad, ignore=left)
    (bad / "projects/evaluate/bad.py").write_text(PROJECT.format(), encoding="utf-8")
    for line, says, shows in FORBIDDEN:
        (bad / "skills/bad.py").write_text(SKILL.format(line=line), encoding="utf-8")
        words = ("python", "-m", "projects.evaluate.bad")
        walk.run(*words, within="bad", code=1, says=rf"(?s){says}", shows=shows)
    made = {path.name for path in bad.iterdir()} - {path.name for path in (walk.folder / "work").iterdir()}
    walk.look(f"besides runs, nothing was made: {sorted(made)}", "A-004", "A-002", holds=not made)


def _reproduce(walk: Walk, run: Path) -> None:
    """Section 7: from an older commit, on a dirty tree; then without the lock file."""
    (walk.folder / "work/notes.md").write_text("later\n", encoding="utf-8")
    for words in (("add", "notes.md"), (*AUTHOR, "commit", "-qm", "two")):
        walk.run("git", *words, within="work")
    with (walk.folder / "work/core/path.py").open("a", encoding="utf-8") as file:
        file.write("# a change that nobody committed\n")
    again = ("runpact", "reproduce", str(run))
    walk.run(*again, "--yes", within="work", says=r"(?m)^reproduced", shows=("A-054", "A-055", "A-060"))
    (lock,) = run.glob(".runpact/**/requirements.txt")
    shutil.move(lock, walk.folder / "lock")
    says = "(?s)not reproducible.*requirements.txt"
    walk.run(*again, "--check-only", within="work", code=INCOMPLETE, says=says, shows=("A-054", "A-055"))
    shutil.move(walk.folder / "lock", lock)


def _move(walk: Walk) -> None:
    """Section 8: another place, and everything holds."""
    moved = walk.folder / "somewhere/else"
    shutil.copytree(walk.folder / "work", moved, symlinks=True)
    shutil.rmtree(walk.folder / "work")
    within = "somewhere/else"
    walk.run("runpact", "check", within=within, shows=("A-059",))
    for run in sorted(moved.glob("runs/*/*")):
        path = run.relative_to(moved).as_posix()
        walk.run("runpact", "verify", path, within=within, shows=("A-059", "A-061"))
    walk.run("runpact", "models", "verify", within=within, shows=("A-059", "AX-009"))
    walk.run(
        "runpact", "models", "resolve", "local://vision/corrector/lens", within=within, shows=("AX-009",)
    )


def _runs(walk: Walk) -> int:
    return len(list((walk.folder / "work/runs").glob("*/*")))


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _is_strict(path: Path) -> bool:
    """Whether it is JSON as the standard has it."""

    def refuse(word: str) -> float:
        raise ValueError(word)

    json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    return True
