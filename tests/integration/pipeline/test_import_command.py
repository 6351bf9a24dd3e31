"""`runpact import`: the results of a legacy folder become an experiment."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from pathlib import Path

import pytest

from integration.pipeline.pipeline import Pipeline

SUM = '{"value": 1}{"value": 2}'


@pytest.fixture
def old(pipeline: Pipeline) -> Path:
    pipeline.write("outputs/old/numbers/a.json", '{"value": 1}')
    pipeline.write("outputs/old/numbers/b.json", '{"value": 2}')
    return pipeline.root / "outputs/old"


def bring(pipeline: Pipeline, *options: str) -> tuple[int, dict]:
    return pipeline.json("import", "outputs/old", "--as", "x", *options)


def record(pipeline: Pipeline) -> dict:
    return json.loads((pipeline.experiment / ".runpact/import.json").read_text())


def state_of(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Everything that tells of a change in a folder."""
    paths = [folder, *folder.rglob("*")]
    return {
        str(path): (path.lstat().st_ino, path.lstat().st_mtime_ns, path.lstat().st_ctime_ns) for path in paths
    }


@pytest.mark.requirement("C-139", "C-140", "C-141", "C-142", "C-144", "C-145")
def test_a_legacy_folder_becomes_an_experiment_by_copies(pipeline: Pipeline, old: Path) -> None:
    before = state_of(old)
    code, document = bring(pipeline)
    assert (code, document["verdict"], document["added"]) == (0, "OK", 2)
    assert (pipeline.experiment / "numbers/a.json").read_text() == '{"value": 1}'
    assert not (pipeline.experiment / "legacy/numbers/a.json").is_symlink()
    assert pipeline.manifest["resolved_from_legacy"] is True
    assert pipeline.manifest["aliases"] == {"numbers": "legacy/numbers"}
    told = record(pipeline)
    assert (told["source"], told["mode"], told["external"], told["is_complete"]) == (
        "outputs/old",
        "copy",
        False,
        True,
    )
    assert told["files"][0] == {
        "alias": "numbers",
        "path": "legacy/numbers/a.json",
        "source": "numbers/a.json",
        "digest": "sha256:" + hashlib.sha256(b'{"value": 1}').hexdigest(),
        "size": 12,
    }
    assert state_of(old) == before


@pytest.mark.requirement("C-143")
def test_a_legacy_folder_becomes_an_experiment_by_links(pipeline: Pipeline, old: Path) -> None:
    before = state_of(old)
    assert bring(pipeline, "--link")[0] == 0
    link = pipeline.experiment / "legacy/numbers/a.json"
    assert str(link.readlink()) == "../../../../outputs/old/numbers/a.json"
    assert link.read_text() == '{"value": 1}'
    assert (pipeline.manifest["external"], pipeline.manifest["imported_from"]) == (True, "outputs/old")
    assert state_of(old) == before


@pytest.mark.requirement("C-145")
@pytest.mark.parametrize("mode", ["--copy", "--link"])
def test_to_import_again_changes_nothing(pipeline: Pipeline, old: Path, mode: str) -> None:
    bring(pipeline, mode)
    first = record(pipeline), state_of(pipeline.experiment / "legacy")
    code, document = bring(pipeline, mode)
    assert (code, document["added"]) == (0, 0)
    assert (record(pipeline), state_of(pipeline.experiment / "legacy")) == first


@pytest.mark.requirement("C-145")
def test_to_import_again_adds_what_is_new_and_tells_what_changed(pipeline: Pipeline, old: Path) -> None:
    bring(pipeline)
    (old / "numbers/c.json").write_text('{"value": 3}')
    (old / "numbers/a.json").write_text('{"value": 9}')
    (old / "numbers/b.json").unlink()
    code, document = bring(pipeline)
    assert (code, document["added"], document["changed"]) == (1, 1, ["numbers/a.json"])
    assert sorted(path.name for path in (pipeline.experiment / "numbers").iterdir()) == [
        "a.json",
        "b.json",
        "c.json",
    ]
    assert (pipeline.experiment / "numbers/a.json").read_text() == '{"value": 1}'
    assert len(record(pipeline)["files"]) == 3


