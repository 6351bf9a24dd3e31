"""Prices: what is no price is told, with file and line, and nothing is filled in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from quantlab.bars import between, lines_of, read_bars
from quantlab.errors import DataError
from quantlab.series import generate, load
from quantlab.settings import Settings

HEAD = "date,open,high,low,close\n"
GOOD = "2020-01-06,10,12,9,11\n2020-01-07,11,12,10,11\n2020-01-08,11,13,10,12\n"


def file_of(folder: Path, text: str) -> Path:
    path = folder / "prices.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_bars_that_are_written_read_back_equal(tmp_path: Path) -> None:
    bars = generate(5, 50)
    path = file_of(tmp_path, "\n".join(lines_of(bars)) + "\n")
    assert read_bars(path, "GENERATED").digest() == bars.digest()


def test_columns_may_stand_in_any_order_and_case_beside_others(tmp_path: Path) -> None:
    text = "Volume,Close,Date,Low,High,Open\n5,11,2020-01-06,9,12,10\n"
    bars = read_bars(file_of(tmp_path, text), "X")
    assert (bars.open[0], bars.high[0], bars.low[0], bars.close[0]) == (10, 12, 9, 11)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("2020-01-09,11,13,10,nan", "close nan is no price"),
        ("2020-01-09,11,inf,10,12", "high inf is no price"),
        ("2020-01-09,-11,13,10,12", "open -11 is no price"),
        ("2020-01-09,0,13,0,12", "open 0 is no price"),
        ("2020-01-09,11,13,10,", "close `` is no number"),
        ("2020-01-09,11,13,10,12 USD", "close `12 USD` is no number"),
        ("2020-01-09,11,10,13,12", "contradict each other"),
        ("2020-01-09,11,13", "3 cells, too few"),
        ("2020-01-08,11,13,10,12", "2020-01-08 stands there twice"),
        ("2020-01-07,11,13,10,12", "2020-01-07 after 2020-01-08: dates must ascend"),
        ("2020-01-20,11,13,10,12", "a gap of 12 days"),
        ("2020-02-30,11,13,10,12", "`2020-02-30` is no date"),
        ("9/1/2020,11,13,10,12", "`9/1/2020` is no date"),
        ("0001-01-01,11,13,10,12", "date out of range"),
        ("9999-01-01,11,13,10,12", "date out of range"),
    ],
)
def test_a_bad_line_is_told_with_file_and_line(tmp_path: Path, line: str, says: str) -> None:
    path = file_of(tmp_path, f"{HEAD}{GOOD}{line}\n")
    with pytest.raises(DataError) as caught:
        read_bars(path, "X")
    assert f"{path}:5: " in str(caught.value)
    assert says in str(caught.value)
    assert caught.value.word == "data"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ":1: each of the columns"),
        ("date,open,high,low\n", "look at close"),
        ("date,open,high,low,close,close\n", "look at close"),
        (HEAD, ":2: there is no bar"),
    ],
)
def test_a_file_that_holds_no_bars_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_bars(file_of(tmp_path, text), "X")


def test_all_faults_are_told_the_first_five_in_words(tmp_path: Path) -> None:
    lines = "".join(f"2020-01-{day:02},x,1,1,1\n" for day in range(9, 17))
    with pytest.raises(DataError) as caught:
        read_bars(file_of(tmp_path, f"{HEAD}{GOOD}{lines}"), "X")
    assert str(caught.value).count("is no number") == 5
    assert "and 3 more" in str(caught.value)


def test_a_gap_is_told_once(tmp_path: Path) -> None:
    lines = "".join(f"2020-02-{day:02},1,1,1,1\n" for day in range(10, 17))
    with pytest.raises(DataError) as caught:
        read_bars(file_of(tmp_path, f"{HEAD}{GOOD}{lines}"), "X")
    assert str(caught.value).count("a gap of") == 1
    assert "more" not in str(caught.value)


def test_a_series_of_ones_own_is_called_by_its_file() -> None:
    assert Settings(data="data/acme.csv").ticker == "acme"
    assert Settings(data="data/acme.csv", ticker="ACME").ticker == "ACME"
    assert Settings().ticker == "SP500"


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"date,open,high,low,close\n2020-01-06,\x80,1,1,1\n"])
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(data)
    with pytest.raises(DataError, match=str(path)):
        read_bars(path, "X")


def test_what_is_no_file_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "none.csv", tmp_path, tmp_path / "pipe.csv", Path("/dev/zero")):
        with pytest.raises(DataError, match=str(path)):
            read_bars(path, "X")


def test_an_unknown_ticker_without_a_file_is_refused() -> None:
    with pytest.raises(DataError, match="no prices of `ACME`") as caught:
        load("ACME", "")
    assert "--data" in caught.value.hint


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        ("1990-01-01", "", "dates out of range"),
        ("", "2090-01-01", "dates out of range"),
        ("2012-01-02", "2011-01-03", "after"),
        ("2011-01-01", "2011-01-02", "no bars between"),
        ("yesterday", "", "is no date"),
    ],
)
def test_dates_that_the_bars_do_not_have_are_refused(start: str, end: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        between(generate(1, 600), start, end)


def test_both_ends_belong_to_a_range() -> None:
    bars = generate(1, 600)
    first, last = between(bars, "2010-01-05", "2010-01-07")
    assert [str(day) for day in bars.dates[first:last]] == ["2010-01-05", "2010-01-06", "2010-01-07"]
