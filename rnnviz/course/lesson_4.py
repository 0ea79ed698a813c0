"""Lesson 4: by what a gradient is multiplied on its way back."""

from ..config import Config, Number
from ..explain import changed, fate
from . import found
from .lesson_1 import nearest
from .sentences import only
from .stage import Notes, Question, Slider, Stage
from .why_sentences import alone, balance, direct, just_before, loud, product, rotation, stretch

TITLE = "Why it vanishes"

ROTATED = {"cell": "rnn", "init": "orthogonal", "steps": 31}
FATES = {"vanishes": "vanishes", "arrives": "stays about as it is", "explodes": "grows"}


def which_way(recordings):
    """By which way most of the gradient comes: neither, where the direct way alone would bring about half."""
    share = 10.0 ** direct(only(recordings))
    return "through the gates" if share < 0.25 else "half and half" if share < 0.75 else "the direct lane"


def louder(recordings):
    return FATES[fate(changed(only(recordings))[0])]


def left_of_it(recordings):
    return nearest(changed(only(recordings))[0], {"nothing": -23.0, "all of it": 0.0, "far more": 20.0})


def where_level(recordings):
    level = found.level(only(recordings).config)
    return min(("0.5", "1", "1.8", "4"), key=lambda text: abs(float(text) - level))


STAGES = (
    Stage(
        id="4.1",
        title="Two ways back",
        networks={"LSTM": Config(cell="lstm", steps=51, gain=1.0, forget_bias=1.0)},
        picture="two ways",
        slider=Slider("Gain", Number(1.0, 0.0, 1.0, 0.01), "gain"),
        question=Question(
            "A fresh LSTM, 50 steps: which way does most of ∂L/∂c take?",
            ("the direct lane", "half and half", "through the gates"),
            which_way,
        ),
        sentence=alone,
        words=("path",),
        notes=Notes(
            4,
            "“The lane is what the network can hold open; the other way is luck of the weights.”",
            "Then what is the lane for?",
            "With an open gate the curve no longer hangs on the gain: stage 2.5.",
            "Gain 0: only the lane.",
        ),
    ),
    Stage(
        id="4.2",
        title="What multiplies",
        networks={"RNN": Config(gain=1.0, **ROTATED)},
        picture="unrolled with slopes",
        slider=Slider("Gain", Number(1.0, 0.3, 2.0, 0.01), "gain"),
        sentence=product,
        words=("Jacobian",),
        notes=Notes(
            3,
            "“Two numbers a step: weights and slope.”",
            "Why is measured above the product?",
            "A length counts steep units more than a plain average does.",
            "Gain 1.5.",
        ),
    ),
    Stage(
        id="4.3",
        title="Loud input, flat units",
        networks={"RNN": Config(gain=1.5, input_scale=10.0, **ROTATED)},
        picture="unrolled with slopes",
        slider=Slider("Input, times", Number(1.0, -2.0, 1.0, 0.05), "input_scale", powers=True),
        question=Question(
            "Gain 1.5. The input becomes ten times louder: the gradient …", tuple(FATES.values()), louder
        ),
        sentence=loud,
        notes=Notes(3, "“Shouting makes deaf.”", "Real data?", "That is why inputs are standardised.", "× 0.01."),
    ),
    Stage(
        id="4.4",
        title="Only a rotation",
        networks={"RNN": Config(cell="rnn_identity", init="orthogonal", steps=500, gain=1.0)},
        picture="unrolled far",
        slider=Slider("Gain", Number(1.0, 0.9, 1.1, 0.01), "gain"),
        question=Question(
            "No tanh, weights that only rotate, gain 1, 500 steps: how much is left?",
            ("nothing", "all of it", "far more"),
            left_of_it,
        ),
        sentence=rotation,
        words=("linear", "orthogonal"),
        notes=Notes(
            3, "“The only case that is exact.”", "Why not always?", "Training moves the weights away from it.", "0.99."
        ),
    ),
    Stage(
        id="4.5",
        title="One stretch, many turns",
        networks={"RNN": Config(cell="rnn_identity", steps=51, gain=0.6)},
        picture="plane",
        slider=Slider("Gain", Number(0.6, 0.4, 1.0, 0.01), "gain"),
        question=Question(
            "One step can stretch a gradient by 1.16, yet the largest eigenvalue is 0.604. After 50 steps it …",
            ("vanishes", "explodes"),
            lambda recordings: fate(changed(only(recordings))[0]),
        ),
        sentence=stretch,
        words=("singular value", "eigenvalue", "spectral radius"),
        notes=Notes(
            4,
            "“A long run is not a single stretch.”",
            "Which is on the page?",
            "Both; the singular value bounds, the eigenvalue tells.",
            "Gain 1: some seeds grow.",
        ),
    ),
    Stage(
        id="4.6",
        title="The narrow ridge",
        networks={"RNN": Config(cell="rnn", init="orthogonal", hidden_size=64, steps=51, gain=1.8)},
        picture="gains",
        slider=Slider("Gain", Number(1.8, 0.5, 4.0, 0.05), "gain"),
        question=Question(
            "64 units, 50 steps: at which gain is the gradient at step 1 as large as at the end? Near …",
            ("0.5", "1", "1.8", "4"),
            where_level,
        ),
        sentence=balance,
        notes=Notes(
            4,
            "“You would have to balance here for all of training.”",
            next="On the page: input scale 0.1 moves the ridge to about 1.2.",
        ),
    ),
    Stage(
        id="4.7",
        title="Who learns from whom",
        networks={"RNN": Config(gain=0.5, loss="every", **ROTATED)},
        picture="who learns",
        slider=Slider("Gain", Number(0.5, 0.3, 1.0, 0.01), "gain"),
        sentence=just_before,
        notes=Notes(2, "“Truncation cuts what has vanished anyway.”", next="Gain 1."),
    ),
    Stage(
        id="4.8",
        title="Explore",
        networks={"RNN": Config(gain=1.5, **ROTATED)},
        picture="unrolled close",
        sentence=lambda recordings, value: (
            "Why it vanishes takes the way back apart in six views. Find a gain at "
            "which the largest singular value neither falls nor rises."
        ),
        notes=Notes(1),
        page="why_it_vanishes",
        settings={"shown": "RNN", "init": "orthogonal", "gain": "1.5", "steps": "31"},
    ),
)
