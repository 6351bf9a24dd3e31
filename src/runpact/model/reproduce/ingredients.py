"""The four ingredients of a run: configuration, code, environment, inputs.

Knows: when each is there, and what is said of it when it is not.
Does not know: how they are looked for.

Source:
    The seed's reproducibility requirements, A-054.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Final, Literal

import msgspec

from runpact.model.config.schema import leaves
from runpact.model.inputs import Input
from runpact.model.names import counted
from runpact.model.provenance import Code, Copy, Environment, LockCopy, Provenance
from runpact.model.secretnames import referred
from runpact.version import VERSION

CONFIG: Final = "config"
COMMIT: Final = "commit"
ENVIRONMENT: Final = "environment"
INPUTS: Final = "inputs"
Name = Literal["config", "commit", "environment", "inputs"]
Mode = Literal["present", "uv", "pip"]
_MASK = "[redacted]"
_PATH = "[path]"
_MOST = 5
_OWN = "runpact"
"""The package that is there because it is running: it is never installed, but lent."""
UV_LOCK = "uv.lock"


class Ingredient(msgspec.Struct, frozen=True, kw_only=True):
    """One of the four, as far as it could be found."""

    name: Name
    uses: tuple[str, ...] = ()
    """What will be used, for people."""
    missing: tuple[str, ...] = ()
    """What cannot be had, and why."""

    @property
    def is_there(self) -> bool:
        """Whether nothing of it is missing."""
        return not self.missing


class CodeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of the recorded code."""

    has_repository: bool = False
    has_commit: bool = False
    is_inside: bool = True
    """The data root lies in the repository."""
    diff: str | None = None
    """Digest of the stored diff; None when it is gone."""
    untracked: str | None = None
    """Digest of the set of stored files; None when they are gone."""


class EnvironmentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of the recorded environment, and what is here."""

    here: Environment
    locks: Mapping[str, str | None] = {}
    """Digests of the stored lock files by their path in the run; None for one that is gone."""
    has_uv: bool = False


class Found(msgspec.Struct, frozen=True):
    """Where an input stands now."""

    where: Literal["commit", "workspace", "registry", "given"]
    path: str
    """Absolute; of one in the commit relative to the workspace."""


def config_of(provenance: Provenance, variables: Container[str], *, is_in_parts: bool = False) -> Ingredient:
    """Say whether configuration and command are known to the last value.

    Args:
        provenance: Of the run.
        variables: Names of the environment variables that are set here.
        is_in_parts: The run is around others (jobs, trials), whose commands and configurations are known.
    """
    missing = list(_unknown_values(provenance.config.resolved, variables))
    if is_in_parts:
        missing.append("it is made of jobs or trials, each a run of its own: reproduce these")
    if not provenance.command:
        missing.append("the run has no command on record")
    if any(_MASK in word for word in provenance.command):
        missing.append("a secret was masked in the command")
    count = len([*leaves(provenance.config.resolved)])
    uses = f"{counted(count, 'value', 'values')}, {provenance.config.digest[:19]}" if count else "no values"
    return Ingredient(name=CONFIG, uses=(uses,), missing=tuple(missing))


def _unknown_values(resolved: Mapping[str, object], variables: Container[str]) -> Iterator[str]:
    for key, value in leaves(dict(resolved)):
        text = value if isinstance(value, str) else ""
        name = ".".join(map(str, key))
        found = referred(text)
        if found is not None and found not in variables:
            yield f"`{name}` is taken from the environment variable `{found}`, which is not set"
        elif _MASK in str(value):
            yield f"`{name}` is a secret that was masked"


def code_of(code: Code, facts: CodeFacts) -> Ingredient:
    """Say whether the working tree can be had back to the last byte."""
    if code.commit == "unknown":
        why = f": {code.reasons[0]}" if code.reasons else ""
        return Ingredient(name=COMMIT, missing=(f"no commit was recorded{why}",))
    missing = [*_of_repository(code, facts), *_of_diff(code.diff, facts), *_of_untracked(code, facts)]
    missing += [f"`{each.path}` was not stored: {each.reason}" for each in code.left_out[:_MOST]]
    if len(code.left_out) > _MOST:
        missing.append(f"{len(code.left_out) - _MOST + code.left_out_more} more files were not stored")
    if code.dirty is None:
        missing.append("whether the working tree had changes was not known")
    at = "no branch (detached)" if code.branch == "detached" else code.branch
    uses = [f"commit {code.commit[:12]} of {at}"]
    uses += [f"a diff of {code.diff.size:,} bytes"] if code.diff else []
    uses += [counted(code.untracked.files, "untracked file", "untracked files")] if code.untracked else []
    return Ingredient(name=COMMIT, uses=tuple(uses), missing=tuple(missing))


def _of_repository(code: Code, facts: CodeFacts) -> Iterator[str]:
    if not facts.has_repository:
        yield "the workspace is in no repository any more"
    elif not facts.has_commit:
        yield (
            f"commit {code.commit} is not in the repository; `git fetch origin {code.commit}` may get it, in "
            "a shallow clone `git fetch --unshallow`"
        )
    if not facts.is_inside:
        yield "the data stand outside the repository, so a clean tree has no place for them"


def _of_diff(diff: Copy | None, facts: CodeFacts) -> Iterator[str]:
    if diff is None:
        return
    if diff.path is None:
        yield f"the diff was not stored: {diff.reason}"
    elif not diff.digest:
        yield "secrets were masked in the diff"
    elif facts.diff != diff.copy_digest:
        yield f"the stored diff is {'gone' if facts.diff is None else 'not the one that was recorded'}"


def _of_untracked(code: Code, facts: CodeFacts) -> Iterator[str]:
    untracked = code.untracked
    if untracked is None:
        return
    for path in untracked.masked[:_MOST]:
        yield f"secrets were masked in `{path}`"
    if facts.untracked != untracked.digest:
        gone = facts.untracked is None
        yield f"the stored untracked files are {'gone' if gone else 'not those that were recorded'}"


def environment_of(recorded: Environment, facts: EnvironmentFacts) -> Ingredient:
    """Say whether the packages can be had again: from here, from the lock file, or from their list."""
    missing = [each for lock in recorded.locks for each in _of_lock(lock, facts.locks)]
    if not recorded.packages:
        missing.append("no packages were recorded")
    mode = mode_of(recorded, facts)
    if mode == "pip" and not missing:
        missing += _uninstallable(recorded, facts.here)
    others = len(_others(recorded))
    uses = [f"lock file `{lock.source}`" for lock in recorded.locks]
    uses.append(
        {
            "present": f"the present environment: the same {others} packages",
            "uv": f"`uv sync --frozen`, Python {recorded.python} (needs the network)",
            "pip": f"`pip install` of {others} packages (needs the network)",
        }[mode]
    )
    return Ingredient(name=ENVIRONMENT, uses=(*uses, *_own(recorded, mode)), missing=tuple(missing))


def _own(recorded: Environment, mode: Mode) -> Iterator[str]:
    """Say which runpact it will be, unless it is the one on record in the present environment."""
    then = recorded.packages.get(_OWN, "")
    other = f" ({then} was recorded)" if then not in {"", VERSION} else ""
    if mode == "present":
        yield from [f"runpact {VERSION}{other}"] * bool(other)
    elif is_lent(recorded):
        unless = " unless the lock file has it" if mode == "uv" else ""
        yield f"runpact {VERSION}, lent by the one that runs{unless}{other}"


def is_lent(recorded: Environment) -> bool:
    """Whether the running runpact may be lent to an environment that is made; the tree may have its own."""
    origin = recorded.origins.get(_OWN)
    return origin is None or not is_of_workspace(origin.url)


def _others(recorded: Environment) -> dict[str, str]:
    """Return the packages that are compared and installed: all but runpact, which is no ingredient."""
    return {name: version for name, version in recorded.packages.items() if name != _OWN}


def mode_of(recorded: Environment, facts: EnvironmentFacts) -> Mode:
    """Return how the packages are had."""
    here = facts.here
    if (_others(here), here.python) == (_others(recorded), recorded.python):
        return "present"
    has_lock = any(lock.source.rpartition("/")[2] == UV_LOCK for lock in recorded.locks)
    return "uv" if has_lock and facts.has_uv else "pip"


def _of_lock(lock: LockCopy, found: Mapping[str, str | None]) -> Iterator[str]:
    if lock.path is None:
        yield f"the lock file `{lock.source}` was not stored: {lock.reason}"
    elif found.get(lock.path) != lock.copy_digest:
        gone = found.get(lock.path) is None
        yield f"the lock file `{lock.source}` is {'gone' if gone else 'not the one that was recorded'}"


def _uninstallable(recorded: Environment, here: Environment) -> Iterator[str]:
    """Say what a list of names and versions does not bring back."""
    if recorded.python.rpartition(".")[0] != here.python.rpartition(".")[0]:
        yield f"Python {recorded.python} (here is {here.python}); with a uv.lock and uv it could be had"
    local = [name for name, origin in recorded.origins.items() if origin.url is None and name != _OWN]
    if local:
        yield f"{', '.join(local[:_MOST])}: installed from a folder outside the workspace"


def requirements_of(recorded: Environment) -> tuple[str, ...]:
    """Return what is to be installed, as pip reads it; what was installed from the workspace is left out."""
    return tuple(
        f"{name}=={version}"
        if origin is None
        else f"{name} @ {_address(origin.url, origin.vcs, origin.commit)}"
        for name, version in sorted(_others(recorded).items())
        for origin in (recorded.origins.get(name),)
        if origin is None or not is_of_workspace(origin.url)
    )


def is_of_workspace(url: str | None) -> bool:
    """Whether a package was installed from a folder of the workspace, by the address on record."""
    return url is not None and "://" not in url


def _address(url: str | None, vcs: str | None, commit: str | None) -> str:
    return f"{vcs}+{url}@{commit}" if vcs else str(url)


def inputs_of(inputs: Iterable[Input], found: Mapping[str, Found | str]) -> Ingredient:
    """Say whether every input can be had with the bytes that it had.

    Args:
        inputs: As recorded.
        found: Where each stands, or why it is not there, by name.
    """
    uses, missing = [], []
    for each in inputs:
        place = found.get(each.name, "nobody looked for it")
        kind = "model" if (each.uri or "").startswith("local:") else "data set" if each.uri else "input"
        if each.changed:
            missing.append(f"{kind} `{each.name}` changed while the run read it")
        elif isinstance(place, str):
            missing.append(f"{kind} `{each.name}`: {place}")
        else:
            uses.append(f"{kind} `{each.name}` from the {place.where}")
    return Ingredient(name=INPUTS, uses=tuple(uses) or ("none",), missing=tuple(missing))


def variables_of(recorded: Environment) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the recorded variables that can be set again, and the names of those whose paths are unknown."""
    unknown = tuple(name for name, value in recorded.variables.items() if _PATH in value)
    return {name: value for name, value in recorded.variables.items() if name not in unknown}, unknown
