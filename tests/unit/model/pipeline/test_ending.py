import itertools

import pytest

from runpact.model.finding import Report, Verdict
from runpact.model.pipeline.claim import Claim, Counts
from runpact.model.pipeline.ending import read_end
from runpact.model.pipeline.result import Measured

OK, WARNING, INCOMPLETE, ERROR = Verdict
NAME, EXPERIMENT = "02_fit", "debug"


def end(measured, claim=None, speaks="contract", **known):
    return read_end(measured, claim, name=NAME, experiment=EXPERIMENT, speaks=speaks, **known)


def exited(code):
    return Measured(exit_code=code)


def says(status=None, exit_code=None, **more):
    return Claim(origin="summary", status=status, exit_code=exit_code, **more)


def verdict(reading):
    return Report(reading.findings).verdict


def codes(reading):
    return [finding.code for finding in reading.findings]


# -- contract exit codes -----------------------------------------------------------------------------------


@pytest.mark.requirement("C-039", "C-040", "C-041", "C-042", "C-048")
@pytest.mark.parametrize(("said", "code"), [*itertools.product(Verdict, range(4))])
def test_a_contract_exit_code_counts_when_the_summary_says_the_same_and_contradicts_otherwise(said, code):
    reading = end(exited(code), says(said, said.exit_code))
    is_same = said.exit_code == code
    assert reading.is_believed is is_same
    assert verdict(reading) is (said if is_same else ERROR)
    assert ("contradiction" in codes(reading)) is not is_same


@pytest.mark.parametrize("said", Verdict)
def test_a_summary_may_leave_out_its_status_or_its_exit_code(said):
    for claim in (says(said), says(None, said.exit_code)):
        reading = end(exited(said.exit_code), claim)
        assert (reading.is_believed, verdict(reading)) == (True, said)


@pytest.mark.requirement("C-043")
@pytest.mark.parametrize("code", [1, 2, 3])
def test_a_contract_exit_code_without_a_summary_is_not_believed(code):
    reading = end(exited(code))
    assert (codes(reading), verdict(reading), reading.is_believed) == (["not-believed"], ERROR, False)


@pytest.mark.requirement("C-058")
def test_a_program_that_speaks_by_contract_and_leaves_no_summary_has_failed_whatever_it_exits_with():
    reading = end(exited(0))
    assert (codes(reading), verdict(reading), reading.is_believed) == (["no-summary"], ERROR, False)


@pytest.mark.requirement("C-043")
@pytest.mark.parametrize("code", [4, 64, 126, 127, 137, 139, 255])
@pytest.mark.parametrize("claim", [None, says(OK, 0), says(ERROR, 3)])
def test_an_exit_code_beyond_the_contract_is_foreign_whatever_the_summary_says(code, claim):
    reading = end(exited(code), claim)
    assert codes(reading)[0] == "foreign-exit-code"
    assert (verdict(reading), reading.is_believed) == (ERROR, False)


def test_a_shells_word_for_a_signal_is_told():
    assert end(exited(137)).why == "exit code 137 (a shell's word for SIGKILL)"
    assert end(exited(200)).why == "exit code 200"


@pytest.mark.parametrize(("code", "word"), [(0, "OK"), (1, "WARNING"), (2, "INCOMPLETE"), (3, "ERROR")])
def test_a_believed_end_is_told_by_the_word_of_the_contract(code, word):
    assert end(exited(code), says(Verdict(word), code)).why == f"exit code {code}, {word} by the contract"


def test_a_summary_without_any_status_is_malformed_when_exit_codes_are_verdicts():
    reading = end(exited(0), says())
    assert (codes(reading), verdict(reading)) == (["malformed-claim"], ERROR)


@pytest.mark.parametrize("speaks", ["contract", "plain"])
@pytest.mark.parametrize("code", [0, 1])
def test_a_summary_that_cannot_be_read_is_an_error(speaks, code):
    reading = end(exited(code), says(fault="line 1: no value"), speaks)
    assert "malformed-claim" in codes(reading)
    assert (verdict(reading), reading.is_believed) == (ERROR, False)


