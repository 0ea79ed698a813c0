"""Lesson 2: RNN, LSTM and GRU, and what a gate does for the gradient."""

from ..config import Config, Number
from ..explain import changed, fate
from .sentences import even_gates, forget_gate, half_open, hardly, moved, moves, only, update_gate
from .stage import Notes, Question, Slider, Stage

TITLE = "Three cells"

BASE = {"steps": 31, "gain": 0.5}


def three(**settings):
    """The three cells at the same settings."""
    return {label: Config(cell=label.lower(), **settings) for label in ("RNN", "LSTM", "GRU")}


def vanishing(recordings):
    gone = [label for label, r in recordings.items() if fate(changed(r)[0]) == "vanishes"]
    return {1: "only the RNN", 2: "RNN and GRU", 3: "all three"}[len(gone)]


def halved(recordings):
    """What the mean forget gate, multiplied at every step, leaves."""
    recording = only(recordings)
    kept = float(recording.gates["f"][1:].mean()) ** (recording.steps - 1)
    options = {"half": 0.5, "a thousandth": 1e-3, "a billionth": 1e-9}
    return min(options, key=lambda text: max(options[text] / kept, kept / options[text]))


def whose(recordings):
    found = moves(recordings)
    return max(found, key=found.get)


def can_explode(recordings):
    return "yes" if fate(changed(only(recordings))[0]) == "explodes" else "no, gates are at most 1"


STAGES = (
    Stage(
        id="2.1",
        title="Where we were",
        networks={"RNN": Config(cell="rnn", **BASE)},
        picture="unrolled",
        slider=Slider("Gain", Number(0.5, 0.3, 1.0, 0.01), "gain"),
        sentence=hardly,
        notes=Notes(2, "“This is our patient.”", next="Gain 1."),
    ),
    Stage(
        id="2.2",
        title="Two cells with gates",
        networks=three(**BASE),
        picture="unrolled",
        question=Question(
            "Gain 0.5, the usual start for every gate: whose gradient vanishes?",
            ("only the RNN", "RNN and GRU", "all three"),
            vanishing,
        ),
        sentence=half_open,
        words=("gate", "bias"),
        notes=Notes(
            4,
            "“Gates alone do not help; open gates do.”",
            "So why LSTM?",
            "You may set the gate, and training may move it.",
        ),
    ),
    Stage(
        id="2.3",
        title="The forget gate",
        networks={"LSTM": Config(cell="lstm", forget_bias=0.0, **BASE)},
        picture="unrolled",
        slider=Slider("Forget-gate bias", Number(0.0, -2.0, 5.0, 0.1), "forget_bias"),
        question=Question(
            "A forget gate of 0.5 at all 30 steps: the cell state's own way back leaves …",
            ("half", "a thousandth", "a billionth"),
            halved,
        ),
        sentence=forget_gate,
        words=("cell state", "forget gate"),
        notes=Notes(
            5,
            "“0.5³⁰: count with me, a thousandth every ten.” Whole and lane differ: some comes through the gates.",
            "Why not always 1?",
            "Then it can never forget.",
            "Bias 5, then −2.",
        ),
    ),
    Stage(
        id="2.4",
        title="The GRU's gate",
        networks={"GRU": Config(cell="gru", update_bias=5.0, **BASE)},
        picture="unrolled",
        slider=Slider("Update-gate bias", Number(5.0, -2.0, 5.0, 0.1), "update_bias"),
        sentence=update_gate,
        words=("update gate",),
        notes=Notes(
            3,
            "“One gate does two jobs: keep and replace.”",
            "Better than LSTM?",
            "Here, at the same bias, yes; for learning, it depends.",
            "Bias 0.",
        ),
    ),
    Stage(
        id="2.5",
        title="Who depends on the gain?",
        networks=three(steps=31, gain=1.0, forget_bias=3.0, update_bias=3.0),
        picture="unrolled",
        slider=Slider("Gain", Number(1.0, 0.3, 1.0, 0.01), "gain"),
        question=Question(
            "Gates nearly open. Between gain 0.3 and 1, whose gradient changes most?", ("RNN", "LSTM", "GRU"), whose
        ),
        sentence=moved,
        notes=Notes(3, "“The gate holds the lane, not the weights.”"),
    ),
    Stage(
        id="2.6",
        title="Three hundred steps of an LSTM",
        networks={"LSTM": Config(cell="lstm", hidden_size=64, steps=300, gain=4.0, forget_bias=1.0)},
        slider=Slider("Gain", Number(4.0, 1.0, 4.0, 0.05), "gain"),
        question=Question(
            "Gain 4, 300 steps: can an LSTM's gradient explode?", ("no, gates are at most 1", "yes"), can_explode
        ),
        sentence=even_gates,
        notes=Notes(
            4,
            "“Gates cure vanishing, not exploding. Hold that thought for lesson 6.”",
            "Why 300 steps?",
            "At 100 steps it depends on the seed.",
            "Gain 1.",
        ),
    ),
    Stage(
        id="2.7",
        title="Explore",
        networks=three(**BASE),
        sentence=lambda recordings, value: (
            "Gradient flow has all controls. Which forget bias, and which update bias, "
            "keep a tenth of the gradient over 100 steps?"
        ),
        notes=Notes(1),
        page="gradient_flow",
        settings={"gain": "0.5", "steps": "101"},
    ),
)
