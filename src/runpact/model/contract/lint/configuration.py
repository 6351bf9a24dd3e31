"""What a contract says about configurations.

Knows: which schema and which file can be used, which defaults fit.
Does not know: any configuration.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from runpact.model.config.faults import dotted
from runpact.model.config.schema import MISSING, ConfigSchema
from runpact.model.contract.language import Configuration
from runpact.model.contract.lint.entries import schema_notes
from runpact.model.contract.lint.note import Note, relative_notes
from runpact.model.reference import parts_of
from runpact.model.schema import inline_name, validator_for

_SUFFIXES = (".json", ".toml", ".yaml", ".yml")


def lint_configuration(said: Configuration, at: str, schemas: Mapping[str, bytes]) -> Iterator[Note]:
    """Yield every fault of what a kind says about configurations."""
    if said.file is not None:
        yield from relative_notes(said.file, f"{at}/file")
        if posixpath.splitext(said.file)[1].lower() not in _SUFFIXES:
            yield Note(f"{at}/file", "no configuration has such a name", " or ".join(_SUFFIXES), said.file)
    if "/" in said.above:
        yield Note(f"{at}/above", "it is the name of a folder, not a path", "a name", said.above)
    if said.schema is not None:
        unusable = list(schema_notes(said.schema, f"{at}/schema", schemas))
        yield from unusable or _defaults(inline_name(said.schema), f"{at}/schema", schemas)


def _defaults(name: str, at: str, schemas: Mapping[str, bytes]) -> Iterator[Note]:
    """Yield the defaults that the schema itself refuses; keys without one are for people to give."""
    schema = ConfigSchema.of(name, schemas)
    for fault in validator_for(name, schemas).faults(schema.defaults()):
        key = parts_of(fault.pointer)
        if schema.get(key).default is not MISSING:
            message = f"the default of `{dotted(key)}` does not fit the schema: {fault.message}"
            yield Note(at, message, fault.expected, fault.got)
