"""Records in JSON that name their format.

Knows: that a record is of its type and of a format that is understood, or is refused.
Does not know: which records there are.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec

from runpact.model.errors import MalformedDocumentError, UnknownVersionError


class Versioned(Protocol):
    """A record that says of what format it is."""

    @property
    def format(self) -> str:
        """Name and major version."""


_Record = TypeVar("_Record", bound=Versioned)


def encode_record(record: Versioned) -> bytes:
    """Return the bytes of a record, one field a line."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"


def parse_record(data: bytes, sort: type[_Record], *, what: str, expected: str) -> _Record:
    """Read a record.

    Args:
        data: What stands in the file.
        sort: Type of the record.
        what: What errors call it, with its article.
        expected: The format that is understood.

    Raises:
        MalformedDocumentError: It is none.
        UnknownVersionError: It is of another format.
    """
    try:
        record = msgspec.json.decode(data, type=sort)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedDocumentError(f"not {what}: {error}") from error
    if record.format != expected:
        raise UnknownVersionError(
            f"unknown format `{record.format}` of {what}",
            expected=expected,
            got=record.format,
            hint="a newer runpact may read it",
        )
    return record
