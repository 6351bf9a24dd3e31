"""The place where a run is made again: a clean tree, what no commit holds, an environment.

Knows: what is laid where, and that a step which cannot be done is an ingredient that is missing.
Does not know: how git, uv and pip are asked, what is run there.
"""

from __future__ import annotations

import os
import posixpath
import sys
from collections.abc import Callable, Mapping

import msgspec

from runpact.disk.layout import CONTRACT, DIFF, UNTRACKED
from runpact.disk.locate import find_workspace
from runpact.disk.rebuilt import make_folders
from runpact.host.rebuild import (
    demand_runpact,
    has_this_runpact,
    install_with_pip,
    lend_runpact,
    sync_with_uv,
)
from runpact.host.worktree import Trees, copy_files, lend
from runpact.model.errors import CannotStartError
from runpact.model.inputs import Input
from runpact.model.registered.uri import parse_uri
from runpact.model.reproduce.ingredients import (
    COMMIT,
    ENVIRONMENT,
    UV_LOCK,
    Found,
    Ingredient,
    Name,
    is_lent,
    mode_of,
    requirements_of,
)
from runpact.verbs.reproduce.plan import Original
from runpact.version import VERSION

Tell = Callable[[str], None]
"""Is given a line for people before each step."""


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """A place where a run is made again."""

    home: str
    """Absolute; everything else stands in it."""
    tree: str
    there: str
    """The workspace in the tree."""
    trees: Trees


class Programs(msgspec.Struct, frozen=True, kw_only=True):
    """The programs of the environment that a run is made again in."""

    folder: str
    """Absolute."""
    lent: str = ""
    """Absolute folder that runpact is imported from; empty where the environment has its own."""
    lacking: CannotStartError | None = None
    """Why they cannot use runpact; None when they can."""


class MissingError(Exception):
    """An ingredient turned out to be missing on the way."""

    def __init__(self, name: Name, error: CannotStartError) -> None:
        """Store which one, and why."""
        super().__init__(error.message)
        self.ingredient = Ingredient(
            name=name, missing=(" — ".join(part for part in (error.message, error.got) if part),)
        )


def lay_tree(original: Original, again: Again) -> None:
    """Make the tree as it was, with what no commit holds.

    Raises:
        MissingError: Git cannot, or the stored diff does not fit.
    """
    code = original.origin.code
    try:
        again.trees.make(code.commit, again.tree)
        if code.diff is not None:
            again.trees.apply(again.tree, posixpath.join(original.directory, DIFF))
        if code.untracked is not None:
            copy_files(posixpath.join(original.directory, UNTRACKED), again.tree)
        if find_workspace(again.there) is None:
            copy_files(posixpath.join(original.directory, CONTRACT), again.there)
        for each in original.origin.inputs:
            _lend(each, original.found[each.name], again)
        for lock in original.origin.environment.locks:
            stored = posixpath.join(original.directory, lock.path or "")
            lend(stored, posixpath.join(again.there, lock.source))
        make_folders(posixpath.join(again.there, original.origin.cwd))
    except CannotStartError as error:
        raise MissingError(COMMIT, error) from error


def _lend(each: Input, found: Found | str, again: Again) -> None:
    """Let the tree see an input at the place that it had; a version of a registry is copied whole."""
    if isinstance(found, str) or found.where == "commit" or each.path is None or each.path.startswith("/"):
        return
    if found.where == "registry":
        folder = found.path if each.files is not None else posixpath.dirname(found.path)
        copy_files(folder, posixpath.join(again.there, parse_uri(each.uri or "").folder))
        return
    lend(found.path, posixpath.join(again.there, each.path))


def programs_of(original: Original, again: Again, environ: Mapping[str, str], tell: Tell) -> Programs:
    """Return the programs of the environment, made when it has to be, with a runpact that they can use.

    What makes its run by itself needs one; a command of `runpact run` may do without.

    Raises:
        MissingError: The installer refused, or runpact does not work in what it made.
    """
    recorded = original.origin.environment
    if mode_of(recorded, original.environment) == "present":
        return Programs(folder=posixpath.dirname(sys.executable))
    made = posixpath.join(again.home, "environment")
    folder = _installed(original, again, made, environ, tell)
    if not is_lent(recorded) or has_this_runpact(made):
        return Programs(folder=folder)
    lent = posixpath.join(again.home, "lent")
    tell(f"lending runpact {VERSION} to it")
    paths = os.pathsep.join(filter(None, [lent, environ.get("PYTHONPATH")]))
    try:
        lend_runpact(lent)
        demand_runpact(folder, environ={**environ, "PYTHONPATH": paths})
    except CannotStartError as error:
        if not original.plan.is_command:
            raise MissingError(ENVIRONMENT, error) from error
        return Programs(folder=folder, lacking=error)
    return Programs(folder=folder, lent=lent)


def _installed(original: Original, again: Again, folder: str, environ: Mapping[str, str], tell: Tell) -> str:
    """Make the recorded environment; return the folder of its programs."""
    recorded = original.origin.environment
    try:
        if mode_of(recorded, original.environment) == "uv":
            tell(f"uv sync --frozen, Python {recorded.python} (network)")
            lock = next(each for each in recorded.locks if posixpath.basename(each.source) == UV_LOCK)
            project = posixpath.dirname(posixpath.join(again.there, lock.source))
            return sync_with_uv(project, folder, recorded.python, environ=environ)
        wanted = requirements_of(recorded)
        tell(f"pip install of {len(wanted)} packages (network)")
        return install_with_pip(wanted, folder, environ=environ)
    except CannotStartError as error:
        raise MissingError(ENVIRONMENT, error) from error
