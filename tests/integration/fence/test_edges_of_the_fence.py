"""What the fence does for a run that is not held, and where the kernel has none."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

import runpact
from runpact.model.confinement import W2, Wanted
from runpact.verbs.life import fence

CONTRACT = 'contract: test.fence\nversion: "1.0.0"\nkinds: {run: {at: "runs/{name}"}}\n'


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_trace_of_a_run_that_is_not_held_is_dropped(lab: Path) -> None:
    with runpact.run(name="a", unsafe_skip_check=True) as run:
        held, run.held = run.held, None
        fence.note_trace(run, ("true",), ["1 open()"], readable=(), cwd=str(lab), environ={})
        run.held = held
    assert (lab / "runs/a").is_dir()


def test_a_process_in_its_fence_tells_those_it_starts(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ: dict[str, str] = {}
    with runpact.run(name="a", unsafe_skip_check=True) as run:
        reached = msgspec.structs.replace(run.enforced, level=W2)
        monkeypatch.setattr(fence, "fence_this_process", lambda *_arguments: reached)
        fence.fence_process(run, Wanted(level=W2), environ=environ)
    assert list(environ.values()) == [W2]
    assert lab.is_dir()


def test_where_the_kernel_has_no_fence_the_environment_is_not_told_of_one(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ: dict[str, str] = {}
    with runpact.run(name="a", unsafe_skip_check=True) as run:
        monkeypatch.setattr(fence, "fence_this_process", lambda *_arguments: run.enforced)
        fence.fence_process(run, Wanted(level=W2), environ=environ)
    assert environ == {}
    assert lab.is_dir()
