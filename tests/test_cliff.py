"""The cliff against exact numbers: Pascanu, Mikolov and Bengio 2013, figures 3 and 6, without the engine."""

from decimal import Decimal, getcontext

import numpy as np
import pytest
from compare import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnviz import Parameters, cliff, record_with
from rnnviz import explain_cliff as explain

getcontext().prec = 60
PLACES = [(5.0, -2.612296656009273), (5.0, -2.62), (5.0, -2.60), (7.0, -3.0), (0.0, -1.0), (4.0, 0.0), (6.5, -3.55)]


def exact(w, b):
    """E, dE/dw, dE/db, x_50 and dx_50/db with 60 digits: the recursion and its derivative, step by step."""
    w, b, x = Decimal(w), Decimal(b), Decimal("0.5")
    by_w = by_b = Decimal(0)
    for _ in range(50):
        s = 1 / (1 + (-x).exp())
        slope = s * (1 - s)
        by_w, by_b = s + w * slope * by_w, 1 + w * slope * by_b
        x = w * s + b
    s = 1 / (1 + (-x).exp())
    down = 2 * (s - Decimal("0.7")) * s * (1 - s)
    return [float(v) for v in ((s - Decimal("0.7")) ** 2, down * by_w, down * by_b, x, by_b)]


@pytest.mark.parametrize("w, b", PLACES)
def test_error_and_gradient(w, b):
    error, gradient, x_last = cliff.gradient([w], [b])
    e, by_w, by_b, x, _ = exact(w, b)
    # On the wall rounding is multiplied by dx_50/dx_0, 3,186 there.
    rtol = 1e-8 if b == PLACES[0][1] else 1e-11
    assert_close(error, np.array([e]), rtol=rtol)
    assert_close(gradient, np.array([[by_w, by_b]]), rtol=rtol)
    assert_close(x_last, np.array([x]), rtol=rtol)


@pytest.mark.parametrize("w, b", [*PLACES[1:], (1e6, -1e6)])
def test_the_engine_says_the_same(w, b):
    """The unit as a network of the engine: h = sigma(x), U = w, no input."""
    weights = Parameters(W=np.zeros((1, 1)), U=np.array([[w]]), b=np.array([b]), b_rec=np.zeros(1))
    inputs, start = np.zeros((50, 1, 1)), {"h": np.full((1, 1), 1 / (1 + np.exp(-0.5)))}
    down = np.zeros((50, 1, 1))
    down[-1] = 2 * (record_with("rnn_logistic", weights, inputs, down, start).h[-1] - 0.7)
    run = record_with("rnn_logistic", weights, inputs, down, start)
    error, gradient, x_last = cliff.gradient([w], [b])
    assert_close(error, (run.h[-1, 0] - 0.7) ** 2, rtol=1e-11)
    assert_close(x_last, run.forward.a[-1].reshape(1), rtol=1e-11)
    assert_close(gradient, np.array([[run.gradients.U[0, 0], run.gradients.b[0]]]), rtol=1e-11)
    if abs(w) < 100:
        assert_close(cliff.error([w], [b]), error, rtol=1e-11)


def test_the_numbers_of_figure_6():
    b = float(cliff.wall(5.0))
    assert b == pytest.approx(-2.612296656009273, rel=1e-14)
    error, gradient, x_last = cliff.gradient([5.0, 5.0, 5.0], [b, -2.62, -2.60])
    norms = np.linalg.norm(gradient, axis=1)
    assert norms[0] == pytest.approx(779.398, rel=1e-6)
    assert error[0] == pytest.approx(0.0060125553, rel=1e-6)
    assert norms[1] == pytest.approx(0.2411, abs=5e-5) and norms[2] == pytest.approx(0.1899, abs=5e-5)
    m = 5.0 * cliff.SLOPE
    assert m == pytest.approx(1.1750186, rel=1e-7)
    assert (m**50 - 1) / (m - 1) == pytest.approx(18155.808, rel=1e-6)
    assert exact(5.0, b)[4] == pytest.approx(18155.808, rel=1e-6)
    assert x_last[0] == pytest.approx(0.5, rel=1e-9)


def test_the_wall_begins_where_the_start_repels():
    assert 1 / cliff.SLOPE == pytest.approx(4.25525, rel=1e-6)
    assert np.isnan(cliff.wall(4.2552)) and np.isfinite(cliff.wall(4.2553))
    for w in (4.5, 5.0, 6.0, 7.0):
        b = float(cliff.wall(w))
        _, _, sides = cliff.gradient([w, w], [b - 0.01, b + 0.01])
        assert sides[0] < -0.5 < 0.5 < sides[1], "to either side the unit runs to another attractor"


