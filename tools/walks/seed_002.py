"""Seed 002: a staged pipeline, on `examples/holography`.

Evidence is what was found just now: a file that the run left, a command and how it ended.

Knows: which outputs and commands speak for which number.
Does not know: how a pipeline works, how evidence is told.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from walk import Walk

TITLE = "a staged pipeline"
LETTER = "C"
ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "holography"
RUN = ("run_pipeline.py", "--experiment", "demo")
WHOLE = (*RUN, "--from", "01", "--to", "09", "--config", "configs/demo.json")
GOLDEN = ("ads_control", "tfinite", "ising3d_mini")
GATE = ("tools/assert_artifacts.py", "--experiment", "demo", "--stage")
Find = Callable[["Tried"], str]


class Tried:
    """The example, laid out, run and tried."""

    def __init__(self, root: Path) -> None:
        """Store where it stands."""
        self.root = root
        self.run = root / "runs" / "demo"
        self.said: dict[str, tuple[int, str, str]] = {}
        """Exit code, command and last line by the name of each trial."""

    def lay_out(self) -> None:
        """Copy the example and commit it, so that its code has a version."""
        ignored = shutil.ignore_patterns("runs", "__pycache__", ".runpact")
        shutil.copytree(EXAMPLE, self.root, dirs_exist_ok=True, ignore=ignored)
        who = ("-c", "user.name=walk", "-c", "user.email=walk@example.org")
        for command in (("init", "-q"), ("add", "-A"), (*who, "commit", "-q", "--allow-empty", "-m", "walk")):
            subprocess.run(("git", *command), cwd=self.root, check=True)

    def do(self, name: str, *command: str, shown: bool = False) -> None:
        """Run one command of the workspace and keep how it ended."""
        line = shown_command(command)
        print(f"$ {line}", flush=True)
        done = subprocess.run(
            (sys.executable, *command), cwd=self.root, capture_output=True, text=True, check=False
        )
        text = (done.stdout + done.stderr).strip()
        print("  " + (text if shown else text[-400:]).replace("\n", "\n  "), flush=True)
        told = next((each for each in text.splitlines() if "_artifact: " in each), text.splitlines()[-1])
        self.said[name] = done.returncode, line, told[:110]

    def document(self, path: str) -> dict[str, Any]:
        """Read a JSON object of the run."""
        found: dict[str, Any] = json.loads((self.run / path).read_text(encoding="utf-8"))
        return found

    @property
    def stages(self) -> dict[str, Any]:
        """The stages as the manifest of the experiment tells of them."""
        stages: dict[str, Any] = self.document("run_manifest.json")["stages"]
        return stages


def shown_command(command: tuple[str, ...]) -> str:
    """Return a command as a person would type it."""
    return " ".join(("runpact", *command[2:]) if command[0] == "-m" else ("python", *command))


def produce(walk: Walk) -> None:
    """Lay the example out, run it, try what must be refused, and look for each number's evidence."""
    tried = Tried(walk.folder / "holography")
    tried.lay_out()
    _try(tried)
    for number, find in EVIDENCE.items():
        told = find(tried)
        walk.look(told or "what was to be found was not", number, holds=bool(told))


def _try(tried: Tried) -> None:
    """Run the pipeline, run it again, and try what must be refused."""
    tried.do("run", *WHOLE, shown=True)
    tried.do("preflight", *RUN, "--only", "00")
    tried.do("again", *RUN)
    tried.do("check", "-m", "runpact", "check", "demo")
    tried.do("verify", "-m", "runpact", "verify", "demo")
    tried.do("gate", *GATE, "07")
    tried.do("another", *RUN, "--set", "geometry.samples=100")
    tried.do("lint", "-m", "runpact", "contract", "lint")
    tried.do("toy", "run_pipeline.py", "--experiment", "toy", "--config", "configs/toy.json")
    tried.do("done", "-m", "runpact", "pipeline", "done", "demo")
    tried.do("page", "-m", "runpact", "contract", "docs", "--artifacts", "--check", "docs/ARTIFACT_API.md")
    for name in GOLDEN:
        tried.do(name, "run_pipeline.py", "--experiment", name, "--config", f"configs/{name}.json")
        tried.do(f"golden {name}", "-m", "runpact", "golden", "compare", name)
    table = tried.run / "06_build_bulk_eigenmodes_dataset/bulk_eigenmodes/bulk_modes_dataset.csv"
    kept = table.read_bytes()
    table.unlink()
    tried.do("missing", *GATE, "07")
    tried.do("stops", *RUN, "--from", "07")
    table.write_bytes(kept)
    tried.do("mended", *RUN)
    _stray(tried)
    _bypass(tried)
    _legacy(tried)


def _changed(tried: Tried, line: str, name: str, *options: str) -> None:
    program = tried.root / "stages/03_discover_bulk_equations.py"
    kept = program.read_text(encoding="utf-8")
    program.write_text(f"{kept}    {line}\n", encoding="utf-8")
    tried.do(name, "run_pipeline.py", "--experiment", "tried", "--to", "03", *options)
    program.write_text(kept, encoding="utf-8")


