"""What runpact writes into the runs of the pack `run-registry`, from the contract alone."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place
from runpact.model.errors import ContractBrokenError

CONTRACT = 'contract: acme.desk\nversion: "1.0.0"\nextends: runpact:run-registry@1\n'
CONFIG = {"ticker": "SPY", "start": "2020-01-01", "end": "2021-01-01", "interval": "1d", "fee": 0.001}
PROGRAM = """\
import argparse, runpact
parser = argparse.ArgumentParser()
for name, value in {config!r}.items():
    parser.add_argument(f"--{{name}}", default=value, type=type(value))
with runpact.run(kind="run", config=vars(parser.parse_args())) as run:
    run.log({{"total_return": 0.1, "trades": 3}})
    {body}
"""


@pytest.fixture
def desk(empty: Place) -> Place:
    """A workspace with the pack's contract."""
    empty.write("contract.yaml", CONTRACT)
    return empty


def document(folder: Path, name: str) -> dict:
    return json.loads((folder / name).read_text())


def newest(place: Place) -> Path:
    return place.root / place.runs()[0]["path"]


def shell(place: Place, line: str) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    subprocess.run(["sh", "-ec", line], cwd=place.root, env=environment, check=True, capture_output=True)


def program(place: Place, *, body: str = "pass") -> None:
    place.write("main.py", PROGRAM.format(config=CONFIG, body=body))


def test_the_pack_knows_no_trade_of_its_own(empty: Place) -> None:
    assert empty.call("init", "--pack", "runpact:run-registry@1")[0] == 0
    with runpact.run(kind="run", config={"lr": 0.1}) as run:
        run.log({"loss": 0.5})
    assert empty.json("check", run.id)[1]["verdict"] == "OK"
    (line,) = document(empty.root / "outputs/runs", "runs_index.json")["runs"]
    assert (line["run_id"], line["mode"], line["status"]) == (run.id, "run", "success")
    assert line["config_hash"] == document(Path(run.dir), "metadata.json")["config_hash"]


@pytest.mark.requirement("E2.1", "E3.5", "E3.6", "E4.1", "E4.2", "E4.3", "E12.1")
def test_ten_lines_and_the_contract_make_a_directory_that_keeps_it(desk: Place) -> None:
    program(desk)
    shell(desk, "python main.py")
    folder = newest(desk)
    assert desk.call("check", "--strict")[0] in {0, 2}
    assert desk.call("check")[0] == 0
    names = {"metadata.json", "config.json", "metrics.json", "report.json", "run_report.md", "report.html"}
    assert {path.name for path in folder.iterdir()} == {*names, ".runpact"}
    metadata, report = document(folder, "metadata.json"), document(folder, "report.json")
    assert metadata["run_id"] == folder.name == report["header"]["run_id"]
    assert folder.name.endswith(f"_run_{metadata['config_hash'][:7]}")
    assert document(folder, "config.json") == CONFIG == report["config_resolved"]
    machine = report["machine_contract"]
    assert machine["contract_type"] == "quantlab.run.result"
    assert machine["request_id"] is None
    assert (machine["run_id"], machine["status"], machine["mode"]) == (folder.name, "success", "run")


@pytest.mark.requirement("E4.4", "E4.8", "E12.1")
def test_the_machine_contract_and_its_mirrors_are_one(desk: Place) -> None:
    program(desk)
    shell(desk, "python main.py")
    report = document(newest(desk), "report.json")
    assert report["summary"] == report["machine_contract"]["summary"] == {"total_return": 0.1, "trades": 3}
    assert report["results"] == [report["machine_contract"]["best_result"]]
    roles = report["machine_contract"]["artifacts"]
    assert all((newest(desk) / name).is_file() for name in roles.values())
    assert roles.keys() == {"metadata", "config", "metrics", "report"}


