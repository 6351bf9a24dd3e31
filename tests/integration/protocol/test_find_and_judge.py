import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

import runpact
from runpact.cli.find import age_of
from runpact.disk.latest import replace_copy
from runpact.model.errors import CannotStartError
from runpact.verbs.contracts.load_contract import load_contract
from runpact.verbs.judging.check import check_run
from runpact.workspace import Workspace


def test_check_says_ok_for_a_run_that_keeps_its_contract(make_run, cli):
    make_run("good")
    said = cli("check", "good")
    assert (said.code, said.out.splitlines()[0]) == (0, "OK runs/good: contract acme.training 1.2.0")


def test_check_without_a_name_judges_all_and_counts(make_run, open_run, cli):
    make_run("good")
    open_run("killed")
    said = cli("check")
    assert said.code == 2
    assert said.out.splitlines()[-1] == "2 runs: 1 OK, 1 INCOMPLETE"
    assert "the run is interrupted" in said.out


def test_check_of_an_empty_workspace_is_incomplete(project, cli):
    said = cli("check")
    assert said.code == 2
    assert "no run to check" in said.out
    assert cli("check", "--json").document["verdict"] == "INCOMPLETE"


def test_check_json_has_verdict_findings_and_runs(make_run, cli):
    make_run("good")
    document = cli("check", "--json").document
    assert document["format"] == "runpact.check/1"
    assert document["verdict"] == "OK"
    assert document["runs"][0]["judged_by"] == "acme.training 1.2.0"


def test_a_corrupt_run_is_an_error_of_check(make_run, cli):
    (make_run("hurt") / ".runpact/seal").write_text("x")
    document = cli("check", "runs/hurt", "--json").document
    assert document["verdict"] == "ERROR"
    assert "corrupt" in {finding["code"] for finding in document["findings"]}


def test_a_run_of_another_contract_is_judged_by_its_own_copy(make_run, project, cli):
    make_run("good")
    contract = (project / "contract.yaml").read_text()
    (project / "contract.yaml").write_text(contract.replace("acme.training", "acme.other"))
    document = cli("check", "good", "--json").document
    assert document["verdict"] == "OK"
    (own,) = [finding for finding in document["findings"] if finding["code"] == "judged-by-own-copy"]
    assert own["expected"] == "acme.other 1.2.0"
    named = cli("check", "good", "--contract", "contract.yaml", "--json").document
    assert named["runs"][0]["judged_by"] == "acme.other 1.2.0"


def test_a_run_outside_any_workspace_is_judged_by_its_own_copy(make_run, project, cli, monkeypatch):
    run = make_run("good")
    target = project.parent / "alone"
    run.rename(target)
    monkeypatch.chdir(project.parent)
    said = cli("check", "alone", "--json")
    assert said.code == 0
    codes = {finding["code"] for finding in said.document["findings"]}
    assert {"judged-by-own-copy", "renamed"} <= codes


def test_check_inside_the_run_itself_names_it_by_a_dot(make_run, cli, monkeypatch):
    monkeypatch.chdir(make_run("good"))
    said = cli("check", ".", "--workdir", ".", "--json")
    assert said.code == 0
    assert said.document["runs"][0]["path"] == "."


def test_a_foreign_directory_without_a_contract_is_refused(project, cli):
    (project / "contract.yaml").unlink()
    (project / "old").mkdir()
    said = cli("check", "old")
    assert said.code == 2
    assert "no contract judges" in said.err


def test_a_foreign_directory_is_judged_by_the_workspaces_contract(project, cli):
    (project / "runs/old").mkdir(parents=True)
    assert cli("check", "runs/old", "--json").document["runs"][0]["state"] == "unknown"
    (project / "elsewhere").mkdir()
    assert cli("check", "elsewhere").code in {0, 2, 3}


def test_a_foreign_directory_at_no_place_of_several_kinds_is_refused(project, cli):
    (project / "contract.yaml").write_text(
        'contract: a.b\nversion: "1.0.0"\nkinds:\n  x: {at: "x/{name}"}\n  y: {at: "y/{name}"}\n'
    )
    (project / "z").mkdir()
    said = cli("check", "z")
    assert said.code == 2
    assert "is no place of any kind" in said.err


