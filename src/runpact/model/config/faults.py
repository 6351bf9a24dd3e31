"""What is wrong with a configuration, all of it at once.

Knows: how a fault of the schema becomes one that names file, line and dotted key.
Does not know: how the schema is compiled.
"""

from __future__ import annotations

from collections.abc import Iterable

from runpact.model.config.layers import Layered, Origin
from runpact.model.config.schema import ConfigSchema, Key, leaves
from runpact.model.errors import Fault
from runpact.model.reference import parts_of, pointer_of
from runpact.model.schema import SchemaFault


def dotted(key: Key) -> str:
    """Return a key as people write it; parts that are no plain words stand in quotes."""
    return ".".join(part if part.replace("-", "_").isidentifier() else f'"{part}"' for part in key)


def unknown_keys(config: Layered, schema: ConfigSchema) -> tuple[Fault, ...]:
    """Return a fault for every key that the schema does not declare, where it refuses such keys."""
    found: dict[Key, Fault] = {}
    for key, _value in leaves(config.values):
        strange = next((key[:n] for n in range(1, len(key) + 1) if key[:n] not in schema), None)
        if strange is not None and schema.get(strange[:-1]).is_closed:
            found[strange] = _unknown(strange, config.origin(key), schema)
    return tuple(found.values())


def _unknown(key: Key, origin: Origin | None, schema: ConfigSchema) -> Fault:
    near = nearest(key, schema)
    return _fault(
        key,
        origin,
        f"`{dotted(key)}` is not a known key",
        expected="one of " + ", ".join(schema.below(key[:-1])) if schema.below(key[:-1]) else "no key here",
        hint=f"did you mean `{dotted(near)}`?" if near else "`runpact config show` lists the keys",
    )


def nearest(key: Key, schema: ConfigSchema) -> Key | None:
    """Return the declared key that is most like one that is not: in the same table, else anywhere."""
    import difflib  # noqa: PLC0415 - only a mistyped key pays for it

    beside = difflib.get_close_matches(key[-1], schema.below(key[:-1]), n=1)
    if beside:
        return (*key[:-1], beside[0])
    names = {".".join(each): each for each in schema.declared if each}
    found = difflib.get_close_matches(".".join(key), names, n=1, cutoff=0.75)
    return names[found[0]] if found else None


def schema_faults(
    faults: Iterable[SchemaFault], config: Layered, known: Iterable[Fault]
) -> tuple[Fault, ...]:
    """Return the schema's faults with their places, but for those about keys that were told already."""
    told = {fault.at for fault in known}
    found = []
    for fault in faults:
        if fault.pointer not in told:
            key = parts_of(fault.pointer)
            message = _message(fault, key)
            found.append(_fault(key, config.origin(key), message, expected=fault.expected, got=fault.got))
    return tuple(found)


def _message(fault: SchemaFault, key: Key) -> str:
    if fault.message.startswith("the key `"):
        return f"`{dotted(key)}` is missing"
    return f"`{dotted(key)}`: {fault.message}" if key else fault.message


def _fault(
    key: Key, origin: Origin | None, message: str, *, expected: str = "", got: str = "", hint: str = ""
) -> Fault:
    return Fault(
        message,
        file=origin.layer if origin else "",
        line=origin.line if origin else 0,
        at=pointer_of(key),
        expected=expected,
        got=got,
        hint=hint,
    )
