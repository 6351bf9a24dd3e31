"""What was read of the disk for a contract, and whether reading it again would give the same.

Knows: the questions that loading a contract asks.
Does not know: what the answers mean.
"""

from __future__ import annotations

from collections.abc import Callable

from runpact.disk.contractfiles import files_below, is_file, read_beneath
from runpact.model.errors import RunpactError

_Question = tuple[Callable[[str, str], object], str]


class ContractAnswers:
    """Asks for files below a folder and remembers each answer.

    A contract that was loaded holds as long as all answers are the same: a process that makes or checks
    many runs then reads the files again, but neither parses nor lints them.
    """

    def __init__(self, folder: str | None) -> None:
        """Begin without any question.

        Args:
            folder: Absolute; None when there is none to ask.
        """
        self.folder = folder
        self._answers: dict[_Question, object] = {}

    def read(self, relative: str) -> bytes:
        """Return a file's bytes, as `read_beneath` does."""
        data = read_beneath(self.folder or "", relative)
        self._answers[read_beneath, relative] = data
        return data

    def below(self, relative: str) -> list[str]:
        """Return the files of a directory, as `files_below` does; none without a folder."""
        paths = files_below(self.folder, relative) if self.folder is not None else []
        self._answers[files_below, relative] = paths
        return paths

    def has(self, relative: str) -> bool:
        """Whether a file stands there."""
        answer = self.folder is not None and is_file(self.folder, relative)
        self._answers[is_file, relative] = answer
        return answer

    def hold_in(self, folder: str | None) -> bool:
        """Whether asking everything again, in this folder, would give the same."""
        if folder is None or self.folder is None:
            return folder is self.folder
        try:
            return all(ask(folder, relative) == answer for (ask, relative), answer in self._answers.items())
        except RunpactError:
            return False
