"""Questions beside the lessons: asked, answered with what is computed, and switched off for all."""

import numpy as np
import pytest
from opened import opened, said, sound

from rnnviz import Config, explain, record

LESSONS = ("gradient_flow", "inside_the_cell", "why_it_vanishes")
SMALL = dict(steps="20", hidden_size="8")


def answered(page, value):
    """The page once the first open question is answered."""
    box = page.radio[0] if page.radio else page.number_input(key=next(
        n.key for n in page.number_input if n.key.startswith("ask-")))
    return sound(box.set_value(value).run())


@pytest.mark.parametrize("lesson", LESSONS)
def test_asked_and_switched_off(lesson):
    assert "Before you look" in said(opened(f"pages/{lesson}.py", **SMALL))
    off = opened(f"pages/{lesson}.py", predict="false", **SMALL)
    assert "Before you look" not in said(off) and not off.radio
    skipped = opened(f"pages/{lesson}.py", **SMALL)
    button = next(b for b in skipped.button if b.label == "Just show me")
    assert "You said" not in said(sound(button.click().run())) and "Ask again" in [b.label for b in skipped.button]


@pytest.mark.parametrize("guess", explain.SHAPES)
def test_a_shape(guess):
    page = answered(opened("pages/gradient_flow.py", **SMALL), explain.SHAPES[guess])
    right, _ = explain.shape(record(Config("rnn", steps=20, hidden_size=8, gain=3.0)))
    assert ("right." in said(page)) == (guess == right) and "At gain 3 the RNN's gradient" in said(page)


def test_a_number():
    lstm = record(Config("lstm", steps=20, hidden_size=8))
    true = float(lstm.gates["f"][1:, 0, 0].prod())
    assert explain.remembered(lstm, 1)[0] == pytest.approx(true, rel=1e-12)
    assert "within a factor of 2" in said(answered(opened("pages/inside_the_cell.py", **SMALL), true * 1.5))
    assert "further off" in said(answered(opened("pages/inside_the_cell.py", **SMALL), true * 3))


def test_a_cell_and_asking_again():
    found = {name: record(Config(name.lower(), steps=20, hidden_size=8)) for name in ("RNN", "LSTM", "GRU")}
    best = max(found, key=lambda name: found[name].log10_dh[0] - found[name].log10_dh[-1])
    page = answered(opened("pages/why_it_vanishes.py", **SMALL), best)
    assert f"You said “{best}”: right." in said(page)
    again = next(b for b in page.button if b.label == "Ask again")
    assert "Before you look" in said(sound(again.click().run()))


@pytest.mark.parametrize(
    "change, shape", [(3.0, "rises"), (0.0, "level"), (-2.9, "level"), (-3.1, "falls"), (-np.inf, "falls")]
)
def test_shapes(change, shape):
    class Curve:
        steps, log10_dh, output_gradient = 2, np.array([change, 0.0]), np.array([[0.0], [1.0]])
    assert explain.shape(Curve)[0] == shape


def test_what_is_expected_of_training_stands_beside_what_comes():
    page = opened("pages/training.py", train_hidden_size="4", train_networks="1", train_updates="10", train_length="10")
    sound(page.radio[0].set_value("not clipped").run())
    sound(page.button(key="train_start").click().run())
    while page.session_state["pair"].running:
        sound(page.run())
    assert "at the end" in said(page) and "tested after 10 updates" in said(page).lower()
    assert "You expected “not clipped”" in said(page) and "the median loss on held-out sequences is" in said(page)
