"""Which code of a workspace may import which, and what library code may not do.

Knows: that a layer imports itself and those before it, and that the parts of some import each other not.
Does not know: Python's grammar, how files are found.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from runpact.model.codes import CODES
from runpact.model.contract.surroundings import ImportRules
from runpact.model.finding import Finding
from runpact.model.template import compile_glob

_ROOTS = ("", "src/")
"""Folders that modules are named from."""


class Imported(msgspec.Struct, frozen=True):
    """One name that a file imports."""

    line: int
    module: str
    name: str = ""
    """What is imported from the module: an attribute, or a module below it."""
    level: int = 0
    """Dots before the module."""


class Caught(msgspec.Struct, frozen=True):
    """A place where every exception is caught."""

    line: int
    raises: bool
    """Something is raised there again."""


class SourceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a Python file says of itself."""

    imports: tuple[Imported, ...] = ()
    caught: tuple[Caught, ...] = ()
    current_directory: tuple[int, ...] = ()
    """Lines that ask for the current directory."""


class Place(msgspec.Struct, frozen=True):
    """Where a file stands in the code."""

    layer: str
    part: str
    """Folder or file below the layer's own folder, as in `projects/train`."""


class CodeMap:
    """Files of the layers, and the modules that they are."""

    def __init__(self, paths: Iterable[str], layers: Mapping[str, Iterable[str]]) -> None:
        """Sort the files into layers.

        Args:
            paths: Of Python files, relative to the workspace.
            layers: Globs by layer; the first that fits decides.
        """
        globs = [(layer, glob, compile_glob(glob)) for layer, each in layers.items() for glob in each]
        self.places: dict[str, Place] = {}
        self._modules: dict[str, str] = {}
        for path in paths:
            fitting = next(((layer, glob) for layer, glob, regex in globs if regex.fullmatch(path)), None)
            if fitting is not None:
                self.places[path] = Place(fitting[0], _part(path, fitting[1]))
            for root in _ROOTS:
                if path.startswith(root):
                    self._modules.setdefault(_module_of(path.removeprefix(root)), path)

    def file_of(self, path: str, imported: Imported) -> str | None:
        """Return the file of the workspace that an import leads to; None when it is none of them.

        Args:
            path: The file that imports.
            imported: What it imports.
        """
        names = [f"{imported.module}.{imported.name}".strip("."), imported.module]
        if imported.level:
            return self._relative(path, imported.level, names)
        beside = _module_of(posixpath.join(posixpath.dirname(path), "x")).removesuffix("x")
        return next(
            (
                self._modules[name]
                for each in names
                for name in (each, f"{beside}{each}")
                if each and name in self._modules
            ),
            None,
        )

    def _relative(self, path: str, level: int, names: Iterable[str]) -> str | None:
        folder = posixpath.dirname(path)
        for _step in range(level - 1):
            folder = posixpath.dirname(folder)
        for name in names:
            base = posixpath.join(folder, *name.split("."))
            for candidate in (f"{base}.py", posixpath.join(base, "__init__.py")):
                if candidate in self.places:
                    return candidate
        return None


def _part(path: str, glob: str) -> str:
    fixed = posixpath.dirname(glob.partition("*")[0].partition("?")[0])
    below = path.removeprefix(f"{fixed}/") if fixed else path
    return posixpath.join(fixed, below.split("/", 1)[0])


def _module_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def judge_source(path: str, facts: SourceFacts, code: CodeMap, rules: ImportRules) -> Iterator[Finding]:
    """Yield what is wrong with one file of a layer.

    Args:
        path: Relative to the workspace.
        facts: What it says.
        code: The files of all layers.
        rules: Of the contract.
    """
    place = code.places[path]
    if place.layer in rules.order:
        yield from _imports(path, place, facts, code, rules)
    if place.layer in rules.library:
        for caught in facts.caught:
            yield _finding("broad-except", path, caught.line, "library code catches every exception")
        for line in facts.current_directory:
            yield _finding("current-directory", path, line, "library code asks for the current directory")
    elif rules.library:
        yield from _boundary(path, facts)


def _imports(
    path: str, place: Place, facts: SourceFacts, code: CodeMap, rules: ImportRules
) -> Iterator[Finding]:
    allowed = rules.order[: rules.order.index(place.layer) + 1]
    told: set[tuple[int, str]] = set()
    for imported in facts.imports:
        target = code.file_of(path, imported)
        other = code.places.get(target or "")
        if target is None or other is None or (imported.line, target) in told:
            continue
        told.add((imported.line, target))
        if other.layer in rules.order and other.layer not in allowed:
            yield _finding(
                "layer-import",
                path,
                imported.line,
                f"`{place.layer}` imports `{other.layer}`",
                expected=" or ".join(f"`{layer}`" for layer in allowed),
                got=target,
            )
        elif other.layer == place.layer and place.layer in rules.apart and other.part != place.part:
            yield _finding(
                "layer-import",
                path,
                imported.line,
                f"`{place.part}` imports `{other.part}`, another part of `{place.layer}`",
                expected=f"`{place.part}` or a layer below",
                got=target,
            )


def _boundary(path: str, facts: SourceFacts) -> Iterator[Finding]:
    """Yield what is wrong with a file that may catch everything once, to tell it and raise it again."""
    for number, caught in enumerate(facts.caught):
        if number > 0:
            message = "every exception is caught more than once"
            yield _finding("broad-except", path, caught.line, message, expected="one place, at the boundary")
        elif not caught.raises:
            yield _finding(
                "broad-except", path, caught.line, "every exception is caught and none raised again"
            )


_HINTS = {
    "layer-import": "move what is shared into a layer below, or hand it over as an argument",
    "broad-except": "name the exceptions that are meant; let the others through",
    "current-directory": "take the folder as an argument, or ask `runpact.workspace_root(__file__)`",
}


def _finding(
    code: str, path: str, line: int, message: str, *, expected: str | None = None, got: str | None = None
) -> Finding:
    return Finding(
        code=code,
        severity=CODES[code].severity,
        message=f"line {line}: {message}",
        path=path,
        expected=expected,
        got=got,
        hint=_HINTS[code],
    )
