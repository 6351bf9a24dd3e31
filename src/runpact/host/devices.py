"""The machine's processors, memory and graphics processors, read from the system's files.

Knows: which file of Linux tells what.
Does not know: which of it a program uses; nothing is started or imported to ask.
"""

from __future__ import annotations

import functools
import os
import re

from runpact.host import clock
from runpact.host.peek import peek_text
from runpact.model.provenance import Devices, Gpu

_LINE = 4096
_CARD = re.compile(r"card\d+")


@functools.cache
def read_devices(root: str = "/") -> Devices:
    """Return the devices below `root`, which is the system's own but for tests; read once a process.

    Whatever no file tells is None.
    """
    nvidia = os.path.join(root, "proc/driver/nvidia")
    driver = _first(r"Kernel Module.*?\s(\d+\.\d+(?:\.\d+)?)\s", peek_text(f"{nvidia}/version", _LINE))
    return Devices(
        cpu=_first(r"^model name\s*:\s*(.+)$", peek_text(os.path.join(root, "proc/cpuinfo"), _LINE)),
        cores=_usable_cores(),
        memory_bytes=_memory(root),
        memory_limit_bytes=_memory_limit(root),
        gpus=_gpus(root, nvidia),
        nvidia_driver=driver,
        cuda=_cuda(root),
        captured=clock.now(),
    )


def _first(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1].strip() if match else None


def _usable_cores() -> int | None:
    try:
        return len(os.sched_getaffinity(0))
    except (OSError, AttributeError):
        return None


def _memory(root: str) -> int | None:
    kilobytes = _first(r"^MemTotal:\s+(\d+) kB$", peek_text(os.path.join(root, "proc/meminfo"), _LINE))
    return int(kilobytes) * 1024 if kilobytes else None


def _memory_limit(root: str) -> int | None:
    """Return the least limit of this process's control groups (version 2)."""
    group = _first(r"^0::(/.*)$", peek_text(os.path.join(root, "proc/self/cgroup"), _LINE))
    limits = []
    while group is not None:
        path = os.path.join(root, "sys/fs/cgroup", group.strip("/"), "memory.max")
        limit = peek_text(path, _LINE).strip()
        if limit.isdecimal():
            limits.append(int(limit))
        group = os.path.dirname(group) if group not in {"/", ""} else None
    return min(limits, default=None)


def _gpus(root: str, nvidia: str) -> tuple[Gpu, ...] | None:
    names = _nvidia_names(nvidia)
    cards = os.path.join(root, "sys/class/drm")
    listed = _listed(cards)
    if listed is None and names is None:
        return None
    found = [_card(os.path.join(cards, name, "device")) for name in listed or [] if _CARD.fullmatch(name)]
    others = [gpu for gpu in found if gpu is not None and not (names and gpu.driver == "nvidia")]
    return (*(Gpu(name, None, "nvidia") for name in names or []), *others)


def _nvidia_names(nvidia: str) -> list[str | None] | None:
    folders = _listed(f"{nvidia}/gpus")
    if folders is None:
        return None
    return [
        _first(r"^Model:\s*(.+)$", peek_text(f"{nvidia}/gpus/{folder}/information", _LINE))
        for folder in folders
    ]


def _card(device: str) -> Gpu | None:
    said = dict(
        line.partition("=")[::2] for line in peek_text(os.path.join(device, "uevent"), _LINE).splitlines()
    )
    pci = said.get("PCI_ID", "").lower() or None
    driver = said.get("DRIVER")
    if pci is None and driver is None:
        return None
    return Gpu(peek_text(os.path.join(device, "product_name"), _LINE).strip() or None, pci, driver)


def _cuda(root: str) -> str | None:
    """Return the version of the CUDA toolkit in its usual place."""
    text = peek_text(os.path.join(root, "usr/local/cuda/version.json"), 1 << 16)
    version = _first(r'"cuda"\s*:\s*\{[^}]*"version"\s*:\s*"([^"]+)"', text)
    older = peek_text(os.path.join(root, "usr/local/cuda/version.txt"), _LINE)
    return version or _first(r"^CUDA Version (\S+)", older)


def _listed(folder: str) -> list[str] | None:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return None
