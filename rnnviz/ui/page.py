"""The frame of every page: whole when its file is run on its own, as a deep link on a fresh server does."""

import gc
import logging
from functools import wraps

import streamlit as st
from starlette.websockets import WebSocketDisconnected

from . import films
from .address import keep_address
from .assets import HERE
from .look import look, look_switch
from .pulse import gate
from .state import drawn, follow_address, remember, say_notes, settle, whole_page
from .way import first_slider
from .words import words

PAGES = (
    ("app.py", "Start"),
    ("pages/lessons.py", "Lessons"),
    ("pages/gradient_flow.py", "Gradient flow"),
    ("pages/inside_the_cell.py", "Inside the cell"),
    ("pages/why_it_vanishes.py", "Why it vanishes"),
    ("pages/depth_and_direction.py", "Depth and direction"),
    ("pages/the_cliff.py", "The cliff"),
    ("pages/training.py", "Training"),
    ("pages/norm_and_noise.py", "Norm and noise"),
    ("pages/paper_figures.py", "Paper figures"),
)


def _is_news(record):
    # Streamlit 1.67 takes a tab that closes while it is answered for an error, and logs a long traceback.
    return not (record.exc_info and isinstance(record.exc_info[1], WebSocketDisconnected))


@st.cache_resource(max_entries=1)
def _settle():
    """Once, after the imports: what is loaded now stays, and the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()
    logging.getLogger("uvicorn.error").addFilter(_is_news)


def frame(title, question=None, stage=False):
    """Set up a page: its name in the tab, the way to the others, its one question. Call it first, and `ends` last.

    stage: whether it is one of a lesson, with a heading of its own, and its sidebar closed to begin with.
    """
    gate.answering()
    st.set_page_config(
        page_title=f"{title} · rnnviz",
        page_icon=str(HERE / "icon.svg"),
        layout="wide",
        initial_sidebar_state="collapsed" if stage else "auto",
    )
    st.html(HERE / "page.css")
    if st.context.is_embedded:
        st.html(HERE / "embedded.css")
    _settle()
    kept = st.session_state
    kept["address_kept"] = False
    kept["arrived"] = follow_address(title) or kept.get("arrived", False)
    settle()
    look()
    if not st.context.is_embedded:
        first_slider()
        with st.container(horizontal=True, gap=None, vertical_alignment="center"):
            for path, label in PAGES:
                st.page_link(path, label=label)
            look_switch()
    else:
        look_switch()
    if not stage:
        st.title(title, anchor=False)
    if question:
        words(question, "question")
    say_notes()


def alive(draw):
    """Make a fragment of what follows the live sliders of a page. draw: draws it, and returns its `Film`s, or None.

    The address and the films are fragments of their own, whose messages outlive those that a next run takes back: their
    place is the second, however much is drawn before them, and the address comes first, films or none.
    """

    @st.fragment
    @wraps(draw)
    def fragment(*settings):
        whole_page()
        body, foot = st.container(), st.container()
        with body:
            now = draw(*settings)
        with foot:
            follow_live()
            if now is not None:
                films.films(*now)

    return fragment


def follow_live():
    """Keep what is set, for the other pages and in the address. Call it at the end of a page's fragment."""
    remember()
    drawn()
    keep_address()
    st.session_state["address_kept"] = True


def ends(sentence=None):
    """End a page: the one sentence to take away, if it is not said before, and the address. Call it last.

    The address is a fragment's where one keeps it, as those of `alive` do: its messages then come with every move.
    """
    if sentence:
        takeaway(sentence)
    if not st.session_state["address_kept"]:
        follow_live()


def takeaway(sentence):
    """The one sentence to take away, at the foot of a page."""
    st.success(f"**Take away:** {sentence}")
