"""What a run came from: code, environment, config, command.

Knows: the facts worth recording, as values.
Does not know: how they are captured.
"""

from __future__ import annotations

import msgspec

from runpact.model.confinement import Confinement
from runpact.model.digest import digest_of_set
from runpact.model.inputs import Input


class Code(msgspec.Struct, frozen=True):
    """State of the source repository; every field is `unknown`/None outside one, never "clean"."""

    commit: str = "unknown"
    """40 or 64 hex digits, or `unknown`."""
    branch: str = "unknown"
    """Short branch name, `detached`, or `unknown`."""
    dirty: bool | None = None
    """None when it could not be decided."""
    captured: str = ""
    """When these facts were read, RFC 3339 UTC."""

    @property
    def short(self) -> str:
        """First seven digits of the commit, `nogit` without one."""
        return "nogit" if self.commit == "unknown" else self.commit[:7]


class Environment(msgspec.Struct, frozen=True):
    """The interpreter, the machine's sort and the installed packages."""

    python: str = "unknown"
    implementation: str = "unknown"
    platform: str = "unknown"
    machine: str = "unknown"
    packages: dict[str, str] = {}
    """Distribution name to version, without importing any of them."""
    packages_digest: str = ""
    captured: str = ""

    @staticmethod
    def digest_of(packages: dict[str, str]) -> str:
        """Return the digest over names and versions."""
        return digest_of_set(packages)


class Config(msgspec.Struct, frozen=True):
    """The resolved configuration and where it came from."""

    resolved: dict[str, object] = {}
    digest: str = ""
    source: str | None = None
    """File it was read from, relative to the workspace where possible."""
    source_digest: str | None = None
    overrides: tuple[str, ...] = ()


class Provenance(msgspec.Struct, frozen=True):
    """All that is recorded about the origin of a run."""

    command: tuple[str, ...] = ()
    cwd: str = ""
    """Relative to the workspace; empty when it lies outside."""
    code: Code = Code()
    environment: Environment = Environment()
    config: Config = Config()
    seeds: dict[str, int | None] = {}
    inputs: tuple[Input, ...] = ()
    """Empty in the birth record; the sealed manifest names them."""
    confinement: Confinement = Confinement()
