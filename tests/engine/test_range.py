"""Gradients and states outside the range of float64: powers known exactly, and sums in decimal arithmetic."""

from decimal import Decimal, localcontext

import networks
import numpy as np
import pytest
from compare import assert_close
from networks import assert_logs, network

from rnnviz import CELLS, Config, Parameters, record, record_many, record_with
from rnnviz.engine import adjoint
from rnnviz.engine.adjoint import pull_back
from rnnviz.engine.anatomy import _powers_of, _sliced
from rnnviz.scaled import log10_norm

T = 1000
EVERYTHING = (
    "h",
    "c",
    "gates",
    "preactivations",
    "dh",
    "dc",
    "dx",
    "norm_dh",
    "norm_dc",
    "log10_dh",
    "log10_dc",
    "gradients",
    "initial_gradient",
    "log10_shares",
    "shares",
    "spectra",
    "log10_bound",
    "loss",
)


def linear(gain, **other):
    """A linear network whose recurrent matrix is the gain times the identity."""
    return Config("rnn_identity", **{"steps": T, "hidden_size": 8, "init": "identity", "gain": gain} | other)


def decimals(values):
    return [Decimal(float(v)) for v in values]


def log10(value):
    return float(abs(value).log10()) if value else -np.inf


def backwards(gain, entering):
    """dL/dh_t of a linear unit: g_t = entering_t + gain g_{t+1}, in Decimal."""
    out, carried = [], Decimal(0)
    for value in reversed(decimals(entering)):
        carried = value + Decimal(float(gain)) * carried
        out.append(carried)
    return out[::-1]


@pytest.fixture(autouse=True)
def digits():
    with localcontext() as context:
        context.prec = 50
        yield


def read_everything(recording):
    """Read what can be read of a recording; a warning on the way is an error here."""
    for name in EVERYTHING:
        getattr(recording, name)


# ---- powers of the gain ----------------------------------------------------------------------


@pytest.mark.parametrize("many", [False, True], ids=["record", "record_many"])
@pytest.mark.parametrize("gain, total", [(0.1, -999.0), (1.0, 0.0), (4.0, 999 * np.log10(4.0))])
def test_linear_network_is_a_power_of_its_gain(gain, total, many):
    zeros = np.zeros((T, 1, 1))
    if many:
        recording = record_many([linear(0.7), linear(gain), linear(2.0)], inputs=zeros)
        logs, dh, norm = recording.log10_dh[:, 1], recording.dh[:, 1], recording.norm_dh[:, 1]
    else:
        recording = record(linear(gain), inputs=zeros)
        logs, dh, norm = recording.log10_dh, recording.dh, recording.norm_dh
    assert np.isfinite(logs).all() and abs(logs[0] - logs[-1] - total) < 1e-9
    assert np.abs(np.diff(logs[::-1]) - np.log10(gain)).max() < 1e-9
    assert np.abs(logs[::-1] - logs[-1] - np.arange(T) * np.log10(gain)).max() < 1e-9
    assert abs(10.0 ** logs[-1] - np.linalg.norm(recording.output_gradient[-1, 1 if many else ...])) < 1e-12
    assert not recording.overflow_step.any()
    limit = {0.1: 0.0, 4.0: np.inf}
    if gain in limit:  # in float64 it is 0 or infinite, and nothing else, and nobody is warned
        assert (np.abs(dh[0]) == limit[gain]).all() and norm[0] == limit[gain]
    in_range = np.abs(logs) < 150  # numpy's norm squares
    sizes = np.linalg.norm(dh[in_range].reshape(in_range.sum(), -1), axis=1)
    assert_close(np.log10(sizes), logs[in_range], rtol=1e-12, name="log10 of dh")
    read_everything(recording)


