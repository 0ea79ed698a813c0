"""Questions beside the lessons: asked, answered with what is computed, and switched off for all."""

import re

import numpy as np
import pytest
from opened import opened, said, sentences, sound

from rnnviz import Config, explain, record
from rnnviz.ui.state import VIEWS

LESSONS = ("gradient_flow", "inside_the_cell", "why_it_vanishes")
SMALL = dict(steps="20", hidden_size="8")


def answered(page, value):
    """The page once the first open question is answered."""
    box = (
        page.radio[0]
        if page.radio
        else page.number_input(key=next(n.key for n in page.number_input if n.key.startswith("ask-")))
    )
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
    right, _ = explain.shape(record(Config("rnn", steps=20, hidden_size=8, gain=2.0)))
    assert (": right." in said(page)) == (guess == right) and "At gain 2 the RNN's gradient" in said(page)


def test_a_number():
    lstm = record(Config("lstm", steps=20, hidden_size=8))
    true = float(lstm.gates["f"][1:, 0, 0].prod())
    assert explain.remembered(lstm, 1)[0] == pytest.approx(true, rel=1e-12)
    assert "within a factor of 2" in said(answered(opened("pages/inside_the_cell.py", **SMALL), true * 1.5))
    assert "further off" in said(answered(opened("pages/inside_the_cell.py", **SMALL), true * 3))


@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
def test_every_view_asks_something_else(cell):
    asked = []
    for view in VIEWS:
        page = opened("pages/why_it_vanishes.py", view=view, shown=cell, **SMALL)
        found = [text for name, text in sentences(page).items() if name.startswith("question-")]
        asked += found
        assert len(found) == 1 or (view, cell) == ("paths", "RNN")
        if found:
            text = found[0].removeprefix("**Before you look.** ")
            for guess in page.radio[0].options[: None if cell == "LSTM" else 1]:
                told = sentences(answered(opened("pages/why_it_vanishes.py", view=view, shown=cell, **SMALL), guess))
                told = told[f"answer-why-{view}"]
                right = re.search("it is “(.*?)”", told)
                assert told.startswith(f"**{text}**") and f"You said “{guess}”" in told
                assert (right is None) == (": right." in told) and (not right or right[1] in page.radio[0].options)
    assert len(set(asked)) == len(asked)


def test_what_is_asked_is_not_in_the_picture_and_stays_while_the_slider_moves():
    page = opened("pages/gradient_flow.py", gain="2", **SMALL)
    assert "at gain 0.6?" in said(page)
    for gain in (0.6, 1.0, 4.0):
        page.session_state["gain"] = gain
        assert "at gain 0.6?" in said(sound(page.run())), "the question does not move with the slider"
    answered(page, explain.SHAPES["falls"])
    page.session_state["gain"] = 0.0
    assert "at gain 0.6?" in said(sound(page.run())) and "You said" in said(page)
    sound(next(b for b in page.button if b.label == "Ask again").click().run())
    assert "Before you look" in said(page) and "at gain 2?" in said(page)
    sound(page.slider(key="hidden_size").set_value(5).run())
    assert "You said" not in said(page) and "Before you look" in said(page)


def test_other_settings_are_another_question():
    page = answered(opened("pages/gradient_flow.py", **SMALL), explain.SHAPES["falls"])
    sound(page.slider(key="hidden_size").set_value(5).run())
    assert "You said" not in said(page) and "Before you look" in said(page)


@pytest.mark.parametrize("guess, text", [(3e-12, "3.0 · 10⁻¹²"), (-2.5, "−2.5"), (0.25, "0.25")])
def test_a_guess_is_said_as_every_number(guess, text):
    page = answered(opened("pages/inside_the_cell.py", **SMALL), guess)
    assert f"You said {text}: " in said(page)


@pytest.mark.parametrize("path", ["gradient_flow", "why_it_vanishes", "the_cliff", "training"])
def test_start_over_leaves_questions_as_a_teacher_has_switched_them(path):
    page = opened(f"pages/{path}.py", predict="false")
    sound(next(b for b in page.button if b.label == "Start over").click().run())
    assert page.session_state["predict"] is False and "Before you look" not in said(page) and not page.radio


def test_no_take_away_answers_an_open_question():
    page = opened("pages/the_cliff.py")
    assert not page.success and sound(page.radio[0].set_value(page.radio[0].options[0]).run()).success
    assert not opened("pages/training.py").success and opened("pages/training.py", predict="false").success


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
    assert not page.radio and "You expected “not clipped”" in said(page)
    assert "the median loss on held-out sequences is" in said(page)
