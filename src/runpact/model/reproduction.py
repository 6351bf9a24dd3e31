"""The command that makes a run again.

Knows: how a recorded command becomes a line for a shell.
Does not know: whether the run would come out the same.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from runpact.model.contract.language import Kind
from runpact.model.place import BUILT_IN
from runpact.model.run import RunRecord

STARTED = "command.started"
"""Event of a run's log; only a run that has it lets other processes write."""
REPRODUCED = "run.reproduced_by"
"""Event of a run's log: what the program says makes the run again."""
IN_PARTS = "run.in_parts"
"""Event of a run's log: it is around other runs, and each of these is made again by itself."""


class Reproduction(msgspec.Struct, frozen=True, kw_only=True):
    """How a run is made again, with the same configuration."""

    command: str
    """A line for a shell, in the workspace's folder."""
    argv: tuple[str, ...]
    """Its words, to be started in `cwd`."""
    cwd: str
    """Relative to the workspace."""
    config_digest: str
    """Digest of the resolved configuration that it comes to."""
    config_hash: str
    """The same without the name of the algorithm."""


def reproduction(
    record: RunRecord, events: Iterable[Mapping[str, object]], *, config_copy: str | None
) -> Reproduction:
    """Return how a run is made again.

    A run that `runpact run` made is made by it again, with the run's own copy of the configuration; one that
    a program made, by the program's own words, or by those that it says do it.

    Args:
        record: Its birth record.
        events: Its log.
        config_copy: File with its resolved configuration, relative to the workspace; None without one.
    """
    origin = record.provenance
    cwd, words = origin.cwd or ".", origin.command
    for event in events:
        if event.get("event") == STARTED:
            words = tuple(_run_again(record, config_copy, cwd))
        elif event.get("event") == REPRODUCED and isinstance(said := event.get("argv"), list):
            words = tuple(map(str, said))
    line = " ".join(map(_quoted, words))
    return Reproduction(
        command=line if cwd == "." else f"cd {_quoted(cwd)} && {line}",
        argv=words,
        cwd=cwd,
        config_digest=origin.config.digest,
        config_hash=origin.config.digest.rpartition(":")[2],
    )


def config_copy(kind: Kind | None, folder: str) -> str | None:
    """Return the file of a run that holds its resolved configuration; None where its kind has none.

    Args:
        kind: Of the run.
        folder: Its directory, relative to the workspace.
    """
    entries = kind.entries if kind is not None else ()
    copies = (each.single for each in entries if each.fields == "run.config" and each.single is not None)
    return next((posixpath.join(folder, copy) for copy in copies), None)


def _run_again(record: RunRecord, config_copy: str | None, cwd: str) -> Iterator[str]:
    """Yield the words by which `runpact run` makes a run of the same command and configuration."""
    config = record.provenance.config
    yield from ("runpact", "run", "--kind", record.kind)
    for capture, text in record.captures.items():
        if capture not in BUILT_IN:
            yield from ("--capture", f"{capture}={text}")
    for library, seed in record.provenance.seeds.items():
        if seed is not None:
            yield from ("--seed", f"{library}={seed}")
    source = config_copy or config.source
    if source is not None and config.resolved:
        yield from ("--config", source if posixpath.isabs(source) else posixpath.relpath(source, cwd))
    if config_copy is None:
        for override in config.overrides:
            yield from ("--set", override)
    yield "--"
    yield from record.provenance.command


def _quoted(word: str) -> str:
    """Return a word as a shell takes it; what begins in the home directory still does."""
    return f"~/{shlex.quote(word[2:])}" if word.startswith("~/") else shlex.quote(word)
