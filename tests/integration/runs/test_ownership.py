"""Only a project makes a run; what a project uses gets a scope of it."""

from __future__ import annotations

import contextlib
import json
import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place
from runpact.model.errors import (
    ContractBrokenError,
    NoContractError,
    OwnershipError,
    StrayWriteError,
    UnsafeNameError,
    UsageError,
    ValueRefusedError,
    WriteOnceError,
)

CONTRACT = 'contract: test.projects\nversion: "1.0.0"\nextends: runpact:project-run@1\n'
START = "with runpact.run(config={'seed': 7}) as run:\n"
DONE = "    run.save('metrics', {'loss': 0.5})\n"


@pytest.fixture
def place(empty: Place) -> Place:
    """A workspace of projects and skills."""
    empty.write("contract.yaml", CONTRACT)
    return empty


def project(place: Place, body: str, *, path: str = "projects/evaluate/main.py") -> dict[str, object]:
    """Run a file of the workspace in this process and return its names."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    place.write(path, f"import runpact, skill\n{START}{lines}{DONE}")
    return run_file(place, path)


def run_file(place: Place, path: str) -> dict[str, object]:
    sys.path.insert(0, str(place.root))
    try:
        return runpy.run_path(str(place.root / path))
    finally:
        sys.path.remove(str(place.root))
        sys.modules.pop("skill", None)


def manifest_of(place: Place, path: str) -> dict:
    return json.loads((place.root / path / "run_manifest.json").read_text())


@pytest.mark.requirement("A-001", "A-005")
def test_a_run_of_a_project_stands_in_the_projects_own_folder(place: Place) -> None:
    place.write("skill.py", "")
    project(place, "pass")
    (run,) = place.runs()
    assert run["path"].startswith("runs/evaluate/")
    assert place.call("check")[0] == 0


def test_a_project_may_be_a_single_file(place: Place) -> None:
    place.write("skill.py", "")
    project(place, "pass", path="projects/train.py")
    assert place.runs()[0]["path"].startswith("runs/train/")


@pytest.mark.requirement("A-001", "A-002")
@pytest.mark.parametrize(
    "way",
    [
        "with runpact.run(): pass",
        "runpact.run(name='evaluate').__enter__()",
        "contextlib.ExitStack().enter_context(runpact.run())",
        "functools.partial(runpact.run, name='evaluate')().__enter__()",
        "exec('with runpact.run(): pass')",
        "runpact.run()(lambda: None)()",
        "with runpact.run(out='elsewhere'): pass",
    ],
)
def test_a_skill_that_makes_a_run_is_refused_whichever_way_it_takes(place: Place, way: str) -> None:
    place.write("skill.py", f"import contextlib, functools, runpact\ndef go():\n    {way}\n")
    place.write("projects/evaluate/main.py", "import skill\nskill.go()\n")
    with pytest.raises(OwnershipError, match=r"`skill\.py` is no file of a project.*scope"):
        run_file(place, "projects/evaluate/main.py")
    assert not (place.root / "runs").exists()


@pytest.mark.requirement("A-002")
def test_importing_a_skill_makes_no_run(place: Place) -> None:
    place.write("skill.py", "import runpact\n@runpact.run()\ndef go(): pass\ngo()\n")
    place.write("projects/evaluate/main.py", "import skill\n")
    with pytest.raises(OwnershipError, match=r"skill\.py"):
        run_file(place, "projects/evaluate/main.py")
    assert not (place.root / "runs").exists()


@contextlib.contextmanager
def main_program(file: str | None) -> Iterator[None]:
    """Be a program of that file, or a prompt, which has none."""
    main = sys.modules["__main__"].__dict__
    before = main.pop("__file__", None)
    main.update({} if file is None else {"__file__": file})
    try:
        yield
    finally:
        main["__file__"] = before


@pytest.mark.parametrize("is_person", [False, True])
def test_a_thread_without_a_file_answers_for_nobody(place: Place, *, is_person: bool) -> None:
    seen: list[str] = []
    code = (
        "import runpact\ndef go():\n    try:\n        runpact.run().__enter__()\n"
        "    except runpact.RunpactError as error:\n        seen.append(error.message)\n"
    )
    names: dict[str, object] = {"seen": seen}
    exec(compile(code, "<text>", "exec"), names)  # noqa: S102 - a function without a file
    thread = threading.Thread(target=names["go"])  # type: ignore[arg-type]
    with main_program(None if is_person else __file__):
        thread.start()
        thread.join()
    expected = "this is no folder of a project" if is_person else "no project's code asks for it"
    assert seen[0].startswith(expected)
    assert not (place.root / "runs").exists()


def test_a_wrapper_of_a_project_makes_runs_of_its_own_project(place: Place) -> None:
    place.write("projects/evaluate/runs.py", "import runpact\nstart = lambda: runpact.run()\n")
    place.write("skill.py", "")
    place.write(
        "projects/evaluate/main.py",
        f"from projects.evaluate.runs import start\nwith start() as run:\n{DONE}",
    )
    run_file(place, "projects/evaluate/main.py")
    assert place.runs()[0]["path"].startswith("runs/evaluate/")


def test_a_project_makes_no_runs_in_another_ones_name(place: Place) -> None:
    place.write("projects/evaluate/main.py", "import runpact\nrunpact.run(name='train').__enter__()\n")
    with pytest.raises(OwnershipError, match="makes runs of project `evaluate`, not of `train`"):
        run_file(place, "projects/evaluate/main.py")
    place.write(
        "projects/evaluate/b.py", "import runpact\nrunpact.run(captures={'project': 'b'}).__enter__()\n"
    )
    with pytest.raises(OwnershipError, match="not of `b`"):
        run_file(place, "projects/evaluate/b.py")


def test_a_file_of_no_workspace_makes_no_run(place: Place) -> None:
    with pytest.raises(OwnershipError, match=r"test_ownership\.py` is no file of a project"):
        runpact.run().__enter__()


@pytest.mark.requirement("A-001")
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("python", "projects/evaluate/main.py"), 0),
        (("python", "-m", "projects.evaluate.main"), 0),
        (("python", "-m", "projects.evaluate"), 0),
        ((sys.executable, "projects/evaluate/main.py"), 0),
        (("python", "skill.py"), 2),
        (("python", "-c", "pass"), 2),
        (("true",), 2),
    ],
)
def test_a_command_makes_a_run_when_its_program_is_a_projects(
    place: Place, command: tuple[str, ...], code: int
) -> None:
    program = (
        "import os, pathlib\n"
        "pathlib.Path(os.environ['RUNPACT_RUN_DIR'], 'metrics.json').write_text('{\"a\": 1}')\n"
    )
    place.write("projects/evaluate/main.py", program)
    place.write("projects/evaluate/__main__.py", program)
    place.write("skill.py", program)
    answer, _out, err = place.call("run", "--", *command)
    assert answer == code, err
    assert ("ownership" in err) == (code == 2)
    assert (place.root / "runs/evaluate").exists() == (code == 0)


def test_a_person_at_a_prompt_answers_for_the_folder_they_are_in(place: Place) -> None:
    place.write("projects/evaluate/notes.md", "")
    code = "import runpact\nwith runpact.run(config={'a': 1}) as run: run.save('metrics', {'a': 1})"
    for folder, is_made in (("projects/evaluate", True), (".", False)):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=place.root / folder,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )
        assert (done.returncode == 0) == is_made
        assert is_made or "this is no folder of a project" in done.stderr
    assert place.runs()[0]["path"].startswith("runs/evaluate/")


@pytest.mark.requirement("A-001")
def test_a_run_takes_none_inside_it_where_its_contract_says_so(place: Place) -> None:
    place.write("skill.py", "")
    with pytest.raises(OwnershipError, match="is open, and takes no run inside it"):
        project(place, "runpact.run().__enter__()")
    assert len(place.runs()) == 1


def test_a_child_of_a_command_makes_no_run_inside_the_commands(place: Place) -> None:
    place.write("projects/evaluate/main.py", "import runpact\nwith runpact.run(): pass\n")
    code, _out, _err = place.call("run", "--nested", "--", sys.executable, "projects/evaluate/main.py")
    assert code == 3
    (run,) = place.runs()
    assert run["state"] == "failed"


@pytest.mark.parametrize(
    ("pack", "damaged", "is_refused"),
    [
        ("runpact:project-run@1", "", True),
        ("runpact:basic@1", "", False),
        ("runpact:project-run@1", "contract/contract.yaml", False),
        ("runpact:project-run@1", "run.json", False),
    ],
)
def test_the_outer_run_of_another_process_is_asked_for_its_own_contract(
    place: Place, monkeypatch: pytest.MonkeyPatch, pack: str, damaged: str, *, is_refused: bool
) -> None:
    place.write("outer.yaml", f'contract: a.b\nversion: "1.0.0"\nextends: {pack}\n')
    if "project" in pack:
        place.write(
            "outer.yaml", (place.root / "outer.yaml").read_text() + "kinds: {run: {made_by: ['**']}}\n"
        )
    with runpact.run(name="a", contract="outer.yaml", guard="off", unsafe_skip_check=True) as outer:
        monkeypatch.setenv("RUNPACT_RUN_UID", outer.uid)
        monkeypatch.setenv("RUNPACT_RUN_DIR", outer.dir)
        if damaged:
            place.write(f"{Path(outer.dir).relative_to(place.root)}/.runpact/{damaged}", "{")
        thread = threading.Thread(target=_start_quietly, args=(seen := [],))
        thread.start()
        thread.join()
    assert (OwnershipError in seen) == is_refused


def _start_quietly(seen: list[type[BaseException]]) -> None:
    try:
        runpact.run(contract="runpact:basic@1", guard="off").__enter__().finish()
    except OwnershipError as error:
        seen.append(type(error))


@pytest.mark.requirement("AX-016")
def test_the_workspace_is_found_from_a_file_in_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    main = place.write("projects/evaluate/main.py", "")
    monkeypatch.chdir(main.parent)
    assert runpact.workspace_root() == place.root.resolve()
    monkeypatch.chdir("/")
    assert runpact.workspace_root(main) == runpact.workspace_root(main.parent) == place.root.resolve()
    with pytest.raises(NoContractError, match="no contract"):
        runpact.workspace_root()


# -- what a skill gets ---------------------------------------------------------------------------------------


@pytest.mark.requirement("A-003", "A-060")
def test_each_file_of_a_skill_is_told_as_its_own(place: Place) -> None:
    place.write(
        "skill.py",
        "import numpy as np, pathlib, runpact\n"
        "def go():\n"
        "    scope = runpact.current().scope('motion')\n"
        "    scope.log({'inliers': 0.9}, step=1)\n"
        "    scope.save('poses', {'t': np.zeros(3)}, type='Poses@1')\n"
        "    with scope.open('notes.json') as file: file.write('{}')\n"
        "    with scope.open('raw.npz', 'wb') as file: np.savez(file, a=np.ones(2))\n"
        "    pathlib.Path(scope.path('deep/a.yaml')).write_text('a: 1')\n"
        "    assert scope.path('deep/a.yaml').endswith('artifacts/motion/deep/a.yaml')\n"
        "    assert repr(scope) == '<Scope motion: artifacts/motion>'\n",
    )
    project(place, "skill.go()")
    (run,) = place.runs()
    files = {each["path"]: each for each in manifest_of(place, run["path"])["files"]}
    told = {path: each["producer"] for path, each in files.items() if "producer" in each}
    folder = "artifacts/motion"
    assert told == dict.fromkeys(
        (f"{folder}/poses.npz", f"{folder}/notes.json", f"{folder}/raw.npz", f"{folder}/deep/a.yaml"),
        "motion",
    )
    assert files[f"{folder}/poses.npz"]["type"] == "Poses@1"
    assert runpact.verify(run["path"]) is runpact.Verdict.OK
    assert place.call("check")[0] == 0
    (found,) = runpact.runs("metrics.motion.inliers > 0.8")
    assert found["metrics.motion.inliers"] == 0.9


def test_the_contract_may_say_where_a_scope_writes(place: Place) -> None:
    place.write("contract.yaml", CONTRACT + "kinds: {run: {scopes: {motion: artifacts/camera}}}\n")
    place.write("skill.py", "import runpact\ngo = lambda: runpact.current().scope('motion').save('a', {})\n")
    project(place, "skill.go()")
    assert (place.root / place.runs()[0]["path"] / "artifacts/camera/a.json").exists()
    assert "`artifacts/camera`" in place.call("contract", "docs")[1]


def skill_that(place: Place, body: str) -> None:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    place.write(
        "skill.py",
        f"import os, pickle, pathlib, runpact\ndef go():\n    s = runpact.current().scope('x')\n{lines}",
    )


@pytest.mark.requirement("A-003", "A-004")
@pytest.mark.parametrize(
    "body",
    [
        "os.makedirs('runs/skill/2026-01-01_00-00-00_abc1234')",
        "os.makedirs('outputs/skill')",
        "pathlib.Path('result.json').write_text('{}')",
        "s.open('out.json').close(); os.rename(s.path('out.json'), 'out.json')",
        "os.symlink(os.getcwd(), s.path('link')); s.open('link/escaped.json')",
        "os.symlink(os.getcwd(), s.path('link')); s.save('link/escaped', {})",
    ],
)
def test_a_skill_that_writes_outside_the_run_is_refused(place: Place, body: str) -> None:
    skill_that(place, body)
    before = {path.name for path in place.root.iterdir()}
    with pytest.raises(StrayWriteError, match=r"lies outside the run|out of the run"):
        project(place, "skill.go()")
    assert {path.name for path in place.root.iterdir()} - before <= {
        "runs",
        "projects",
        "__pycache__",
        ".runpact-cache",
    }
    assert [path.name for path in (place.root / "runs").iterdir()] == ["evaluate"]


@pytest.mark.requirement("A-003")
@pytest.mark.parametrize("name", ["../other/a.json", "/tmp/a.json", "", "a/../../b.json"])
def test_a_scope_has_no_path_to_what_is_not_its_own(place: Place, name: str) -> None:
    skill_that(place, f"s.open({name!r})")
    with pytest.raises(UnsafeNameError):
        project(place, "skill.go()")


@pytest.mark.parametrize(
    "call", ["s.save('a', {}); s.save('a', {})", "s.path('a.json'); s.save('a', {}); s.save('a', [])"]
)
def test_a_scope_writes_an_artifact_once(place: Place, call: str) -> None:
    skill_that(place, call)
    with pytest.raises(WriteOnceError):
        project(place, "skill.go()")


@pytest.mark.requirement("A-045", "A-047")
@pytest.mark.parametrize("name", ["model.pkl", "model.json", "model.npz", "model.yaml"])
def test_a_skill_that_pickles_is_refused_by_what_the_file_holds(place: Place, name: str) -> None:
    skill_that(place, f"with s.open({name!r}, 'wb') as file: pickle.dump(pathlib.Path('a'), file)")
    with pytest.raises(ContractBrokenError, match=name.replace(".", r"\.")) as caught:
        project(place, "skill.go()")
    assert "(it is pickle)" in str(caught.value)
    code, document = place.json("check")
    told = {(each["rule"], each["path"].rpartition("/")[2], each["got"]) for each in document["findings"]}
    assert (code, told) == (3, {("A-048", name, "pickle")})


@pytest.mark.requirement("A-046", "A-047")
@pytest.mark.parametrize(
    "name",
    ["artifacts/x/model.pt", "artifacts/x/model.npz", "model.pt", "artifacts/predictions/frame_0000.npz"],
)
def test_torch_objects_outside_checkpoints_are_refused_whatever_they_are_called(
    place: Place, name: str
) -> None:
    place.write("skill.py", TORCH + f"def go():\n    write(runpact.current().path({name!r}))\n")
    with pytest.raises(ContractBrokenError, match=name.rpartition("/")[2].replace(".", r"\.")):
        project(place, "skill.go()")


TORCH = """\
import pickle, runpact, zipfile
def write(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"w": 1}))
        archive.writestr("archive/version", "3")
