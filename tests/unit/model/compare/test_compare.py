from __future__ import annotations

import msgspec
import pytest

from runpact.model.compare.compare import compare_runs
from runpact.model.compare.row import Comparison, Likeness, Row, is_equal
from runpact.model.compare.series import Point, series_of
from runpact.model.compare.side import Side
from runpact.model.contract.entry import Entry
from runpact.model.contract.kind import Kind
from runpact.model.contract.rule import Determinism, Tolerance
from runpact.model.facts import (
    ArrayFact,
    ArraysFact,
    Deviation,
    DocumentFact,
    FormatFault,
    TableFact,
    TextFact,
)
from runpact.model.inputs import Input
from runpact.model.manifest import FileRecord
from runpact.model.provenance import (
    Code,
    Config,
    Copy,
    Devices,
    Environment,
    Gpu,
    LeftOut,
    LockCopy,
    Provenance,
    Torch,
    Untracked,
)
from runpact.model.run import ContractRef, Outcome, State


class Values:
    """Numbers of an array, as far as they are compared."""

    def __init__(self, *numbers: float) -> None:
        self.numbers = numbers

    def deviation(self, other: object, *, relative: float, absolute: float) -> Deviation | str:
        assert isinstance(other, Values)
        if not self.numbers:
            return "they are too many"
        gaps = [abs(a - b) for a, b in zip(self.numbers, other.numbers, strict=True) if a != b]
        beyond = [gap for gap in gaps if gap > max(absolute, relative)]
        return Deviation(len(self.numbers), len(gaps), len(beyond), max(gaps, default=None))


class Memory:
    """Files of a run in memory."""

    def __init__(self, **files: object) -> None:
        self.files = {name.replace("_", "."): value for name, value in files.items()}

    def facts(self, path, form):
        value = self.files[path]
        if isinstance(value, list):
            return TableFact(tuple(value[0]) if value else (), len(value))
        if isinstance(value, tuple):
            return ArraysFact(tuple(ArrayFact(name, "<f8", (2,)) for name, _numbers in value))
        if isinstance(value, str):
            return TextFact(1, len(value))
        return value if isinstance(value, FormatFault | ArraysFact) else DocumentFact(value)

    def rows(self, path, form):
        value = self.files[path]
        return value or FormatFault("unreadable", "no rows")

    def values(self, path, name):
        return dict(self.files[path])[name]

    def records(self) -> dict[str, FileRecord]:
        return {path: FileRecord(path, 1, f"sha256:{value!r}") for path, value in self.files.items()}


CONTRACT = ContractRef("a.b", "1.0.0", "sha256:0")


def side(memory: Memory | None = None, **fields: object) -> Side:
    held = memory or Memory()
    plain = {
        "shown": "runs/x",
        "state": State.FINISHED,
        "kind": "run",
        "contract": CONTRACT,
        "outcome": Outcome(state=State.FINISHED, ended="", duration_seconds=1, exit_code=0),
        "origin": Provenance(code=Code(commit="1" * 40, dirty=False)),
        "files": held.records(),
        "contents": held,
    }
    return Side(**(plain | fields))


def kind(*volatile: str, **tolerances: float) -> Kind:
    places = {place.replace("__", "#/").replace("_", "."): each for place, each in tolerances.items()}
    return Kind(
        determinism=Determinism(
            volatile=volatile,
            tolerances={place: Tolerance(absolute=each) for place, each in places.items()},
        )
    )


def rows_of(found: Comparison) -> dict[str, Row]:
    return {row.key: row for section in found.sections for row in section.rows}


def likeness_of(key: str, *sides: Side, of: Kind | None = None) -> tuple[str, str]:
    row = rows_of(compare_runs(sides, of or Kind()))[key]
    return row.likeness.value, row.remark


def origin(**fields: object) -> Side:
    return side(origin=msgspec.structs.replace(side().origin, **fields))


def test_a_run_is_equal_to_itself() -> None:
    memory = Memory(a_json={"x": 1}, b_csv=[{"x": "1"}])
    found = compare_runs([side(memory, metrics=series(1, 2)), side(memory, metrics=series(1, 2))], Kind())
    assert found.is_equal
    assert found.differences == {}
    assert [section.count(Likeness.SAME) for section in found.sections if section.name == "metrics"] == [4]
    assert found.likeness is Likeness.SAME


def series(*values: float, step: float | None = 0) -> dict[str, tuple[Point, ...]]:
    points = (Point(0, None if step is None else step + n, value) for n, value in enumerate(values))
    return {"loss": tuple(points)}


