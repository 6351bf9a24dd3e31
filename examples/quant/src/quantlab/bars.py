"""Daily bars, and the CSV file they are read from: every fault has its file and line."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from quantlab.errors import DataError

COLUMNS = ("date", "open", "high", "low", "close")
"""What a file must have, in any order, in small or capital letters; other columns are not read."""
LONGEST_GAP = 7
"""Days between two bars; the closure of September 2001, the longest since 1999, passes."""
_SHOWN = 5
_EARLIEST, _LATEST = dt.date(1800, 1, 1), dt.date(2200, 1, 1)


@dataclass(frozen=True)
class Bars:
    """Daily prices of one instrument, oldest first."""

    ticker: str
    dates: np.ndarray
    """datetime64[D], strictly ascending."""
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    source: str
    """Where they come from, for the reports."""
    path: Path | None = None
    """The file they were read from."""

    def __len__(self) -> int:
        return len(self.dates)

    def cut(self, start: int, end: int) -> Bars:
        """Return the bars of [start, end)."""
        prices = {name: getattr(self, name)[start:end] for name in ("dates", "open", "high", "low", "close")}
        return Bars(self.ticker, source=self.source, path=self.path, **prices)

    def digest(self) -> str:
        """Return the SHA-256 of dates and prices."""
        state = hashlib.sha256()
        for values in (self.dates.astype("<i8"), self.open, self.high, self.low, self.close):
            state.update(np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).tobytes())
        return state.hexdigest()


def read_bars(path: Path, ticker: str, *, shown: str = "") -> Bars:
    """Read a CSV file; `shown` is what errors call it.

    Raises:
        DataError: With every fault, up to five: file, line, what was expected.
    """
    shown = shown or str(path)
    if path.exists() and not path.is_file():
        raise DataError(f"{shown}: it is no regular file", at=shown)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return parse_bars(file, ticker, shown, f"{path.name}, a file of the user", path=path)
    except FileNotFoundError as error:
        raise DataError(
            f"{shown}: there is no such file", hint="name a CSV file of daily bars with --data"
        ) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise DataError(f"{shown}: it cannot be read as CSV in UTF-8: {reason}") from error


def parse_bars(
    file: TextIO, ticker: str, name: str, source: str, date_format: str = "%Y-%m-%d", path: Path | None = None
) -> Bars:
    """Read bars from an open CSV file called `name`."""
    rows = csv.reader(file)
    places = _places(next(rows, []), name)
    faults: list[str] = []
    before: dt.date | None = None
    days: list[dt.date] = []
    prices: list[tuple[float, float, float, float]] = []
    for line, row in enumerate(rows, start=2):
        if not row:
            continue
        try:
            day, values = _parsed(row, places, date_format)
            last, before = before, max(before or day, day)
            _demand_next(last, day)
        except ValueError as fault:
            faults.append(f"{name}:{line}: {fault}")
            continue
        days.append(day)
        prices.append(values)
    if faults:
        more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise DataError(
            "; ".join(faults[:_SHOWN]) + more, at=name, hint="nothing is filled in: mend the file"
        )
    if not days:
        raise DataError(f"{name}:2: there is no bar")
    table = np.array(prices, dtype=np.float64)
    dates = np.array(days, dtype="datetime64[D]")
    return Bars(
        ticker, dates, *(np.ascontiguousarray(column) for column in table.T), source=source, path=path
    )


def _places(header: Sequence[str], name: str) -> list[int]:
    known = [cell.strip().lower() for cell in header]
    missing = [column for column in COLUMNS if known.count(column) != 1]
    if missing:
        raise DataError(
            f"{name}:1: each of the columns {', '.join(COLUMNS)} must stand there once; "
            f"got {', '.join(header)[:80] or 'nothing'}; look at {', '.join(missing)}"
        )
    return [known.index(column) for column in COLUMNS]


def _parsed(
    row: Sequence[str], places: Sequence[int], date_format: str
) -> tuple[dt.date, tuple[float, float, float, float]]:
    if len(row) <= max(places):
        message = f"{len(row)} cells, too few"
        raise ValueError(message)
    text = row[places[0]].strip()
    try:
        day = dt.datetime.strptime(text, date_format).date()  # noqa: DTZ007 - a trading day has no zone
    except ValueError:
        message = f"`{text[:20]}` is no date; expected as in 2020-01-31"
        raise ValueError(message) from None
    if not _EARLIEST <= day <= _LATEST:
        message = f"date out of range: {day}"
        raise ValueError(message)
    values = tuple(_price(row[place], column) for place, column in zip(places[1:], COLUMNS[1:], strict=True))
    first, high, low, last = values
    if not low <= min(first, last) <= max(first, last) <= high:
        message = f"open {first}, high {high}, low {low}, close {last} contradict each other"
        raise ValueError(message)
    return day, (first, high, low, last)


def _price(cell: str, column: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        message = f"{column} `{cell[:20]}` is no number"
        raise ValueError(message) from None
    if not math.isfinite(value) or value <= 0:
        message = f"{column} {cell[:20]} is no price; expected a finite number above 0"
        raise ValueError(message)
    return value


def _demand_next(before: dt.date | None, day: dt.date) -> None:
    if before is None:
        return
    if day == before:
        message = f"{day} stands there twice"
        raise ValueError(message)
    if day < before:
        message = f"{day} after {before}: dates must ascend"
        raise ValueError(message)
    if (day - before).days > LONGEST_GAP:
        message = f"no bar between {before} and {day}: a gap of {(day - before).days} days"
        raise ValueError(message)


def between(bars: Bars, start: str, end: str) -> tuple[int, int]:
    """Return the range [first, last) of the bars from `start` until `end`, both included.

    Raises:
        DataError: The bars do not reach so far, or there are none.
    """
    first, last = day_of(start, bars.dates[0]), day_of(end, bars.dates[-1])
    known = f"{bars.dates[0]} … {bars.dates[-1]}"
    if first > last:
        raise DataError(f"no bars: {first} is after {last}")
    slack = np.timedelta64(LONGEST_GAP, "D")
    if first < bars.dates[0] - slack or last > bars.dates[-1] + slack:
        raise DataError(
            f"dates out of range: {first} … {last} asked for, {bars.ticker} has {known}",
            hint="name other dates, or a file that holds them with --data",
        )
    found = int(np.searchsorted(bars.dates, first)), int(np.searchsorted(bars.dates, last, side="right"))
    if found[0] >= found[1]:
        raise DataError(f"no bars between {first} and {last}; {bars.ticker} has {known}")
    return found


def day_of(text: str, otherwise: np.datetime64) -> np.datetime64:
    """Return a day; of an empty text, the other one.

    Raises:
        DataError: It is no date.
    """
    if not text:
        return otherwise
    try:
        return np.datetime64(dt.date.fromisoformat(text), "D")
    except ValueError:
        raise DataError(f"`{text[:40]}` is no date; expected as in 2020-01-31") from None


def lines_of(bars: Bars) -> Iterator[str]:
    """Write bars as the lines of a CSV file."""
    yield ",".join(COLUMNS)
    for index in range(len(bars)):
        values = (bars.open[index], bars.high[index], bars.low[index], bars.close[index])
        yield f"{bars.dates[index]}," + ",".join(repr(float(value)) for value in values)
