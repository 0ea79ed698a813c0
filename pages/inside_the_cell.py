"""Inside the cell: what every unit does at every step, and one unit's numbers worked out."""

import streamlit as st

from rnnviz import BOUNDS, explain
from rnnviz.figures import cell_heatmaps
from rnnviz.ui import controls, state
from rnnviz.ui.check import check_expander
from rnnviz.ui.films import Film, gains
from rnnviz.ui.live import live_slider
from rnnviz.ui.numbers import numbers, unit_scene
from rnnviz.ui.page import alive, ends, frame
from rnnviz.ui.plot import plot
from rnnviz.ui.predict import prediction_switch, question
from rnnviz.ui.recorded import recorded
from rnnviz.ui.words import listed

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


def scene(recordings, unit, direction):
    """Everything on this page that the recordings decide, by name."""
    pictures = {f"cell-{label.lower()}": cell_heatmaps(recording) for label, recording in recordings.items()}
    return pictures | worked_out(recordings, unit, direction)


def worked_out(recordings, unit, direction):
    """The numbers of one unit, by name; of the gradients by them if the direction is backward."""
    scenes = (unit_scene(recording, unit, label.lower(), direction) for label, recording in recordings.items())
    return {name: picture for scene in scenes for name, picture in scene.items()}


@alive
def inside(setup, labels):
    left, right = st.columns(2, gap="medium")
    with left:
        gain = live_slider("gain", "Recurrent gain: scales the weights U", BOUNDS["gain"])
    with right:
        unit = live_slider("unit", "Unit to work out", state.CONTROLS["unit"], high=setup.hidden_size)
    left, right = st.columns([2.4, 1], vertical_alignment="center")
    with left:
        step = live_slider("step", "Time step t", state.CONTROLS["step"], high=setup.steps, local=True)
    with right:
        direction = controls.one("direction", "Direction", list(state.CONTROLS["direction"].options))
    configs = {label: setup.configs[label] for label in labels}
    recordings = recorded(configs, gain, setup.inputs)
    seen = scene(recordings, unit, direction)
    places = st.columns(2, gap="medium")
    for place, (label, recording) in enumerate(recordings.items()):
        # Alone, its drawing comes first, so that on a phone too it stands under the sliders.
        with places[place if len(labels) > 1 else 1]:
            overflow = explain.overflow(label, recording)
            if overflow:
                st.warning(overflow)
            plot(
                seen[f"cell-{label.lower()}"],
                f"cell-{label.lower()}",
                "How to read it: each row is a unit, each column a step. A gate is white when it is shut (0) and in "
                "full colour when it is open (1). Slate is negative, red positive. Click to choose step and unit.",
            )
        with places[place if len(labels) > 1 else 0]:
            numbers(recording, unit, step, label.lower(), setup.tokens, direction)
    listed(
        "gate",
        "unit",
        "sigma",
        "tanh",
        "pre-activation",
        "candidate",
        "cell state",
        "hidden state",
        "forget gate",
        "input gate",
        "output gate",
        "update gate",
        "reset gate",
        "weight",
        "bias",
        "gain",
        "U",
    )
    check_expander(recordings)
    lstm = recordings.get("LSTM")
    if lstm is not None and "f" in lstm.gates and not lstm.overflow_step:
        question(
            "inside",
            f"At gain 1, what part of the cell state that unit 1 holds at step 1 is left of it at step {lstm.steps}?",
            None,
            lambda: explain.remembered(recorded(setup.configs, inputs=setup.inputs)["LSTM"], 1),
            about=setup.configs["LSTM"],
        )
    shared = ("inside", configs, setup.inputs, direction)
    return (
        gains(configs, gain, lambda found: scene(found, unit, direction), (*shared, unit), setup.inputs),
        Film(
            "unit",
            state.CONTROLS["unit"],
            unit,
            lambda units: [worked_out(recordings, u, direction) for u in units],
            (*shared, gain),
            setup.hidden_size,
        ),
    )


inside(setup, labels)
ends(
    "A gate is a number between 0 and 1 that multiplies, forward and backward alike: near 1 it lets a value through, "
    "near 0 it shuts."
)
