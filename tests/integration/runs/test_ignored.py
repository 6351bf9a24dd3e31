"""The block of a .gitignore follows from the contract, and git reads it as it is meant."""

from __future__ import annotations

import subprocess

import pytest

import runpact
from integration.runs.place import Place

CONTRACT = """\
contract: test.vision
version: "1.0.0"
extends: runpact:work-directory@1
workspace: {git: {outside: [codex.md]}}
"""
SEED = {
    "work-dir/config.toml",
    "work-dir/config.resolved.toml",
    "work-dir/log.txt",
    "work-dir/datasets/",
    "work-dir/models/",
    "work-dir/runs/",
    "work-dir/outputs/",
    "work-dir/stats/",
    "work-dir/tmp/",
    "work-dir/*.pid",
    "codex.md",
}
KEPT = {"!work-dir/config.example.toml", "!work-dir/README.md", "!work-dir/.gitkeep"}


@pytest.fixture
def vision(empty: Place) -> Place:
    """A repository whose data root is `work-dir`."""
    empty.write("contract.yaml", CONTRACT)
    empty.write(".gitignore", "mine\n")
    for name in ("config.example.toml", "README.md", ".gitkeep"):
        empty.write(f"work-dir/{name}", "")
    subprocess.run(["git", "init", "-q", empty.root], check=True)
    return empty


def git(place: Place, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=place.root, capture_output=True, text=True, check=False)
    return done.stdout


@pytest.mark.requirement("D12.1", "D12.2", "D12.4")
def test_the_block_has_the_patterns_of_the_layout_and_no_other(vision: Place) -> None:
    code, out, _err = vision.call("contract", "ignore", "--workdir", "work-dir")
    assert (code, set(out.splitlines())) == (0, SEED | KEPT)
    assert len(out.splitlines()) == 14


@pytest.mark.requirement("D12.1", "D12.2", "D12.3", "D1.2", "D3.6", "D7.5")
def test_git_ignores_a_sample_of_each_and_keeps_what_is_to_be_committed(vision: Place) -> None:
    assert vision.call("contract", "ignore", "--workdir", "work-dir", "--output", ".gitignore")[0] == 0
    assert (vision.root / ".gitignore").read_text().startswith("mine\n")
    samples = [path.replace("*", "statistics_api") for path in SEED]
    samples = [f"{path}some/file" if path.endswith("/") else path for path in samples]
    for sample in samples:
        vision.write(sample, "")
    assert set(git(vision, "check-ignore", *samples).split()) == set(samples)
    assert git(vision, "check-ignore", *(path[1:] for path in KEPT)) == ""
    git(vision, "add", "-A")
    staged = {line for line in git(vision, "diff", "--cached", "--name-only").split() if "work-dir" in line}
    assert staged == {path[1:] for path in KEPT}


@pytest.mark.requirement("D1.1", "D1.2", "D1.6")
def test_after_a_run_git_sees_nothing_new(vision: Place) -> None:
    vision.call("contract", "ignore", "--workdir", "work-dir", "--output", ".gitignore")
    git(vision, "add", "-A")
    with runpact.run(name="a", config={"mode": "train"}, workdir="work-dir", unsafe_skip_check=True) as run:
        run.event("x.y")
    assert git(vision, "status", "--porcelain", "--untracked-files=all").split("\n")[:-1] == [
        f"A  {name}"
        for name in (
            ".gitignore",
            "contract.yaml",
            "work-dir/.gitkeep",
            "work-dir/README.md",
            "work-dir/config.example.toml",
        )
    ]


@pytest.mark.requirement("D12.3")
def test_drift_is_found_and_mended(vision: Place) -> None:
    options = ("contract", "ignore", "--workdir", "work-dir")
    code, out, _err = vision.call(*options, "--check", ".gitignore")
    assert "+work-dir/stats/" in out.splitlines()
    assert (code, out.splitlines()[0] + "\n") == (
        3,
        ".gitignore is stale: renew it with --output\n",
    )
    assert vision.call(*options, "--output", ".gitignore")[1] == "wrote .gitignore\n"
    assert vision.call(*options, "--check", ".gitignore")[0] == 0
    assert vision.call(*options, "--output", ".gitignore")[1] == "current: .gitignore\n"
    text = (vision.root / ".gitignore").read_text()
    vision.write(".gitignore", text.replace("work-dir/stats/\n", ""))
    assert vision.call(*options, "--check", ".gitignore")[0] == 3
    assert vision.call(*options, "--check", "")[0] == 64


def test_a_data_root_elsewhere_needs_no_patterns(vision: Place, tmp_path_factory) -> None:
    elsewhere = tmp_path_factory.mktemp("volume")
    out = vision.call("contract", "ignore", "--workdir", str(elsewhere))[1]
    assert out.splitlines() == ["codex.md"]


def test_an_ignore_file_inside_the_data_root_has_short_patterns(vision: Place) -> None:
    out = vision.call("contract", "ignore", "--workdir", "work-dir", "--output", "work-dir/.gitignore")[1]
    assert out == "wrote work-dir/.gitignore\n"
    assert "/log.txt\n" in (vision.root / "work-dir/.gitignore").read_text()
