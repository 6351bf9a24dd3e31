"""A skill's part of an open run: its folder, its files, its metrics.

Knows: where a scope writes, and that each of its files is told as its own.
Does not know: how a run begins or ends.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from runpact.host.realpath import real_path
from runpact.model.errors import StrayWriteError, UsageError
from runpact.model.names import check_name, check_relative
from runpact.model.recovery import NAMED, Label
from runpact.verbs.life.opened import OpenRun
from runpact.verbs.life.store import log_points, store_artifact

_FOLDER = "artifacts"


class Scope:
    """What library code gets of the run that it works for."""

    def __init__(self, run: OpenRun, name: str) -> None:
        """Store the run and the name.

        Args:
            run: Open.
            name: Of the skill.

        Raises:
            UsageError: The name is no text.
            UnsafeNameError: It cannot be part of a path.
        """
        if not isinstance(name, str):
            raise UsageError("the name of a scope is a text", expected="a name", got=f"{name!r:.60}")
        self.name = check_name(name, what="scope")
        """Stands in the manifest as the producer of its files."""
        self._run = run
        folder = run.kind.scopes.get(name, posixpath.join(_FOLDER, name))
        self._folder = check_relative(folder.rstrip("/"), what="folder of a scope")

    def log(self, values: Mapping[str, float], *, step: float | None = None) -> None:
        """Record metric points, their names behind that of the scope: `motion.inliers`.

        Args:
            values: Finite numbers by name.
            step: The caller's own counter, shared by all of them.

        Raises:
            UsageError: It is no mapping.
            ValueRefusedError: A value is not a finite number; none of them was recorded.
            StorageError: None of them was recorded.
        """
        if not isinstance(values, Mapping):
            raise UsageError("metrics are a mapping", expected="a number by name", got=f"{values!r:.60}")
        log_points(self._run, {f"{self.name}.{name}": value for name, value in values.items()}, step)

    def save(self, name: str, value: object, *, type: str = "") -> str:  # noqa: A002 - the word of the field
        """Write an artifact once into the scope's folder and return its absolute path.

        Args:
            name: Path in that folder; without a suffix it gets that of its value.
            value: JSON data, arrays by name, rows, text, bytes, or the `pathlib.Path` of a file to copy.
            type: Artifact type, `Name@version`; recorded in the manifest.

        Raises:
            WriteOnceError: The name is taken.
            StorageError: Nothing was stored; the name is still free.
            ValueRefusedError: The value cannot be written strictly.
            UnsafeNameError: The name leaves the folder.
        """
        label = Label(type=type, producer=self.name)
        return store_artifact(self._run, self._place(name), value, label)

    def path(self, name: str, /) -> str:
        """Return the absolute path of a file to be written in the scope's folder; its directory exists.

        Raises:
            UnsafeNameError: The name leaves the folder.
        """
        relative = self._place(name)
        path = self._run.writer.make_room(relative)
        if relative not in self._run.labels:
            self._run.note(NAMED, path=relative, producer=self.name)
            self._run.labels[relative] = Label(producer=self.name)
        return path

    def open(self, name: str, mode: str = "w") -> IO[Any]:
        """Open a file of the scope's folder, as the built-in function does; text is UTF-8.

        Raises:
            UnsafeNameError: The name leaves the folder.
        """
        return Path(self.path(name)).open(mode, encoding=None if "b" in mode else "utf-8")

    def _place(self, name: str) -> str:
        relative = posixpath.join(self._folder, check_relative(str(name), what="file of a scope"))
        path = self._run.writer.paths.at(relative)
        if not real_path(path).startswith(f"{real_path(self._run.dir)}/"):
            raise StrayWriteError(
                f"a link leads `{relative}` out of the run, so writing it was refused",
                at=path,
                expected="a file of the run",
                got=real_path(path),
                hint="leave links out of the run's folders",
            )
        return relative

    def __repr__(self) -> str:
        return f"<Scope {self.name}: {self._folder}>"
