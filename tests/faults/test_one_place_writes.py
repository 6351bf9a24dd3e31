"""Only `disk/io.py` writes into runs: a fault can be injected at every call there is."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import runpact

SOURCE = Path(runpact.__file__).parent
TESTS = Path(__file__).parents[1]
WRITING = frozenset(
    name
    for line in (
        "write writev pwrite ftruncate truncate rename renames replace link symlink unlink remove rmdir",
        "removedirs mkdir makedirs mkfifo mknod chmod fchmod lchmod chown fchown lchown utime setxattr",
        "removexattr fsync fdatasync sync posix_fallocate flock lockf sendfile copy_file_range",
    )
    for name in line.split()
)
MODULES = frozenset({"os", "fcntl", "shutil", "tempfile", "ctypes"})
ELSEWHERE = {
    ("disk/reader.py", "fcntl.flock"): "asks for a shared lock, to learn whether it is held",
    ("disk/setup.py", "os.makedirs"): "lays out an example outside any run",
    ("disk/setup.py", "shutil.copyfile"): "as above",
    ("cli/contracttext.py", "open"): "writes the page of a contract where a person says",
    ("cli/story.py", "path.write_text"): "spoils a copy of a certificate in the demo's folder",
    ("cli/story.py", "shutil.copytree"): "makes that copy",
    ("cli/story.py", "shutil.rmtree"): "removes that copy",
    ("disk/scratch.py", "open"): "changes a scratch copy of a tree, never a run",
    ("disk/scratch.py", "os.makedirs"): "as above",
    ("disk/scratch.py", "os.rename"): "as above",
    ("disk/scratch.py", "os.unlink"): "as above",
    ("disk/scratch.py", "shutil.copytree"): "as above",
    ("disk/scratch.py", "shutil.rmtree"): "as above",
    ("disk/scratch.py", "tempfile.TemporaryDirectory"): "as above",
    ("host/child.py", "os.write"): "repeats a child's output on our own streams",
    ("host/child.py", "shutil.which"): "finds a program",
    ("host/diversion.py", "os.write"): "writes the answer to our own stdout",
    ("host/environment.py", "shutil.which"): "finds a program",
    ("host/fence.py", "shutil.rmtree"): "removes the folder of a child's temporary files",
    ("host/git.py", "shutil.which"): "finds git",
    ("host/gitneutral.py", "open"): "makes a temporary folder that git is shown, never a run",
    ("host/gitneutral.py", "os.mkdir"): "as above",
    ("host/gitneutral.py", "os.symlink"): "as above",
    ("host/gitneutral.py", "shutil.copyfile"): "as above",
    ("host/gitneutral.py", "shutil.rmtree"): "as above",
    ("host/gitquestion.py", "shutil.copy2"): "as above",
    ("host/fence.py", "os.mkdir"): "makes a folder for a child's temporary files",
    ("host/isolate.py", "os.makedirs"): "as above",
    ("host/rebuild.py", "open"): "lists packages in an environment that is being made, never in a run",
    ("host/rebuild.py", "os.makedirs"): "as above",
    ("host/rebuild.py", "os.symlink"): "lends runpact itself to that environment",
    ("host/rebuild.py", "shutil.which"): "finds uv",
    ("host/worktree.py", "os.makedirs"): "makes folders in a working tree that is there for a while",
    ("host/worktree.py", "os.symlink"): "as above",
    ("host/worktree.py", "shutil.copytree"): "as above",
    ("host/worktree.py", "shutil.rmtree"): "removes that tree",
    ("host/isolate.py", "shutil.which"): "finds bubblewrap",
    ("host/landlock.py", "ctypes.CDLL"): "restricts a thread; writes nothing",
    ("host/landlock.py", "ctypes.c_long"): "as above",
    ("host/landlock.py", "ctypes.get_errno"): "as above",
    ("host/landlock.py", "os.write"): "tells through a pipe that this process is restricted",
    ("host/crew.py", "ctypes.CDLL"): "has a worker end with its parent",
    ("host/crew.py", "os.write"): "tells a worker its trials through a pipe",
    ("host/openings.py", "os.makedirs"): "makes a declared cache, never in a run",
    ("host/selftest.py", "open"): "lays out what an attack may spoil, in a temporary folder",
    ("host/selftest.py", "os.mkdir"): "makes a temporary folder, and that of the verdict in the user's cache",
    ("host/selftest.py", "os.replace"): "keeps the verdict, in the user's cache",
    ("host/selftest.py", "os.utime"): "as above",
    ("host/strace.py", "shutil.which"): "finds strace",
    ("host/selftest.py", "shutil.rmtree"): "removes the temporary folder",
    ("host/toolchain.py", "shutil.which"): "finds a program",
    (
        "integrations/hydra/multirun.py",
        "tempfile.mkdtemp",
    ): "gives Hydra a folder for its own files",
    ("integrations/hydra/multirun.py", "shutil.rmtree"): "removes it",
    (
        "telemetry/opening.py",
        "fcntl.flock",
    ): "one process at a time makes a database of telemetry, never a run",
    ("telemetry/opening.py", "os.makedirs"): "as above",
    ("telemetry/opening.py", "os.unlink"): "removes a database's companions that outlived it",
}
"""Calls outside `disk/io.py` that could write, and why they are no write into a run."""

PROGRAM = """\
import json, os, sys
from pathlib import Path

