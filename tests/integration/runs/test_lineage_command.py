"""`runpact lineage`: a chain of runs, up and down, in three forms."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place

CONTRACT = """\
contract: test.lineage
version: "1.0.0"
kinds:
  run: {at: "runs/{name}"}
promotions:
  models: {from: [run], at: "models/{label}", entries: [{file: model.json}]}
"""


@pytest.fixture
def chain(empty: Place) -> Place:
    """Three runs, each reading what the one before made, and a fourth inside the second."""
    empty.write("contract.yaml", CONTRACT)
    empty.write("raw.csv", "x\n1\n")
    with runpact.run(name="prep", unsafe_skip_check=True) as prep:
        prep.input("raw.csv")
        prep.save("clean.json", {"x": [1, 2]})
        Path(prep.path("empty.txt")).touch()
    with runpact.run(name="train", unsafe_skip_check=True) as train:
        train.input(f"{prep.dir}/clean.json")
        train.save("model.json", {"w": [1]})
        with runpact.run(name="part", unsafe_skip_check=True):
            pass
    shutil.copy(f"{train.dir}/model.json", empty.root / 'm "1".json')
    with runpact.run(name="eval", unsafe_skip_check=True) as active:
        active.input('m "1".json')
        active.input(f"{prep.dir}/clean.json", name="baseline")
    for name in ("good", "other"):
        (empty.root / "models" / name).mkdir(parents=True)
    shutil.copy(f"{train.dir}/model.json", empty.root / "models/good/model.json")
    empty.write("models/other/model.json", "{}")
    empty.write("models/good/empty.txt", "")
    return empty


def test_a_chain_is_shown_up_and_down(chain: Place) -> None:
    code, out, _err = chain.call("lineage", "train")
    assert code == 0
    assert out.splitlines() == [
        "runs/train  finished",
        "",
        "comes from",
        "└── input clean.json of runs/prep  finished",
        f"    └── input raw.csv  {digest_of_raw(chain)[:19]}",
        "",
        "leads to",
        "├── holds runs/part  finished",
        '├── m "1".json read by runs/eval  finished',
        "└── promoted to models/good  (model.json)",
    ]


def digest_of_raw(chain: Place) -> str:
    return chain.json("show", "prep")[1]["provenance"]["inputs"][0]["digest"]


def test_what_was_shown_already_is_not_shown_twice(chain: Place) -> None:
    lines = chain.call("lineage", "eval", "--up")[1].splitlines()
    assert "└── baseline runs/prep  finished  (see above)" in lines
    assert "leads to" not in lines
    assert "  nothing that is known" in chain.call("lineage", "eval", "--down")[1].splitlines()
    down = chain.call("lineage", "prep", "--down")[1]
    assert "baseline of runs/eval  finished" in down
    assert "clean.json read by runs/train  finished" in down


def test_the_graph_is_a_document(chain: Place) -> None:
    code, found = chain.json("lineage", "train", "--depth", "1")
    names = {node["key"]: node["path"] for node in found["nodes"]}
    assert code == 0
    assert names[found["start"]] == "runs/train"
    assert {(names[edge["older"]], names[edge["younger"]], edge["relation"]) for edge in found["edges"]} == {
        ("runs/prep", "runs/train", "input"),
        ("runs/train", "runs/part", "part"),
        ("runs/train", "runs/eval", "input"),
        ("runs/train", "models/good", "promoted"),
    }


def test_the_graph_is_drawn_by_others(chain: Place) -> None:
    mermaid = chain.call("lineage", "train", "--format", "mermaid")[1]
    assert mermaid.startswith("flowchart LR\n")
    assert '[["models/good"]]' in mermaid
    assert '-->|"m #34;1#34;.json"|' in mermaid
    dot = chain.call("lineage", "train", "--format", "dot")[1]
    assert dot.startswith("digraph lineage {")
    assert 'label="m \\"1\\".json"' in dot
    assert dot.count("->") == mermaid.count("-->") == 5
    baseline = chain.call("lineage", "prep", "--format", "dot")[1]
    assert 'label="baseline"' in baseline


def test_a_directory_without_records_has_a_lineage_of_its_own(chain: Place) -> None:
    (chain.root / "elsewhere").mkdir()
    code, out, _err = chain.call("lineage", "elsewhere")
    assert (code, out.splitlines()[0]) == (0, "elsewhere  unknown")


def test_without_a_contract_runs_are_found_all_the_same(empty: Place) -> None:
    with runpact.run(name="a", unsafe_skip_check=True) as run:
        run.save("x.json", {"a": 1})
    with runpact.run(name="b", unsafe_skip_check=True) as other:
        other.input(f"{run.dir}/x.json")
    assert "input x.json of " in empty.call("lineage", "b")[1]


def test_a_copy_that_cannot_be_read_is_left_out(chain: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from runpact.model.errors import StorageError
    from runpact.verbs.finding import lineage

    def refuse(folder: str, path: str) -> tuple[str, int]:
        raise StorageError("cannot be read")

    monkeypatch.setattr(lineage, "digest_file", refuse)
    assert "promoted" not in chain.call("lineage", "train")[1]
