"""Pipelines where something is missing, damaged or refused."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from integration.pipeline.pipeline import CONTRACT, Pipeline
from runpact.disk import tree
from runpact.disk.writer import RunWriter
from runpact.host.child import ChildEnd
from runpact.model.contract.language import Stage
from runpact.model.errors import CannotStartError, StorageError, UsageError
from runpact.model.run import Standing, State
from runpact.verbs.contracts.load_contract import load_contract
from runpact.verbs.pipeline import attempt, outputs, proven
from runpact.verbs.pipeline.experiment import Experiment
from runpact.verbs.pipeline.run import _Orchestrator


def codes(lab: Pipeline, command: str = "verify") -> set[tuple[str, str]]:
    document = lab.json(command, "runs/x")[1]
    return {(finding["code"], finding["path"]) for finding in document["findings"]}


@pytest.fixture
def ran(pipeline: Pipeline) -> Pipeline:
    assert pipeline.go()[0] == 0
    return pipeline


def refusing(error: Exception, when: Callable[..., bool] = lambda *_arguments: True) -> Callable:
    def over(real: Callable) -> Callable:
        def call(*arguments: object, **keywords: object) -> object:
            if when(*arguments):
                raise error
            return real(*arguments, **keywords)

        return call

    return over


def test_a_dry_run_tells_what_would_run_and_why(pipeline: Pipeline) -> None:
    assert set(pipeline.done("--dry-run").values()) == {"would run"}
    assert not (pipeline.experiment / "01_make").exists()
    pipeline.go()
    assert set(pipeline.done("--dry-run").values()) == {"skipped"}
    pipeline.write("stages/make.sh", "exit 0\n")
    why = pipeline.why("--dry-run")
    assert why["02_sum"] == "01_make runs before it" or "01" in why["02_sum"]


def test_an_experiment_that_is_none_of_this_contract_is_refused(ran: Pipeline) -> None:
    assert ran.call("pipeline", "status", "nobody")[0] == 2
    ran.write("runs/other/a.txt", "")
    code, _out, err = ran.call("pipeline", "status", "other")
    assert (code, "is no experiment that runpact made" in err) == (2, True)
    ran.write("contract.yaml", CONTRACT.replace("test.pipeline", "test.another"))
    code, _out, err = ran.call("pipeline", "status", "x")
    assert (code, "made under another contract" in err) == (2, True)


def test_an_experiment_that_is_being_run_is_not_finished(ran: Pipeline) -> None:
    with (ran.experiment / ".runpact/pipeline.json").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        code, document = ran.json("check", "runs/x")
        assert document["runs"][0]["state"] == "running"
        assert (code, [finding["code"] for finding in document["findings"]]) == (2, ["not-sealed"])


def test_code_named_by_globs_counts(pipeline: Pipeline) -> None:
    pipeline.write(
        "contract.yaml",
        CONTRACT.replace("        seed: 7\n", '        seed: 7\n        code: ["lib/*.py"]\n'),
    )
    pipeline.write("lib/a.py", "a = 1\n")
    pipeline.go()
    assert set(pipeline.done().values()) == {"skipped"}
    pipeline.write("lib/a.py", "a = 2\n")
    assert pipeline.done("--only", "01")["01_make"] == "ran"


@pytest.mark.parametrize(
    ("path", "data", "found"),
    [
        (
            ".runpact/contract/contract.yaml",
            "contract: [",
            ("damaged-record", ".runpact/contract/contract.yaml"),
        ),
        (".runpact/contract/contract.yaml", CONTRACT + "# more\n", ("digest-mismatch", ".runpact/contract")),
        (
            ".runpact/contract/contract.yaml",
            CONTRACT.replace("  experiment:", "  other:"),
            ("digest-mismatch", ".runpact/contract"),
        ),
        ("config.resolved.json", "{}", ("digest-mismatch", "config.resolved.json")),
        ("run_manifest.json", "{", None),
    ],
)
def test_damage_to_an_experiments_own_records_is_named(
    ran: Pipeline, path: str, data: str, found: tuple[str, str] | None
) -> None:
    ran.write(f"runs/x/{path}", data)
    told = codes(ran)
    assert found in told if found else told


def test_a_birth_record_that_cannot_be_read_hides_nothing(ran: Pipeline) -> None:
    ran.write("runs/x/.runpact/run.json", "{")
    code, document = ran.json("check", "runs/x")
    assert code == 3
    assert document["runs"][0]["state"] == "corrupt"


def test_a_stage_whose_folder_cannot_be_made_does_not_stay_open(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = refusing(StorageError("disk full"), lambda _writer, folder: folder == "numbers")
    monkeypatch.setattr(RunWriter, "make_folder", full(RunWriter.make_folder))
    code, _document = pipeline.go()
    assert code == 3
    run = json.loads((pipeline.experiment / "01_make/.runpact/manifest.json").read_bytes())
    assert run["outcome"]["state"] == "failed"


def test_a_command_that_the_system_refuses_to_start_is_an_error_of_its_stage(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        attempt, "run_command", refusing(CannotStartError("no such program"))(attempt.run_command)
    )
    code, document = pipeline.go()
    assert code == 2
    assert document["stages"][0]["done"] == "not begun"
    assert pipeline.result("01_make")["measured"]["never_began"] == "no such program"


def test_an_interrupted_stage_is_told_as_such(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    real = attempt.run_command

    def stopped(*arguments: object, **keywords: object) -> object:
        ran = real(*arguments, **keywords)
        return (
            ran._replace(end=_stopped(ran.end))
            if hasattr(ran, "_replace")
            else msgspec.structs.replace(ran, end=_stopped(ran.end))
        )

    monkeypatch.setattr(attempt, "run_command", stopped)
    pipeline.go()
    run = json.loads((pipeline.experiment / "01_make/.runpact/manifest.json").read_bytes())
    assert run["outcome"]["state"] == "interrupted"


def _stopped(end: ChildEnd) -> ChildEnd:
    return msgspec.structs.replace(end, interrupted_by=15)


def test_an_output_that_cannot_be_hashed_is_not_registered(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreadable = refusing(StorageError("unreadable"), lambda _root, path: path == "numbers/a.json")
    monkeypatch.setattr(outputs, "digest_file", unreadable(outputs.digest_file))
    pipeline.go()
    assert [each["path"] for each in pipeline.result("01_make")["outputs"]] == ["01_make/numbers/b.json"]


def test_what_is_not_known_by_its_stamp_is_hashed(ran: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    (ran.experiment / ".runpact/proven.json").unlink()
    monkeypatch.setattr(proven, "digest_file", refusing(StorageError("gone"))(tree.digest_file))
    assert ran.go("--dry-run")[0] in {0, 2}
    monkeypatch.setattr(proven, "replace_record", refusing(StorageError("full"))(proven.replace_record))
    assert ran.call("pipeline", "run", "--experiment", "x")[0] in {0, 2, 3}


def test_a_result_that_cannot_be_read_runs_the_stage_again(ran: Pipeline, tmp_path: Path) -> None:
    del tmp_path
    (ran.experiment / "02_sum/.runpact/result.json").unlink()
    assert ran.done("--dry-run")["02_sum"] == "would run"
    ran.write("runs/x/02b_count/.runpact/result.json", "{")
    assert ran.done("--dry-run")["02b_count"] == "would run"


def test_a_kind_that_the_judging_contract_lacks_has_no_stages(ran: Pipeline) -> None:
    other = CONTRACT.replace("  experiment:\n", "  trial:\n")
    ran.write("contract.yaml", other)
    code, document = ran.json("check", "runs/x")
    assert code != 0 or document["verdict"] == "OK"


def test_stages_need_a_kind_that_is_sealed_by_stage(pipeline: Pipeline) -> None:
    pipeline.write("contract.yaml", CONTRACT.replace("    sealed: by_stage\n", ""))
    code, _out, err = pipeline.call("contract", "lint")
    assert (code, "a kind with stages is sealed stage by stage" in err) == (2, True)


def test_fields_that_cannot_be_decided_at_birth_are_left_out(pipeline: Pipeline) -> None:
    fields = "{file: born.json, required: false, written: start, fields: {a: run.id, b: run.gone.more}}"
    pipeline.write("contract.yaml", CONTRACT.replace("    each_stage:", f"      - {fields}\n    each_stage:"))
    assert pipeline.go()[0] == 0
    assert json.loads((pipeline.experiment / "born.json").read_bytes()) == {"a": "x"}


def opened(lab: Pipeline) -> Experiment:
    return Experiment.open(
        str(lab.experiment), root=str(lab.root), loaded=load_contract(str(lab.root / "contract.yaml"))
    )


def test_a_stage_that_runs_makes_no_room_for_another_attempt(
    ran: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = opened(ran)
    row = msgspec.structs.replace(experiment.proven.row("01_make"), state=State.RUNNING)
    monkeypatch.setattr(Experiment, "row", lambda _self, _stage: row)
    with pytest.raises(UsageError, match="runs at this moment"):
        attempt._make_room(experiment, experiment.kind.stages[0])


def test_what_was_learnt_is_kept_once(ran: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    (ran.experiment / ".runpact/proven.json").unlink()
    experiment = opened(ran)
    experiment.proven.row("01_make")
    experiment.proven.save()
    monkeypatch.setattr(proven, "replace_record", refusing(AssertionError())(proven.replace_record))
    experiment.proven.save()


def test_a_usable_result_of_an_attempt_that_failed_to_seal_is_none(
    ran: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = proven.stand
    monkeypatch.setattr(
        proven, "stand", lambda folder: (real(folder)[0], Standing(State.FAILED, "disk full"))
    )
    row, _stamps = proven.read_row(str(ran.experiment / "01_make"), "01_make")
    assert (row.result, row.reason) == (None, "its result says OK, and it was sealed as failed: disk full")


def test_what_is_skipped_without_a_last_result_has_no_aliases() -> None:
    told: list[object] = []
    stage = Stage(id="01", slug="a")
    orchestrator = SimpleNamespace(steps={}, skipped=[], tell=told.append)
    _Orchestrator._skip(orchestrator, stage, SimpleNamespace(last=None))
    assert orchestrator.skipped == [("01_a", "up to date")]
    assert len(told) == 1


def test_experiments_are_compared_by_what_their_stages_made_and_not_by_records(ran: Pipeline) -> None:
    ran.write("stages/count.sh", 'echo 5 > "$RUNPACT_STAGE_DIR/size/size.txt"\n')
    assert ran.json("pipeline", "run", "--experiment", "y")[0] == 0
    code, document = ran.json("diff", "x", "y", "--only", "artifacts")
    keys = {row["key"].partition("#")[0] for row in document["sections"]["artifacts"]}
    assert code == 1
    assert {"02b_count/size/size.txt", "03_tell/story/story.txt"} <= keys
    assert [key for key in keys if ".runpact" in key] == []
    assert "01_make/numbers/a.json" not in keys


def _edited(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda home: (home / name).write_bytes(change((home / name).read_bytes()))


def _looped(home: Path) -> None:
    (home / "events.jsonl").unlink()
    (home / "events.jsonl").symlink_to("events.jsonl")


@pytest.mark.parametrize(
    ("name", "how", "code"),
    [
        ("events.jsonl", lambda home: (home / "events.jsonl").unlink(), "missing-file"),
        ("events.jsonl", _looped, "missing-file"),
        ("events.jsonl", _edited("events.jsonl", lambda data: data * 2), "digest-mismatch"),
        (
            "events.jsonl",
            _edited("events.jsonl", lambda data: data[: data.find(b"\n") + 1]),
            "digest-mismatch",
        ),
        (
            "run.json",
            _edited("run.json", lambda data: data.replace(b'"started": "20', b'"started": "19')),
            "",
        ),
        (
            "run.json",
            _edited("run.json", lambda data: data.replace(b'"id": "x"', b'"id": "/etc/passwd"')),
            "",
        ),
    ],
)
def test_the_own_records_of_an_experiment_are_held_by_its_attempts(
    ran: Pipeline, name: str, how: Callable[[Path], object], code: str
) -> None:
    home = ran.root / "runs/x/.runpact"
    assert codes(ran) == set()
    before = (home / name).read_bytes()
    how(home)
    assert not (home / name).exists() or (home / name).read_bytes() != before
    assert codes(ran) == {(code or "digest-mismatch", f".runpact/{name}")}
    assert ran.call("verify", "runs/x")[0] == 3


def test_a_torn_end_of_the_log_of_an_experiment_is_no_damage(pipeline: Pipeline) -> None:
    assert pipeline.go()[0] == 0
    log = pipeline.root / "runs/x/.runpact/events.jsonl"
    kept = log.read_bytes()
    log.write_bytes(kept + b"torn")
    assert codes(pipeline) == set()


def test_an_attempt_holds_nothing_of_records_that_it_cannot_read() -> None:
    for records in ((None, b""), (b"", None)):
        assert attempt._held(SimpleNamespace(own_records=lambda records=records: records)) is None


def test_a_birth_record_that_cannot_be_read_is_told_as_that(ran: Pipeline) -> None:
    record = ran.root / "runs/x/.runpact/run.json"
    record.unlink()
    record.symlink_to("run.json")
    code, document = ran.json("pipeline", "status", "x")
    assert (code, "cannot be opened: Too many levels" in document["error"]["message"]) == (2, True)
    record.unlink()
    assert "no experiment" in ran.json("pipeline", "status", "runs/x")[1]["error"]["message"]
