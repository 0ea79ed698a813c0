"""Lesson 7: layers above layers, ways past them, and both directions of time."""

from .. import depth
from ..config import NetworkConfig, Number
from ..explain_depth import PLACES
from .depth_sentences import (
    both_ends,
    halves,
    handed_down,
    later,
    many_paths,
    passed_down,
    past,
    paths,
    seen,
    three_ways,
    weakest,
)
from .lesson_1 import nearest
from .sentences import only
from .stage import Notes, Question, Slider, Stage

TITLE = "Depth and direction"

LINEAR = {"cell": "rnn_identity", "init": "identity", "gain": 0.9}
DEEP = {"cell": "lstm", "layers": 8, "steps": 41}
BOTH = {"cell": "lstm", "layers": 1, "directions": "both"}
PLAIN, SKIPS = "plain", "with skips"


def how_many(traces):
    return nearest(paths(only(traces)), {"3": 3.0, "10": 10.0, "66": 66.0, "1,000": 1000.0})


def which_lag(traces):
    return nearest(depth.best_lag(only(traces)), {"now": 0, "9 steps ago": 9, "17 steps ago": 17, "50 steps ago": 50})


def what_is_left(log10):
    return nearest(log10, {"a half": -0.3, "a hundredth": -2.0, "under a thousandth": -4.0, "all of it, or more": 0.3})


def looks(traces):
    """What the last of a few curves looks like."""
    *_, trace = traces.values()
    return depth.shape(depth.reaching(trace))


STAGES = (
    Stage(
        id="7.1",
        title="Paths on a grid",
        networks={"RNN": NetworkConfig(**LINEAR, layers=3, hidden_size=1, steps=11, input="impulse")},
        picture="stack",
        slider=Slider("Factor of a step", Number(0.9, 0.5, 1.2, 0.01), "gain"),
        question=Question(
            "A gradient goes left or down. From the top right to the bottom left of three layers, 10 steps: how many "
            "paths?",
            ("3", "10", "66", "1,000"),
            how_many,
        ),
        sentence=many_paths,
        words=("layer", "stacked"),
        notes=Notes(
            4,
            "“Ten steps left, two down: in which of twelve places do you go down?”",
            "And with five layers?",
            "Four down among fourteen: 1,001.",
            "Factor 1: only the paths are left to count.",
        ),
    ),
    Stage(
        id="7.2",
        title="Depth remembers later",
        networks={"RNN": NetworkConfig(**LINEAR, layers=3, hidden_size=8, steps=61)},
        picture="layers",
        slider=Slider("Layers", Number(3, 1, 5, 1, whole=True), "layers"),
        question=Question(
            "Each of three layers keeps 0.9 of its state a step. Which lag does the top one remember best?",
            ("now", "9 steps ago", "17 steps ago", "50 steps ago"),
            which_lag,
        ),
        sentence=later,
        words=("lag",),
        notes=Notes(
            4,
            "“One layer forgets from the first step on. Why do three not?”",
            "Is that good?",
            "It is a delay: good for what is late, bad for what is now.",
            "Five layers: the hill is 35 steps back.",
        ),
    ),
    Stage(
        id="7.3",
        title="What depth costs",
        networks={"LSTM": NetworkConfig(**DEEP)},
        picture="layers",
        slider=Slider("Layers", Number(8, 1, 8, 1, whole=True), "layers"),
        question=Question(
            "Eight fresh LSTM layers. At the last step, what part of what the highest has reaches the lowest?",
            ("a half", "a hundredth", "under a thousandth"),
            lambda traces: what_is_left(passed_down(only(traces))),
        ),
        sentence=handed_down,
        notes=Notes(
            3,
            "“Down is like back: a factor a layer.”",
            "Do the lower layers learn?",
            "Slowly: their gradient is small, where time does not bring it back.",
            "Two layers.",
        ),
    ),
    Stage(
        id="7.4",
        title="A way past",
        networks={PLAIN: NetworkConfig(**DEEP), SKIPS: NetworkConfig(**DEEP, skip="residual")},
        picture="layers",
        slider=Slider("Layers", Number(8, 2, 8, 1, whole=True), "layers"),
        question=Question(
            "What a layer reads is added to what it makes. The lowest of eight then gets …",
            ("a hundredth", "a half", "all of it, or more"),
            lambda traces: what_is_left(passed_down(traces[SKIPS])),
        ),
        sentence=past,
        words=("residual connection",),
        notes=Notes(
            3,
            "“The forget gate's trick once more, upwards: add, do not replace.”",
            "Why more than all?",
            "The way past brings all of it, and the ways through add to that.",
            "Two layers: hardly a difference.",
        ),
    ),
    Stage(
        id="7.5",
        title="From both ends",
        networks={"GRU": NetworkConfig(**BOTH | {"cell": "gru"}, steps=61, read="ends")},
        picture="directions",
        slider=Slider("Update-gate bias", Number(0.0, 0.0, 2.0, 0.1), "update_bias"),
        question=Question(
            "Each direction is read at its own last step. Where is the gradient weakest?", PLACES, weakest
        ),
        sentence=both_ends,
        words=("bidirectional",),
        notes=Notes(
            3,
            "“Nobody is far from both ends, but the middle is far from each.”",
            "Can it predict?",
            "No: the backward half reads what is still to come.",
            "Bias 2: gates that keep fill the valley.",
        ),
    ),
    Stage(
        id="7.6",
        title="What is read",
        networks={
            "last position": NetworkConfig(**BOTH, steps=61),
            "both last states": NetworkConfig(**BOTH, steps=61, read="ends"),
            "mean": NetworkConfig(**BOTH, steps=61, read="mean"),
        },
        picture="lowest",
        slider=Slider("Forget-gate bias", Number(1.0, 1.0, 3.0, 0.1), "forget_bias"),
        question=Question(
            "The same layer, and the mean of all its outputs is read. The curve of its gradient is …",
            ("slope", "valley", "flat"),
            looks,
        ),
        sentence=three_ways,
        notes=Notes(
            3,
            "“The network is the same. Only the question put to it has changed.”",
            "Then always the mean?",
            "It keeps every step, and each gets a small part of it.",
        ),
    ),
    Stage(
        id="7.7",
        title="out[:, -1]",
        networks={"LSTM": NetworkConfig(**BOTH, steps=31, loss="one", loss_step=31)},
        picture="directions",
        slider=Slider("Position read", Number(31, 1, 31, 1, whole=True), "loss_step"),
        question=Question(
            "out[:, -1] takes the last position of both directions. Of 31 inputs, how many has its backward half seen?",
            ("1", "15", "31"),
            lambda traces: nearest(seen(only(traces))[1], {"1": 1, "15": 15, "31": 31}),
        ),
        sentence=halves,
        notes=Notes(
            4,
            "“It runs without an error, it even learns. Half of it has read one word.”",
            "What is right?",
            "Its last state: h_n[-1] in PyTorch, or position 0.",
            "Position 16: half and half.",
        ),
    ),
    Stage(
        id="7.8",
        title="Explore",
        networks={"GRU": NetworkConfig(cell="gru", layers=8, steps=61)},
        picture="layers",
        sentence=lambda traces, value: (
            "Depth and direction has all controls, and the code of what you set. Take layers away from these "
            "eight: the hill becomes a slope."
        ),
        notes=Notes(2, next="One GRU layer has a slope for every seed, eight have a hill."),
        page="depth_and_direction",
        settings={"shown": "GRU", "layers": "8", "steps": "61"},
    ),
)
