"""Arrays: names, types, shapes, values."""

from __future__ import annotations

import numpy as np
import pytest

from runpact.model.facts import ArrayFact, ArraysFact
from runpact.model.judge.shapes import Symbols, is_symbol
from unit.model.judge.memory import told

F8 = np.float64


def arrays(text: str) -> str:
    return f"entries: [{{file: a.npz, id: R, arrays: {{{text}}}}}]"


@pytest.mark.parametrize(
    ("text", "content", "expected"),
    [
        ('x: {dtype: "<f8", shape: [3]}', {"x": np.zeros(3)}, []),
        ('x: {dtype: "<f4"}', {"x": np.zeros(3)}, ["dtype R a.npz#/x"]),
        ('x: {dtype: ["<f4", float64]}', {"x": np.zeros(3)}, []),
        ("x: {dtype: [int32, int64]}", {"x": np.zeros(3)}, ["dtype R a.npz#/x"]),
        ("x: {dtype: bool}", {"x": np.zeros(3, bool)}, []),
        ("x: {shape: [2]}", {"x": np.zeros(3)}, ["shape R a.npz#/x"]),
        ('x: {shape: ["*", 2]}', {"x": np.zeros((3, 2))}, []),
        ('x: {shape: [3, "..."]}', {"x": np.zeros((3, 2, 1))}, []),
        ('x: {shape: [3, "..."]}', {"x": np.zeros(3)}, []),
        ('x: {shape: [4, "..."]}', {"x": np.zeros((3, 2))}, ["shape R a.npz#/x"]),
        ("x: {shape: [N]}", {"x": np.zeros((3, 2))}, ["undecided R a.npz#/x"]),
        ("x: {shape: [N, N]}", {"x": np.zeros((3, 3))}, []),
        (
            "x: {shape: [N]}, y: {shape: [N]}, z: {shape: [N]}",
            {"x": np.zeros(3), "y": np.zeros(2), "z": np.zeros(3)},
            ["shape R a.npz#/y"],
        ),
        ('x: {shape: [N]}, y: {shape: ["N + 1"]}', {"x": np.zeros(3), "y": np.zeros(4)}, []),
        ('x: {shape: ["K + 1"]}', {"x": np.zeros(3)}, ["undecided R a.npz#/x"]),
        ("x: {}, y: {required: false}", {"z": np.zeros(1)}, ["missing-array R a.npz#/x"]),
        (
            '"q_*": {finite: true, id: F}',
            {"q_a": np.array([np.nan]), "p": np.array([np.nan])},
            ["values F a.npz#/q_a"],
        ),
        ("x: {finite: true}", {"x": np.array([1, 2])}, []),
        ("x: {order: strictly_ascending, first: 0}", {"x": np.array([0, 1, 1])}, ["values R a.npz#/x"]),
        ("x: {order: ascending, first: 1}", {"x": np.array([0, 1, 1])}, ["values R a.npz#/x"]),
        ("x: {order: descending}", {"x": np.array([[3, 1], [2, 1]])}, []),
        ("x: {order: strictly_descending, last: 2}", {"x": np.array([3, 2])}, []),
        ("x: {order: ascending}", {"x": np.zeros(0)}, []),
        ("x: {minimum: 0, maximum: 1}", {"x": np.array([0.0, 1.0])}, []),
        (
            "x: {minimum: 0, maximum: 1}",
            {"x": np.array([-1.0, 2.0])},
            ["values R a.npz#/x", "values R a.npz#/x"],
        ),
        ("x: {maximum: 1}", {"x": np.array([np.nan, 1.0])}, []),
        ("x: {maximum: 1}", {"x": np.array([np.nan, 2.0])}, ["values R a.npz#/x"]),
        ("x: {first: 1, last: 1}", {"x": np.zeros(0)}, ["values R a.npz#/x", "values R a.npz#/x"]),
        ("x: {minimum: 0}", {"x": np.zeros(0)}, []),
        ('x: {step: "0.5"}', {"x": np.arange(4) * 0.5}, []),
        ('x: {first: 1, step: "2"}', {"x": 1 + np.arange(4) * 2.0}, []),
        ('x: {step: "0.1"}', {"x": np.array([0, 0.1, 0.2, 0.3])}, ["values R a.npz#/x"]),
        ("x: {step: doc.no}", {"x": np.zeros(1)}, ["undecided R a.npz#/x"]),
        ("x: {step: run.id}", {"x": np.zeros(1)}, ["undecided R a.npz#/x"]),
        ('x: {equals: "y[:-1]"}', {"x": np.arange(3), "y": np.arange(4)}, []),
        ('x: {equals: "y[1:]"}', {"x": np.arange(3), "y": np.arange(4)}, ["values R a.npz#/x"]),
        ("x: {equals: y}", {"x": np.arange(3), "y": np.arange(3)}, []),
        ("x: {equals: z}", {"x": np.arange(3)}, ["undecided R a.npz#/x"]),
        ('x: {equals: "y[1]"}', {"x": np.arange(3), "y": np.arange(3)}, ["undecided R a.npz#/x"]),
        ("x: {severity: warning, dtype: bool}", {"x": np.zeros(3)}, ["dtype R a.npz#/x"]),
    ],
)
def test_an_array_is_judged(text: str, content: dict[str, object], expected: list[str]) -> None:
    assert told(arrays(text), {"a.npz": content}) == expected


