"""`runpact sweep`: what is tried, what comes out, what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import yaml

from integration.runs.place import Place
from integration.sweeps.conftest import CAPTURES
from runpact.model.place import SWEEP, SWEEPS, SWEEPS_CLASH
from runpact.verbs.contracts.load_contract import load_contract

LOSS = ("--objective", "out.json#/loss:min")
WRITE = ("sh", "-c", 'echo "{\\"loss\\": {lr}}" > "$RUNPACT_RUN_DIR/out.json"')


def folder(place: Place, document: dict) -> Path:
    return place.root / document["path"]


def rows(path: Path) -> list[dict]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_a_grid_is_tried_and_ranked_and_each_trial_is_a_run_of_the_sweep(empty: Place) -> None:
    code, found = empty.json("sweep", "--grid", "lr=3,1,2", *LOSS, "--", *WRITE)
    assert (code, found["state"], found["verdict"]) == (0, "finished", "OK")
    assert [row["lr"] for row in found["leaderboard"]] == [1, 2, 3]
    assert found["best_config"] == {"lr": 1}
    assert found["remarks"] == []
    home = folder(empty, found)
    assert {path.name for path in home.iterdir() if path.is_file()} == set(found["files"])
    assert [row["trial"] for row in rows(home / "experiments.csv")] == ["1", "2", "3"]
    assert json.loads((home / "leaderboard.json").read_text())["counts"]["ranked"] == 3
    assert json.loads((home / "best_result.json").read_text())["rank"] == 1
    listed = [run for run in empty.runs() if run["kind"] == "run"]
    assert {run["parent"] for run in listed} == {found["uid"]}
    assert {run["path"] for run in listed} == {row["run"] for row in found["leaderboard"]}
    assert empty.call("verify", found["path"])[0] == 0


def test_a_trial_has_the_configuration_that_run_would_give_it(place: Place) -> None:
    place.write("base.yaml", "lr: 1\nname: base\n")
    _code, found = place.json(
        "sweep",
        "--grid",
        "lr=2,3",
        "--config",
        "base.yaml",
        "--set",
        "name=other",
        *CAPTURES,
        *LOSS,
        "--",
        *WRITE,
    )
    best = place.json("show", found["leaderboard"][0]["run"])[1]
    place.call("run", "--config", "base.yaml", "--set", "name=other", "--set", "lr=2", "--", "true")
    alone = place.json("show", place.runs()[0]["path"])[1]
    assert best["config"] == alone["config"] == {"lr": 2, "depth": 2, "name": "other"}
    assert best["provenance"]["config"]["digest"] == alone["provenance"]["config"]["digest"]
    assert best["provenance"]["config"]["overrides"] == ["name=other", "lr=2"]


@pytest.mark.requirement("E2.2", "E2.3")
def test_only_files_that_the_contract_allows_are_written_and_its_own_are_made_from_the_sweep(
    place: Place,
) -> None:
    code, found = place.json("sweep", "--grid", "lr=3,1", *CAPTURES, *LOSS, "--", *WRITE)
    assert code == 0
    home = folder(place, found)
    assert home.name.startswith("grid-")
    assert {path.name for path in home.iterdir() if path.is_file()} == {
        "leaderboard.csv", "best_config.json", "best_result.json", "summary.json",
    }  # fmt: skip
    summary = json.loads((home / "summary.json").read_text())
    assert (summary["size"], summary["best"]["lr"], summary["mode"]) == (2, 1, "grid")


@pytest.mark.requirement("E5.2")
def test_the_registry_lists_every_trial_once_the_sweep_has_ended(place: Place) -> None:
    _code, found = place.json("sweep", "--grid", "lr=3,1,2", *CAPTURES, *LOSS, "--", *WRITE)
    listed = json.loads((place.root / "runs/index.json").read_text())["runs"]
    assert {run["path"] for run in listed} == {found["path"], *(row["run"] for row in found["leaderboard"])}
    before = (place.root / "runs/index.json").stat().st_mtime_ns
    code, _found = place.json("sweep", "--grid", "lr=3", *CAPTURES, *LOSS, "--", "false")
    assert code == 3
    assert (place.root / "runs/index.json").stat().st_mtime_ns == before


def test_settings_that_the_schema_refuses_are_trials_without_a_run(place: Place) -> None:
    code, found = place.json("sweep", "--grid", "lr=1,1000", *CAPTURES, *LOSS, "--", *WRITE)
    assert (code, found["counts"]["finished"], found["counts"]["failed"]) == (1, 1, 1)
    last = found["leaderboard"][-1]
    assert (last["state"], last["run"], last["uid"]) == ("refused", "", None)
    assert "lr" in last["reason"]


def test_failed_trials_stand_last_with_the_reason_and_are_tried_again_when_asked(empty: Place) -> None:
    script = (
        'test -e seen{lr} || { touch "$RUNPACT_RUN_DIR/../seen{lr}" 2>/dev/null; exit 3; }; '
        'echo "{\\"loss\\": {lr}}" > "$RUNPACT_RUN_DIR/out.json"'
    )
    code, found = empty.json("sweep", "--grid", "lr=1,2", *LOSS, "--retry", "2", "--", "sh", "-c", script)
    assert code == 3
    assert {row["reason"] for row in found["leaderboard"]} == {"the command exited with 3"}
    assert found["reason"].startswith("no trial finished")
    assert len(empty.runs()) == 7
    empty.write("seen1", "")
    code, found = empty.json("sweep", "--grid", "lr=1,2", *LOSS, "--", "sh", "-c", script)
    assert code == 1
    assert [row["rank"] for row in found["leaderboard"]] == [1, None]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ('{"other": 1}', "the objective is absent"),
        ('{"loss": "x"}', "no number"),
        ('{"loss": NaN}', "cannot be read"),
        ("", "there is no `out.json`"),
    ],
)
def test_an_objective_that_is_none_is_told_and_nothing_is_best(
    empty: Place, written: str, reason: str
) -> None:
    command = ("sh", "-c", f"test -z '{written}' || echo '{written}' > \"$RUNPACT_RUN_DIR/out.json\"")
    code, found = empty.json("sweep", "--grid", "lr=1", *LOSS, "--", *command)
    assert code == 2
    assert reason in found["leaderboard"][0]["reason"]
    assert found["best_result"] is None
    assert found["best_config"] is None


def test_a_trial_that_breaks_its_contract_is_not_ranked(place: Place) -> None:
    strict = (place.root / "contract.yaml").read_text().replace("as: out, required: false", "as: out")
    place.write("contract.yaml", strict)
    script = 'test {lr} = 1 || echo "{\\"loss\\": {lr}}" > "$RUNPACT_RUN_DIR/out.json"'
    code, found = place.json("sweep", "--grid", "lr=1,2", *CAPTURES, *LOSS, "--", "sh", "-c", script)
    assert code == 1
    assert [row["lr"] for row in found["leaderboard"]] == [2, 1]
    assert "does not keep its contract" in found["leaderboard"][1]["reason"]


def test_draws_are_the_same_for_a_seed_and_jobs_change_nothing_but_the_order_of_ends(empty: Place) -> None:
    said = ("sweep", "--random", "lr=log(1e-3,1e0)", "--trials", "4", *LOSS)
    first = empty.json(*said, "--seed", "5", "--", *WRITE)[1]
    again = empty.json(*said, "--seed", "5", "--jobs", "3", "--", *WRITE)[1]
    other = empty.json(*said, "--seed", "6", "--", *WRITE)[1]
    settings = [[row["lr"] for row in each["leaderboard"]] for each in (first, again, other)]
    assert settings[0] == settings[1] != settings[2]


def test_a_plan_in_a_file_says_the_same_and_options_say_more(empty: Place) -> None:
    plan = {
        "space": {"lr": [1, 2], "k": "choice(a,b)"},
        "trials": 2,
        "objective": "out.json#/loss:max",
        "name": "filed",
        "command": list(WRITE),
    }
    empty.write("plan.yaml", yaml.safe_dump(plan))
    code, found = empty.json("sweep", "plan.yaml")
    assert code == 0
    assert found["path"].startswith("sweeps/filed-")
    assert found["leaderboard"][0]["lr"] == 2
    code, found = empty.json("sweep", "plan.yaml", "--objective", "out.json#/loss:min", "--grid", "lr=5,6")
    assert [row["lr"] for row in found["leaderboard"]] == [5, 6]


def test_a_dry_run_counts_the_settings_that_there_are(empty: Place) -> None:
    words = ("--random", "lr=int(1,3)", "--trials", "10", "--dry-run", *LOSS)
    code, found = empty.json("sweep", *words, "--", *WRITE)
    assert (code, found["count"], len(found["trials"])) == (0, 3, 3)


def test_a_dry_run_makes_nothing(empty: Place) -> None:
    code, out, _err = empty.call("sweep", "--grid", "lr=1,2", "--dry-run", *LOSS, "--", *WRITE)
    assert code == 0
    assert "2 trials of kind run, grid" in out
    assert "lr=2" in out
    assert [*empty.root.iterdir()] == []
    code, found = empty.json(
        "sweep", "--random", "a=int(1,50)", "--trials", "12", "--dry-run", *LOSS, "--", "echo", "{b}"
    )
    assert (found["count"], len(found["trials"])) == (12, 12)
    assert any("no key is called b" in remark for remark in found["remarks"])
    assert (
        "… and 2 more"
        in empty.call("sweep", "--random", "a=int(1,50)", "--trials", "12", "--dry-run", *LOSS)[1]
    )


def test_a_person_is_told_the_best_and_where_it_stands(empty: Place) -> None:
    code, out, err = empty.call(
        "sweep", "--random", "lr=int(1,50)", "--trials", "12", *LOSS, "--jobs", "4", "--", *WRITE
    )
    assert code == 0
    assert out.splitlines()[0].split() == ["rank", "trial", "out.json#/loss", "settings", "run"]
    assert "… and 2 more in leaderboard.csv" in out
    assert "12 finished, of 12" in err
    assert "\r" not in err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--grid", "lr=1", "--", "true"), 64, "what it is after"),
        ((*LOSS, "--", "true"), 64, "what is tried"),
        (("--grid", "lr=1", *LOSS), 64, "needs a command"),
        (("--grid", "lr=1", "--grid", "lr=2", *LOSS, "--", "true"), 64, "swept twice"),
        (("--grid", "lr=1", "--random", "lr=int(1,2)", *LOSS, "--", "true"), 64, "swept twice"),
        (("--grid", "lr", *LOSS, "--", "true"), 64, "KEY=VALUE"),
        (("--random", "lr=int(1,2)", *LOSS, "--", "true"), 64, "number of trials"),
        (("--grid", "lr=1", "--objective", "loss", "--", "true"), 64, "which way"),
        (("--grid", "lr=1", *LOSS, "--jobs", "0", "--", "true"), 64, "jobs"),
        (("--grid", "lr=1", *LOSS, "--kind", "x", "--", "true"), 64, "no kind `x`"),
        (("--grid", "lr=1", *LOSS, "--sweep-kind", "x", "--", "true"), 64, "no kind `x`"),
        (("--grid", "lr=1", *LOSS, "--config", "none.yaml", "--", "true"), 2, "none.yaml"),
        (("--grid", "lr=1", *LOSS, "--name", "../x", "--", "true"), 64, "not safe"),
        (("--grid", "lr=1", *LOSS, "--name", "", "--", "true"), 64, "given nothing"),
        (("--grid", "lr=1", *LOSS, "--", "no-such-command-at-all"), 2, "no command"),
        (("none.yaml",), 2, "none.yaml"),
        (("--resume", "nothing-here"), 2, "no run"),
        (("--resume", "nothing-here", "--grid", "lr=1"), 64, "goes on as it was planned"),
        (("--grid", "lr=1", "--optuna", *LOSS, "--", "true"), 64, "number of trials"),
    ],
)
def test_what_is_not_understood_is_refused_with_what_to_do(
    empty: Place, arguments: tuple, code: int, told: str
) -> None:
    found, out, err = empty.call("sweep", *arguments)
    assert (found, out) == (code, "")
    assert told in err


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "space: {a: [1]}",
        "space: {a: [1]}\nobjective: x\nspaec: 1",
        "a: [1",
        "space: {a: [!x 1]}\nobjective: metrics.x:min",
    ],
)
def test_a_plan_file_that_is_none_is_refused(empty: Place, text: str) -> None:
    empty.write("plan.yaml", text)
    code, _out, err = empty.call("sweep", "plan.yaml", "--", "true")
    assert code in {2, 64}
    assert "plan.yaml" in err


def test_several_kinds_without_a_usual_one_are_told(empty: Place) -> None:
    empty.write(
        "contract.yaml",
        'contract: t.t\nversion: "1.0.0"\nkinds:\n  a: {at: "a/{name}"}\n  b: {at: "b/{name}"}\n',
    )
    code, _out, err = empty.call("sweep", "--grid", "lr=1", *LOSS, "--", "true")
    assert code == 64
    assert "a or b" in err
    assert empty.json("sweep", "--grid", "lr=1", "--kind", "b", *LOSS, "--", *WRITE)[0] == 0


def test_a_walk_judges_on_each_test_window_what_was_best_before_it(empty: Place) -> None:
    plan = {
        "space": {"k": [1, 2]},
        "objective": "out.json#/loss:max",
        "splits": {"index": [1, 2, 3, 4, 5], "walk": {"train": 2, "test": 1}, "keys": ["from", "to"]},
        "command": [
            "sh",
            "-c",
            'echo "{\\"loss\\": $(({k} * ({from} + {to})))}" > "$RUNPACT_RUN_DIR/out.json"',
        ],
    }
    empty.write("walk.json", json.dumps(plan))
    code, found = empty.json("sweep", "walk.json", "--jobs", "2")
    assert code == 0
    over = {"windows": 3, "mean": 16.0, "median": 16.0, "worst": 12.0, "best": 20.0}
    assert found["out_of_sample"] == over
    (line,) = found["leaderboard"]
    assert found["best_result"] == line
    assert (line["k"], line["out.json#/loss"], line["windows"], line["worst"]) == (2, 16.0, 3, 12.0)
    home = folder(empty, found)
    assert [row["from"] for row in rows(home / "oos_leaderboard.csv")] == ["5", "4", "3"]
    assert "Out of sample, over 3 windows: mean 16, median 16" in (home / "leaderboard.md").read_text()
    shown = empty.json("show", found["path"])[1]["sweep"]
    assert (shown["best_result"], shown["out_of_sample"]) == (line, over)
    assert len(rows(home / "walkforward.csv")) == 9
    assert [row["k"] for row in rows(home / "walkforward_summary.csv")] == ["2", "2", "2"]
    for name in ("selected_configs", "split_metrics", "oos_leaderboard"):
        assert rows(home / f"{name}.csv")
    assert not (home / "experiments.csv").exists()


def test_the_page_of_a_sweep_has_its_leaderboard_and_its_picture(place: Place) -> None:
    grid = ("--grid", "lr=1,2", "--grid", "depth=3,4")
    _code, found = place.json("sweep", *grid, *CAPTURES, *LOSS, "--", *WRITE)
    code, page, _err = place.call("report", found["path"], "--format", "html")
    assert code == 0
    assert "by lr and depth" in page
    assert page.index("<h2>Leaderboard</h2>") < page.index("<h2>Space</h2>")
    page = place.call("report", found["leaderboard"][0]["run"], "--format", "md")[1]
    assert "Leaderboard" not in page
    assert page.startswith("# Run ")


def test_show_and_ls_and_lineage_know_the_trials_of_a_sweep(place: Place) -> None:
    _code, found = place.json("sweep", "--grid", "lr=1,2", *CAPTURES, *LOSS, "--", *WRITE)
    shown = place.json("show", found["path"])[1]
    assert shown["parts"] == {"finished": 2}
    assert shown["sweep"]["best_result"]["lr"] == 1
    assert shown["sweep"]["counts"]["asked"] == 2
    out = place.call("show", found["path"])[1]
    assert "out.json#/loss:min (grid)" in out
    assert place.json("show", found["leaderboard"][0]["run"])[1]["sweep"] is None
    nodes = place.json("lineage", found["path"])[1]["nodes"]
    assert {node["path"] for node in nodes} == {found["path"], *(row["run"] for row in found["leaderboard"])}


def test_a_sweep_of_a_contract_without_a_kind_for_it_is_listed_and_found(place: Place) -> None:
    text = (place.root / "contract.yaml").read_text()
    place.write("contract.yaml", text[: text.index("  sweep:")].replace("[run, sweep]", "[run]"))
    code, found = place.json("sweep", "--grid", "lr=1,2", *LOSS, "--", *WRITE)
    assert code == 0
    assert "no kind `sweep`" in found["remarks"][0]
    assert found["path"] in [run["path"] for run in place.runs()]
    assert place.call("check", found["uid"])[0] == 0
    assert "nothing is ranked" not in place.call("show", found["uid"])[1]


def test_a_sweep_is_drawn_by_its_keys(empty: Place) -> None:
    _code, one = empty.json("sweep", "--grid", "lr=1,2", *LOSS, "--", *WRITE)
    _code, two = empty.json("sweep", "--grid", "lr=1,2", "--grid", "k=1,2", *LOSS, "--", *WRITE)
    assert "against lr, 2 drawn" in empty.call("plot", one["path"], "-o", "one.svg")[1]
    assert "by lr and k, 4 drawn" in empty.call("plot", two["path"], "-o", "two.svg")[1]
    assert (
        "by lr, k, 4 drawn" in empty.call("plot", two["path"], "--picture", "parallel", "-o", "three.json")[1]
    )
    assert empty.json("plot", two["path"], "-o", "two.json")[1]["drawn"][0]["points"] == 1
    assert (empty.root / "two.svg").read_text().startswith("<svg")
    trial = one["leaderboard"][0]["run"]
    for arguments in ((), (one["path"], two["path"]), (trial,), (one["path"], "--where", "kind = run")):
        code, _out, err = empty.call("plot", *arguments, "-o", "x.svg")
        assert code in {2, 64}
        assert "error[" in err


def test_the_fallback_stands_where_the_basic_pack_says() -> None:
    kind = load_contract("runpact:basic@1").contract.kinds[SWEEP]
    assert (kind.at, kind.clash) == (SWEEPS, SWEEPS_CLASH)


def test_a_walk_may_name_the_column_of_a_table_for_its_index(empty: Place) -> None:
    empty.write("prices.csv", "date,close\n" + "".join(f"2024-01-0{day},1\n" for day in range(1, 7)))
    plan = {
        "space": {"k": [1]},
        "objective": "out.json#/loss:max",
        "splits": {"index": "prices.csv#date", "walk": {"train": "2d", "test": "1d"}},
        "command": ["true"],
    }
    empty.write("walk.json", json.dumps(plan))
    code, found = empty.json("sweep", "walk.json", "--dry-run")
    assert (code, found["count"]) == (0, 8)
    assert found["trials"][0]["overrides"] == ["k=1", "start=2024-01-01", "end=2024-01-02"]
    for index in ("prices.csv#time", "prices.csv", "walk.json#space", "none.csv#date"):
        empty.write("other.json", json.dumps({**plan, "splits": {**plan["splits"], "index": index}}))
        assert empty.call("sweep", "other.json", "--dry-run")[0] in {2, 64}


def test_caches_inputs_and_durability_reach_each_trial(empty: Place) -> None:
    empty.write("data.csv", "a\n1\n")
    (empty.root / "cache").mkdir()
    script = 'echo {lr} > cache/{lr}; echo "{\\"loss\\": {lr}}" > "$RUNPACT_RUN_DIR/out.json"'
    options = ("--cache", "cache/**", "--input", "data.csv", "--durability", "none")
    code, found = empty.json("sweep", "--grid", "lr=1,2", *options, *LOSS, "--", "sh", "-c", script)
    assert code == 0
    assert {path.name for path in (empty.root / "cache").iterdir()} == {"1", "2"}
    shown = empty.json("show", found["leaderboard"][0]["run"])[1]
    assert [each["name"] for each in shown["provenance"]["inputs"]] == ["data.csv"]


def test_what_no_trial_could_be_run_with_is_refused_before_anything_is_made(place: Place) -> None:
    settings = ("--grid", "lr=1,2", "--objective", "metrics.loss:min", *CAPTURES)
    code, _out, err = place.call("sweep", *settings, "--", "no-such-program-at-all")
    assert (code, "nothing was created" in err) == (2, True)
    place.write("large.json", json.dumps({f"key{number}": number for number in range(20_000)}))
    code, _out, err = place.call("sweep", "--config", "large.json", *settings, "--", "true")
    assert (code, "too large to be handed" in err) == (2, True)
    assert not any((place.root / folder).exists() for folder in ("runs", "sweeps"))
    assert place.call("sweep", *settings, "--", "{lr}")[0] in {2, 3}
    assert (place.root / "sweeps").exists()


def test_a_word_that_is_no_text_is_refused_before_anything_is_made(place: Place) -> None:
    settings = ("--grid", "lr=1,2", "--objective", "metrics.loss:min", *CAPTURES)
    code, _out, err = place.call("sweep", *settings, "--", "echo", "\udcff")
    assert (code, "is no UTF-8" in err) == (64, True)
    assert not (place.root / "sweeps").exists()
