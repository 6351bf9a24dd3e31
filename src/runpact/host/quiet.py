"""Keeps libraries from writing on our streams.

Knows: which logger says what users are told better.
Does not know: what they are told.
"""

from __future__ import annotations

import functools


@functools.cache
def quiet_expressions() -> None:
    """Silence what the expression engine says of a function that raised: its rule is undecided and says why."""
    import logging  # noqa: PLC0415 - costs milliseconds that only expressions should pay

    logging.getLogger("cel").setLevel(logging.CRITICAL)
