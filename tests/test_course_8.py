"""Lesson 8: what its stages say of normalised networks and of masks holds over seeds, wherever their sliders stand."""

from dataclasses import replace
from functools import cache

import numpy as np
import plotly.graph_objects as go
import pytest
from test_wording import ILL_FORMED

from rnnviz import NetworkConfig, Training, explain_noise
from rnnviz.course import STAGES, become, lesson_8
from rnnviz.course.noise_sentences import changes
from rnnviz.figures.course import PICTURES, closed
from rnnviz.figures.overfitting import overfitting
from rnnviz.glossary import GLOSSARY, MARK, bare
from rnnviz.norm import PRODUCT, SUM, growth, layers
from rnnviz.overfit import FORTY, at, best, dull

LESSON = {stage.id: stage for stage in lesson_8.STAGES if not stage.trains}
SEEDS = range(24)


@cache
def over_seeds(id, value):
    """label -> what it becomes, one for every seed."""
    stage = LESSON[id]
    every = {label: become([replace(s, seed=k) for k in SEEDS]) for label, s in stage.at(value).items()}
    return [{label: found[k] for label, found in every.items()} for k in range(len(SEEDS))]


def left(id, label, value=1.0):
    return np.array([changes(about)[label] for about in over_seeds(id, value)])


def spread(stage):
    if not stage.slider:
        return [None]
    bound = stage.slider.bound
    return [bound.low, bound.default, bound.clamp(0.4 * bound.low + 0.6 * bound.high), bound.high]


def test_the_gain_still_acts_on_a_normalised_sum():
    off, own = (left("8.1", label, 4.0) - left("8.1", label, 0.4) for label in ("off", SUM))
    assert (off > 15).all() and (own > 6).all(), "against the input"


def test_the_gain_is_gone_where_the_product_is_normalised():
    still = left("8.2", PRODUCT)
    for gain in (0.4, 4.0):
        assert np.abs(left("8.2", PRODUCT, gain) - still).max() < 0.01
    assert (np.abs(left("8.2", "off", 4.0) - left("8.2", "off", 0.4)) > 15).all()
    # “In the fourth digit.”
    low = 10 ** (left("8.2", PRODUCT, 0.4) - still)
    assert 1e-5 < np.median(np.abs(low - 1)) < 1e-2


def test_without_input_a_dead_slider_is_not_level():
    for gain in (0.4, 1.0, 4.0):
        found = left("8.3", PRODUCT, gain)
        assert (found > 0.3).all() and (found < 3).all()
    rates = [growth(layers(about)[PRODUCT]) for about in over_seeds("8.3", 1.0)]
    assert 0.03 < min(rates) and max(rates) < 0.10


def test_masks_at_every_step_leave_next_to_none():
    found = [about["fresh at every step"].through[-1] for about in over_seeds("8.4", 0.2)]
    assert np.mean(found) == pytest.approx(200 * 0.8**20, rel=0.3) and max(found) < 12


def test_one_scheme_lets_through_least():
    for about in over_seeds("8.6", 0.2):
        through = {label: one.through[-1] for label, one in about.items()}
        assert min(through, key=through.get) == "fresh at every step" and sorted(through.values())[1] > 100


RIGHT = {"8.2": "hardly at all", "8.3": "more than entered", "8.4": "2", "8.5": "3", "8.6": "fresh at every step"}


def test_every_question_has_its_answer():
    assert RIGHT.keys() == {id for id, stage in LESSON.items() if stage.question}


@pytest.mark.parametrize("id", RIGHT)
def test_the_right_answer_is_right_for_every_seed(id):
    stage = LESSON[id]
    assert {stage.question.right(about) for about in over_seeds(id, stage.value)} == {RIGHT[id]}
    assert RIGHT[id] in stage.question.options


