"""What a page about a run says.

Knows: the parts of a page and their order.
Does not know: where facts come from, Markdown, HTML.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

import msgspec

from runpact.model.compare.series import Series
from runpact.model.facts import Json
from runpact.model.finding import Finding, Verdict
from runpact.model.inputs import Input
from runpact.model.provenance import Provenance
from runpact.model.runpage.charts import Chart, charts_of, sparkline

_LONG_FRACTION = re.compile(r"-?(?=[\d.]{8})\d+\.\d+(e[+-]?\d+)?")
"""A number with more than six digits, one of them behind the point."""
_OTHER_VALUE = re.compile(r'\s.*|.*\s|null|true|false|-?\d+(\.\d+)?([eE][+-]?\d+)?|[\[{"].*', re.DOTALL)
"""Text that without quotes would be taken for something else."""
MOST_ROWS = 200
"""Rows of a list that a page shows."""


class Section(msgspec.Struct, frozen=True):
    """A table of the page."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    """What stands below it."""


class PageFacts(msgspec.Struct, frozen=True):
    """What a page says."""

    title: str
    status: str
    """The word that a reader looks for first."""
    verdict: Verdict | None
    """None where nobody has judged the run yet."""
    lines: tuple[tuple[str, str], ...]
    """What a reader asks next: name and value."""
    charts: tuple[Chart, ...]
    sections: tuple[Section, ...]


class OwnForm(msgspec.Struct, frozen=True, kw_only=True):
    """What a page says first of a run of a special sort."""

    noun: str
    """What such a run is called."""
    lines: tuple[tuple[str, str], ...]
    charts: tuple[Chart, ...]
    sections: tuple[Section, ...]
    hidden: frozenset[str]
    """Titles of tables that need not be shown beside these."""
    config_title: str
    """What its configuration is called."""


_PLAIN = OwnForm(
    noun="Run", lines=(), charts=(), sections=(), hidden=frozenset(), config_title="Configuration"
)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a run that a page is to be about."""

    path: str
    status: str
    state: str
    reason: str = ""
    verdict: Verdict | None = None
    """None where nobody has judged it yet."""
    judged_by: str = ""
    """The contract that judged."""
    kind: str | None = None
    contract: str | None = None
    uid: str | None = None
    started: str | None = None
    ended: str | None = None
    seconds: float | None = None
    origin: Provenance | None = None
    again: str | None = None
    """The line for a shell that makes it again."""
    series: Mapping[str, Series] = {}
    results: object = None
    """The document of its results, where it has one."""
    metadata: object = None
    """Of a directory that runpact did not make: what it says of itself."""
    config: object = None
    """The same, of its configuration."""
    evidence: tuple[Section, ...] = ()
    tables: tuple[Section, ...] = ()
    findings: tuple[Finding, ...] = ()
    files: tuple[tuple[str, int, str], ...] = ()
    """Path, size and digest."""
    notes: tuple[str, ...] = ()
    """What people said about it."""
    own: OwnForm | None = None
    """What is said of its sort alone."""


def page_of(told: Told) -> PageFacts:
    """Return what a page says of a run."""
    origin, own = told.origin, told.own or _PLAIN
    config = origin.config.resolved if origin else told.config
    causes = (each for each in told.findings if each.because is None)
    findings = tuple((each.severity.value, each.code, each.path, each.message) for each in causes)
    return PageFacts(
        title=f"{own.noun} {told.path}",
        status=told.status,
        verdict=told.verdict,
        lines=tuple((name, value) for name, value in (*own.lines, *_lines(told)) if value),
        charts=(*own.charts, *charts_of(told.series)),
        sections=(
            shortened("Findings", ("severity", "code", "place", "message"), findings),
            *own.sections,
            Section(
                "Metrics", ("name", "points", "last", "least", "greatest", "course"), _metrics(told.series)
            ),
            shortened("Results", ("name", "value"), _short(tuple(flattened(told.results)))),
            shortened("Metadata", ("name", "value"), tuple(flattened(told.metadata))),
            *told.evidence,
            *(
                msgspec.structs.replace(table, rows=_short(table.rows))
                for table in told.tables
                if table.title not in own.hidden
            ),
            shortened(own.config_title, ("key", "value"), tuple(flattened(config))),
            shortened("Inputs", ("name", "digest"), tuple(map(_input, origin.inputs if origin else ()))),
            Section("Environment", ("what", "value"), tuple(_environment(origin)) if origin else ()),
            shortened("Notes", ("note",), tuple((note,) for note in told.notes)),
            shortened(
                "Files",
                ("path", "bytes", "digest"),
                tuple((path, f"{size:,}", digest) for path, size, digest in told.files),
            ),
        ),
    )


def shortened(title: str, header: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Section:
    """Return a table that is no longer than a page bears; it says how much is left out."""
    more = len(rows) - MOST_ROWS
    return Section(title, header, rows[:MOST_ROWS], f"and {more:,} more" if more > 0 else "")


def number_told(value: float) -> str:
    """Return a number in six digits, a whole one in all of them."""
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def _short(rows: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """Return rows whose fractions have six digits; the files have all of them."""
    return tuple(
        tuple(number_told(float(cell)) if _LONG_FRACTION.fullmatch(cell) else cell for cell in row)
        for row in rows
    )


def _lines(told: Told) -> Iterator[tuple[str, str]]:
    origin = told.origin
    yield "state", f"{told.state} {told.reason}".strip()
    yield "verdict", f"{told.verdict.value} by {told.judged_by}" if told.verdict else ""
    yield "kind", told.kind or ""
    yield "contract", told.contract or ""
    yield "started", told.started or ""
    yield "ended", told.ended or ""
    yield "seconds", "" if told.seconds is None else number_told(told.seconds)
    yield "uid", told.uid or ""
    if origin is not None:
        yield "command", shlex.join(origin.command)
        yield "commit", f"{origin.code.commit}{' with changes' if origin.code.dirty else ''}"
        yield "seeds", ", ".join(f"{name} {seed}" for name, seed in origin.seeds.items())
        yield "configuration", origin.config.digest
    yield "again", told.again or ""


def _environment(origin: Provenance) -> Iterator[tuple[str, str]]:
    told = {
        "python": origin.environment.python,
        "platform": origin.environment.platform,
        "machine": origin.environment.machine,
        "packages": f"{len(origin.environment.packages)} ({origin.environment.packages_digest})",
        "cpu": origin.devices.cpu,
        "cores": origin.devices.cores,
        "writes outside": origin.confinement.level,
        "branch": origin.code.branch,
    }
    return ((name, str(value)) for name, value in told.items() if value not in {None, ""})


def _input(each: Input) -> tuple[str, str]:
    return each.name, f"{each.digest}{' (changed since)' if each.changed else ''}"


def _metrics(series: Mapping[str, Series]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            name,
            str(len(points)),
            number_told(points[-1].value),
            number_told(min(point.value for point in points)),
            number_told(max(point.value for point in points)),
            sparkline([point.value for point in points]),
        )
        for name, points in series.items()
    )


def flattened(value: Json, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield each value of a document with its dotted key; text as it is unless it reads as another value."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from flattened(item, f"{prefix}.{key}" if prefix else str(key))
    elif prefix or not (value is None or isinstance(value, Mapping)):
        is_plain = isinstance(value, str) and value and not _OTHER_VALUE.fullmatch(value)
        yield prefix, str(value) if is_plain else msgspec.json.encode(value).decode()
