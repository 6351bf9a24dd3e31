"""Certificates side by side: what they say, never what would follow today.

Knows: which fields are told first, and when two certificates speak of different things.
Does not know: files, how a certificate is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from runpact.model.evidence.certificate import without_volatile

FIRST = (
    "/decision",
    "/policy_provenance/tier",
    "/policy_provenance/policy_digest",
    "/run_id",
    "/baseline/run_id",
    "/primary_metric/kind",
    "/primary_metric/final",
    "/primary_metric/baseline_final",
    "/primary_metric/ratio_vs_baseline",
    "/primary_metric/difference_vs_baseline",
    "/primary_metric/display_ci/0",
    "/primary_metric/display_ci/1",
    "/statistics/windows",
)
"""Fields that are told of every certificate."""
_SAME = {
    "/dataset/windows/schedule": "they were evaluated on other windows",
    "/policy_provenance/policy_digest": "they were judged by other policies",
    "/baseline/run_id": "they are compared with other baselines",
    "/primary_metric/kind": "they measure other metrics",
}
"""Fields that have to be equal for the numbers to be comparable, and what it means when they are not."""


class SideRow(msgspec.Struct, frozen=True, kw_only=True):
    """One field of several certificates."""

    at: str
    """JSON pointer."""
    values: tuple[object, ...]
    """None where it is null or not there."""

    @property
    def is_equal(self) -> bool:
        """Whether all of them say the same."""
        return all(_is_same(value, self.values[0]) for value in self.values)


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """Several certificates, field by field."""

    rows: tuple[SideRow, ...]
    remarks: tuple[str, ...]
    """Why their numbers cannot be compared."""

    @property
    def is_equal(self) -> bool:
        """Whether they say the same, volatile fields apart."""
        return all(row.is_equal for row in self.rows)

    @property
    def told(self) -> tuple[SideRow, ...]:
        """The rows that are told: the first ones, and whatever differs."""
        return tuple(row for row in self.rows if row.at in FIRST or not row.is_equal)


def side_by_side(documents: Sequence[Mapping[str, object]]) -> Side:
    """Return certificates field by field.

    Args:
        documents: Each as it stands, two or more.
    """
    flat = [dict(_leaves("", without_volatile(document))) for document in documents]
    keys = dict.fromkeys((*FIRST, *(key for leaves in flat for key in leaves)))
    rows = tuple(SideRow(at=key, values=tuple(leaves.get(key) for leaves in flat)) for key in keys)
    remarks = tuple(_SAME[row.at] for row in rows if row.at in _SAME and not row.is_equal)
    return Side(rows=rows, remarks=remarks)


def _leaves(at: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{at}/{key}", inner)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _leaves(f"{at}/{number}", inner)
    else:
        yield at, value


def _is_same(one: object, other: object) -> bool:
    """Whether two leaves are equal; `true` is no number."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)
