"""Stacks of layers and directions against frozen values of torch.nn.RNN, LSTM and GRU."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from compare import assert_close
from tensors import Tensor

from rnnviz import from_pytorch, record_with, to_pytorch

PATH = Path(__file__).parents[1] / "reference" / "stacks.npz"
NAMES = [
    f"{cell}-{layers}-{turns}"
    for cell in ("rnn", "rnn_relu", "lstm", "gru")
    for layers in (1, 2, 3)
    for turns in ("forward", "both")
]
NAMES += [f"lstm-{layers}-{turns}-projected" for layers in (1, 2) for turns in ("forward", "both")]


@cache
def stored():
    with np.load(PATH) as file:
        return {key: file[key] for key in file.files}


def case(name):
    return {key.split("/")[1]: array for key, array in stored().items() if key.startswith(f"{name}/")}


def weights(fields):
    return {key: array for key, array in fields.items() if key.startswith(("weight_", "bias_"))}


@pytest.mark.parametrize("name", NAMES)
def test_as_pytorch(name):
    fields = case(name)
    network, parameters = from_pytorch(str(fields["cell"]), weights(fields))
    trace = record_with(network, parameters, fields["x"], fields["dy"])
    assert_close(trace.output, fields["y"], rtol=1e-12)
    assert_close(trace.dx, fields["dx"], rtol=1e-10, per_step=True)
    gradients = to_pytorch(network, trace.gradients)
    assert set(gradients) == set(weights(fields))
    for key, array in gradients.items():
        assert_close(array, fields[f"grad_{key}"], rtol=1e-10, name=key)
    for node in network.recurrent:
        layer, *turn = node.name.removeprefix("layer ").split(" ")
        suffix = f"_l{int(layer) - 1}" + "_reverse" * (turn == ["backward"])
        for state in () if "projected" in name else node.layer.cell.states:
            found = trace.signals[node.name, state].gradient.true
            assert_close(found, fields[f"d{state}{suffix}"], rtol=1e-10, per_step=True, name=f"{node.name} d{state}")


def test_all_frozen_cases_are_compared():
    assert {key.split("/")[0] for key in stored() if "/" in key} == set(NAMES)


@pytest.mark.parametrize("name", ["lstm-2-both", "lstm-2-forward-projected"])
def test_weights_go_there_and_back(name):
    state = weights(case(name))
    network, parameters = from_pytorch("lstm", {name: Tensor(array) for name, array in state.items()})
    back = to_pytorch(network, parameters)
    assert set(back) == set(state)
    for name, array in state.items():
        np.testing.assert_array_equal(back[name], array)
    with pytest.raises(ValueError, match=r"'state'.*weight_hh_l1"):
        from_pytorch("lstm", {name: array for name, array in state.items() if name != "weight_hh_l1"})
    with pytest.raises(ValueError, match=r"weight_hh|projected"):
        from_pytorch("gru", state)


def said(cell, state):
    with pytest.raises(ValueError) as caught:
        from_pytorch(cell, state)
    return str(caught.value)


def test_names_that_are_missing_or_not_known_are_told_apart():
    state = weights(case("lstm-2-forward"))
    without = {name: array for name, array in state.items() if name != "bias_hh_l1"}
    for prefix in ("", "lstm."):
        named = {prefix + name: array for name, array in without.items()}
        assert "Got a dict with missing: bias_hh_l1 instead." in said("lstm", named)
        more = {prefix + name: array for name, array in state.items()} | {"fc.weight": np.ones((2, 2))}
        assert "Got a dict with not known: fc.weight instead." in said("lstm", more)
        assert "missing: bias_hh_l1; not known: fc.weight" in said("lstm", named | {"fc.weight": np.ones((2, 2))})
    for first in ("bias_ih_l0", "weight_hh_l0", "weight_ih_l1"):
        assert f"missing: {first} instead" in said("lstm", {n: a for n, a in state.items() if n != first})
    assert "missing: weight_ih_l0, weight_hh_l0; not known: 3, fc.weight instead" in said("gru", {3: 1, "fc.weight": 2})


def test_a_prefix_is_left_out_and_of_several_all_are_told():
    state = weights(case("lstm-2-both"))
    network, parameters = from_pytorch("lstm", {f"model.lstm.{name}": array for name, array in state.items()})
    back = to_pytorch(network, parameters)
    assert set(back) == set(state) and all((back[name] == array).all() for name, array in state.items())
    two = {f"{prefix}.{name}": array for prefix in ("encoder", "decoder") for name, array in state.items()}
    assert "Got those of 2 instead: encoder., decoder.; keep the names of one" in said("lstm", two)
