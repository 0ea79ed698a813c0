"""Every preset's sentence is a claim: here it is held against the networks it speaks of, over several seeds."""

import numpy as np
import pytest

from rnnviz import CELLS, Config, record
from rnnviz.config import BOUNDS
from rnnviz.presets import PRESETS
from rnnviz.ui.state import CELL_KINDS, CONTROLS

SEEDS = range(20)
BY_NAME = {preset.name: preset for preset in PRESETS}


def recordings(name, family):
    """What the page records for a preset, for one of its three cells."""
    values = BY_NAME[name].values
    kind = values.get(
        {"rnn": "activation"}.get(family, family), CONTROLS[{"rnn": "activation"}.get(family, family)].default
    )
    fields = {k: v for k, v in values.items() if k in BOUNDS}
    return [record(Config(cell=CELL_KINDS[family][kind], seed=seed, **fields)) for seed in SEEDS]


def change(recording):
    return recording.log10_dh[0] - recording.log10_dh[-1]


def test_every_preset_is_held_to_its_word():
    told = {
        "Vanishing",
        "Exploding",
        "Norm kept",
        "Identity ReLU",
        "Saturated",
        "Forget bias 0",
        "Forget bias 1",
        "Forget bias 5",
        "LSTM explodes",
        "GRU keeps",
    }
    assert set(BY_NAME) == told
    assert all(set(preset.values) <= set(CONTROLS) for preset in PRESETS)


@pytest.mark.parametrize("family", ["rnn", "lstm", "gru"])
def test_vanishing(family):
    assert all(change(r) < -9 for r in recordings("Vanishing", family))


def test_exploding():
    assert all(change(r) > 4 for r in recordings("Exploding", "rnn"))


def test_norm_kept():
    for r in recordings("Norm kept", "rnn"):
        assert np.ptp(r.log10_dh) < 1e-12


def test_identity_relu():
    for r in recordings("Identity ReLU", "rnn"):
        on = r.h[0, 0] > 0
        assert 0 < on.sum() < r.hidden_size
        np.testing.assert_array_equal(r.dh[:-1, 0, on], np.broadcast_to(r.dh[-1, 0, on], r.dh[:-1, 0, on].shape))
        assert not r.dh[:-1, 0, ~on].any()


def test_saturated():
    assert BY_NAME["Saturated"].values["gain"] > 1
    for r in recordings("Saturated", "rnn"):
        assert r.spectra["h"][1] > 1 and change(r) < -10
        assert np.median(np.abs(r.h)) > 0.95


def test_forget_biases():
    found = {bias: recordings(f"Forget bias {bias}", "lstm") for bias in (0, 1, 5)}
    starts = [1 / (1 + np.exp(-bias)) for bias in found]
    assert [round(starts[0], 1), round(starts[1], 2), round(starts[2], 3)] == [0.5, 0.73, 0.993]
    assert all(abs(r.gates["f"][1:].mean() - 0.5) < 0.02 for r in found[0])
    zero, one, five = (np.array([change(r) for r in found[bias]]) for bias in found)
    assert (one > zero).all() and (one < -3).all() and (five > -3).all() and (five < 2).all()


def test_lstm_explodes():
    assert all(change(r) > 2 for r in recordings("LSTM explodes", "lstm"))


def test_gru_keeps():
    assert all(np.log10(0.5) < change(r) <= 0 for r in recordings("GRU keeps", "gru"))


def test_every_kind_of_cell_is_on_the_screen():
    assert {name for kinds in CELL_KINDS.values() for name in kinds.values()} == set(CELLS)