def test_the_numbers_of_figure_3():
    (first_b, first_x), (second_b, second_x) = cliff.folds(5.0)
    assert first_b == pytest.approx(-2.34438966, rel=1e-6) and first_x == pytest.approx(-0.96242365, rel=1e-6)
    assert second_b == pytest.approx(-2.65561034, rel=1e-6) and second_x == pytest.approx(0.96242365, rel=1e-6)
    assert cliff.folds(4.0) == [] and cliff.folds(0.0) == []
    curve = cliff.equilibria(5.0)
    assert_close(curve.x, 5.0 / (1 + np.exp(-curve.x)) + curve.b, rtol=1e-14)
    repels = curve.x[~curve.stable]
    assert first_x < repels.min() and repels.max() < second_x and len(repels) > 10


@pytest.mark.parametrize("b, count", [(-2.0, 1), (-2.45, 2), (-3.0, 1)])
def test_stable_points_attract_and_there_are_two_between_the_folds(b, count):
    """Run from many starts; what is reached is what the diagram calls stable at that b."""
    x = np.linspace(-8, 8, 101)
    for _ in range(3000):
        x = 5.0 / (1 + np.exp(-x)) + b
    reached = np.unique(np.round(x, 6))
    assert len(reached) == count
    curve = cliff.equilibria(5.0, 20001)
    crossing = np.flatnonzero(np.diff(np.sign(curve.b - b)))
    assert_close(np.sort(curve.x[crossing][curve.stable[crossing]]), np.sort(reached), rtol=2e-3)


def test_the_surface():
    surface = cliff.surface(41)
    assert surface.error.shape == (41, 41) and not surface.error.flags.writeable
    for i, j in ((0, 0), (40, 40), (10, 25), (28, 30)):
        assert surface.error[i, j] == pytest.approx(exact(surface.w[j], surface.b[i])[0], rel=1e-9, abs=1e-15)


PLACE = dict(w=st.floats(*cliff.W_RANGE), b=st.floats(*cliff.B_RANGE))


@settings(max_examples=25, deadline=None)
@given(**PLACE, rate=st.floats(0.01, 2.0), threshold=st.floats(0.01, 2.0))
def test_descents(w, b, rate, threshold):
    d = cliff.descend(w, b, rate, threshold, 12)
    going = np.arange(12)[:, None] < d.ended
    for place, axis in ((d.w, 0), (d.b, 1)):
        step = np.where(going, place[:-1] - rate * d.after[..., axis], place[:-1])
        np.testing.assert_allclose(place[1:], step, rtol=1e-15, atol=0)
    assert (d.norm_after[:, 1] <= threshold * (1 + 1e-12)).all()
    assert (np.abs(d.after[:, 2]) <= threshold).all()
    assert (d.after[:, 0] == d.gradient[:, 0]).all() and (d.turned[:, 1] < 1e-4).all()
    for sentence in (explain.verdict(d, ""), explain.steepest(d), explain.threshold(d), *explain.clipping(d)):
        assert "nan" not in sentence
    assert all(len(column) == 3 for column in explain.table(d, 5).values())
    for k in range(3):
        e, *_ = exact(d.w[5, k], d.b[5, k])
        if abs(d.w[5, k] * cliff.SLOPE) < 1.2:  # far beyond, rounding itself is amplified
            assert_close(np.array([d.error[5, k]]), np.array([e]), rtol=1e-6)


def test_the_classic_picture():
    """What the page shows first: thrown away, and saved by clipping; by value, turned."""
    from rnnviz.ui.state import CONTROLS

    d = cliff.descend(*(CONTROLS[f"cliff_{n}"].default for n in ("w", "b", "rate", "threshold")))
    assert [explain.fate(d, m) for m in cliff.METHODS] == ["thrown", "valley", "valley"]
    assert d.norm_before[:, 0].max() > 20 and d.error[-1, 0] > 0.08 and d.norm_before[-1, 0] < 1e-6
    assert d.turned[:, 2].max() > 10
    assert int(d.norm_before[:, 0].argmax()) + 1 == CONTROLS["cliff_step"].default, "the page opens at the wall"
    text = explain.verdict(d, explain.FATES["thrown"])
    assert "right" in text and "not this time" in explain.verdict(d, explain.FATES["valley"])


def test_a_descent_is_shared_and_cannot_be_changed():
    d = cliff.descend(5.0, -2.5, 0.1, 0.5, 5)
    with pytest.raises(ValueError):
        d.w[0] = 0
