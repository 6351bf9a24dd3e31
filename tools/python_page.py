"""Write the page of the Python names, from the code's own signatures and docstrings.

    python3 tools/python_page.py [--write]

Knows: how a docstring's sections are laid out.
Does not know: what any name does.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

import runpact  # noqa: E402 - the path comes first
from runpact.model import errors  # noqa: E402 - the path comes first

PAGE = ROOT / "docs/python.md"
SECTIONS = {
    "Make runs": ("run", "current", "workspace_root", "unchanged", "ActiveRun", "Scope"),
    "Be a stage": ("stage", "ActiveStage"),
    "Sweep": ("sweep", "splits", "OpenTrial"),
    "Use what exists": (
        "read",
        "open_run",
        "runs",
        "list_runs",
        "check",
        "verify",
        "diff",
        "doctor",
        "resolve",
    ),
    "Watch sessions": ("sessions", "session_alerts", "abort_session"),
    "What is found": ("Runs", "FoundRun", "RecordedRun", "Comparison", "Registered"),
    "Be driven by programs": ("App", "Call", "CommandError", "read_signals"),
    "Values": ("State", "Verdict", "Severity", "Finding", "Report", "ValidatorFault"),
    "Errors": ("RunpactError",),
}
"""Every public name stands in one section; a test holds this against `runpact.__all__`."""
RETURNED = {
    "Runs": "runpact.verbs.finding.found",
    "FoundRun": "runpact.verbs.finding.found",
    "RecordedRun": "runpact.api.reading",
    "Scope": "runpact.verbs.life.scope",
    "Comparison": "runpact.model.compare.row",
    "Registered": "runpact.verbs.finding.resolve",
}
"""What functions return and nobody makes; where each is defined."""
HEAD = """# Python

The names of `import runpact`, from their own docstrings (`python3 tools/python_page.py --write`). Importing
the package costs next to nothing; each name is loaded at its first use. Times are UTC, paths in records
relative, digests `sha256:<hex>`.

```python
import runpact

with runpact.run(name="baseline", config={"lr": 0.01}, seeds={"numpy": 7}) as run:
    for step in range(3):
        run.log({"loss": 1 / (step + 1)}, step=step)
    run.save("metrics.json", {"loss": 0.33})

best = runpact.runs("state = finished and metrics.loss < 0.5", sort="metrics.loss")[0]
print(best.id, best["metrics.loss"])
```
"""
_DESCRIBED = ("runpact.verbs", "runpact.api", "runpact.model.compare")
"""Where the classes stand whose methods are described."""
_INTERNAL = {"value", "note", "begin", "claim", "open"}
"""Methods of an open run or stage for runpact itself."""
_SECTION = re.compile(r"^(Args|Returns|Raises|Yields):\n((?:[ ].*\n|\n)*)", re.MULTILINE)
_ITEM = re.compile(r"^    (\S[^:\n]*): ", re.MULTILINE)


def page() -> str:
    """Return the whole page."""
    parts = [HEAD]
    for title, names in SECTIONS.items():
        parts.append(f"## {title}\n")
        parts += [_described(*_found(name)) for name in names]
    parts.append(_error_table())
    return "\n".join(parts)


def _found(name: str) -> tuple[str, Callable[..., object]]:
    if name in RETURNED:
        return name, getattr(importlib.import_module(RETURNED[name]), name)
    return f"runpact.{name}", getattr(runpact, name)


def _described(title: str, value: Callable[..., object]) -> str:
    if inspect.isclass(value):
        return "\n".join([f"### `{title}`\n", _text(value), *_fields(value), *_methods(value)])
    return f"### `{title}`\n\n{_signature(title, value)}\n{_text(value)}"


def _fields(kind: type) -> Iterator[str]:
    if issubclass(kind, msgspec.Struct):
        names = ", ".join(f"`{name}`" for name in kind.__struct_fields__)
        yield f"Fields: {names}.\n"
    members = getattr(kind, "__members__", None)
    if members:
        yield "One of " + ", ".join(f"`{name}`" for name in members) + ".\n"


def _methods(kind: type) -> Iterator[str]:
    for base in reversed(kind.__mro__):
        for name, member in vars(base).items():
            is_internal = name in _INTERNAL and base.__name__ != "KnownRun"
            if name.startswith("_") or is_internal or not base.__module__.startswith(_DESCRIBED):
                continue
            if name == "told":  # what the notebook's own hook asks for
                continue
            if isinstance(member, property):
                yield f"#### `.{name}`\n\n{_text(member)}"
            elif inspect.isfunction(member):
                yield f"#### `.{name}()`\n\n{_signature(name, member)}\n{_text(member)}"


def _signature(title: str, value: Callable[..., object]) -> str:
    signature = inspect.signature(value)
    given = [
        each.replace(annotation=_Plain(each.annotation))
        for name, each in signature.parameters.items()
        if name != "self"
    ]
    line = (
        f"{title}{signature.replace(parameters=given, return_annotation=_Plain(signature.return_annotation))}"
    )
    if len(line) > 100:  # noqa: PLR2004 - a line of a page
        inside, _, after = line.partition("(")[2].rpartition(")")
        line = f"{title}(\n    " + ",\n    ".join(_apart(inside)) + f",\n){after}"
    return f"```python\n{line}\n```\n"


class _Plain:
    """An annotation that is shown as it was written."""

    def __init__(self, annotation: object) -> None:
        self._text = str(annotation)

    def __repr__(self) -> str:
        return self._text


def _apart(parameters: str) -> list[str]:
    """Return parameters one by one; commas inside brackets part nothing."""
    parts, depth = [""], 0
    for letter in parameters:
        depth += (letter in "[({") - (letter in "])}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _text(value: object) -> str:
    said = (inspect.getdoc(value) or "") + "\n"
    return _SECTION.sub(lambda found: f"**{found[1]}**\n\n{_items(found[2])}\n", said)


def _items(body: str) -> str:
    joined = re.sub(r"\n {5,}", " ", "\n" + body.rstrip("\n")).lstrip("\n")
    items = [_ITEM.sub(r"`\1`: ", line).strip() for line in joined.splitlines() if line.strip()]
    return "".join(f"- {item}\n" for item in items)


def _error_table() -> str:
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, Exception)]
    rows = [_row(kind) for kind in kinds if kind is not runpact.RunpactError]
    head = "Every error runpact raises is one of these, from `runpact.model.errors`.\n\n"
    return f"{head}| error | is a | when |\n| --- | --- | --- |\n{''.join(rows)}"


def _row(kind: type[Exception]) -> str:
    said = (inspect.getdoc(kind) or "").splitlines()[0]
    return f"| `{kind.__name__}` | `{kind.__bases__[0].__name__}` | {said} |\n"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page())
