from __future__ import annotations

import msgspec
import pytest

from runpact.model.annotations import (
    Annotation,
    annotation_line,
    check_note,
    check_tags,
    complete_lines,
    read_annotations,
)
from runpact.model.errors import UsageError
from runpact.model.journal import frame_line

TIME = "2026-03-09T06:42:10.000000Z"


def lines(*said: Annotation) -> bytes:
    data = b""
    for each in said:
        data += annotation_line(data, each)
    return data


def test_tags_are_what_the_lines_add_up_to() -> None:
    data = lines(
        Annotation(time=TIME, add=("b", "a")),
        Annotation(time=TIME, remove=("b",)),
        Annotation(time=TIME, note="why"),
        Annotation(time=TIME, add=("c", "a")),
    )
    found = read_annotations(data)
    assert found.tags == ("a", "c")
    assert [note.text for note in found.notes] == ["why"]
    assert found.damaged == 0


def test_lines_are_numbered_and_name_their_format() -> None:
    first, second = lines(Annotation(time=TIME, note="x"), Annotation(time=TIME, note="y")).splitlines()
    assert msgspec.json.decode(first)["seq"] == 1
    assert msgspec.json.decode(second)["seq"] == 2
    assert msgspec.json.decode(second)["format"] == "runpact.annotation/1"
    assert b"remove" not in second


def test_a_damaged_line_hides_no_other() -> None:
    data = lines(*(Annotation(time=TIME, add=(tag,)) for tag in "abc")).replace(b'["b"]', b'["x"]')
    assert read_annotations(data).tags == ("a", "c")
    assert read_annotations(data).damaged == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"seq": 1, "format": "runpact.annotation/2", "time": TIME, "add": ["a"]},
        {"seq": 1, "format": "runpact.annotation/1", "time": TIME, "add": "a"},
        {"seq": 1, "format": "runpact.annotation/1", "add": ["a"]},
    ],
)
def test_a_line_of_another_format_is_told_and_not_believed(fields: dict[str, object]) -> None:
    found = read_annotations(frame_line(msgspec.json.encode(fields)))
    assert (found.tags, found.damaged) == ((), 1)


def test_an_unfinished_line_is_no_damage() -> None:
    data = lines(Annotation(time=TIME, add=("a",)))
    found = read_annotations(data + data[:20])
    assert (found.tags, found.damaged) == (("a",), 0)
    assert complete_lines(data + data[:20]) == data
    assert complete_lines(data[:20]) == b""


@pytest.mark.parametrize("tag", ["good", "été", "v1.2", "paper/fig-3", "a@b:c=d+e_f", "9", "x" * 64])
def test_a_tag_is_a_word(tag: str) -> None:
    assert check_tags([tag, tag]) == (tag,)


@pytest.mark.parametrize("tag", ["", " ", "a b", "a,b", "-a", "a\n", "a\x1b", "x" * 65, "ghp_" + "a1B2" * 9])
def test_what_is_no_word_is_no_tag(tag: str) -> None:
    with pytest.raises(UsageError):
        check_tags([tag])


@pytest.mark.parametrize("text", ["a\udcff", "", "  \n", "x" * 10_001])
def test_a_note_says_something_and_ends(text: str) -> None:
    with pytest.raises(UsageError):
        check_note(text)
    assert check_note("  a b\nc ") == "a b\nc"
