"""Rows: hashing, verifying, validating."""

from __future__ import annotations

import os
import time

import byhand
from contest import Contest, Way, compete
from row import Scale, row

from rows.workspaces import MINIMAL, workspace

FILES, FILE_SIZE = 10_000, 10_000


@row(
    "digest-large",
    "digest of an input of 1 GiB, one pass",
    budget=1 / 0.9,
    derived="90 % of SHA-256 over the cores used",
    unit="MB",
)
def digest_large(place: str, scale: Scale) -> Contest:
    """Pin a large file as an input of a run."""
    import runpact

    size = scale.of(1 << 30, 1 << 26)
    root, path = workspace(place, MINIMAL), os.path.join(place, "large.bin")
    with open(path, "wb") as file:
        file.writelines(os.urandom(1 << 20) for _block in range(size >> 20))
    run = runpact.run(workspace=root, name="digest", durability="none", guard="off").__enter__()

    def touch(_number: int) -> None:  # what was hashed before is not hashed again
        now = time.time_ns() - 10_000_000_000
        os.utime(path, ns=(now, now))

    ways = {
        "runpact": Way(lambda number: run.input(path, name=f"input-{number}"), before=touch),
        "floor": Way(lambda _number: byhand.digest_of(path)),
    }
    try:
        return compete(ways, repetitions=scale.of(5, 3), units=size // 1_000_000)
    finally:
        run.save("metrics", {"loss": 0.5})
        run.finish()


def write_many(folder: str, count: int) -> None:
    """Write files of ten kilobytes, a thousand to a folder."""
    data = os.urandom(FILE_SIZE)
    for number in range(count):
        path = os.path.join(folder, f"d{number // 1000:02}", f"file_{number:05}.bin")
        if number % 1000 == 0:
            os.makedirs(os.path.dirname(path))
        with open(path, "wb") as file:
            file.write(data)


def paths_below(folder: str) -> list[str]:
    """Return every file below a folder."""
    return [os.path.join(root, name) for root, _folders, names in os.walk(folder) for name in names]


@row(
    "digest-many",
    "pinning 10,000 files of 10 kB that others wrote, when a run is sealed",
    budget=22 / 18,
    derived="18 k/s against 22 k/s",
    goal=18_000,
    why="each file is opened beneath its folder and looked at before and after; the floor opens it by name",
    unit="files",
)
def digest_many(place: str, scale: Scale) -> Contest:
    """Seal runs that hold many files."""
    import runpact

    root, count = workspace(place, MINIMAL), scale.of(FILES, 2_000)
    opened = {}

    def fill(number: int) -> None:
        run = runpact.run(
            workspace=root, name=f"many-{number}", durability="none", guard="off", unsafe_skip_check=True
        ).__enter__()
        write_many(run.dir, count)
        run.save("metrics", {"loss": 0.5})
        opened[number] = run

    ways = {
        "runpact": Way(lambda number: opened[number].finish()),
        "floor": Way(lambda number: [byhand.digest_small(path) for path in paths_below(opened[number].dir)]),
    }
    fill_first = Way(ways["floor"].work, before=lambda number: number in opened or fill(number))
    fill_ours = Way(ways["runpact"].work, before=fill_first.before)
    return compete({"runpact": fill_ours, "floor": fill_first}, repetitions=scale.of(6, 2), units=count)


def _sealed(place: str, count: int) -> tuple[str, str]:
    """Return the workspace and the directory of a sealed run with many files."""
    import runpact

    root = workspace(place, MINIMAL)
    with runpact.run(workspace=root, name="many", durability="none", guard="off") as run:
        run.save("metrics", {"loss": 0.5})
        write_many(run.dir, count)
    return root, run.dir


@row(
    "verify-full",
    "verifying a run of 10,000 files of 10 kB, every byte",
    budget=24 / 25,
    derived="25 k/s against 24 k/s on one core",
    goal=25_000,
    unit="files",
    why="files are hashed one after the other on one core; the budget asks for more than one",
)
def verify_full(place: str, scale: Scale) -> Contest:
    """Re-derive every digest of a sealed run."""
    from runpact.workspace import Workspace

    count = scale.of(FILES, 2_000)
    root, directory = _sealed(place, count)
    ours = Workspace.open(workspace=root)
    ways = {
        "runpact": Way(lambda _number: ours.verify(directory)),
        "floor": Way(lambda _number: [byhand.digest_small(path) for path in paths_below(directory)]),
    }
    return compete(ways, repetitions=scale.of(6, 2), units=count)


SCHEMA = b"""{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
"required": ["name", "rows"], "properties": {"name": {"type": "string"}, "rows": {"type": "array",
"items": {"type": "object", "required": ["id", "score", "label"], "properties": {
"id": {"type": "integer"}, "score": {"type": "number"}, "label": {"enum": ["cat", "dog"]}}}}}}"""


@row(
    "validate",
    "validating JSON documents of 3 kB from their bytes",
    budget=77 / 60,
    derived="60 k/s against 77 k/s",
    goal=60_000,
    why="keys that stand twice and the depth are looked for in the bytes, which the bare decoder passes over",
    unit="documents",
)
def validate(_place: str, scale: Scale) -> Contest:
    """Parse strictly and hold against a schema; the floor does so with the same libraries, bare."""
    import jsonschema_rs
    import msgspec

    from runpact.formats.jsondoc import parse
    from runpact.model.schema import validator_for

    rows = [{"id": number, "score": 0.25 + number, "label": "cat"} for number in range(75)]
    data = msgspec.json.encode({"name": "document", "rows": rows})
    assert 2_800 < len(data) < 3_300, f"the document has {len(data)} bytes"  # noqa: PLR2004 - about 3 kB
    count = scale.of(4_000, 1_000)
    bare = jsonschema_rs.validator_for(msgspec.json.decode(SCHEMA))
    validator = validator_for("s.json", {"s.json": SCHEMA})

    def ours(_number: int) -> None:
        for _index in range(count):
            assert not validator.faults(parse(data).value)

    def floor(_number: int) -> None:
        for _index in range(count):
            assert bare.is_valid(msgspec.json.decode(data))

    return compete({"runpact": Way(ours), "floor": Way(floor)}, repetitions=scale.of(20, 4), units=count)
