"""For any text, any secrets and any pieces: no secret survives, and pieces change nothing."""

import base64
import itertools
import json
import urllib.parse

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runpact.model import shapes
from runpact.model.secretforms import SHORTEST, forms
from runpact.model.secrets import MASK, Masker

FRAGMENTS = [
    *b"AKIA ghp_ hf_ sk- sk-proj- xoxb- eyJ .eyJ :// user : @ / token Token secret PASSWORD".split(),
    *b"api_ ? & sig= X-Amz-Signature= &code=".split(),
    *b"ABCDEFGH12345678 0123456789ab eyJhbGciOiJIUzI1NiJ9 hunter22 0.12345678 MIIEow/+= aabaab".split(),
    *b"key passphrase credential Authorization pad_ -- = \" ' \\ \\n [ ${env: } x a 1 _ - [redacted]".split(),
    *(b"-----BEGIN ", b"RSA ", b"PRIVATE KEY", b" BLOCK", b"-----", b"-----END ", b"correct horse", b": "),
    *(b"a1" * 12, b"Bearer ", b"Basic ", b"\n", b" ", b"\t", b"\xff", b"\xc3\xa9"),
]
TEXTS = st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=3), max_size=30).map(b"".join)
CUTS = st.lists(st.integers(1, 12), max_size=60)
WRITTEN = st.text('abc+/ ü\n"\\', min_size=SHORTEST, max_size=30)
KNOWN = st.sampled_from(["aabaab", "aaaaaa", "hunter22", "correct horse"])
VALUES = st.lists(WRITTEN | KNOWN, max_size=4)


def in_pieces(masker, text, cuts):
    stream, at, given_out = masker.stream(), 0, []
    for cut in itertools.chain(cuts, itertools.repeat(1 << 30)):
        if at >= len(text):
            break
        given_out.append(stream.feed(text[at : at + cut]))
        at += cut
    return b"".join([*given_out, stream.end()]), stream.count


@settings(max_examples=600)
@given(TEXTS, VALUES, CUTS)
@example(b"-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\nx", [], [1] * 80)
@example(b"ghp_" + b"a" * 30 + b" x", [], [1] * 60)
@example(b"aabaabaab", ["aabaab"], [3, 3])
def test_a_stream_is_masked_as_the_whole_is(text, values, cuts):
    whole = Masker(values).stream()
    assert in_pieces(Masker(values), text, cuts) == (whole.end(text), whole.count)


@settings(max_examples=300)
@given(TEXTS, VALUES)
def test_a_stream_is_masked_as_the_whole_is_byte_by_byte(text, values):
    assert in_pieces(Masker(values), text, [1] * len(text))[0] == Masker(values).mask(text)


@settings(max_examples=300)
@given(st.lists(TEXTS, max_size=3), VALUES.filter(bool), st.data())
def test_no_form_of_a_declared_value_survives(texts, values, data):
    pieces = [data.draw(st.sampled_from(sorted(forms(value)) or [b""])) for value in values]
    text = b"".join(itertools.chain.from_iterable(itertools.zip_longest(texts, pieces, fillvalue=b"")))
    left = Masker(values).mask(text).split(MASK)
    assert not [form for value in values for form in forms(value) for part in left if form in part]


PRINTED = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=SHORTEST, max_size=40).map(
    str.strip
)


@settings(max_examples=300)
@given(PRINTED.filter(lambda value: len(value) >= SHORTEST), st.binary(max_size=5), st.binary(max_size=5))
def test_usual_encodings_of_a_value_are_found(value, before, after):
    masker = Masker([value])
    in_json = json.dumps(value, ensure_ascii=False)[1:-1]
    for written in (
        value,
        urllib.parse.quote(value),
        urllib.parse.quote(value, safe=""),
        urllib.parse.quote_plus(value),
        json.dumps(value)[1:-1],
        in_json,
        json.dumps(in_json, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        value.encode().hex(),
        value.encode().hex().upper(),
    ):
        assert written.encode() not in masker.mask(b"|" + written.encode() + b"|")
    for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
        masked = masker.mask(encode(before + value.encode() + after))
        around = 4 * (len(before) + len(after)) // 3 + 6
        assert len(masked) <= len(MASK) + around


@given(TEXTS, VALUES)
def test_masking_twice_masks_no_more(text, values):
    once = Masker(values).mask(text)
    if not any(form in once for value in values for form in forms(value)):
        assert len(Masker().mask(once)) <= len(once)


@settings(max_examples=300)
@given(TEXTS, VALUES, CUTS)
def test_never_more_than_the_longest_secret_is_kept_back(text, values, cuts):
    masker, at = Masker(values), 0
    stream = masker.stream()
    longest = max([shapes.LONGEST, *(len(form) for value in values for form in forms(value))])
    for cut in cuts:
        before = at
        stream.feed(text[at : at + cut])
        at = min(len(text), before + cut)
        assert stream.kept <= longest


@pytest.mark.parametrize("line", [b"epoch 1 loss 0.5\n", b"Progress: 50%\r", b"42.0 "])
def test_ordinary_lines_are_given_out_at_once(line):
    assert Masker(["a declared value"]).stream().feed(line) == line
