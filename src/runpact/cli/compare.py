"""`runpact diff`.

Knows: how a comparison is laid out, and what its exit codes mean.
Does not know: what differs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from runpact.cli.options import json_option, open_workspace, workspace_options
from runpact.cli.output import paint, plain, print_json, say, table_lines
from runpact.model.compare.compare import SECTIONS
from runpact.model.compare.row import Likeness, Row, Section
from runpact.workspace.comparing import diff, patches

if TYPE_CHECKING:
    from runpact.model.compare.row import Comparison

EXIT_CODES = {Likeness.SAME: 0, Likeness.DIFFERENT: 1, Likeness.UNDECIDED: 2}
_ANSWERS = {
    Likeness.SAME: ("equal", "green"),
    Likeness.DIFFERENT: ("different", "red"),
    Likeness.UNDECIDED: ("undecided", "yellow"),
}
_COLOURS = {Likeness.DIFFERENT: "red", Likeness.UNDECIDED: "yellow", Likeness.NOTED: "dim"}
_WIDEST = 44
_BEFORE = 12
"""Characters of a long value that are kept before the first difference."""
_MOST_VALUES = 12
"""Differing values of one file that are shown, unless all are asked for."""
_DIGEST = "sha256:"


@click.command("diff")
@click.argument("runs", nargs=-1, required=True, metavar="RUN|CERT RUN|CERT...")
@click.option("--all", "is_all", is_flag=True, help="Show what is the same, too.")
@click.option(
    "--only", metavar="NAMES", default="", help=f"Compare these sections alone: {','.join(SECTIONS)}."
)
@click.option("--patch", "with_patch", is_flag=True, help="Print the stored diff of each run's code.")
@workspace_options
@json_option
def diff_command(
    *,
    runs: tuple[str, ...],
    is_all: bool,
    only: str,
    with_patch: bool,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Compare runs, each with the first: configuration, code, environment, inputs, metrics, artifacts.

    \b
    Certificates, or their folders, are compared by what they say; none is made again.
    Exit codes: 0 equal under the contract's determinism, 1 different, 2 undecided.
    """
    place = open_workspace(workspace, workdir, contract)
    if len(runs) > 1 and all(map(_looks_like_evidence, runs)):
        from runpact.cli.sides import show_sides  # noqa: PLC0415 - comparing runs needs none of it

        code = show_sides(place, runs, is_all=is_all, is_json=is_json)
        if code is not None:
            return code
    wanted = tuple(name.strip() for name in only.split(",") if name.strip())
    found = diff(place, runs, only=wanted)
    texts = patches(place, runs) if with_patch else ()
    if is_json:
        print_json("diff", **_document(found, is_all=is_all), **({"patches": texts} if with_patch else {}))
        return EXIT_CODES[found.likeness]
    for line in _page(found, is_all=is_all):
        say(line)
    for line in _patch_lines(dict(zip(found.runs, texts, strict=False))):
        say(line)
    return EXIT_CODES[found.likeness]


def _looks_like_evidence(reference: str) -> bool:
    """Whether a reference may be a certificate: a path, and no name of a run."""
    return os.path.exists(reference)


def _patch_lines(patches: Mapping[str, str | None]) -> Iterator[str]:
    """Yield the stored diff of each run; what several runs share is told once."""
    for text in dict.fromkeys(patches.values()):
        names = ", ".join(plain(name) for name, other in patches.items() if other == text)
        yield ""
        yield paint(f"{names}: {'changes against its commit' if text else 'no stored diff'}", "bold")
        for line in (text or "").split("\n"):
            yield "\t".join(plain(part) for part in line.split("\t"))


def _document(found: Comparison, *, is_all: bool) -> dict[str, object]:
    sections = {
        section.name: msgspec.to_builtins(section.rows if is_all else section.told)
        for section in found.sections
    }
    counts = {each.value: sum(section.count(each) for section in found.sections) for each in tuple(Likeness)}
    return {"answer": _ANSWERS[found.likeness][0], "runs": found.runs, "counts": counts, "sections": sections}


