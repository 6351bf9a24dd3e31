"""Read the lifecycle document of a session.

Knows: which file of its directory that is.
Does not know: what it means.
"""

from __future__ import annotations

import os
import posixpath

from runpact.formats.inspect import Inspector
from runpact.model.contract.language import Kind
from runpact.model.contract.sessions import status_place
from runpact.model.facts import DocumentFact


def lifecycle_document(directory: str, kind: Kind) -> object:
    """Return the lifecycle document of a session; None without one, why not where it cannot be read."""
    place = status_place(kind)
    paths = (entry.single for entry in kind.entries if place is not None and entry.name == place.name)
    path = next((each for each in paths if each is not None), None)
    if path is None or not os.path.lexists(posixpath.join(directory, path)):
        return None
    fact = Inspector(directory, {}).document(path)
    return fact.value if isinstance(fact, DocumentFact) else fact
