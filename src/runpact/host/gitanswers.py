"""Git's answers about one repository, and what kept it from answering.

Knows: within which time and size git answers.
Does not know: what it is asked.

As everywhere, the repository runs nothing: git is shown a neutral folder in the place of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from runpact.host import clock
from runpact.host.bounded import Sink, ask
from runpact.host.git import MAX_SECONDS, git_program, why_not_asked
from runpact.host.gitfolder import Repository, read_settings
from runpact.host.gitneutral import NeutralGit, neutral_git
from runpact.model.discretion import shown_value

_MAX_ANSWER = 64_000_000
T = TypeVar("T")


def asked_neutrally(
    repository: Repository,
    environ: Mapping[str, str],
    *,
    questions: Callable[[NeutralGit, Mapping[str, str]], T],
    refused: Callable[[str], T],
) -> T:
    """Return what git answers about a repository, or what there is to say when it cannot be asked.

    Args:
        repository: The repository.
        environ: Environment of this process.
        questions: Ask them; get git and the repository's settings.
        refused: Gets the reason why nothing is asked.
    """
    settings = read_settings(repository)
    program = git_program(environ.get("PATH", ""))
    if program is None:
        return refused("git is not installed")
    refusal = why_not_asked(repository, settings)
    if refusal:
        return refused(refusal)
    try:
        with neutral_git(program, repository, settings, environ) as git:
            return questions(git, settings)
    except OSError as error:
        return refused(f"no temporary folder for git: {error.strerror or type(error).__name__}")


class GitAnswers:
    """Git, asked until its time is over."""

    def __init__(self, git: NeutralGit) -> None:
        """Store whom to ask; the time runs from now on."""
        self.git = git
        self.deadline = clock.monotonic() + MAX_SECONDS
        self.faults: list[str] = []
        """What was not answered, and why."""

    def answer(self, *arguments: str, question: bytes = b"", answers: tuple[int, ...] = (0,)) -> bytes:
        """Return what git says; nothing, and a fault noted, when that is not all."""
        sink = Sink(_MAX_ANSWER)
        fault = ask(
            (*self.git.command, *arguments),
            environ=self.git.environ,
            deadline=self.deadline,
            sink=sink,
            question=question,
            answers=answers,
        )
        if fault:
            self.faults.append(f"git {arguments[0]}: {shown_value(fault)}")
        return b"" if fault else sink.text
