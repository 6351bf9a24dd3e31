#!/usr/bin/env python3
"""Set up a clone and run its jobs, with nothing but Python and its venv module.

    python3 do.py demo [NAME] [ARGS…]    set up, then run an example (default: certification)
    python3 do.py test [PYTEST ARGS…]    set up, then run every check; what CI runs
    python3 do.py lint                   format, ruff, mypy and import rules only
    python3 do.py nightly [PYTEST ARGS…] the slow tests
    python3 do.py bench [ARGS…]          timings
    python3 do.py walk 00N               produce a seed's outputs and print its requirements
    python3 do.py pins                   renew requirements/*.txt (needs uv)

Knows: the virtual environment, the pinned requirements, which checks exist.
Does not know: what the product does.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "runpact-stamp.json"
OLDEST_PYTHON = (3, 11)
CANNOT_START = 2
PYTEST_FOUND_NOTHING = 5
USAGE = 64

# An environment that serves one lane serves those it includes.
INCLUDED_BY = {
    "core": ("core", "demo", "perception", "quant", "vision", "test", "nightly"),
    "demo": ("demo", "perception", "quant", "vision", "test", "nightly"),
    "perception": ("perception", "nightly"),
    "quant": ("quant", "nightly"),
    "vision": ("vision", "test", "nightly"),
    "test": ("test", "nightly"),
    "nightly": ("nightly",),
}
EXAMPLE_LANES = {"perception": "perception", "quant": "quant", "vision": "vision"}
"""Examples that need more than the others to be run."""
WALK_LANES = {"000": "perception"}
"""Seeds whose example needs more than the tests have."""
FAST_LANE = "not nightly and not browser"
FULL_BRANCH_COVERAGE = ("model", "verbs")
COVERAGE_ELSEWHERE = 90.0
OPTIONAL_TOOLS = {
    "strace": "tests that fail single system calls",
    "bwrap": "tests of the namespace fence",
    "chromium": "browser tests (nightly)",
}
OPTIONAL_MODULES = {"matplotlib": "pictures as PNG; `python3 do.py nightly` installs it and draws them"}


class StopError(Exception):
    """Ends the program with a message for its user."""


def say(text: str = "") -> None:
    """Print one line at once, so that it stands in order with the output of children."""
    print(text, flush=True)


# ---------------------------------------------------------------- set-up


def requirement_file(lane: str) -> Path:
    """Name the pinned requirements of a lane."""
    return ROOT / "requirements" / f"{lane}.txt"


def stamp_of(lane: str) -> str:
    """Digest everything that decides what stands in the environment."""
    state = hashlib.sha256()
    for part in (
        requirement_file(lane).read_bytes(),
        (ROOT / "pyproject.toml").read_bytes(),
        sys.version.encode(),
        str(ROOT).encode(),
    ):
        state.update(hashlib.sha256(part).digest())
    return state.hexdigest()


def read_stamps() -> dict[str, str]:
    """Read which lanes the environment serves; a damaged or missing stamp means none."""
    try:
        stamps = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) and PYTHON.exists() else {}


def is_ready(lane: str) -> bool:
    """Say whether the environment already holds what the lane needs."""
    stamps = read_stamps()
    return any(
        other in stamps and requirement_file(other).is_file() and stamps[other] == stamp_of(other)
        for other in INCLUDED_BY[lane]
    )


def set_up(lane: str) -> None:
    """Make `.venv` hold the pinned requirements of a lane and runpact itself."""
    if is_ready(lane):
        return
    with set_up_lock():
        if is_ready(lane):
            return
        started = time.monotonic()
        say(f"set-up: {requirement_file(lane).relative_to(ROOT)} into .venv (once)")
        STAMP.unlink(missing_ok=True)
        make_environment()
        install(lane)
        STAMP.write_text(json.dumps({lane: stamp_of(lane)}), encoding="utf-8")
        say(f"set-up: done in {time.monotonic() - started:.0f} s")


@contextlib.contextmanager
def set_up_lock():  # noqa: ANN201 - a generator type would need an import that old Pythons lack
    """Let one process at a time change the environment."""
    if os.name == "nt":
        yield
        return
    import fcntl  # noqa: PLC0415 - not on every system

    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_environment() -> None:
    """Create `.venv`, anew when it belongs to another Python or another place."""
    marker = VENV / "runpact-home.txt"
    home = f"{sys.version}\n{ROOT}\n"
    with contextlib.suppress(OSError):
        if PYTHON.exists() and marker.read_text(encoding="utf-8") == home:
            return
    if VENV.exists():
        shutil.rmtree(VENV)
    made = run_quietly([sys.executable, "-m", "venv", str(VENV)])
    if made.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        uv = shutil.which("uv")
        if uv is None or run_quietly([uv, "venv", "--python", sys.executable, str(VENV)]).returncode != 0:
            message = (
                f"this Python cannot make a virtual environment: {sys.executable}\n"
                f"{last_lines(made.stdout)}\n\n"
                "hint: install its venv and ensurepip modules (Debian, Ubuntu: the package `python3-venv`),\n"
                "      or put `uv` on PATH, then run the same line again"
            )
            raise StopError(message)
    marker.write_text(home, encoding="utf-8")


def install(lane: str) -> None:
    """Install pinned, hashed requirements and then this checkout, with uv or else pip."""
    requirements = ["--require-hashes", "-r", str(requirement_file(lane))]
    checkout = ["--no-deps", "--no-build-isolation", "-e", str(ROOT)]
    uv = shutil.which("uv")
    if uv is not None:
        installer = [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
        if all(run_quietly([*installer, *what]).returncode == 0 for what in (requirements, checkout)):
            return
        say("set-up: uv could not install the pins (it does not read pip's configuration); trying pip")
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if run_quietly([*pip, "--version"]).returncode != 0:
        run_quietly([str(PYTHON), "-m", "ensurepip"])
    for what in (requirements, checkout):
        done = run_quietly([*pip, *what])
        if done.returncode != 0:
            message = (
                f"could not install {what[-1]}\n{last_lines(done.stdout)}\n\n"
                "hint: the first set-up needs either a network or a folder of wheels;\n"
                "      offline, fetch the wheels on a connected machine with\n"
                f"        python3 -m pip download -r requirements/{lane}.txt -d wheels\n"
                "      then run with PIP_NO_INDEX=1 PIP_FIND_LINKS=<that folder> set"
            )
            raise StopError(message)


def run_quietly(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout and keep what it says."""
    return subprocess.run(
        command,
        cwd=ROOT,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
    )


