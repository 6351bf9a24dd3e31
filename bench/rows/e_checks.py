"""Rows: judging runs by their contract."""

from __future__ import annotations

import os

import byhand
from contest import Contest, Way, compete
from row import Scale, row

from rows.workspaces import METRICS_SCHEMA, TEN_FILES, ten_file_run, workspace

MANY_FILES = """\
contract: bench.many
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    entries:
      - files: "parts/part_{n:05}.json"
        as: parts
        SCHEMA
        count: {min: 1}
    others: refused
    rules:
      - id: some
        check: size(files.parts) > 0
"""


@row("check", "checking a run of ten files, warm", goal=5.0)
def check_warm(place: str, scale: Scale) -> Contest:
    """Judge the same run repeatedly in one process; the floor parses its documents."""
    import runpact

    root, each = workspace(place, TEN_FILES), 20
    directory = ten_file_run(root, "ten")

    def ours(_number: int) -> None:
        for _index in range(each):
            assert runpact.check(directory, workspace=root)[0].verdict.value == "OK"

    def floor(_number: int) -> None:
        for _index in range(each):
            byhand.look_over(directory)

    return compete({"runpact": Way(ours), "floor": Way(floor)}, repetitions=scale.of(25, 5), units=each)


def _many(place: str, scale: Scale, schema: str) -> tuple[str, str, int]:
    """Return a workspace, the directory of a foreign run with many documents, and how many they are."""
    root, count = workspace(place, MANY_FILES.replace("SCHEMA", schema)), scale.of(10_000, 2_000)
    directory = os.path.join(root, "runs", "many")
    os.makedirs(os.path.join(directory, "parts"))
    for number in range(count):
        with open(os.path.join(directory, "parts", f"part_{number:05}.json"), "wb") as file:
            file.write(b'{"loss": %d.5, "name": "part %d", "rows": [1, 2, 3]}' % (number, number))
    return root, directory, count


@row("check-parsed", "checking 10,000 documents of a run by their schema", goal=5_000, unit="files")
def check_parsed(place: str, scale: Scale) -> Contest:
    """Judge each document; the floor parses and validates them with the same libraries, bare."""
    import runpact

    root, directory, count = _many(place, scale, "schema: schemas/metrics.json")
    paths = [os.path.join(directory, "parts", name) for name in os.listdir(os.path.join(directory, "parts"))]

    def ours(_number: int) -> None:
        assert runpact.check(directory, workspace=root)[0].verdict.value == "OK"

    ways = {"runpact": Way(ours), "floor": Way(lambda _number: byhand.validate_all(paths, METRICS_SCHEMA))}
    return compete(ways, repetitions=scale.of(8, 3), units=count)


@row("check-presence", "checking 10,000 files of a run by presence", goal=20_000, unit="files")
def check_presence(place: str, scale: Scale) -> Contest:
    """Judge which files stand there; the floor looks at each of them."""
    import runpact

    root, directory, count = _many(place, scale, "")

    def ours(_number: int) -> None:
        assert runpact.check(directory, workspace=root)[0].verdict.value == "OK"

    def floor(_number: int) -> None:
        for folder, _folders, names in os.walk(directory):
            for name in names:
                os.lstat(os.path.join(folder, name))

    return compete({"runpact": Way(ours), "floor": Way(floor)}, repetitions=scale.of(10, 3), units=count)


@row("check-runs", "checking 1,000 runs of ten files with one call", goal=300, unit="runs")
def check_runs(place: str, scale: Scale) -> Contest:
    """Judge every run of a workspace; the floor parses their documents."""
    import runpact

    root, count = workspace(place, TEN_FILES), scale.of(1_000, 100)
    directories = [ten_file_run(root, f"ten-{number:04}") for number in range(count)]

    def ours(_number: int) -> None:
        checked = runpact.check(workspace=root)
        assert [run.verdict.value for run in checked] == ["OK"] * count

    def floor(_number: int) -> None:
        for directory in directories:
            byhand.look_over(directory)

    return compete({"runpact": Way(ours), "floor": Way(floor)}, repetitions=scale.of(6, 2), units=count)


@row("check-judged", "checking 100 broken runs: 1,000 findings", unit="runs")
def check_broken(place: str, scale: Scale) -> Contest:
    """Judge runs of which every document breaks its schema; the floor only parses them."""
    import runpact

    root, count = workspace(place, MANY_FILES.replace("SCHEMA", "schema: schemas/metrics.json")), 100
    directories = [os.path.join(root, "runs", f"broken-{number:03}") for number in range(count)]
    for directory in directories:
        os.makedirs(os.path.join(directory, "parts"))
        for number in range(10):
            with open(os.path.join(directory, "parts", f"part_{number:05}.json"), "wb") as file:
                file.write(b'{"loss": "high"}')

    def ours(_number: int) -> None:
        checked = runpact.check(workspace=root)
        assert [len(run.report.findings) for run in checked] == [10] * count

    def floor(_number: int) -> None:
        for directory in directories:
            byhand.look_over(directory)

    return compete({"runpact": Way(ours), "floor": Way(floor)}, repetitions=scale.of(6, 2), units=count)
