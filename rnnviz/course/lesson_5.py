"""Lesson 5: a wall in the error, the step that it throws, and what clipping makes of that step."""

from functools import lru_cache

import numpy as np

from .. import cliff
from ..config import Number
from ..explain_cliff import fate
from ..wording import count, shown
from .sentences import only
from .stage import Downhill, Link, Notes, Question, Slider, Stage

TITLE = "The cliff"

START = Downhill(w=5.0, b=-3.01, rate=0.5, threshold=0.1)
ADDRESS = {"cliff_w": "5", "cliff_b": "-3.01", "cliff_rate": "0.5", "cliff_threshold": "0.1"}
"""`START` as it stands in the address of the page on the cliff."""

UPDATES = Number(0, 0, cliff.UPDATES, 1, whole=True)
FREE, NORM, VALUE = range(len(cliff.METHODS))
FATES = {"valley": "in the valley", "under way": "on its way", "thrown": "thrown out"}
STEEP = {"10 times": 1.0, "100 times": 2.0, "20,000 times": 4.3}
"""Option -> log10."""

FACTORS = {"0.1": -1.0, "0.0036": -2.44, "277": 2.44}


@lru_cache(maxsize=4)
def steepness(w):
    """Length of the gradient on the wall at this w, and what half of the map has less than."""
    surface = cliff.surface(81)
    every = cliff.gradient(np.tile(surface.w, 81), np.repeat(surface.b, 81))[1]
    (on_wall,) = cliff.gradient([w], [float(cliff.wall(w))])[1]
    return float(np.hypot(*on_wall)), float(np.median(np.hypot(*every.T)))


def width(about):
    """w, the error here, and the error to either side of the wall there."""
    w, wall = float(only(about).w[0, FREE]), float(cliff.wall(only(about).w[0, FREE]))
    return wall, *cliff.error([w, w], [wall - 0.05, wall + 0.05])


def jump(about, b):
    """Where the error jumps, from what to what."""
    descent = only(about)
    wall, below, above = width(about)
    return (
        f"The [[error surface]], cut at w = {shown(descent.w[0, FREE])}: here the error is "
        f"{shown(descent.error[0, FREE], 2)}. At b = {shown(wall)} it jumps from {shown(below, 2)} to "
        f"{shown(above, 2)}: a hair decides where the unit runs."
    )


def steep(about, turn):
    """The gradient on the wall, beside that of usual ground."""
    w = float(only(about).w[0, FREE])
    wall, half = steepness(w)
    return (
        f"On the wall at w = {shown(w)} the [[gradient]] is {shown(wall)} long; on half of this map it is below "
        f"{shown(half, 2)}."
    )


def how_steep(about):
    wall, half = steepness(float(only(about).w[0, FREE]))
    return min(STEEP, key=lambda text: abs(STEEP[text] - np.log10(wall / half)))


def longest(descent):
    """The update, from 1, with the longest step of the descent that is not clipped."""
    return int(descent.norm_before[:, FREE].argmax()) + 1


def step(descent, k):
    """The product that is step k of the descent that is not clipped, of the digits that are shown."""
    norm = float(f"{descent.norm_before[k, FREE]:.3g}")
    return f"{shown(descent.rate)} × {shown(norm)} = {shown(descent.rate * norm, 4)}"


def thrown(about, update):
    """Where the ball that is not clipped is, or what threw it."""
    descent, n = only(about), longest(only(about))
    error, norms = descent.error[:, FREE], descent.norm_before[:, FREE]
    if fate(descent, "none") != "thrown" or update < n:
        ready = "**Play** lets it run. " if not update else ""
        return (
            f"{ready}After {count(update, 'update')}: error {shown(error[update], 2)}. The next step: "
            f"{step(descent, min(update, descent.updates - 1))}."
        )
    there = norms[min(n, descent.updates - 1)]
    end = ": it can never move again, and the valley has error 0" if there < 1e-6 else ""
    return (
        f"Update {n} was a step of {step(descent, n - 1)}. It lands at error {shown(error[n], 2)}, where "
        f"the gradient is {shown(there, 1)}{end}."
    )


def shortened(about, update):
    """The rule of clipping by norm, with the numbers of one update."""
    descent = only(about)
    norm, threshold = descent.norm_before[update - 1, FREE], descent.threshold
    if norm <= threshold:
        return (
            f"Update {update}: length {shown(norm, 2)} is not above the [[threshold]] {shown(threshold)}. The "
            "gradient stays as it is."
        )
    return (
        f"Update {update}: length {shown(norm)} is above the [[threshold]] {shown(threshold)}, so multiply by "
        f"{shown(threshold)} / {shown(norm)} = {shown(threshold / norm, 2)}. The step is "
        f"{shown(descent.rate * threshold, 2)} long and points the same way."
    )


def factor(about):
    descent = only(about)
    log10 = np.log10(descent.threshold / descent.norm_before[longest(descent) - 1, FREE])
    return min(FACTORS, key=lambda text: abs(FACTORS[text] - log10))


def beside(about, update):
    """Both balls, and what clipping did to the updates so far."""
    descent = only(about)
    errors = [shown(descent.error[update, k], 2) for k in (NORM, FREE)]
    if update < descent.updates:
        return f"After {count(update, 'update')}: error {errors[0]} clipped by norm, {errors[1]} not clipped."
    cut, turned = int((descent.factor[:, NORM] < 1).sum()), bool((descent.turned[:, NORM] >= 0.05).any())
    end = "ends in the valley, " if fate(descent, "norm") == "valley" else "ends with "
    return (
        f"[[clipping by norm|Clipped by norm]] it {end}error {errors[0]}; not clipped, at {errors[1]}. "
        f"{cut} of {count(update, 'update')} were shortened, {'some' if turned else 'none'} was turned."
    )


