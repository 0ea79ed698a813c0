"""Gradient flow: how much of the gradient of the loss reaches each earlier step, for RNN, LSTM and GRU."""

from dataclasses import replace

import streamlit as st

from rnnviz import BOUNDS, explain, record
from rnnviz.figures import gradient_flow, step_shares
from rnnviz.figures.flow import powers_axis
from rnnviz.figures.unrolled import network as unrolled
from rnnviz.glossary import marked
from rnnviz.presets import PRESETS
from rnnviz.ui import controls, state
from rnnviz.ui.check import check_expander
from rnnviz.ui.films import Film, gains
from rnnviz.ui.live import live_slider
from rnnviz.ui.page import alive, ends, frame
from rnnviz.ui.plot import plot
from rnnviz.ui.predict import elsewhere, prediction_switch, question
from rnnviz.ui.recorded import recorded
from rnnviz.ui.unrolled import moving, network
from rnnviz.ui.words import listed, words
from rnnviz.wording import shown as number

frame(
    "Gradient flow",
    "The [[loss]] compares what comes out with a target. How much of its [[gradient]] reaches the beginning?",
)
shared = st.sidebar.container()
with st.sidebar:
    prediction_switch()
with st.sidebar.expander("What is drawn"):
    cells = controls.several("cells", "Cells", "Which of the three to draw.")
    window = controls.choice(
        "window",
        "Vertical axis",
        "It stays as it is while you drag. close: 10⁻⁸ to 10⁴; near: 10⁻²⁰ to 10¹⁰; wide: 10⁻⁶⁰ to 10³⁰; double: all "
        "that float64 can hold; all: 10⁻¹¹⁰⁰ to 10⁶⁵⁰.",
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


def scene(recordings, step, shown, says):
    """Everything on this page that the recordings decide, by name.

    shown: the cell that is unrolled; None for none. says: gain -> what a preset says.
    """
    if shown:
        picture = {"unrolled": unrolled(recordings, powers_axis(window, ""), shown, high=120)}
    else:
        picture = {"gradient-flow": gradient_flow(recordings, steps=setup.steps, height=280, **look)}
    at = next((r.config.gain for r in recordings.values()), None)
    return (
        picture
        | read_off(recordings, step)
        | {
            "preset-says": says.get(at, controls.OWN),
            "verdict": explain.fates(recordings),
            "reach": "\n\n".join(["##### How far it reaches", *explain.flow(recordings)]),
            "why": marked(
                "\n\n".join(["##### Why", *(explain.why(label, r) for label, r in recordings.items())]),
                "U",
                "singular value",
                "spectral radius",
                "slope",
                "forget gate",
                "update gate",
                "path",
            ),
            "step-shares": step_shares(recordings, steps=setup.steps),
            "learns": "\n\n".join(explain.learns_from(label, r) for label, r in recordings.items()),
        }
    )


def read_off(recordings, step):
    """What stands at one step, by name."""
    return {"reading": marked(explain.reading(recordings, step), "norm", "cell state")}


@alive
def flow(setup, cells, look):
    says = controls.presets(PRESETS, state.PICTURED, state.TOLD_BY)
    state.recall("picture")
    unroll = bool(cells) and st.session_state["picture"] == "unrolled"
    slider, *choices = st.columns([2.6, 1, 1.2] if unroll else [3.6, 1], vertical_alignment="bottom")
    with slider:
        gain = live_slider("gain", "Recurrent gain: scales the recurrent weights U", BOUNDS["gain"])
    with choices[0]:
        controls.one("picture", "Picture", list(state.CONTROLS["picture"].options))
    configs = {label: config for label, config in setup.configs.items() if label in cells}
    shown = None
    if unroll:
        with choices[1]:
            shown = controls.one("shown", "Cell", cells)
    recordings = recorded(configs, gain, setup.inputs)
    state.recall("step")
    step = min(st.session_state["step"], setup.steps)
    seen = scene(recordings, step, shown, says)
    if shown:
        network(seen["unrolled"], tokens=setup.tokens)
        how = (
            "How to read it: the network reads from left to right; the gradient of the loss goes back from right to "
            "left. An arrow is as wide as the gradient on it is large, in powers of ten. Click a step to choose it."
        )
    else:
        how = (
            "How to read it: the loss enters at the right and its gradient travels left, one step at a time. "
            "Falling to the left is [[vanish|vanishing]], rising is [[explode|exploding]]. The axis counts in "
            "powers of ten: a [[log axis]]."
        )
        plot(seen["gradient-flow"], "gradient-flow", how, caption=False)
    words(seen["verdict"], "verdict", "verdict")
    words(how, "how-gradient-flow", "caption")
    listed(
        "gain",
        "U",
        "norm",
        "cell state",
        "forget gate",
        "orthogonal",
        "singular value",
        "spectral radius",
        "slope",
        "seed",
    )
    if shown:
        st.page_link(
            "pages/inside_the_cell.py",
            label=f"Step {step} inside the {shown} →",
            query_params=state.address() | {"step": str(step), "shown": shown},
        )
    live_slider("step", "Time step to read off", state.CONTROLS["step"], high=setup.steps, local=True)
    words(seen["reading"], "reading")
    left, right = st.columns(2)
    with left:
        words(seen["reach"], "reach")
    with right:
        words(seen["why"], "why")
    plot(
        seen["step-shares"],
        "step-shares",
        "How to read it: each bar is one step's part in ∂L/∂U, the gradient of the recurrent weights, relative to the "
        "largest bar of its row. Where no bar shows, the weights learn next to nothing from that step.",
    )
    words(seen["learns"], "learns")
    check_expander(recordings)
    # At a gain that no preset has: neither a name nor the picture tells.
    other = elsewhere("flow", gain, (0.6, 2.0))
    config = replace(setup.configs["RNN"], gain=other)
    question(
        "flow",
        f"What will the RNN's curve look like at gain {number(other)}?",
        list(explain.SHAPES.values()),
        lambda: explain.shape_at("RNN", record(config, inputs=setup.inputs), other),
        about=config,
    )
    shared = ("flow", configs, look, setup.inputs, shown)
    return (
        gains(
            configs, gain, lambda found: moving(scene(found, step, shown, says)), (*shared, step, says), setup.inputs
        ),
        Film(
            "step",
            state.CONTROLS["step"],
            step,
            lambda steps: [read_off(recordings, t) for t in steps],
            (*shared, gain),
            setup.steps,
        ),
    )


flow(setup, cells, look)
ends(
    "Every step back in time multiplies the gradient. Where the factors stay below 1 it vanishes, where they stay "
    "above 1 it explodes; a gate is a factor that the network can hold near 1."
)
