import io
import itertools
import json

import pytest

from runpact.formats import jsondoc, jsonl, tomldoc, yamldoc
from runpact.formats.limits import MAX_SIZE, shape_fault
from runpact.model.facts import DocumentFact, FormatFault


def _code(result) -> str:
    assert isinstance(result, FormatFault), result
    return result.code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "invalid-json"),
        (b"\xef\xbb\xbf{}", "invalid-json"),
        (b"NaN", "invalid-json"),
        (b"[-Infinity]", "invalid-json"),
        (b"1e999", "invalid-json"),
        (b"9" * 5000, "invalid-json"),
        (b'{"a":[-' + b"9" * 309 + b"]}", "invalid-json"),
        (b'"\\ud800"', "invalid-json"),
        (b'"\xff"', "invalid-json"),
        (b"{} {}", "invalid-json"),
        (b"[" * 65 + b"]" * 65, "too-deep"),
        (b"[" * 10_000 + b"]" * 10_000, "too-deep"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "too-deep"),
        (b" " * (MAX_SIZE + 1), "too-large"),
        (b"[" + b"0," * 1_000_000 + b"0]", "too-large"),
        (b'{"a":1,"a":2}', "duplicate-key"),
        (b'{"a":1,"a" \n:2}', "duplicate-key"),
        (b'{"a":1,"\\u0061":2}', "duplicate-key"),
        (b'{"a":{"b":1},"a":"\\u003a:"}', "duplicate-key"),
    ],
)
def test_json_that_is_not_strict_is_refused(data, code):
    assert _code(jsondoc.parse(data)) == code
    assert _code(jsondoc.inspect(io.BytesIO(data))) == code


@pytest.mark.parametrize(
    "data",
    [
        b"1",
        b'{"a":":","b":"\\u003a"}',
        b"[" * 64 + b"]" * 64,
        b'["{[{[{["]',
        b'{"a":1,"b":{"a":1}}',
        b"9" * 30,
        b"[1" + b"0" * 308 + b"]",
        b'["' + b"9" * 400 + b'"]',
        b"[0." + b"3" * 400 + b"]",
    ],
)
def test_strict_json_is_read(data):
    assert jsondoc.parse(data) == DocumentFact(json.loads(data))


def test_a_duplicate_key_is_named_with_its_place():
    fault = jsondoc.parse(b'{"x/y":[{"b":1,"b":2}]}')
    assert fault == FormatFault("duplicate-key", "the key `b` appears twice", "/x~1y/0/b")


def test_many_brackets_that_are_not_deep_are_accepted():
    assert isinstance(jsondoc.parse(json.dumps([[i] for i in range(500)]).encode()), DocumentFact)


def test_json_faults_name_line_and_column():
    assert "line 2 column 1" in jsondoc.parse(b'{"a":1,\n}').message


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"a: 1\na: 2", "duplicate-key"),
        (b"a: !!python/object/apply:os.system [x]", "invalid-yaml"),
        (b"a: !!str 1", "invalid-yaml"),
        (b"!x k: 1", "invalid-yaml"),
        (b"&a [*a]", "invalid-yaml"),
        (b"*a", "invalid-yaml"),
        (b"<<: {a: 1}", "invalid-yaml"),
        (b"a\n---\nb", "invalid-yaml"),
        (b"a: [1", "invalid-yaml"),
        (b"\x00", "invalid-yaml"),
        (b"\xff", "invalid-yaml"),
        (b"9" * 5000, "invalid-yaml"),
        (b"? [a]\n: 1", "key-not-text"),
        (b"[" * 10_000, "too-deep"),
        (b"- " * 10_000, "too-deep"),
        (b"a: .nan", "not-finite"),
        (b" " * (yamldoc.MAX_YAML + 1), "too-large"),
    ],
)
def test_yaml_outside_the_subset_is_refused(data, code):
    assert _code(yamldoc.parse(data)) == code
    assert _code(yamldoc.inspect(io.BytesIO(data))) == code


def test_a_billion_laughs_are_counted_not_expanded():
    names = "abcdefghij"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]" for old, new in itertools.pairwise(names)]
    assert _code(yamldoc.parse("\n".join(lines).encode())) == "too-large"


