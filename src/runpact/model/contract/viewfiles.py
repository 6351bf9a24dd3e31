"""Which files a registry view consists of, and of which kinds it lists runs.

Knows: how `runs_index.{csv,json,md}` is spelled, and which forms there are.
Does not know: what is in the files.
"""

from __future__ import annotations

import re

from runpact.model.contract.language import Contract, IndexView

FORMS = ("csv", "json", "md")
"""The forms of a view, by the suffix of its file."""
_FILES = re.compile(r"(?P<stem>[^{}]*[^{}/])\.(?:\{(?P<several>[^{}]*)\}|(?P<one>[^{}./]+))")


def view_files(text: str) -> dict[str, str]:
    """Return the path of each file of a view by its form; none where the text names no such files.

    Args:
        text: A path that ends in `.csv`, `.json`, `.md`, or in several of them: `.{csv,json,md}`.
    """
    found = _FILES.fullmatch(text)
    if found is None:
        return {}
    forms = [form.strip() for form in (found["several"] or found["one"] or "").split(",")]
    is_known = set(forms) <= set(FORMS) and len(set(forms)) == len(forms)
    return {form: f"{found['stem']}.{form}" for form in FORMS if form in forms} if is_known else {}


def lists_kind(contract: Contract, view: IndexView, kind: str) -> bool:
    """Whether a view lists runs of a kind: those that it names, else all but sessions."""
    if view.kinds:
        return kind in view.kinds
    declared = contract.kinds.get(kind)
    return declared is None or declared.session is None


def is_of_sessions(contract: Contract, view: IndexView) -> bool:
    """Whether a view lists sessions, which have registries of their own."""
    return any(contract.kinds[kind].session is not None for kind in view.kinds if kind in contract.kinds)
