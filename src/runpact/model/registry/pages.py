"""The files of a view.

Knows: what stands around the rows in each form, and where the moment of writing stands.
Does not know: how rows were found, the disk.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

import msgspec

from runpact.model.contract.language import IndexView
from runpact.model.contract.viewfiles import view_files
from runpact.model.facts import Json
from runpact.model.registry.cells import (
    csv_cell,
    csv_name,
    json_cell,
    legible,
    markdown_cell,
    markdown_text,
)

FORMAT = "runpact.view/1"
_USUAL = {word: word for word in ("format", "generated_at", "count", "runs")}
"""Keys of a JSON file whose contract names none."""
_MOMENT = "\0"
"""Stands for the moment of writing; no text of a view holds it."""
_MOMENT_BYTES = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


class Line(msgspec.Struct, frozen=True):
    """One run as a view lists it, in each form; a form that the view does not have is empty."""

    keys: str = ""
    """The values it is ordered by, a JSON list; empty where paths alone order."""
    csv: str = ""
    json: str = ""
    md: str = ""


class Page(msgspec.Struct, frozen=True):
    """A file to be, around the moment of writing."""

    path: str
    """Relative to the workspace."""
    form: str
    before: bytes
    after: bytes | None
    """None where the form has no place for the moment."""
    opening: bytes
    """Any file of this view begins so, whatever its rows."""
    closing: bytes

    def data(self, moment: str) -> bytes:
        """Return the file as written at a moment, RFC 3339."""
        return self.before if self.after is None else self.before + moment.encode() + self.after

    def moment_in(self, data: bytes) -> str | None:
        """Return when a file was written if it is this page, empty where it does not say; else None."""
        if self.after is None:
            return "" if data == self.before else None
        end = len(data) - len(self.after)
        moment = data[len(self.before) : end]
        is_this = data.startswith(self.before) and data.endswith(self.after)
        return moment.decode() if is_this and _MOMENT_BYTES.fullmatch(moment) else None

    def is_older(self, data: bytes) -> bool:
        """Whether a file that is not this page is a whole file of the view, with other rows."""
        return data.startswith(self.opening) and data.endswith(self.closing)


def line_of(view: IndexView, values: Mapping[str, Json]) -> Line:
    """Return a run's line.

    Args:
        view: What is listed.
        values: Value by column, in the order of the view's columns.
    """
    forms = view_files(view.files)
    shown = view.markdown.columns or tuple(view.columns)
    pairs = (f"{json_cell(name)}: {json_cell(value)}" for name, value in values.items())
    keys = [values[name.removeprefix("-")] for name in view.order]
    return Line(
        keys=json_cell(keys) if keys else "",
        csv=",".join(map(csv_cell, values.values())) + "\n" if "csv" in forms else "",
        json="{" + ", ".join(pairs) + "}" if "json" in forms else "",
        md="| " + " | ".join(markdown_cell(values[name]) for name in shown) + " |\n" if "md" in forms else "",
    )


def ordered(view: IndexView, lines: Sequence[Line]) -> Sequence[Line]:
    """Return lines that come by path in the order of the view; what has no value comes last either way."""
    if not view.order:
        return lines
    known = [(msgspec.json.decode(line.keys), line) for line in lines]
    for number, name in reversed(list(enumerate(view.order))):
        present = [each for each in known if each[0][number] is not None]
        present.sort(key=lambda each, at=number: _rank(each[0][at]), reverse=name.startswith("-"))  # type: ignore[misc]  # bound early
        known = present + [each for each in known if each[0][number] is None]
    return [line for _keys, line in known]


def _rank(value: Json) -> tuple[int, float | str]:
    if isinstance(value, bool):
        return (0, float(value))
    if isinstance(value, int | float):
        return (1, value)
    return (2, value) if isinstance(value, str) else (3, json_cell(value))


def pages(view: IndexView, lines: Sequence[Line]) -> tuple[Page, ...]:
    """Return the files of a view.

    Args:
        view: What is listed.
        lines: The runs, ordered by path.
    """
    rows = ordered(view, lines)
    made = {"csv": _csv, "json": _json, "md": _markdown}
    return tuple(_page(path, form, *made[form](view, rows)) for form, path in view_files(view.files).items())


def _page(path: str, form: str, text: str, opening: str, closing: str) -> Page:
    before, mark, after = text.partition(_MOMENT)
    return Page(
        path=path,
        form=form,
        before=before.encode(),
        after=after.encode() if mark else None,
        opening=opening.encode(),
        closing=closing.encode(),
    )


def _csv(view: IndexView, rows: Sequence[Line]) -> tuple[str, str, str]:
    head = ",".join(map(csv_name, view.columns)) + "\n"
    return head + "".join(line.csv for line in rows), head, "\n"


def _json(view: IndexView, rows: Sequence[Line]) -> tuple[str, str, str]:
    listed = ",\n    ".join(line.json for line in rows)
    parts = {
        "format": json_cell(FORMAT),
        "generated_at": f'"{_MOMENT}"',
        "folder": json_cell(posixpath.dirname(view.files) or "."),
        "count": str(len(rows)),
        "runs": f"[\n    {listed}\n  ]" if rows else "[]",
    }
    keys = view.json or _USUAL
    pairs = (f"  {json_cell(key)}: {parts[word]}" for key, word in keys.items())
    first = json_cell(next(iter(keys)))
    return "{\n" + ",\n".join(pairs) + "\n}\n", f"{{\n  {first}: ", "\n}\n"


def _markdown(view: IndexView, rows: Sequence[Line]) -> tuple[str, str, str]:
    said = view.markdown
    shown = said.columns or tuple(view.columns)
    opening = f"# {markdown_text(said.title)}\n\n"
    facts = (
        f"- Folder: {markdown_text(posixpath.dirname(view.files) or '.')}\n"
        f"- Generated: {_MOMENT}\n- Runs: {len(rows)}\n\n"
    )
    head = "| " + " | ".join(map(markdown_cell, shown)) + " |\n|" + " --- |" * len(shown) + "\n"
    table = head + "".join(line.md for line in rows)
    return opening + facts + (table if rows else f"{legible(said.empty)}\n"), opening, "\n"
