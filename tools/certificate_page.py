"""Write the reference part of docs/certificate.md, and the certificate's JSON Schema, from the declarations.

    python3 tools/certificate_page.py [--write]

Knows: that the string below a field of a declaration is what people are told about it.
Does not know: what any field means.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from contract_schema import documented_in, reference_of  # noqa: E402 - the path comes first

from runpact.model.evidence.certificate import VOLATILE, Certificate  # noqa: E402 - as above
from runpact.model.evidence.reasons import reasons_table  # noqa: E402 - as above

DECLARATIONS = (ROOT / "src/runpact/model/evidence", ROOT / "src/runpact/model/contract")
TARGET = ROOT / "docs/certificate.schema.json"
PAGE = ROOT / "docs/certificate.md"
MARK = "## Reasons\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a certificate."""
    texts: dict[str, dict[str, str]] = {}
    for folder in reversed(DECLARATIONS):
        texts |= documented_in(folder)
    made: dict[str, Any] = msgspec.json.schema(Certificate)
    for name, definition in made["$defs"].items():
        definition["description"] = " ".join(texts[name][""].split())
        definition.pop("title", None)
        for key, told in definition.get("properties", {}).items():
            if texts[name].get(key):
                told["description"] = texts[name][key]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "runpact certificate, v1"}
    return {**head, **made}


def text() -> str:
    """Return the schema's text."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def page() -> str:
    """Return the text of the page, its generated part renewed."""
    written = PAGE.read_text(encoding="utf-8")
    volatile = ", ".join(f"`{pointer}`" for pointer in VOLATILE)
    parts = [
        written[: written.index(MARK)] + MARK,
        reasons_table(),
        "## Fields\n",
        f"Made from the declarations. Volatile, no function of evidence and policy: {volatile}.\n",
        reference_of(schema(), "Certificate"),
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        TARGET.write_text(text(), encoding="utf-8")
        PAGE.write_text(page(), encoding="utf-8")
    else:
        sys.stdout.write(page())
