"""What a run's records say about the secrets that were masked in them.

Knows: how many and where.
Does not know: which they were; nothing here can tell.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

import msgspec


class Masking(msgspec.Struct, frozen=True, kw_only=True):
    """The secrets that were looked for and the places that were masked."""

    declared: int = 0
    """Values looked for besides the known shapes."""
    too_short: int = 0
    """Declared values too short to be told from innocent text; masked only where their place is known."""
    places: dict[str, int] = {}
    """How many places were masked, by where: `command`, `config`, `code`, `environment`, `host`, `events`,
    `error`, `files` (diff, untracked and lock files), and each log by its path."""