def test_only_the_sections_asked_for_are_compared() -> None:
    pair = [origin(seeds={"a": 1}), origin(seeds={"a": 2})]
    assert not compare_runs(pair, Kind()).is_equal
    found = compare_runs(pair, Kind(), only=["metrics", "artifacts"])
    assert found.is_equal
    assert [section.name for section in found.sections] == ["metrics", "artifacts"]


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.RUNNING, "runs/y: it still runs"),
        (State.CORRUPT, "runs/y: it is damaged"),
        (State.ABANDONED, "runs/y: its creation never completed"),
        (State.UNKNOWN, "runs/y: elsewhere"),
    ],
)
def test_a_run_that_is_not_whole_leaves_it_undecided(state: State, reason: str) -> None:
    other = side(shown="runs/y", state=state, reason="elsewhere", outcome=None)
    assert likeness_of("state", side(), other) == ("undecided", reason)


def test_a_proven_difference_weighs_more_than_what_is_undecided() -> None:
    other = side(state=State.RUNNING, origin=Provenance(seeds={"a": 1}))
    assert compare_runs([side(), other], Kind()).likeness is Likeness.DIFFERENT
    running = side(state=State.RUNNING)
    assert compare_runs([side(), running], Kind(), only=["config"]).likeness is Likeness.SAME
    assert compare_runs([side(), running], Kind()).likeness is Likeness.UNDECIDED


def test_other_ends_differ() -> None:
    failed = Outcome(state=State.FAILED, ended="", duration_seconds=2, exit_code=3, error="E: no")
    other = side(state=State.FAILED, outcome=failed, contract=None, kind="sweep")
    found = rows_of(compare_runs([side(), other], Kind()))
    assert {key for key in found if found[key].likeness is Likeness.DIFFERENT} == {
        "state", "exit_code", "error", "contract", "kind",
    }  # fmt: skip
    assert found["contract"].absent == (1,)


def test_foreign_directories_are_compared_by_their_files() -> None:
    foreign = side(state=State.UNKNOWN, is_recorded=False, kind="", contract=None, outcome=None, origin=None)
    found = compare_runs([foreign, foreign], Kind())
    assert found.is_equal
    assert [section.name for section in found.sections] == ["run", "metrics", "artifacts"]


def test_what_one_run_records_and_the_other_does_not_is_undecided() -> None:
    assert likeness_of("recorded", side(), side(origin=None)) == ("undecided", "one run records none")


def test_configurations_are_compared_by_dotted_keys() -> None:
    one = origin(config=Config({"lr": 1, "model": {"depth": 2, "layers": [1, 2]}, "old": {}, "n": None}))
    two = origin(
        config=Config({"lr": 1.0, "model": {"depth": True, "layers": [1, 2.0]}, "n": None, "new": 3})
    )
    found = compare_runs([one, two], Kind(), only=["config"])
    told = {row.key: (row.values, row.absent) for row in found.differences["config"]}
    assert told == {"model.depth": ((2, True), ()), "old": (({}, None), (1,)), "new": ((None, 3), (0,))}


def test_code_that_no_run_knows_is_noted() -> None:
    unknown = origin(code=Code())
    assert likeness_of("commit", unknown, unknown) == ("noted", "not known")
    assert likeness_of("dirty", unknown, unknown) == ("noted", "not known")
    assert compare_runs([unknown, unknown], Kind()).is_equal


def test_code_that_one_run_alone_knows_is_undecided() -> None:
    assert likeness_of("commit", side(), origin(code=Code())) == ("undecided", "not known")


def test_code_is_commit_diff_and_untracked_files() -> None:
    base = Code(commit="1" * 40, dirty=True, diff=Copy(digest="sha256:1", copy_digest="sha256:2"))
    masked = msgspec.structs.replace(base, diff=Copy(copy_digest="sha256:2"))
    more = msgspec.structs.replace(base, untracked=Untracked(path="u", files=1, size=1, digest="sha256:9"))
    assert likeness_of("diff", origin(code=base), origin(code=base)) == ("same", "")
    assert likeness_of("diff", origin(code=base), origin(code=masked))[0] == "different"
    assert likeness_of("untracked", origin(code=base), origin(code=more))[0] == "different"


