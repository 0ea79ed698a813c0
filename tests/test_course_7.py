"""Lesson 7: what its stages say of depth and direction holds for every seed, and is not told before the guess."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import plotly.graph_objects as go
import pytest
from test_wording import ILL_FORMED

from rnnviz import NetworkConfig, depth
from rnnviz.course import become, lesson_7
from rnnviz.course.depth_sentences import passed_down, paths, seen
from rnnviz.figures.course import PICTURES, closed
from rnnviz.figures.unrolled import Network
from rnnviz.glossary import GLOSSARY, MARK, bare

SEEDS = range(20)
LESSON = {stage.id: stage for stage in lesson_7.STAGES}
RIGHT = {
    "7.1": "66",
    "7.2": "17 steps ago",
    "7.3": "under a thousandth",
    "7.4": "all of it, or more",
    "7.5": "in the middle",
    "7.6": "flat",
    "7.7": "1",
}


@cache
def over_seeds(id, value=None):
    """label -> `Trace`, one a seed."""
    stage = LESSON[id]
    settings = stage.at(stage.value if value is None else value)
    each = {label: become([replace(setting, seed=seed) for seed in SEEDS]) for label, setting in settings.items()}
    return [{label: traces[k] for label, traces in each.items()} for k in range(len(SEEDS))]


def alone(id, value=None):
    return [trace for traces in over_seeds(id, value) for trace in traces.values()]


def looks(id, value=None):
    """What the curves look like, of all seeds."""
    return {tuple(depth.shape(depth.reaching(trace)) for trace in traces.values()) for traces in over_seeds(id, value)}


CLAIMS = {
    "7.1": lambda: np.allclose([paths(trace) for trace in alone("7.1")], 66, rtol=1e-9),
    "7.2": lambda: (
        {depth.best_lag(trace) for trace in alone("7.2")} == {17}
        and {depth.best_lag(trace) for trace in alone("7.2", 5)} == {35}
        and looks("7.2") == {("hill",)}
    ),
    "7.3": lambda: (
        max(passed_down(trace) for trace in alone("7.3")) < -3
        and all(
            passed_down(deep) < passed_down(trace) for deep, trace in zip(alone("7.3"), alone("7.3", 2), strict=True)
        )
    ),
    "7.4": lambda: all(
        passed_down(traces[lesson_7.PLAIN]) < -3 and 0 <= passed_down(traces[lesson_7.SKIPS]) < 1
        for traces in over_seeds("7.4")
    ),
    "7.5": lambda: (
        looks("7.5") == {("valley",)}
        and np.median([depth.reaching(trace).min() for trace in alone("7.5", 2.0)])
        > np.median([depth.reaching(trace).min() for trace in alone("7.5")]) + 2
    ),
    "7.6": lambda: looks("7.6") == {("slope", "valley", "flat")},
    "7.7": lambda: (
        all(seen(trace) == [31, 1] for trace in alone("7.7"))
        and all(seen(trace) == [16, 16] for trace in alone("7.7", 16))
    ),
    "7.8": lambda: (
        looks("7.8") == {("hill",)}
        and all(
            depth.shape(depth.reaching(trace)) == "slope"
            for trace in become([NetworkConfig("gru", layers=1, steps=61, seed=seed) for seed in SEEDS])
        )
    ),
}


def test_every_question_has_its_answer_and_every_stage_its_claim():
    assert CLAIMS.keys() == LESSON.keys() and RIGHT.keys() == {id for id, s in LESSON.items() if s.question}


@pytest.mark.parametrize("id", CLAIMS)
def test_what_a_stage_claims_holds(id):
    assert CLAIMS[id]()


@pytest.mark.parametrize("id", RIGHT)
def test_the_right_answer_is_right_for_every_seed(id):
    question = LESSON[id].question
    assert RIGHT[id] in question.options and {question.right(traces) for traces in over_seeds(id)} == {RIGHT[id]}


def values(stage):
    bound = stage.slider.bound if stage.slider else None
    return [None] if bound is None else sorted({bound.low, bound.default, bound.high})


@pytest.mark.parametrize("id", LESSON)
def test_a_sentence_is_well_formed_and_no_curve_leaves_the_picture(id):
    stage = LESSON[id]
    for value in values(stage):
        for traces in over_seeds(id, value)[:2]:
            text = stage.sentence(traces, value)
            assert not ILL_FORMED.search(bare(text)) and {word for word, _ in MARK.findall(text)} <= GLOSSARY.keys()
            picture = PICTURES[stage.picture](traces, value)
            if isinstance(picture, Network):
                continue
            low, high = picture["layout"]["yaxis2" if "yaxis2" in picture["layout"] else "yaxis"]["range"]
            for trace in picture["data"]:
                if "z" not in trace:
                    known = trace["y"][np.isfinite(trace["y"])]
                    assert ((low <= known) & (known <= high)).all(), (id, value, trace["name"], known.min())


@pytest.mark.parametrize("id", RIGHT)
def test_nothing_of_the_answer_is_drawn_before_the_guess(id):
    stage = LESSON[id]
    picture = closed(stage.picture, over_seeds(id)[0])
    if isinstance(picture, Network):
        assert picture.look["closed"] and all(
            np.isnan(array).all() for name, array in picture.numbers.items() if name.startswith("lane")
        )
        return
    assert go.Figure(picture)
    for trace in picture["data"]:
        assert np.isnan(trace["z"]).all() if "z" in trace else len(trace["x"]) <= (id == "7.6")
    assert not re.search(r"\d", str(picture["layout"]["meta"]["says"]))


def test_a_map_has_room_for_every_layer_that_the_slider_reaches():
    for id in ("7.2", "7.3", "7.4"):
        ends = {
            tuple(PICTURES[LESSON[id].picture](over_seeds(id, v)[0], v)["layout"]["yaxis"]["range"])
            for v in values(LESSON[id])
        }
        assert ends == {(0.5, 8.5)}
