"""What SQLite reports is told apart: the index is damaged, it is busy, or the question was none."""

from __future__ import annotations

import sqlite3

import pytest

from runpact.index.damage import BusyIndexError, UnusableIndexError, telling_damage


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("SELECT ?", ("\udcff",)),
        ("SELECT 1", ("too", "many")),
        ("SELECT ?", (object(),)),
        (f"SELECT {' OR '.join(['?1'] * 3000)}", (1,)),
        ("SELECT 'a' GLOB ?", ("a" * 60_000,)),
        ("SELECT zeroblob(?)", (2**40,)),
    ],
)
def test_what_another_index_would_refuse_as_well_is_no_damage(text: str, values: tuple[object, ...]) -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises((sqlite3.Error, UnicodeEncodeError)), telling_damage():
        connection.execute(text, values).fetchall()
    connection.close()


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM runs",
        "SELECT CAST(x'ff' AS TEXT)",
    ],
)
def test_what_only_this_index_refuses_is_damage(text: str) -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(UnusableIndexError), telling_damage():
        connection.execute(text).fetchall()
    connection.close()


def test_a_row_that_is_none_is_damage_and_a_lock_is_none() -> None:
    with pytest.raises(UnusableIndexError), telling_damage():
        raise ValueError("the checksum of a row is wrong")
    with pytest.raises(BusyIndexError), telling_damage():
        raise sqlite3.OperationalError("database is locked")
    with pytest.raises(UnusableIndexError), telling_damage():
        raise sqlite3.DatabaseError("file is not a database")