@pytest.mark.parametrize("loss", ["last", "one", "every"])
@pytest.mark.parametrize("gain", [0.1, 1.0, 4.0])
def test_linear_unit_in_decimal(gain, loss):
    """Every log of one linear unit, against the same sums in 50 digits; zero input, so that h = 0 at any gain."""
    rng = np.random.default_rng(4)
    targets = rng.normal(size=(T, 1, 1)) if loss == "every" else rng.normal(size=(1, 1))
    entering = np.zeros(T)
    entering[{"last": slice(T - 1, T), "one": slice(699, 700), "every": slice(None)}[loss]] = -targets.ravel()
    expected = backwards(gain, entering)
    logs = np.array([log10(v) for v in expected])
    configs = [linear(g, hidden_size=1, loss=loss, loss_step=700) for g in (gain, 0.9, 3.0)]
    zeros = np.zeros((T, 1, 1))
    alone, ensemble = record(configs[0], zeros, targets), record_many(configs, zeros, targets)
    for found in (alone.log10_dh, ensemble.log10_dh[:, 0]):
        assert_logs(found, logs)
    for found in (alone.log10_shares["b"], ensemble.log10_shares["b"][:, 0]):
        assert_logs(found, logs)
    for found in (alone.dh, ensemble.dh[:, 0]):
        for value, exact, log in zip(found.ravel(), expected, logs):
            if -300 < log < 300:
                assert abs(Decimal(float(value)) / exact - 1) < Decimal("1e-12")
    read_everything(alone)
    read_everything(ensemble)


@pytest.mark.parametrize("gain", [0.1, 0.9])
def test_linear_unit_with_input_in_decimal(gain):
    """The same with noise going in, h_t and the loss included, and the shares of W and U."""
    config = linear(gain, hidden_size=1, loss="every", seed=3)
    targets = np.random.default_rng(5).normal(size=(T, 1, 1))
    recording = record(config, targets=targets)
    weight, h, states = Decimal(float(recording.parameters.W[0, 0])), Decimal(0), [Decimal(0)]
    for x in decimals(recording.x.ravel()):
        h = x * weight + Decimal(gain) * h
        states.append(h)
    errors = [h - y for h, y in zip(states[1:], decimals(targets.ravel()))]
    expected, carried = [], Decimal(0)
    for error in reversed(errors):
        carried = error + Decimal(gain) * carried
        expected.insert(0, carried)
    assert_close(recording.h.ravel(), [float(h) for h in states[1:]], per_step=True, rtol=1e-11, name="h")
    assert_close(recording.loss, float(sum(e * e for e in errors) / 2), rtol=1e-12, name="loss")
    assert np.abs(recording.log10_dh - [log10(g) for g in expected]).max() < 1e-9
    shares = recording.log10_shares
    assert np.abs(shares["b"] - [log10(g) for g in expected]).max() < 1e-9
    assert np.abs(shares["W"] - [log10(g * x) for g, x in zip(expected, decimals(recording.x.ravel()))]).max() < 1e-9
    assert shares["U"][0] == -np.inf
    assert np.abs(shares["U"][1:] - [log10(g * h) for g, h in zip(expected[1:], states[1:])]).max() < 1e-9


def test_shares_stay_exact_where_their_squares_do_not():
    """Impulse through gain 0.1: h falls as fast as the gradient grows, so that U's share is the same at every step."""
    recording = record(linear(0.1, hidden_size=1, input="impulse"))
    shares, first = recording.log10_shares["U"], np.log10(np.abs(recording.h[0, 0, 0]))
    exact = first - 998 + recording.log10_dh[-1]
    assert np.abs(recording.h[299]).max() < 1e-290
    assert shares[0] == -np.inf and np.abs(shares[1:300] - exact).max() < 1e-9
    tiny = record_with("rnn_identity", recording.parameters, recording.x * 1e-160, recording.output_gradient)
    assert np.abs(tiny.log10_shares["U"][1:100] - (exact - 160)).max() < 1e-9
    huge = record_with("rnn_identity", recording.parameters, recording.x * 1e160, recording.output_gradient)
    assert np.abs(huge.log10_shares["U"][1:100] - (exact + 160)).max() < 1e-9


