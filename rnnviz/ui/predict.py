"""Ask for a guess before the answer is shown, and tell the answer where the guess was made."""

import streamlit as st

from ..wording import shown
from .controls import flag
from .words import words


def prediction_switch():
    """The switch, for teachers, that turns all questions off. Call it in the sidebar."""
    flag("predict", "Ask for a guess first", "Before an answer is shown, the page asks what you expect.")


def asking():
    """Whether questions are asked at all."""
    return st.session_state.get("predict", True)


def predict(key, question, options, about=None):
    """Ask a question until it is answered. Returns None while it is open, the guess, or "" for none.

    key: under which the guess is kept in the session. options: the answers to choose from; None for a number. about:
    the settings that the guess is about; under others there is no guess, and the question is not asked again.
    """
    kept, place, ask = st.session_state, f"guess-{key}", f"ask-{key}"
    if not asking():
        return ""
    if place in kept:
        guess, asked = kept[place]
        return guess if asked == about else ""

    def take():
        if kept[ask] is not None:
            kept[place] = kept[ask], about

    with st.container(border=True):
        words(f"**Before you look.** {question}", f"question-{key}")
        if options is None:
            st.number_input(
                question,
                value=None,
                key=ask,
                label_visibility="collapsed",
                on_change=take,
                format="%g",
                placeholder="a number, then Enter",
            )
        else:
            st.radio(question, options, index=None, key=ask, label_visibility="collapsed", on_change=take)
        st.button("Just show me", key=f"skip-{key}", on_click=lambda: kept.update({place: ("", about)}))
    return None


def question(key, text, options, answer, about=None):
    """A question beside a picture, which does not show its answer: asked, answered, explained, and asked again.

    answer: function of no arguments that gives the right option or number, None where there is none, and a sentence
    that explains it; it is called once a guess. about: the settings that it is about; others make another question.
    """
    kept = st.session_state
    if kept.get(f"guess-{key}", ("", about))[1] != about:
        ask_again(key)
    guess = predict(key, text, options, about)
    if guess is None or not asking():
        return
    told = f"told-{key}"
    if told not in kept:
        kept[told] = f"**{text}** {_told(guess, options, *answer())}"
    with st.container(border=True):
        words(kept[told], f"answer-{key}")
        st.button("Ask again", key=f"again-{key}", on_click=ask_again, args=(key,))


def elsewhere(key, now, values):
    """What a question is about: of a few values the one furthest from now, so that no picture shows it.

    It stays while the slider moves, until the question is asked again.
    """
    return st.session_state.setdefault(f"where-{key}", max(values, key=lambda value: abs(value - now)))


def ask_again(key):
    """Forget a question's guess and its answer."""
    for kept in ("guess", "told", "where"):
        st.session_state.pop(f"{kept}-{key}", None)


def _told(guess, options, right, why):
    if guess == "" or right is None:
        return why
    if options is not None:
        return f"You said “{guess}”: {'right' if guess == right else f'it is “{right}”'}. {why}"
    near = right / 2 <= guess <= right * 2 if right > 0 else guess == right
    return f"You said {shown(guess)}: {'within' if near else 'further off than'} a factor of 2. {why}"
