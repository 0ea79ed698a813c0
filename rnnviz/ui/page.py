"""The frame of every page: whole when its file is run on its own, as a deep link on a fresh server does."""

import gc

import streamlit as st

from .state import read_address, say_notes

PAGES = (("app.py", "Start"), ("pages/gradient_flow.py", "Gradient flow"), ("pages/inside_the_cell.py", "Inside the cell"))


@st.cache_resource(max_entries=1)
def _settle():
    """Once, after the imports: what is loaded now stays, and the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()


def frame(title, question=None):
    """Set up a page: its name in the tab, the way to the others, its one question. Call it first."""
    st.set_page_config(page_title=f"{title} · rnnviz", page_icon=":material/show_chart:", layout="wide")
    _settle()
    read_address()
    with st.container(horizontal=True, gap="small"):
        for path, label in PAGES:
            st.page_link(path, label=label)
    st.title(title)
    if question:
        st.markdown(f"##### {question}")
    say_notes()


def takeaway(sentence):
    """The one sentence to take away, at the foot of a page."""
    st.success(f"**Take away:** {sentence}")
