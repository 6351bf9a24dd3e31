"""`runpact ls`, `runpact index`, and the same questions from Python."""

from __future__ import annotations

import contextlib
import csv
import importlib.util
import io
import json
import os
import shlex
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place
from runpact.cli import main
from runpact.cli.ls import cell
from runpact.model.errors import AmbiguousRunError, FilterError, NoContractError, NoSuchRunError, UsageError
from runpact.verbs.finding.look import Look, told_verdict
from runpact.workspace import Workspace

CONTRACT = """\
contract: test.find
version: "1.0.0"
kinds:
  run: {at: "runs/{name}"}
  sweep: {at: "sweeps/{project}/{name}"}
"""


@pytest.fixture
def runs(empty: Place) -> Place:
    """Three runs and a sweep."""
    empty.write("contract.yaml", CONTRACT)
    for number, (name, loss) in enumerate([("alpha", 0.5), ("beta", 1.25), ("gamma", 1e-9)]):
        config = {
            "lr": 0.1 * (number + 1),
            "note": "=1+1" if number else None,
            "mixed": [1, "a", True][number],
        }
        with runpact.run(kind="run", name=name, config=config, durability="none") as run:
            run.log({"loss": loss}, step=1)
    with (
        pytest.raises(ValueError, match="bad"),
        runpact.run(kind="sweep", name="one", captures={"project": "p"}, durability="none"),
    ):
        raise ValueError("bad | worse")
    return empty


def test_text_is_aligned_and_says_state_age_run_and_columns(runs: Place) -> None:
    code, out, _err = runs.call(
        "ls", "kind = run", "--columns", "metrics.loss,config.lr", "--sort", "metrics.loss"
    )
    lines = out.splitlines()
    assert (code, lines[0].split()) == (0, ["STATE", "AGE", "RUN", "metrics.loss", "config.lr"])
    assert [line.split()[2:] for line in lines[1:]] == [
        ["runs/gamma", "1e-09", "0.3"],
        ["runs/alpha", "0.5", "0.1"],
        ["runs/beta", "1.25", "0.2"],
    ]
    assert len({line.index("runs/") for line in lines[1:]}) == 1
    _code, out, _err = runs.call("ls")
    assert out.splitlines()[1].split()[3:] == ["sweep", "ValueError:", "bad", "|", "worse"]


def test_a_filter_may_be_many_words_and_goes_with_the_options(runs: Place) -> None:
    _code, document = runs.json(
        "ls", "metrics.loss", "<", "1", "or", "name = beta", "--kind", "run", "--state", "finished"
    )
    assert sorted(run["id"] for run in document["runs"]) == ["alpha", "beta", "gamma"]
    assert (document["total"], document["next"]) == (3, None)
    assert runs.json("ls", "--state", "failed", "--state", "running")[1]["runs"][0]["id"] == "one"
    assert runs.json("ls", "--kind", 'a"b\\')[1]["runs"] == []


def test_pages_are_joined_by_their_tokens(runs: Place) -> None:
    met, after = [], ()
    while True:
        _code, page = runs.json("ls", "--limit", "3", "--sort", "name", *after)
        met += [run["id"] for run in page["runs"]]
        assert page["total"] == 4
        if page["next"] is None:
            break
        after = ("--after", page["next"])
    assert met == ["alpha", "beta", "gamma", "one"]
    code, document = runs.json("ls", "--sort", "name", "--after", "nonsense")
    assert (code, document["error"]["code"]) == (64, "filter")


def test_text_ends_with_how_to_see_more(runs: Place) -> None:
    _code, out, _err = runs.call("ls", "--limit", "2")
    last = out.splitlines()[-1]
    assert last.startswith("2 of 4 runs; --limit shows more, or go on with --after ")
    _code, out, _err = runs.call("ls", "--limit", "2", "--after", last.rpartition(" ")[2])
    assert len(out.splitlines()) == 3
    _code, out, _err = runs.call("ls", "--limit", "1", "verdict = OK")
    assert out.splitlines()[-1].startswith("1 of at least 2 runs; --limit shows more")
    assert "no such runs below" in runs.call("ls", "name = nothing")[1]


