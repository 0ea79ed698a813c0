"""Closed forms of stacked, residual and bidirectional networks, normalisation and dropout."""

from math import comb, log10

import numpy as np
import pytest
from compare import assert_close

from rnnviz import Network, NetworkConfig, Parameters, record, record_many, record_with, stacked
from rnnviz.layers import Dropout, Linear, Normalise
from rnnviz.layers.dropout import mask
from rnnviz.networks import Node
from rnnviz.scaled import Scaled

T = 60


def scalar(v, w):
    """A linear unit h_t = v x_t + w h_{t-1}."""
    return Parameters(np.full((1, 1), v), np.full((1, 1), w), np.zeros(1), np.zeros(1))


def linear(layers, v, w, T=T, **other):
    """The trace of a stack of linear units, whose loss is the output at the last step."""
    network = stacked("rnn_identity", 1, [1] * layers, **other)
    dy = np.zeros((T, 1, network.widths(1)[network.output]))
    dy[-1] = 1.0
    return record_with(network, {n.name: scalar(v, w) for n in network.recurrent}, np.zeros((T, 1, 1)), dy)


def by_lag(trace):
    """dL/dx_{T-n} for n from 0."""
    return trace.dx[::-1, 0, 0]


# ---- depth -----------------------------------------------------------------------------------


@pytest.mark.parametrize("layers", [1, 3, 6])
def test_a_stack_counts_the_paths_on_the_grid(layers):
    """dh^L_T/dx_{T-n} = v^L w^n C(n+L-1, L-1)."""
    v, w = 0.7, 0.9
    expected = [v**layers * w**n * comb(n + layers - 1, layers - 1) for n in range(T)]
    np.testing.assert_allclose(by_lag(linear(layers, v, w)), expected, rtol=1e-13)
    ones = by_lag(linear(layers, 1.0, 1.0))
    assert layers != 3 or abs(ones[50] - 1326) < 1e-9
    assert abs(by_lag(linear(4, 1.0, 1.0))[10] - 286) < 1e-10


@pytest.mark.parametrize("w, layers, lags", [(0.8, 6, {19, 20}), (0.9, 3, {17, 18})])
def test_depth_moves_the_peak_of_memory_away_from_now(w, layers, lags):
    found = by_lag(linear(layers, 1.0, w))
    assert int(np.argmax(found)) in lags
    one, other = sorted(lags)
    assert abs(found[one] / found[other] - 1) < 1e-12 and abs(one - (w * layers - 1) / (1 - w)) < 1e-9


def test_connections_past_the_layers():
    """The sum over j of C(L,j) v^j w^n C(n+j-1, j-1), plus 1 at n = 0; their total is (1 + v/(1-w))^L."""
    v, w, layers = 0.5, 0.9, 3
    expected = [
        sum(comb(layers, j) * v**j * w**n * comb(n + j - 1, j - 1) for j in range(1, layers + 1)) + (n == 0)
        for n in range(T)
    ]
    np.testing.assert_allclose(by_lag(linear(layers, v, w, skip=True)), expected, rtol=1e-13)
    for skip, total in ((True, 216.0), (False, 125.0)):
        assert abs(by_lag(linear(layers, v, w, T=600, skip=skip)).sum() / total - 1) < 1e-12


def test_paths_through_a_residual_network_are_short():
    """Weighted by what they carry, they go through L g/(1+g) of the L branches; g of a branch's gain."""
    layers, g = 8, 0.7
    network = stacked("rnn_identity", 1, [1] * layers, skip=True)
    dy = np.ones((2, 1, 1))
    dy[0] = 0.0
    x = np.array([0.0, 1.0]).reshape(2, 1, 1)
    trace = record_with(network, {n.name: scalar(g, 0.0) for n in network.recurrent}, x, dy)
    assert abs(trace.output[-1, 0, 0] / (1 + g) ** layers - 1) < 1e-14
    mean = sum(g * trace.gradients[n.name].W[0, 0] for n in network.recurrent) / trace.output[-1, 0, 0]
    assert abs(mean - layers * g / (1 + g)) < 1e-12
    plain = stacked("rnn_identity", 1, [1] * layers)
    trace = record_with(plain, {n.name: scalar(g, 0.0) for n in plain.recurrent}, x, dy)
    assert abs(trace.dx[-1, 0, 0] / g**layers - 1) < 1e-14  # while without them it falls as v^L


# ---- both directions -------------------------------------------------------------------------


