"""Clean working trees of a repository, made for a while.

Knows: how git makes one at a commit, changes it, lets it go; what keeps git from running or fetching.
Does not know: what is done in them.

Hooks, monitors and prompts are switched off, and no object is fetched. Filters stay: they are the user's own
configuration, and without them files behind one would not be what they were.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping

from runpact.host.git import git_program
from runpact.model.digest import PREFIX
from runpact.model.errors import CannotStartError

_QUIET = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "advice.detachedHead=false"),
    *("-c", "core.autocrlf=false"),
)
_SECONDS = 600
_CHUNK = 1 << 20


class Trees:
    """The working trees of one repository."""

    def __init__(self, top: str, environ: Mapping[str, str]) -> None:
        """Store the place; git is looked for at the first question.

        Args:
            top: Absolute root of a working tree of the repository.
            environ: Environment of this process.
        """
        self.top = top
        self._environ = {key: value for key, value in environ.items() if not key.startswith("GIT_")}
        self._environ |= {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}

    def has_commit(self, commit: str) -> bool:
        """Whether the repository has a commit with its files."""
        return self._ask(self.top, "cat-file", "-e", f"{commit}^{{tree}}").returncode == 0

    def digest_at(self, commit: str, path: str) -> str | None:
        """Return the digest of a file as it was committed; None when there is none.

        Args:
            commit: All digits of it.
            path: Relative to the root of the repository.
        """
        command = [*self._git(self.top), "cat-file", "blob", f"{commit}:{path}"]
        digest = hashlib.sha256()
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self._environ
        ) as process:
            if process.stdout is not None:
                while piece := process.stdout.read(_CHUNK):
                    digest.update(piece)
        return PREFIX + digest.hexdigest() if process.returncode == 0 else None

    def make(self, commit: str, folder: str) -> str:
        """Make a clean tree at a commit; say by which means, `worktree` or `clone`.

        Args:
            commit: All digits of it.
            folder: Absolute, must not exist.

        Raises:
            CannotStartError: Neither is possible.
        """
        added = self._ask(self.top, "worktree", "add", "--detach", "--force", folder, commit)
        if added.returncode == 0:
            return "worktree"
        self._drop(folder)
        cloned = self._ask(self.top, "clone", "--quiet", "--shared", "--no-checkout", self.top, folder)
        if cloned.returncode == 0:
            cloned = self._ask(folder, "checkout", "--quiet", "--detach", commit)
        if cloned.returncode != 0:
            raise CannotStartError(
                "no clean working tree could be made",
                at=self.top,
                expected=f"a tree at {commit}",
                got=_complaint(cloned) or _complaint(added),
            )
        return "clone"

    def apply(self, folder: str, patch: str) -> None:
        """Apply a stored diff to a tree.

        Raises:
            CannotStartError: It does not fit.
        """
        applied = self._ask(folder, "apply", "--whitespace=nowarn", "--binary", patch)
        if applied.returncode != 0:
            raise CannotStartError(
                "the stored diff does not fit its commit", at=patch, got=_complaint(applied)
            )

    def remove(self, folder: str) -> None:
        """Let a tree go, and let the repository forget it; whatever git says, it is gone afterwards."""
        self._drop(folder)

    def _drop(self, folder: str) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._ask(self.top, "worktree", "prune")

    def _git(self, folder: str) -> list[str]:
        program = git_program(self._environ.get("PATH", ""))
        if program is None:
            raise CannotStartError("git is not installed", expected="git on PATH")
        return [program, *_QUIET, "-C", folder]

    def _ask(self, folder: str, *words: str) -> subprocess.CompletedProcess[bytes]:
        command = [*self._git(folder), *words]
        try:
            return subprocess.run(
                command,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return subprocess.CompletedProcess(command, 1, b"", str(error).encode())


def copy_files(source: str, target: str) -> None:
    """Lay the files of a folder over another one, with their modes.

    Raises:
        CannotStartError: One cannot be copied.
    """
    try:
        shutil.copytree(source, target, dirs_exist_ok=True, symlinks=True)
    except (OSError, shutil.Error) as error:
        raise CannotStartError(f"the stored files cannot be copied: {error!s:.200}", at=target) from error


def lend(source: str, target: str) -> None:
    """Let a tree see a file or folder that stands elsewhere; nothing of it is copied.

    Raises:
        CannotStartError: Its place is taken or cannot be made.
    """
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.lexists(target):
            os.symlink(source, target)
    except OSError as error:
        raise CannotStartError(f"an input cannot be handed over: {error.strerror}", at=target) from error


def _complaint(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else ""
