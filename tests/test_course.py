"""The lessons: what each stage says and asks holds over seeds, wherever its slider stands."""

from dataclasses import replace
from functools import cache

import numpy as np
import plotly.graph_objects as go
import pytest
from test_wording import ILL_FORMED

from rnnviz import Config, record, record_many
from rnnviz.course import LESSONS, STAGES, START, become
from rnnviz.engine.record import record_each
from rnnviz.explain import changed
from rnnviz.figures.course import PICTURES, bars, closed
from rnnviz.glossary import GLOSSARY, MARK, bare

SEEDS = range(24)

RECORDED = {id: stage for id, stage in STAGES.items() if isinstance(next(iter(stage.networks.values())), Config)}
"""Stages about recordings."""


def left(stage, label, value=None):
    """log10 of what is left at step 1 by what enters at the last, one a seed."""
    config = stage.at(stage.value if value is None else value)[label]
    r = record_many([replace(config, seed=seed) for seed in SEEDS])
    return r.log10_dh[0] - r.log10_dh[-1]


@cache
def over_seeds(stage, value):
    """label -> `Recording` for every seed."""
    found = {label: record_each([replace(config, seed=seed) for seed in SEEDS])
             for label, config in stage.at(value).items()}
    return [{label: each[k] for label, each in found.items()} for k in range(len(SEEDS))]


# ---- start ---------------------------------------------------------------------------------------------------------


def test_start_shows_one_of_each_fate():
    moved, exploding, lstm = START.networks
    assert (left(START, moved) < -12.04).all() and (left(START, exploding) > 2).all()
    assert (np.abs(left(START, lstm)) < 2).all()


def test_the_first_curve_of_start_goes_from_one_fate_to_the_other():
    low, high = START.slider.bound.low, START.slider.bound.high
    assert START.value == low
    moved, exploding, _ = START.networks
    np.testing.assert_array_equal(left(START, moved, high), left(START, exploding))


@pytest.mark.parametrize("value", [0.5, 4.0])
def test_the_sentence_of_start_has_the_verbs_of_its_title(value):
    for recordings in over_seeds(START, value):
        said = bare(START.sentence(recordings, value))
        assert said.startswith("An error sent back 40 steps. **RNN, gain")
        assert said.count("vanishes") == (value < 1) and said.count("survives") == 1
        assert said.count("explodes") == 1 + (value > 1)


# ---- lessons 1 and 2: every claim ----------------------------------------------------------------------------------


def at(id, label=None, value=None):
    """log10 of what is left in a stage's network, one a seed."""
    stage = STAGES[id]
    return left(stage, label or next(iter(stage.networks)), value)


def within(values, low, high=np.inf):
    return bool(((values >= low) & (values <= high)).all())


CLAIMS = {
    "1.1": lambda: np.allclose(at("1.1", "0.9"), 50 * np.log10(0.9), atol=1e-10)
    and np.allclose(at("1.1", "1.1"), 50 * np.log10(1.1), atol=1e-10),
    "1.2": lambda: all(np.abs(np.diff(r["factor"].log10_dh, 2)).max() < 1e-12
                       for v in (0.5, 0.9, 1.5) for r in over_seeds(STAGES["1.2"], v)),
    "1.3": lambda: within(at("1.3"), 15 * np.log10(0.8) - 1e-9, 15 * np.log10(0.8) + 1e-9),
    "1.4": lambda: within(at("1.4"), -np.inf, -6)
    and all(r["RNN"].slope[1:].mean() < 0.5 for r in over_seeds(STAGES["1.4"], 2.0)),
    "1.5": lambda: within(at("1.5"), -np.inf, 30 * np.log10(0.5)) and within(at("1.5"), 30 * np.log10(0.4)),
    "1.6": lambda: within(at("1.6"), 2) and within(at("1.6"), 30 * np.log10(1.15)),
    "1.7": lambda: True,
    "2.1": lambda: within(at("2.1"), -np.inf, -7),
    "2.2": lambda: within(at("2.2", "LSTM") - at("2.2", "GRU"), 1) and within(at("2.2", "GRU") - at("2.2", "RNN"), 0.5)
    and within(at("2.2", "LSTM"), -np.inf, -3),
    "2.3": lambda: within(at("2.3"), -np.inf, -6) and within(at("2.3", value=3.0) - at("2.3"), 5)
    and within(at("2.3", value=5.0), -2.5, 0),
    "2.4": lambda: within(at("2.4"), -0.4, 0) and within(at("2.4", value=0.0), -np.inf, -5),
    "2.5": lambda: within(np.abs(at("2.5", "RNN") - at("2.5", "RNN", 0.3)), 10)
    and all(within(np.abs(at("2.5", cell) - at("2.5", cell, 0.3)), 0, 2.5) for cell in ("LSTM", "GRU")),
    "2.6": lambda: within(at("2.6"), 3),
    "2.7": lambda: within(left(STAGES["2.1"], "RNN"), -np.inf, -7),
}
"""Stage -> what its title, its teacher's notes and its sentence rest on."""

RIGHT = {"1.1": "117", "1.3": "3.5 %", "1.4": "it vanishes", "1.5": "a ten-billionth", "1.6": "rise",
         "2.2": "all three", "2.3": "a billionth", "2.5": "RNN", "2.6": "yes"}


def test_every_stage_has_its_claim():
    assert CLAIMS.keys() == RECORDED.keys() and RIGHT.keys() == {id for id, s in RECORDED.items() if s.question}


