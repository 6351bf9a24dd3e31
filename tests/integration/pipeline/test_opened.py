"""Which paths a process names, as Python tells of them before it opens them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runpact.host.opened import OpenedPaths


@pytest.mark.parametrize(
    ("event", "arguments", "kept"),
    [
        ("open", ("/e/02_a/x", "r", 0), {"02_a/x"}),
        ("open", (b"/e/02_a/x", "r", 0), {"02_a/x"}),
        ("open", (Path("/e/02_a/../03_b"), "r", 0), {"03_b"}),
        ("os.listdir", ("/e/02_a",), {"02_a"}),
        ("os.scandir", ("/e/02_a/",), {"02_a"}),
        ("open", ("/else/x", "r", 0), set()),
        ("open", ("x", "r", 0), set()),
        ("open", ("y/x", "r", 0), set()),
        ("open", (7, "r", 0), set()),
        ("os.listdir", (None,), set()),
        ("os.listdir", (), set()),
        ("os.remove", ("/e/02_a", -1), set()),
    ],
)
def test_what_is_opened_or_listed_below_the_folder_is_kept(event, arguments, kept) -> None:
    opened = OpenedPaths("/e/")
    opened.hear(event, arguments)
    assert opened.paths == kept
    opened.end()
    opened.hear("open", ("/e/late", "r", 0))
    assert opened.paths == kept


def test_python_itself_tells_of_calls_until_the_end(tmp_path: Path) -> None:
    opened = OpenedPaths(str(tmp_path))
    (tmp_path / "a").write_text("")
    os.listdir(tmp_path)  # noqa: PTH208 - this very call is heard
    opened.end()
    (tmp_path / "b").write_text("")
    assert opened.paths == {"a"}
