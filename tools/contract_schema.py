"""Write the JSON Schema of the contract file and the reference of its keys, from the declarations.

    python3 tools/contract_schema.py [--write]

Knows: that the string below a field of a declaration is what people are told about it.
Does not know: what any key means.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from runpact.model.contract.language import Contract  # noqa: E402 - the path comes first

DECLARATIONS = ROOT / "src/runpact/model/contract"
TARGET = ROOT / "src/runpact/packs/contract.schema.json"
PAGE = ROOT / "docs/contract-language.md"
MARK = "## Reference\n"
_SORTS = ("file", "files", "dir", "dirs", "one_of", "any_of")
_CHOICES = {"Entry": _SORTS, "Rule": ("check", "match", "validator")}


def documented() -> dict[str, dict[str, str]]:
    """Return what the declarations say: text by field, by class; the class itself under the empty name."""
    found = documented_in(DECLARATIONS)
    for name in ("Entry", "Column", "Array", "Line", "Rule", "Inventory", "States", "Others", "Strays"):
        found[name] = {**found["Clause"], **found[name]}
    return found


def documented_in(folder: Path) -> dict[str, dict[str, str]]:
    """Return the texts of the classes that the modules of a folder declare."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                found[node.name] = {"": ast.get_docstring(node) or "", **_fields(node)}
    return found


def _fields(node: ast.ClassDef) -> dict[str, str]:
    said: dict[str, str] = {}
    for field, after in zip(node.body, node.body[1:], strict=False):
        is_text = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and is_text:
            said[field.target.id] = " ".join(str(after.value.value).split())  # type: ignore[attr-defined]  # checked
    return said


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a contract file."""
    made: dict[str, Any] = msgspec.json.schema(Contract)
    texts = documented()
    for name, definition in made["$defs"].items():
        definition["description"] = " ".join(texts[name][""].split())
        definition.pop("title", None)
        for key, told in definition.get("properties", {}).items():
            text = texts[name].get(key) or texts[name].get(f"{key}_")
            if text:
                told["description"] = text
        if name in _CHOICES:
            definition["oneOf"] = [{"required": [each]} for each in _CHOICES[name]]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "runpact contract", **made}


def text() -> str:
    """Return the file's text."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def page() -> str:
    """Return the text of the reference page, its generated part renewed."""
    written = PAGE.read_text(encoding="utf-8")
    return written[: written.index(MARK)] + MARK + "\n" + reference()


def reference() -> str:
    """Return a table of keys for every part of the language."""
    told = "Made from the declarations of the language; every part and every key it has.\n"
    return told + "\n" + reference_of(schema(), "Contract")


def reference_of(made: dict[str, Any], first: str) -> str:
    """Return the tables of a schema's parts, one part before the others."""
    parts = []
    for name in (first, *(each for each in made["$defs"] if each != first)):
        definition = made["$defs"][name]
        parts.append(f"### {name}\n\n{definition['description']}\n")
        parts.append("| key | value | default | meaning |\n|---|---|---|---|")
        required = definition.get("required", [])
        for key, told in definition.get("properties", {}).items():
            default = "needed" if key in required else _code(told.get("default"))
            meaning = told.get("description", "").replace("|", "\\|")
            parts.append(f"| `{key}` | {_value(told)} | {default} | {meaning} |")
        parts.append("")
    return "\n".join(parts)


def _value(told: dict[str, Any]) -> str:
    if "anyOf" in told:
        options = [_value(each) for each in told["anyOf"]]
        return " or ".join(dict.fromkeys(each for each in options if each != "null"))
    if "$ref" in told:
        name = told["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in told:
        return ", ".join(f"`{each}`" for each in told["enum"])
    if told.get("type") == "array":
        fixed = told.get("prefixItems", [])
        return (
            f"list of {len(fixed)}: {_value(fixed[0])}"
            if fixed
            else f"list of {_value(told.get('items', {}))}"
        )
    if told.get("type") == "object":
        inner = told.get("additionalProperties")
        return f"map to {_value(inner)}" if isinstance(inner, dict) else "map"
    if told.get("description") == "a CEL expression":
        return "expression"
    return {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "`true`, `false`",
    }.get(str(told.get("type")), str(told.get("type", "anything")))


def _code(value: object) -> str:
    return "" if value in (None, "", [], {}) else f"`{json.dumps(value)}`"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        TARGET.write_text(text(), encoding="utf-8")
        PAGE.write_text(page(), encoding="utf-8")
    else:
        sys.stdout.write(text())
