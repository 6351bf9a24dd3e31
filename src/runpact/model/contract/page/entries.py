"""The files of a kind, as a tree and as a table.

Knows: how presence is told in words.
Does not know: what is in a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runpact.model.contract.language import Count, Entry, Kind
from runpact.model.contract.page.markdown import code


def entry_rows(entries: Iterable[Entry]) -> Iterator[tuple[str, str, str, str]]:
    """Yield one row for each path that entries name."""
    for entry in entries:
        paths = entry.paths or ((entry.pattern,) if entry.pattern else ())
        is_choice = entry.one_of is not None or entry.any_of is not None
        shown = [" or ".join(code(path) for path in paths)] if is_choice else [code(path) for path in paths]
        for path in shown:
            yield path, _presence(entry), _what(entry), _rules(entry)


def _rules(entry: Entry) -> str:
    named = [f"{rule} ({code_of_finding})" for code_of_finding, rule in entry.ids.items()]
    return ", ".join([*([entry.id] if entry.id else []), *named])


def _presence(entry: Entry) -> str:
    if entry.forbidden is True:
        return "must not"
    if entry.present is not None:
        return f"exactly when {code(entry.present)}"
    said = {True: "yes", False: "may"}.get(entry.required) if isinstance(entry.required, bool) else None
    said = said or f"when {code(entry.required)}"
    if isinstance(entry.forbidden, str):
        said += f"; not when {code(entry.forbidden)}"
    if entry.one_of is not None:
        said += ", exactly one"
    if entry.any_of is not None:
        said += ", at least one"
    return said


def _what(entry: Entry) -> str:
    said = [entry.description]
    if entry.format_ is not None:
        formats = (entry.format_,) if isinstance(entry.format_, str) else entry.format_
        said.append(f"read as {' or '.join(formats)}")
    if entry.count is not None:
        said.append(_bounds(entry.count, "files"))
    if entry.numbering is not None:
        said.append("numbered without gaps")
    if entry.size is not None:
        said.append(_bounds(Count(entry.size.min, entry.size.max, entry.size.equals), "bytes"))
    if entry.foreach:
        said.append(
            "for each " + ", ".join(f"{name} in {code(text)}" for name, text in entry.foreach.items())
        )
    if entry.formerly:
        said.append(
            "formerly " + ", ".join(f"{code(name)} until {until}" for name, until in entry.formerly.items())
        )
    if entry.canonical:
        said.append("canonical JSON")
    if entry.writer is not None:
        said.append(f"written by {entry.writer} alone")
    if entry.readers:
        said.append(f"read by {', '.join(entry.readers)}")
    return "; ".join(part for part in said if part)


def _bounds(count: Count, what: str) -> str:
    if count.equals is not None:
        return f"{code(count.equals) if isinstance(count.equals, str) else count.equals} {what}"
    least = f"at least {count.min} {what}" if count.min is not None else ""
    most = f"at most {count.max} {what}" if count.max is not None else ""
    return " and ".join(part for part in (least, most) if part)


def tree_of(kind: Kind) -> str:
    """Return the layout as a tree of names, each once."""
    root: _Tree = {}
    for entry in kind.entries:
        if entry.forbidden is True or (entry.pattern or "").startswith("**"):
            continue
        for path in entry.paths or ((entry.pattern,) if entry.pattern else ()):
            node = root
            for part in _parts(path.rstrip("/")):
                node = node.setdefault(part, {})
            if entry.wants_directory:
                node.setdefault("", {})
    return "\n".join([f"{kind.at}/", *_branches(root, "")])


def _parts(path: str) -> Iterator[str]:
    """Yield the names of a path; a slash in the expression of a capture parts nothing."""
    depth, begin = 0, 0
    for number, letter in enumerate(path):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "/" and depth == 0:
            yield path[begin:number]
            begin = number + 1
    yield path[begin:]


_Tree = dict[str, "_Tree"]
"""Names and what stands below them; an empty name marks a directory."""


def _branches(node: _Tree, indent: str) -> Iterator[str]:
    names = [name for name in node if name]
    for number, name in enumerate(names):
        is_last = number == len(names) - 1
        yield f"{indent}{'└── ' if is_last else '├── '}{name}{'/' if node[name] else ''}"
        yield from _branches(node[name], indent + ("    " if is_last else "│   "))
