"""What a stage's outputs follow from, as digests.

Knows: which files are a stage's code.
Does not know: what a change means.
"""

from __future__ import annotations

import functools
import os
import posixpath
from collections.abc import Iterable, Mapping

from runpact.disk.source import matching_files
from runpact.model.contract.language import Stage
from runpact.model.digest import digest_of_set
from runpact.model.pipeline.result import Basis, CodeFile, StageInput
from runpact.verbs.pipeline.experiment import Experiment
from runpact.verbs.pipeline.frozen import frozen_digest


def basis_of(
    experiment: Experiment,
    stage: Stage,
    *,
    command: tuple[str, ...],
    inputs: Mapping[str, str],
    cwd: str,
    loaded: Iterable[str] = (),
) -> Basis:
    """Return what an attempt at a stage would follow from now.

    Args:
        experiment: The experiment.
        stage: The stage.
        command: Its command, filled in.
        inputs: What it reads: the digest of all files of each alias.
        cwd: Absolute directory that the command runs in.
        loaded: Files, relative to the data root, that its last attempt said it loaded as code.
    """
    paths = sorted({*_code_paths(experiment.root, stage, command, cwd), *loaded})
    code = ((path, _digest(experiment, posixpath.join(experiment.root, path))) for path in paths)
    declared = experiment.declarations.of(stage)
    return Basis(
        command=experiment.declarations.command(command),
        code=tuple(CodeFile(path, digest) for path, digest in code if digest is not None),
        config=declared.config,
        seed=declared.seed,
        inputs=inputs,
        declaration=declared.outputs,
    )


def _digest(experiment: Experiment, path: str) -> str | None:
    """Return the digest of a file of code; the frozen configuration is what it was born as."""
    frozen = posixpath.join(experiment.directory, experiment.config_file or ".")
    return (frozen_digest(experiment) if path == frozen else None) or experiment.proven.digest(path)


def digests_of(inputs: Iterable[StageInput]) -> dict[str, str]:
    """Return one digest for all files of each alias."""
    by_alias: dict[str, dict[str, str]] = {}
    for each in inputs:
        by_alias.setdefault(each.alias, {})[each.path] = each.digest
    return {alias: digest_of_set(files) for alias, files in by_alias.items()}


def _code_paths(root: str, stage: Stage, command: tuple[str, ...], cwd: str) -> Iterable[str]:
    """Return the files of the workspace that a command names, and those of the stage's globs."""
    for path, relative in _named_below(root, command, cwd):
        if os.path.isfile(path):
            yield relative
    for glob in stage.code:
        yield from matching_files(root, glob)


@functools.lru_cache(maxsize=1024)
def _named_below(root: str, command: tuple[str, ...], cwd: str) -> tuple[tuple[str, str], ...]:
    """Return the paths below the workspace that a command could mean: absolute, and relative to it."""
    prefix = root.rstrip("/") + "/"
    named = (each for each in command if each and "\0" not in each)
    paths = (posixpath.normpath(posixpath.join(cwd, each)) for each in named)
    return tuple((path, path.removeprefix(prefix)) for path in paths if path.startswith(prefix))
