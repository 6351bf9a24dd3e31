"""Stages that open what other stages wrote by another way than the alias.

Knows: which paths of an experiment belong to another stage, and what opening one comes to.
Does not know: who saw it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from runpact.model.finding import Finding, Severity
from runpact.model.pipeline.result import StageInput

MOST_TOLD = 20


def of_other_stages(paths: Iterable[str], *, stages: Collection[str], own: str) -> tuple[str, ...]:
    """Return the paths that name the directory of another stage, sorted.

    Args:
        paths: Relative to the experiment, as they were named.
        stages: `NN_slug` of all stages.
        own: `NN_slug` of the one that opened them.
    """
    return tuple(
        sorted(path for path in set(paths) if (first := path.split("/", 1)[0]) != own and first in stages)
    )


def judge_opened(
    opened: Iterable[str], inputs: Iterable[StageInput], *, name: str, has_aliases: bool = True
) -> Iterator[Finding]:
    """Yield what opening files in the directories of other stages comes to; paths relative to the experiment.

    A stage that reads what it declares, and only takes another way there, is warned; one that reads what
    it does not declare is in error: nobody would notice when that changes.

    Args:
        opened: What `of_other_stages` returns.
        inputs: What the stage was given to read.
        name: `NN_slug` of the stage.
        has_aliases: Aliases stand on disk; else a stage is told the very directories.
    """
    given = tuple(inputs)
    for path in [*opened][:MOST_TOLD]:
        found = next((each for each in given if f"{each.path}/".startswith(f"{path}/")), None)
        if found is not None and has_aliases and found.source == "manifest":
            yield Finding(
                code="bypassed-alias",
                severity=Severity.WARNING,
                path=path,
                message=f"stage {name} opened it by the directory of another stage",
                expected=f"the alias `{found.alias}`",
                got=path,
                hint=f"take the path from RUNPACT_INPUTS, or from `st.inputs[{found.alias!r}]`",
            )
        elif found is None:
            yield Finding(
                code="undeclared-input",
                severity=Severity.ERROR,
                path=path,
                message=f"stage {name} opened a file of another stage that it does not declare to read",
                expected="an alias under `reads:` of the stage",
                got=path,
                hint="declare it in the contract, and open it by its alias",
            )
