"""Which files a registry view consists of.

Knows: how `runs_index.{csv,json,md}` is spelled, and which forms there are.
Does not know: what is in the files.
"""

from __future__ import annotations

import re

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
