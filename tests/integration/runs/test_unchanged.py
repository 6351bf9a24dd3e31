"""What tests do leaves the workspace as it was."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place
from runpact.model.errors import NoContractError, WorkspaceChangedError

CONTRACT = 'contract: a.b\nversion: "1.0.0"\nextends: runpact:basic@1\nworkspace: {caches: ["tmp/**"]}\n'


@pytest.fixture
def place(empty: Place) -> Place:
    """A workspace with a model and a run's folder in it."""
    empty.write("contract.yaml", CONTRACT)
    empty.write("models/a/weights.npz", "w")
    empty.write("runs/old/a.txt", "a")
    return empty


def tidy(place: Place, work: Callable[[], object], *free: str) -> None:
    with runpact.unchanged(place.root / "models", free=free):
        work()


@pytest.mark.requirement("AX-015")
@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("runs/new/a.txt", "a", "`runs/new` was made; `runs/new/a.txt` was made"),
        ("models/a/weights.npz", "other", "`models/a/weights.npz` was changed"),
        ("result.json", "{}", "`result.json` was made"),
        ("contract.yaml", CONTRACT + "\n", "`contract.yaml` was changed"),
    ],
)
def test_what_is_written_into_the_workspace_is_told(place: Place, path: str, text: str, told: str) -> None:
    with pytest.raises(WorkspaceChangedError, match=told):
        tidy(place, lambda: place.write(path, text))


@pytest.mark.requirement("AX-015")
def test_what_is_removed_is_told(place: Place) -> None:
    with pytest.raises(WorkspaceChangedError, match=r"`models/a/weights\.npz` was removed"):
        tidy(place, (place.root / "models/a/weights.npz").unlink)


@pytest.mark.requirement("AX-015")
def test_other_rights_and_a_kept_time_hide_nothing(place: Place) -> None:
    path = place.root / "models/a/weights.npz"

    def rewrite() -> None:
        before = path.stat()
        path.write_text("v")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    for work in (rewrite, lambda: path.chmod(0o600)):
        with pytest.raises(WorkspaceChangedError, match=r"`models/a/weights\.npz` was changed"):
            tidy(place, work)


def test_many_changes_are_shortened(place: Place) -> None:
    with pytest.raises(WorkspaceChangedError, match="and 3 more"):
        tidy(place, lambda: [place.write(f"{number}.txt", "") for number in range(8)])


@pytest.mark.parametrize("path", ["tmp/a", ".git/index", "x/__pycache__/a.pyc", ".coverage.1", "results/a/b"])
def test_caches_and_what_is_free_may_change(place: Place, path: str) -> None:
    place.write("x/a.py", "")
    (place.root / "results").mkdir()
    (place.root / "tmp").mkdir()
    (place.root / ".git").mkdir()
    tidy(place, lambda: place.write(path, "a"), "results/**")


def test_a_run_elsewhere_changes_nothing(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("out")

    def work() -> None:
        with runpact.run(name="a", out=folder):
            pass

    tidy(place, work)
    assert len(list(folder.iterdir())) == 1


def test_there_must_be_a_workspace() -> None:
    with pytest.raises(NoContractError), runpact.unchanged(Path("/")):
        pass
