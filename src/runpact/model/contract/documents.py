"""The schema documents of a contract, by the names its entries know them by.

Knows: which of a contract's files are schemas, what an inline one is called.
Does not know: where files come from, what a schema says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from runpact.model.contract.entries import all_entries
from runpact.model.contract.language import Contract
from runpact.model.schema import inline_name

EXTENDS = "extends"
"""Folder of a copy that holds what the contract extends."""


def named_schemas(contract: Contract) -> set[str]:
    """Return the names of the schema files that a contract wants."""
    return {schema for schema in _said(contract) if isinstance(schema, str)}


def schema_documents(contract: Contract, sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the schemas among a contract's files, and those that stand in it, named by their digest.

    Its own come before inherited ones of the same name.
    """
    inherited = {path.split("/", 2)[2]: path for path in sources if path.startswith(f"{EXTENDS}/")}
    own = {path: path for path in sources if not path.startswith(f"{EXTENDS}/")}
    documents = {name: sources[path] for name, path in (inherited | own).items() if name.endswith(".json")}
    inline = [schema for schema in _said(contract) if isinstance(schema, dict)]
    return documents | {inline_name(schema): msgspec.json.encode(schema) for schema in inline}


def _said(contract: Contract) -> Iterator[object]:
    """Yield what stands behind `schema` wherever it may stand."""
    yield from (entry.schema for entry in all_entries(contract) if entry.schema)
    yield from (sort.schema for sort in contract.types.values() if sort.schema)
    yield from (kind.config.schema for kind in contract.kinds.values() if kind.config and kind.config.schema)
