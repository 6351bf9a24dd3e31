"""`runpact run`: any program, in any language, as a run."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.runs.place import Place

METRICS = 'echo \'{"loss": 0.5}\' > "$RUNPACT_RUN_DIR/metrics.json"'


def test_a_good_command_is_a_finished_run_and_exit_0(place: Place) -> None:
    code, document = place.json("run", "--name", "a", "--", "sh", "-c", METRICS)
    assert (code, document["state"], document["verdict"]) == (0, "finished", "OK")
    assert document["judged_by"] == "test.runs 1.0.0"


def test_output_goes_to_the_logs_byte_for_byte(place: Place) -> None:
    _code, folder = place.run_of(f"printf 'a\\000b\\377'; echo error >&2; {METRICS}")
    assert (folder / "logs/stdout.log").read_bytes() == b"a\0b\xff"
    assert (folder / "logs/stderr.log").read_text() == "error\n"


def test_the_child_finds_its_run_and_its_configuration(place: Place) -> None:
    script = f'{METRICS}; echo "$RUNPACT_RUN_ID $RUNPACT_CONFIG"'
    code, folder = place.run_of(script, "--set", "lr=0.1", "--set", "model.name=small")
    assert code == 0
    assert (
        folder / "logs/stdout.log"
    ).read_text() == f'{folder.name} {{"lr":0.1,"model":{{"name":"small"}}}}\n'
    assert json.loads((folder / "config.json").read_text()) == {"lr": 0.1, "model": {"name": "small"}}


def test_a_failing_command_is_a_failed_run_and_exit_3(place: Place) -> None:
    code, document = place.json("run", "--", "sh", "-c", "exit 7")
    assert (code, document["state"], document["exit_code"]) == (3, "failed", 7)
    assert document["reason"] == "the command exited with 7"


def test_passthrough_returns_the_commands_own_code(place: Place) -> None:
    assert place.call("run", "--passthrough", "--", "sh", "-c", "exit 7")[0] == 7
    assert place.call("run", "--passthrough", "--", "sh", "-c", "kill -9 $$")[0] == 137


def test_a_command_ended_by_a_signal_is_a_failed_run(place: Place) -> None:
    code, document = place.json("run", "--", "sh", "-c", "kill -9 $$")
    assert (code, document["state"], document["signal"]) == (3, "failed", 9)


def test_a_finished_run_that_lacks_a_file_is_incomplete(place: Place) -> None:
    code, document = place.json("run", "--", "true")
    assert (code, document["verdict"]) == (2, "INCOMPLETE")
    missing, undecided = document["findings"]
    assert (missing["code"], missing["path"].rpartition("/")[2]) == ("missing", "metrics.json")
    assert undecided["because"] == missing["path"]


def test_a_broken_contract_is_told_with_what_was_expected(place: Place) -> None:
    script = 'echo \'{"loss": "x"}\' > "$RUNPACT_RUN_DIR/metrics.json"; touch "$RUNPACT_RUN_DIR/extra"'
    code, out, err = place.call("run", "--", "sh", "-c", script)
    assert code == 3
    assert out == ""
    assert "error[schema]" in err
    assert "expected  a value of type number" in err
    assert "error[unexpected]" in err


def test_without_a_contract_the_basic_pack_is_used_and_told(empty: Place) -> None:
    code, _out, err = empty.call("run", "--name", "x", "--", "true")
    assert code == 0
    assert "no contract here; using the pack runpact:basic@1" in err
    assert [run["contract"] for run in empty.runs()] == ["runpact.basic 1.0.0"]


def test_the_configuration_file_is_resolved_and_recorded(place: Place) -> None:
    place.write("base.yaml", "lr: 0.1\nmodel: {depth: 2}\n")
    _code, folder = place.run_of(
        METRICS, "--config", "base.yaml", "--set", "model.depth=3", "--seed", "numpy=4"
    )
    origin = json.loads((folder / ".runpact/run.json").read_text())["provenance"]
    assert origin["config"]["resolved"] == {"lr": 0.1, "model": {"depth": 3}}
    assert (origin["config"]["source"], origin["config"]["overrides"]) == ("base.yaml", ["model.depth=3"])
    assert origin["seeds"] == {"numpy": 4}
    assert origin["command"][0] == "sh"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--config", "nope.yaml"], 2, "cannot read"),
        (["--set", "novalue"], 2, "dotted.key=value"),
        (["--set", "a=1", "--set", "a.b=2"], 2, "is not a table"),
        (["--capture", "x"], 64, "KEY=VALUE"),
        (["--seed", "numpy=x"], 64, "whole number"),
        (["--kind", "nope"], 64, "no kind `nope`"),
        (["--name", "../x"], 64, "not safe"),
        (["--name", "a\nb"], 64, "not safe"),
        (["--name", "x" * 300], 64, "not safe"),
        (["--durability", "never"], 64, "durability"),
        (["--nonsense"], 64, "nonsense"),
        (["--workspace", "/no/such/folder"], 2, "no workspace"),
        (["--contract", "nope.yaml"], 2, "cannot read"),
        (["--contract", "runpact:nope@1"], 2, "no pack"),
    ],
)
def test_what_cannot_be_understood_makes_nothing(
    place: Place, arguments: list[str], code: int, told: str
) -> None:
    found, out, err = place.call("run", *arguments, "--", "true")
    assert (found, out) == (code, "")
    assert told in err
    assert not (place.root / "runs").exists()


@pytest.mark.parametrize("command", ["no-such-command", "./no-such-file", "/etc/passwd", ""])
def test_a_command_that_cannot_start_makes_nothing(place: Place, command: str) -> None:
    code, _out, err = place.call("run", "--", command)
    assert code == 2
    assert "command-not-found" in err
    assert not (place.root / "runs").exists()


def test_out_holds_the_run_instead_of_the_contracts_place(place: Place) -> None:
    code, document = place.json("run", "--out", "elsewhere/deep", "--", "sh", "-c", METRICS)
    assert code == 0
    assert Path(document["path"]).parent == Path("elsewhere/deep")


def test_a_private_run_is_closed_to_others(place: Place) -> None:
    _code, folder = place.run_of(METRICS, "--private")
    assert folder.stat().st_mode & 0o077 == 0


def test_a_run_directory_that_is_a_file_is_refused(place: Place) -> None:
    place.write("runs", "a file")
    code, _out, err = place.call("run", "--", "true")
    assert code == 3
    assert "Not a directory" in err


def test_kinds_must_be_named_when_there_are_several(place: Place) -> None:
    place.write(
        "contract.yaml",
        'contract: t.r\nversion: "1.0.0"\nkinds: {a: {at: "a/{x}/{y}"}, b: {at: "b/{uid:uuid}"}}\n',
    )
    assert place.call("run", "--", "true")[0] == 64
    assert place.call("run", "--kind", "a", "--name", "n", "--", "true")[0] == 64
    assert place.call("run", "--kind", "a", "--capture", "x=1", "--", "true")[0] == 64
    assert place.call("run", "--kind", "a", "--capture", "x=1", "--capture", "y=2", "--", "true")[0] == 0
    assert place.call("run", "--kind", "b", "--", "true")[0] == 0
    assert [run["kind"] for run in place.runs()] == ["b", "a"]


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131)],
)
def test_a_signal_is_passed_on_and_the_run_sealed_as_interrupted(
    place: Place, number: int, code: int
) -> None:
    command = [sys.executable, "-m", "runpact", "run", "--", "sh", "-c", "echo up; exec sleep 30"]
    with subprocess.Popen(
        command, cwd=place.root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.send_signal(number)
        assert process.wait(timeout=20) == code
    (run,) = place.runs()
    assert (run["state"], run["reason"]) == ("interrupted", f"stopped by signal {int(number)}")
    assert place.call("verify", run["id"])[0] == 0


def test_a_grandchild_that_keeps_the_pipe_does_not_keep_the_run(place: Place) -> None:
    began = time.monotonic()
    code, _folder = place.run_of(f"(sleep 30 & ) ; {METRICS}")
    assert code == 1  # `left-running`
    assert time.monotonic() - began < 15


def test_much_output_is_stored_whole(place: Place) -> None:
    _code, folder = place.run_of(f"head -c 30000000 /dev/zero; {METRICS}", "--quiet")
    assert (folder / "logs/stdout.log").stat().st_size == 30_000_000


@pytest.mark.parametrize("passthrough", ["", "'--passthrough', "])
def test_output_that_cannot_be_stored_fails_the_run(place: Place, passthrough: str) -> None:
    limited = "import resource,signal,sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limited += "resource.setrlimit(resource.RLIMIT_FSIZE, (200000, 200000)); "
    limited += "from runpact.cli.main import run_command_line; "
    command = "'--quiet', '--', 'head', '-c', '1000000', '/dev/zero'"
    limited += f"sys.exit(run_command_line(['run', {passthrough}{command}]))"
    done = subprocess.run([sys.executable, "-c", limited], cwd=place.root, capture_output=True, check=False)
    assert done.returncode == 3, done.stderr
    (run,) = place.runs()
    assert run["state"] == "failed"
    assert "could not be stored" in run["reason"]


def test_the_workspace_is_found_upwards_and_by_the_environment(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = place.root / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert place.call("run", "--", "sh", "-c", METRICS)[0] == 0
    monkeypatch.chdir("/")
    monkeypatch.setenv("RUNPACT_WORKSPACE", str(place.root))
    assert len(place.runs()) == 1


def test_the_search_stops_at_a_repository(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = place.root / "repo"
    (repository / ".git").mkdir(parents=True)
    monkeypatch.chdir(repository)
    assert place.call("contract", "lint")[0] == 2


def test_a_pyproject_can_name_the_contract(empty: Place) -> None:
    empty.write("pyproject.toml", '[tool.runpact]\ncontract = "conf/c.yaml"\n')
    empty.write("conf/c.yaml", 'contract: from.project\nversion: "1.0.0"\nkinds: {run: {at: "r/{name}"}}\n')
    assert empty.json("contract", "lint")[1]["id"] == "from.project"
    empty.write("pyproject.toml", "[tool.runpact\n")
    assert empty.call("contract", "lint")[0] == 2


def test_runs_in_a_repository_know_their_commit(place: Place) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    for command in (["init", "-q"], ["add", "contract.yaml"], [*identity, "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=place.root, check=True, env=environment)
    _code, folder = place.run_of(METRICS)
    code = json.loads((folder / ".runpact/run.json").read_text())["provenance"]["code"]
    assert len(code["commit"]) == 40
    assert code["dirty"] is True


@pytest.mark.requirement("A-019")
def test_outside_a_repository_nothing_is_called_clean(good_run: Path) -> None:
    code = json.loads((good_run / ".runpact/run.json").read_text())["provenance"]["code"]
    assert (code["commit"], code["branch"], code["dirty"]) == ("unknown", "unknown", None)


@pytest.mark.parametrize(
    "options",
    [("--set", "a=\udcff"), ("--set", "\udcff=1"), ("--seed", "\udcff=1"), ("--capture", "colour=red")],
)
def test_options_that_no_record_can_hold_are_refused(place: Place, options: tuple[str, str]) -> None:
    code, out, err = place.call("run", *options, "--", "true")
    assert (code in {2, 64}, out) == (True, "")
    assert "internal" not in err
    assert not (place.root / "runs").exists()


@contextlib.contextmanager
def started(place: Place, script: str, **how: object) -> Iterator[subprocess.Popen[bytes]]:
    """Start a run of a shell script in a process of its own, and wait for its first line."""
    command = [sys.executable, "-m", "runpact", "run", "--", "sh", "-c", script]
    with subprocess.Popen(
        command, cwd=place.root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **how
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        yield process


@pytest.mark.parametrize("name", ["USR1", "USR2"])
def test_a_warning_of_the_batch_system_reaches_the_command_which_goes_on(empty: Place, name: str) -> None:
    script = f"trap 'echo told; exit 0' {name}; echo up; while :; do sleep 0.05; done"
    with started(empty, script) as process:
        process.send_signal(signal.Signals[f"SIG{name}"])
        assert process.wait(timeout=20) == 0
    (run,) = empty.runs()
    assert run["state"] == "finished"
    assert (empty.root / run["path"] / "logs/stdout.log").read_text() == "up\ntold\n"


def test_what_nohup_holds_off_is_held_off_from_the_command_as_well(empty: Place) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with started(empty, "echo up; sleep 0.5; kill -HUP $$; echo alive", preexec_fn=ignore) as process:
        process.send_signal(signal.SIGHUP)
        assert process.wait(timeout=20) == 0
    (run,) = empty.runs()
    assert (empty.root / run["path"] / "logs/stdout.log").read_text() == "up\nalive\n"


def test_a_configuration_is_handed_over_up_to_the_systems_limit(empty: Place) -> None:
    for size, expected in ((129_900, 0), (130_000, 2)):
        empty.write("big.json", json.dumps({"table": "x" * size}))
        script = "test ${#RUNPACT_CONFIG} -gt 129900"
        code, _out, err = empty.call("run", "--config", "big.json", "--", "sh", "-c", script)
        assert code == expected, err
    assert "too large to be handed" in err
    assert len(empty.runs()) == 1
