"""The language model of the example: its mathematics, its data, its evidence."""

from __future__ import annotations

import copy
import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema_rs
import numpy as np
import pytest
from charlm import data, edit, evaluation, guards, model, plot, progress, report, training

import runpact

SHAPE = model.Shape(vocabulary=11, context=3, embedding=4, hidden=5)
SCHEMA = Path(__file__).resolve().parents[3] / "examples/certification/schemas/report.json"
SVG = "{http://www.w3.org/2000/svg}"


def small_text(length: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, SHAPE.vocabulary, length)


def trained(steps: int) -> list[training.Progress]:
    text = np.tile(np.arange(SHAPE.vocabulary), 200)
    schedule = training.Schedule(steps, 32, 0.01, 10)
    random = np.random.default_rng(7)
    return [
        training.Progress(
            s.step, s.train_loss, s.validation_loss, {k: v.copy() for k, v in s.parameters.items()}
        )
        for s in training.train(SHAPE, schedule, text, text, random)
    ]


def test_gradients_agree_with_finite_differences() -> None:
    random = np.random.default_rng(0)
    parameters = {name: value.astype(np.float64) for name, value in model.create(SHAPE, random).items()}
    windows, targets = random.integers(0, 11, (6, 3)), random.integers(0, 11, 6)
    _loss, found = model.gradients(parameters, windows, targets)
    for name, value in parameters.items():
        for index in [np.unravel_index(i, value.shape) for i in random.integers(0, value.size, 5)]:
            kept, step = value[index], 1e-6
            value[index] = kept + step
            above = model.losses(parameters, windows, targets).mean()
            value[index] = kept - step
            below = model.losses(parameters, windows, targets).mean()
            value[index] = kept
            assert found[name][index] == pytest.approx((above - below) / (2 * step), abs=1e-6)


def test_probabilities_sum_to_one() -> None:
    parameters = model.create(SHAPE, np.random.default_rng(0))
    logs = model.log_probabilities(parameters, small_text(30).reshape(10, 3))
    assert np.allclose(np.exp(logs).sum(1), 1, atol=1e-5)


def test_training_learns_a_pattern() -> None:
    states = trained(400)
    assert states[-1].train_loss < 0.5 < states[0].train_loss


def test_training_twice_gives_equal_parameters() -> None:
    first, second = trained(20)[-1].parameters, trained(20)[-1].parameters
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_the_learning_rate_falls_to_a_tenth() -> None:
    schedule = training.Schedule(10, 1, 1.0, 1)
    assert training.rate(schedule, 1) == pytest.approx(1.0)
    assert training.rate(schedule, 10) == pytest.approx(0.1)


def test_encoding_knows_its_alphabet_and_nothing_else() -> None:
    assert data.encode("\n\t aé🙂").tolist() == [
        0,
        1,
        2,
        data.ALPHABET.index("a"),
        data.UNKNOWN,
        data.UNKNOWN,
    ]


def test_the_corpus_is_split_by_file_and_named_by_its_digest() -> None:
    corpus = data.load_corpus(400_000)
    assert len(corpus.files) >= 10
    assert min(len(corpus.train), len(corpus.validation), len(corpus.test)) > 1000
    assert corpus.digest == data.load_corpus(400_000).digest != data.load_corpus(300_000).digest


def test_no_file_is_in_two_parts_and_the_parts_hold_all_text() -> None:
    corpus = data.load_corpus(400_000)
    assert len({file.name for file in corpus.files}) == len(corpus.files)
    for part in ("train", "validation", "test"):
        characters = sum(file.characters for file in corpus.files if file.part == part)
        assert len(getattr(corpus, part)) == characters


def test_too_little_text_is_refused() -> None:
    with pytest.raises(ValueError, match="at least ten"):
        data.load_corpus(10)


