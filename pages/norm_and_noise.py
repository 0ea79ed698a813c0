"""Norm and noise: what layer normalisation and dropout do to a gradient on its way back."""

from dataclasses import replace

import streamlit as st

from rnnviz import BOUNDS
from rnnviz import explain_noise as explain
from rnnviz.course.found import finished
from rnnviz.figures.noise import gradients, grid, spreads, strips
from rnnviz.figures.overfitting import overfitting
from rnnviz.noise import SCHEMES, Grid, Memory, masked, sampled
from rnnviz.norm import PRODUCT, beside, layers
from rnnviz.overfit import AGAINST, NOTHING
from rnnviz.ui import controls, runs, state
from rnnviz.ui.films import Film, gains
from rnnviz.ui.live import live_slider
from rnnviz.ui.page import alive, ends, frame, takeaway
from rnnviz.ui.plot import plot
from rnnviz.ui.predict import predict, prediction_switch
from rnnviz.ui.pulse import pulse
from rnnviz.ui.recorded import recorded
from rnnviz.ui.stage import found
from rnnviz.ui.words import listed, words

frame(
    "Norm and noise",
    "[[layer normalisation|Layer normalisation]] and [[dropout]] change what a network computes. What becomes of its "
    "[[gradient]]?",
)
left, right = st.columns([3, 1], vertical_alignment="bottom")
with left:
    view = state.NOISE_VIEWS[controls.one("noise_view", "Look at", list(state.NOISE_VIEWS))]
if view == "normalisation":
    with right:
        shown = controls.choice("shown", "Cell", "Its kind (activation, gates) is set in the sidebar.")
    setup = controls.sidebar([shown])
    with st.sidebar:
        prediction_switch()
        window = controls.choice("window", "Vertical axis", "It stays as it is while you drag.")
else:
    with st.sidebar:
        controls.start_over()
        if view != "overfitting":
            st.button("Reseed", on_click=state.reseed, width="stretch", help="Draw other masks.")
        prediction_switch()
    seed = state.held("seed")


@alive
def normalisation(setup, shown, window):
    gain = live_slider("gain", "Recurrent gain: scales the weights U", BOUNDS["gain"])
    picture, asked = st.container(), st.container()
    configs, guess = beside(setup.configs[shown]), ""
    if PRODUCT in configs:
        with asked:
            guess = predict(
                f"norm-{shown}",
                "A third network normalises x·W and h·U each by itself. From gain 1 to 4, how far will its curve move?",
                list(explain.OPTIONS),
            )
    if guess is None:
        configs.pop(PRODUCT)
    reference = layers(recorded(configs, 1.0, setup.inputs))
    answer = told(configs, setup.inputs, guess) if PRODUCT in configs else ""

    def scene(traces):
        recordings, at = layers(traces), next(iter(traces.values())).config.gain
        out = {
            "norms": gradients(recordings, setup.steps, window),
            "remains": explain.remains(recordings, at),
            "moved": explain.moved(recordings, reference, at),
        }
        return out | ({"answer-norm": answer, "why": explain.why(recordings, reference, at)} if answer else {})

    seen = scene(recorded(configs, gain, setup.inputs))
    with picture:
        plot(
            seen["norms"],
            "norms",
            "How to read it: the [[loss]] enters at the right, its [[gradient]] travels left, on a [[log axis]]. "
            "Networks of the same weights: without normalisation, with that of the sum x·W + h·U, and with that of "
            "each product by itself.",
            caption=False,
        )
        words(seen["remains"], "remains", "verdict")
    words(seen["moved"], "moved")
    if answer:
        words(seen["answer-norm"], "answer-norm")
    elif guess == "":
        words("U multiplies two vectors in this cell, so there is no one product to be normalised.", "no-product")
    listed("layer normalisation", "gain", "U", "norm", "log axis", "vanish", "explode")
    if answer:
        words(seen["why"], "why")
    if guess is not None:
        takeaway(explain.TAKE_AWAY["normalisation"])
    shared = ("norm", configs, setup.steps, setup.inputs, window, answer)
    return (gains(configs, gain, scene, shared, setup.inputs),)


def told(configs, inputs, guess):
    """The answer to what was asked, from both networks at both gains."""
    low, high = (explain.left(layers(recorded(configs, at, inputs))) for at in (1.0, 4.0))
    return explain.answer(explain.moves_by(high, low), guess)


