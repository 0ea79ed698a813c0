"""What one asks of a recording: the same every time, the loss it says, shares that add up, ensembles of the same."""

from dataclasses import replace

import networks
import numpy as np
import pytest
from compare import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import OVER_TIME, assert_logs, network, output_gradient

from rnnviz import CELLS, Config, Parameters, record, record_many, record_with
from rnnviz.config import INPUTS, LOSSES
from rnnviz.engine import adjoint

NOT_OVER_TIME = (
    "loss",
    "overflow_step",
    "dW",
    "dU",
    "db",
    "db_rec",
    "dh0",
    "dc0",
    "initial_state",
    "parameters",
    "spectral radius",
    "singular value",
)


def member(name, array, k):
    """What belongs to member k of an ensemble: K comes after T where there is T."""
    return array[k] if name.startswith(NOT_OVER_TIME) else array[:, k]


def assert_same(found, expected):
    """Everything of two recordings, to 1e-12 of its own size, step by step where it is over time."""
    assert set(found) == set(expected)
    for name, array in expected.items():
        if "log10" in name:
            assert_logs(found[name], array, name)
        else:
            assert_close(found[name], array, rtol=1e-12, per_step=name in OVER_TIME, name=name)


# ---- determinism -----------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_the_same_configuration_gives_the_same_recording(cell):
    config = Config(cell, steps=20, hidden_size=6, batch_size=2, loss="every", gain=1.3, seed=7)
    one, two = networks.flat(record(config)), networks.flat(record(replace(config)))
    assert set(one) == set(two)
    for name, array in one.items():
        np.testing.assert_array_equal(array, two[name], err_msg=name)
    other = networks.flat(record(replace(config, seed=8)))
    for name in ("h", "dh", "parameters W", "parameters U", "output_gradient"):
        assert (one[name] != other[name]).any(), name


def test_the_same_seed_gives_the_same_input_and_targets_to_all_cells():
    recordings = [record(Config(cell, steps=20, hidden_size=4, batch_size=2, input_size=3, seed=5)) for cell in CELLS]
    for recording in recordings:
        np.testing.assert_array_equal(recording.x, recordings[0].x)
        targets = recording.h[-1] - recording.output_gradient[-1]
        assert_close(targets, recordings[0].h[-1] - recordings[0].output_gradient[-1], rtol=1e-14)
        assert (np.abs(targets) < 1).all() and np.abs(targets).max() > 0.5
    other = record(Config("rnn", steps=20, batch_size=2, input_size=3, seed=6))
    assert (other.x != recordings[0].x).all()


def test_a_longer_noise_begins_with_the_shorter():
    short, long = (record(Config(steps=n, batch_size=3, input_size=2)) for n in (10, 50))
    np.testing.assert_array_equal(long.x[:10], short.x)
    np.testing.assert_array_equal(long.h[:10], short.h)
    assert (short.x[:, 0] != short.x[:, 1]).all()  # each sequence of a batch has its own


def test_what_is_recorded_cannot_change_what_is_drawn():
    config = Config("rnn", steps=5, init="identity", gain=1.0)
    with pytest.raises(ValueError, match="read-only"):
        record(config).parameters.U[...] = 7.0
    np.testing.assert_array_equal(record(config).parameters.U, np.eye(32))


@pytest.mark.parametrize("source", INPUTS)
@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_every_input(cell, source):
    recording = record(Config(cell, steps=400, input=source, input_size=2, batch_size=2, hidden_size=3))
    T, B, _ = recording.x.shape
    assert B == 2 and np.isfinite(recording.x).all() and recording.x.any() and recording.dh.any()
    assert recording.h.shape == recording.dh.shape == (T, 2, 3)
    assert T == {"text": 49, "sunspots": 309}.get(source, 400)
    if source == "text":
        assert set(recording.x.ravel()) == {0.0, 1.0} and (recording.x.sum(axis=-1) == 1).all()
    if source != "noise":
        np.testing.assert_array_equal(recording.x[:, 0], recording.x[:, 1])


# ---- loss ------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("cell", CELLS)
def test_loss_and_its_gradient(cell, loss):
    T, B, H = 9, 2, 3
    rng = np.random.default_rng(1)
    config = Config(cell, steps=T, batch_size=B, hidden_size=H, loss=loss, loss_step=4)
    for targets in [rng.normal(size=(B, H))] + [rng.normal(size=(T, B, H))] * (loss == "every"):
        recording = record(config, targets=targets)
        chosen = {"last": [8], "one": [3], "every": list(range(T))}[loss]
        error = recording.h - targets
        assert_close(recording.loss, 0.5 * (error[chosen] ** 2).sum(), rtol=1e-14)
        expected = np.zeros((T, B, H))
        expected[chosen] = error[chosen]
        np.testing.assert_array_equal(recording.output_gradient, expected)
        again = record_with(cell, recording.parameters, recording.x, expected)
        np.testing.assert_array_equal(again.dh, recording.dh)


