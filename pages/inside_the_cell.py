"""Inside the cell: what every unit does at every step, and one unit's numbers worked out."""

from dataclasses import replace

import streamlit as st

from rnnviz import BOUNDS, explain, record
from rnnviz.figures import cell_heatmaps
from rnnviz.ui import controls, state
from rnnviz.ui.check import check_expander
from rnnviz.ui.live import live_slider
from rnnviz.ui.numbers import numbers
from rnnviz.ui.page import follow_live, frame, takeaway
from rnnviz.ui.plot import plot
from rnnviz.ui.predict import prediction_switch, question

frame("Inside the cell", "What does a recurrent cell remember, and what does it let go, at each step?")
left, right = st.columns(2)
with left:
    shown = controls.choice("shown", "Cell", "Its kind (activation, gates) is set in the sidebar.")
with right:
    beside = controls.choice("beside", "Beside it", "A second cell, on the same input, from the same seed.")
labels = [shown] if beside in ("none", shown) else [shown, beside]
setup = controls.sidebar(labels)
with st.sidebar:
    prediction_switch()


@st.fragment
def inside(setup, labels):
    left, right = st.columns(2, gap="medium")
    with left:
        gain = live_slider("gain", "Recurrent gain: scales the weights U", BOUNDS["gain"])
    with right:
        unit = live_slider("unit", "Unit to work out", state.CONTROLS["unit"], high=setup.hidden_size)
    step = live_slider("step", "Time step t", state.CONTROLS["step"], high=setup.steps, local=True)
    recordings = {label: record(replace(setup.configs[label], gain=gain), inputs=setup.inputs) for label in labels}
    places = st.columns([3, 2] if len(labels) == 1 else 2, gap="medium")
    for place, (label, recording) in enumerate(recordings.items()):
        with places[place]:
            overflow = explain.overflow(label, recording)
            if overflow:
                st.warning(overflow)
            plot(
                cell_heatmaps(recording),
                f"cell-{label.lower()}",
                "How to read it: each row is a unit, each column a step. A gate is white when it is shut (0) and in "
                "full colour when it is open (1). Slate is negative, red positive. Click to choose step and unit.",
            )
        with places[place if len(labels) > 1 else 1]:
            numbers(recording, unit, step, label.lower(), setup.tokens)
    check_expander(recordings)
    lstm = recordings.get("LSTM")
    if lstm is not None and "f" in lstm.gates and not lstm.overflow_step:
        question(
            f"What part of the cell state that unit {unit} holds at step 1 is left of it at step {lstm.steps}?",
            None,
            lambda: explain.remembered(lstm, unit),
        )
    follow_live()


inside(setup, labels)
takeaway(
    "A gate is a number between 0 and 1 that multiplies: near 1 it lets a value through unchanged, near 0 it shuts."
)
