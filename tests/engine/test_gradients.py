"""Gradients of the engine: against the NumPy oracle, plain autograd, finite differences, frozen PyTorch and Keras."""

from pathlib import Path

import autograd
import autograd.numpy as anp
import networks
import numpy as np
import pytest
import reference_cases
from compare import assert_close
from networks import OVER_TIME, WEIGHTS, as_dict, network, output_gradient

from rnnviz import CELLS, Parameters, record_with
from rnnviz.checks import hand_written as oracle
from rnnviz.checks.plain_autograd import unroll_plain
from rnnviz.config import LOSSES

KNOWN = list(oracle.GATES)
CASES = reference_cases.load()
SHAPES = [(2, 1, 1, 1), (7, 3, 2, 5), (25, 2, 3, 8), (60, 1, 2, 16), (3, 32, 1, 4), (4, 2, 9, 3)]
"""(T, B, D, H)"""


def recorded(recording, names):
    """Of a recording, what the oracle and the frozen results call by these names."""
    everything = networks.flat(recording)
    return {name: everything[name] if name in everything else recording.gates[name] for name in names}


def compare(recording, expected):
    """All of `expected` to 1e-10: over time step by step, parameter gradients gate by gate."""
    actual = recorded(recording, expected)
    H = recording.hidden_size
    for name, array in expected.items():
        if name in ("dW", "dU", "db", "db_rec"):
            for k, gate in enumerate(recording.cell.gates):
                block = np.s_[..., k * H : (k + 1) * H]
                assert_close(actual[name][block], array[block], name=f"{name} {gate}")
            assert actual[name].shape == array.shape
        else:
            assert_close(actual[name], array, per_step=name in OVER_TIME, name=name)


def test_the_oracle_knows_cells_of_the_package():
    assert len(KNOWN) == 9 and set(KNOWN) <= set(CELLS)
    for cell in KNOWN:
        assert CELLS[cell].gates == oracle.GATES[cell]


