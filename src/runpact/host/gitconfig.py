"""Git's configuration files, read without git.

Knows: their grammar, and which of their settings say how to read a working tree without running anything.
Does not know: where the files stand; programs that settings name are never taken over.

Source:
    git-config(1), "Syntax".
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_SECTION = re.compile(r'\[\s*(?P<name>[\w.-]+)(?:\s+"(?P<sub>(?:[^"\\]|\\.)*)")?\s*\](?P<rest>.*)', re.DOTALL)
_VARIABLE = re.compile(r"(?P<key>[A-Za-z][\w-]*)\s*(?:=(?P<value>.*))?", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b"}

_TAKEN = (
    "core.autocrlf",
    "core.checkstat",
    "core.eol",
    "core.filemode",
    "core.ignorecase",
    "core.precomposeunicode",
    "core.sparsecheckout",
    "core.sparsecheckoutcone",
    "core.symlinks",
    "core.trustctime",
    "extensions.objectformat",
    "extensions.refstorage",
)
"""Settings that say how files and index are to be read; each value is one plain word."""
_WORD = re.compile(r"[A-Za-z0-9]{1,20}")
_OURS = """\
\tbare = false
\tfsmonitor = false
\tuntrackedCache = false
\tquotePath = false
\thooksPath = /dev/null
\tpager = cat
[gc]
\tauto = 0
[protocol]
\tallow = never
[submodule]
\trecurse = false
"""


def parse_config(text: str) -> dict[str, str]:
    """Return the last value of each variable by `section.key` or `section.sub.key`.

    Section and key are in lower case. Files that it includes are not read; lines that are no
    configuration are skipped.
    """
    found: dict[str, str] = {}
    section = ""
    for line in _joined(text):
        rest = line.lstrip()
        header = _SECTION.match(rest)
        if header is not None:
            section = header["name"].lower()
            if header["sub"] is not None:
                section += "." + re.sub(r"\\(.)", r"\1", header["sub"])
            rest = header["rest"].lstrip()
        variable = _VARIABLE.fullmatch(rest.rstrip()) if section else None
        if variable is not None:
            value = variable["value"]
            found[f"{section}.{variable['key'].lower()}"] = "true" if value is None else _value(value)
    return found


def _joined(text: str) -> list[str]:
    """Return the lines, those that end in a backslash joined to the next; no value has a null character."""
    return re.sub(r"\\\r?\n", "", text.replace("\0", "")).splitlines()


def _value(text: str) -> str:
    """Return a value without its quotes, escapes and comment."""
    parts, is_quoted, spaces = [], False, ""
    characters = iter(text.strip())
    for character in characters:
        if character == '"':
            is_quoted = not is_quoted
        elif character in "#;" and not is_quoted:
            break
        elif character in " \t" and not is_quoted:
            spaces += character
        else:
            escaped = next(characters, "") if character == "\\" else ""
            parts.append(spaces + (_ESCAPES.get(escaped, escaped) or character))
            spaces = ""
    return "".join(parts)


def is_true(value: str | None) -> bool:
    """Whether a boolean setting is on."""
    return (value or "").lower() in {"true", "yes", "on", "1"}


def neutral_config(found: Mapping[str, str], *, excludes: str | None) -> str:
    """Return a configuration that reads the working tree as `found` does and can run nothing.

    It is an allow-list: filters, drivers, monitors, hooks, helpers, remotes and includes do not
    come over, nor does any setting that a later git may invent.

    Args:
        found: Settings in effect.
        excludes: Absolute path of the person's own list of ignored files.
    """
    taken = {key: found[key] for key in _TAKEN if _WORD.fullmatch(found.get(key, ""))}
    extensions = {key: value for key, value in taken.items() if key.startswith("extensions.")}
    lines = ["[core]", f"\trepositoryFormatVersion = {1 if extensions else 0}"]
    lines += [f"\t{key[len('core.') :]} = {value}" for key, value in taken.items() if key not in extensions]
    if excludes is not None and excludes.isprintable():
        quoted = excludes.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'\texcludesFile = "{quoted}"')
    text = "\n".join(lines) + "\n" + _OURS
    if is_true(found.get("index.sparse")):
        text += "[index]\n\tsparse = true\n"
    if extensions:
        text += "[extensions]\n"
        text += "".join(f"\t{key[len('extensions.') :]} = {value}\n" for key, value in extensions.items())
    return text
