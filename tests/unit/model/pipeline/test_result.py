"""The result of a stage as a document."""

import msgspec
import pytest

from runpact.model.errors import MalformedDocumentError, UnknownVersionError
from runpact.model.finding import Finding, Severity, Verdict
from runpact.model.pipeline.result import (
    Basis,
    CodeFile,
    Measured,
    Producer,
    StageInput,
    StageOutput,
    StageResult,
    encode_result,
    parse_result,
)

BASIS = Basis(
    command="sha256:a",
    code=(CodeFile("stages/02.py", "sha256:b"),),
    config="sha256:c",
    seed="sha256:d",
    inputs={"systems": "sha256:e"},
    declaration="sha256:f",
)
RESULT = StageResult(
    stage="02",
    slug="geometry",
    attempt=1,
    status=Verdict.WARNING,
    exit_code=1,
    measured=Measured(exit_code=1, duration_seconds=0.5),
    findings=(Finding(code="missing", severity=Severity.WARNING, message="gone", path="02_geometry/a.npz"),),
    inputs=(
        StageInput(
            alias="systems", path="01_x/s.json", digest="sha256:a", size=3, producer=Producer("01", "u")
        ),
    ),
    outputs=(StageOutput(alias="predictions", path="02_geometry/a.npz", digest="sha256:b", size=4),),
    basis=BASIS,
    seed=7,
)


def test_a_result_is_read_as_it_was_written():
    assert parse_result(encode_result(RESULT)) == RESULT


def test_the_digest_of_a_basis_changes_with_each_of_its_parts():
    changed = [
        msgspec.structs.replace(BASIS, **{name: value})
        for name, value in {
            "command": "x",
            "code": (),
            "config": "x",
            "seed": "x",
            "inputs": {},
            "declaration": "x",
        }.items()
    ]
    assert len({each.digest for each in (BASIS, *changed)}) == 7


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff", b'{"format": 1}'])
def test_what_is_no_result_is_refused(data):
    with pytest.raises(MalformedDocumentError):
        parse_result(data)


def test_a_result_of_another_major_is_refused():
    with pytest.raises(UnknownVersionError):
        parse_result(encode_result(msgspec.structs.replace(RESULT, format="runpact.stage-result/2")))


@pytest.mark.parametrize(
    ("status", "is_usable"),
    [(Verdict.OK, True), (Verdict.WARNING, True), (Verdict.INCOMPLETE, False), (Verdict.ERROR, False)],
)
def test_outputs_are_usable_after_ok_and_warning(status, is_usable):
    assert msgspec.structs.replace(RESULT, status=status).is_usable is is_usable


def test_a_stage_is_named_by_id_and_slug():
    assert RESULT.name == "02_geometry"