def test_an_import_that_was_stopped_goes_on(pipeline: Pipeline, old: Path) -> None:
    bring(pipeline)
    told = record(pipeline)
    for file in told["files"]:
        file |= {"digest": "", "size": 0}
    stopped = json.dumps(told | {"is_complete": False})
    (pipeline.experiment / ".runpact/import.json").write_text(stopped)
    (pipeline.experiment / "legacy/numbers/b.json").unlink()
    assert pipeline.runs()[0]["state"] == "interrupted"
    assert bring(pipeline)[0] == 0
    assert record(pipeline)["is_complete"] is True
    assert pipeline.runs()[0]["state"] == "finished"


def test_a_half_copied_file_of_an_import_that_was_stopped_is_never_taken_for_whole(
    pipeline: Pipeline, old: Path
) -> None:
    bring(pipeline)
    (pipeline.experiment / ".runpact/import.json").unlink()
    (pipeline.experiment / "legacy/numbers/b.json").write_text('{"val')
    code, document = bring(pipeline)
    assert (code, [each["path"] for each in document["record"]["left_over"]]) == (1, ["numbers/b.json"])
    assert [each["source"] for each in document["record"]["files"]] == ["numbers/a.json"]


def test_a_damaged_record_of_an_import_is_mended_by_importing_again(pipeline: Pipeline, old: Path) -> None:
    bring(pipeline)
    (pipeline.experiment / ".runpact/import.json").write_text("{")
    assert pipeline.runs()[0]["state"] == "interrupted"
    assert bring(pipeline)[0] == 0
    assert pipeline.runs()[0]["state"] == "finished"


@pytest.mark.requirement("C-145")
def test_nothing_but_regular_files_inside_is_opened(pipeline: Pipeline, old: Path) -> None:
    (old / "numbers/evil.json").symlink_to("/etc/passwd")
    (old / "numbers/up.json").symlink_to("../../../contract.yaml")
    (old / "loop").symlink_to(".")
    os.mkfifo(old / "numbers/pipe.json")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(old / "s.json"))
    code, document = bring(pipeline)
    left = {each["path"]: each["reason"] for each in document["record"]["left_over"]}
    assert code == 1
    assert left == {
        "loop": "a link: it is not followed",
        "numbers/evil.json": "a link: it is not followed",
        "numbers/pipe.json": "a pipe, socket or device: it is not opened",
        "numbers/up.json": "a link: it is not followed",
        "s.json": "a pipe, socket or device: it is not opened",
    }
    assert sorted(path.name for path in (pipeline.experiment / "numbers").iterdir()) == ["a.json", "b.json"]


def test_what_a_linked_folder_holds_besides_is_not_looked_at(pipeline: Pipeline, old: Path) -> None:
    (old / "numbers/evil.json").symlink_to("/etc/passwd")
    assert bring(pipeline, "--link")[0] == 1
    code, document = pipeline.json("gate", "--experiment", "x", "--stage", "02")
    assert (code, [each["code"] for each in document["findings"]]) == (1, ["legacy-artifact"])
    assert [Path(each["path"]).name for each in document["inputs"]] == ["a.json", "b.json"]


@pytest.mark.requirement("C-014", "C-144")
@pytest.mark.parametrize("mode", ["--copy", "--link"])
def test_stages_run_on_what_was_imported_with_a_warning(pipeline: Pipeline, old: Path, mode: str) -> None:
    bring(pipeline, mode)
    code, document = pipeline.go("--only", "02")
    assert (code, document["verdict"]) == (1, "WARNING")
    assert (pipeline.experiment / "total/total.txt").read_text() == SUM
    (first, _second) = pipeline.result("02_sum")["inputs"]
    assert (first["path"], first["source"], first["resolved_from_legacy"]) == (
        "legacy/numbers/a.json",
        "legacy",
        True,
    )
    assert pipeline.manifest["stages"]["02_sum"]["inputs"][0]["resolved_from_legacy"] is True


