"""Gradient flow: how much of the gradient of the loss reaches each earlier step, for RNN, LSTM and GRU."""

from dataclasses import replace

import streamlit as st

from rnnviz import BOUNDS, explain, record
from rnnviz.figures import gradient_flow, step_shares
from rnnviz.presets import PRESETS
from rnnviz.ui import controls, state
from rnnviz.ui.live import live_slider
from rnnviz.ui.page import frame, takeaway
from rnnviz.ui.plot import plot

frame("Gradient flow", "The loss is at the end of a sequence. How much of its gradient arrives at the beginning?")
setup = controls.sidebar()

with st.container(horizontal=True, gap="small"):
    for preset in PRESETS:
        st.button(preset.name, key=f"preset-{preset.name}", on_click=state.take_preset, args=(preset,), help=preset.says,
                  type="primary" if state.current(preset) else "secondary")


@st.fragment
def flow(setup):
    for preset in PRESETS:
        if state.current(preset):
            st.markdown(f"**{preset.name}.** {preset.says}")
    gain = live_slider("gain", "Recurrent gain: how large the weights U are", BOUNDS["gain"])
    step = live_slider("step", "Time step to read off", state.CONTROLS["step"], high=setup.steps)
    shown = [label for label in setup.configs if label in st.session_state.get("cells", setup.configs)]
    recordings = {}
    for label in shown:
        config = replace(setup.configs[label], gain=gain)
        recordings[label] = record(config, inputs=setup.inputs)
    look = st.session_state
    figure = gradient_flow(recordings, window=look["window"], marked=step, cell_state=look["cell_state"],
                           bound=look["bound"], slope=look["slope"], formats=look["formats"] or ())
    plot(figure, "gradient-flow", "How to read it: the loss enters at the right, and the gradient travels left, one step "
         "at a time. Going down to the left is vanishing, going up is exploding; each grid line is a power of ten.")
    words(recordings, step)
    plot(step_shares(recordings, marked=step), "step-shares", "How to read it: each bar is the norm of one step's term "
         "of ∂L/∂U, relative to the largest. Where there is no bar to be seen, the weights learn nothing from that step.")
    for label, recording in recordings.items():
        st.markdown(explain.learns_from(label, recording) or "")


def words(recordings, step):
    for label, recording in recordings.items():
        st.markdown(explain.overflow(label, recording) or explain.reach_sentence(label, recording))


controls.several("cells", "Cells", "Which of the three to draw.")
flow(setup)
takeaway("Going back in time multiplies the gradient at every step. A plain RNN multiplies by the same weights each "
         "time, so it vanishes or explodes; gates give it a path whose factor the network can hold near 1.")