@pytest.mark.parametrize("id", CLAIMS)
def test_what_a_stage_claims_holds(id):
    assert CLAIMS[id]()


@pytest.mark.parametrize("id", RIGHT)
def test_the_right_answer_is_right_for_every_seed(id):
    stage = STAGES[id]
    assert RIGHT[id] in stage.question.options
    assert {stage.question.right(r) for r in over_seeds(stage, stage.value)} == {RIGHT[id]}


def spread(stage):
    """A few values of a stage's slider, both ends and its own among them."""
    if not stage.slider:
        return [None]
    bound = stage.slider.bound
    return sorted({bound.low, bound.default, bound.high, bound.clamp(round(0.6 * bound.low + 0.4 * bound.high, 1))})


@pytest.mark.parametrize("id", RECORDED)
def test_a_sentence_says_what_its_recordings_are(id):
    """The verb is that of the number, and the sentence well formed, wherever the slider stands."""
    stage = STAGES[id]
    for value in spread(stage):
        moving = bool(stage.slider and stage.slider.field)
        for recordings in over_seeds(stage, value if moving else stage.value)[: 24 if id != "2.6" else 6]:
            text = stage.sentence(recordings, value)
            said = bare(text)
            assert not ILL_FORMED.search(said), said
            assert set(word for word, _ in MARK.findall(text)) <= GLOSSARY.keys()
            if "it **" in said:
                (recording,) = recordings.values()
                change = recording.log10_dh[0] - recording.log10_dh[-1]
                verb = "vanishes" if change < -3 else "explodes" if change > 2 else "arrives"
                assert f"it **{verb}**" in said


def test_two_times_slope_below_one_shrinks():
    for value in (0.5, 1.0, 2.0, 3.0):
        for r in over_seeds(STAGES["1.4"], value):
            said = STAGES["1.4"].sentence(r, value)
            assert " not below 1" in said or r["RNN"].log10_dh[0] < r["RNN"].log10_dh[-1]


def test_all_vanish_at_2_2():
    for r in over_seeds(STAGES["2.2"], None):
        said = STAGES["2.2"].sentence(r, None)
        assert said.index("RNN") < said.index("GRU") < said.index("LSTM")


# ---- their form ----------------------------------------------------------------------------------------------------


def test_lessons_are_numbered_in_order():
    ids = [stage.id for stages in LESSONS.values() for stage in stages]
    numbers = [stages[0].id.split(".")[0] for stages in LESSONS.values()]
    assert ids == [f"{number}.{k}" for number, stages in zip(numbers, LESSONS.values())
                   for k in range(1, len(stages) + 1)] and numbers == sorted(numbers)
    assert all([bool(s.page) for s in stages] == [False] * (len(stages) - 1) + [True] for stages in LESSONS.values())


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_a_stage_is_short_and_whole(stage):
    recordings = {label: become([setting])[0] for label, setting in stage.networks.items()}
    said = bare(stage.sentence(recordings, stage.value))
    asked = [stage.question.text, *stage.question.options] if stage.question else []
    label = stage.slider.label if stage.slider else ""
    assert len(" ".join([stage.title, *asked, label, said]).split()) <= 60
    assert set(stage.words) <= GLOSSARY.keys() and stage.picture in PICTURES and stage.notes.minutes > 0
    assert stage.at(stage.value) == stage.networks
    if stage.slider:
        bound = stage.slider.bound
        assert bound.accepts(bound.default) and bound.low < bound.high
    go.Figure(PICTURES[stage.picture](recordings, stage.value))


@pytest.mark.parametrize("id", [id for id, stage in RECORDED.items() if stage.slider])
def test_no_curve_leaves_the_picture(id):
    """Wherever the slider stands, but for the plain axis, which shows that it cannot hold it."""
    stage = STAGES[id]
    for value in spread(stage):
        picture = PICTURES[stage.picture]({label: record(c) for label, c in stage.at(value).items()}, value)
        for trace in picture["data"]:
            low, high = picture["layout"][trace.get("yaxis", "y").replace("y", "yaxis")]["range"]
            assert trace["name"] == "plain axis" or within(np.array(trace["y"]), low, high), trace["name"]


@pytest.mark.parametrize("id", RIGHT)
def test_nothing_of_the_answer_is_drawn_before_the_guess(id):
    stage = STAGES[id]
    recordings = {label: record(config) for label, config in stage.networks.items()}
    before = closed(stage.picture, recordings)
    go.Figure(before)
    for trace, r in zip(before["data"], recordings.values(), strict=True):
        assert set(np.round(trace["x"])) <= {0.0, r.steps}, "one step alone"
    assert not any(str(number) in str(before["layout"]["meta"]) for number in ("10^", "step 1."))


def test_bars_are_as_high_as_what_is_left():
    recordings = {label: record(config) for label, config in STAGES["1.1"].networks.items()}
    low, high = bars(recordings, 7)["data"]
    assert max(low["y"]) == 1 and np.isclose(max(high["y"]), 1.1**7) and np.isclose(low["y"][-2], 0.9**7)
    assert np.isclose(max(low["x"]), 7.4)


def test_what_the_teachers_notes_say_of_the_network_on_the_screen():
    """Seed 0: near gain 1.25 the curve of 1.6 and 1.7 is level, and gain 3 beats gain 4."""
    at_gain = {gain: changed(record(STAGES["1.6"].at(gain)["RNN"]))[0] for gain in (1.25, 3.0, 4.0)}
    assert abs(at_gain[1.25]) < 0.5 and at_gain[3.0] > at_gain[4.0] > 2
