"""The ledger's tree, chain and proofs."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from runpact.model.digest import canonical_json
from runpact.model.errors import MalformedDocumentError
from runpact.model.finding import Verdict
from runpact.model.ledger.entry import Entry, Ledger, line_after, read_head, read_ledger
from runpact.model.ledger.merkle import EMPTY, leaf_hash, node_hash, path_to, root_by_path, root_of
from runpact.model.ledger.proof import Proof, judge_growth, judge_proof, parse_proof, prove

RFC_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The inputs that implementations of RFC 6962 are tried with."""
RFC_ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def entry(number: int) -> Entry:
    return Entry(
        seq=0,
        previous=None,
        time="2026-03-09T06:42:10.000000Z",
        who="ada",
        action="promote" if number % 2 else "prune",
        run=f"uid-{number // 2}",
        run_id=f"2026_{number}",
        path=f"runs/a/2026_{number}",
    )


def ledger(count: int) -> Ledger:
    found = Ledger()
    for number in range(count):
        found = read_ledger(b"\n".join((*found.lines, line_after(found, entry(number)))))
    return found


@pytest.mark.parametrize("size", RFC_ROOTS)
def test_the_roots_are_those_of_the_standard(size: int) -> None:
    assert root_of([leaf_hash(data) for data in RFC_LEAVES[:size]]).hex() == RFC_ROOTS[size]


def test_a_tree_without_leaves_has_the_hash_of_nothing() -> None:
    assert root_of([]) == EMPTY == hashlib.sha256(b"").digest()


def test_a_leaf_can_never_be_taken_for_a_node() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)


def test_every_leaf_of_every_tree_is_led_to_its_root() -> None:
    for size in range(1, 34):
        leaves = [leaf_hash(b"%d" % number) for number in range(size)]
        for index in range(size):
            path = path_to(index, leaves)
            assert root_by_path(leaves[index], path, index=index, size=size) == root_of(leaves)
            assert root_by_path(leaves[index], (*path, EMPTY), index=index, size=size) != root_of(leaves)
            if path:
                assert root_by_path(leaves[index], path[:-1], index=index, size=size) is None
                assert root_by_path(EMPTY, path, index=index, size=size) != root_of(leaves)


def test_entries_are_read_back_as_they_were_written() -> None:
    found = ledger(5)
    assert [each.seq for each in found.entries] == [1, 2, 3, 4, 5]
    assert found.entries[0].previous is None
    assert found.entries[1].previous == "sha256:" + leaf_hash(found.lines[0]).hex()
    assert (found.fault, found.torn, found.report.verdict) == ("", 0, Verdict.OK)
    assert [each.seq for each in found.of_run("uid-1")] == [3, 4]
    archived = found.archive_of("uid-1")
    assert archived is not None
    assert archived.seq == 4
    assert found.archive_of("uid-2") is None


def test_a_torn_end_is_told_and_costs_nothing_before_it() -> None:
    whole = b"\n".join(ledger(3).lines) + b"\n"
    torn = read_ledger(whole + b'{"seq":4')
    assert (len(torn.entries), torn.size, torn.torn) == (3, len(whole), 8)
    assert [each.code for each in torn.report.findings] == ["ledger-torn"]
    assert torn.report.verdict is Verdict.WARNING


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda lines: [lines[0], lines[2]], "it is numbered 3, not 2"),
        (lambda lines: [lines[0].replace(b"ada", b"eve"), *lines[1:]], "that one was changed"),
        (lambda lines: [lines[0], b"{}"], "it is no entry"),
        (lambda lines: [lines[0], b'{"a":'], "it is no entry"),
        (lambda lines: [lines[0], b"[" * 100_000], "it is no entry"),
        (lambda lines: [lines[0], lines[1].replace(b"{", b"{ ", 1)], "one form"),
        (lambda lines: [lines[0].replace(b"runpact.ledger/1", b"runpact.ledger/9")], "unknown format"),
        (lambda lines: [lines[0], lines[1].replace(b'"seq":2', b'"seq":1e300')], "it is no entry"),
        (lambda lines: [b"\xff" + lines[0]], "it is no entry"),
    ],
)
def test_a_changed_line_is_told_and_nothing_behind_it_is_believed(change, told: str) -> None:
    found = read_ledger(b"\n".join(change(list(ledger(3).lines))) + b"\n")
    assert told in found.fault
    assert len(found.entries) <= 1
    assert found.report.verdict is Verdict.ERROR


@pytest.mark.parametrize("text", ["", "3", "x:sha256:00", "-1:sha256:00", "3:md5:00", "²:sha256:00"])
def test_what_is_no_head_is_not_read_as_one(text: str) -> None:
    assert read_head(text) is None


def test_a_proof_is_checked_without_the_ledger() -> None:
    found = ledger(7)
    for seq in range(1, 8):
        proof = parse_proof(msgspec.json.encode(prove(found, seq)))
        assert judge_proof(proof, found.head).verdict is Verdict.OK
        assert [each.code for each in judge_proof(proof, None).findings] == ["head-unknown"]
        assert judge_proof(proof, ledger(8).head).verdict is Verdict.ERROR


@pytest.mark.parametrize("field", ["seq", "entry", "path", "head"])
def test_a_proof_that_was_changed_does_not_hold(field: str) -> None:
    found = ledger(6)
    proof = prove(found, 3)
    other = prove(ledger(7), 4)
    forged = msgspec.structs.replace(proof, **{field: getattr(other, field)})
    assert judge_proof(forged, found.head).verdict is Verdict.ERROR


@pytest.mark.parametrize(
    "change",
    [
        {"format": "runpact.ledger-proof/2"},
        {"head": "none"},
        {"seq": 0},
        {"seq": 4},
        {"path": ["sha256:00"]},
        {"path": ["sha256:" + "0" * 64 + "\n"]},
        {"more": 1},
    ],
)
def test_what_is_no_proof_is_refused(change: dict) -> None:
    document = msgspec.to_builtins(prove(ledger(3), 2)) | change
    with pytest.raises(MalformedDocumentError):
        parse_proof(canonical_json(document))


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"[" * 100_000])
def test_what_is_no_document_is_no_proof(data: bytes) -> None:
    with pytest.raises(MalformedDocumentError):
        parse_proof(data)


def test_a_ledger_that_only_grew_still_has_each_of_its_heads() -> None:
    grown = ledger(6)
    for count in range(1, 7):
        assert judge_growth(grown, ledger(count).head).verdict is Verdict.OK
    assert judge_growth(ledger(3), grown.head).verdict is Verdict.ERROR
    changed = read_ledger(line_after(Ledger(), msgspec.structs.replace(entry(0), who="eve")))
    assert judge_growth(changed, ledger(1).head).verdict is Verdict.ERROR


def test_the_way_to_the_root_is_as_long_as_the_tree_is_high() -> None:
    assert isinstance(prove(ledger(9), 1), Proof)
    assert [len(prove(ledger(9), seq).path) for seq in (1, 9)] == [4, 1]