def test_aliases_count_as_deep_as_what_they_stand_for():
    lines = ["a0: &a0 [[[[x]]]]"] + [f"a{i + 1}: &a{i + 1} [[[[*a{i}]]]]" for i in range(20)]
    assert _code(yamldoc.parse("\n".join(lines).encode())) == "too-deep"


def test_yaml_scalars_follow_the_core_schema():
    text = b"[true, True, no, on, null, ~, 1, -1, 012, 0x1f, 0o17, 1.5, 1e3, '1', 1_0, 2001-01-01, 1:30]"
    expected = [
        True,
        True,
        "no",
        "on",
        None,
        None,
        1,
        -1,
        "012",
        31,
        15,
        1.5,
        1000.0,
        "1",
        "1_0",
        "2001-01-01",
        "1:30",
    ]
    values = yamldoc.parse(text).value
    # A leading zero is no integer of the core schema: it reads as the decimal number.
    assert values[:8] == expected[:8]
    assert values[9:] == expected[9:]


def test_yaml_reads_nothing_aliases_and_a_byte_order_mark():
    assert yamldoc.parse(b"") == DocumentFact(None)
    assert yamldoc.parse(b"\xef\xbb\xbfa: &x {b: 1}\nc: *x") == DocumentFact({"a": {"b": 1}, "c": {"b": 1}})


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"a = ", "invalid-toml"),
        (b"\xff", "invalid-toml"),
        (b"a = 1\na = 2", "invalid-toml"),
        (b"a = nan", "not-finite"),
        (b"a = " + b"[" * 70 + b"]" * 70, "too-deep"),
        (b"a = " + b"[" * 9000 + b"]" * 9000, "too-deep"),
        (b".".join([b"a"] * 90) + b" = 1", "too-deep"),
        (b"#" * (tomldoc.MAX_TOML + 1), "too-large"),
    ],
)
def test_broken_toml_is_refused(data, code):
    assert _code(tomldoc.parse(data)) == code
    assert _code(tomldoc.inspect(io.BytesIO(data))) == code


def test_toml_moments_become_text():
    value = tomldoc.parse(b"a = [2001-01-01T00:00:00Z, 2001-01-01]\n[b]\nc = 10:00:00").value
    assert value == {"a": ["2001-01-01T00:00:00+00:00", "2001-01-01"], "b": {"c": "10:00:00"}}


def test_rows_are_read_as_one_list():
    assert jsonl.inspect(io.BytesIO(b'{"a":1}\r\n2')) == DocumentFact([{"a": 1}, 2], is_rows=True)


@pytest.mark.parametrize(
    ("data", "code", "pointer"),
    [
        (b"1\n\n2\n", "invalid-jsonl", "/1"),
        (b"1\n[NaN]\n", "invalid-jsonl", "/1/0"),
        (b'1\n{"a":{"b":1,"b":2}}\n', "duplicate-key", "/1/a/b"),
    ],
)
def test_a_fault_of_a_row_names_the_row(data, code, pointer):
    fault = jsonl.inspect(io.BytesIO(data))
    assert (fault.code, fault.pointer) == (code, pointer)


def test_a_line_without_end_is_not_held(monkeypatch):
    monkeypatch.setattr(jsonl, "MAX_SIZE", 10)
    assert _code(jsonl.inspect(io.BytesIO(b"1" * 100))) == "too-large"
    monkeypatch.setattr(jsonl, "MAX_ITEMS", 2)
    assert _code(jsonl.inspect(io.BytesIO(b"1\n" * 3))) == "too-large"


class _Broken(io.BytesIO):
    def read(self, *_args):
        raise OSError(5, "I/O error")

    readline = read


@pytest.mark.parametrize("module", [jsondoc, yamldoc, tomldoc, jsonl])
def test_a_read_error_is_a_fault(module):
    assert _code(module.inspect(_Broken())) == "unreadable"


def test_shape_is_measured_to_the_limit():
    deep: list = []
    for _ in range(63):
        deep = [deep]
    assert shape_fault(deep) is None
    assert shape_fault([deep]).code == "too-deep"
    assert shape_fault("scalar") is None
