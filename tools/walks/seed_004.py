"""Seed 004: the run registry of a quantitative project, on `examples/quant`.

Knows: which commands show which demands, in the order of the seed's document.
Does not know: how anything is traded.
"""

from __future__ import annotations

import csv
import json
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from walks.registry_asked import NO_DATA, NOT_ALLOWED, show_legacy, show_requests
from walks.registry_fields import COLUMNS, CONFIG, HEALTH, MACHINE, METADATA, METRICS, REPORT, STATUS
from walks.registry_files import (
    digests_in,
    has_keys,
    is_plain,
    newest_session,
    read_json,
    struck,
)

if TYPE_CHECKING:
    from walk import Ran, Walk

TITLE = "the run registry of a quantitative project"
LETTER = "E"
TICKER = "GENERATED"
"""The real series come with a library that this lane does not install."""
RUN = ("python", "main.py", "run", f"--ticker={TICKER}")
EIGHT = 8
TERMINATED = 128 + 15


def produce(walk: Walk) -> None:
    """Follow the seed's document from a clean copy of the example."""
    from walk import ROOT  # noqa: PLC0415 - imports this module

    left = shutil.ignore_patterns("outputs", "__pycache__", ".runpact*")
    shutil.copytree(ROOT / "examples" / "quant", walk.folder / "work", ignore=left)
    _health(walk)
    run = _run(walk)
    _reproduce(walk, run)
    _sweeps(walk)
    _later(walk, run)
    _registry(walk)
    _paper(walk)
    _ended_early(walk)
    _learn(walk)
    show_requests(walk, RUN, TICKER)
    show_legacy(walk, run, TICKER)
    walk.run("runpact", "doctor", "--fix", within="work", says="interrupted-run")
    walk.run("runpact", "check", within="work", shows=("E1.1", "E12.1"))


def _health(walk: Walk) -> None:
    """Version and preflight."""
    walk.run("python", "main.py", "--version", within="work", says=r"^0\.1\.0\n$", shows=("E9.1",))
    first = walk.run("python", "main.py", "--check", within="work", shows=("E9.2", "E9.3"))
    second = walk.run("python", "main.py", "--check", within="work")
    is_same = first.out == second.out and list(first.json()) == HEALTH
    walk.look("two calls of --check are equal, their nine keys sorted", "E9.2", holds=is_same)
    is_clean = not (walk.folder / "work/outputs").exists()
    walk.look("neither wrote a file", "E9.3", holds=is_clean)


def _run(walk: Walk) -> Path:
    """One backtest and its documents."""
    made = _made(
        walk, walk.run(*RUN, "--end=2016-12-30", "--fee=0.002", "--json", within="work", shows=("E2.1",))
    )
    found = {name: read_json(made / f"{name}.json") for name in ("metadata", "config", "metrics", "report")}
    metadata, config, metrics, report = found.values()
    walk.file("work/outputs/runs/*_run_*/metadata.json", "E2.1", "E3.1", holds=has_keys(METADATA))
    walk.file("work/outputs/runs/*_run_*/config.json", "E2.1", "E3.2", holds=has_keys(CONFIG))
    walk.file("work/outputs/runs/*_run_*/metrics.json", "E2.1", "E3.3", holds=has_keys(METRICS))
    walk.file("work/outputs/runs/*_run_*/report.json", "E2.1", "E3.4", "E3.5", holds=has_keys(REPORT))
    walk.file("work/outputs/runs/*_run_*/run_report.md", "E2.2")
    walk.file("work/outputs/runs/*_run_*/trades.csv", "E2.2")
    machine = report["machine_contract"]
    walk.look(
        "report.json.machine_contract has its nine fields", "E4.1", "E4.2", holds=set(machine) >= MACHINE
    )
    is_run = machine["contract_type"] == "quantlab.run.result"
    walk.look("its contract_type is quantlab.run.result", "E4.3", holds=is_run)
    is_mirrored = report["summary"] == machine["summary"] == metrics["summary"]
    walk.look(
        "summary, machine_contract.summary and metrics.summary are equal", "E4.4", "E3.3", holds=is_mirrored
    )
    is_there = all((made / path).is_file() for path in machine["artifacts"].values())
    walk.look(f"roles {', '.join(machine['artifacts'])} name files", "E4.8", holds=is_there)
    walk.look("request_id is null", "E4.9", holds=machine["request_id"] is metadata["request_id"] is None)
    digits = metadata["config_hash"][:7]
    is_named = made.name.endswith(f"_run_{digits}") and made.name[:8] == metadata["created_at"][:10].replace(
        "-", ""
    )
    walk.look(f"`{made.name}` is time in UTC, mode, digits of the hash", "E2.4", holds=is_named)
    listed = {row["file_name"]: row["sha256"] for row in report["artifacts"]}
    walk.look(f"{len(listed)} files are listed with their digests", "E3.7", holds=listed == digests_in(made))
    is_strict = all(is_plain(path) for path in made.glob("*.json"))
    walk.look("JSON is strict, in UTF-8, indented by two", "E2.5", holds=is_strict)
    walk.look("config_resolved is config.json", "E3.4", holds=report["config_resolved"] == config)
    return made


