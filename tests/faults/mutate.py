"""Inputs that nobody meant: bytes, documents and archives, spoilt from good ones.

Knows: how to spoil, always in the same way for the same seed.
Does not know: who reads the result.
"""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable, Iterator

TRAP = "/runpact-trap/secret"
"""A path outside every workspace; whoever opens it was led there."""

TOKENS: tuple[bytes, ...] = (
    *(b"", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\x80", b"\r\n", b"\xe2\x80\xa8", b"\x1b]0;x\x07"),
    *(b"NaN", b"-Infinity", b"1e999", b"-0", b"9" * 400, b"0x1F", b"1_000", b"0777", b".nan", b"1" * 5000),
    *(b'"\\ud800"', b'"\\u0000"', b'{"a":1,"a":2}', b"[" * 3000, b'{"a":' * 3000, b"[],", b"null"),
    *(b"!!python/object/apply:os.system ['true']", b"!!binary x", b"&a [*a]", b"*nowhere", b"<<: *a"),
    *(b"%TAG ! tag:x,2000:", b"---\n", b"...\n", b"? ", b"- - - - ", b"| \n ", b">-9\n", b"\t", b"no", b"~"),
    *(b"../../..", TRAP.encode(), b"C:\\", b"-rf", b"{name}", b"{", b"}", b"**/**/**", b"(a+)+$", b"[[]]"),
    *(b"size(files)", b"doc.x.y", b"[1,2].map(x, [1,2].map(y, x))", b"http://127.0.0.1:9/", b"file:///etc"),
)
VALUES: tuple[object, ...] = (
    *(None, True, 0, -1, 2**63, 2**200, 1e308, "", " ", "\n", "\0", "\u202e", "a" * 5000, "é" * 300),
    *(
        [],
        {},
        [[]],
        [None],
        {"": None},
        {"a": {"a": {"a": []}}},
        "2026-13-41",
        "sha256:",
        "sha256:" + "0" * 64,
    ),
    *(
        "../../../runpact-trap/secret",
        TRAP,
        "..",
        ".",
        "/",
        "a/../../b",
        "nul\0l",
        "{run.id}",
        "run.id ==",
        "**",
    ),
    *(["a"] * 2000, {str(number): number for number in range(2000)}, "!!str", "*", "1.0.0", "999.0.0"),
)
Spoil = Callable[[bytes, random.Random], bytes]


def spoilt(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """Spoil bytes in one to three ways."""
    for _time in range(chance.choice((1, 1, 1, 2, 3))):
        data = chance.choice(_WAYS)(data, chance) if chance.random() < 0.9 else _spliced(data, chance, others)
    return data


def _place(data: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + chance.choice((1, 2, 4, 8, 40, 400)))


def _flipped(data: bytes, chance: random.Random) -> bytes:
    if not data:
        return b"\1"
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _without(data: bytes, chance: random.Random) -> bytes:
    start, end = _place(data, chance)
    return data[:start] + data[end:]


def _doubled(data: bytes, chance: random.Random) -> bytes:
    start, end = _place(data, chance)
    return data[:end] + data[start:end] * chance.choice((1, 2, 200)) + data[end:]


def _with_token(data: bytes, chance: random.Random) -> bytes:
    start, end = _place(data, chance)
    return data[:start] + chance.choice(TOKENS) + data[chance.choice((start, end)) :]


def _with_number(data: bytes, chance: random.Random) -> bytes:
    start, _end = _place(data, chance)
    number = chance.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF))
    return data[:start] + struct.pack(chance.choice("<>") + "I", number) + data[start + 4 :]


