"""Depth and direction: stacked layers, connections past them, both directions of time, and what of them is read."""

from dataclasses import replace

import streamlit as st

from rnnviz import BOUNDS, NetworkConfig, depth, explain_depth, frameworks
from rnnviz.figures.depth import gradient_map
from rnnviz.figures.flow import powers_axis
from rnnviz.figures.unrolled import stack
from rnnviz.glossary import marked
from rnnviz.presets import STACKS
from rnnviz.ui import controls, state
from rnnviz.ui.films import Film, gains
from rnnviz.ui.live import live_slider
from rnnviz.ui.page import alive, ends, frame
from rnnviz.ui.plot import plot
from rnnviz.ui.predict import elsewhere, prediction_switch, question
from rnnviz.ui.recorded import recorded
from rnnviz.ui.unrolled import moving, network
from rnnviz.ui.words import listed, words

# What this page draws live; the sidebar goes further.
MOST_STEPS, MOST_UNROLLED, MOST_UNITS = 100, 24, 64

frame("Depth and direction", "Of stacked [[layer|layers]], what reaches the lowest?")
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    label = controls.one("shown", "Cell", state.CONTROLS["shown"].options)
    both = controls.flag("both", "Both directions", None)
    skips = controls.flag("skips", "Skips", None)
    read = controls.one("read", "What is read", state.CONTROLS["read"].options)
    unroll = controls.one("depth", "Picture", state.CONTROLS["depth"].options) == "unrolled"
setup = controls.sidebar([label], loss_where=False)
with st.sidebar:
    prediction_switch()


def scene(trace, says, unroll):
    """Everything on this page that the network decides, by name. says: what a preset says of it."""
    if unroll:
        drawn = {"unrolled": stack(trace, powers_axis("close", ""))}
    else:
        drawn = {"gradient-map": gradient_map({label: trace}, height=252)}
    return drawn | {
        "stack-says": says,
        "verdict": explain_depth.verdict(trace),
        "layers": "  \n".join(filter(None, [explain_depth.layers(trace), explain_depth.halves(trace)])),
        "theory": marked(explain_depth.theory(trace), "linear"),
    }


@alive
def stacks(config, inputs, unroll):
    by_gain = controls.presets(STACKS, (*state.STACKED, "position"), state.STACKED, key="stack")
    position = None
    sliders = st.columns(3 if config.read == "position" else 2)
    with sliders[0]:
        gain = live_slider("gain", "Gain of all U", BOUNDS["gain"])
    with sliders[1]:
        layers = live_slider("layers", "Layers", BOUNDS["layers"])
    if config.read == "position":
        with sliders[2]:
            position = live_slider("position", "Output read", state.CONTROLS["position"], high=config.steps)
        config = replace(config, loss="one", loss_step=position)
    config = replace(config, layers=layers)

    by_layers = controls.said_at(STACKS, state.STACKED, "layers")
    now = by_gain.get(gain, controls.OWN)

    def at(says, **change):
        """The scene of another network, at this gain."""
        other = recorded({label: replace(config, gain=gain, **change)}, inputs=inputs)[label]
        return scene(other, says, unroll)

    trace = recorded({label: config}, gain, inputs)[label]
    seen = scene(trace, now, unroll)
    how = (
        "How to read it: a row is a [[layer]], the top one makes the output; a column is a step. White: as much "
        "[[gradient]] as enters with the [[loss]]; slate: less, red: more; empty: exactly 0. Below, the lowest layer's "
        "row as a curve on a [[log axis]]."
    )
    if unroll:
        how = (
            "How to read it: a row is a [[layer]], its boxes steps. The [[gradient]] enters with the [[loss]] L, and "
            "goes back along each row and down from layer to layer. Wider arrows carry more, in powers of ten."
        )
        network(seen["unrolled"], tokens=setup.tokens)
    else:
        plot(seen["gradient-map"], "gradient-map", how, caption=False)
    words(seen["verdict"], "verdict", "verdict")
    words(how, "how-stack", "caption")
    listed("stacked", "residual connection", "bidirectional", "hidden state", "norm", "U", "gain", "vanish", "explode")
    words(seen["layers"], "layers")
    words(seen["theory"], "theory")
    ask(config)
    weigh(trace)
    about = "stacks", inputs, label, config, unroll
    films = [
        gains(
            {label: config},
            gain,
            lambda found: moving(scene(found[label], by_gain.get(found[label].config.gain, controls.OWN), unroll)),
            (*about, by_gain),
            inputs,
        )
    ]
    if unroll:  # its rows and its loss stay where they are in a film
        return tuple(films)
    films.append(
        Film(
            "layers",
            BOUNDS["layers"],
            layers,
            lambda counts: [at(by_layers.get(n, controls.OWN), layers=n) for n in counts],
            (*about, gain, by_layers),
        )
    )
    if position is not None:
        films.append(
            Film(
                "position",
                state.CONTROLS["position"],
                position,
                lambda steps: [at(now, loss_step=t) for t in steps],
                (*about, gain, now),
                config.steps,
            )
        )
    return tuple(films)


def ask(config):
    """Two questions about networks that are not on the screen."""
    other = elsewhere("stack", config.layers, (3, 6))
    stack = NetworkConfig(
        "rnn_identity", init="identity", gain=0.9, hidden_size=8, steps=100, layers=int(other), input="impulse"
    )
    question(
        "stack",
        f"{other} layers without a squeeze, each of which keeps 0.9 of its state a step: which lag does the top layer "
        "remember best, how many steps ago?",
        None,
        lambda: explain_depth.best(recorded({"": stack})[""]),
        about=stack,
    )
    ends = replace(config, directions="both", read="ends", loss="last", loss_step=1)
    if (config.directions, config.read) != (ends.directions, ends.read):
        question(
            "ends",
            "If both directions are read, each at its last state: where is the gradient weakest?",
            list(explain_depth.PLACES),
            lambda: explain_depth.least(recorded({"": ends})[""]),
            about=ends,
        )


def weigh(trace):
    """The table of the network on the screen, with a dense layer of one output, and its code."""
    config, inputs = trace.config, trace.x.shape[-1]
    st.subheader("This network as a model, with a dense layer of 1 output", anchor=False)
    st.markdown(explain_depth.table(depth.weighed(trace), (trace.steps, inputs)))
    keras, pytorch = st.tabs(["Keras", "PyTorch"])
    keras.code(frameworks.keras(config, inputs), language="python")
    pytorch.code(frameworks.pytorch(config, inputs), language="python")


fields = vars(setup.configs[label]) | {"steps": setup.steps}
asked = fields["steps"], fields["hidden_size"]
most = MOST_UNROLLED if unroll else MOST_STEPS
fields |= {"steps": min(asked[0], most), "hidden_size": min(asked[1], MOST_UNITS)}
stacks(
    NetworkConfig(
        **fields,
        directions="both" if both else "forward",
        skip="residual" if skips else "none",
        read=state.CONTROLS["read"].options[read],
    ),
    setup.inputs[:most] if setup.inputs is not None else None,
    unroll,
)
if (fields["steps"], fields["hidden_size"]) != asked:
    st.caption(f"This picture takes at most {most} steps and {MOST_UNITS} units; the sidebar asks for more.")
ends(
    "Depth gives a far step more paths and the lowest layer less gradient; a connection past the layers brings it "
    "back, and a second direction brings back the other end."
)