def _reproduce(walk: Walk, run: Path) -> None:
    """Take the report's own command."""
    told = read_json(run / "report.json")["reproduce"]
    words = shlex.split(told["command"])
    again = _made(walk, walk.run(*words, "--json", within="work", shows=("E3.8",)))
    is_same = read_json(again / "metadata.json")["config_hash"] == told["config_hash"]
    walk.look("it comes to the same configuration hash", "E3.8", "E3.6", holds=is_same)


def _sweeps(walk: Walk) -> None:
    """A grid and a walk."""
    for mode in ("grid", "walkforward"):
        plan = walk.folder / "work" / "sweeps" / f"{mode}.yaml"
        text = plan.read_text(encoding="utf-8").replace("SP500", TICKER)
        plan.write_text(text.replace("train: 1000, test: 500", "train: 800, test: 500"), encoding="utf-8")
        words = ("python", "main.py", "sweep", f"--config-path=sweeps/{mode}.yaml", "--jobs=2", "--json")
        made = _made(walk, walk.run(*words, within="work", shows=("E2.1", "E10.3")))
        machine = read_json(made / "report.json")["machine_contract"]
        is_sweep = machine["contract_type"] == "quantlab.sweep.result" and bool(machine["best_result"])
        walk.look("its contract_type is quantlab.sweep.result, with the best result", "E4.5", holds=is_sweep)
    tables = {
        "grid": ("experiments.csv", "leaderboard.csv", "best_config.json", "config_resolved.yaml"),
        "walkforward": (
            *("walkforward.csv", "walkforward_summary.csv", "oos_leaderboard.csv", "selected_configs.csv"),
            *(
                "split_metrics.csv",
                "oos_equity_curve.csv",
                "oos_equity_timeseries.csv",
                "config_resolved.yaml",
            ),
        ),
    }
    for mode, names in tables.items():
        for name in names:
            walk.file(f"work/outputs/runs/*_{mode}_*/{name}", "E2.3")


def _later(walk: Walk, run: Path) -> None:
    """Forward, twice, and a portfolio."""
    words = ("python", "main.py", "forward", f"--run-dir={run.name}", "--json")
    first = _made(walk, walk.run(*words, "--end=2018-01-05", within="work"))
    second = _made(walk, walk.run(*words, within="work"))
    state = read_json(second / "forward_state.json")
    walk.look("the second goes on where the first stopped", holds=state["continues"] == first.name)
    walk.run("python", "main.py", "portfolio", "--json", within="work", says="quantlab.portfolio.result")


