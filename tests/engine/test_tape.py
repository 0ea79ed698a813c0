"""Equations noted as NumPy calls: replayed, they give what the functions and autograd give."""

import autograd.numpy as anp
import networks
import numpy as np
import pytest
from autograd import elementwise_grad

from rnnviz import CELLS, Config, record
from rnnviz.cells.base import identity, relu, sigmoid, tanh
from rnnviz.engine.adjoint import linearise, unroll_and_linearise
from rnnviz.engine.tape import derivatives, placeholders, program, replay
from rnnviz.engine.unroll import unroll

FUNCTIONS = {
    "tanh": tanh,
    "sigmoid": sigmoid,
    "relu": relu,
    "identity": identity,
    "cell state": lambda f, c, i, g: f * c + i * g,
    "twice the same": lambda a: a * a * a + a,
    "a quotient": lambda a, b: (1.0 - a) / (2.0 + b**2) - b,
    "powers": lambda a: (a**2 + 1.0) ** 1.5 + a**3,
    "a choice": lambda a, b: anp.where(a > b, a, 0.1 * a),
    "the larger": lambda a, b: anp.maximum(a, b) - anp.minimum(0.5 * a, b),
    "an argument itself": lambda a, b: b,
    "one unit's own": lambda a: tanh(a * np.linspace(0.5, 2.0, 4)),
}


def replayed(function, arguments):
    """The value and the derivatives, computed two rows at a time, and the program."""
    (_, width), dtype = arguments[0].shape, arguments[0].dtype
    read, calls = placeholders(len(arguments), width, dtype)
    value, partials = derivatives(function, read)
    names = [str(j) for j in range(len(arguments))]
    made = program(calls, dict(zip(names, read)), {"value": value} | {f"d{j}": d for j, d in zip(names, partials)})
    made_names = ["value", *(f"d{j}" for j in names)]
    arrays = dict(zip(names, arguments)) | {n: np.full_like(arguments[0], np.nan) for n in made_names}
    rows = [slice(0, 2), slice(2, 4), slice(4, None)]
    with np.errstate(all="ignore"):
        replay(
            made.operations(
                {n: [a[r] for r in rows] for n, a in arrays.items()},
                lambda kind: [np.empty((2, width), kind)[: 5 - r.start] for r in rows],
            )
        )
    return [arrays[n] for n in made_names], made


@pytest.mark.filterwarnings("ignore:Output seems independent")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_program_gives_what_autograd_gives(name, dtype):
    function, rng = FUNCTIONS[name], np.random.default_rng(len(name))
    count = function.__code__.co_argcount
    arguments = [rng.normal(size=(5, 4)).astype(dtype) for _ in range(count)]
    kept = [a.copy() for a in arguments]
    found, made = replayed(function, arguments)
    expected = [function(*arguments), *(elementwise_grad(function, j)(*arguments) for j in range(count))]
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-15 if dtype == "float64" else 5e-7, atol=0)
    assert all(np.array_equal(a, b) for a, b in zip(arguments, kept))
    if name in ("tanh", "sigmoid", "cell state"):
        assert set(made.buffers.values()) <= {np.dtype(dtype)}


def test_buffers_are_used_again():
    _, made = replayed(lambda a: tanh(tanh(tanh(tanh(tanh(a))))), [np.ones((5, 4))])
    assert len(made.calls) > 3 * len(made.buffers)


def test_what_is_known_is_not_computed_again():
    read, calls = placeholders(1, 4, np.float64)
    value, (slope,) = derivatives(sigmoid, read)
    functions = [call[0] for call in program(calls, {"a": read[0], "s": value}, {"slope": slope}).calls]
    assert functions == [np.exp, np.add, np.divide]


@pytest.mark.parametrize(
    "function", [lambda a: tanh(a) if a > 0 else a, lambda a: a - anp.mean(a), lambda a: anp.concatenate([a, a])]
)
def test_what_does_not_work_number_by_number_is_refused(function):
    with pytest.raises(ValueError, match="An equation must be made of NumPy functions that work number by"):
        derivatives(function, placeholders(1, 4, np.float64)[0])


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "gru_2014"])
def test_linearising_on_the_way_is_linearising_afterwards(cell, monkeypatch):
    parameters, x, initial = networks.network(cell, T=50)
    definition = networks.CELLS[cell]
    monkeypatch.setattr("rnnviz.engine.adjoint.BLOCK", 7 * initial["h"].nbytes)
    on_the_way = unroll_and_linearise(definition, parameters, x, initial)
    trajectory = unroll(definition, parameters, x, initial)
    afterwards = trajectory, linearise(definition, trajectory)
    for mine, theirs in zip(on_the_way, afterwards):
        for name, part in vars(mine).items():
            same(part, vars(theirs)[name])


def same(a, b):
    if isinstance(a, np.ndarray):
        np.testing.assert_allclose(a, b, rtol=1e-14)
    elif isinstance(a, dict):
        assert a.keys() == b.keys()
        same(list(a.values()), list(b.values()))
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for one, other in zip(a, b):
            same(one, other)
    else:
        assert a is b or a == b


@pytest.mark.parametrize("cell, kept", [("lstm", "f"), ("lstm_coupled", "f"), ("gru", "z"), ("gru_2014", "z")])
def test_a_derivative_that_is_a_gate_is_kept_once(cell, kept):
    """dc_t/dc_{t-1} = f_t is no second array."""
    recording, carried = record(Config(cell, steps=5, hidden_size=3)), CELLS[cell].states[-1]
    assert np.shares_memory(recording.local.to_previous[carried][carried], recording.gates[kept])