def test_verify_says_that_the_records_are_true(make_run, cli):
    make_run("good")
    said = cli("verify", "good")
    assert (said.code, said.out) == (0, "OK runs/good: its records are true\n")
    document = cli("verify", "good", "--json").document
    assert (document["format"], document["verdict"], document["state"]) == (
        "runpact.verify/1",
        "OK",
        "finished",
    )


def test_verify_of_an_unsealed_run_is_incomplete(open_run, cli):
    open_run("killed")
    said = cli("verify", "killed")
    assert said.code == 2
    assert "the run is interrupted: it was never sealed" in said.out


def test_verify_of_a_foreign_directory_has_nothing_to_verify(project, cli):
    (project / "old").mkdir()
    document = cli("verify", "old", "--json").document
    assert document["verdict"] in {"INCOMPLETE", "ERROR"}


def test_manifest_and_seal_that_disagree_about_a_log_are_told(make_run, cli):
    run = make_run("good")
    seal = run / ".runpact/seal"
    other = make_run("other") / ".runpact/seal"
    seal.write_bytes(other.read_bytes())
    said = cli("verify", "good", "--json")
    assert said.code == 3
    assert any("disagree about the log" in finding["message"] for finding in said.document["findings"])


def test_ls_lists_the_newest_first_and_says_when_there_is_more(make_run, cli):
    for name in ("one", "two", "three"):
        make_run(name)
    said = cli("ls", "--limit", "2")
    lines = said.out.splitlines()
    assert lines[0].split() == ["STATE", "AGE", "RUN", "KIND"]
    assert [line.split()[2] for line in lines[1:3]] == ["runs/three", "runs/two"]
    assert lines[3].startswith("2 of 3 runs; --limit shows more, or go on with --after ")


def test_ls_json_has_every_field_of_a_run(make_run, cli):
    make_run("one")
    document = cli("ls", "--json").document
    assert (document["format"], document["total"]) == ("runpact.runs/1", 1)
    run = document["runs"][0]
    assert (run["id"], run["kind"], run["path"], run["contract"]) == (
        "one",
        "run",
        "runs/one",
        "acme.training 1.2.0",
    )


def test_ls_filters_by_state_and_kind(make_run, open_run, cli):
    make_run("good")
    open_run("killed")
    assert [run["id"] for run in cli("ls", "--state", "finished", "--json").document["runs"]] == ["good"]
    assert cli("ls", "--kind", "other", "--json").document["runs"] == []
    assert "no such runs below" in cli("ls", "--kind", "other").out
    assert cli("ls", "--state", "finishd").code == 64


def test_without_a_contract_recorded_runs_are_found_anywhere(make_run, project, cli, monkeypatch):
    run = make_run("good")
    (project / "contract.yaml").unlink()
    (project / "runs").rename(project / "deep")
    assert runpact.verify(project / "deep/good").value == "OK"
    assert [r.path for r in runpact.verbs.finding.find.list_runs(str(project), None)] == ["deep/good"]
    assert [r.path for r in runpact.verbs.finding.find.list_runs(str(project / "deep/good"), None)] == ["."]
    assert run.name == "good"


def test_a_workspace_whose_contract_stands_in_the_run_lists_itself(project, cli):
    (project / "contract.yaml").write_text('contract: a.b\nversion: "1.0.0"\nkinds:\n  run: {at: "."}\n')
    said = cli("ls", "--json")
    assert said.code in {0, 2}


def test_a_run_is_found_by_id_path_uid_and_prefix(make_run, project, cli):
    run = make_run("baseline")
    uid = json.loads((run / ".runpact/run.json").read_text())["uid"]
    for reference in ("baseline", "runs/baseline", "base", uid, uid[:20], str(run)):
        assert cli("show", reference, "--json").document["id"] == "baseline", reference


def test_a_prefix_of_many_runs_lists_them(make_run, cli):
    for number in range(10):
        make_run(f"same{number}")
    said = cli("show", "same")
    assert said.code == 2
    assert "`same` fits 10 runs" in said.err
    assert "and 2 more" in said.err
    assert "`same1` fits" not in cli("show", "same1").err


