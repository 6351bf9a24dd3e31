import json
import os
import subprocess
import sys

import pytest

UNSAFE = ["../x", "/abs", "a\nb", "-lead", "x" * 300, "", ".", "..", "a/b", "a\\b", "con", "a\x7f", "é"]


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_run_name_is_refused_and_nothing_is_made(cli, project, name):
    said = cli("run", f"--name={name}", "--", "true")
    assert said.code == 64
    assert "not safe as a file name" in said.err
    assert sorted(path.name for path in project.iterdir()) == ["contract.yaml"]


def test_a_name_with_nul_is_refused(cli, project):
    assert cli("run", "--name", "a\0b", "--", "true").code == 64
    assert not (project / "runs").exists()


def test_an_unsafe_capture_is_refused(cli, project):
    assert cli("run", "--capture", "name=../x", "--", "true").code == 64
    assert not (project / "runs").exists()


@pytest.mark.parametrize("name", ["../x", "/no/such", "a\0b", "a\nb", "x" * 300, "nothing", ""])
@pytest.mark.parametrize("command", ["show", "verify", "check"])
def test_a_reference_to_no_run_is_refused_with_a_message(cli, make_run, command, name):
    make_run("first")
    said = cli(command, "--", name)
    assert said.code in {2, 64}
    assert said.out == ""
    assert "run" in said.err


def test_a_place_that_is_a_file_is_named(cli, project):
    (project / "runs").write_text("a file")
    said = cli("run", "--name", "a", "--json", "--", "true")
    assert said.code == 3
    assert said.error["code"] == "storage"
    assert "Not a directory" in said.err
    assert (project / "runs").read_text() == "a file"


def test_a_run_directory_that_is_a_file_does_not_stop_the_next_run(cli, project):
    (project / "runs").mkdir()
    (project / "runs/a").write_text("a file")
    assert cli("run", "--name", "a", "--quiet", "--", "true").code == 0
    assert (project / "runs/a").read_text() == "a file"
    assert (project / "runs/a-1").is_dir()


def test_a_file_is_no_run(cli, project):
    (project / "file").write_text("x")
    assert cli("check", "file").code == 2


def test_a_link_out_of_the_tree_is_a_fault_and_is_not_followed(cli, make_run, project):
    (project.parent / "outside").mkdir()
    (project.parent / "outside/secret").write_text("secret")
    run = make_run("linked")
    (run / "link").symlink_to("../../../outside")
    said = cli("check", "linked", "--json")
    assert said.code == 3
    assert [f["path"] for f in said.document["findings"] if f["code"] == "escaping-link"] == [
        "runs/linked/link"
    ]
    verified = cli("verify", "linked", "--json")
    assert [f["path"] for f in verified.document["findings"]] == ["link"]


def test_a_run_that_is_a_link_is_not_listed(cli, make_run, project):
    run = make_run("real")
    run.rename(project.parent / "real")
    run.symlink_to(project.parent / "real")
    assert cli("ls", "--json").document["runs"] == []


@pytest.mark.parametrize(
    ("path", "word"),
    [("run.json", "runpact.run"), ("manifest.json", "runpact.manifest"), ("seal", "runpact.seal")],
)
def test_records_of_an_unknown_major_version_are_refused_by_name(cli, make_run, path, word):
    record = make_run("new") / ".runpact" / path
    record.write_text(record.read_text().replace(f"{word}/1", f"{word}/2"))
    listed = cli("ls", "--json").document["runs"][0]
    assert listed["state"] == "corrupt"
    assert cli("verify", "runs/new").code == 3
    assert cli("check", "runs/new").code == 3
    assert cli("show", "runs/new").code == 0


@pytest.mark.parametrize("command", ["no-such-program", "./no-such", "/no/such", "", "a\0b", "contract.yaml"])
def test_a_command_that_does_not_exist_makes_nothing(cli, project, command):
    said = cli("run", "--", command)
    assert said.code == 2
    assert "no command `" in said.err
    assert "nothing was created" in said.err
    assert not (project / "runs").exists()


def test_a_program_the_system_cannot_start_seals_the_run_as_failed(cli, project):
    program = project / "broken"
    program.write_bytes(b"\x7fELF nonsense")
    program.chmod(0o755)
    said = cli("run", "--name", "b", "--", "./broken")
    assert said.code == 2
    assert "cannot start" in said.err
    states = [run["state"] for run in cli("ls", "--json").document["runs"]]
    assert states == ["failed"]


def test_an_argument_with_nul_never_leaves_an_open_run(cli):
    assert cli("run", "--name", "n", "--", "true", "a\0b").code != 0
    assert [run["state"] for run in cli("ls", "--json").document["runs"]] == ["failed"]


MALFORMED = """\
contract: acme.training
version: one
kinds:
  run:
    at: runs/{name}
    entires: []
    entries:
      - {file: a.json, requried: true}
      - {file: ../escape}
"""


def test_a_malformed_contract_lists_all_faults_with_line_and_column(cli, project):
    (project / "contract.yaml").write_text(MALFORMED)
    said = cli("contract", "lint")
    assert said.code == 2
    for place in ("6:5", "8:24"):
        assert f"contract.yaml:{place}" in said.err, said.err
    assert "`entries`" in said.err
    assert "`required`" in said.err


@pytest.mark.parametrize("command", [["ls"], ["check"], ["run", "--", "true"], ["contract", "lint"]])
def test_every_command_refuses_a_malformed_contract_as_a_document(cli, project, command):
    (project / "contract.yaml").write_text(MALFORMED)
    said = (
        cli(command[0], *command[1:2], "--json", *command[2:])
        if command[0] != "run"
        else cli("run", "--json", "--", "true")
    )
    assert said.code == 2
    assert said.error["code"] == "malformed-contract"
    assert len(said.error["faults"]) >= 2
    assert not (project / "runs").exists()