def test_files_that_were_not_stored_are_noted_and_other_names_differ() -> None:
    left = Code(commit="1" * 40, dirty=True, left_out=(LeftOut("big.bin", 9, "too large"),))
    assert likeness_of("not stored", origin(code=left), origin(code=left))[0] == "noted"
    assert likeness_of("not stored", origin(code=left), side())[0] == "different"


def test_another_command_is_noted_and_decides_nothing() -> None:
    pair = [origin(command=("a", "x")), origin(command=("a", "y"))]
    assert likeness_of("command", *pair) == ("noted", "decides nothing by itself")
    assert compare_runs(pair, Kind()).is_equal


def test_environments_are_compared_package_by_package() -> None:
    one = Environment(python="3.11", packages={"numpy": "2.1", "x": "1"}, torch=Torch("2.5", cuda="12.4"))
    two = Environment(
        python="3.12",
        packages={"numpy": "2.2", "x": "1"},
        variables={"OMP_NUM_THREADS": "1"},
        locks=(LockCopy(source="uv.lock", digest="sha256:1"),),
    )
    devices = Devices(gpus=(Gpu(None, "10de:2684", None),), cores=4)
    found = compare_runs(
        [origin(environment=one), origin(environment=two, devices=devices)], Kind(), only=["environment"]
    )
    told = {row.key: row.values for row in found.differences["environment"]}
    assert told == {
        "python": ("3.11", "3.12"),
        "torch": ("2.5 12.4", None),
        "cores": (None, 4),
        "gpus": ([], ["10de:2684"]),
        "package numpy": ("2.1", "2.2"),
        "variable OMP_NUM_THREADS": (None, "1"),
        "lock uv.lock": (None, "sha256:1"),
    }


def test_inputs_are_compared_by_digest() -> None:
    def data(digest: str, *, changed: bool = False) -> Side:
        return origin(inputs=(Input(name="d", digest=digest, size=1, changed=changed),))

    assert likeness_of("d", data("sha256:1"), data("sha256:1"))[0] == "same"
    assert likeness_of("d", data("sha256:1"), data("sha256:2"))[0] == "different"
    assert likeness_of("d", data("sha256:1"), side())[0] == "different"
    assert likeness_of("d", data("sha256:1"), data("sha256:1", changed=True))[0] == "undecided"
    assert likeness_of("d", data(""), data(""))[0] == "undecided"


def test_the_stream_gives_a_series_for_each_metric() -> None:
    entries = [
        {"time": 1.0, "step": 1, "values": {"a": 1, "b": 2.0, "c": "no"}},
        {"time": "?", "step": None, "values": {"a": 3}},
        {"values": "no"},
    ]
    assert series_of(entries) == {
        "a": (Point(1.0, 1, 1), Point(0.0, None, 3)),
        "b": (Point(1.0, 1, 2.0),),
    }


def metric_likeness(one: dict, two: dict, word: str, of: Kind | None = None) -> tuple[str, str]:
    return likeness_of(f"loss.{word}", side(metrics=one), side(metrics=two), of=of)


def test_series_are_matched_by_step() -> None:
    late = {"loss": series(9, 1, 2, 5)["loss"][1:]}
    assert metric_likeness(series(1, 2, 3), series(1, 2, 4), "series") == (
        "different", "1 of 3 points differ, from step 2 on, by at most 1",
    )  # fmt: skip
    assert metric_likeness(series(9, 1, 2, 5), late, "series") == (
        "different", "1 points in one of them only",
    )  # fmt: skip
    assert metric_likeness(series(1, 2), series(1, 2), "series") == ("same", "")


def test_series_without_steps_are_matched_by_order() -> None:
    assert metric_likeness(series(1, 2, step=None), series(1, 3, step=None), "series") == (
        "different", "1 of 2 points differ, from point 1 on, by at most 1",
    )  # fmt: skip


def test_a_step_that_stands_twice_is_matched_twice() -> None:
    def twice(*values: float) -> dict:
        return {"loss": tuple(Point(0, 1, value) for value in values)}

    assert metric_likeness(twice(1, 2), twice(1, 2), "series")[0] == "same"
    assert metric_likeness(twice(1, 2), twice(1, 3), "series")[0] == "different"


def test_metrics_within_their_tolerance_are_equal() -> None:
    allowing = Kind(
        determinism=Determinism(tolerances={".runpact/metrics.jsonl#/loss": Tolerance(relative=0.1)})
    )
    pair = [side(metrics=series(1, 2.0)), side(metrics=series(1, 2.1))]
    found = rows_of(compare_runs(pair, allowing))
    assert [found[f"loss.{word}"].likeness.value for word in ("last", "min", "max", "series")] == [
        "tolerated", "same", "tolerated", "tolerated",
    ]  # fmt: skip
    assert compare_runs(pair, allowing).is_equal
    assert not compare_runs([pair[0], side(metrics=series(1, 3))], allowing).is_equal


