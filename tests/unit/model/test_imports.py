"""Which code may import which: files by layer, modules by path, faults by line."""

from __future__ import annotations

import pytest

from runpact.model.contract.surroundings import ImportRules
from runpact.model.imports import Caught, CodeMap, Imported, Place, SourceFacts, judge_source

LAYERS = {
    "core": ("core/**",),
    "skills": ("skills/**", "src/lab/skills/**"),
    "projects": ("projects/**",),
    "odd": ("*.py",),
}
PATHS = (
    "core/__init__.py",
    "core/shapes.py",
    "skills/motion/__init__.py",
    "skills/motion/track.py",
    "src/lab/skills/flow.py",
    "projects/train/main.py",
    "projects/train/deep/data.py",
    "projects/evaluate/main.py",
    "projects/alone.py",
    "tools/other.py",
    "top.py",
)
RULES = ImportRules(order=("core", "skills", "projects"), apart=("projects",), library=("core", "skills"))
CODE = CodeMap(PATHS, LAYERS)


def test_a_file_stands_in_the_layer_whose_glob_fits_first() -> None:
    assert CODE.places["core/shapes.py"] == Place("core", "core/shapes.py")
    assert CODE.places["projects/train/deep/data.py"] == Place("projects", "projects/train")
    assert CODE.places["top.py"] == Place("odd", "top.py")
    assert "tools/other.py" not in CODE.places


@pytest.mark.parametrize(
    ("path", "imported", "target"),
    [
        ("top.py", Imported(1, "core"), "core/__init__.py"),
        ("top.py", Imported(1, "core.shapes"), "core/shapes.py"),
        ("top.py", Imported(1, "core", "shapes"), "core/shapes.py"),
        ("top.py", Imported(1, "core", "CONSTANT"), "core/__init__.py"),
        ("top.py", Imported(1, "lab.skills", "flow"), "src/lab/skills/flow.py"),
        ("top.py", Imported(1, "src.lab.skills.flow"), "src/lab/skills/flow.py"),
        ("top.py", Imported(1, "tools.other"), "tools/other.py"),
        ("top.py", Imported(1, "numpy", "array"), None),
        ("projects/train/main.py", Imported(1, "deep.data"), "projects/train/deep/data.py"),
        ("projects/train/deep/data.py", Imported(1, "", "main", 2), "projects/train/main.py"),
        ("projects/train/deep/data.py", Imported(1, "evaluate.main", "go", 3), "projects/evaluate/main.py"),
        ("skills/motion/__init__.py", Imported(1, "track", "Tracker", 1), "skills/motion/track.py"),
        ("skills/motion/track.py", Imported(1, "motion", "x", 2), "skills/motion/__init__.py"),
        ("skills/motion/track.py", Imported(1, "gone", "x", 1), None),
    ],
)
def test_an_import_leads_to_a_file(path: str, imported: Imported, target: str | None) -> None:
    assert CODE.file_of(path, imported) == target


def judged(path: str, **facts: object) -> list[tuple[str, str]]:
    found = judge_source(path, SourceFacts(**facts), CODE, RULES)  # type: ignore[arg-type]
    return [(each.code, each.message) for each in found]


@pytest.mark.requirement("AX-011")
@pytest.mark.parametrize(
    ("path", "module", "message"),
    [
        ("core/shapes.py", "skills.motion", "line 3: `core` imports `skills`"),
        ("core/shapes.py", "projects.train.main", "line 3: `core` imports `projects`"),
        ("skills/motion/track.py", "projects.alone", "line 3: `skills` imports `projects`"),
        (
            "projects/train/main.py",
            "projects.evaluate.main",
            "line 3: `projects/train` imports `projects/evaluate`, another part of `projects`",
        ),
        ("projects/train/main.py", "projects.train.deep.data", None),
        ("projects/train/main.py", "skills.motion", None),
        ("skills/motion/track.py", "lab.skills.flow", None),
        ("skills/motion/track.py", "top", None),
        ("skills/motion/track.py", "tools.other", None),
        ("top.py", "projects.alone", None),
    ],
)
def test_a_layer_imports_itself_and_those_below(path: str, module: str, message: str | None) -> None:
    imports = (Imported(3, module), Imported(3, module, "twice"))
    assert judged(path, imports=imports) == ([("layer-import", message)] if message else [])


@pytest.mark.requirement("AX-013")
def test_library_code_catches_nothing_broadly() -> None:
    once, raising = (Caught(5, raises=False),), (Caught(5, raises=True),)
    assert judged("core/shapes.py", caught=raising) == [
        ("broad-except", "line 5: library code catches every exception")
    ]
    assert judged("projects/alone.py", caught=raising) == []
    assert [code for code, _message in judged("projects/alone.py", caught=once)] == ["broad-except"]
    twice = judged("projects/alone.py", caught=(*raising, Caught(9, raises=True)))
    assert twice == [("broad-except", "line 9: every exception is caught more than once")]
    lax = ImportRules(order=("core",))
    assert list(judge_source("projects/alone.py", SourceFacts(caught=once), CODE, lax)) == []


@pytest.mark.requirement("AX-016")
def test_library_code_does_not_ask_for_the_current_directory() -> None:
    assert [code for code, _message in judged("core/shapes.py", current_directory=(4,))] == [
        "current-directory"
    ]
    assert judged("projects/alone.py", current_directory=(4,)) == []
