"""Requests that were changed at random: one valid answer each, the right code, nothing left behind."""

from __future__ import annotations

import copy
import json
import random
import string
from collections.abc import Callable
from pathlib import Path

import jsonschema_rs
import pytest

from integration.machine import toy
from runpact.cli.main import run_command_line
from runpact.model.machine.failure import CODES
from runpact.model.machine.schemas import answer_schema
from runpact.model.machine.wording import understand

Capture = pytest.CaptureFixture[bytes]

APPLICATION = [
    {
        "schema_version": "1.0",
        "request_id": "r-1",
        "command": "run",
        "params": {"how": "quietly", "ticker": "SPY"},
    },
    {"schema_version": "1.0", "command": "run", "params": {"symbol": "SPY", "seconds": 0.5}},
    {"schema_version": "1.0", "command": "again"},
    {"schema_version": "1.0", "command": "run", "params": {"how": "data"}},
]
ENGINE = [
    {
        "schema_version": "1.0",
        "request_id": "r-1",
        "command": "check",
        "params": {"runs": ["good"], "strict": True},
    },
    {"schema_version": "1.0", "command": "ls", "params": {"filters": ["state = finished"], "limit": 3}},
    {"schema_version": "1.0", "command": "show", "params": {"run": "good"}},
    {"schema_version": "1.0", "command": "diff", "params": {"runs": ["good", "good"]}},
    {"schema_version": "1.0", "command": "contract-lint", "params": {"file": "contract.yaml"}},
]
VALUES: list[object] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        1e308,
        10**30,
        "",
        "x",
        "1.0",
        "é\u2028",
        "\x00",
        "--help",
        "-",
        "@x",
        [],
        {},
    ),
    *([[]], [None], {"a": {"b": []}}, "run", "a" * 5000, ["a"] * 50),
]
KEYS = [
    *("schema_version", "request_id", "command", "params", "ticker", "symbol", "how", "seconds", "runs"),
    *(
        "signal_file",
        "json",
        "debug",
        "help",
        "version",
        "__class__",
        "__proto__",
        "",
        "self",
        "params.ticker",
        "\n",
    ),
]
TOKENS = [
    *(
        b"NaN",
        b"Infinity",
        b"-",
        b"1e999",
        b'"',
        b"\\",
        b"\\ud800",
        b"\xff",
        b"\x00",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
    ),
    *(b":", b"null", b'"a":1,', b"\xef\xbb\xbf", b"//", b"'", b"[" * 200, b"01", b" ", b"\\u0000"),
]
SEED = 20261121
FAST, NIGHTLY = 500, 5_000


def places_of(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places_of(each, (*path, key)))]


def fresh(chance: random.Random) -> object:
    """Return a value that nothing else holds."""
    return copy.deepcopy(chance.choice(VALUES))


def other_value(document: object, chance: random.Random) -> object:
    """Change, remove or add one value somewhere in a document."""
    path = chance.choice(places_of(document))
    if not path:
        how = chance.randrange(4)
        if how == 0:
            return fresh(chance)
        if how == 1:
            return [document]
        return {**document, chance.choice(KEYS): fresh(chance)} if isinstance(document, dict) else document
    holder = document
    for key in path[:-1]:
        holder = holder[key]  # type: ignore[index]  # a place that was found in it
    how = chance.randrange(4)
    if how == 0:
        holder[path[-1]] = fresh(chance)  # type: ignore[index]  # as above
    elif how == 1 and isinstance(holder, dict):
        holder[chance.choice(KEYS)] = holder.pop(path[-1])
    elif how == 2 and isinstance(holder, dict):
        holder.pop(path[-1])
    elif isinstance(holder, dict):
        holder[chance.choice([*KEYS, "".join(chance.choices(string.printable, k=8))])] = fresh(chance)
    return document


def other_bytes(data: bytes, chance: random.Random) -> bytes:
    """Change, remove, double or add some bytes."""
    at = chance.randrange(len(data) + 1)
    until = min(len(data), at + chance.choice([1, 1, 2, 5, 20]))
    how = chance.randrange(5)
    if how == 0:
        return data[:at] + bytes([chance.randrange(256)]) + data[until:]
    if how == 1:
        return data[:at] + data[until:]
    if how == 2:
        return data[:at] + data[at:until] * 2 + data[until:]
    return data[:at] + chance.choice(TOKENS) + data[at if how == 3 else until :]


