"""The same work written by hand: what a careful person would do without a product.

It writes what runpact writes, into as many files: a run is staged, published by a rename, logged to, given an
artifact with its digest, and sealed by a last rename; with eight flushes when it is to be durable.

Knows: the standard library, msgspec, jsonschema-rs.
Does not know: runpact.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import time
import zlib

import jsonschema_rs
import msgspec

encode = msgspec.json.encode

ENVIRONMENT = {f"package-{number:03}": f"1.{number}.0" for number in range(60)}
"""As many packages as an installation for tests has."""
CONTRACT = b"contract: bench.runs\nversion: '1.0.0'\nkinds:\n  run:\n    at: runs/{name}\n"


def write_file(path: str, data: bytes, *, durable: bool) -> None:
    """Create a file and write it whole."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    try:
        os.write(descriptor, data)
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_folder(path: str) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def framed(entry: dict[str, object]) -> bytes:
    """Return a log line with its checksum."""
    body = encode(entry)
    return b'%b,"crc":"%08x"}\n' % (body[:-1], zlib.crc32(body))


def minimal_run(parent: str, name: str, *, durable: bool) -> None:
    """Make one run: record, contract copy, manifest, two logs, one artifact, seal."""
    staging, final = os.path.join(parent, f".new-{name}"), os.path.join(parent, name)
    private = os.path.join(staging, ".runpact")
    os.mkdir(staging)
    os.mkdir(private)
    os.mkdir(os.path.join(private, "contract"))
    started = time.time()
    record = {"uid": os.urandom(16).hex(), "id": name, "started": started, "pid": os.getpid()}
    provenance = {"command": ["python"], "environment": {"packages": ENVIRONMENT}, "config": {}, "seeds": {}}
    write_file(os.path.join(private, "run.json"), encode({**record, **provenance}), durable=durable)
    write_file(os.path.join(private, "contract", "contract.yaml"), CONTRACT, durable=durable)
    write_file(os.path.join(private, "manifest.json"), encode({**record, "sealed": False}), durable=durable)
    os.rename(staging, final)
    if durable:
        flush_folder(parent)
    _end(final, record | provenance, durable=durable)


def _end(final: str, record: dict[str, object], *, durable: bool) -> None:
    private = os.path.join(final, ".runpact")
    events = framed({"seq": 1, "time": time.time(), "event": "run.started"})
    points = framed({"seq": 1, "time": time.time(), "step": None, "values": {"loss": 0.5}})
    artifact = encode({"loss": 0.5})
    temporary = os.path.join(final, ".tmp-metrics.json")
    write_file(temporary, artifact, durable=durable)
    os.rename(temporary, os.path.join(final, "metrics.json"))
    events += framed({"seq": 2, "time": time.time(), "event": "run.ended"})
    write_file(os.path.join(private, "events.jsonl"), events, durable=durable)
    write_file(os.path.join(private, "metrics.jsonl"), points, durable=False)
    files = []
    for folder, _folders, names in os.walk(final):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                data = file.read()
            files.append({"path": path, "size": len(data), "digest": hashlib.sha256(data).hexdigest()})
    manifest = encode({**record, "sealed": True, "files": files})
    write_file(os.path.join(private, "seal"), framed({"manifest": len(manifest)}), durable=durable)
    temporary = os.path.join(private, "manifest.tmp")
    write_file(temporary, manifest, durable=durable)
    os.rename(temporary, os.path.join(private, "manifest.json"))


def append_points(descriptor: int, count: int, values: dict[str, float]) -> None:
    """Append metric points, each with one write, so that none is lost when the process is killed."""
    write, crc, clock = os.write, zlib.crc32, time.time
    for number in range(count):
        body = b'{"seq":%d,"time":%.6f,"step":%d,"values":%b}' % (number, clock(), number, encode(values))
        write(descriptor, b'%b,"crc":"%08x"}\n' % (body[:-1], crc(body)))


def digest_of(path: str) -> str:
    """Return the SHA-256 of a file."""
    with open(path, "rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_small(path: str) -> str:
    """Return the SHA-256 of a file that fits one read."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return hashlib.sha256(os.read(descriptor, 1 << 20)).hexdigest()
    finally:
        os.close(descriptor)


def list_runs(parent: str) -> list[dict[str, object]]:
    """Read the manifest of every run in a folder."""
    found = []
    for name in os.listdir(parent):
        with open(os.path.join(parent, name, ".runpact", "manifest.json"), "rb") as file:
            found.append(msgspec.json.decode(file.read()))
    return sorted(found, key=lambda run: run["started"], reverse=True)


def look_over(directory: str) -> int:
    """Parse every document of a run and hold it against nothing more than being JSON."""
    count = 0
    for folder, _folders, names in os.walk(directory):
        for name in names:
            if name.endswith(".json"):
                with open(os.path.join(folder, name), "rb") as file:
                    json.loads(file.read())
                count += 1
    return count


def validate_all(paths: list[str], schema: str) -> None:
    """Parse documents and hold each against a schema."""
    valid = jsonschema_rs.validator_for(json.loads(schema)).is_valid
    for path in paths:
        with open(path, "rb") as file:
            if not valid(msgspec.json.decode(file.read())):
                raise ValueError(path)


def write_views(folder: str, rows: list[tuple[object, ...]]) -> None:
    """Write a table as CSV, JSON and Markdown, each beside its name and then in its place."""
    names = ("path", "started", "state", "loss", "depth")
    table = io.StringIO()
    writer = csv.writer(table, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    writer.writerows(rows)
    listed = [dict(zip(names, row, strict=True)) for row in rows]
    lines = ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    texts = {
        "csv": table.getvalue(),
        "json": json.dumps({"count": len(rows), "runs": listed}, indent=2),
        "md": "\n".join(["| " + " | ".join(names) + " |", "|" + " --- |" * len(names), *lines]),
    }
    for form, text in texts.items():
        path = os.path.join(folder, f"runs_index.{form}")
        write_file(f"{path}.tmp", text.encode(), durable=False)
        os.rename(f"{path}.tmp", path)


def write_frames(folder: str, count: int, arrays: dict[str, object], camera: dict[str, float]) -> None:
    """Write frames with `numpy.savez`, each hashed, renamed into place and told in a log."""
    import numpy as np

    os.makedirs(folder)
    log = os.open(f"{folder}.jsonl", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o666)
    try:
        for number in range(count):
            stream = io.BytesIO()
            np.savez(stream, **arrays)
            data = stream.getvalue()
            path = os.path.join(folder, f"frame_{number:04}.npz")
            write_file(f"{path}.tmp", data, durable=False)
            os.rename(f"{path}.tmp", path)
            row = {
                "frame_id": number,
                "timestamp": number / 30,
                "intrinsics": camera,
                "contract_version": "1.0",
            }
            digest = hashlib.sha256(data).hexdigest()
            os.write(log, framed({"seq": number + 1, "path": path, "digest": digest, "frame": row}))
    finally:
        os.close(log)
