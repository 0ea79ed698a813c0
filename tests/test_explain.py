"""The sentences: their numbers against numbers found another way."""

import re

import numpy as np
import pytest

from rnnviz import CELLS, Config, Parameters, cliff, explain, explain_anatomy, explain_cliff, record, record_with
from rnnviz.engine import anatomy
from rnnviz.ui.state import CELL_KINDS
from rnnviz.wording import number, percent


def linear(weight, steps=40, gradient_at=-1):
    """One linear unit, h_t = weight h_{t-1}: the gradient of each loss is weight**distance."""
    one = np.ones((1, 1))
    dy = np.zeros((steps, 1, 1))
    dy[gradient_at] = 1.0
    return record_with(
        "rnn_identity", Parameters(0 * one, weight * one, np.zeros(1), np.zeros(1)), np.zeros((steps, 1, 1)), dy
    )


def test_reach():
    half = linear(0.5)
    assert explain.reach(half, 1e3) == 10 and explain.reach(half, 1e7) == 24
    assert explain.reach(linear(1.0), 1e3) is None
    (sentence,) = explain.flow({"RNN": half})
    assert "1,000 after 10 steps" in sentence and "10 million after 24" in sentence
    assert explain.reach(linear(0.5, gradient_at=15), 1e3) == 10


def test_growth_and_zero_and_first_step():
    assert "**grown** by a factor of 59,049" in explain.flow({"RNN": linear(3.0, 11)})[0]
    assert "step 39 and before" in explain.flow({"RNN": linear(0.0)})[0]
    assert "no way back" in explain.flow({"RNN": linear(0.5, gradient_at=0)})[0]
    assert explain.flow({}) == ["Choose at least one cell to see its gradient."]


def test_which_keeps_most():
    sentence = explain.flow({"RNN": linear(0.5), "GRU": linear(0.9)})[-1]
    assert "**GRU**" in sentence and number(39 * np.log10(0.9)) in sentence and "It arrives." in sentence
    four = {name: linear(weight) for name, weight in zip("abcd", (0.5, 0.6, 0.4, 0.3))}
    assert "**b**" in explain.keeps_most(four) and "It vanishes all the same." in explain.keeps_most(four)


def test_an_explosion_is_not_praised():
    sentence = explain.keeps_most({"RNN": linear(1.6), "GRU": linear(0.99)})
    assert sentence.startswith("Largest at the first step is **RNN**") and "It explodes." in sentence


@pytest.mark.parametrize("change, verb", [(-3.1, "vanishes"), (-2.9, "arrives"), (1.9, "arrives"), (2.1, "explodes")])
def test_verbs(change, verb):
    assert explain.fate(change) == verb


def test_overflow():
    r = record(Config("rnn_identity", steps=1000, init="identity", gain=4.0, hidden_size=2))
    assert f"at step {int(r.overflow_step)}" in explain.flow({"RNN": r})[0]
    assert explain.why("RNN", r) == ""
    assert "overflowed" in explain.reading({"RNN": r}, 1)


def test_why():
    assert "0.5 on average" in explain.why("RNN", linear(0.5)) and "**must** shrink" in explain.why("RNN", linear(0.5))
    assert "must" not in explain.why("RNN", linear(1.5))
    r = record(Config("lstm"))
    assert f"averages {r.gates['f'][1:].mean():.3g}" in explain.why("LSTM", r)
    assert "as it is" in explain.why("LSTM", record(Config("lstm_1997")))


def test_the_slope_is_that_of_the_steps_that_the_gradient_passes():
    """The loss at step 3 is sent back through steps 3 and 2; what the others do with their slopes is no reason."""
    r = record(Config("rnn", loss="one", loss_step=3, input_scale=3.0))
    assert f"averages {r.slope[[1, 2]].mean():.3g} on the" in explain.why("RNN", r)
    assert f"{r.slope[[1, 2]].mean():.3g}" != f"{r.slope.mean():.3g}"


# ---- one definition of the direct path -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"gain": 0.0},
        {"forget_bias": 5.0, "update_bias": 5.0},
        {"loss": "every"},
        {"loss": "one", "loss_step": 30},
        {"hidden_size": 1, "gain": 3.0},
    ],
    ids=str,
)
@pytest.mark.parametrize("cell", [name for name in CELLS if CELLS[name].family != "rnn"])
def test_the_direct_path_is_one_number_on_both_pages(cell, settings):
    r = record(Config(cell, seed=3, **settings))
    last = explain.last_loaded(r)
    found = anatomy.paths(r.last_loss)
    assert explain.direct(r) == pytest.approx(found.direct[0] - found.full[last], abs=1e-9)
    said = f"would leave {number(explain.direct(r))}"
    assert said in explain.why("it", r) and said in explain_anatomy.paths("it", r, anatomy.paths(r), "f")
    whole = number(found.full[0] - found.full[last])
    assert f"with the paths through U it is {whole}" in explain.why("it", r)


def test_no_direct_path_where_nothing_is_carried():
    assert all(explain.direct(record(Config(name, steps=5))) is None for name in CELL_KINDS["rnn"].values())


