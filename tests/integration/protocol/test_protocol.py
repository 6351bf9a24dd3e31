import json
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

import runpact
from runpact.disk import io
from runpact.disk.appendlog import AppendLog
from runpact.disk.draft import Draft
from runpact.disk.reader import is_directory, read_bytes, read_run, readable_directory
from runpact.disk.writer import RunWriter
from runpact.model.errors import StorageError, WriteOnceError
from runpact.model.journal import read_journal

LIMITED = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"


def _files(run: Path) -> list[str]:
    return sorted(p.relative_to(run).as_posix() for p in run.rglob("*") if p.is_file())


@pytest.mark.requirement("A-018", "B-014")
def test_a_taken_name_gets_the_clash_suffix(make_run, project):
    made = [make_run("same").name for _ in range(3)]
    assert made == ["same", "same-1", "same-2"]
    records = [json.loads((project / "runs" / name / ".runpact/run.json").read_text()) for name in made]
    assert [record["id"] for record in records] == made
    assert len({record["uid"] for record in records}) == 3


@pytest.mark.requirement("A-018", "B-014")
def test_eight_processes_at_once_never_share_a_directory(start_python, cli):
    program = (
        "import runpact\n"
        "for number in range(10):\n"
        "    with runpact.run(name='same', durability='none') as run:\n"
        "        run.log({'n': number}, step=number)\n"
    )
    children = [start_python(program) for _ in range(8)]
    assert [child.wait(timeout=60) for child in children] == [0] * 8
    runs = cli("ls", "--json").document["runs"]
    assert len(runs) == 80
    assert {run["state"] for run in runs} == {"finished"}
    assert len({run["uid"] for run in runs}) == 80


@pytest.mark.requirement("B-040", "B-042")
def test_every_acknowledged_point_survives_kill_9(start_python, project, cli, wait_for):
    program = (
        "import runpact\n"
        "with runpact.run(name='killed', durability='none') as run:\n"
        "    for step in range(10**9):\n"
        "        run.log({'loss': step}, step=step)\n"
        "        print(step, flush=True)\n"
    )
    child = start_python(program)
    assert child.stdout.readline() == "0\n"
    assert cli("ls", "--json").document["runs"][0]["state"] == "running"
    wait_for(lambda: (project / "runs/killed/.runpact/metrics.jsonl").stat().st_size > 20_000)
    child.kill()
    acknowledged = [
        int(line) for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")
    ]
    child.wait()
    assert cli("ls", "--json").document["runs"][0]["state"] == "interrupted"
    journal = read_journal((project / "runs/killed/.runpact/metrics.jsonl").read_bytes())
    assert len(journal.entries) >= (acknowledged[-1] if acknowledged else 0) + 1
    assert cli("run", "--name", "next", "--quiet", "--", "true").code == 0


@pytest.mark.requirement("B-042")
def test_a_torn_last_line_is_left_out_and_counted(open_run, cli):
    run = open_run(lines="[run.log({'loss': n}, step=n) for n in range(5)]")
    with (run / ".runpact/metrics.jsonl").open("ab") as file:
        file.write(b'{"seq":6,"time"')
    document = cli("show", "killed", "--json").document
    assert document["metrics"][0]["count"] == 5
    assert document["discarded_bytes"] == 15


@pytest.mark.requirement("B-040")
def test_a_refused_line_leaves_the_log_as_it_was_and_the_next_one_fits(python, project):
    done = python(
        LIMITED + "import runpact\n"
        "run = runpact.run(name='full', durability='none').__enter__()\n"
        "path = run.dir + '/.runpact/metrics.jsonl'\n"
        "run.log({'a': 1.0}, step=1)\n"
        "before = open(path, 'rb').read()\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, resource.RLIM_INFINITY))\n"
        "try:\n    run.log({'a': 2.0}, step=2)\n"
        "except runpact.RunpactError as error:\n    print(error.code)\n"
        "assert open(path, 'rb').read() == before\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "run.log({'a': 3.0}, step=3)\nrun.finish()\n"
    )
    assert done.stdout == "storage\n", done.stderr
    data = (project / "runs/full/.runpact/metrics.jsonl").read_bytes()
    assert [entry["step"] for entry in read_journal(data).entries] == [1, 3]


