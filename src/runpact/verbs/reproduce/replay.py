"""Make a run again: a clean tree, an environment, the command; then move the new run to the others.

Knows: the order of the steps, what the new run is told, what is let go whatever happens.
Does not know: how git, uv and pip are asked, how the outcome is compared.

1. Hold a folder below the cache. 2. A clean tree at the commit, the stored diff and files over it. 3. Lend
the inputs that no commit holds. 4. An environment, unless the present one has the same packages. 5. The
command, fenced into that tree. 6. Look what it made. 7. Move the new run to the others. 8. Let the tree go.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping

import msgspec

from runpact.disk.discover import find_recorded
from runpact.disk.placed import give_place
from runpact.disk.rebuilt import TREE, held_home, keep_home, last_words, remove_stale
from runpact.host.signals import Terminated, putting_off_the_end, raise_again, raising_on_termination
from runpact.host.worktree import Trees
from runpact.model.contract.language import LoadedContract
from runpact.model.reproduce.answer import Reproduced
from runpact.model.reproduce.ingredients import ENVIRONMENT, Ingredient
from runpact.model.run import RunRecord
from runpact.verbs.finding.places import named_by, place_folders
from runpact.verbs.finding.standing import stand
from runpact.verbs.life.start import candidates
from runpact.verbs.reproduce.command import Way, child_environment, run_again
from runpact.verbs.reproduce.outcome import outcome_of
from runpact.verbs.reproduce.place import Again, MissingError, Programs, lay_tree, programs_of
from runpact.verbs.reproduce.plan import Original

_Made = tuple[RunRecord, str]
"""A run that was made, with its absolute directory."""


def replay(
    root: str, original: Original, *, loaded: LoadedContract, environ: Mapping[str, str], way: Way
) -> Reproduced:
    """Make a run again and say whether it came out the same.

    Args:
        root: Absolute data root.
        original: The run, with all of its ingredients.
        loaded: The workspace's contract; says what may differ.
        environ: Environment of this process.
        way: How it is done.

    Raises:
        KeyboardInterrupt: Somebody stopped it; nothing is left behind but a tree that was to be kept.
        Terminated: The same, by another signal.
        StorageError: There is no room for it.
    """
    trees = Trees(original.top, environ)
    remove_stale(root, trees.remove)
    with raising_on_termination(), held_home(root, is_kept=way.is_kept) as home:
        tree = posixpath.join(home, TREE)
        inside = posixpath.relpath(os.path.realpath(root), os.path.realpath(original.top))
        again = Again(
            home=home, tree=tree, there=posixpath.normpath(posixpath.join(tree, inside)), trees=trees
        )
        try:
            answer, made = _made(root, original, again, loaded, environ, way)
        except MissingError as error:
            answer = _not_reproducible(original, error.ingredient)
        except (KeyboardInterrupt, Terminated):
            left = f"what there is of it stays in {home}" if way.is_kept else "nothing of it is kept"
            way.tell(f"stopped: no run was added, {left}")
            raise
        else:
            with putting_off_the_end():
                answer = _with_run(answer, made, again.there, root, loaded)
        finally:
            if way.is_kept:
                keep_home(home)
            else:
                trees.remove(tree)
    return msgspec.structs.replace(answer, kept=tree if way.is_kept else "")


def _made(
    root: str,
    original: Original,
    again: Again,
    loaded: LoadedContract,
    environ: Mapping[str, str],
    way: Way,
) -> tuple[Reproduced, _Made | None]:
    """Return what came of it, and the new run where one was made; it stands in the tree."""
    way.tell(f"a clean tree at {original.origin.code.commit[:12]}")
    lay_tree(original, again)
    programs = programs_of(original, again, environ, way.tell)
    child = child_environment(original, again, programs, environ)
    way.tell(f"running {' '.join(original.plan.command)}")
    end = run_again(original, again, child, way)
    if end.interrupted_by is not None:
        raise_again(end.interrupted_by)
    made = _new_run(again.there, original.record.uid)
    if made is None:
        said = last_words(again.home)
        remark = f"the command made no run; it ended with {end.exit_code}: {said}"
        return Reproduced(word="differs", plan=original.plan, remarks=(remark,)), None
    _demand_runpact(programs, original, made[1])
    way.tell("comparing")
    answer = outcome_of(original, made[1], root=root, there=again.there, loaded=loaded)
    return answer, made


def _demand_runpact(programs: Programs, original: Original, directory: str) -> None:
    """Make sure that a command which ended otherwise was not let down by an environment without runpact."""
    if programs.lacking is not None and stand(directory)[1].state is not original.state:
        raise MissingError(ENVIRONMENT, programs.lacking)


def _not_reproducible(original: Original, missing: Ingredient) -> Reproduced:
    kept = [each for each in original.plan.ingredients if each.name != missing.name]
    plan = msgspec.structs.replace(original.plan, ingredients=(*kept, missing))
    return Reproduced(word="not reproducible", plan=plan)


def _new_run(there: str, uid: str) -> _Made | None:
    """Return the run that names the original, with its directory; the newest of several."""
    found: list[_Made] = []
    for path in find_recorded(there):
        directory = posixpath.normpath(posixpath.join(there, path))
        record = stand(directory)[0].record
        if record is not None and record.reproduces == uid:
            found.append((record, directory))
    return max(found, key=lambda each: each[0].started, default=None)


def _with_run(
    answer: Reproduced, made: _Made | None, there: str, root: str, loaded: LoadedContract
) -> Reproduced:
    """Move the new run to the others, with the places that it owns elsewhere, under a name that is free."""
    if made is None:
        return answer
    record, directory = made
    kind = loaded.contract.kinds[record.kind]
    names = candidates(posixpath.relpath(directory, there), kind.clash)
    path = next(path for path in names if give_place(directory, posixpath.join(root, path), what="run"))
    for owned in place_folders(kind, there, named_by(record)).values():
        if os.path.isdir(owned):
            give_place(owned, posixpath.join(root, posixpath.relpath(owned, there)), what="place of a run")
    return msgspec.structs.replace(answer, run=path, uid=record.uid)
