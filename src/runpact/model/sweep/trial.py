"""A trial: one setting of the space, and what became of it.

Knows: what tells trials apart, what they are told.
Does not know: how a trial is run.
"""

# No deferred annotations: the decoder would evaluate each as text.

import hashlib
import re
from collections.abc import Mapping

import msgspec

from runpact.model.digest import canonical_json
from runpact.model.facts import Json
from runpact.model.sweep.space import text_of

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*)(?::([1-9][0-9]?))?\}")
REFUSED = "refused"
"""State of a trial whose settings were refused before it had a run."""
SEED_BITS = 31
"""Every generator of random numbers takes a seed of so many bits."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One setting that is tried."""

    number: int
    """From 1, in the order of the plan."""
    settings: dict[str, Json]
    """Value of each key of the space."""
    split: int | None = None
    """Number of the split, from 1; None where there are no splits."""
    phase: str = ""
    """`train` or `test`; empty where there are no splits."""
    window: dict[str, Json] = {}
    """Values of the keys that the split sets."""

    @property
    def key(self) -> str:
        """What tells this trial from every other one of its sweep, whatever its number."""
        named = {"settings": self.settings, "split": self.split, "phase": self.phase}
        return hashlib.sha256(canonical_json(named)).hexdigest()

    @property
    def overrides(self) -> tuple[str, ...]:
        """The trial as `--set` takes it: `dotted.key=value`."""
        return settings_told({**self.settings, **self.window})

    def seed(self, of_sweep: int) -> int:
        """Return the trial's own seed: it follows from the sweep's and from what is tried."""
        digest = hashlib.sha256(f"{of_sweep}:{self.key}".encode()).digest()
        return int.from_bytes(digest[:8], "big") >> (64 - SEED_BITS)


def settings_told(settings: Mapping[str, Json]) -> tuple[str, ...]:
    """Return settings as `--set` takes them."""
    return tuple(f"{key}={text_of(value)}" for key, value in settings.items())


class TrialEnd(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a trial."""

    trial: Trial
    uid: str | None = None
    """Of its run; None when none was begun."""
    path: str = ""
    """Where its run stands, relative to the workspace."""
    state: str
    """Of its run; `refused` when none was begun, `failed` when its process died with it."""
    verdict: str = ""
    """On its run."""
    objective: float | None = None
    reason: str = ""
    """Why it is not ranked; empty for a trial that is."""
    seconds: float = 0.0
    attempts: int = 1
    """How often it was tried in this sweep."""
    config_digest: str = ""
    """Of its whole configuration."""

    @property
    def is_done(self) -> bool:
        """Whether its run finished and keeps its contract: such a trial is never run again."""
        return self.state == "finished" and self.verdict in {"OK", "WARNING"}

    @property
    def is_interrupted(self) -> bool:
        """Whether it was stopped from outside."""
        return self.state == "interrupted"

    @property
    def is_failed(self) -> bool:
        """Whether it came to an end of its own, and not to a good one."""
        return not self.is_done and not self.is_interrupted


def known_words(trial: Trial, *, seed: int, name: str, digest: str) -> dict[str, str]:
    """Return what placeholders of a command and of captures stand for.

    Args:
        trial: What is tried.
        seed: The trial's own.
        name: Of the sweep.
        digest: Of the trial's whole configuration.
    """
    settings = {key: _bare(value) for key, value in {**trial.settings, **trial.window}.items()}
    split = {} if trial.split is None else {"split": f"{trial.split}", "phase": trial.phase}
    return {
        "trial": f"{trial.number:04}",
        "seed": str(seed),
        "digest": digest.rpartition(":")[2],
        "sweep": name,
        **split,
        **settings,
    }


def filled(text: str, words: Mapping[str, str]) -> str:
    """Return a text with each `{word}` that is known replaced; `{word:7}` by its first seven characters."""

    def word(found: re.Match[str]) -> str:
        value = words.get(found[1])
        if value is None:
            return found[0]
        return value[: int(found[2])] if found[2] else value

    return _PLACEHOLDER.sub(word, text)


def placeholders(text: str) -> tuple[str, ...]:
    """Return the names of all `{word}` of a text."""
    return tuple(found[1] for found in _PLACEHOLDER.finditer(text))


def _bare(value: Json) -> str:
    return value if isinstance(value, str) else text_of(value)
