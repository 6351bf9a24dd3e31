"""A golden record: the values of one run that later runs must make again.

Knows: the document, and what of a file it holds.
Does not know: files, how values are compared.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

import msgspec

from runpact.model.compare.allowance import FileAllowance, Parts
from runpact.model.digest import digest_bytes
from runpact.model.errors import MalformedDocumentError
from runpact.model.facts import Json
from runpact.model.run import ContractRef
from runpact.model.versioned import encode_record, parse_record

GOLDEN_FORMAT = "runpact.golden/1"
MOST_BYTES = 16 * 1024**2
"""Largest golden record that is written or read."""
MOST_VALUES = 1000
"""Most values of one array that are held, unless more are asked for."""


class HeldArray(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The values of one array, as far as they are held."""

    dtype: str
    shape: tuple[int, ...]
    values: list[Json]
    """In C order: numbers, texts; a complex number is a pair; `nan`, `inf` and `-inf` are texts."""
    step: int = 1
    """Every so many-th value is held; 1 for all of them."""
    whole: dict[str, Json] = {}
    """When not all values are held, what was measured of all: `least`, `greatest`, `mean magnitude`."""


class HeldFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is held of one file; of one that has no values, its digest alone."""

    path: str
    """Relative to the run."""
    digest: str
    """Of its bytes: a file with the same need not be read."""
    document: Json = msgspec.UNSET
    """Its document, without what may differ."""
    rows: list[dict[str, Json]] | msgspec.UnsetType = msgspec.UNSET
    """The rows of a table, by column, without what may differ."""
    arrays: dict[str, HeldArray] | msgspec.UnsetType = msgspec.UNSET
    """The arrays of an array file by name, without what may differ."""

    @property
    def has_values(self) -> bool:
        """Whether more than the digest is held."""
        return not all(each is msgspec.UNSET for each in (self.document, self.rows, self.arrays))


class Golden(msgspec.Struct, frozen=True, kw_only=True):
    """What one run made, to be held against later runs."""

    format: str = GOLDEN_FORMAT
    name: str
    recorded: str
    """When, UTC."""
    run: str
    """Id of the run that it was made from."""
    uid: str
    kind: str
    contract: ContractRef
    config_digest: str
    """Of the configuration that the run had."""
    chosen: tuple[str, ...] = ()
    """Globs of the files that are held; empty for everything that may not differ."""
    files: tuple[HeldFile, ...]
    digest: str | msgspec.UnsetType = msgspec.UNSET
    """Of everything before it, as one line of JSON; records that were made without it have none."""


def encode_golden(golden: Golden) -> bytes:
    """Return a golden record's bytes, one value a line, so that a change of it can be reviewed."""
    line = msgspec.json.encode(msgspec.structs.replace(golden, digest=msgspec.UNSET))
    return encode_record(msgspec.structs.replace(golden, digest=digest_bytes(line)))


def parse_golden(data: bytes) -> Golden:
    """Read a golden record.

    Raises:
        MalformedDocumentError: It is not one, or was changed since it was written.
        UnknownVersionError: Its major version is not 1.
    """
    golden = parse_record(data, Golden, what="a golden record", expected=GOLDEN_FORMAT)
    if isinstance(golden.digest, str):
        _demand_unchanged(msgspec.json.format(data, indent=-1), golden.digest)
    return golden


def _demand_unchanged(line: bytes, digest: str) -> None:
    """Refuse a record whose values are not those that were recorded."""
    last = b',"digest":%b}' % msgspec.json.encode(digest)
    now = digest_bytes(line.removesuffix(last) + b"}" * line.endswith(last))
    if now != digest:
        raise MalformedDocumentError(
            "the golden record was changed since it was written", expected=digest, got=now
        )


def without_volatile(value: Json, allowance: FileAllowance, place: Parts = ()) -> Json:
    """Return a document without what the contract lets differ; of a list, null stands in its place.

    Args:
        value: The document.
        allowance: What may differ in its file.
        place: Where the value stands in it.
    """
    if isinstance(value, dict):
        return {
            key: without_volatile(each, allowance, (*place, key))
            for key, each in value.items()
            if not allowance.is_volatile((*place, key))
        }
    if isinstance(value, list):
        return [
            None
            if allowance.is_volatile((*place, str(number)))
            else without_volatile(each, allowance, (*place, str(number)))
            for number, each in enumerate(value)
        ]
    return value
