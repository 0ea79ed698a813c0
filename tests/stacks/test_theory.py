"""Closed forms of stacked, residual and bidirectional networks, normalisation and dropout."""

from math import comb, log10

import numpy as np
import pytest
from compare import assert_close

from rnnviz import NetworkConfig, record, record_many, record_with, stacked
from rnnviz.layers import Dropout
from rnnviz.papers.depth import LAGS as T
from rnnviz.papers.depth import best_lag, by_lag, linear, mean_length, paths, paths_past, scalar, through_branches
from rnnviz.papers.directions import both_ends, drawn, seen, turned_round
from rnnviz.papers.dropout import masks_of, radius_raised, readout_loss
from rnnviz.papers.normalisation import jacobian

# ---- depth -----------------------------------------------------------------------------------


@pytest.mark.parametrize("layers", [1, 3, 6])
def test_a_stack_counts_the_paths_on_the_grid(layers):
    """dh^L_T/dx_{T-n} = v^L w^n C(n+L-1, L-1)."""
    v, w = 0.7, 0.9
    np.testing.assert_allclose(by_lag(linear(layers, v, w)), paths(layers, v, w), rtol=1e-13)
    ones = by_lag(linear(layers, 1.0, 1.0))
    assert layers != 3 or abs(ones[50] - 1326) < 1e-9
    assert abs(by_lag(linear(4, 1.0, 1.0))[10] - 286) < 1e-10


@pytest.mark.parametrize("w, layers, lags", [(0.8, 6, {19, 20}), (0.9, 3, {17, 18})])
def test_depth_moves_the_peak_of_memory_away_from_now(w, layers, lags):
    found = by_lag(linear(layers, 1.0, w))
    one, other = sorted(lags)
    assert best_lag(found) == one
    assert abs(found[one] / found[other] - 1) < 1e-12 and abs(one - (w * layers - 1) / (1 - w)) < 1e-9


def test_connections_past_the_layers():
    """The sum over j of C(L,j) v^j w^n C(n+j-1, j-1), plus 1 at n = 0; their total is (1 + v/(1-w))^L."""
    v, w, layers = 0.5, 0.9, 3
    np.testing.assert_allclose(by_lag(linear(layers, v, w, skip=True)), paths_past(layers, v, w), rtol=1e-13)
    for skip, total in ((True, 216.0), (False, 125.0)):
        assert abs(by_lag(linear(layers, v, w, T=600, skip=skip)).sum() / total - 1) < 1e-12


def test_paths_through_a_residual_network_are_short():
    """Weighted by what they carry, they go through L g/(1+g) of the L branches; g of a branch's gain."""
    layers, g = 8, 0.7
    trace = through_branches(layers, g, skip=True)
    assert abs(trace.output[-1, 0, 0] / (1 + g) ** layers - 1) < 1e-14
    assert abs(mean_length(trace, g) - layers * g / (1 + g)) < 1e-12
    trace = through_branches(layers, g, skip=False)
    assert abs(trace.dx[-1, 0, 0] / g**layers - 1) < 1e-14  # while without them it falls as v^L


# ---- both directions -------------------------------------------------------------------------


def test_both_last_states_remember_both_ends():
    """dL/dx_t = w^(T-t) + w^(t-1): a U whose bottom is 2 w^((T-1)/2)."""
    steps, w = 101, 0.9
    dx = both_ends(steps, w).dx[:, 0, 0]
    t = np.arange(1, steps + 1)
    np.testing.assert_allclose(dx, w ** (steps - t) + w ** (t - 1.0), rtol=1e-13)
    assert int(np.argmin(dx)) == 50 and abs(dx[50] - 0.0103076) < 1e-6
    assert abs(w**100 / 2.656e-5 - 1) < 1e-3


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_what_a_position_can_see(cell):
    """The forward half sees nothing later, the backward half nothing earlier: at the last position, one input."""
    trace = drawn(cell)
    for position in (0, 4, 8):
        for half in (0, 1):
            allowed = np.arange(9) <= position if half == 0 else np.arange(9) >= position
            np.testing.assert_array_equal(seen(trace, position, half), allowed)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "gru_2014"])
def test_reversed_input_and_swapped_directions(cell):
    """The same numbers, with the halves swapped and in reverse order."""
    trace = drawn(cell)
    other = turned_round(trace)
    np.testing.assert_array_equal(np.roll(other.output[::-1], 3, axis=-1), trace.output)
    np.testing.assert_array_equal(other.dx[::-1], trace.dx)


# ---- normalisation ---------------------------------------------------------------------------


def test_the_jacobian_of_a_normalisation():
    """J = (1/s)(I - 11'/H - x^x^'/H): H - 2 singular values of 1/s, two of 0; what comes out has the norm sqrt(H)."""
    H, x = 7, np.random.default_rng(0).normal(size=7) * 100.0  # beside which 1e-5 is nothing
    (J, y), s = jacobian(x), x.std()
    hat = (x - x.mean()) / s
    assert_close(J, (np.eye(H) - 1.0 / H - np.outer(hat, hat) / H) / s, rtol=1e-8)
    values = np.linalg.svd(J, compute_uv=False) * s
    np.testing.assert_allclose(values, [1.0] * (H - 2) + [0.0] * 2, atol=1e-7)
    assert abs(np.linalg.norm(y) - np.sqrt(H)) < 1e-7


