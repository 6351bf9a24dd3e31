"""Make a golden record of a run.

Knows: what is held of each sort of file, and when a run is fit to be held.
Does not know: where golden records stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from runpact.formats.arrayvalues import LoadedValues
from runpact.formats.heldvalues import hold_values
from runpact.host.clock import now
from runpact.model.compare.allowance import FileAllowance
from runpact.model.contract.language import LoadedContract
from runpact.model.errors import CannotStartError
from runpact.model.facts import ArraysFact, DocumentFact, FormatFault, TableFact
from runpact.model.golden.record import (
    MOST_BYTES,
    Golden,
    HeldArray,
    HeldFile,
    encode_golden,
    without_volatile,
)
from runpact.model.run import State
from runpact.verbs.golden.subject import Subject, subject


def hold_run(
    directory: str, *, name: str, root: str, loaded: LoadedContract, chosen: Sequence[str], most: int
) -> tuple[Golden, bytes]:
    """Return the golden record of a run, and its bytes.

    Args:
        directory: Absolute, of the run.
        name: Of the record.
        root: Absolute data root.
        loaded: The contract that says what may differ.
        chosen: Globs of the files to hold; by default everything that may not differ.
        most: Most values of one array.

    Raises:
        CannotStartError: The run is not finished or out of date, or what it made cannot be held.
    """
    held = subject(directory, root=root, loaded=loaded, chosen=chosen)
    _demand_fit(held)
    golden = Golden(
        name=name,
        recorded=now(),
        run=held.record.id,
        uid=held.record.uid,
        kind=held.record.kind,
        contract=held.record.contract,
        config_digest=held.config_digest,
        chosen=tuple(chosen),
        files=tuple(_held_files(held, most)),
    )
    if not golden.files:
        raise CannotStartError(
            f"`{held.side.shown}` made nothing that a golden record would hold",
            at=directory,
            expected="files that the contract does not let differ"
            + (" and that --files names" * bool(chosen)),
            got="none",
        )
    return golden, _encoded(golden)


def _demand_fit(held: Subject) -> None:
    """Make sure that later runs may be held against this one.

    Raises:
        CannotStartError: It is not finished, a stage is out of date, or a file is not as it was sealed.
    """
    stages = {path.partition("/")[0] for path in held.side.files}
    stale = next((f"{name}: {why}" for name, why in held.unusable.items() if name in stages), None)
    altered = next((f"{path} is not the file that was sealed" for path in held.altered), None)
    if held.standing.state is not State.FINISHED or stale is not None or altered is not None:
        raise CannotStartError(
            f"`{held.side.shown}` is not fit to be a golden run",
            expected="a finished run that is up to date",
            got=stale or altered or f"{held.standing.state.value} {held.standing.reason}".rstrip(),
        )


def _held_files(held: Subject, most: int) -> Iterator[HeldFile]:
    for path in sorted(held.side.files):
        allowance = held.allowance.of_file(path)
        if not allowance.is_volatile(()):
            yield _held(path, held, allowance, most)


def _held(path: str, held: Subject, allowance: FileAllowance, most: int) -> HeldFile:
    digest, form = held.side.files[path].digest, held.forms.form_of(path)
    facts = held.side.contents.facts(path, form)
    if isinstance(facts, DocumentFact):
        return HeldFile(path=path, digest=digest, document=without_volatile(facts.value, allowance))
    if isinstance(facts, TableFact):
        rows = held.side.contents.rows(path, form)
        if isinstance(rows, FormatFault):
            raise _cannot_hold(path, rows.message)
        kept = without_volatile(rows, allowance)
        return HeldFile(path=path, digest=digest, rows=kept)  # type: ignore[arg-type]  # rows without some cells are rows
    if isinstance(facts, ArraysFact):
        return HeldFile(path=path, digest=digest, arrays=_held_arrays(path, facts, held, allowance, most))
    if isinstance(facts, FormatFault) and facts.code != "not-a-document":
        raise _cannot_hold(path, facts.message)
    return HeldFile(path=path, digest=digest)


def _held_arrays(
    path: str, facts: ArraysFact, held: Subject, allowance: FileAllowance, most: int
) -> dict[str, HeldArray]:
    found: dict[str, HeldArray] = {}
    for fact in facts.arrays:
        if allowance.is_volatile((fact.name,) if fact.name else ()):
            continue
        values = held.side.contents.values(path, fact.name)
        if not isinstance(values, LoadedValues):
            raise _cannot_hold(f"{path}#/{fact.name}", str(values))
        found[fact.name] = hold_values(values, fact, most)
    return found


def _encoded(golden: Golden) -> bytes:
    data = encode_golden(golden)
    if len(data) <= MOST_BYTES:
        return data
    greatest = sorted(golden.files, key=lambda file: -len(msgspec.json.encode(file)))
    raise CannotStartError(
        "the golden record would be too large to be kept beside code",
        expected=f"at most {MOST_BYTES // 1024**2} MB",
        got=f"{len(data) / 1024**2:.0f} MB, most of it in {', '.join(file.path for file in greatest[:3])}",
        hint="choose files with --files, hold fewer values of an array with --values, or let the contract "
        "say that a file is volatile",
    )


def _cannot_hold(path: str, reason: str) -> CannotStartError:
    return CannotStartError(
        f"`{path}` cannot be held in a golden record",
        expected="a file whose values can be read",
        got=reason,
        hint="leave it out with --files, or let the contract say that it is volatile",
    )