def mutated(documents: list[dict[str, object]], chance: random.Random) -> bytes:
    document: object = json.loads(json.dumps(chance.choice(documents)))
    for _change in range(chance.choice([0, 1, 1, 2, 4])):
        document = other_value(document, chance)
    data = json.dumps(document, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
    for _change in range(chance.choice([0, 0, 0, 0, 1, 2])):
        data = other_bytes(data, chance)
    return data


def outcomes(
    ask: Callable[[], int],
    documents: list[dict[str, object]],
    capfdbinary: Capture,
    *,
    count: int,
    codes: set[str],
) -> dict[str, int]:
    """Ask so many changed requests; return how often each code was answered."""
    chance = random.Random(SEED)
    validator = jsonschema_rs.validator_for(answer_schema())
    found: dict[str, int] = {}
    for number in range(count):
        data = mutated(documents, chance)
        Path("request.json").write_bytes(data)
        code = ask()
        out, err = capfdbinary.readouterr()
        told = f"request {number}: {data!r}"
        assert b"Traceback" not in err, told
        assert out.count(b"\n") == 1, told
        answer = json.loads(out.decode(), parse_constant=pytest.fail)
        assert validator.is_valid(answer), told
        assert answer["exit_code"] == code, told
        word = answer["error"]["code"] if answer["error"] else answer["status"]
        assert word in codes, f"{told}: {answer}"
        assert word != "internal_error", f"{told}: {answer}"
        found[word] = found.get(word, 0) + 1
    return found


def asked_of_application(capfdbinary: Capture, count: int) -> dict[str, int]:
    return outcomes(
        lambda: toy.app.main(["--json-request", "@request.json"]),
        APPLICATION,
        capfdbinary,
        count=count,
        codes={"success", "data_error", "no_such_run", *CODES},
    )


def asked_of_engine(capfdbinary: Capture, count: int) -> dict[str, int]:
    Path("contract.yaml").write_text(
        'contract: t.runs\nversion: "1.0.0"\nkinds:\n  run:\n    at: "runs/{name}"\n'
    )
    assert run_command_line(["run", "--name", "good", "--durability", "none", "--quiet", "--", "true"]) == 0
    run_command_line(["ls"])
    capfdbinary.readouterr()
    before = kept()
    engine = {
        "no_such_run",
        "no_such_workspace",
        "cannot_start",
        "usage",
        "filter",
        "no_contract",
        "unsafe_name",
    }
    engine |= {"malformed_contract", "ambiguous_run", "evidence", "unknown_version", "malformed_document"}
    found = outcomes(
        lambda: run_command_line(["request", "@request.json"]),
        ENGINE,
        capfdbinary,
        count=count,
        codes={"success", "failure", *engine, *CODES},
    )
    assert kept() == before
    return found


def kept() -> list[str]:
    """Return what stands here, but for the request and the cache of the index."""
    here = Path()
    return sorted(
        str(each)
        for each in here.rglob("*")
        if each.name != "request.json" and ".runpact-cache" not in str(each)
    )


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNPACT_WORKSPACE", raising=False)
    return tmp_path


@pytest.mark.requirement("E10.5", "E10.6", "E10.7")
def test_changed_requests_to_an_application_are_answered_and_leave_nothing(capfdbinary: Capture) -> None:
    found = asked_of_application(capfdbinary, FAST)
    assert found.keys() >= {"success", "invalid_request", "unsupported_schema_version", "invalid_params"}
    assert kept() == []


def test_changed_requests_to_the_engine_are_answered_and_leave_nothing(capfdbinary: Capture) -> None:
    found = asked_of_engine(capfdbinary, FAST // 5)
    assert found.keys() >= {"invalid_request", "unsupported_schema_version", "invalid_params"}


WORDS = [
    *(
        "run",
        "again",
        "rnu",
        "--ticker",
        "--how",
        "--seconds",
        "--no-how",
        "--json",
        "--debug",
        "--schema",
        "-h",
    ),
    *(
        "--request-id",
        "--signal-file",
        "--json-request",
        "--",
        "-",
        "---",
        "--=",
        "--ticker=",
        "--how=data",
        "",
    ),
    *("A", "0.1", "\udc80", "\x00", "{}", "--symbol", "--SYMBOL", "--x y", "=", "é", "@", "--check=1"),
]


@pytest.mark.requirement("E10.6", "E10.7")
def test_any_words_on_the_command_line_have_one_meaning_or_a_fault() -> None:
    chance = random.Random(SEED)
    commands = toy.app.application.commands
    for _time in range(5000):
        words = chance.choices(WORDS, k=chance.randrange(8))
        spoken = understand(words, commands)
        assert understand(words, commands) == spoken
        if spoken.fault is None and spoken.command is not None:
            assert spoken.command in commands
        else:
            assert spoken.fault is None or spoken.fault.faults


@pytest.mark.nightly
@pytest.mark.requirement("E10.5", "E10.6", "E10.7")
def test_five_thousand_changed_requests_are_answered_and_leave_nothing(
    capfdbinary: Capture, figures: Callable[[str], None]
) -> None:
    found = asked_of_application(capfdbinary, NIGHTLY)
    assert kept() == []
    figures(f"requests: {NIGHTLY} changed ones to an application, {told(found)}")
    found = asked_of_engine(capfdbinary, NIGHTLY // 2)
    figures(f"requests: {NIGHTLY // 2} changed ones to runpact, {told(found)}")


def told(found: dict[str, int]) -> str:
    return ", ".join(f"{count} {word}" for word, count in sorted(found.items(), key=lambda each: -each[1]))
