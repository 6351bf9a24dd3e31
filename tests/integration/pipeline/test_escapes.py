"""A stage that writes where it must not: held by the kernel, or named with its path."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.pipeline.pipeline import Pipeline
from runpact.host import landlock

WAYS = {
    "repository": ('echo x > "$WS/src/new.txt"', "{ws}/src/new.txt"),
    "another stage": ('echo x > "$WS/runs/x/02_sum/new.txt"', "{ws}/runs/x/02_sum/new.txt"),
    "home": ('echo x > "$HOMELIKE/new.txt"', "{home}/new.txt"),
    "temporary folder": ('echo x > "$TEMPORARY/new.txt"', "{tmp}/new.txt"),
    "shared memory": ('echo x > "$SHARED/new.txt"', "{shm}/new.txt"),
    "symlink": ('echo x > "$WS/link/new.txt"', "{ws}/src/new.txt"),
    "child shell": ("""sh -c 'echo x > "$WS/src/new.txt"'""", "{ws}/src/new.txt"),
    "daemon": (
        """(setsid sh -c 'sleep 0.2; echo x > "$WS/src/new.txt"' >/dev/null 2>&1 &)""",
        "{ws}/src/new.txt",
    ),
}
IN_THE_WORKSPACE = {"repository", "symlink", "child shell"}


@pytest.fixture
def places(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Path]]:
    """Folders that no stage may write to; the programs know them by the environment."""
    token = f"escaped-{uuid.uuid4().hex[:8]}"
    found = {
        "ws": pipeline.root,
        "home": Path.home() / f".{token}",
        "tmp": Path(tempfile.gettempdir()) / token,
        "shm": Path("/dev/shm") / token,
    }
    (pipeline.root / "src").mkdir()
    (pipeline.root / "link").symlink_to("src")
    for name in ("home", "tmp", "shm"):
        found[name].mkdir()
    for name, key in (("ws", "WS"), ("home", "HOMELIKE"), ("tmp", "TEMPORARY"), ("shm", "SHARED")):
        monkeypatch.setenv(key, str(found[name]))
    yield found
    for name in ("home", "tmp", "shm"):
        shutil.rmtree(found[name])


def escaped(
    pipeline: Pipeline, places: dict[str, Path], way: str, *options: str
) -> tuple[Path, int, dict, dict]:
    """Let the first stage try; return the file, exit code, document and what its record says of the fence."""
    assert pipeline.go()[0] == 0
    line, target = WAYS[way]
    script = pipeline.root / "stages/make.sh"
    script.write_text(f"{script.read_text()}{line} || echo refused\n")
    code, told = pipeline.go("--to", "01")
    time.sleep(0.4 if way == "daemon" else 0)
    manifest = json.loads((pipeline.experiment / "01_make/.runpact/manifest.json").read_bytes())
    return Path(target.format(**places)), code, told, manifest["provenance"]["confinement"]


@pytest.mark.skipif(landlock.abi() == 0, reason="the kernel here has no Landlock")
@pytest.mark.parametrize("way", WAYS)
def test_a_stage_is_held_or_its_record_says_where_it_is_not(
    pipeline: Pipeline, places: dict[str, Path], way: str
) -> None:
    path, _code, _told, record = escaped(pipeline, places, way)
    assert record["level"] == "W2"
    if way == "shared memory":
        assert path.exists()
        assert "/dev/shm" in record["opened"]
        return
    assert not path.exists()
    assert record["strays"] == []
    log = (pipeline.experiment / "01_make/logs/stdout.log").read_text()
    assert log == ("making\n" if way == "daemon" else "making\nrefused\n")


@pytest.mark.parametrize("way", sorted(IN_THE_WORKSPACE))
def test_a_stage_that_nothing_holds_is_named_with_the_path(
    pipeline: Pipeline, places: dict[str, Path], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    path, code, told, record = escaped(pipeline, places, way)
    assert path.exists()
    assert record["level"] == "W1"
    assert [stray["path"] for stray in record["strays"]] == ["src/new.txt"]
    assert code > 0
    (step,) = (each for each in told["stages"] if each["name"] == "01_make")
    assert "src/new.txt" in json.dumps(step), step
