"""A stage on the screen: its question, its slider, its picture and its sentence, alive together."""

import streamlit as st

from ..course import LESSONS, STAGES
from ..engine.record import record_each
from ..figures.course import PICTURES, closed
from ..figures.unrolled import Network
from . import films, live, state
from .address import keep_address
from .plot import plot
from .recorded import recorded
from .unrolled import network
from .words import words


def scene(stage, recordings, value):
    """Everything of a stage that its recordings decide, by name."""
    picture = PICTURES[stage.picture](recordings, value)
    return {
        f"picture-{stage.id}": picture.numbers if isinstance(picture, Network) else picture,
        f"sentence-{stage.id}": stage.sentence(recordings, value),
    }


def draw(picture, key, how_to_read):
    """Draw a `Network`, or a `Figure`."""
    if isinstance(picture, Network):
        network(picture, key)
    else:
        plot(picture, key, how_to_read, caption=False)


def film(stage, value):
    """The `Film` of a stage's slider: all networks of a few values are recorded in one pass."""

    def scenes(values):
        every = [stage.at(v) for v in values]
        found = {}
        for label, config in stage.networks.items():
            moved = [configs[label] for configs in every]
            still = all(c == config for c in moved)
            found[label] = [recorded({label: config})[label]] * len(values) if still else record_each(moved)
        return [scene(stage, {label: each[k] for label, each in found.items()}, v) for k, v in enumerate(values)]

    return films.Film(stage.control, stage.slider.bound, value, scenes, ("stage", stage.id))


def live_stage(stage, how_to_read):
    """Slider, picture and sentence of a stage, which follow one another. Call it inside a fragment."""
    value = None
    if stage.slider:
        value = live.live_slider(stage.control, stage.slider.label, state.CONTROLS[stage.control])
    recordings = recorded(stage.at(value))
    draw(PICTURES[stage.picture](recordings, value), f"picture-{stage.id}", how_to_read)
    words(stage.sentence(recordings, value), f"sentence-{stage.id}", "verdict")
    if stage.slider:
        films.films(film(stage, value))


def open_question(stage):
    """Ask a stage's question, or, once it is answered, mark the answer there. Returns whether it is still open.

    The guess is kept for the session; nothing of the answer is on the page before it.
    """
    kept, question = st.session_state, stage.question
    if question is None or not kept.get("predict", True):
        return False
    place, ask = f"guess-{stage.id}", f"ask-{stage.id}"
    if place not in kept:
        words(question.text, f"question-{stage.id}", "verdict")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.pills(question.text, question.options, key=ask, label_visibility="collapsed",
                     on_change=lambda: kept.update({place: kept[ask]}))
            st.button("Just show me", key=f"skip-{stage.id}", type="tertiary",
                      on_click=lambda: kept.update({place: ""}))
        return True
    right = question.right(recorded(stage.networks))
    said = {right: "You said", "": "Answer:"}.get(kept[place], f"You said “{kept[place]}”; it is")
    words(f"{question.text} {said} **{right}**{': right' if kept[place] == right else ''}.", f"answer-{stage.id}")
    return False


def go(id):
    """To a stage, in a callback."""
    state.put({"stage": id})


def way(stage):
    """Back and Next, by keys too, and where one is and has been in the lesson."""
    ids = list(STAGES)
    here = ids.index(stage.id)
    number, (title, stages) = next((k, lesson) for k, lesson in enumerate(LESSONS.items(), 1) if stage in lesson[1])
    seen = st.session_state.setdefault("stages_seen", set())
    seen.add(stage.id)
    dots = "".join(f'<span class="{"rv-here" if s is stage else "rv-seen" if s.id in seen else ""}"></span>'
                   for s in stages)
    been = sum(s.id in seen for s in stages)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<div class="rv-lesson">Lesson {number}: {title} <span class="rv-dots" role="img" aria-label="Stage '
                f'{stages.index(stage) + 1} of {len(stages)}, {been} seen">{dots}</span></div>', width="content")
        st.button("Back", disabled=here == 0, on_click=go, args=(ids[max(here - 1, 0)],), shortcut="PageUp",
                  icon=":material/arrow_back:")
        st.button("Next", disabled=here == len(ids) - 1, on_click=go, args=(ids[min(here + 1, len(ids) - 1)],),
                  shortcut="PageDown", type="primary", icon=":material/arrow_forward:", icon_position="right")


def notes(stage):
    """What a teacher may say, and what comes back."""
    said = stage.notes
    lines = [f"**{said.minutes} min.** {said.say}".strip(),
             f"They ask: {said.asked} *{said.answer}*" if said.asked else "",
             f"Next: {said.next}" if said.next else ""]
    with st.container(border=True):
        st.markdown("\n\n".join(filter(None, lines)))


def explore(stage):
    """The way to the page with all controls, at the stage's settings."""
    st.page_link(f"pages/{stage.page}.py", label="**Open it with these settings**", icon=":material/open_in_new:",
                 query_params=state.link(stage=stage.id, **stage.settings))


def show(stage):
    """All of a stage. Call it inside a fragment."""
    if open_question(stage):
        draw(closed(stage.picture, recorded(stage.networks)), f"before-{stage.id}", stage.question.text)
    else:
        live_stage(stage, stage.title)
    if stage.page:
        explore(stage)
    if stage.words:
        words("Words: " + " · ".join(f"[[{word}]]" for word in stage.words), f"how-words-{stage.id}")
    state.remember()
    keep_address()
