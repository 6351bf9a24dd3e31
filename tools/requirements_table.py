"""The requirement tables of docs/requirements: read them, renew them, count them.

    python3 tools/requirements_table.py            print how many demands are held
    python3 tools/requirements_table.py --write    name in each row the tests marked with its number

Knows: the tables' form, and how a test says which demands it holds: `@pytest.mark.requirement("A-005", …)`;
a pack holds those whose number is a rule that one of its bad trees breaks.
Does not know: whether a test passes.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "requirements"
NUMBER = re.compile(r"(?:A-\d{3}|AX-\d{3}|B-\d{3}|B-A\d|C-\d{3}|X-\d{2}|[DE]\d+\.\d+)")
ROW = re.compile(rf"^\| (?P<number>{NUMBER.pattern}) \| (?P<demand>.*?) \| (?P<held>[^|]*) \|$")
OPEN = "open"
PACKS = ROOT / "src" / "runpact" / "packs"
PACK_TEST = "tests/corpus/test_packs.py::test_a_pack_judges_its_trees_right_and_every_rule_is_broken_by_one"
_BROKEN = re.compile(rf'"verdict": "fail", "rule": "({NUMBER.pattern})"')


def pages() -> list[Path]:
    """Name the pages that hold tables, in order."""
    return sorted(PAGES.glob("[A-E].md"))


def rows() -> list[tuple[str, str, list[str]]]:
    """Read every row: its number, its demand, the tests that hold it (none while it is open)."""
    found = []
    for page in pages():
        for line in page.read_text(encoding="utf-8").splitlines():
            row = ROW.match(line)
            if row:
                held = [] if row["held"] == OPEN else re.findall(r"`([^`]+)`", row["held"])
                found.append((row["number"], row["demand"], held))
    return found


def test_functions() -> dict[str, set[str]]:
    """Find every test function: its node id without parameters, and the numbers that it is marked with."""
    tests: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if "corpus" not in path.parts:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            _collect(tree, path.relative_to(ROOT).as_posix(), set(), tests)
    for pack in PACKS.iterdir():
        cases = pack / "cases.yaml"
        if cases.is_file():
            text = cases.read_text(encoding="utf-8")
            tests[f"{PACK_TEST}[runpact:{pack.name}]"] = set(_BROKEN.findall(text))
    return tests


def marked_tests() -> dict[str, list[str]]:
    """Turn the marks around: each number with the tests that carry it."""
    marked: dict[str, list[str]] = {}
    for node, numbers in test_functions().items():
        for number in numbers:
            marked.setdefault(number, []).append(node)
    return {number: sorted(nodes) for number, nodes in marked.items()}


def _collect(
    body: ast.Module | ast.ClassDef, prefix: str, inherited: set[str], into: dict[str, set[str]]
) -> None:
    own = inherited | _module_marks(body)
    for node in body.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            _collect(node, f"{prefix}::{node.name}", own | _marks(node.decorator_list), into)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            into[f"{prefix}::{node.name}"] = own | _marks(node.decorator_list)


def _module_marks(body: ast.Module | ast.ClassDef) -> set[str]:
    numbers: set[str] = set()
    for node in body.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
        ):
            values = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            numbers |= _marks(values)
    return numbers


def _marks(expressions: list[ast.expr]) -> set[str]:
    numbers: set[str] = set()
    for expression in expressions:
        if isinstance(expression, ast.Call) and ast.unparse(expression.func) == "pytest.mark.requirement":
            numbers |= {
                argument.value
                for argument in expression.args
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            }
    return numbers


def write() -> None:
    """Renew the last column of every table from the marks."""
    marked = marked_tests()
    existing = test_functions()
    for page in pages():
        lines = []
        for line in page.read_text(encoding="utf-8").splitlines():
            row = ROW.match(line)
            if row:
                kept = {node for node in re.findall(r"`([^`]+)`", row["held"]) if node in existing}
                nodes = sorted(kept | set(marked.get(row["number"], [])))
                held = ", ".join(f"`{node}`" for node in nodes) or OPEN
                line = f"| {row['number']} | {row['demand']} | {held} |"  # noqa: PLW2901 - the line is rewritten
            lines.append(line)
        page.write_text("\n".join(lines) + "\n", encoding="utf-8")


def counts() -> str:
    """Say per list how many demands a test holds."""
    totals: dict[str, list[int]] = {}
    for number, _, held in rows():
        total = totals.setdefault("C" if number[0] == "X" else number[0], [0, 0])
        total[0] += bool(held)
        total[1] += 1
    parts = [f"{letter} {held}/{total}" for letter, (held, total) in sorted(totals.items())]
    held, total = (sum(pair[index] for pair in totals.values()) for index in (0, 1))
    judged = sum(bool(nodes) and all(PACK_TEST in node for node in nodes) for _, _, nodes in rows())
    told = f"requirements held by a test: {held} of {total} ({', '.join(parts)})"
    return f"{told}, {judged} of them by a pack's rule alone"


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    print(counts())
