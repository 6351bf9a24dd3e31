"""`runpact verify`: every byte of a sealed run is accounted for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from integration.runs.place import Place

METRICS = 'echo \'{"loss": 0.5}\' > "$RUNPACT_RUN_DIR/metrics.json"'


def files_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def copied(place: Place, folder: Path) -> Path:
    target = place.root / "copy"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target)
    return target


def named(place: Place, target: Path) -> tuple[int, set[str]]:
    code, document = place.json("verify", str(target))
    return code, {finding["path"] for finding in document["findings"]}


@pytest.mark.requirement("A-059")
def test_an_intact_run_verifies_also_when_copied_or_moved(place: Place, good_run: Path) -> None:
    assert named(place, good_run) == (0, set())
    assert named(place, copied(place, good_run)) == (0, set())
    elsewhere = place.root / "moved" / "deep"
    elsewhere.parent.mkdir()
    shutil.move(good_run, elsewhere)
    assert named(place, elsewhere) == (0, set())
    code, document = place.json("check", str(elsewhere))
    assert (code, [finding["code"] for finding in document["findings"]]) == (0, ["renamed"])


def test_a_flipped_byte_of_any_file_is_found_and_named(place: Place, good_run: Path) -> None:
    for path in files_of(good_run):
        target = copied(place, good_run)
        data = bytearray((target / path).read_bytes() or b"\0")
        for position in {0, len(data) // 2, len(data) - 1}:
            damaged = bytearray(data)
            damaged[position] ^= 4
            (target / path).write_bytes(damaged)
            code, paths = named(place, target)
            assert (code, path in paths) == (3, True), (path, position, paths)


def test_a_deleted_file_is_found_and_named(place: Place, good_run: Path) -> None:
    for path in files_of(good_run):
        target = copied(place, good_run)
        (target / path).unlink()
        code, paths = named(place, target)
        assert (code, path in paths) == (3, True), path


def test_an_added_file_is_found_and_named(place: Place, good_run: Path) -> None:
    for path in ("new", "logs/new", ".runpact/new", ".runpact/contract/new"):
        target = copied(place, good_run)
        (target / path).write_text("new")
        assert named(place, target) == (3, {path})


def test_two_swapped_files_are_both_named(place: Place) -> None:
    frames = 'mkdir "$RUNPACT_RUN_DIR/frames"; cd "$RUNPACT_RUN_DIR/frames"'
    script = f"{METRICS}; {frames}; echo a > frame_0000.txt; echo b > frame_0001.txt"
    _code, folder = place.run_of(script)
    first, second = folder / "frames/frame_0000.txt", folder / "frames/frame_0001.txt"
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)
    assert named(place, folder) == (3, {"frames/frame_0000.txt", "frames/frame_0001.txt"})


def test_a_log_cut_at_a_line_is_found(place: Place, good_run: Path) -> None:
    log = good_run / ".runpact/events.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    code, out, _err = place.call("verify", str(good_run))
    assert code == 3
    assert "3 of 4 entries are readable" in out


def test_a_manifest_and_seal_of_another_run_do_not_fit(place: Place, good_run: Path) -> None:
    _code, other = place.run_of(METRICS)
    shutil.copy(other / ".runpact/seal", good_run / ".runpact/seal")
    assert named(place, good_run)[0] == 3
    shutil.copy(other / ".runpact/manifest.json", good_run / ".runpact/manifest.json")
    assert named(place, good_run)[0] == 3


def test_a_seal_whose_logs_disagree_with_the_manifest_is_found(place: Place, good_run: Path) -> None:
    import msgspec

    from runpact.model.manifest import encode_seal, parse_seal

    path = good_run / ".runpact/seal"
    seal = parse_seal(path.read_bytes())
    log = msgspec.structs.replace(seal.logs["events"], count=1)
    path.write_bytes(encode_seal(msgspec.structs.replace(seal, logs={"events": log})))
    assert named(place, good_run) == (3, {".runpact/manifest.json"})


def test_a_file_that_became_something_else_is_found(place: Place, good_run: Path) -> None:
    target = good_run / "metrics.json"
    target.unlink()
    target.symlink_to("config.json")
    assert named(place, good_run) == (3, {"metrics.json"})


def test_a_file_that_cannot_be_read_is_found(place: Place, good_run: Path) -> None:
    code = os.fork() if os.getuid() == 0 else -1
    if code == 0:
        os.setuid(65534)
        from runpact.model.errors import RunpactError
        from runpact.verbs.judging.verify import verify_run

        try:
            _standing, report = verify_run(str(good_run))
            os._exit(report.verdict.exit_code)
        except RunpactError as error:
            os._exit(error.exit_code)
    if code > 0:
        assert os.waitstatus_to_exitcode(os.waitpid(code, 0)[1]) == 3
    else:
        (good_run / "metrics.json").chmod(0)
        assert named(place, good_run) == (3, {"metrics.json"})


def test_an_unsealed_run_cannot_be_verified(place: Place, good_run: Path) -> None:
    (good_run / ".runpact/seal").unlink()
    manifest = good_run / ".runpact/manifest.json"
    manifest.write_text(manifest.read_text().replace('"sealed": true', '"sealed": false'))
    code, document = place.json("verify", str(good_run))
    assert (code, [finding["code"] for finding in document["findings"]]) == (2, ["not-sealed"])


def test_a_foreign_directory_has_nothing_to_verify(place: Place) -> None:
    (place.root / "foreign").mkdir()
    code, document = place.json("verify", "foreign")
    assert (code, document["state"]) == (2, "unknown")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "runpact.manifest/2"}', "\0" * 100, "{" * 10000])
def test_damaged_records_are_told_apart_and_never_crash(place: Place, good_run: Path, text: str) -> None:
    for name in ("run.json", "manifest.json", "seal"):
        target = copied(place, good_run)
        (target / ".runpact" / name).write_text(text)
        code, paths = named(place, target)
        assert (code, f".runpact/{name}" in paths) == (3, True), name


def test_records_that_are_directories_or_pipes_are_damage(place: Place, good_run: Path) -> None:
    for name in ("run.json", "manifest.json", "seal"):
        target = copied(place, good_run)
        (target / ".runpact" / name).unlink()
        os.mkfifo(target / ".runpact" / name)
        assert named(place, target)[0] == 3
        (target / ".runpact" / name).unlink()
        (target / ".runpact" / name).mkdir()
        assert named(place, target)[0] == 3


def test_text_says_what_to_do(place: Place, good_run: Path) -> None:
    (good_run / "metrics.json").write_text("{}")
    code, out, _err = place.call("verify", "good")
    assert code == 3
    assert "error[digest-mismatch]" in out
    assert "hint" in out


def test_no_name_is_a_usage_error(place: Place) -> None:
    assert place.call("verify", "")[0] == 64
    assert place.call("verify", "nothing-like-it")[0] == 2
    assert place.call("verify", "a\0b")[0] == 2
