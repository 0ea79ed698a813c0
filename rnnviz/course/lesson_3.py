"""Lesson 3: the numbers of one unit at one step, and what a gate does to them, forward and backward."""

from ..config import Config, Number
from .cell_sentences import both_ways, by_hand, carried, kept_and_added, old_and_new, one_gate, remembered, share
from .lesson_1 import nearest
from .sentences import only
from .stage import Notes, Question, Slider, Stage

TITLE = "Inside the cell"

ALONE = {"hidden_size": 1, "steps": 16, "gain": 0.0, "input_scale": 0.3}


def opened(recordings):
    """What σ makes of the bias."""
    f = float(only(recordings).gates["f"].mean())
    return min(("0.27", "0.5", "0.73"), key=lambda text: abs(float(text) - f))


def after_fifteen(recordings):
    return nearest(remembered(only(recordings)), {"73 %": -0.137, "11 %": -0.959, "1 %": -2.0})


def coming_back(recordings):
    """What comes back where half is kept forward: twice that is all of it, half of that a quarter."""
    recording = only(recordings)
    back = share(recording) / 10.0 ** remembered(recording)
    return min(("25 %", "50 %", "100 %"), key=lambda text: abs(float(text[:-2]) / 50 - back))


STAGES = (
    Stage(
        id="3.1",
        title="One step by hand",
        networks={"RNN": Config(cell="rnn", hidden_size=4, steps=16)},
        picture="step of the RNN",
        slider=Slider("Step", Number(3, 1, 16, 1, whole=True)),
        sentence=by_hand,
        words=("pre-activation",),
        notes=Notes(
            3,
            "“Check one with a calculator.”",
            "What is the weight?",
            "One number for each pair: here, from the input to this unit.",
            "Step 1: there is no memory yet.",
        ),
    ),
    Stage(
        id="3.2",
        title="A gate",
        networks={"LSTM": Config(cell="lstm", hidden_size=1, gain=0.0, input_scale=0.0, forget_bias=1.0, steps=4)},
        picture="valve",
        slider=Slider("Forget-gate bias", Number(1.0, -6.0, 6.0, 0.1), "forget_bias"),
        question=Question(
            "Nothing comes in, and the bias is 1. How far is the gate open?", ("0.27", "0.5", "0.73"), opened
        ),
        sentence=one_gate,
        words=("sigma",),
        notes=Notes(
            3, "“Not a switch, a valve.”", "Who turns it?", "Input, memory and bias, each with weights.", "−6 and 6."
        ),
    ),
    Stage(
        id="3.3",
        title="Keep and add",
        networks={"LSTM": Config(cell="lstm", hidden_size=4, steps=16, gain=0.5)},
        picture="step of the LSTM",
        slider=Slider("Step", Number(9, 1, 16, 1, whole=True)),
        sentence=kept_and_added,
        words=("candidate", "input gate", "output gate"),
        notes=Notes(
            4,
            "“One multiplication, one addition. That is the whole trick.”",
            "Why tanh on the way out?",
            "To stay between −1 and 1.",
            "Step 7: f is near 0, and c forgets.",
        ),
    ),
    Stage(
        id="3.4",
        title="How long it remembers",
        networks={"LSTM": Config(cell="lstm", forget_bias=1.0, **ALONE)},
        picture="kept",
        slider=Slider("Forget-gate bias", Number(1.0, 0.0, 6.0, 0.1), "forget_bias"),
        question=Question(
            "A forget gate near 0.73: after 15 steps, how much is left of what was stored at step 1?",
            ("73 %", "11 %", "1 %"),
            after_fifteen,
        ),
        sentence=carried,
        notes=Notes(
            4,
            "“0.73 sounds like a lot.” The gain is 0 here, so that nothing goes through the weights; "
            "lesson 4 opens that way again.",
            "Is 3 or 5 better?",
            "The longer the task, the higher.",
            "Bias 5.",
        ),
    ),
    Stage(
        id="3.5",
        title="The same gate, backward",
        networks={"LSTM": Config(cell="lstm", forget_bias=3.0, **ALONE)},
        picture="both ways",
        slider=Slider("Forget-gate bias", Number(3.0, 0.0, 6.0, 0.1), "forget_bias"),
        question=Question(
            "Forward, half of the memory is kept. Going back, how much of ∂L/∂c arrives at step 1?",
            ("25 %", "50 %", "100 %"),
            coming_back,
        ),
        sentence=both_ways,
        notes=Notes(
            5,
            "“This is the lesson. Same arrow, same number, other direction.”",
            "Why the same?",
            "The slope of f × c by c is f.",
            "Bias 1.",
        ),
    ),
    Stage(
        id="3.6",
        title="The GRU: one gate for both",
        networks={"GRU": Config(cell="gru", update_bias=3.0, **ALONE)},
        picture="step of the GRU",
        slider=Slider("Update-gate bias", Number(3.0, 0.0, 6.0, 0.1), "update_bias"),
        sentence=old_and_new,
        words=("reset gate",),
        notes=Notes(2, "“One gate less: what is not kept is replaced.”", next="Bias 0."),
    ),
    Stage(
        id="3.7",
        title="Explore",
        networks={"LSTM": Config(cell="lstm", hidden_size=8, steps=30)},
        picture="unrolled",
        sentence=lambda recordings, value: (
            "Inside the cell shows every unit at every step, and the equations with "
            "their numbers. Find a unit whose forget gate closes, and look at c there."
        ),
        notes=Notes(1),
        page="inside_the_cell",
        settings={"shown": "LSTM", "hidden_size": "8", "steps": "30"},
    ),
)
