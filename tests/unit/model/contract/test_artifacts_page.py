"""The page of what goes from stage to stage says what the contract says."""

from __future__ import annotations

import msgspec

from runpact.model.contract.language import Contract, LoadedContract
from runpact.model.contract.page import artifacts_page


def page(**said: object) -> str:
    document = {"contract": "acme.lab", "version": "1.0.0", **said}
    contract = msgspec.convert(document, Contract)
    return artifacts_page(LoadedContract(contract=contract, sources={}, digest="sha256:0"))


def stage(identity: str, slug: str, **said: object) -> dict[str, object]:
    return {"id": identity, "slug": slug, "command": ["x"], **said}


TYPES = {
    "System@1": {"description": "One system.", "format": "json"},
    "Metric@0.2": {
        "format": ["npz", "npy"],
        "arrays": {"depth": {"dtype": "<f8", "shape": ["N"]}},
        "extra_arrays": "refused",
    },
    "Unused@1": {"format": "json"},
}
STAGES = [
    stage(
        "01",
        "systems",
        description="Makes systems.",
        reads={"raw": {"outside": True}, "table": {"outside": "data/raw.csv", "required": False}},
        writes={
            "systems": {"files": "systems/{name}.json", "type": "System@1", "count": {"min": 1, "max": 9}},
            "mixed": [
                {"file": "mixed/a.txt", "required": False},
                {"file": "mixed/b.json", "type": "System@1"},
            ],
        },
    ),
    stage(
        "02",
        "geometry",
        reads={"systems": {}, "mixed": {}, "elsewhere": {}},
        writes={"metric": {"file": "m/m.npz", "type": "Metric@0.2", "required": "run.config.deep"}},
    ),
    stage("03", "idle"),
]
EXPERIMENT = {"at": "runs/{experiment}", "sealed": "by_stage", "stages": STAGES}


def rows(text: str, first: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(f"| `{first}`")]


def test_each_stage_says_what_it_reads_and_from_where() -> None:
    text = page(kinds={"experiment": EXPERIMENT, "run": {"at": "runs/{name}"}}, types=TYPES)
    assert "| `raw` |" in rows(text, "raw")[0]
    assert "outside: named on the command line | yes |" in rows(text, "raw")[0]
    assert "outside: `data/raw.csv` | may |" in rows(text, "table")[0]
    assert "| [System](#system1) | 1 | `01_systems` | yes |" in rows(text, "systems")[1]
    assert rows(text, "mixed")[2] == "| `mixed` |  |  | `01_systems` | yes |"
    assert rows(text, "elsewhere") == ["| `elsewhere` |  |  |  | yes |"]
    assert "## run\n" not in text


def test_each_stage_says_what_it_writes_with_type_version_and_format() -> None:
    text = page(kinds={"experiment": EXPERIMENT}, types=TYPES)
    written = rows(text, "systems")[0]
    assert (
        "`systems/{name}.json` | [System](#system1) | 1 | json | at least 1 and at most 9 | yes |" in written
    )
    assert "| `mixed/a.txt` |  |  |  | 1 | may |" in rows(text, "mixed")[0]
    assert "[Metric](#metric02) | 0.2 | npz or npy | 1 | when `run.config.deep` |" in rows(text, "metric")[0]
    assert "It reads no artifact." in text.split("03\\_idle")[1]
    assert "It writes no artifact." in text.split("03\\_idle")[1]


def test_types_that_are_used_say_what_they_hold() -> None:
    types = page(kinds={"experiment": EXPERIMENT}, types=TYPES).split("## Types")[1]
    assert "### System@1\n\nOne system.\n\nFormat: json.\n" in types
    assert "| `depth` | `<f8` | `(N)` |" in types
    assert types.rstrip().endswith("No other arrays.")
    assert "Unused" not in types


def test_a_contract_without_stages_has_no_artifacts() -> None:
    text = page(kinds={"run": {"at": "runs/{name}"}}, types=TYPES)
    assert text.endswith("No kind of run has stages.\n")


def test_a_pipeline_without_types_has_no_section_of_types() -> None:
    text = page(kinds={"experiment": EXPERIMENT | {"stages": [stage("01", "idle")]}}, types=TYPES)
    assert "## Types" not in text
