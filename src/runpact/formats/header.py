"""What the header of a binary file says, as a document that schemas and rules can look into.

Knows: how facts become plain values.
Does not know: how a header is read.
"""

from __future__ import annotations

from runpact.model.facts import ArraysFact, Facts, FormatFault, Json


def header_of(facts: Facts) -> Json | FormatFault:
    """Return the document of a header; a fault when such files have none."""
    if isinstance(facts, ArraysFact):
        return {array.name: {"dtype": array.dtype, "shape": list(array.shape)} for array in facts.arrays}
    return FormatFault("not-a-document", "its header is not looked into")
