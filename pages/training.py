"""Training: two runs that differ in one thing, watched while they learn."""

import streamlit as st

from rnnviz.explain_training import TAKE_AWAY
from rnnviz.figures.training import accuracy, credit, gradient_norms, learning
from rnnviz.presets import TRAINING_PRESETS
from rnnviz.ui import controls, training, training_controls
from rnnviz.ui.page import ends, follow_live, frame, takeaway
from rnnviz.ui.plot import plot
from rnnviz.ui.predict import asking
from rnnviz.ui.pulse import pulse
from rnnviz.ui.state import TRAINED
from rnnviz.ui.words import listed

WORDS = (
    "temporal order",
    "held-out",
    "credit",
    "loss",
    "gradient",
    "norm",
    "clipping by norm",
    "clipping by value",
    "threshold",
    "learning rate",
    "update",
    "seed",
    "ReLU",
    "optimiser",
    "forget gate",
    "median",
)

frame("Training", "Two runs from the same seeds, on the same sequences, differ in one thing. What does it change?")
settings = training_controls.sidebar()
controls.presets(TRAINING_PRESETS, TRAINED, TRAINED, key="train_preset")


@st.fragment
def run(settings):
    # Where the address is kept is a fragment of its own, whose messages outlive those that a next run takes back: what
    # comes before it is always as many places.
    top, pictures, below, foot, address = (st.container() for _ in range(5))
    with top:
        pair = training.bar(*settings)
        if pair is None:
            listed(*WORDS)
        # As the buttons show it: after the slice that finishes a pair there is one more round, with the buttons of its
        # end.
        running = pair is not None and pair.running
        asked = pair is not None and pair.configs == settings[:2]
        if pair is not None:
            training.progress(pair)
            training.expectation(pair, asked)
    if pair is not None:
        with pictures:
            draw(pair)
        with below:
            listed(*WORDS)
            training.words(pair)
            if not running:
                training.inside(pair)
                training.take_away(pair)
    # Not before the guess, which it would answer.
    if not asking() or (asked and pair.finished):
        with foot:
            takeaway(TAKE_AWAY[settings[2]])
    with address:
        follow_live()
    pulse(running)


def draw(pair):
    trainings = pair.trainings
    left, right = st.columns(2, gap="medium")
    with left:
        plot(
            learning(trainings, training.overlays(pair, "loss")),
            "learning",
            "How to read it: each curve is the median of all seeds, the shade goes from the best to the worst of "
            "them. Thick: on held-out sequences, set aside from training; thin and dotted: on those trained on. "
            "The level line is an answer that remembers nothing.",
        )
    with right:
        plot(
            accuracy(trainings, training.overlays(pair, "accuracy")),
            "accuracy",
            "How to read it: the share of right answers on held-out sequences.",
        )
    left, right = st.columns(2, gap="medium")
    with left:
        plot(
            gradient_norms(trainings),
            "norms",
            "How to read it: the length (norm) of the gradient of all weights at each update, before clipping, and "
            "after it (dotted). Where both meet, nothing was clipped. On a logarithmic axis the first ten updates "
            "take as much room as the next ninety.",
        )
        training.to_the_cliff(pair)
    with right:
        plot(
            credit(trainings),
            "credit",
            "How to read it: the first seed; each column is an update, each row a time step; dark is where ∂L/∂h "
            "is large, relative to the largest of its update. Where dark reaches down, the gradient reaches back.",
        )


run(settings)
ends()
