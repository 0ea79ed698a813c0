"""One's own arrays may have any size that fits in memory: what bounds the controls of a page does not bind them."""

import numpy as np
import pytest

import rnnviz
from rnnviz import CELLS, Config, Parameters, checks, from_pytorch, record, record_with, stacked
from rnnviz.engine import record as recording


def lstm(width, inputs, layers=1):
    """A state_dict of torch.nn.LSTM."""
    rng, state = np.random.default_rng(0), {}
    for k in range(layers):
        state |= {
            f"weight_ih_l{k}": rng.normal(size=(4 * width, width if k else inputs)) / np.sqrt(width),
            f"weight_hh_l{k}": rng.normal(size=(4 * width, width)) / np.sqrt(width),
            f"bias_ih_l{k}": np.zeros(4 * width),
            f"bias_hh_l{k}": np.zeros(4 * width),
        }
    return state


@pytest.mark.parametrize("width, inputs, steps, batch", [(129, 3, 1, 1), (256, 65, 2, 33), (4, 1, 1001, 1)])
def test_ordinary_networks_are_recorded(width, inputs, steps, batch):
    state, rng = lstm(width, inputs), np.random.default_rng(1)
    x, gradient = rng.normal(size=(steps, batch, inputs)), rng.normal(size=(steps, batch, width))
    network, weights = from_pytorch("lstm", state)
    trace = record_with(network, weights, x, gradient)
    alone = record_with("lstm", Parameters.from_pytorch("lstm", *state.values()), x, gradient)
    for found in (trace.recordings["layer 1"], alone):
        assert found.h.shape == (steps, batch, width)
        assert np.isfinite(found.log10_dh).all()
    assert max(result.difference for result in checks.check(alone)) < 1e-9
    np.testing.assert_allclose(alone.dx, trace.dx, rtol=1e-12)


def test_more_layers_than_a_page_shows():
    network, weights = from_pytorch("lstm", lstm(3, 2, layers=12))
    trace = record_with(network, weights, np.ones((4, 1, 2)), np.ones((4, 1, 3)))
    assert len(trace.log10_dh) == 12
    assert len(stacked("rnn", 1, [200] * 9).recurrent) == 9


@pytest.mark.parametrize("cell", CELLS)
def test_one_step(cell):
    found = record(Config(cell, hidden_size=3), np.ones((1, 2, 2)))
    assert found.steps == 1
    assert found.shares["W"].sum() == pytest.approx(1.0)
    assert np.isfinite(found.gradients.W).all() and found.dx.shape == (1, 2, 2)


@pytest.mark.parametrize("cell", CELLS)
def test_what_a_recording_is_said_to_hold_is_what_it_holds(cell):
    found = record(Config(cell, steps=400, hidden_size=48, batch_size=2))
    held = sum(
        {id(owner): owner.nbytes for owner in map(owner_of, arrays([found.forward, found.local, found.back]))}.values()
    )
    assert recording._held(found.cell, 48) * 800 == pytest.approx(held, rel=0.25)


def arrays(thing):
    """All arrays that it holds, however deep."""
    if isinstance(thing, np.ndarray):
        return [thing]
    if isinstance(thing, dict):
        return arrays(list(thing.values()))
    if isinstance(thing, list | tuple):
        return [array for part in thing for array in arrays(part)]
    return arrays(list(vars(thing).values())) if type(thing).__module__.startswith("rnnviz.engine") else []


def owner_of(array):
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def test_what_does_not_fit_is_said_with_its_size(monkeypatch):
    monkeypatch.setattr(recording, "LARGEST", 10**6)
    state, x, gradient = lstm(16, 1), np.zeros((500, 1, 1)), np.zeros((500, 1, 16))
    network, weights = from_pytorch("lstm", state)
    for call in (
        lambda: record_with(network, weights, x, gradient),
        lambda: record_with("lstm", Parameters.from_pytorch("lstm", *state.values()), x, gradient),
        lambda: record(Config(hidden_size=16), x),
        lambda: rnnviz.record_many([Config(hidden_size=16)] * 2, x),
        lambda: record(rnnviz.NetworkConfig(hidden_size=16), x),
    ):
        with pytest.raises(ValueError, match=r"'inputs' parameter must .* Got .* GB instead: take fewer steps"):
            call()
