"""The lessons: what each stage says and asks holds over seeds, wherever its slider stands."""

from dataclasses import replace

import numpy as np
import pytest

from rnnviz import record_many
from rnnviz.course import START
from rnnviz.engine.record import record_each
from rnnviz.glossary import bare

SEEDS = range(24)


def left(stage, label, value=None):
    """log10 of what is left at step 1 by what enters at the last, one a seed."""
    config = stage.at(stage.value if value is None else value)[label]
    r = record_many([replace(config, seed=seed) for seed in SEEDS])
    return r.log10_dh[0] - r.log10_dh[-1]


def over_seeds(stage, value):
    """label -> `Recording` for every seed."""
    found = {label: record_each([replace(config, seed=seed) for seed in SEEDS])
             for label, config in stage.at(value).items()}
    return [{label: each[k] for label, each in found.items()} for k in range(len(SEEDS))]


# ---- start ---------------------------------------------------------------------------------------------------------


def test_start_shows_one_of_each_fate():
    moved, exploding, lstm = START.networks
    assert (left(START, moved) < -12.04).all() and (left(START, exploding) > 2).all()
    assert (np.abs(left(START, lstm)) < 2).all()


def test_the_first_curve_of_start_goes_from_one_fate_to_the_other():
    low, high = START.slider.bound.low, START.slider.bound.high
    assert START.value == low
    moved, exploding, _ = START.networks
    np.testing.assert_array_equal(left(START, moved, high), left(START, exploding))


@pytest.mark.parametrize("value", [0.5, 4.0])
def test_the_sentence_of_start_has_the_verbs_of_its_title(value):
    for recordings in over_seeds(START, value):
        said = bare(START.sentence(recordings, value))
        assert said.startswith("An error sent back 40 steps. **RNN, gain")
        assert said.count("vanishes") == (value < 1) and said.count("survives") == 1
        assert said.count("explodes") == 1 + (value > 1)
