"""Layers of a configuration, and where each value comes from.

Knows: that later layers win, key by key; the rule by which paths are resolved.
Does not know: how a layer was read.
"""

from __future__ import annotations

import copy
import posixpath
from collections.abc import Mapping

import msgspec

from runpact.model.config.schema import ConfigSchema, Key, leaves, put

DEFAULT, SET, WORKDIR, GIVEN = "default", "--set", "--workdir", "given"


class Origin(msgspec.Struct, frozen=True):
    """Where a value comes from."""

    layer: str
    """`default`, `--set`, `--workdir`, `given` (by a program), or the name of a file."""
    line: int = 0
    """1-based; 0 when the layer has no lines, or the place is not known."""

    @property
    def shown(self) -> str:
        """How people are told it."""
        return f"{self.layer}:{self.line}" if self.line else self.layer


class Layered:
    """A configuration that knows where its values come from."""

    def __init__(self) -> None:
        """Begin without any value."""
        self.values: dict[str, object] = {}
        self.origins: dict[Key, Origin] = {}

    def add(self, values: Mapping[str, object], layer: str, lines: Mapping[Key, int] | None = None) -> None:
        """Lay values over those that are there; lists are replaced whole."""
        places = lines or {}
        for key, value in leaves(values):
            line = next((places[key[:n]] for n in range(len(key), 0, -1) if key[:n] in places), 0)
            self.put(key, copy.deepcopy(value), Origin(layer, line))

    def put(self, key: Key, value: object, origin: Origin) -> None:
        """Set one value."""
        held = self.get(key)
        if value == {} and isinstance(held, dict):
            return
        put(self.values, key, value)
        for length in range(1, len(key)):
            self.origins.pop(key[:length], None)
        if isinstance(held, dict):  # a table gives way, with all that is known of what was in it
            for other in [each for each in self.origins if each[: len(key)] == key]:
                del self.origins[other]
        self.origins[key] = origin

    def get(self, key: Key) -> object:
        """Return a value; None when there is none."""
        value: object = self.values
        for part in key:
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def origin(self, key: Key) -> Origin | None:
        """Return where a value, or the nearest table around it, comes from."""
        return next((self.origins[key[:n]] for n in range(len(key), 0, -1) if key[:n] in self.origins), None)


def resolve_paths(config: Layered, schema: ConfigSchema, *, base: str, workdir: str | None) -> None:
    """Make every path of a configuration absolute.

    Relative paths begin at `base`; an absolute one stays; an empty one stays empty. What `--workdir` gives
    replaces the folder that the schema marks. Paths below that folder move along while they are those of
    the schema, spelt out in a file or not; any other path stays where a person put it.

    Args:
        config: Changed in place.
        schema: Says which keys hold paths.
        base: Absolute folder.
        workdir: Absolute folder given on the command line.
    """
    root = schema.workdir
    before = _under(base, config.get(root)) if root else None
    if root and workdir:
        config.put(root, workdir, Origin(WORKDIR))
    for key in schema.paths:
        value, origin = config.get(key), config.origin(key)
        path = _under(base, value)
        if path is None or origin is None or origin.layer == WORKDIR:
            continue
        is_usual = origin.layer == DEFAULT or value == schema.get(key).default
        moved = workdir and before and is_usual and _is_below(path, before)
        if moved:
            path = posixpath.normpath(posixpath.join(str(workdir), posixpath.relpath(path, before)))
        config.put(key, path, Origin(WORKDIR) if moved else origin)


def _under(base: str, value: object) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    return posixpath.normpath(posixpath.join(base, value))


def _is_below(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder.rstrip('/')}/")


def base_of(file: str, above: str) -> str:
    """Return the folder that the relative paths of a configuration file begin in.

    Args:
        file: Absolute path, links resolved.
        above: Name of a folder in which a configuration speaks from the folder above; empty for none.
    """
    folder = posixpath.dirname(file)
    return posixpath.dirname(folder) if above and posixpath.basename(folder) == above else folder