def last_lines(text: str, count: int = 12) -> str:
    """Cut what a failed tool said to its end, indented."""
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-count:])


# ---------------------------------------------------------------- checks


class Steps:
    """Runs named checks one after the other and remembers which failed."""

    def __init__(self) -> None:
        self.failed: list[str] = []

    def report(self, name: str, started: float, *, passed: bool, output: str = "") -> None:
        """Print one line for a finished check, and what it said if it failed."""
        if not passed:
            self.failed.append(name)
            if output.strip():
                say(output.rstrip())
        say(f"{'ok    ' if passed else 'FAILED'}  {name}  ({time.monotonic() - started:.1f} s)")

    def tool(self, name: str, command: list[str]) -> None:
        """Run one checking tool."""
        started = time.monotonic()
        done = run_quietly(command)
        self.report(name, started, passed=done.returncode == 0, output=done.stdout)

    def finish(self) -> int:
        """Name every failed check and give the exit code."""
        if self.failed:
            say(f"\n{len(self.failed)} failed: {', '.join(self.failed)}")
            return 1
        say("\nall checks passed")
        return 0


def run_fast_checks(steps: Steps) -> None:
    """Run the checks that read the code without executing it."""
    module = [str(PYTHON), "-m"]
    steps.tool("ruff format --check", [*module, "ruff", "format", "--check", "--output-format=concise", "."])
    steps.tool("ruff check", [*module, "ruff", "check", "--output-format=concise", "."])
    steps.tool("mypy --strict src", [*module, "mypy", "--strict", "src"])
    steps.tool("lint-imports", [str(BIN / "lint-imports"), "--no-logo"])


def run_pytest(steps: Steps, *, markers: str, extra: list[str], environment: dict[str, str]) -> str:
    """Run pytest, let its output through and return its closing line."""
    started = time.monotonic()
    command = [str(PYTHON), "-m", "pytest", "-m", markers, *extra]
    closing = ""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as child:
        for line in child.stdout or ():
            sys.stdout.write(line)
            sys.stdout.flush()
            if re.search(r"\b(passed|failed|errors?|skipped|deselected|no tests ran)\b.* in [\d.]+s", line):
                closing = line.strip().strip("=").strip()
    if child.returncode == PYTEST_FOUND_NOTHING:
        say("no test was selected: nothing was shown to work")
    steps.report("pytest", started, passed=child.returncode == 0)
    return closing


