"""How a child is started behind a fence, and what is told when it cannot be."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runpact.host import landlock, openings, reach, selftest, spawn
from runpact.host.child import ChildEnd, run_child
from runpact.host.openings import open_paths
from runpact.host.reach import reachable
from runpact.host.spawn import devices
from runpact.host.toolchain import toolchain
from runpact.model.confinement import CUT_GAP, UDP_GAP, Fence
from runpact.model.errors import CommandNotFoundError, ConfinementError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


Run = Callable[..., tuple[ChildEnd, str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a shell script behind a fence; return its end and what it printed."""

    def call(script: str, fence: Fence | None, **environ: str) -> tuple[ChildEnd, str]:
        told: list[bytes] = []
        end = run_child(
            ("sh", "-c", script),
            cwd=str(tmp_path),
            env=os.environ | environ,
            logs=(told.append, told.append),
            tee=False,
            fence=fence,
        )
        return end, b"".join(told).decode()

    return call


def test_a_fence_tells_how_it_was_really_held(run: Run, tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    end, told = run("echo > open/x; echo > held", Fence(writable=(str(tmp_path / "open"),)))
    assert "ermission denied" in told
    assert end.enforced.level == "W2"
    assert end.enforced.opened == (str(tmp_path / "open"),)
    assert names(tmp_path) == ["open"]


@pytest.mark.parametrize("fence", [None, Fence(level="W0"), Fence(level="W1")])
def test_without_a_fence_a_child_is_free_and_nothing_is_claimed(
    run: Run, tmp_path: Path, fence: Fence | None
) -> None:
    end, _told = run("echo > free", fence)
    assert (end.enforced.level, end.enforced.lacking) == ("W0", ())
    assert names(tmp_path) == ["free"]


@pytest.mark.parametrize("level", ["W1", "W2"])
def test_what_takes_the_kernel_is_lacking_without_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    end, _told = run("true", Fence(level=level, readable=(), has_network=False))
    told = [each for each in end.enforced.lacking if "which takes W2" in each]
    assert [each.split()[0] for each in told] == ["reads", "the"]
    assert (end.enforced.reads, end.enforced.network) == ("any", "open")


@pytest.mark.parametrize(("version", "is_whole"), [(2, False), (3, True), (4, True), (7, True)])
def test_an_older_kernel_is_told_with_its_gaps(
    run: Run, monkeypatch: pytest.MonkeyPatch, version: int, *, is_whole: bool
) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: version)
    monkeypatch.setattr(reach, "is_proven", lambda *_a, **_k: True)
    end, _told = run("true", Fence(has_network=False))
    enforced = end.enforced
    assert (enforced.abi, enforced.is_whole) == (version, is_whole)
    assert (CUT_GAP in enforced.gaps) is not is_whole
    assert (UDP_GAP in enforced.gaps) is (enforced.network == "tcp refused") is (version >= 4)
    assert bool(enforced.lacking) is (version < 4)


@pytest.mark.parametrize(("version", "why"), [(0, "has no Landlock"), (1, "too old (ABI 1)")])
def test_too_old_a_kernel_leaves_a_child_free_and_says_why(
    run: Run, monkeypatch: pytest.MonkeyPatch, version: int, why: str
) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: version)
    end, _told = run("true", Fence())
    assert end.enforced.level == "W0"
    assert why in end.enforced.lacking[0]


def test_a_fence_that_demands_more_than_there_is_starts_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 2)
    monkeypatch.setattr(reach, "is_proven", lambda *_a, **_k: True)
    with pytest.raises(ConfinementError, match="confinement W2 cannot be enforced here") as caught:
        run("touch started", Fence(least="W2"))
    assert caught.value.got == "W2, Landlock ABI 2"
    monkeypatch.setattr(landlock, "abi", lambda: 3)
    run("true", Fence(least="W2"))
    with pytest.raises(ConfinementError) as caught:
        run("touch started", Fence(least="W2", has_network=False))
    assert caught.value.expected == "W2 without network"
    assert names(tmp_path) == []


def refusing(*_arguments: object) -> None:
    raise OSError(errno.E2BIG, os.strerror(errno.E2BIG))


def test_a_kernel_that_refuses_at_the_last_moment_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landlock, "restrict", refusing)
    end, _told = run("touch started", Fence())
    assert end.enforced.lacking == ("W2 was asked for: Landlock refused: Argument list too long",)
    with pytest.raises(ConfinementError, match="could not be put up"):
        run("touch again", Fence(least="W2"))
    assert names(tmp_path) == ["started"]


def test_a_program_that_cannot_be_started_is_told_behind_a_fence_too(tmp_path: Path) -> None:
    with pytest.raises(CommandNotFoundError):
        run_child(
            ("/no/such/program",),
            cwd=str(tmp_path),
            env={},
            logs=(lambda _: None, lambda _: None),
            tee=False,
            fence=Fence(),
        )


def test_temporary_files_go_to_a_folder_that_is_gone_afterwards(run: Run, tmp_path: Path) -> None:
    fence = Fence(private_in=str(tmp_path))
    end, told = run('echo > "$TMPDIR/x"; echo "$TMPDIR $TMP ${TEMP-none}"', fence, TMP="/x")
    folder, tmp, temp = told.split()
    assert (folder, temp) == (tmp, "none")
    assert folder.startswith(f"{tmp_path}/runpact-")
    assert names(tmp_path) == []
    assert end.enforced.mechanism == ("landlock", "private temporary folder")
    with pytest.raises(ConfinementError, match="no folder for temporary files"):
        run("true", Fence(private_in=str(tmp_path / "missing")))


