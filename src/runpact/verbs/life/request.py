"""What a caller says about a run to be made.

Knows: the parts of a request.
Does not know: how a run is made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

import msgspec

from runpact.model.confinement import REFUSE, Wanted
from runpact.model.evidence.announced import Announced
from runpact.model.provenance import Config
from runpact.model.secretschema import Path
from runpact.verbs.life.nest import Outer


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller says about the run to be made."""

    kind: str | None = None
    name: str | None = None
    captures: Mapping[str, str] = {}
    config: Config = Config()
    seeds: Mapping[str, int | None] = {}
    inputs: tuple[str, ...] = ()
    """Files and folders to record as inputs before a command begins; relative to the current directory."""
    command: tuple[str, ...] = ()
    out: str | None = None
    """Absolute directory that is to hold the run instead of the contract's place."""
    outer: Outer | None = None
    """The run that this one is part of."""
    callers: tuple[str, ...] = ()
    """Files whose code asks for the run, as frames name them, nearest first; empty for a command."""
    guard: str = REFUSE
    """One of `model.confinement.MODES`."""
    wanted: Wanted | None = None
    """What is asked of the kernel's fence; None: nothing, as for a run of this process."""
    caches: tuple[str, ...] = ()
    """Globs that anyone may write, relative to the data root."""
    secrets: tuple[str, ...] = ()
    """Globs of names of environment variables that hold a secret; behind a `!`, of names that hold none."""
    references: Mapping[Path, str] = {}
    """Environment variables by the keys of the configuration whose values were taken from them."""
    durability: str = "commit"
    is_private: bool = False
    record_host: bool = False
    """Record host name, user and absolute paths."""
    announced: Announced = Announced()
    """Policy and baseline of its evidence."""
    is_trial: bool = False
    """One of many that follow each other closely: views that list it may be some seconds late."""


class Said(TypedDict, total=False):
    """What a caller may say about a run, as `Request` names it, less what must be resolved first."""

    kind: str | None
    name: str | None
    captures: Mapping[str, str]
    seeds: Mapping[str, int | None]
    inputs: tuple[str, ...]
    command: tuple[str, ...]
    out: str | None
    callers: tuple[str, ...]
    guard: str
    wanted: Wanted | None
    caches: tuple[str, ...]
    secrets: tuple[str, ...]
    references: Mapping[Path, str]
    durability: str
    is_private: bool
    record_host: bool
    announced: Announced
    is_trial: bool