def test_a_misspelt_run_is_answered_with_the_nearest(make_run, cli):
    make_run("baseline")
    assert "did you mean `baseline`?" in cli("show", "basline").err
    assert "`runpact ls` lists the runs" in cli("show", "zzz").err


def test_show_tells_origin_metrics_events_and_files(make_run, cli):
    make_run("good", loss=0.25)
    said = cli("show", "good")
    assert said.code == 0
    for word in ("runs/good", "finished", "loss", "0.25", "result.json", "run.ended", "lr", "python 7"):
        assert word in said.out, word


def test_show_json_has_metrics_config_and_files(make_run, cli):
    make_run("good")
    document = cli("show", "good", "--json").document
    assert document["format"] == "runpact.show/1"
    assert document["config"] == {"lr": 0.1}
    assert document["metrics"][0]["name"] == "loss"
    assert "result.json" in {file["path"] for file in document["files"]}


def test_show_of_an_open_run_and_of_a_foreign_directory_tells_what_there_is(open_run, project, cli):
    open_run("killed")
    assert "interrupted" in cli("show", "killed").out
    (project / "old").mkdir()
    assert "unknown" in cli("show", "old").out


@pytest.mark.parametrize(
    ("seconds", "age"), [(5, "5s"), (300, "5min"), (7200, "2h"), (3 * 86400, "3d"), (-9, "0s")]
)
def test_ages_are_told_in_one_unit(seconds, age):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert age_of((now - timedelta(seconds=seconds)).isoformat(), now) == age


@pytest.mark.parametrize("moment", [None, "nonsense", "2026-01-01T00:00:00"])
def test_an_age_that_cannot_be_told_is_a_question_mark(moment):
    assert age_of(moment) == "?"


def test_contract_lint_describes_a_good_contract(project, cli):
    said = cli("contract", "lint")
    assert said.code == 0
    assert "contract acme.training 1.2.0" in said.out
    document = cli("contract", "lint", "--json").document
    assert (document["format"], document["kinds"]) == ("runpact.contract/1", ["run"])


def test_contract_lint_reads_a_named_file_and_a_pack(project, cli):
    assert cli("contract", "lint", "contract.yaml").code == 0
    assert cli("contract", "lint", "runpact:basic@1").code == 0
    said = cli("contract", "lint", "runpact:nope@1")
    assert said.code == 2
    assert "runpact:basic@1" in said.err


def test_contract_lint_without_a_contract_says_how_to_make_one(project, cli):
    (project / "contract.yaml").unlink()
    assert "`runpact init`" in cli("contract", "lint").err


def test_a_contract_extends_a_pack_and_carries_its_files(project, cli):
    (project / "contract.yaml").write_text(
        'contract: a.b\nversion: "1.0.0"\nextends: runpact:project-run@1\n'
    )
    document = cli("contract", "lint", "--json").document
    assert "extends/runpact.project-run@1/schemas/metrics.json" in document["files"]
    (project / "projects").mkdir()
    (project / "projects/p.py").touch()
    assert cli("run", "--quiet", "--json", "--", "python3", "projects/p.py").code == 2
    assert cli("check", "--json").document["runs"][0]["judged_by"] == "a.b 1.0.0"


def test_a_run_made_under_a_pack_is_judged_by_the_copy_of_both(project, cli):
    contract = 'contract: a.b\nversion: "1.0.0"\nextends: runpact:basic@1\n'
    (project / "contract.yaml").write_text(contract)
    assert cli("run", "--name", "n", "--quiet", "--", "true").code == 0
    (project / "contract.yaml").write_text(contract.replace("a.b", "c.d"))
    assert cli("check", "--json").document["runs"][0]["judged_by"] == "a.b 1.0.0"


@pytest.mark.parametrize("parent", ["runpact:nope@1", "other.yaml"])
def test_a_contract_that_extends_nothing_there_is_refused(project, cli, parent):
    (project / "contract.yaml").write_text(f'contract: a.b\nversion: "1.0.0"\nextends: {parent}\n')
    assert cli("contract", "lint").code == 2


