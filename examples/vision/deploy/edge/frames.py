"""Frames, one after the other: the images of a folder, or a film.

Films are GIF and TIFF of several frames, and MJPEG (whole JPEGs one behind the other).
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence, UnidentifiedImageError
from share.errors import DatasetError, VisionError
from share.yolo import image_files, read_image

FILMS = (".gif", ".tif", ".tiff")
JPEG_FILMS = (".mjpeg", ".mjpg")
START, END = b"\xff\xd8", b"\xff\xd9"


@dataclass(frozen=True)
class Frame:
    """One frame."""

    number: int
    source: str
    """The file it comes from, relative to the folder it was looked for in."""
    output: str
    """Name of the annotated frame."""
    scene: NDArray[np.float32]


def folder_frames(folder: Path) -> Iterator[Frame]:
    """Yield the images of a folder, in the order of their paths.

    Raises:
        VisionError: There is none.
        DatasetError: One cannot be read.
    """
    images = image_files(folder) if folder.is_dir() else []
    if not images:
        raise VisionError(f"no image stands below {folder}")
    names = annotated_names([path.relative_to(folder) for path in images])
    for number, (path, name) in enumerate(zip(images, names, strict=True)):
        yield Frame(number, path.relative_to(folder).as_posix(), name, read_image(path))


def annotated_names(paths: list[Path]) -> list[str]:
    """Return `<name>_annotated.jpg` for each image; images of one name are told apart by folder and type."""
    stems = Counter(path.stem.casefold() for path in paths)
    names = []
    for path in paths:
        is_alone = stems[path.stem.casefold()] == 1
        words = path.stem if is_alone else "_".join(path.parts).replace(".", "_")
        name = f"{words}_annotated.jpg"
        while name.casefold() in (other.casefold() for other in names):
            name = f"_{name}"
        names.append(name)
    return names


def film_frames(path: Path) -> Iterator[Frame]:
    """Yield the frames of a film.

    Raises:
        VisionError: There is no film, or it is of an unknown sort.
        DatasetError: A frame cannot be read.
    """
    if not path.is_file():
        raise VisionError(f"deploy.edge.video_path: there is no film {path}")
    suffix = path.suffix.lower()
    if suffix not in {*FILMS, *JPEG_FILMS}:
        raise VisionError(f"{path}: a film is one of {', '.join((*FILMS, *JPEG_FILMS))}")
    pictures = _sequence(path) if suffix in FILMS else _jpegs(path)
    for number, scene in enumerate(pictures):
        yield Frame(number, path.name, f"{number:06}.jpg", scene)


def _sequence(path: Path) -> Iterator[NDArray[np.float32]]:
    try:
        with Image.open(path) as film:
            for picture in ImageSequence.Iterator(film):
                yield _grey(picture)
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError, EOFError) as error:
        raise DatasetError("a film cannot be read", [f"{path}: {error}"]) from error


def _jpegs(path: Path) -> Iterator[NDArray[np.float32]]:
    """Yield the JPEGs of a file; inside one, END stands nowhere but at its end."""
    data, begin, number = path.read_bytes(), 0, 0
    while begin < len(data):
        until = data.find(END, begin) + len(END)
        if data[begin : begin + 2] != START or until < len(END):
            raise DatasetError(
                "a film cannot be read", [f"{path}: byte {begin}: frame {number} is no whole JPEG"]
            )
        try:
            with Image.open(io.BytesIO(data[begin:until])) as picture:
                yield _grey(picture)
        except (OSError, UnidentifiedImageError, SyntaxError, ValueError) as error:
            raise DatasetError("a film cannot be read", [f"{path}: frame {number}: {error}"]) from error
        begin, number = until, number + 1


def _grey(picture: Image.Image) -> NDArray[np.float32]:
    return np.asarray(picture.convert("L"), dtype=np.float32) / np.float32(255)
