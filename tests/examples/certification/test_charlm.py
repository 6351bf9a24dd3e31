"""The language model of the example: its mathematics, its data, its evidence."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from charlm import data, evaluation, guards, model, plot, training

SHAPE = model.Shape(vocabulary=11, context=3, embedding=4, hidden=5)
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
