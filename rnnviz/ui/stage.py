"""A stage on the screen: its question, its slider, its picture and its sentence, alive together."""

from threading import Lock

import streamlit as st
from cachetools import LRUCache, cached

from ..config import Config
from ..course import LESSONS, STAGES, become
from ..course.found import finished
from ..figures.course import PICTURES, closed
from ..figures.unrolled import Network
from . import films, live, runs, state
from .page import alive
from .plot import plot
from .pulse import pulse
from .recorded import recorded
from .unrolled import moving, network
from .words import words

KEPT = 64
"""Descents and trainings that are kept for all sessions together; the lessons have fewer."""


@cached(LRUCache(KEPT), lock=Lock())
def _kept(setting):
    return become([setting])[0]


def found(settings):
    """label -> what the settings of a stage become; a training is one and the same for all who look at it."""
    return {
        label: recorded({label: setting})[label] if isinstance(setting, Config) else _kept(setting)
        for label, setting in settings.items()
    }


def scene(stage, about, value):
    """Everything of a stage that what it is about decides, by name."""
    return {
        f"picture-{stage.id}": PICTURES[stage.picture](about, value),
        f"sentence-{stage.id}": stage.sentence(about, value),
    }


def film(stage, value):
    """The `Film` of a stage's slider: all networks of a few values are recorded, or descend, in one pass."""

    def scenes(values):
        every = [stage.at(v) for v in values]
        about = {}
        for label, setting in stage.networks.items():
            moved = [settings[label] for settings in every]
            still = all(s == setting for s in moved)
            about[label] = [found({label: setting})[label]] * len(values) if still else become(moved)
        return [
            moving(scene(stage, {label: each[k] for label, each in about.items()}, v)) for k, v in enumerate(values)
        ]

    return films.Film(stage.control, stage.slider.bound, value, scenes, ("stage", stage.id))


def live_stage(stage, how_to_read):
    """Slider, picture and sentence of a stage, which follow one another. Returns its `Film`s, see `page.alive`."""
    value, slider = None, stage.slider
    if slider:
        value = live.live_slider(
            stage.control, slider.label, state.CONTROLS[stage.control], play=slider.play, powers=slider.powers
        )
    draw(stage, scene(stage, found(stage.at(value)), value), how_to_read)
    return (film(stage, value),) if slider else None


def draw(stage, seen, how_to_read):
    """Picture and sentence of a `scene`."""
    draw_picture(seen[f"picture-{stage.id}"], f"picture-{stage.id}", how_to_read)
    words(seen[f"sentence-{stage.id}"], f"sentence-{stage.id}", "verdict")


def draw_picture(picture, key, how_to_read):
    """Draw a `Network`, or a `Figure`."""
    if isinstance(picture, Network):
        network(picture, key)
    else:
        plot(picture, key, how_to_read, caption=False)


def trained_stage(stage, how_to_read):
    """As `live_stage`, without the slider, while its trainings run: they are seen to.

    Returns whether the page has to look again: of the end, which this look may have reached, one more tells.
    """
    about = found(stage.networks)
    running = runs.watched(stage.id, about)
    with runs.at_rest:
        seen = scene(stage, about, None)
    draw(stage, seen, how_to_read)
    return running


def open_question(stage):
    """Ask a stage's question, or, once it is answered, mark the answer there. Returns whether it is still open.

    The guess is kept for the session; nothing of the answer is on the page before it. What a training, or a slider that
    plays, will tell is said once it has.
    """
    kept, question = st.session_state, stage.question
    if question is None or not kept.get("predict", True):
        return False
    place, ask = f"guess-{stage.id}", f"ask-{stage.id}"
    if unanswered(stage):
        words(question.text, f"question-{stage.id}", "verdict")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.pills(
                question.text,
                question.options,
                key=ask,
                label_visibility="collapsed",
                on_change=lambda: kept.update({place: kept[ask]}),
            )
            st.button("Just show me", key=f"skip-{stage.id}", type="tertiary", on_click=reveal, args=(stage,))
        return True
    about, slider = found(stage.networks), stage.slider
    to_come = ""
    if stage.trains and not finished(about):
        to_come = "The runs will tell."
    elif not stage.trains and slider and slider.play and kept.get(stage.control, stage.value) < slider.bound.high:
        to_come = "**Play** and see."
    if to_come:
        guess = f"You said “{kept[place]}”. " if kept[place] else ""
        words(f"{question.text} {guess}{to_come}", f"answer-{stage.id}")
        return False
    right = question.right(about)
    said = {right: "You said", "": "Answer:"}.get(kept[place], f"You said “{kept[place]}”; it is")
    words(f"{question.text} {said} **{right}**{': right' if kept[place] == right else ''}.", f"answer-{stage.id}")
    return False


