import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PYTHON = sys.executable


def test_a_command_that_succeeds_makes_a_finished_run(cli, project):
    said = cli("run", "--name", "first", "--durability", "none", "--", PYTHON, "-c", "print('hello')")
    assert said.code == 0
    assert said.out == "hello\n"
    assert "runs/first finished" in said.err
    assert "contract acme.training 1.2.0: OK" in said.err
    assert (project / "runs/first/logs/stdout.log").read_text() == "hello\n"


def test_json_prints_one_document_and_keeps_the_commands_output_in_the_log(cli, project):
    said = cli("run", "--name", "first", "--json", "--", PYTHON, "-c", "print('hello')")
    assert said.code == 0
    document = said.document
    assert document["format"] == "runpact.run-result/1"
    assert document["state"] == "finished"
    assert document["verdict"] == "OK"
    assert document["exit_code"] == 0
    assert (project / document["path"] / "logs/stdout.log").read_text() == "hello\n"


def test_quiet_does_not_repeat_the_output(cli, project):
    said = cli("run", "--name", "q", "--quiet", "--", PYTHON, "-c", "print('hello')")
    assert said.out == ""
    assert (project / "runs/q/logs/stdout.log").read_text() == "hello\n"


@pytest.mark.requirement("B-012")
def test_a_command_that_fails_leaves_a_failed_run_with_the_reason(cli, project):
    said = cli("run", "--name", "bad", "--", PYTHON, "-c", "raise SystemExit(7)")
    assert said.code == 3
    assert "runs/bad failed (the command exited with 7)" in said.err
    assert cli("ls", "--json").document["runs"][0]["state"] == "failed"


def test_passthrough_exits_with_the_commands_own_code(cli, project):
    command = (PYTHON, "-c", "raise SystemExit(7)")
    assert cli("run", "--name", "p", "--passthrough", "--", *command).code == 7


def test_passthrough_of_a_killed_command_exits_with_128_and_the_signal(cli, project):
    command = (PYTHON, "-c", "import os; os.kill(os.getpid(), 9)")
    said = cli("run", "--name", "p", "--passthrough", "--", *command)
    assert said.code == 137
    assert "ended by signal 9" in said.err


def test_the_command_finds_its_run_and_its_configuration_in_the_environment(cli, project):
    program = (
        "import os, json; d = os.environ['RUNPACT_RUN_DIR'];"
        "open(d + '/seen.json', 'w').write(json.dumps([os.environ['RUNPACT_RUN_ID'],"
        "os.environ['RUNPACT_RUN_UID'], json.loads(os.environ['RUNPACT_CONFIG'])]))"
    )
    options = ("--name", "env", "--set", "model.lr=0.5", "--set", "tag=new", "--json")
    document = cli("run", *options, "--", PYTHON, "-c", program).document
    seen = json.loads((project / "runs/env/seen.json").read_text())
    assert seen == ["env", document["uid"], {"model": {"lr": 0.5}, "tag": "new"}]


def test_the_configuration_file_is_recorded_with_its_digest(cli, project):
    (project / "base.yaml").write_text("lr: 0.1\nlayers: 2\n")
    cli("run", "--name", "c", "--config", "base.yaml", "--set", "lr=0.2", "--quiet", "--", "true")
    config = json.loads((project / "runs/c/.runpact/run.json").read_text())["provenance"]["config"]
    assert config["resolved"] == {"layers": 2, "lr": 0.2}
    assert config["source"] == "base.yaml"
    assert config["source_digest"].startswith("sha256:")
    assert config["overrides"] == ["lr=0.2"]


def test_a_configuration_outside_the_workspace_is_recorded_by_its_name_alone(cli, project):
    (project.parent / "outside.json").write_text('{"lr": 1}')
    cli("run", "--name", "c", "--config", "../outside.json", "--quiet", "--", "true")
    record = json.loads((project / "runs/c/.runpact/run.json").read_text())
    assert record["provenance"]["config"]["source"] == "outside.json"


def test_seeds_are_recorded(cli, project):
    cli("run", "--name", "s", "--seed", "numpy=7", "--seed", "python=8", "--quiet", "--", "true")
    record = json.loads((project / "runs/s/.runpact/run.json").read_text())
    assert record["provenance"]["seeds"] == {"numpy": 7, "python": 8}


def test_a_private_run_is_readable_by_its_owner_alone(cli, project):
    cli("run", "--name", "secret", "--private", "--quiet", "--", "true")
    assert (project / "runs/secret").stat().st_mode & 0o777 == 0o700


def test_out_holds_the_run_instead_of_the_contracts_place(cli, project):
    document = cli("run", "--name", "o", "--out", "elsewhere", "--json", "--", "true").document
    assert document["path"] == "elsewhere/o"


