"""The command that makes a run again, and the order in which a layout's files are written."""

from __future__ import annotations

import pytest

from runpact.model.contract.language import Entry, Kind, Records
from runpact.model.derived import asked_of_run, due_entries, named_by, texts_of
from runpact.model.provenance import Config, Provenance
from runpact.model.reproduction import REPRODUCED, STARTED, reproduction
from runpact.model.run import ContractRef, Owner, RunRecord

CONFIG = Config(resolved={"a": 1}, digest="sha256:abc", source="in/c.json", overrides=("a=1",))


def record(command: tuple[str, ...], **more: object) -> RunRecord:
    facts = {"cwd": ".", "config": CONFIG, "seeds": {"numpy": 3, "torch": None}} | more
    return RunRecord(
        uid="u",
        id="r",
        kind="run",
        started="2026-03-10T11:00:00Z",
        captures={"started": "x", "git": "nogit", "config_hash": "abc", "mode": "grid"},
        records={},
        contract=ContractRef("a.b", "1.0.0", "d"),
        owner=Owner(1, 1, "b", "h"),
        provenance=Provenance(command=command, **facts),  # type: ignore[arg-type]
    )


@pytest.mark.requirement("E3.8")
def test_a_program_is_made_again_by_its_own_words_quoted_for_a_shell() -> None:
    found = reproduction(record(("python", "~/a b.py", "--x=$HOME", "it's")), [], config_copy="r/config.json")
    assert found.command == """python ~/'a b.py' '--x=$HOME' 'it'"'"'s'"""
    assert (found.config_digest, found.config_hash) == ("sha256:abc", "abc")


@pytest.mark.requirement("E3.8")
def test_a_command_is_made_again_with_the_runs_own_copy_of_its_configuration() -> None:
    found = reproduction(record(("python", "t.py"), cwd="sub"), [{"event": STARTED}], config_copy="r/c.json")
    assert found.command == (
        "cd sub && runpact run --kind run --capture mode=grid --seed numpy=3 --config ../r/c.json -- python t.py"
    )
    assert (found.argv[0], found.cwd) == ("runpact", "sub")


def test_without_a_copy_the_recorded_source_and_what_overrode_it_are_named() -> None:
    events = [{"event": STARTED}]
    found = reproduction(record(("t",), cwd=""), events, config_copy=None)
    assert found.command.endswith("--config in/c.json --set a=1 -- t")
    bare = record(("t",), config=Config(digest="sha256:e"))
    assert "--config" not in reproduction(bare, events, config_copy="c.json").command
    absolute = record(("t",), config=Config(resolved={"a": 1}, source="/c.json"))
    assert "--config /c.json" in reproduction(absolute, events, config_copy=None).command


def test_what_the_program_says_makes_it_again_counts() -> None:
    events = [{"event": STARTED}, {"event": REPRODUCED, "argv": ["main", "--all", 1]}, {"event": REPRODUCED}]
    assert reproduction(record(("t",)), events, config_copy=None).command == "main --all 1"


def test_a_layouts_files_are_written_in_the_order_in_which_they_speak_of_each_other() -> None:
    entries = (
        Entry(file="report.json", fields={"all": "run.inventory"}),
        Entry(file="page.md", fields="run.report_markdown"),
        Entry(file="m.json", fields="run"),
        Entry(file="own.json", fields="run.id"),
        Entry(file="start.json", fields="run.id", written="start"),
        Entry(file=("a", "b"), fields="run.id"),
        Entry(file="manifest.json", fields="run"),
        Entry(file="plain.json"),
    )
    kind = Kind(at="r", entries=entries, records=Records(manifest="manifest.json"))
    due = due_entries(kind, {"change", "seal"})
    assert [path for path, _entry in due] == ["m.json", "own.json", "page.md", "report.json"]
    assert [path for path, _entry in due_entries(kind, {"start"})] == ["start.json"]


def test_what_expressions_ask_for_is_known_before_they_are_evaluated() -> None:
    texts = ("run.metrics.loss + size(run.inventory)", "doc.a.b", "present.c && run", "doc")
    assert asked_of_run(texts) == {"metrics", "inventory"}
    assert named_by(texts, "doc") == {"a"}
    assert named_by(texts, "present") == {"c"}
    assert texts_of(Entry(file="a.json")) == ()
