"""The command line of an application: words in, meaning and help out."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from runpact.model.machine.application import Application, Command
from runpact.model.machine.form import form_of
from runpact.model.machine.helping import help_page
from runpact.model.machine.wording import RESERVED, Spoken, understand


@dataclass
class Params:
    ticker: str
    fee: float = 0.0
    paper: bool = False
    tags: list[str] = field(default_factory=list)
    grid: dict[str, int] = field(default_factory=dict)
    run_dir: str = ""


COMMANDS = {
    "run": Command(
        name="run", form=form_of(Params, {"symbol": "ticker"}, reserved=RESERVED), summary="Run it."
    ),
    "stop": Command(name="stop", form=form_of(None, {}, reserved=RESERVED)),
}


def said(*words: str) -> Spoken:
    spoken = understand(words, COMMANDS)
    assert spoken.fault is None
    return spoken


def faults(*words: str) -> list[tuple[str, str | None]]:
    fault = understand(words, COMMANDS).fault
    assert fault is not None
    return [(each.path, each.nearest) for each in fault.faults]


def code(*words: str) -> str:
    fault = understand(words, COMMANDS).fault
    assert fault is not None
    return fault.code


def test_options_become_parameters_as_text() -> None:
    spoken = said(
        "run", "--symbol", "--odd", "--fee=-1", "--tags", "a", "--tags=b", "--no-paper", "--run_dir", "x"
    )
    assert spoken.command == "run"
    assert spoken.params == {
        "ticker": "--odd",
        "fee": "-1",
        "tags": ["a", "b"],
        "paper": False,
        "run_dir": "x",
    }
    assert said("run", "--paper", "--ticker", "A").params["paper"] is True
    assert said("run", "--paper=true", "--ticker", "A").params["paper"] == "true"


def test_an_object_is_given_as_json() -> None:
    assert said("run", "--grid", '{"a": 1}').params["grid"] == {"a": 1}
    assert said("run", "--grid", "{").params["grid"] == "{"


def test_what_every_application_has_may_stand_before_and_after_the_command() -> None:
    spoken = said("--debug", "run", "--signal-file", "s", "-h", "--json-request=x")
    assert (spoken.flags, spoken.values) == ({"debug", "help"}, {"signal-file": "s", "json-request": "x"})
    assert spoken.is_machine
    assert said("run", "--json").is_machine
    assert not said("--schema", "run").is_machine
    assert not said("--check", "--json").is_machine
    assert said("--check", "--json-request", "{}").is_machine


@pytest.mark.requirement("E10.7")
def test_what_is_not_understood_is_told_at_once_with_the_nearest_word() -> None:
    assert faults("run", "--tickr", "A", "--fe=1", "--fee", "x", "odd", "--debug=1") == [
        ("--tickr", "ticker"),
        ("--fe", "fee"),
        ("odd", None),
        ("--debug", None),
        ("params.fee", None),
        ("params.ticker", None),
    ]
    assert code("run", "--tickr") == "invalid_params"
    assert (code("rum"), faults("rum", "--fee", "1")[0]) == ("unknown_command", ("command", "run"))
    assert (code("--versoin"), faults("--versoin")) == ("invalid_request", [("--versoin", "version")])


def test_an_option_has_one_value() -> None:
    assert faults("run", "--ticker", "A", "--ticker", "B") == [("--ticker", None)]
    assert faults("run", "--signal-file", "a", "--signal-file", "b", "--ticker", "A") == [
        ("--signal-file", None)
    ]
    assert faults("run", "--ticker") == [("--ticker", None), ("params.ticker", None)]
    spoken = understand(["--json-request"], COMMANDS)
    assert spoken.is_machine
    assert spoken.fault is not None


def test_an_unknown_option_does_not_hide_what_follows() -> None:
    assert faults("run", "--x", "--y", "--ticker", "A") == [("--x", None), ("--y", None)]
    assert faults("run", "--no-ticker", "--ticker", "A") == [("--no-ticker", "ticker")]
    assert faults("--x", "A", "run", "--ticker", "A") == [("--x", None)]
    assert faults("--x", "run", "--ticker", "A") == [("--x", None)]
    assert faults("stop", "--x") == [("--x", None)]


def test_help_lists_commands_options_and_exit_codes() -> None:
    application = Application(
        name="toy", version="1", summary="A toy.", errors={"data": 3}, commands=COMMANDS
    )
    page = help_page(application, "python main.py")
    assert "A toy.\nCommands:\n  run   Run it.\n  stop\n" in page
    assert "  3      data error\n" in page
    assert help_page(Application(name="toy", version="1"), "toy").startswith("Usage: toy COMMAND [OPTION…]\n")
    page = help_page(application, "toy", COMMANDS["run"])
    assert page.startswith("Usage: toy run [OPTION…]\n\nRun it.\n\nOptions:\n")
    for line in (
        "--ticker VALUE                [needed]",
        "--fee VALUE                   [0.0]",
        "--paper, --no-paper           [false]",
        "--tags VALUE, more than once",
        "--grid JSON",
        "--symbol                      Another name of --ticker.",
    ):
        assert f"  {line}\n" in page
    assert help_page(application, "toy", COMMANDS["stop"]).startswith(
        "Usage: toy stop [OPTION…]\n\nOptions:\n"
    )
