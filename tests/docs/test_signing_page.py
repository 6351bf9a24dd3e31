"""The page on signing says what the code does."""

from __future__ import annotations

import re

import trust_schema

from runpact.model.signing.reasons import SIGNATURE_REASONS


def test_schema_and_tables_are_those_of_the_declarations() -> None:
    assert trust_schema.TARGET.read_text(encoding="utf-8") == trust_schema.text()
    assert trust_schema.PAGE.read_text(encoding="utf-8") == trust_schema.page()


def test_every_reason_is_on_the_page_in_order() -> None:
    page = trust_schema.PAGE.read_text(encoding="utf-8").partition("## Reasons")[2]
    rows = re.findall(r"^\| `([a-z_]+)` \| (.+) \|$", page, re.MULTILINE)
    assert rows == list(SIGNATURE_REASONS.items())
