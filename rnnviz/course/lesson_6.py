"""Lesson 6: networks that learn, and what clipping and gates do for that; every number from the runs on the screen."""

import numpy as np

from ..config import Number, TrainConfig
from ..wording import count, number, percent, shown
from .found import finished, so_far
from .lesson_5 import ADDRESS
from .sentences import only
from .stage import Link, Notes, Question, Slider, Stage

TITLE = "Training"

LEARNS = TrainConfig(cell="rnn", init="orthogonal", length=20, rate=0.2, clip="norm", threshold=1.0, updates=600)
RELU = {"cell": "rnn_relu", "init": "identity", "input_scale": 0.3, "length": 20, "rate": 0.1, "updates": 1000}
FREE = TrainConfig(clip="none", threshold=1.0, **RELU)
CLIPPED = TrainConfig(clip="norm", threshold=1.0, **RELU)
FAR = {
    "gain": 0.3,
    "hidden_size": 16,
    "length": 40,
    "optimiser": "adam",
    "rate": 0.02,
    "clip": "norm",
    "threshold": 1.0,
    "updates": 800,
}
OPEN = TrainConfig(cell="lstm", forget_bias=4.0, **FAR)


def updates(config):
    """The slider over all updates of a run, a test on held-out sequences a step."""
    return Slider("Update", Number(config.updates, 0, config.updates, 20, whole=True), play=True)


def solved(training):
    """How many networks solve the task now, of how many."""
    return f"{int(training.solved().sum())} of {training.config.networks}"


def first(training):
    """When the first of its networks solved the task, in words; nothing where none did."""
    found = training.solved_at[training.solved_at >= 0]
    return f", the first after {count(int(found.min()), 'update')}" if found.size else ""


def right(training, update):
    """Share of right answers at the last test until an update, in words; only all of them are 100 %."""
    at = max(int(np.searchsorted(training.tested, update, "right")) - 1, 0)
    share = float(training.tests["accuracy"][at].mean())
    return f"{min(round(100 * share), 99 if share < 1 else 100)} %"


def rights(about, update):
    """After so many updates, or as many as there are, the right answers of every run."""
    made = so_far(about) if update is None else update
    told = " and ".join(f"{right(t, made)} ({label})" for label, t in about.items())
    return f"After {count(made, 'update')} {told} of the answers are right."


def yet(about):
    """What is said with a count that may still change."""
    return "" if finished(about) else " so far"


def turn(training):
    """The largest angle by which clipping turned an update, in degrees."""
    cosine = training.history["cosine"]
    return float(np.degrees(np.arccos(np.clip(np.nanmin(cosine, initial=1.0), -1, 1))))


def before(about, which):
    """How often an answer is right before anything is learnt."""
    training = only(about)
    return (
        f"The task, [[temporal order]]: which came first, X or Y, and what came second? Untrained: "
        f"{right(training, 0)} of [[held-out]] answers right; guessing: {shown(100 * training.task.chance)} %."
    )


def guessing(about):
    return f"{shown(100 * only(about).task.chance)} %"


def learns(about, update):
    """How many solve the task, and from when."""
    training = only(about)
    return f"{rights(about, update)} {solved(training)} networks [[solved|solve]] it{yet(about)}{first(training)}."


def exploded(about, update):
    """How large the gradient is at one update, beside its median; and how many learn."""
    free, clipped = about.values()
    end = f"{solved(free)} networks solve it{yet(about)}; clipped, {solved(clipped)}."
    with np.errstate(all="ignore"):
        times = np.log10(free.norms / np.nanmedian(free.norms, axis=0, keepdims=True)) if free.updates else np.empty(0)
    if not np.isfinite(times).any():
        return f"Not clipped, {end}"
    times = np.where(np.isfinite(times), times, -np.inf).max(axis=1)
    at = int(times.argmax()) + 1 if update is None else update
    return f"Not clipped: at update {at} a gradient is {number(times[at - 1], 2)} times its [[median]]. {end}"


def explodes(about):
    free, clipped = about.values()
    if not free.solved().any():
        return "never learns"
    return "learns faster" if np.median(free.solved_at) < np.median(clipped.solved_at) else "learns as well"


def slower(about, update):
    """What a tiny threshold does to updates, and what becomes of it."""
    usual, tiny = about.values()
    if not len(tiny.history):
        return rights(about, update)
    share = float(np.nanmean(tiny.history["clipped"]))
    turned = "none turned" if turn(tiny) < 0.5 else f"turned by up to {turn(tiny):.0f}°"
    return (
        f"{rights(about, update)} At {shown(tiny.config.threshold)}, {percent(share)} of the updates are clipped, "
        f"{turned}; {solved(tiny)} networks solve it{yet(about)}, against {solved(usual)}."
    )


def careful(about):
    usual, tiny = about.values()
    if turn(tiny) > 1:
        return "in another direction"
    return "slower" if tiny.solved().sum() < usual.solved().sum() else "as fast, and safer"


def by_value(about, update):
    """How far either kind of clipping turns an update."""
    norm, value = about.values()
    return (
        f"{rights(about, update)} Clipping turns an update by {turn(norm):.0f}° by norm, by up to "
        f"{turn(value):.0f}° by value. Solved{yet(about)}: {solved(norm)} and {solved(value)} networks."
    )


def looks_back(about, update):
    """Which of two cells learns, though both are clipped."""
    rnn, lstm = about.values()
    end = " Clipping cannot bring back what vanished." if finished(about) and not rnn.solved().any() else ""
    return (
        f"{rights(about, update)} LSTM: {solved(lstm)} networks solve it{yet(about)}{first(lstm)}. RNN: "
        f"{solved(rnn)}; guessing gives {shown(100 * rnn.task.chance)} %.{end}"
    )


