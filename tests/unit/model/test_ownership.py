"""Who may make a run, by the path of the file that asks."""

from __future__ import annotations

import pytest

from runpact.model.ownership import Maker, disagreement, maker_of
from runpact.model.template import PathTemplate

PLACE = PathTemplate.parse("runs/{project}/{started:%Y}_{git:7}")


@pytest.mark.parametrize(
    ("path", "captures"),
    [
        ("projects/train/main.py", {"project": "train"}),
        ("projects/train/deep/er/main.py", {"project": "train"}),
        ("projects/train.py", {"project": "train"}),
        ("projects/.hidden/main.py", None),
        ("skills/projects/train/main.py", None),
        ("/elsewhere/projects/train/main.py", None),
    ],
)
def test_the_path_of_a_file_says_which_project_it_is_of(path: str, captures: dict[str, str] | None) -> None:
    maker = maker_of(path, ("projects/{project}/**", "projects/{project}.py"))
    assert maker == (None if captures is None else Maker(path, captures))


def test_without_patterns_nobody_is_the_maker() -> None:
    assert maker_of("projects/train/main.py", ()) is None


@pytest.mark.parametrize(
    ("captures", "name", "expected"),
    [
        ({}, None, None),
        ({}, "train", None),
        ({"project": "train"}, None, None),
        ({"project": "train"}, "any", None),
        ({}, "other", ("project", "train", "other")),
        ({"project": "other"}, None, ("project", "train", "other")),
    ],
)
def test_a_maker_fills_its_own_project_only(
    captures: dict[str, str], name: str | None, expected: tuple[str, str, str] | None
) -> None:
    maker = Maker("projects/train/main.py", {"project": "train", "unused": "x"})
    assert disagreement(maker, captures, name=name, place=PLACE) == expected


def test_a_name_that_has_a_capture_of_its_own_says_nothing_of_the_project() -> None:
    place = PathTemplate.parse("runs/{project}/{name}")
    maker = Maker("projects/train/main.py", {"project": "train"})
    assert disagreement(maker, {}, name="baseline", place=place) is None
