"""Why it vanishes: what multiplies the gradient on its way back, looked at in six ways."""

from dataclasses import replace

import streamlit as st

from rnnviz import BOUNDS
from rnnviz.engine import anatomy
from rnnviz.explain_anatomy import TAKE_AWAY
from rnnviz.ui import anatomy as views
from rnnviz.ui import controls, state
from rnnviz.ui.live import live_slider
from rnnviz.ui.page import alive, ends, frame
from rnnviz.ui.predict import elsewhere, prediction_switch, question
from rnnviz.ui.recorded import recorded
from rnnviz.ui.words import listed

frame("Why it vanishes", "On its way back the gradient is multiplied at every step. By what?")
left, right = st.columns([3, 1])
with left:
    view = controls.choice("view", "Look at", "Six ways to take a backward pass apart.", titled=state.VIEWS.get)
with right:
    shown = controls.choice("shown", "Cell", "Its kind (activation, gates) is set in the sidebar.")
setup = controls.sidebar([shown])
with st.sidebar:
    prediction_switch()

WORDS = {
    "products": ("singular value", "norm", "log axis"),
    "exponents": ("Jacobian", "eigenvalue", "Lyapunov exponent", "chaos"),
    "paths": ("path", "cell state", "forget gate", "update gate"),
    "phase": ("vanish", "explode", "norm"),
    "influence": ("loss", "norm", "truncated BPTT"),
    "formats": ("norm", "vanish", "explode"),
}


@alive
def why(setup, view, label):
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    with left:
        gain = live_slider("gain", "Recurrent gain: scales the weights U", BOUNDS["gain"])
    wanted = replace(setup.configs[label], gain=gain)
    config = anatomy.within_reach(wanted)
    if config != wanted:
        units, steps = anatomy.LARGEST["hidden_size"], anatomy.LARGEST["steps"]
        st.info(f"To stay live, this page takes at most {units} units and {steps} steps; the sidebar asks for more.")
    inputs = setup.inputs[: config.steps] if setup.inputs is not None else None
    loss = {"influence": "every", "phase": "last"}.get(view, config.loss)
    if loss != config.loss:
        config = replace(config, loss=loss)
        st.caption(f"Here the loss is {BOUNDS['loss'].options[loss]}, whatever the sidebar says.")
    recording = recorded({label: config}, inputs=inputs)[label]
    with right:
        settings = views.VIEWS[view].settings(label, recording, config, inputs is None)
    views.draw(view, views.scene(view, label, recording, settings))
    listed("gain", "U", *WORDS[view])
    asked = views.VIEWS[view].asks(label, replace(config, gain=elsewhere(f"why-{view}", gain, (0.6, 2.0))), inputs)
    if asked:
        question(
            f"why-{view}",
            asked.text,
            asked.options,
            lambda: asked.answer(label, recorded({label: asked.config}, inputs=inputs)[label]),
            about=asked.config,
        )
    return views.view_films(view, label, config, recording, settings, inputs)


why(setup, view, shown)
ends(TAKE_AWAY[view])
