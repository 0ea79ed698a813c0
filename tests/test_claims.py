"""Every general sentence of the product, and what it is held against: 20 seeds, or mathematics where that is enough.

A sentence that takes away more than the network on the screen shows stands in `CLAIMS`, whole: who changes one, or adds
one, says here how it is known. Presets are held in test_presets.py and test_training_presets.py.
"""

import ast
import json
from dataclasses import replace
from functools import cache
from math import comb
from pathlib import Path

import numpy as np
import pytest

from rnnviz import (
    Config,
    NetworkConfig,
    TrainConfig,
    Training,
    cliff,
    depth,
    explain_anatomy,
    explain_cliff,
    explain_noise,
    explain_training,
    noise,
    overfit,
    papers,
    record,
    record_many,
)
from rnnviz.engine import anatomy
from rnnviz.engine.clip import clip
from rnnviz.formats import FORMATS
from rnnviz.networks.record import record_each
from rnnviz.norm import PRODUCT, beside
from rnnviz.sources import sequences

ROOT = Path(__file__).parents[1]
SEEDS = range(20)
RNN = {"cell": "rnn", "init": "orthogonal", "input_scale": 0.3, "steps": 41, "hidden_size": 24}


@cache
def curves(**settings):
    """log10 of the norm of dL/dh_t of one network a seed, (T, seeds)."""
    return record_many([Config(seed=seed, **settings) for seed in SEEDS]).log10_dh


def left(**settings):
    """log10 of what is left at step 1, of one network a seed."""
    logs = curves(**settings)
    return logs[0] - logs[-1]


def each(**settings):
    """A recording for each seed."""
    return [record(Config(seed=seed, **settings)) for seed in SEEDS]


# ---- what each sentence is held against ----------------------------------------------------------------------------


def factors_decide():
    low, high = curves(gain=0.5, **RNN), curves(gain=4.0, **RNN)
    assert (np.diff(low, axis=0) > 0).all() and (low[0] - low[-1] < -3).all(), "below 1 at every step"
    assert (high[0] - high[-1] > 2).all(), "above 1 on average"
    near = [r.gates["z"][1:].mean() for r in each(cell="gru", update_bias=5.0, steps=31)]
    assert (np.abs(np.array(near) - 1) < 0.02).all() and (left(cell="gru", update_bias=5.0, steps=31) > -0.3).all()


def a_gate_multiplies_both_ways():
    for r in each(cell="lstm", hidden_size=1, steps=16, gain=0.0, input_scale=0.3, forget_bias=3.0):
        forward = r.gates["f"][1:].prod()
        assert abs(float(r.dc[0, 0, 0] / r.dc[-1, 0, 0]) / forward - 1) < 1e-12 and 0 < forward < 1


def the_wall_is_steep_and_not_high():
    grid = np.stack(np.meshgrid(np.linspace(*cliff.W_RANGE, 31), np.linspace(*cliff.B_RANGE, 31)), -1).reshape(-1, 2)
    usual = np.median(np.linalg.norm(cliff.gradient(*grid.T)[1], axis=1))
    w = np.linspace(4.3, 8.0, 20)
    error, slope, _ = cliff.gradient(w, cliff.wall(w))
    assert (np.linalg.norm(slope, axis=1) > 50 * usual).all() and (error < 0.01).all()
    done = clip(slope, "norm", 0.5)
    assert (done.norm_after <= 0.5 * (1 + 1e-12)).all() and (done.turned < 1e-4).all()


def no_loss_exceeds_the_largest_singular_value():
    for cell in ("rnn", "lstm", "gru"):
        for r in each(cell=cell, steps=20, hidden_size=8, gain=1.5):
            logs = anatomy.products(r, np.arange(1, 21))
            assert (r.log10_dh - r.log10_dh[-1] <= logs[:, 0] + 1e-9).all()


