"""Where a stage's input is: resolved, never searched.

Knows: the order of the sources, and that two answers are none.
Does not know: files; what the places hold.

Order: the command line, what the contract declares, the record of the experiment, the legacy resolver. The
record answers for every alias whose stage has begun, also when nothing usable stands there: a stage never
falls back to a legacy folder because its producer failed.
"""

from __future__ import annotations

import msgspec

from runpact.model.finding import Finding, Severity
from runpact.model.pipeline.result import Source


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Every place that is named for one alias, by who names it."""

    given: tuple[str, ...] = ()
    """Those of the command line."""
    declared: tuple[str, ...] = ()
    """Where the contract says that it stands in the workspace."""
    recorded: tuple[str, ...] = ()
    """Those that stages of this experiment made, or were to make."""
    legacy: tuple[str, ...] = ()
    """What stands where the contract's `legacy` says that older results lie."""


class Resolved(msgspec.Struct, frozen=True):
    """Who named the place of an input, and which place."""

    path: str
    source: Source

    @property
    def resolved_from_legacy(self) -> bool:
        """Whether the legacy resolver answered."""
        return self.source == "legacy"


def resolve(alias: str, sources: Sources) -> Resolved | Finding:
    """Return the one place of an input, or why there is none.

    Args:
        alias: What the stage reads.
        sources: The places that are named for it.
    """
    named: tuple[tuple[Source, tuple[str, ...]], ...] = (
        ("cli", sources.given),
        ("contract", sources.declared),
        ("manifest", sources.recorded),
        ("legacy", sources.legacy),
    )
    for source, places in named:
        if len(places) == 1:
            return Resolved(places[0], source)
        if places:
            return _ambiguous(alias, source, places)
    return Finding(
        code="missing-artifact",
        severity=Severity.INCOMPLETE,
        path=alias,
        message="neither the command line nor a stage of this experiment nor a legacy folder names it",
        expected="one place",
        got="none",
    )


def _ambiguous(alias: str, source: Source, places: tuple[str, ...]) -> Finding:
    who = {
        "cli": "the command line",
        "contract": "the contract",
        "manifest": "the experiment",
        "legacy": "the legacy resolver",
    }[source]
    return Finding(
        code="ambiguous-artifact",
        severity=Severity.INCOMPLETE,
        path=alias,
        message=f"{who} names {len(places)} places for it",
        expected="one place",
        got=", ".join(sorted(places)),
        hint=f"name the one that is meant with --input {alias}=PATH",
    )