def test_csv_is_exact_and_harmless_to_spreadsheets(runs: Place) -> None:
    _code, out, _err = runs.call(
        "ls", "kind = run", "--csv", "--columns", "config.note,metrics.loss,config.mixed", "--sort", "name"
    )
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["config.note"] for row in rows] == ["", "'=1+1", "'=1+1"]
    assert [row["metrics.loss"] for row in rows] == ["0.5", "1.25", "1e-9"]
    assert [row["config.mixed"] for row in rows] == ["1", "a", "true"]
    assert list(rows[0])[:3] == ["path", "id", "state"]


def test_markdown_escapes_what_would_end_a_cell(runs: Place) -> None:
    _code, out, _err = runs.call("ls", "--md", "--state", "failed")
    assert "ValueError: bad \\| worse" in out.splitlines()[2]
    with runpact.run(kind="run", name="loud", config={"x": "<b>a</b>\n-"}, durability="none"):
        pass
    _code, out, _err = runs.call("ls", "name = loud", "--md", "--columns", "config.x")
    assert out.splitlines()[2].endswith("| \\<b\\>a\\</b\\>\\\\n- |")
    _code, out, _err = runs.call("ls", "name = loud", "--csv", "--columns", "config.x")
    assert out.splitlines()[1].endswith(',"<b>a</b>\\n-"')
    code, _out, err = runs.call("ls", "--md", "--json")
    assert code == 64
    assert "only one form" in err


def test_verdicts_are_shown_where_they_are_asked_for(runs: Place) -> None:
    (runs.root / "runs/beta/.runpact/seal").unlink()
    _code, document = runs.json("ls", "--columns", "verdict,tag", "--sort", "name", "--kind", "run")
    assert [run["columns"]["verdict"] for run in document["runs"]] == ["OK", "ERROR", "OK"]
    assert [run["id"] for run in runs.json("ls", "verdict = ERROR")[1]["runs"]] == ["beta"]


def test_runs_are_counted_by_fields(runs: Place) -> None:
    _code, document = runs.json("ls", "--facets", "state,config.mixed")
    assert document["facets"]["state"] == [{"value": "finished", "runs": 3}, {"value": "failed", "runs": 1}]
    assert {str(each["value"]) for each in document["facets"]["config.mixed"]} == {"1", "a", "True"}
    _code, out, _err = runs.call("ls", "--facets", "config.mixed", "name = gamma")
    assert out.splitlines()[1].split() == ["config.mixed", "true", "1"]


def test_a_fault_in_a_filter_is_pointed_at(runs: Place) -> None:
    code, _out, err = runs.call("ls", "state = finishd")
    lines = err.splitlines()
    assert (code, lines[0]) == (64, "error[filter]: `finishd` is no state")
    assert lines[1:3] == ["  state = finishd", "          ^"]
    code, _out, err = runs.call("ls", f"name = {'x' * 100} and zzz = 1")
    lines = err.splitlines()
    assert lines[2].index("^") == lines[1].index("zzz")
    assert len(lines[1]) < 110
    _code, document = runs.json("ls", "--columns", "state,zzz")
    assert (document["error"]["at"], document["error"]["faults"][0]["column"]) == ("character 7", 7)


def test_the_index_is_rebuilt(runs: Place) -> None:
    assert runs.call("index", "rebuild")[1] == "indexed 4 runs\n"
    assert runs.json("index", "rebuild")[1]["runs"] == 4


def test_a_named_contract_keeps_no_index(runs: Place) -> None:
    other = runs.write("other/contract.yaml", CONTRACT.replace("runs/{name}", "elsewhere/{name}"))
    _code, document = runs.json("ls", "--contract", str(other), "--workspace", str(runs.root))
    assert [run["id"] for run in document["runs"]] == ["one"]
    assert not (runs.root / ".runpact-cache").exists()


