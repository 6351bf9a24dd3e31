"""What opening files of other stages comes to."""

import pytest

from runpact.model.finding import Severity
from runpact.model.pipeline.bypass import MOST_TOLD, judge_opened, of_other_stages
from runpact.model.pipeline.result import StageInput


def given(path: str = "02_a/p/x.npz", source: str = "manifest") -> StageInput:
    return StageInput(alias="p", path=path, digest="sha256:aa", size=1, producer=None, source=source)


def test_only_directories_of_other_stages_count() -> None:
    paths = ["03_b/x", "02_a/p", "02_a", "p/x.npz", "run_manifest.json", "02_ab/x"]
    assert of_other_stages(paths, stages=["02_a", "03_b"], own="03_b") == ("02_a", "02_a/p")


@pytest.mark.requirement("C-031")
@pytest.mark.parametrize("path", ["02_a/p/x.npz", "02_a/p", "02_a"])
def test_an_input_by_its_directory_is_a_warning_that_names_the_alias(path) -> None:
    (finding,) = judge_opened([path], [given()], name="03_b")
    assert (finding.code, finding.severity, finding.path) == ("bypassed-alias", Severity.WARNING, path)
    assert finding.expected == "the alias `p`"


@pytest.mark.requirement("C-186")
@pytest.mark.parametrize("path", ["02_a/p/y.npz", "01_c", "02_a/.runpact/result.json"])
def test_anything_else_of_another_stage_is_an_error(path) -> None:
    (finding,) = judge_opened([path], [given()], name="03_b")
    assert (finding.code, finding.severity, finding.path) == ("undeclared-input", Severity.ERROR, path)


def test_a_stage_that_was_told_the_directory_may_open_it() -> None:
    assert not [*judge_opened(["02_a/p/x.npz"], [given()], name="03_b", has_aliases=False)]
    assert not [*judge_opened(["02_a/p/x.npz"], [given(source="cli")], name="03_b")]


def test_a_program_that_opened_everything_is_told_in_part() -> None:
    assert len([*judge_opened(map(str, range(99)), [], name="03_b")]) == MOST_TOLD
