"""Text and JSON as people and programs read them.

Knows: colours, alignment, the JSON envelope.
Does not know: where the values came from.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

import msgspec

from runpact.model.errors import FilterError, RunpactError
from runpact.model.finding import Finding, Severity, Verdict
from runpact.model.names import readable_path
from runpact.model.run import State

_COLOURS = {
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
    "dim": "2",
    "bold": "1",
}
SEVERITY_COLOUR = {
    Severity.ADVICE: "dim",
    Severity.WARNING: "yellow",
    Severity.INCOMPLETE: "yellow",
    Severity.ERROR: "red",
}
VERDICT_COLOUR = {
    Verdict.OK: "green",
    Verdict.WARNING: "yellow",
    Verdict.INCOMPLETE: "yellow",
    Verdict.ERROR: "red",
}
STATE_COLOUR = {
    State.RUNNING: "cyan",
    State.FINISHED: "green",
    State.FAILED: "red",
    State.INTERRUPTED: "yellow",
    State.ABANDONED: "dim",
    State.UNKNOWN: "dim",
    State.CORRUPT: "red",
}


_WIDEST_NAME = 61
"""Characters of the first column of a table."""
_BEFORE, _BEHIND = 60, 40
"""Characters of a filter shown around a fault."""


def has_colour(stream: object = None) -> bool:
    """Whether a stream shows colours: a terminal, unless `NO_COLOR` or `TERM=dumb` say no."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    target = stream or sys.stdout
    return bool(getattr(target, "isatty", lambda: False)()) and os.environ.get("TERM") != "dumb"


def paint(text: str, colour: str, *, stream: object = None) -> str:
    """Return `text` in a colour where colours are shown."""
    return f"\033[{_COLOURS[colour]}m{text}\033[0m" if has_colour(stream) else text


def plain(text: str) -> str:
    """Return `text` with control characters escaped, so that no file name or message drives the terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def print_json(format_name: str, **fields: object) -> None:
    """Print one versioned document on stdout."""
    document = {"format": f"runpact.{format_name}/1", **fields}
    sys.stdout.write(msgspec.json.format(encode_json(document), indent=2).decode() + "\n")


def encode_json(document: object) -> bytes:
    r"""Return a document as JSON that stdout can take; bytes that are no UTF-8 become `\xNN`."""
    try:
        data = msgspec.json.encode(document)
    except UnicodeEncodeError:
        data = msgspec.json.encode(_readable(msgspec.to_builtins(document)))
    if data.isascii() or "utf" in (sys.stdout.encoding or "").lower():
        return data
    return "".join(c if c.isascii() else _escaped(c) for c in data.decode()).encode()


def _readable(value: object) -> object:
    if isinstance(value, str):
        return readable_path(value)
    if isinstance(value, dict):
        return {_readable(key): _readable(item) for key, item in value.items()}
    return [_readable(item) for item in value] if isinstance(value, list | tuple) else value


def _escaped(character: str) -> str:
    """Return a character as JSON spells it in ASCII, one beyond U+FFFF as two."""
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def say(text: str = "") -> None:
    """Print one line on stdout."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Say on stderr what may explain the answer; it changes neither the answer nor the exit code."""
    sys.stderr.write(f"{paint('note', 'cyan', stream=sys.stderr)}: {plain(text)}\n")


def print_error(
    code: str,
    message: str,
    *,
    is_json: bool,
    hint: str = "",
    error: RunpactError | None = None,
    place: str = "",
) -> None:
    """Print an error on stderr, as text or as a JSON document."""
    if is_json:
        evidence = (error.expected, error.got, error.faults) if error else ("", "", ())
        fields: dict[str, object] = {"code": code, "message": message, "at": error.at if error else place}
        fields |= dict(zip(("expected", "got", "faults"), evidence, strict=True)) | {"hint": hint}
        document = {"format": "runpact.error/1", "error": fields}
        sys.stderr.write(msgspec.json.format(encode_json(document), indent=2).decode() + "\n")
        return
    lines = [f"{paint('error', 'red', stream=sys.stderr)}[{code}]: {plain(message)}"]
    if isinstance(error, FilterError):
        lines += _pointed(error)
    elif error is not None:
        lines += _evidence(error.expected, error.got, error.at)
        lines += [line for fault in error.faults for line in _fault_lines(fault)]
    elif place:
        lines += _evidence("", "", place)
    if hint:
        lines += ["", f"{paint('hint', 'cyan', stream=sys.stderr)}: {plain(hint)}"]
    sys.stderr.write("\n".join(lines) + "\n")