def test_a_claim_says_why_by_its_first_five_reasons():
    reading = end(exited(1), says(WARNING, 1, errors=("a", "b"), warnings=("c", "d", "e", "f", "g")))
    assert reading.findings[0].message == "the program says WARNING: a; b; c; d; e; and 2 more"
    assert end(exited(3), says(ERROR, 3)).findings[0].message == "the program says ERROR: no reason is given"


# -- plain exit codes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "said", "expected", "found"),
    [
        (0, None, OK, []),
        (0, says(), OK, []),
        (0, says(OK, 0), OK, []),
        (0, says(WARNING), WARNING, ["claimed"]),
        (0, says(WARNING, 1), ERROR, ["claimed", "contradiction"]),
        (0, says(INCOMPLETE), ERROR, ["contradiction"]),
        (0, says(ERROR, 3), ERROR, ["contradiction", "contradiction"]),
        (1, None, ERROR, ["failed-command"]),
        (2, None, ERROR, ["failed-command"]),
        (2, says(OK, 0), ERROR, ["failed-command", "contradiction", "contradiction"]),
        (1, says(WARNING, 1), ERROR, ["failed-command", "contradiction"]),
        (2, says(INCOMPLETE, 2), ERROR, ["failed-command"]),
        (3, says(ERROR, 3), ERROR, ["failed-command"]),
        (137, None, ERROR, ["failed-command"]),
    ],
)
def test_a_plain_exit_code_is_zero_or_a_failure(code, said, expected, found):
    reading = end(exited(code), said, "plain")
    assert (verdict(reading), codes(reading), reading.is_believed) == (expected, found, False)


@pytest.mark.parametrize(
    ("code", "said", "message", "hint"),
    [
        (3, says(ERROR, 3, errors=("it broke",)), "it exited with 3, and says: it broke", "logs/stderr.log"),
        (1, says(ERROR, 3), "it exited with 1, and says: no reason is given", "logs/stderr.log"),
        (2, says(OK, 0), "it exited with 2", "logs/stderr.log"),
        (1, says(WARNING, 1), "it exited with 1", "`exit_codes: contract`"),
        (2, says(None, 2), "it exited with 2", "`exit_codes: contract`"),
    ],
)
def test_a_program_that_says_error_is_told_its_own_reason_and_no_other_way_to_exit(code, said, message, hint):
    finding = end(exited(code), said, "plain").findings[0]
    assert (finding.message, hint in finding.hint) == (message, True)


def test_a_program_that_left_no_summary_is_told_by_its_stage():
    assert end(exited(4)).findings[0].path == "02_fit"
    assert end(exited(4), says(OK)).findings[0].path == "02_fit/stage_summary.json"


# -- ends that are no exit ---------------------------------------------------------------------------------

BROKEN = [
    (Measured(exit_code=None, signal=9), "ended-by-signal", "ended by signal 9 (SIGKILL)"),
    (Measured(exit_code=None, signal=40), "ended-by-signal", "ended by signal 40"),
    (
        Measured(exit_code=None, signal=15, timed_out_seconds=2.5),
        "timed-out",
        "stopped after 2.5 s",
    ),
    (Measured(exit_code=0, timed_out_seconds=1.0), "timed-out", "its time was over"),
    (
        Measured(exit_code=None, signal=2, interrupted_by=2),
        "stopped",
        "stopped together with runpact by signal 2",
    ),
    (Measured(exit_code=0, interrupted_by=15), "stopped", "signal 15 (SIGTERM)"),
    (Measured(exit_code=None, never_began="the gate is closed"), "not-begun", "the gate is closed"),
]


