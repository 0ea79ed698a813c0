"""Gradient flow: how much of the gradient of the loss reaches each earlier step, for RNN, LSTM and GRU."""

from dataclasses import replace

import streamlit as st

from rnnviz import BOUNDS, explain, record
from rnnviz.figures import gradient_flow, step_shares
from rnnviz.presets import PRESETS
from rnnviz.ui import controls, state
from rnnviz.ui.check import check_expander
from rnnviz.ui.live import live_slider
from rnnviz.ui.page import follow_live, frame, takeaway
from rnnviz.ui.plot import plot
from rnnviz.ui.predict import prediction_switch, question

frame(
    "Gradient flow",
    "The loss compares the end of a sequence with a target. How much of its gradient reaches the beginning?",
)
shared = st.sidebar.container()
with st.sidebar:
    prediction_switch()
with st.sidebar.expander("What is drawn"):
    cells = controls.several("cells", "Cells", "Which of the three to draw.")
    window = controls.choice(
        "window",
        "Vertical axis",
        "It stays as it is while you drag. near: 10⁻²⁰ to 10¹⁰; wide: 10⁻⁶⁰ to 10³⁰; double: all that float64 can "
        "hold; all: 10⁻¹¹⁰⁰ to 10⁶⁵⁰.",
    )
    look = {
        "window": window,
        "cell_state": controls.drawn_if(
            "LSTM" in cells, controls.flag, "cell_state", "∂L/∂c of the LSTM", "The gradient of its cell state, dotted."
        ),
        "bound": controls.drawn_if(
            "RNN" in cells,
            controls.flag,
            "bound",
            "Upper bound (RNN)",
            "The gradient is never above it: a step back multiplies by at most the largest singular value of U times "
            "the largest slope of the activation.",
        ),
        "slope": controls.drawn_if(
            "RNN" in cells,
            controls.flag,
            "slope",
            "Spectral radius (RNN)",
            "A line that changes by the spectral radius of U, times the largest slope of the activation, at every "
            "step: where a linear network tends to.",
        ),
        "formats": controls.several(
            "formats",
            "Number formats",
            "The smallest and the largest number that a format can hold: past them a gradient turns to 0 or infinity.",
        ),
    }
setup = controls.sidebar(cells, shared)
controls.presets(PRESETS, state.PICTURED, state.TOLD_BY)


@st.fragment
def flow(setup, cells, look):
    gain = live_slider(
        "gain", "Recurrent gain: scales the weights U that carry the state from step to step", BOUNDS["gain"]
    )
    recordings = {
        label: record(replace(config, gain=gain), inputs=setup.inputs)
        for label, config in setup.configs.items()
        if label in cells
    }
    step = min(st.session_state.get("step", 1), setup.steps)
    figure = gradient_flow(recordings, steps=setup.steps, marked=step, **look)
    plot(
        figure,
        "gradient-flow",
        "How to read it: the loss enters at the right and its gradient travels left, one step "
        "at a time. Falling to the left is vanishing, rising is exploding. The axis counts in powers of ten.",
    )
    live_slider("step", "Time step to read off", state.CONTROLS["step"], high=setup.steps)
    st.markdown(explain.reading(recordings, step))
    left, right = st.columns(2)
    left.markdown("\n\n".join(["##### How far it reaches", *explain.flow(recordings)]))
    right.markdown("\n\n".join(["##### Why", *(explain.why(label, r) for label, r in recordings.items())]))
    plot(
        step_shares(recordings, steps=setup.steps, marked=step),
        "step-shares",
        "How to read it: each bar is one step's part in ∂L/∂U, the gradient of the recurrent weights, relative to the "
        "largest bar of its row. Where no bar shows, the weights learn nothing from that step.",
    )
    st.markdown("\n\n".join(explain.learns_from(label, r) for label, r in recordings.items()))
    check_expander(recordings)
    other = 3.0 if gain < 2 else 0.5
    question(
        f"What will the RNN's curve look like at gain {other:g}?",
        list(explain.SHAPES.values()),
        lambda: explain.shape_at("RNN", record(replace(setup.configs["RNN"], gain=other), inputs=setup.inputs), other),
    )
    follow_live()


flow(setup, cells, look)
takeaway(
    "Every step back in time multiplies the gradient. A plain RNN multiplies by the same weights each time, so its "
    "gradient vanishes or explodes; gates open a path whose factor the network can hold near 1."
)