def the_largest_exponent_decides():
    for gain, sign in ((0.5, -1), (4.0, 1)):
        for r in each(**RNN | {"steps": 60, "hidden_size": 16}, gain=gain):
            top = anatomy.lyapunov(anatomy.step_jacobians(r))[0]
            change = r.log10_dh[0] - r.log10_dh[-1]
            assert abs(top) < 0.05 or (np.sign(top) == sign and np.sign(change) == sign and abs(change) > 0.5)


def the_direct_path_shrinks_by_its_gate():
    assert 99 * np.log10(0.73) == pytest.approx(np.log10(2.9e-14), abs=0.02) and round(0.993**99, 3) == 0.499
    more = [found.rest[0] > found.direct[0] for found in map(anatomy.paths, each(cell="lstm", steps=51))]
    less = [found.rest[0] < found.direct[0] for found in map(anatomy.paths, each(cell="lstm", steps=51, gain=0.02))]
    assert all(more) and all(less)


def where_it_starts_decides():
    """White is |log10| small by construction of the colours; reach of the first gradient differs over the map."""
    assert (left(**RNN, gain=0.5) < -3).all() and (left(**RNN, gain=4.0) > 2).all()
    assert (left(**{**RNN, "cell": "gru"}, update_bias=5.0) > -1).all()


def truncation_loses_what_has_not_vanished():
    for r in each(**RNN | {"loss": "every", "hidden_size": 12}, gain=0.5):
        whole, part = r.gradients.U, anatomy.influence(r, 20)[1].gradients.U
        assert np.linalg.norm(whole - part) < 1e-4 * np.linalg.norm(whole)
    open_gates = record(Config("lstm", steps=30, hidden_size=8, forget_bias=5.0))
    assert open_gates.dh[:20].any() and not anatomy.influence(open_gates, 10)[1].dh[:20].any()


def narrow_formats_end_it_early():
    assert explain_anatomy.number(FORMATS["float16"].smallest) == "6.0 · 10⁻⁸"
    for r in each(**RNN, gain=0.5):
        narrow = anatomy.rounded(r, ("float16", "float32"))
        assert narrow["float16"][0] == -np.inf and np.isfinite(narrow["float32"][0])


def clipping_comes_after_the_pass():
    """Bit for bit the same pass, a shorter step, and its direction; the rest is held by the training presets."""
    runs = [
        Training(TrainConfig(cell="rnn", hidden_size=8, length=10, networks=8, seed=seed, clip=how, threshold=0.01))
        for seed in (0, 8, 16)
        for how in ("norm", "none")
    ]
    for run in runs:
        run.update()
    for clipped, free in zip(runs[::2], runs[1::2]):
        np.testing.assert_array_equal(clipped.first.log10_dh, free.first.log10_dh)
        assert (clipped.first.clipped.norm_after <= 0.01 * (1 + 1e-6)).all()
        assert (free.first.clipped.norm_after > 0.01).all()


def gates_keep_it_longer_if_they_are_open():
    settings = {"steps": 41, "gain": 0.5}
    rnn = left(cell="rnn", **settings)
    assert (left(cell="lstm", forget_bias=5.0, **settings) > rnn + 3).all()
    assert (left(cell="gru", update_bias=5.0, **settings) > rnn + 3).all()
    assert (left(cell="lstm", forget_bias=-5.0, **settings) < -20).all(), "shut, they keep nothing"


def the_start_decides_how_far_back():
    found = {init: left(**RNN | {"init": init}, gain=1.0) for init in ("identity", "orthogonal", "gaussian")}
    assert np.median(found["identity"]) > np.median(found["gaussian"]) + 1.5
    assert all(len(set(some)) == 3 for some in zip(*found.values())), "no two of them reach as far"


