"""Ed25519 signatures, verified: the strict reading of RFC 8032, in plain Python.

Knows: the curve, which encodings are accepted.
Does not know: how anything is signed, whose key it is.

Strict means: `S` below the order of the group, a public key in its one encoding and not of small order, the
equation without cofactor. One signature then has one form, and all who follow this page give the same answer.
Nothing here is secret, so nothing takes care to take equally long.

Source:
    RFC 8032, sections 5.1 and 6; H. Hisil et al., Twisted Edwards curves revisited (2008).
"""

from __future__ import annotations

import functools
import hashlib

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
"""A square root of -1."""
_BASE_Y = 4 * pow(5, -1, _P) % _P
KEY_SIZE = 32
"""Bytes of a public key."""
SIGNATURE_SIZE = 64

Point = tuple[int, int, int, int]
"""Extended coordinates X, Y, Z, T: x = X/Z, y = Y/Z, xy = T/Z."""
_NEUTRAL: Point = (0, 1, 1, 0)


def is_valid(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` over `message` was made with the private key of `public`."""
    key = _decoded(public)
    scalar = int.from_bytes(signature[KEY_SIZE:], "little")
    if key is None or _is_small(key) or len(signature) != SIGNATURE_SIZE or scalar >= _ORDER:
        return False
    state = hashlib.sha512(signature[:KEY_SIZE] + public + message)
    factor = int.from_bytes(state.digest(), "little") % _ORDER
    x, y, z, t = key
    return _encoded(_combined(scalar, factor, (-x % _P, y, z, -t % _P))) == signature[:KEY_SIZE]


def key_fault(public: bytes) -> str:
    """Return why these bytes are no public key to trust; nothing when they are one."""
    if len(public) != KEY_SIZE:
        return f"{len(public)} bytes, not {KEY_SIZE}"
    key = _decoded(public)
    if key is None:
        return "no point of the curve in its one encoding"
    return "a point of small order: anybody can sign for it" if _is_small(key) else ""


def _decoded(encoded: bytes) -> Point | None:
    """Return the point that 32 bytes stand for; None for any but the one encoding of it."""
    if len(encoded) != KEY_SIZE:
        return None
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    x = _x_of(y, sign) if y < _P else None
    return None if x is None else (x, y, 1, x * y % _P)


def _x_of(y: int, sign: int) -> int | None:
    above, below = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = above * pow(below, 3, _P) * pow(above * pow(below, 7, _P), (_P - 5) // 8, _P) % _P
    if (below * x * x + above) % _P == 0:
        x = x * _ROOT % _P
    if (below * x * x - above) % _P or (x == 0 and sign):
        return None
    return x if x & 1 == sign else _P - x


def _encoded(point: Point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, -1, _P)
    return (y * inverse % _P | (x * inverse % _P & 1) << 255).to_bytes(KEY_SIZE, "little")


def _sum(first: Point, second: Point) -> Point:
    x1, y1, z1, t1 = first
    x2, y2, z2, t2 = second
    a, b = (y1 - x1) * (y2 - x2) % _P, (y1 + x1) * (y2 + x2) % _P
    c, d = 2 * t1 * t2 * _D % _P, 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _double(point: Point) -> Point:
    x, y, z, _ = point
    a, b = x * x % _P, y * y % _P
    h = a + b
    e, g = h - (x + y) * (x + y) % _P, a - b
    f = 2 * z * z % _P + g
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _is_small(point: Point) -> bool:
    x, y, z, _ = _double(_double(_double(point)))
    return x % _P == 0 and (y - z) % _P == 0


def _multiples(point: Point) -> list[Point]:
    """Return 0 to 15 times a point."""
    found = [_NEUTRAL]
    for _step in range(15):
        found.append(_sum(found[-1], point))
    return found


@functools.cache
def _base() -> list[Point]:
    x = _x_of(_BASE_Y, 0) or 0
    return _multiples((x, _BASE_Y, 1, x * _BASE_Y % _P))


def _combined(scalar: int, factor: int, point: Point) -> Point:
    """Return scalar × the base point + factor × another point, four bits of both at a time."""
    base, other = _base(), _multiples(point)
    total = _NEUTRAL
    for shift in range(252, -1, -4):
        total = _double(_double(_double(_double(total))))
        total = _sum(_sum(total, base[scalar >> shift & 15]), other[factor >> shift & 15])
    return total
