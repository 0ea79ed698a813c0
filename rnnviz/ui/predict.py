"""Ask for a guess before the answer is shown, and keep the guess."""

import streamlit as st

from .controls import flag


def prediction_switch():
    """The switch, for teachers, that turns all questions off. Call it in the sidebar."""
    flag("predict", "Ask for a guess first", "Before an answer is shown, the page asks what you expect.")


def predict(key, question, options):
    """Ask a question until it is answered. Returns None while it is open, the guess, or "" for none.

    key: under which the guess is kept in the session. options: the answers to choose from.
    """
    kept = st.session_state
    if not kept.get("predict", True):
        return ""
    place = f"guess-{key}"
    if place not in kept:
        with st.container(border=True):
            st.markdown(f"**Before you look.** {question}")
            guess = st.radio(question, options, index=None, key=f"ask-{key}", label_visibility="collapsed")
            skip = st.button("Just show me", key=f"skip-{key}")
        if guess is None and not skip:
            return None
        kept[place] = guess or ""
        st.rerun()
    return kept[place]
