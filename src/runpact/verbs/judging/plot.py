"""Draw runs.

Knows: which records are drawn, which writer makes which file.
Does not know: what a picture looks like.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from datetime import datetime

import msgspec

from runpact.disk.picture import write_picture
from runpact.formats.pngpicture import png_of
from runpact.model.errors import UsageError
from runpact.model.names import shown_path
from runpact.model.plot.heat import Heat
from runpact.model.plot.picture import (
    Drawing,
    Parallel,
    Picture,
    Plotted,
    parallel_picture,
    scatter_picture,
    series_picture,
)
from runpact.model.plot.svg import svg_of
from runpact.model.plot.vega import vega_of
from runpact.verbs.finding.origin import origin_of
from runpact.verbs.finding.standing import stand
from runpact.verbs.judging.compare import series_in

SUFFIXES = (".svg", ".png", ".json")


def draw(directories: Sequence[str], drawing: Drawing, *, root: str) -> Picture | Parallel:
    """Return the picture of runs.

    Args:
        directories: Absolute paths.
        drawing: What to draw.
        root: Absolute data root; runs are labelled relative to it.

    Raises:
        UsageError: What is asked for does not fit together.
        CannotStartError: No run has what is to be drawn.
    """
    _check(drawing)
    runs = _distinct([_plotted(directory, root) for directory in directories])
    if drawing.scatter is not None:
        return scatter_picture(
            runs, drawing.metrics[0], drawing.scatter, value=drawing.value, is_log=drawing.is_log
        )
    if drawing.parallel:
        return parallel_picture(runs, drawing.metrics[0], drawing.parallel, value=drawing.value)
    return series_picture(runs, drawing.metrics, over=drawing.over, is_log=drawing.is_log)


def write(picture: Picture | Parallel | Heat, path: str) -> None:
    """Write a picture as the suffix of its file says: SVG, PNG, or Vega-Lite as JSON.

    Raises:
        UsageError: The suffix is none of these, or the place is inside a run.
        CannotStartError: PNG is wanted and matplotlib is not installed.
        StorageError: It cannot be written.
    """
    suffix = posixpath.splitext(path)[1].lower()
    if suffix not in SUFFIXES:
        raise UsageError("no picture has this suffix", expected=" or ".join(SUFFIXES), got=path)
    if suffix == ".svg":
        data = svg_of(picture).encode()
    elif suffix == ".png":
        data = png_of(picture)
    else:
        data = msgspec.json.format(msgspec.json.encode(vega_of(picture)), indent=1) + b"\n"
    write_picture(path, data)


def _check(drawing: Drawing) -> None:
    is_one = drawing.scatter is not None or bool(drawing.parallel)
    if drawing.scatter is not None and drawing.parallel:
        raise UsageError("one picture is a scatter or parallel coordinates, not both")
    if not drawing.metrics or (is_one and len(drawing.metrics) > 1):
        expected = "one metric" if is_one else "a metric at least"
        raise UsageError(
            "the metrics do not fit the picture", expected=expected, got=str(len(drawing.metrics))
        )


def _plotted(directory: str, root: str) -> Plotted:
    reading, _standing = stand(directory)
    origin = origin_of(reading)
    known = reading.record or reading.manifest
    return Plotted(
        label=shown_path(directory, root),
        name=known.name if known is not None else "",
        metrics=series_in(reading),
        config=origin.config.resolved if origin else {},
        began=_began(known.started) if known is not None else None,
    )


def _began(started: str) -> float | None:
    try:
        return datetime.fromisoformat(started).timestamp()
    except ValueError:
        return None


def _distinct(runs: Sequence[Plotted]) -> list[Plotted]:
    """Return runs labelled by their names, else by the end of their paths, where that tells them apart."""
    found = list({run.label: run for run in runs}.values())
    for names in ([run.name for run in found], [posixpath.basename(run.label) for run in found]):
        if all(names) and len(set(names)) == len(names):
            return [msgspec.structs.replace(run, label=name) for run, name in zip(found, names, strict=True)]
    return found
