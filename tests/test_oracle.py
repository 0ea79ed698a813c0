"""The NumPy oracle against frozen PyTorch values, finite differences and plain autograd."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import reference_cases
from compare import assert_close, relative_error

from rnnviz.checks import hand_written as oracle
from rnnviz.checks.plain_autograd import unroll_plain

CELLS = list(oracle.GATES)
CASES = reference_cases.load()
OVER_TIME = ("dh", "dc", "dx")  # gradients which vanish or explode over their first axis
PARAMETERS = ("W", "U", "b", "b_rec")


def run(case):
    return oracle.bptt(case.cell, case.params, case.x, case.dy, case.h0, case.c0)


def problem(cell, seed, T=6, B=3, D=2, H=4, gain=1.0):
    """Random arguments of bptt after the cell: params, x, dy, h0, c0 (None without a cell state)."""
    rng = np.random.default_rng([seed, CELLS.index(cell)])
    G = len(oracle.GATES[cell])
    params = {
        "W": rng.normal(size=(D, G * H)) / np.sqrt(D),
        "U": rng.normal(size=(H, G * H)) * gain / np.sqrt(H),
        "b": rng.normal(size=G * H) * 0.5,
        "b_rec": rng.normal(size=G * H) * 0.5,
    }
    c0 = rng.normal(size=(B, H)) if cell.startswith("lstm") else None
    return params, rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H)), rng.normal(size=(B, H)) * 0.5, c0


# ---- frozen PyTorch values -------------------------------------------------------------------


def test_reference_covers_what_it_should():
    assert reference_cases.torch_version().startswith("2.")
    assert {case.cell for case in CASES} == set(CELLS)
    nn_cells = set(reference_cases.TORCH_GATES)
    assert {case.cell for case in CASES if case.vanishing} >= nn_cells
    for case in CASES:
        dh = np.abs(case.expected["dh"]).max(axis=(1, 2))
        assert case.last_only == (not case.dy[:-1].any())
        if case.vanishing:
            assert case.last_only and 0 < dh[0] < 1e-16 and dh[-1] > 0.1
    assert any(np.abs(case.expected["dh"]).max() > 1e6 for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_pytorch(case):
    actual = run(case)
    for key, expected in case.expected.items():
        assert_close(actual[key], expected, rtol=1e-10, name=f"{case.name} {key}")
        if key in OVER_TIME or expected.ndim == 3:
            assert_close(actual[key], expected, rtol=1e-10, per_step=True, name=f"{case.name} {key}")
    H = case.dy.shape[2]
    for key in ("dW", "dU", "db", "db_rec"):  # and each gate's block relative to its own size
        blocks = range(0, case.expected[key].shape[-1], H)
        for gate, k in zip(oracle.GATES[case.cell], blocks, strict=True):
            block = np.s_[..., k : k + H]
            assert_close(actual[key][block], case.expected[key][block], name=f"{case.name} {key} gate {gate}")
    assert set(actual) == set(case.expected) | set(oracle.GATES[case.cell])


@pytest.mark.parametrize("case", [case for case in CASES if case.vanishing], ids=lambda case: case.name)
@pytest.mark.parametrize("whole_step", [True, False])
def test_comparison_flags_planted_error(case, whole_step):
    expected = case.expected["dh"]
    for t in range(len(expected)):
        wrong = expected.copy()
        if whole_step:
            wrong[t] *= 1 + 1e-6
        else:  # only the largest element of the step
            k = np.argmax(np.abs(wrong[t]))
            wrong[t].flat[k] *= 1 + 1e-6
        with pytest.raises(AssertionError, match=rf"dh: step {t} .*relative error 1\.\d+e-06"):
            assert_close(wrong, expected, per_step=True, name="dh")
        assert_close(wrong[:t], expected[:t], per_step=True)
    early = expected.copy()
    early[0] *= 2
    assert_close(early, expected)  # over the whole array even a factor of two is lost


def test_comparison_flags_shape_nan_and_zero():
    ones = np.ones((3, 2))
    assert_close(ones, ones, per_step=True)
    assert_close(ones * 0, ones * 0, per_step=True)
    assert_close(ones[:0], ones[:0], per_step=True)
    for actual, expected, message in (
        (ones, np.ones((1, 2)), "shape"),
        (ones * np.nan, ones, "actual value is not finite"),
        (ones, ones * np.inf, "expected value is not finite"),
        (ones * np.nan, ones * np.nan, "not finite"),
        (ones * 1e-300, ones * 0, "relative error inf"),
        (ones + 2e-10, ones, "relative error 2"),
    ):
        for per_step in (False, True):
            with pytest.raises(AssertionError, match=message):
                assert_close(actual, expected, per_step=per_step)
    assert relative_error(ones * 1.5, ones) == relative_error(ones * 1.5, ones, per_step=True) == 0.5


# ---- finite differences ----------------------------------------------------------------------


def central_difference(loss, eps=1e-3):
    """d loss(s) / ds at 0, five-point central stencil (error of order eps^4)."""
    near, far = loss(eps) - loss(-eps), loss(2 * eps) - loss(-2 * eps)
    return (8 * near - far) / (12 * eps)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("cell", CELLS)
def test_finite_differences(cell, seed):
    params, x, dy, h0, c0 = problem(cell, seed)
    arguments = {**params, "x": x, "h0": h0} | ({} if c0 is None else {"c0": c0})
    gradients = oracle.bptt(cell, params, x, dy, h0, c0)
    rng = np.random.default_rng(seed)
    # relu is only piecewise smooth: a step short enough not to cross a kink
    eps = 1e-6 if cell == "rnn_relu" else 1e-3

    for key in arguments:
        direction = rng.normal(size=arguments[key].shape)

        def loss(s, key=key, direction=direction):
            moved = {**arguments, key: arguments[key] + s * direction}
            p = {k: moved[k] for k in PARAMETERS}
            return (oracle.bptt(cell, p, moved["x"], dy, moved["h0"], moved.get("c0"))["h"] * dy).sum()

        terms = gradients[f"d{key}"] * direction
        assert abs(central_difference(loss, eps) - terms.sum()) <= 1e-8 * np.abs(terms).sum(), key


@pytest.mark.parametrize("cell", CELLS)
def test_finite_differences_of_each_state(cell):
    """dh and dc of every step, by restarting the network after that step from a moved state."""
    params, x, dy, h0, c0 = problem(cell, seed=11)
    out = oracle.bptt(cell, params, x, dy, h0, c0)
    rng = np.random.default_rng(5)
    eps = 1e-6 if cell == "rnn_relu" else 1e-3
    T = len(x)

    def loss_after(t, h, c):
        """Loss of steps t.. as a function of the states of step t."""
        loss = (h * dy[t]).sum()
        if t + 1 < T:
            loss += (oracle.bptt(cell, params, x[t + 1 :], dy[t + 1 :], h, c)["h"] * dy[t + 1 :]).sum()
        return loss

    for t in range(T):
        h, c = out["h"][t], out["c"][t] if c0 is not None else None
        v = rng.normal(size=h.shape)
        terms = out["dh"][t] * v
        numeric = central_difference(lambda s, t=t, h=h, c=c, v=v: loss_after(t, h + s * v, c), eps)
        assert abs(numeric - terms.sum()) <= 1e-8 * np.abs(terms).sum(), ("dh", t)
        if c is not None:  # moving c_t also moves h_t = o_t tanh(c_t)
            o, terms = out["o"][t], out["dc"][t] * v

            def loss(s, t=t, c=c, o=o, v=v):
                return loss_after(t, o * np.tanh(c + s * v), c + s * v)

            assert abs(central_difference(loss) - terms.sum()) <= 1e-8 * np.abs(terms).sum(), ("dc", t)


# ---- plain autograd --------------------------------------------------------------------------


@pytest.mark.parametrize("gain", [1.0, 2.5])
@pytest.mark.parametrize("cell", CELLS)
def test_plain_autograd(cell, gain):
    params, x, dy, h0, c0 = problem(cell, seed=21, T=12, gain=gain)
    actual = oracle.bptt(cell, params, x, dy, h0, c0)
    arguments = {**params, "x": x, "h0": h0, "tap_h": np.zeros_like(dy)}
    if c0 is not None:
        arguments |= {"c0": c0, "tap_c": np.zeros_like(dy)}

    def unroll(a):
        taps = {k: a[f"tap_{k}"] for k in "hc" if f"tap_{k}" in a}
        return unroll_plain(cell, {k: a[k] for k in PARAMETERS}, a["x"], taps, a["h0"], a.get("c0"))

    h, c = unroll(arguments)
    assert_close(actual["h"], h, name="h")
    if c0 is not None:
        assert_close(actual["c"], c, name="c")
    gradients = autograd.grad(lambda a: anp.sum(unroll(a)[0] * dy))(arguments)
    for key, expected in gradients.items():
        ours = "d" + key.removeprefix("tap_")
        assert_close(actual[ours], expected, per_step=ours in OVER_TIME, name=ours)


# ---- details of the interface ----------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_default_states_and_untouched_arguments(cell):
    params, x, dy, h0, c0 = problem(cell, seed=31)
    zeros = np.zeros_like(h0)
    inputs = [*params.values(), x, dy]
    before = [a.copy() for a in inputs]
    for a in inputs:
        a.flags.writeable = False
    default = oracle.bptt(cell, params, x, dy)
    explicit = oracle.bptt(cell, params, x, dy, zeros, zeros if c0 is not None else None)
    assert not zeros.any()
    for key in default:
        np.testing.assert_array_equal(default[key], explicit[key])
    for a, b in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("cell", CELLS)
def test_saturated_without_warnings(cell):
    params, x, dy, h0, c0 = problem(cell, seed=41, T=3)
    params["b"] = np.where(np.arange(params["b"].size) % 2, 2000.0, -2000.0)
    for value in oracle.bptt(cell, params, x, dy, h0, c0).values():
        assert np.isfinite(value).all()
