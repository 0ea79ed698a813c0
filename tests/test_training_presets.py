"""The pairs of the training presets, trained: each shows the difference that it claims, over several seeds."""

from dataclasses import replace

import numpy as np
import pytest

from rnnviz import Training
from rnnviz.presets import TRAINING_PRESETS
from rnnviz.ui.state import CONTROLS, TRAINED
from rnnviz.ui.training_controls import settings

BY_NAME = {preset.name: preset for preset in TRAINING_PRESETS}


def pair(name, updates=None, **changes):
    """Both runs of a preset, trained to the end."""
    first, second, _ = settings(BY_NAME[name].values)
    runs = []
    for config in (first, second):
        run = Training(replace(config, updates=updates or config.updates, **changes))
        while not run.finished:
            run.update()
        assert not run.stops
        runs.append(run)
    return runs


def test_every_preset_is_held_to_its_word():
    told = {"Clipped or not", "RNN against LSTM", "Forget bias 0 or 1", "Threshold 1 or 0.001", "By norm or by value"}
    assert set(BY_NAME) == told
    for preset in TRAINING_PRESETS:
        assert set(preset.values) <= set(TRAINED) and preset.shows
        for name, value in preset.values.items():
            assert CONTROLS[name].accepts(value)
        first, second, varied = settings(preset.values)
        differ = {n for n in vars(first) if getattr(first, n) != getattr(second, n)}
        assert differ and differ <= {varied, "threshold"}


def test_clipping_rescues():
    clipped, free = pair("Clipped or not", networks=6)
    assert clipped.solved().all()
    assert not free.solved().any() and (free.tests["loss"][-1] > 0.9 * free.task.baseline).all()
    assert free.history["norm_before"].max() > 8 * clipped.config.threshold


def test_rnn_against_lstm():
    rnn, lstm = pair("RNN against LSTM")
    assert rnn.config.cell == "rnn" and lstm.config.cell == "lstm"
    assert (rnn.tests["loss"][-1] > 0.9 * rnn.task.baseline).all()
    assert (lstm.tests["loss"][-1] < lstm.task.baseline / 10).all()


def test_forget_bias():
    zero, one = pair("Forget bias 0 or 1")
    assert not zero.solved().any() and (zero.tests["loss"][-1] > 0.97 * zero.task.baseline).all()
    assert one.solved().all()


def test_threshold_too_small():
    usual, tiny = pair("Threshold 1 or 0.001")
    assert usual.solved().all()
    assert not tiny.solved().any() and (tiny.tests["loss"][-1] > 0.9 * tiny.task.baseline).all()
    assert tiny.history["clipped"].mean() == 1


def test_by_norm_or_by_value():
    norm, value = pair("By norm or by value")
    assert norm.solved().all() and value.solved().all()
    turned = [np.degrees(np.arccos(np.clip(run.history["cosine"], -1, 1))) for run in (norm, value)]
    assert turned[0].max() < 0.2 and (turned[1].max(axis=0) > 20).all()
    assert (value.history["norm_after"] <= 0.02 * np.sqrt(value.weights.flat.shape[1]) * (1 + 1e-6)).all()


@pytest.mark.parametrize("preset", TRAINING_PRESETS, ids=lambda p: p.name)
def test_pairs_start_from_the_same_weights(preset):
    first, second, varied = settings(preset.values)
    one, two = Training(first), Training(second)
    if varied not in ("cell", "init", "forget_bias"):
        np.testing.assert_array_equal(one.initial.flat, two.initial.flat)
    np.testing.assert_array_equal(one._batch()[0], two._batch()[0])
