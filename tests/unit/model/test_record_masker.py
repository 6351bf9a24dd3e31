"""How the records of a run are masked, and what is counted."""

import pytest

from runpact.model.errors import UsageError
from runpact.model.masking import Masking
from runpact.model.recordmasker import RecordMasker, texts_in

VARIABLES = {"DB_PASSWORD": "hunter22", "PIN": "abc"}


def test_a_value_from_the_environment_is_told_by_its_place_however_short() -> None:
    masker = RecordMasker({}, [], (), {("a", "b"): "PORT", ("gone",): "X"})
    config = {"a": {"b": "1", "c": "1"}, "d": "1"}
    assert masker.config(config) == {"a": {"b": "${env:PORT}", "c": "1"}, "d": "1"}
    assert masker.masking.places == {"config": 1}


def test_what_holds_no_secret_is_the_same_object():
    masker = RecordMasker(VARIABLES)
    text, value = "nothing", {"a": ["b", 1, None, {"c": (True, "d")}]}
    assert masker.text("x", text) is text
    assert masker.values("x", value) is value
    assert masker.settings("x", value) is value
    assert masker.data("x", b"data") == b"data"
    assert masker.masking == Masking(declared=2, too_short=1)


def test_the_masked_places_are_counted_by_where_they_are():
    masker = RecordMasker(VARIABLES, ["another", "another "])
    assert masker.text("error", "hunter22 or another") == "[redacted] or [redacted]"
    stream = masker.stream("log")
    assert stream.feed(b"hunter22\n") == b"[redacted]\n"
    assert masker.masking == Masking(declared=3, too_short=1, places={"error": 2, "log": 1})
    assert stream.end(b"hunter22") == b"[redacted]"
    masker.stream("empty")
    assert masker.masking.places == {"error": 2, "log": 2}


def test_values_keep_their_names_and_settings_are_masked_by_theirs():
    masker = RecordMasker(VARIABLES)
    value = {"hunter22": ["hunter22", 1], "password": "x"}
    assert masker.values("x", value) == {"hunter22": ["[redacted]", 1], "password": "x"}
    assert masker.settings("x", value) == {"[redacted]": ["${env:DB_PASSWORD}", 1], "password": "[redacted]"}
    assert masker.masking.places == {"x": 4}


def test_a_setting_that_is_a_secret_variable_says_which():
    masker = RecordMasker(VARIABLES)
    config = {"a": "hunter22", "pin": "abc", "secret": ["abc", "${env:X}"], "url": "db://me:hunter22@host"}
    assert masker.settings("config", config) == {
        "a": "${env:DB_PASSWORD}",
        "pin": "abc",
        "secret": ["${env:PIN}", "${env:X}"],
        "url": "db://me:[redacted]@host",
    }


def test_numbers_below_a_password_are_masked_and_others_are_not():
    config = {"password": 1234, "max_token": 4096, "secret": True, "credentials": {"port": 5432}}
    shown = {"password": "[redacted]", "max_token": 4096, "secret": True, "credentials": {"port": 5432}}
    assert RecordMasker().settings("config", config) == shown


def test_a_command_is_masked_by_its_options_and_by_its_texts():
    masker = RecordMasker(VARIABLES)
    command = ("login", "--token", "x", "--password=${env:Y}", "say hunter22")
    assert masker.command("command", command) == (
        *("login", "--token", "[redacted]", "--password=${env:Y}", "say [redacted]"),
    )
    assert masker.masking.places == {"command": 2}


def test_a_secret_is_refused_in_a_name():
    masker = RecordMasker(VARIABLES)
    masker.refuse_in("baseline", what="run's name")
    with pytest.raises(UsageError, match="the run's name holds a secret") as caught:
        masker.refuse_in("my-hunter22", what="run's name")
    assert "hunter22" not in str(caught.value)


def test_texts_that_are_half_a_pair_are_masked_too():
    assert RecordMasker(VARIABLES).text("x", "\ud800 hunter22") == "\ud800 [redacted]"


def test_all_texts_of_a_value_are_looked_at():
    assert list(texts_in({"a": [("b", 1)], "c": None})) == ["a", "b", "c"]


def test_what_the_schema_marks_is_masked_whatever_it_is():
    config = {"a": "hunter22", "b": 5, "c": ["x", "y"], "d": None, "e": "${env:Z}", "f": "free"}
    masker = RecordMasker(VARIABLES, marked=[("a",), ("b",), ("c", 1), ("d",), ("e",)])
    shown = {
        "a": "${env:DB_PASSWORD}",
        "b": "[redacted]",
        "c": ["x", "[redacted]"],
        "d": None,
        "e": "${env:Z}",
    }
    assert masker.config(config) == {**shown, "f": "free"}
    assert masker.masking.places == {"config": 3}


def test_overrides_are_masked_by_key_by_mark_and_within_documents():
    masker = RecordMasker(VARIABLES, marked=[("hub", "login")])
    overrides = (
        "lr=0.1",
        "db.password=x",
        "hub.login=x",
        "hub={}",
        "hub.login.more=1",
        'db={"password":"x","n":1}',
    )
    assert masker.overrides((*overrides, "list=[1]", "say=hunter22")) == (
        *("lr=0.1", "db.password=[redacted]", "hub.login=[redacted]", "hub=[redacted]"),
        *("hub.login.more=[redacted]", 'db={"password":"[redacted]","n":1}', "list=[1]", "say=[redacted]"),
    )