@pytest.mark.parametrize("gain", [0.1, 4.0])
def test_shares_of_a_block_are_those_of_its_outer_products(gain):
    """With several units, inputs and sequences at once, where the outer products themselves are out of range."""
    rng = np.random.default_rng(8)
    x = np.concatenate([rng.normal(size=(1, 3, 2)), np.zeros((T - 1, 3, 2))])
    recording = record(linear(gain, hidden_size=4, batch_size=3, input_size=2, loss="last"), x * (gain < 1))
    term = recording.x[0].T @ recording.output_gradient[-1]
    if gain < 1:
        exact = np.log10(np.linalg.norm(term)) + (T - 1) * np.log10(gain)
        assert abs(recording.log10_shares["W"][0] - exact) < 1e-9 and exact < -900
    bias = np.log10(np.linalg.norm(recording.output_gradient[-1].sum(axis=0)))
    exact = bias + np.arange(T)[::-1] * np.log10(gain)
    assert np.abs(recording.log10_shares["b"] - exact).max() < 1e-9


@pytest.mark.parametrize("forget_bias", [-3.0, 0.0, 3.0])
def test_cell_state_in_decimal(forget_bias):
    """LSTM with zero weights, a gradient entering at every step: dL/dc_t = sum over s of dy_s o sigma(b_f)^(s-t)."""
    dy = np.random.default_rng(6).normal(size=T)
    parameters = Parameters(np.zeros((1, 4)), np.zeros((1, 4)), np.array([0, 0, forget_bias, 0.0]), np.zeros(4))
    recording = record_with("lstm", parameters, np.zeros((T, 1, 1)), dy[:, None, None])
    f = 1 / (1 + (-Decimal(forget_bias)).exp())
    carried, logs = Decimal(0), []
    for value in reversed(decimals(dy)):
        carried = value / 2 + f * carried
        logs.insert(0, log10(carried))
    assert np.abs(recording.log10_dc - logs).max() < 1e-9
    dy[:-1] = 0.0
    recording = record_with("lstm", parameters, np.zeros((T, 1, 1)), dy[:, None, None])
    exact = [log10(Decimal(float(dy[-1])) / 2 * f**n) for n in reversed(range(T))]
    assert np.abs(recording.log10_dc - exact).max() < 1e-9
    assert forget_bias >= 0 or exact[0] < -1300


# ---- gradients that meet ---------------------------------------------------------------------


@pytest.mark.parametrize("gain", [0.1, 0.5, 2.0, 10.0])
@pytest.mark.parametrize("entering", [1e-300, 1e-100, 1.0, 1e100, 1e300])
def test_a_gradient_that_enters_meets_the_one_carried(gain, entering):
    """The carried one is down to 1e-400 or up to 1e+400 by then; either may be the larger, by any factor."""
    for last in (1.0, 1e-200, 1e200):
        dy = np.zeros(T)
        dy[-1], dy[T - 401], dy[T - 302] = last, entering, -3.0 * entering
        parameters = Parameters(np.zeros((1, 1)), np.full((1, 1), gain), np.zeros(1), np.zeros(1))
        recording = record_with("rnn_identity", parameters, np.zeros((T, 1, 1)), dy[:, None, None])
        expected = backwards(gain, dy)
        logs = np.array([log10(v) for v in expected])
        assert np.abs(recording.log10_dh - logs).max() < 1e-9
        for value, exact, log in zip(recording.dh.ravel(), expected, logs):
            if -300 < log < 300:
                assert abs(Decimal(float(value)) / exact - 1) < Decimal("1e-12")
            elif log < -330:
                assert value == 0.0
            elif log > 310:
                assert np.isinf(value) and (value > 0) == (exact > 0)
        read_everything(recording)


