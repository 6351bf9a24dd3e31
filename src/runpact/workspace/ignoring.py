"""The front door to what git ignores.

Knows: where the data root lies from an ignore file.
Does not know: which patterns a contract wants.
"""

from __future__ import annotations

import difflib
import posixpath
from typing import TYPE_CHECKING

from runpact.disk.setup import read_text, rewrite_text
from runpact.model.contract.ignoring import ignored_patterns, is_right, with_block

if TYPE_CHECKING:
    from runpact.workspace import Workspace


class IgnoreBlock:
    """The generated block of one ignore file."""

    def __init__(self, place: Workspace, path: str | None) -> None:
        """Work out the patterns.

        Args:
            place: The workspace; its contract decides.
            path: The ignore file, from the current directory; by default beside the contract.
        """
        self.path = posixpath.normpath(
            posixpath.join(place.cwd, path) if path else f"{place.root}/.gitignore"
        )
        inside = posixpath.relpath(place.data_root, posixpath.dirname(self.path))
        contract = place.lint().contract
        git = contract.workspace.git
        self.patterns = (
            (git.outside if git else ())  # nothing of a data root elsewhere can be committed from here
            if inside.split("/")[0] == ".."
            else ignored_patterns(contract, prefix="" if inside == "." else f"{inside}/")
        )
        """As git reads them."""

    def is_current(self) -> bool:
        """Whether the file has the block as it should be, or lines of its own that do the same."""
        return is_right(read_text(self.path), self.patterns)

    def difference(self) -> tuple[str, ...]:
        """Return what renewing the file would change, as lines of a unified diff."""
        text = read_text(self.path)
        wanted = with_block(text, self.patterns)
        return tuple(
            difflib.unified_diff(text.splitlines(), wanted.splitlines(), "is", "should be", lineterm="")
        )

    def write(self) -> bool:
        """Put the block into the file, or renew it; say whether anything changed.

        Raises:
            StorageError: The file cannot be written.
        """
        return rewrite_text(self.path, lambda text: with_block(text, self.patterns))
