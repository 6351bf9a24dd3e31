"""Where a run departs from a golden record, and by how much.

Knows: how rows of a comparison become departures, which of them weigh what.
Does not know: how values are compared.
"""

# No deferred annotations: the encoder would evaluate each as text, which costs every command milliseconds.

from collections.abc import Container, Iterable, Iterator
from typing import Literal

import msgspec

from runpact.model.compare.allowance import Allowance
from runpact.model.compare.row import TOLD, Likeness, Row
from runpact.model.compare.values import number_in
from runpact.model.contract.rule import Tolerance
from runpact.model.facts import Json
from runpact.model.finding import Verdict, worst

What = Literal["different", "missing", "undecided", "added"]
_WEIGHT: dict[What, Verdict] = {
    "different": Verdict.ERROR,
    "missing": Verdict.INCOMPLETE,
    "undecided": Verdict.INCOMPLETE,
    "added": Verdict.WARNING,
}


class Departure(msgspec.Struct, frozen=True, kw_only=True):
    """One place where a run is not as its golden record."""

    what: What
    """`missing`: the record has it, the run has not; `added`: the other way round."""
    path: str
    """File, relative to the run; a stream of metrics stands here by its own path."""
    pointer: str = ""
    """JSON pointer of the value in its document or table, or name of the array; empty for the whole file."""
    index: str = ""
    """Of the value in its array, `[3, 4]`."""
    golden: Json = None
    now: Json = None
    absolute_error: float | None = None
    """Distance of two numbers; None where they are none."""
    relative_error: float | None = None
    """The distance, divided by the greater of both magnitudes."""
    tolerance: Tolerance | None = None
    """What the contract allows there; None where there are no numbers."""
    remark: str = ""


class GoldenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is to a golden record."""

    name: str
    run: str
    """Its directory, as it is shown."""
    departures: tuple[Departure, ...]
    compared: int
    """Files and streams that were held against each other."""
    equal: int
    """Those of them that are equal, byte for byte or as the contract allows."""
    tolerated: int
    """Those of the equal ones that have other bytes."""

    @property
    def verdict(self) -> Verdict:
        """The worst of all departures; INCOMPLETE when nothing was compared."""
        if not self.compared:
            return Verdict.INCOMPLETE
        return worst(_WEIGHT[each.what] for each in self.departures)


def departures(rows: Iterable[Row], allowance: Allowance, tables: Container[str] = ()) -> Iterator[Departure]:
    """Yield where the second run of a comparison departs from the first.

    A file whose values tell where it departs is not told once more.

    Args:
        rows: Of files, each followed by its values, as `artifact_rows` yields them.
        allowance: What the contract lets differ.
        tables: Paths of files whose texts may be numbers.
    """
    file: Row | None = None
    is_told = True
    for row in rows:
        if file is not None and row.key.startswith(f"{file.key}#"):
            if row.likeness in TOLD:
                is_told = True
                pointer = row.key[len(file.key) + 1 :]
                yield _departure(row, file.key, pointer, allowance, is_table=file.key in tables)
            continue
        if file is not None and not is_told:
            yield _departure(file, file.key, "", allowance)
        file, is_told = row, row.likeness not in TOLD
    if file is not None and not is_told:
        yield _departure(file, file.key, "", allowance)


def counted(rows: Iterable[Row], paths: Iterable[str]) -> tuple[int, int, int]:
    """Return how many files were compared, how many are equal, and how many of those have other bytes."""
    wanted = frozenset(paths)
    files = [row for row in rows if row.key in wanted and row.likeness is not Likeness.VOLATILE]
    equal = [row for row in files if row.likeness not in TOLD]
    return len(files), len(equal), sum(row.likeness is Likeness.TOLERATED for row in equal)


def _departure(
    row: Row, path: str, pointer: str, allowance: Allowance, *, is_table: bool = False
) -> Departure:
    what: What = "undecided" if row.likeness is Likeness.UNDECIDED else "different"
    if row.absent:
        what = "missing" if 1 in row.absent else "added"
    golden, now = (row.apart.first, row.apart.other) if row.apart else row.values
    one, two = (number_in(each, is_table=is_table) for each in (golden, now))
    gap = abs(one - two) if one is not None and two is not None else None
    greatest = max(abs(one or 0), abs(two or 0))
    parts = tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    return Departure(
        what=what,
        path=path,
        pointer=pointer,
        index=row.apart.where if row.apart else "",
        golden=golden,
        now=now,
        absolute_error=gap,
        relative_error=gap / greatest if gap is not None and greatest else gap,
        tolerance=allowance.of_file(path).tolerance(parts) if gap is not None else None,
        remark=row.remark,
    )