def who(about):
    found = tuple(bool(t.solved().any()) for t in about.values())
    return {(True, True): "both", (True, False): "only the RNN"}.get(found, "only the LSTM")


def half_or_open(about, update):
    """What the start of the forget gates decides."""
    half, whole = about.values()
    end = ""
    if finished(about) and not half.solved().any() and whole.solved().all():
        end = " Here a [[forget gate|gate]] must be open before learning begins."
    return f"{rights(about, update)} Solved{yet(about)}: {solved(half)} from half open, {solved(whole)} from open.{end}"


def matters(about):
    half, whole = (t.solved() for t in about.values())
    if whole.all() and not half.any():
        return "all or nothing"
    return "no" if half.sum() == whole.sum() else "a little"


STAGES = (
    Stage(
        id="6.1",
        title="The task",
        networks={"RNN": LEARNS},
        picture="sequence",
        slider=Slider("Which sequence", Number(1, 1, 40, 1, whole=True)),
        question=Question(
            "Two marks, each X or Y, among noise. Who only guesses their order is right how often?",
            ("50 %", "25 %"),
            guessing,
        ),
        sentence=before,
        words=("temporal order", "held-out", "accuracy"),
        notes=Notes(2, "“Four answers: XX, XY, YX, YY.”", next="On Training: length 40."),
    ),
    Stage(
        id="6.2",
        title="It can learn",
        networks={"RNN": LEARNS},
        picture="learning",
        slider=updates(LEARNS),
        sentence=learns,
        words=("solved",),
        trains=True,
        notes=Notes(
            3,
            "“From guessing to most of them right within 100 updates; the last few take longer.”",
            "Why 4 networks?",
            "One could be luck.",
            "On Training: learning rate 0.05.",
        ),
    ),
    Stage(
        id="6.3",
        title="Clipped or not",
        networks={"not clipped": FREE, "clipped at 1": CLIPPED},
        picture="explosion",
        slider=Slider("Update, of the first 20", Number(2, 1, 20, 1, whole=True)),
        question=Question(
            "Same weights, same data. Without clipping it …",
            ("learns faster", "learns as well", "never learns"),
            explodes,
        ),
        sentence=exploded,
        words=("ReLU", "median"),
        trains=True,
        notes=Notes(
            5,
            "“Go to update 2. One step did it. Now the loss; now the other curve.”",
            "Why ReLU?",
            "tanh bounds the explosion: there too the run that is not clipped is lost, with smaller peaks.",
            "On Training: input scale 0.2, learning rate 0.02, 1,500 updates. It begins to learn, then is thrown.",
        ),
        link=Link("the_cliff", "The same event on The cliff", ADDRESS | {"cliff_step": "41"}),
    ),
    Stage(
        id="6.4",
        title="Far too small",
        networks={"threshold 1": CLIPPED, "threshold 0.002": TrainConfig(clip="norm", threshold=0.002, **RELU)},
        picture="learning",
        slider=updates(CLIPPED),
        question=Question(
            "Threshold 0.002 in place of 1: training is …",
            ("as fast, and safer", "slower", "in another direction"),
            careful,
        ),
        sentence=slower,
        trains=True,
        notes=Notes(
            3,
            "“A threshold is a speed limit.”",
            "So high is better?",
            "Until it no longer clips.",
            "On Training: 0.1, nearly solved.",
        ),
    ),
    Stage(
        id="6.5",
        title="By value",
        networks={"by norm": CLIPPED, "by value": TrainConfig(clip="value", threshold=0.01, **RELU)},
        picture="turned",
        slider=updates(CLIPPED),
        sentence=by_value,
        trains=True,
        notes=Notes(
            2,
            "“Turned, and still downhill enough.”",
            "Then why norm?",
            "By value is touchy: 0.03 and 0.1 lose most runs.",
            "On Training: by value at 0.1.",
        ),
    ),
    Stage(
        id="6.6",
        title="RNN against LSTM",
        networks={"RNN": TrainConfig(cell="rnn", forget_bias=4.0, **FAR), "LSTM": OPEN},
        picture="learning",
        slider=updates(OPEN),
        question=Question(
            "Both are clipped. The first mark lies up to 35 of 40 steps back. Who learns?",
            ("both", "only the RNN", "only the LSTM"),
            who,
        ),
        sentence=looks_back,
        words=("optimiser", "Adam"),
        trains=True,
        notes=Notes(
            4,
            "“Explosion is cured. Vanishing is not.”",
            "An RNN never?",
            "From an orthogonal start it learns length 20, in 6.2.",
            "On Training: a GRU, update bias 4.",
        ),
    ),
    Stage(
        id="6.7",
        title="Half open or open",
        networks={"half open": TrainConfig(cell="lstm", forget_bias=0.0, **FAR), "open": OPEN},
        picture="learning",
        slider=updates(OPEN),
        question=Question(
            "Forget gates start at 0.5 or at 0.98. Does it matter?", ("no", "a little", "all or nothing"), matters
        ),
        sentence=half_or_open,
        trains=True,
        notes=Notes(
            3,
            "“One number, before any learning.”",
            "Why does it not learn to open?",
            "Nothing of the error arrives to tell it.",
            "On Training: forget bias 1.",
        ),
    ),
    Stage(
        id="6.8",
        title="Explore",
        networks={"not clipped": FREE, "clipped at 1": CLIPPED},
        picture="explosion",
        sentence=lambda about, value: (
            "Training has all controls: pick what two runs differ in, then watch. Try a task "
            "of numbers, Sunspots: which of the two explodes there?"
        ),
        trains=True,
        notes=Notes(1, next="Sunspots: not clipped it stops at once."),
        page="training",
        settings={"vary": "clipping"},
    ),
)
