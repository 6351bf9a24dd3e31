"""What the header of a binary file says, as a document that schemas and rules can look into.

Knows: how facts become plain values; `docs/headers.md` describes them.
Does not know: how a header is read.
"""

from __future__ import annotations

from runpact.model.facts import ArchiveFact, ArrayFact, ArraysFact, Facts, FormatFault, HeaderFact, Json


def header_of(facts: Facts) -> Json | FormatFault:
    """Return the document of a header; a fault when such files have none."""
    if isinstance(facts, HeaderFact):
        return facts.value
    if isinstance(facts, ArraysFact):
        return _arrays(facts.arrays)
    if isinstance(facts, ArchiveFact):
        members = [{"path": member.path, "size": member.size} for member in facts.members]
        return {"content": facts.content, "pickle": facts.pickle, "members": members}
    return FormatFault("not-a-document", "its header is not looked into")


def _arrays(arrays: tuple[ArrayFact, ...]) -> Json:
    """Return type and shape by name; of an NPY file, whose one array has no name, those alone."""
    told = {array.name: {"dtype": array.dtype, "shape": list(array.shape)} for array in arrays}
    return told[""] if list(told) == [""] else told
