"""What a schema marks as secret, and where that stands in a document."""

import msgspec
import pytest

from runpact.model.secretschema import marked_paths, replaced_at

SECRET = {"type": "string", "writeOnly": True}
VALUE = {"a": "x", "b": {"c": "y", "d/e": "z"}, "l": [{"k": 1}, {"k": 2}, 3]}


@pytest.mark.parametrize(
    ("schema", "paths"),
    [
        ({"properties": {"a": SECRET}}, {("a",)}),
        ({"properties": {"b": {"additionalProperties": SECRET}}}, {("b", "c"), ("b", "d/e")}),
        ({"properties": {"b": {"properties": {"c": {}}, "additionalProperties": SECRET}}}, {("b", "d/e")}),
        ({"properties": {"l": {"items": {"properties": {"k": SECRET}}}}}, {("l", 0, "k"), ("l", 1, "k")}),
        ({"properties": {"l": {"prefixItems": [SECRET], "items": False}}}, {("l", 0)}),
        ({"allOf": [{"properties": {"a": SECRET}}, True]}, {("a",)}),
        ({"if": True, "then": {"properties": {"a": SECRET}}}, {("a",)}),
        ({"properties": {"a": {"$ref": "#/$defs/s"}}, "$defs": {"s": SECRET}}, {("a",)}),
        ({"properties": {"b": {"$ref": "more/two.json#/$defs/t~1u"}}}, {("b", "c")}),
        ({"$ref": "#", "properties": {"a": SECRET}}, {("a",)}),
        (
            {"properties": {"a": {"$ref": "#/$defs/none/deep"}, "b": {"$ref": "gone.json"}}, "x": SECRET},
            set(),
        ),
        ({"properties": {"a": {"writeOnly": False}, "none": SECRET}}, set()),
        (SECRET, {()}),
        ({"properties": {"a": {"writeOnly": "yes"}}}, set()),
        ({"properties": {"a": {"type": "string"}}}, set()),
    ],
)
def test_what_a_schema_marks_is_found(schema, paths):
    two = {"$defs": {"t/u": {"properties": {"c": {"$ref": "three.json"}}}}}
    documents = {
        "config.json": msgspec.json.encode(schema),
        "more/two.json": msgspec.json.encode(two),
        "more/three.json": msgspec.json.encode(SECRET),
        "broken.json": b"{",
    }
    assert marked_paths(VALUE, "config.json", documents) == paths


def test_schemas_that_mark_nothing_are_not_read():
    assert marked_paths(VALUE, "config.json", {"config.json": b"{"}) == frozenset()


def test_a_value_is_replaced_and_the_rest_stays():
    assert replaced_at(VALUE, ("b", "c"), lambda value: f"<{value}>")["b"] == {"c": "<y>", "d/e": "z"}
    assert replaced_at(VALUE, ("l", 1, "k"), lambda _value: None)["l"] == [{"k": 1}, {"k": None}, 3]
    for path in (("gone", "c"), ("b", "gone"), ("b", "c", "deeper")):
        assert replaced_at(VALUE, path, lambda _value: None) == VALUE
    assert replaced_at("x", (), lambda value: value + "y") == "xy"
    assert VALUE["b"]["c"] == "y"
