import pytest

from runpact.model.contract.kind import Kind, Output, Stage
from runpact.model.errors import MalformedDocumentError, UnknownVersionError
from runpact.model.facts import FileFact
from runpact.model.pipeline.legacy import (
    Imported,
    ImportRecord,
    ImportRule,
    LeftOver,
    encode_import,
    is_import_complete,
    parse_import,
    plan_import,
    read_rules,
    usual_rules,
)

KIND = Kind(
    at="runs/{x}",
    stages=(
        Stage(
            id="02",
            slug="fit",
            writes={"fits": Output(files="out/fits/{name}.npz"), "table": Output(file="table.csv")},
        ),
    ),
)
RECORD = ImportRecord(
    source="outputs/old",
    mode="copy",
    external=False,
    imported_at="now",
    is_complete=True,
    files=(Imported(alias="fits", path="legacy/fits/a.npz", source="a.npz", digest="sha256:aa", size=1),),
)


def files(*paths, kind="file"):
    return [FileFact(path, kind) for path in paths]


def planned(facts, rules):
    return {file.source: (file.alias, file.path) for file in plan_import(facts, rules).files}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("fits/a.npz", ("fits", "legacy/fits/a.npz")),
        ("out/fits/a.npz", ("fits", "legacy/fits/a.npz")),
        ("02_fit/out/fits/a.npz", ("fits", "legacy/fits/a.npz")),
        ("table/table.csv", ("table", "legacy/table/table.csv")),
        ("02_fit/table.csv", ("table", "legacy/table/table.csv")),
        ("table.csv", ("table", "legacy/table/table.csv")),
        ("deep/fits/a.npz", None),
        ("fits/a.txt", None),
    ],
)
def test_files_are_recognised_below_their_alias_their_stage_or_where_a_stage_writes_them(path, expected):
    assert planned(files(path), usual_rules(KIND)).get(path) == expected


@pytest.mark.parametrize(
    ("told", "path", "expected"),
    [
        ("old/*.npz", "old/x.npz", "legacy/fits/x.npz"),
        ({"from": "old/{name}_v2.npz"}, "old/x_v2.npz", "legacy/fits/x_v2.npz"),
        ({"from": "old/{name}_v2.npz", "to": "sub/{name}.npz"}, "old/x_v2.npz", "legacy/fits/sub/x.npz"),
        (["no/*", "old/*"], "old/x", "legacy/fits/x"),
    ],
)
def test_a_map_says_where_files_go(told, path, expected):
    rules = read_rules({"fits": told}, {"fits"}, "map.yaml")
    assert planned(files(path), rules) == {path: ("fits", expected)}


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "a map of aliases to patterns is expected"),
        ({"other": "a"}, "no stage writes this alias"),
        ({"fits": 3}, "a rule is a pattern"),
        ({"fits": {"from": "a", "too": "b"}}, "the keys `from` and `to`"),
        ({"fits": {"to": "b"}}, "a rule is a pattern"),
        ({"fits": {"from": "a", "to": 3}}, "a rule is a pattern"),
        ({"fits": {"from": "{a}", "to": "{b}"}}, "captures no b"),
        ({"fits": "{a:nonsense"}, "cannot be read"),
        ({"fits": ["../../*"]}, "`../../*` does not stay below"),
        ({"fits": ["/etc/*"]}, "`/etc/*` does not stay below"),
        ({"fits": {"from": "a/{x}", "to": "../../evil/{x}"}}, "`../../evil/{x}` does not stay below"),
    ],
)
def test_a_map_that_cannot_be_meant_is_refused(document, told):
    with pytest.raises(MalformedDocumentError) as caught:
        read_rules(document, {"fits"}, "map.yaml")
    assert told in " ".join((caught.value.message, *(fault.message for fault in caught.value.faults)))


def test_a_name_that_no_record_can_hold_is_left_over():
    left = plan_import(files("fits/\udcff"), usual_rules(KIND)).left_over
    assert left == (LeftOver("fits/\\xff", "its name is no UTF-8"),)


def test_what_is_no_regular_file_is_left_over_whatever_it_is_called():
    facts = [
        *files("fits", "fits/deep", kind="dir"),
        FileFact("fits/locked", "dir", fault="Permission denied"),
        *files("fits/l.npz", kind="symlink"),
        *files("fits/p.npz", kind="other"),
        *files("readme"),
    ]
    plan = plan_import(facts, usual_rules(KIND))
    assert plan.files == ()
    assert plan.left_over == (
        LeftOver("fits/locked", "Permission denied"),
        LeftOver("fits/l.npz", "a link: it is not followed"),
        LeftOver("fits/p.npz", "a pipe, socket or device: it is not opened"),
        LeftOver("readme", "no rule recognises it"),
    )


def test_a_name_that_is_not_safe_is_left_over():
    rules = [ImportRule("fits", "old/*"), ImportRule("fits", "more/{x}", "{x}")]
    assert planned(files("old/-x", "more/a b"), rules) == {}


def test_two_files_for_one_place_clash():
    plan = plan_import(files("fits/a.npz", "out/fits/a.npz"), usual_rules(KIND))
    assert plan.clashes == ("legacy/fits/a.npz: fits/a.npz, out/fits/a.npz",)


def test_a_record_reads_back_as_it_was():
    assert parse_import(encode_import(RECORD)) == RECORD
    assert RECORD.aliases == {"fits": "legacy/fits"}
    assert is_import_complete(encode_import(RECORD))


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff"])
def test_what_is_no_record_is_refused(data):
    with pytest.raises(MalformedDocumentError):
        parse_import(data)
    assert not is_import_complete(data)


def test_a_record_of_another_major_is_refused():
    with pytest.raises(UnknownVersionError):
        parse_import(encode_import(RECORD).replace(b"runpact.import/1", b"runpact.import/2"))
