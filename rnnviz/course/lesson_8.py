"""Lesson 8: what normalising and masks do to a gradient on its way back."""

from ..config import Config, Number
from ..noise import GRID_STEPS, SCHEMES, Grid, Memory
from ..norm import PLACES, PRODUCT, SUM, beside
from ..overfit import FORTY
from .lesson_6 import updates
from .noise_sentences import (
    OFF,
    STOPS,
    dead,
    divided,
    few,
    five_ways,
    growing,
    least,
    masks_met,
    remembers,
    slow,
    summed,
    survivors,
    whatever_the_lag,
    when_lowest,
)
from .stage import Notes, Question, Slider, Stage

TITLE = "Norm and noise"

GAIN = Slider("Gain", Number(1.0, 0.4, 4.0, 0.05), "gain")
RATE = Slider("Rate of dropping", Number(0.2, 0.0, 0.5, 0.01), "rate")


def some(*labels, **settings):
    """label -> `NetworkConfig` of a tanh layer, normalised in these places."""
    every = beside(Config(cell="rnn", init="orthogonal", **settings))
    return {label: every[label] for label in labels}


STAGES = (
    Stage(
        id="8.1",
        title="Mean 0, size 1",
        networks=some(OFF, SUM, steps=31),
        picture="norms",
        slider=GAIN,
        sentence=summed,
        words=("layer normalisation",),
        notes=Notes(
            3,
            "“It keeps units from their flat ends. Does it free us from the gain? Drag.”",
            "Over the batch?",
            "No: over the units of one step, one sequence at a time.",
            "Gain 0.4: normalised, and vanishing all the same.",
        ),
    ),
    Stage(
        id="8.2",
        title="A slider that goes dead",
        networks=some(OFF, PRODUCT, steps=31),
        picture="norms",
        slider=GAIN,
        question=Question(
            "Now x·W and h·U are normalised each by itself. From gain 0.4 to 4, how far does that curve move?",
            ("as far as without", "a little less", "hardly at all"),
            dead,
        ),
        sentence=divided,
        notes=Notes(
            4,
            "“Times four, divided by four.”",
            "Then it always arrives?",
            "No: it does what it does, and you cannot tune it.",
            "Gain 0.4: the 10⁻⁵ under the root moves it in the fourth digit.",
        ),
    ),
    Stage(
        id="8.3",
        title="Dead, not level",
        networks=some(PRODUCT, steps=61, hidden_size=64, input="impulse"),
        picture="norms",
        slider=GAIN,
        question=Question(
            "No input after the first step, the product normalised. 60 steps back there arrives …",
            ("less than entered", "as much", "more than entered"),
            growing,
        ),
        sentence=slow,
        notes=Notes(
            3,
            "“Slow, and in one direction only: over a thousand steps it explodes.”",
            "Why not with input?",
            "The input takes a part of each unit’s range, and its slope.",
            "On the page: input noise.",
        ),
    ),
    Stage(
        id="8.4",
        title="A mask at every step",
        networks={SCHEMES["step"]: Memory("step", 0.2)},
        picture="through",
        slider=RATE,
        question=Question(
            "Each step drops with probability 0.2. Of 200 draws, how many let anything through 20 steps?",
            ("160", "40", "2"),
            few,
        ),
        sentence=survivors,
        words=("dropout", "mask"),
        notes=Notes(
            3, "“0.8, multiplied again and again: lesson 1.”", "Why larger?", "What is kept is divided by 0.8.", "0.5."
        ),
    ),
    Stage(
        id="8.5",
        title="Count the masks",
        networks={"grid": Grid("layers", 0.2, 10, 4)},
        picture="masks",
        slider=Slider("Steps back", Number(10, 0, GRID_STEPS - 1, 1, whole=True), "lag"),
        question=Question(
            "Masks on the arrows between layers alone. A path 10 steps back through two layers meets how many?",
            ("2", "3", "13"),
            masks_met,
        ),
        sentence=whatever_the_lag,
        words=("path",),
        notes=Notes(
            3,
            "“Follow the thick line with a finger, and count.”",
            "Who does it so?",
            "Zaremba 2014, and PyTorch, there without those at the two ends.",
            "On the page: masks on the recurrent arrows too.",
        ),
    ),
    Stage(
        id="8.6",
        title="Who keeps the memory?",
        networks={title: Memory(scheme, 0.2) for scheme, title in SCHEMES.items()},
        picture="strips",
        slider=RATE,
        question=Question(
            "Five ways to drop, rate 0.2, 20 steps: which lets through least often?", tuple(SCHEMES.values()), least
        ),
        sentence=five_ways,
        words=("zoneout", "candidate"),
        notes=Notes(
            4,
            "“Drop what comes in, not what is kept.”",
            "Why are the dots of one mask so high?",
            "Kept once, it is divided by 0.8 at every step.",
            "0.5.",
        ),
    ),
    Stage(
        id="8.7",
        title="When to stop",
        networks={"RNN": FORTY},
        picture="overfitting",
        slider=updates(FORTY),
        question=Question(
            "40 recordings of a watch to learn from, 40 for the test, 300 updates. When is the test loss lowest?",
            tuple(STOPS),
            when_lowest,
        ),
        sentence=remembers,
        words=("overfitting", "ridge"),
        trains=True,
        notes=Notes(
            5,
            "“Dotted: what it has seen. Solid: what counts.”",
            "What is the level line at the right?",
            "A rule without any order, from means and deviations alone: look for it first.",
            "On the page: weight decay, dropout, early stopping; none of them reaches the line.",
        ),
    ),
    Stage(
        id="8.8",
        title="Explore",
        networks=some(*PLACES.values(), steps=31),
        picture="norms",
        sentence=lambda about, value: (
            "Norm and noise has all controls. Find a cell whose gradient the gain still moves when both products are "
            "normalised; then choose where the masks are."
        ),
        notes=Notes(1, next="There is none, but for the 10⁻⁵ at gains near 0."),
        page="norm_and_noise",
        settings={"shown": "RNN", "init": "orthogonal", "steps": "31"},
    ),
)
