"""Stages that do not fit together are told before anything runs."""

from __future__ import annotations

import pytest

from runpact.formats.yamltree import read_tree
from runpact.model.contract.lint import lint
from runpact.model.contract.lint.advice import advice_notes
from runpact.model.contract.merge import completed
from runpact.model.contract.reader import read_contract

HEAD = """\
contract: test.stages
version: "1.0.0"
types: {A@1: {format: json}, B@1: {format: json}}
kinds:
  experiment:
    at: "runs/{experiment}"
    sealed: by_stage
"""


def faults(text: str) -> list[str]:
    tree = read_tree((HEAD + text).encode(), "contract.yaml")
    assert not isinstance(tree, tuple), tree
    contract, form = read_contract(tree, "contract.yaml")
    assert contract is not None
    assert not form
    return [f"{each.at}: {each.message}" for each in lint(completed(contract), tree, "contract.yaml", {})]


def stages(*rows: str) -> str:
    return "    stages:\n" + "".join(f"      - {{{row}}}\n" for row in rows)


WRITER = "id: '01', slug: a, command: [a], writes: {x: {file: x/x.json, type: A@1}}"


@pytest.mark.requirement("C-021")
def test_stages_that_fit_together_have_no_fault() -> None:
    assert (
        faults(
            stages(
                WRITER,
                "id: '01b', slug: b, command: ['{reads.x}', '{{}}', '{experiment}', '{stage.dir}'],"
                " reads: {x: A@1, raw: {outside: data/raw.csv}}",
                "id: '02', slug: c, command: [c, '{seed}'], seed: 3, reads: {x: {}}, timeout_seconds: 1.5",
            )
        )
        == []
    )


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ("id: '02', slug: b, command: [b], reads: {y: A@1}", "stages/1/reads/y: no stage writes `y`"),
        ("id: '02', slug: b, command: [b], reads: {x: B@1}", "stage 01 writes `x` as another type"),
        ("id: '02', slug: b, command: [b], reads: {y: {type: C@1, outside: true}}", "reads/y: no type `C@1`"),
        ("id: '02', slug: b, command: [b], reads: {x: {outside: true}}", "stage 01 writes `x`"),
        ("id: '02', slug: b, command: [b], writes: {x: {file: y}}", "two stages write `x`"),
        (
            "id: '02', slug: b, command: [b], writes: {y: {file: y, type: C@1}}",
            "writes/y/type: no type `C@1`",
        ),
        ("id: '02', slug: b, command: [b], writes: {y: [{file: y}, {files: ../y}]}", "writes/y/1/files: "),
        ("id: '02', slug: b, command: [b], writes: {y: {file: /y}}", "writes/y/file: "),
        ("id: '02', slug: b, command: [b], writes: {y: {files: 'y{'}}", "writes/y/files: "),
        ("id: '02', slug: b, command: [b], writes: {y: []}", "nothing stands behind the alias"),
        (
            "id: '02', slug: b, command: [b], writes: {a/b: {file: y}}",
            "an alias cannot be the name of a folder",
        ),
        ("id: '02', slug: b", "stages/1: a stage needs a command"),
        ("id: '02', slug: b, command: ['{nothing}']", "stages/1/command/0: nothing fills in `{nothing}`"),
        ("id: '02', slug: b, command: ['{reads.x}']", "nothing fills in `{reads.x}`"),
        (
            "id: '02', slug: b, command: [b, '{']",
            "stages/1/command/1: the argument cannot be read: a lone `{`",
        ),
        ("id: '02', slug: b, command: [b], timeout_seconds: 0", "a time to run is more than nothing"),
        (
            "id: '02', slug: b, command: [b], reads: {y: {}}, writes: {y: {file: y}}",
            "reads what it writes itself",
        ),
        ("id: '2', slug: b, command: [b]", "two digits"),
        ("id: '٠٢', slug: b, command: [b]", "two digits"),
        ("id: '02', slug: B, command: [b]", "a slug has small letters"),
        ("id: '01', slug: b, command: [b]", "two stages have one id"),
    ],
)
def test_what_does_not_fit_is_named(second: str, expected: str) -> None:
    found = faults(stages(WRITER, second))
    assert len(found) == 1, found
    assert expected in found[0]


def test_stages_that_feed_each_other_are_a_circle() -> None:
    found = faults(
        stages(
            "id: '01', slug: a, command: [a], reads: {z: {}}, writes: {x: {file: x}}",
            "id: '02', slug: b, command: [a], reads: {x: {}}, writes: {y: {file: y}}",
            "id: '03', slug: c, command: [a], reads: {y: {}}, writes: {z: {file: z}}",
        )
    )
    assert found == [
        "/kinds/experiment/stages/0/reads/z: stages feed each other in a circle: 03 → 02 → 01 → 03"
    ]


def test_a_stage_reads_only_what_an_earlier_one_writes() -> None:
    found = faults(stages("id: '01', slug: a, command: [a], reads: {x: {}}", WRITER.replace("01", "02")))
    assert found == ["/kinds/experiment/stages/0/reads/x: stage 02, which writes `x`, comes later"]


def test_only_a_kind_that_is_sealed_by_stage_has_stages() -> None:
    found = faults("".join(stages(WRITER)).replace("    stages", "    told_by: 'true'\n    stages"))
    assert found == []


def test_a_legacy_path_must_be_readable() -> None:
    found = faults(
        "    legacy: {x: 'old/{', y: 'old/y'}\n" + stages("id: '02', slug: b, command: [b], reads: {y: {}}")
    )
    assert [each.split(":")[0] for each in found] == ["/kinds/experiment/legacy/x"]


def test_a_malformed_schema_of_a_type_is_told_where_a_stage_writes_it() -> None:
    text = stages("id: '01', slug: a, command: [a], writes: {x: {file: x, type: S@1}}")
    tree = read_tree((HEAD.replace("types: {", "types: {S@1: {schema: {type: 3}}, ") + text).encode(), "c")
    assert not isinstance(tree, tuple)
    contract, _form = read_contract(tree, "c")
    assert contract is not None
    assert [each.at for each in lint(completed(contract), tree, "c", {})] == [
        "/kinds/experiment/stages/0/writes/x/type"
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("summary", []),
        ("stage.command_line", []),
        ("{a: stage.seed, b: stage}", []),
        ("stage.summary", ["/kinds/experiment/each_stage/entries/0/fields: a stage has no `summary`"]),
        ("{a: stage.sed}", ["/kinds/experiment/each_stage/entries/0/fields/a: a stage has no `sed`"]),
    ],
)
def test_fields_of_a_stage_name_what_a_stage_has(fields: str, expected: list[str]) -> None:
    entry = f"{{file: a.json, written: seal, fields: {fields}}}"
    assert faults(f"    each_stage: {{entries: [{entry}]}}\n" + stages(WRITER)) == expected


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("file: stage_summary.json, as: summary", True),
        ("file: stage_summary.json, written: seal, fields: summary", False),
        ("file: other.json", False),
    ],
)
def test_a_summary_that_only_the_program_writes_is_told(entry: str, told: bool) -> None:
    tree = read_tree((HEAD + f"    each_stage: {{entries: [{{{entry}}}]}}\n").encode(), "contract.yaml")
    contract, _form = read_contract(tree, "contract.yaml")
    assert contract is not None
    notes = [each.message for each in advice_notes(completed(contract))]
    assert any("the claim of the stage's program" in each for each in notes) is told