def test_a_gradient_that_enters_an_ensemble():
    """The same for members of which some have vanished, some exploded, and some are as they were."""
    gains = [0.1, 4.0, 1.0, 0.5, 2.0]
    targets = np.zeros((T, 1, 1))
    targets[-1], targets[500], targets[100], targets[50] = 1.0, 1e-250, 1e250, -1.0
    configs = [linear(g, hidden_size=1, loss="every") for g in gains]
    recording = record_many(configs, np.zeros((T, 1, 1)), targets)
    assert np.abs(recording.log10_dh[500]).max() > 300 > np.abs(recording.log10_dh[500]).min()
    for k, gain in enumerate(gains):
        expected = [log10(v) for v in backwards(gain, -targets.ravel())]
        assert np.abs(recording.log10_dh[:, k] - expected).max() < 1e-9
    read_everything(recording)


@pytest.mark.parametrize("bias", [0.5, 6.0], ids=["", "saturated"])
@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e160, 1e300])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_are_linear_at_any_size(cell, size, bias):
    """Everything of the backward pass is proportional to the gradient that enters, to the ends of float64."""
    parameters, x, initial = network(cell, T=20, bias=bias)
    gradient = networks.output_gradient("every" if bias < 1 else "last", 20, 3, 4)
    one = record_with(cell, parameters, x, gradient, initial)
    other = record_with(cell, parameters, x, gradient * size, initial)
    assert_logs(other.log10_dh, one.log10_dh + np.log10(size))
    for name, logs in one.log10_shares.items():
        assert_logs(other.log10_shares[name], logs + np.log10(size), name=name)
        assert_close(other.shares[name], one.shares[name], rtol=1e-9, name=name)
    if bias < 1:  # otherwise it may be too small for float64, or too large
        assert_close(other.dh / size, one.dh, rtol=1e-10, per_step=True)
    if one.log10_bound is not None:
        assert_close(other.log10_bound, one.log10_bound + np.log10(size), rtol=1e-12)
    read_everything(other)


def test_a_tiny_gradient_does_not_lose_digits_on_its_first_step():
    """It must be scaled up when it enters: after one step through a saturated unit it would have few bits left."""
    parameters = Parameters(np.zeros((1, 1)), np.ones((1, 1)), np.full(1, 16.0), np.zeros(1))
    one, tiny = (
        record_with("rnn", parameters, np.zeros((4, 1, 1)), np.array([0, 0, 0, size]).reshape(4, 1, 1))
        for size in (1.0, 1e-306)
    )
    assert one.log10_dh[0] < -25
    assert_logs(tiny.log10_dh, one.log10_dh - 306)


def test_a_gradient_that_enters_one_member_leaves_the_others_alone():
    """Where nothing enters a member, it keeps what it carries, vanished or exploded as that is."""
    gains = (0.1, 4.0, 1.0)
    recording = record_many([linear(g, hidden_size=1) for g in gains], np.zeros((T, 1, 1)))
    for lucky in range(3):
        cotangent = np.zeros((T, 3, 1, 1))
        cotangent[-1], cotangent[400, lucky], cotangent[300, lucky] = 1.0, -3.0, 1e-280
        back = pull_back(recording.local, recording.parameters.U, cotangent)
        for k, gain in enumerate(gains):
            mantissa, exponent = back.cuts["h"][1:, k, 0, 0], back.exponent[1:, k]
            found = np.log10(np.abs(mantissa)) + exponent * np.log10(2.0)
            assert_logs(found, [log10(v) for v in backwards(gain, cotangent[:, k].ravel())])


# ---- with powers of two and without ----------------------------------------------------------


