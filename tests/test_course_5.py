"""Lesson 5: what its stages say of the cliff holds, at the start they are locked to and at those around it."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import plotly.graph_objects as go
import pytest
from test_wording import ILL_FORMED

from rnnviz import cliff
from rnnviz.course import STAGES, become, lesson_5
from rnnviz.course.lesson_5 import FREE, NORM, VALUE
from rnnviz.explain_cliff import fate
from rnnviz.figures.course import PICTURES, closed
from rnnviz.glossary import GLOSSARY, MARK, bare
from rnnviz.ui.state import CONTROLS

LESSON = {stage.id: stage for stage in lesson_5.STAGES}
RIGHT = {"5.2": "20,000 times", "5.3": "thrown out", "5.4": "0.0036", "5.6": "turns"}
AROUND = np.array([(w, b) for w in np.linspace(-0.02, 0.02, 5) for b in np.linspace(-0.02, 0.02, 5)])


@cache
def around(within=0.02):
    """Descents from the start of the lesson and those around it, as far as `within`."""
    near = AROUND[np.abs(AROUND).max(axis=1) <= within + 1e-9]
    return become([replace(lesson_5.START, w=lesson_5.START.w + w, b=lesson_5.START.b + b) for w, b in near])


@cache
def seen(id, value=None):
    stage = LESSON[id]
    return {label: become([setting])[0] for label, setting in stage.at(stage.value if value is None else value).items()}


def values(stage):
    bound = stage.slider.bound if stage.slider else None
    return (
        [None]
        if bound is None
        else sorted(
            {bound.low, bound.default, bound.high, *(bound.clamp(v) for v in np.linspace(bound.low, bound.high, 9))}
        )
    )


def test_every_question_has_its_answer():
    assert RIGHT.keys() == {id for id, stage in LESSON.items() if stage.question}
    for id, right in RIGHT.items():
        assert LESSON[id].question.right(seen(id)) == right and right in LESSON[id].question.options


def test_all_start_from_the_same_place_which_links_lead_to():
    for stage in LESSON.values():
        assert set(stage.networks.values()) == {lesson_5.START} and stage.at(stage.value) == stage.networks
        for where in filter(None, (stage.link and stage.link.settings, stage.settings)):
            at = [float(where[f"cliff_{name}"]) for name in ("w", "b", "rate", "threshold")]
            assert lesson_5.Downhill(*at) == lesson_5.START and all(
                CONTROLS[name].accepts(float(text)) for name, text in where.items()
            )


@pytest.mark.parametrize("w, least", [(4.8, 0.31), (5.0, 0.33), (5.2, 0.34)])
def test_the_error_jumps_at_the_wall(w, least):
    (descent,) = become([replace(lesson_5.START, w=w)])
    wall, before, after = lesson_5.width({"": descent})
    assert before - after > least and after < 0.03 and wall == pytest.approx(0.5 - w * 0.622459, abs=1e-5)
    on_wall, median = lesson_5.steepness(w)
    assert 3e3 < on_wall / median < 2e5


def test_one_update_throws_it_wherever_around_it_starts():
    """96 of 100 descents that are not clipped are lost after a jump, 96 of 100 clipped by norm end in the valley."""
    found = around()
    assert len(found) == 25
    lost = [d.error[-1, FREE] > 0.05 and d.rate * d.norm_before[:, FREE].max() > 1 for d in found]
    assert np.mean(lost) >= 0.95 and np.mean([fate(d, "none") == "thrown" for d in found]) >= 0.75
    assert np.mean([d.error[-1, NORM] < 0.01 for d in found]) >= 0.95
    assert 0.3 < np.mean([d.error[-1, VALUE] < 0.01 for d in found]) < 0.7, "by value: no claim"
    nearest = around(0.01)
    assert len(nearest) == 9 and all(d.error[-1, NORM] < 0.01 for d in nearest)


def test_the_step_that_throws():
    (descent,) = seen("5.3").values()
    n = lesson_5.longest(descent)
    steps = np.hypot(np.diff(descent.w[:, FREE]), np.diff(descent.b[:, FREE]))
    assert n == 41 and steps[n - 1] > 200 * np.median(steps[: n - 1]) and fate(descent, "none") == "thrown"
    assert descent.norm_before[n, FREE] < 1e-6, "no way back"


def test_a_step_is_the_product_of_the_digits_shown():
    (descent,) = seen("5.3").values()
    for update in range(61):
        said = LESSON["5.3"].sentence(seen("5.3"), update)
        rate, norm, step = map(float, re.search(r"(\d\S*) × (\d\S*) = (\d\S*)\.", said).groups())
        assert step == pytest.approx(rate * norm, rel=1e-9 if update < 20 else 1e-3)
        assert step == pytest.approx(rate * descent.norm_before[min(update, 40), FREE], rel=5e-3)


def test_what_is_bad_about_being_thrown():
    """The error is smaller than at the start; but no update moves it any more, and elsewhere it would be 0."""
    (descent,) = seen("5.3").values()
    said = LESSON["5.3"].sentence(seen("5.3"), 60)
    assert descent.error[60, FREE] < descent.error[0, FREE] and "never move again" in said and "error 0." in said
    assert np.ptp(descent.w[41:, FREE]) < 1e-7 and cliff.surface(81).error.min() < 1e-4


def test_the_rule_is_not_told_before_the_guess():
    before = str(closed("rule", seen("5.4")))
    assert "Multiply" not in before and "rule" not in before.lower().replace("ruled", "")
    assert "Multiply by threshold" in str(PICTURES["rule"](seen("5.4"), 41))


def test_what_is_written_on_the_map_is_dark_on_any_page():
    """The map is as light on a dark page; and the words are no wider than it is on a phone."""
    for id in ("5.3", "5.5"):
        (note,) = PICTURES[LESSON[id].picture](seen(id), 60)["layout"]["annotations"]
        assert note["font"]["color"] == "#333333" and max(map(len, bare(note["text"]).split("<br>"))) < 24
        assert "dark is high" in PICTURES[LESSON[id].picture](seen(id), 60)["layout"]["title"]["text"]


def test_what_clipping_did():
    (descent,) = seen("5.5").values()
    assert (descent.factor[:, NORM] < 1).all() and descent.turned[:, NORM].max() < 1e-4
    assert np.allclose(0.5 * descent.norm_after[:, NORM], 0.05) and fate(descent, "norm") == "valley"
    assert 20 < descent.turned[:, VALUE].max() < 30 and fate(descent, "value") == "under way"
    said = bare(LESSON["5.5"].sentence(seen("5.5"), 60))
    assert "ends in the valley" in said and "60 of 60 updates were shortened, none was turned" in said


def test_what_the_teachers_notes_say():
    """Nothing warns of the long step, the rule leaves what is short, and the first arrow is hardly turned."""
    (descent,) = seen("5.3").values()
    assert descent.norm_before[40, FREE] > 100 * descent.norm_before[39, FREE]
    assert "stays as it is" in LESSON["5.4"].sentence(seen("5.4"), 42)
    assert "turned by 0°, at most by 25°" in LESSON["5.6"].sentence(seen("5.6"), 1).replace("by value]]: ", "")
    assert np.isnan(cliff.wall(4.0)) and np.isfinite(cliff.wall(5.0))


def test_thresholds_at_both_ends():
    """In between it bounces on the wall, and nothing is claimed."""
    ends = {threshold: LESSON["5.7"].sentence(seen("5.7", np.log10(threshold)), None) for threshold in (0.01, 0.1, 50)}
    assert "not in the valley" in ends[0.01] and "60 of 60" in ends[0.01]
    assert "**in the valley**" in ends[0.1]
    assert "**thrown out**" in ends[50] and "0 of 60" in ends[50]
    assert LESSON["5.7"].at(1.0)["unit"].threshold == 10


@pytest.mark.parametrize("id", LESSON)
def test_sentences_are_well_formed_wherever_one_starts_and_looks(id):
    stage = LESSON[id]
    for value in values(stage):
        every = [{"unit": d} for d in around()[::5]] if stage.slider and not stage.slider.field else []
        for about in (seen(id, value), *every):
            said = stage.sentence(about, value)
            assert not ILL_FORMED.search(bare(said)) and "e+" not in said, said
            assert {word for word, _ in MARK.findall(said)} <= GLOSSARY.keys()


@pytest.mark.parametrize("id", LESSON)
def test_pictures_stand_still_while_the_slider_moves(id):
    """The axes of all values are the same, and what is drawn at each has the same curves."""
    stage = LESSON[id]
    drawn = [PICTURES[stage.picture](seen(id, value), value) for value in values(stage)]
    for picture in drawn:
        go.Figure(picture)
        assert [t["name"] for t in picture["data"]] == [t["name"] for t in drawn[0]["data"]]
        for axis in ("xaxis", "yaxis"):
            assert picture["layout"][axis]["range"] == drawn[0]["layout"][axis]["range"]


@pytest.mark.parametrize("id, update", [("5.3", 0), ("5.3", 17), ("5.5", 60)])
def test_balls_are_where_the_descents_are(id, update):
    (descent,) = seen(id).values()
    traces = {t["name"]: t for t in PICTURES[LESSON[id].picture](seen(id), update)["data"]}
    for method in ("none", "norm")[: 1 + (id == "5.5")]:
        k, name = cliff.METHODS.index(method), cliff.NAMES[method]
        np.testing.assert_array_equal(traces[name]["x"], descent.w[: update + 1, k])
        assert traces[f"{name}, now"]["y"][0] == descent.b[update, k]
        assert len(traces[f"{name}, length"]["x"]) == min(update + 1, 60)


def test_the_landscape_hides_what_is_behind():
    """Cuts come from far to near, each from left to right, none below the picture's edge, however it is turned."""
    for turn in (-45, 0, 20, 45):
        picture = PICTURES["relief"](seen("5.2"), turn)
        cuts = [t for t in picture["data"] if t.get("fill")]
        assert len(cuts) > 20 and all((np.diff(t["x"]) > 0).all() for t in cuts)
        assert min(np.min(t["y"]) for t in cuts) > 0
        assert max(np.max(t["y"]) for t in cuts) < picture["layout"]["yaxis"]["range"][1]
        assert np.mean(cuts[0]["y"]) > np.mean(cuts[-1]["y"])


@pytest.mark.parametrize("id", RIGHT)
def test_nothing_of_the_answer_is_drawn_before_the_guess(id):
    before, after = closed(LESSON[id].picture, seen(id)), PICTURES[LESSON[id].picture](seen(id), LESSON[id].value)
    go.Figure(before)
    names = {t["name"] for t in before["data"]}
    if id == "5.2":
        assert before["layout"]["annotations"] and "779" not in str(before["layout"])
    elif id == "5.3":
        assert all(len(t["x"]) == 1 for t in before["data"] if "not clipped" in t["name"])
    else:
        assert names < {t["name"] for t in after["data"]} and not any("after" in n or "by value" in n for n in names)
        assert "0.0036" not in str(before["layout"])


def test_the_lesson_is_where_its_stages_are():
    assert all(STAGES[id] is stage for id, stage in LESSON.items()) and len(LESSON) == 8
