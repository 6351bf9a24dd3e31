"""`runpact doctor`: what it finds, what it puts right, and that nothing is lost by it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import runpact
from integration.runs.place import Place
from runpact.disk import takeover
from runpact.disk.aside import Aside
from runpact.model.doctor.diagnosis import SetAside, diagnose
from runpact.model.template import PathTemplate
from runpact.verbs.contracts.load_contract import load_contract
from runpact.verbs.doctor import examinations
from runpact.verbs.doctor.patient import Patient, _shared
from runpact.verbs.doctor.remedies import Doctor
from runpact.verbs.doctor.runs import is_abandoned
from runpact.verbs.life.recover import recover_run

CONTRACT = """\
contract: acme.training
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    state_words: {running: open, finished: ok, interrupted: cut}
    entries:
      - {file: status.json, written: change, fields: {id: run.id, word: run.word}}
"""


@pytest.fixture
def workspace(empty: Place) -> Place:
    """A workspace whose runs have a file that says where they stand."""
    empty.write("contract.yaml", CONTRACT)
    empty.write("data.csv", "a,b\n1,2\n")
    return empty


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take what is a moment old for nobody's."""
    monkeypatch.setattr("runpact.model.doctor.runs.YOUNG_SECONDS", 0.0)
    monkeypatch.setattr("runpact.model.doctor.leftovers.YOUNG_SECONDS", 0.0)


def die(place: Place, name: str, program: str = "") -> Path:
    """Make a run in a child that is killed in the middle of it; `program` is executed before."""
    child = os.fork()
    if child == 0:
        try:
            with runpact.run(name=name, workspace=place.root, durability="none") as run:
                run.log({"loss": 0.5}, step=1)
                run.save("model.json", {"weights": [1, 2]}, type="Model@1")
                run.event("half.way")
                run.input(place.root / "data.csv")
                exec(program, {"run": run, "os": os, "time": time})  # noqa: S102 - what the test says
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(70)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    return place.root / "runs" / name


def found(place: Place, *options: str) -> tuple[int, dict[str, list[dict]], dict]:
    """Return the exit code, the findings by code, and the whole document."""
    code, document = place.json("doctor", *options)
    by_code: dict[str, list[dict]] = {}
    for finding in document["findings"]:
        by_code.setdefault(finding["code"], []).append(finding)
    return code, by_code, document


