import pytest

from runpact.model.finding import Severity
from runpact.model.pipeline.resolve import Resolved, Sources, resolve

EACH = [(), ("one",), ("one", "two")]


@pytest.mark.requirement("C-012", "C-013", "C-014", "C-015")
@pytest.mark.parametrize("given", EACH)
@pytest.mark.parametrize("recorded", EACH)
@pytest.mark.parametrize("legacy", EACH)
def test_the_command_line_comes_before_the_record_and_the_record_before_the_legacy_folder(
    given, recorded, legacy
):
    answer = resolve("fits", Sources(given=given, recorded=recorded, legacy=legacy))
    deciding = next(
        (
            (name, places)
            for name, places in (("cli", given), ("manifest", recorded), ("legacy", legacy))
            if places
        ),
        None,
    )
    if deciding is None:
        assert answer.code == "missing-artifact"
    elif len(deciding[1]) == 1:
        assert answer == Resolved("one", deciding[0])
        assert answer.resolved_from_legacy is (deciding[0] == "legacy")
    else:
        assert (answer.code, answer.got) == ("ambiguous-artifact", "one, two")
        assert answer.severity is Severity.INCOMPLETE


def test_a_producer_that_failed_keeps_its_alias_from_a_legacy_folder():
    assert resolve("fits", Sources(recorded=("02_fit",), legacy=("outputs/fits",))).source == "manifest"