def test_a_program_may_ask_while_its_run_is_open(runs: Place) -> None:
    with runpact.run(kind="run", name="delta", durability="none") as run:
        found = runpact.runs("state = running")
        assert [each.uid for each in found] == [run.record.uid]
    (provenance,) = [json.loads((Path(run.dir) / ".runpact/manifest.json").read_text())["provenance"]]
    assert provenance["confinement"]["strays"] == []


def test_cells() -> None:
    assert [cell(value) for value in (None, True, 2, 0.1234567, "x")] == ["", "true", "2", "0.123457", "x"]


def test_runs_are_a_sequence_of_records(runs: Place) -> None:
    found = runpact.runs("kind = run", sort="name")
    assert (len(found), repr(found), found.next) == (3, "<Runs: 3>", None)
    first = found[0]
    assert (first.name, first.state.value, first.metrics, first.tags) == (
        "alpha",
        "finished",
        {"loss": 0.5},
        (),
    )
    assert first.config["lr"] == 0.1
    assert (first["metrics.loss@count"], first["config.nothing"], first["verdict"]) == (1, None, "OK")
    assert first.directory == os.path.realpath(runs.root / "runs/alpha")
    assert [run.name for run in found[1:]] == ["beta", "gamma"]
    with pytest.raises(FilterError):
        first["nothing"]
    page = runpact.runs("kind = run", sort="name", limit=2)
    assert (repr(page), [run.name for run in runpact.runs("kind = run", sort="name", after=page.next)]) == (
        "<Runs: 2 and more>",
        ["gamma"],
    )


def test_metrics_whose_names_hold_spaces_and_at_signs_are_metrics_like_others(runs: Place) -> None:
    with runpact.run(kind="run", name="delta", durability="none") as run:
        run.log({"val acc": 0.5, "top5@acc": 0.75, "it's": 1}, step=1)
    (found,) = runpact.runs('metrics."val acc" = 0.5')
    assert found.metrics == {"val acc": 0.5, "top5@acc": 0.75, "it's": 1}
    assert (found['metrics."val acc"'], found["metrics.val acc"]) == (0.5, 0.5)
    assert (found["metrics.top5@acc@max"], found['metrics."it\'s"@count']) == (0.75, 1)
    table = runpact.runs("name = delta").table()
    assert [name for name in table if name.startswith("metrics.")] == [
        "metrics.it's",
        "metrics.top5@acc",
        "metrics.val acc",
    ]
    columns = ("--columns", 'metrics."val acc",metrics.top5@acc')
    _code, document = runs.json("ls", "name = delta", *columns)
    assert document["runs"][0]["columns"] == {"metrics.val acc": 0.5, "metrics.top5@acc": 0.75}
    assert runs.json("ls", "--sort", 'metrics."val acc"')[1]["runs"][0]["id"] == "delta"


def test_a_run_that_was_found_by_its_verdict_has_it_and_others_are_judged_when_asked(runs: Place) -> None:
    (runs.root / "runs/beta/.runpact/seal").unlink()
    (found,) = runpact.runs("verdict = ERROR and kind = run")
    assert (found.verdict, found["verdict"], found.name) == ("ERROR", "ERROR", "beta")
    others = runpact.runs("kind = run", sort="name")
    assert [run.verdict for run in others] == ["OK", "ERROR", "OK"]
    assert others[0] == runpact.runs("kind = run", sort="name")[0]
    assert len({run.look for run in others}) == 1
    assert repr(others[0]) == "<FoundRun runs/alpha: finished>"


def test_an_age_is_a_length_of_time(runs: Place) -> None:
    found = runpact.runs("kind = run", sort="name")
    assert 0 <= found[0]["age"] < 600
    assert found[0].age_seconds == found[0]["age"]
    _code, document = runs.json("ls", "--columns", "age", "--limit", "1")
    assert 0 <= document["runs"][0]["columns"]["age"] < 600
    assert runs.call("ls", "--columns", "age", "--limit", "1")[1].splitlines()[1].split()[1].endswith("s")
    code, _out, err = runs.call("ls", "--facets", "age")
    assert (code, "every age differs" in err) == (64, True)
    (runs.root / "runs/foreign").mkdir()
    assert [run["age"] for run in runpact.runs("name = nothing or path = runs/foreign")] == [None]


