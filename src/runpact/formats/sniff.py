"""What a file is, told by its first bytes.

Knows: the signatures of formats.
Does not know: names of files, contracts, the rest of the content.
"""

from __future__ import annotations

import re
from collections.abc import Callable

HEAD = 4096
"""Bytes from the start of a file that are enough to tell."""

_SIGNATURES = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x93NUMPY", "npy"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"%PDF-", "pdf"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"PAR1", "parquet"),
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"SQLite format 3\0", "sqlite"),
    (b"\x7fELF", "program"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
)
_SVG = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*(?:<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]", re.DOTALL
)
_HTML = re.compile(rb"\s*<(?:!doctype html|html)[\s>]", re.IGNORECASE)
_JSON = re.compile(rb"\s*(?:[\[{\"]|-?[0-9]|true|false|null)")
_ONNX = re.compile(rb"\x08[\x01-\x14](?:\x12|\x1a|\x22|\x2a|\x32|\x3a|\x42)", re.DOTALL)
_SAFETENSORS_LIMIT = 100 * 1024 * 1024


def sniff(head: bytes) -> str:
    """Return the name of the format that `head` begins.

    A zip archive stays `zip`: what it holds is told by its list of members.

    Args:
        head: The first `HEAD` bytes, or all of a shorter file.
    """
    if not head:
        return "empty"
    name = next((name for start, name in _SIGNATURES if head.startswith(start)), None)
    if name is not None:
        return name
    return next((name for name, is_it in _TESTS if is_it(head)), "binary")


def is_text(head: bytes) -> bool:
    """Whether `head` is UTF-8 without control characters, perhaps cut inside its last character."""
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(head) == HEAD and error.start >= HEAD - 3
    return True


def is_pickle(head: bytes) -> bool:
    """Whether `head` is a pickle of any protocol; nothing is ever unpickled."""
    if re.match(rb"\x80[\x02-\x05]", head):
        opcodes, end = _opcodes(head)
        return end != "unknown" or not _WORKING.isdisjoint(opcodes)
    if head[:1] not in _OLD_OPENINGS:
        return False
    opcodes, end = _opcodes(head)
    is_whole = end == "stop" or (end == "cut" and len(opcodes) >= _ENOUGH)
    return is_whole and not _WORKING.isdisjoint(opcodes)


_OLD_OPENINGS = frozenset(bytes([code]) for code in b"(c]}lditIVFLSN")
"""How pickles of protocols 0 and 1 begin, which have no signature."""
_WORKING = frozenset(
    {
        "GLOBAL",
        "STACK_GLOBAL",
        "INST",
        "OBJ",
        "REDUCE",
        "BUILD",
        "NEWOBJ",
        "NEWOBJ_EX",
        "EXT1",
        "APPEND",
        "SETITEM",
        "PUT",
        "BINPUT",
        "LONG_BINPUT",
        "APPENDS",
        "SETITEMS",
    }
)
"""Opcodes that execute or store something."""
LEGACY = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""The magic number that `torch.save` pickled first until version 1.6."""
_ENOUGH = 4
"""Opcodes in a row that a whole head of another file does not have by accident."""


def _opcodes(head: bytes) -> tuple[list[str], str]:
    """Return the opcodes that can be read, and whether they `stop`, are `cut` short or become `unknown`."""
    import pickletools  # noqa: PLC0415 - only a file without a known beginning pays for it
    import warnings  # noqa: PLC0415 - as above

    names: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes inside its strings are none of the user's business
            names.extend(opcode.name for opcode, _argument, _position in pickletools.genops(head))
    except (ValueError, IndexError, KeyError, OverflowError, MemoryError) as error:
        is_cut = (
            len(head) >= HEAD
            and re.search("exhausted|expected|not enough|no newline", str(error)) is not None
        )
        return names, "cut" if is_cut else "unknown"
    return names, "stop"


def _is_torch_legacy(head: bytes) -> bool:
    return LEGACY in head[:64]


def _is_webp(head: bytes) -> bool:
    return head.startswith(b"RIFF") and head[8:12] == b"WEBP"


def _is_wav(head: bytes) -> bool:
    return head.startswith(b"RIFF") and head[8:12] == b"WAVE"


def _is_safetensors(head: bytes) -> bool:
    length = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and 1 < length <= _SAFETENSORS_LIMIT


_TESTS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("torch-legacy", _is_torch_legacy),
    ("pickle", is_pickle),
    ("webp", _is_webp),
    ("wav", _is_wav),
    ("safetensors", _is_safetensors),
    ("onnx", lambda head: not is_text(head) and _ONNX.match(head) is not None),
    ("svg", lambda head: is_text(head) and _SVG.match(head) is not None),
    ("html", lambda head: is_text(head) and _HTML.match(head) is not None),
    ("json", lambda head: is_text(head) and _JSON.match(head) is not None),
    ("text", is_text),
)
