"""Pictures: those that scikit-image carries, drawn ones, samples between pixels, PNG.

Knows: how a picture is had, sampled and written.
Does not know: cameras.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

DRAWN = "drawn"


def picture(name, size=512):
    """Return float64[height, width] from 0 to 1.

    `drawn` is a wall of rectangles, for where scikit-image is not installed. Nothing is downloaded.
    """
    if name == DRAWN:
        return _drawn(size)
    from skimage import data  # noqa: PLC0415 - only for its pictures, and it takes a moment

    grey = getattr(data, name)().astype(np.float64) / 255
    return grey if grey.ndim == 2 else grey[..., :3] @ [0.299, 0.587, 0.114]


def _drawn(size, seed=1):
    """Draw rectangles of many sizes over each other, with smooth shades."""
    generator = np.random.default_rng(seed)
    canvas = np.full((size, size), 0.5)
    for scale in np.geomspace(size / 3, size / 32, 160):
        width, height = (scale * generator.uniform(0.5, 1.5, 2)).astype(int) + 2
        left, top = generator.integers(0, size, 2)
        canvas[top : top + height, left : left + width] = generator.uniform(0.05, 0.95)
    return smooth(canvas, 0.8)


def smooth(image, sigma):
    """Blur with a Gaussian; the edge goes on."""
    reach = int(np.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        padded = np.pad(image, [(reach, reach) if axis == at else (0, 0) for at in (0, 1)], mode="edge")
        length = image.shape[axis]
        slices = (np.take(padded, range(start, start + length), axis) for start in range(2 * reach + 1))
        image = sum(weight * part for weight, part in zip(weights, slices, strict=True))
    return image


def sampled(image, points, outside=0.5):
    """Take float64[..., 2] points (x, y) of a picture, between its pixels by two straight lines."""
    height, width = image.shape
    x, y = points[..., 0], points[..., 1]
    is_inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    x, y = np.clip(x, 0, width - 1.001), np.clip(y, 0, height - 1.001)
    left, top = x.astype(int), y.astype(int)
    right_share, low_share = x - left, y - top
    upper = image[top, left] * (1 - right_share) + image[top, left + 1] * right_share
    lower = image[top + 1, left] * (1 - right_share) + image[top + 1, left + 1] * right_share
    return np.where(is_inside, upper * (1 - low_share) + lower * low_share, outside)


def png(colours):
    """Encode uint8[height, width, 3] as PNG."""
    height, width, _ = colours.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), colours.reshape(height, -1)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts)


def _chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