def _stray(tried: Tried) -> None:
    (tried.root / "outputs").mkdir(exist_ok=True)
    _changed(tried, 'open("outputs/x.txt", "w")', "stray", "--config", "configs/ads_control.json")
    tried.said["untouched"] = (
        0,
        "ls outputs",
        "empty" if not any((tried.root / "outputs").iterdir()) else "",
    )


def _bypass(tried: Tried) -> None:
    line = 'open(st.dir + "/../02_emergent_geometry_engine/predictions/ads_d2_control_000.npz")'
    _changed(tried, line, "bypass")


def _legacy(tried: Tried) -> None:
    old = tried.root / "fase11_2024"
    shutil.copytree(tried.run / "predictions", old / "predictions", dirs_exist_ok=True)
    (old / "notes.txt").write_text("by hand\n", encoding="utf-8")
    before = {path: path.stat().st_mtime_ns for path in old.rglob("*")}
    tried.do("import", "tools/import_legacy_run.py", "fase11_2024", "--as", "old")
    tried.do("import again", "tools/import_legacy_run.py", "fase11_2024", "--as", "old")
    tried.do("legacy", "run_pipeline.py", "--experiment", "old", "--only", "03")
    after = {path: path.stat().st_mtime_ns for path in old.rglob("*")}
    tried.said["kept"] = (0, "ls fase11_2024", "as it was" if before == after else "")


# -- evidence ----------------------------------------------------------------------------------------------


def file(*patterns: str) -> Find:
    """Files of the run: each pattern must match."""

    def find(tried: Tried) -> str:
        found = [next(iter(sorted(tried.run.glob(pattern))), None) for pattern in patterns]
        return " ".join(_shown(tried, path) for path in found if path) if all(found) else ""

    return find


def _shown(tried: Tried, path: Path) -> str:
    return path.relative_to(tried.root).as_posix()


def each_stage(name: str) -> Find:
    """A file that every stage must have."""
    return lambda tried: (
        f"runs/demo/*/{name}" if all((tried.run / stage / name).is_file() for stage in tried.stages) else ""
    )


def manifest(key: str) -> Find:
    """A key that the manifest must hold of every stage."""
    return lambda tried: (
        f"run_manifest.json: stages.*.{key}"
        if all(stage.get(key) not in (None, "", "unknown") for stage in tried.stages.values())
        else ""
    )


def summary(key: str) -> Find:
    """A key that the summary of every stage must hold."""

    def find(tried: Tried) -> str:
        for stage in tried.stages:
            value: Any = tried.document(f"{stage}/stage_summary.json")
            for part in key.split("."):
                value = value.get(part) if isinstance(value, dict) else None
            if value is None:
                return ""
        return f"runs/demo/*/stage_summary.json: {key}"

    return find


def meta(key: str) -> Find:
    """A key that the metadata of every geometry must hold."""
    return lambda tried: (
        f"runs/demo/predictions/*.meta.json: {key}"
        if all(key in json.loads(path.read_text()) for path in tried.run.glob("predictions/*.meta.json"))
        else ""
    )


def said(name: str, code: int, text: str = "") -> Find:
    """A command that must have ended so, and said so."""

    def find(tried: Tried) -> str:
        ended, line, told = tried.said[name]
        return f"$ {line} → {ended}: {told}" if ended == code and text in told else ""

    return find


def here(path: str) -> Find:
    """A file of this repository."""
    return lambda _tried: path if (ROOT / path).is_file() else ""


def _type(name: str) -> Find:
    text = f"  {name}@"
    return lambda tried: (
        f"contract.yaml: types.{name}" if text in (tried.root / "contract.yaml").read_text() else ""
    )


def _codes(tried: Tried) -> str:
    told = {stage["exit_code"] for stage in tried.stages.values()}
    return "run_manifest.json: stages.*.exit_code" if told == {0} else ""


def _links(tried: Tried) -> str:
    links = [path for path in tried.run.iterdir() if path.is_symlink()]
    good = all(not path.readlink().is_absolute() and path.exists() for path in links)
    return f"{len(links)} relative links that lead to something" if links and good else ""


