"""Keep checkpoints of a training in its run.

Knows: who writes the bytes of which sort of state, what is removed afterwards.
Does not know: any framework, how bytes reach the disk.

1. Prepare the bytes; a program's own writer writes beside the place, under a name that nobody takes for it.
2. Put them in the place of the checkpoint of that name, whole.
3. Append an event: step, metrics, digest.
4. Remove what it replaced under another suffix, and numbered ones beyond the last `keep`.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping

from runpact.disk.layout import TEMPORARY
from runpact.disk.source import read_chunks
from runpact.formats.encode import encode_value, plain_data
from runpact.formats.registry import formats_named
from runpact.formats.sniff import HEAD, sniff
from runpact.model.checkpoints import DROPPED, FOLDER, beyond, displaced, stem_of_checkpoint, whole_step
from runpact.model.errors import CannotStartError, UsageError, ValueRefusedError
from runpact.model.judge.formats import rule_at
from runpact.model.names import check_name
from runpact.model.recovery import CHECKPOINT, SAVED
from runpact.verbs.life.opened import OpenRun

State = Mapping[str, object] | os.PathLike[str] | Callable[[str], object]
"""Arrays by name, a file to copy, or what writes a file whose path it is given."""
_MAPPING_FORMAT, _CALLED_FORMAT = "npz", "pt"


def keep_checkpoint(
    run: OpenRun,
    name: str | int,
    state: State,
    *,
    step: int | None = None,
    metrics: Mapping[str, float] | None = None,
    keep: int | None = None,
    suffix: str | None = None,
) -> str:
    """Store a checkpoint in the place of the one of that name; return its absolute path.

    Args:
        run: Open.
        name: `best`, `last`, another name, or a step.
        state: Arrays by name, a file to copy, or what writes a file.
        step: The caller's own counter.
        metrics: What was measured then.
        keep: How many numbered checkpoints stay, of those the last written; says nothing of one with a name.
        suffix: Of the file, without its dot; by default as the state says.

    Raises:
        UsageError: A name, a step or a number is none.
        ValueRefusedError: The state cannot be written without pickle, or a metric is not finite.
        StorageError: Nothing was stored; the older one still stands.
    """
    stem, own = stem_of_checkpoint(name)
    if keep is not None and (isinstance(keep, bool) or not isinstance(keep, int) or keep < 1):
        raise UsageError(
            "`keep` is how many numbered checkpoints stay",
            expected="a whole number from 1; without `keep` all of them stay",
            got=f"{keep!r:.60}",
        )
    said: dict[str, object] = {"name": stem, "metrics": _measured(metrics)}
    number = own if step is None else whole_step(step)
    if number is not None:
        said["step"] = number
    path = posixpath.join(FOLDER, f"{stem}.{_suffix_of(state, suffix)}")
    _demand_format(run, path)
    run.stored.pop(path, None)  # whatever is refused from here on, the file is hashed anew before the seal
    stored = run.writer.store(path, _bytes_of(run, path, state), replaces=True)
    run.stored[path] = stored
    run.note(SAVED, path=path, size=stored.size, digest=stored.digest, **{CHECKPOINT: said})
    names = [each for each in run.stored if posixpath.dirname(each) == FOLDER]
    _drop(run, displaced(names, path))
    _drop(run, beyond(names, keep) if keep is not None and own is not None else ())
    return run.writer.paths.at(path)


def _drop(run: OpenRun, paths: Iterable[str]) -> None:
    for path in paths:
        run.note(DROPPED, path=path)
        run.writer.discard(path)
        run.stored.pop(path, None)


def _demand_format(run: OpenRun, path: str) -> None:
    """Make sure that the contract takes a file of this name, before anything is written."""
    rule = rule_at(path, run.kind.formats)
    if rule is not None and rule.allow and not {each.name for each in formats_named(path)} & {*rule.allow}:
        raise ValueRefusedError(
            f"the contract takes no checkpoint of this format{f' ({rule.id})' if rule.id else ''}",
            at=path,
            expected=" or ".join(rule.allow),
            got=posixpath.basename(path),
            hint="say `suffix=`, keep arrays by name, or give a writer that writes such a file",
        )


def _suffix_of(state: State, suffix: str | None) -> str:
    if suffix is not None:
        return check_name(suffix.removeprefix("."), what="suffix")
    if isinstance(state, Mapping):
        return _MAPPING_FORMAT
    if isinstance(state, os.PathLike):
        return posixpath.splitext(os.fspath(state))[1].removeprefix(".") or _CALLED_FORMAT
    return _CALLED_FORMAT


def _bytes_of(run: OpenRun, path: str, state: State) -> Iterable[bytes]:
    if isinstance(state, Mapping):
        return [encode_value(state, posixpath.splitext(path)[1])[0]]
    if isinstance(state, os.PathLike):
        return _without_pickle(read_chunks(os.fspath(state)), path)
    if callable(state):
        return _called(run, path, state)
    raise UsageError(
        "this is no state to keep",
        expected="arrays by name, a `pathlib.Path`, or what writes a file",
        got=type(state).__name__,
        hint="run.checkpoint(name, lambda path: torch.save(model.state_dict(), path))",
    )


def _called(run: OpenRun, path: str, write: Callable[[str], object]) -> Iterator[bytes]:
    """Yield what a program writes to a path that it is given; the file is removed again."""
    beside = posixpath.join(FOLDER, f"{TEMPORARY}{os.getpid()}-own-{posixpath.basename(path)}")
    temporary = run.writer.make_room(beside)
    try:
        write(temporary)
        if not os.path.lexists(temporary):
            raise CannotStartError(
                "the writer of a checkpoint wrote nothing",
                at=path,
                expected="a file at the path that it is given",
                got="none there",
                hint="run.checkpoint(name, lambda path: torch.save(model.state_dict(), path))",
            )
        yield from _without_pickle(read_chunks(temporary), path)
    finally:
        run.writer.discard(beside)


def _without_pickle(chunks: Iterable[bytes], path: str) -> Iterator[bytes]:
    """Yield chunks of a file unless it is a bare pickle."""
    is_first = True
    for chunk in chunks:
        if is_first and sniff(chunk[:HEAD]) == "pickle":
            raise ValueRefusedError(
                f"`{path}` would be a pickle, which runs code when it is read",
                at=path,
                expected="npz, safetensors, or what `torch.save` writes (a zip)",
                got="pickle",
                hint="keep arrays by name: run.checkpoint(name, {...})",
            )
        is_first = False
        yield chunk


def _measured(metrics: Mapping[str, float] | None) -> dict[str, float]:
    if metrics is not None and not isinstance(metrics, Mapping):
        raise UsageError("metrics are a mapping", expected="a number by name", got=f"{metrics!r:.60}")
    measured = {}
    for name, value in (metrics or {}).items():
        plain = plain_data(value)
        if isinstance(plain, bool) or not isinstance(plain, int | float):
            raise ValueRefusedError(
                f"metric `{name}` is not a number", expected="a finite number", got=f"{value!r:.60}"
            )
        measured[str(name)] = float(plain)
    return measured
