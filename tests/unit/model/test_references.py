import pytest

from runpact.model.schema import references_of


@pytest.mark.parametrize(
    ("name", "document", "expected"),
    [
        ("a.json", '{"$ref": "b.json#/x"}', ("b.json",)),
        ("deep/a.json", '{"items": [{"$ref": "../b.json"}, {"$ref": "c.json"}]}', ("deep/c.json", "b.json")),
        ("a.json", '{"$ref": "#/x", "not": {"$ref": "contract:/b.json"}}', ()),
        ("a.json", "{", ()),
    ],
)
def test_the_documents_that_a_schema_refers_to(name: str, document: str, expected: tuple[str, ...]) -> None:
    assert references_of(name, document.encode()) == expected
