"""The pairs of the training presets, trained: each ends as its lesson says, and what is said of it is so.

The same settings were trained from 8 base seeds, 32 networks, with the same end; here it is the seeds of the page.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from rnnviz import Training
from rnnviz.course import STAGES
from rnnviz.presets import TRAINING_PRESETS
from rnnviz.ui.state import CONTROLS, TRAINED
from rnnviz.ui.training_controls import settings

BY_NAME = {preset.name: preset for preset in TRAINING_PRESETS}


@cache
def trained(config):
    run = Training(config)
    while not run.finished:
        run.update()
    assert not run.stops
    return run


def pair(name, networks=4):
    """Both runs of a preset, trained to the end; presets share some of them."""
    first, second, _ = settings(BY_NAME[name].values)
    return [trained(replace(config, networks=networks)) for config in (first, second)]


def at_chance(run):
    """No network solves it, nor did, and all answer as if they guessed."""
    return not (run.solved_at >= 0).any() and (run.tests["loss"][-1] > 0.97 * run.task.baseline).all()


def for_good(run):
    """Every network solves it; the history of the tests says that none lost it again."""
    return run.solved().all()


def answered(id, first, second):
    """The right answer of the stage of the lessons that shows these runs, and its last sentence."""
    about = dict(zip(STAGES[id].networks, (first, second)))
    assert [t.config.clip for t in about.values()] == [c.clip for c in STAGES[id].networks.values()]
    return STAGES[id].question.right(about), STAGES[id].sentence(about, STAGES[id].value)


def test_every_preset_is_held_to_its_word():
    told = {"Clipped or not", "RNN against LSTM", "Half open or open", "Threshold 1 or 0.002", "By norm or by value"}
    assert set(BY_NAME) == told
    for preset in TRAINING_PRESETS:
        assert set(preset.values) <= set(TRAINED) and preset.shows
        for name, value in preset.values.items():
            assert CONTROLS[name].accepts(value)
        first, second, varied = settings(preset.values)
        differ = {n for n in vars(first) if getattr(first, n) != getattr(second, n)}
        assert differ and differ <= {varied, "threshold"}


def test_the_page_opens_with_the_first():
    assert settings({}) == settings(TRAINING_PRESETS[0].values)


def test_clipped_or_not():
    free, clipped = sorted(pair("Clipped or not"), key=lambda run: run.config.clip != "none")
    assert (free.config.clip, clipped.config.clip, clipped.config.threshold) == ("none", "norm", 1.0)
    assert for_good(clipped) and at_chance(free)
    norms = free.history["norm_before"]
    peak = norms.max(axis=0)
    assert (peak > 100 * np.median(norms, axis=0)).all(), "an explosion that one can see, in every network"
    assert clipped.history["cosine"].min() > 1 - 1e-6
    right, said = answered("6.3", free, clipped)
    assert right == "never learns" and said.endswith("0 of 4 networks solve it; clipped, 4 of 4.")


def test_rnn_against_lstm():
    rnn, lstm = pair("RNN against LSTM", networks=2)
    assert (rnn.config.cell, lstm.config.cell) == ("rnn", "lstm")
    assert {run.config.clip for run in (rnn, lstm)} == {"norm"} and {run.config.threshold for run in (rnn, lstm)} == {1}
    assert for_good(lstm) and at_chance(rnn)
    right, said = answered("6.6", rnn, lstm)
    assert right == "only the LSTM" and said.endswith("Clipping cannot bring back what vanished.")


def test_half_open_or_open():
    half, whole = pair("Half open or open", networks=2)
    assert (half.config.forget_bias, whole.config.forget_bias) == (0, 4)
    assert round(1 / (1 + np.exp(-whole.config.forget_bias)), 2) == 0.98
    assert at_chance(half) and for_good(whole)
    right, said = answered("6.7", half, whole)
    assert right == "all or nothing" and "must be open before learning begins" in said


def test_threshold_too_small():
    usual, tiny = pair("Threshold 1 or 0.002")
    assert (usual.config.threshold, tiny.config.threshold) == (1, 0.002)
    assert for_good(usual) and not (tiny.solved_at >= 0).any()
    assert tiny.history["clipped"].mean() == 1 and tiny.history["cosine"].min() > 1 - 1e-6
    assert (tiny.tests["loss"][-1] < tiny.tests["loss"][0] + 0.1).all(), "nothing is thrown away"
    right, said = answered("6.4", usual, tiny)
    assert right == "slower" and "100 % of the updates are clipped, none turned; 0 of 4 networks" in said


def test_by_norm_or_by_value():
    first, second, _ = settings(BY_NAME["By norm or by value"].values)
    norm, value = trained(first), trained(replace(second, updates=300))  # nothing is claimed of how that one ends
    turned = [np.degrees(np.arccos(np.clip(run.history["cosine"], -1, 1))) for run in (norm, value)]
    assert turned[0].max() < 0.2 and (turned[1].max(axis=0) > 20).all() and for_good(norm)
    assert (value.history["norm_after"] <= 0.01 * np.sqrt(value.weights.flat.shape[1]) * (1 + 1e-6)).all()


@pytest.mark.parametrize("preset", TRAINING_PRESETS, ids=lambda p: p.name)
def test_pairs_start_from_the_same_weights(preset):
    first, second, varied = settings(preset.values)
    one, two = Training(first), Training(second)
    if varied not in ("cell", "init", "forget_bias"):
        np.testing.assert_array_equal(one.initial.flat, two.initial.flat)
    np.testing.assert_array_equal(one._batch()[0], two._batch()[0])
