"""Clipping: PyTorch's numbers, and what must hold of any gradient."""

from pathlib import Path

import numpy as np
import pytest
from compare import assert_close
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rnnviz.engine.clip import METHODS, clip, norm

REFERENCE = np.load(Path(__file__).parents[1] / "reference" / "training.npz")
CASES = sorted({key.split("/")[1] for key in REFERENCE if key.startswith("clip/")}, key=int)
BLOCKS = (slice(0, 3), slice(3, 5))
GRADIENTS = arrays(float, (2, 5), elements=st.floats(-1e100, 1e100, allow_subnormal=False))
THRESHOLDS = st.floats(1e-6, 1e6)


@pytest.mark.parametrize("k", CASES)
def test_as_pytorch(k):
    case = {key.split("/")[2]: REFERENCE[key] for key in REFERENCE if key.startswith(f"clip/{k}/")}
    before, after = (np.concatenate([case[f"{name}{j}"].ravel() for j in range(3)])[None] for name in ("g", "after"))
    blocks = (slice(0, 12), slice(12, 17), slice(17, 21))
    found = clip(before, str(case["method"]), float(case["threshold"]), blocks)
    assert_close(found.gradient, after, rtol=1e-14)
    assert_close(found.norm_before[0], case["total_norm"], rtol=1e-14)
    assert_close(found.norm_after[0], np.linalg.norm(after), rtol=1e-14)
    assert found.touched[0] == (after != before).any()


@given(GRADIENTS, THRESHOLDS)
def test_by_norm_keeps_the_direction_and_the_limit(g, threshold):
    found = clip(g, "norm", threshold)
    assert (found.norm_after <= threshold * (1 + 1e-15)).all()
    assert (found.turned < 1e-5).all() and (found.factor <= 1).all()
    small = found.norm_before < threshold - 2e-6
    assert (found.gradient[small] == g[small]).all() and not found.touched[small].any()


@given(GRADIENTS, THRESHOLDS)
def test_by_value_limits_each_element_and_leaves_the_others(g, threshold):
    found = clip(g, "value", threshold)
    assert (np.abs(found.gradient) <= threshold).all()
    inside = np.abs(g) <= threshold
    assert (found.gradient[inside] == g[inside]).all()
    assert (np.sign(found.gradient) == np.sign(g)).all()


@given(GRADIENTS, THRESHOLDS)
def test_by_parameter_is_by_norm_of_each(g, threshold):
    found = clip(g, "parameter", threshold, BLOCKS).gradient
    for block in BLOCKS:
        assert (found[:, block] == clip(g[:, block], "norm", threshold).gradient).all()


@given(GRADIENTS)
def test_none_changes_nothing(g):
    found = clip(g, "none", 1.0)
    assert (found.gradient == g).all() and not found.touched.any()
    assert (found.factor == 1).all() and (found.turned == 0).all()


def test_by_value_turns_the_direction():
    found = clip(np.array([[3.0, 0.1]]), "value", 0.1)
    assert found.turned[0] == pytest.approx(45 - np.degrees(np.arctan2(0.1, 3.0)), rel=1e-12)


def test_each_network_by_its_own_norm():
    found = clip(np.array([[3.0, 4.0], [0.3, 0.4]]), "norm", 1.0)
    assert_close(found.norm_before, np.array([5.0, 0.5]), rtol=1e-15)
    assert found.touched.tolist() == [True, False]
    assert found.factor[0] == pytest.approx(1 / (5 + 1e-6), rel=1e-12)


def test_a_norm_whose_square_is_out_of_range():
    assert_close(norm(np.array([[3e200, 4e200], [3e-200, 4e-200], [0.0, 0.0]])), np.array([5e200, 5e-200, 0.0]), 1e-15)
    assert_close(norm(np.array([[3e30, 4e30]], np.float32)), np.array([5e30]), 1e-6)


