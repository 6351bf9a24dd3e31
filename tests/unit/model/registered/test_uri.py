"""URIs of the registries: one spelling, one folder, nothing that leads elsewhere."""

from __future__ import annotations

import pytest

from runpact.model.errors import UnsafeNameError, UsageError
from runpact.model.registered.uri import (
    Uri,
    is_registry_place,
    is_uri,
    parse_target,
    parse_uri,
    uri_at,
)

TRAINED = "local://vision/depth/tiny/trained/indoor/2026-03-10_1a2b3c4"


@pytest.mark.requirement("AX-006", "AX-009")
@pytest.mark.parametrize("text", [TRAINED, TRAINED + "/", TRAINED.replace("local", "LOCAL")])
def test_every_spelling_of_a_uri_comes_to_one(text: str) -> None:
    uri = parse_uri(text)
    assert str(uri) == TRAINED
    assert (uri.folder, uri.version, uri.is_whole) == (
        "models/vision/depth/tiny/trained/indoor/2026-03-10_1a2b3c4",
        "2026-03-10_1a2b3c4",
        True,
    )
    assert uri_at(uri.folder) == uri


@pytest.mark.parametrize(
    ("text", "is_whole"),
    [
        ("local://vision/depth/tiny/pretrained/midas", True),
        ("local://vision/depth/tiny/pretrained", False),
        ("local://vision/depth/tiny/trained/indoor", False),
        ("local://vision", False),
        ("data://vision/depth/rooms/1.0", True),
        ("data://vision/depth/rooms", False),
    ],
)
def test_a_uri_tells_whether_it_names_one_version(text: str, *, is_whole: bool) -> None:
    uri = parse_uri(text)
    assert uri.is_whole is is_whole
    assert str(uri) == text


def test_a_shorter_uri_holds_the_longer_ones_of_its_registry() -> None:
    short, whole = parse_uri("local://vision/depth"), parse_uri(TRAINED)
    assert short.holds(whole)
    assert not whole.holds(short)
    assert not Uri("data", ("vision", "depth")).holds(whole)


@pytest.mark.requirement("AX-009")
@pytest.mark.parametrize(
    "text",
    [
        "local://../secrets",
        "local://vision/../../etc/passwd",
        "local:///etc/passwd",
        "local://vision//tiny",
        "local://",
        "local://vision/%2e%2e/x",
        "local://vision/de%70th",
        "local://vision\\depth",
        "local://vision/de\0pth",
        "local://vision/depth\n",
        "local://vision/.hidden",
        "local://vision/depth?x=1",
        "local://vision/depth#x",
        "data://user:secret@host/x",
        "data://con/x",
        "local://vïsion/depth",
    ],
)
def test_a_hostile_uri_is_refused(text: str) -> None:
    with pytest.raises(UnsafeNameError) as caught:
        parse_uri(text)
    assert "\0" not in caught.value.message
    assert caught.value.exit_code == 64


@pytest.mark.requirement("AX-006", "AX-009")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("models/vision/depth", "is no URI"),
        ("/abs/models/x.pt", "is no URI"),
        ("", "is no URI"),
        ("hf://org/model", "cannot be resolved yet"),
        ("s3://bucket/key", "cannot be resolved yet"),
        ("file:///etc/passwd", "cannot be resolved yet"),
        ("ftp://x/y", "is no scheme of a registry"),
        ("local://vision/depth/tiny/other/x", "has not the form"),
        ("local://vision/depth/tiny/trained/indoor/v/more", "has not the form"),
        ("local://vision/depth/tiny/pretrained/a/b", "has not the form"),
        ("data://vision/depth/rooms/1.0/train", "has not the form"),
    ],
)
def test_what_is_no_uri_of_a_registry_is_refused_and_told_why(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse_uri(text)


def test_the_registry_that_is_asked_refuses_the_others_uris() -> None:
    with pytest.raises(UsageError, match="this is about data"):
        parse_uri(TRAINED, "data")
    with pytest.raises(UsageError, match="this is about models"):
        parse_uri("data://vision/depth/rooms/1.0", "models")
    assert parse_uri(TRAINED, "models").registry == "models"


def test_a_folder_outside_the_registries_has_no_uri() -> None:
    with pytest.raises(UsageError):
        uri_at("runs/vision/depth")


def test_a_uri_is_told_from_a_path() -> None:
    assert [is_uri(text) for text in (TRAINED, "DATA://x", "data.csv", "s3://x", "data:x", "runs/local")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


@pytest.mark.requirement("AX-002")
def test_a_target_has_as_many_parts_as_its_form() -> None:
    form = "domain/skill/model/trained/dataset"
    parts = ("vision", "depth", "tiny", "trained", "indoor")
    assert parse_target("vision/depth/tiny/trained/indoor", form=form) == parts
    assert parse_target("local://vision/depth/tiny/trained/indoor", form=form) == parts
    for wrong in ("vision/depth/tiny", "vision/depth/tiny/pretrained/indoor", "a/b/c/trained/d/e"):
        with pytest.raises(UsageError, match="does not say where"):
            parse_target(wrong, form=form)
    with pytest.raises(UnsafeNameError):
        parse_target("vision/../tiny/trained/indoor", form=form)


def test_a_place_of_a_registry_is_told_by_its_folder_and_captures() -> None:
    assert is_registry_place(("domain", "skill", "model"), "models")
    assert not is_registry_place(("run.id",), "models")
    assert not is_registry_place(("domain", "skill"), "runs")
