"""Inputs: what a run reads, pinned by digest."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place
from runpact.disk import inputs as disk_inputs
from runpact.disk.inputs import pin_input, stamp_input
from runpact.model.digest import digest_of_set
from runpact.model.errors import CannotStartError, UsageError
from runpact.verbs.life import execute

DATA = b"a,b\n1,2\n"
DIGEST = f"sha256:{hashlib.sha256(DATA).hexdigest()}"


@pytest.fixture
def data(empty: Place) -> Path:
    path = empty.root / "data" / "train.csv"
    path.parent.mkdir()
    path.write_bytes(DATA)
    return path


def recorded(place: Place, run: str) -> list[dict]:
    return place.json("show", run)[1]["provenance"]["inputs"]


def test_an_input_is_recorded_by_digest_and_handed_back_to_be_opened(empty: Place, data: Path) -> None:
    with runpact.run(name="a") as run:
        with open(run.input("data/train.csv"), "rb") as file:  # noqa: PTH123 - as a user writes it
            assert file.read() == DATA
        assert run.input(data, name="same file") == str(data)
    manifest = json.loads((Path(run.dir) / ".runpact/manifest.json").read_text())
    (first, second) = manifest["provenance"]["inputs"]
    assert first == {
        "name": "data/train.csv",
        "path": "data/train.csv",
        "digest": DIGEST,
        "size": len(DATA),
        "files": None,
        "run": None,
        "changed": False,
        "uri": None,
        "version": None,
    }
    assert (second["name"], second["path"]) == ("same file", "data/train.csv")
    assert recorded(empty, run.id) == [first, second]
    out = empty.call("show", run.id)[1]
    assert f"data/train.csv  {len(DATA)} B  {DIGEST[:19]}" in out


def test_an_input_outside_the_workspace_is_named_without_its_folders(
    empty: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for name in ("one", "two"):
        (elsewhere / name).mkdir()
        (elsewhere / name / "x.csv").write_text(name)
    with runpact.run(name="a") as run:
        run.input(elsewhere / "one/x.csv")
        run.input(elsewhere / "two/x.csv")
        run.input(elsewhere / "two", absolute=True)
    one, two, folder = recorded(empty, run.id)
    assert (one["name"], two["name"]) == ("x.csv", "x.csv~2")
    assert one["path"] is None
    assert folder["path"] == str(elsewhere / "two")
    assert str(elsewhere) not in json.dumps([one, two])


def test_the_same_input_named_twice_is_recorded_once(empty: Place, data: Path) -> None:
    with runpact.run(name="a") as run:
        for _ in range(3):
            run.input("data/train.csv")
        run.input("data/../data/train.csv", name="again")
        run.input("data/train.csv", name="again")
    assert [each["name"] for each in recorded(empty, run.id)] == ["data/train.csv", "again"]


def test_a_name_is_given_once_and_can_be_shown(empty: Place, data: Path) -> None:
    other = empty.write("other.csv", "x")
    with runpact.run(name="a") as run:
        run.input(data, name="train")
        for name, match in (("train", "another input is named `train`"), ("", "name"), ("a\nb", "name")):
            with pytest.raises(UsageError, match=match):
                run.input(other, name=name)
    assert len(recorded(empty, run.id)) == 1


def test_a_folder_is_the_set_of_its_paths_and_digests(empty: Place, data: Path) -> None:
    (data.parent / "deep").mkdir()
    (data.parent / "deep" / "link.csv").symlink_to("../train.csv")
    (data.parent / "elsewhere").symlink_to("/usr")
    (data.parent / "broken").symlink_to("nowhere")
    (data.parent / os.fsdecode(b"odd\xff")).write_bytes(b"")
    with runpact.run(name="a") as run:
        run.input("data")
    (folder,) = recorded(empty, run.id)
    text = "sha256:{}".format
    expected = {
        "train.csv": DIGEST,
        "deep/link.csv": DIGEST,
        "elsewhere": text(hashlib.sha256(b"link:/usr").hexdigest()),
        "broken": text(hashlib.sha256(b"link:nowhere").hexdigest()),
        "odd\\xff": text(hashlib.sha256(b"").hexdigest()),
    }
    assert folder["digest"] == digest_of_set(expected)
    assert (folder["files"], folder["size"]) == (5, 2 * len(DATA))
    assert "5 files" in empty.call("show", run.id)[1]


def change(path: Path, text: str) -> None:
    path.write_text(text)


def replace_by_equal(path: Path) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_bytes(path.read_bytes())
    fresh.replace(path)


@pytest.mark.parametrize("name", ["data/train.csv", "data"])
@pytest.mark.parametrize(
    ("spoil", "is_changed"),
    [
        (lambda path: change(path, "other"), True),
        (lambda path: path.unlink(), True),
        (lambda path: path.with_name("more.csv").write_text(""), None),
        (replace_by_equal, False),
        (os.utime, False),
    ],
    ids=["written", "removed", "another file", "replaced by an equal one", "touched"],
)
def test_an_input_that_changes_before_the_seal_is_a_finding(
    empty: Place, data: Path, name: str, spoil, is_changed: bool | None
) -> None:
    with runpact.run(name="a", guard="off") as run:
        run.input(name)
        spoil(data)
    (each,) = recorded(empty, run.id)
    expected = is_changed if is_changed is not None else name == "data"
    assert each["changed"] is expected
    code, document = empty.json("check", run.id)
    found = [finding for finding in document["findings"] if finding["code"] == "input-changed"]
    assert (code, len(found)) == ((1, 1) if expected else (0, 0))
    if expected:
        assert found[0]["path"].endswith(".runpact/manifest.json#/provenance/inputs/0")
        assert "changed meanwhile" in empty.call("show", run.id)[1]
    assert runpact.verify(run.dir) is runpact.Verdict.OK


def test_an_input_asked_for_again_is_compared_again(empty: Place, data: Path) -> None:
    with runpact.run(name="a", guard="off") as run:
        run.input(data)
        change(data, "other")
        run.input(data)
        change(data, DATA.decode())
        run.input(data)
    assert recorded(empty, run.id)[0]["changed"] is True


def test_a_file_that_never_holds_still_is_recorded_without_a_digest(
    empty: Place, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter(range(10**6))
    monkeypatch.setattr(disk_inputs, "_stamp", lambda status: (next(moments), 0, status.st_size, 0, 0))
    with runpact.run(name="a") as run:
        run.input(data)
        run.input(data.parent, name="folder")
    for each in recorded(empty, run.id):
        assert (each["digest"], each["changed"]) == ("", True)
    code, document = empty.json("check", run.id)
    assert code == 1
    found = [finding for finding in document["findings"] if finding["code"] == "input-changed"]
    assert [finding["expected"] for finding in found] == ["one content", "one content"]


@pytest.mark.parametrize("name", ["absent.csv", "pipe", "nul\0", "closed", "deep"])
def test_what_cannot_be_read_is_no_input(empty: Place, name: str) -> None:
    os.mkfifo(empty.root / "pipe")
    (empty.root / "/".join(["deep", *["d"] * 130])).mkdir(parents=True)
    (empty.root / "closed").symlink_to("closed")
    with runpact.run(name="a") as run, pytest.raises(CannotStartError):
        run.input(name)
    assert recorded(empty, run.id) == []


def test_a_file_that_vanishes_before_it_is_hashed_is_no_input(data: Path) -> None:
    stamp = pin_input(str(data)).stamp
    data.unlink()
    with pytest.raises(CannotStartError, match="No such file"):
        disk_inputs._hash(str(data), stamp)


def test_a_big_file_is_hashed_once_while_it_does_not_change(data: Path) -> None:
    past = 1_000_000_000_000_000_000
    os.utime(data, ns=(past, past))
    disk_inputs._remembered.cache_clear()
    before = disk_inputs._remembered.cache_info().hits
    settled = disk_inputs._SETTLED_NS
    try:
        disk_inputs._SETTLED_NS = -1
        first, second = pin_input(str(data)), pin_input(str(data))
    finally:
        disk_inputs._SETTLED_NS = settled
    assert first == second
    assert first.stamp == stamp_input(str(data))
    assert disk_inputs._remembered.cache_info().hits == before + 1


def test_a_file_of_another_run_names_that_run(place: Place) -> None:
    with runpact.run(name="first") as first:
        path = first.save("metrics", {"loss": 1})
    with runpact.run(name="second") as second:
        second.input(path)
        second.save("metrics", {"loss": 2})
    (each,) = recorded(place, second.id)
    assert each["run"] == first.uid
    assert f"of run {first.uid}" in place.call("show", second.id)[1]


def test_rules_and_fields_speak_of_inputs(empty: Place, data: Path) -> None:
    empty.write(
        "contract.yaml",
        """\
