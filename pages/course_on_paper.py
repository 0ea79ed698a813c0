"""The course on paper: all lessons and stages on one page, to be printed."""

import streamlit as st

from rnnviz.course import LESSONS
from rnnviz.ui.page import ends, frame
from rnnviz.ui.sheet import sheet

frame(
    "The course on paper",
    "All stages, with their questions, what to drag, and the notes for the teacher. To print, "
    "press Ctrl and P: the sheet comes without anything around it.",
)
place, _, _ = (st.context.url or "").rpartition("/")
st.html(sheet(LESSONS, f"{place}/lessons"))
ends()