def test_workdir_holds_the_data_apart_from_the_contract(cli, project):
    cli("run", "--name", "w", "--workdir", "../data", "--quiet", "--", "true")
    assert (project.parent / "data/runs/w/.runpact/seal").is_file()


def test_without_a_contract_the_basic_pack_is_used_and_named(cli, project):
    (project / "contract.yaml").unlink()
    said = cli("run", "--name", "n", "--quiet", "--", "true")
    assert said.code == 0
    assert "no contract here; using the pack runpact:basic@1" in said.err
    assert len(list((project / "runs").glob("n-*"))) == 1


def test_a_run_that_misses_a_required_file_is_told_and_exits_2(cli, project):
    contract = (project / "contract.yaml").read_text()
    (project / "contract.yaml").write_text(contract + "    entries:\n      - {file: report.json}\n")
    said = cli("run", "--name", "m", "--quiet", "--", "true")
    assert said.code == 2
    assert "report.json" in said.err
    assert "INCOMPLETE" in said.err


def test_several_kinds_need_a_name(cli, project):
    (project / "contract.yaml").write_text(
        'contract: a.b\nversion: "1.0.0"\nkinds:\n  x: {at: "x/{name}"}\n  y: {at: "y/{name}"}\n'
    )
    said = cli("run", "--", "true")
    assert said.code == 64
    assert "name one with --kind" in said.err
    assert cli("run", "--kind", "y", "--name", "n", "--quiet", "--", "true").code == 0
    assert (project / "y/n").is_dir()
    assert "no kind `z`" in cli("run", "--kind", "z", "--", "true").err


def test_captures_fill_a_place_with_several(cli, project):
    (project / "contract.yaml").write_text(
        'contract: a.b\nversion: "1.0.0"\nkinds:\n  x: {at: "x/{team}/{task}"}\n'
    )
    said = cli("run", "--", "true")
    assert said.code == 64
    assert "--capture team=… --capture task=…" in said.err
    named = cli("run", "--name", "n", "--", "true")
    assert named.code == 64
    assert "no single capture" in named.err
    captured = ("--capture", "team=red", "--capture", "task=sort")
    assert cli("run", *captured, "--quiet", "--", "true").code == 0
    assert (project / "x/red/sort").is_dir()


@pytest.mark.parametrize("text", ["novalue", "=x"])
def test_a_capture_that_cannot_be_read_is_refused(cli, project, text):
    said = cli("run", "--capture", text, "--", "true")
    assert said.code == 64
    assert "--capture cannot be read" in said.err


def test_a_seed_that_is_no_number_is_refused(cli, project):
    assert "a seed is a whole number" in cli("run", "--seed", "a=b", "--", "true").err


def test_an_override_that_cannot_be_read_is_refused(cli, project):
    said = cli("run", "--set", "lr", "--", "true")
    assert said.code == 2
    assert "dotted.key=value" in said.err


def test_an_override_through_a_value_is_refused(cli, project):
    said = cli("run", "--set", "lr=1", "--set", "lr.x=2", "--", "true")
    assert "goes through `lr`, which is not a table" in said.err


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("a.json", "{", "cannot be read"),
        ("a.json", "[1]", "is not a mapping"),
        ("a.json", '{"n": 1e400}', "cannot be read"),
        ("missing.json", None, "cannot read"),
    ],
)
def test_a_configuration_that_cannot_be_used_stops_before_anything_is_made(cli, project, name, text, word):
    if text is not None:
        (project / name).write_text(text)
    said = cli("run", "--config", name, "--", "true")
    assert said.code == 2
    assert word in said.err
    assert not (project / "runs").exists()


def test_any_bytes_and_much_output_reach_the_log_unchanged(cli, project):
    program = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 8192); sys.stderr.write('x' * 300000)"
    cli("run", "--name", "much", "--quiet", "--", PYTHON, "-c", program)
    assert (project / "runs/much/logs/stdout.log").read_bytes() == bytes(range(256)) * 8192
    assert (project / "runs/much/logs/stderr.log").stat().st_size == 300000