def test_contracts_that_extend_each_other_are_refused(project, cli):
    text = 'contract: a.b\nversion: "1.0.0"\nextends: {}\n'
    (project / "contract.yaml").write_text(text.format("other.yaml"))
    (project / "other.yaml").write_text(text.format("other.yaml"))
    said = cli("contract", "lint")
    assert said.code == 2
    assert "without end" in said.err or "malformed" in said.err


def test_schemas_beside_a_named_one_belong_to_the_contract(project, cli):
    (project / "schemas").mkdir()
    (project / "schemas/a.json").write_text('{"$ref": "b.json"}')
    (project / "schemas/b.json").write_text('{"type": "object"}')
    (project / "contract.yaml").write_text(
        (project / "contract.yaml").read_text()
        + "    entries:\n      - {file: a.json, schema: schemas/a.json, required: false}\n"
    )
    files = cli("contract", "lint", "--json").document["files"]
    assert {"schemas/a.json", "schemas/b.json"} <= set(files)


def test_a_pyproject_names_the_contract(project, cli):
    (project / "contract.yaml").rename(project / "runs-contract.yaml")
    (project / "pyproject.toml").write_text('[tool.runpact]\ncontract = "runs-contract.yaml"\n')
    assert cli("contract", "lint").code == 0
    (project / "pyproject.toml").write_text("[tool]\nrunpact = 1\n")
    assert cli("contract", "lint").code == 2