def an_optimiser_scales():
    """A gradient that is exactly 0 moves nothing, whatever the optimiser."""
    for optimiser in ("sgd", "momentum", "rmsprop", "adam"):
        run = Training(
            TrainConfig(
                cell="rnn", hidden_size=4, networks=8, length=10, optimiser=optimiser, gain=0.0, precision="float64"
            )
        )
        run._optimiser.step(run.weights.flat, np.zeros_like(run.weights.flat), 1.0)
        np.testing.assert_array_equal(run.weights.flat, run.initial.flat)


def a_rate_can_be_too_large_and_too_small():
    fast, slow = cliff.descend(5.6, -2.0, 1.0, 0.5), cliff.descend(5.6, -2.0, 0.01, 0.5)
    assert explain_cliff.fate(fast, "none") == "thrown" and explain_cliff.fate(fast, "norm") == "valley"
    assert explain_cliff.fate(slow, "none") == "under way" and slow.error[-1, 0] > 0.9 * slow.error[0, 0]


def half_open_gates_halve():
    assert 0.9e-9 < 0.5**30 < 1e-9
    for r in each(cell="lstm", forget_bias=0.0, steps=31):
        assert abs(r.gates["f"][1:].mean() - 0.5) < 0.02
    assert all((r.gates["f"][1:].mean() > 0.9) for r in each(cell="lstm", forget_bias=4.0, steps=31))


# ---- the papers ----


GRID = json.loads((Path(papers.__file__).parents[1] / "data" / "paper_grid.json").read_text(encoding="utf-8"))


def the_wall_of_the_paper():
    wall = cliff.wall(5.0)
    error, slope, _ = cliff.gradient([5.0] * 3, [wall - 0.01, wall, wall + 0.01])
    left, on, right = np.linalg.norm(slope, axis=1)
    assert on > 2000 * max(left, right) and error[1] < 0.01


def two_places_to_rest():
    """Iterated from far above and far below: two ends between the folds, one beyond them."""
    for w in np.linspace(4.2, 8.0, 20):
        (upper, _), (lower, _) = cliff.folds(w)
        b = np.concatenate([np.linspace(lower, upper, 12)[1:-1], [lower - 0.1, upper + 0.1]])
        ends = []
        for start in (-20.0, 20.0):
            x = np.full_like(b, start)
            for _ in range(3000):
                x = w / (1 + np.exp(-x)) + b
            ends.append(x)
        apart = np.abs(ends[0] - ends[1]) > 1e-3
        assert apart[:-2].all() and not apart[-2:].any()


def below_one_it_must_vanish():
    for cell, gain in (("rnn", 0.9), ("rnn_logistic", 3.6)):
        assert (left(cell=cell, init="orthogonal", gain=gain, steps=100) < 99 * np.log10(0.9) + 1e-9).all()
    assert (left(**RNN, gain=4.0) > 2).all(), "above it may explode"
    assert (left(cell="rnn", gain=1.5, input_scale=10.0, steps=100) < -3).all(), "or vanish"


def element_by_element_it_turns():
    degrees = papers.clipping.turned([1e-3, 1e-2], seeds=20)
    assert np.abs(degrees.mean(axis=1) - 37).max() < 0.5 and (np.abs(degrees - 37) < 4).all()
    drawn = np.random.default_rng(0).normal(size=(20, 200))
    for threshold in (1e-3, 0.1, 1.0, 100.0):
        assert (clip(drawn, "norm", threshold).turned < 1e-4).all()


def omega_asks_for_a_kept_norm():
    gains = np.array([0.8, 0.9, 0.99, 1.0, 1.01, 1.1, 1.2])
    for seed in SEEDS:
        for code in (False, True):
            found = papers.clipping.omegas(gains, code, seed)
            assert found[3] < 1e-20 and (np.diff(found[:4]) < 0).all() and (np.diff(found[3:]) > 0).all()


