"""The anatomy of a gradient: Jacobians, singular values, Lyapunov exponents, paths, influence, truncation, formats."""

import tracemalloc
from dataclasses import replace

import networks
import numpy as np
import pytest
from compare import assert_close
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from networks import network, output_gradient

from rnnviz import CELLS, Config, record, record_with
from rnnviz.checks import hand_written as oracle
from rnnviz.engine import anatomy
from rnnviz.formats import FORMATS

GATED = [name for name in CELLS if anatomy.paths(record(Config(name, steps=3, hidden_size=2)))]


def one(cell, T=7, H=3, kind="every", **changes):
    parameters, x, initial = network(cell, T=T, B=1, H=H, **changes)
    return record_with(cell, parameters, x, output_gradient(kind, T, 1, H), initial)


def states_after(cell, parameters, x, state):
    """The whole state after one step from a flat state, by the engine's forward loop alone."""
    H = len(parameters.U)
    initial = {s: state[k * H : (k + 1) * H][None] for k, s in enumerate(CELLS[cell].states)}
    recording = record_with(cell, parameters, x, np.zeros((2, 1, H)), initial)
    return np.concatenate([recording.states[s][1, 0] for s in CELLS[cell].states])


@pytest.mark.parametrize("cell", CELLS)
def test_jacobian_of_each_step_against_finite_differences(cell):
    recording = one(cell)
    J = anatomy.step_jacobians(recording)
    states = np.concatenate([recording.states[s][:, 0] for s in CELLS[cell].states], axis=-1)
    for t in (0, 3, 6):
        numeric = np.empty_like(J[t])
        for j in range(J.shape[-1]):
            step = np.zeros(J.shape[-1])
            step[j] = 1e-6
            x = recording.x[[t, t]]
            ends = [states_after(cell, recording.parameters, x, states[t] + s) for s in (step, -step)]
            numeric[:, j] = (ends[0] - ends[1]) / 2e-6
        assert_close(J[t], numeric, rtol=1e-7)


@pytest.mark.parametrize("cell", CELLS)
def test_singular_values_of_the_product_of_the_jacobians(cell):
    recording, H = one(cell), 3
    J = anatomy.step_jacobians(recording)
    steps = np.array([7, 6, 4, 1])
    found = anatomy.products(recording, steps)
    for row, t in zip(found, steps):
        product = np.eye(J.shape[-1])
        for k in range(t, 7):
            product = J[k] @ product
        assert_close(10.0**row, np.linalg.svd(product[:H, :H], compute_uv=False), rtol=1e-9)


