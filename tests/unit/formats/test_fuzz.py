import io
import json
import random
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runpact.formats import jsondoc
from runpact.formats.inspect import content_of
from runpact.formats.registry import FORMATS
from runpact.formats.sniff import sniff
from runpact.model.facts import DocumentFact, FormatFault

INSPECTED = [each for each in FORMATS if each.inspect is not None]


def _inspect_all(data: bytes) -> None:
    for each in INSPECTED:
        each.inspect(io.BytesIO(data))
    content_of(io.BytesIO(data))


def _mutate(data: bytes, random_: random.Random) -> bytes:
    buffer = bytearray(data)
    for _ in range(random_.randint(1, 4)):
        at = random_.randrange(len(buffer) or 1)
        match random_.randrange(4):
            case 0:
                buffer[at : at + 1] = bytes([random_.randrange(256)])
            case 1:
                del buffer[at : at + random_.randint(1, 8)]
            case 2:
                buffer[at:at] = buffer[at : at + random_.randint(1, 16)]
            case _:
                del buffer[at:]
    return bytes(buffer)


def _seeds() -> list[bytes]:
    arrays, checkpoint = io.BytesIO(), io.BytesIO()
    np.savez_compressed(arrays, a=np.arange(6.0).reshape(2, 3), o=np.array([{}], dtype=object))
    with zipfile.ZipFile(checkpoint, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m/data.pkl", b"\x80\x02}q\x00.")
    single = io.BytesIO()
    np.save(single, np.zeros(3, dtype=[("x", "<f4"), ("y", "<i2", (2,))]))
    document = {"a": [1, 2.5, None, True, "x\u00e9\\"], "b": {"c": {"d": ["e" * 50]}}, "u": "\ud83d\ude00"}
    return [
        json.dumps(document).encode(),
        b"a: &x [1, 2]\nb: {c: *x, d: 'e'}\n? f\n: |\n  text\n",
        b"a = 1\n[b]\nc = [1.5, 2001-01-01]\n",
        b'a,b\n1,"2\n3"\n',
        arrays.getvalue(),
        checkpoint.getvalue(),
        single.getvalue(),
    ]


@pytest.mark.parametrize("seed", range(7))
def test_mutated_files_never_raise(seed):
    random_ = random.Random(seed)
    original = _seeds()[seed]
    _inspect_all(original)
    for _ in range(300):
        _inspect_all(_mutate(original, random_))


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_random_bytes_never_raise(data):
    _inspect_all(data)
    assert sniff(data)


@given(st.text(alphabet="{}[]:,\"\\u0123aeE+-. \n&*!#|>?%@'", max_size=120))
@settings(max_examples=200, deadline=None)
def test_random_syntax_never_raises(text):
    _inspect_all(text.encode())


_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(_values, st.booleans())
@settings(max_examples=200, deadline=None)
def test_every_json_value_is_read_back(value, is_ascii):
    text = json.dumps(value, ensure_ascii=is_ascii)
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return
    result = jsondoc.parse(data)
    if isinstance(result, FormatFault):
        assert "surrogate" in result.message
        return
    assert result == DocumentFact(json.loads(data))


_keys = st.sampled_from(['"a"', '"b"', '"\\u0061"', '":"', '"\\u003a"', '"\\":"'])
_leaves = st.sampled_from(["1", '":"', '"\\u003a"', '"\\u0022:"', "[]", '"\\":"'])
_objects = st.recursive(
    _leaves,
    lambda inner: st.lists(st.tuples(_keys, st.sampled_from([":", " :", "\n: "]), inner), max_size=4).map(
        lambda pairs: "{" + ",".join(key + colon + item for key, colon, item in pairs) + "}"
    ),
    max_leaves=12,
)


@given(_objects)
@settings(max_examples=500, deadline=None)
def test_a_duplicate_key_is_never_missed(text):
    found = []

    def build(pairs):
        found.extend([1] * (len(pairs) - len(dict(pairs))))
        return dict(pairs)

    json.loads(text, object_pairs_hook=build)
    result = jsondoc.parse(text.encode())
    assert isinstance(result, FormatFault) == bool(found)
