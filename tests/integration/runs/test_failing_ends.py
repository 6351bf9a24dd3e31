"""Runs whose last records cannot be written: never a lie, never half-made."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

import runpact
from integration.runs.place import CONTRACT, Place
from runpact.host.child import ChildEnd
from runpact.model.errors import StorageError, ValueRefusedError, WriteOnceError
from runpact.model.run import State
from runpact.verbs.life.execute import meaning_of

SEALED_FILE = """\
contract: t.r
version: "1.0.0"
kinds:
  run:
    at: "r/{name}"
    entries: [{file: meta.json, fields: {id: run.id}}]
"""
SEALED_BELOW = SEALED_FILE.replace("meta.json", "sub/meta.json")


def the_run(place: Place) -> dict:
    (run,) = place.runs()
    return run


def test_a_run_whose_derived_file_cannot_be_written_is_sealed_as_failed(empty: Place) -> None:
    empty.write("contract.yaml", SEALED_BELOW)
    pending = runpact.run(name="a")
    run = pending.__enter__()
    Path(run.dir, "sub").write_text("no folder")
    with pytest.raises(StorageError, match="Not a directory"):
        pending.__exit__(None, None, None)
    assert (the_run(empty)["state"], the_run(empty)["reason"][:12]) == ("failed", "StorageError")
    assert empty.call("verify", "a")[0] == 0


def test_a_failing_run_keeps_its_own_reason(empty: Place) -> None:
    empty.write("contract.yaml", SEALED_BELOW)

    def make() -> None:
        with runpact.run(name="a") as run:
            Path(run.dir, "sub").write_text("no folder")
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine") as caught:
        make()
    assert "could not be sealed either" in caught.value.__notes__[0]
    assert (the_run(empty)["state"], the_run(empty)["reason"]) == ("failed", "ValueError: mine")


def test_a_run_that_cannot_be_sealed_at_all_is_never_finished(empty: Place) -> None:
    pending = runpact.run(name="a")
    run = pending.__enter__()
    Path(run.dir, ".runpact/seal").mkdir()
    with pytest.raises(StorageError):
        pending.__exit__(None, None, None)
    assert the_run(empty)["state"] in {"interrupted", "corrupt"}


def test_a_start_that_fails_leaves_a_failed_run(empty: Place) -> None:
    text = SEALED_FILE.replace(
        "meta.json, fields: {id: run.id}", 'c.toml, written: start, fields: "[run.id]"'
    )
    empty.write("contract.yaml", text)
    with pytest.raises(ValueRefusedError), runpact.run(name="a"):
        pass
    assert the_run(empty)["state"] == "failed"


def test_a_file_that_cannot_be_hashed_never_verifies(empty: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_root: str, path: str, **_more: object) -> tuple[str, int]:
        raise StorageError(f"`{path}` changed while hashing")

    with monkeypatch.context() as patched, runpact.run(name="a") as run:
        Path(run.path("x.bin")).write_bytes(b"x")
        patched.setattr("runpact.verbs.life.pinned.digest_file", refuse)
        run.finish()
    code, document = empty.json("verify", run.id)
    assert code == 3
    assert {finding["path"] for finding in document["findings"]} >= {"x.bin"}


def test_a_file_that_cannot_be_read_back_is_told(empty: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with runpact.run(name="a") as run:
        run.save("x.json", {})

    def refuse(_root: str, path: str, **_more: object) -> tuple[str, int]:
        raise StorageError(f"cannot read `{path}`")

    with monkeypatch.context() as patched:
        patched.setattr("runpact.verbs.judging.verify.digest_file", refuse)  # of logs
        patched.setattr("runpact.verbs.life.pinned.digest_file", refuse)
        code, document = empty.json("verify", run.id)
    assert code == 3
    assert {finding["code"] for finding in document["findings"]} == {"unreadable"}


class FullDisk:
    """Lets `os.write` succeed a number of times, then refuses; frees room when told."""

    def __init__(self, after: int) -> None:
        """Store how many writes succeed."""
        self.left = after
        self._write = os.write

    def __call__(self, descriptor: int, data: bytes) -> int:
        """Write, or refuse like a full disk."""
        self.left -= 1
        if self.left < 0 and descriptor > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._write(descriptor, data)


@pytest.mark.parametrize("after", range(14))
def test_a_disk_that_fills_up_at_any_write_is_never_a_finished_run(
    empty: Place, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    acknowledged = 0

    def make() -> None:
        nonlocal acknowledged
        with runpact.run(name="a", durability="none") as run:
            for step in range(5):
                run.log({"x": step}, step=step)
                acknowledged += 1
            run.save("x.json", {"a": 1})

    disk = FullDisk(after)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", disk)
        try:
            make()
            is_finished = True
        except StorageError:
            is_finished = False
    runs = empty.runs()
    assert [run["state"] == "finished" for run in runs] in ([], [is_finished])
    assert not is_finished or disk.left >= 0
    if runs:
        metrics = empty.json("show", runs[0]["id"])[1]["metrics"]
        assert (metrics[0]["count"] if metrics else 0) == acknowledged
    leftovers = (
        [path.name for path in (empty.root / "runs").iterdir()] if (empty.root / "runs").exists() else []
    )
    assert not any(name.startswith(".new-") for name in leftovers)


def test_a_short_write_is_cut_back(empty: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    with runpact.run(name="a") as run:
        run.log({"x": 1})
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:7]))
            with pytest.raises(StorageError):
                run.log({"x": 2})
        run.log({"x": 3})
    (metric,) = empty.json("show", run.id)[1]["metrics"]
    assert (metric["count"], metric["last"]) == (2, 3)


def test_a_fault_after_the_commit_is_a_warning(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from runpact.disk import io

    sync = io.sync_directory

    def refuse(path: str) -> None:
        if (
            'sealed": true' in Path(path, "manifest.json").read_text()
            if Path(path, "manifest.json").exists()
            else False
        ):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(path)

    metrics = 'echo \'{"loss": 0.5}\' > "$RUNPACT_RUN_DIR/metrics.json"'
    with monkeypatch.context() as patched:
        patched.setattr(io, "sync_directory", refuse)
        code, _out, err = place.call("run", "--", "sh", "-c", metrics)
    assert code == 1
    assert "not confirmed durable" in err
    assert the_run(place)["state"] == "finished"


def refuse(*_: object, **__: object) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


class ClosingFails:
    """The module `os`, but closing one descriptor reports an error, as Linux does: it is closed."""

    def __init__(self, descriptor: int) -> None:
        """Store which one."""
        self.descriptor = descriptor

    def __getattr__(self, name: str) -> object:
        """Return what `os` has."""
        return getattr(os, name)

    def close(self, descriptor: int) -> None:
        """Close, and report an error."""
        os.close(descriptor)
        if descriptor == self.descriptor:
            refuse()


def test_a_lock_that_cannot_be_closed_does_not_make_a_finished_run_fail(
    empty: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runpact.disk import io

    pending = runpact.run(name="a")
    run = pending.__enter__()

    with monkeypatch.context() as patched:
        patched.setattr(io, "os", ClosingFails(run.writer._lock))
        pending.__exit__(None, None, None)
    assert the_run(empty)["state"] == "finished"


def test_an_artifact_that_was_refused_leaves_its_name_free(
    empty: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runpact.disk import io

    with runpact.run(name="a") as run:
        run.event("x")
        for refused in ("append_line", "sync_directory", "publish_file"):
            with monkeypatch.context() as patched:
                patched.setattr(io, refused, refuse)
                with pytest.raises(StorageError):
                    run.save("x.json", {"refused": refused})
            assert sorted(path.name for path in Path(run.dir).iterdir()) == [".runpact"]
        run.save("x.json", {"refused": ""})
    assert empty.call("verify", "a")[0] == 0


def test_a_file_that_cannot_be_flushed_is_no_part_of_a_finished_run(
    empty: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runpact.disk import io

    def make() -> None:
        with runpact.run(name="a") as run:
            Path(run.path("x.bin")).write_bytes(b"x")

    with monkeypatch.context() as patched:
        patched.setattr(io, "sync_path", refuse)
        with pytest.raises(StorageError, match="files of the run"):
            make()
    assert the_run(empty)["state"] == "failed"
    assert "files of the run" in the_run(empty)["reason"]
    assert empty.call("verify", "a")[0] == 0


def test_many_files_are_flushed_at_once(empty: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from runpact.disk import io

    flushed: list[str] = []
    flush = io.sync_file_system

    def counted(path: str) -> bool:
        flushed.append(path)
        return flush(path)

    with monkeypatch.context() as patched:
        patched.setattr(io, "sync_file_system", counted)
        patched.setattr(io, "sync_path", refuse)
        with runpact.run(name="a") as run:
            for number in range(20):
                Path(run.path(f"x{number}.bin")).write_bytes(b"x")
    assert flushed == [run.dir]
    assert empty.call("verify", "a")[0] == 0


@pytest.mark.parametrize("answer", [None, lambda _descriptor: errno.EIO])
def test_where_a_file_system_cannot_be_flushed_at_once_each_file_is(
    empty: Place, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    from runpact.disk import io

    paths: list[str] = []
    pending = runpact.run(name="a")
    run = pending.__enter__()
    for number in range(20):
        Path(run.path(f"x{number}.bin")).write_bytes(b"x")
    with monkeypatch.context() as patched:
        patched.setattr(io, "_c_call", lambda _name: answer)
        patched.setattr(io, "sync_path", paths.append)
        if answer is None:
            pending.__exit__(None, None, None)
        else:
            with pytest.raises(StorageError, match="Input/output error"):
                pending.__exit__(None, None, None)
    assert len(paths) == (20 if answer is None else 0)
    assert the_run(empty)["state"] == ("finished" if answer is None else "failed")


def test_a_signal_while_the_sealed_run_is_closed_changes_nothing_in_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runpact.disk.writer import RunWriter

    close = RunWriter.close

    def interrupted(writer: RunWriter) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        close(writer)

    calls: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr(RunWriter, "close", interrupted)
        code, _out, _err = place.call(
            "run", "--", "sh", "-c", 'echo \'{"loss": 0.5}\' > "$RUNPACT_RUN_DIR/metrics.json"'
        )
    assert code == 130
    assert the_run(place)["state"] == "finished"
    assert place.call("verify", the_run(place)["id"])[0] == 0


def test_without_renameat2_a_run_is_published_all_the_same(
    empty: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runpact.disk import io

    with monkeypatch.context() as patched:
        patched.setattr(io, "_c_call", lambda _name: None)
        for _number in range(2):
            with runpact.run(name="a", durability="none") as run:
                run.save("x.json", {})
                with pytest.raises(WriteOnceError):
                    run.save("x.json", {})
    assert [run["state"] for run in empty.runs()] == ["finished", "finished"]


def test_the_end_of_a_child_has_one_meaning() -> None:
    def end(**said: object) -> ChildEnd:
        return ChildEnd(**{"exit_code": 0, "signal": None, "duration_seconds": 1.0, **said})  # type: ignore[arg-type]

    assert meaning_of(end()) == (State.FINISHED, None)
    assert meaning_of(end(exit_code=1))[0] is State.FAILED
    assert meaning_of(end(exit_code=None, signal=11))[0] is State.FAILED
    assert meaning_of(end(interrupted_by=15))[0] is State.INTERRUPTED
    assert meaning_of(end(log_fault="full")) == (State.FAILED, "its output could not be stored: full")


def test_an_example_is_laid_out_without_touching_what_is_there(empty: Place) -> None:
    from runpact.verbs.contracts.examples import lay_out

    empty.write("demo/config.yaml", "mine")
    target = lay_out("certification", str(empty.root / "demo"))
    assert (Path(target) / "config.yaml").read_text() == "mine"
    assert (Path(target) / "contract.yaml").is_file()
    assert not list(Path(target).rglob("__pycache__"))


def test_a_contract_of_a_run_that_was_spoiled_cannot_judge(place: Place, good_run: Path) -> None:
    place.write("contract.yaml", CONTRACT.replace("test.runs", "other.runs"))
    (good_run / ".runpact/contract/contract.yaml").write_text('contract: X\nversion: "1"\nkinds: {}\n')
    assert place.call("check", good_run.name)[0] == 2


@pytest.mark.parametrize(
    "harm",
    ["echo nonsense > .runpact/events.jsonl", "rm .runpact/events.jsonl", "rm -r logs; echo late"],
)
def test_a_command_that_spoils_the_logs_has_no_finished_run(empty: Place, harm: str) -> None:
    code, _folder = empty.run_of(f'cd "$RUNPACT_RUN_DIR"; {harm}', "--name", "a")
    assert code == 3
    assert the_run(empty)["state"] in {"failed", "interrupted"}
