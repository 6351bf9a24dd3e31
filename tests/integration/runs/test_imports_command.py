"""`runpact lint-layers` without a base: which layer imports which."""

from __future__ import annotations

import pytest

from integration.runs.place import Place

CONTRACT = """\
contract: test.layers
version: "1.0.0"
workspace:
  layers: {core: ["core/**"], libs: ["libs/**"], skills: ["skills/**"], projects: ["projects/**"]}
  imports: {order: [core, libs, skills, projects], apart: [projects], library: [core, libs, skills]}
kinds: {run: {at: "runs/{name}"}}
"""


@pytest.fixture
def place(empty: Place) -> Place:
    """A workspace of four layers that keeps them apart."""
    empty.write("contract.yaml", CONTRACT)
    empty.write("core/shapes.py", "import math\n")
    empty.write("libs/camera.py", "from core import shapes\n")
    empty.write("skills/motion.py", "from core.shapes import x\nimport libs.camera\n")
    empty.write("projects/evaluate/main.py", "from skills import motion\nfrom . import report\n")
    empty.write("projects/evaluate/report.py", "")
    empty.write("projects/train/main.py", "")
    empty.write("projects/notes.md", "import projects.train\n")
    return empty


@pytest.mark.requirement("AX-011")
def test_layers_that_import_downwards_are_ok(place: Place) -> None:
    code, document = place.json("lint-layers")
    assert (code, document["verdict"], document["findings"]) == (0, "OK", [])
    assert document["files"] == {"core": 1, "libs": 1, "skills": 1, "projects": 3}
    assert "files by layer: core 1, libs 1, skills 1, projects 3; 0 findings" in place.call("lint-layers")[1]


@pytest.mark.requirement("AX-011", "AX-013")
@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        ("projects/train/main.py", "import projects.evaluate.main", "layer-import"),
        ("projects/train/main.py", "from ..evaluate import main", "layer-import"),
        (
            "skills/motion.py",
            "import importlib; importlib.import_module('projects.train.main')",
            "layer-import",
        ),
        ("core/shapes.py", "def go():\n    from libs import camera", "layer-import"),
        ("core/shapes.py", "try: ...\nexcept Exception: ...", "broad-except"),
    ],
)
def test_what_a_layer_may_not_do_is_an_error(place: Place, path: str, text: str, code: str) -> None:
    place.write(path, text + "\n")
    answer, document = place.json("lint-layers")
    assert answer == 3
    assert [(each["code"], each["path"]) for each in document["findings"]] == [(code, path)]
    assert f"error[{code}]" in place.call("lint-layers")[1]


@pytest.mark.requirement("AX-016")
def test_asking_for_the_current_directory_is_a_warning(place: Place) -> None:
    place.write("libs/camera.py", "import os\nos.getcwd()\n")
    code, document = place.json("lint-layers")
    assert (code, document["findings"][0]["code"]) == (1, "current-directory")


def test_a_file_that_is_no_python_is_undecided(place: Place) -> None:
    place.write("libs/camera.py", "def\n")
    code, document = place.json("lint-layers")
    assert (code, document["findings"][0]["code"]) == (2, "undecided")


def test_no_file_in_any_layer_is_no_success(empty: Place) -> None:
    empty.write("contract.yaml", CONTRACT)
    assert empty.json("lint-layers")[0] == 2


def test_without_rules_it_cannot_start(place: Place) -> None:
    place.write("contract.yaml", CONTRACT.replace("  imports:", "  #"))
    code, document = place.json("lint-layers")
    assert (code, document["error"]["code"]) == (2, "cannot-start")
    assert place.json("lint-layers", "--allow-mixed", "x")[0] == 64


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ("apart: [projects]", "apart: [project]", "/workspace/imports/apart/0"),
        ("order: [core,", "order: [core, core,", "/workspace/imports/order"),
    ],
)
def test_rules_of_imports_name_layers(place: Place, old: str, new: str, at: str) -> None:
    place.write("contract.yaml", CONTRACT.replace(old, new))
    document = place.json("contract", "lint")[1]
    assert [fault["at"] for fault in document["error"]["faults"]] == [at]


def test_the_contracts_page_tells_who_imports_whom(place: Place) -> None:
    page = place.call("contract", "docs")[1]
    assert "layers import themselves and those before them: `core`, `libs`, `skills`, `projects`" in page
    assert "the parts of the layer `projects` import each other not" in page
    assert "library code (`core`, `libs`, `skills`) catches no broad exceptions" in page