from faults.scenario import lay_out, make_run
from faults.sweep import command

CHANGING = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate",
            "os.chmod", "os.chown", "os.utime", "os.setxattr", "shutil.copyfile", "shutil.move"}
seen = {}
folder = sys.argv[1]

def hook(event, arguments):
    if event == "open":
        if not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
            return
    elif event not in CHANGING:
        return
    if not any(str(part).startswith((folder + "/runs", folder + "/placed")) for part in arguments):
        return
    frame = sys._getframe(1)
    while frame and not {"runpact", "faults"} & set(frame.f_code.co_filename.split("/")):
        frame = frame.f_back
    caller = frame.f_code.co_filename if frame else "nobody"
    key = "/".join(caller.split("/")[-2:])
    seen[key] = seen.get(key, 0) + 1

lay_out(Path(folder))
sys.addaudithook(hook)
codes = [make_run(Path(folder), lambda fact, **fields: None, kind=kind, durability=durability)
         for kind in ("run", "placed") for durability in ("commit", "none")]
codes.append(command("run", "commit")(Path(folder), lambda fact, **fields: None))
print(json.dumps({"codes": codes, "seen": seen}))
"""


def test_every_path_in_a_run_is_written_by_the_one_module(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "w")],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["codes"] == [0] * 5
    assert found["seen"].pop("faults/scenario.py") > 3  # the program's own files in each run and in its place
    assert found["seen"].keys() == {"disk/io.py"}
    assert found["seen"]["disk/io.py"] > 150


def calls_that_could_write(path: Path) -> set[tuple[str, str]]:
    name = path.relative_to(SOURCE).as_posix()
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        module, _, function = called.rpartition(".")
        is_known = module in MODULES and (function in WRITING or module in {"shutil", "tempfile", "ctypes"})
        is_path = function in {"write_text", "write_bytes", "touch", "hardlink_to", "symlink_to"}
        modes = [ast.unparse(part).strip("'\"") for part in node.args[1:2]]
        modes += [ast.unparse(word.value).strip("'\"") for word in node.keywords if word.arg == "mode"]
        is_open = called == "open" and any(set("wax+") & set(mode) for mode in modes)
        if is_known or is_path or is_open:
            found.add((name, called))
    return found


def test_no_other_module_holds_a_writing_call() -> None:
    found = {
        call
        for path in sorted(SOURCE.rglob("*.py"))
        if path.relative_to(SOURCE).as_posix() != "disk/io.py"
        and "skeleton" not in path.parts  # stages that `runpact init` lays out, for their owner to change
        and "skeleton" not in path.parts  # programs of a new workspace, not of runpact
        for call in calls_that_could_write(path)
    }
    found -= {("cli/main.py", "open"), ("host/streams.py", "open")}  # the null device
    assert found == ELSEWHERE.keys()