def test_a_full_disk_at_the_seal_leaves_an_unsealed_run_and_tells(python, project, cli):
    done = python(
        LIMITED + "import runpact, sys\n"
        "run = runpact.run(name='full', durability='none').__enter__()\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))\n"
        "try:\n    run.finish()\nexcept runpact.RunpactError as error:\n    print(error.code)\n"
    )
    assert done.stdout == "storage\n", done.stderr
    assert cli("ls", "--json").document["runs"][0]["state"] == "interrupted"
    assert not list((project / "runs/full").rglob("*.tmp-*"))


def test_a_full_disk_at_the_start_leaves_nothing_visible(python, project):
    done = python(
        LIMITED + "import runpact\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))\n"
        "try:\n    runpact.run(name='full').__enter__()\n"
        "except runpact.RunpactError as error:\n    print(error.code)\n"
    )
    assert done.stdout == "storage\n", done.stderr
    assert list((project / "runs").iterdir()) == []


def test_an_artifact_that_does_not_fit_leaves_no_half_of_itself(python, project):
    done = python(
        LIMITED + "import runpact\n"
        "with runpact.run(name='big', durability='none') as run:\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))\n"
        "    try:\n        run.save('big.bin', bytes(90_000))\n"
        "    except runpact.RunpactError as error:\n        print(error.code)\n"
    )
    assert done.stdout == "storage\n", done.stderr
    assert [path for path in _files(project / "runs/big") if not path.startswith(".runpact")] == []


def test_an_error_in_the_block_survives_a_seal_that_fails_too(python):
    done = python(
        LIMITED + "import runpact\n"
        "try:\n"
        "    with runpact.run(name='both', durability='none') as run:\n"
        "        resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))\n"
        "        raise ValueError('mine')\n"
        "except ValueError as error:\n    print(error, error.__notes__[0].split(':')[0])\n"
    )
    assert done.stdout == "mine the run could not be sealed either\n", done.stderr


@pytest.mark.skipif(os.geteuid() != 0 or not Path("/dev/full").exists(), reason="mounting needs root")
def test_a_really_full_disk_seals_the_run_as_it_can(tmp_path, python, project):
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=400k tmpfs {disk} 2>/dev/null") != 0:  # noqa: S605 - a path of ours
        pytest.skip("mounting is not allowed here")
    try:
        done = python(
            "import runpact\n"
            f"with runpact.run(name='full', workdir={str(disk)!r}) as run:\n"
            "    try:\n        for n in range(100): run.save(f'{n}.bin', bytes(8192))\n"
            "    except runpact.RunpactError as error:\n        print(error.got)\n"
        )
        assert done.stdout == "ENOSPC\n", done.stderr
        assert read_run(f"{disk}/runs/full").manifest.sealed
    finally:
        os.system(f"umount {disk}")  # noqa: S605 - a path of ours