@pytest.mark.parametrize("kind, top", [(np.float64, 1.5e308), (np.float32, 3e38)])
def test_a_norm_out_of_range_is_clipped_as_a_smaller_one_is(kind, top):
    """Powers of two change nothing but the size: what is clipped to the same threshold is the same."""
    small = np.random.default_rng(0).uniform(0.2, 1.0, (2, 40))
    small[:, ::3] *= -1
    huge = (small * top).astype(kind)
    for threshold in (1e-6, 1.0, 1e30):
        expected = small * (threshold / np.linalg.norm(small, axis=1, keepdims=True))
        found = clip(huge, "norm", threshold)
        assert found.gradient.dtype == kind and found.touched.all() and (found.turned < 0.05).all()
        assert_close(found.gradient, expected, rtol=1e-6 if kind is np.float32 else 1e-14)
        assert_close(found.norm_after, np.full(2, threshold), rtol=1e-6)
        each = clip(huge, "parameter", threshold, (slice(0, 20), slice(20, 40)))
        assert_close(each.norm_after, np.full(2, threshold * np.sqrt(2)), rtol=1e-6)
    if kind is np.float64:
        assert np.isinf(clip(huge, "norm", 1.0).norm_before).all()
        cut = clip(huge, "value", top / 2)
        assert ((cut.factor > 0.5) & (cut.factor < 1)).all() and (cut.turned > 5).all()
        assert not clip(huge, "norm", np.inf).touched.any()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("method", METHODS)
def test_a_threshold_for_each_network(method, kind):
    """As if each were clipped alone, in its own precision, whatever the type of the threshold."""
    g = np.random.default_rng(0).normal(size=(3, 5)).astype(kind)
    together = clip(g, method, np.array([0.1, 1.0, np.inf]), BLOCKS)
    assert together.gradient.dtype == kind
    for k, threshold in enumerate((0.1, 1, np.float64(np.inf))):
        alone = clip(g[k : k + 1], method, threshold, BLOCKS)
        assert alone.gradient.dtype == kind
        assert_close(together.gradient[k], alone.gradient[0], rtol=1e-6 if kind is np.float32 else 1e-15)
    for wrong in ([0.1, 1.0], [0.1, 1.0, 0.0], [0.1, 1.0, np.nan], [[0.1], [1.0], [2.0]]):
        with pytest.raises(ValueError, match="The 'threshold' parameter must "):
            clip(g, method, wrong, BLOCKS)


def test_whole_numbers_and_lists_are_clipped_as_numbers():
    for gradient in (np.array([[3, 4]]), [[3, 4]], np.array([[3, 4]], np.float16)):
        assert_close(clip(gradient, "norm", 1.0).gradient, clip([[3.0, 4.0]], "norm", 1.0).gradient, rtol=1e-15)
    assert clip(np.array([[3, 4]]), "norm", 1.0).norm_after[0] == pytest.approx(1.0, rel=1e-6)


def test_blocks_cover_all_weights():
    g = np.ones((1, 5))
    for blocks in (
        (),
        (slice(0, 3),),
        (slice(0, 3), slice(4, 5)),
        (slice(0, 3), slice(2, 5)),
        (slice(0, 5, 2),),
        (slice(3, 5), slice(0, 3)),
        (slice(0, 3), slice(3, 6, -1)),
        ((0, 5),),
        5,
        None,
    ):
        with pytest.raises(ValueError, match="The 'blocks' parameter must be slices that cover the 5 weights"):
            clip(g, "parameter", 1.0, blocks)
    assert clip(g, "parameter", 1.0, (slice(0, 3), slice(3, None))).touched.all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_or_left_out(method, bad):
    g = np.array([[1.0, 2.0], [bad, 2.0]])
    with pytest.raises(FloatingPointError, match=r"1 of the 2 elements .* network 2 .*Lower the learning rate"):
        clip(g, method, 1.0, BLOCKS[:1])
    found = clip(g, method, 1.0, (slice(0, 1), slice(1, 2)), nonfinite="skip")
    assert found.finite.tolist() == [True, False] and (found.gradient[1] == 0).all()
    assert np.isnan(found.norm_before[1]) and not found.touched[1]
    assert (found.gradient[0] == clip(g[:1], method, 1.0, (slice(0, 1), slice(1, 2))).gradient[0]).all()


@pytest.mark.parametrize(
    "wrong", [{"method": "Norm"}, {"method": None}, {"threshold": 0.0}, {"threshold": np.nan}, {"nonfinite": "stop"}]
)
def test_what_cannot_be_is_refused(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=rf"The '{name}' parameter must be .* Got .* instead\."):
        clip(np.ones((1, 2)), **{"method": "norm", "threshold": 1.0} | wrong)
