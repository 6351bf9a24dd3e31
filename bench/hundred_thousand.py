"""Make very many run directories quickly, each of them whole.

    python bench/hundred_thousand.py FOLDER [COUNT]

One run is made by runpact; the others are written as it would write them, with records, seal and metric
stream of their own, so that each is sealed, differs from the others and verifies as far as its records go.

Knows: which files tell a reader about a run.
Does not know: how a reader finds them.
"""

from __future__ import annotations

import os
import sys
import uuid
from datetime import UTC, datetime, timedelta

import msgspec

WORKSPACE = """\
contract: bench.many
version: "1.0.0"
kinds:
  run: {at: "runs/{name}"}
"""
LISTED = """\
contract: bench.listed
version: "1.0.0"
workspace:
  indexes:
    - files: "lists/runs_index.{csv,json,md}"
      columns:
        run_id: run.id
        state: run.state
        started: run.started
        git_commit: run.commit
        lr: run.config.lr
        depth: run.config.model.depth
        seconds: run.duration_seconds
        loss: doc.metrics.loss
        accuracy: doc.metrics.accuracy
        path: run.path
kinds:
  run:
    at: "runs/{name}"
    entries: [{file: metrics.json, required: false}]
"""
"""A workspace with a registry view of ten columns."""
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def make_many(root: str, count: int, contract: str = WORKSPACE) -> None:
    """Write a workspace with so many finished runs; every tenth failed."""
    import runpact
    from runpact.disk.reader import read_run

    os.makedirs(os.path.join(root, "runs"))
    with open(os.path.join(root, "contract.yaml"), "w", encoding="utf-8") as file:
        file.write(contract)
    with runpact.run(workspace=root, name="template", durability="none") as run:
        run.log({"loss": 1.0})
    reading = read_run(run.dir)
    for number in range(count):
        write_run(root, number, reading.record, reading.manifest, has_metrics=contract != WORKSPACE)


def write_run(root: str, number: int, record: object, manifest: object, *, has_metrics: bool = False) -> None:
    """Write one run directory after the template, with a file of metrics that a view can look into."""
    from runpact.model.digest import digest_bytes
    from runpact.model.journal import frame_line
    from runpact.model.manifest import FileRecord, encode_manifest, encode_seal, seal_for
    from runpact.model.run import Outcome, State

    name, uid = f"r{number:06}", str(uuid.UUID(int=number + 1))
    began = FIRST + timedelta(seconds=number * 37)
    config = {
        "lr": number % 100 / 1000,
        "seed": number,
        "model": {"depth": number % 7, "name": f"net{number % 3}"},
    }
    origin = msgspec.structs.replace(
        manifest.provenance, config=msgspec.structs.replace(manifest.provenance.config, resolved=config)
    )
    same = {"uid": uid, "id": name, "name": name, "started": written(began), "provenance": origin}
    state, seconds = State.FINISHED if number % 10 else State.FAILED, (number * 7919) % 3600 + 0.5
    outcome = Outcome(
        state=state, ended=written(began + timedelta(seconds=seconds)), duration_seconds=seconds
    )
    points = {"loss": (number * 104729) % 100_000 / 10_000, "accuracy": (number * 31) % 1000 / 1000}
    metrics = msgspec.json.encode(points)
    pinned = (FileRecord("metrics.json", len(metrics), digest_bytes(metrics)),) if has_metrics else ()
    data = encode_manifest(msgspec.structs.replace(manifest, outcome=outcome, logs={}, files=pinned, **same))
    place = os.path.join(root, "runs", name, ".runpact")
    os.makedirs(place)
    files = {
        "run.json": msgspec.json.encode(msgspec.structs.replace(record, captures={"name": name}, **same)),
        "manifest.json": data,
        "seal": encode_seal(seal_for(uid, record.records["manifest"], data, {})),
        **({"../metrics.json": metrics} if has_metrics else {}),
        "metrics.jsonl": frame_line(
            msgspec.json.encode({"seq": 1, "time": 0.0, "step": 1, "values": points})
        ),
    }
    for file_name, content in files.items():
        descriptor = os.open(os.path.join(place, file_name), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        os.write(descriptor, content)
        os.close(descriptor)


def written(moment: datetime) -> str:
    """Return a moment as records spell it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


if __name__ == "__main__":
    make_many(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)  # noqa: PLR2004 - the second word
