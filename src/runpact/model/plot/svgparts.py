"""Pieces of SVG.

Knows: how an element is written safely, where a value stands in a frame.
Does not know: what is drawn.
"""

from __future__ import annotations

import html
from typing import NamedTuple

WIDTH, HEIGHT = 860, 480
"""Of a picture, pixels."""
TOP, BOTTOM, RIGHT = 46, 58, 24
"""Margins of a picture, pixels."""
LETTER = 6.6
"""Mean width of a letter of the labels, pixels."""


class Frame(NamedTuple):
    """The rectangle that values are drawn in."""

    left: float
    top: float
    width: float
    height: float

    def x(self, position: float) -> float:
        """Return where a share of the width stands."""
        return round(self.left + position * self.width, 2)

    def y(self, position: float) -> float:
        """Return where a share of the height stands, counted from below."""
        return round(self.top + (1 - position) * self.height, 2)


MIDDLE: dict[str, str] = {"text-anchor": "middle"}
END: dict[str, str] = {"text-anchor": "end"}
LINE: dict[str, str] = {"fill": "none", "stroke-linejoin": "round"}


def tag(name: str, text: str | None = None, /, **attributes: str | float) -> str:
    """Return an element; an underscore in an attribute's name stands for a hyphen."""
    told = "".join(f' {key.replace("_", "-")}="{_safe(str(value))}"' for key, value in attributes.items())
    return f"<{name}{told}/>" if text is None else f"<{name}{told}>{_safe(text)}</{name}>"


def _safe(text: str) -> str:
    """Return a text that is safe in SVG: no markup, and nothing that XML has no place for."""
    return html.escape("".join(c if c.isprintable() else "�" for c in text))