def bytes_in(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def manifest_of(folder: Path) -> dict:
    return json.loads((folder / ".runpact/manifest.json").read_bytes())


def events_of(folder: Path) -> list[str]:
    lines = (folder / ".runpact/events.jsonl").read_text().splitlines()
    return [json.loads(line)["event"] for line in lines]


def test_a_workspace_that_is_well_has_no_findings(place: Place, good_run: Path) -> None:
    code, out, err = place.call("doctor")
    assert (code, err) == (0, "")
    assert out == "OK: 1 run, 0 findings\n"


def test_a_folder_without_runs_is_well_and_left_as_it_is(empty: Place) -> None:
    assert found(empty)[0] == 0
    assert found(empty, "--fix")[0] == 0
    assert list(empty.root.iterdir()) == []


def examined(place: Place) -> Patient:
    contract = load_contract(str(place.root / "contract.yaml")).contract
    return Patient(str(place.root), contract, is_kept=True, is_mended=True, environ=os.environ)


# ---------------------------------------------------------------- runs that nobody seals


def test_a_run_that_nobody_seals_is_told_and_left_alone_without_fix(workspace: Place) -> None:
    folder = die(workspace, "a")
    before = bytes_in(folder)
    code, by_code, document = found(workspace)
    assert code == 2
    assert document["verdict"] == "INCOMPLETE"
    (finding,) = by_code["interrupted-run"]
    assert finding["path"] == "runs/a"
    assert finding["remedy"]["name"] == "seal"
    assert bytes_in(folder) == before
    assert "runpact doctor --fix` has a remedy for 1" in workspace.call("doctor")[1]


def test_fix_seals_it_as_interrupted_with_all_that_it_acknowledged(workspace: Place) -> None:
    folder = die(workspace, "a")
    ended = json.loads((folder / ".runpact/events.jsonl").read_text().splitlines()[-1])["time"]
    code, by_code, document = found(workspace, "--fix")
    assert (code, by_code) == (0, {})
    assert [each["code"] for each in document["treated"]] == ["interrupted-run"]
    manifest = manifest_of(folder)
    assert manifest["outcome"]["state"] == "interrupted"
    assert manifest["outcome"]["ended"] == ended
    assert manifest["outcome"]["duration_seconds"] >= 0
    assert manifest["logs"]["metrics"]["count"] == 1
    assert events_of(folder)[-3:] == ["run.recovered", "layout.written", "run.ended"]
    assert "half.way" in events_of(folder)
    (saved,) = (file for file in manifest["files"] if file["path"] == "model.json")
    assert saved["type"] == "Model@1"
    (read,) = manifest["provenance"]["inputs"]
    assert read["name"] == "data.csv"
    assert "compared" in manifest["provenance"]["confinement"]["gaps"][-1]
    assert json.loads((folder / "status.json").read_text()) == {"id": "a", "word": "cut"}
    assert not (folder / ".runpact/ballast").exists()
    assert workspace.call("verify", "a")[0] == 0
    assert workspace.runs()[0]["state"] == "interrupted"
    assert workspace.call("doctor")[0] == 0


def test_a_sealed_run_is_never_touched(workspace: Place) -> None:
    with runpact.run(name="whole", workspace=workspace.root) as run:
        run.log({"loss": 1.0})
    die(workspace, "cut")
    found(workspace, "--fix")
    before = [bytes_in(workspace.root / "runs" / name) for name in ("whole", "cut")]
    assert found(workspace, "--fix")[2]["treated"] == []
    assert [bytes_in(workspace.root / "runs" / name) for name in ("whole", "cut")] == before


def test_what_was_half_written_is_moved_and_what_is_cut_off_is_kept(workspace: Place) -> None:
    half = 'open(run.dir + f"/.tmp-{os.getpid()}-big.npz", "w").write("half")\n'
    half += 'open(run.dir + "/.runpact/.tmp-1-other.npz", "w").write("other half")\n'
    half += 'open(run.dir + f"/status.json.tmp-{os.getpid()}", "w").write("{")\n'
    half += (
        'os.write(os.open(run.dir + "/.runpact/metrics.jsonl", os.O_WRONLY | os.O_APPEND), b\'{"seq":2,"ti\')'
    )
    folder = die(workspace, "a", half)
    code, _by_code, document = found(workspace, "--fix")
    assert code == 0
    kept = {
        Path(path).name: (workspace.root / path).read_text() for path in document["treated"][0]["set_aside"]
    }
    assert kept.pop("metrics.jsonl.tail") == '{"seq":2,"ti'
    assert sorted(kept.values()) == ["half", "other half", "{"]
    assert workspace.call("verify", "a")[0] == 0
    assert {file["path"] for file in manifest_of(folder)["files"] if "tmp" in file["path"]} == set()
    (advice,) = found(workspace)[1]["set-aside"]
    assert advice["severity"] == "advice"
    assert (workspace.root / ".runpact-aside/.gitignore").read_text() == "*\n"


def test_a_saved_file_that_changed_since_is_sealed_with_the_digest_that_was_acknowledged(
    workspace: Place,
) -> None:
    folder = die(workspace, "a")
    model = folder / "model.json"
    model.write_bytes(model.read_bytes().replace(b"1", b"7"))
    assert found(workspace, "--fix")[0] == 0
    code, document = workspace.json("verify", "a")
    assert code == 3
    assert [finding["code"] for finding in document["findings"]] == ["digest-mismatch"]


def test_a_run_that_wrote_no_event_yet_is_sealed_too(workspace: Place) -> None:
    folder = die(workspace, "a")
    (folder / ".runpact/events.jsonl").unlink()
    (folder / ".runpact/metrics.jsonl").unlink()
    assert found(workspace, "--fix")[0] == 0
    outcome = manifest_of(folder)["outcome"]
    assert outcome["ended"] == manifest_of(folder)["started"]
    assert outcome["duration_seconds"] == 0.0


def test_a_run_whose_copy_of_the_contract_is_damaged_is_sealed_without_the_layouts_files(
    workspace: Place,
) -> None:
    folder = die(workspace, "a")
    (folder / ".runpact/contract/contract.yaml").write_text("kinds: [")
    assert found(workspace, "--fix")[0] == 0
    assert json.loads((folder / "status.json").read_text())["word"] == "open"
    assert workspace.call("verify", "a")[0] == 0


def test_a_run_that_lives_is_not_spoken_of(workspace: Place) -> None:
    with runpact.run(name="alive", workspace=workspace.root) as run:
        assert found(workspace)[:2] == (0, {})
        assert found(workspace, "--fix")[2]["treated"] == []
        run.log({"loss": 1.0})
    assert workspace.call("verify", "alive")[0] == 0


def test_a_run_of_another_host_is_left_to_that_host(workspace: Place) -> None:
    folder = die(workspace, "a")
    record = folder / ".runpact/run.json"
    told = json.loads(record.read_text())
    told["owner"] |= {"host_id": "elsewhere", "boot_id": "another"}
    record.write_text(json.dumps(told))
    code, by_code, _document = found(workspace, "--fix")
    assert code == 0
    assert by_code.keys() == {"elsewhere"}
    with pytest.raises(runpact.RunpactError, match="another host"):
        recover_run(str(workspace.root), "runs/a", Aside(str(workspace.root), "x"))


def test_a_run_without_its_manifest_is_not_sealed_as_if_it_never_had_one(workspace: Place) -> None:
    folder = die(workspace, "a")
    (folder / ".runpact/manifest.json").unlink()
    code, by_code, _document = found(workspace, "--fix")
    assert code == 2
    (finding,) = by_code["interrupted-run"]
    assert finding["remedy"] is None
    assert "restore" in finding["hint"]
    with pytest.raises(runpact.RunpactError, match="damaged"):
        recover_run(str(workspace.root), "runs/a", Aside(str(workspace.root), "x"))


def test_a_run_that_somebody_sealed_meanwhile_is_left_as_it_is(workspace: Place) -> None:
    folder = die(workspace, "a")
    found(workspace, "--fix")
    before = bytes_in(folder)
    recover_run(str(workspace.root), "runs/a", Aside(str(workspace.root), "x"))
    assert bytes_in(folder) == before


def test_a_damaged_run_is_told_with_the_reason_and_hides_no_other(workspace: Place) -> None:
    folder, _other = die(workspace, "a"), die(workspace, "b")
    (folder / ".runpact/manifest.json").write_text("{")
    code, by_code, document = found(workspace, "--fix")
    assert code == 3
    (finding,) = by_code["corrupt"]
    assert finding["path"] == "runs/a"
    assert finding["remedy"] is None
    assert [each["path"] for each in document["treated"]] == ["runs/b"]
    assert (folder / ".runpact/manifest.json").read_text() == "{"


def test_foreign_directories_are_none_of_its_business(workspace: Place) -> None:
    (workspace.root / "runs/foreign").mkdir(parents=True)
    assert found(workspace)[:2] == (0, {})


# ---------------------------------------------------------------- processes that live on


def wait_for(path: Path) -> str:
    """Return the text of a file once it is there."""
    for _time in range(3000):
        if path.exists() and path.read_text():
            return path.read_text()
        time.sleep(0.01)
    raise AssertionError(f"{path} does not appear")


@pytest.fixture
def orphan(workspace: Place) -> Iterator[int]:
    """A command whose `runpact run` was killed; its process id."""
    pid = workspace.root / "runs/a/pid"
    program = f"import time,os; open({str(pid)!r},'w').write(str(os.getpid())); time.sleep(600)"
    command = [sys.executable, "-m", "runpact", "run", "--name", "a", "--quiet", "--"]
    parent = subprocess.Popen(
        [*command, sys.executable, "-c", program, "--token", "hunter2hunter2"], cwd=workspace.root
    )
    child = int(wait_for(pid))
    parent.kill()
    parent.wait()
    yield child
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


def gone(pid: int) -> None:
    """End a process and wait until it is no more."""
    os.kill(pid, signal.SIGKILL)
    for _time in range(3000):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state in "ZX":
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} does not end")