@pytest.mark.parametrize("id", LESSON)
def test_sentences_are_well_formed_wherever_the_slider_stands(id):
    stage = LESSON[id]
    for value in spread(stage):
        for about in over_seeds(id, value)[:6]:
            said = stage.sentence(about, value)
            assert not ILL_FORMED.search(bare(said)), said
            assert {word for word, _ in MARK.findall(said)} <= GLOSSARY.keys()
            picture = PICTURES[stage.picture](about, value)
            low, high = picture["layout"]["yaxis"]["range"]
            for trace in picture["data"]:
                known = trace["y"][np.isfinite(trace["y"])]
                assert not len(known) or (low <= known.min() and known.max() <= high), trace["name"]
    go.Figure(picture)


@pytest.mark.parametrize("id", RIGHT)
def test_nothing_of_the_answer_is_drawn_before_the_guess(id):
    stage = LESSON[id]
    about = {label: become([setting])[0] for label, setting in stage.networks.items()}
    before = closed(stage.picture, about)
    go.Figure(before)
    for trace in before["data"]:
        if trace["name"] not in ("kept", "dropped", "units"):
            assert len(trace["x"]) == (1 if isinstance(next(iter(stage.networks.values())), NetworkConfig) else 0)
    assert "meets" not in str(before["layout"]["title"]) and not before["layout"].get("shapes")
    assert not any(note["text"].startswith("<b>") for note in before["layout"].get("annotations", ()))


def test_the_lesson_is_where_its_stages_are():
    assert all(STAGES[stage.id] is stage for stage in lesson_8.STAGES)


# ---- forty recordings ----------------------------------------------------------------------------------------------

SMALL = dict(hidden_size=3, networks=2, updates=60, length=20)


@cache
def run(made, **more):
    training = Training(replace(FORTY, **SMALL | more))
    for _ in range(made):
        training.update()
    return training


@pytest.mark.parametrize("made", [0, 1, 30, 60])
def test_sentences_and_pictures_of_a_run_however_far_it_is(made):
    stage, about = STAGES["8.7"], {"RNN": run(made)}
    for value in (None, 0, 20, 60):
        said = bare(stage.sentence(about, value))
        assert not ILL_FORMED.search(said), said
        assert ("lowest" in said) == (made == 60) and "ridge" in said
        picture = PICTURES[stage.picture](about, value)
        go.Figure(picture)
        lines = {trace["name"]: trace for trace in picture["data"]}
        if value is None:
            for name, part in (("training", "training loss"), ("test", "loss")):
                drawn = np.median(about["RNN"].tests[part], axis=1)
                np.testing.assert_allclose(lines[f"RNN, {name}"]["y"][:-1], drawn)
    assert stage.question.right(about) in stage.question.options


def test_nothing_of_the_test_is_drawn_before_the_guess():
    about = {"RNN": run(60), "weight decay 0.3": run(60, decay=0.3)}
    lines = {trace["name"]: trace["y"] for trace in overfitting(about, None, test=False)["data"]}
    for label in about:
        assert np.isfinite(lines[f"{label}, training"]).any()
        assert not np.isfinite(lines[f"{label}, test"]).any() and not np.isfinite(lines[f"{label}2"]).any()
    before = closed("overfitting", about)
    assert all(len(trace["x"]) == 0 for trace in before["data"])


def test_what_is_said_of_runs_is_so():
    about = {"as it is": run(60), "weight decay 0.3": run(60, decay=0.3)}
    training, (when, lowest) = about["as it is"], best(about["as it is"])
    losses = np.median(training.tests["loss"], axis=1)
    assert lowest == losses.min() and losses[list(training.tested).index(when)] == lowest
    assert at(training, 39) == 1 and at(training, None) == len(losses) - 1 and at(training, 0) == 0
    said = explain_noise.stopped(training, "20")
    assert f"test loss {losses[1]:.3g}" in said and f"after {when} update" in said
    assert "You would" not in explain_noise.stopped(training, "")
    for update in (None, 20):
        said = explain_noise.losses(about, update)
        assert not ILL_FORMED.search(said) and all(f"**{label}**" in said for label in about)
    assert f"{round(100 * dull(training))} %" in explain_noise.ridge(about)