@pytest.mark.parametrize("mode", ["--copy", "--link"])
def test_an_imported_file_that_changed_closes_the_gate(pipeline: Pipeline, old: Path, mode: str) -> None:
    bring(pipeline, mode)
    (pipeline.experiment / "legacy/numbers/a.json").write_text(
        '{"value": 7}'
    )  # through the link, where it is one
    code, out, _err = pipeline.call("gate", "--experiment", "x", "--stage", "02")
    assert (code, out.split(";")[0]) == (2, "invalid_artifact: runs/x/legacy/numbers/a.json")


def test_a_stage_that_runs_takes_its_alias_from_the_import(pipeline: Pipeline, old: Path) -> None:
    bring(pipeline)
    assert pipeline.go("--only", "01")[0] == 0
    assert str((pipeline.experiment / "numbers").readlink()) == "01_make/numbers"
    bring(pipeline)
    assert str((pipeline.experiment / "numbers").readlink()) == "01_make/numbers"
    assert pipeline.call("gate", "--experiment", "x", "--stage", "02")[0] == 0


def test_a_map_says_which_files_stand_behind_which_alias(pipeline: Pipeline, old: Path) -> None:
    (old / "numbers").rename(old / "fase11")
    (old / "notes.txt").write_text("n")
    pipeline.write("map.yaml", "numbers:\n  - {from: 'fase11/{name}.json', to: '{name}_old.json'}\n")
    code, out, _err = pipeline.call("import", "outputs/old", "--as", "x", "--map", "map.yaml")
    assert (code, out.splitlines()) == (
        1,
        [
            "numbers: 2 files",
            "left over: notes.txt: no rule recognises it",
            "WARNING runs/x: 2 of 2 files are new",
        ],
    )
    assert sorted(path.name for path in (pipeline.experiment / "numbers").iterdir()) == [
        "a_old.json",
        "b_old.json",
    ]


def test_links_under_other_names_are_judged_as_what_they_lead_to(pipeline: Pipeline, old: Path) -> None:
    pipeline.write("map.yaml", "numbers: {from: 'numbers/{name}.json', to: '{name}_old.json'}\n")
    bring(pipeline, "--link", "--map", "map.yaml")
    assert pipeline.call("gate", "--experiment", "x", "--stage", "02")[0] == 1
    assert pipeline.go("--only", "02")[0] == 1
    assert (pipeline.experiment / "total/total.txt").read_text() == SUM
    (old / "numbers/a.json").write_text('{"value": "seven"}')
    assert pipeline.call("gate", "--experiment", "x", "--stage", "02")[0] == 2


@pytest.mark.parametrize("mode", ["--copy", "--link"])
def test_what_was_imported_and_changed_or_went_does_not_verify(
    pipeline: Pipeline, old: Path, mode: str
) -> None:
    bring(pipeline, mode)
    assert pipeline.call("verify", "x")[0] == 0
    (pipeline.experiment / "legacy/numbers/a.json").write_text('{"value": 7}')
    (pipeline.experiment / "legacy/numbers/b.json").resolve().unlink()
    code, document = pipeline.json("verify", "x")
    assert (code, [(each["code"], each["path"]) for each in document["findings"]]) == (
        3,
        [("digest-mismatch", "legacy/numbers/a.json"), ("digest-mismatch", "legacy/numbers/b.json")],
    )


def test_an_import_may_say_with_which_configuration_its_stages_run(pipeline: Pipeline, old: Path) -> None:
    assert bring(pipeline, "--config", "config.json", "--set", "second=5")[0] == 0
    assert json.loads((pipeline.experiment / "config.resolved.json").read_text())["second"] == 5
    assert pipeline.go("--only", "02", "--config", "config.json", "--set", "second=5")[0] == 1
    code, _out, err = pipeline.call("import", "outputs/old", "--as", "x", "--set", "second=6")
    assert (code, "begun with another configuration" in err) == (2, True)
    assert bring(pipeline)[0] == 0