def both_ends(T, w):
    """The two last states of a bidirectional unit: forward at the last position, backward at the first."""
    network = stacked("rnn_identity", 1, [1], both=True)
    dy = np.zeros((T, 1, 2))
    dy[-1, 0, 0] = dy[0, 0, 1] = 1.0
    return record_with(network, {n.name: scalar(1.0, w) for n in network.recurrent}, np.zeros((T, 1, 1)), dy)


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
    config = NetworkConfig(cell, layers=1, steps=9, hidden_size=3, input_size=2, directions="both")
    drawn = record(config)
    for position in (0, 4, 8):
        for half in (0, 1):
            dy = np.zeros_like(drawn.output)
            dy[position, 0, 3 * half : 3 * half + 3] = 1.0
            dx = record_with(drawn.network, drawn.parameters, drawn.x, dy).dx
            seen = dx.any(axis=(1, 2))
            allowed = np.arange(9) <= position if half == 0 else np.arange(9) >= position
            np.testing.assert_array_equal(seen, allowed)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "gru_2014"])
def test_reversed_input_and_swapped_directions(cell):
    """The same numbers, with the halves swapped and in reverse order."""
    drawn = record(NetworkConfig(cell, layers=1, steps=9, hidden_size=3, input_size=2, directions="both"))
    forward, backward = (drawn.parameters[f"layer 1 {turn}"] for turn in ("forward", "backward"))
    other = record_with(
        drawn.network,
        {"layer 1 forward": backward, "layer 1 backward": forward},
        drawn.x[::-1],
        np.roll(drawn.output_gradient[::-1], 3, axis=-1),
    )
    np.testing.assert_array_equal(np.roll(other.output[::-1], 3, axis=-1), drawn.output)
    np.testing.assert_array_equal(other.dx[::-1], drawn.dx)


# ---- normalisation ---------------------------------------------------------------------------


def test_the_jacobian_of_a_normalisation():
    """J = (1/s)(I - 11'/H - x^x^'/H): H - 2 singular values of 1/s, two of 0; what comes out has the norm sqrt(H)."""
    H, x = 7, np.random.default_rng(0).normal(size=7) * 100.0  # beside which 1e-5 is nothing
    p = {"scale": np.ones(H), "shift": np.zeros(H)}
    passed = Normalise().run(p, np.tile(x, (H, 1, 1)))
    _, (dx,) = passed.pull_back(Scaled(np.eye(H)[:, None]))
    J, s = dx.mantissa[:, 0], x.std()
    hat = (x - x.mean()) / s
    assert_close(J, (np.eye(H) - 1.0 / H - np.outer(hat, hat) / H) / s, rtol=1e-8)
    values = np.linalg.svd(J, compute_uv=False) * s
    np.testing.assert_allclose(values, [1.0] * (H - 2) + [0.0] * 2, atol=1e-7)
    assert abs(np.linalg.norm(passed.output[0]) - np.sqrt(H)) < 1e-7


# ---- dropout ---------------------------------------------------------------------------------


def test_a_mask_keeps_the_mean():
    """m/q has mean 1 and variance p/q; a path through k fresh masks has the second moment q^-k."""
    rate, steps = 0.2, 20000
    masks = Dropout(rate, draw=1, seeds=(3,)).run({}, np.ones((steps, 1, 10))).output[:, 0]
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
    rng, rate, steps = np.random.default_rng(4), 0.3, 1000
    x, V, target = rng.normal(size=6), rng.normal(size=(6, 1)), 0.4
    network = Network((Node("dropped", Dropout(rate, draw=1), ("x",)), Node("y", Linear(1), ("dropped",))))
    trace = record_with(
        network, {"y": {"V": V, "b_y": np.zeros(1)}}, np.tile(x, (steps, 32, 1)), np.zeros((steps, 32, 1))
    )
    expected = (x @ V[:, 0] - target) ** 2 + rate / (1 - rate) * ((x * V[:, 0]) ** 2).sum()
    assert abs(((trace.output - target) ** 2).mean() / expected - 1) < 0.03


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_one_mask_for_all_steps_raises_the_spectral_radius(rate):
    """By 1/sqrt(q): the edge of chaos moves from a gain of 1 to sqrt(q)."""
    N, found = 300, []
    for seed in range(4):
        U = np.random.default_rng([seed, 1]).normal(size=(N, N)) / np.sqrt(N)
        masked = mask((1, 1, N), rate, 0, (seed,), once=True)[0, 0][:, None] * U
        found.append(np.abs(np.linalg.eigvals(masked)).max() / np.abs(np.linalg.eigvals(U)).max())
    assert abs(np.mean(found) * np.sqrt(1 - rate) - 1) < 0.06


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
