"""Journal, manifest, seal: they read back, and no changed byte passes."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runpact.model.errors import MalformedDocumentError, UnknownVersionError
from runpact.model.journal import frame_line, parse_line, read_journal
from runpact.model.manifest import (
    FileRecord,
    LogRecord,
    Manifest,
    Seal,
    encode_manifest,
    encode_seal,
    parse_manifest,
    parse_seal,
    seal_for,
    why_seal_rejects,
)
from runpact.model.provenance import Code, Config, Environment, Provenance
from runpact.model.run import SEALABLE, ContractRef, Outcome

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXT, below, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(TEXT.filter(lambda key: key != "seq"), JSON, max_size=3)
SIZES = st.integers(0, 2**40)
LOGS = st.dictionaries(TEXT, st.builds(LogRecord, TEXT, SIZES, SIZES, TEXT), max_size=3)
SEALS = st.builds(Seal, uid=TEXT, manifest=st.builds(FileRecord, TEXT, SIZES, TEXT), logs=LOGS)
SECONDS = st.floats(0, 1e9)
MANIFESTS = st.builds(
    Manifest,
    sealed=st.booleans(),
    uid=TEXT,
    id=TEXT,
    kind=TEXT,
    name=TEXT,
    started=TEXT,
    contract=st.builds(ContractRef, TEXT, TEXT, TEXT),
    outcome=st.none()
    | st.builds(
        Outcome,
        state=st.sampled_from(sorted(SEALABLE, key=str)),
        ended=TEXT,
        duration_seconds=SECONDS,
        exit_code=st.none() | st.integers(0, 255),
        error=st.none() | TEXT,
    ),
    provenance=st.none()
    | st.builds(
        Provenance,
        command=st.lists(TEXT, max_size=3).map(tuple),
        code=st.builds(Code, TEXT, TEXT, st.none() | st.booleans()),
        environment=st.builds(Environment, packages=st.dictionaries(TEXT, TEXT, max_size=2)),
        config=st.builds(Config, st.dictionaries(TEXT, JSON, max_size=2)),
        seeds=st.dictionaries(TEXT, st.none() | st.integers(0, 2**32), max_size=2),
    ),
    logs=LOGS,
    files=st.lists(st.builds(FileRecord, TEXT, SIZES, TEXT, TEXT, TEXT), max_size=3).map(tuple),
)


def framed(bodies: list[dict[str, object]]) -> list[bytes]:
    return [
        frame_line(msgspec.json.encode({"seq": number} | body)) for number, body in enumerate(bodies, start=1)
    ]


def damaged(data: bytes, position: int, change: int) -> bytes:
    changed = bytearray(data)
    changed[position] ^= change
    return bytes(changed)


@given(st.lists(BODIES, max_size=4))
def test_a_journal_reads_back_whole(bodies):
    data = b"".join(framed(bodies))
    read = read_journal(data)
    assert [{"seq": number} | body for number, body in enumerate(bodies, start=1)] == list(read.entries)
    assert (read.size, read.discarded) == (len(data), 0)


@given(st.lists(BODIES, min_size=1, max_size=4), st.data())
def test_any_flipped_byte_ends_a_journal_before_its_line(bodies, data):
    lines = framed(bodies)
    whole = b"".join(lines)
    position = data.draw(st.integers(0, len(whole) - 1))
    read = read_journal(damaged(whole, position, data.draw(st.integers(1, 255))))
    intact = sum(1 for number in range(len(lines)) if len(b"".join(lines[: number + 1])) <= position)
    assert (len(read.entries), read.size) == (intact, len(b"".join(lines[:intact])))
    assert read.discarded == len(whole) - read.size


@given(st.lists(BODIES, min_size=1, max_size=4), st.data())
def test_a_torn_journal_keeps_its_whole_lines_and_counts_the_rest(bodies, data):
    lines = framed(bodies)
    whole = b"".join(lines)
    kept = data.draw(st.integers(0, len(whole) - 1))
    read = read_journal(whole[:kept])
    assert len(read.entries) < len(lines)
    assert whole[: read.size] == b"".join(lines[: len(read.entries)])
    assert read.size + read.discarded == kept


@given(st.lists(BODIES, min_size=2, max_size=4), st.data())
def test_a_line_that_is_lost_or_stands_twice_ends_a_journal(bodies, data):
    lines = framed(bodies)
    place = data.draw(st.integers(0, len(lines) - 2))
    lost = read_journal(b"".join(lines[:place] + lines[place + 1 :]))
    twice = read_journal(b"".join(lines[: place + 1] + lines[place:]))
    assert (len(lost.entries), len(twice.entries)) == (place, place + 1)


@given(st.binary(max_size=60))
def test_no_bytes_stop_the_readers(data):
    assert read_journal(data).discarded == len(data)
    assert parse_line(data) is None
    for parse in (parse_manifest, parse_seal):
        with pytest.raises((MalformedDocumentError, UnknownVersionError)):
            parse(data)


@given(MANIFESTS)
def test_a_manifest_reads_back_as_it_was_written(manifest):
    data = encode_manifest(manifest)
    assert manifest == parse_manifest(data)
    assert data == encode_manifest(parse_manifest(data))


@given(MANIFESTS, st.dictionaries(TEXT, JSON, max_size=3))
def test_projected_fields_never_change_a_record(manifest, projected):
    assert manifest == parse_manifest(encode_manifest(manifest, projected))


@given(SEALS, st.data())
def test_a_seal_reads_back_and_no_changed_byte_passes(seal, data):
    written = encode_seal(seal)
    assert seal == parse_seal(written)
    position = data.draw(st.integers(0, len(written) - 1))
    with pytest.raises((MalformedDocumentError, UnknownVersionError)):
        parse_seal(damaged(written, position, data.draw(st.integers(1, 255))))
    with pytest.raises((MalformedDocumentError, UnknownVersionError)):
        parse_seal(written[:position])


@given(st.binary(min_size=1, max_size=80), LOGS, st.data())
def test_a_seal_fits_its_own_manifest_and_no_other(manifest, logs, data):
    seal = seal_for("u", "m.json", manifest, logs)
    position = data.draw(st.integers(0, len(manifest) - 1))
    assert why_seal_rejects(seal, manifest) is None
    assert why_seal_rejects(seal, damaged(manifest, position, data.draw(st.integers(1, 255))))
    assert why_seal_rejects(seal, manifest[:position])
