"""`--check` and `--version`: quick, the same each time, without imports and writes."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from pathlib import Path

import pytest

from runpact.model.machine.application import Application
from runpact.model.machine.health import Declared
from runpact.verbs.machine.examine import examine

PROGRAM = """\
import sys
sys.path.insert(0, "src")
import runpact
app = runpact.App("quantlab", version="0.1.0", package="quantlab", source="src"{more})
code = app.main()
HEAVY = {{"numpy", "pandas", "quantlab", "yaml", "click", "sqlite3"}} & set(sys.modules)
assert not HEAVY, HEAVY
raise SystemExit(code)
"""
FIELDS = [
    *("interpreter", "main_path", "project_root", "python_version", "quantlab_import"),
    *("src_root", "status", "venv_active", "version"),
]


def project(folder: Path, more: str = "") -> Path:
    (folder / "main.py").write_text(PROGRAM.format(more=more))
    (folder / "src/quantlab").mkdir(parents=True)
    (folder / "src/quantlab/__init__.py").write_text("raise RuntimeError('imported')\n")
    return folder


def ran(folder: Path, *words: str) -> tuple[int, bytes]:
    command = [sys.executable, "main.py", *words]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, timeout=60)
    assert done.stderr == b""
    return done.returncode, done.stdout


@pytest.mark.requirement("E9.2", "E9.3")
def test_the_check_is_the_same_each_time_and_imports_and_writes_nothing(tmp_path: Path) -> None:
    folder = project(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    first, second = ran(folder, "--check"), ran(folder, "--check")
    assert first == second
    assert sorted(tmp_path.rglob("*")) == before
    code, document = first[0], json.loads(first[1])
    assert (code, list(document)) == (0, FIELDS)
    assert document["main_path"] == str(folder / "main.py")
    assert document["src_root"] == str(folder / "src")
    assert (document["status"], document["quantlab_import"], document["version"]) == ("ok", True, "0.1.0")
    assert ran(folder, "--version") == (0, b"0.1.0\n")


@pytest.mark.requirement("E9.3")
def test_what_is_in_the_way_is_listed_and_ends_with_2(tmp_path: Path) -> None:
    folder = project(tmp_path, ", oldest_python=(9, 9), check=['status']")
    (folder / "src/quantlab/__init__.py").write_text("this is no Python")
    code, out = ran(folder, "--check")
    assert code == 2
    assert json.loads(out) == {
        "errors": ["Python 9.9 or newer is needed", "`quantlab` cannot be imported: SyntaxError"],
        "status": "error",
    }
    (folder / "src/quantlab/__init__.py").unlink()
    (folder / "src/quantlab").rmdir()
    (folder / "src").rmdir()
    errors = json.loads(ran(folder, "--check")[1])["errors"]
    assert errors[1:] == ["the folder `src` is missing", "no package `quantlab`"]


def test_a_contract_that_cannot_be_used_is_in_the_way(tmp_path: Path) -> None:
    main = str(project(tmp_path) / "main.py")
    application = Application(name="toy", version="1")
    for text, says in ((": no\n  - yaml", "cannot be used"), ("contract: a.b\n", "version")):
        (tmp_path / "contract.yaml").write_text(text)
        health = examine(application, Declared(), main)
        told = str(health.document["errors"])
        assert health.exit_code == 2
        assert "the contract `contract.yaml` cannot be used: " in told
        assert says in told
    (tmp_path / "contract.yaml").write_text("contract: a.b\nversion: '1.0.0'\nextends: runpact:basic@1\n")
    assert examine(application, Declared(), main).exit_code == 0


def test_a_package_without_code_of_its_own_is_there_and_an_odd_name_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = Application(name="toy", version="1")
    health = examine(application, Declared(package="json.decoder"), str(tmp_path / "missing.py"))
    assert (health.document["json_decoder_import"], health.exit_code) == (True, 2)
    assert examine(application, Declared(package="sys"), __file__).exit_code == 0
    assert examine(application, Declared(package="sys"), None).document["sys_import"] is True
    odd = examine(
        application, Declared(package="sys", oldest_python=(9, 9), source="src"), str(tmp_path / "a")
    )
    assert odd.document["status"] == "error"
    monkeypatch.setitem(sys.modules, "odd_one", types.ModuleType("odd_one"))
    assert examine(application, Declared(package="odd_one"), None).document["odd_one_import"] is False
    (tmp_path / "wrong.py").write_text("this is no Python")
    monkeypatch.syspath_prepend(tmp_path)
    assert examine(application, Declared(package="wrong"), None).document["wrong_import"] is False
    assert examine(application, Declared(package="nowhere_to_be_seen"), None).exit_code == 2


def test_a_program_that_is_no_file_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
    health = examine(Application(name="toy", version="1"), Declared(), None)
    assert health.document["main_path"] is None
    assert health.exit_code == 2
