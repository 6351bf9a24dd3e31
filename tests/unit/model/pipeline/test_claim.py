import pytest

from runpact.model.errors import MalformedDocumentError, UnknownVersionError
from runpact.model.facts import DocumentFact, FormatFault
from runpact.model.finding import Verdict
from runpact.model.pipeline.claim import Claim, Counts, claim_of, encode_claim, parse_claim

SEED = {
    "stage": "06_build_bulk_eigenmodes_dataset",
    "experiment": "test_v3",
    "status": "WARNING",
    "exit_code": 1,
    "counts": {"inputs_total": 40, "inputs_ok": 38, "inputs_failed": 2, "outputs_rows": 1200},
    "errors": [],
    "warnings": ["two systems have no horizon"],
    "artifacts": {"dataset_csv": "bulk_eigenmodes/bulk_modes_dataset.csv"},
    "meta": {"git_sha": "…", "created_at": "…"},
}


def test_the_summary_of_the_seed_is_understood_whole():
    assert claim_of(DocumentFact(SEED)) == Claim(
        origin="summary",
        stage="06_build_bulk_eigenmodes_dataset",
        experiment="test_v3",
        status=Verdict.WARNING,
        exit_code=1,
        counts=Counts(inputs_total=40, inputs_ok=38, inputs_failed=2, outputs_rows=1200),
        warnings=("two systems have no horizon",),
        artifacts={"dataset_csv": "bulk_eigenmodes/bulk_modes_dataset.csv"},
    )


def test_an_empty_summary_claims_nothing():
    assert claim_of(DocumentFact({})) == Claim(origin="summary")


def test_a_claim_of_the_python_interface_names_the_code_it_loaded():
    claim = claim_of(DocumentFact({"origin": "stage", "code": ["stages/a.py"]}))
    assert (claim.origin, claim.code) == ("stage", ("stages/a.py",))


def test_items_of_lists_that_are_no_texts_are_kept_as_json():
    assert claim_of(DocumentFact({"errors": [{"system": "a"}, 3]})).errors == ('{"system":"a"}', "3")


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (FormatFault("invalid-json", "line 1: no value"), "line 1: no value"),
        (DocumentFact([]), "it is a list, not an object"),
        (DocumentFact("OK"), "it is a single value, not an object"),
        (DocumentFact({"status": "ok"}), '`status` is not OK, WARNING, INCOMPLETE or ERROR: "ok"'),
        (DocumentFact({"status": 0}), "`status` is not a text: 0"),
        (DocumentFact({"stage": 6}), "`stage` is not a text: 6"),
        (DocumentFact({"exit_code": "0"}), '`exit_code` is not a whole number from 0 to 255: "0"'),
        (DocumentFact({"exit_code": True}), "`exit_code` is not a whole number from 0 to 255: true"),
        (DocumentFact({"exit_code": 256}), "`exit_code` is not a whole number from 0 to 255: 256"),
        (DocumentFact({"counts": []}), "`counts` is not an object: []"),
        (DocumentFact({"counts": {"inputs_ok": -1}}), "`counts.inputs_ok` is not a whole number from 0 to"),
        (DocumentFact({"counts": {"outputs_rows": 1.5}}), "`counts.outputs_rows` is not a whole number"),
        (DocumentFact({"errors": "none"}), '`errors` is not a list: "none"'),
        (DocumentFact({"artifacts": ["a"]}), '`artifacts` is not a path by name: ["a"]'),
        (DocumentFact({"artifacts": {"a": 1}}), '`artifacts` is not a path by name: {"a":1}'),
    ],
)
def test_what_is_wrong_with_a_summary_is_told(found, told):
    assert told in claim_of(found).fault


def test_every_fault_of_a_summary_is_told_and_the_rest_is_kept():
    claim = claim_of(DocumentFact({"status": "fine", "errors": 1, "stage": "02_x"}))
    assert claim.fault.count("; ") == 1
    assert claim.stage == "02_x"


def test_the_record_of_a_claim_reads_back_as_it_was():
    claim = claim_of(DocumentFact(SEED))
    assert parse_claim(encode_claim(claim)) == claim


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b'{"format":"runpact.claim/1"}'])
def test_what_is_no_record_of_a_claim_is_refused(data):
    with pytest.raises(MalformedDocumentError, match="not the claim of a stage"):
        parse_claim(data)


def test_a_claim_of_another_major_is_refused():
    with pytest.raises(UnknownVersionError, match=r"runpact\.claim/2"):
        parse_claim(encode_claim(Claim(origin="summary", format="runpact.claim/2")))
