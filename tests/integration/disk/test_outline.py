"""What stands in a folder that others change meanwhile."""

from __future__ import annotations

import shutil
from pathlib import Path

from runpact.disk.outline import list_stamps


def test_what_goes_while_it_is_listed_does_not_stand_there(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "folder/c.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)

    def is_of_concern(path: str) -> bool:
        if path == "b.txt":
            (tmp_path / path).unlink()
        if path == "folder":
            shutil.rmtree(tmp_path / path)
        return True

    assert list(list_stamps(str(tmp_path), is_of_concern)) == ["a.txt"]
    assert list_stamps(str(tmp_path / "gone"), is_of_concern) == {}
