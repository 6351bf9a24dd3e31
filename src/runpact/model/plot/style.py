"""Colours and dashes that people with any colour vision tell apart.

Knows: the palette and its order.
Does not know: what is drawn.

Source:
    Okabe and Ito, Color Universal Design (2008), without the yellow, which is too light on white; the ramp
    takes its steps from the colour map "viridis" (public domain), which is even in lightness.
"""

from __future__ import annotations

from typing import NamedTuple

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#56B4E9", "#E69F00")
DASHES = ("", "7 4", "2 3", "9 3 2 3")
RAMP = (
    "#440154", "#482878", "#3E4A89", "#31688E", "#26828E", "#1F9E89", "#35B779", "#6DCD59", "#B4DE2C",
)  # fmt: skip
"""From low to high."""


class Style(NamedTuple):
    """How one line looks."""

    colour: str
    dash: str


def style_of(number: int) -> Style:
    """Return the look of a line by its number; 28 lines look different."""
    return Style(COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)])


def ramp_colour(share: float) -> str:
    """Return the colour of a value between the lowest, 0, and the highest, 1."""
    return RAMP[min(int(share * len(RAMP)), len(RAMP) - 1)]
