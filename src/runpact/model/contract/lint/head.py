"""A contract's own name and version.

Knows: how they are spelled.
Does not know: what is in the contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from runpact.model.contract.language import Contract
from runpact.model.contract.lint.note import Note

_ID = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*(?::[a-z0-9._-]+)?")
_VERSION = re.compile(r"(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:[-+][0-9A-Za-z.+-]+)?")
_PARTIAL = re.compile(r"\d+(?:\.\d+){0,2}")


def lint_head(contract: Contract) -> Iterator[Note]:
    """Yield what is wrong with id, version, and a contract without kinds."""
    if not _ID.fullmatch(contract.contract):
        yield Note(
            "/contract",
            "a contract's id has small letters, digits and dots",
            "an id such as acme.training",
            contract.contract,
        )
    if not _VERSION.fullmatch(contract.version):
        yield Note(
            "/version", "the version is not semantic", 'three numbers, as in "1.2.0"', contract.version
        )
    if not contract.kinds:
        yield Note("", "the contract has no kinds", "at least one kind with an `at`", "none")


def version_notes(text: str | None, at: str) -> Iterator[Note]:
    """Yield why a text is no version a clause can name."""
    if text is not None and not _PARTIAL.fullmatch(text):
        yield Note(at, "it is no version", 'numbers with dots, as in "2.0"', text)
