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
from runpact.model.contract.viewfiles import FORMS, view_files
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
_MOMENT = b"\0"
"""Stands for the moment of writing; no text of a view holds it."""
_MOMENT_BYTES = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


_PARTS = ("keys", *FORMS)
"""What a line consists of: the values it is ordered by, then each form."""
Line = bytes
"""One run as a view lists it: its parts, those that the view does not have empty, with NUL between them."""
_Rows = Sequence[Sequence[bytes]]


class Page(msgspec.Struct, frozen=True):
    """A file to be, around the moment of writing."""

    path: str
    """Relative to the workspace."""
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
    parts = (
        json_cell(keys) if keys else "",
        ",".join(map(csv_cell, values.values())) + "\n" if "csv" in forms else "",
        "{" + ", ".join(pairs) + "}" if "json" in forms else "",
        "| " + " | ".join(markdown_cell(values[name]) for name in shown) + " |\n" if "md" in forms else "",
    )
    return "\0".join(parts).encode()


def _ordered(view: IndexView, rows: _Rows) -> _Rows:
    """Return rows that come by path in the order of the view; what has no value comes last either way."""
    if not view.order:
        return rows
    known = [(msgspec.json.decode(row[0]), row) for row in rows]
    for number, name in reversed(list(enumerate(view.order))):
        present = [each for each in known if each[0][number] is not None]
        present.sort(key=lambda each, at=number: _rank(each[0][at]), reverse=name.startswith("-"))  # type: ignore[misc]  # bound early
        known = present + [each for each in known if each[0][number] is None]
    return [row for _keys, row in known]


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
    rows = _ordered(view, [line.split(b"\0") for line in lines])
    made = {"csv": _csv, "json": _json, "md": _markdown}
    return tuple(made[form](view, path, rows) for form, path in view_files(view.files).items())


def _rows_of(rows: _Rows, form: str, between: bytes = b"") -> bytes:
    part = _PARTS.index(form)
    return between.join([row[part] for row in rows])


def _csv(view: IndexView, path: str, rows: _Rows) -> Page:
    head = (",".join(map(csv_name, view.columns)) + "\n").encode()
    data = head + _rows_of(rows, "csv")
    return Page(path=path, before=data, after=None, opening=head, closing=b"\n")


def _json(view: IndexView, path: str, rows: _Rows) -> Page:
    listed = b"[\n    " + _rows_of(rows, "json", b",\n    ") + b"\n  ]" if rows else b"[]"
    parts = {
        "format": json_cell(FORMAT).encode(),
        "generated_at": _MOMENT,
        "folder": json_cell(posixpath.dirname(view.files) or ".").encode(),
        "count": str(len(rows)).encode(),
        "runs": listed,
    }
    keys = view.json or _USUAL
    pairs = [b"  " + json_cell(key).encode() + b": " + parts[word] for key, word in keys.items()]
    before, mark, after = (b"{\n" + b",\n".join(pairs) + b"\n}\n").partition(_MOMENT)
    opening = b"{\n  " + json_cell(next(iter(keys))).encode() + b": "
    quote = b'"' if mark else b""
    return Page(
        path=path,
        before=before + quote,
        after=quote + after if mark else None,
        opening=opening,
        closing=b"\n}\n",
    )


def _markdown(view: IndexView, path: str, rows: _Rows) -> Page:
    said = view.markdown
    shown = said.columns or tuple(view.columns)
    opening = f"# {markdown_text(said.title)}\n\n"
    folder = markdown_text(posixpath.dirname(view.files) or ".")
    head = "| " + " | ".join(map(markdown_cell, shown)) + " |\n|" + " --- |" * len(shown) + "\n"
    table = head.encode() + _rows_of(rows, "md") if rows else f"{legible(said.empty)}\n".encode()
    return Page(
        path=path,
        before=f"{opening}- Folder: {folder}\n- Generated: ".encode(),
        after=f"\n- Runs: {len(rows)}\n\n".encode() + table,
        opening=opening.encode(),
        closing=b"\n",
    )