def test_a_volatile_metric_may_be_anything() -> None:
    free = Kind(determinism=Determinism(volatile=(".runpact/metrics.jsonl#/loss",)))
    assert compare_runs([side(metrics=series(1, 2)), side(metrics=series(5))], free).is_equal
    assert metric_likeness(series(1), series(1), "series", of=free)[0] == "same"


def test_a_metric_that_one_run_lacks_differs() -> None:
    found = rows_of(compare_runs([side(metrics=series(1)), side()], Kind()))
    assert found["loss.last"].absent == (1,)
    assert found["loss.series"].likeness is Likeness.DIFFERENT
    found = rows_of(compare_runs([side(), side(metrics=series(1))], Kind()))
    assert found["loss.series"].likeness is Likeness.DIFFERENT


def file_rows(one: Memory, two: Memory, of: Kind | None = None) -> dict[str, tuple[str, str]]:
    found = compare_runs([side(one), side(two)], of or Kind(), only=["artifacts"])
    return {row.key: (row.likeness.value, row.remark) for row in found.sections[0].rows}


def test_documents_are_compared_by_value() -> None:
    one = Memory(a_json={"x": 1, "l": [1, 2], "b": "t", "gone": 0})
    two = Memory(a_json={"x": 2, "l": [1, 2, 3], "b": True, "n/w": 0})
    found = compare_runs([side(one), side(two)], Kind(), only=["artifacts"])
    file, *values = found.sections[0].rows
    assert (file.likeness, file.remark) == (Likeness.DIFFERENT, "5 values differ")
    assert [(row.key, row.values, row.absent) for row in values] == [
        ("a.json#/x", (1, 2), ()),
        ("a.json#/l/2", (None, 3), (0,)),
        ("a.json#/b", ("t", True), ()),
        ("a.json#/gone", (0, None), (1,)),
        ("a.json#/n~1w", (None, 0), (0,)),
    ]


def test_the_same_values_in_other_bytes_are_equal() -> None:
    assert file_rows(Memory(a_json={"x": 1, "y": 2}), Memory(a_json={"y": 2.0, "x": 1})) == {
        "a.json": ("tolerated", "the same values, other bytes")
    }


def test_numbers_within_their_tolerance_are_equal_and_the_bound_is_within() -> None:
    one, two = Memory(a_json={"x": 1, "y": 1}), Memory(a_json={"x": 3, "y": 1})
    assert file_rows(one, two, kind(a_json__x=2)) == {
        "a.json": ("tolerated", "1 value differs, as the contract allows"),
        "a.json#/x": ("tolerated", ""),
    }
    assert file_rows(one, two, kind(a_json__x=1.9))["a.json"] == ("different", "1 value differs")
    assert file_rows(one, two, kind(a_json=2))["a.json"][0] == "tolerated"


def test_the_longest_place_says_how_far_numbers_may_be_apart() -> None:
    one, two = Memory(a_json={"x": [1, 1]}), Memory(a_json={"x": [3, 3]})
    strict = Determinism(
        tolerances={"*.json": Tolerance(absolute=5), "a.json#/x/*": Tolerance(absolute=1)},
        volatile=("b.json",),
    )
    assert file_rows(one, two, Kind(determinism=strict))["a.json"] == ("different", "2 values differ")


def test_what_stands_below_a_volatile_place_may_differ() -> None:
    one, two = Memory(a_json={"m": {"t": 1}, "x": 1}), Memory(a_json={"m": [], "x": 1})
    assert file_rows(one, two, kind("a.json#/m")) == {
        "a.json": ("tolerated", "1 value differs, as the contract allows"),
        "a.json#/m": ("volatile", ""),
    }
    same = Memory(a_json={"m": {"t": 1}, "x": 1, "y": 1})
    assert file_rows(one, same, kind("a.json#/m", "a.json#/y"))["a.json"][0] == "tolerated"


def test_a_volatile_file_may_differ_or_lack() -> None:
    assert file_rows(Memory(a_log="x"), Memory(a_log="y"), kind("*.log")) == {"a.log": ("volatile", "")}
    assert file_rows(Memory(a_log="x"), Memory(), kind("*.log")) == {"a.log": ("volatile", "")}
    assert file_rows(Memory(a_log="x"), Memory()) == {"a.log": ("different", "not in every run")}
    assert file_rows(Memory(a_log="x"), Memory(a_log="y")) == {"a.log": ("different", "other bytes")}


