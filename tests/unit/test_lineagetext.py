"""Lineage as a tree, however long a chain is."""

from __future__ import annotations

from runpact.cli.lineagetext import tree_lines
from runpact.model.lineage import KnownMaker, lineage_of


def chain(length: int) -> list[KnownMaker]:
    """Return runs of which each is part of the one before, and the first of the last."""
    return [
        KnownMaker(key=f"k{n}", path=f"runs/r{n}", state="finished", parent=f"k{(n - 1) % length}")
        for n in range(length)
    ]


def test_a_circle_ends_where_it_began() -> None:
    lines = list(tree_lines(lineage_of("k0", chain(3)), is_up=True, is_down=False))
    assert lines[3:] == [
        "└── part of runs/r2  finished",
        "    └── part of runs/r1  finished",
        "        └── part of runs/r0  finished  (see above)",
    ]


def test_a_long_chain_is_told_to_its_end_in_lines_that_stay_readable() -> None:
    lines = list(tree_lines(lineage_of("k0", chain(5000)), is_up=True, is_down=True))
    assert sum("part of" in line for line in lines) == sum("holds" in line for line in lines) == 5000
    assert max(map(len, lines)) < 250


def test_branches_are_joined_by_lines() -> None:
    runs = [
        KnownMaker(key=key, path=f"runs/{key}", state="finished", parent=parent)
        for key, parent in (("a", None), ("b", "a"), ("c", "a"), ("d", "c"))
    ]
    lines = list(tree_lines(lineage_of("a", runs), is_up=False, is_down=True))
    assert lines[3:] == [
        "├── holds runs/c  finished",
        "│   └── holds runs/d  finished",
        "└── holds runs/b  finished",
    ]
