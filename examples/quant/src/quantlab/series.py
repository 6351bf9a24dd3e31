"""Where bars come from: a CSV file of the user, a series that the library `arch` ships, a generator."""

from __future__ import annotations

import gzip
import importlib.metadata
import io
from pathlib import Path

import numpy as np

import runpact
from quantlab.bars import Bars, parse_bars, read_bars
from quantlab.errors import DataError
from quantlab.place import root, seen_from_here

REAL = {
    "SP500": ("sp500/sp500.csv.gz", "S&P 500, 1999 to 2018"),
    "NASDAQ": ("nasdaq/nasdaq.csv.gz", "NASDAQ Composite, 1999 to 2018"),
}
GENERATED = "GENERATED"
GENERATED_SOURCE = "GENERATED numbers, no market: a seeded random walk"
_SEED, _LENGTH = 20100104, 2520
_ARCH_DATES = "%m/%d/%Y"


def load(ticker: str, data: str) -> Bars:
    """Return the bars of a ticker: from the file `data`; without one, a real or generated series.

    Raises:
        DataError: There are none, or they cannot be used.
    """
    if data:
        return read_bars(root() / data, ticker, shown=seen_from_here(data))
    if ticker == GENERATED:
        return generate(_SEED, _LENGTH)
    if ticker not in REAL:
        raise DataError(
            f"no prices of `{ticker}` here",
            hint=f"name a CSV file with --data, or one of {', '.join([*REAL, GENERATED])} with --ticker",
        )
    return _shipped(ticker)


def _shipped(ticker: str) -> Bars:
    """Read a series out of the installed library; nothing of the library is imported."""
    file, what = REAL[ticker]
    try:
        library = importlib.metadata.distribution("arch")
        path = Path(str(library.locate_file(f"arch/data/{file}")))
        text = gzip.decompress(path.read_bytes()).decode("utf-8")
    except (importlib.metadata.PackageNotFoundError, OSError) as error:
        raise DataError(
            f"the series {ticker} comes with the library `arch`, which is not installed",
            hint=f"`pip install arch`, or name a CSV file with --data, or --ticker {GENERATED}",
        ) from error
    source = f"{what}; the data set `{file}` of arch {library.version} (NCSA licence)"
    return parse_bars(io.StringIO(text, newline=""), ticker, file, source, _ARCH_DATES, path)


def generate(seed: int, length: int) -> Bars:
    """Draw bars from a random walk whose volatility changes; the same seed gives the same bars."""
    random = np.random.default_rng(seed)
    volatility = 0.008 * np.exp(0.6 * np.sin(np.arange(length) / 97.0) + 0.1 * random.standard_normal(length))
    noise = volatility * random.standard_normal(length)
    echo = np.concatenate([[0.0], -0.15 * noise[:-1]])
    close = 100.0 * np.exp(np.cumsum(0.0002 + noise + echo))
    before = np.concatenate([[100.0], close[:-1]])
    first = before * np.exp(0.2 * volatility * random.standard_normal(length))
    reach = np.exp(np.abs(random.standard_normal((2, length))) * volatility * 0.5)
    high, low = np.maximum(first, close) * reach[0], np.minimum(first, close) / reach[1]
    weekdays = np.busday_offset("2010-01-04", np.arange(length))
    prices = (np.round(values, 4) for values in (first, high, low, close))
    return Bars(GENERATED, weekdays, *prices, source=f"{GENERATED_SOURCE} (seed {seed})")


def note_prices(run: runpact.ActiveRun, bars: Bars) -> None:
    """Record the file of the prices as an input."""
    if bars.path is not None:
        run.input(bars.path, name=bars.path.name)
