"""Stacks against frozen values of Keras."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from compare import assert_close

from rnnviz import Parameters, from_keras, record_with

PATH = Path(__file__).parents[1] / "reference" / "keras_stacks.npz"
NAMES = [f"{cell}-{turns}" for cell in ("rnn", "lstm", "gru", "gru_2014") for turns in ("forward", "both")]


@cache
def stored():
    with np.load(PATH) as file:
        return {key: file[key] for key in file.files}


def arrays(name, kind):
    """What get_weights() gives for each of the two layers, or the gradients of it."""
    count = 6 if name.endswith("both") else 3
    return [[stored()[f"{name}/{kind}_{layer}_{k}"] for k in range(count)] for layer in range(2)]


@pytest.mark.parametrize("name", NAMES)
def test_as_keras(name):
    """The output, dL/dx and the gradients of all weights, which are put in order as the weights are."""
    cell = name.split("-")[0]
    network, parameters = from_keras(cell, arrays(name, "weights"))
    x, dy, y, dx = (np.swapaxes(stored()[f"{name}/{field}"], 0, 1) for field in ("x", "dy", "y", "dx"))
    trace = record_with(network, parameters, x, dy)
    assert_close(trace.output, y, rtol=1e-12)
    assert_close(trace.dx, dx, rtol=1e-10)
    _, expected = from_keras(cell, arrays(name, "grad"))
    for node, own in expected.items():
        for p in ("W", "U", "b", *(["b_rec"] if cell == "gru" else [])):
            assert_close(getattr(trace.gradients[node], p), getattr(own, p), rtol=1e-10, name=f"{node} {p}")
    assert isinstance(trace.gradients["layer 2" + " forward" * name.endswith("both")], Parameters)


def test_all_frozen_cases_are_compared():
    assert {key.split("/")[0] for key in stored() if "/" in key} == set(NAMES)


def test_the_textbook_example_has_as_many_parameters():
    """Two LSTM layers of 50 on (100, 1) and a dense one: 10,400 + 20,200 + 51."""
    weights = [[np.zeros((inputs, 200)), np.zeros((50, 200)), np.zeros(200)] for inputs in (1, 50)]
    network, parameters = from_keras("lstm", weights)
    counts = [sum(a.size for n, a in vars(own).items() if n != "b_rec") for own in parameters.values()]
    assert counts == [10400, 20200] and network.widths(1)["layer 2"] == 50
    with pytest.raises(ValueError, match="'layers'"):
        from_keras("lstm", [arrays("lstm-forward", "weights")[0][:2]])
