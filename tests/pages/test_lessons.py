"""The lessons without a browser: the way through them, guesses, and what a teacher switches."""

import json
from dataclasses import replace

import pytest
import streamlit as st
from opened import opened, said, sentences, sound

from rnnviz.course import LESSONS, STAGES
from rnnviz.glossary import MARK
from rnnviz.ui import runs
from rnnviz.ui import stage as module

PAGE = "pages/lessons.py"


def components(page):
    """Names of the components on the page."""
    return {e.proto.component_name for e in page.get("bidi_component")}


def button(page, label):
    return next(b for b in page.button if b.label == label)


def test_next_goes_through_every_stage_and_back():
    page = opened(PAGE, predict="false")
    seen = []
    for _ in STAGES:
        seen.append(page.title[0].value)
        if not button(page, "Next").disabled:
            sound(button(page, "Next").click().run())
    assert seen == [stage.title for stage in STAGES.values()]
    assert button(page, "Next").disabled and len(page.session_state["stages_seen"]) == len(STAGES)
    sound(button(page, "Back").click().run())
    assert page.title[0].value == list(STAGES.values())[-2].title
    assert button(opened(PAGE), "Back").disabled


@pytest.mark.parametrize("id", STAGES)
def test_a_stage_is_in_the_address(id):
    page = opened(PAGE, stage=id, notes="true")
    stage = STAGES[id]
    assert page.title[0].value == stage.title
    assert (f"{stage.notes.minutes} min." in said(page)) == (not stage.question), "the notes tell the answer"
    assert page.session_state["stage"] == id
    if stage.question:
        assert stage.question.text in said(page) and {"rnnviz.live", "rnnviz.films"}.isdisjoint(components(page))
        assert f"sentence-{id}" not in sentences(page), "nothing of the answer is there yet"
    else:
        assert f"sentence-{id}" in sentences(page)
    listed = " ".join(text for name, text in sentences(page).items() if name.startswith("how-words"))
    assert tuple(word for word, _ in MARK.findall(listed)) == stage.words


@pytest.mark.parametrize("id", [id for id, stage in STAGES.items() if stage.question and not stage.trains])
def test_the_answer_is_marked_where_the_guess_was_made(id):
    question = STAGES[id].question
    for guess in question.options:
        at = {f"at_{id}": f"{STAGES[id].slider.bound.high:g}"} if STAGES[id].slider and STAGES[id].slider.play else {}
        page = opened(PAGE, stage=id, **at)
        sound(page.button_group(key=f"ask-{id}").select(guess).run())
        answer = sentences(page)[f"answer-{id}"]
        right = answer.split("**")[1]
        assert right in question.options and (": right." in answer) == (guess == right) and guess in answer
        assert f"sentence-{id}" in sentences(page) and ("rnnviz.live" in components(page)) == bool(STAGES[id].slider)
        assert [b.key for b in page.button_group] == []


def test_what_is_played_is_not_told_before():
    page = opened(PAGE, stage="5.3")
    sound(page.button_group(key="ask-5.3").select("in the valley").run())
    answer = sentences(page)["answer-5.3"]
    assert answer.endswith("You said “in the valley”. **Play** and see.") and "thrown" not in answer


def test_next_shows_the_answer_before_it_goes_on():
    page = opened(PAGE, stage="1.3", notes="true")
    sound(button(page, "Next").click().run())
    assert page.session_state["stage"] == "1.3" and "Answer: **3.5 %**" in sentences(page)["answer-1.3"]
    assert "They ask" in said(page)
    sound(button(page, "Next").click().run())
    assert page.session_state["stage"] == "1.4"


def test_a_guess_is_kept_while_one_goes_on_and_back():
    page = opened(PAGE, stage="1.3")
    sound(page.button_group(key="ask-1.3").select("20 %").run())
    sound(button(page, "Next").click().run())
    assert page.button_group(key="ask-1.4")
    sound(button(page, "Back").click().run())
    assert "You said “20 %”; it is **3.5 %**." in sentences(page)["answer-1.3"]


def test_just_show_me():
    page = opened(PAGE, stage="1.5")
    sound(button(page, "Just show me").click().run())
    assert "Answer: **a ten-billionth**." in sentences(page)["answer-1.5"]


def test_start_over_leaves_what_a_teacher_has_switched():
    page = opened(PAGE, stage="1.4", predict="false", notes="true", gain="3")
    sound(button(page, "Start over").click().run())
    assert page.session_state["predict"] is False and page.session_state["notes"] is True
    assert page.session_state["stage"] == "1.1" and page.session_state["gain"] == 1


