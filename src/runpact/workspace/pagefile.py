"""Pages that were written before, to be held against what would be written now.

Knows: what may be read as a page.
Does not know: what a page says.
"""

from __future__ import annotations

from runpact.disk.setup import read_text


def read_page(path: str) -> str:
    """Return a page that was written before; empty when there is none.

    Raises:
        CannotStartError: It cannot be read, or is no regular file.
    """
    return read_text(path)
