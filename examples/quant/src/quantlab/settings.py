"""The settings of a backtest, and which of them make no sense."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from quantlab.errors import SettingsError
from quantlab.place import seen_from_root

DEFAULT_TICKER = "SP500"
FIXED, BY_RANGE = "fixed", "atr"
Day = Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
Share = Annotated[float, Meta(ge=0, le=0.1)]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a backtest is made with; `config.json` holds exactly these keys, resolved."""

    ticker: Annotated[
        str,
        Meta(
            max_length=40,
            description="SP500, NASDAQ, GENERATED, or a name for your series; by default that of its file",
        ),
    ] = ""
    data: Annotated[
        str, Meta(description="CSV file of daily bars; by default the series that the ticker names")
    ] = ""
    start: Annotated[Day, Meta(description="first day, as in 2020-01-31; by default that of the data")] = ""
    end: Annotated[Day, Meta(description="last day")] = ""
    interval: Annotated[Literal["1d"], Meta(description="daily bars, nothing else is known")] = "1d"
    initial_cash: Annotated[float, Meta(ge=1, le=1e12)] = 10_000.0
    fee: Annotated[Share, Meta(description="share of the value that is traded")] = 0.001
    slippage_mode: Annotated[
        Literal["fixed", "atr"], Meta(description="fixed: slippage_bps of the price; atr: k_atr of its range")
    ] = "fixed"
    slippage_bps: Annotated[
        float, Meta(ge=0, le=1000, description="hundredths of a percent by which a price is worse")
    ] = 5.0
    k_atr: Annotated[
        float, Meta(ge=0, le=5, description="share of the average true range by which a price is worse")
    ] = 0.05
    rsi_buy_max: Annotated[float, Meta(ge=0, le=100, description="buy below this relative strength")] = 35.0
    rsi_sell_min: Annotated[float, Meta(ge=0, le=100, description="sell above this relative strength")] = 60.0
    cooldown_days: Annotated[
        int, Meta(ge=0, le=1000, description="bars after a sale on which nothing is bought")
    ] = 3
    model_run: Annotated[
        str, Meta(description="id or folder of a learned model that decides instead of the relative strength")
    ] = ""
    paper: Annotated[bool, Meta(description="a paper session instead of a backtest")] = False

    def __post_init__(self) -> None:
        """Name a series that nobody named."""
        object.__setattr__(self, "ticker", name_of_series(self.ticker, self.data))

    def config(self) -> dict[str, Any]:
        """Return the settings as `config.json` has them."""
        return {key: getattr(self, key) for key in KEYS}

    def demand(self) -> None:
        """Refuse what makes no sense.

        Raises:
            SettingsError: It does not.
        """
        try:
            msgspec.convert(dataclasses.asdict(self), type(self))
        except msgspec.ValidationError as error:
            raise SettingsError(f"a setting cannot be used: {error}") from None
        for key in KEYS:
            value = getattr(self, key)
            if isinstance(value, float) and not math.isfinite(value):
                raise SettingsError(f"`{key}` is {value}: expected a finite number")
        if not self.ticker.strip():
            raise SettingsError("`ticker` is blank: expected a name")
        for key in ("start", "end"):
            demand_day(key, getattr(self, key))
        if not self.rsi_buy_max < self.rsi_sell_min:
            raise SettingsError(
                f"`rsi_buy_max` is {self.rsi_buy_max}: expected less than `rsi_sell_min`, {self.rsi_sell_min}"
            )


def demand_day(key: str, day: str) -> None:
    """Refuse what has the form of a day and is none.

    Raises:
        SettingsError: It is not in the calendar.
    """
    try:
        dt.date.fromisoformat(day or "2000-01-01")
    except ValueError:
        raise SettingsError(f"`{key}` is {day}: there is no such day") from None


def name_of_series(ticker: str, data: str) -> str:
    """Return what a series is called: as said, else by its file; without a file it is the S&P 500."""
    return ticker or Path(data).stem[:40] or DEFAULT_TICKER


KEYS = tuple(field.name for field in dataclasses.fields(Settings))


def settings_in(config: Mapping[str, Any]) -> Settings:
    """Return the settings that a run was made with."""
    return Settings(**{key: config[key] for key in KEYS if key in config})


def asked(params: Settings) -> Settings:
    """Return the settings that somebody asked for, tested, file and model named as the workspace knows them.

    Raises:
        SettingsError: They make no sense.
        StrategyError: There is no such model.
    """
    params.demand()
    values = {key: getattr(params, key) for key in KEYS} | {"data": seen_from_root(params.data)}
    if params.model_run:
        from quantlab.gate import find  # noqa: PLC0415 - heavy: --version and --check stay light

        values["model_run"] = find(params.model_run).id
    return Settings(**values)