def arms() -> dict[str, list[evaluation.Window]]:
    parameters = model.create(SHAPE, np.random.default_rng(3))
    return evaluation.evaluate(parameters, small_text(2000), context=3, count=20, characters=40)


@pytest.mark.requirement("B-084")
def test_windows_are_disjoint_and_named_once() -> None:
    found = arms()
    everyone = [window for windows in found.values() for window in windows]
    assert len({window.id for window in everyone}) == len(everyone) == 40
    assert len({window.content_digest for window in everyone}) == 40


@pytest.mark.parametrize("length", [1603, 1604, 1777, 2000])
def test_no_character_is_predicted_in_two_windows(length: int) -> None:
    arms = evaluation.starts(length, context=3, count=20, characters=40)
    seen = [start + i for at in arms.values() for start in at.tolist() for i in range(40)]
    assert len(seen) == len(set(seen)) == 1600
    assert min(seen) >= 3
    assert max(seen) < length


def test_evaluating_again_gives_the_same_windows() -> None:
    assert arms() == arms()


def test_evaluation_refuses_too_short_a_text() -> None:
    with pytest.raises(ValueError, match="are needed"):
        evaluation.evaluate({}, small_text(10), context=3, count=20, characters=40)


def test_guards_fail_with_their_evidence() -> None:
    verdict = guards.metric_drift(1.0, 2.0, 0.5)
    assert verdict["verdict"] == "fail"
    assert verdict["evidence"] == {"validation": 1.0, "preview": 2.0, "drift": 1.0, "limit": 0.5}
    broken = {**model.create(SHAPE, np.random.default_rng(0)), "b1": np.full(5, np.nan, np.float32)}
    assert guards.invariants(broken, small_text(30).reshape(10, 3))["verdict"] == "fail"
    assert guards.beats_unigram(1.0, 2.0)["verdict"] == "pass"


def test_the_plot_shows_every_point() -> None:
    line = [(float(i), 3.0 / (i + 1)) for i in range(30)]
    text = plot.loss_plot(
        "a < b", {"train": ("#123456", line), "validation": ("#654321", line[::10])}, ("unigram", 3.1)
    )
    root = ET.fromstring(text)  # noqa: S314 - our own document
    lines = [element.attrib["points"].split() for element in root.iter(f"{SVG}polyline")]
    assert [len(points) for points in lines] == [30, 3]
    assert any(element.text == "a < b" for element in root.iter(f"{SVG}text"))
    numbers = [float(n) for points in lines for point in points for n in point.split(",")]
    assert all(0 <= number <= plot.WIDTH for number in numbers)


def test_ticks_are_round_and_cover_the_range() -> None:
    assert plot.ticks(0, 5.1) == [0, 1, 2, 3, 4, 5, 6]
    assert plot.ticks(0, 0)[0] == 0


def test_labels_at_the_lines_ends_do_not_cover_each_other() -> None:
    series = {
        "train": ("#123456", [(0.0, 3.0), (9.0, 1.51)]),
        "validation": ("#654321", [(0.0, 3), (9.0, 1.5)]),
    }
    root = ET.fromstring(plot.loss_plot("x", series, ("unigram", 3.1)))  # noqa: S314 - our own document
    at = {e.text: float(e.attrib["y"]) for e in root.iter(f"{SVG}text") if "1.5" in str(e.text)}
    assert at["validation 1.50"] - at["train 1.51"] >= 12


def test_the_baselines_edit_changes_nothing_and_any_other_is_counted() -> None:
    parameters = model.create(SHAPE, np.random.default_rng(0))
    after = edit.no_edit(parameters)
    assert set(edit.deltas(parameters, after).values()) == {0}
    after["b1"][2] += 0.5
    found = edit.deltas(parameters, after)
    assert found == {"parameters_changed": 1, "layers_changed": 1, "largest_change": 0.5}