def _spliced(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    other = chance.choice(others)
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


_WAYS: tuple[Spoil, ...] = (_flipped, _cut, _without, _doubled, _with_token, _with_token, _with_number)


def spoilt_document(data: bytes, chance: random.Random) -> bytes:
    """Spoil a JSON document so that it stays one: other values, types, keys."""
    document = json.loads(data)
    for _time in range(chance.choice((1, 1, 2, 4))):
        container, key = chance.choice(list(_places_of(document)) or [([document], 0)])
        way = chance.randrange(4)
        if way == 0:
            del container[key]
        elif way == 1 and isinstance(container, dict):
            container[str(chance.choice(VALUES))] = container.pop(key)
        else:
            container[key] = chance.choice(VALUES)
    return json.dumps(document).encode()


def _places_of(value: object) -> Iterator[tuple[dict | list, str | int]]:
    if not isinstance(value, dict | list):
        return
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        yield from _places_of(value[key])  # type: ignore[index]  # the keys are its own


DTYPES = ("<f8", "|O", "<U3", "|V0", "<f8, <i4", "x" * 2000, "O", "", "<f9", "|b1", "\0", "<M8[ns]")
SHAPES = (
    "(3,)",
    "()",
    "(-1,)",
    f"({2**70},)",
    f"({'9' * 300},)",
    "(3",
    "(" * 2000,
    "(0, 0)",
    "[3]",
    "(1e3,)",
)
HEADERS = (
    "{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}",
    "{{'descr': [('a', '{dtype}')], 'fortran_order': False, 'shape': {shape}, }}",
    "{{'shape': {shape}, 'descr': '{dtype}', 'fortran_order': __import__('os').system('true')}}",
    "{{'descr': '{dtype}', 'shape': {shape}}}",
    "{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, 'more': 1}}",
    "[{shape}]",
)


def odd_npy(chance: random.Random) -> bytes:
    """Return an NPY file whose header somebody made up."""
    text = chance.choice(HEADERS).format(dtype=chance.choice(DTYPES), shape=chance.choice(SHAPES))
    header = text.ljust(chance.choice((0, 118, 70000))).encode("latin-1") + b"\n"
    version = chance.choice(((1, 0), (2, 0), (3, 0), (9, 9)))
    length = chance.choice((len(header), len(header), 0, 65535, len(header) + 1))
    pack = "<H" if version[0] == 1 else "<I"
    return b"\x93NUMPY" + bytes(version) + struct.pack(pack, length & 0xFFFF) + header + chance.randbytes(24)


def odd_npz(chance: random.Random) -> bytes:
    """Return an NPZ file with such members, odd names, or more to unpack than anybody wants."""
    stream = io.BytesIO()
    names = ("a.npy", "../a.npy", "/a.npy", "a", "a.npy/", "\x00.npy", "é.npy", "a" * 300 + ".npy", "a.pkl")
    method = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    with zipfile.ZipFile(stream, "w", method) as archive:
        for _member in range(chance.choice((0, 1, 2, 5))):
            info = zipfile.ZipInfo(chance.choice(names))
            info.compress_type = method
            body = odd_npy(chance)
            archive.writestr(info, body + bytes(chance.choice((0, 0, 0, 4_000_000))))
    data = stream.getvalue()
    return data if chance.random() < 0.5 else _with_number(data, chance)


def odd_name(chance: random.Random) -> str:
    """Return a name that somebody may try."""
    parts = (
        *("..", ".", "/", "//", "\\", "\0", "\n", "\t", " ", "~", "$HOME", "%2e%2e%2f", "CON", "nul", "a."),
        *(
            "-rf",
            "--",
            "-",
            "é",
            "\u202e",
            "\u2044",
            "\uff0e",
            "\ud800",
            "a" * 130,
            "b" * 5000,
            "{name}",
            "{",
            "*",
        ),
        *(
            "?",
            "[a-z]",
            ":",
            "|",
            ";",
            "`id`",
            "$(id)",
            "<b>",
            "'",
            '"',
            ".runpact",
            ".new-x",
            "run",
            "a",
            "1",
        ),
        *(TRAP, "../../runpact-trap", "runs/a", "C:", "file://", "@", "#", "=", ",", "\x1b[31m", "\x7f", "0"),
    )
    return "".join(chance.choice(parts) for _part in range(chance.choice((1, 1, 2, 3))))