def test_inputs_of_ones_own_override_the_configuration():
    x = np.random.default_rng(0).normal(size=(7, 2, 3))
    recording = record(Config(steps=50, batch_size=9, input_size=5, hidden_size=4), inputs=x)
    np.testing.assert_array_equal(recording.x, x)
    assert recording.h.shape == (7, 2, 4) and recording.parameters.W.shape == (3, 16) and recording.steps == 7
    np.testing.assert_array_equal(
        record(Config(hidden_size=4), inputs=x.astype(np.float32).tolist()).x, x.astype(np.float32)
    )


def test_shapes_and_what_is_absent():
    for name, cell in CELLS.items():
        recording = record(Config(name, steps=6, batch_size=2, hidden_size=3))
        assert (recording.c is None) == (recording.dc is None) == ("c" not in cell.states)
        assert (recording.log10_dc is None) == (recording.norm_dc is None) == ("c" not in cell.states)
        assert recording.log10_dh.shape == (6,) and recording.overflow_step == 0
        assert set(recording.initial_gradient) == set(recording.initial_state) == set(cell.states)
        assert recording.hidden_size == 3 and recording.cell is cell and recording.config.cell == name
        own = record_with(name, recording.parameters, recording.x, recording.output_gradient)
        assert own.loss is None and own.config is None


# ---- norms and shares ------------------------------------------------------------------------


def outer_products(recording):
    """Each step's term of dL/dW, dL/dU, dL/db: (T, ...), formed explicitly from what the recording shows."""
    cell, H = recording.cell, recording.hidden_size
    before = np.concatenate([recording.initial_state["h"][None], recording.h[:-1]])
    multiplied = [before if g not in cell.multiplied else recording.gates[cell.multiplied[g]] for g in cell.gates]
    inner, outer = recording._true(recording.back.gates), recording._true(recording._input_side)
    blocks = [np.einsum("tbi,tbj->tij", m, inner[..., k * H : (k + 1) * H]) for k, m in enumerate(multiplied)]
    return {
        "W": np.einsum("tbi,tbj->tij", recording.x, outer),
        "U": np.concatenate(blocks, axis=-1),
        "b": outer.sum(axis=1),
    }


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("cell", CELLS)
def test_shares_and_norms(cell, loss):
    parameters, x, initial = network(cell, T=30, gain=1.5)
    recording = record_with(cell, parameters, x, output_gradient(loss, 30, 3, 4), initial)
    assert_close(recording.norm_dh, np.linalg.norm(recording.dh, axis=(1, 2)), rtol=1e-12)
    if recording.dc is not None:
        assert_close(recording.norm_dc, np.linalg.norm(recording.dc, axis=(1, 2)), rtol=1e-12)
    terms = outer_products(recording)
    assert set(recording.shares) == set(recording.log10_shares) == set(terms)
    for name, term in terms.items():
        assert_close(term.sum(axis=0), getattr(recording.gradients, name), rtol=1e-11, name=name)
        norms = np.sqrt((term**2).reshape(30, -1).sum(axis=1))
        assert_close(10.0 ** recording.log10_shares[name], norms, rtol=1e-9, name=name)
        assert_close(recording.shares[name], norms / norms.sum(), rtol=1e-9, name=name)
        assert abs(recording.shares[name].sum() - 1) < 1e-12 and (recording.shares[name] >= 0).all()


def test_shares_of_sequences_that_cancel():
    """Two sequences with the same gradient and inputs that are opposite but for a trillionth; no product is rounded."""
    v, g = np.array([[3.0, -5.0, 2.0], [1.0, 7.0, -4.0]])
    x = np.stack([v, -v * (1 + 2.0**-40)])
    parameters = Parameters(np.eye(3), np.zeros((3, 3)), np.zeros(3), np.zeros(3))
    inputs, gradient = np.stack([x, x]), np.broadcast_to(g, (2, 2, 3))
    recording = record_with("rnn_identity", parameters, inputs, gradient)
    expected = np.log10(np.linalg.norm(x.sum(axis=0)) * np.linalg.norm(g))
    assert expected < -10
    assert_logs(recording.log10_shares["W"], np.full(2, expected))
    config = Config("rnn_identity", gain=0.0, hidden_size=3, steps=2, loss="every")
    many = record_many([config, replace(config, seed=1)], inputs)
    for k in (0, 1):
        one = record(replace(config, seed=k), inputs)
        assert_logs(many.log10_shares["W"][:, k], one.log10_shares["W"])