def the_grids_computed_ahead():
    clipped = {(r["label"], r["length"]): r["solved"] for r in GRID["P6"]["rows"]}
    assert (clipped["SGD, clipped at 1", 40], clipped["SGD", 40]) == (5, 0)
    adding = {(r["label"], r["length"]): r["solved"] for r in GRID["P7"]["rows"]}
    assert (adding["LSTM", 20], adding["RNN", 20], adding["LSTM", 40], adding["RNN", 40]) == (4, 0, 0, 0)
    assert all(r["seeds"] == 5 for name in GRID if name != "date" for r in GRID[name]["rows"])


def a_bias_is_a_memory():
    """With no weights at all: the rows of the figure hold the recorded gradient to the same power."""
    assert 0.5**50 == pytest.approx(8.9e-16, rel=5e-3) and (1 / (1 + np.exp(-5))) ** 50 == pytest.approx(0.71, abs=5e-3)
    assert all(row.holds for row in papers.FIGURES["P8"].rows())


def a_gru_left_alone():
    """From 20 starts on both sides, at weights on both sides of 2."""
    for start in np.linspace(-0.95, 0.95, 20):
        below = papers.chaos.rests_of_a_gru([0.0, 0.5, 1.0, 1.5, 1.9], start)
        assert np.abs(below).max() < 1e-9
        weights = [2.1, 2.5, 3.0, 4.0]
        above = papers.chaos.rests_of_a_gru(weights, start)
        np.testing.assert_allclose(above, np.sign(start) * papers.chaos.rest_of_tanh(weights), atol=1e-9)
        assert (np.abs(above) > 0.3).all()


def chaos_begins_at_one():
    found = dict(zip(papers.chaos.GAINS, papers.chaos.lyapunov_of_random_networks(100, 400, 100, 20)))
    assert (found[0.5] < -0.3).all() and (found[2.0] > 0.02).all() and (found[3.0] > 0.1).all()


def forgetting_costs_ln_8():
    assert all(row.holds for row in papers.FIGURES["P11"].rows())
    for seed in SEEDS:
        batch = sequences.draw_copy(30, np.random.default_rng(seed), 4, False)
        assert (batch.weight * batch.scored * np.log(8.0)).sum() == pytest.approx(10 * np.log(8) / 50, rel=1e-12)


def orthogonal_keeps_all():
    logs = curves(cell="rnn_identity", init="orthogonal", steps=1000, hidden_size=8)
    assert np.abs(logs - logs[-1]).max() < 1e-9 and 0.99**999 == pytest.approx(4.4e-5, rel=0.01)


def a_relu_hands_on_or_does_not():
    for seed in SEEDS:
        on, half = papers.memory.relu_from(seed=seed), papers.memory.relu_from(off=8, seed=seed)
        assert (on.h == on.h[0]).all() and (on.dh == on.dh[-1]).all()
        assert (half.dh[:-1, :, :8] == 0).all() and (half.dh[:, :, 8:] == half.dh[-1, :, 8:]).all()


def rough_where_it_is_steep():
    slopes = []
    for first, count in ((0, 8), (8, 8), (16, 4)):
        sizes, rough = (np.log10(a) for a in papers.clipping.smoothness(100, count, first))
        slopes += [np.polyfit(sizes[:, k], rough[:, k], 1)[0] for k in range(count)]
    assert len(slopes) == 20 and min(slopes) > 0.3


def depth_gives_paths_and_takes_gradient():
    linear = dict(cell="rnn_identity", init="identity", gain=0.9, steps=20, hidden_size=4)
    lstm = dict(cell="lstm", steps=30, hidden_size=16)

    def stacks(**settings):
        return record_each([NetworkConfig(**settings, seed=seed) for seed in SEEDS])

    def handed_down(trace):
        low, *_, top = depth.levels(trace)
        return low.log10[-1] - top.log10[-1]

    for layers in (2, 4):
        for one, more in zip(stacks(**linear, layers=1), stacks(**linear, layers=layers)):
            ways = np.subtract(*(depth.reaching(t)[-6] - depth.reaching(t)[-1] for t in (more, one)))
            assert ways == pytest.approx(np.log10(comb(5 + layers - 1, 5)), abs=1e-9), "so many paths, five steps back"
    assert all(handed_down(trace) < -2 for trace in stacks(**lstm, layers=8))
    assert all(handed_down(trace) > np.log10(0.5) for trace in stacks(**lstm, layers=8, skip="residual"))
    for one, both in zip(stacks(**lstm, layers=1), stacks(**lstm, layers=1, directions="both", read="ends")):
        assert depth.reaching(one)[0] < -1 and depth.reaching(both)[0] > -0.5