def test_names_that_no_run_has_are_remarked_on_and_the_answer_stands(runs: Place) -> None:
    runs.call("tag", "alpha", "+best")
    for words, told in (
        (("metrics.los < 1",), "no run has `metrics.los`; did you mean `metrics.loss`?"),
        (("--columns", "config.rl"), "no run has `config.rl`; did you mean `config.lr`?"),
        (("--sort", "metrics.loss@mni"), "no run has `metrics.loss@mni`; did you mean `metrics.loss@min`?"),
        (("tag = bset",), "no run has the tag `bset`; did you mean `best`?"),
        (("--kind", "rnu"), "no run is of kind `rnu`; did you mean `run`?"),
        (("not (kind = swep) or exists tag",), "no run is of kind `swep`; did you mean `sweep`?"),
    ):
        code, _out, err = runs.call("ls", *words)
        assert (code, err) == (0, f"note: {told}\n"), words
    for words in ("metrics.loss < 1", "exists config", "tag = best", "kind = sweep"):
        assert runs.call("ls", words)[2] == ""
    found = runpact.runs("metrics.los < 1")
    assert repr(found) == "<Runs: 0; no run has `metrics.los`; did you mean `metrics.loss`?>"
    assert "no run has" in found._repr_html_()
    code, _out, err = runs.call("ls", "loss < 1")
    assert (code, "did you mean `metrics.loss` or `config.loss`?" in err) == (64, True)


