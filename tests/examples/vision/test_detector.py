"""Cells, targets and answers: what a cell is told to answer is decoded to what stands there."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scenes.making import Maker
from share.boxes import Detection
from share.detector import centres, decode, padded, targets, windows
from train.network import Adam, forward, gradients, start


def test_perfect_answers_are_decoded_to_the_truth() -> None:
    scene = Maker("val", 3).scene()
    shape = (scene.image.shape[0], scene.image.shape[1])
    labels, boxes = targets(shape, scene.objects, 10)
    scores = np.eye(11, dtype=np.float32)[np.where(labels < 0, 10, labels)]
    found = decode(scores, boxes, shape, confidence=0.5, overlap=0.3)
    assert sorted((each.label, each.box) for each in found) == [
        (label, pytest.approx(box, abs=0.01))
        for label, box in sorted((e.label, e.box) for e in scene.objects)
    ]


def test_a_window_lies_around_the_centre_of_its_cell() -> None:
    scene = np.zeros((16, 24), dtype=np.float32)
    scene[9, 14] = 1.0
    seen = windows(scene).reshape(-1, 20, 20)
    assert seen.shape[0] == len(centres((16, 24))) == 24
    x, y = centres((16, 24))[2 * 6 + 3]
    assert (x, y) == (14.0, 10.0)
    assert seen[2 * 6 + 3][9, 10] == 1.0


def test_a_scene_of_any_size_is_filled_up_to_whole_cells() -> None:
    assert padded(np.ones((13, 8), dtype=np.float32)).shape == (16, 8)


def test_boxes_end_at_the_edge_of_the_scene() -> None:
    scores = np.zeros((4, 3), dtype=np.float32)
    scores[0, 1] = 0.9
    (found,) = decode(scores, np.zeros((4, 4), dtype=np.float32), (8, 8), confidence=0.5, overlap=0.3)
    assert found == Detection(1, (0.0, 0.0, 8.0, 8.0), pytest.approx(0.9))


def test_no_digit_of_training_is_seen_elsewhere() -> None:
    from scenes.making import PARTS

    ranges = sorted(PARTS.values())
    assert all(before[1] <= after[0] for before, after in pairwise(ranges))


def test_equal_seeds_draw_equal_scenes_and_films() -> None:
    one, other = Maker("train", 5), Maker("train", 5)
    assert np.array_equal(one.scene().image, other.scene().image)
    film = one.moving(3)
    assert all(np.array_equal(a.image, b.image) for a, b in zip(film, other.moving(3), strict=True))
    assert not np.array_equal(film[0].image, film[2].image)


def test_gradients_agree_with_differences() -> None:
    source = np.random.default_rng(1)
    parameters = {name: value.astype(np.float64) for name, value in start(3, source).items()}
    inputs, labels = source.normal(size=(6, 400)), np.array([0, 1, 2, 3, 3, 1])
    boxes = source.normal(size=(6, 4))
    _loss, slope = gradients(parameters, inputs, labels, boxes)
    for name, place in (("w0", (7, 3)), ("w1", (5, 2)), ("b1", (4,)), ("w2", (3, 5)), ("b2", (1,))):
        sides = []
        for step in (1e-6, -1e-6):
            moved = {key: value.copy() for key, value in parameters.items()}
            moved[name][place] += step
            sides.append(gradients(moved, inputs, labels, boxes)[0])
        assert slope[name][place] == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-4, abs=1e-7)


def test_adam_walks_downhill_and_keeps_the_type() -> None:
    source = np.random.default_rng(2)
    parameters = start(2, source)
    inputs = source.normal(size=(32, 400)).astype(np.float32)
    labels, boxes = source.integers(0, 3, 32), np.zeros((32, 4), dtype=np.float32)
    optimiser = Adam.for_parameters(parameters, 0.002)
    losses = []
    for _ in range(20):
        loss, slope = gradients(parameters, inputs, labels, boxes)
        losses.append(loss)
        optimiser.step(parameters, slope, 1.0)
    assert losses[-1] < losses[0] / 2
    assert {value.dtype for value in parameters.values()} == {np.dtype(np.float32)}
    assert forward(parameters, inputs)[0].sum(axis=1) == pytest.approx(np.ones(32), abs=1e-5)
