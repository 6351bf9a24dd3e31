"""A program whose runs and sweeps keep the contract `runpact:run-registry@1`; the sweep test copies it."""

import hashlib
from pathlib import Path

import runpact
from runpact.model.digest import canonical_json, digest_bytes

BASE = {"ticker": "SPY", "start": "2020-01-01", "end": "2021-01-01", "interval": "1d", "lr": 0}
SUMMARY = {"total_return": 0.1, "sharpe_simple": 1.0, "max_drawdown": 0.1, "trades": 3, "win_rate": 0.5}
FILES = {
    "metadata": "metadata.json",
    "config": "config.json",
    "metrics": "metrics.json",
    "report": "report.json",
}


def inventory(folder):
    paths = [path for path in Path(folder).rglob("*") if path.is_file() and ".runpact" not in path.parts]
    return [
        {
            "file_name": path.relative_to(folder).as_posix(),
            "size_bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in paths
    ]


def write(run, word, best, **more):
    config = dict(run.config)
    digest = digest_bytes(canonical_json(config)).split(":")[1]
    shared = {"status": "success", "command": word, "mode": word, "run_id": run.id, "request_id": None}
    run.save("config.json", config)
    run.save(
        "metadata.json", {**shared, "created_at": run.started, "config_path": None, "config_hash": digest}
    )
    metrics = {"status": "success", "summary": SUMMARY, "best_result": best, "leaderboard_size": 1}
    run.save("metrics.json", metrics)
    machine = {"schema_version": "1.0", "contract_type": f"quantlab.{word}.result", **shared, **more}
    report = {
        "schema_version": "1.0",
        "artifact_type": "quantlab_run_report",
        "status": "success",
        "header": {"run_id": run.id},
        "config_resolved": config,
        "results": [SUMMARY],
        "artifacts": inventory(run.dir),
        "summary": SUMMARY,
        "reproduce": {"command": "python main.py", "config_hash": digest},
        "machine_contract": {**machine, "summary": SUMMARY, "artifacts": FILES},
    }
    run.save("report.json", report)


def trial(given):
    given.run.log({"sharpe": given.config["lr"]})
    write(given.run, "run", SUMMARY)


def report(run, outcome):
    best = {**SUMMARY, **outcome.best.trial.settings}
    write(run, "sweep", best, best_result=best)


if __name__ == "__main__":
    found = runpact.sweep(
        {"lr": [1, 2, 3]},
        trial=trial,
        objective="metrics.sharpe:max",
        config=BASE,
        report=report,
        captures={"mode": "run", "config": "{digest:7}"},
        sweep_captures={"mode": "grid", "config": "{digest:7}"},
    )
    print(found.path)