@pytest.mark.parametrize("cell", CELLS)
def test_shares_step_by_step(cell):
    """Each step's term of a gradient is the gradient by a parameter that acts at that step alone: by finite differences
    of b, by giving the network an input of its own at step t."""
    parameters, x, initial = network(cell, T=5, B=2, D=2, H=3, seed=4)
    gradient = output_gradient("every", 5, 2, 3, seed=4)
    recording = record_with(cell, parameters, x, gradient, initial)
    columns = parameters.b.size
    for t in range(5):
        shown = np.concatenate([x, np.zeros((5, 2, 1))], axis=-1)
        shown[t, :, 2] = 1.0  # one more input, which is 1 at step t: its weights are a bias at that step
        widened = Parameters(np.vstack([parameters.W, np.zeros(columns)]), parameters.U, parameters.b, parameters.b_rec)
        own = record_with(cell, widened, shown, gradient, initial).gradients.W[2]
        assert_close(10.0 ** recording.log10_shares["b"][t], np.linalg.norm(own), rtol=1e-9)


@settings(max_examples=30, deadline=None)
@given(
    cell=st.sampled_from(list(CELLS)),
    gain=st.floats(0.0, 4.0),
    seed=st.integers(0, 10**6),
    loss=st.sampled_from(sorted(LOSSES)),
    init=st.sampled_from(["gaussian", "orthogonal", "identity"]),
    forget_bias=st.floats(-10, 10),
    update_bias=st.floats(-10, 10),
)
def test_shares_add_up_to_one(**fields):
    recording = record(Config(**fields, steps=60, loss_step=30, hidden_size=5))
    for name, shares in recording.shares.items():
        total = shares.sum(axis=0)
        assert abs(total - 1) < 1e-12 or (total == 0 and (recording.log10_shares[name] == -np.inf).all())


# ---- blocks of steps ----------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_linearising_in_blocks_changes_nothing(cell, monkeypatch):
    """A long sequence is differentiated some steps at a time: as if all at once, a shorter last block included."""
    parameters, x, initial = network(cell, T=50)
    gradient = output_gradient("every", 50, 3, 4)
    whole = networks.flat(record_with(cell, parameters, x, gradient, initial))
    for elements in (1, 7 * 12, 50 * 12):
        monkeypatch.setattr(adjoint, "BLOCK", 8 * elements)
        assert_same(networks.flat(record_with(cell, parameters, x, gradient, initial)), whole)


# ---- ensembles -------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("cell", CELLS)
def test_an_ensemble_is_its_members(cell, loss):
    base = Config(cell, steps=25, batch_size=2, input_size=3, hidden_size=5, loss=loss, loss_step=11)
    configs = [
        replace(base, gain=g, seed=s, forget_bias=f, update_bias=u, init=i, input_scale=k)
        for g, s, f, u, i, k in (
            (0.2, 0, 1.0, 0.0, "gaussian", 1.0),
            (1.0, 3, -4.0, 2.0, "orthogonal", 0.1),
            (2.5, 0, 0.0, -3.0, "identity", 2.0),
            (1.2, 8, 5.0, 8.0, "gaussian", 0.0),
        )
    ]
    ensemble = record_many(configs)
    everything = networks.flat(ensemble)
    assert ensemble.h.shape == (25, 4, 2, 5) and ensemble.loss.shape == (4,)
    for k, config in enumerate(configs):
        assert_same({name: member(name, a, k) for name, a in everything.items()}, networks.flat(record(config)))


@pytest.mark.parametrize("source", INPUTS)
def test_an_ensemble_on_each_input(source):
    configs = [Config("gru", steps=12, hidden_size=3, input=source, gain=g, seed=g) for g in (1, 2)]
    ensemble = networks.flat(record_many(configs))
    for k, config in enumerate(configs):
        expected = networks.flat(record(config))
        assert_same({name: member(name, a, k) for name, a in ensemble.items()}, expected)


@pytest.mark.parametrize("cell", CELLS)
def test_an_ensemble_of_one_and_of_ones_own_inputs_and_targets(cell):
    rng = np.random.default_rng(0)
    x, config = rng.normal(size=(6, 2, 3)), Config(cell, hidden_size=4, loss="every")
    for targets in (rng.normal(size=(2, 4)), rng.normal(size=(6, 2, 4))):
        one = networks.flat(record_many([config], x, targets))
        assert_same({name: member(name, a, 0) for name, a in one.items()}, networks.flat(record(config, x, targets)))
