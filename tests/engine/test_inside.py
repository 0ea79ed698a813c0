"""The gradient by every value inside a step: against plain autograd, finite differences, and beyond float64's range."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from compare import assert_close
from networks import central_difference, network, output_gradient

from rnnviz import CELLS, Parameters, record_with
from rnnviz.engine.inside import inside
from rnnviz.equations import decimal

CURVES = {
    "sigmoid": lambda a: 0.5 * (anp.tanh(0.5 * a) + 1.0),
    "tanh": anp.tanh,
    "relu": lambda a: anp.maximum(a, 0.0),
    "identity": lambda a: a,
}
"""Those of `rnnviz.cells.base`, written anew."""
STEPS, UNITS = 6, 4


def tapped(cell, parameters, x, initial, gradient, taps):
    """The sum of gradient * h, with something added to every value inside every step: name -> (T, 1, H).

    A state of the previous step is one value for all that read it: what is added to it goes through U as well.
    """
    cell, H, state, total = CELLS[cell], parameters.U.shape[0], dict(initial), 0.0
    for t in range(len(x)):
        value = {f"{s}_prev": state[s] + taps[f"{s}_prev"][t] for s in cell.states}

        def parts(gate, t=t, value=value):
            k = cell.gates.index(gate)
            block = np.s_[..., k * H : (k + 1) * H]
            vector = value[cell.multiplied.get(gate, "h_prev")]
            found = {
                f"x_{gate}": x[t] @ parameters.W[block] + parameters.b[block],
                f"u_{gate}": anp.dot(vector, parameters.U[block]) + parameters.b_rec[block],
            }
            return found | {f"a_{gate}": found[f"x_{gate}"] + found[f"u_{gate}"]}

        for name, equation in cell.equations.items():
            for read in cell.reads[name]:
                if read not in value:
                    value[read] = parts(read[2:])[read] + taps[read][t]
            curve = CURVES.get(equation.__name__, equation)
            value[name] = curve(*[value[read] for read in cell.reads[name]]) + taps[name][t]
        state = {s: value[s] for s in cell.states}
        total = total + anp.sum(gradient[t] * state["h"])
    return total


@pytest.fixture(params=CELLS)
def case(request):
    """A recording, the loss as a function of what is added to each value, and nothing added."""
    parameters, x, initial = network(request.param, T=STEPS, B=1, H=UNITS, seed=3)
    gradient = output_gradient("every", STEPS, 1, UNITS)
    r = record_with(request.param, parameters, x, gradient, initial)
    names = [*inside(r, 1).gradients]
    nothing = {name: np.zeros((STEPS, 1, UNITS)) for name in names}
    return r, lambda taps: tapped(request.param, parameters, x, initial, gradient, taps), nothing


def whole(r):
    """Value -> (T, 1, H): the gradients of all units."""
    found = [inside(r, unit) for unit in range(1, r.hidden_size + 1)]
    return {
        name: np.stack([np.ldexp(f.gradients[name], f.exponent) for f in found], axis=-1)[:, None]
        for name in found[0].gradients
    }


def test_plain_autograd(case):
    r, loss, nothing = case
    found = whole(r)
    assert set(found) == {read for reads in r.cell.reads.values() for read in reads} | set(r.cell.equations) | {
        f"{s}_prev" for s in r.cell.states
    }
    for name, expected in autograd.grad(loss)(nothing).items():
        if name == "h_prev":
            expected[1:] += r.output_gradient[:-1]  # a tap comes after the loss of its step
        if name == "c_prev":
            continue  # the same for c_prev, which h of the step before has read: see the next test
        assert_close(found[name], expected, per_step=True, name=name)


def test_finite_differences(case):
    r, loss, nothing = case
    rng, eps = np.random.default_rng(0), 1e-6 if r.cell.name == "rnn_relu" else 1e-3
    for name, array in whole(r).items():
        if name.endswith("_prev"):
            state = name.removesuffix("_prev")
            total = r.initial_gradient[state], getattr(r, f"d{state}")
            np.testing.assert_allclose(array, np.concatenate([total[0][None], total[1][:-1]]), rtol=1e-12)
            continue
        direction = rng.normal(size=array.shape)
        change = central_difference(lambda s, n=name, d=direction: loss(nothing | {n: s * d}), eps)
        terms = array * direction
        assert abs(change - terms.sum()) <= 1e-8 * np.abs(terms).sum(), name


def test_slopes_and_what_comes_through_u_make_up_the_whole(case):
    r, _, _ = case
    for unit in range(1, UNITS + 1):
        found = inside(r, unit)
        for s in r.cell.states:

            def handed(value, found=found):
                return sum(
                    (found.gradients[n] * a for (v, n), a in found.slopes.items() if v == value), np.zeros(STEPS)
                )

            before = np.concatenate([[0.0], handed(s)[:-1]])
            if s == "h":
                before += np.concatenate([[0.0], found.loss[:-1]]) + found.through_u["h_prev"]
            np.testing.assert_allclose(found.gradients[f"{s}_prev"], handed(f"{s}_prev") + before, rtol=1e-12)


@pytest.mark.parametrize("factor", [0.01, 4.0])
def test_beyond_what_float64_holds(factor):
    """One linear unit and no input: its gradient is a power of the factor, far below and far above any float64."""
    T, one = 900, np.ones((1, 1))
    zero = np.zeros(1)
    gradient = np.zeros((T, 1, 1))
    gradient[-1] = 1.0
    r = record_with("rnn_identity", Parameters(0 * one, factor * one, zero, zero), np.zeros((T, 1, 1)), gradient)
    found, expected = inside(r, 1), np.log10(factor) * np.arange(T - 1, -1, -1)
    assert abs(expected[0]) > 500
    for name, known in (("h", expected), ("a_h", expected), ("h_prev", expected + np.log10(factor))):
        mantissa, power = decimal(found.gradients[name], found.exponent)
        np.testing.assert_allclose(np.log10(mantissa) + power, known, atol=1e-9)


def test_decimal():
    m, p = decimal(np.array([0.0, 1.5, -2e-31, 3e40, np.nan, np.inf, 1.0]), np.array([0, 1, 0, 0, 0, 0, 2000]))
    np.testing.assert_array_equal(p, [0, 0, -31, 40, 0, 0, 602])
    np.testing.assert_allclose(m, [0, 3, -2, 3, np.nan, np.inf, 1.148130695], rtol=1e-9)