def test_a_run_is_not_sealed_while_a_process_of_it_lives(workspace: Place, orphan: int) -> None:
    code, by_code, document = found(workspace, "--fix")
    assert code == 2
    assert document["treated"] == []
    (living,) = by_code["orphan-process"]
    assert f"process {orphan}:" in living["got"]
    assert "hunter2" not in json.dumps(document)
    assert by_code["interrupted-run"][0]["remedy"] is None
    gone(orphan)
    assert found(workspace, "--fix")[0] == 0
    assert workspace.call("verify", "a")[0] == 0


FORKING = "if os.fork() == 0:\n    time.sleep(600)\n"


def test_a_forked_child_that_keeps_the_lock_is_found(workspace: Place) -> None:
    die(workspace, "a", FORKING)
    code, by_code, document = found(workspace, "--fix")
    assert code == 2
    assert document["treated"] == []
    (living,) = by_code["orphan-process"]
    pid = int(living["got"].split(":")[0].removeprefix("process "))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(takeover, "_LOCK_SECONDS", 0.1)
        with pytest.raises(runpact.RunpactError, match="lock"):
            recover_run(str(workspace.root), "runs/a", Aside(str(workspace.root), "x"))
        patch.setattr("runpact.verbs.doctor.runs.processes_of", lambda _runs: {})
        (finding,) = found(workspace)[1]["interrupted-run"]
        assert "cannot be seen" in finding["got"]
    gone(pid)
    assert found(workspace, "--fix")[0] == 0