# ---- dropout ---------------------------------------------------------------------------------


def test_a_mask_keeps_the_mean():
    """m/q has mean 1 and variance p/q; a path through k fresh masks has the second moment q^-k."""
    rate = 0.2
    masks = masks_of(rate)
    assert set(np.unique(masks)) == {0.0, 1.25}
    assert abs(masks.mean() - 1) < 0.01 and abs(masks.var() - rate / (1 - rate)) < 0.01
    assert abs((masks.prod(axis=1) ** 2).mean() / (1 - rate) ** -10 - 1) < 0.25


@pytest.mark.parametrize("places, met", [("every", 4), ("between", 2)])
def test_a_path_meets_as_many_masks_whatever_its_lag(places, met):
    """On vertical edges only: L + 1 masks, or L - 1; with every unit kept but scaled, (1/q)^that at any lag."""
    q = 0.5
    network = stacked("rnn_identity", 1, [1] * 3, dropout=1 - q, places=places)
    masks = [n for n in network.nodes if isinstance(n.layer, Dropout)]
    assert len(masks) == met
    dy = np.zeros((T, 1, 1))
    dy[-1] = 1.0
    weights = {n.name: scalar(0.7, 0.9) for n in network.recurrent}
    trace = record_with(network, weights, np.zeros((T, 1, 1)), dy)
    for n in masks:
        assert set(np.unique(trace.signals[n.name, "mask"].value)) == {0.0, 1 / q}
        assert trace.signals[n.name, "mask"].kind == "mask"
    # The paths one by one: the sum over them of v^3 w^lag times the masks that each one meets.
    kept = {n.name: trace.signals[n.name, "mask"].value[:, 0, 0] for n in masks}
    ones = np.ones(T)
    reach = np.tril(0.9 ** np.maximum(0, np.subtract.outer(np.arange(T), np.arange(T))))
    matrix = np.eye(T) * kept.get("dropout 1", ones)
    for k in (1, 2, 3):
        matrix = np.diag(kept.get(f"dropout {k + 1}", ones)) @ (0.7 * reach) @ matrix
    np.testing.assert_allclose(trace.dx[:, 0, 0], matrix[-1], rtol=1e-12, atol=1e-300)


def test_masks_are_seeded_and_each_network_has_its_own():
    def masks(trace):
        return trace.signals["dropout 2", "mask"].value

    config = dict(cell="lstm", steps=6, hidden_size=5, dropout=0.5, batch_size=2)
    one, again, other = (record(NetworkConfig(**config, seed=s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(masks(one), masks(again))
    assert (masks(one) != masks(other)).any() and (masks(one)[0] != masks(one)[1]).any()
    once = masks(record(NetworkConfig(**config, mask="sequence")))
    np.testing.assert_array_equal(once, np.broadcast_to(once[:1], once.shape))
    many = record_many([NetworkConfig(**config, seed=s) for s in (1, 2)])
    np.testing.assert_array_equal(masks(many)[:, 0], masks(one))
    np.testing.assert_array_equal(masks(many)[:, 1], masks(other))
    assert not any("dropout" in n.name for n in record(NetworkConfig(**config | {"layers": 1})).network.nodes)


def test_dropout_on_a_linear_readout_is_a_ridge():
    """E (y - t)^2 = (w x - t)^2 + p/q sum_i (w_i x_i)^2: each step of one sequence is a draw."""
    found, ridge = readout_loss()
    assert abs(found / ridge - 1) < 0.03


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_one_mask_for_all_steps_raises_the_spectral_radius(rate):
    """By 1/sqrt(q): the edge of chaos moves from a gain of 1 to sqrt(q)."""
    assert abs(radius_raised(rate) * np.sqrt(1 - rate) - 1) < 0.06


# ---- far outside float64 ---------------------------------------------------------------------


@pytest.mark.parametrize("w", [0.1, 10.0, 1e-20, 1e40], ids=str)
@pytest.mark.parametrize("both", [False, True], ids=["one direction", "both"])
def test_norms_far_outside_float64_across_layers(w, both):
    """log10 of v^L w^n C(n+L-1, L-1) in every layer, at lags to 1000."""
    steps, v, layers = 1000, 1e-3, 3
    if both:
        network = stacked("rnn_identity", 1, [1], both=True)
        dy = np.zeros((steps, 1, 2))
        dy[0, 0, 1] = 1.0
        trace = record_with(network, {n.name: scalar(v, w) for n in network.recurrent}, np.zeros((steps, 1, 1)), dy)
        expected = np.array([log10(v) + t * log10(w) for t in range(steps)])
        assert np.abs(trace.total["x"].log10_norm() - expected).max() < 1e-9
        return
    trace = linear(layers, v, w, T=steps)
    for depth, name in ((1, "layer 3"), (2, "layer 2"), (3, "layer 1")):
        expected = np.array(
            [
                (depth - 1) * log10(v) + n * log10(w) + log10(comb(n + depth - 1, depth - 1))
                for n in reversed(range(steps))
            ]
        )
        assert np.abs(trace.log10_dh[name] - expected).max() < 1e-9
    expected += log10(v)
    assert np.abs(trace.log10_arrows["layer 1", "x"] - expected).max() < 1e-9
    assert abs(expected[0]) > 900
