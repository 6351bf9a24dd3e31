import pytest

from runpact.model.finding import Finding, Severity, Verdict
from runpact.model.pipeline.saying import Saying


@pytest.mark.parametrize("is_input", [True, False])
@pytest.mark.parametrize(
    ("severity", "verdict"),
    [
        (Severity.ADVICE, Verdict.OK),
        (Severity.WARNING, Verdict.WARNING),
        (Severity.INCOMPLETE, Verdict.INCOMPLETE),
        (Severity.ERROR, Verdict.ERROR),
    ],
)
def test_findings_weigh_what_they_weigh_but_those_of_an_input_never_more_than_incomplete(
    severity, verdict, is_input
):
    said = Saying()
    said.take([Finding(code="schema", severity=severity, path="a", message="m")], is_input=is_input)
    assert said.status is (Verdict.INCOMPLETE if is_input and verdict is Verdict.ERROR else verdict)
    assert (said.warnings, said.errors) == (
        ["schema: a; m"] if verdict is Verdict.WARNING else [],
        ["schema: a; m"] if verdict in {Verdict.INCOMPLETE, Verdict.ERROR} else [],
    )