def depth_moves_the_peak():
    for w in (0.6, 0.7, 0.8, 0.9, 0.95):
        for layers in (2, 3, 5, 8):
            peak = (w * layers - 1) / (1 - w)
            found = papers.depth.best_lag(papers.depth.by_lag(papers.depth.linear(layers, 0.7, w, T=200)))
            assert abs(found - peak) <= 1 + 1e-9 and found > 0
            assert papers.depth.by_lag(papers.depth.linear(layers, 0.7, w, T=2, skip=True))[0] >= 1


def both_ends_are_remembered():
    for w in np.linspace(0.3, 0.95, 20):
        dx = papers.directions.both_ends(41, w).dx[:, 0, 0]
        assert dx.argmin() == 20 and dx[0] == pytest.approx(dx[-1]) and dx[0] >= 1
    for seed in SEEDS:
        for cell in ("rnn", "lstm", "gru"):
            assert papers.directions.seen(papers.directions.drawn(cell, seed), 8, 1).tolist() == [False] * 8 + [True]


def normalised_products_do_not_see_the_gain():
    for seed in SEEDS:
        one, other = (papers.normalisation.gain_of(gain, seed=seed)[0] for gain in (1.0, 100.0))
        assert np.linalg.norm(other - one) < 0.01 * np.linalg.norm(one)
        product, total = (papers.normalisation.lost_by_gain((1.0, 4.0), place, seed) for place in ("product", "sum"))
        assert abs(np.diff(product)) < 0.01 and abs(np.diff(total)) > 0.1


def masks_on_recurrent_edges_add_up():
    between = np.array([(papers.dropout.arrives(False, seed=s) > 0).mean(axis=1) for s in SEEDS])
    fresh = np.array([(papers.dropout.arrives(True, seed=s)[20] > 0).mean() for s in SEEDS]) / 0.8**3
    assert np.abs(between - 0.8**3).max() < 0.05 and abs(fresh.mean() - 0.01) < 0.004


def nothing():
    """It speaks of this page, defines a word, or gives advice: nothing about networks to hold."""


def normalised_by_itself_the_gain_is_gone():
    for cell in ("rnn", "lstm", "gru"):
        config = beside(Config(cell, steps=30, hidden_size=16))[PRODUCT]
        found = []
        for gain in (0.5, 1.0, 4.0):
            logs = record_many([replace(config, gain=gain, seed=seed) for seed in SEEDS]).log10_dh["layer 1"]
            found.append(logs[0] - logs[-1])
        assert np.abs(np.array(found) - found[1]).max() < 0.05


