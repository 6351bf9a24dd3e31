"""On the real series: figures held against an independent library, and the whole story."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from quantlab.metrics import curve_summary, drawdowns, returns_of
from quantlab.research import traded
from quantlab.series import REAL, load
from quantlab.settings import Settings

pytestmark = pytest.mark.nightly


@pytest.mark.parametrize("ticker", REAL)
def test_a_real_series_is_read_whole_and_says_where_it_comes_from(ticker: str) -> None:
    bars = load(ticker, "")
    assert len(bars) == 5031
    assert (str(bars.dates[0]), str(bars.dates[-1])) == ("1999-01-04", "2018-12-31")
    assert "arch" in bars.source
    assert "NCSA" in bars.source


@pytest.mark.requirement("E3.3")
@pytest.mark.parametrize("ticker", REAL)
@pytest.mark.parametrize("mode", ["fixed", "atr"])
@pytest.mark.parametrize("limits", [(25.0, 55.0), (35.0, 60.0), (45.0, 70.0)])
def test_figures_agree_with_an_independent_library(
    ticker: str, mode: str, limits: tuple[float, float]
) -> None:
    import empyrical

    said = Settings(ticker=ticker, slippage_mode=mode, rsi_buy_max=limits[0], rsi_sell_min=limits[1])
    result = traded(said).result
    figures = curve_summary(result.equity, result.initial)
    changes = returns_of(result.equity, result.initial)
    assert figures["total_return"] == pytest.approx(empyrical.cum_returns_final(changes), rel=1e-9)
    assert figures["sharpe_simple"] == pytest.approx(empyrical.sharpe_ratio(changes), rel=1e-9)
    assert figures["max_drawdown"] == pytest.approx(empyrical.max_drawdown(changes), rel=1e-9)
    assert drawdowns(result.equity, result.initial).min() == figures["max_drawdown"]
    assert np.isfinite(list(figures.values())).all()


def test_the_whole_story_is_told_on_the_real_series(lab: Path) -> None:
    done = subprocess.run([sys.executable, "demo.py"], cwd=lab, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "ticker=SP500" in done.stdout
    print(done.stdout.splitlines()[-1])


def test_what_the_demo_says_to_try_next_works_when_it_is_typed(tmp_path: Path) -> None:
    bin_first = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    demo = subprocess.run(
        ["runpact", "demo", "quant"], cwd=tmp_path, env=bin_first, capture_output=True, text=True, check=True
    )
    first, *commands = demo.stdout.partition("Try next:")[2].splitlines()
    assert first.strip() == "cd runpact-demo/quant"
    typed = [line.strip() for line in commands if line.startswith("  ")]
    assert len(typed) == 3
    script = "\n".join(["set -e", first, *typed])
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=bin_first, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    shown = demo.stdout.partition("What there is to look at")[2].partition("Try next")[0].split()
    assert shown
    assert all((tmp_path / path).is_file() for path in shown)
    assert str(tmp_path) not in demo.stdout
