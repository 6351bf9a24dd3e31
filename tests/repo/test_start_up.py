"""What a command imports, since that is most of its time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest

from runpact.model.contract.language import Contract
from runpact.model.manifest import Manifest, Seal
from runpact.model.run import RunRecord

CONTRACT = """\
contract: acme.start
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    entries:
      - {file: metrics.json, schema: metrics.schema.json}
"""
PROGRAM = """\
import sys
from runpact.cli.main import run_command_line
code = run_command_line(sys.argv[1:])
sys.stderr.write("\\nimported " + " ".join(sys.modules))
sys.exit(code)
"""


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    (tmp_path / "metrics.schema.json").write_text('{"type": "object"}')
    (tmp_path / "runs/a").mkdir(parents=True)
    (tmp_path / "runs/a/metrics.json").write_text("{}")
    return tmp_path


def imported(folder, *words):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rpartition("imported ")[2].split())


def test_listing_imports_no_verb_but_its_own(workspace):
    modules = imported(workspace, "ls")
    verbs = {name for name in modules if name.startswith("runpact.verbs.")}
    finding = ("examine", "find", "found", "look", "observe", "reindex", "search", "standing")
    contracts = ("assemble", "contract_answers", "load_contract", "shelf")
    assert verbs == {
        "runpact.verbs.contracts",
        "runpact.verbs.finding",
        *(f"runpact.verbs.contracts.{name}" for name in contracts),
        *(f"runpact.verbs.finding.{name}" for name in finding),
    }
    assert (
        modules & {"zipfile", "tomllib", "pickle", "runpact.formats.inspect", "runpact.model.judge"} == set()
    )


def test_listing_again_imports_neither_parser_nor_linter(workspace, kept, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(kept))
    imported(workspace, "ls")
    modules = imported(workspace, "ls")
    assert (
        modules & {"yaml", "jsonschema_rs", "runpact.verbs.contracts.assemble", "runpact.model.contract.lint"}
        == set()
    )


def test_checking_documents_imports_no_writer_and_no_binary_format(workspace):
    modules = imported(workspace, "check", "runs/a")
    assert "runpact.model.judge" in modules
    unneeded = {"zipfile", "tomllib", "pickle", "subprocess", "numpy", "runpact.verbs.life.start"}
    assert modules & unneeded == set()


def structures(kind: msgspec.inspect.Type) -> Iterator[type]:
    """Yield every structure that a type is made of."""
    waiting, seen = [kind], set()
    while waiting:
        each = waiting.pop()
        if isinstance(each, msgspec.inspect.StructType):
            if each.cls in seen:
                continue
            seen.add(each.cls)
            yield each.cls
            waiting += [field.type for field in each.fields]
        for name in ("type", "types", "item_type", "item_types", "key_type", "value_type"):
            below = getattr(each, name, ())
            waiting += below if isinstance(below, tuple) else [below]


@pytest.mark.parametrize("document", [Contract, RunRecord, Manifest, Seal])
def test_no_structure_that_every_command_decodes_defers_its_annotations(document):
    found = list(structures(msgspec.inspect.type_info(document)))
    assert document in found
    deferred = {each.__module__ for each in found if hasattr(sys.modules[each.__module__], "annotations")}
    assert deferred == set()


ENDING = """\
import atexit, sys, threading
from runpact.__main__ import main
sys.argv = ["runpact", "ls"]
atexit.register(print, "said at the end")
if {left_behind}:
    threading.Thread(target=lambda: (threading.main_thread().join(), print("thread ended"))).start()
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("left_behind", "said"), [(False, ["said at the end"]), (True, ["thread ended", "said at the end"])]
)
def test_a_command_that_ends_at_once_waits_for_threads_and_calls_who_asked(workspace, left_behind, said):
    done = subprocess.run(
        [sys.executable, "-c", ENDING.format(left_behind=left_behind)],
        cwd=workspace,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-len(said) :] == said


def test_the_exit_code_of_a_command_outlives_its_quick_end(workspace):
    done = subprocess.run(
        [sys.executable, "-m", "runpact", "show", "nothing"], cwd=workspace, capture_output=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == b""
    assert b"nothing" in done.stderr