def test_arrays_beside_the_named_ones_may_be_refused() -> None:
    kind = "entries: [{file: a.npz, id: R, arrays: {x: {}}, extra_arrays: refused}]"
    assert told(kind, {"a.npz": {"x": np.zeros(1), "y": np.zeros(1)}}) == ["extra-array R a.npz#/y"]


SIGNALS = """
entries:
  - {file: t.json}
  - file: a.npz
    id: R
    arrays:
      "{s.key}": {foreach: {s: doc.t.signals}, shape: ['s.value == "state" ? M + 1 : M'], id: S}
dimensions: {M: doc.t.samples - 1}
"""


def test_names_and_shapes_follow_another_document() -> None:
    good = {"t.json": {"signals": {"q": "state", "u": "control"}, "samples": 4}}
    assert told(SIGNALS, {**good, "a.npz": {"q": np.zeros(4), "u": np.zeros(3)}}) == []
    assert told(SIGNALS, {**good, "a.npz": {"q": np.zeros(4), "u": np.zeros(4)}}) == ["shape S a.npz#/u"]
    assert told(SIGNALS, {**good, "a.npz": {"q": np.zeros(4)}}) == ["missing-array S a.npz#/u"]


def test_a_document_that_lacks_what_shapes_need_leaves_them_undecided() -> None:
    files = {"t.json": {"samples": "four"}, "a.npz": {"q": np.zeros(4)}}
    assert told(SIGNALS, files) == ["undecided dimensions/M t.json#/samples", "undecided S a.npz"]
    kind = "entries: [{file: t.json}]\ndimensions: {M: doc.t, N: run.word}"
    assert told(kind, {"t.json": [1]}) == ["undecided dimensions/M t.json", "undecided dimensions/N "]


def test_symbols_are_shared_by_the_whole_run() -> None:
    kind = 'entries: [{files: "f_{n:02}.npz", as: frames, id: R, arrays: {d: {shape: [H, W]}}}]'
    files = {f"f_0{n}.npz": {"d": np.zeros((2, 3))} for n in (1, 2)}
    assert told(kind, {**files, "f_03.npz": {"d": np.zeros((2, 4))}}) == ["shape R f_03.npz#/d"]


def test_values_that_cannot_be_read_leave_a_claim_undecided() -> None:
    kind, files = arrays("x: {finite: true}"), {"a.npz": {"x": np.zeros(1)}}
    assert told(kind, files, values=lambda _path, _name: "numpy is not installed") == ["undecided R a.npz#/x"]


def test_objects_are_refused_unread() -> None:
    content = {"x": np.array([{}], dtype=object)}
    assert told(arrays("x: {finite: true}"), {"a.npz": content}) == ["object-array R a.npz#/x"]


def test_a_file_that_is_no_archive_is_told_once() -> None:
    kind = (
        'entries: [{files: "*.npz", as: all, id: A, arrays: {x: {}}}, {file: a.npz, id: B, arrays: {y: {}}}]'
    )
    found = told(kind, {"a.npz": "nothing"})
    assert [each.split()[1:] for each in found] == [["A", "a.npz"]]


def test_the_array_of_an_npy_file_has_no_name() -> None:
    facts = ArraysFact((ArrayFact("", "<f8", (2,)),))
    kind = 'entries: [{file: a.npy, id: R, arrays: {"*": {dtype: "<f4"}}}]'
    assert told(kind, {"a.npy": ""}, arrays=lambda _path: facts) == ["dtype R a.npy"]


def test_symbols_take_the_value_most_arrays_give_them() -> None:
    symbols = Symbols({"M": 7})
    for place, value in (("a", 3), ("b", 4), ("c", 4)):
        symbols.see("N", value, place)
    assert symbols.values() == {"M": 7, "N": 4}
    assert (symbols.told_by("N"), symbols.told_by("M"), symbols.told_by("K")) == (
        "b",
        "the contract's dimensions",
        "",
    )


def test_symbols_are_spelled_as_people_do() -> None:
    assert (is_symbol("N"), is_symbol("N + 1"), is_symbol(3), is_symbol("*")) == (True, False, False, False)


def test_the_size_of_an_array_is_that_of_its_values() -> None:
    assert ArrayFact("x", "<f8", (3, 2)).size == 48
    assert ArrayFact("x", "<M8[ns]", (2,)).size == 16