def pulled_plainly(lin, U, cotangent):
    """The recursion of `pull_back` step by step, without powers of two: cut -> (T+1, ...), and dL/du."""
    cell, H = lin.cell, U.shape[-2]
    cuts = {cut: np.zeros((len(cotangent) + 1, *cotangent.shape[1:])) for cut in cell.cuts}
    gates = np.zeros((*cotangent.shape[:-1], len(cell.gates) * H))
    late = slice((len(cell.gates) - len(cell.multiplied)) * H, None)
    early = slice(0, late.start)
    for t in reversed(range(len(cotangent))):
        cuts["h"][t + 1] += cotangent[t]
        for cut in reversed(cell.cuts):
            if cut in cell.multiplied.values():
                cuts[cut][t + 1] += gates[t][..., late] @ np.swapaxes(U[..., late], -1, -2)
            for other, partial in lin.to_now[cut].items():
                cuts[other][t + 1] += cuts[cut][t + 1] * partial[t]
            for run, partial in lin.to_gates[cut]:
                for j, k in enumerate(range(run.start, run.stop)):
                    gates[t][..., k * H : (k + 1) * H] += cuts[cut][t + 1] * partial[t][..., j, :]
        cuts["h"][t] += gates[t][..., early] @ np.swapaxes(U[..., early], -1, -2)
        for cut in cell.cuts:
            for state, partial in lin.to_previous[cut].items():
                cuts[state][t] += cuts[cut][t + 1] * partial[t]
    return cuts, gates


