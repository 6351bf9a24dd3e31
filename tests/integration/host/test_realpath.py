"""The kernel names the same place as walking the path does."""

from __future__ import annotations

import os

import pytest

from runpact.host.realpath import real_path


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "real/below").mkdir(parents=True)
    (tmp_path / "real/file").write_text("")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "chain").symlink_to(tmp_path / "link")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "a name (deleted)").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    "path",
    [
        "real/below",
        "link/below",
        "chain/below/../file",
        "chain/missing/deeper",
        "dangling",
        "a name (deleted)",
        "",
        "real//below/.",
    ],
)
def test_every_path_leads_where_walking_it_leads(folder, path):
    assert real_path(f"{folder}/{path}") == os.path.realpath(folder / path)


def test_a_relative_path_begins_in_the_current_directory(folder, monkeypatch):
    monkeypatch.chdir(folder / "link")
    assert real_path("below") == str(folder.resolve() / "real/below")


def test_a_folder_that_nobody_may_read_is_named_all_the_same(folder):
    (folder / "real").chmod(0)
    try:
        assert real_path(f"{folder}/link") == str(folder.resolve() / "real")
    finally:
        (folder / "real").chmod(0o755)
