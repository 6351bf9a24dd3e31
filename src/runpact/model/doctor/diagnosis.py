"""A diagnosis: a finding about a workspace, with the remedy when there is one.

Knows: every remedy, and how people are told what it does.
Does not know: how facts are gathered, how a remedy is carried out.
"""

from __future__ import annotations

import msgspec

from runpact.model.codes import CODES
from runpact.model.finding import Finding, Severity
from runpact.model.names import readable_path


class SetAside(msgspec.Struct, frozen=True, tag="set-aside"):
    """Move something out of the way; nothing is removed."""

    path: str
    """Relative to the workspace, as the system names it; so in every remedy."""


class SealRun(msgspec.Struct, frozen=True, tag="seal"):
    """Seal a run as interrupted."""

    path: str


class RebuildIndex(msgspec.Struct, frozen=True, tag="rebuild-index"):
    """Make the index anew from the runs."""


class ClearCache(msgspec.Struct, frozen=True, tag="clear-cache"):
    """Remove what a builder of the index left: a cache holds nothing that could be lost."""


class RenewLatest(msgspec.Struct, frozen=True, tag="renew-latest", kw_only=True):
    """Replace a latest copy or link; what stood there and came from no run is set aside."""

    path: str
    source: str
    started: str
    """Of the run that it is to come from, RFC 3339."""
    is_link: bool
    is_kept: bool
    """What stands there now is set aside first."""


class WriteIgnored(msgspec.Struct, frozen=True, tag="ignore"):
    """Put the generated block into `.gitignore`."""

    patterns: tuple[str, ...]


class WriteViews(msgspec.Struct, frozen=True, tag="write-views"):
    """Write the registry views anew: they can always be made again from the runs."""


Remedy = SetAside | SealRun | RebuildIndex | ClearCache | RenewLatest | WriteIgnored | WriteViews


class Diagnosis(msgspec.Struct, frozen=True):
    """A finding, and what would put it right."""

    finding: Finding
    remedy: Remedy | None = None


def diagnose(
    code: str,
    message: str,
    *,
    path: str = "",
    expected: str | None = None,
    got: str | None = None,
    hint: str | None = None,
    severity: Severity | None = None,
    remedy: Remedy | None = None,
) -> Diagnosis:
    """Return a diagnosis; its severity is that of the code unless another is given."""
    finding = Finding(
        code=code,
        severity=severity or CODES[code].severity,
        message=message,
        path=readable_path(path),
        expected=expected,
        got=got,
        hint=hint,
    )
    return Diagnosis(finding, remedy)


def remedy_text(remedy: Remedy) -> str:
    """Return what a remedy does, in the words of an order."""
    if isinstance(remedy, SetAside):
        return f"move it to `.runpact-aside/<moment>/{readable_path(remedy.path)}`"
    if isinstance(remedy, SealRun):
        return "seal it as interrupted, with everything that it acknowledged"
    if isinstance(remedy, RenewLatest):
        word = "link to" if remedy.is_link else "copy"
        before = "move it to `.runpact-aside/<moment>/`, then " if remedy.is_kept else ""
        return f"{before}{word} `{readable_path(remedy.source)}`"
    if isinstance(remedy, WriteIgnored):
        return f"ignore {', '.join(remedy.patterns)} in the generated block of `.gitignore`"
    if isinstance(remedy, ClearCache):
        return "remove it: it is a cache"
    return "make the index anew" if isinstance(remedy, RebuildIndex) else "write the registry views anew"


def remedy_name(remedy: Remedy) -> str:
    """Return the stable name of a remedy."""
    return str(type(remedy).__struct_config__.tag)
