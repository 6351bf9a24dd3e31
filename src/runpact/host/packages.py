"""Installed distributions, read from their metadata without importing them.

Knows: names of metadata folders, `direct_url.json` (PEP 610), where PyTorch says what it was built for.
Does not know: which packages matter.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

import msgspec

from runpact.host.peek import peek_bytes, peek_text
from runpact.model.discretion import is_inside, shown_url
from runpact.model.provenance import PackageOrigin, Torch

_INFO = re.compile(r"(?P<name>[A-Za-z0-9._-]+?)-(?P<version>[^-]+)\.(?:dist-info|egg-info)")
_LIMIT = 1 << 16
_ASSIGNED = re.compile(
    r"^(?P<name>__version__|cuda|hip)\s*(?::[^=]*)?=\s*['\"](?P<value>[^'\"]*)['\"]", re.MULTILINE
)


class Installed(msgspec.Struct, frozen=True):
    """A distribution and the folder that holds its metadata."""

    version: str
    place: str
    """Absolute folder on the search path."""
    info: str
    """Name of its metadata folder."""


class _Vcs(msgspec.Struct):
    vcs: str = ""
    commit_id: str = ""


class _Archive(msgspec.Struct):
    hash: str = ""
    hashes: dict[str, str] = {}


class _Folder(msgspec.Struct):
    editable: bool = False


class _DirectUrl(msgspec.Struct):
    url: str = ""
    vcs_info: _Vcs | None = None
    archive_info: _Archive | None = None
    dir_info: _Folder | None = None


def installed_packages(search: Iterable[str]) -> dict[str, Installed]:
    """Return distributions by normalised name; the first on the search path wins, as for imports.

    Names and versions are read from the names of the metadata folders, which is what
    `importlib.metadata` does too, without opening their files.
    """
    found: dict[str, Installed] = {}
    for folder in dict.fromkeys(search):
        for name in _names(folder or "."):
            match = _INFO.fullmatch(name)
            if match is not None:
                found.setdefault(normalised(match["name"]), Installed(match["version"], folder or ".", name))
    return dict(sorted(found.items()))


def package_origins(packages: Mapping[str, Installed], *, root: str) -> dict[str, PackageOrigin]:
    """Return where those packages came from that no index gave.

    Args:
        packages: What is installed.
        root: Absolute folder of the workspace; a folder inside is told relative to it, others not at all.
    """
    found = {name: _origin(package, root) for name, package in packages.items()}
    return {name: origin for name, origin in found.items() if origin is not None}


def torch_of(packages: Mapping[str, Installed]) -> Torch | None:
    """Return version and CUDA of the installed PyTorch, from the text of `torch/version.py`."""
    package = packages.get("torch")
    if package is None:
        return None
    text = peek_text(os.path.join(package.place, "torch/version.py"), _LIMIT)
    said = {match["name"]: match["value"] for match in _ASSIGNED.finditer(text)}
    return Torch(said.get("__version__") or package.version, said.get("cuda"), said.get("hip"))


def normalised(name: str) -> str:
    """Return a distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _names(folder: str) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info"))]
    except OSError:
        return []


def _origin(package: Installed, root: str) -> PackageOrigin | None:
    data = peek_bytes(os.path.join(package.place, package.info, "direct_url.json"), _LIMIT)
    if not data:
        return None
    try:
        said = msgspec.json.decode(data, type=_DirectUrl)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return PackageOrigin()
    return PackageOrigin(
        url=_shown(said.url, root),
        editable=said.dir_info is not None and said.dir_info.editable,
        vcs=said.vcs_info.vcs if said.vcs_info else None,
        commit=said.vcs_info.commit_id if said.vcs_info else None,
        archive_digest=_digest(said.archive_info) if said.archive_info else None,
    )


def _shown(url: str, root: str) -> str | None:
    if url.startswith("file://"):
        path = os.path.normpath(url.removeprefix("file://"))
        return os.path.relpath(path, root) if is_inside(path, root) else None
    return shown_url(url)


def _digest(archive: _Archive) -> str | None:
    if "sha256" in archive.hashes:
        return f"sha256:{archive.hashes['sha256']}"
    return archive.hash.replace("=", ":", 1) or None