def test_a_file_whose_place_is_taken_is_left_over(pipeline: Pipeline, old: Path) -> None:
    bring(pipeline)
    (old / "numbers/c.json").write_text('{"value": 3}')
    (pipeline.experiment / "legacy/numbers/c.json").mkdir()
    code, document = bring(pipeline)
    assert (code, [each["path"] for each in document["record"]["left_over"]]) == (1, ["numbers/c.json"])
    assert len(document["record"]["files"]) == 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("nowhere", "--as", "x"), "no folder at `nowhere`"),
        (("stages", "--as", "x"), "is recognised"),
        ((".", "--as", "x"), "stand in each other"),
        (("runs/x", "--as", "x"), "no folder at"),
        (("outputs/two", "--as", "x"), "would take one place"),
        (("outputs/old", "--as", "x", "--map", "contract.yaml"), "the map has"),
    ],
)
def test_what_cannot_be_imported_leaves_nothing_behind(
    pipeline: Pipeline, old: Path, options: tuple[str, ...], told: str
) -> None:
    pipeline.write("outputs/two/numbers/a.json", "1")
    pipeline.write("outputs/two/01_make/numbers/a.json", "2")
    code, _out, err = pipeline.call("import", *options)
    assert (code, told in err) == (2, True), err
    assert not pipeline.experiment.exists()


def test_an_experiment_of_its_own_or_of_another_import_is_not_imported_into(
    pipeline: Pipeline, old: Path
) -> None:
    pipeline.go("--to", "01")
    assert "is an experiment of its own" in pipeline.call("import", "outputs/old", "--as", "x")[2]
    assert pipeline.call("import", "outputs/old", "--as", "y")[0] == 0
    assert "was imported otherwise" in pipeline.call("import", "outputs/old", "--as", "y", "--link")[2]