# ---------------------------------------------------------------- hostile and damaged records


def change_record(folder: Path, **changes: object) -> None:
    record = folder / ".runpact/run.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | changes))


def test_records_that_lead_out_of_the_run_are_not_written(workspace: Place) -> None:
    folder = die(workspace, "a")
    shutil.copy(folder / ".runpact/manifest.json", workspace.root / "outside.json")
    before = (workspace.root / "outside.json").read_bytes()
    records = json.loads((folder / ".runpact/run.json").read_text())["records"]
    change_record(folder, records=records | {"manifest": "../../outside.json"})
    code, by_code, document = found(workspace, "--fix")
    assert code == 3
    assert by_code.keys() == {"corrupt"}
    assert document["treated"] == []
    assert (workspace.root / "outside.json").read_bytes() == before


@pytest.mark.parametrize("target", ["status.json", ".runpact/metrics.jsonl", ".runpact"])
def test_a_link_in_the_way_is_not_followed(workspace: Place, target: str) -> None:
    folder = die(workspace, "a")
    outside = workspace.root / "outside"
    (folder / target).rename(outside)
    (folder / target).symlink_to(outside)
    before = outside.read_bytes() if outside.is_file() else bytes_in(outside)
    code, _by_code, document = found(workspace, "--fix")
    assert code == 2
    assert "is a link" in document["treated"][0]["refusal"]
    assert (outside.read_bytes() if outside.is_file() else bytes_in(outside)) == before


def test_a_pipe_in_the_place_of_a_log_is_not_waited_for(workspace: Place) -> None:
    folder = die(workspace, "a")
    (folder / ".runpact/metrics.jsonl").unlink()
    os.mkfifo(folder / ".runpact/metrics.jsonl")
    code, _by_code, document = found(workspace, "--fix")
    assert code == 2
    assert "cannot be written" in document["treated"][0]["refusal"]


# ---------------------------------------------------------------- creations and leftovers


def test_a_creation_that_was_never_completed_is_moved_aside(workspace: Place, impatient: None) -> None:
    workspace.write("runs/.new-0123/.runpact/note", "kept")
    code, by_code, _document = found(workspace)
    assert code == 1
    assert by_code["abandoned-creation"][0]["remedy"]["name"] == "set-aside"
    code, _by_code, document = found(workspace, "--fix")
    assert code == 0
    (kept,) = document["treated"][0]["set_aside"]
    assert (workspace.root / kept / ".runpact/note").read_text() == "kept"
    assert kept.endswith("/runs/.new-0123")
    assert not (workspace.root / "runs/.new-0123").exists()


def test_a_creation_that_may_be_going_on_is_left_alone(workspace: Place) -> None:
    workspace.write("runs/.new-0123/.runpact/note", "young")
    assert found(workspace, "--fix")[:2] == (0, {})


