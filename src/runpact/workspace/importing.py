"""Imports of a workspace: a legacy folder found, an experiment made for it.

Knows: by which rules a folder is read, where the experiment stands.
Does not know: how files are recognised or copied.
"""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from runpact.model.errors import CannotStartError
from runpact.workspace.pipelines import directory_of_experiment, experiment_meant, kind_of

if TYPE_CHECKING:
    from runpact.model.contract.language import Kind
    from runpact.model.pipeline.legacy import ImportRule, Mode
    from runpact.verbs.pipeline.import_legacy import ImportEnd
    from runpact.workspace import Workspace
    from runpact.workspace.pipelines import Ordered


def import_folder(
    place: Workspace, folder: str, ordered: Ordered, *, mode: Mode, rules_file: str | None
) -> tuple[str, ImportEnd]:
    """Take over a legacy folder as an experiment, made when it is new; return its directory as well.

    Args:
        place: The workspace.
        folder: The legacy folder, relative to the current directory.
        ordered: Name, kind and configuration of the experiment.
        mode: Whether files are copied or linked.
        rules_file: A map of aliases to patterns.

    Raises:
        CannotStartError: The folder is not there or not recognised, or `name` is another experiment.
        ConfigError: The experiment was begun with another configuration.
        MalformedDocumentError: The rules cannot be read.
    """
    from runpact.verbs.pipeline.import_legacy import import_legacy, plan

    source = os.path.realpath(posixpath.join(place.cwd, folder))
    if not os.path.isdir(source):
        is_there = os.path.lexists(source)
        raise CannotStartError(
            f"`{folder}` is no folder" if is_there else f"no folder at `{folder}`",
            at=folder,
            expected="a legacy folder",
            got="a file, or something else" if is_there else "nothing",
            hint="name the folder that it stands in" if is_there else "check the path",
        )
    name, kind_name = ordered.experiment, kind_of(place, ordered.kind)
    declared = place.lint().contract.kinds[kind_name]
    directory = directory_of_experiment(place, declared, name)
    if f"{directory}/".startswith(f"{source}/") or f"{source}/".startswith(f"{os.path.realpath(directory)}/"):
        raise CannotStartError(
            f"`{folder}` and the experiment `{name}` stand in each other",
            at=source,
            hint="name the older folder",
        )
    planned = plan(source, _rules(place, declared, rules_file))
    experiment = experiment_meant(place, kind_name, ordered)
    return directory, import_legacy(experiment, source, planned, mode=mode)


def _rules(place: Workspace, kind: Kind, rules_file: str | None) -> tuple[ImportRule, ...]:
    """Return the rules by which files are recognised: those of a file, then those of the contract."""
    from runpact.model.pipeline.graph import Graph
    from runpact.model.pipeline.legacy import read_rules, usual_rules

    own: tuple[ImportRule, ...] = ()
    if rules_file is not None:
        own = read_rules(place.read(rules_file, None).value, Graph(kind).writer, rules_file)
    return (*own, *usual_rules(kind))
