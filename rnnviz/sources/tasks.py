"""Tasks to train a network on: what is drawn, what must be answered, and what an answer without memory is worth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from math import log
from numbers import Integral

import numpy as np

from rnnviz.arguments import choice, complaint, flag, instance, misshapen, numbers, real, whole
from rnnviz.sources import sequences
from rnnviz.sources.motions import basic_motions
from rnnviz.sources.sequences import Batch, Stock
from rnnviz.sources.series import standardise, sunspots
from rnnviz.sources.signals import signal
from rnnviz.sources.text import MAX_CHARACTERS, one_hot

TASKS = {
    "adding": "Adding problem",
    "adding_1997": "Adding problem of 1997",
    "order_2": "Temporal order of two symbols",
    "order_3": "Temporal order of three symbols",
    "copy": "Copying",
    "reber": "Embedded Reber grammar",
    "parity": "Parity",
    "sunspots": "Sunspots",
    "text": "Your own text",
    "next_sine": "Next value of a sine",
    "next_sunspots": "Next year of the sunspots",
    "motions": "Basic motions",
}

LABELS = {
    "true": "as they are",
    "shuffled": "those of the training part have changed places: there is nothing to learn, only to memorise",
}

# The adjustable length of each task: lowest, default, highest.
LENGTHS = {
    "adding": (10, 50, 200),
    "adding_1997": (20, 50, 200),
    "order_2": (10, 30, 200),
    "order_3": (20, 40, 200),
    "copy": (1, 10, 180),
    "reber": (16, 20, 60),
    "parity": (8, 10, 100),
    "sunspots": (10, 40, 80),
    "text": (5, 30, 100),
    "next_sine": (10, 100, 200),
    "next_sunspots": (10, 100, 100),
    "motions": (10, 100, 100),
}

TRAINING_YEARS = 220
PAST = 9
"""Values that the linear autoregression looks back on."""

SINE_VALUES, SINE_TRAINING, SINE_PERIOD, SINE_NOISE = 1000, 900, 25, 0.1
MOST = 1_000_000
SHORTEST_TEXT = 25

# Who ran must be remembered until who slept. The last fifth, held out, is three sentences that were not there before.
DEFAULT_TEXT = " ".join(
    "the {0} ran to the {1} barn and the {0} slept.".format(*pair)
    for pair in zip(("fox", "hen", "cat", "dog", "pig") * 3, ("red", "old", "big") * 5)
)


@dataclass(frozen=True, eq=False)
class Task:
    """What a network is trained to do.

    name: a key of TASKS. title: its value. says: what must be done. steps: T. inputs: D. outputs: O, 1 for a
    real-valued task. real: whether targets are values, not classes. symbols: names of the D inputs.
    baseline: the loss of an answer without memory: over all sequences of a drawn task, over the held-out part of a
    series or a text. baseline_says: what that answer is.
    chance: its accuracy from 0 to 1, or None. tolerance: a value is right within it; None for classes.
    solved_from: the accuracy on held-out sequences from which the task counts as solved; or None, and then
    solved_below: the loss on held-out sequences below which it does. solved_says: the same in words.
    held_out_says: whether what is held out can have been trained on. source: where the task is from.
    sampler: draws the batches. ahead: whether answers are inputs to come, which a layer of both directions would see.
    dull: what simpler answers are worth on the held-out part, in words -> loss, of classes the share that is right.
    """

    name: str
    title: str
    says: str
    steps: int
    inputs: int
    outputs: int
    real: bool
    symbols: tuple[str, ...]
    baseline: float
    baseline_says: str
    chance: float | None
    tolerance: float | None
    solved_from: float | None
    solved_below: float | None
    solved_says: str
    held_out_says: str
    source: str
    sampler: Callable = field(repr=False)
    ahead: bool = False
    dull: Mapping[str, float] = field(default_factory=dict)

    @property
    def finite(self) -> bool:
        """Whether there is a finite data set, of which a part can be kept for validation."""
        return isinstance(self.sampler, Stock)

    def part(self, name: str, most: int = MOST) -> Batch:
        """Return each sequence of a part once, as a `Batch`; at most so many, evenly spaced.

        name: "training", "validation" or "held_out". Raises ValueError for a task whose sequences are drawn without
        end, another name, a part without sequences, and a number that is not from 1 to 1,000,000.
        """
        choice("name", name, PARTS)
        if not self.finite:
            raise ValueError(complaint("name", "asked of a task with a finite data set", name))
        every = getattr(self.sampler, name)
        if not len(every):
            raise ValueError(complaint("name", "a part that holds sequences", name))
        most = min(len(every), whole("most", most, 1, MOST))
        return self.sampler.take(every[np.linspace(0, len(every) - 1, most).round().astype(int)])

    def draw(self, rng: np.random.Generator, batch: int, held_out: bool = False) -> Batch:
        """Return `batch` sequences, 1 to 1,000,000, of the training part or of the held-out part, as a `Batch`.

        The same state of `rng` gives the same batch. Raises ValueError for anything but a generator, such a number and
        True or False.
        """
        instance("rng", rng, np.random.Generator, "a numpy.random.Generator")
        return self.sampler(rng, whole("batch", batch, 1, MOST), flag("held_out", held_out))


PARTS = ("training", "validation", "held_out")


def task(name: str, length: int | None = None, text: str = "", validation: float = 0.0, labels: str = "true") -> Task:
    """Return a task.

    name: a key of TASKS. length: within LENGTHS[name], its default when None. It is the number of steps, except in
    "copy", where it is the delay, and in "reber", where it is that of the longest string; a short text has fewer
    steps. text: used by "text", of which the first 1000 characters count; DEFAULT_TEXT when empty. validation: the
    share of the training part that is kept out of it, from 0 to 0.5, and labels, a key of LABELS: of tasks with a
    finite data set.

    Raises ValueError naming the parameter. A text needs at least 25 characters, of 2 to 64 kinds.
    """
    _, default, _ = LENGTHS[choice("name", name, TASKS)]
    length = checked_length(name, default if length is None else length)
    instance("text", text, str, "text")
    share = real("validation", validation, "a number from 0 to 0.5", 0.0, 0.5)
    found = _task(name, length, text if name == "text" else "", share, choice("labels", labels, LABELS))
    for parameter, usual, given in (("validation", 0, share), ("labels", "true", labels)):
        if given != usual and not found.finite:
            raise ValueError(complaint(parameter, f"{usual!r} for {name!r}, whose sequences never end", given))
    if share and not len(found.sampler.validation):
        allowed = f"0, or large enough to hold a sequence of {found.steps} steps of {name!r}"
        raise ValueError(complaint("validation", allowed, validation))
    return found


def checked_length(name: str, length: int) -> int:
    """Return the length of a task of that name. Raises ValueError for one outside LENGTHS[name]."""
    low, _, high = LENGTHS[name]
    if not isinstance(length, Integral) or isinstance(length, bool) or not low <= length <= high:
        raise ValueError(complaint("length", f"a whole number from {low} to {high} for the task {name!r}", length))
    return int(length)


@lru_cache(maxsize=64)
def _task(name: str, length: int, text: str, validation: float, labels: str) -> Task:
    kind = {
        "adding": _adding,
        "adding_1997": _adding_1997,
        "order_2": _order,
        "order_3": _order,
        "copy": _copy,
        "reber": _reber,
        "parity": _parity,
    }
    stock = {
        "sunspots": _sunspots,
        "text": partial(_text, text or DEFAULT_TEXT),
        "next_sine": _next_sine,
        "next_sunspots": _next_sunspots,
        "motions": _motions,
    }
    details = kind[name](length, name) if name in kind else stock[name](length, validation, labels == "shuffled")
    usual = {
        "tolerance": None,
        "solved_from": 0.99,
        "solved_below": None,
        "real": False,
        "held_out_says": "held-out sequences are never trained on",
    }
    return Task(name=name, title=TASKS[name], **usual | details)


def right(task: Task, batch: Batch, output: np.ndarray) -> np.ndarray:
    """Return the share of scored answers that are right.

    output: (S, B, O), or (S, K, B, O) of K networks, and then the arrays of the batch may be (S, B) or (S, K, B). The
    result has shape () or (K,). A value is right within the tolerance, a class if its output is the largest. Under a
    grammar the largest outputs, as many as there are legal symbols, must be the legal ones. NaN is wrong. Raises
    ValueError for an output of another shape.
    """
    instance("task", task, Task, "a Task")
    instance("batch", batch, Batch, "a Batch, as Task.draw returns")
    output = _answers(task, batch, output)

    def beside(a: np.ndarray, ndim: int) -> np.ndarray:
        return a[:, None] if a.ndim < ndim else a

    leading = output.ndim - 1
    target, scored = beside(batch.target, leading), beside(batch.scored, leading)
    if task.real:
        good = np.abs(output[..., 0] - target) < task.tolerance
    elif batch.legal is not None:
        legal = beside(batch.legal, output.ndim)
        good = np.where(legal, output, np.inf).min(-1) > np.where(legal, -np.inf, output).max(-1)
    else:
        good = (output.argmax(-1) == target) & ~np.isnan(output.max(-1))
    return (good & scored).sum(axis=(0, -1)) / scored.sum(axis=(0, -1))


def _answers(task: Task, batch: Batch, output: np.ndarray) -> np.ndarray:
    """Return the output as an array of numbers, if its shape is that of answers to the batch."""
    output = output if type(output) is np.ndarray and output.dtype.kind == "f" else numbers("output", output)
    (first, *_, last), shape = batch.target.shape, output.shape
    if output.ndim not in (3, 4) or (shape[0], shape[-2], shape[-1]) != (first, last, task.outputs):
        raise ValueError(misshapen("output", f"({first}, {last}, {task.outputs}), or with K after the first", output))
    return output


def _adding(length: int, name: str) -> dict:
    return dict(
        says="Add up the two marked values and say their sum at the last step.",
        steps=length,
        inputs=2,
        outputs=1,
        real=True,
        symbols=("value", "mark"),
        baseline=1 / 6,
        baseline_says="always answers the mean, 1: loss 1/6",
        chance=1 - 0.96**2,
        tolerance=0.04,
        solved_says="99 % of held-out sums are less than 0.04 wrong, the margin of 1997",
        source="Arjovsky, Shah and Bengio 2016, Unitary evolution recurrent neural networks",
        sampler=partial(sequences.draw_adding, length, False),
    )


def _adding_1997(length: int, name: str) -> dict:
    """In the paper the length varies by a tenth, and a mark on the first pair sets X1 to 0.

    Here the length is fixed and the first pair is never marked, which makes the baseline exactly 1/24.
    """
    return _adding(length, name) | dict(
        says="Add up the two values marked 1, X1 + X2, and say 0.5 + (X1 + X2) / 4 at the last step.",
        baseline=1 / 24,
        baseline_says="always answers the mean, 0.5: loss 1/24",
        chance=1 - 0.92**2,
        solved_says="99 % of held-out answers are less than 0.04 wrong",
        source=(
            "Hochreiter and Schmidhuber 1997, Long short-term memory, experiment 4; here the length is fixed and the "
            "first pair never marked"
        ),
        sampler=partial(sequences.draw_adding, length, True),
    )


def _order(length: int, name: str) -> dict:
    percents = {"order_2": ((10, 20), (50, 60)), "order_3": ((10, 20), (33, 43), (66, 76))}[name]
    # Rounded up: the steps t with low <= t / length < high.
    windows = tuple((-(-low * length // 100), -(-high * length // 100)) for low, high in percents)
    classes = 2 ** len(windows)
    return dict(
        says=f"Say which of X and Y came, in order, at the {len(windows)} places where one of them did.",
        steps=length,
        inputs=6,
        outputs=classes,
        symbols=("a", "b", "c", "d", "X", "Y"),
        baseline=log(classes),
        baseline_says=f"gives each of the {classes} answers the same probability: loss ln {classes}",
        chance=1 / classes,
        solved_says="fewer than 1 % of held-out sequences are answered wrong",
        source=(
            "Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks; places as in "
            f"Hochreiter and Schmidhuber 1997, experiment 6{'a' if classes == 4 else 'b'}"
        ),
        sampler=partial(sequences.draw_order, length, windows),
    )


def _copy(length: int, name: str) -> dict:
    steps = length + 2 * sequences.COPIED
    return dict(
        says="Keep ten symbols in mind and, after the sign to go, say them in the same order.",
        steps=steps,
        inputs=10,
        outputs=9,  # the sign to go is never an answer
        symbols=(*"abcdefgh", "blank", "go"),
        baseline=10 * log(8) / steps,
        baseline_says=f"knows when to answer, but guesses the ten symbols: loss 10 ln 8 / {steps}",
        chance=1 / 8,
        solved_says="99 % of the copied symbols of held-out sequences are right",
        source="Arjovsky, Shah and Bengio 2016, Unitary evolution recurrent neural networks",
        sampler=partial(sequences.draw_copy, length),
    )


def _reber(length: int, name: str) -> dict:
    baseline = sequences.reber_forgetful_loss(length)
    return dict(
        says="Say which symbol the grammar brings next; the last but one is the T or P that came second.",
        steps=length,
        inputs=7,
        outputs=7,
        symbols=sequences.REBER_SYMBOLS,
        baseline=baseline,
        baseline_says=(
            "knows the grammar, but not whether T or P came second: ln 2 at every fork, and ln 2 for the last symbol "
            f"but one, which makes a loss of {baseline:.3g} on held-out strings"
        ),
        chance=1 / 2,
        solved_says="99 % of held-out strings get the right last symbol but one",
        source="Hochreiter and Schmidhuber 1997, Long short-term memory, experiment 1",
        sampler=partial(sequences.draw_reber, length),
        ahead=True,
    )


def _parity(length: int, name: str) -> dict:
    """The bit of a step says nothing of the parity there but at the first, where it is the parity.

    Who sees the bit alone, and not the step, is best off with the mean of that: odd after a +1 with the probability
    (T + 1) / 2T, and so is even after a -1.
    """
    p = (length + 1) / (2 * length)
    baseline = -p * log(p) - (1 - p) * log(1 - p)
    return dict(
        says="Say at every step whether the number of +1 so far is odd.",
        steps=length,
        inputs=1,
        outputs=2,
        symbols=("bit",),
        baseline=baseline,
        baseline_says=(
            "knows the bit of this step only, which is the parity at the first step and says nothing later: loss "
            f"{baseline:.3g}, and ln 2 in the limit of long sequences"
        ),
        chance=1 / 2,
        solved_says="99 % of held-out sequences have the right parity at the last step",
        source="after Minsky and Papert 1969, Perceptrons; here bit by bit",
        sampler=partial(sequences.draw_parity, length),
    )


def _years() -> np.ndarray:
    """Return the sunspots, of mean 0 and deviation 1 over the training years."""
    values = sunspots().values
    past = standardise(values[:TRAINING_YEARS])
    return (values - past.mean) / past.std


def _sunspots(length: int, validation: float, mixed: bool) -> dict:
    series, z = sunspots(), _years()
    slope, intercept = np.polyfit(z[: TRAINING_YEARS - 1], z[1:TRAINING_YEARS], 1)
    # Target i is year i + 1, so the first that is held out has number TRAINING_YEARS - 1.
    cut = TRAINING_YEARS - 1
    errors = (slope * z[:-1] + intercept - z[1:]) ** 2
    baseline = _mean_held_out(errors, cut, length)
    return dict(
        says="Say at every year how many sunspots the next year will have.",
        steps=length,
        inputs=1,
        outputs=1,
        real=True,
        symbols=("sunspots",),
        baseline=baseline,
        baseline_says=f"a straight line from this year to the next, fitted to the training years: loss {baseline:.3g}",
        chance=None,
        tolerance=0.25,
        solved_from=None,
        solved_below=0.6 * baseline,
        solved_says=(
            f"held-out loss below {0.6 * baseline:.3g}, 0.6 of what a line from one year leaves; one from two years "
            "leaves about 0.5 of it"
        ),
        held_out_says="the held-out years come after all that are trained on",
        source=f"{series.source} Training years up to {series.labels[cut]}, held out from {series.labels[cut + 1]} on.",
        sampler=_stretches(z[:-1, None], z[1:], cut, length, validation, mixed),
        ahead=True,
    )


def _stretches(x: np.ndarray, target: np.ndarray, cut: int, steps: int, validation: float, mixed: bool) -> Stock:
    kept = round(validation * cut)
    target = sequences.shuffled(target, np.arange(cut - kept)) if mixed else target
    return sequences.stretches(x, target, cut, steps, kept)


def _next(z: np.ndarray, cut: int, length: int, validation: float, mixed: bool) -> dict:
    """What tasks share that ask for the value after a window: z (N,), the first `cut` of them trained on."""
    kept, held = round(validation * (cut - length)), np.arange(cut, len(z))
    last = float(((z[held] - z[held - 1]) ** 2).mean())
    rows = z[np.arange(PAST, len(z))[:, None] - np.arange(1, PAST + 1)]
    rows = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    rule, *_ = np.linalg.lstsq(rows[: cut - PAST], z[PAST:cut], rcond=None)
    linear = float(((rows[cut - PAST :] @ rule - z[cut:]) ** 2).mean())
    return dict(
        steps=length,
        inputs=1,
        outputs=1,
        real=True,
        baseline=last,
        baseline_says=f"says the last value again: loss {last:.3g}",
        chance=None,
        tolerance=0.15,
        solved_from=None,
        solved_below=linear,
        solved_says=f"held-out loss below {linear:.3g}, that of a linear rule from the last {PAST} values",
        held_out_says="what is held out comes after all that is trained on; a window may reach back into it",
        sampler=sequences.windows(z, sequences.shuffled(z, np.arange(cut - kept)) if mixed else z, cut, length, kept),
        dull={"the last value again": last, f"a linear rule from the last {PAST} values": linear},
    )


def _next_sine(length: int, validation: float, mixed: bool) -> dict:
    z = signal("sine", SINE_VALUES, period=SINE_PERIOD)[:, 0] + SINE_NOISE * signal("noise", SINE_VALUES)[:, 0]
    return _next(z, SINE_TRAINING, length, validation, mixed) | dict(
        says=f"Say the next value of a sine with a little noise, from the last {length}.",
        symbols=("sine",),
        source=(
            f"{SINE_VALUES} values of a sine of period {SINE_PERIOD} with normal noise of deviation {SINE_NOISE}, so "
            f"that no answer can have a loss below {SINE_NOISE**2:.2g}; the last {SINE_VALUES - SINE_TRAINING} are "
            "held out."
        ),
    )


def _next_sunspots(length: int, validation: float, mixed: bool) -> dict:
    series = sunspots()
    return _next(_years(), TRAINING_YEARS, length, validation, mixed) | dict(
        says=f"Say how many sunspots the next year will have, from the last {length} years.",
        symbols=("sunspots",),
        source=f"{series.source} Held out from {series.labels[TRAINING_YEARS]} on.",
    )


def _motions(length: int, validation: float, mixed: bool) -> dict:
    motions = basic_motions()
    cut, classes = len(motions.labels) // 2, len(motions.classes)
    past = motions.x[:length, :cut]
    x = (motions.x[:length] - past.mean(axis=(0, 1))) / past.std(axis=(0, 1))
    ridge = _ridge(np.concatenate([x.mean(axis=0), x.std(axis=0)], axis=1), motions.labels, cut)
    return dict(
        says=f"Say from {length / 10:g} seconds of a smart watch what its wearer did: {', '.join(motions.classes)}.",
        steps=length,
        inputs=len(motions.channels),
        outputs=classes,
        symbols=motions.channels,
        baseline=log(classes),
        baseline_says=f"gives each of the {classes} answers the same probability: loss ln {classes}",
        chance=1 / classes,
        solved_says="all 40 held-out recordings are answered right",
        held_out_says="the 40 held-out recordings are never trained on",
        source=motions.source,
        sampler=sequences.recordings(x, motions.labels, cut, validation, mixed),
        dull={"ridge regression on the mean and the deviation of each channel": ridge},
    )


def _ridge(features: np.ndarray, labels: np.ndarray, cut: int, penalty: float = 1.0) -> float:
    """Return the share of classes from `cut` on that ridge regression on +-1 for each class gets right.

    features: (N, F), made to have mean 0 and deviation 1 before `cut`, which is what it learns from.
    """
    z = (features - features[:cut].mean(axis=0)) / features[:cut].std(axis=0)
    wanted = 2.0 * np.eye(labels.max() + 1)[labels[:cut]] - 1.0
    weights = np.linalg.solve(
        z[:cut].T @ z[:cut] + penalty * np.eye(z.shape[1]), z[:cut].T @ (wanted - wanted.mean(axis=0))
    )
    return float(((z[cut:] @ weights + wanted.mean(axis=0)).argmax(axis=1) == labels[cut:]).mean())


def _text(text: str, length: int, validation: float, mixed: bool) -> dict:
    hot = one_hot(text) if len(text) >= SHORTEST_TEXT else None
    if hot is None or len(hot.x) < SHORTEST_TEXT:
        allowed = f"at least {SHORTEST_TEXT} characters long, since the last fifth is held out from training"
        raise ValueError(complaint("text", allowed, text))
    n, kinds = hot.x.shape
    if kinds < 2:
        raise ValueError("The 'text' parameter must have at least 2 distinct characters. Got 1 instead.")
    codes = hot.x.argmax(axis=1)
    now, coming = codes[:-1], codes[1:]
    first = n * 4 // 5
    cut, steps = first - 1, min(length, n - first)  # target i is character i + 1
    counts = np.ones((kinds, kinds))
    np.add.at(counts, (now[:cut], coming[:cut]), 1)
    bigram = counts / counts.sum(axis=1, keepdims=True)
    baseline = _mean_held_out(-np.log(bigram[now, coming]), cut, steps)
    return dict(
        says="Say at every character which one comes next.",
        steps=steps,
        inputs=kinds,
        outputs=kinds,
        symbols=hot.alphabet,
        baseline=baseline,
        baseline_says=(
            "knows the current character only, and how often each one followed it in the training part, plus one: "
            f"loss {baseline:.3g}"
        ),
        chance=_mean_held_out(bigram.argmax(axis=1)[now] == coming, cut, steps),
        solved_from=None,
        solved_below=baseline,
        solved_says=f"held-out loss below {baseline:.3g}, that of knowing the current character only",
        held_out_says=_met_again(codes, cut, steps),
        source=f"The first {first} of the {n} characters are trained on, the rest is held out."
        + (f" Only the first {MAX_CHARACTERS} of {hot.given} characters are used." if hot.given > n else ""),
        sampler=_stretches(hot.x[:-1], coming, cut, steps, validation, mixed),
        ahead=True,
    )


def _met_again(codes: np.ndarray, cut: int, steps: int) -> str:
    """Return how many held-out stretches, the character to say last included, stand in the training part as well."""
    learnt, held = (
        [codes[k : k + steps + 1].tobytes() for k in sequences.starts(len(codes) - 1, cut, steps, part)]
        for part in (False, True)
    )
    known = set(learnt)
    again = sum(stretch in known for stretch in held)
    where, but = "held-out stretches are from a later part of the text", "as well, since the text repeats itself"
    if not again:
        return f"{where}, and none of the {len(held)} stands in the part trained on"
    return f"{where}, but {again} of the {len(held)} stand in the part trained on {but}"


def _mean_held_out(values: np.ndarray, cut: int, steps: int) -> float:
    """Return the mean over all held-out stretches of one value per target."""
    index = np.arange(steps)[:, None] + sequences.starts(len(values), cut, steps, True)
    return float(values[index].mean())
