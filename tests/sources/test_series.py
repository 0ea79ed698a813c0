import statistics
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnviz.sources import Series, standardise, sunspots


def test_standardise_small():
    s = standardise([1.0, 2.0, 3.0, 6.0])
    assert s.mean == 3.0
    assert s.std == pytest.approx(3.5**0.5, rel=1e-15)
    assert s.values == pytest.approx(np.array([-2, -1, 0, 3]) / 3.5**0.5, rel=1e-15)


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=50).filter(lambda v: len(set(v)) > 1))
def test_standardise_agrees_with_exact_statistics(values):
    s = standardise(values)
    assert s.mean == pytest.approx(float(statistics.mean(values)), abs=1e-10)
    assert s.std == pytest.approx(statistics.pstdev(values), rel=1e-10)
    assert s.values.mean() == pytest.approx(0, abs=1e-10)
    assert s.values.std() == pytest.approx(1, rel=1e-10)
    assert s.values * s.std + s.mean == pytest.approx(np.array(values, float), abs=1e-9)


@pytest.mark.parametrize("scale", [1e308, 1e-308, 5e-324])
def test_standardise_at_the_ends_of_float64(scale):
    s = standardise(np.array([-scale, scale, -scale, scale]))
    assert s.values.tolist() == [-1, 1, -1, 1]
    assert (s.mean, s.std) == (0.0, scale)


@pytest.mark.parametrize("values", [[0.1] * 3, [0.0, -0.0], [1e300, 1e300]])
def test_constant_series_is_refused(values):
    with pytest.raises(ValueError) as caught:
        standardise(values)
    assert str(caught.value) == (
        "The 'values' parameter must vary: a constant series has standard deviation 0 and "
        f"cannot be standardised. Got {values[0]} at every step instead."
    )


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_values_that_are_not_finite_are_refused(bad):
    with pytest.raises(ValueError) as caught:
        standardise([1.0, 2.0, bad, bad])
    assert str(caught.value) == (f"The 'values' parameter must hold only finite numbers. Got {bad} at step 2 instead.")


@pytest.mark.parametrize(("values", "shape"), [([], "(0,)"), ([1], "(1,)"), ([[1], [2]], "(2, 1)")])
def test_other_shapes_are_refused(values, shape):
    with pytest.raises(ValueError) as caught:
        standardise(values)
    assert str(caught.value) == (
        f"The 'values' parameter must be a one-dimensional series of at least 2 numbers. Got shape {shape} instead."
    )


def test_a_series_keeps_its_own_read_only_values():
    mine = np.array([1, 2, 3])
    series = Series("a", "m", mine, None, "Here.")
    mine[0] = 9
    assert series.values.tolist() == [1, 2, 3]
    assert series.values.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        series.values[0] = 0


def test_sunspots():
    s = sunspots()
    assert s.values.shape == (309,)
    assert s.labels == tuple(str(year) for year in range(1700, 2009))
    by_year = dict(zip(s.labels, s.values, strict=True))
    assert (by_year["1700"], by_year["1957"], by_year["2008"]) == (5.0, 190.2, 2.9)
    assert max(by_year, key=by_year.get) == "1957"
    assert s.notes == ()
    assert "National Geophysical Data Center" in s.source


def test_sunspots_are_cached_and_read_only():
    assert sunspots() is sunspots()
    assert not sunspots().values.flags.writeable


def test_sunspots_cycle_is_about_eleven_years():
    x = standardise(sunspots().values).values
    power = np.abs(np.fft.rfft(x)) ** 2
    assert 10 < len(x) / power.argmax() < 12


def test_the_packaged_data_says_its_source_and_licence():
    text = files("rnnviz.sources").joinpath("data").joinpath("README.md").read_text("utf-8")
    assert "sunspots.csv" in text
    assert "public domain" in text
