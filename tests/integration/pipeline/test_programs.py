"""Programs of stages: Python by `runpact.stage()`, a shell script, a program that writes JSON by itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from integration.pipeline.pipeline import Pipeline
from runpact.verbs.pipeline import way

CONTRACT = """\
contract: test.programs
version: "1.0.0"
types:
  Numbers@1: {schema: {type: object, required: [value], properties: {value: {type: number}}}}
kinds:
  experiment:
    at: "runs/{experiment}"
    sealed: by_stage
    exit_codes: contract
    records: {manifest: run_manifest.json}
    entries:
      - {file: config.resolved.json, written: start, fields: run.config}
    each_stage:
      entries:
        - {file: stage_summary.json, as: summary, fields: summary}
    stages:
      - id: "01"
        slug: make
        command: [sh, stages/make.sh]
        seed: 3
        writes: {numbers: {files: "numbers/{name}.json", type: Numbers@1, count: {min: 1}}}
      - id: "02"
        slug: fit
        command: [PYTHON, stages/fit.py, --experiment, "{experiment}"]
        reads: {numbers: Numbers@1}
        writes:
          fits: {files: "fits/{name}.json", type: Numbers@1}
          table: {file: table.csv, required: false}
"""
MAKE = """\
printf '{"value": %s}' "$RUNPACT_SEED" > "$RUNPACT_STAGE_DIR/numbers/a.json"
printf '{"status": "%s", "exit_code": %s, "artifacts": {"first": "01_make/numbers/a.json"}}' \
    "${WORD:-OK}" "${CODE:-0}" > "$RUNPACT_STAGE_SUMMARY"
exit "${CODE:-0}"
"""
FIT = """\
import json
import sys
import runpact
import helper

with runpact.stage() as st:
    print("fitting", st.name)
    values = [json.load(open(path))["value"] for path in st.inputs["numbers"]]
    with open(st.output("fits", "sum.json"), "w") as file:
        json.dump({"value": helper.total(values)}, file)
    st.counts(inputs_total=len(values), inputs_ok=len(values), inputs_failed=0)
    BODY
"""
HELPER = "def total(values):\n    return sum(values)\n"


def summary(pipeline: Pipeline, name: str) -> dict:
    return json.loads((pipeline.experiment / name / "stage_summary.json").read_text())


def claim(pipeline: Pipeline, name: str) -> dict:
    return json.loads((pipeline.experiment / name / ".runpact/claim.json").read_text())


def fit(pipeline: Pipeline, body: str = "pass") -> None:
    pipeline.write("stages/fit.py", FIT.replace("BODY", body))


@pytest.fixture
def programs(pipeline: Pipeline) -> Pipeline:
    pipeline.write("contract.yaml", CONTRACT.replace("PYTHON", sys.executable))
    pipeline.write("stages/make.sh", MAKE)
    pipeline.write("stages/helper.py", HELPER)
    fit(pipeline)
    return pipeline


def by_hand(pipeline: Pipeline, *options: str, cwd: str = ".") -> subprocess.CompletedProcess[str]:
    program = "stages/fit.py" if cwd == "." else "fit.py"
    return subprocess.run(
        [sys.executable, program, *options],
        cwd=pipeline.root / cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


# -- any language ------------------------------------------------------------------------------------------


@pytest.mark.requirement("C-044", "C-055", "C-130")
def test_a_shell_script_is_a_stage_by_its_environment_and_a_summary_in_json(programs: Pipeline) -> None:
    assert programs.go("--to", "01")[0] == 0
    told = summary(programs, "01_make")
    assert (told["status"], told["exit_code"], told["experiment"]) == ("OK", 0, "x")
    assert told["artifacts"] == {"first": "numbers/a.json"}
    assert told["meta"]["seed"] == 3
    assert claim(programs, "01_make")["origin"] == "summary"


@pytest.mark.requirement("C-039", "C-040", "C-041", "C-042", "C-048", "C-115")
@pytest.mark.parametrize(("code", "word"), [(1, "WARNING"), (2, "INCOMPLETE"), (3, "ERROR")])
def test_a_verdict_of_the_programs_own_is_that_of_the_stage_and_of_the_pipeline(
    programs: Pipeline, monkeypatch: pytest.MonkeyPatch, code: int, word: str
) -> None:
    monkeypatch.setenv("CODE", str(code))
    monkeypatch.setenv("WORD", word)
    exit_code, document = programs.go("--to", "01")
    assert (exit_code, document["verdict"]) == (code, word)
    assert summary(programs, "01_make")["status"] == word
    assert (programs.experiment / "numbers").exists() is (code == 1)


@pytest.mark.requirement("C-043", "C-048")
@pytest.mark.parametrize(("code", "word"), [(2, "OK"), (0, "INCOMPLETE"), (1, "ERROR")])
def test_a_stage_that_exits_otherwise_than_its_summary_says_is_an_error(
    programs: Pipeline, monkeypatch: pytest.MonkeyPatch, code: int, word: str
) -> None:
    monkeypatch.setenv("CODE", str(code))
    monkeypatch.setenv("WORD", word)
    exit_code, document = programs.go("--to", "01")
    assert (exit_code, document["verdict"]) == (3, "ERROR")
    assert "contradiction" in {each["code"] for each in document["stages"][0]["findings"]}
    told = summary(programs, "01_make")
    assert (told["status"], told["exit_code"]) == ("ERROR", 3)
    assert claim(programs, "01_make")["status"] == word


@pytest.mark.requirement("C-043", "C-058")
@pytest.mark.parametrize(
    ("script", "finding"),
    [
        ("exit 0", "no-summary"),
        ("exit 1", "not-believed"),
        ("exit 2", "not-believed"),
        ("exit 77", "foreign-exit-code"),
        ("kill -9 $$", "ended-by-signal"),
        ("echo '{' > $RUNPACT_STAGE_SUMMARY", "malformed-claim"),
    ],
)
def test_an_end_that_nothing_vouches_for_is_an_error(programs: Pipeline, script: str, finding: str) -> None:
    programs.write("stages/make.sh", script + "\n")
    exit_code, document = programs.go("--to", "01")
    assert (exit_code, document["verdict"]) == (3, "ERROR")
    assert finding in {each["code"] for each in document["stages"][0]["findings"]}


def test_a_compiled_program_needs_no_more_than_the_environment(programs: Pipeline) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("a compiled stage is left out: there is no C compiler")
    programs.write(
        "stages/make.c",
        r"""
