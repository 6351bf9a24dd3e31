"""What a golden record holds, and what it answers."""

from __future__ import annotations

import msgspec
import pytest

from runpact.model.compare.allowance import Allowance
from runpact.model.contract.language import Kind, Output, Stage
from runpact.model.contract.rule import Determinism
from runpact.model.errors import MalformedDocumentError, UnknownVersionError
from runpact.model.facts import AS_NAMED, ArrayFact, ArraysFact, DocumentFact, FormatFault, TableFact
from runpact.model.golden.contents import HeldContents, WithMetrics
from runpact.model.golden.forms import StageForms
from runpact.model.golden.record import (
    Golden,
    HeldArray,
    HeldFile,
    encode_golden,
    parse_golden,
    without_volatile,
)
from runpact.model.run import ContractRef

ARRAY = HeldArray(dtype="<f8", shape=(2,), values=[1.0, "nan"])
FILES = (
    HeldFile(path="a.json", digest="d", document=None),
    HeldFile(path="b.csv", digest="d", rows=[{"x": "1"}]),
    HeldFile(path="c.npz", digest="d", arrays={"z": ARRAY}),
    HeldFile(path="d.bin", digest="d"),
    HeldFile(path="e.csv", digest="d", rows=[]),
)
GOLDEN = Golden(
    name="ads",
    recorded="2026-01-01T00:00:00Z",
    run="x",
    uid="u",
    kind="experiment",
    contract=ContractRef("acme", "1.0.0", "sha256:0"),
    config_digest="sha256:1",
    files=FILES,
)


def test_a_record_reads_back_as_it_was_written() -> None:
    data = encode_golden(GOLDEN)
    assert encode_golden(parse_golden(data)) == data
    assert msgspec.structs.replace(parse_golden(data), digest=msgspec.UNSET) == GOLDEN
    assert [file.has_values for file in FILES] == [True, True, True, False, True]


@pytest.mark.parametrize(
    ("value", "put"),
    [
        (b'"nan"', b"0.9"),
        (b'"nan"', b"9" * 400),
        (b'"nan"', b'"x"'),
        (b'"ads"', b'"bds"'),
        (b"sha256:", b"sha256:0"),
    ],
)
def test_a_record_that_was_changed_by_hand_is_refused(value: bytes, put: bytes) -> None:
    data = encode_golden(GOLDEN)
    assert value in data
    with pytest.raises(MalformedDocumentError, match="was changed since"):
        parse_golden(data.replace(value, put, 1) if value != b"sha256:" else put.join(data.rsplit(value, 1)))


def test_a_record_of_before_there_were_digests_is_read() -> None:
    assert parse_golden(msgspec.json.encode(GOLDEN)) == GOLDEN


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"{}", b"[" * 100_000])
def test_what_is_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedDocumentError):
        parse_golden(data)


def test_another_major_version_is_refused() -> None:
    with pytest.raises(UnknownVersionError):
        parse_golden(encode_golden(GOLDEN).replace(b"golden/1", b"golden/2"))


def test_what_may_differ_is_left_out() -> None:
    allowance = Allowance(Determinism(volatile=("a.json#/made", "a.json#/rows/0", "a.json#/rows/*/at")))
    document = {"made": 1, "rows": [{"x": 1}, {"x": 2, "at": 3}], "kept": [1]}
    assert without_volatile(document, allowance.of_file("a.json")) == {"rows": [None, {"x": 2}], "kept": [1]}


def test_a_record_answers_as_the_files_would() -> None:
    contents = HeldContents(FILES, lambda held: f"{held.dtype} is not loaded")
    assert contents.facts("a.json", AS_NAMED) == DocumentFact(None)
    assert contents.facts("b.csv", AS_NAMED) == TableFact(("x",), 1)
    assert contents.facts("e.csv", AS_NAMED) == TableFact((), 0)
    assert contents.facts("c.npz", AS_NAMED) == ArraysFact((ArrayFact("z", "<f8", (2,)),))
    assert isinstance(contents.facts("d.bin", AS_NAMED), FormatFault)
    assert contents.rows("b.csv", AS_NAMED) == [{"x": "1"}]
    assert isinstance(contents.rows("a.json", AS_NAMED), FormatFault)
    assert contents.values("c.npz", "z") == "<f8 is not loaded"
    assert contents.values("c.npz", "y") == contents.values("a.json", "z") == "its values are not held"


def test_metrics_stand_beside_the_files_of_a_run() -> None:
    contents = WithMetrics(HeldContents(FILES, lambda _held: "no"), {"metrics.jsonl": {"loss": 1.0}})
    assert contents.facts("metrics.jsonl", AS_NAMED) == DocumentFact({"loss": 1.0})
    assert contents.facts("a.json", AS_NAMED) == DocumentFact(None)
    assert contents.rows("b.csv", AS_NAMED) == [{"x": "1"}]
    assert contents.values("c.npz", "z") == "no"


def test_outputs_are_read_as_the_entries_of_their_stage_say() -> None:
    stage = Stage(id="01", slug="make", command=("x",), writes={"a": Output(file="a/b.txt")})
    forms = StageForms(Kind(at="runs/{x}", stages=(stage,)), {})
    rows = [{"x": "1"}]
    assert forms.form_of("01_make/a/b.txt") == forms.form_of("other/a") == AS_NAMED
    assert forms.typed("01_make/a/b.txt", rows) == forms.typed("other", rows) == rows