def _spoil_flip(run: Path, path: str) -> None:
    data = bytearray((run / path).read_bytes())
    data[len(data) // 2] ^= 1
    (run / path).write_bytes(data)


def _spoil_delete(run: Path, path: str) -> None:
    (run / path).unlink()


@pytest.mark.parametrize("spoil", [_spoil_flip, _spoil_delete])
def test_any_changed_or_missing_file_fails_verify_and_is_named(make_run, project, cli, spoil):
    run = make_run("good")
    copy = project / "copy"
    for path in _files(run):
        shutil.copytree(run, copy)
        spoil(copy, path)
        said = cli("verify", "copy", "--json")
        assert said.code == 3, path
        named = {finding["path"] for finding in said.document["findings"]}
        assert path in named, (path, named)
        shutil.rmtree(copy)


@pytest.mark.parametrize("path", ["new.txt", ".runpact/new", "notes/new.txt", ".runpact/contract/x"])
def test_an_added_file_fails_verify_and_is_named(make_run, cli, path):
    (make_run("good") / path).write_text("x")
    said = cli("verify", "good", "--json")
    assert said.code == 3
    assert [(f["code"], f["path"]) for f in said.document["findings"]] == [("added-file", path)]


def test_swapped_files_fail_verify_and_both_are_named(make_run, cli):
    run = make_run("good")
    (run / "result.json").rename(run / "x")
    (run / "notes/free.txt").rename(run / "result.json")
    (run / "x").rename(run / "notes/free.txt")
    said = cli("verify", "good", "--json")
    assert said.code == 3
    assert {f["path"] for f in said.document["findings"]} == {"result.json", "notes/free.txt"}


def test_a_file_that_became_a_link_fails_verify(make_run, cli):
    run = make_run("good")
    (run / "result.json").rename(run.parent / "kept.json")
    (run / "result.json").symlink_to("../kept.json")
    said = cli("verify", "good")
    assert said.code == 3
    assert "the file became a symlink" in said.out


def test_the_birth_record_of_another_run_fails_verify(make_run, cli):
    first, second = make_run("one"), make_run("two")
    shutil.copy(second / ".runpact/run.json", first / ".runpact/run.json")
    assert cli("verify", "runs/one").code == 3


def test_a_copied_and_a_moved_run_are_still_intact(make_run, project, cli):
    run = make_run("good")
    shutil.copytree(run, project / "copy")
    assert cli("verify", "copy").code == 0
    shutil.move(run, project / "moved")
    assert cli("verify", "moved").code == 0
    assert cli("check", "moved").code == 0


def test_a_link_inside_a_run_is_pinned_by_its_target(project, cli):
    with runpact.run(name="linked", durability="none") as run:
        Path(run.path("a.txt")).write_text("a")
        Path(run.dir, "link").symlink_to("a.txt")
    assert cli("verify", "linked").code == 0
    link = project / "runs/linked/link"
    link.unlink()
    link.symlink_to("b.txt")
    assert cli("verify", "linked").code == 3


def test_a_forked_child_that_keeps_the_lock_does_not_keep_the_run_alive(open_run, cli):
    lines = "pid = os.fork()\nif pid == 0:\n    import time; time.sleep(60)\nprint(pid, flush=True)"
    run = open_run(lines=lines + "\nopen(run.dir + '/pid', 'w').write(str(pid))")
    try:
        listed = cli("ls", "--json").document["runs"][0]
        assert listed["state"] == "interrupted"
        assert listed["reason"] == "its process ended; a child of it still lives"
    finally:
        os.kill(int((run / "pid").read_text()), signal.SIGKILL)


def _owned_by(run: Path, **changes: object) -> None:
    record = json.loads((run / ".runpact/run.json").read_text())
    record["owner"] |= changes
    (run / ".runpact/run.json").write_text(json.dumps(record))


def test_a_run_of_an_earlier_boot_is_interrupted_even_when_its_process_id_lives(open_run, cli):
    _owned_by(open_run(), boot_id="another", pid=os.getpid())
    assert cli("ls", "--json").document["runs"][0]["state"] == "interrupted"


def test_a_run_of_another_host_is_unknown_and_says_so(open_run, cli):
    _owned_by(open_run(), host_id="another", boot_id="another")
    listed = cli("ls", "--json").document["runs"][0]
    assert (listed["state"], listed["reason"]) == ("unknown", "its process ran on another host")


def test_a_run_of_another_container_whose_lock_is_free_is_interrupted(open_run, cli):
    _owned_by(open_run(), host_id="another")
    assert cli("ls", "--json").document["runs"][0]["state"] == "interrupted"


def test_a_process_id_given_again_is_not_the_owner(open_run, cli):
    _owned_by(open_run(), pid=os.getpid())
    assert cli("ls", "--json").document["runs"][0]["state"] == "interrupted"


def test_an_interrupted_creation_is_listed_as_abandoned(make_run, cli, project):
    run = make_run("good")
    run.rename(project / "runs/.new-1234")
    listed = cli("ls", "--json").document["runs"][0]
    assert listed["state"] == "abandoned"


def test_a_damaged_run_is_listed_with_its_reason_beside_the_others(make_run, cli):
    make_run("good")
    (make_run("hurt") / ".runpact/run.json").write_text("{")
    states = {run["id"]: run for run in cli("ls", "--json").document["runs"]}
    assert states["good"]["state"] == "finished"
    assert states["hurt"]["state"] == "corrupt"
    assert "the birth record cannot be read" in states["hurt"]["reason"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (".runpact/run.json", "the birth record is missing"),
        (".runpact/seal", "the seal is missing"),
        (".runpact/manifest.json", "the manifest is missing"),
    ],
)
def test_a_missing_record_makes_a_run_corrupt(make_run, cli, path, reason):
    (make_run("hurt") / path).unlink()
    listed = cli("ls", "--json").document["runs"][0]
    assert (listed["state"], listed["reason"]) == ("corrupt", reason)
    assert cli("verify", "runs/hurt").code == 3


