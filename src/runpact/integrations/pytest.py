"""pytest: a run to test with, a run of the tests, and tests that write where they must not.

Knows: at which moments pytest runs what.
Does not know: how a write is seen.

Named by `pytest_plugins` in the outermost `conftest.py`, or by `-p runpact.integrations.pytest`.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runpact.api import PendingRun, run
from runpact.disk.layout import PRIVATE
from runpact.disk.reader import read_run
from runpact.host.caches import cache_folders, home_folder
from runpact.host.guard import Guard
from runpact.host.watch import output_files
from runpact.model.confinement import RECORD
from runpact.model.run import State
from runpact.model.territory import Territory, is_below

if TYPE_CHECKING:
    from runpact.verbs.life.active import ActiveRun

Stamps = dict[str, tuple[int, int]]
_BASIC = "runpact:basic@1"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Tell pytest the options."""
    group = parser.getgroup("runpact")
    group.addoption(
        "--runpact-run", action="store_true", help="make a run of this session: outcomes, seconds"
    )
    group.addoption(
        "--runpact-clean", action="store_true", help="fail each test that writes below the root directory"
    )
    parser.addini("runpact_clean", "as --runpact-clean", type="bool", default=False)
    parser.addini("runpact_writes", "globs below the root directory that tests may write", type="linelist")
    parser.addini("runpact_contract", "contract of the fixture `runpact_run`", default=_BASIC)


def pytest_configure(config: pytest.Config) -> None:
    """Begin to watch and to record, as far as that was asked for."""
    if config.getoption("--runpact-clean") or config.getini("runpact_clean"):
        config.pluginmanager.register(_Watch(config))
    is_worker = hasattr(config, "workerinput")
    if config.getoption("--runpact-run") and not is_worker:
        config.pluginmanager.register(_Recorded())


@pytest.fixture
def runpact_run(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ActiveRun]:
    """An open run below `tmp_path`: code that writes into `runpact.current()` is tested with it."""
    contract = str(request.config.getini("runpact_contract"))
    name = "".join(each if each.isalnum() else "-" for each in request.node.name)
    pending = run(
        name=name.strip("-")[:100],
        contract=contract if ":" in contract else request.config.rootpath / contract,
        workdir=tmp_path,
        durability="none",
        guard="off",
        unsafe_skip_check=True,
    )
    with pending as opened:
        yield opened


class _Watch:
    """Sees what tests write below the root directory."""

    def __init__(self, config: pytest.Config) -> None:
        """Remember what stands there now."""
        self._config, self._root = config, os.path.realpath(config.rootpath)
        self._globs = tuple(map(str, config.getini("runpact_writes")))
        self._is_shared = hasattr(config, "workerinput")
        self._before, self._seen = self._stamps(is_deep=True), self._stamps()
        self._told, self._changed = set[str](), list[str]()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None]:
        with self._over(item):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None]:
        with self._over(item):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None]:
        with self._over(item):
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Look at the root directory as a whole, also into runs that were there before."""
        after = self._stamps(is_deep=True)
        self._changed = [
            path for path in self._named(_differing(self._before, after)) if not self._is_told(path)
        ]
        if self._changed:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what no single test could be seen to have written."""
        if self._changed:
            terminalreporter.section("runpact: the tests changed the root directory", red=True)
            terminalreporter.line(", ".join(self._changed[:20]))

    def _territory(self) -> Territory:
        """Return which folders a test may write."""
        factory = getattr(self._config, "_tmp_path_factory", None)
        return Territory(
            root=self._root,
            home=home_folder(os.environ),
            own=() if factory is None else (os.path.realpath(factory.getbasetemp()),),
            watched=(self._root,),
            caches=cache_folders(os.environ),
            globs=self._globs,
        )

    @contextlib.contextmanager
    def _over(self, item: pytest.Item) -> Iterator[None]:
        """Fail a test that writes below the root directory within the block."""
        guard = Guard(self._territory(), mode=RECORD)
        guard.begin()
        try:
            yield
        finally:
            guard.end()
            written = {*(path for path, _event in guard.strays), *guard.written_databases()}
            self._judge(item, written | self._appeared())

    def _judge(self, item: pytest.Item, written: set[str]) -> None:
        if written:
            named = self._named(written)
            self._told.update(named)
            shown = ", ".join(named[:5])
            pytest.fail(f"{item.nodeid} wrote {shown}; tests write below `tmp_path` alone", pytrace=False)

    def _appeared(self) -> set[str]:
        """Return what differs from the last look: runs, which runpact writes, and what children wrote.

        Among workers beside each other only a run that this process made is surely the test's.
        """
        before, self._seen = self._seen, self._stamps()
        paths = _differing(before, self._seen)
        return {path for path in paths if _maker(path) == os.getpid()} if self._is_shared else paths

    def _named(self, paths: set[str]) -> list[str]:
        """Return paths as they are told, without what stands below another of them that is a folder."""
        return sorted(
            os.path.relpath(path, self._root) for path in paths if not is_below(os.path.dirname(path), paths)
        )

    def _is_told(self, path: str) -> bool:
        return is_below(path, self._told)

    def _stamps(self, *, is_deep: bool = False) -> Stamps:
        """Return what stands in the root directory, in `runs` and in `models`, files with size and times.

        Args:
            is_deep: Look into runs as well.
        """
        found: Stamps = {}
        territory, ours = self._territory(), output_files()
        for path in self._paths(is_deep=is_deep):
            with contextlib.suppress(FileNotFoundError):
                said = os.lstat(path)
                if not territory.allows(path) and (said.st_dev, said.st_ino) not in ours:
                    is_folder = stat.S_ISDIR(said.st_mode)
                    found[path] = (0, 0) if is_folder else (said.st_size, said.st_mtime_ns)
        return found

    def _paths(self, *, is_deep: bool) -> Iterator[str]:
        yield from (each.path for each in os.scandir(self._root) if not each.is_dir(follow_symlinks=False))
        for name in ("runs", "models"):
            yield from filter(os.path.isdir, [os.path.join(self._root, name)])
            for above, folders, files in os.walk(os.path.join(self._root, name)):
                if not is_deep and PRIVATE in folders:
                    folders.clear()
                    continue
                yield from (os.path.join(above, each) for each in (*folders, *files))


def _differing(before: Stamps, after: Stamps) -> set[str]:
    """Return what was made, changed or removed between two looks."""
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def _maker(path: str) -> int | None:
    """Return the number of the process that made a run; None of anything else."""
    record = read_run(path).record
    return record.owner.pid if record is not None else None


class _Recorded:
    """The run that a session of tests is."""

    def __init__(self) -> None:
        """Begin it."""
        self._pending: PendingRun = run(name="tests", guard="off")
        self._run = self._pending.__enter__()
        self._rows: list[dict[str, object]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the outcome of one test: of its call, or of what kept it from being called."""
        if report.when == "call" or report.outcome != "passed":
            row = {"test": report.nodeid, "outcome": report.outcome, "seconds": round(report.duration, 6)}
            self._rows.append(row)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Seal it, as failed when the tests did not pass."""
        counts = Counter(str(row["outcome"]) for row in self._rows)
        self._run.log({name: counts[name] for name in ("passed", "failed", "skipped")})
        self._run.save("tests.json", {"tests": self._rows})
        if session.exitstatus:
            told = f"pytest ended with {int(session.exitstatus)}: {counts['failed']} failed"
            self._run.finish(State.FAILED, error=told)
        self._pending.__exit__(None, None, None)
