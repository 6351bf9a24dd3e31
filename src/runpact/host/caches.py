"""Folders that programs keep caches in.

Knows: the usual places and the variables that move them.
Does not know: who may write elsewhere.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping

_VARIABLES = (
    "TMPDIR",
    "TEMP",
    "TMP",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
    "PYTHONPYCACHEPREFIX",
    "MPLCONFIGDIR",
    "NUMBA_CACHE_DIR",
    "TORCH_HOME",
    "TORCH_EXTENSIONS_DIR",
    "TORCHINDUCTOR_CACHE_DIR",
    "TRITON_CACHE_DIR",
    "CUDA_CACHE_PATH",
    "HF_HOME",
    "HF_DATASETS_CACHE",
    "TRANSFORMERS_CACHE",
    "JAX_COMPILATION_CACHE_DIR",
    "KERAS_HOME",
    "TFHUB_CACHE_DIR",
    "PIP_CACHE_DIR",
    "UV_CACHE_DIR",
    "JUPYTER_RUNTIME_DIR",
)
_AT_HOME = (
    ".cache",
    ".config/matplotlib",
    ".matplotlib",
    ".keras",
    ".triton",
    ".nv",
    ".ipython",
    ".jupyter",
    ".local/share/jupyter",
)
_SYSTEM = ("/tmp", "/var/tmp")  # noqa: S108 - named, never written by us
TEMPORARY = _SYSTEM[0]
REPLACED = (*_SYSTEM, "/dev/shm")  # noqa: S108 - as above
"""Folders that an isolated child has of its own, and that are gone with it."""
OWN = "own"
"""Name of the part that it may write where it may not write all of `/tmp`.

The other folders are this part: were they all one, what is seen in `/tmp` would lie in each of them.
"""
CACHES_OF_ALL = ("/dev", "/proc", "/sys")
"""Folders of the system: writing there makes no file that stays."""


def home_folder(environ: Mapping[str, str]) -> str:
    """Return the home directory, free of links; `/` when there is none."""
    home = environ.get("HOME") or "/"
    return _real((home,))[0] if os.path.isabs(home) else "/"


def temporary_folders(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the folders for temporary files, free of links."""
    named = [environ[name] for name in ("TMPDIR", "TEMP", "TMP") if environ.get(name)]
    return _real(tuple(path for path in (*named, *_SYSTEM) if os.path.isabs(path)))


def named_caches(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the folders that variables name, as they stand there."""
    return tuple(environ[name] for name in _VARIABLES if os.path.isabs(environ.get(name, "")))


def cache_folders(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the folders that anyone may write, free of links."""
    named = named_caches(environ)
    home = home_folder(environ)
    at_home = tuple(os.path.join(home, name) for name in _AT_HOME) if home != "/" else ()
    return _real((*named, *at_home, *_SYSTEM, *CACHES_OF_ALL))


def kept_folder(environ: Mapping[str, str]) -> str | None:
    """Return this user's folder for what processes keep for each other; None without one to be trusted.

    No command of a run can write there at any level that the kernel enforces: a folder that lies in one of
    those that anyone may write is none.
    """
    named, home = environ.get("XDG_STATE_HOME", ""), home_folder(environ)
    if not os.path.isabs(named) and home == "/":
        return None
    folder = _real((named if os.path.isabs(named) else os.path.join(home, ".local", "state"),))[0]
    is_free = any(f"{folder}/".startswith(f"{cache.rstrip('/')}/") for cache in cache_folders(environ))
    return None if is_free else os.path.join(folder, "runpact")


@functools.lru_cache(maxsize=8)
def _real(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(os.path.realpath(path) for path in paths))
