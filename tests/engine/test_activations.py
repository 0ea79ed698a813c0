"""The activations to the ends of both precisions, against closed forms in plain numbers."""

import math

import autograd
import numpy as np
import pytest
from compare import assert_close

from rnnviz import Config, Parameters, cliff, record, record_with
from rnnviz.cells.base import sigmoid, tanh
from rnnviz.checks import check

ENDS = {"float32": (-87.0, 100.0), "float64": (-708.0, 800.0)}
"""The pre-activations whose sigmoid is a normal number, and beyond which it is 1 whatever one does."""


def closed(a):
    """sigma(a) without a loss of digits on either side."""
    e = math.exp(-abs(a))
    return 1.0 / (1.0 + e) if a > 0 else e / (1.0 + e)


def log_closed(a):
    """ln sigma(a)."""
    return -math.log1p(math.exp(-a)) if a > 0 else a - math.log1p(math.exp(a))


def points(precision):
    low, high = ENDS[precision]
    return np.concatenate([np.linspace(low, -low, 301), [-37.6, -30.0, -20.0, -15.0, -1e-3, 0.0, 1e-3, high]]).astype(
        precision
    )


@pytest.mark.parametrize("precision", ENDS)
def test_sigmoid_is_accurate_for_closed_gates(precision):
    a = points(precision)
    with np.errstate(over="ignore"):
        found = sigmoid(a)
    assert found.dtype == precision
    expected = np.array([closed(float(v)) for v in a])
    assert (np.abs(found / expected - 1) < 4 * np.finfo(precision).eps).all()


@pytest.mark.parametrize("precision", ENDS)
@pytest.mark.parametrize("function, factor", [(sigmoid, 1.0), (tanh, 2.0)])
def test_slopes_are_accurate_for_closed_and_for_open_gates(function, factor, precision):
    """sigma' = sigma(a) sigma(-a), and tanh' = 4 sigma(2a) sigma(-2a), by autograd."""
    a = points(precision)[:-1] / 2  # the slope at both ends is as small as sigma at the lower one
    with np.errstate(over="ignore"):
        found = autograd.elementwise_grad(function)(a)
    assert found.dtype == precision
    expected = np.array([factor**2 * closed(factor * float(v)) * closed(-factor * float(v)) for v in a])
    normal = expected > np.finfo(precision).tiny
    assert normal.sum() > 300 and (np.abs(found / expected - 1)[normal] < 16 * np.finfo(precision).eps).all()


def test_beyond_the_ends():
    with np.errstate(over="ignore"):
        a = np.array([-np.inf, -1e9, 1e9, np.inf])
        np.testing.assert_array_equal(sigmoid(a), [0, 0, 1, 1])
        np.testing.assert_array_equal(autograd.elementwise_grad(sigmoid)(a), np.zeros(4))


def test_forget_gates_that_are_all_but_closed():
    """dL/dc_1 = dL/dc_T times the product of the forget gates, where most of them are below the rounding of 1."""
    config = Config("lstm", hidden_size=1, input_size=4, gain=0.0, input_scale=10.0, forget_bias=-10.0)
    recording = record(config)
    a = recording.preactivations["f"][1:, 0, 0]
    assert (a < -37).any()
    kept = sum(log_closed(float(v)) for v in a) / math.log(10)
    assert recording.log10_dc[0] - recording.log10_dc[-1] == pytest.approx(kept, rel=1e-13) and kept < -590


def test_what_closed_gates_keep_is_not_exactly_nothing():
    recording = record(Config("lstm", input_scale=10.0, seed=0))
    a, f = (r["f"][1:, 0] for r in (recording.preactivations, recording.gates))
    assert a.min() < -37.5  # where tanh(a / 2) is -1
    kept = [sum(log_closed(float(v)) for v in column) for column in a.T]
    assert_close(np.log(f).sum(axis=0), kept, rtol=1e-13)


@pytest.mark.parametrize("b", [-30.0, -60.0, -300.0])
def test_the_cliff_far_down(b):
    """There x_50 is b to all digits: E = (sigma(b) - 0.7)^2 and dE/db = 2 (sigma(b) - 0.7) sigma(b)."""
    error, slope, x = cliff.gradient([1.0], [b])
    s = closed(b)
    assert x[0] == pytest.approx(b, rel=1e-12) and error[0] == pytest.approx((s - 0.7) ** 2, rel=1e-14)
    assert slope[0, 1] == pytest.approx(2 * (s - 0.7) * s, rel=1e-12, abs=0)
    assert np.isfinite(cliff.gradient([1.0, 3.0], [-1e6, 1e6])[0]).all()


@pytest.mark.parametrize("cell", ["rnn_logistic", "lstm", "gru"])
def test_the_other_ways_agree_on_closed_gates(cell):
    width = {"rnn_logistic": 1, "lstm": 4, "gru": 3}[cell]
    parameters = Parameters(np.full((1, width), 0.3), np.full((1, width), 0.5), np.full(width, -40.0), np.zeros(width))
    if cell != "rnn_logistic":  # its candidate stays alive
        parameters.b[{"lstm": 0, "gru": 2}[cell]] = 0.1
    recording = record_with(cell, parameters, np.ones((5, 1, 1)), np.ones((5, 1, 1)))
    for result in check(recording):
        if not result.way.startswith("finite"):
            assert result.difference < 1e-13, result
