"""What a stamp proves of a file, and what it leaves open."""

from __future__ import annotations

from pathlib import Path

import pytest

from runpact.disk.stamps import has_changed, stamp_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a").write_text("one")
    return tmp_path


def test_a_file_that_was_not_touched_has_not_changed(folder: Path) -> None:
    stamps = {"a": stamp_of(f"{folder}/a"), "missing": None}
    assert not has_changed(str(folder), stamps)


@pytest.mark.parametrize("change", ["written", "replaced", "removed", "made", "hidden"])
def test_every_change_is_seen(folder: Path, change: str) -> None:
    stamps = {"a": stamp_of(f"{folder}/a"), "missing": None}
    match change:
        case "written":
            (folder / "a").write_text("other")
        case "replaced":
            (folder / "b").write_text("one")
            (folder / "b").replace(folder / "a")
        case "removed":
            (folder / "a").unlink()
        case "made":
            (folder / "missing").write_text("")
        case "hidden":
            (folder / "a").rename(folder / "c")
            (folder / "a").symlink_to("c")
    assert has_changed(str(folder), stamps)


def test_of_what_was_too_young_nothing_is_known(folder: Path) -> None:
    assert not has_changed(str(folder), {"a": ()})


def test_what_could_not_be_looked_at_is_as_before_while_it_still_cannot(folder: Path) -> None:
    name = "n" * 300
    refused = stamp_of(f"{folder}/{name}")
    assert refused is not None
    assert refused[0] == 0
    assert not has_changed(str(folder), {name: refused})
    assert has_changed(str(folder), {name: None})
