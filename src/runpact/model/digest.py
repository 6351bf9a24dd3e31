"""Digests of bytes and of sets of files.

Knows: how a digest is written (`sha256:<hex>`), canonical JSON (RFC 8785), the digest of a set.
Does not know: files.

Source:
    RFC 8785 (JSON Canonicalization Scheme); FIPS 180-4 (SHA-256).
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping

SHA256 = "sha256"
HEX_DIGITS = {"md5": 32, "sha1": 40, SHA256: 64, "sha512": 128, "blake2b": 128}
"""Algorithms that layouts use, and how long their digests are; runpact's own records use SHA-256 alone."""

PREFIX = f"{SHA256}:"
_FORM = re.compile(r"sha256:[0-9a-f]{64}")


def digest_bytes(data: bytes) -> str:
    """Return the digest of `data` as `sha256:<64 lower-case hex>`."""
    return PREFIX + hashlib.sha256(data).hexdigest()


def is_digest(text: str) -> bool:
    """Whether `text` is a digest in the one accepted form."""
    return _FORM.fullmatch(text) is not None


def digest_of_set(digests: Mapping[str, str]) -> str:
    """Return one digest for a set of named digests, whatever their order."""
    return digest_of_value(dict(digests))


def digest_of_value(value: object) -> str:
    """Return the digest of JSON data, the same for equal data; raises as `canonical_json` does."""
    return digest_bytes(canonical_json(value))


def canonical_json(value: object) -> bytes:
    """Encode JSON data so that equal values have equal bytes (RFC 8785).

    Args:
        value: None, bool, int with |n| < 2**53, finite float, str, list, tuple or dict with str keys.

    Raises:
        ValueError: A number is not finite or not exactly representable.
        TypeError: A value is not JSON data.
    """
    return _canonical(value).encode("utf-8")


def _canonical(value: object) -> str:
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case str():
            return _quoted(value)
        case int() | float():
            return _number(value)
        case list() | tuple():
            return "[" + ",".join(map(_canonical, value)) + "]"
        case dict() if all(isinstance(key, str) for key in value):
            # Among ASCII texts the order of code points is that of UTF-16 units.
            is_plain = all(map(str.isascii, value))
            keys = sorted(value) if is_plain else sorted(value, key=lambda key: key.encode("utf-16-be"))
            return "{" + ",".join(f"{_quoted(key)}:{_canonical(value[key])}" for key in keys) + "}"
    message = f"{type(value).__name__} is not JSON data"
    raise TypeError(message)


def _quoted(text: str) -> str:
    from json.encoder import encode_basestring  # noqa: PLC0415 - listing and checking need no canonical form, and it costs milliseconds

    return encode_basestring(text)


_SAFE_INTEGER = 2**53


def _number(value: float) -> str:
    if isinstance(value, int):
        if abs(value) >= _SAFE_INTEGER:
            message = f"{value} is not exactly representable in JSON"
            raise ValueError(message)
        return str(value)
    if not math.isfinite(value):
        message = f"{value} is not a JSON number"
        raise ValueError(message)
    return _ecmascript(value)


def _ecmascript(value: float) -> str:
    """Write a double as ECMAScript does: shortest digits, exponent from 1e21 and below 1e-6."""
    if value == 0:
        return "0"
    sign, digits, exponent = _shortest(value)
    point = len(digits) + exponent
    if len(digits) <= point <= 21:  # noqa: PLR2004 - bound of ECMA-262 Number::toString
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:  # noqa: PLR2004 - as above
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:  # noqa: PLR2004 - as above
        return f"{sign}0.{'0' * -point}{digits}"
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{sign}{mantissa}e{point - 1:+d}"


def _shortest(value: float) -> tuple[str, str, int]:
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    power = int(exponent or 0) - len(fraction)
    stripped = digits.rstrip("0")
    return ("-" if value < 0 else ""), stripped, power + len(digits) - len(stripped)
