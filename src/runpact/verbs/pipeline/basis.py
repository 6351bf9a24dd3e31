"""What a stage's outputs follow from, as digests.

Knows: which files are a stage's code, which part of the configuration it reads.
Does not know: what a change means.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping

import msgspec

from runpact.disk.source import matching_files
from runpact.model.contract.language import Stage
from runpact.model.digest import canonical_json, digest_bytes, digest_of_set
from runpact.model.pipeline.result import Basis, CodeFile, StageInput
from runpact.verbs.pipeline.experiment import Experiment


def basis_of(
    experiment: Experiment,
    stage: Stage,
    *,
    command: tuple[str, ...],
    inputs: Iterable[StageInput],
    config: Mapping[str, object],
    cwd: str,
    loaded: Iterable[str] = (),
) -> Basis:
    """Return what an attempt at a stage would follow from now.

    Args:
        experiment: The experiment.
        stage: The stage.
        command: Its command, filled in.
        inputs: What it reads.
        config: The resolved configuration.
        cwd: Absolute directory that the command runs in.
        loaded: Files, relative to the data root, that its last attempt said it loaded as code.
    """
    by_alias: dict[str, dict[str, str]] = {}
    for each in inputs:
        by_alias.setdefault(each.alias, {})[each.path] = each.digest
    paths = sorted({*_code_paths(experiment.root, stage, command, cwd), *loaded})
    code = ((path, experiment.proven.digest(posixpath.join(experiment.root, path))) for path in paths)
    return Basis(
        command=_digest(list(command)),
        code=tuple(CodeFile(path, digest) for path, digest in code if digest is not None),
        config=_digest(_section(stage, config)),
        seed=_digest(stage.seed),
        inputs={alias: digest_of_set(files) for alias, files in by_alias.items()},
        declaration=_digest(msgspec.to_builtins(stage.writes)),
    )


def _digest(value: object) -> str:
    return digest_bytes(canonical_json(value))


def _section(stage: Stage, config: Mapping[str, object]) -> dict[str, object]:
    if stage.config is None:
        return dict(config)
    return {key: _at(config, key) for key in stage.config}


def _at(config: Mapping[str, object], key: str) -> object:
    value: object = config
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def _code_paths(root: str, stage: Stage, command: tuple[str, ...], cwd: str) -> Iterable[str]:
    """Return the files of the workspace that a command names, and those of the stage's globs."""
    prefix = root.rstrip("/") + "/"
    for argument in command:
        path = posixpath.normpath(posixpath.join(cwd, argument)) if argument and "\0" not in argument else ""
        if path.startswith(prefix) and os.path.isfile(path):
            yield path.removeprefix(prefix)
    for glob in stage.code:
        yield from matching_files(root, glob)