contract: test.inputs
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    entries:
      - {file: origin.json, fields: {inputs: "run.inputs.map(each, each.name)"}}
    rules:
      - {id: knows-its-data, check: 'run.inputs.exists(each, each.name == "data/train.csv" && !each.changed)'}
""",
    )
    with runpact.run(name="good") as run:
        run.input(data)
    assert json.loads((Path(run.dir) / "origin.json").read_text()) == {"inputs": ["data/train.csv"]}
    with runpact.run(name="bad", unsafe_skip_check=True):
        pass
    assert empty.json("check", "good")[0] == 0
    assert empty.json("check", "bad")[1]["findings"][0]["rule"] == "knows-its-data"


def test_a_command_names_its_inputs(empty: Place, data: Path) -> None:
    code, folder = empty.run_of("true", "--input", "data/train.csv", "--input", "data")
    assert code == 0
    assert [each["name"] for each in recorded(empty, folder.name)] == ["data/train.csv", "data"]


TELL = 'import os, pathlib, sys; pathlib.Path(sys.argv[1]).write_text(os.environ.get("RUNPACT_INPUTS", "-"))'


def test_a_command_is_told_where_its_inputs_stand(
    empty: Place, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(*options: str) -> str:
        assert empty.call("run", *options, "--", sys.executable, "-c", TELL, "told")[0] == 0
        return (empty.root / "told").read_text()

    assert json.loads(told("--input", "data/train.csv", "--guard", "off")) == {"data/train.csv": str(data)}
    assert told("--guard", "off") == "{}"
    monkeypatch.setattr(execute, "_MOST_HANDED", 5)
    assert told("--input", "data/train.csv", "--guard", "off") == "-"


def test_a_command_with_a_missing_input_creates_nothing(empty: Place) -> None:
    code, _out, err = empty.call("run", "--input", "absent.csv", "--", "true")
    assert (code, "absent.csv" in err) == (2, True)
    assert empty.runs() == []


def test_a_killed_run_still_names_its_inputs(empty: Place, data: Path) -> None:
    program = """
import os, runpact
run = runpact.run(name="killed", guard="off").__enter__()
run.input("data/train.csv")
run.event("input.recorded", name="nonsense")
run.input("data")
open("data/more.csv", "w").close()
run.input("data")
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", program], check=False, cwd=empty.root)
    (listed,) = empty.runs()
    assert listed["state"] == "interrupted"
    first, folder = recorded(empty, listed["path"])
    assert (first["digest"], first["changed"]) == (DIGEST, False)
    assert folder["changed"] is True
