"""The lessons without a browser: the way through them, guesses, and what a teacher switches."""

import json

import pytest
from opened import opened, said, sentences, sound

from rnnviz.course import LESSONS, STAGES
from rnnviz.glossary import MARK

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
    assert page.title[0].value == stage.title and f"{stage.notes.minutes} min." in said(page)
    assert page.session_state["stage"] == id
    if stage.question:
        assert stage.question.text in said(page) and {"rnnviz.live", "rnnviz.films"}.isdisjoint(components(page))
        assert f"sentence-{id}" not in sentences(page), "nothing of the answer is there yet"
    else:
        assert f"sentence-{id}" in sentences(page)
    listed = " ".join(text for name, text in sentences(page).items() if name.startswith("how-words"))
    assert tuple(word for word, _ in MARK.findall(listed)) == stage.words


@pytest.mark.parametrize("id", [id for id, stage in STAGES.items() if stage.question])
def test_the_answer_is_marked_where_the_guess_was_made(id):
    question = STAGES[id].question
    for guess in question.options:
        page = opened(PAGE, stage=id)
        sound(page.button_group(key=f"ask-{id}").select(guess).run())
        answer = sentences(page)[f"answer-{id}"]
        right = answer.split("**")[1]
        assert right in question.options and (": right." in answer) == (guess == right) and guess in answer
        assert f"sentence-{id}" in sentences(page) and ("rnnviz.live" in components(page)) == bool(STAGES[id].slider)
        assert [b.key for b in page.button_group] == []


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


@pytest.mark.parametrize("id", ["1.7", "2.7"])
def test_the_last_stage_leads_to_the_page_with_its_settings(id):
    page = opened(PAGE, stage=id, predict="false")
    links = {link.proto.label: link.proto for link in page.get("page_link")}
    link = links["**Open it with these settings**"]
    asked = dict(part.split("=") for part in link.query_string.split("&"))
    assert asked.pop("stage") == id and asked.pop("predict") == "false" and asked == STAGES[id].settings
    page = opened("pages/gradient_flow.py", **asked)
    drawn = json.loads(json.dumps({name: str(page.session_state[name]) for name in asked}))
    assert "ignored" not in said(page) and drawn["steps"] == "31"


def test_a_stage_that_is_none_is_said():
    page = opened(PAGE, stage="9.9")
    assert "stage=9.9" in said(page) and page.title[0].value == STAGES["1.1"].title


def test_start_leads_to_the_first_stage_of_every_lesson():
    page = opened("app.py", predict="false", gain="3")
    links = [link.proto.query_string for link in page.get("page_link") if "stage" in link.proto.query_string]
    firsts = [stages[0].id for stages in LESSONS.values()]
    assert links == [f"predict=false&stage={id}" for id in (firsts[0], *firsts)]
