"""Every example of the language's page is well formed; the generated parts are current."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import msgspec
import pytest
import yaml

from runpact.formats.yamltree import read_tree
from runpact.model.contract.cases import Case
from runpact.verbs.contracts.load_contract import load_contract

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/contract-language.md").read_text(encoding="utf-8")
HEAD = 'contract: docs.example\nversion: "1.0.0"\nkinds:\n  run:\n'

sys.path.insert(0, str(ROOT / "tools"))
import contract_schema  # noqa: E402 - a tool beside the tests


def examples(sort: str) -> list[str]:
    return re.findall(rf"```yaml {sort}\n(.*?)```", PAGE, re.DOTALL)


def indented(text: str, by: int) -> str:
    return "".join(" " * by + line + "\n" if line else "\n" for line in text.splitlines())


def whole(sort: str, text: str) -> str:
    if sort == "contract":
        return text
    at = "" if re.search("^at:", text, re.MULTILINE) else '    at: "runs/{name}"\n'
    if sort == "kind":
        return HEAD + at + indented(text, 4)
    return HEAD + at + "    entries:\n" + indented(text, 6)


EXAMPLES = [(sort, text) for sort in ("contract", "kind", "entries") for text in examples(sort)]


@pytest.mark.parametrize(("sort", "text"), EXAMPLES)
def test_every_example_is_well_formed(sort: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(whole(sort, text), encoding="utf-8")
    loaded = load_contract(str(path))
    assert loaded.contract.kinds


def test_every_key_says_what_it_means() -> None:
    rows = [line for line in PAGE.split("## Reference")[1].splitlines() if line.startswith("| `")]
    assert len(rows) >= 200
    assert [row for row in rows if row.endswith("|  |")] == []


def test_the_page_has_examples_of_each_sort() -> None:
    assert len(EXAMPLES) >= 20
    assert len(examples("cases")) == 1


def test_the_example_of_cases_can_be_read() -> None:
    (text,) = examples("cases")
    assert not isinstance(read_tree(text.encode(), "cases.yaml"), tuple)
    assert len(msgspec.convert(yaml.safe_load(text), tuple[Case, ...])) == 3


def test_every_block_of_yaml_says_what_it_is() -> None:
    assert re.findall(r"```yaml\n", PAGE) == []


def test_the_schema_and_the_reference_are_current() -> None:
    assert contract_schema.TARGET.read_text(encoding="utf-8") == contract_schema.text()
    assert contract_schema.PAGE.read_text(encoding="utf-8") == contract_schema.page()