def test_tables_are_compared_cell_by_cell_and_texts_that_are_numbers_as_numbers() -> None:
    one = Memory(a_csv=[{"n": "1.0", "t": "x", "i": "inf"}, {"n": "", "t": "y", "i": "1"}])
    two = Memory(a_csv=[{"n": "1.00", "t": "z", "i": "nan"}, {"n": "", "t": "y", "i": "2"}])
    assert file_rows(one, two) == {
        "a.csv": ("different", "3 cells differ"),
        "a.csv#/0/t": ("different", ""),
        "a.csv#/0/i": ("different", ""),
        "a.csv#/1/i": ("different", ""),
    }
    assert file_rows(one, two, kind("a.csv#/*/t", "a.csv#/0/i", a_csv__1=1))["a.csv"][0] == "tolerated"


def test_cells_of_typed_columns_are_values() -> None:
    entry = msgspec.convert({"file": "a.csv", "table": {"columns": {"n": {"type": "integer"}}}}, Entry)
    one, two = Memory(a_csv=[{"n": "1"}]), Memory(a_csv=[{"n": "2"}])
    found = compare_runs([side(one), side(two)], Kind(entries=(entry,)), only=["artifacts"])
    assert found.sections[0].rows[1].values == (1, 2)


def test_a_table_that_cannot_be_read_differs_and_is_undecided_where_anything_is_allowed() -> None:
    one, two = Memory(a_csv=[{"n": "1"}]), Memory(a_csv=[])
    assert file_rows(one, two)["a.csv"] == ("different", "not compared by value: no rows")
    assert file_rows(two, one, kind(a_csv__x=1))["a.csv"][0] == "undecided"


def test_arrays_are_compared_by_shape_and_value() -> None:
    one = Memory(a_npz=(("w", Values(1, 2)), ("k", Values(1, 1)), ("gone", Values(1, 1))))
    two = Memory(a_npz=(("w", Values(1, 4)), ("k", Values(1, 1)), ("n/w", Values(1, 1))))
    assert file_rows(one, two) == {
        "a.npz": ("different", "3 arrays differ"),
        "a.npz#/w": ("different", "1 of 2 values differ, by at most 2"),
        "a.npz#/gone": ("different", ""),
        "a.npz#/n~1w": ("different", ""),
    }
    free = kind("a.npz#/gone", "a.npz#/n~1w", a_npz__w=2)
    assert file_rows(one, two, free)["a.npz"] == ("tolerated", "3 arrays differ, as the contract allows")
    assert file_rows(one, two, kind("a.npz#/w"))["a.npz#/w"][0] == "volatile"


def test_arrays_tell_how_many_values_are_beyond_the_tolerance() -> None:
    one, two = Memory(a_npy=(("", Values(1, 2)),)), Memory(a_npy=(("", Values(2, 9)),))
    found = file_rows(one, two, kind(a_npy=1))
    assert found["a.npy#"] == (
        "different",
        "2 of 2 values differ, by at most 7; 1 by more than is tolerated",
    )


def test_arrays_of_another_type_differ_unless_they_are_volatile() -> None:
    other = ArraysFact((ArrayFact("w", "<f4", (2,)),))
    one, two = Memory(a_npz=(("w", Values(1, 2)),)), Memory(a_npz=other)
    assert file_rows(one, two)["a.npz#/w"] == ("different", "")
    assert file_rows(one, two, kind("a.npz#/w"))["a.npz#/w"] == ("volatile", "")


def test_the_same_arrays_in_another_archive_are_equal() -> None:
    one, two = Memory(a_npz=(("w", Values(1, 2)),)), Memory(a_npz=(("w", Values(1, 2)),))
    assert file_rows(one, two)["a.npz"] == ("tolerated", "the same arrays, other bytes")


@pytest.mark.parametrize("values", ["numpy is not installed", Values()])
def test_arrays_that_cannot_be_read_are_undecided(values: object) -> None:
    one, two = Memory(a_npz=(("w", values),)), Memory(a_npz=(("w", Values(1, 2)),))
    likeness, remark = file_rows(one, two)["a.npz#/w"]
    assert likeness == "undecided"
    assert remark.startswith("its values cannot be compared: ")