def test_a_creation_that_is_alive_after_all_is_not_moved(workspace: Place, impatient: None) -> None:
    workspace.write("runs/.new-0123/.runpact/run.json", "")
    patient_saw = found(workspace)[1]
    assert patient_saw.keys() == {"abandoned-creation"}
    with (workspace.root / "runs/.new-0123/.runpact/run.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert found(workspace, "--fix")[:2] == (0, {})
        assert not is_abandoned(examined(workspace), "runs/.new-0123")
        creation = diagnose("abandoned-creation", "x", remedy=SetAside("runs/.new-0123"))
        (treated,) = Doctor(examined(workspace)).treat([creation, creation])
        assert (treated.refusal, treated.kept) == ("", ())
    assert not is_abandoned(examined(workspace), "runs/.new-9999")


def test_the_temporary_file_of_a_replacement_is_moved_aside(workspace: Place, impatient: None) -> None:
    workspace.write(".gitignore.tmp-999999999", "half")
    workspace.write("notes.tmp-999999999", "a person's")
    code, _by_code, document = found(workspace, "--fix")
    assert code == 0
    assert [each["path"] for each in document["treated"]] == [".gitignore.tmp-999999999"]
    assert (workspace.root / "notes.tmp-999999999").exists()


def test_the_temporary_file_of_a_process_that_lives_is_left_alone(workspace: Place, impatient: None) -> None:
    workspace.write(f".gitignore.tmp-{os.getpid()}", "half")
    assert found(workspace, "--fix")[:2] == (0, {})


def test_the_reserve_of_a_sealed_run_is_told_and_left(workspace: Place) -> None:
    with runpact.run(name="whole", workspace=workspace.root):
        pass
    ballast = workspace.write("runs/whole/.runpact/ballast", "x")
    code, by_code, _document = found(workspace, "--fix")
    assert code == 0
    assert by_code["leftover"][0]["severity"] == "advice"
    assert ballast.exists()


# ---------------------------------------------------------------- the index


@pytest.fixture
def indexed(workspace: Place) -> Path:
    """The file of an index of two runs."""
    for name in ("a", "b"):
        with runpact.run(name=name, workspace=workspace.root, durability="none"):
            pass
    time.sleep(0.15)  # a stamp that is younger proves nothing, and is not kept
    assert len(workspace.runs()) == 2
    return (workspace.root / ".runpact-cache/index.sqlite").resolve()


def test_a_damaged_index_is_told_left_alone_and_made_anew(workspace: Place, indexed: Path) -> None:
    indexed.write_bytes(b"nonsense" * 1000)
    code, by_code, document = found(workspace)
    assert code == 1
    assert by_code["index-damaged"][0]["remedy"]["name"] == "rebuild-index"
    assert document["runs"] == 2
    assert indexed.read_bytes() == b"nonsense" * 1000
    assert found(workspace, "--fix")[:2] == (0, {})


def test_a_run_that_the_index_lost_is_found(workspace: Place, indexed: Path) -> None:
    with contextlib.closing(sqlite3.connect(indexed)) as database, database:
        (number,) = database.execute("SELECT n FROM runs WHERE place = 'runs/b'").fetchone()
        database.execute("DELETE FROM facts WHERE run = ?", (number,))
        database.execute("DELETE FROM runs WHERE n = ?", (number,))
    code, by_code, document = found(workspace)
    assert code == 1
    assert "1 runs are missing in it: runs/b" in by_code["index-damaged"][0]["got"]
    assert document["runs"] == 2
    assert found(workspace, "--fix")[:2] == (0, {})
    assert len(workspace.runs()) == 2


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM facts WHERE rowid IN (SELECT 1) OR run = 1",
        "INSERT INTO facts SELECT key, 'other', 77 FROM facts LIMIT 1",
        "UPDATE runs SET crc = crc + 1",
        "UPDATE runs SET stamps = x'c1'",
    ],
)
def test_rows_that_do_not_fit_are_found(workspace: Place, indexed: Path, damage: str) -> None:
    with contextlib.closing(sqlite3.connect(indexed)) as database, database:
        database.execute(damage.replace("rowid IN (SELECT 1) OR ", ""))
    assert found(workspace)[1].keys() == {"index-damaged"}
    assert found(workspace, "--fix")[:2] == (0, {})


def test_an_index_of_another_contract_is_no_damage(workspace: Place, indexed: Path) -> None:
    workspace.write("contract.yaml", CONTRACT.replace("runs/{name}", "runs/{project}/{name}"))
    assert "index-damaged" not in found(workspace)[1]


def test_what_a_builder_of_the_index_left_is_removed(workspace: Place, indexed: Path) -> None:
    left = workspace.write(".runpact-cache/index-0123456789abcdef.sqlite", "half")
    link = workspace.root / ".runpact-cache/index.sqlite.tmp-1"
    link.symlink_to("nowhere")
    code, by_code, _document = found(workspace)
    assert code == 1
    assert len(by_code["leftover"]) == 2
    code, _by_code, document = found(workspace, "--fix")
    assert code == 0
    assert len(document["treated"]) == 1
    assert not left.exists()
    assert not link.is_symlink()
    assert indexed.exists()