def test_an_import_of_a_folder_outside_the_workspace_links_by_absolute_path(
    pipeline: Pipeline, old: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    far = tmp_path_factory.mktemp("far") / "old"
    old.rename(far)
    assert pipeline.call("import", str(far), "--as", "x", "--link")[0] == 0
    assert str((pipeline.experiment / "legacy/numbers/a.json").readlink()) == f"{far}/numbers/a.json"
    assert pipeline.call("gate", "--experiment", "x", "--stage", "02")[0] == 1


def test_an_experiment_in_use_is_not_imported_into(pipeline: Pipeline, old: Path) -> None:
    from runpact.disk.experiment import ExperimentLock

    bring(pipeline)
    lock = ExperimentLock(str(pipeline.experiment))
    assert lock.acquire(0.0)
    with lock:
        assert "in use by another process" in pipeline.call("import", "outputs/old", "--as", "x")[2]


def test_an_imported_experiment_is_checked_like_any_other(pipeline: Pipeline, old: Path) -> None:
    bring(pipeline)
    code, document = pipeline.json("check", "runs/x")
    assert (code, document["verdict"]) == (0, "OK")


def judged(pipeline: Pipeline) -> list[tuple[str, str]]:
    """Return code and path of what `check` finds, advice on rules apart."""
    findings = pipeline.json("check", "runs/x")[1]["findings"]
    return [
        (each["code"], each["path"].removeprefix("runs/x/")) for each in findings if each["code"] != "vacuous"
    ]


LINE = '      - {files: "legacy/numbers/{name}.json", as: old, required: false, type: Numbers@1}\n'
TYPED = "    each_stage:", f"{LINE}    each_stage:"


def test_links_that_the_import_recorded_are_judged_as_the_files_that_they_lead_to(
    pipeline: Pipeline, old: Path
) -> None:
    pipeline.write("contract.yaml", (pipeline.root / "contract.yaml").read_text().replace(*TYPED))
    bring(pipeline, "--link")
    code, document = pipeline.json("check", "runs/x")
    assert (code, document["verdict"]) == (0, "OK")
    (told,) = [each for each in document["findings"] if each["code"] == "external-files"]
    assert (told["severity"], told["path"]) == ("advice", "runs/x/legacy")
    assert "2 links lead to what was imported: `external: true`" in told["message"]
    (old / "numbers/a.json").write_text('{"value": "none"}')
    assert judged(pipeline)[0] == ("schema", "legacy/numbers/a.json#/value")
    (old / "numbers/a.json").write_text("{")
    assert judged(pipeline)[0][1].startswith("legacy/numbers/a.json")


def test_rules_may_ask_for_the_digest_of_what_was_linked(pipeline: Pipeline, old: Path) -> None:
    text = (pipeline.root / "contract.yaml").read_text()
    digest = "sha256:" + hashlib.sha256(b'{"value": 1}').hexdigest()
    rule = f"    rules: [{{id: same, check: digest('legacy/numbers/a.json') == '{digest}'}}]\n    each_stage:"
    pipeline.write("contract.yaml", text.replace("    each_stage:", rule))
    bring(pipeline, "--link")
    assert judged(pipeline) == [("external-files", "legacy")]
    (old / "numbers/a.json").write_text('{"value": 3}')
    assert len(judged(pipeline)) == 2


@pytest.mark.requirement("C-032")
@pytest.mark.parametrize("change", ["retargeted", "unnamed", "gone", "no file", "a link", "no record"])
def test_any_other_link_that_leads_out_stays_an_error(pipeline: Pipeline, old: Path, change: str) -> None:
    bring(pipeline, "--link")
    link, original = pipeline.experiment / "legacy/numbers/a.json", old / "numbers/a.json"
    if change == "retargeted":
        link.unlink()
        link.symlink_to("/etc/passwd")
    elif change == "unnamed":
        link = pipeline.experiment / "legacy/numbers/c.json"
        link.symlink_to(original)
    elif change == "no record":
        (pipeline.experiment / ".runpact/import.json").write_text("{")
    else:
        original.unlink()
        if change == "no file":
            original.mkdir()
        elif change == "a link":
            original.symlink_to("/etc/passwd")
    code, document = pipeline.json("check", "runs/x")
    found = [each["path"] for each in document["findings"] if each["code"] == "escaping-link"]
    assert (code, link.relative_to(pipeline.root).as_posix() in found) == (3, True)
    assert (len(found) == 2) == (change == "no record")


def test_one_link_is_told_as_one(pipeline: Pipeline, old: Path) -> None:
    (old / "numbers/b.json").unlink()
    bring(pipeline, "--link")
    findings = pipeline.json("check", "runs/x")[1]["findings"]
    assert [each["message"] for each in findings if each["code"] == "external-files"] == [
        "1 link leads to what was imported: `external: true`"
    ]


def test_what_was_imported_is_judged_by_its_type_until_a_stage_makes_it_anew(
    pipeline: Pipeline, old: Path
) -> None:
    (old / "numbers/a.json").write_text('{"value": "none"}')
    bring(pipeline)
    assert judged(pipeline) == [("schema", "legacy/numbers/a.json#/value")]
    assert pipeline.json("check", "x")[0] == 3
    assert pipeline.go()[0] == 0
    assert judged(pipeline) == []


def test_what_a_layout_says_of_an_import_is_not_said_twice(pipeline: Pipeline, old: Path) -> None:
    pipeline.write("contract.yaml", (pipeline.root / "contract.yaml").read_text().replace(*TYPED))
    (old / "numbers/a.json").write_text('{"value": "none"}')
    bring(pipeline)
    assert judged(pipeline) == [("schema", "legacy/numbers/a.json#/value")]


def test_a_file_whose_name_no_record_can_hold_is_left_over(pipeline: Pipeline, old: Path) -> None:
    (old / "numbers" / os.fsdecode(b"\xff.json")).write_text("{}")
    code, document = bring(pipeline)
    assert (code, document["added"]) == (1, 2)
    assert record(pipeline)["left_over"] == [{"path": "numbers/\\xff.json", "reason": "its name is no UTF-8"}]


def test_a_map_that_leads_out_is_refused(pipeline: Pipeline, old: Path) -> None:
    pipeline.write("map.json", json.dumps({"numbers": {"from": "numbers/{x}.json", "to": "../../evil/{x}"}}))
    code, document = bring(pipeline, "--map", "map.json")
    assert (code, document["error"]["faults"][0]["at"]) == (2, "/numbers/0")
    assert not pipeline.experiment.exists()


def test_a_file_is_no_legacy_folder(pipeline: Pipeline, old: Path) -> None:
    for name, got in (("numbers/a.json", "a file, or something else"), ("numbers/none", "nothing")):
        code, document = pipeline.json("import", f"outputs/old/{name}", "--as", "x")
        assert (code, document["error"]["got"]) == (2, got)
    assert not pipeline.experiment.exists()
