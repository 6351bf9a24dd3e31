"""Documents against JSON Schema, told in plain words."""

from __future__ import annotations

import msgspec
import pytest

from runpact.model.reference import pointer_of
from runpact.model.schema import SchemaError, inline_name, validator_for

SCHEMA = b"""{
  "type": "object", "required": ["a"], "additionalProperties": false,
  "properties": {
    "a": {"type": "integer", "minimum": 1, "maximum": 5},
    "b": {"enum": ["x", 1]},
    "c": {"const": {"k": 1}},
    "d": {"type": "string", "pattern": "^x", "minLength": 2},
    "e": {"type": "array", "minItems": 1, "maxItems": 2},
    "f": {"type": ["null", "number"], "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    "g": {"type": "string", "format": "date"},
    "h/i": {"$ref": "defs.json#/$defs/small"},
    "j": {"oneOf": [{"type": "string"}, {"type": "null"}]}
  }
}"""
DOCUMENTS = {"s/main.json": SCHEMA, "s/defs.json": b'{"$defs": {"small": {"type": "integer"}}}'}


@pytest.mark.parametrize(
    ("document", "pointer", "expected"),
    [
        ({}, "/a", "a key `a`"),
        ({"a": "x"}, "/a", "a value of type integer"),
        ({"a": True}, "/a", "a value of type integer"),
        ({"a": 0}, "/a", "at least 1"),
        ({"a": 6}, "/a", "at most 5"),
        ({"a": 1, "b": 2}, "/b", "one of x, 1"),
        ({"a": 1, "c": 2}, "/c", '{"k":1}'),
        ({"a": 1, "d": "yy"}, "/d", "text like ^x"),
        ({"a": 1, "d": "x"}, "/d", "at least 2 characters"),
        ({"a": 1, "e": []}, "/e", "at least 1 items"),
        ({"a": 1, "e": [1, 2, 3]}, "/e", "at most 2 items"),
        ({"a": 1, "f": 0}, "/f", "more than 0"),
        ({"a": 1, "f": 1}, "/f", "less than 1"),
        ({"a": 1, "g": "2026-02-30"}, "/g", "the form date"),
        ({"a": 1, "h/i": "x"}, "/h~1i", "a value of type integer"),
        ({"a": 1, "j": 5}, "/j", ""),
        ({"a": 1, "zz": 5}, "/zz", "no further keys"),
        ([], "", "a value of type object"),
    ],
)
def test_a_fault_says_where_and_what_was_expected(document: object, pointer: str, expected: str) -> None:
    (fault,) = validator_for("s/main.json", DOCUMENTS).faults(document)
    assert (fault.pointer, fault.expected) == (pointer, expected)
    assert fault.message


def test_a_good_document_has_no_fault() -> None:
    assert validator_for("s/main.json", DOCUMENTS).faults({"a": 1, "f": None, "h/i": 2, "j": None}) == ()


def test_all_faults_are_told_up_to_a_limit() -> None:
    validator = validator_for("x.json", {"x.json": b'{"items": {"type": "string"}}'})
    assert len(validator.faults([1] * 500)) == 100
    assert len(validator.faults([1] * 500, limit=7)) == 7


def test_long_values_are_shortened() -> None:
    (fault,) = validator_for("s/main.json", DOCUMENTS).faults({"a": "x" * 1000})
    assert len(fault.got) <= 160


@pytest.mark.parametrize(
    "schema",
    [b"[", b'{"type": "objct"}', b'{"$ref": "../../x.json"}', b'{"$ref": "https://example.org/x.json"}',
     b'{"$ref": "/etc/passwd"}', b'{"$ref": "nope.json"}', b'{"items": [{"$ref": "./../up.json"}]}', b"5"],
)  # fmt: skip
def test_a_schema_that_cannot_be_used_is_refused(schema: bytes) -> None:
    with pytest.raises(SchemaError):
        validator_for("s/x.json", {"s/x.json": schema})


def test_a_schema_that_is_missing_is_refused() -> None:
    with pytest.raises(SchemaError, match="there is no schema"):
        validator_for("nope.json", {})


def test_references_between_folders_stay_in_the_contract() -> None:
    documents = {"a/x.json": b'{"$ref": "../b/./y.json"}', "b/y.json": b'{"type": "null"}'}
    assert len(validator_for("a/x.json", documents).faults(1)) == 1


def test_pointers_escape_their_keys() -> None:
    assert pointer_of(["a/b", "c~d", 0]) == "/a~1b/c~0d/0"


RULED = {
    "x-rule": "A",
    "properties": {
        "a": {"x-rule": "B", "$ref": "#/$defs/d"},
        "b": {"x-rule": "C", "$ref": "#/$defs/e"},
        "m": {"propertyNames": {"pattern": "^[a-z]+$"}},
    },
    "allOf": [{"x-rule": "D", "required": ["z"]}, {"required": ["y"]}],
    "additionalProperties": False,
    "$defs": {"d": {"type": "integer"}, "e": {"x-rule": "E", "type": "integer"}},
}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"a": "x", "z": 1, "y": 1}, [("/a", "B"), ("/y", "A"), ("/z", "A")]),
        ({"b": "x"}, [("/b", "E"), ("/y", "A"), ("/z", "D")]),
        ({"m": {"No": 1}}, [("/m/No", "A"), ("/y", "A"), ("/z", "D")]),
    ],
)
def test_the_nearest_rule_of_a_schema_is_named(document: object, expected: list[tuple[str, str]]) -> None:
    schemas = {"s.json": msgspec.json.encode(RULED)}
    found = validator_for("s.json", schemas).faults(document)
    assert [(fault.pointer, fault.rule) for fault in found] == expected


def test_a_schema_in_the_contract_has_a_name_by_its_digest() -> None:
    assert inline_name("s.json") == "s.json"
    assert inline_name({"a": 1}) == inline_name({"a": 1}) != inline_name({"a": 2})