def test_an_index_that_is_being_built_is_no_leftover(workspace: Place, indexed: Path) -> None:
    workspace.write(".runpact-cache/index-0123456789abcdef.sqlite", "half")
    with (workspace.root / ".runpact-cache/index.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert found(workspace)[:2] == (0, {})


def test_a_cache_that_is_no_folder_is_told(workspace: Place) -> None:
    with runpact.run(name="a", workspace=workspace.root):
        pass
    shutil.rmtree(workspace.root / ".runpact-cache", ignore_errors=True)
    workspace.write(".runpact-cache", "a file")
    code, by_code, _document = found(workspace, "--fix")
    assert code == 1
    assert "no folder" in by_code["no-index"][0]["got"]


def test_a_contract_of_the_callers_own_has_no_index_to_examine(workspace: Place) -> None:
    workspace.write(".runpact-cache", "a file")
    assert found(workspace, "--contract", "runpact:basic@1")[0] == 0


# ---------------------------------------------------------------- latest copies


LATEST = (
    CONTRACT
    + """\
    latest:
      - {copy: metrics.json, to: "latest/metrics.json"}
      - {link: parts, to: "latest/parts"}
  other: {at: "others/{name}"}
"""
)


def finished(place: Place, name: str, loss: float) -> None:
    with runpact.run(name=name, workspace=place.root) as run:
        run.save("metrics.json", {"loss": loss})
        run.save("parts/a.txt", name)


@pytest.fixture
def copied(workspace: Place) -> Place:
    """A workspace with copies of the newest run."""
    workspace.write("contract.yaml", LATEST)
    finished(workspace, "a", 0.5)
    finished(workspace, "b", 0.25)
    assert found(workspace)[:2] == (0, {})
    return workspace


def latest_loss(place: Place) -> float:
    return json.loads((place.root / "latest/metrics.json").read_text())["loss"]


def test_copies_that_are_missing_or_of_an_older_run_are_renewed(copied: Place) -> None:
    before = [
        (copied.root / "latest/metrics.json").stat().st_mtime_ns,
        (copied.root / "latest/parts").readlink(),
    ]
    (copied.root / "latest/metrics.json").unlink()
    (copied.root / "latest/parts").unlink()
    (copied.root / "latest/parts").symlink_to("../runs/a/parts")
    os.utime(copied.root / "latest/parts", ns=(1, 1), follow_symlinks=False)
    code, by_code, _document = found(copied)
    assert code == 1
    assert {finding["got"] for finding in by_code["latest-behind"]} == {
        "nothing",
        "what comes from an older run",
    }
    assert found(copied, "--fix")[:2] == (0, {})
    after = [
        (copied.root / "latest/metrics.json").stat().st_mtime_ns,
        (copied.root / "latest/parts").readlink(),
    ]
    assert after == before
    assert not (copied.root / ".runpact-aside").exists()


def test_a_copy_that_a_person_edited_is_kept_aside(copied: Place) -> None:
    copied.write("latest/metrics.json", '{"loss": "mine"}')
    (copied.root / "latest/parts").unlink()
    copied.write("latest/parts/precious.txt", "a folder of mine")
    os.utime(copied.root / "latest/parts", ns=(1, 1))
    code, by_code, document = found(copied, "--fix")
    assert (code, by_code.keys()) == (0, {"set-aside"})
    kept = [copied.root / path for treated in document["treated"] for path in treated["set_aside"]]
    assert kept[0].read_text() == '{"loss": "mine"}'
    assert (kept[1] / "precious.txt").read_text() == "a folder of mine"
    assert latest_loss(copied) == 0.25


def test_a_newest_run_without_the_file_leaves_the_copy_of_the_one_before(copied: Place) -> None:
    with runpact.run(name="c", workspace=copied.root) as run:
        run.save("parts/a.txt", "c")
    assert found(copied)[:2] == (0, {})
    assert latest_loss(copied) == 0.25
    shutil.rmtree(copied.root / "runs")
    (copied.root / "runs").mkdir()
    assert found(copied)[:2] == (0, {})


def test_a_run_that_cannot_say_where_its_copy_stands_has_none(workspace: Place) -> None:
    with runpact.run(name="a", workspace=workspace.root) as run:
        run.save("metrics.json", {"loss": 1})
    workspace.write(
        "contract.yaml", CONTRACT + '    latest: [{copy: metrics.json, to: "{project}/m.json"}]\n'
    )
    project = CONTRACT.replace('"runs/{name}"', '"runs/{project}/{name}"')
    workspace.write("contract.yaml", project + '    latest: [{copy: metrics.json, to: "{project}/m.json"}]\n')
    shutil.copytree(workspace.root / "runs/a", workspace.root / "runs/x/a")
    assert "latest-behind" not in found(workspace)[1]


def test_copies_by_capture_follow_their_own_newest_run(workspace: Place) -> None:
    contract = LATEST.replace('runs/{name}"', 'runs/{project}/{name}"').replace(
        "latest/", "latest/{project}/"
    )
    workspace.write("contract.yaml", contract)
    for project, loss in (("x", 1.0), ("y", 2.0), ("x", 3.0)):
        captures = {"project": project, "name": f"n{loss:.0f}"}
        with runpact.run(captures=captures, workspace=workspace.root) as run:
            run.save("metrics.json", {"loss": loss})
            run.save("parts/a.txt", "a")
    assert found(workspace)[:2] == (0, {})
    shutil.rmtree(workspace.root / "latest")
    assert len(found(workspace)[1]["latest-behind"]) == 4
    assert found(workspace, "--fix")[:2] == (0, {})
    assert json.loads((workspace.root / "latest/x/metrics.json").read_text()) == {"loss": 3.0}
    assert json.loads((workspace.root / "latest/y/metrics.json").read_text()) == {"loss": 2.0}


def test_a_link_to_a_place_leads_to_the_place(workspace: Place) -> None:
    contract = CONTRACT + '    places: {models: {at: "models/{run.id}"}}\n'
    workspace.write("contract.yaml", contract + '    latest: [{link: models, to: "models/latest"}]\n')
    with runpact.run(name="a", workspace=workspace.root):
        (workspace.root / "models/a").mkdir(parents=True)
    assert (workspace.root / "models/latest").readlink() == Path("a")
    assert found(workspace)[:2] == (0, {})


# ---------------------------------------------------------------- registry views


def test_a_damaged_view_is_told_and_written_anew(workspace: Place) -> None:
    contract = workspace.root / "contract.yaml"
    view = "workspace: {indexes: [{files: list.csv, columns: {a: run.id}}]}\n"
    contract.write_text(contract.read_text() + view)
    with runpact.run(name="a", workspace=workspace.root):
        pass
    listed = workspace.root / "list.csv"
    whole = listed.read_bytes()
    assert found(workspace)[:2] == (0, {})
    listed.write_text("torn")
    code, by_code, _document = found(workspace)
    assert (code, by_code.keys()) == (1, {"view-damaged"})
    assert listed.read_text() == "torn"
    assert found(workspace, "--fix")[0] == 0
    assert listed.read_bytes() == whole
    listed.unlink()
    assert found(workspace)[:2] == (0, {})


def test_places_that_the_generated_block_lacks_are_advised_on(workspace: Place) -> None:
    assert workspace.call("contract", "lint")[1].count("advice") == 0
    ignore = workspace.root / ".gitignore"
    before = ignore.read_text() if ignore.exists() else ""
    ignore.write_text("# runpact: begin (generated; edit outside the block)\n# runpact: end\n")
    assert "does not name every place of runs" in "".join(workspace.call("contract", "lint")[1:])
    ignore.write_bytes(b"\xff")
    assert "every place" not in "".join(workspace.call("contract", "lint")[1:])
    ignore.write_text(before)


# ---------------------------------------------------------------- tags and notes


def test_notes_of_a_run_that_is_gone_are_told(workspace: Place) -> None:
    with runpact.run(name="a", workspace=workspace.root):
        pass
    workspace.call("tag", "a", "+good")
    assert found(workspace)[:2] == (0, {})
    shutil.rmtree(workspace.root / "runs/a")
    code, by_code, _document = found(workspace, "--fix")
    assert code == 0
    assert by_code.keys() == {"notes-without-run"}


def test_notes_that_are_damaged_are_told(workspace: Place) -> None:
    for name in ("a", "b"):
        with runpact.run(name=name, workspace=workspace.root):
            pass
        workspace.call("note", name, "good")
    one, other = sorted((workspace.root / ".runpact-notes").iterdir())
    one.write_text(one.read_text().replace("good", "evil"))
    other.unlink()
    other.symlink_to("nowhere")
    code, by_code, _document = found(workspace)
    assert code == 3
    assert [finding["path"].split("/")[-1] for finding in by_code["damaged-record"]] == [one.name, other.name]


# ---------------------------------------------------------------- the command


def test_an_examination_that_cannot_be_made_hides_no_other(
    workspace: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(_patient: object) -> None:
        raise PermissionError(13, "Permission denied", "/somewhere")

    def may_not(_patient: object) -> None:
        raise runpact.RunpactError("refused", at="/elsewhere")

    die(workspace, "a")
    broken = [examinations.Examination("one", cannot), examinations.Examination("other", may_not)]
    monkeypatch.setattr(examinations, "EXAMINATIONS", (*broken, *examinations.EXAMINATIONS))
    code, by_code, _document = found(workspace)
    assert code == 2
    assert [each["got"] for each in by_code["undecided"]] == [
        "Permission denied /somewhere",
        "refused /elsewhere",
    ]
    assert "interrupted-run" in by_code


def test_a_remedy_that_is_refused_is_told_and_leaves_the_others_to_be_tried(workspace: Place) -> None:
    folder, _other = die(workspace, "a"), die(workspace, "b")
    (folder / "status.json").unlink()
    (folder / "status.json").symlink_to("/dev/null")
    code, out, _err = workspace.call("doctor", "--fix")
    assert code == 2
    assert "refused[interrupted-run]" in out
    assert "done[interrupted-run]" in out
    assert "why" in out
    assert workspace.call("verify", "b")[0] == 0


def test_many_findings_of_one_code_are_counted(workspace: Place, impatient: None) -> None:
    for number in range(15):
        workspace.write(f"runs/.new-{number:04}/x", "")
    out = workspace.call("doctor")[1]
    assert "… and 5 more of abandoned-creation; --json lists all" in out
    assert "15 findings" in out
    assert "remedy: move it to `.runpact-aside/<moment>/runs/.new-0000`" in out


def test_a_malformed_contract_is_an_error_that_says_where(workspace: Place) -> None:
    workspace.write("contract.yaml", "kinds: [")
    code, _out, err = workspace.call("doctor")
    assert code == 2
    assert "contract.yaml" in err


def test_eight_doctors_and_a_live_run_disturb_nobody(workspace: Place, impatient: None) -> None:
    for number in range(6):
        die(workspace, f"dead{number}")
    command = [sys.executable, "-m", "runpact", "doctor", "--fix", "--json"]
    with runpact.run(name="alive", workspace=workspace.root) as run:
        doctors = [
            subprocess.Popen(command, cwd=workspace.root, stdout=subprocess.PIPE, text=True) for _ in range(8)
        ]
        for step in range(200):
            run.log({"loss": 1.0}, step=step)
        documents = [json.loads(doctor.communicate()[0]) for doctor in doctors]
    assert {doctor.returncode for doctor in doctors} == {0}, documents
    assert {each["refusal"] for document in documents for each in document["treated"]} <= {None}
    states = {each["id"]: each["state"] for each in workspace.runs()}
    assert states.pop("alive") == "finished"
    assert set(states.values()) == {"interrupted"}
    for name in ("alive", *states):
        assert workspace.call("verify", name)[0] == 0
        assert events_of(workspace.root / "runs" / name).count("run.ended") == 1


def test_a_copied_run_is_told(workspace: Place) -> None:
    with runpact.run(name="a", durability="none"):
        pass
    assert "shared-uid" not in workspace.call("doctor")[1]
    shutil.copytree(workspace.root / "runs/a", workspace.root / "runs/b", symlinks=True)
    code, out, _err = workspace.call("doctor")
    assert (code, "warning[shared-uid]" in out, "runs/a, runs/b" in out) == (1, True, True)


def test_a_curated_copy_is_no_copied_run() -> None:
    store = SimpleNamespace(
        shared=lambda: [("u", "keep/a"), ("u", "runs/a"), ("v", "runs/b"), ("v", "runs/c")]
    )
    assert list(_shared(store, [PathTemplate.parse("keep/{name}")])) == [("runs/b", "runs/c")]