def test_the_environment_names_the_workspace(project, cli, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNPACT_WORKSPACE", str(project))
    assert cli("contract", "lint").code == 0
    (tmp_path / "empty").mkdir()
    assert cli("ls", "--workspace", "empty").code == 0


def test_init_writes_a_contract_and_ignores_the_runs(tmp_path, cli, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = cli("init", "new", "--id", "acme.new")
    assert said.code == 0
    assert said.out.splitlines()[:2] == ["wrote contract.yaml", "wrote .gitignore"]
    assert "/runs/" in (tmp_path / "new/.gitignore").read_text()
    assert cli("contract", "lint", "new/contract.yaml").code == 0
    again = cli("init", "new", "--json").document
    assert (again["format"], again["written"]) == ("runpact.init/1", [])


def test_init_keeps_what_a_person_wrote(tmp_path, cli, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "contract.yaml").write_text("mine")
    (tmp_path / ".gitignore").write_text("mine")
    assert cli("init").code == 0
    assert (tmp_path / "contract.yaml").read_text() == "mine"
    assert (tmp_path / ".gitignore").read_text().startswith("mine\n# runpact: begin")


def test_init_refreshes_its_block_alone(tmp_path, cli, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cli("init")
    ignore = tmp_path / ".gitignore"
    ignore.write_text("above\n" + ignore.read_text().replace("/runs/", "/old/") + "below\n")
    cli("init")
    lines = ignore.read_text().splitlines()
    assert (lines[0], lines[-1]) == ("above", "below")
    assert "/runs/" in lines
    assert "/old/" not in lines


@pytest.mark.parametrize("arguments", [["--id", "Bad Id"], ["--pack", "runpact:nope@1"]])
def test_init_refuses_and_writes_nothing(tmp_path, cli, monkeypatch, arguments):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert cli("init", *arguments).code in {2, 64}
    assert list((tmp_path / "empty").iterdir()) == []


def test_init_in_a_file_or_beside_an_unreadable_ignore_is_told(tmp_path, cli, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    assert cli("init", "file").code == 3
    (tmp_path / ".gitignore").write_bytes(b"\xff")
    assert cli("init").code == 2


def test_demo_of_an_unknown_name_lists_the_examples(project, cli):
    said = cli("demo", "nope")
    assert said.code == 2
    assert "certification" in said.err
    assert not (project / "runpact-demo").exists()


def test_the_shipped_example_is_laid_out_once_and_edits_stay(tmp_path):
    from runpact.workspace import lay_out_example

    folder = lay_out_example("certification", str(tmp_path / "x"))
    assert load_contract(f"{folder}/contract.yaml").contract.kinds
    (tmp_path / "x/config.yaml").write_text("mine")
    lay_out_example("certification", folder)
    assert (tmp_path / "x/config.yaml").read_text() == "mine"
    with pytest.raises(CannotStartError):
        lay_out_example("nope", folder)


def test_the_version_is_the_packages(project, cli):
    done = subprocess.run(
        [sys.executable, "-m", "runpact", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"runpact {runpact.__version__}\n"
    assert cli("--version").out == done.stdout


def test_help_lists_every_command(project, cli):
    said = cli("--help")
    assert said.code == 0
    for command in ("init", "run", "check", "verify", "ls", "show", "contract", "demo"):
        assert f"  {command} " in said.out


LATEST = """\
contract: a.b
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    entries:
      - {file: report.json, required: false}
    latest:
      - {copy: report.json, to: "latest/report.json"}
"""


def test_the_newest_finished_runs_file_is_copied(project, cli):
    (project / "contract.yaml").write_text(LATEST)
    script = "import os; open(os.environ['RUNPACT_RUN_DIR'] + '/report.json', 'w').write('1')"
    said = cli("run", "--name", "a", "--", sys.executable, "-c", script)
    assert said.code == 0, said.err
    assert (project / "latest/report.json").read_text() == "1"


def test_a_copy_that_cannot_be_made_is_a_warning_and_no_failure(project, cli):
    (project / "contract.yaml").write_text(LATEST)
    (project / "latest").write_text("a file in the way")
    script = "import os; open(os.environ['RUNPACT_RUN_DIR'] + '/report.json', 'w').write('1')"
    said = cli("run", "--name", "a", "--json", "--", sys.executable, "-c", script)
    assert said.code == 1
    assert said.document["state"] == "finished"
    assert "was not refreshed" in said.document["reason"]


def test_an_older_run_never_replaces_a_newer_copy(tmp_path):
    (tmp_path / "new").write_text("new")
    (tmp_path / "old").write_text("old")
    target = str(tmp_path / "latest")
    replace_copy(str(tmp_path / "new"), target, newest="2026-01-02T00:00:00+00:00", sync=False)
    replace_copy(str(tmp_path / "old"), target, newest="2026-01-01T00:00:00+00:00", sync=False)
    assert (tmp_path / "latest").read_text() == "new"


@pytest.mark.parametrize("arguments", [[], ["contract"]])
def test_no_command_is_answered_with_the_help(cli, project, arguments):
    said = cli(*arguments)
    assert said.code == 64
    assert "\n\nCommands:\n" in said.err.replace("\n\n\n", "\n\n")
    assert "\\n" not in said.err


@pytest.mark.parametrize("sort", ["link to nowhere", "link to itself", "folder"])
def test_a_contract_that_cannot_be_read_is_not_passed_over(cli, project, sort):
    contract = project / "contract.yaml"
    contract.unlink()
    if sort == "folder":
        contract.mkdir()
    else:
        contract.symlink_to("nowhere" if sort == "link to nowhere" else "contract.yaml")
    for arguments in (["ls"], ["check"], ["run", "--", "true"]):
        said = cli(*arguments)
        assert said.code == 2
        assert "contract.yaml" in said.err
    assert not (project / "runs").exists()


def test_init_writes_nothing_into_a_run(make_run, cli, monkeypatch):
    run = make_run("good")
    (run / "plots").mkdir(exist_ok=True)
    for folder in (run, run / "plots"):
        monkeypatch.chdir(folder)
        assert cli("init").code == 64
    assert cli("verify", str(run)).code == 0


def test_a_run_that_is_removed_before_it_is_judged_is_told(project, cli, make_run):
    make_run("good")
    place = Workspace.open()
    gone = str(project / "runs/gone")
    checked = check_run(gone, root=place.data_root, contract=place.contract)
    assert (checked.verdict.value, checked.judged_by) == ("ERROR", "nothing")
    assert [(each.code, each.path) for each in checked.report.findings] == [("unreadable", "runs/gone")]
