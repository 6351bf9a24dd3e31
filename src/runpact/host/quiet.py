"""Keeps libraries from writing on our streams.

Knows: which logger says what users are told better.
Does not know: what they are told.
"""

from __future__ import annotations

import functools


@functools.cache
def quiet_expressions() -> None:
    """Silence the expression engine about functions that raised: their rules say why they are undecided."""
    import logging  # noqa: PLC0415 - costs milliseconds that only expressions should pay

    logging.getLogger("cel").setLevel(logging.CRITICAL)
