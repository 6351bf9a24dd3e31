"""The folders keep the form that docs/adr and the contributors' guide promise."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from tracked import ROOT, SOURCE, modules, tracked_files

TESTS = ROOT / "tests"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def layers() -> set[str]:
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    contract = next(contract for contract in contracts if contract["type"] == "layers")
    return {name.strip(" ()") for line in contract["layers"] for name in line.split("|")}


def python_tests(folder: str = "") -> list[tuple[str, ast.Module]]:
    return [
        (path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
        for path in sorted((TESTS / folder).rglob("*.py"))
        if "corpus" not in path.parts
    ]


def imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_every_part_of_the_package_has_its_layer():
    parts = {
        path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert parts - {"__init__"} - layers() == set()


def test_no_module_is_a_drawer_for_anything():
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [name for name, _, _ in modules() if name.rsplit("/", 1)[-1][:-3] in drawers] == []


def test_every_suppression_names_its_rule_and_its_reason():
    bare = []
    for name, _, text in modules():
        for number, line in enumerate(text.splitlines(), start=1):
            suppressed = re.search(r"# (noqa|type: ignore)(.*)", line)
            if suppressed and not re.match(
                r"(: [A-Z]+\d+(, ?[A-Z]+\d+)*|\[[\w, -]+\])\s+(-|#|–)\s*\S", suppressed[2]
            ):
                bare.append(f"{name}:{number}: {line.strip()}")
    assert bare == []


def test_no_test_uses_a_mock_library():
    users = [
        name
        for name, tree in python_tests()
        if any(module.split(".")[:2] in (["unittest", "mock"], ["mock"]) for module in imported(tree))
        or "mocker" in {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    ]
    assert users == []


def test_monkeypatch_changes_the_environment_and_injects_faults_at_the_edge():
    """Faults of system calls and small limits are set in `tests/integration` alone."""
    environment = {"setenv", "delenv", "chdir", "syspath_prepend", "undo", "context"}
    patches = [
        f"{name}:{node.lineno}: monkeypatch.{node.attr}"
        for name, tree in python_tests()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "monkeypatch"
        and node.attr not in environment
        and not (node.attr in {"setattr", "setitem"} and name.startswith("tests/integration/"))
    ]
    assert patches == []


def test_unit_tests_need_no_disk_no_clock_and_no_network():
    outside = {"tempfile", "socket", "subprocess", "urllib.request", "http.client", "multiprocessing"}
    users = []
    for name, tree in python_tests("unit"):
        fixtures = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        found = (
            (fixtures & {"tmp_path", "tmp_path_factory"})
            | (imported(tree) & outside)
            | (calls & {"time.sleep"})
        )
        if found:
            users.append(f"{name}: {', '.join(sorted(found))}")
    assert users == []


def test_unit_tests_mirror_the_package():
    strangers = [
        folder.relative_to(ROOT).as_posix()
        for folder in sorted((TESTS / "unit").rglob("*"))
        if folder.is_dir()
        and folder.name != "__pycache__"
        and not (SOURCE / folder.relative_to(TESTS / "unit")).is_dir()
        and not (SOURCE / folder.relative_to(TESTS / "unit")).with_suffix(".py").is_file()
    ]
    assert strangers == []


def test_decisions_are_numbered_without_gaps():
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "adr").glob("[0-9][0-9][0-9][0-9]-*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def links(page: Path) -> list[str]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    return [target for target in targets if "://" not in target and not target.startswith("mailto:")]


def test_every_link_between_pages_leads_somewhere():
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in tracked_files()
        if page.suffix == ".md" and "corpus" not in page.parts
        for target in links(page)
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_public_name_that_is_announced_exists():
    runpact = pytest.importorskip("runpact")
    assert [name for name in getattr(runpact, "__all__", ()) if not hasattr(runpact, name)] == []


def test_the_version_is_written_in_one_place():
    assert "version" in PROJECT["project"]["dynamic"]
    found = re.search(
        PROJECT["tool"]["hatch"]["version"]["pattern"], (SOURCE / "version.py").read_text(), re.MULTILINE
    )
    assert found is not None


def test_the_changelog_has_a_place_for_what_comes_next():
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
