"""The command of a run that is made again: its words, its variables, what it may write.

Knows: how it is told all that was said of the original.
Does not know: how the tree came about, what the outcome is compared with.
"""

from __future__ import annotations

import os
import posixpath
import sys
from collections.abc import Iterator, Mapping

import msgspec

from runpact.disk.rebuilt import kept_output
from runpact.disk.setup import write_new
from runpact.host.caches import temporary_folders
from runpact.host.child import ChildEnd, run_child
from runpact.host.openings import open_paths
from runpact.host.realpath import real_path
from runpact.model.confinement import W2, Fence
from runpact.model.discretion import is_inside
from runpact.model.place import BUILT_IN
from runpact.model.reproduce.ingredients import Found, is_of_workspace, variables_of
from runpact.verbs.life.nest import REPRODUCES
from runpact.verbs.reproduce.place import Again, Programs, Tell
from runpact.verbs.reproduce.plan import Original

_OURS = "RUNPACT_"


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller may say about how it is done."""

    tell: Tell = lambda _line: None
    tee: bool = False
    """Repeat what the command prints."""
    is_kept: bool = False
    """Leave the working tree where it is."""
    has_network: bool = False
    """Let the command reach the network."""
    overrides: tuple[str, ...] = ()
    """Settings to change: `dotted.key=value`; only of a command."""


def child_environment(
    original: Original, again: Again, programs: Programs, environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables of the command: ours without our own, then those on record."""
    known, _unknown = variables_of(original.origin.environment)
    kept = {key: value for key, value in environ.items() if not key.startswith(_OURS)}
    paths = [path for path in (*_import_paths(original, again), programs.lent) if os.path.isdir(path)]
    told = {
        "PATH": f"{programs.folder}{os.pathsep}{environ.get('PATH', os.defpath)}",
        "RUNPACT_WORKSPACE": again.there,
        REPRODUCES: original.record.uid,
    }
    if paths:
        told["PYTHONPATH"] = os.pathsep.join((*paths, *filter(None, [environ.get("PYTHONPATH")])))
    return kept | known | told


def _import_paths(original: Original, again: Again) -> Iterator[str]:
    """Yield where packages of the workspace are imported from: the tree, not the folder they came from."""
    for origin in original.origin.environment.origins.values():
        if origin.editable and is_of_workspace(origin.url):
            folder = posixpath.normpath(posixpath.join(again.there, origin.url or ""))
            yield from (posixpath.join(folder, "src"), folder)


def run_again(original: Original, again: Again, child: dict[str, str], way: Way) -> ChildEnd:
    """Run the command to its end; what it prints is kept in the folder of the place.

    Raises:
        CommandNotFoundError: It cannot be started.
    """
    with kept_output(again.home) as logs:
        return run_child(
            tuple(_words(original, again, child, way)),
            cwd=posixpath.normpath(posixpath.join(again.there, original.origin.cwd)),
            env=child,
            logs=logs,
            tee=way.tee,
            fence=None if original.plan.is_command else _fence(again, child, has_network=way.has_network),
        )


def _fence(again: Again, child: Mapping[str, str], *, has_network: bool) -> Fence:
    """Return what a program may do that makes its run by itself: write into the tree."""
    tree, temporary = real_path(again.tree), temporary_folders(child)
    apart = [path for path in temporary if not is_inside(tree, path)]
    opened = open_paths(
        apart,
        declared=(),
        closed=(),
        watched=(again.there,),
        environ=child,
        is_private=len(apart) < len(temporary),
    )
    return Fence(
        level=W2,
        writable=(tree, *opened.writable),
        private_in=opened.private_in,
        has_network=has_network,
    )


def _words(original: Original, again: Again, child: Mapping[str, str], way: Way) -> Iterator[str]:
    """Yield the command, under `runpact run` if it was."""
    cwd = posixpath.normpath(posixpath.join(again.there, original.origin.cwd))
    if original.plan.is_command:
        yield from (sys.executable, "-m", "runpact", "run", "--workspace", again.there)
        yield from _said(original, again, way)
        yield "--"
    program, *arguments = original.plan.command
    is_gone = "/" in program and not os.path.exists(posixpath.join(cwd, program))
    is_python = posixpath.basename(program).startswith("python")
    yield (
        posixpath.join(child["PATH"].partition(os.pathsep)[0], "python") if is_gone and is_python else program
    )
    yield from (os.path.expanduser(each) if each.startswith("~/") else each for each in arguments)


def _said(original: Original, again: Again, way: Way) -> Iterator[str]:
    """Yield the options that bring back what was said of the run."""
    record, config = original.record, posixpath.join(again.home, "config.json")
    write_new(config, msgspec.json.encode(original.origin.config.resolved).decode())
    yield from ("--kind", record.kind, "--config", config, "--durability", record.durability)
    if record.name:
        yield from ("--name", record.name)
    if not way.has_network:
        yield "--no-network"
    yield from _pairs("--capture", {k: v for k, v in record.captures.items() if k not in BUILT_IN})
    yield from _pairs("--seed", {k: str(v) for k, v in original.origin.seeds.items() if v is not None})
    for override in way.overrides:
        yield from ("--set", override)
    for each in original.origin.inputs:
        found = original.found[each.name]
        place = found.path if isinstance(found, Found) else ""
        path = place if each.path is None else posixpath.join(again.there, each.path)
        yield from ("--input", each.uri or path)


def _pairs(option: str, values: Mapping[str, str]) -> Iterator[str]:
    for key, value in values.items():
        yield from (option, f"{key}={value}")