def _registry(walk: Walk) -> None:
    """The shared index."""
    for form in ("csv", "json", "md"):
        walk.file(f"work/outputs/runs/runs_index.{form}", "E5.1")
    index = walk.folder / "work/outputs/runs/runs_index.json"
    rows = read_json(index)["runs"]
    modes = {row["mode"] for row in rows}
    walk.look(
        f"it lists {', '.join(sorted(modes))}", "E5.2", "E5.4", holds={"run", "grid", "forward"} <= modes
    )
    with index.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    walk.look("its columns have their order", "E5.5", holds=header == COLUMNS)
    is_relative = all(row["path"].startswith("outputs/runs/") and type(row["trades"]) is int for row in rows)
    walk.look("paths are relative, trades whole numbers", "E5.8", holds=is_relative)
    before = index.stat().st_mtime_ns
    walk.run(*RUN, "--start=1990-01-01", within="work", code=NO_DATA, shows=("E5.2", "E10.4"))
    walk.look("a run that failed leaves it as it is", "E5.2", holds=index.stat().st_mtime_ns == before)
    runs = [
        subprocess.Popen([sys.executable, *RUN[1:]], cwd=walk.folder / "work", stdout=subprocess.DEVNULL)
        for _ in range(EIGHT)
    ]
    codes = [process.wait() for process in runs]
    more = len(read_json(index)["runs"]) - len(rows)
    walk.look(
        f"eight runs at once: {more} more lines",
        "E2.4",
        "E5.10",
        holds=codes == [0] * EIGHT and more == EIGHT,
    )


def _paper(walk: Walk) -> None:
    """A session entered through `run`."""
    folder = walk.folder / "work/outputs/runs"
    before = {path.name: path.read_bytes() for path in folder.glob("runs_index.*")}
    runs = sorted(folder.iterdir())
    made = _made(walk, walk.run(*RUN, "--paper", "--json", within="work", shows=("E4.6",)))
    names = {path.name for path in made.iterdir()}
    wanted = {"session_metadata.json", "session_status.json", "config.json", "metrics.json", "report.json"}
    walk.look(
        f"a session has {', '.join(sorted(names))}",
        "E6.1",
        holds=names >= wanted | {"trades.csv", "run_report.md"},
    )
    walk.look(
        "its root is outputs/paper_sessions", "E1.2", "E6.2", holds=made.parent.name == "paper_sessions"
    )
    same = before == {path.name: path.read_bytes() for path in folder.glob("runs_index.*")}
    walk.look("the registry of runs is the same, byte for byte", "E5.3", "E5.9", "E6.2", holds=same)
    walk.look("no directory of a run was left", "E5.9", holds=runs == sorted(folder.iterdir()))
    found, machine = (
        read_json(made / "session_status.json"),
        read_json(made / "report.json")["machine_contract"],
    )
    is_over = found.keys() >= STATUS | {"finished_at", "duration_seconds"} and found["terminal"]
    walk.look(
        "session_status.json tells its end",
        "E6.3",
        "E6.8",
        holds=is_over and found["finished_at"].endswith("Z"),
    )
    is_good = (found["status"], found["status_reason"]) == ("success", "completed")
    walk.look("success goes with completed", "E6.4", holds=is_good)
    is_paper = (machine["contract_type"], machine["command"]) == ("quantlab.paper.result", "paper")
    walk.look("its contract_type is quantlab.paper.result, its command paper", "E4.6", "E4.7", holds=is_paper)
    walk.look(
        "run_id is that of the session", "E4.6", holds=machine["run_id"] == made.name == found["session_id"]
    )
    walk.run("runpact", "sessions", "list", within="work", says="completed", shows=("E6.9",))
    walk.run("runpact", "sessions", "promotion", within="work", says=made.name, shows=("E6.11",))
    walk.file("work/outputs/paper_sessions/paper_sessions_index.*", "E6.9", count=3)