@alive
def masks(seed):
    scheme = state.MASK_SCHEMES[controls.one("mask_scheme", "Masks", list(state.MASK_SCHEMES))]
    places = st.columns(3)
    names = {"mask_rate": "Rate of dropping", "mask_lag": "Steps back", "mask_way": "Up after so many steps"}
    rate, lag, way = (
        place_slider(place, name, label) for place, (name, label) in zip(places, names.items(), strict=True)
    )
    now = Grid(scheme, rate, lag, way, seed)

    def scene(chosen):
        found = masked(chosen)
        return {"grid": grid(found), "crossing": explain.crossing(found), "variance": explain.variance(found)}

    seen = scene(now)
    plot(
        seen["grid"],
        "grid",
        "How to read it: two layers of one linear [[unit]] each, unrolled. A dotted arrow was dropped by its [[mask]]. "
        "The thick line is one [[path]] of the gradient; a dot on it is a mask that it meets, a cross is one that cuts "
        "it.",
        caption=False,
    )
    words(seen["crossing"], "crossing", "verdict")
    words(seen["variance"], "variance")
    listed("dropout", "mask", "path", "variance", "linear", "unit")
    return tuple(
        Film(
            name,
            state.CONTROLS[name],
            value,
            lambda values, field=field: [scene(replace(now, **{field: v})) for v in values],
            ("masks", replace(now, **{field: 0})),
        )
        for name, field, value in (("mask_rate", "rate", rate), ("mask_lag", "lag", lag), ("mask_way", "way", way))
    )


@alive
def memory(seed):
    left, right = st.columns(2)
    rate = place_slider(left, "mask_rate", "Rate of dropping")
    lag = place_slider(right, "memory_lag", "Steps back")

    def scene(rate, lag):
        found = {name: sampled(Memory(name, rate, seed)) for name in SCHEMES}
        return {
            "strips": strips(found, lag),
            "spreads": spreads(found, lag),
            "through": explain.got_through(found, lag),
            "exactly": explain.exactly(found, lag),
        }

    seen = scene(rate, lag)
    plot(
        seen["strips"],
        "strips",
        "How to read it: each dot is one draw of the masks: what is left of a gradient, beside what would be left "
        "without them. At the bottom nothing is; the bar is the exact mean.",
        caption=False,
    )
    words(seen["through"], "through", "verdict")
    words(
        "How to read it: one unit keeps 0.9 of itself a step, and its masks are drawn 200 times in five ways: on what "
        "goes in and out (Zaremba 2014), on the recurrent arrow, fresh at every step or once for all (Gal and "
        "Ghahramani 2016), on what is written (Semeniuta 2016), or as [[zoneout]].",
        "how-strips",
        "caption",
    )
    listed("dropout", "mask", "zoneout", "candidate", "unit", "log axis")
    plot(
        seen["spreads"],
        "spreads",
        "How to read it: the standard deviation of all draws, divided by their mean. Lines "
        "are exact, dots are what was drawn.",
    )
    words(seen["exactly"], "exactly")
    return (
        Film("mask_rate", state.CONTROLS["mask_rate"], rate, lambda rates: [scene(v, lag) for v in rates], (lag, seed)),
        Film(
            "memory_lag", state.CONTROLS["memory_lag"], lag, lambda lags: [scene(rate, v) for v in lags], (rate, seed)
        ),
    )


STOPS = ("20", "60", "100", "200", "300")


@alive
def forty(tried):
    about = found({NOTHING: AGAINST[NOTHING]} | {tried: AGAINST[tried]})
    running = False
    if not finished(about):
        running = runs.watched("overfitting", about)
    picture, guess = st.container(), None
    if finished(about):
        guess = predict(
            "stop",
            "Drawn is the loss on the recordings that the networks learn from. At which update would you stop?",
            list(STOPS),
        )
    with runs.at_rest:
        drawn = overfitting(about, None, test=guess is not None)
        says = explain.losses(about, None) if guess is not None else ""
    with picture:
        plot(
            drawn,
            "overfitting",
            "How to read it: medians over 8 networks that learn from a watch what its wearer did. Left, the [[loss]], "
            "dotted on what they learn from, solid on 40 others. Right, how many of those are answered right, and "
            "[[ridge]] regression on the mean and the deviation of each channel.",
            caption=False,
        )
    if guess is not None:
        words(explain.stopped(about[NOTHING], guess), "stopped", "verdict")
        words(says, "losses")
    listed("overfitting", "loss", "held-out", "ridge", "weight decay", "dropout", "early stopping", "median", "update")
    if guess is not None:
        takeaway(explain.TAKE_AWAY["overfitting"])
    pulse(running)


def place_slider(place, name, label):
    """A live slider there."""
    with place:
        return live_slider(name, label, state.CONTROLS[name])


if view == "normalisation":
    normalisation(setup, shown, window)
elif view == "masks":
    masks(seed)
elif view == "memory":
    memory(seed)
else:
    forty(controls.one("against", "Against overfitting", list(AGAINST)))
ends(explain.TAKE_AWAY[view] if view in ("masks", "memory") else None)
