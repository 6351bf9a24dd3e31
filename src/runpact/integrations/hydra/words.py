"""The words of a Hydra program: with the callback that makes its runs, and those of one job alone.

Knows: which words are overrides, and which of them are for many jobs only.
Does not know: what an override changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hydra._internal.utils import get_args_parser

_KEPT = ("config_path", "config_name", "config_dir")
"""Options that a job needs as well."""
_OF_HYDRA = re.compile(r"[+~]*hydra[./@]")
_OF_MANY = re.compile(r"[+~]*hydra[./](mode|sweep|sweeper|launcher)\b")


def with_override(arguments: Sequence[str], override: str) -> list[str]:
    """Return arguments with one more override, where Hydra takes it.

    Hydra reads overrides in one piece, with options before and behind: so it stands before the first one.
    """
    parser = get_args_parser()
    given = parser.parse_known_args(arguments)[0].overrides
    for at, word in enumerate(arguments):
        if given and word == given[0]:
            words = [*arguments[:at], override, *arguments[at:]]
            parsed, others = parser.parse_known_args(words)
            if not others and parsed.overrides == [override, *given]:
                return words
    return [*arguments, override]


def words_alone(command: Sequence[str], arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the words by which a job is run alone, but for its overrides; none where they are not known.

    Args:
        command: The words that the multirun was started with, the interpreter's included.
        arguments: Those of them that the program got.
    """
    program = command[: len(command) - len(arguments)]
    if [*command[len(program) :]] != [*arguments]:
        return ()
    said, _others = get_args_parser().parse_known_args(arguments)
    options = (f"--{name.replace('_', '-')}={value}" for name in _KEPT if (value := getattr(said, name)))
    return (*program, *options, *_kept(said.overrides, is_asked=said.multirun))


def _kept(overrides: Sequence[str], *, is_asked: bool) -> Iterator[str]:
    """Yield the overrides of Hydra's own part that a job alone needs."""
    if not is_asked:
        yield "hydra.mode=RUN"
    for each in overrides:
        if _OF_HYDRA.match(each) and not _OF_MANY.match(each):
            yield each
