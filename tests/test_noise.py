"""Masks on the way of a gradient: what is drawn against what is exact, and counted; what normalising takes away."""

from dataclasses import replace
from math import comb

import numpy as np
import pytest
from compare import assert_close

from rnnviz import CELLS, Config, record
from rnnviz import explain_noise as explain
from rnnviz.figures.noise import gradients, grid, strips
from rnnviz.noise import DRAWS, GRID_LAYERS, GRID_STEPS, KEPT, LAGS, SCHEMES, Grid, Memory, masked, sampled
from rnnviz.norm import PLACES, PRODUCT, beside, growth, layers, taken, unseen


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("rate", [0.1, 0.2, 0.5])
def test_what_is_drawn_is_what_is_exact(scheme, rate):
    """Mean, spread and share over 4,000 draws, at the lags at which they can be seen in so many."""
    found = [sampled(Memory(scheme, rate, seed)) for seed in range(20)]
    weights, one = np.concatenate([f.weights for f in found], axis=1), found[0]
    for lag in (0, 1, 4, 10) if rate < 0.5 or scheme != "step" else (0, 1, 4):
        error = one.spread[lag] / np.sqrt(weights.shape[1])
        assert abs(weights[lag].mean() - one.mean[lag]) < 4 * error + 1e-12
        assert weights[lag].std() == pytest.approx(one.spread[lag], rel=0.15, abs=1e-12)
        assert (weights[lag] != 0).mean() == pytest.approx(one.likely[lag], abs=0.03)


def test_spreads_in_closed_form():
    q, n = 0.8, 10
    found = {scheme: sampled(Memory(scheme, 0.2)) for scheme in SCHEMES}
    relative = {scheme: float((f.spread[n] / f.mean[n]) ** 2) for scheme, f in found.items()}
    assert relative["layers"] == pytest.approx(q**-2 - 1) and relative["step"] == pytest.approx(q**-n - 1)
    assert found["step"].spread[n] ** 2 + 1 == pytest.approx(9.3132, abs=1e-4)
    assert found["sequence"].mean[n] == pytest.approx(7.4506, abs=1e-4)
    assert relative["candidate"] == pytest.approx(0.25) and found["candidate"].met[n] == 1
    z = found["zoneout"]
    assert z.mean[n] / z.mean[0] * KEPT**n == pytest.approx((0.2 + q * KEPT) ** n)


def test_without_a_rate_nothing_is_lost():
    for scheme in SCHEMES:
        found = sampled(Memory(scheme, 0.0))
        np.testing.assert_allclose(found.weights, 1.0, rtol=1e-12)
        assert not found.spread.any() and (found.through == DRAWS).all()
    for scheme in ("layers", "step", "sequence"):
        assert masked(Grid(scheme, 0.0)).share == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("scheme", ["layers", "step", "sequence"])
@pytest.mark.parametrize("lag", [0, 3, 8, 11])
def test_all_paths_together_are_the_gradient(scheme, lag):
    """The masks along each, multiplied, and added over every place at which it can go up."""
    found = [masked(Grid(scheme, 0.2, lag, way, seed=7)) for way in range(lag + 1)]
    assert len({f.path for f in found}) == len(found) == found[0].paths == comb(lag + GRID_LAYERS - 1, lag)
    total = sum(float(f.met.prod()) for f in found)
    assert total / len(found) == pytest.approx(found[0].share, rel=1e-12)
    for f in found:
        assert f.path[0] == (GRID_STEPS - lag, 0) and f.path[-1] == (GRID_STEPS, GRID_LAYERS + 1)
        assert len(f.met) == GRID_LAYERS + 1 + (lag if scheme != "layers" else 0)
        assert len(f.crossed) == len(f.path) - 1 == lag + GRID_LAYERS + 1


def test_one_mask_for_all_steps_is_one_mask():
    found = masked(Grid("sequence", 0.5, seed=3))
    assert (found.along == found.along[:, :1]).all() and (found.up == found.up[:, :1]).all()
    assert not (masked(Grid("step", 0.5, seed=3)).along == found.along).all()


@pytest.mark.parametrize("wrong", [{"scheme": "none"}, {"rate": 1.0}, {"rate": "x"}, {"lag": 12}, {"way": -1}])
def test_a_grid_says_what_is_wrong(wrong):
    with pytest.raises(ValueError, match=f"'{next(iter(wrong))}'"):
        Grid(**wrong)


def test_a_memory_says_what_is_wrong():
    for wrong in ({"scheme": "x", "rate": 0.1}, {"scheme": "step", "rate": -0.1}, {"scheme": "step", "rate": 1}):
        with pytest.raises(ValueError):
            Memory(**wrong)


# ---- normalisation ---------------------------------------------------------------------------


def normed(cell="rnn", **settings):
    return layers({label: record(c) for label, c in beside(Config(cell, steps=20, hidden_size=8, **settings)).items()})