def test_a_command_that_writes_into_a_closed_reader_still_runs_to_its_end(project):
    program = "import sys; [print('x' * 1000) for _ in range(500)]; print('end', file=sys.stderr)"
    line = [PYTHON, "-m", "runpact", "run", "--name", "pipe", "--", PYTHON, "-c", program]
    child = subprocess.Popen(line, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdout.close()
    said = child.stderr.read()
    child.stderr.close()
    assert child.wait() == 0
    assert b"finished" in said
    assert (project / "runs/pipe/logs/stdout.log").stat().st_size == 500 * 1001


def test_a_grandchild_that_keeps_the_output_open_does_not_hold_the_run(cli, project):
    program = "import subprocess, sys; subprocess.Popen(['sleep', '5'])"
    began = time.monotonic()
    done = cli("run", "--name", "g", "--quiet", "--", PYTHON, "-c", program)
    assert (done.code, "left-running" in done.err) == (1, True)
    assert time.monotonic() - began < 4.5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_passed_on_and_the_run_sealed_as_interrupted(project, number, wait_for):
    program = "import os, time; open(os.environ['RUNPACT_RUN_DIR'] + '/up', 'w').close(); time.sleep(30)"
    line = [PYTHON, "-m", "runpact", "run", "--name", "i", "--json", "--", PYTHON, "-c", program]
    child = subprocess.Popen(line, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for((project / "runs/i/up").exists)
    child.send_signal(number)
    out, _err = child.communicate(timeout=20)
    assert child.returncode == 128 + number
    document = json.loads(out)
    assert document["state"] == "interrupted"
    assert document["reason"] == f"stopped by signal {int(number)}"
    assert Path(project / "runs/i/.runpact/seal").is_file()


def test_the_third_signal_kills_a_command_that_ignores_them(project, wait_for):
    program = (
        "import os, signal, time; signal.signal(15, lambda *_: open(d + '/got', 'a').write('x'));"
        "d = os.environ['RUNPACT_RUN_DIR']; open(d + '/up', 'w').close(); [time.sleep(1) for _ in range(30)]"
    )
    line = [PYTHON, "-m", "runpact", "run", "--name", "k", "--", PYTHON, "-c", program]
    child = subprocess.Popen(line, cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for((project / "runs/k/up").exists)
    for count in (1, 2, 3):
        child.send_signal(signal.SIGTERM)
        got = project / "runs/k/got"
        if count < 3:
            wait_for(lambda got=got, count=count: got.exists() and got.stat().st_size >= count)
    assert child.wait(timeout=20) == 143


def test_a_full_disk_fails_the_run_for_the_output_it_could_not_store(python, project):
    program = f"""
import resource, signal, sys
from runpact.cli.main import run_command_line
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
sys.exit(run_command_line(["run", "--name", "full", "--durability", "none", "--json", "--",
    {PYTHON!r}, "-c", "print('x' * 500_000)"]))
"""
    done = python(program)
    assert done.returncode == 3, done.stderr
    document = json.loads(done.stdout)
    assert document["state"] == "failed"
    assert document["reason"].startswith("its output could not be stored: ")


def test_a_run_started_in_a_folder_below_records_where(cli, project, monkeypatch):
    (project / "sub").mkdir()
    monkeypatch.chdir(project / "sub")
    cli("run", "--name", "b", "--quiet", "--", "true")
    record = json.loads((project / "runs/b/.runpact/run.json").read_text())
    assert record["provenance"]["cwd"] == "sub"


@pytest.mark.requirement("A-019")
def test_outside_a_repository_the_code_is_unknown_and_never_clean(cli, project):
    cli("run", "--name", "u", "--quiet", "--", "true")
    code = json.loads((project / "runs/u/.runpact/run.json").read_text())["provenance"]["code"]
    assert code["commit"] == "unknown"
    assert code["branch"] == "unknown"
    assert code["dirty"] is None


def _git(project, *arguments):
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    environment = {"PATH": os.environ["PATH"], "HOME": str(project), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *who, *arguments], cwd=project, check=True, capture_output=True, env=environment)


def _code_of_a_run(cli, project):
    cli("run", "--name", "r", "--quiet", "--out", "../out", "--", "true")
    return json.loads((project.parent / "out/r/.runpact/run.json").read_text())["provenance"]["code"]


@pytest.mark.requirement("C-131")
def test_in_a_clean_repository_commit_and_branch_are_recorded(cli, project):
    _git(project, "init", "-b", "trunk")
    _git(project, "add", "contract.yaml")
    _git(project, "commit", "-m", "one")
    code = _code_of_a_run(cli, project)
    assert (code["branch"], len(code["commit"]), code["dirty"]) == ("trunk", 40, False)


@pytest.mark.requirement("A-019")
def test_a_changed_file_makes_the_repository_dirty(cli, project):
    _git(project, "init", "-b", "trunk")
    _git(project, "add", "contract.yaml")
    _git(project, "commit", "-m", "one")
    (project / "contract.yaml").write_text((project / "contract.yaml").read_text() + "# changed\n")
    assert _code_of_a_run(cli, project)["dirty"] is True


@pytest.mark.requirement("A-019")
def test_a_repository_without_a_commit_has_no_invented_one(cli, project):
    _git(project, "init", "-b", "trunk")
    assert _code_of_a_run(cli, project)["commit"] == "unknown"