def test_outside_every_workspace_lists_and_doctors_say_so(
    runs: Place, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    assert f"there is no contract.yaml at or above {elsewhere}" in runs.call("ls")[2]
    assert f"there is no contract.yaml at or above {elsewhere}" in runs.call("doctor")[2]
    assert "no contract.yaml" in repr(runpact.runs())


def test_notes_are_searched_and_shown_with_tags_and_verdict(runs: Place) -> None:
    runs.call("tag", "alpha", "+best")
    runs.call("note", "alpha", "diverged late")
    runs.call("note", "alpha", "look again")
    (found,) = runpact.runs('note ~ "*diverged*"')
    assert (found.name, found["note"]) == ("alpha", "diverged late\nlook again")
    for run in (found, runpact.open_run(found)):
        html = run._repr_html_()
        assert all(word in html for word in ("best", "diverged late", "OK")), run
        assert len(repr(run)) < 60
    _code, out, _err = runs.call("show", "alpha")
    assert "best" in out
    assert "OK" in out
    assert "diverged late" in out
    _code, document = runs.json("show", "alpha")
    assert (document["tags"], document["verdict"]) == (["best"], "OK")
    assert [note["text"] for note in document["notes"]] == ["diverged late", "look again"]
    (runs.root / ".runpact-notes").rename(runs.root / "aside")
    (runs.root / ".runpact-notes").write_text("no folder")
    assert runs.json("show", "alpha")[1]["tags"] == []


def test_what_nothing_can_judge_has_no_verdict_on_its_page(runs: Place) -> None:
    def refuse() -> str:
        raise NoContractError("there is none")

    look = Look(datetime.now(UTC), refuse)
    assert told_verdict(look) == ""
    with pytest.raises(NoContractError):
        _ = look.verdict
    (runs.root / "elsewhere").mkdir()
    _code, document = runs.json("show", "elsewhere")
    assert (document["verdict"], document["tags"], document["uid"]) == (None, [], None)


def test_runs_of_an_answer_are_compared_judged_and_opened_as_they_are(runs: Place) -> None:
    first, second, *_rest = runpact.runs("kind = run", sort="name")
    assert runpact.diff(first, second).runs == ("runs/alpha", "runs/beta")
    assert runpact.check(first)[0].path == "runs/alpha"
    assert runpact.verify(runpact.open_run(second)).value == "OK"
    (summary,) = (each for each in runpact.list_runs() if each.id == "gamma")
    assert runpact.open_run("alpha").verdict == "OK"
    assert runpact.diff(first, summary).runs == ("runs/alpha", "runs/gamma")


def test_orders_and_limits_of_the_wrong_sort_are_told(runs: Place) -> None:
    for asked, told in (
        ({"sort": ["name"]}, "the order is one text"),
        ({"limit": 0}, "no such number of runs"),
        ({"limit": True}, "no such number of runs"),
        ({"filter": None}, "the filter is one text"),
    ):
        with pytest.raises(UsageError, match=told):
            runpact.runs(**asked)


def test_counted_runs_are_printed_in_every_form_and_say_what_is_left_out(runs: Place) -> None:
    runs.call("tag", "alpha", "+best", "+v1")
    runs.call("tag", "beta", "+best")
    _code, document = runs.json("ls", "--facets", "tag,state", "--limit", "1")
    assert document["facets"]["tag"] == [{"value": "best", "runs": 2}]
    assert document["more"] == {"tag": 1, "state": 1}
    _code, out, err = runs.call("ls", "--facets", "tag", "name = alpha", "--csv")
    assert (out, err) == ('field,value,runs\n"tag","best",1\n"tag","v1",1\n', "")
    _code, out, err = runs.call("ls", "--facets", "name", "--md", "--limit", "3")
    assert (len(out.splitlines()), err) == (5, "note: name has 1 more values; --limit shows more\n")
    for options in (("--sort", "name"), ("--after", "x"), ("--columns", "name")):
        assert runs.call("ls", "--facets", "state", *options)[0] == 64


def test_columns_that_stand_anyway_are_not_shown_twice_and_lines_fit_the_terminal(
    runs: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = runs.call("ls", "kind = run", "--columns", "state,age,path,git,duration")[1]
    assert out.splitlines()[0].split() == ["STATE", "AGE", "RUN", "git", "duration"]
    assert out.splitlines()[1].split()[-1].endswith("s")
    monkeypatch.setattr("runpact.cli.ls.terminal_width", lambda: 30)
    lines = runs.call("ls")[1].splitlines()
    assert {len(line) for line in lines} == {30}
    assert all(line.endswith("…") for line in lines[1:])


def test_a_notebook_shows_runs_as_tables(runs: Place) -> None:
    found = runpact.runs(sort="name")
    html = found._repr_html_()
    assert "<th>metrics.loss</th>" in html
    assert ">0.5</td>" in html
    assert "<p>" not in html
    assert "bad | worse" in found[3]._repr_html_()
    many = runpact.runs()[:1]
    crowd = type(many)(tuple(many) * 30)
    assert "<p>and 10 more</p>" in crowd._repr_html_()


def test_tables_have_a_column_for_what_any_run_has(runs: Place) -> None:
    table = runpact.runs(sort="name").table()
    assert table["name"] == ["alpha", "beta", "gamma", "one"]
    assert table["metrics.loss"] == [0.5, 1.25, 1e-9, None]
    assert "metrics.loss@min" not in table


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_are_made_by_the_libraries_that_are_installed(
    runs: Place, library: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where the library is not installed, a stand-in shows what it would be handed."""
    (tmp_path / "stand-in").mkdir()
    for name in ("pandas", "polars", "pyarrow"):
        (tmp_path / f"stand-in/{name}.py").write_text(
            "def table(columns):\n    return columns\nDataFrame = table\n"
        )
    runs_found = runpact.runs(sort="name")
    make = getattr(runs_found, {"pandas": "to_pandas", "polars": "to_polars", "pyarrow": "to_arrow"}[library])
    few = {"pandas": runs_found.to_pandas, "polars": runs_found.to_polars, "pyarrow": runs_found.to_arrow}
    if importlib.util.find_spec(library) is not None:
        assert [str(value) for value in make()["name"]][:2] == ["alpha", "beta"]
        return
    with pytest.raises(UsageError, match=f"{library} is not installed"):
        make()
    monkeypatch.syspath_prepend(str(tmp_path / "stand-in"))
    frame = make()
    assert [each is None or each.tzinfo is not None for each in frame["ended"]] == [True] * 4
    assert list(few[library]("name, started")) == ["name", "started"]
    del sys.modules[library]
    assert frame["config.mixed"] == (
        [1, "a", True, None] if library == "pandas" else ["1", "a", "True", None]
    )
    assert frame["metrics.loss"] == [0.5, 1.25, 1e-9, None]


def test_whole_and_broken_numbers_in_one_column_become_broken_ones() -> None:
    from runpact.verbs.finding.found import _one_sort

    assert _one_sort([1, 2.5, None]) == [1.0, 2.5, None]
    assert _one_sort([None, None]) == [None, None]


def test_one_run_is_meant_by_its_names(runs: Place) -> None:
    place = Workspace.open(workspace=str(runs.root))
    summary = place.summary("alpha")
    for reference in ("alpha", "runs/alpha", "al", "runs/al", summary.uid, str(summary.uid)[:30]):
        assert place.resolve(reference) == f"{runs.root}/runs/alpha", reference
    for reference in ("p/one", "sweeps/p/o", "p/o", "one"):
        assert place.resolve(reference) == f"{runs.root}/sweeps/p/one", reference
    with pytest.raises(AmbiguousRunError) as caught:
        place.resolve(str(summary.uid)[:8])
    assert "choose one of" in caught.value.hint
    for wrong in ("", "zzz", "a\0b", "\ud800"):
        with pytest.raises(NoSuchRunError):
            place.resolve(wrong)
    with pytest.raises(NoSuchRunError) as mistyped:
        place.resolve("alhpa")
    assert mistyped.value.hint == "did you mean `alpha`?"


@pytest.mark.parametrize("words", [["ls"], ["ls", "--json"], ["--help"], ["check", "--help"], ["--version"]])
def test_a_reader_that_has_left_is_told_as_a_shell_does(place: Place, words: list[str]) -> None:
    for number in range(200):
        place.write(f"runs/{'x' * 100}{number}/.runpact/run.json", "{}")
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "runpact", *words]
    done = subprocess.run(command, check=False, stdout=writer, stderr=subprocess.PIPE, cwd=place.root)
    os.close(writer)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")


@pytest.mark.parametrize("words", ["ls --json", "--version"])
def test_a_stdout_that_cannot_be_written_is_named(place: Place, words: str) -> None:
    line = f"{shlex.quote(sys.executable)} -m runpact {words} > /dev/full"
    done = subprocess.run(["sh", "-c", line], check=False, capture_output=True, text=True, cwd=place.root)
    assert done.returncode == 3
    assert "stdout cannot be written: No space left on device" in done.stderr
    closed = line.replace("> /dev/full", ">&-")
    assert subprocess.run(["sh", "-c", closed], check=False, cwd=place.root).returncode == 0


def test_a_program_that_leaves_by_itself_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(*_arguments: object, **_options: object) -> None:
        raise SystemExit(7)

    monkeypatch.setattr(main.cli, "main", leave)
    with pytest.raises(SystemExit, match="7"):
        main.run_command_line(["ls"])


def test_a_name_is_meant_before_what_begins_with_it(place: Place) -> None:
    for name in ("deep", "deep-1", "deep-2"):
        with contextlib.suppress(ValueError), runpact.run(name=name, durability="none"):
            raise ValueError
    code, document = place.json("show", "deep")
    assert (code, document["name"]) == (0, "deep")
    code, document = place.json("show", "runs/nothing")
    assert (code, document["error"]["code"]) == (2, "no-such-run")
    code, document = place.json("show", "dee")
    assert (code, document["error"]["code"]) == (2, "ambiguous-run")