@pytest.mark.parametrize("cell", CELLS)
def test_places_that_a_cell_has(cell):
    found = beside(Config(cell, steps=5, hidden_size=4))
    assert next(iter(found)) == PLACES["none"] and set(found) <= set(PLACES.values())
    plain = record(Config(cell, steps=5, hidden_size=4))
    own = layers({"": record(found[PLACES["none"]])})[""]
    np.testing.assert_allclose(own.log10_dh, plain.log10_dh, rtol=1e-12)
    assert (PRODUCT in found) == (not CELLS[cell].multiplied)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("seed", range(8))
def test_what_normalising_takes_away(cell, seed):
    own = normed(cell, seed=seed)[PRODUCT]
    found, v = taken(own), own.h[-2, 0] @ own.parameters.U
    n = len(v)
    hat = (v - v.mean()) / v.std()
    values = np.linalg.svd((np.eye(n) - 1.0 / n - np.outer(hat, hat) / n) / v.std(), compute_uv=False)
    assert found.width == n and found.deviation == pytest.approx(v.std())
    assert found.other == pytest.approx(values[0], rel=1e-2) and values[-3] == pytest.approx(values[0])
    assert found.shift < 1e-12 and 0 < found.longer < 0.02 * found.other
    assert found.length == pytest.approx(np.sqrt(n), rel=1e-2)
    seen = list(unseen(own).values())
    assert max(seen[:2]) < 0.01 and seen[2] < 1e-9 and seen[3] > 10 * seen[0]


@pytest.mark.parametrize("seed", range(20))
def test_weights_that_grow_slow_themselves(seed):
    """With U times 4 its gradient is a quarter."""
    one, four = (normed(seed=seed, gain=gain)[PRODUCT].gradients.U for gain in (1.0, 4.0))
    assert np.linalg.norm(four) * 4 / np.linalg.norm(one) == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_option_that_is_right_is_right_for_every_seed(cell):
    for seed in range(20):
        low, high = (explain.left(normed(cell, seed=seed, gain=gain)) for gain in (1.0, 4.0))
        assert explain.moves(*(high[label] - low[label] for label in (PLACES["none"], PRODUCT))) == "hardly at all"


def test_growth_is_that_of_the_curve():
    own = normed()[PRODUCT]
    assert_close(own.log10_dh[-1] + 19 * growth(own) / np.log(10), own.log10_dh[0], rtol=1e-12)


# ---- pictures --------------------------------------------------------------------------------


def test_the_path_in_the_picture_is_the_path():
    found = masked(Grid("step", 0.3, 6, 2))
    picture = grid(found)
    lines = {trace["name"]: trace for trace in picture["data"]}
    way = np.stack([lines["the path"]["x"], lines["the path"]["y"]], axis=1)
    assert [tuple(p) for p in way[::3]] == list(found.path[:-1])
    kept, dropped = (len(lines[f"mask on the path, {what}"]["x"]) for what in ("kept", "dropped"))
    assert (kept, dropped) == ((found.met > 0).sum(), (found.met == 0).sum())
    assert f"meets {kept + dropped} masks" in picture["layout"]["title"]["text"]
    arrows = sum(np.isnan(lines[name]["x"]).sum() for name in ("kept", "dropped"))
    assert arrows == (GRID_LAYERS + 1) * GRID_STEPS + GRID_LAYERS * (GRID_STEPS - 1)


def test_a_dot_is_a_draw():
    found = {name: sampled(Memory(name, 0.2)) for name in SCHEMES}
    for lag in (0, 7, LAGS):
        for trace, one in zip(strips(found, lag)["data"], found.values()):
            assert len(trace["y"]) == DRAWS and (trace["y"] > -0.5).sum() == one.through[lag]
            np.testing.assert_array_equal(trace["customdata"], one.weights[lag])


def test_curves_have_looks_of_their_own():
    traces = gradients(normed())["data"]
    assert len({t["line"]["color"] for t in traces}) == len({t["line"]["dash"] for t in traces}) == 3


def test_a_normalisation_looks_the_same_whatever_is_beside_it():
    every = normed()
    looks = {t["name"]: t["line"] for t in gradients(every)["data"]}
    for label, recording in every.items():
        (alone,) = gradients({label: recording})["data"]
        assert alone["line"] == looks[label]


def test_notes_of_what_is_exactly_0_do_not_overlap():
    silent = layers({label: record(replace(c, gain=0.0)) for label, c in beside(Config("rnn", steps=9)).items()})
    layout = gradients(silent)["layout"]
    heights = [note["y"] for note in layout["annotations"]]
    assert len(heights) == 3 and np.diff(heights).min() * (layout["height"] - 100) >= 14  # less its margins


def test_seeds_draw_other_masks():
    one = Memory("step", 0.2)
    assert (sampled(one).weights != sampled(replace(one, seed=1)).weights).any()
