"""What the walk of the run registry shows of requests, signals and names of old.

Knows: which commands show which demands.
Does not know: how anything is traded.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from walks.registry_files import read_json

if TYPE_CHECKING:
    from walk import Walk

REFUSED, NO_DATA, NOT_ALLOWED = 2, 3, 4


def show_requests(walk: Walk, run: tuple[str, ...], ticker: str) -> None:
    """Requests and signals."""
    good = {"schema_version": "1.0", "request_id": "w-1", "command": "run", "params": {"ticker": ticker}}
    words = ("python", "main.py", "--json-request")
    signals = ("--signal-file", "signals.jsonl")
    answer: Any = walk.run(
        *words, json.dumps(good), *signals, within="work", shows=("E10.1", "E10.2", "E10.6")
    ).json()
    walk.look("the request's id comes back", "E10.2", "E4.9", holds=answer["request_id"] == "w-1")
    paper = good | {"params": {"ticker": ticker, "paper": True}}
    walk.run(
        *words, json.dumps(paper), *signals, within="work", says="quantlab.paper.result", shows=("E4.6",)
    )
    for payload, code, says, number in (
        ("[]", REFUSED, "invalid_request", "E10.5"),
        (json.dumps(good | {"schema_version": "2.0"}), REFUSED, "unsupported_schema_version", "E10.2"),
        (json.dumps(good | {"command": "trade"}), REFUSED, "unknown_command", "E10.6"),
        (json.dumps(good | {"params": {"signal_file": "x"}}), REFUSED, "invalid_params", "E10.7"),
        (json.dumps(good | {"params": {"fee": "0.1"}}), REFUSED, "invalid_params", "E10.5"),
        (json.dumps(good | {"params": {"ticker": "ACME"}}), NO_DATA, "data_error", "E10.4"),
        (
            json.dumps(good | {"params": {"ticker": ticker, "model_run": "none"}}),
            NOT_ALLOWED,
            "strategy_error",
            "E10.4",
        ),
    ):
        walk.run(*words, payload, *signals, within="work", code=code, says=says, shows=(number,))
    walk.run("python", "main.py", "--report", "nowhere", within="work", code=REFUSED, shows=("E10.4",))
    lines = [json.loads(line) for line in (walk.folder / "work/signals.jsonl").read_text().splitlines()]
    told = [(line["event"], line["mode"]) for line in lines]
    started, completed, failed = "SESSION_STARTED", "SESSION_COMPLETED", "SESSION_FAILED"
    is_paired = told[:4] == [(started, "run"), (completed, "run")] * 2
    walk.look(
        "each request has its two signals; paper keeps the mode run",
        "E11.1",
        "E11.2",
        "E11.4",
        holds=is_paired,
    )
    is_full = lines[1]["run_id"] == answer["result"]["run_id"] and "runs_index_csv" in lines[1]
    walk.look(
        "the last one names run and registry; of paper it does not",
        "E11.5",
        "E5.9",
        holds=is_full and "runs_index_csv" not in lines[3],
    )
    ends = [line for line in lines if line["event"] == failed]
    is_told = all({"exit_code", "error_type", "message"} <= line.keys() for line in ends)
    walk.look("failures say code, type and message", "E11.6", holds=is_told)
    walk.look(
        "no request at all leaves the failure alone, mode unknown", "E11.7", holds=(failed, "unknown") in told
    )
    walk.run(*run, "--signal-file", "outputs", within="work", shows=("E11.3",))


def show_legacy(walk: Walk, run: Path, ticker: str) -> None:
    """Names of old: read, never written."""
    work = walk.folder / "work"
    old = {"meta.json", "run_report.json", "forward_report.json", "portfolio_report.json"}
    written = [path for path in work.rglob("*") if path.name in old]
    walk.look("no command wrote one of them", "E8.2", holds=not written)
    legacy = work / "outputs/runs/20200102_030405_grid_1234567"
    legacy.mkdir()
    (legacy / "config.json").write_bytes((run / "config.json").read_bytes())
    meta = read_json(run / "metadata.json") | {"run_id": legacy.name, "mode": "grid"}
    (legacy / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    walk.run("runpact", "index", "views", within="work", shows=("E8.1",))
    row = row_of(work, legacy.name)
    walk.look(
        "its line has mode and ticker", "E8.1", "E8.5", holds=(row["mode"], row["ticker"]) == ("grid", ticker)
    )
    (legacy / "metadata.json").write_text(json.dumps(meta | {"mode": "run"}), encoding="utf-8")
    walk.run("runpact", "index", "views", within="work")
    walk.look("the canonical file wins", "E8.3", holds=row_of(work, legacy.name)["mode"] == "run")
    walk.run("python", "main.py", "--list-runs", within="work", says=legacy.name, shows=("E8.4",))
    (legacy / "metadata.json").write_text("{", encoding="utf-8")
    walk.run("runpact", "index", "views", within="work", code=0, shows=("E5.7",))
    shutil.rmtree(legacy)


def row_of(work: Path, name: str) -> dict[str, Any]:
    """Return the line of a run in the registry."""
    rows: list[dict[str, Any]] = read_json(work / "outputs/runs/runs_index.json")["runs"]
    return next((row for row in rows if row["run_id"] == name), {"mode": None, "ticker": None})