def _pointed(error: FilterError) -> list[str]:
    """Return the text of a filter with a mark under the character where it departs from the grammar."""
    before = plain(error.text[: error.position])
    kept = max(0, len(before) - _BEFORE)
    line = ("…" * (kept > 0)) + before[kept:] + plain(error.text[error.position :])[:_BEHIND]
    mark = " " * (len(before) - kept + (kept > 0)) + "^"
    return [f"  {line}", f"  {mark}", *_evidence(error.expected, error.got, error.at)]


def _evidence(expected: str, got: str, at: str) -> list[str]:
    pairs = (("expected", expected), ("got", got), ("at", at))
    return [f"  {name:<9} {plain(value)}" for name, value in pairs if value]


def _fault_lines(fault: object) -> list[str]:
    from runpact.model.errors import Fault  # noqa: PLC0415 - a type for this function alone

    if not isinstance(fault, Fault):
        return []
    lines = [f"  {plain(fault.place)}: {plain(fault.message)}"]
    lines += [
        f"      {name:<9} {plain(value)}"
        for name, value in (("expected", fault.expected), ("got", fault.got))
        if value
    ]
    return lines + ([f"      hint: {plain(fault.hint)}"] if fault.hint else [])


def finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Return findings grouped by file, each with expected, got and hint."""
    lines: list[str] = []
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.path.split("#", 1)[0], []).append(finding)
    for path, group in groups.items():
        lines.append(f"  {paint(plain(path) or '.', 'bold')}")
        hints: dict[str, None] = {}
        for finding in group:
            lines += _one_finding(finding)
            if finding.hint:
                hints[finding.hint] = None
        lines += [f"    {paint('hint', 'cyan')}: {plain(hint)}" for hint in hints]
    return lines


def _one_finding(finding: Finding) -> list[str]:
    pointer = finding.path.partition("#")[2]
    place = f" at {plain(pointer)}" if pointer else ""
    rule = f" ({plain(finding.rule)})" if finding.rule else ""
    said = f"{plain(finding.message)}{place}"
    word = finding.severity.value if finding.because is None else "follows"
    lines = [f"    {paint(word, SEVERITY_COLOUR[finding.severity])}[{finding.code}]{rule}: {said}"]
    if finding.expected:
        lines.append(f"      expected  {plain(finding.expected)}")
    if finding.got:
        lines.append(f"      got       {plain(finding.got)}")
    if finding.because:
        lines.append(f"      because of {plain(finding.because)}")
    return lines


def table_lines(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    colours: Sequence[str | None] = (),
    width: int | None = None,
    is_whole: bool = False,
) -> list[str]:
    """Return aligned columns.

    Args:
        header: Of the columns.
        rows: Their cells.
        colours: Paint the first cell of each row, which is never very wide.
        width: Of a line, which is cut there; None for as long as need be.
        is_whole: Leave long first cells as they are: somebody copies them.
    """
    header, cells = [plain(name) for name in header], [_row(row, is_whole=is_whole) for row in rows]
    widths = [max(len(row[i]) for row in [header, *cells]) for i in range(len(header))]
    lines = [paint(_joined(header, widths, width), "dim")]
    for number, row in enumerate(cells):
        line = _joined(row, widths, width)
        colour = colours[number] if number < len(colours) else None
        lines.append(paint(line[: widths[0]], colour) + line[widths[0] :] if colour else line)
    return lines


def _joined(row: Sequence[str], widths: Sequence[int], most: int | None) -> str:
    line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
    return line if most is None or len(line) <= most else f"{line[: max(most - 1, 1)]}…"


def terminal_width() -> int | None:
    """Return how many characters a line of stdout has room for; None where it is no terminal."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):
        return None


def _row(row: Sequence[str], *, is_whole: bool) -> tuple[str, ...]:
    """Return the cells of a row as a terminal may show them, the first without its middle when it is long."""
    first, *others = (plain(cell) for cell in row)
    half = (_WIDEST_NAME - 1) // 2
    is_long = not is_whole and len(first) > _WIDEST_NAME
    return (f"{first[:half]}…{first[-half:]}" if is_long else first, *others)


def finding_documents(findings: Iterable[Finding]) -> list[dict[str, object]]:
    """Return findings as JSON data."""
    documents = [msgspec.to_builtins(finding) for finding in findings]
    return [document for document in documents if isinstance(document, dict)]
