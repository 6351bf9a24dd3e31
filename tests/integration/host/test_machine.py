"""Packages and devices are read from files, never by importing or starting anything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from runpact.host.devices import read_devices
from runpact.host.environment import read_host
from runpact.host.packages import installed_packages, package_origins, torch_of
from runpact.model.provenance import Devices, Gpu, PackageOrigin, Torch


def install(folder: Path, name: str, version: str, origin: object = None) -> None:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    if origin is not None:
        (info / "direct_url.json").write_text(origin if isinstance(origin, str) else json.dumps(origin))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_first_of_a_name_on_the_search_path_wins(tmp_path):
    install(tmp_path / "one", "My_Package", "1.0")
    install(tmp_path / "two", "my.package", "2.0")
    install(tmp_path / "two", "other", "3.0rc1+local")
    (tmp_path / "two/not-a-version.dist-info.txt").write_text("")
    (tmp_path / "two/nodash.dist-info").mkdir()
    found = installed_packages([str(tmp_path / "one"), str(tmp_path / "two"), str(tmp_path / "gone")])
    assert {name: package.version for name, package in found.items()} == {
        "my-package": "1.0",
        "other": "3.0rc1+local",
    }


def test_packages_that_no_index_gave_are_marked(tmp_path):
    site, root = tmp_path / "site", "/srv/project"
    install(site, "plain", "1")
    install(site, "inside", "1", {"url": "file:///srv/project/lib", "dir_info": {"editable": True}})
    install(site, "outside", "1", {"url": "file:///home/ann/lib", "dir_info": {"editable": True}})
    install(site, "folder", "1", {"url": "file:///home/ann/lib", "dir_info": {}})
    vcs = {"url": "https://ann:pw@example.org/x.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}
    install(site, "vcs", "1", vcs)
    archive = {"url": "https://example.org/x.zip", "archive_info": {"hashes": {"sha256": "12"}}}
    install(site, "archive", "1", archive)
    install(site, "older", "1", {"url": "https://example.org/y.zip", "archive_info": {"hash": "md5=34"}})
    install(site, "bare", "1", {"url": "https://example.org/z.zip", "archive_info": {}})
    install(site, "broken", "1", "{")
    assert package_origins(installed_packages([str(site)]), root=root) == {
        "inside": PackageOrigin(url="lib", editable=True),
        "outside": PackageOrigin(editable=True),
        "folder": PackageOrigin(),
        "vcs": PackageOrigin(url="https://example.org/x.git", vcs="git", commit="abc"),
        "archive": PackageOrigin(url="https://example.org/x.zip", archive_digest="sha256:12"),
        "older": PackageOrigin(url="https://example.org/y.zip", archive_digest="md5:34"),
        "bare": PackageOrigin(url="https://example.org/z.zip"),
        "broken": PackageOrigin(),
    }


@pytest.mark.requirement("A-030")
@pytest.mark.parametrize(
    ("text", "torch"),
    [
        (
            "__version__ = '2.5.1+cu124'\ndebug = False\ncuda: Optional[str] = '12.4'\nhip = None\n",
            Torch("2.5.1+cu124", "12.4", None),
        ),
        ('__version__ = "2.5.1"\ncuda = None\nhip: Optional[str] = "6.2"\n', Torch("2.5.1", None, "6.2")),
        (None, Torch("2.5.1", None, None)),
    ],
)
def test_torch_is_read_from_its_text(tmp_path, text, torch):
    install(tmp_path, "torch", "2.5.1")
    if text is not None:
        write(tmp_path / "torch/version.py", text)
    assert torch_of(installed_packages([str(tmp_path)])) == torch


@pytest.mark.requirement("A-032")
@pytest.mark.requirement("C-132")
def test_a_run_imports_no_heavy_package_to_record_its_version(tmp_path):
    install(tmp_path, "torch", "2.5.1")
    for name in ("torch", "numpy", "pynvml", "psutil"):
        write(tmp_path / name / "__init__.py", "raise SystemExit('imported')")
    program = (
        "import sys, runpact\n"
        "with runpact.run(name='a') as run: pass\n"
        "assert not {'torch', 'numpy', 'pynvml', 'psutil'} & sys.modules.keys()\n"
        "import json; from pathlib import Path\n"
        "said = json.loads(Path(run.dir, '.runpact/run.json').read_text())['provenance']['environment']\n"
        "print(said['torch']['version'], said['packages']['torch'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "2.5.1 2.5.1\n"), done.stderr


NVIDIA = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\n"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The files of a machine with three graphics processors."""
    write(tmp_path / "proc/cpuinfo", "processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\n")
    write(tmp_path / "proc/meminfo", "MemTotal:       16384 kB\nMemFree: 1 kB\n")
    write(tmp_path / "proc/self/cgroup", "0::/a/b\n")
    write(tmp_path / "sys/fs/cgroup/a/memory.max", "4096\n")
    write(tmp_path / "sys/fs/cgroup/a/b/memory.max", "max\n")
    write(tmp_path / "proc/driver/nvidia/version", NVIDIA)
    write(tmp_path / "proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t\t NVIDIA L4\n")
    write(tmp_path / "sys/class/drm/card0/device/uevent", "DRIVER=nvidia\nPCI_ID=10DE:27B8\n")
    write(tmp_path / "sys/class/drm/card1/device/uevent", "DRIVER=amdgpu\nPCI_ID=1002:73BF\n")
    write(tmp_path / "sys/class/drm/card1/device/product_name", "Some Radeon\n")
    write(tmp_path / "sys/class/drm/card1-HDMI/status", "")
    write(tmp_path / "sys/class/drm/card2/device/uevent", "DRIVER=i915\nPCI_ID=8086:9A49\n")
    write(tmp_path / "sys/class/drm/card3/device/uevent", "")
    write(tmp_path / "usr/local/cuda/version.json", '{"cuda": {"name": "CUDA", "version": "12.4.1"}}')
    return tmp_path


@pytest.mark.requirement("A-031")
def test_devices_are_read_from_the_systems_files(machine):
    seen = read_devices(str(machine))
    assert (seen.cpu, seen.memory_bytes, seen.memory_limit_bytes) == ("Some CPU @ 3 GHz", 16 << 20, 4096)
    assert seen.gpus == (
        Gpu("NVIDIA L4", None, "nvidia"),
        Gpu("Some Radeon", "1002:73bf", "amdgpu"),
        Gpu(None, "8086:9a49", "i915"),
    )
    assert (seen.nvidia_driver, seen.cores is not None) == ("550.54.14", True)


@pytest.mark.requirement("A-029")
def test_the_cuda_version_is_told_when_it_is_installed_and_else_null(machine, tmp_path):
    assert read_devices(str(machine)).cuda == "12.4.1"
    write(tmp_path / "other/usr/local/cuda/version.txt", "CUDA Version 10.2.89\n")
    assert read_devices(str(tmp_path / "other")).cuda == "10.2.89"
    assert read_devices(str(tmp_path / "none")).cuda is None


def test_what_no_file_tells_is_none(tmp_path):
    seen = read_devices(str(tmp_path / "empty"))
    assert seen == Devices(cores=seen.cores, captured=seen.captured)


def test_this_machine_has_memory():
    assert (read_devices().memory_bytes or 0) > 0


def test_a_run_without_a_command_names_no_program():
    assert read_host((), cwd="/").executable is None
    assert read_host(("surely-not-a-program",), cwd="/").executable is None