@pytest.mark.parametrize("id", ["1.7", "2.7", "3.7", "4.8", "7.8"])
def test_the_last_stage_leads_to_the_page_with_its_settings(id):
    page = opened(PAGE, stage=id, predict="false")
    links = {link.proto.label: link.proto for link in page.get("page_link")}
    link = links["**Open it with these settings**"]
    asked = dict(part.split("=") for part in link.query_string.split("&"))
    assert asked.pop("stage") == id and asked.pop("predict") == "false" and asked == STAGES[id].settings
    page = opened(f"pages/{STAGES[id].page}.py", **asked)
    drawn = json.loads(json.dumps({name: str(page.session_state[name]) for name in asked}))
    assert "ignored" not in said(page) and drawn["steps"] == asked["steps"]


def test_a_stage_that_is_none_is_said():
    page = opened(PAGE, stage="9.9")
    assert "stage=9.9" in said(page) and page.title[0].value == STAGES["1.1"].title


def test_start_leads_to_the_first_stage_of_every_lesson():
    page = opened("app.py", predict="false", gain="3")
    links = [link.proto.query_string for link in page.get("page_link") if "stage" in link.proto.query_string]
    firsts = [stages[0].id for stages in LESSONS.values()]
    assert links == [f"predict=false&stage={id}" for id in (firsts[0], *firsts)]


# ---- stages that train ---------------------------------------------------------------------------------------------


@pytest.fixture
def short(monkeypatch):
    """Stage 6.3 with runs so short that a few slices, of an update each, end them."""
    monkeypatch.setattr(runs, "SLICE", 0.0)
    networks = STAGES["6.3"].networks
    for label, config in networks.items():
        monkeypatch.setitem(networks, label, replace(config, updates=10, networks=2, hidden_size=3, sequences=2))
    module._kept.cache_clear()
    yield
    module._kept.cache_clear()


def bar(page):
    return [b.proto.text for b in page.get("progress")]


def test_a_run_waits_for_the_guess_and_goes_on_slice_by_slice(short):
    page = opened(PAGE, stage="6.3")
    assert not bar(page) and "sentence-6.3" not in sentences(page)
    sound(page.button_group(key="ask-6.3").select("learns faster").run())
    assert bar(page) == ["Update 1 of 10"] and "rnnviz.live" not in components(page)
    assert "You said “learns faster”. The runs will tell." in sentences(page)["answer-6.3"]
    while bar(page):
        assert "**" not in sentences(page)["answer-6.3"]
        sound(page.run())
    assert "You said “learns faster”; it is **" in sentences(page)["answer-6.3"]
    assert {"rnnviz.live", "rnnviz.films"} <= components(page) and "at update 2" in sentences(page)["sentence-6.3"]


def test_a_run_can_be_stopped_and_goes_on_for_another_who_looks_at_it(short):
    one, other = opened(PAGE, stage="6.3", predict="false"), opened(PAGE, stage="6.3", predict="false")
    assert (bar(one), bar(other)) == (["Update 1 of 10"], ["Update 2 of 10"]), "one run for both"
    sound(button(one, "Stop").click().run())
    sound(one.run())
    assert bar(one) == ["Update 2 of 10, stopped"]
    while bar(other):
        sound(other.run())
    sound(one.run())
    assert not bar(one) and "rnnviz.live" in components(one), "what others have trained is there"


def test_the_bar_follows_the_run_that_is_behind(short):
    first, second = module.found(STAGES["6.3"].networks).values()
    for _ in range(5):
        first.update()
    page = opened(PAGE, stage="6.3", predict="false")
    assert second.updates < 5 and bar(page) == [f"Update {second.updates} of 10"]
    assert "so far" in sentences(page)["sentence-6.3"]


def test_stop_and_go_on(short):
    page = opened(PAGE, stage="6.3", predict="false")
    sound(button(page, "Stop").click().run())
    sound(button(page, "Go on").click().run())
    assert bar(page) == ["Update 2 of 10"] and button(page, "Stop")


def test_a_page_that_waits_for_another_ones_slice_shows_how_far_that_is(short, monkeypatch):
    monkeypatch.setattr(runs, "WAIT", 0.01)
    with runs._at_work:
        page = opened(PAGE, stage="6.3", predict="false")
    assert bar(page) == ["Update 0 of 10"] and "sentence-6.3" in sentences(page)


def test_a_tab_that_closes_lets_the_others_work(short, monkeypatch):
    class Closing:
        def in_turn(self, step, seconds, waiting):
            st.stop()

    monkeypatch.setattr(runs, "gate", Closing())
    opened(PAGE, stage="6.3", predict="false")
    assert not runs._at_work.locked() and not runs.at_rest.locked()
