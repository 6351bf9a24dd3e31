"""Seed 003: the work directory of a vision system, on `examples/vision`.

Knows: which commands show which demands.
Does not know: how the detector works.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from walk import Walk

TITLE = "the work directory of a vision system"
LETTER = "D"
CONFIG = ("--config", "./work-dir/config.toml")
SIX = ("datasets", "models", "runs", "outputs", "stats", "tmp")
CREATED, REFUSED = 201, 422
EVENT = {
    "source_id": "walk",
    "ts_utc": "2025-01-01T12:00:00Z",
    "total_detections": 1,
    "counts_by_class": {"one": 1},
    "latency_ms": 1.0,
}


def produce(walk: Walk) -> None:
    """Follow the seed's README from a clean copy, then break what it says was broken."""
    from walk import ROOT  # noqa: PLC0415 - imports this module

    work = walk.folder / "work"
    shutil.copytree(ROOT / "examples" / "vision", work, ignore=_outputs)
    _prepare(walk, work)
    _train(walk, work)
    _deploy(walk, work)
    _refuse(walk, work)
    _commit(walk, work)


def _prepare(walk: Walk, work: Path) -> None:
    """Take the example settings; a run that fails makes the six folders all the same."""
    for name in ("check", "example"):
        words = {
            "check": ("contract", "ignore", "--workdir", "work-dir", "--check", ".gitignore"),
            "example": ("config", "example", "--check", "work-dir/config.example.toml"),
        }[name]
        walk.run("runpact", *words, within="work", shows={"check": ("D12.4",), "example": ("D3.4",)}[name])
    walk.run(
        "cp", "work-dir/config.example.toml", "work-dir/config.toml", within="work", shows=("D3.1", "D3.5")
    )
    settings = tomllib.loads((work / "work-dir/config.toml").read_text(encoding="utf-8"))
    edited = ("class_map", "data", "train", "deploy")
    is_there = all(name in settings for name in edited) and "weights" in settings["train"]["yolo"]
    page = (work / "work-dir/README.md").read_text(encoding="utf-8")
    is_told = "`~` and `$VAR` mean nothing" in page
    walk.look("work-dir/README.md says that `~` and `$VAR` mean nothing", "D5.10", holds=is_told)
    walk.look("class map, data set, weights, device and paths are keys of it", "D3.2", holds=is_there)
    walk.run("python", "-m", "train.cli", *CONFIG, within="work", code=1, shows=("D4.4", "D8.13"))
    made = all((work / "work-dir" / name).is_dir() for name in SIX)
    walk.look("six folders after a run that failed", "D1.7", "D2.2", "D2.10", "D3.3", holds=made)


def _train(walk: Walk, work: Path) -> None:
    """Train, and read the records."""
    scenes = ("--train", "300", "--val", "60", "--unlabeled", "10")
    walk.run("python", "-m", "scenes.cli", *CONFIG, *scenes, within="work")
    lines = r"run_id=exp001-\d{8}-\d{6}\nstatus=ok\nresolved_config=/.*\nartifacts=/"
    sets = ("--set", "train.epochs=8")
    words = ("python", "-m", "train.cli", *CONFIG, *sets)
    walk.run(*words, within="work", says=lines, shows=("D3.3", "D8.1", "D8.2", "D14.4"))
    model = "work/work-dir/models/exp001-*/"
    for name in ("model.onnx", "model-int8.onnx"):
        walk.file(f"{model}{name}", "D2.5", "D7.1", "D7.2")
    walk.file(f"{model}labels.json", "D7.6", holds=lambda path: "id_map" in path.read_text())
    runs = "work/work-dir/runs/exp001-*/"
    keys = ["run_id", "mode", "status", "elapsed_ms", "error"]
    walk.file(f"{runs}metrics.json", "D2.6", "D8.4", count=2, holds=lambda path: list(_json(path)) == keys)
    walk.file(f"{runs}artifacts.json", "D8.7", "D8.10", count=2, holds=_is_whole)
    walk.file(f"{runs}dataset.resolved.yaml", "D6.6")
    walk.file(f"{runs}config.resolved.toml", "D4.1", "D4.5", "D5.1", count=2, holds=_is_absolute)
    newest = max((work / "work-dir/runs").iterdir(), key=lambda path: path.stat().st_ctime_ns)
    copy = (work / "work-dir/config.resolved.toml").read_bytes()
    is_equal = copy == (newest / "config.resolved.toml").read_bytes()
    is_plain = all(_is_indented(path) for path in (newest / "metrics.json", newest / "artifacts.json"))
    walk.look("metrics.json and artifacts.json are indented by two, in ASCII", "D8.14", holds=is_plain)
    walk.look("the settings at the root are those of the newest run", "D4.1", "D4.2", holds=is_equal)
    is_newest = (work / "work-dir/models/latest").resolve().name == newest.name
    walk.look("models/latest leads to the newest model", "D7.4", holds=is_newest)
    away = ("--workdir", str(walk.folder / "away"))
    walk.run("python", "-m", "train.cli", *CONFIG, *away, within="work", code=1)
    walk.file("away/log.txt", "D1.4", "D13.1", holds=_is_log)
    walk.file("away/runs/exp001-*/metrics.json", "D1.4", "D1.5")


