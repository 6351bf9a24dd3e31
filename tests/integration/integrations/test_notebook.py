"""A run that is open over many cells of a notebook."""

from __future__ import annotations

import contextvars
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

import runpact
from integration.runs.place import Place
from runpact.integrations.notebook import Notebook


class Shell:
    """What IPython is to an extension: it runs each cell in a context of its own, as kernels do."""

    def __init__(self) -> None:
        self.events, self.magics, self.moments = self, {}, {}
        runpact.load_ipython_extension(self)

    def register(self, event: str, function: object) -> None:
        self.moments[event] = function

    def register_magic_function(self, func: object, magic_name: str) -> None:
        self.magics[magic_name] = func

    def cell(self, function: object, *arguments: object) -> object:
        def run() -> object:
            self.moments["pre_run_cell"](None)
            error, value = None, None
            try:
                value = function(*arguments)
            except ValueError as raised:
                error = raised
            self.moments["post_run_cell"](SimpleNamespace(error_in_exec=error))
            return value

        return contextvars.copy_context().run(run)

    def magic(self, line: str) -> object:
        return self.cell(self.magics["runpact"], line)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    monkeypatch.chdir(tmp_path)
    found = Place(tmp_path, capsys)
    found.write("contract.yaml", 'contract: t.t\nversion: "1.0.0"\nextends: runpact:basic@1\n')
    return found


def failing() -> None:
    raise ValueError("odd")


def test_a_run_is_open_from_one_cell_to_another(place: Place) -> None:
    shell = Shell()
    run = shell.magic("start look")
    assert isinstance(run, runpact.ActiveRun)
    assert shell.cell(runpact.current) is run
    shell.cell(failing)
    assert shell.magic("end") is run
    assert runpact.open_run(run.dir).state.value == "finished"
    events = [json.loads(line) for line in (Path(run.dir) / ".runpact/events.jsonl").read_text().splitlines()]
    assert [event["error"] for event in events if event["event"] == "cell.failed"] == ["ValueError: odd"]
    with pytest.raises(runpact.RunpactError):
        shell.cell(runpact.current)


@pytest.mark.parametrize("line", ["", "begin", "start a b", "end now", "end"])
def test_what_is_not_understood_is_told(place: Place, capsys: pytest.CaptureFixture[str], line: str) -> None:
    assert Shell().magic(line) is None
    assert capsys.readouterr().err.startswith("error[usage]")
    assert not (place.root / "runs").exists()


def test_a_second_run_is_refused_while_one_is_open(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    notebook = Notebook()
    first = notebook.magic("start one")
    assert notebook.magic("start two") is None
    assert "a run is open" in capsys.readouterr().err
    assert notebook.magic("end") is first
