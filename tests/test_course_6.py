"""Lesson 6: its stages are the trained pairs of the presets; what they say of runs, finished or not, is so."""

from dataclasses import replace
from functools import cache

import numpy as np
import plotly.graph_objects as go
import pytest
from test_wording import ILL_FORMED

from rnnviz import Training
from rnnviz.course import STAGES, lesson_6
from rnnviz.figures.course import PICTURES, closed
from rnnviz.glossary import GLOSSARY, MARK, bare
from rnnviz.presets import TRAINING_PRESETS
from rnnviz.ui.training_controls import settings

LESSON = {stage.id: stage for stage in lesson_6.STAGES}
TRAINED = {
    "6.3": "Clipped or not",
    "6.4": "Threshold 1 or 0.002",
    "6.5": "By norm or by value",
    "6.6": "RNN against LSTM",
    "6.7": "Half open or open",
    "6.8": "Clipped or not",
}
"""Stage -> preset, whose pair is trained elsewhere and held to what is said of it."""

SMALL = dict(hidden_size=4, networks=3, sequences=2)


def test_the_pairs_are_those_of_the_presets():
    by_name = {preset.name: settings(preset.values)[:2] for preset in TRAINING_PRESETS}
    assert TRAINED.keys() | {"6.1", "6.2"} == LESSON.keys() and set(TRAINED.values()) == set(by_name)
    for id, name in TRAINED.items():
        assert set(LESSON[id].networks.values()) == set(by_name[name]), id


def test_before_learning_answers_are_guesses():
    for seed in (0, 8, 16):
        run = Training(replace(lesson_6.LEARNS, seed=seed, networks=8))
        assert ((run.tests["accuracy"][0] > 0.1) & (run.tests["accuracy"][0] < 0.45)).all()
        assert LESSON["6.1"].question.right({"": run}) == "25 %"


@pytest.mark.parametrize("seed", [0, 8, 16])
def test_every_network_learns(seed):
    """One of the 24 loses it again near the end."""
    run = Training(replace(lesson_6.LEARNS, seed=seed, networks=8))
    while not run.finished:
        run.update()
    assert (run.solved_at > 0).all() and run.solved().sum() >= 7
    answers = run.tests["accuracy"].mean(axis=1)
    assert answers[0] < 0.4 and answers[list(run.tested).index(100)] > 0.7, "most of them right"
    said = LESSON["6.2"].sentence({"RNN": run}, 600)
    assert f"{run.solved().sum()} of 8 networks" in said and f"the first after {run.solved_at.min()} updates" in said


def test_how_far_back_the_first_mark_lies():
    training = Training(lesson_6.OPEN)
    read = [training.probe(0, True, k).x[:, 0] for k in range(training.held_out_sequences)]
    assert {len(x) for x in read} == {40} and max(40 - np.argmax(x.argmax(axis=-1) >= 4) - 1 for x in read) == 35
    assert "up to 35 of 40 steps" in LESSON["6.6"].question.text


@cache
def run(config, made):
    training = Training(replace(config, updates=60, **SMALL))
    for _ in range(made):
        training.update()
    return training


def pair(id, made=60):
    """Both runs of a stage, small and short."""
    return {label: run(config, made) for label, config in LESSON[id].networks.items()}


def ended(id, *shares):
    """Both runs, as if so many of their networks had solved the task, which they did after 40 updates."""
    out = {}
    for (label, config), share in zip(LESSON[id].networks.items(), shares):
        training = out[label] = Training(replace(config, updates=40, **SMALL))
        while not training.finished:
            training.update()
        training.tests["accuracy"][-1] = np.arange(3) < share
        training.solved_at = np.where(np.arange(3) < share, 40, -1)
    return out


@pytest.mark.parametrize(
    "id, shares, right",
    [
        ("6.3", (0, 3), "never learns"),
        ("6.3", (3, 3), "learns as well"),
        ("6.4", (3, 0), "slower"),
        ("6.4", (3, 3), "as fast, and safer"),
        ("6.6", (0, 3), "only the LSTM"),
        ("6.6", (3, 3), "both"),
        ("6.6", (2, 0), "only the RNN"),
        ("6.7", (0, 3), "all or nothing"),
        ("6.7", (2, 2), "no"),
        ("6.7", (1, 3), "a little"),
    ],
)
def test_answers_are_those_of_the_runs(id, shares, right):
    about = ended(id, *shares)
    assert LESSON[id].question.right(about) == right and right in LESSON[id].question.options
    said = LESSON[id].sentence(about, LESSON[id].value)
    assert f"{shares[0]} of 3" in said
    assert ("cannot bring back" in said or "must be open" in said) == (shares == (0, 3) and id in ("6.6", "6.7"))


