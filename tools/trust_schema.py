"""Write the JSON Schema of the trust file and the reference of its keys, from the declarations.

    python3 tools/trust_schema.py [--write]

Knows: that the string below a field of a declaration is what people are told about it.
Does not know: what any key means.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import contract_schema
import msgspec

from runpact.model.signing.trust import Trust

ROOT = Path(__file__).resolve().parent.parent
DECLARATIONS = ROOT / "src/runpact/model/signing/trust.py"
TARGET = ROOT / "src/runpact/packs/trust.schema.json"
PAGE = ROOT / "docs/signing.md"
BEGIN, END = "<!-- trust: made by tools/trust_schema.py -->\n", "<!-- trust: end -->\n"


def documented() -> dict[str, dict[str, str]]:
    """Return what the declarations say: text by field, by class; the class itself under the empty name."""
    tree = ast.parse(DECLARATIONS.read_text(encoding="utf-8"))
    return {
        node.name: {"": ast.get_docstring(node) or "", **contract_schema._fields(node)}
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a trust file."""
    made: dict[str, Any] = msgspec.json.schema(Trust)
    texts = documented()
    for name, definition in made["$defs"].items():
        definition["description"] = texts[name][""]
        definition.pop("title", None)
        for key, told in definition.get("properties", {}).items():
            if key in texts[name]:
                told["description"] = texts[name][key]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "runpact trust", **made}


def text() -> str:
    """Return the file's text."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def page() -> str:
    """Return the text of the page, its generated part renewed."""
    written = PAGE.read_text(encoding="utf-8")
    before, after = written.index(BEGIN) + len(BEGIN), written.index(END)
    return written[:before] + reference() + written[after:]


def reference() -> str:
    """Return a table of keys for every part of a trust file."""
    parts = []
    for name, definition in schema()["$defs"].items():
        required = definition.get("required", [])
        parts.append(f"\n### {name}\n\n{definition['description']}\n")
        parts.append("| key | value | default | meaning |\n|---|---|---|---|")
        for key, told in definition["properties"].items():
            default = "needed" if key in required else contract_schema._code(told.get("default"))  # noqa: SLF001 - the same tool
            value = contract_schema._value(told)  # noqa: SLF001 - the same tool
            parts.append(f"| `{key}` | {value} | {default} | {told.get('description', '')} |")
    return "\n".join(parts) + "\n\n"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        TARGET.write_text(text(), encoding="utf-8")
        PAGE.write_text(page(), encoding="utf-8")
    else:
        sys.stdout.write(text())
