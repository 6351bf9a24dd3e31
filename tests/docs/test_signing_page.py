"""The page on signing says what the code does."""

from __future__ import annotations

import hashlib
import re

import trust_schema

from runpact.model.signing.reasons import SIGNATURE_REASONS
from runpact.standalone import verifier_source


def test_schema_and_tables_are_those_of_the_declarations() -> None:
    assert trust_schema.TARGET.read_text(encoding="utf-8") == trust_schema.text()
    assert trust_schema.PAGE.read_text(encoding="utf-8") == trust_schema.page()


def test_every_reason_is_on_the_page_in_order() -> None:
    page = trust_schema.PAGE.read_text(encoding="utf-8").partition("## Reasons")[2]
    rows = re.findall(r"^\| `([a-z_]+)` \| (.+) \|$", page, re.MULTILINE)
    assert rows == list(SIGNATURE_REASONS.items())


def test_the_digest_of_the_verifier_that_stands_alone_is_that_of_the_file() -> None:
    (stated,) = re.findall(r"^    sha256:(.*)$", trust_schema.PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert stated == hashlib.sha256(verifier_source()).hexdigest()