def turns(about, update):
    """How far clipping by value turns the arrow of one update, and of all."""
    descent = only(about)
    turned = descent.turned[:, VALUE]
    return (
        f"Update {update}, [[clipping by value|by value]]: turned by {turned[update - 1]:.0f}°, at most by "
        f"{turned.max():.0f}°. By norm: by 0°. By value it ends at error {shown(descent.error[-1, VALUE], 2)}, by "
        f"norm at {shown(descent.error[-1, NORM], 2)}."
    )


def direction(about):
    return "turns" if only(about).turned[:, VALUE].max() > 1 else "stays"


def how_small(about, threshold):
    """What a threshold comes to, of the descent clipped by norm."""
    descent = only(about)
    end = {"valley": "in the valley", "under way": "not in the valley", "thrown": "thrown out"}[fate(descent, "norm")]
    cut = int((descent.factor[:, NORM] < 1).sum())
    return (
        f"Threshold {shown(descent.threshold, 2)}: no step is longer than "
        f"{shown(descent.rate * descent.threshold, 2)}. {cut} of {count(descent.updates, 'update')} are clipped. "
        f"It ends **{end}**, error {shown(descent.error[-1, NORM], 2)}."
    )


STAGES = (
    Stage(
        id="5.1",
        title="A step in the error",
        networks={"unit": START},
        picture="section",
        slider=Slider("Bias b", Number(START.b, *cliff.B_RANGE, 0.01), "b"),
        sentence=jump,
        words=("error surface",),
        notes=Notes(
            3,
            "“One unit, fifty steps: a hair more, another ending.”",
            "Real networks too?",
            "With many weights, many walls.",
            "On The cliff, w = 4: no wall.",
        ),
        link=Link("the_cliff", "The same start on The cliff", ADDRESS),
    ),
    Stage(
        id="5.2",
        title="The landscape",
        networks={"unit": START},
        picture="relief",
        slider=Slider("Turn it, in degrees", Number(20, -45, 45, 1, whole=True)),
        question=Question("How steep is the wall at w = 5, beside usual ground?", tuple(STEEP), how_steep),
        sentence=steep,
        notes=Notes(2, "“Steep does not mean far to go.”"),
    ),
    Stage(
        id="5.3",
        title="A ball runs down",
        networks={"unit": START},
        picture="ball",
        slider=Slider("Update", UPDATES, play=True),
        question=Question(
            "Gradient descent starts at the ball. After 60 updates it is …",
            tuple(FATES.values()),
            lambda about: FATES[fate(only(about), "none")],
        ),
        sentence=thrown,
        words=("update", "learning rate"),
        notes=Notes(
            4,
            "“Count to 41 with me.”",
            "Why flat out there?",
            "The unit is saturated for ever.",
            "Update 39: nothing warns it.",
        ),
        link=Link("the_cliff", "The same update on The cliff", ADDRESS | {"cliff_step": "41"}),
    ),
    Stage(
        id="5.4",
        title="The rule of clipping",
        networks={"unit": START},
        picture="rule",
        slider=Slider("Update", Number(41, 1, cliff.UPDATES, 1, whole=True)),
        question=Question(
            "Update 41: the gradient is 27.7 long, the threshold 0.1. Multiply it by …", tuple(FACTORS), factor
        ),
        sentence=shortened,
        words=("clipping by norm", "threshold"),
        notes=Notes(
            3,
            "“Divide, multiply, done.”",
            "Is it still the gradient?",
            "Direction yes, length no.",
            "An update on flat ground: 42 or later.",
        ),
    ),
    Stage(
        id="5.5",
        title="Clipped",
        networks={"unit": START},
        picture="balls",
        slider=Slider("Update", Number(60, 0, cliff.UPDATES, 1, whole=True), play=True),
        sentence=beside,
        notes=Notes(
            3,
            asked="All 60 clipped, is that right?",
            answer="Here yes: it is a walk of equal steps of 0.05.",
            next="Play: watch update 41.",
        ),
        link=Link("the_cliff", "Both on The cliff", ADDRESS | {"cliff_step": "60"}),
    ),
    Stage(
        id="5.6",
        title="By norm or by value",
        networks={"unit": START},
        picture="arrows",
        slider=Slider("Update", Number(41, 1, cliff.UPDATES, 1, whole=True)),
        question=Question(
            "Now each part of the gradient is cut to the threshold by itself. Its direction …",
            ("stays", "turns"),
            direction,
        ),
        sentence=turns,
        words=("clipping by value",),
        notes=Notes(3, asked="Which is used?", answer="By norm, mostly.", next="An update that is hardly turned: 1."),
    ),
    Stage(
        id="5.7",
        title="How small?",
        networks={"unit": START},
        picture="clipped",
        slider=Slider("Threshold", Number(-1.0, -2.0, 1.7, 0.05), "threshold", powers=True),
        sentence=how_small,
        notes=Notes(
            3,
            "“Too small is slow, too large is nothing.”",
            "What is usual?",
            "0.5 to 10 times the average length (Pascanu et al. 2013).",
            "Between 0.2 and 2 it bounces on the wall: promise nothing.",
        ),
    ),
    Stage(
        id="5.8",
        title="Explore",
        networks={"unit": START},
        picture="all balls",
        sentence=lambda about, value: (
            "The cliff has all controls, and starts wherever you click. Elsewhere every "
            "fate is possible: a little to the side, another ending."
        ),
        notes=Notes(1),
        page="the_cliff",
        settings=ADDRESS,
    ),
)
