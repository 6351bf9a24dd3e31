"""`runpact tag`, `runpact note`: beside a run, durable, by many at once."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place
from runpact.disk import io
from runpact.model.errors import CannotStartError, StorageError


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_tags_are_added_taken_away_and_listed(place: Place, good_run: Path) -> None:
    assert place.json("tag", "good", "+b", "+a", "--add", "c") == (0, document(place, ["a", "b", "c"]))
    assert place.json("tag", "good", "-b", "--remove", "c", "+d")[1]["tags"] == ["a", "d"]
    assert place.json("tag", "good")[1]["tags"] == ["a", "d"]
    assert "a d" in place.call("tag", "good")[1]
    assert place.call("tag", "good", "-a", "-d")[1].strip().endswith("no tags")


def test_a_word_without_a_sign_is_no_tag_and_behind_dashes_the_sign_decides(
    place: Place, good_run: Path
) -> None:
    code, _out, err = place.call("tag", "good", "b", "+pair")
    assert (code, "+b or -b" in err, "one run at a time" in err) == (64, True, True)
    assert place.json("tag", "good")[1]["tags"] == []
    assert place.call("tag", "good", "+x", "+y")[0] == 0
    assert place.call("tag", "--", "good", "-x", "+z")[1].split()[1:] == ["y", "z"]


def document(place: Place, tags: list[str]) -> dict:
    run = place.runs()[0]
    return {"format": "runpact.tag/1", "uid": run["uid"], "path": run["path"], "tags": tags, "damaged": 0}


def test_a_sealed_run_is_not_touched(place: Place, good_run: Path) -> None:
    before = bytes_of(good_run)
    assert place.call("tag", "good", "+a")[0] == 0
    assert place.call("note", "good", "why\nand how")[0] == 0
    assert bytes_of(good_run) == before
    assert place.call("verify", "good")[0] == 0
    assert place.call("check")[0] == 0


def test_what_is_said_already_is_not_said_twice(place: Place, good_run: Path) -> None:
    place.call("tag", "good", "+a", "-b")
    place.call("tag", "good", "+a", "-b")
    (file,) = (place.root / ".runpact-notes").iterdir()
    assert file.read_bytes().count(b"\n") == 1


def test_notes_are_kept_in_order_and_without_secrets(
    place: Place, good_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_TOKEN", "s3cr3t-of-acme")
    place.call("note", "good", "first")
    place.call("note", "good", "with s3cr3t-of-acme\nsecond line")
    code, found = place.json("note", "good")
    assert code == 0
    assert [note["text"] for note in found["notes"]] == ["first", "with [redacted]\nsecond line"]
    text = place.call("note", "good")[1]
    assert "  first\n" in text
    assert f"\n{'':20}second line\n" in text


def test_a_run_without_notes_says_so(place: Place, good_run: Path) -> None:
    assert "no notes" in place.call("note", "good")[1]


def test_tags_follow_a_run_that_moves(place: Place, good_run: Path) -> None:
    place.call("tag", "good", "+a")
    moved = place.root / "elsewhere"
    shutil.move(good_run, moved)
    assert place.json("tag", str(moved))[1]["tags"] == ["a"]


def test_a_directory_without_a_uid_takes_no_tags(place: Place) -> None:
    (place.root / "runs/x-20260309-064210").mkdir(parents=True)
    code, _out, err = place.call("tag", "x", "+a")
    assert code == 2
    assert "no uid" in err


def test_a_uid_that_is_none_names_no_file(place: Place, good_run: Path) -> None:
    record = good_run / ".runpact/run.json"
    record.write_text(record.read_text().replace(place.runs()[0]["uid"], "../../x"))
    code, _out, err = place.call("tag", str(good_run), "+a")
    assert code == 3
    assert "the run's uid is none" in err


@pytest.mark.parametrize("words", [("+a", "-a"), ("+a b",), ("+",), ("note", "")])
def test_what_cannot_be_said_is_refused(place: Place, good_run: Path, words: tuple[str, ...]) -> None:
    command = ["note", "good", words[1]] if words[0] == "note" else ["tag", "good", *words]
    assert place.call(*command)[0] == 64
    assert not (place.root / ".runpact-notes").exists()


def test_help_is_help(place: Place) -> None:
    assert "Usage: runpact tag" in place.call("tag", "-h")[1]


def test_a_damaged_line_is_told(place: Place, good_run: Path) -> None:
    place.call("tag", "good", "+a", "+b")
    place.call("tag", "good", "+c")
    (file,) = (place.root / ".runpact-notes").iterdir()
    file.write_bytes(file.read_bytes().replace(b'"b"', b'"x"'))
    code, out, _err = place.call("tag", "good")
    assert code == 0
    assert out.splitlines()[0].endswith("  c")
    assert "1 lines of its tags and notes cannot be read" in out
    assert "cannot be read" in place.call("note", "good")[1]


def test_an_unfinished_line_makes_room_for_the_next(place: Place, good_run: Path) -> None:
    place.call("tag", "good", "+a")
    (file,) = (place.root / ".runpact-notes").iterdir()
    file.write_bytes(file.read_bytes() + b'{"seq":2,"for')
    place.call("tag", "good", "+b")
    assert place.json("tag", "good")[1]["tags"] == ["a", "b"]
    assert file.read_bytes().count(b"\n") == 2


def test_a_refused_line_leaves_nothing(place: Place, good_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.call("tag", "good", "+a")
    (file,) = (place.root / ".runpact-notes").iterdir()
    before = file.read_bytes()

    def half(descriptor: int, line: bytes) -> None:
        os.write(descriptor, line[:9])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(io, "append_line", half)
        code, _out, err = place.call("tag", "good", "+b")
    assert code == 3
    assert "cannot write tags and notes" in err
    assert file.read_bytes() == before


def test_a_lock_that_is_kept_is_told(place: Place, good_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(io, "lock_within", lambda _descriptor, _seconds: False)
    code, _out, err = place.call("tag", "good", "+a")
    assert (code, "keeps the lock" in err) == (3, True)


def test_a_link_in_the_place_of_the_file_is_not_followed(place: Place, good_run: Path) -> None:
    folder = place.root / ".runpact-notes"
    folder.mkdir()
    target = place.write("secret.txt", "x")
    (folder / f"{place.runs()[0]['uid']}.jsonl").symlink_to(target)
    assert place.call("tag", "good", "+a")[0] == 3
    assert place.call("tag", "good")[0] == 3
    assert target.read_text() == "x"


def test_nothing_is_lost_when_eight_processes_write_at_once(place: Place, good_run: Path) -> None:
    program = (
        "import runpact, sys\n"
        f"run = runpact.open_run({str(good_run)!r})\n"
        "for number in range(10):\n"
        "    run.tag(f'{sys.argv[1]}.{number}')\n"
        "    run.note(f'{sys.argv[1]} {number}')\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, str(each)]) for each in range(8)]
    assert [writer.wait() for writer in writers] == [0] * 8
    code, found = place.json("note", "good")
    assert (code, found["damaged"], len(found["notes"])) == (0, 0, 80)
    assert len(place.json("tag", "good")[1]["tags"]) == 80


def test_a_program_reads_and_writes_tags_and_notes(place: Place, good_run: Path) -> None:
    run = runpact.open_run("good")
    assert run.tags == ()
    assert run.tag("a", "b", remove="c") == ("a", "b")
    run.note("why")
    assert run.tags == ("a", "b")
    assert run.tag(remove=["a"]) == ("b",)
    assert [note.text for note in run.notes] == ["why"]


def test_an_open_run_may_tag_another(place: Place, good_run: Path) -> None:
    with runpact.run(name="second", config={}, unsafe_skip_check=True, workspace=place.root) as active:
        runpact.open_run("good").tag("baseline")
        assert active is runpact.current()
    assert runpact.open_run("good").tags == ("baseline",)
    assert place.json("show", "second")[1]["provenance"]["confinement"]["strays"] == []


def test_tags_beside_runs_are_no_strangers_in_the_workspace(place: Place, good_run: Path) -> None:
    contract = (place.root / "contract.yaml").read_text()
    place.write(
        "contract.yaml",
        contract.replace(
            "kinds:",
            "workspace: {entries: [{file: contract.yaml}, {dir: schemas}], others: refused}\nkinds:",
            1,
        ),
    )
    place.call("tag", "good", "+a")
    assert place.call("check")[0] == 0


def test_what_cannot_be_read_is_an_error(place: Place, good_run: Path) -> None:
    run = runpact.open_run("good")
    (place.root / ".runpact-notes").mkdir()
    (place.root / ".runpact-notes" / f"{run.uid}.jsonl").mkdir()
    with pytest.raises(StorageError):
        _ = run.tags
    (place.root / "plain").mkdir()
    with pytest.raises(CannotStartError):
        _ = runpact.open_run(place.root / "plain").tags