"""


@pytest.mark.requirement("A-034")
@pytest.mark.parametrize(
    "call",
    [
        "s.log({'loss': float('nan')})",
        "s.save('metrics.json', {'loss': float('nan')})",
        "s.log({'loss': float('inf')})",
    ],
)
def test_a_skill_that_writes_no_number_is_refused(place: Place, call: str) -> None:
    skill_that(place, call)
    with pytest.raises(ValueRefusedError, match=r"loss"):
        project(place, "skill.go()")


@pytest.mark.requirement("A-003", "A-004")
def test_a_skill_in_a_command_is_held_by_the_kernel(place: Place) -> None:
    place.write("models/depth/model.npz", "curated")
    place.write(
        "projects/evaluate/main.py",
        "import os, runpact\n"
        "run = runpact.current()\n"
        "run.scope('motion').save('a', {})\n"
        "run.save('metrics', {'loss': 0.5})\n"
        "for path in ('out.json', 'models/depth/model.npz', 'runs/skill.txt'):\n"
        "    try: open(path, 'w').close()\n"
        "    except OSError: continue\n"
        "    raise SystemExit(path)\n"
        "os.system('echo x > out.txt; mkdir -p runs/skill/2026-01-01_00-00-00_abc1234')\n",
    )
    program = (sys.executable, "projects/evaluate/main.py")
    code, _out, err = place.call("run", "--set", "a=1", "--", *program)
    assert code == 0, err
    assert not (place.root / "out.txt").exists()
    assert [path.name for path in (place.root / "runs").iterdir()] == ["evaluate"]
    assert (place.root / "models/depth/model.npz").read_text() == "curated"


@pytest.mark.parametrize(
    ("name", "error"), [("../x", UnsafeNameError), ("", UnsafeNameError), (7, UsageError)]
)
def test_a_scope_needs_a_name_that_can_be_a_folder(
    empty: Place, name: object, error: type[Exception]
) -> None:
    with runpact.run(name="a") as run, pytest.raises(error):
        run.scope(name)  # type: ignore[arg-type]


def test_metrics_of_a_scope_are_a_mapping(empty: Place) -> None:
    with runpact.run(name="a") as run, pytest.raises(UsageError, match="mapping"):
        run.scope("x").log(0.5)  # type: ignore[arg-type]


def test_a_process_of_the_command_tells_its_scope_as_well(empty: Place) -> None:
    code = "import runpact; s = runpact.current().scope('x'); s.save('a', {}); s.open('b.txt').close()"
    empty.write("go.py", code)
    assert empty.call("run", "--name", "a", "--", sys.executable, "go.py")[0] == 0
    manifest = json.loads((empty.root / empty.runs()[0]["path"] / ".runpact/manifest.json").read_text())
    assert {
        each["path"]: each.get("producer") for each in manifest["files"] if "artifacts" in each["path"]
    } == {
        "artifacts/x/a.json": "x",
        "artifacts/x/b.txt": "x",
    }
    assert Path("runs").exists()


def test_a_pattern_that_cannot_be_read_is_told_by_lint(empty: Place) -> None:
    empty.write("contract.yaml", CONTRACT + "kinds: {run: {made_by: ['projects/{'], scopes: {a: ../b}}}\n")
    code, document = empty.json("contract", "lint")
    assert code == 2
    assert {fault["at"] for fault in document["error"]["faults"]} == {
        "/kinds/run/made_by/0",
        "/kinds/run/scopes/a",
    }
