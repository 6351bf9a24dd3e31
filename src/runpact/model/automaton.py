"""A matcher for regular expressions whose time grows with the text alone.

Knows: how to try every way through an expression at most once for each place in a text.
Does not know: which expressions need it.

Source:
    Russ Cox, "Regular Expression Matching: the Virtual Machine Approach", on bounded backtracking.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from runpact.model.regextree import ENDLESS, Chars, Either, Repeat, Several, Spot, Tree

MOST_STATES = 4000
"""Largest expression, its counted repetitions written out."""


class _Step(msgspec.Struct):
    """One instruction: what to do, with which expression, and where to go on."""

    word: Literal["take", "look", "split", "save", "end"]
    expression: re.Pattern[str] | None = None
    slot: int = 0
    other: int = 0
    """Where a split goes on if its first way fails."""


class Automaton:
    """An expression as a program."""

    def __init__(self, tree: Tree, groups: int) -> None:
        """Write the program; `size_of` says beforehand how long it is."""
        self._steps: list[_Step] = []
        self._slots = 2 * groups
        self._write(tree)
        self._steps.append(_Step("end"))

    def fullmatch(self, text: str) -> tuple[str, ...] | None:
        """Return the whole text and its groups, empty without a part in it; None when it does not match."""
        width = len(text) + 1
        seen = bytearray(width * len(self._steps))
        waiting: list[tuple[int, int, tuple[int, ...]]] = [(0, 0, (-1,) * self._slots)]
        while waiting:
            number, place, slots = waiting.pop()
            while not seen[number * width + place]:
                seen[number * width + place] = 1
                step = self._steps[number]
                if step.word == "end":
                    if place == len(text):
                        return (text, *_groups(text, slots))
                    break
                if step.expression is not None:
                    if step.expression.match(text, place) is None:
                        break
                    place += step.word == "take"
                elif step.word == "save":
                    slots = (*slots[: step.slot], place, *slots[step.slot + 1 :])
                else:
                    waiting.append((step.other, place, slots))
                    number = step.slot
                    continue
                number += 1
        return None

    def _write(self, tree: Tree) -> None:
        match tree:
            case Chars():
                self._steps.append(_Step("take", re.compile(tree.source)))
            case Spot():
                self._steps.append(_Step("look", re.compile(tree.source)))
            case Several():
                self._save(tree.group, 0)
                for part in tree.parts:
                    self._write(part)
                self._save(tree.group, 1)
            case Either():
                self._either(tree.ways)
            case _:
                self._repeat(tree)

    def _save(self, group: int | None, side: int) -> None:
        if group is not None:
            self._steps.append(_Step("save", slot=2 * (group - 1) + side))

    def _split(self) -> _Step:
        step = _Step("split")
        self._steps.append(step)
        return step

    def _here(self) -> int:
        return len(self._steps)

    def _either(self, ways: tuple[Tree, ...]) -> None:
        ends: list[_Step] = []
        for way in ways[:-1]:
            split = self._split()
            split.slot = self._here()
            self._write(way)
            ends.append(self._split())
            split.other = self._here()
        self._write(ways[-1])
        for end in ends:
            end.slot = end.other = self._here()

    def _repeat(self, tree: Repeat) -> None:
        for _time in range(tree.least):
            self._write(tree.part)
        if tree.most == ENDLESS:
            start = self._here()
            split = self._split()
            self._write(tree.part)
            back = self._split()
            back.slot = back.other = start
            self._point([split], start + 1, is_lazy=tree.is_lazy)
            return
        splits: list[_Step] = []
        for _time in range(tree.most - tree.least):
            splits.append(self._split())
            splits[-1].slot = self._here()
            self._write(tree.part)
        self._point(splits, None, is_lazy=tree.is_lazy)

    def _point(self, splits: list[_Step], inner: int | None, *, is_lazy: bool) -> None:
        """Let splits go into the part first and behind it then, or the other way round."""
        for split in splits:
            into = split.slot if inner is None else inner
            split.slot, split.other = (self._here(), into) if is_lazy else (into, self._here())


def size_of(tree: Tree) -> int:
    """Return how many steps the program of an expression has at most."""
    match tree:
        case Several():
            return 2 + sum(map(size_of, tree.parts))
        case Either():
            return sum(map(size_of, tree.ways)) + 2 * len(tree.ways)
        case Repeat():
            times = tree.least + 1 if tree.most == ENDLESS else tree.most
            return times * (size_of(tree.part) + 2)
    return 1


def _groups(text: str, slots: tuple[int, ...]) -> list[str]:
    return [text[start:end] for start, end in zip(slots[::2], slots[1::2], strict=True)]