def measure_coverage(steps: Steps, folder: Path) -> None:
    """Hold branch coverage against the floors of each part of the package."""
    started = time.monotonic()
    report = folder / "coverage.json"
    done = run_quietly(
        [str(PYTHON), "-m", "coverage", "json", "-q", f"--data-file={folder / 'coverage'}", "-o", str(report)]
    )
    if done.returncode != 0:
        steps.report("coverage", started, passed=False, output=done.stdout)
        return
    files = json.loads(report.read_text(encoding="utf-8"))["files"]
    gaps, covered, countable = [], 0, 0
    for name, facts in sorted(files.items()):
        parts = Path(name).parts
        summary = facts["summary"]
        if parts[parts.index("runpact") + 1 :][0] in FULL_BRANCH_COVERAGE:
            lines = [str(line) for line in facts["missing_lines"]]
            branches = [f"{start}→{end}" for start, end in facts["missing_branches"]]
            if lines or branches:
                gaps.append(f"  {name}: not covered: {', '.join(lines + branches)}")
        else:
            covered += summary["covered_lines"] + summary["covered_branches"]
            countable += summary["num_statements"] + summary["num_branches"]
    elsewhere = 100.0 * covered / countable if countable else 100.0
    steps.report(
        f"branch coverage of {' and '.join(FULL_BRANCH_COVERAGE)} = 100 %",
        started,
        passed=not gaps,
        output="\n".join(gaps),
    )
    low = sorted(
        (facts["summary"]["percent_covered"], name)
        for name, facts in files.items()
        if facts["summary"]["percent_covered"] < COVERAGE_ELSEWHERE
    )
    steps.report(
        f"branch coverage elsewhere = {elsewhere:.1f} % (floor {COVERAGE_ELSEWHERE:.0f} %)",
        started,
        passed=elsewhere >= COVERAGE_ELSEWHERE,
        output="\n".join(f"  {name}: {percent:.1f} %" for percent, name in low),
    )


def say_what_is_left_out() -> None:
    """Name what cannot be tested on this machine."""
    for tool, purpose in OPTIONAL_TOOLS.items():
        if shutil.which(tool) is None:
            say(f"left out: {purpose} ({tool} is not on PATH)")
    for module, purpose in OPTIONAL_MODULES.items():
        if run_quietly([str(PYTHON), "-c", f"import {module}"]).returncode != 0:
            say(f"left out: {purpose} ({module} is not installed)")


# ---------------------------------------------------------------- commands


def do_test(arguments: list[str]) -> int:
    """Set up and run every check of the fast lane."""
    set_up("test")
    steps = Steps()
    run_fast_checks(steps)
    with tempfile.TemporaryDirectory(prefix="runpact-test-") as folder:
        extra = ["-n", "2", "--cov", "--cov-report=", *arguments]
        environment = {"COVERAGE_FILE": str(Path(folder) / "coverage")}
        closing = run_pytest(steps, markers=FAST_LANE, extra=extra, environment=environment)
        if arguments:
            say("left out: coverage floors (only a part of the tests was asked for)")
        else:
            measure_coverage(steps, Path(folder))
    say(run_quietly([str(PYTHON), str(ROOT / "tools" / "requirements_table.py")]).stdout.strip())
    say_what_is_left_out()
    code = steps.finish()
    say(f"pytest: {closing or 'no closing line'}")
    return code


def do_lint(arguments: list[str]) -> int:
    """Set up and run the fast checks."""
    refuse(arguments)
    set_up("test")
    steps = Steps()
    run_fast_checks(steps)
    return steps.finish()


def do_nightly(arguments: list[str]) -> int:
    """Set up and run the slow tests, browser tests included, with the extras that only they need."""
    set_up("nightly")
    steps = Steps()
    closing = run_pytest(steps, markers="nightly or browser", extra=["-n", "2", *arguments], environment={})
    say_what_is_left_out()
    code = steps.finish()
    say(f"pytest: {closing or 'no closing line'}")
    return code


def do_demo(arguments: list[str]) -> int:
    """Set up and run an example on real input."""
    named = bool(arguments) and not arguments[0].startswith("-")
    name, rest = (arguments[0], arguments[1:]) if named else ("certification", arguments)
    set_up(EXAMPLE_LANES.get(name, "demo"))
    code = run_through([str(BIN / "runpact"), "demo", name, *rest])
    if code == 0 and "--json" not in rest and shutil.which("runpact") != str(BIN / "runpact"):
        say(f"before you type more of it:  . {shlex.quote(str(BIN / 'activate'))}")
    return code


def do_bench(arguments: list[str]) -> int:
    """Set up and print timings."""
    return run_script(
        ROOT / "bench" / "run.py", arguments, missing="there are no benchmarks yet (bench/run.py)"
    )


