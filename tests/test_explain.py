"""The sentences: their numbers against numbers found another way."""

import re

import numpy as np
import pytest

from rnnviz import Config, Parameters, explain, record, record_with


def linear(weight, steps=40, gradient_at=-1):
    """One linear unit, h_t = weight h_{t-1}: the gradient is weight**distance."""
    one = np.ones((1, 1))
    dy = np.zeros((steps, 1, 1))
    dy[gradient_at] = 1.0
    return record_with(
        "rnn_identity", Parameters(0 * one, weight * one, np.zeros(1), np.zeros(1)), np.zeros((steps, 1, 1)), dy
    )


@pytest.mark.parametrize(
    "log10, text",
    [
        (0, "1"),
        (-1.5, "0.0316"),
        (4, "10,000"),
        (-8, "1.0 · 10⁻⁸"),
        (7.5, "3.2 · 10⁷"),
        (-1000.3, "5.0 · 10⁻¹⁰⁰¹"),
        (-np.inf, "exactly 0"),
        (6.9999, "1.0 · 10⁷"),
    ],
)
def test_numbers(log10, text):
    assert explain.number(log10) == text


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
    assert "**GRU**" in sentence and explain.number(39 * np.log10(0.9)) in sentence


def test_overflow():
    r = record(Config("rnn_identity", steps=1000, init="identity", gain=4.0, hidden_size=2))
    assert f"at step {int(r.overflow_step)}" in explain.flow({"RNN": r})[0]
    assert explain.why("RNN", r) == ""
    assert "overflowed" in explain.reading({"RNN": r}, 1)


def test_why():
    assert "0.5 on average" in explain.why("RNN", linear(0.5)) and "**must** vanish" in explain.why("RNN", linear(0.5))
    assert "must" not in explain.why("RNN", linear(1.5))
    r = record(Config("lstm"))
    f = r.gates["f"][1:]
    assert f"averages {f.mean():.3g}" in explain.why("LSTM", r)
    assert explain.number(np.log10(f).sum(axis=0).mean()) in explain.why("LSTM", r)
    assert "as it is" in explain.why("LSTM", record(Config("lstm_1997")))


def test_the_slope_is_that_of_the_steps_that_the_gradient_passes():
    """The loss at step 3 is sent back through steps 3 and 2; what the others do with their slopes is no reason."""
    r = record(Config("rnn", loss="one", loss_step=3, input_scale=3.0))
    assert f"averages {r.slope[[1, 2]].mean():.3g} on the" in explain.why("RNN", r)
    assert f"{r.slope[[1, 2]].mean():.3g}" != f"{r.slope.mean():.3g}"


def test_learns_from():
    r = record(Config("gru", steps=30))
    terms = [np.linalg.norm(np.outer(h, d)) for h, d in zip(r.states["h"][:-1, 0], r.back.gates[:, 0])]
    top = int(np.argmax(terms))
    sentence = explain.learns_from("GRU", r)
    assert f"step {top + 1} gives" in sentence and f"{100 * max(terms) / sum(terms):.2g} %" in sentence
    half = int(re.search(r"(\d+) of 30", sentence)[1])
    ordered = sorted(terms, reverse=True)
    assert sum(ordered[:half]) >= sum(terms) / 2 > sum(ordered[: half - 1])


def test_reading():
    r = record(Config("lstm"))
    assert explain.number(np.log10(np.linalg.norm(r.dh[9]))) in explain.reading({"LSTM": r}, 10)