@pytest.mark.requirement("E3.7")
def test_the_report_lists_every_file_but_itself_with_size_and_digest(desk: Place) -> None:
    program(
        desk, body="run.save('artifacts/deep/a.json', [1]); open(run.path('artifacts/b.txt'), 'w').write('b')"
    )
    shell(desk, "python main.py")
    folder = newest(desk)
    listed = document(folder, "report.json")["artifacts"]
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".runpact" not in path.parts and path.name != "report.json"
    ]
    expected = {
        str(path.relative_to(folder)): (
            path.stat().st_size,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in files
    }
    assert {each["file_name"]: (each["size_bytes"], each["sha256"]) for each in listed} == expected
    assert {"artifacts/deep/a.json", "artifacts/b.txt", "run_report.md"} <= expected.keys()


@pytest.mark.requirement("E3.8")
def test_the_command_of_a_program_makes_a_run_with_the_same_configuration(desk: Place) -> None:
    program(desk)
    shell(desk, "python main.py --ticker 'A B$C' --fee 0.25")
    first = document(newest(desk), "report.json")
    assert first["config_resolved"]["ticker"] == "A B$C"
    shell(desk, first["reproduce"]["command"])
    again = document(newest(desk), "report.json")
    assert again["header"]["run_id"] != first["header"]["run_id"]
    assert again["reproduce"]["config_hash"] == first["reproduce"]["config_hash"]


@pytest.mark.requirement("E3.8")
def test_the_command_of_a_run_of_a_command_uses_the_runs_own_configuration(desk: Place) -> None:
    desk.write("sub/c.yaml", json.dumps(CONFIG))
    child = "import runpact; runpact.current().log({'total_return': 1.0})"
    options = "--kind run --config c.yaml --set fee=0.5 --set 'ticker=it is' --seed python=3"
    shell(desk, f'cd sub && runpact run {options} -- python -c "{child}"')
    first = document(newest(desk), "report.json")
    (desk.root / "sub/c.yaml").unlink()
    shell(desk, first["reproduce"]["command"])
    again = document(newest(desk), "report.json")
    assert again["header"]["run_id"] != first["header"]["run_id"]
    assert again["config_resolved"] == first["config_resolved"] == CONFIG | {"fee": 0.5, "ticker": "it is"}
    assert again["reproduce"]["config_hash"] == first["reproduce"]["config_hash"]


@pytest.mark.requirement("E3.8")
def test_a_program_may_say_what_makes_its_run_again(desk: Place) -> None:
    program(
        desk,
        body="run.reproduced_by('python', 'main.py', '--fee', str(run.config['fee']), '--ticker', 'a b')",
    )
    shell(desk, "python main.py")
    assert document(newest(desk), "report.json")["reproduce"]["command"] == (
        "python main.py --fee 0.001 --ticker 'a b'"
    )


@pytest.mark.requirement("E4.5")
def test_a_sweep_has_the_type_of_sweeps_and_names_its_best_result(desk: Place) -> None:
    with runpact.run(kind="sweep", workspace=desk.root, config=CONFIG, name="grid", durability="none") as run:
        best = {"total_return": 0.2}
        run.save(
            "metrics", {"status": "success", "summary": best, "best_result": best, "leaderboard_size": 2}
        )
        run.save("leaderboard.csv", [{"lr": 1}, {"lr": 2}])
    machine = document(Path(run.dir), "report.json")["machine_contract"]
    assert (machine["contract_type"], machine["command"], machine["mode"]) == (
        "quantlab.sweep.result",
        "sweep",
        "grid",
    )
    assert machine["best_result"] == best
    assert document(Path(run.dir), "metrics.json")["leaderboard_size"] == 2


@pytest.mark.requirement("E4.6", "E4.7", "E4.8")
def test_a_session_has_the_type_and_the_words_of_paper(desk: Place) -> None:
    with runpact.run(kind="session", workspace=desk.root, config=CONFIG, name="p1", durability="none") as run:
        run.log({"total_return": 0.2})
        run.save("trades.csv", [{"price": 1}])
    report = document(Path(run.dir), "report.json")
    machine = report["machine_contract"]
    assert (machine["contract_type"], machine["command"], machine["mode"]) == (
        "quantlab.paper.result",
        "paper",
        "paper",
    )
    assert machine["run_id"] == "p1"
    assert machine["artifacts"]["trades"] == "trades.csv"
    assert machine["artifacts"]["status"] == "session_status.json"
    assert "session_status.json" not in {each["file_name"] for each in report["artifacts"]}
    assert desk.call("check", "p1")[0] == 0


def test_a_failed_run_has_a_report_that_says_so_and_leaves_the_registry_alone(desk: Place) -> None:
    failing = runpact.run(kind="run", workspace=desk.root, config=CONFIG, durability="none")
    with pytest.raises(ValueError, match="no price"), failing:
        raise ValueError("no price")
    report = document(newest(desk), "report.json")
    assert (report["status"], report["header"]["error"]) == ("failed", "ValueError: no price")
    assert document(newest(desk), "metadata.json")["status"] == "failed"
    assert not (desk.root / "outputs/runs/runs_index.csv").exists()
    assert "failed" in (newest(desk) / "run_report.md").read_text()


def test_a_field_that_speaks_of_a_document_that_is_damaged_is_left_out(desk: Place) -> None:
    broken = runpact.run(kind="run", workspace=desk.root, config=CONFIG, durability="none")
    with pytest.raises(ContractBrokenError), broken as run:
        run.save("metrics", b"{")
    assert "summary" not in document(newest(desk), "report.json")


def test_a_page_shows_the_first_rows_of_tables_that_can_be_read(desk: Place) -> None:
    with runpact.run(kind="run", workspace=desk.root, config=CONFIG, durability="none") as run:
        run.save("trades.csv", [{f"c{column}": row for column in range(20)} for row in range(30)])
        run.save("artifacts/odd.csv", b'a,b\n1\n"x\n')
        run.save("artifacts/empty.csv", b"")
    page = (Path(run.dir) / "run_report.md").read_text()
    assert "## trades.csv" in page
    assert "and 10 more rows, 4 more columns" in page
    assert "## artifacts/odd.csv" not in page


def test_a_page_of_a_directory_that_runpact_did_not_make(desk: Place) -> None:
    folder = desk.root / "outputs/runs/20260309_064210_run_1a2b3c4"
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text('{"summary": {"sharpe_simple": 1.5}}')
    (folder / "trades.csv").write_text("price\n1\n")
    code, out, _err = desk.call("report", folder.name, "--format", "md")
    assert code == 0
    assert "`summary.sharpe_simple` | `1.5`" in out
    assert "## trades.csv" in out
    assert "again" not in out


@pytest.mark.requirement("E1.2", "E6.2")
def test_runs_sessions_and_models_have_roots_of_their_own(desk: Place) -> None:
    for kind, root in (("run", "runs"), ("session", "paper_sessions"), ("model_run", "model_runs")):
        asked = {"workspace": desk.root, "config": CONFIG, "durability": "none", "unsafe_skip_check": True}
        with runpact.run(kind=kind, **asked) as run:
            assert Path(run.dir).parent == desk.root / "outputs" / root
    registry = json.loads((desk.root / "outputs/runs/runs_index.json").read_text())
    assert [row["path"].split("/")[:2] for row in registry["runs"]] == [["outputs", "runs"]]


@pytest.mark.requirement("E5.4")
def test_who_reads_leaves_the_registry_as_it_is(desk: Place) -> None:
    program(desk)
    shell(desk, "python main.py")
    files = [desk.root / f"outputs/runs/runs_index.{form}" for form in ("csv", "json", "md")]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in files]
    name = newest(desk).name
    reading = (("ls",), ("show", name), ("check",), ("verify", name), ("sessions", "list"))
    for command in (*reading, ("report", name, "--format", "md")):
        assert desk.call(*command)[0] == 0
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in files] == before
