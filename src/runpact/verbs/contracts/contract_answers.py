"""What was read of the disk for a contract, and whether reading it again would give the same.

Knows: the questions that loading a contract asks.
Does not know: what the answers mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from runpact.disk.contractfiles import files_below, is_file, read_beneath
from runpact.model.contract.kept import Answer
from runpact.model.digest import digest_bytes
from runpact.model.errors import RunpactError

_Answer = bytes | list[str] | bool
_ASKED: dict[str, Callable[[str, str], _Answer]] = {
    "read": read_beneath,
    "below": files_below,
    "has": is_file,
}


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
        self._answers: dict[tuple[str, str], _Answer] = {}

    def read(self, relative: str) -> bytes:
        """Return a file's bytes, as `read_beneath` does."""
        data = read_beneath(self.folder or "", relative)
        self._answers["read", relative] = data
        return data

    def below(self, relative: str) -> list[str]:
        """Return the files of a directory, as `files_below` does; none without a folder."""
        paths = files_below(self.folder, relative) if self.folder is not None else []
        self._answers["below", relative] = paths
        return paths

    def has(self, relative: str) -> bool:
        """Whether a file stands there."""
        answer = self.folder is not None and is_file(self.folder, relative)
        self._answers["has", relative] = answer
        return answer

    def files(self) -> dict[str, bytes]:
        """Return what was read, by path in the folder."""
        return {
            relative: answer
            for (_question, relative), answer in self._answers.items()
            if isinstance(answer, bytes)
        }

    def digests(self) -> tuple[Answer, ...]:
        """Return what was asked, with digests of the answers."""
        return tuple(Answer(*question, _digest(answer)) for question, answer in self._answers.items())

    def repeat(self, asked: Iterable[Answer]) -> bool:
        """Ask what was asked before; whether every answer is the same."""
        ask: dict[str, Callable[[str], _Answer]] = {"read": self.read, "below": self.below, "has": self.has}
        try:
            return all(_digest(ask[each.question](each.path)) == each.digest for each in asked)
        except RunpactError:
            return False

    def hold_in(self, folder: str | None) -> bool:
        """Whether asking everything again, in this folder, would give the same."""
        if folder is None or self.folder is None:
            return folder is self.folder
        try:
            return all(
                _ASKED[question](folder, relative) == answer
                for (question, relative), answer in self._answers.items()
            )
        except RunpactError:
            return False


def _digest(answer: _Answer) -> str:
    return digest_bytes(answer if isinstance(answer, bytes) else msgspec.json.encode(answer))
