"""Ask for a guess before the answer is shown, and keep the guess beside the answer."""

import streamlit as st

from .controls import flag


def prediction_switch():
    """The switch, for teachers, that turns all questions off. Call it in the sidebar."""
    flag("predict", "Ask for a guess first", "Before an answer is shown, the page asks what you expect.")


def predict(key, question, options, about=None):
    """Ask a question until it is answered. Returns None while it is open, the guess, or "" for none.

    key: under which the guess is kept in the session. options: the answers to choose from; None for a number. about:
    the settings that the guess is about; under others there is no guess, and the question is not asked again.
    """
    kept = st.session_state
    if not kept.get("predict", True):
        return ""
    place = f"guess-{key}"
    if place not in kept:
        with st.container(border=True):
            st.markdown(f"**Before you look.** {question}")
            if options is None:
                guess = st.number_input(question, value=None, key=f"ask-{key}", label_visibility="collapsed",
                                        placeholder="a number, then Enter", format="%g")
            else:
                guess = st.radio(question, options, index=None, key=f"ask-{key}", label_visibility="collapsed")
            skip = st.button("Just show me", key=f"skip-{key}")
        if guess is None and not skip:
            return None
        kept[place] = (guess if guess is not None else "", about)
        st.rerun()
    guess, asked = kept[place]
    return guess if asked == about else ""


def question(text, options, answer):
    """A question beside a lesson, which hides nothing of it: asked, answered, explained, and asked again on demand.

    The guess belongs to the words of the question: other settings make another question.

    answer: function of no arguments that gives the right option, or a number, and a sentence that explains it.
    """
    kept = st.session_state
    if not kept.get("predict", True):
        return
    guess = predict(text, text, options)
    if guess is None:
        return
    right, words = answer()
    with st.container(border=True):
        if guess != "":
            if options is None:
                good = right / 2 <= guess <= right * 2 if right > 0 else guess == right
                said = f"You said {guess:g}: {'within' if good else 'further off than'} a factor of 2. "
            else:
                said = f"You said “{guess}”: " + ("right. " if guess == right else f"it is “{right}”. ")
        else:
            said = ""
        st.markdown(f"**{text}** {said}{words}")
        if st.button("Ask again", key=f"again-{text}"):
            del kept[f"guess-{text}"]
            st.rerun()