def _deploy(walk: Walk, work: Path) -> None:
    """Label, watch a film, tell the statistics service."""
    walk.run("python", "-m", "autolabel.cli", *CONFIG, within="work", shows=("D8.1", "D8.11"))
    walk.file("work/work-dir/datasets/labeled/*.txt", "D2.4", "D6.3", count=10)
    film = ("deploy.edge.source=video", "deploy.edge.video_path=./work-dir/datasets/unlabeled/film.gif")
    with _statistics(work) as address:
        told = (*film, "deploy.edge.save_annotated=true", f"deploy.edge.statistics_url={address}")
        sets = tuple(word for text in told for word in ("--set", text))
        walk.run("python", "-m", "deploy.edge.cli", *CONFIG, *sets, within="work", shows=("D8.1", "D9.1"))
        taken = [_post(address, EVENT | change) for change in ({}, {"ts_utc": "yesterday-ish"})]
        walk.look(f"an event, and one of yesterday-ish: {taken}", "D10.10", holds=taken == [CREATED, REFUSED])
        database = work / "work-dir/stats/stats.db"
        database.unlink()
        again = _post(address, EVENT)
        walk.look(f"after stats.db was deleted: {again}", "D10.3", "D10.8", holds=again == CREATED)
    with contextlib.closing(sqlite3.connect(database)) as connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(stats_events)")]
    six = ["id", "source_id", "ts_utc", "total_detections", "counts_by_class", "latency_ms"]
    walk.look(f"stats_events has {names}", "D2.8", "D10.1", "D10.4", holds=names[:6] == six)
    walk.file("work/work-dir/outputs/exp001-*/000000.jpg", "D2.7", "D9.2", "D9.3")
    sets = ("--set", "deploy.edge.save_annotated=true")
    walk.run("python", "-m", "deploy.edge.cli", *CONFIG, *sets, within="work")
    walk.file("work/work-dir/outputs/exp001-*/scene_0000_annotated.jpg", "D9.2")
    shutil.rmtree(work / "work-dir/tmp")
    walk.run("python", "-m", "deploy.edge.cli", *CONFIG, within="work", shows=("D2.9", "D11.1"))
    walk.run("runpact", "check", "--workdir", "work-dir", within="work", says="OK", shows=("D1.1", "D1.6"))


def _refuse(walk: Walk, work: Path) -> None:
    """Say what cannot be: exit 2, told, and no run."""
    before = sorted((work / "work-dir/runs").iterdir())
    for setting, says, number in (
        ("train.epoch=50", "did you mean `train.epochs`", "D14.3"),
        ("train.epochs=true", "integer", "D14.8"),
        ("workspace.run_name=../../x", "run_name", "D14.9"),
        ("app.schema_version=2", "schema_version", "D14.7"),
        ("class_map.id_map.zero=1", "id_map", "D14.6"),
        ("train.epochs", "dotted.key=value", "D14.2"),
        ("train.backend=keras", "train.backend", "D8.16"),
    ):
        words = ("python", "-m", "train.cli", *CONFIG, "--set", setting)
        walk.run(*words, within="work", code=2, says=rf"CONFIG ERROR[\s\S]*{says}", shows=(number, "D14.5"))
    after = sorted((work / "work-dir/runs").iterdir())
    walk.look("none of them made a run", "D14.5", holds=before == after)


def _commit(walk: Walk, work: Path) -> None:
    """Commit everything: three files of the work directory are in it."""
    (work / "codex.md").write_text("x\n", encoding="utf-8")
    for words in (("init", "-q"), ("add", "-A")):
        walk.run("git", *words, within="work")
    staged = walk.run("git", "ls-files", within="work").out.split()
    kept = [path for path in staged if path.startswith("work-dir/") or path == "codex.md"]
    wanted = ["work-dir/.gitkeep", "work-dir/README.md", "work-dir/config.example.toml"]
    numbers = ("D1.2", "D3.6", "D7.5", "D12.1", "D12.2", "D12.3")
    walk.look(f"a commit holds {', '.join(kept)}", *numbers, holds=kept == wanted)


@contextlib.contextmanager
def _statistics(work: Path) -> Iterator[str]:
    """Run the statistics service inside the block; gives its address."""
    command = [sys.executable, "-m", "deploy.statistics.api", *CONFIG, "--set", "deploy.statistics.port=0"]
    with subprocess.Popen(command, cwd=work, stdout=subprocess.PIPE, text=True) as service:
        try:
            line = service.stdout.readline() if service.stdout else ""
            yield line.strip().removeprefix("listening=")
        finally:
            service.terminate()
            service.communicate()


def _post(address: str, event: dict[str, object]) -> int:
    """Send an event and return the status of the answer."""
    url, body = f"{address}/api/events", json.dumps(event).encode()
    request = urllib.request.Request(url, data=body, method="POST")  # noqa: S310 - our own service
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def _outputs(folder: str, names: list[str]) -> set[str]:
    """Name what running the example leaves behind."""
    kept = {"config.example.toml", "README.md", ".gitkeep"}
    left = set(names) - kept if folder.endswith("work-dir") else set()
    return left | {name for name in names if name in {"__pycache__", ".runpact-cache"}}


def _json(path: Path) -> dict[str, object]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _is_whole(path: Path) -> bool:
    """Whether the record has its keys, and the paths in it are absolute and exist when the run went well."""
    record = json.loads(path.read_text(encoding="utf-8"))
    paths = [str(value) for key, value in record["artifacts"].items() if key.endswith("_path")]
    keys = {"run_id", "mode", "backend", "status", "error", "artifacts"}
    return set(record) == keys and all(each.startswith("/") and Path(each).is_file() for each in paths)


def _is_log(path: Path) -> bool:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return len(lines) > 1 and all({"ts_utc", "level", "event", "message"} <= line.keys() for line in lines)


def _is_indented(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return text.isascii() and text.startswith('{\n  "run_id"')


def _is_absolute(path: Path) -> bool:
    settings = tomllib.loads(path.read_text(encoding="utf-8"))
    return str(settings["data"]["yolo_dataset_dir"]).startswith("/") and "rate" in str(settings["deploy"])
