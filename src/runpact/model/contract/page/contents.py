"""What a contract says of the content of a file.

Knows: schemas, columns, arrays and texts in words.
Does not know: whether a file keeps to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from runpact.model.contract.language import Array, Column, Entry, Table, Text
from runpact.model.contract.page.markdown import code, items, table
from runpact.model.schema import inline_name

_MAX_ROWS = 200


def content_lines(entry: Entry, schemas: Mapping[str, bytes]) -> str:
    """Return what an entry demands of its file's content; empty when it demands nothing."""
    parts: list[str] = []
    if entry.fields is not None:
        parts.append(_fields(entry))
    if entry.schema is not None:
        document = msgspec.json.decode(schemas.get(inline_name(entry.schema), b"{}"))
        rows = list(_keys(document, document, "", entry.id or ""))[:_MAX_ROWS]
        parts.append(table(("key", "type", "must it stand", "what", "rule"), rows))
    if entry.table is not None:
        parts += [table(("column", "cells", "rule"), _columns(entry.table)), items(_of_table(entry.table))]
    if entry.symbols == "file":
        parts.append(items(["sizes named in shapes are shared by one file alone"]))
    if entry.arrays:
        rows = ((code(name), *_array(array)) for name, array in entry.arrays.items())  # type: ignore[assignment]  # rows of another width
        parts.append(table(("array", "type", "shape", "values", "rule"), rows))
    if entry.text is not None:
        parts.append(items(_of_text(entry.text)))
    return "\n".join(part for part in parts if part)


def _fields(entry: Entry) -> str:
    said = f"Written by runpact at {entry.written}"
    if isinstance(entry.fields, str):
        return items([f"{said}: {code(entry.fields)}"])
    return items([f"{said}:"]) + "".join(
        f"  - {code(key)} = {code(text)}\n" for key, text in (entry.fields or {}).items()
    )


def _keys(schema: object, root: object, prefix: str, rule: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield one row for each key a schema speaks of, nested keys after their table."""
    schema = _resolved(schema, root)
    if not isinstance(schema, dict):
        return
    rule = str(schema.get("x-rule", rule))
    required = _required(schema)
    properties = schema.get("properties", {})
    for name, raw in properties.items() if isinstance(properties, dict) else ():
        inner = _resolved(raw, root)
        of_inner = str(inner.get("x-rule", rule)) if isinstance(inner, dict) else rule
        must = "yes" if name in required else "may"
        yield code(prefix + name), _type(inner), must, _limits(inner), of_inner
        yield from _keys(inner, root, f"{prefix}{name}.", of_inner)
        if isinstance(inner, dict) and "items" in inner:
            yield from _keys(inner["items"], root, f"{prefix}{name}[].", of_inner)


def _required(schema: dict[str, object]) -> set[str]:
    """Return the keys that must stand, those of unconditional parts with them."""
    parts = schema.get("allOf", [])
    found: set[str] = set()
    for part in (schema, *(parts if isinstance(parts, list) else [])):
        names = part.get("required", []) if isinstance(part, dict) else []
        found |= {str(name) for name in names} if isinstance(names, list) else set()
    return found


def _resolved(schema: object, root: object) -> object:
    reference = schema.get("$ref") if isinstance(schema, dict) else None
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return schema
    value = root
    for part in reference[2:].split("/"):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _type(schema: object) -> str:
    if not isinstance(schema, dict):
        return "nothing" if schema is False else ""
    kind = schema.get("type")
    if "const" in schema:
        return code(_json(schema["const"]))
    if "enum" in schema:
        return " or ".join(code(_json(value)) for value in schema["enum"])
    said = " or ".join(kind) if isinstance(kind, list) else str(kind or "")
    if kind == "array" and isinstance(schema.get("items"), dict):
        return f"list of {_type(schema['items']) or 'values'}"
    return f"{said}, {schema['format']}" if "format" in schema else said


_LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "text like `{}`",
}


def _limits(schema: object) -> str:
    if not isinstance(schema, dict):
        return ""
    said = [str(schema.get("description", ""))]
    said += [text.format(schema[word]) for word, text in _LIMITS.items() if word in schema]
    return "; ".join(part for part in said if part)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _columns(told: Table) -> Iterator[tuple[str, str, str]]:
    if isinstance(told.columns, tuple):
        yield from ((code(name), "", "") for name in told.columns)
        return
    for name, column in told.columns.items():
        yield code(name), _cells(column), column.id or ""


def _cells(column: Column) -> str:
    said = [column.description, "" if column.type == "any" else column.type]
    said += ["" if column.required else "the column may be missing", "" if column.empty else "never empty"]
    said += [" or ".join(code(_json(value)) for value in column.enum)]
    bounds = (("like", column.pattern), ("at least", column.minimum), ("at most", column.maximum))
    said += [f"{word} {code(value)}" for word, value in bounds if value is not None]
    said += ["unique"] if column.unique else []
    said += [column.order.replace("_", " ")] if column.order else []
    said += [f"first {column.first}"] if column.first is not None else []
    said += [f"rising by {column.step:g}"] if column.step is not None else []
    said += [f"equal to {code(column.equals)}"] if column.equals is not None else []
    return "; ".join(part for part in said if part)


def _of_table(told: Table) -> Iterator[str]:
    if told.delimiter:
        parted = told.delimiter if told.delimiter == "whitespace" else code(told.delimiter)
        yield f"cells are parted by {parted}"
    if told.comment:
        yield f"lines that begin with {code(told.comment)} are no rows"
    if not told.header:
        yield "no header; the columns stand in this order"
    if told.extra == "refused":
        yield "no other columns"
    if told.order:
        yield f"rows ascend by {', '.join(code(name) for name in told.order)}"
    if told.key:
        yield f"{', '.join(code(name) for name in told.key)} together stand once"
    if told.rows is not None:
        yield f"rows: {_json(told.rows)}"


def _array(array: Array) -> tuple[str, str, str, str]:
    dtype = array.dtype if isinstance(array.dtype, str) or array.dtype is None else " or ".join(array.dtype)
    shape = f"({', '.join(str(size) for size in array.shape)})" if array.shape is not None else ""
    said = ["finite"] if array.finite else []
    said += [array.order.replace("_", " ")] if array.order else []
    bounds = (
        ("first", array.first),
        ("last", array.last),
        ("at least", array.minimum),
        ("at most", array.maximum),
    )
    said += [f"{word} {value:g}" for word, value in bounds if value is not None]
    said += [f"equal to {code(array.equals)}"] if array.equals else []
    said += [f"steps of {code(array.step)}"] if array.step else []
    return code(dtype) if dtype else "", code(shape) if shape else "", "; ".join(said), array.id or ""


def _of_text(told: Text) -> Iterator[str]:
    if told.sections:
        yield f"sections in this order: {', '.join(told.sections)}"
    for line in told.lines:
        which = "lines" if line.where == "anywhere" else f"the {line.where} line"
        yield f"{which} like {code(line.pattern)}: {_json(line.count)}{f' ({line.id})' if line.id else ''}"
    yield from ([f"every line is like {code(told.each)}"] if told.each is not None else [])