@pytest.mark.parametrize(
    "text", ["", "{", "- 1", "\0", "a: &x 1\nb: *x", "contract: !!python/none x", "\ufeff"]
)
def test_a_contract_that_is_no_mapping_is_refused(cli, project, text):
    (project / "contract.yaml").write_text(text)
    said = cli("contract", "lint")
    assert said.code == 2
    assert "contract.yaml" in said.err


def test_a_contract_that_is_not_utf8_or_a_directory_is_refused(cli, project):
    (project / "contract.yaml").write_bytes(b"\xff\xfe")
    assert cli("contract", "lint").code == 2
    (project / "dir").mkdir()
    assert cli("contract", "lint", "dir").code == 2


def test_a_contract_of_more_than_a_megabyte_is_refused(cli, project):
    (project / "contract.yaml").write_text("# " + "x" * (1 << 20))
    assert "too large" in cli("contract", "lint").err


def test_a_contract_file_that_leads_out_of_its_folder_is_refused(cli, project):
    (project.parent / "other.yaml").write_text("contract: a.b\n")
    (project / "contract.yaml").unlink()
    (project / "contract.yaml").symlink_to("../other.yaml")
    said = cli("contract", "lint")
    assert said.code == 2
    assert "leads out of the contract's folder" in said.err


def test_a_pipe_named_as_configuration_does_not_hang(cli, project):
    os.mkfifo(project / "pipe.json")
    said = cli("run", "--config", "pipe.json", "--", "true")
    assert said.code == 2
    assert "not a regular file" in said.err


def test_a_configuration_of_more_than_16_mb_is_refused(cli, project):
    (project / "big.json").write_bytes(b" " * (16 * 1024 * 1024 + 1))
    assert "too large" in cli("run", "--config", "big.json", "--", "true").err


@pytest.mark.parametrize("closed", ["runs", "runs/a"])
def test_what_may_not_be_listed_hides_no_other_run_and_is_not_passed_over(
    make_run, project, tmp_path, closed
):
    make_run("a")
    make_run("b")
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o055)
    (project / closed).chmod(0)
    program = (
        "import json, os\n"
        "from runpact.workspace import Workspace\n"
        "place = Workspace.open()\n"
        "place.check([]), place.runs()\n"
        "if os.geteuid() == 0:\n    os.setgid(65534); os.setuid(65534)\n"
        "print(json.dumps([[run.path, run.state.value] for run in place.runs()]))\n"
        "print(json.dumps([[run.path, run.verdict.value] for run in place.check([])]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=project, check=False, capture_output=True, text=True
    )
    (project / closed).chmod(0o755)
    assert done.stderr == ""
    listed, judged = map(json.loads, done.stdout.splitlines())
    assert [closed, "corrupt"] in listed
    assert [closed, "ERROR"] in judged
    assert (["runs/b", "finished"] in listed) is (["runs/b", "OK"] in judged) is (closed == "runs/a")


def test_a_place_without_permission_is_refused_and_named(project, tmp_path):
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(folder.stat().st_mode | 0o055)
    (project / "runs").mkdir(mode=0o555)
    program = (
        "import _strptime, os, sys, tomllib\n"
        "from runpact.cli.main import run_command_line\n"
        "import runpact.workspace, runpact.cli.run, runpact.cli.find\n"
        "run_command_line(['run', '--name', 'w', '--out', 'warm', '--quiet', '--', 'true'])\n"
        "run_command_line(['run', '--name', 'w', '--out', 'contract.yaml', '--quiet', '--', 'true'])\n"
        "if os.geteuid() == 0:\n    os.setgid(65534); os.setuid(65534)\n"
        "sys.exit(run_command_line(['run', '--name', 'a', '--', 'true']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=project, check=False, capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 3, done.stderr
    assert "Permission denied" in done.stderr
    assert "check the permissions" in done.stderr
    assert list((project / "runs").iterdir()) == []


def test_a_current_directory_that_is_gone_is_told(cli, project, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    said = cli("ls")
    monkeypatch.chdir(project)
    assert said.code == 2
    assert "the current directory no longer exists" in said.err


def test_a_workspace_that_is_not_there_is_told(cli, project):
    said = cli("ls", "--workspace", "nowhere")
    assert said.code == 2
    assert "no workspace at" in said.err


def test_a_pyproject_that_cannot_be_read_is_told(cli, project):
    (project / "contract.yaml").unlink()
    (project / "pyproject.toml").write_text("[tool.runpact")
    assert "cannot be read" in cli("ls").err


@pytest.mark.parametrize(
    "line", [["nonsense"], ["chekc"], ["ls", "--nope"], ["ls", "--limit", "0"], ["verify", ""]]
)
def test_what_is_not_understood_exits_64(cli, project, line):
    said = cli(*line)
    assert said.code == 64
    assert said.out == ""


def test_a_misspelt_command_is_answered_with_the_nearest(cli, project):
    assert "did you mean `check`?" in cli("chekc").err


@pytest.mark.parametrize("option", ["workspace", "workdir", "contract", "kind", "out", "config", "name"])
def test_an_option_that_is_given_nothing_is_refused(cli, project, option):
    said = cli("run", f"--{option}=", "--", "true")
    assert said.code == 64
    assert sorted(path.name for path in project.iterdir()) == ["contract.yaml"]
