"""Paths as records name them."""

from __future__ import annotations

import posixpath

import pytest

from runpact.model.errors import UnsafeNameError
from runpact.model.names import check_name, counted, is_clean, is_text, readable_path, relative_to


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("runs/a", "runs/a"),
        ("runs/é", "runs/é"),
        ("runs/\udcff", "runs/\\xff"),
        ("\udcc3(", "\\xc3("),
        ("\ud800", "\\ud800"),
    ],
)
def test_a_path_can_be_read_whatever_its_bytes_are(path: str, shown: str) -> None:
    assert readable_path(path) == shown
    assert is_text(shown)


def test_half_of_a_character_is_no_text() -> None:
    assert is_text("aé𝛼\0")
    assert not is_text("a\udcff")
    assert not is_text("\ud800")


@pytest.mark.parametrize("path", ["a", "a/b", ".runpact/x", "a b", "..."])
def test_a_path_with_one_spelling_is_clean(path: str) -> None:
    assert is_clean(path)


@pytest.mark.parametrize("path", ["", ".", "..", "a/..", "/a", "a/", "a//b", "./a", "a/./b", "a\\b", "a\0"])
def test_a_path_that_leads_elsewhere_or_has_another_spelling_is_not_clean(path: str) -> None:
    assert not is_clean(path)


@pytest.mark.parametrize(
    "path",
    [
        "/a/b/c",
        "/a/b/c/d.txt",
        "/a/b/./c",
        "/a/b/x/../c",
        "/a/b//c",
        "/a/b/c/",
        "/a/b",
        "/a/bc",
        "/q",
        "/a/b/..c",
    ],
)
def test_a_path_relative_to_a_folder_is_what_the_library_says(path):
    assert relative_to(path, "/a/b") == posixpath.relpath(path, "/a/b")


def test_another_name_is_proposed_where_there_is_something_to_resemble() -> None:
    with pytest.raises(UnsafeNameError) as named:
        check_name("a b", what="part")
    assert named.value.hint == "choose another part, for instance `a-b`"
    with pytest.raises(UnsafeNameError) as unnamed:
        check_name("..", what="part")
    assert unnamed.value.hint == "choose another part"


def test_one_is_counted_in_the_singular() -> None:
    assert [counted(number, "file", "files") for number in (0, 1, 2000)] == [
        "0 files",
        "1 file",
        "2,000 files",
    ]