def masks_between_layers_are_met_once_a_layer():
    """In, up and out of two layers."""
    for seed in SEEDS:
        for lag in (0, 5, 11):
            assert len(noise.masked(noise.Grid("layers", 0.2, lag, lag // 2, seed)).met) == 3
            assert len(noise.masked(noise.Grid("step", 0.2, lag, lag // 2, seed)).met) == 3 + lag


def masks_on_the_way_wipe_out():
    for seed in SEEDS:
        for rate in (0.2, 0.5):
            found = {scheme: noise.sampled(noise.Memory(scheme, rate, seed)) for scheme in noise.SCHEMES}
            assert found["step"].through[-1] < 0.06 * noise.DRAWS
            for scheme in ("sequence", "candidate", "zoneout"):
                assert found[scheme].through[-1] > 0.8 * (1 - rate) * noise.DRAWS


def what_is_remembered_is_not_what_is_learnt():
    """Three times eight networks, by the middle of eight; the whole of their runs is on the page."""
    for seed in (0, 8, 16):
        training = Training(replace(overfit.FORTY, seed=seed, updates=140))
        while not training.finished:
            training.update()
        when, lowest = overfit.best(training)
        learnt, tested = overfit.middle(training, "training loss"), overfit.middle(training, "loss")
        assert learnt[-1] < 0.5 * learnt[2] < learnt[0] and tested[-1] > 1.03 * lowest and 20 <= when <= 100
        assert overfit.middle(training, "accuracy").max() < 0.85 < overfit.dull(training)


CLAIMS = {
    "Every step back in time multiplies the gradient. Where the factors stay below 1 it vanishes, where they stay "
    "above 1 it explodes; a gate is a factor that the network can hold near 1.": factors_decide,
    "A gate is a number between 0 and 1 that multiplies, forward and backward alike: near 1 it lets a value through, "
    "near 0 it shuts.": a_gate_multiplies_both_ways,
    "At the wall the gradient is huge although the error is not: it says how steep the ground is, not how far to go. "
    "Clipping by norm keeps its direction and limits the step.": the_wall_is_steep_and_not_high,
    "Depth gives a far step more paths and the lowest layer less gradient; a connection past the layers brings it "
    "back, and a second direction brings back the other end.": depth_gives_paths_and_takes_gradient,
    "All steps from t to T together are one matrix. No loss at step T can send back more than its largest singular "
    "value lets through.": no_loss_exceeds_the_largest_singular_value,
    "One step back is one matrix. Over many steps it is the mean growth that counts: with all exponents well below 0 "
    "the gradient vanishes, with one well above 0 it explodes.": the_largest_exponent_decides,
    "The direct path shrinks by its gate at every step: over 99 steps a gate of 0.73 leaves 2.9 · 10⁻¹⁴, one of 0.993 "
    "leaves 0.499. What comes through U is not held by that gate: it can be more than the direct path brings, or "
    "less.": the_direct_path_shrinks_by_its_gate,
    "White is where the gradient is kept. What a network learns from its first updates depends on where it starts on "
    "this map.": where_it_starts_decides,
    "What only a loss further away than the cut could teach, truncated BPTT cannot teach; where that gradient has "
    "vanished anyway, it loses next to nothing.": truncation_loses_what_has_not_vanished,
    "A narrow format ends a vanishing gradient early: float16 holds nothing below 6.0 · 10⁻⁸. Multiplying the loss "
    "moves the whole curve up; the update divides it out again.": narrow_formats_end_it_early,
    "Clipping leaves the backward pass as it is and shortens the step that follows: one wild gradient no longer throws "
    "the weights away. It cannot bring back a gradient that has vanished.": clipping_comes_after_the_pass,
    "A plain RNN learns from the steps that its gradient reaches. Gates let a cell keep its state, and with it the "
    "gradient, for longer, if they are open.": gates_keep_it_longer_if_they_are_open,
    "Where training starts decides how far back the first gradients reach, and so from where learning can "
    "begin.": the_start_decides_how_far_back,
    "An optimiser scales the gradient that it is given. It cannot find in it what has vanished on its "
    "way.": an_optimiser_scales,
    "A rate too large throws the weights about, one too small wastes updates; what is too large changes from place to "
    "place, which is why clipping helps.": a_rate_can_be_too_large_and_too_small,
    "A forget gate that starts half open halves the cell state at every step: 30 steps leave a billionth. A higher "
    "bias opens it before the first update.": half_open_gates_halve,
    "On the wall, at b*, the gradient is thousands of times as long as a hundredth beside it, and the error there is "
    "small. Its length says how steep the ground is, not how far to go.": the_wall_of_the_paper,
    "Where w, what a unit keeps of its state, times the number of layers is above 1, a linear stack remembers best "
    "some steps back: more paths lead there. Connections past the layers keep lag 0 at full size or "
    "more.": depth_moves_the_peak,
    "Read where each direction ends, both ends of the sequence are remembered, and its middle least. At the last "
    "position the backward half has seen one input.": both_ends_are_remembered,
    "With its recurrent product normalised a network hands back the same gradient at gain 1 and at gain 100. With the "
    "sum of its products normalised the input still tells the gains apart.": normalised_products_do_not_see_the_gain,
    "Masks between the layers meet a path as often at any lag. On the recurrent edges, fresh at every step, each step "
    "adds one: where one in five is 0, one path in a hundred passes 20 of them.": masks_on_recurrent_edges_add_up,
    "Between the two folds the unit can rest in two places, and where it starts decides in which. Beyond a fold one of "
    "them is gone.": two_places_to_rest,
    "With the largest singular value times the largest slope below 1, every gradient vanishes. Above 1 one may explode"
    ", and one may vanish all the same: saturated units see to that.": below_one_it_must_vanish,
    "Clipping by norm keeps the direction, whatever the threshold. Element by element, the direction turns with what is"
    " cut: by about 37 degrees where all of these 200 elements are.": element_by_element_it_turns,
    "Ω is 0 where every step keeps the norm of the gradient, and grows on both sides of that. It asks for a gradient "
    "that arrives, not for one that is right.": omega_asks_for_a_kept_norm,
    "In this small version clipping decides: over 40 steps all five seeds find the order with it, and none "
    "without.": the_grids_computed_ahead,
    "In this small version four of five LSTMs have learnt to add over 20 steps at the end, and no RNN. Over 40 steps, "
    "in the same time, neither has.": the_grids_computed_ahead,
    "What is left of a cell state after T steps is σ(b) to the power of T: a bias of 0 leaves 8.9 · 10⁻¹⁶ of it after "
    "50 steps, one of 5 leaves 71 %.": a_bias_is_a_memory,
    "Left alone, a GRU of one unit forgets while its candidate's weight is below 2: it comes to rest at 0. Above 2 it "
    "keeps one of two values.": a_gru_left_alone,
    "Well below g = 1 small differences die out, and gradients with them. Well above it they grow: "
    "chaos.": chaos_begins_at_one,
    "Who has forgotten the ten symbols pays ln 8 for each of them, 10 ln 8 / (T + 20) a step. Only a loss below that is"
    " a sign of memory.": forgetting_costs_ln_8,
    "In a linear network an orthogonal U hands on every gradient at its full length, at any distance; 0.99 of it leaves"
    " 4.4 · 10⁻⁵ after 999 steps.": orthogonal_keeps_all,
    "With U the identity, units above 0 hand on state and gradient unchanged. A unit at 0 hands on "
    "nothing.": a_relu_hands_on_or_does_not,
    "Where the recurrent product is normalised by itself, its scale is gone: the gradient does what it does, and no "
    "gain changes that.": normalised_by_itself_the_gain_is_gone,
    "Masks between layers alone are met once a layer, however long the path; masks on the recurrent arrows are met at "
    "every step.": masks_between_layers_are_met_once_a_layer,
    "A mask drawn anew at every step on the way of a memory wipes it out; one mask for all steps, or on what is written"
    ", leaves it whole.": masks_on_the_way_wipe_out,
    "The loss on what was learnt goes on falling while that on anything else rises: stop where the second is lowest, "
    "and look first what the dullest rule gets right.": what_is_remembered_is_not_what_is_learnt,
    "Where the gradient is long it also changes fast, so a step that is safe is shorter there. Clipping shortens "
    "it.": rough_where_it_is_steep,
}


def the_bound_is_never_passed():
    for cell in ("rnn", "rnn_relu", "rnn_logistic", "rnn_identity"):
        for r in each(cell=cell, steps=30, hidden_size=6, gain=1.5, loss="every"):
            assert (r.log10_dh <= r.log10_bound + 1e-9).all()


def a_hair_decides():
    w = np.linspace(4.6, 8.0, 20)
    for side in (-1, 1):
        _, _, x = cliff.gradient(w, cliff.wall(w) + side * 0.02)
        assert (np.sign(x - cliff.START) == side).all()


def the_two_parts_add_up():
    for cell in ("lstm", "gru"):
        assert all(anatomy.paths(r).difference < 1e-12 for r in each(cell=cell, steps=30, hidden_size=8))


def biases_open_gates():
    assert [round(1 / (1 + np.exp(-bias)), 3) for bias in (0, 1, 5)] == [0.5, 0.731, 0.993]
    for bias in (0.0, 1.0, 5.0):
        start = 1 / (1 + np.exp(-bias))
        before_input = each(cell="lstm", steps=2, forget_bias=bias, input_scale=0.0)
        assert all(abs(r.gates["f"][0] - start).max() < 1e-12 for r in before_input)


def cut_by_value_it_can_turn():
    """It turns where some elements are cut and others are not; where one stands alone, it does not."""
    alone, beside = (clip(np.array([[5.0, second]]), "value", 1.0).turned[0] for second in (0.0, 0.5))
    assert alone < 1e-4 and beside > 10
    for gradient in np.random.default_rng(1).normal(size=(20, 1, 50)):
        sizes = np.abs(gradient)
        assert clip(gradient, "value", 0.5 * (sizes.min() + sizes.max())).turned[0] > 1e-3


def what_stands_alone_is_not_turned():
    rng = np.random.default_rng(0)
    for gradient in rng.normal(size=(20, 1, 50)):
        assert clip(gradient, "norm", 0.1).turned[0] < 1e-4 < clip(gradient, "value", 0.1).turned[0]


CAPTIONS = {
    "The gradient is never above it": the_bound_is_never_passed,
    "At the wall the start lies on the dashed line, and a hair decides which way it runs.": a_hair_decides,
    "The two add up to the whole, as arrows do: they can also cancel.": the_two_parts_add_up,
    "0 is half open, 1 is 0.73, 5 is 0.993.": biases_open_gates,
    "this can turn the direction": cut_by_value_it_can_turn,
    "Where long parts are cut and short ones are not, the direction turns.": cut_by_value_it_can_turn,
    "By norm, at 1, the gradient is shortened and keeps its direction.": what_stands_alone_is_not_turned,
}
"""What captions, helps and presets say in passing."""


def texts(*folders):
    """All texts of the Python files of these folders."""
    for path in (path for folder in folders for path in sorted((ROOT / folder).glob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


@pytest.mark.parametrize("said, check", CAPTIONS.items(), ids=lambda part: getattr(part, "__name__", ""))
def test_what_is_said_in_passing_holds(said, check):
    assert any(said in text for text in texts("pages", "rnnviz", "rnnviz/ui"))
    check()


def take_aways():
    """What the pages take away: the sentences in their files, and those chosen by what is looked at."""
    chosen = (explain_anatomy, explain_noise, explain_training, papers)
    out = [sentence for module in chosen for sentence in module.TAKE_AWAY.values()]
    for path in sorted((ROOT / "pages").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("takeaway", "ends"):
                out += [a.value for a in node.args if isinstance(a, ast.Constant)]
    return out


def test_every_take_away_is_in_the_table():
    assert set(take_aways()) == set(CLAIMS)


@pytest.mark.parametrize("check", dict.fromkeys(CLAIMS.values()), ids=lambda check: check.__name__)
def test_what_is_taken_away_holds(check):
    check()


WORDS = ("always", "never learns", "every network", "LSTM beats", "better than an RNN", "more gain", "cannot explode")


def test_nothing_is_promised_for_all_networks():
    """Words of a promise that no test could hold stand in no sentence of a page or of what explains it."""
    for text in texts("pages", "rnnviz", "rnnviz/ui"):
        assert not any(word in text for word in WORDS), text[:80]