@pytest.mark.requirement("B-034")
def test_rounding_to_few_bits_keeps_a_step_and_its_deltas_grow() -> None:
    parameters = model.create(SHAPE, np.random.default_rng(0))
    apart = []
    for bits in (8, 4, 2):
        rounded = edit.round_to_nearest(parameters, bits)
        for name, value in rounded.items():
            assert value.dtype == parameters[name].dtype
            assert len(np.unique(value)) <= 2**bits - 1
            step = np.abs(parameters[name]).max() / (2 ** (bits - 1) - 1)
            assert np.abs(value - parameters[name]).max() <= step / 2 * 1.001
        apart.append(edit.deltas(parameters, rounded)["largest_change"])
    assert apart == sorted(apart)


def test_the_plot_of_differences_has_a_bar_for_each_window_and_both_lines() -> None:
    text = plot.difference_plot("a < b", [0.01, -0.02, 0.3], mean=0.1, interval=(0.02, 0.2), bound=0.095)
    root = ET.fromstring(text)  # noqa: S314 - our own document
    bars = [e for e in root.iter(f"{SVG}rect") if e.attrib.get("fill-opacity") == "0.55"]
    assert len(bars) == 3
    told = {str(e.text).split(" ")[0] for e in root.iter(f"{SVG}text")}
    assert {"mean", "bound"} <= told
    assert all(0 <= float(bar.attrib["y"]) <= plot.HEIGHT for bar in bars)


def test_progress_without_a_terminal_is_a_line_every_ten_seconds() -> None:
    now = [0.0]
    stream = io.StringIO()
    bar = progress.ProgressBar(30, "training", stream, clock=lambda: now[0])
    for done in range(1, 31):
        now[0] = float(done)
        bar.show(done, "")
    assert stream.getvalue().splitlines() == ["training 10/30 ", "training 20/30 ", "training 30/30 "]


def full_report(folder: Path) -> dict[str, object]:
    """Evaluate as the example does, in a workspace that demands a report alone."""
    corpus = data.load_corpus(1_500_000)
    shape = model.Shape(data.VOCABULARY, 16, 2, 2)
    parameters = model.create(shape, np.random.default_rng(0))
    found = evaluation.evaluate(parameters, corpus.test, context=16, count=200, characters=256)
    changes = edit.deltas(parameters, edit.no_edit(parameters))
    said = report.build_evaluation(
        shape=shape,
        corpus=corpus,
        arms=found,
        guards=[guards.beats_unigram(1.0, 2.0)],
        losses={"train": 1.0, "validation": 1.0, "unigram": 2.0},
        edit={"name": "none", "deltas": changes},
        characters=256,
    )
    seeds = {"python": 1, "numpy": 1, "torch": None}
    with runpact.run(name="small", seeds=seeds, workspace=folder, guard="off") as run:
        return json.loads(Path(run.evaluation(**said)).read_bytes())


@pytest.mark.requirement("B-110", "B-111", "B-112")
def test_the_report_of_400_windows_is_valid_and_small_and_its_schema_strict(
    tmp_path: Path,
) -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema_rs.meta.validate(schema)
    judge = jsonschema_rs.Draft202012Validator(schema)
    document = full_report(tmp_path)
    assert [error.message for error in judge.iter_errors(document)] == []
    assert len(json.dumps(document, indent=2)) < 100_000
    for section, field in [
        ("meta", "seeds"),
        ("data", "dataset_hash"),
        ("data", "tokenizer_hash"),
        ("auto", "policy_digest"),
        ("auto", "reason"),
        ("artifacts", "events_path"),
        ("metrics", "primary_metric"),
        ("edit", "deltas"),
    ]:
        broken = copy.deepcopy(document)
        del broken[section][field]
        assert not judge.is_valid(broken), field
        broken = copy.deepcopy(document)
        broken[section]["surprise"] = 1
        assert not judge.is_valid(broken), section
    del document["meta"]["seed_notes"]["torch"]
    assert not judge.is_valid(document)