@pytest.mark.requirement("C-043")
@pytest.mark.parametrize(("measured", "code", "why"), BROKEN)
@pytest.mark.parametrize("claim", [None, says(OK, 0), says(WARNING, 1), says(ERROR, 3)])
@pytest.mark.parametrize("speaks", ["contract", "plain"])
def test_an_end_that_is_no_exit_is_never_taken_for_a_verdict(measured, code, why, claim, speaks):
    reading = end(measured, claim, speaks)
    assert codes(reading) == [code]
    assert verdict(reading) is (INCOMPLETE if code == "not-begun" else ERROR)
    assert why in reading.why
    assert not reading.is_believed


def test_output_that_could_not_be_stored_is_an_error():
    reading = end(Measured(exit_code=0, log_fault="no space left"), says(OK, 0))
    assert (codes(reading), verdict(reading)) == (["log-lost"], ERROR)


# -- what else a claim says --------------------------------------------------------------------------------


def test_status_and_exit_code_of_one_summary_must_agree():
    reading = end(exited(0), says(OK, 2))
    assert (codes(reading), verdict(reading)) == (["contradiction"], ERROR)
    assert "contradict each other" in reading.findings[0].message


@pytest.mark.requirement("C-045", "C-046")
@pytest.mark.parametrize(
    ("key", "value", "expected"), [("stage", "03_other", NAME), ("experiment", "other", EXPERIMENT)]
)
def test_a_summary_that_speaks_of_another_stage_or_experiment_contradicts(key, value, expected):
    reading = end(exited(0), says(OK, 0, **{key: value}))
    (finding,) = reading.findings
    assert (finding.code, finding.expected, finding.got) == ("contradiction", expected, value)
    assert finding.path == f"02_fit/stage_summary.json#/{key}"
    assert end(exited(0), says(OK, 0, **{key: expected})).findings == ()


@pytest.mark.requirement("C-051")
@pytest.mark.parametrize(
    ("total", "good", "failed", "is_right"), [(40, 40, 0, True), (40, 38, 1, False), (1, 1, 1, False)]
)
def test_the_counts_of_inputs_must_add_up(total, good, failed, is_right):
    counts = Counts(inputs_total=total, inputs_ok=good, inputs_failed=failed)
    assert ("contradiction" in codes(end(exited(0), says(OK, 0, counts=counts)))) is not is_right


@pytest.mark.requirement("C-059")
@pytest.mark.parametrize("total", [40, None])
def test_failed_inputs_are_at_least_a_warning(total):
    reading = end(exited(0), says(OK, 0, counts=Counts(inputs_total=total, inputs_failed=2)))
    assert (codes(reading), verdict(reading)) == (["inputs-failed"], WARNING)


@pytest.mark.requirement("C-052")
@pytest.mark.parametrize(
    ("said", "measured", "is_right"),
    [(3, 3, True), (3, None, True), (None, 3, True), (0, 3, False), (4, 3, False)],
)
def test_the_count_of_rows_must_be_that_of_the_tables(said, measured, is_right):
    reading = end(exited(0), says(OK, 0, counts=Counts(outputs_rows=said)), rows=measured)
    assert (reading.findings == ()) is is_right


@pytest.mark.requirement("C-055")
@pytest.mark.parametrize(
    ("path", "is_right"),
    [("fits/a.csv", True), ("fits/gone.csv", False), ("/abs/fits/a.csv", False), ("../other/a.csv", False)],
)
def test_an_artifact_that_is_claimed_must_stand_in_the_experiment(path, is_right):
    claim = says(OK, 0, artifacts={"table": path})
    reading = end(exited(0), claim, stands=lambda at: at == "fits/a.csv" or at.startswith(("/", "..")))
    assert (reading.findings == ()) is is_right


def test_errors_under_an_ok_are_at_least_a_warning():
    reading = end(exited(0), says(OK, 0, errors=("no horizon",)))
    assert (codes(reading), verdict(reading)) == (["claimed"], WARNING)