def test_an_attack_that_passed_is_never_forgiven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    monkeypatch.setattr(landlock, "restrict", lambda _rules: None)
    selftest._is_proven.cache_clear()
    assert reachable("W2", environ).level == "W1"
    assert not (tmp_path / "cache").exists()
    monkeypatch.undo()
    selftest._is_proven.cache_clear()
    assert reachable("W2", environ).level == "W2"
    assert reachable("W1", environ).level == "W1"


def test_a_verdict_holds_for_one_boot_of_one_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    def start(argv: tuple[str, ...], inside: str, tool: str) -> int:
        del argv
        Path(inside, "free").touch()
        started.append(tool)
        return 0

    def proven(version: int = 7) -> bool:
        selftest._is_proven.cache_clear()
        (tmp_path / "cache").mkdir(exist_ok=True)
        environ = {"TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
        return selftest.is_proven("W2", version, start=start, environ=environ)

    (tmp_path / "cache").mkdir()
    assert (proven(), proven(), len(started)) == (True, True, 1)
    assert (proven(8), len(started)) == (True, 2)
    (tmp_path / "cache/runpact/fence-W2.json").write_text("{torn")
    assert (proven(8), len(started)) == (True, 3)
    real = open
    monkeypatch.setattr(
        "builtins.open",
        lambda path, *a, **k: refusing() if "boot_id" in str(path) else real(path, *a, **k),
    )
    assert proven(8)
    selftest._is_proven.cache_clear()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda held, _inside: (held / "kept").write_text("x"),
        lambda held, _inside: (held / "new").touch(),
        lambda held, _inside: (held / "moved").unlink(),
        lambda _held, inside: (inside / "free").unlink(),
        lambda _held, inside: (inside / "linked").touch(),
    ],
)
def test_the_attack_is_judged_by_what_is_on_disk(
    tmp_path: Path, spoil: Callable[[Path, Path], object]
) -> None:
    def start(argv: tuple[str, ...], inside: str, tool: str) -> int:
        del tool
        Path(inside, "free").touch()
        spoil(Path(argv[-2]), Path(inside))
        return 0

    assert not selftest._is_refused("W2", "", start, str(tmp_path))
    assert not selftest._is_refused("W2", "", start, str(tmp_path / "missing"))
    assert names(tmp_path) == []


def test_devices_are_chosen_by_name(tmp_path: Path) -> None:
    for name in ("null", "sda", "mem", "nvidia0", "kmsg", "pts"):
        (tmp_path / name).touch()
    assert [Path(path).name for path in devices(str(tmp_path))] == ["null", "nvidia0", "pts"]
    assert devices(str(tmp_path / "missing")) == ()


def test_standard_input_is_opened_anew_when_it_could_be_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "input").write_text("first\nsecond\n")
    kept = os.dup(0)
    opened = os.open(tmp_path / "input", os.O_RDWR)
    os.lseek(opened, 6, os.SEEK_SET)
    os.dup2(opened, 0)
    try:
        _end, told = run("cat; echo spoiled >&0", Fence())
        assert told.startswith("second\n")
        monkeypatch.setattr(spawn.os, "fstat", refusing)
        assert spawn._reading_stdin() is None
    finally:
        monkeypatch.undo()
        os.dup2(kept, 0)
        os.close(kept)
        os.close(opened)
    assert (tmp_path / "input").read_text() == "first\nsecond\n"


def test_what_is_opened_is_there(tmp_path: Path) -> None:
    environ = {
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "xdg"),
        "TMPDIR": str(tmp_path / "tmp"),
    }
    (tmp_path / "tmp").mkdir()
    (tmp_path / ".pytest_cache").mkdir()
    (tmp_path / ".mypy_cache").symlink_to(tmp_path / "tmp")
    (tmp_path / "blocked").touch()
    opened = open_paths(
        [str(tmp_path / name) for name in ("declared", "xdg", "missing", "blocked/x")] + ["/dev"],
        declared=[str(tmp_path / "declared"), str(tmp_path / "blocked/x")],
        closed=[str(tmp_path / "tmp")],
        watched=[str(tmp_path)],
        environ=environ,
    )
    shared = ("/dev/shm",) if Path("/dev/shm").is_dir() else ()
    beside = ("declared", "xdg", ".pytest_cache")
    assert opened.writable == (*(str(tmp_path / name) for name in beside), *shared)
    assert opened.private_in == str(tmp_path / "tmp")
    assert (tmp_path / ".cache").is_dir()


def test_the_root_of_the_system_is_no_home_for_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(openings.os, "makedirs", lambda path, **_k: made.append(path))
    open_paths((), declared=(), closed=(), watched=(), environ={"HOME": "/"})
    assert made == []


def test_a_toolchain_is_found_by_the_program(tmp_path: Path) -> None:
    for name in ("venv/bin", "real/lib/python3.99", "real/bin", "project/bin", "project/lib"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").touch()
    (tmp_path / "real/conda-meta").mkdir()
    (tmp_path / "real/bin/python").touch(mode=0o700)
    (tmp_path / "venv/bin/python").symlink_to(tmp_path / "real/bin/python")
    script = tmp_path / "project/bin/tool"
    script.write_text("#!/usr/bin/env python\n")
    script.chmod(0o700)
    environ = {"PATH": f"{tmp_path}/venv/bin"}
    found = toolchain(str(script), environ)
    assert {f"{tmp_path}/venv", f"{tmp_path}/real", str(script)} <= set(found)
    assert f"{tmp_path}/project" not in found
    script.write_text(f"#!{tmp_path}/venv/bin/python\n")
    assert f"{tmp_path}/venv" in toolchain(str(script), {})
    script.write_text("")
    assert f"{tmp_path}/venv" not in toolchain(str(script), {})
    assert "/usr" in toolchain("no-such-program", {})
    assert sys.prefix in found
    assert toolchain(str(tmp_path / "missing"), {})
