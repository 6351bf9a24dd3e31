"""The end of a log, whatever stands there."""

from __future__ import annotations

import os
from pathlib import Path

from runpact.disk.lastlines import last_lines


def test_the_last_lines_that_are_not_empty_are_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("x" * 20_000 + "\none\n\ntwo\n\n")
    assert last_lines(str(log), 2) == ("one", "two")


def test_what_is_no_readable_file_has_no_last_lines(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for name in ("none", "pipe", "link", "."):
        assert last_lines(str(tmp_path / name), 2) == ()
