"""The names of formats are those that are read."""

from __future__ import annotations

from runpact.formats import registry
from runpact.model.formats import FORMATS


def test_contracts_may_say_every_format_of_the_table_and_no_other() -> None:
    assert tuple(each.name for each in registry.FORMATS) == FORMATS