def do_walk(arguments: list[str]) -> int:
    """Produce a seed's outputs and print its requirements with the evidence found."""
    if not arguments or not re.fullmatch(r"00[0-4]", arguments[0]):
        say("usage: python3 do.py walk 00N   (N from 0 to 4)")
        return USAGE
    number, rest = arguments[0], arguments[1:]
    set_up(WALK_LANES.get(number, "test"))
    return run_through([str(PYTHON), str(ROOT / "tools" / "walk.py"), number, *rest])


def do_pins(arguments: list[str]) -> int:
    """Renew the pinned requirements and the same pins for uv in pyproject.toml."""
    refuse(arguments)
    uv = shutil.which("uv")
    if uv is None:
        message = "`uv` is not on PATH\n\nhint: install uv, then run the same line again"
        raise StopError(message)
    compiling = [
        uv,
        "pip",
        "compile",
        "pyproject.toml",
        "--universal",
        "--python-version",
        "3.11",
        "--upgrade",
    ]
    compiling += ["--generate-hashes", "--no-header", "--no-emit-index-url", "--no-annotate", "--quiet"]
    everything = requirement_file("test")
    tested = ["--extra", "arrays", "--extra", "sign", "--group", "test"]
    write_pins([])  # so that the old pins do not hold the new ones back
    lanes = {
        "test": tested,
        "nightly": [
            *tested,
            *("--extra", "plots", "--extra", "sweep", "--group", "nightly", "--constraint", str(everything)),
        ],
        "perception": ["--group", "perception", "--group", "build", "--constraint", str(everything)],
        "quant": ["--group", "quant", "--group", "build", "--constraint", str(everything)],
        "vision": ["--group", "vision", "--group", "build", "--constraint", str(everything)],
        "demo": ["--group", "demo", "--group", "build", "--constraint", str(everything)],
        "core": ["--group", "build", "--constraint", str(everything)],
    }
    for lane, options in lanes.items():
        done = run_quietly([*compiling, *options, "-o", str(requirement_file(lane))])
        if done.returncode != 0:
            raise StopError(f"uv could not resolve {lane}\n{last_lines(done.stdout)}")
        say(f"wrote {requirement_file(lane).relative_to(ROOT)}")
    pins = re.findall(r"^[A-Za-z0-9][^\s]*==[^\\\n]*", everything.read_text(encoding="utf-8"), re.MULTILINE)
    write_pins([pin.strip() for pin in pins])
    say("wrote the same pins to pyproject.toml")
    return 0


def write_pins(pins: list[str]) -> None:
    """Replace uv's constraints in pyproject.toml."""
    project = ROOT / "pyproject.toml"
    lines = "".join(f'    "{pin}",\n' for pin in pins)
    block = f"# pins: begin\nconstraint-dependencies = [\n{lines}]\n# pins: end"
    text = project.read_text(encoding="utf-8")
    text = re.sub(r"# pins: begin.*?# pins: end", lambda _: block, text, flags=re.DOTALL)
    project.write_text(text, encoding="utf-8")


def run_script(script: Path, arguments: list[str], *, missing: str) -> int:
    """Run a script of the repository, or say honestly that it does not exist."""
    if not script.is_file():
        say(missing)
        return CANNOT_START
    set_up("test")
    return run_through([str(PYTHON), str(script), *arguments])


def run_through(command: list[str]) -> int:
    """Run a command on this terminal and hand back its exit code."""
    try:
        code = subprocess.run(command, check=False).returncode
    except KeyboardInterrupt:
        return 130
    return code if code >= 0 else 128 - code


def refuse(arguments: list[str]) -> None:
    """Stop when a command that takes no arguments is given some."""
    if arguments:
        raise StopError(f"this command takes no arguments, got: {' '.join(arguments)}")


COMMANDS = {
    "demo": do_demo,
    "test": do_test,
    "lint": do_lint,
    "nightly": do_nightly,
    "bench": do_bench,
    "walk": do_walk,
    "pins": do_pins,
}


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(str(part) for part in sys.version_info[:3])
        say(f"runpact needs Python 3.11 or newer; this is {found} ({sys.executable})")
        say("hint: start this script with a newer one, for instance `python3.11 do.py …`")
        return CANNOT_START
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        say((__doc__ or "").strip())
        return 0 if arguments else USAGE
    command = COMMANDS.get(arguments[0])
    if command is None:
        say(f"unknown command: {arguments[0]}\nhint: one of {', '.join(COMMANDS)}")
        return USAGE
    try:
        return command(arguments[1:])
    except StopError as stop:
        say(f"error: {stop}")
        return CANNOT_START
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
