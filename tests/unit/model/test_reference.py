"""What an expression refers to, and places inside documents."""

import pytest

from runpact.model.reference import Reference, at_pointer, literals, pointer_of, references


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('doc.a.b > 1 && "doc.not" != files.f', ["doc.a.b", "files.f"]),
        ("doc.m.rows.all(r, r.doc.id == 1) || mydoc.x == 1", ["doc.m.rows", "r", "r.doc.id", "mydoc.x"]),
        ("size(files.parts) > 5", ["files.parts"]),
        ('row["a b"].c == doc.x[0].y', ['row["a b"].c', "doc.x[0].y"]),
        ("doc.m.name.startsWith('x')", ["doc.m.name"]),
        ("f", ["f"]),
        ("1 + 2", []),
    ],
)
def test_references_are_chains_of_names(text, found):
    assert [each.text for each in references(text)] == found


def test_a_reference_names_an_entry_only_below_the_roots_that_have_entries():
    assert Reference("doc", ("m", "x")).name == "m"
    assert Reference("run", ("id",)).name is None
    assert Reference("doc").name is None


def test_literals_are_the_texts_in_quotes():
    assert literals("digest(\"a.json\") == 'x'") == ("a.json", "x")


def test_pointers_escape_and_lead_back():
    document = {"a/b": {"~": [1, 2]}}
    pointer = pointer_of(["a/b", "~", 1])
    assert pointer == "/a~1b/~0/1"
    assert at_pointer(document, pointer) == 2


@pytest.mark.parametrize("pointer", ["/x", "/a~1b/~0/2", "/a~1b/~0/x", "/a~1b/~0/0/y"])
def test_a_pointer_to_nothing_is_a_key_error(pointer):
    with pytest.raises(KeyError):
        at_pointer({"a/b": {"~": [1, 2]}}, pointer)