#include <stdio.h>
#include <stdlib.h>
int main(void) {
    char path[4096];
    snprintf(path, sizeof path, "%s/numbers/c.json", getenv("RUNPACT_STAGE_DIR"));
    FILE *out = fopen(path, "w");
    fprintf(out, "{\"value\": 4}");
    fclose(out);
    out = fopen(getenv("RUNPACT_STAGE_SUMMARY"), "w");
    fprintf(out, "{\"status\": \"WARNING\", \"exit_code\": 1, \"warnings\": [\"coarse grid\"]}");
    fclose(out);
    return 1;
}
""",
    )
    subprocess.run([compiler, "-o", "stages/make", "stages/make.c"], cwd=programs.root, check=True)
    text = CONTRACT.replace("PYTHON", sys.executable).replace("[sh, stages/make.sh]", "[stages/make]")
    programs.write("contract.yaml", text)
    assert programs.go("--to", "01")[0] == 1
    assert summary(programs, "01_make")["warnings"][-1] == "coarse grid"


# -- Python ------------------------------------------------------------------------------------------------


@pytest.mark.requirement("C-100", "C-101", "C-155", "C-156", "C-161")
def test_a_python_program_is_a_stage_of_the_pipeline(programs: Pipeline) -> None:
    code, document = programs.go()
    assert (code, document["verdict"]) == (0, "OK")
    told = summary(programs, "02_fit")
    assert told["counts"] == {"inputs_total": 1, "inputs_ok": 1, "inputs_failed": 0, "outputs_rows": 0}
    assert (claim(programs, "02_fit")["origin"], programs.result("02_fit")["launched_by"]) == (
        "stage",
        "pipeline",
    )


@pytest.mark.requirement("C-042")
def test_an_exception_in_a_stage_is_its_error(programs: Pipeline) -> None:
    fit(programs, 'raise ValueError("no horizon")')
    code, _document = programs.go()
    assert code == 3
    assert "ValueError: no horizon" in summary(programs, "02_fit")["errors"]
    assert "Traceback" in (programs.experiment / "02_fit/logs/stderr.log").read_text()


@pytest.mark.requirement("C-043")
def test_argparse_exits_with_two_and_is_not_taken_for_incomplete(programs: Pipeline) -> None:
    programs.write("stages/fit.py", "import argparse\nargparse.ArgumentParser().parse_args()\n")
    code, document = programs.go()
    assert (code, document["verdict"]) == (3, "ERROR")


CALL = "from runpact.cli.main import run_command_line\nraise SystemExit(run_command_line({}))\n"


@pytest.mark.requirement("X-08", "C-165")
@pytest.mark.parametrize(
    "program",
    [
        "import runpact\nwith runpact.run(name='inner'): pass\n",
        CALL.format(["run", "--name", "inner", "--", "true"]),
        CALL.format(["pipeline", "run", "--experiment", "inner"]),
    ],
)
def test_a_stage_creates_no_run_whoever_asks(programs: Pipeline, program: str) -> None:
    programs.write("stages/fit.py", program)
    assert programs.go()[0] == 3
    said = (programs.experiment / "02_fit/logs/stderr.log").read_text()
    assert "the program of a stage makes no runs: its own is handed to it" in said
    assert [run["path"] for run in programs.runs()] == ["runs/x"]
    assert [path.name for path in (programs.root / "runs").iterdir()] == ["x"]


@pytest.mark.requirement("X-08")
def test_what_a_stage_is_handed_is_its_own_attempt(programs: Pipeline) -> None:
    fit(programs, "print(st.dir, runpact.current().dir)")
    assert programs.go()[0] == 0
    own = str(programs.experiment / "02_fit")
    assert (programs.experiment / "02_fit/logs/stdout.log").read_text().split()[-2:] == [own, own]


def test_a_module_that_a_stage_imported_is_part_of_its_code(programs: Pipeline) -> None:
    programs.go()
    assert set(programs.done().values()) == {"skipped"}
    programs.write("stages/helper.py", HELPER + "# changed\n")
    assert programs.why()["02_fit"] == "its code changed: stages/helper.py"


@pytest.mark.requirement("C-052")
@pytest.mark.parametrize(("said", "code"), [(2, 0), (3, 3)])
def test_the_rows_of_tables_are_counted_and_held_against_the_claim(
    programs: Pipeline, said: int, code: int
) -> None:
    fit(
        programs, f'open(st.output("table"), "w").write("a,b\\n1,2\\n3,4\\n"); st.counts(outputs_rows={said})'
    )
    assert programs.go()[0] == code
    assert summary(programs, "02_fit")["counts"]["outputs_rows"] == 2


# -- other stages' directories -----------------------------------------------------------------------------


def peeking(pipeline: Pipeline, body: str) -> tuple[int, list[tuple[str, str]]]:
    fit(pipeline, f"import os; from pathlib import Path; {body}")
    code, document = pipeline.go()
    found = [each for each in document["stages"][1]["findings"] if each["severity"] != "advice"]
    return code, [(each["code"], each["path"]) for each in found]


@pytest.mark.requirement("C-031")
@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ('open("runs/x/01_make/numbers/a.json").close()', 1, ("bypassed-alias", "01_make/numbers/a.json")),
        ('os.listdir(st.dir + "/../01_make")', 1, ("bypassed-alias", "01_make")),
        ('Path("runs/x/01_make/cmd.txt").exists() or os.scandir(b"runs/x/01_make/.runpact")', 3, None),
    ],
)
def test_a_stage_that_opens_the_directory_of_another_one_is_reported(
    programs: Pipeline, body: str, code: int, told: tuple[str, str] | None
) -> None:
    assert peeking(programs, body) == (code, [told or ("undeclared-input", "01_make/.runpact")])


def test_a_stage_may_open_its_own_directory_its_aliases_and_the_manifest(programs: Pipeline) -> None:
    body = 'os.chdir("runs/x"); os.listdir("."); Path("numbers/a.json").read_text(); os.listdir(st.dir)'
    assert peeking(programs, body) == (0, [])


# -- by hand -----------------------------------------------------------------------------------------------


@pytest.mark.requirement("C-114")
@pytest.mark.parametrize("cwd", [".", "stages"])
def test_a_stage_that_a_person_starts_makes_an_attempt_that_says_so(programs: Pipeline, cwd: str) -> None:
    programs.go("--to", "01")
    ended = by_hand(programs, "--experiment", "x", cwd=cwd)
    assert (ended.returncode, ended.stdout) == (0, "fitting 02_fit\n"), ended.stderr
    assert programs.result("02_fit")["launched_by"] == "stage"
    assert programs.manifest["launched_by"] == "stage"
    assert (programs.experiment / "02_fit/logs/stdout.log").read_text() == "fitting 02_fit\n"
    assert json.loads((programs.experiment / "fits/sum.json").read_text()) == {"value": 3}


def test_a_stage_that_the_contract_got_since_the_experiment_began_knows_itself(programs: Pipeline) -> None:
    grown = (programs.root / "contract.yaml").read_text()
    head, _mark, _second = grown.partition('      - id: "02"')
    programs.write("contract.yaml", head)
    assert programs.go()[0] == 0
    programs.write("contract.yaml", grown)
    code, document = programs.go("--only", "02")
    assert (code, document["stages"][0]["findings"]) == (0, [])
    assert json.loads((programs.experiment / "fits/sum.json").read_text()) == {"value": 3}


def test_an_attempt_by_hand_and_by_the_pipeline_are_as_good_when_the_command_is_the_same(
    programs: Pipeline,
) -> None:
    programs.go("--to", "01")
    by_hand(programs, "--experiment=x", "--deep")
    assert programs.why()["02_fit"] == "its command changed"
    for cwd in (".", "stages"):
        by_hand(programs, "--experiment=x", cwd=cwd)
        assert programs.result("02_fit")["launched_by"] == "stage"
        assert programs.why()["02_fit"] == "up to date"


@pytest.mark.parametrize(
    ("asked", "is_declared"), [(("--experiment=x",), True), (("--experiment", "x", "--deep"), False)]
)
def test_a_command_by_hand_counts_when_it_asks_for_something_else(
    monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...], is_declared: bool
) -> None:
    declared = ("python", "stage.py")
    monkeypatch.setattr(way, "command_of", lambda *_arguments, **_named: declared)
    command = (*declared, *asked)
    by_hand = way.Way(cwd="/here", root="/there", config=None, environ={}, command=command)
    if not is_declared:
        assert way.command_judged(None, None, {}, by_hand) == (command, "/here")
    else:
        beside = way.Way(cwd="/there", root="/there", config=None, environ={}, command=command)
        assert way.command_judged(None, None, {}, beside) == (declared, "/there")


@pytest.mark.requirement("C-039", "C-040", "C-041", "C-042")
@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ('st.warn("odd")', 1, "odd"),
        ('st.incomplete("too few systems")', 2, "too few systems"),
        ('st.fail("no root")', 3, "no root"),
    ],
)
def test_a_stage_by_hand_ends_with_the_verdict_of_its_attempt(
    programs: Pipeline, body: str, code: int, told: str
) -> None:
    programs.go("--to", "01")
    fit(programs, body)
    ended = by_hand(programs, "--experiment", "x")
    assert (ended.returncode, told in ended.stderr) == (code, True)


def test_a_stage_by_hand_may_begin_an_experiment_with_a_configuration_and_an_input(
    programs: Pipeline,
) -> None:
    programs.write("mine/a.json", '{"value": 8}')
    ended = by_hand(programs, "--experiment", "x", "--config", "config.json", "--input", "numbers=mine")
    assert ended.returncode == 0, ended.stderr
    assert json.loads((programs.experiment / "config.resolved.json").read_text())["first"] == 1
    assert programs.result("02_fit")["inputs"][0]["source"] == "cli"


def test_a_stage_by_hand_without_its_inputs_is_incomplete(programs: Pipeline) -> None:
    ended = by_hand(programs, "--experiment", "x")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "missing-artifact" in ended.stderr
    assert "regenerate it: runpact pipeline run --experiment x --from 01 --to 01" in ended.stderr
    assert ended.stderr.endswith("runpact: x/02_fit INCOMPLETE\n")


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_a_program_that_is_asked_for_help_says_which_stage_it_is(programs: Pipeline, option: str) -> None:
    told = by_hand(programs, option)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines() == [
        "usage: python stages/fit.py --experiment NAME [--config FILE] [--input ALIAS=PATH]…",
        "",
        "Makes an attempt of stage 02_fit in the experiment NAME; made when it is new.",
        "  reads   numbers",
        "  writes  fits, table",
        "In a pipeline: runpact pipeline run --experiment NAME --only 02",
    ]
    assert not (programs.root / "runs").exists()
    programs.write("contract.yaml", "kinds: 3")
    damaged = by_hand(programs, option)
    assert damaged.returncode == 0
    assert "contract" in damaged.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "change", "told"),
    [
        ((), "", "the program of no stage"),
        (("--experiment", "x"), "none", "no stage has the program"),
        (("--experiment", "x"), "two", "is the program of 2 stages"),
    ],
)
def test_a_program_by_hand_must_say_which_stage_it_is(
    programs: Pipeline, options: tuple[str, ...], change: str, told: str
) -> None:
    text = (programs.root / "contract.yaml").read_text()
    if change == "none":
        programs.write("contract.yaml", text.replace("stages/fit.py", "stages/other.py"))
    elif change == "two":
        programs.write("contract.yaml", text.replace("[sh, stages/make.sh]", "[python, stages/fit.py]"))
    ended = by_hand(programs, *options)
    assert (ended.returncode, told in ended.stderr) == (64, True), ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_program_by_hand_leaves_the_workspace_as_it_was_when_it_is_refused(programs: Pipeline) -> None:
    by_hand(programs)
    assert not (programs.root / "runs").exists()
    assert Path(programs.root / "stages/fit.py").exists()