@pytest.mark.parametrize("id", LESSON)
@pytest.mark.parametrize("made", [0, 1, 35, 60])
def test_sentences_are_well_formed_however_far_a_run_is(id, made):
    stage, about = LESSON[id], pair(id, made)
    values = [None] if stage.trains else [1, 17, 40]
    if stage.trains and made == 60 and stage.slider:
        values += [stage.slider.bound.low, 20, 60 if id != "6.3" else 7]
    for value in values:
        said = stage.sentence(about, value)
        assert not ILL_FORMED.search(bare(said)) and "e+" not in said, said
        assert {word for word, _ in MARK.findall(said)} <= GLOSSARY.keys()
        go.Figure(PICTURES[stage.picture](about, value))
    if stage.question:
        assert stage.question.right(about) in stage.question.options


@pytest.mark.parametrize("id", ["6.3", "6.4", "6.5", "6.6", "6.7"])
def test_a_run_that_others_have_ended_does_not_tell_the_end_of_the_one_beside_it(id):
    """Two stages share a run: what is counted is the one that is behind."""
    (one, first), (two, second) = LESSON[id].networks.items()
    about = {one: run(first, 60), two: run(second, 35)}
    said = LESSON[id].sentence(about, None)
    assert about[one].finished and lesson_6.so_far(about) == 35 and "so far" in said
    assert id == "6.3" or "After 35 updates" in said
    done = pair(id)
    assert lesson_6.so_far(done) == 60 and "so far" not in LESSON[id].sentence(done, None)


def test_the_explosion_is_where_the_slider_stands():
    """Seed 0: the second gradient of the run that is not clipped is the largest, and stands out in the picture."""
    stage = LESSON["6.3"]
    about = {label: Training(replace(config, updates=30)) for label, config in stage.networks.items()}
    for training in about.values():
        while not training.finished:
            training.update()
    free = about["not clipped"]
    assert (free.norms.argmax(axis=0) == 1).all() and stage.value == 2
    assert (free.norms.max(axis=0) > 100 * np.median(free.norms, axis=0)).all()
    said = stage.sentence(about, 2)
    times = (free.norms[1] / np.median(free.norms, axis=0)).max()
    assert f"at update 2 a gradient is {times / 10 ** int(np.log10(times)):.1f} · 10" in said
    picture = PICTURES["explosion"](about, 2)
    for line in [t for t in picture["data"] if t["name"] in ("not clipped", "not clipped, later")]:
        assert np.isclose(line["x"][np.nanargmax(line["y"])], np.log10(2))
    for trace in picture["data"]:
        low, high = picture["layout"][trace["yaxis"].replace("y", "yaxis")]["range"]
        assert np.nanmin(trace["y"]) > low and np.nanmax(trace["y"]) < high


@pytest.mark.parametrize("id", [id for id in LESSON if id != "6.1"])
def test_a_line_is_a_network_up_to_where_the_slider_stands(id):
    about, picture = pair(id), PICTURES[LESSON[id].picture]
    names = [t["name"] for t in picture(about, None)["data"]]
    for update in (1, 40, 60):
        drawn = picture(about, update)
        assert [t["name"] for t in drawn["data"]] == names
        lines = {t["name"]: t for t in drawn["data"]}
        for label in about:
            one, later = lines[label], lines[f"{label}, later"]
            assert np.isnan(one["x"]).sum() == np.isnan(later["x"]).sum() == 3
            at = np.log10(update) if LESSON[id].picture == "explosion" else update
            assert np.nanmax(one["x"], initial=0) <= at + 1e-9 and (update == 60) == (len(later["x"]) == 6)
    (_, first, *_), training = picture(about, 60)["data"], next(iter(about.values()))
    if LESSON[id].picture == "learning":
        np.testing.assert_allclose(first["y"][: len(training.tested)], np.log10(training.tests["loss"][:, 0]))


def test_the_sequence_is_one_that_was_held_out():
    about = pair("6.1", 0)
    (training,) = about.values()
    for which in (1, 9):
        picture = PICTURES["sequence"](about, which)
        letters = [note["text"].removeprefix("<b>")[0] for note in picture["layout"]["annotations"][:20]]
        marks = [letter for letter in letters if letter in "XY"]
        x = training.probe(0, True, which - 1).x[:, 0]
        assert letters == ["abcdXY"[k] for k in x.argmax(axis=-1)] and len(marks) == 2
        assert f"{marks[0]}, then {marks[1]}" in picture["layout"]["annotations"][-1]["text"]
        assert {t["name"]: len(t["x"]) for t in picture["data"]} == {s: marks.count(s) for s in "XY"}


@pytest.mark.parametrize("id", [id for id, stage in LESSON.items() if stage.question and stage.trains])
def test_nothing_of_a_run_is_drawn_before_the_guess(id):
    """Others may have trained it already."""
    before = [closed(LESSON[id].picture, pair(id, made)) for made in (0, 60)]
    assert all(len(t["x"]) == 0 for picture in before for t in picture["data"])
    assert before[0]["layout"] == before[1]["layout"]
    go.Figure(before[1])


def test_the_lesson_is_where_its_stages_are():
    assert all(STAGES[id] is stage for id, stage in LESSON.items())
    assert {id for id, stage in LESSON.items() if stage.trains} == LESSON.keys() - {"6.1"}