@pytest.mark.parametrize("path", [".runpact/run.json", ".runpact/seal", ".runpact/manifest.json"])
def test_a_record_that_is_a_directory_a_pipe_or_a_link_is_never_followed(make_run, cli, path):
    run = make_run("hurt")
    (run / path).unlink()
    (run / path).mkdir()
    assert cli("verify", "runs/hurt").code == 3
    (run / path).rmdir()
    os.mkfifo(run / path)
    assert cli("verify", "runs/hurt").code == 3
    (run / path).unlink()
    (run / path).symlink_to("/etc/passwd")
    said = cli("verify", "runs/hurt")
    assert said.code == 3
    assert "root:" not in said.out


def test_a_birth_record_that_does_not_name_its_records_is_damaged(make_run):
    run = make_run("hurt")
    record = json.loads((run / ".runpact/run.json").read_text())
    (run / ".runpact/run.json").write_text(json.dumps(record | {"records": {}}))
    assert read_run(str(run)).record_fault == "the birth record does not name its records"


def test_a_record_beyond_the_limit_is_not_read(make_run):
    run = make_run("huge")
    with (run / ".runpact/manifest.json").open("r+b") as file:
        file.truncate(65 * 1024 * 1024)
    assert "more than" in read_run(str(run)).manifest_fault


def test_a_log_is_created_once_and_never_reopened(tmp_path):
    log = AppendLog(str(tmp_path / "log"), "log")
    log.sync()
    log.close()
    assert not log.exists
    log.append({"a": 1})
    log.sync()
    assert log.record().count == 1
    log.close()
    log.close()
    with pytest.raises(StorageError, match="File exists"):
        AppendLog(str(tmp_path / "log"), "log").append({"a": 2})


def test_a_published_name_is_never_replaced(tmp_path):
    for name in ("staged", "taken"):
        (tmp_path / name).mkdir()
    for publish in (io.publish, io._publish_without_renameat2):
        with pytest.raises(FileExistsError):
            publish(str(tmp_path / "staged"), str(tmp_path / "taken"))
    io._publish_without_renameat2(str(tmp_path / "staged"), str(tmp_path / "free"))
    assert (tmp_path / "free").is_dir()


def test_a_claimed_name_is_given_back_when_the_rename_fails(tmp_path):
    with pytest.raises(FileNotFoundError):
        io._publish_without_renameat2(str(tmp_path / "missing"), str(tmp_path / "name"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_replace_a_directory_leaves_no_temporary(tmp_path):
    (tmp_path / "target").mkdir()
    with pytest.raises(IsADirectoryError):
        io.replace_file(str(tmp_path / "target"), b"x", sync=True)
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_a_finished_file_never_replaces_another(tmp_path):
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    with pytest.raises(FileExistsError):
        io.publish_file(str(tmp_path / "a"), str(tmp_path / "b"))
    assert (tmp_path / "a").read_text() == "a"
    assert (tmp_path / "b").read_text() == "b"


def test_an_artifact_that_appears_while_it_is_written_is_not_replaced(project):
    with runpact.run(name="race", durability="none") as run:

        def chunks():
            yield b"mine"
            Path(run.dir, "a.bin").write_bytes(b"theirs")

        with pytest.raises(WriteOnceError):
            run.writer.store("a.bin", chunks())
        assert Path(run.dir, "a.bin").read_bytes() == b"theirs"
    assert not list(Path(run.dir).glob(".tmp-*"))


def test_when_every_name_is_taken_the_run_is_refused_and_nothing_is_left(tmp_path):
    (tmp_path / "taken").mkdir()
    draft = Draft(
        token="1",
        record_for=lambda identity: b"{}",
        manifest_for=lambda identity: b"{}",
        records={"manifest": "m", "events": "e", "metrics": "p"},
        contract={},
        is_durable=False,
    )
    with pytest.raises(StorageError, match="no free run id"):
        RunWriter.create(draft, str(tmp_path), ["taken"])
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_directories_are_told_from_other_things(tmp_path):
    (tmp_path / "file").write_text("x")
    assert readable_directory(str(tmp_path)) == os.path.realpath(tmp_path)
    assert is_directory(str(tmp_path))
    assert not is_directory("\0")
    for path in ("file", "missing"):
        with pytest.raises(StorageError):
            readable_directory(str(tmp_path / path))


def test_bytes_of_a_missing_record_are_none(tmp_path):
    assert read_bytes(str(tmp_path), "missing") is None


def test_the_interpreter_that_ran_is_recorded_by_its_name(make_run):
    record = json.loads((make_run() / ".runpact/run.json").read_text())
    assert record["provenance"]["command"][0] == Path(sys.orig_argv[0]).name