# ---- a loss at every step ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_the_last_of_several_losses_is_the_loss_at_the_last_step(cell):
    every, last = (record(Config(cell, steps=30, hidden_size=6, loss=loss)) for loss in ("every", "last"))
    assert last.last_loss is last and every.last_loss is every.last_loss
    np.testing.assert_allclose(every.last_loss.log10_dh, last.log10_dh, rtol=0, atol=1e-12)
    for sentence in (explain.why, lambda label, r: explain.keeps_most({label: r, "other": r})):
        assert sentence("it", every).replace("the gradient of the last loss", "the gradient") == sentence("it", last)
    assert explain.flow({"it": every})[1:] == explain.flow({"it": last})
    assert "follows the last loss alone" in explain.flow({"it": every})[0]


def test_a_level_curve_of_many_losses_is_not_said_to_vanish():
    """The whole stays level, because new gradient enters; what is said to shrink is that of one loss."""
    r = record(Config("rnn", init="orthogonal", gain=0.8, loss="every"))
    change = r.log10_dh[0] - r.log10_dh[-1]
    assert abs(change) < 1 and explain.changed(r)[0] < -10
    assert "the gradient of the last loss by 0.5" in explain.why("RNN", r)
    (_, sentence) = explain.flow({"RNN": r})
    assert "never" not in sentence and "has lost a factor of 1,000" in sentence
    lstm = record(Config("lstm", loss="every", forget_bias=5.0))
    assert ", of the last loss alone," in explain_anatomy.paths("LSTM", lstm, anatomy.paths(lstm), "f")


# ---- rounding is not growth ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_a_rotation_grows_nothing(seed):
    r = record(Config("rnn_identity", init="orthogonal", hidden_size=8, steps=50, seed=seed))
    jacobians = anatomy.step_jacobians(r)
    text = explain_anatomy.exponents("RNN", anatomy.lyapunov(jacobians), 50)
    assert "exponent is 0: " in text and "is kept" in text and "0 of 8 directions grow, 8 are kept." in text
    text = explain_anatomy.eigenvalues(np.linalg.eigvals(jacobians[3]), 4)
    assert "0 of 8 eigenvalues lie outside of the unit circle, 8 on it; the largest has the size 1." in text


def test_growth_is_still_growth():
    values = np.log([1.01, 1.0, 0.5])
    assert "1 of 3 directions grows, 1 is kept." in explain_anatomy.exponents("RNN", values, 50)
    assert "grows by a factor of 1.01 a step" in explain_anatomy.exponents("RNN", values, 50)
    assert "2 of 3 eigenvalues lie outside" in explain_anatomy.eigenvalues(np.array([1.01, -2, 0.5j]), 1)


# ---- the cliff -----------------------------------------------------------------------------------------------------


def test_who_walks_out_of_the_picture_and_ends_in_the_valley_is_not_thrown():
    d = cliff.descend(2.0, 0.0, 2.0, 0.5)
    assert d.b[-1, 0] > cliff.B_RANGE[1] or d.w[-1, 0] < cliff.W_RANGE[0], "it stands outside"
    assert explain_cliff.fate(d, "none") == "valley" and "in the valley" in explain_cliff.verdict(d, "")
    assert "thrown" not in explain_cliff.verdict(d, "") and "no way back" not in explain_cliff.verdict(d, "")
    right = explain_cliff.verdict(d, explain_cliff.FATES["valley"])
    assert "right" in right and "not this time" in explain_cliff.verdict(d, explain_cliff.FATES["thrown"])


def test_who_walks_out_of_the_picture_in_short_steps_is_not_thrown():
    d = cliff.descend(8.0, -4.0, 1.0, 0.5)
    assert d.w[-1, 0] > cliff.W_RANGE[1] or d.b[-1, 0] < cliff.B_RANGE[0]
    assert d.error[-1, 0] > 0.4 and explain_cliff.fate(d, "none") == "under way"


def test_a_fate_says_what_is_so():
    """Over random descents: thrown is outside after a long step, the valley is a small error, wherever it stands."""
    rng, seen = np.random.default_rng(0), set()
    for _ in range(150):
        d = cliff.descend(rng.uniform(2, 8), rng.uniform(-4, 0), rng.choice([0.1, 1, 2]), rng.choice([0.05, 0.5, 2]))
        for k, method in enumerate(cliff.METHODS):
            fate = explain_cliff.fate(d, method)
            longest = np.hypot(np.diff(d.w[:, k]), np.diff(d.b[:, k])).max()
            inside = 2 <= d.w[-1, k] <= 8 and -4 <= d.b[-1, k] <= 0
            assert (fate == "valley") == (d.error[-1, k] < 0.01)
            assert fate != "thrown" or (longest >= 1 and not inside)
            assert fate != "under way" or inside or longest < 1
            seen.add(fate)
    assert seen == set(explain_cliff.FATES)


def test_learns_from():
    r = record(Config("gru", steps=30))
    terms = [np.linalg.norm(np.outer(h, d)) for h, d in zip(r.states["h"][:-1, 0], r.back.gates[:, 0])]
    top = int(np.argmax(terms))
    sentence = explain.learns_from("GRU", r)
    assert f"step {top + 1} gives" in sentence and percent(max(terms) / sum(terms)) in sentence
    half = int(re.search(r"(\d+) of 30", sentence)[1])
    ordered = sorted(terms, reverse=True)
    assert sum(ordered[:half]) >= sum(terms) / 2 > sum(ordered[: half - 1])
    assert "step 40 alone makes up" in explain.learns_from("RNN", record(Config("rnn", steps=40, gain=0.1)))


def test_reading():
    r = record(Config("lstm"))
    assert number(np.log10(np.linalg.norm(r.dh[9]))) in explain.reading({"LSTM": r}, 10)