@pytest.mark.parametrize("ensemble", [False, True])
@pytest.mark.parametrize("factor", [1e-4, 1.0, 50.0])
@pytest.mark.parametrize("cell", CELLS)
def test_rescaling_changes_nothing_in_range(cell, factor, ensemble):
    """The recursion is linear in the gradient for any U, so that a U other than the forward one makes it move fast."""
    steps = 60
    rng = np.random.default_rng(12)
    if ensemble:
        config = {"cell": cell, "steps": steps, "hidden_size": 5, "batch_size": 2}
        recording = record_many([Config(**config, gain=g, seed=s) for s, g in enumerate((0.5, 1.0, 2.0))])
        U = recording.parameters.U * np.array([1.0, factor, 1.0])[:, None, None]
    else:
        parameters, x, initial = network(cell, T=steps, B=2, H=5)
        recording = record_with(cell, parameters, x, np.zeros((steps, 2, 5)), initial)
        U = recording.parameters.U * factor
    cotangent = rng.normal(size=recording.h.shape)
    cotangent[rng.random(steps) < 0.6] = 0.0
    cotangent[-1], cotangent[steps // 2], cotangent[steps // 4] = 2.0**300, 2.0**-330, 2.0**-3
    cuts, gates = pulled_plainly(recording.local, U, cotangent)
    back = pull_back(recording.local, U, cotangent)
    assert (np.abs(back.exponent[1:]) > 200).any()
    for cut, expected in cuts.items():
        assert (np.abs(expected) < 2.0**1000).all()
        assert_close(
            np.ldexp(back.cuts[cut], back.exponent[..., None, None]), expected, rtol=1e-12, per_step=True, name=cut
        )
    assert_close(
        np.ldexp(back.gates, back.exponent[1:][..., None, None]), gates, rtol=1e-12, per_step=True, name="gates"
    )


@pytest.mark.parametrize("cell", CELLS)
def test_where_powers_of_two_change_makes_no_difference(cell, monkeypatch):
    """Looked at after every step, after a few, or once, in both precisions: the same logarithms."""
    for precision, rtol in ((np.float64, 1e-12), (np.float32, 1e-4)):
        parameters, x, initial = network(cell, T=90, B=2, H=5, gain=0.3)
        recording = record_with(cell, parameters, x, np.zeros((90, 2, 5)), initial)
        lin, U = _sliced(recording.local, lambda a, p=precision: a.astype(p)), parameters.U.astype(precision)
        cotangent = np.zeros((90, 2, 5), precision)
        cotangent[-1], cotangent[40], cotangent[39], cotangent[3] = 1.0, 1e-30, 1e30, 1.0
        logs = []
        for every in (1, 3, 32, 1000):
            monkeypatch.setattr(adjoint, "EVERY", every)
            back = pull_back(lin, U, cotangent)
            assert back.cuts["h"].dtype == precision
            logs.append(log10_norm(back.cuts["h"]) + _powers_of(back) * np.log10(2.0))
        for found in logs[1:]:
            assert np.abs(10.0 ** (found - logs[0]) - 1).max() < rtol


# ---- forward ---------------------------------------------------------------------------------


LARGEST = Decimal(float(np.finfo(float).max))


def first_overflow(recording):
    """The step at which a ReLU network with U = gain times the identity leaves float64, in Decimal."""
    gain, product = Decimal(float(recording.parameters.U[0, 0])), recording.x[:, 0] @ recording.parameters.W
    h = [Decimal(0)] * recording.hidden_size
    for t, entering in enumerate(product):
        h = [max(Decimal(0), gain * a + Decimal(float(b))) for a, b in zip(h, entering)]
        if max(h) > LARGEST:
            return t + 1
    return 0


@pytest.mark.parametrize("gain", [4.0, 2.5])
def test_overflow_of_a_relu_network(gain):
    config = Config("rnn_relu", steps=T, hidden_size=8, init="identity", gain=gain)
    recording = record(config)
    step = first_overflow(recording)
    assert 300 < step < T and recording.overflow_step == step and recording.overflow_step.shape == ()
    assert np.isfinite(recording.h[: step - 1]).all() and not np.isfinite(recording.h[step - 1]).all()
    read_everything(recording)


@pytest.mark.parametrize("init", ["gaussian", "orthogonal"])
def test_overflow_step_of_other_matrices(init):
    """Also where a pre-activation is minus infinity a step before a state is infinite: ReLU of that is 0."""
    early = 0
    for seed in range(16):
        recording = record(Config("rnn_relu", steps=T, hidden_size=4, gain=4.0, init=init, seed=seed))
        h, step = np.zeros((1, 4)), 0
        with np.errstate(all="ignore"):
            for t in range(T):
                a = h @ recording.parameters.U + recording.x[t] @ recording.parameters.W
                h = np.maximum(a, 0.0)
                if not np.isfinite(h).all():
                    step = t + 1
                    break
                early += not np.isfinite(a).all()
        assert recording.overflow_step == step
        read_everything(recording)
    assert early > 0


@pytest.mark.parametrize("loss", ["last", "every"])
def test_overflow_leaves_the_other_members_alone(loss):
    config = {"cell": "rnn_relu", "steps": T, "hidden_size": 8, "init": "identity", "loss": loss}
    configs = [Config(**config, gain=g) for g in (0.9, 4.0, 0.2, 1.0, 3.0)]
    ensemble = record_many(configs)
    members = [record(c) for c in configs]
    assert list(ensemble.overflow_step) == [first_overflow(m) for m in members]
    assert [bool(step) for step in ensemble.overflow_step] == [False, True, False, False, True]
    read_everything(ensemble)
    for k in (0, 2, 3):
        for name, expected in networks.flat(members[k]).items():
            if name.startswith(("parameters", "spectral", "singular")) or name in ("dW", "dU", "db", "db_rec", "dh0"):
                found = networks.flat(ensemble)[name][k]
            elif name in ("loss", "overflow_step"):
                found = networks.flat(ensemble)[name][k]
            elif name.startswith("initial_state"):
                found = networks.flat(ensemble)[name][k]
            else:
                found = networks.flat(ensemble)[name][:, k]
            if "log10" in name:
                assert_logs(found, expected, name)
            else:
                assert_close(found, expected, rtol=1e-12, per_step=name in networks.OVER_TIME, name=name)


@pytest.mark.parametrize("cell", CELLS)
def test_inputs_at_the_ends_of_float64(cell):
    """Nothing warns, whatever comes in."""
    parameters, x, initial = network(cell, T=5)
    for size in (1e-308, 1e308):
        read_everything(record_with(cell, parameters, np.clip(x, -1.5, 1.5) * size, np.ones((5, 3, 4)), initial))
        read_everything(record_with(cell, parameters, x, np.full((5, 3, 4), size), initial))
