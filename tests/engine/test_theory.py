"""What is known on paper: the bound, orthogonal and identity networks, gates at rest, spectra of what is drawn."""

import numpy as np
import pytest
from compare import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import assert_logs, network, output_gradient

from rnnviz import CELLS, Config, Parameters, record, record_many, record_with
from rnnviz.config import INITIALISATIONS, LOSSES

BOUNDED = [name for name, cell in CELLS.items() if cell.max_slope is not None]
SLACK = np.log10(1 + 1e-12)


# ---- the bound -------------------------------------------------------------------------------


def test_which_cells_have_a_bound():
    assert {"rnn", "rnn_relu", "rnn_logistic", "rnn_identity"} <= set(BOUNDED)
    for name in CELLS:
        bound = record(Config(name, steps=3, hidden_size=2)).log10_bound
        assert (bound is not None) == (name in BOUNDED)


@pytest.mark.parametrize("cell", BOUNDED)
def test_largest_slope(cell):
    """The largest slope of the activation is the one stated: reached, and never passed."""
    (phi,) = CELLS[cell].equations.values()
    a = np.linspace(-6, 6, 120_001)
    slopes = np.diff(phi(a)) / np.diff(a)
    assert abs(slopes.max() - CELLS[cell].max_slope) < 1e-6