def test_infinite_distances_are_told_without_a_number() -> None:
    class Infinite(Values):
        def deviation(self, other: object, *, relative: float, absolute: float) -> Deviation | str:
            return Deviation(2, 1, 1)

    one, two = Memory(a_npz=(("w", Infinite(1)),)), Memory(a_npz=(("w", Infinite(2)),))
    assert file_rows(one, two)["a.npz#/w"] == ("different", "1 of 2 values differ")


def test_a_file_that_cannot_be_looked_into_differs() -> None:
    fault = FormatFault("invalid-json", "broken")
    one, two = Memory(a_json=fault), Memory(a_json={"x": 1})
    assert file_rows(one, two)["a.json"] == ("different", "not compared by value: broken")
    assert file_rows(one, two, kind("a.json#/x"))["a.json"][0] == "undecided"
    link = FormatFault("not-a-document", "a link")
    assert file_rows(Memory(a_bin=link), Memory(a_bin="x"), kind(a_bin__x=1))["a.bin"] == (
        "different", "other bytes",
    )  # fmt: skip


def test_a_file_without_a_digest_is_undecided() -> None:
    lost = {"a": FileRecord("a", 0, "", type="unreadable")}
    found = compare_runs([side(files=lost), side(files=lost)], Kind(), only=["artifacts"])
    assert found.likeness is Likeness.UNDECIDED
    assert found.sections[0].rows[0].values == ("not readable", "not readable")


def test_more_differences_than_are_kept_are_counted() -> None:
    one, two = Memory(a_json={"l": [0] * 1200}), Memory(a_json={"l": [1] * 1200})
    found = file_rows(one, two)
    assert found["a.json"] == ("different", "1,200 values differ, 1,000 of them listed")
    assert len(found) == 1001


def test_each_of_many_runs_is_held_against_the_first() -> None:
    sides = [side(Memory(a_json={"x": value, "y": 0})) for value in (1, 1, 2)]
    sides.append(side(Memory(a_json={"x": 1, "y": 5})))
    found = compare_runs(sides, Kind(), only=["artifacts"])
    assert [(row.key, row.values) for row in found.sections[0].rows[1:]] == [
        ("a.json#/x", (1, 1, 2, 1)),
        ("a.json#/y", (0, 0, 0, 5)),
    ]


@pytest.mark.parametrize(
    ("first", "other", "equal"),
    [
        (1, 1.0, True),
        (1, True, False),
        (None, False, False),
        ([1], (1,), True),
        ([1], [1, 2], False),
        ({"a": [1]}, {"a": [1]}, True),
        ({"a": 1}, {"b": 1}, False),
        ({}, [], False),
        ("1", 1, False),
    ],
)
def test_values_are_equal_as_json(first: object, other: object, equal: bool) -> None:
    assert is_equal(first, other) is equal


def remarks_of_three(*sides: Side) -> dict[str, str]:
    found = compare_runs(sides, kind(), only=["metrics", "artifacts"])
    return {row.key: row.remark for section in found.sections for row in section.rows}


def test_of_several_runs_the_remark_tells_the_most_that_is_true_of_any() -> None:
    near, far = series(1, 2, 4), series(1, 2.5, 9)
    told = remarks_of_three(side(metrics=series(1, 2, 3)), side(metrics=near), side(metrics=far))
    assert told["loss.series"] == "up to 2 of 3 points differ, from step 1 on, by at most 6"
    same = remarks_of_three(side(metrics=near), side(metrics=near), side(metrics=far))
    assert same["loss.series"] == "up to 2 of 3 points differ, from step 1 on, by at most 5"


def test_of_several_runs_the_longest_lack_of_points_is_told() -> None:
    told = remarks_of_three(
        side(metrics=series(1, 2, 3)), side(metrics=series(1, 2)), side(metrics=series(1))
    )
    assert told["loss.series"] == "up to 2 points in one of them only"


def test_of_several_runs_the_most_cells_and_the_widest_arrays_are_told() -> None:
    rows = [[{"a": "1", "b": "1"}], [{"a": "2", "b": "1"}], [{"a": "2", "b": "2"}]]
    arrays = [Values(1, 2), Values(1, 4), Values(9, 9)]
    runs = [
        side(Memory(a_csv=cells, b_npz=(("w", values),))) for cells, values in zip(rows, arrays, strict=True)
    ]
    told = remarks_of_three(*runs)
    assert told["a.csv"] == "2 cells differ"
    assert told["b.npz#/w"] == "up to 2 of 2 values differ, by at most 8"
