"""What `runpact show` says of a run's origin."""

from __future__ import annotations

from runpact.cli.origintext import origin_lines
from runpact.model.provenance import (
    Code,
    Copy,
    Devices,
    Environment,
    Gpu,
    Host,
    LeftOut,
    LockCopy,
    Provenance,
    Torch,
    Untracked,
)


def told(**said: object) -> dict[str, str]:
    return {name: text for name, text in origin_lines(Provenance(**said)) if text}  # type: ignore[arg-type]


def test_a_run_without_a_repository_says_so_and_nothing_about_dirt() -> None:
    assert told(command=("a", "b")) == {
        "command": "a b",
        "code": "no repository",
        "python": "unknown on unknown, 0 packages",
    }


def test_what_is_not_known_never_reads_as_clean() -> None:
    code = Code("c" * 40, "trunk", dirty=None, repository=".", reasons=("git is not installed",))
    lines = told(code=code)
    assert lines["code"] == f"{'c' * 40} (trunk, clean or dirty: not known)"
    assert lines["not known"] == "git is not installed"
    assert told(code=Code("c", "trunk", dirty=False, repository="."))["code"] == "c (trunk, clean)"


def test_what_is_stored_and_what_is_not_is_told() -> None:
    code = Code(
        "c",
        "trunk",
        dirty=True,
        repository=".",
        diff=Copy(path="d", size=1234),
        untracked=Untracked(path="u", files=2, size=10, digest="d"),
        left_out=tuple(LeftOut(f"{number}.npz", 1, "large") for number in range(4)),
        left_out_more=5,
    )
    locks = (LockCopy(source="uv.lock", path="l"), LockCopy(source="large.lock", reason="large"))
    lines = told(code=code, environment=Environment(locks=locks))
    assert lines["stored"] == "diff of 1,234 B, 2 untracked files of 10 B, uv.lock"
    assert lines["not stored"] == "0.npz: large; 1.npz: large; 2.npz: large; and 6 more"
    unstored = Code("c", "b", dirty=True, repository=".", diff=Copy(size=9, reason="larger than 8 bytes"))
    assert told(code=unstored)["not stored"] == "diff of 9 B: larger than 8 bytes"


def test_machine_and_torch_are_told_as_far_as_they_are_known() -> None:
    gpus = (Gpu("L4", None, "nvidia"), Gpu(None, "8086:9a49", None), Gpu(None, None, None))
    lines = told(
        devices=Devices(cpu="CPU", cores=8, memory_bytes=2**34, gpus=gpus),
        environment=Environment(python="3.12.1", platform="linux-6", torch=Torch("2.5", "12.4")),
        host=Host(name="h", user="ann", cwd="/", executable=None, command=()),
    )
    assert lines["machine"] == "CPU, 8 cores, 16.0 GiB, L4, 8086:9a49, GPU"
    assert lines["python"] == "3.12.1 on linux-6, 0 packages, torch 2.5 for CUDA 12.4"
    assert lines["host"] == "h, ann"
    cpu_only = told(environment=Environment(torch=Torch("2.5")), devices=Devices(gpus=()))
    assert cpu_only["python"].endswith("torch 2.5")
    assert "machine" not in cpu_only
