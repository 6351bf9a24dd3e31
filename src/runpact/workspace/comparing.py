"""The front door to what runs have to do with each other.

Knows: which runs of a workspace a person means, and its contract.
Does not know: how anything is compared or drawn.
"""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from runpact.model.errors import UsageError

if TYPE_CHECKING:
    from runpact.model.compare.row import Comparison
    from runpact.model.lineage import Lineage
    from runpact.model.plot.heat import Heat
    from runpact.model.plot.picture import Drawing, Parallel, Picture
    from runpact.verbs.finding.tail import News  # noqa: TC004 - exported for annotations alone
    from runpact.workspace import Workspace

__all__ = ["News", "diff", "follow", "lineage", "patches", "plot", "plot_sweep"]


def diff(place: Workspace, references: Sequence[str], *, only: Collection[str] = ()) -> Comparison:
    """Return what differs between runs, by the rules of determinism of the first one's contract."""
    from runpact.verbs.judging.compare import compare

    directories = [place.resolve(reference) for reference in references]
    return compare(
        directories, root=place.data_root, contract=place.contract, is_named=place.is_named, only=only
    )


def patches(place: Workspace, references: Sequence[str]) -> tuple[str | None, ...]:
    """Return the stored diff of each run's code against its commit; None for a run that has none."""
    from runpact.verbs.judging.compare import stored_patches

    return stored_patches([place.resolve(reference) for reference in references])


def lineage(
    place: Workspace, reference: str, *, is_up: bool = True, is_down: bool = True, depth: int | None = None
) -> Lineage:
    """Return what a run was made from, and what was made from it."""
    from runpact.verbs.finding.lineage import trace

    return trace(
        place.data_root,
        place.resolve(reference),
        place.working_contract.contract,
        is_up=is_up,
        is_down=is_down,
        depth=depth,
    )


def follow(place: Workspace, reference: str, *, last: int | None, seconds: float) -> Iterator[News]:
    """Yield what happens to a run until it ends, looking every so many seconds."""
    from runpact.host.clock import wait
    from runpact.verbs.finding import tail

    return tail.follow(place.resolve(reference), last=last, pause=functools.partial(wait, seconds))


def plot(
    place: Workspace, references: Sequence[str], drawing: Drawing, *, output: str, where: str = ""
) -> Picture | Parallel:
    """Draw runs and write the picture.

    Args:
        place: The workspace.
        references: The runs; without any, those that a filter holds for.
        drawing: What to draw of them.
        output: File to write.
        where: The filter; an empty one holds for all.

    Raises:
        UsageError: Runs are named and asked for at once.
        FilterError: The filter is not understood.
    """
    from runpact.verbs.judging.plot import draw, write
    from runpact.workspace.finding import Question, page

    if references and where:
        raise UsageError("runs are either named or asked for", expected="RUN or --where", got="both")
    directories = [place.resolve(reference) for reference in references] or [
        run.directory for run in page(place, Question(filter=where, sort="started"))
    ]
    picture = draw(directories, drawing, root=place.data_root)
    write(picture, posixpath.normpath(posixpath.join(place.cwd, output)))
    return picture


def plot_sweep(
    place: Workspace, reference: str, form: str, *, output: str, is_log: bool | None = None
) -> Picture | Parallel | Heat:
    """Draw a sweep and write the picture.

    Args:
        place: The workspace.
        reference: The sweep.
        form: One of `model.sweep.picture.FORMS`.
        output: File to write.
        is_log: The axis of the objective is logarithmic; by default as the values suggest.

    Raises:
        CannotStartError: It is no sweep, or none of its trials is ranked.
    """
    from runpact.model.sweep.picture import sweep_picture
    from runpact.verbs.judging.plot import write
    from runpact.workspace.goingon import trials_of

    plan, ends = trials_of(place, reference)
    picture = sweep_picture(plan, ends, form, is_log=is_log)
    write(picture, posixpath.normpath(posixpath.join(place.cwd, output)))
    return picture