def unanswered(stage):
    """Whether a stage asks something that nobody has answered yet."""
    kept = st.session_state
    return stage.question is not None and kept.get("predict", True) and f"guess-{stage.id}" not in kept


def reveal(stage):
    """Answer a stage's question without a guess, in a callback."""
    st.session_state[f"guess-{stage.id}"] = ""


def go(id):
    """To a stage, in a callback."""
    state.put({"stage": id})


def go_on(stage, id):
    """To the next stage, or, as a clicker has one key for both, to the answer that is still to come; in a callback."""
    if unanswered(stage):
        reveal(stage)
    else:
        go(id)


def way(stage):
    """Back and Next, by keys too, and where one is and has been in the lesson."""
    ids = list(STAGES)
    here = ids.index(stage.id)
    title, stages = next(lesson for lesson in LESSONS.items() if stage in lesson[1])
    seen = st.session_state.setdefault("stages_seen", set())
    seen.add(stage.id)
    dots = "".join(
        f'<span class="{"rv-here" if s is stage else "rv-seen" if s.id in seen else ""}"></span>' for s in stages
    )
    been = sum(s.id in seen for s in stages)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(
            f'<div class="rv-lesson">Lesson {stage.id.split(".")[0]}: {title} <span class="rv-dots" role="img" '
            f'aria-label="Stage {stages.index(stage) + 1} of {len(stages)}, {been} seen">{dots}</span></div>',
            width="content",
        )
        st.button(
            "Back",
            disabled=here == 0,
            on_click=go,
            args=(ids[max(here - 1, 0)],),
            shortcut="PageUp",
            icon=":material/arrow_back:",
        )
        st.button(
            "Next",
            disabled=here == len(ids) - 1,
            on_click=go_on,
            args=(stage, ids[min(here + 1, len(ids) - 1)]),
            shortcut="PageDown",
            type="primary",
            icon=":material/arrow_forward:",
            icon_position="right",
        )


def notes(stage):
    """What a teacher may say, and what comes back."""
    said = stage.notes
    lines = [
        f"**{said.minutes} min.** {said.say}".strip(),
        f"They ask: {said.asked} *{said.answer}*" if said.asked else "",
        f"Next: {said.next}" if said.next else "",
    ]
    with st.container(border=True):
        st.markdown("\n\n".join(filter(None, lines)))


def explore(stage):
    """The way to the page with all controls, at the stage's settings."""
    st.page_link(
        f"pages/{stage.page}.py",
        label="**Open it with these settings**",
        icon=":material/open_in_new:",
        query_params=state.link(stage=stage.id, **stage.settings),
    )


@alive
def show(stage, with_notes):
    """All of a stage. with_notes: with those for the teacher, which tell the answer, once that is there."""
    running, now = False, None
    if open_question(stage):
        with runs.at_rest:
            before = closed(stage.picture, found(stage.networks))
        draw_picture(before, f"picture-{stage.id}", stage.question.text)
    elif stage.trains and not finished(found(stage.networks)):
        running = trained_stage(stage, stage.title)
    else:
        now = live_stage(stage, stage.title)
    if stage.page:
        explore(stage)
    if stage.link:
        st.page_link(
            f"pages/{stage.link.page}.py",
            label=stage.link.says,
            icon=":material/open_in_new:",
            query_params=state.link(**stage.link.settings),
        )
    if stage.words:
        words("Words: " + " · ".join(f"[[{word}]]" for word in stage.words), f"how-words-{stage.id}")
    if with_notes and not unanswered(stage):
        notes(stage)
    if stage.trains:
        pulse(running)
    return now