def _ended_early(walk: Walk) -> None:
    """Sessions that fail, are stopped, are killed."""
    work = walk.folder / "work"
    walk.run("python", "main.py", "paper", "--ticker=ACME", within="work", code=NO_DATA)
    failed = newest_session(work)
    stopped, running = struck(work, TICKER, signal.SIGINT)
    ended, _running = struck(work, TICKER, signal.SIGTERM)
    lines = [json.loads(line) for line in (work / "struck.jsonl").read_text(encoding="utf-8").splitlines()]
    is_told = [line["event"] for line in lines[-2:]] == ["SESSION_STARTED", "SESSION_FAILED"]
    walk.look(
        "after SIGTERM there is a last signal, with the code 143",
        "E11.8",
        holds=is_told and lines[-1]["exit_code"] == TERMINATED,
    )
    killed, _running = struck(work, TICKER, signal.SIGKILL)
    walk.look(
        "while it lives: running, active",
        "E6.4",
        "E6.6",
        holds=_told(running) == ("running", "active", False),
    )
    told = {path: read_json(path / "session_status.json") for path in (failed, stopped, ended)}
    walk.look(
        "an exception: failed", "E6.4", "E6.5", holds=_told(told[failed]) == ("failed", "exception", True)
    )
    is_named = {"error_type", "message"} <= told[failed].keys()
    walk.look("with error_type and message", "E6.3", holds=is_named)
    is_aborted = _told(told[stopped]) == _told(told[ended]) == ("aborted", "operator_abort", True)
    walk.look("Ctrl-C, SIGTERM: aborted", "E6.4", "E6.5", holds=is_aborted)
    is_one = all(
        "running" not in (path / "session_metadata.json").read_text(encoding="utf-8") for path in told
    )
    walk.look("no other file says running", "E6.7", holds=is_one)
    alerts = walk.run(
        "runpact", "sessions", "alerts", "--json", within="work", code=3, shows=("E6.10",)
    ).json()
    listed: Any = alerts["alerts"]
    codes = {each["session_id"]: each["code"] for each in listed}
    wanted = {failed: "PAPER_SESSION_FAILED", stopped: "PAPER_SESSION_ABORTED", killed: "PAPER_SESSION_STALE"}
    is_right = all(codes.get(path.name) == code for path, code in wanted.items())
    walk.look("failed, aborted and, after SIGKILL, stale at once", "E6.5", "E6.10", holds=is_right)


def _learn(walk: Walk) -> None:
    """A learned model and its gate."""
    words = ("learn", f"--ticker={TICKER}", "--horizon=1", "--margin=0", "--fee=0", "--slippage-bps=0")
    answer: Any = walk.run("python", "main.py", *words, "--json", within="work", shows=("E7.1",)).json()[
        "result"
    ]
    counts = {"dataset_manifest": 13, "feature_manifest": 11, "model_config": 11, "training_summary": 14}
    root = f"work/outputs/model_runs/{answer['model_run_id']}"
    for part, count in counts.items():
        walk.file(
            f"{root}/{part}.json",
            "E7.2",
            "E7.5",
            holds=lambda path, count=count: len(read_json(path)) >= count,
        )
    folder = walk.folder / root
    walk.look("it has no report.json", "E7.3", holds=not (folder / "report.json").exists())
    split = read_json(folder / "dataset_manifest.json")["split"]
    is_apart = split["train_end"] < split["validation_start"] <= split["validation_end"] < split["test_start"]
    walk.look("train, validation and test follow each other", "E7.6", holds=is_apart)
    model = f"--model-run={answer['model_run_id']}"
    closed = walk.run(
        "python", "main.py", "promote", model, "--json", within="work", code=NOT_ALLOWED, shows=("E7.7",)
    )
    result: Any = closed.json()["result"]
    walk.look(
        f"the gate is closed: {result['blocking_reasons'][0]}",
        "E7.7",
        holds=len(result["conditions"]) == EIGHT + 1,
    )
    walk.run(*RUN, model, "--paper", within="work", code=NOT_ALLOWED, says="may not trade", shows=("E7.4",))
    walk.run(*RUN, model, "--fee=0", "--slippage-bps=0", "--cooldown-days=0", within="work", shows=("E7.3",))
    walk.run("python", "main.py", "promote", model, within="work", shows=("E7.7",))
    walk.run(*RUN, model, "--paper", within="work", shows=("E7.4", "E7.8"))
    reports = (read_json(path) for path in (walk.folder / "work/outputs").glob("*/*/report.json"))
    roots = {report["machine_contract"]["contract_type"] for report in reports}
    walk.look(f"reports are of {len(roots)} types", "E1.2", holds=len(roots) > 1)


def _told(status: dict[str, Any]) -> tuple[str, str, bool]:
    return status["status"], status["status_reason"], status["terminal"]


def _made(walk: Walk, ran: Ran) -> Path:
    result: Any = ran.json()["result"]
    return walk.folder / "work" / result["artifacts_path"]
