"""Lesson 1: a gradient that is multiplied at every step, from one number to 32 units."""

from ..config import Config, Number
from ..explain import changed, fate
from .sentences import flat, multiplied, one_unit, only, pace, straight
from .stage import Notes, Question, Slider, Stage

TITLE = "The gradient travels back"

NUMBER = {"cell": "rnn_identity", "hidden_size": 1, "init": "identity"}
UNITS = {"cell": "rnn", "init": "orthogonal", "input_scale": 0.3, "steps": 31}
FATES = {"vanishes": "fall", "arrives": "stay level", "explodes": "rise"}


def nearest(change, options):
    """The option whose logarithm is nearest. options: text -> log10."""
    return min(options, key=lambda text: abs(options[text] - change))


def fifty(recordings):
    return nearest(changed(recordings["1.1"])[0], {"5.5": 0.74, "55": 1.74, "117": 2.068})


def sixteen(recordings):
    return nearest(changed(only(recordings))[0], {"80 %": -0.097, "20 %": -0.699, "3.5 %": -1.456})


def squeezed(recordings):
    change, last = changed(only(recordings))
    if fate(change) == "vanishes":
        return "it vanishes"
    return "it grows less" if change < 0.9 * 0.301 * last else "it grows as much"


def thirty(recordings):
    return nearest(changed(only(recordings))[0], {"half": -0.301, "a thousandth": -3.0, "a ten-billionth": -10.0})


STAGES = (
    Stage(
        id="1.1",
        title="One number, many times",
        networks={"0.9": Config(gain=0.9, steps=51, **NUMBER), "1.1": Config(gain=1.1, steps=51, **NUMBER)},
        picture="bars",
        slider=Slider("Number of steps", Number(50, 0, 50, 1, whole=True)),
        question=Question("1.1 × 1.1 × … fifty times: about how much?", ("5.5", "55", "117"), fifty),
        sentence=multiplied,
        words=("step",),
        notes=Notes(
            3,
            "“Who guessed 55? That is adding. We multiply.”",
            "Why 0.9?",
            "Any number; 1 is the only one that stays.",
            "Drag to 10 steps: the two look alike.",
        ),
    ),
    Stage(
        id="1.2",
        title="An axis that counts powers",
        networks={"factor": Config(gain=0.9, steps=51, **NUMBER)},
        picture="axes",
        slider=Slider("Factor of one step", Number(0.9, 0.5, 1.5, 0.01), "gain"),
        sentence=straight,
        words=("log axis",),
        notes=Notes(
            3,
            "“Same data, other axis. Below 1 is not negative, it is small.”",
            "Where is 0?",
            "Nowhere: at minus infinity.",
            "Factor 1: level.",
        ),
    ),
    Stage(
        id="1.3",
        title="One unit",
        networks={"RNN": Config(gain=0.8, steps=16, **NUMBER)},
        picture="unrolled close",
        slider=Slider("Gain", Number(0.8, 0.5, 1.5, 0.01), "gain"),
        question=Question(
            "A single linear unit, gain 0.8, 15 steps back: how much of the gradient reaches step 1?",
            ("80 %", "20 %", "3.5 %"),
            sixteen,
        ),
        sentence=one_unit,
        words=("unit", "hidden state", "loss", "gradient", "gain", "linear"),
        notes=Notes(
            3,
            "“Forward left to right, learning right to left.”",
            "Why backwards?",
            "The error is known only at the end.",
            "Gain 1.",
        ),
    ),
    Stage(
        id="1.4",
        title="A unit that saturates",
        networks={"RNN": Config(cell="rnn", hidden_size=1, init="identity", steps=31, gain=2.0)},
        picture="unrolled wide, with slopes",
        slider=Slider("Gain", Number(2.0, 0.5, 3.0, 0.05), "gain"),
        question=Question(
            "Gain 2: without tanh the gradient grows 10⁹ times in 30 steps. With tanh?",
            ("it grows as much", "it grows less", "it vanishes"),
            squeezed,
        ),
        sentence=flat,
        words=("tanh", "slope", "saturated"),
        notes=Notes(
            4,
            "“Gain 2 doubles, and yet it dies: flat ends.” The average of factors is the one "
            "whose 30th power is their product.",
            "Always?",
            "Near gain 1 to 1.5 some seeds keep it: the unit is not at its end yet.",
            "Gain 1.1.",
        ),
    ),
    Stage(
        id="1.5",
        title="Thirty-two units",
        networks={"RNN": Config(gain=0.5, **UNITS)},
        picture="unrolled",
        slider=Slider("Gain", Number(0.5, 0.3, 1.0, 0.01), "gain"),
        question=Question(
            "32 units, gain 0.5, 30 steps back: what is left is about …",
            ("half", "a thousandth", "a ten-billionth"),
            thirty,
        ),
        sentence=pace,
        words=("weight", "norm", "orthogonal"),
        notes=Notes(
            3,
            "“Not one factor: 30 different ones. We show their average.”",
            "Why less than 0.5?",
            "The slope of tanh is below 1.",
            "Gain 1.",
        ),
    ),
    Stage(
        id="1.6",
        title="The other way",
        networks={"RNN": Config(gain=4.0, **UNITS)},
        picture="unrolled close",
        slider=Slider("Gain", Number(4.0, 0.5, 4.0, 0.05), "gain"),
        question=Question(
            "Gain 4: going left, the curve will …",
            tuple(FATES.values()),
            lambda recordings: FATES[fate(changed(only(recordings))[0])],
        ),
        sentence=pace,
        words=("vanish", "explode"),
        notes=Notes(
            4,
            "“Many units need not all be flat at once.”",
            "Does more gain mean more explosion?",
            "No: here gain 3 beats gain 4.",
            "Gain 1.25: level, on a knife's edge.",
        ),
    ),
    Stage(
        id="1.7",
        title="Explore",
        networks={"RNN": Config(**UNITS)},
        picture="unrolled close",
        sentence=lambda recordings, value: (
            "Gradient flow has all controls. Find a gain that keeps the RNN's curve "
            "level over these 30 steps; then draw other weights: Reseed."
        ),
        words=("seed",),
        notes=Notes(2, next="At seed 0 the gain to find is near 1.25."),
        page="gradient_flow",
        settings={"cells": "RNN", "init": "orthogonal", "input_scale": "0.3", "steps": "31"},
    ),
)