def _page(found: Comparison, *, is_all: bool) -> Iterator[str]:
    names = [chr(ord("A") + number % 26) + str(number // 26 or "") for number in range(len(found.runs))]
    for name, shown in zip(names, found.runs, strict=True):
        yield f"{paint(name, 'bold')}  {plain(shown)}"
    for section in found.sections:
        rows = section.rows if is_all else section.told
        if rows:
            yield ""
            yield paint(section.name, "bold")
            yield from _table(rows, names, is_all=is_all)
    yield ""
    answer, colour = _ANSWERS[found.likeness]
    yield f"{paint(answer, colour)}{_summary(found, is_all=is_all)}"


def _table(rows: Sequence[Row], names: Sequence[str], *, is_all: bool) -> Iterator[str]:
    kept, left_out = (list(rows), 0) if is_all else _shortened(rows)
    cells = [(row.key, *_cells(row), _remark(row)) for row in kept]
    colours = [_COLOURS.get(row.likeness) for row in kept]
    for line in table_lines(("", *names, ""), cells, colours=colours):
        yield f"  {line}"
    if left_out:
        yield f"  … and {left_out:,} more values; --all shows them"


def _shortened(rows: Sequence[Row]) -> tuple[list[Row], int]:
    """Return rows with the first values of each file alone, and how many were left out."""
    kept: list[Row] = []
    seen: dict[str, int] = {}
    for row in rows:
        path, is_value, _pointer = row.key.partition("#")
        seen[path] = seen.get(path, 0) + bool(is_value)
        if seen[path] <= _MOST_VALUES:
            kept.append(row)
    return kept, len(rows) - len(kept)


def _cells(row: Row) -> list[str]:
    texts = [None if number in row.absent else _text(value) for number, value in enumerate(row.values)]
    known = [text for text in texts if text is not None]
    begin = max(0, _alike(known) - _BEFORE) if len(set(known)) > 1 else 0
    return ["—" if text is None else _cut(text, begin) for text in texts]


def _alike(texts: Sequence[str]) -> int:
    """Return how many characters texts begin with alike."""
    places = zip(*texts, strict=False)
    return next((at for at, letters in enumerate(places) if len(set(letters)) > 1), min(map(len, texts)))


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, str):
        return value.removeprefix(_DIGEST)[:12] if value.startswith(_DIGEST) else value
    return msgspec.json.encode(value).decode()


def _cut(text: str, begin: int) -> str:
    """Return a text that has room, from shortly before the place where it differs from the others."""
    if len(text) <= _WIDEST:
        return text
    begin = min(begin, len(text) - _WIDEST + 1) if begin > 1 else 0
    kept = ("…" if begin else "") + text[begin:]
    return kept if len(kept) <= _WIDEST else kept[: _WIDEST - 1] + "…"


def _remark(row: Row) -> str:
    word = {Likeness.DIFFERENT: "", Likeness.NOTED: ""}.get(row.likeness, row.likeness.value)
    return ": ".join(part for part in (word, row.remark) if part)


def _summary(found: Comparison, *, is_all: bool) -> str:
    parts = [_counted(section) for section in found.sections]
    told = ", ".join(part for part in parts if part)
    allowed = sum(
        section.count(each) for section in found.sections for each in (Likeness.TOLERATED, Likeness.VOLATILE)
    )
    more = "" if is_all else " (--all shows them)"
    free = f"; {allowed} differ as the contract allows{more}" if allowed else ""
    return (f": {told}" if told else "") + free


def _counted(section: Section) -> str:
    rows = [row for row in section.rows if "#" not in row.key or section.name != "artifacts"]
    different, undecided = (
        sum(row.likeness is each for row in rows) for each in (Likeness.DIFFERENT, Likeness.UNDECIDED)
    )
    if not undecided:
        return f"{different} in {section.name}" if different else ""
    return f"{f'{different} different, ' if different else ''}{undecided} undecided in {section.name}"
