"""Figures that tests measured, printed together at the end of a session."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_FIGURES = "figures"
pytest_plugins = ["pytester"]
"""`pytester` runs pytest in a folder of its own."""


def pytest_configure() -> None:
    """Keep nothing in the home of who tests: below `/tmp` anyone may write, so nothing there is trusted.

    `python` is the one that tests, whether its environment was activated or not.
    """
    os.environ["XDG_STATE_HOME"] = "/tmp/runpact-keeps-nothing-here"
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))


@pytest.fixture
def kept(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Return a folder for `XDG_STATE_HOME` that lies where commands of runs may not write."""
    places = (request.config.cache.mkdir("kept") if request.config.cache else Path("/tmp"), Path.home())
    place = next((each for each in places if not str(each.resolve()).startswith(("/tmp", "/var/tmp"))), None)
    if place is None:
        pytest.skip("checkout and home both lie below /tmp, where no parsed contract is kept")
    folder = Path(tempfile.mkdtemp(prefix=".runpact-test-", dir=place))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _no_run_stays_open() -> Iterator[None]:
    """Blame the test that leaves a run open here, not a later one that finds it."""
    before = _open_run()
    yield
    assert _open_run() is before, "a run was left open"


def _open_run() -> object:
    context = sys.modules.get("runpact.api.context")
    return None if context is None else context.CURRENT.get(None)


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Return a function that keeps one line of figures for the end of the session."""

    def keep(line: str) -> None:
        record_property(_FIGURES, line)

    return keep


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Print the figures of a nightly test at once: the whole lane takes long, and may be stopped."""
    if report.when == "call" and "nightly" in report.keywords:
        for name, value in report.user_properties:
            if name == _FIGURES:
                sys.stdout.write(f"\n{value}\n")
                sys.stdout.flush()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of all tests, whichever process ran them."""
    lines = [
        str(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, value in report.user_properties
        if name == _FIGURES
    ]
    if lines:
        terminalreporter.section("figures")
    for line in sorted(lines):
        terminalreporter.write_line(line)
