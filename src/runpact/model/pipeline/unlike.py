"""What tells two configurations apart, in words.

Knows: how many keys a person is shown, and how much of a value.
Does not know: which of the two is right.
"""

from __future__ import annotations

import msgspec

from runpact.model.compare.allowance import FileAllowance
from runpact.model.compare.row import ABSENT
from runpact.model.compare.values import differences
from runpact.model.facts import Json

_MOST_NAMED = 3
_MOST_SHOWN = 60
_EXACT = FileAllowance((), ())


def told_apart(own: Json, given: Json) -> tuple[str, str]:
    """Return the keys whose values differ, with the values of the one and with those of the other.

    Both are empty for documents that differ in nothing but how a number is written.

    Args:
        own: A configuration.
        given: Another one.
    """
    found = list(differences(own, given, _EXACT))
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    named = [(".".join(each.place), each.first, each.other) for each in found[:_MOST_NAMED]]
    return (
        ", ".join(f"{key}: {_said(first)}" for key, first, _other in named) + more,
        ", ".join(f"{key}: {_said(other)}" for key, _first, other in named) + more,
    )


def _said(value: object) -> str:
    if value is ABSENT:
        return "nothing"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