@pytest.mark.parametrize("zero_start", [True, False], ids=["from zero", "from a state"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("cell", KNOWN)
def test_oracle(cell, shape, loss, zero_start):
    T, B, D, H = shape
    parameters, x, initial = network(cell, T=T, B=B, D=D, H=H)
    gradient = output_gradient(loss, T, B, H)
    recording = record_with(cell, parameters, x, gradient, None if zero_start else initial)
    start = {} if zero_start else {f"{s}0": a for s, a in initial.items()}
    expected = oracle.bptt(cell, as_dict(parameters), x, gradient, **start)
    names = {"h", "dh", "dx", "dW", "dU", "db", "db_rec", "dh0"} | set(CELLS[cell].gates)
    names |= {"c", "dc", "dc0"} if "c" in CELLS[cell].states else set()
    assert set(expected) >= names
    if loss != "every":  # nothing is behind the step of the loss, and no tolerance hides what might be
        after = np.flatnonzero(gradient.any(axis=(1, 2)))[-1] + 1
        assert not recording.dh[after:].any() and (recording.log10_dh[after:] == -np.inf).all()
    compare(recording, expected)


@pytest.mark.parametrize("cell", KNOWN)
def test_oracle_without_recurrent_bias(cell):
    """The engine has a path of its own for b_rec = 0."""
    parameters, x, initial = network(cell, seed=3, T=9, H=5)
    parameters = Parameters(parameters.W, parameters.U, parameters.b, np.zeros_like(parameters.b))
    gradient = output_gradient("every", 9, 3, 5)
    expected = oracle.bptt(cell, as_dict(parameters), x, gradient, initial["h"], initial.get("c"))
    compare(record_with(cell, parameters, x, gradient, initial), expected)


@pytest.mark.parametrize("gain", [0.3, 2.5])
@pytest.mark.parametrize("cell", KNOWN)
def test_plain_autograd(cell, gain):
    parameters, x, initial = network(cell, seed=1, T=8, gain=gain)
    gradient = output_gradient("every", 8, 3, 4)
    start = {f"{s}0": a for s, a in initial.items()}
    arguments = {**as_dict(parameters), **start, "x": x}
    arguments |= {f"tap {s}": np.zeros_like(gradient) for s in initial}

    def unroll(a):
        taps = {s: a[f"tap {s}"] for s in initial}
        return unroll_plain(cell, {n: a[n] for n in WEIGHTS}, a["x"], taps, a["h0"], a.get("c0"))

    h, c = unroll(arguments)
    expected = {"h": h} | ({} if c is None else {"c": c})
    for name, array in autograd.grad(lambda a: anp.sum(unroll(a)[0] * gradient))(arguments).items():
        expected["d" + name.removeprefix("tap ")] = array
    compare(record_with(cell, parameters, x, gradient, initial), expected)


@pytest.mark.parametrize("cell", CELLS)
def test_finite_differences(cell):
    networks.check_finite_differences(cell)


@pytest.mark.parametrize("cell", CELLS)
def test_finite_differences_of_each_state(cell):
    networks.check_finite_differences_of_each_state(cell)


@pytest.mark.parametrize("cell", CELLS)
def test_recorded_values_satisfy_the_equations(cell):
    parameters, x, initial = network(cell, seed=5, T=5, H=6)
    recording = record_with(cell, parameters, x, np.zeros((5, 3, 6)), initial)
    cell = CELLS[cell]
    states = {"h": recording.h, "c": recording.c}
    before = {s: np.concatenate([recording.initial_state[s][None], states[s][:-1]]) for s in cell.states}
    value = {f"{s}_prev": array for s, array in before.items()}
    for k, gate in enumerate(cell.gates):
        block = np.s_[..., k * 6 : (k + 1) * 6]
        vector = cell.multiplied.get(gate)
        multiplied = before["h"] if vector is None else recording.gates[vector]
        value[f"x_{gate}"] = x @ parameters.W[block] + parameters.b[block]
        value[f"u_{gate}"] = multiplied @ parameters.U[block] + parameters.b_rec[block]
        value[f"a_{gate}"] = value[f"x_{gate}"] + value[f"u_{gate}"]
        for part, array in (
            ("x", recording.input_terms),
            ("u", recording.recurrent_terms),
            ("a", recording.preactivations),
        ):
            assert_close(array[gate], value[f"{part}_{gate}"], rtol=1e-13, name=f"{part}_{gate}")
    for name, equation in cell.equations.items():
        value[name] = equation(*[value[r] for r in cell.reads[name]])
        found = states[name] if name in cell.states else recording.gates[name]
        assert_close(found, value[name], rtol=1e-13, name=name)
    assert set(recording.gates) == set(cell.equations) - set(cell.states)


# ---- frozen PyTorch and Keras ----------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_pytorch(case):
    if case.cell in reference_cases.TORCH_GATES:
        parameters = Parameters.from_pytorch(case.cell, *(case.torch[n] for n in reference_cases.TORCH_NAMES))
        for name, array in case.params.items():
            np.testing.assert_array_equal(getattr(parameters, name), array)
    else:
        parameters = Parameters(**case.params)
    initial = {"h": case.h0} | ({} if case.c0 is None else {"c": case.c0})
    recording = record_with(case.cell, parameters, case.x, case.dy, initial)
    gates = set(CELLS[case.cell].gates) if CELLS[case.cell].family != "rnn" else set()
    states = set(CELLS[case.cell].states)
    assert set(case.expected) >= {"dx", "dW", "dU", "db", "db_rec"} | gates | states | {f"d{s}" for s in states}
    compare(recording, case.expected)


def test_every_cell_has_pytorch_cases():
    assert {case.cell for case in CASES} == set(KNOWN)


def test_from_pytorch_without_biases():
    case = reference_cases.load("lstm")[2]
    parameters = Parameters.from_pytorch("lstm", case.torch["weight_ih"], case.torch["weight_hh"])
    assert not parameters.b.any() and not parameters.b_rec.any()
    assert parameters.b.shape == parameters.b_rec.shape == (parameters.U.shape[1],)


def keras_layers():
    with np.load(Path(reference_cases.PATH).with_name("keras.npz")) as stored:
        assert str(stored["keras_version"]).startswith("3.")
        layers = {}
        for key in stored.files:
            if "/" in key:
                name, field = key.split("/")
                layers.setdefault(name, {})[field] = stored[key]
    return layers


@pytest.mark.parametrize("layer", keras_layers().values(), ids=list(keras_layers()))
def test_keras(layer):
    """To 1e-6: Keras multiplies matrices in float32, whatever its floatx. A gate out of place would be off by 0.1."""
    cell = str(layer["cell"])
    parameters = Parameters.from_keras(cell, layer["kernel"], layer["recurrent_kernel"], layer["bias"])
    initial = {"h": layer["h0"]} | ({"c": layer["c0"]} if "c0" in layer else {})
    recording = record_with(cell, parameters, layer["x"], np.zeros_like(layer["h"]), initial)
    assert_close(recording.h, layer["h"], rtol=1e-6, per_step=True, name="h")


def test_keras_tells_gates_apart():
    """Each pair of gates swapped is seen at that tolerance: the values above do depend on the order."""
    for name, layer in keras_layers().items():
        cell = str(layer["cell"])
        blocks = layer["kernel"].shape[1] // layer["h"].shape[2]
        for j in range(blocks):
            for k in range(j):
                order = list(range(blocks))
                order[j], order[k] = k, j
                kernel, recurrent, bias = (
                    np.concatenate([np.split(layer[n], blocks, axis=-1)[i] for i in order], axis=-1)
                    for n in ("kernel", "recurrent_kernel", "bias")
                )
                parameters = Parameters.from_keras(cell, kernel, recurrent, bias)
                initial = {"h": layer["h0"]} | ({"c": layer["c0"]} if "c0" in layer else {})
                h = record_with(cell, parameters, layer["x"], np.zeros_like(layer["h"]), initial).h
                assert np.abs(h - layer["h"]).max() > 0.01, f"{name}: {j} and {k}"


def test_keras_covers_the_cells_it_has():
    assert {str(layer["cell"]) for layer in keras_layers().values()} == {"rnn", "rnn_relu", "lstm", "gru", "gru_2014"}
