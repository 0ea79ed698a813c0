"""The cliff: why one step of gradient descent can throw a recurrent network away, and what clipping does about it."""

import streamlit as st

from rnnviz import cliff
from rnnviz import explain_cliff as explain
from rnnviz.figures.cliff import bifurcation, error_map, landscape
from rnnviz.glossary import marked
from rnnviz.ui import controls, state
from rnnviz.ui.films import Film
from rnnviz.ui.live import live_slider
from rnnviz.ui.page import alive, ends, frame, takeaway
from rnnviz.ui.plot import plot
from rnnviz.ui.predict import predict, prediction_switch
from rnnviz.ui.words import listed, words
from rnnviz.wording import shown

frame("The cliff", "Why can a single step of gradient descent throw a recurrent network far away?")
with st.sidebar:
    controls.start_over()
    prediction_switch()
    followed = controls.choice("cliff_method", "Follow the descent that is", "Whose place the second figure shows.")
    relief = controls.flag("cliff_relief", "Draw the landscape too", "The same in three dimensions, to be turned.")
st.markdown(
    "One unit without input makes 50 steps $x_t = w\\,\\sigma(x_{t-1}) + b$ from $x_0 = 0.5$; its error is "
    "$E = (\\sigma(x_{50}) - 0.7)^2$."
)


METHOD = cliff.METHODS.index(state.CONTROLS["cliff_method"].options[followed])
SLIDERS = ("cliff_w", "cliff_b", "cliff_rate", "cliff_threshold")


def scene(paths, update, guess):
    """Everything on this page that the descents decide, by name. update: None before the guess."""
    w, b, x_last = (a[update or 0, METHOD] for a in (paths.w, paths.b, paths.x_last))
    where = "at the start" if update is None else f"after update {update}, {followed}"
    surface = cliff.surface(81)
    out = {
        "error-map": error_map(surface, cliff.wall(surface.w), paths, update),
        "bifurcation": bifurcation(
            cliff.equilibria(w), cliff.folds(w), cliff.wall(w), w, cliff.B_RANGE, cliff.START, b, x_last, where
        ),
        "wall": explain.wall(w, cliff.wall(w), f"{where[0].upper()}{where[1:]}, at w = {shown(w, 4)},"),
    }
    if update is not None:
        out["verdict"] = explain.verdict(paths, guess)
        out["why"] = marked(
            "\n\n".join([explain.steepest(paths), *explain.clipping(paths), explain.threshold(paths)]),
            "learning rate",
            "threshold",
        )
    return out


@alive
def descent(followed, relief):
    controls_, left, right = st.columns([2, 3, 3], gap="medium")
    with controls_:
        w = live_slider("cliff_w", "Start: weight w", state.CONTROLS["cliff_w"])
        b = live_slider("cliff_b", "Start: bias b", state.CONTROLS["cliff_b"])
        rate = live_slider("cliff_rate", "Learning rate", state.CONTROLS["cliff_rate"])
        threshold = live_slider("cliff_threshold", "Threshold of clipping", state.CONTROLS["cliff_threshold"])
    settings = (w, b, rate, threshold)
    paths = cliff.descend(*settings)
    with right:
        guess = predict(
            "cliff",
            "Gradient descent starts at the ring and makes 60 updates. The dotted line is a wall in the error. Where "
            "will the descent that is not clipped be at the end?",
            list(explain.FATES.values()),
            settings,
        )
    update = None
    if guess is not None:
        with controls_:
            update = live_slider("cliff_step", "Update", state.CONTROLS["cliff_step"], play=True)
    seen = scene(paths, update, guess)
    with left:
        plot(
            seen["error-map"],
            "error-map",
            "How to read it: white is an error near 0, the valley; the darkest grey is 0.5. Along the dotted line the "
            "error jumps: that is the cliff. Click to start from another place. After Pascanu, Mikolov and Bengio "
            "(2013), figure 6.",
        )
    if guess is not None:
        with right:
            words(seen["verdict"], "verdict")
            plot(
                seen["bifurcation"],
                "bifurcation",
                "How to read it: for each b, the values of x at which the unit can rest. Solid ones draw it in, dashed "
                "ones push it off; at a [[fold]] they meet. At the wall the start lies on the dashed line, and a hair "
                "decides which way it runs.",
            )
    listed(
        "error surface",
        "update",
        "learning rate",
        "threshold",
        "clipping by norm",
        "clipping by value",
        "fold",
        "sigma",
        "weight",
        "bias",
    )
    words(seen["wall"], "wall")
    if guess is not None:
        words(seen["why"], "why")
        if update:
            st.markdown(f"##### Update {update}, worked out")
            st.table(explain.table(paths, update))
            st.caption(
                "An update subtracts the learning rate times the gradient that is used. The factor is the length used "
                "by the length before; turned is the angle between the two."
            )
    if relief:
        surface = cliff.surface(81)
        plot(
            landscape(surface, cliff.wall(surface.w), cliff.wall_error(surface.w), paths, update),
            "landscape",
            "How to read it: height is the error. Drag to turn it.",
        )
    if guess is not None:
        takeaway(
            "At the wall the gradient is huge although the error is not: it says how steep the ground is, not how far "
            "to go. Clipping by norm keeps its direction and limits the step."
        )
    return cliff_films(settings, paths, update, guess)


def cliff_films(settings, paths, update, guess):
    """The films of the sliders: descents from many starts side by side; before the guess, none goes anywhere."""
    for k, name in enumerate(SLIDERS):

        def scenes(values, k=k):
            many = [[v] * len(values) for v in settings]
            many[k] = values
            # A guess belongs to its settings.
            return [
                scene(found, update, guess if v == settings[k] else "")
                for v, found in zip(values, cliff.descend_many(*many))
            ]

        others = settings[:k] + settings[k + 1 :]
        yield Film(
            name, state.CONTROLS[name], settings[k], scenes, ("cliff", others, followed, update, guess), together=16
        )
    if update is not None:
        yield Film(
            "cliff_step",
            state.CONTROLS["cliff_step"],
            update,
            lambda updates: [scene(paths, n, guess) for n in updates],
            ("cliff", settings, followed, guess),
        )


descent(followed, relief)
ends()