@settings(max_examples=60, deadline=None)
@given(
    cell=st.sampled_from(BOUNDED),
    gain=st.just(0.0) | st.floats(0.01, 4.0),
    seed=st.integers(0, 2**31 - 1),
    init=st.sampled_from(sorted(INITIALISATIONS)),
    loss=st.sampled_from(sorted(LOSSES)),
    steps=st.integers(10, 80),
    hidden_size=st.integers(1, 12),
    batch_size=st.integers(1, 3),
    input_scale=st.floats(0.0, 10.0),
)
def test_no_gradient_is_above_the_bound(**fields):
    recording = record(Config(**fields, loss_step=fields["steps"] // 2))
    bound, norm = recording.log10_bound, recording.log10_dh
    assert bound.shape == norm.shape and not recording.overflow_step
    logs = np.abs(bound[np.isfinite(bound)]).max(initial=0.0)
    assert (norm <= bound + SLACK + len(bound) * logs * 2.0**-52).all()  # the last: rounding of a sum of logarithms
    assert norm[-1] == pytest.approx(bound[-1], rel=1e-14, abs=1e-14)  # and it is not merely large


@pytest.mark.parametrize("cell", BOUNDED)
def test_bound_over_many_steps_and_in_ensembles(cell):
    """The finite part of what vanished and exploded over 1000 steps; a rounding of 1e-14 a step is granted."""
    zeros = np.zeros((1000, 1, 1))
    recording = record_many(
        [
            Config(cell, steps=1000, hidden_size=6, gain=g, init=i, loss="every", seed=s)
            for s, g in enumerate((0.2, 1.0, 3.9))
            for i in INITIALISATIONS
        ],
        zeros,
    )
    assert np.isfinite(recording.log10_bound).all()
    assert (recording.log10_dh <= recording.log10_bound + 1e-11).all()


@pytest.mark.parametrize("cell", BOUNDED)
def test_bound_of_own_weights(cell):
    parameters, x, initial = network(cell, T=30, gain=2.0)
    recording = record_with(cell, parameters, x, output_gradient("every", 30, 3, 4), initial)
    assert (recording.log10_dh <= recording.log10_bound + SLACK).all()
    s = np.linalg.svd(parameters.U, compute_uv=False)[0] * CELLS[cell].max_slope
    norms = np.linalg.norm(recording.output_gradient, axis=(1, 2))
    expected = [sum(s ** (later - t) * norms[later] for later in range(t, 30)) for t in range(30)]
    assert_close(recording.log10_bound, np.log10(expected), rtol=1e-12)


@pytest.mark.parametrize("gain", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("init", ["orthogonal", "identity"])
def test_orthogonal_linear_network_is_on_the_bound(gain, init):
    recording = record(Config("rnn_identity", steps=100, hidden_size=16, gain=gain, init=init, batch_size=2))
    assert np.abs(recording.log10_dh - recording.log10_bound).max() < SLACK
    gaussian = record(Config("rnn_identity", steps=100, hidden_size=16, gain=gain, batch_size=2))
    assert gaussian.log10_dh[0] < gaussian.log10_bound[0] - 1  # where it is far from tight


# ---- gates at rest, and networks that lose nothing -------------------------------------------


@pytest.mark.parametrize("forget_bias, kept", [(0.0, 8.88e-16), (1.0, 1.576e-7), (2.0, 1.753e-3), (5.0, 0.7148)])
def test_lstm_without_weights_forgets_by_its_bias(forget_bias, kept):
    """dL/dc_t = sigma(b_f)^(T - t) dL/dc_T: over 50 steps, the four numbers on the right."""
    H, steps = 3, 51
    b = np.zeros(4 * H)
    b[2 * H : 3 * H] = forget_bias
    zeros = np.zeros((H, 4 * H))
    gradient = output_gradient("last", steps, 2, H)
    recording = record_with("lstm", Parameters(zeros[:1], zeros, b, zeros[0]), np.zeros((steps, 2, 1)), gradient)
    sigma = 1 / (1 + np.exp(-forget_bias))
    assert_close(recording.gates["f"], np.full_like(recording.h, sigma), rtol=1e-15)
    assert_close(recording.dc[-1], 0.5 * gradient[-1], rtol=1e-15)
    exact = sigma ** np.arange(steps)[::-1]
    assert_close(recording.dc, exact[:, None, None] * recording.dc[-1], rtol=1e-12, per_step=True)
    assert_close(recording.dc[0] / recording.dc[-1], np.full((2, H), kept), rtol=1e-3)


@pytest.mark.parametrize("cell", ["gru", "gru_2014"])
def test_gru_at_the_origin(cell):
    """r = z = 1/2 and n = 0, so that one step pulls a gradient back through I/2 + U_n^T/4."""
    parameters, _, _ = network(cell, H=5, D=1, bias=0.0, gain=3.0)
    gradient = output_gradient("last", 12, 3, 5)
    recording = record_with(cell, parameters, np.zeros((12, 3, 1)), gradient)
    assert not recording.h.any()
    step = np.eye(5) / 2 + parameters.gate(CELLS[cell], "n").T / 4
    for t in range(11):
        assert_close(recording.dh[t], recording.dh[t + 1] @ step, rtol=1e-13)
    assert_close(recording.initial_gradient["h"], gradient[-1] @ np.linalg.matrix_power(step, 12), rtol=1e-12)


@pytest.mark.parametrize("hidden_size", [1, 8, 64])
def test_orthogonal_linear_network_keeps_the_norm(hidden_size):
    config = Config("rnn_identity", steps=1000, hidden_size=hidden_size, init="orthogonal", batch_size=2)
    recording = record(config, inputs=np.zeros((1000, 2, 1)))
    norms = np.linalg.norm(recording.dh, axis=(1, 2))
    assert np.abs(norms / norms[-1] - 1).max() < 1e-12
    assert np.abs(recording.norm_dh / recording.norm_dh[-1] - 1).max() < 1e-12


def test_identity_relu_network_keeps_everything():
    rng = np.random.default_rng(2)
    start, gradient = {"h": rng.uniform(0.1, 1.0, (2, 6))}, output_gradient("last", 1000, 2, 6)
    parameters = Parameters(np.zeros((1, 6)), np.eye(6), np.zeros(6), np.zeros(6))
    recording = record_with("rnn_relu", parameters, np.zeros((1000, 2, 1)), gradient, start)
    assert (recording.h == start["h"]).all() and (recording.dh == gradient[-1]).all()
    assert (recording.initial_gradient["h"] == gradient[-1]).all()
    assert (recording.log10_dh == recording.log10_dh[-1]).all()


def test_relu_at_and_below_zero_carries_nothing():
    """As PyTorch has it, the slope at 0 is 0."""
    parameters = Parameters(np.zeros((1, 2)), np.eye(2), np.zeros(2), np.zeros(2))
    recording = record_with(
        "rnn_relu", parameters, np.zeros((3, 1, 1)), output_gradient("last", 3, 1, 2), {"h": np.array([[0.0, -1.0]])}
    )
    assert not recording.h.any() and not recording.dh[:-1].any()
    assert_logs(recording.log10_dh[:-1], [-np.inf, -np.inf])


# ---- what is drawn ---------------------------------------------------------------------------


@pytest.mark.parametrize("gain", [0.0, 0.35, 1.0, 4.0])
@pytest.mark.parametrize("init", INITIALISATIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_spectra(cell, init, gain):
    recording = record(Config(cell, steps=2, hidden_size=24, init=init, gain=gain, seed=9))
    assert list(recording.spectra) == list(CELLS[cell].gates)
    again = record_with(cell, recording.parameters, recording.x, recording.output_gradient)
    for k, gate in enumerate(CELLS[cell].gates):
        U = recording.parameters.U[:, 24 * k : 24 * (k + 1)]
        np.testing.assert_array_equal(recording.parameters.gate(CELLS[cell], gate), U)
        radius, largest = np.abs(np.linalg.eigvals(U)).max(), np.linalg.svd(U, compute_uv=False)[0]
        for spectra in (recording.spectra, again.spectra):
            assert_close(spectra[gate][0], radius, rtol=1e-10, name="spectral radius")
            assert_close(spectra[gate][1], largest, rtol=1e-10, name="largest singular value")


def test_spectra_of_an_ensemble():
    configs = [
        Config("gru", steps=2, hidden_size=6, init=i, gain=g, seed=s)
        for s, i in enumerate(INITIALISATIONS)
        for g in (0.5, 2.0)
    ]
    recording = record_many(configs)
    for gate, (radius, largest) in recording.spectra.items():
        U = recording.parameters.gate(CELLS["gru"], gate)
        assert U.shape == (6, 6, 6)
        assert_close(radius, np.abs(np.linalg.eigvals(U)).max(axis=-1), rtol=1e-10)
        assert_close(largest, np.linalg.svd(U, compute_uv=False)[:, 0], rtol=1e-10)


@pytest.mark.parametrize("cell", CELLS)
def test_initialisations(cell):
    H, cell = 128, CELLS[cell]
    drawn = {i: record(Config(cell.name, steps=2, hidden_size=H, init=i, gain=1.5)).parameters for i in INITIALISATIONS}
    blocks = {i: [p.gate(cell, g) for g in cell.gates] for i, p in drawn.items()}
    for U in blocks["orthogonal"]:
        assert np.abs(U @ U.T / 1.5**2 - np.eye(H)).max() < 1e-12
        assert abs(np.diag(U).mean()) < 0.1 and np.abs(U - np.diag(np.diag(U))).max() > 0.1  # not the identity
    for U in blocks["identity"]:
        np.testing.assert_array_equal(U, 1.5 * np.eye(H))
    for U in blocks["gaussian"]:
        assert abs(U.std() * np.sqrt(H) / 1.5 - 1) < 5 / np.sqrt(2 * U.size)
        assert abs(U.mean()) * np.sqrt(H) / 1.5 < 5 / np.sqrt(U.size)
    for init in ("gaussian", "orthogonal"):  # every gate has a matrix of its own
        for j, U in enumerate(blocks[init]):
            assert all(np.abs(U - other).max() > 0.1 for other in blocks[init][:j])


def test_orthogonal_matrices_are_uniform():
    """No direction is preferred: entries have mean 0 and variance 1/H; the Q of a plain QR has a negative diagonal."""
    for H in (1, 3):
        drawn = np.stack(
            [record(Config("rnn", steps=2, hidden_size=H, init="orthogonal", seed=s)).parameters.U for s in range(300)]
        )
        assert np.abs(drawn.mean(axis=0)).max() < 5 / np.sqrt(300 * H)
        assert np.abs((drawn**2).mean(axis=0) - 1 / H).max() < 0.15
        assert abs(np.linalg.det(drawn).mean()) < 5 / np.sqrt(300)  # as many reflections as rotations


@pytest.mark.parametrize("cell", CELLS)
def test_input_weights_and_biases(cell):
    H, D = 128, 64
    config = Config(cell, steps=2, hidden_size=H, input_size=D, input_scale=3.0, forget_bias=-2.0, update_bias=0.7)
    drawn = record(config).parameters
    W = np.split(drawn.W, len(CELLS[cell].gates), axis=1)
    for k, gate in enumerate(CELLS[cell].gates):
        assert abs(W[k].std() * np.sqrt(D) / 3.0 - 1) < 5 / np.sqrt(2 * W[k].size)
        assert all(np.abs(W[k] - other).max() > 0.1 for other in W[:k])
        assert (drawn.b[H * k : H * (k + 1)] == {"f": -2.0, "z": 0.7}.get(gate, 0.0)).all()
    assert not drawn.b_rec.any()