EVIDENCE: dict[str, Find] = {
    "C-001": each_stage("cmd.txt"),
    "C-002": manifest("inputs"),
    "C-003": manifest("git_sha"),
    "C-004": manifest("outputs"),
    "C-011": said("legacy", 1, "WARNING"),
    "C-014": said("legacy", 1, "WARNING"),
    "C-017": file("01_*/systems/*.npz", "09_*/literature/*.json"),
    "C-018": said("stray", 3),
    "C-020": file("02_emergent_geometry_engine", "06_build_bulk_eigenmodes_dataset"),
    "C-021": file("04b_*", "04c_*", "07b_*"),
    **{
        f"C-{number:03}": file(f"{alias}/*")
        for number, alias in enumerate(
            ("predictions", "geometry_emergent", "bulk_equations", "geometry_contracts", "bulk_eigenmodes"),
            23,
        )
    },
    "C-028": file("dictionary/dictionary.json", "dictionary/dictionary.npz"),
    "C-029": _links,
    "C-030": _links,
    "C-031": said("bypass", 1),
    "C-032": _links,
    "C-033": file("run_manifest.json"),
    "C-034": manifest("inputs"),
    "C-035": manifest("outputs"),
    "C-036": manifest("command"),
    "C-037": manifest("git_sha"),
    "C-038": manifest("environment"),
    "C-039": _codes,
    "C-040": said("legacy", 1),
    "C-041": said("missing", 2),
    "C-042": said("stray", 3),
    "C-044": each_stage("stage_summary.json"),
    **{
        f"C-{number:03}": summary(key)
        for number, key in enumerate(
            (
                *("stage", "experiment", "status", "exit_code", "counts.inputs_total", "counts.inputs_ok"),
                *("counts.inputs_failed", "counts.outputs_rows", "errors", "warnings", "artifacts"),
                *("meta.git_sha", "meta.created_at"),
            ),
            45,
        )
    },
    "C-064": file("predictions/*.npz"),
    "C-065": file("predictions/*.npz"),
    "C-067": file("bulk_equations/*.json"),
    "C-068": file("geometry_contracts/contracts_summary.json"),
    "C-069": file("bulk_eigenmodes/bulk_modes_dataset.csv", "bulk_eigenmodes/bulk_modes_dataset.meta.json"),
    "C-070": file("emergent_dictionary/emergent.json", "dictionary/dictionary.json"),
    "C-074": file("predictions/*.meta.json"),
    **{
        f"C-{number:03}": meta(key)
        for number, key in enumerate(
            ("schema_name", "schema_version", "system_id", "family", "d", "z_h", "source_stage", "git_sha"),
            76,
        )
    },
    "C-090": said("gate", 0),
    "C-092": said("missing", 2, "missing_artifact: "),
    "C-094": said("missing", 2, "missing_artifact: "),
    "C-096": said("stops", 2),
    "C-098": said("stray", 3),
    "C-099": said("untouched", 0, "empty"),
    "C-104": said("run", 0),
    "C-109": file("config.resolved.json"),
    "C-111": file("run_manifest.json"),
    "C-112": said("stops", 2),
    "C-113": lambda tried: (
        "run_manifest.json: summary" if "summary" in tried.document("run_manifest.json") else ""
    ),
    "C-114": manifest("launched_by"),
    "C-115": said("stops", 2),
    **{
        f"C-{number}": each_stage(name)
        for number, name in (
            (116, "logs/stdout.log"),
            (117, "logs/stderr.log"),
            (118, "cmd.txt"),
            (119, "meta_env.json"),
            (120, "meta_env.json"),
            (121, "meta_env.json"),
            (122, "stage_summary.json"),
        )
    },
    "C-125": file("config.resolved.json"),
    "C-126": file("config.resolved.json"),
    "C-127": said("another", 2),
    "C-130": manifest("seed"),
    "C-131": manifest("git_sha"),
    "C-132": each_stage("meta_env.json"),
    **{f"C-{number}": said("kept", 0, "as it was") for number in (135, 137, 139)},
    "C-138": said("untouched", 0, "empty"),
    "C-140": said("import", 1),
    "C-142": said("import", 1, "runs/old"),
    "C-143": said("kept", 0, "as it was"),
    "C-145": said("import again", 1),
    "C-147": here("tests/examples/holography/test_pipeline.py"),
    "C-153": file("04b_*/mismatch_controls/controls.json", "04c_*/noise_controls/controls.json"),
    "C-154": said("golden ads_control", 0, "OK"),
    "C-155": said("run", 0),
    **{f"C-{number}": said("done", 0, "13 of 13") for number in (157, 159, 162, 163)},
    "C-158": file("0*_*/.runpact/manifest.json"),
    "C-160": manifest("uid"),
    "C-161": each_stage("stage_summary.json"),
    "C-164": file("01_*", "05_*"),
    "C-166": each_stage("stage_summary.json"),
    "C-167": said("gate", 0),
    "C-168": said("page", 0),
    "C-169": _type("GeometryPrediction"),
    "C-170": _type("EigenmodesDataset"),
    "C-171": _type("Dictionary"),
    "C-172": said("run", 0),
    "C-173": said("run", 0),
    "C-174": said("lint", 0),
    "C-175": said("lint", 0),
    "C-177": said("again", 0, "0 ran"),
    **{
        f"C-{number}": said(f"golden {name}", 0, "OK")
        for number, name in enumerate(("ads_control", "tfinite", "ising3d_mini"), 178)
    },
    "C-181": said("golden tfinite", 0, "OK"),
    "C-182": file("bulk_eigenmodes/bulk_modes_dataset.csv"),
    "C-185": said("verify", 0),
    "C-190": file("00_*/solver_check/*.npz", *(f"0{number}_*" for number in range(1, 6)), "06_*"),
}
