"""The pages of the shipped contracts are those that `runpact contract docs` writes now."""

from __future__ import annotations

from pathlib import Path

import pytest

from runpact.cli.main import run_command_line
from runpact.workspace import pack_names

ROOT = Path(__file__).resolve().parents[2]
PAGES = {name: f"docs/packs/{name.removeprefix('runpact:').split('@')[0]}.md" for name in pack_names()}
PAGES |= {
    f"examples/{name}/contract.yaml": f"examples/{name}/CONTRACT.md"
    for name in ("certification", "holography", "perception", "quant", "vision")
}


@pytest.mark.parametrize(("contract", "page"), PAGES.items())
def test_a_page_is_what_its_contract_says(contract: str, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert run_command_line(["contract", "docs", contract, "--check", page]) == 0, (
        f"runpact contract docs {contract} --output {page}"
    )


def test_every_pack_stands_in_the_index() -> None:
    index = (ROOT / "docs/packs/README.md").read_text(encoding="utf-8")
    assert [name for name in pack_names() if f"`{name}`" not in index] == []
