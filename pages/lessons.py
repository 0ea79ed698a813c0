"""Lessons: one stage a screen, with one question, one slider, one picture and one sentence."""

import streamlit as st

from rnnviz.course import STAGES
from rnnviz.ui import controls
from rnnviz.ui.page import ends, frame
from rnnviz.ui.predict import prediction_switch
from rnnviz.ui.stage import show, way

frame("Lessons", stage=True)
kept = st.session_state
kept["stage"] = kept.get("stage") or next(iter(STAGES))
stage = STAGES[kept["stage"]]
with st.sidebar:
    controls.start_over()
    prediction_switch()
    with_notes = controls.flag("notes", "Notes for the teacher", "How long, what to say, what they will ask.")
    st.page_link("pages/course_on_paper.py", label="The course on paper", icon=":material/print:")
way(stage)
st.title(stage.title, anchor=False)
show(stage, with_notes)
ends()
