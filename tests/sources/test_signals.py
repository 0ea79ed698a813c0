import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnviz.sources import SIGNALS, signal


def test_names_and_descriptions():
    assert list(SIGNALS) == ["noise", "impulse", "step", "sine", "square", "bits"]
    assert all(text.endswith(".") and text.count(".") == 1 for text in SIGNALS.values())


@pytest.mark.parametrize("kind", SIGNALS)
@pytest.mark.parametrize(("steps", "channels"), [(1, 1), (7, 3)])
def test_shape_and_type(kind, steps, channels):
    x = signal(kind, steps, channels)
    assert x.shape == (steps, channels)
    assert x.dtype == np.float64


@pytest.mark.parametrize("kind", [kind for kind in SIGNALS if kind != "noise"])
def test_every_channel_carries_the_same_signal(kind):
    x = signal(kind, 30, 3)
    assert (x == x[:, :1]).all()
    assert (x[:, :1] == signal(kind, 30)).all()
    assert np.ptp(x[:, 0]) >= 1


@pytest.mark.parametrize(
    ("kind", "steps", "options", "expected"),
    [
        ("impulse", 4, {}, [1, 0, 0, 0]),
        ("step", 6, {}, [0, 0, 0, 1, 1, 1]),
        ("step", 5, {}, [0, 0, 1, 1, 1]),
        ("step", 1, {}, [1]),
        ("square", 9, {"period": 4}, [1, 1, -1, -1, 1, 1, -1, -1, 1]),
        ("square", 6, {"period": 3}, [1, 1, -1, 1, 1, -1]),
        ("bits", 6, {}, [1, -1, 1, 1, 1, -1]),
        ("bits", 5, {"bits": " 10 0"}, [1, -1, -1, 1, -1]),
        ("bits", 3, {"bits": "0"}, [-1, -1, -1]),
    ],
)
def test_values(kind, steps, options, expected):
    assert signal(kind, steps, **options)[:, 0].tolist() == expected


def test_sine_follows_its_formula_at_every_step():
    x = signal("sine", 50, period=12)[:, 0]
    expected = [math.sin(2 * math.pi * t / 12) for t in range(50)]
    assert np.allclose(x, expected, rtol=0, atol=1e-12)
    assert x[3] == 1.0
    assert (x[12:24] == x[:12]).all()


@given(seed=st.integers(0, 2**40), short=st.integers(1, 60), channels=st.integers(1, 4))
def test_longer_noise_begins_with_the_shorter(seed, short, channels):
    long = signal("noise", 100, channels, seed=seed)
    assert (signal("noise", short, channels, seed=seed) == long[:short]).all()


def test_noise_is_standard_normal_and_independent():
    x = signal("noise", 20_000, 2, seed=3)
    # Five standard errors of each estimate.
    assert abs(x.mean(axis=0)).max() < 5 / math.sqrt(20_000)
    assert abs(x.var(axis=0) - 1).max() < 5 * math.sqrt(2 / 20_000)
    assert abs((x[:, 0] * x[:, 1]).mean()) < 5 / math.sqrt(20_000)
    assert abs((x[1:, 0] * x[:-1, 0]).mean()) < 5 / math.sqrt(20_000)


def test_noise_depends_on_the_seed():
    assert not np.array_equal(signal("noise", 5, seed=1), signal("noise", 5, seed=2))


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (
            ("saw", 5),
            {},
            (
                "The 'kind' parameter must be one of 'noise', 'impulse', 'step', 'sine', 'square', "
                "'bits'. Got 'saw' instead."
            ),
        ),
        *(
            (
                ("bits", 5),
                {"bits": bits},
                f"The 'bits' parameter must be 1 to 64 characters 0 or 1. Got {bits!r} instead.",
            )
            for bits in ("abc", "", "  ", "102", "1" * 65, "1\n0", 101)
        ),
        *(
            (
                (kind, 5),
                {"period": period},
                (f"The 'period' parameter must be a whole number from 3 to 1,000,000. Got {period!r} instead."),
            )
            for kind in ("sine", "square")
            for period in (2, 4.5, True, None)
        ),
        (("step", 0), {}, "The 'steps' parameter must be a whole number from 1 to 1,000,000. Got 0 instead."),
        (("step", True), {}, "The 'steps' parameter must be a whole number from 1 to 1,000,000. Got True instead."),
        (("step", 5, -1), {}, "The 'channels' parameter must be a whole number from 1 to 10,000. Got -1 instead."),
        (("noise", 5), {"seed": -1}, "The 'seed' parameter must be a whole number of at least 0. Got -1 instead."),
    ],
)
def test_refusals_say_name_allowed_and_given(arguments, options, message):
    with pytest.raises(ValueError) as caught:
        signal(*arguments, **options)
    assert str(caught.value) == message


def test_longest_pattern_and_numpy_integers_are_accepted():
    assert signal("bits", 128, bits="01" * 32 + " ").sum() == 0
    assert signal("sine", np.int64(6), period=np.int32(3)).shape == (6, 1)


def test_parameters_the_kind_does_not_use_are_not_checked():
    assert signal("impulse", 3, period=0, bits="x", seed=-1).sum() == 1