@pytest.mark.parametrize("T", [10, 300, 1000])
def test_orthogonal_linear_networks_keep_every_singular_value(T):
    recording = record(Config("rnn_identity", init="orthogonal", steps=T, hidden_size=16))
    assert np.abs(10.0 ** anatomy.products(recording, np.arange(0, T + 1, T // 5)) - 1).max() < 1e-12
    assert np.abs(anatomy.lyapunov(anatomy.step_jacobians(recording))).max() < 1e-12


def test_far_products_do_not_underflow_and_lost_values_are_not_shown():
    recording = record(Config("rnn_identity", init="orthogonal", gain=0.1, steps=1000, hidden_size=4))
    assert_close(anatomy.products(recording, np.array([0, 500])), np.array([[-1000.0] * 4, [-500.0] * 4]), rtol=1e-12)
    far = anatomy.products(record(Config("rnn", gain=0.9, steps=300, hidden_size=16)), np.array([1, 300]))
    assert np.isnan(far[0, -1]) and np.isfinite(far[0, 0]) and np.isfinite(far[1]).all()


def test_lyapunov_exponents_of_a_linear_network_are_the_logarithms_of_its_eigenvalues():
    config = Config("rnn_identity", gain=1.1, steps=1000, hidden_size=6, seed=2)
    recording = record(config)
    exponents = anatomy.lyapunov(anatomy.step_jacobians(recording))
    expected = np.sort(np.log(np.abs(np.linalg.eigvals(recording.parameters.U))))[::-1]
    assert np.abs(exponents - expected).max() < 1e-2  # the transient fades as 1/T
    assert exponents.sum() == pytest.approx(np.log(np.abs(np.linalg.det(recording.parameters.U))), rel=1e-9)


@pytest.mark.parametrize("cell", CELLS)
def test_lyapunov_exponents_add_up_to_the_growth_of_volume(cell):
    J = anatomy.step_jacobians(one(cell, T=40, bias=0.1))
    _, volume = np.linalg.slogdet(J)
    if np.isfinite(volume).all():
        assert anatomy.lyapunov(J).sum() == pytest.approx(volume.mean(), rel=1e-8)


# ---- paths ---------------------------------------------------------------------------------------------------------


def test_which_cells_have_a_gate_that_keeps():
    assert set(GATED) == {name for name in CELLS if not name.startswith("rnn")}


@pytest.mark.parametrize("kind", ["last", "every"])
@pytest.mark.parametrize("cell", GATED)
def test_direct_and_rest_add_up(cell, kind):
    for T, gain in ((7, 1.0), (100, 0.3), (300, 0.1)):
        recording = one(cell, T=T, H=4, kind=kind, gain=gain)
        found = anatomy.paths(recording)
        assert found.difference < 1e-10
        carried = CELLS[cell].states[-1]
        networks.assert_logs(found.full, recording.log10_dc if carried == "c" else recording.log10_dh)


def test_the_direct_path_is_the_product_of_the_forget_gates():
    recording = record(Config("lstm", steps=20, hidden_size=5, forget_bias=2.0))
    f, slope = recording.gates["f"], recording.local.to_now["h"]["c"]
    entering = recording.output_gradient[-1] * slope[-1]
    expected = [np.log10(np.linalg.norm(entering * f[t + 1 :].prod(axis=0))) for t in range(20)]
    assert_close(anatomy.paths(recording).direct, np.array(expected), rtol=1e-12)


def test_the_direct_path_of_the_gru_is_the_product_of_its_update_gates():
    recording = record(Config("gru", steps=20, hidden_size=5, update_bias=1.0))
    z = recording.gates["z"]
    expected = [np.log10(np.linalg.norm(recording.output_gradient[-1] * z[t + 1 :].prod(axis=0))) for t in range(20)]
    assert_close(anatomy.paths(recording).direct, np.array(expected), rtol=1e-12)


@pytest.mark.parametrize("steps, forget_bias, gain", [(100, -4.0, 1.5), (300, -10.0, 1.5), (300, -10.0, 0.01)])
def test_paths_far_below_the_whole_and_outside_of_float64(steps, forget_bias, gain):
    """Each part has powers of two of its own: the direct one is the product of its gates, however small."""
    recording = record(Config("lstm", hidden_size=16, forget_bias=forget_bias, gain=gain, steps=steps))
    found = anatomy.paths(recording)
    entering = recording.output_gradient[-1, 0] * recording.local.to_now["h"]["c"][-1, 0]
    logs = np.log10(np.abs(entering)) + np.log10(recording.gates["f"][1:, 0]).sum(axis=0)
    expected = logs.max() + 0.5 * np.log10((10.0 ** (2 * (logs - logs.max()))).sum())
    assert expected < -160 and abs(found.direct[0] - expected) < 1e-9
    assert np.isfinite(found.rest[:-1]).all() and found.difference < 1e-10
    networks.assert_logs(found.full, recording.log10_dc)


def test_without_weights_there_is_no_rest():
    recording = record(Config("lstm", gain=0.0, steps=10, hidden_size=3))
    found = anatomy.paths(recording)
    assert (found.rest == -np.inf).all()
    assert_close(found.direct, found.full, rtol=1e-13)


# ---- who learns from whom ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("T", [7, 40])
@pytest.mark.parametrize("cell", CELLS)
def test_influence_against_one_backward_pass_a_loss(cell, T):
    recording = one(cell, T=T)
    found, _ = anatomy.influence(recording, T)
    for k in (0, 3, T - 1):
        alone = np.zeros_like(recording.output_gradient)
        alone[k] = recording.output_gradient[k]
        p = networks.as_dict(recording.parameters)
        initial = recording.initial_state
        dh = oracle.bptt(cell, p, recording.x, alone, initial["h"], initial.get("c"))["dh"]
        with np.errstate(divide="ignore"):
            networks.assert_logs(found[k], np.log10(np.linalg.norm(dh, axis=(-1, -2))))


@pytest.mark.parametrize("T", [7, 70])
@pytest.mark.parametrize("cell", CELLS)
def test_all_losses_together_are_the_full_gradient(cell, T):
    recording = one(cell, T=T, gain=0.8)
    for reach in (T, T + 5):
        _, whole = anatomy.influence(recording, reach)
        assert_close(whole.dh, recording.dh, rtol=1e-10, per_step=True)
        for name, array in networks.as_dict(recording.gradients).items():
            assert_close(getattr(whole.gradients, name), array, rtol=1e-10)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "gru_2014"])
@pytest.mark.parametrize("reach", [1, 3])
def test_truncated_is_the_sum_of_the_short_ways(cell, reach):
    """Each loss alone, on the part of the sequence that it reaches, from the state that was recorded there."""
    recording, T = one(cell), 7
    total = {name: np.zeros_like(array) for name, array in networks.as_dict(recording.parameters).items()}
    for k in range(T):
        start = max(0, k + 1 - reach)
        alone = np.zeros((k + 1 - start, 1, 3))
        alone[-1] = recording.output_gradient[k]
        state = {s: a[start] for s, a in recording.states.items()}
        p = networks.as_dict(recording.parameters)
        short = oracle.bptt(cell, p, recording.x[start : k + 1], alone, state["h"], state.get("c"))
        for name in total:
            total[name] += short[f"d{name}"]
    for name, array in networks.as_dict(anatomy.influence(recording, reach)[1].gradients).items():
        assert_close(array, total[name], rtol=1e-10)


@pytest.mark.parametrize("reach", [5, 7, 12])
def test_truncated_reaches_the_initial_state(reach):
    """The losses of the first `reach` steps do, and no other."""
    recording = one("lstm", T=12)
    first = record_with(
        "lstm",
        recording.parameters,
        recording.x,
        np.where(np.arange(12)[:, None, None] < reach, recording.output_gradient, 0.0),
        recording.initial_state,
    )
    _, short = anatomy.influence(recording, reach)
    for state, expected in first.initial_gradient.items():
        assert_close(short.initial_gradient[state], expected, rtol=1e-12)


def test_who_learns_from_whom_in_little_memory():
    """All losses walk together, but only some are held at a time."""
    recording = record(Config("lstm", steps=300, hidden_size=64, loss="every"))
    tracemalloc.start()
    anatomy.influence(recording, 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6


# ---- number formats ------------------------------------------------------------------------------------------------


@given(arrays(float, 20, elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_rounding_to_formats(values):
    with np.errstate(all="ignore"):
        for name, kind in (("float16", np.float16), ("float32", np.float32), ("float64", np.float64)):
            scaled = values * 1e-300 if name != "float64" else values
            for v in (scaled, values, np.ldexp(scaled, 900)):
                np.testing.assert_array_equal(FORMATS[name].round(v), v.astype(kind).astype(float))


def test_rounding_keeps_what_is_no_number():
    for kind in FORMATS.values():
        np.testing.assert_array_equal(kind.round(np.array([np.nan, np.inf, -np.inf])), [np.nan, np.inf, -np.inf])


def test_bfloat16_is_float32_with_fewer_digits():
    round_ = FORMATS["bfloat16"].round
    assert round_(np.array([1.0, 1 + 2**-8, 1 + 3 * 2**-8, 3.4e38, 1e-41])).tolist() == [
        1.0,
        1.0,
        1 + 2**-6,
        np.inf,
        2.0**-133 * round(1e-41 / 2.0**-133),
    ]


@pytest.mark.parametrize("cell", CELLS)
def test_the_pass_in_narrow_formats(cell):
    recording = one(cell, T=30, gain=0.7)
    found = anatomy.rounded(recording, ("float16", "float32", "float64"))
    networks.assert_logs(found["float64"], recording.log10_dh)
    assert np.abs(found["float32"] - recording.log10_dh).max() < 1e-4
    assert np.abs(found["float16"][-1] - recording.log10_dh[-1]) < 1e-3


def test_float16_turns_to_zero_and_to_infinity():
    vanishing = record(Config("rnn_identity", init="orthogonal", gain=0.5, steps=60))
    found = anatomy.rounded(vanishing)
    zero = {name: int(np.flatnonzero(logs == -np.inf).max(initial=-1)) for name, logs in found.items()}
    assert zero["float16"] > 20 and zero["float32"] == zero["bfloat16"] == -1
    exploding = record(replace(vanishing.config, gain=4.0))
    assert not np.isfinite(anatomy.rounded(exploding)["float16"][0])


def test_phase_is_the_ensemble():
    config, gains = Config("gru", steps=20, hidden_size=4), [0.5, 1.0, 2.0]
    found = anatomy.phase(config, "gain", gains)
    assert_close(found[:, 1], record(config).log10_dh, rtol=1e-12)
    assert found.shape == (20, 3)
