"""Sentences about training runs, every number in them computed from what was recorded."""

import numpy as np

from .cells import find
from .sources.tasks import task
from .wording import count, percent, shown

CLIPPED = {"norm": "clipped by norm", "parameter": "clipped per matrix", "value": "clipped by value"}
OPTIMISER = {"sgd": "SGD", "momentum": "SGD with momentum", "rmsprop": "RMSProp", "adam": "Adam"}

TAKE_AWAY = {
    "clip": "Clipping leaves the backward pass as it is and shortens the step that follows: one wild gradient no "
    "longer throws the weights away. It cannot bring back a gradient that has vanished.",
    "cell": "A plain RNN learns from the steps that its gradient reaches. Gates let a cell keep its state, and with it "
    "the gradient, for longer, if they are open.",
    "init": "Where training starts decides how far back the first gradients reach, and so from where learning can "
    "begin.",
    "optimiser": "An optimiser scales the gradient that it is given. It cannot find in it what has vanished on its "
    "way.",
    "rate": "A rate too large throws the weights about, one too small wastes updates; what is too large changes from "
    "place to place, which is why clipping helps.",
    "forget_bias": "A forget gate that starts half open halves the cell state at every step: 30 steps leave a "
    "billionth. A higher bias opens it before the first update.",
}
"""The sentence to take away, by the field in which two runs differ."""


def label(config, varied):
    """What sets this run apart from the one beside it, in a few words."""
    if varied == "clip":
        return f"{CLIPPED[config.clip]} at {shown(config.threshold)}" if config.clip in CLIPPED else "not clipped"
    if varied == "cell":
        return find(config.cell).title
    if varied == "optimiser":
        return OPTIMISER[config.optimiser]
    if varied == "init":
        return f"{config.init} U"
    return f"{ {'rate': 'rate', 'forget_bias': 'forget bias'}[varied] } {shown(getattr(config, varied))}"


def objection(first, second, varied):
    """Why the two settings make no pair; None where they do."""
    if first == second:
        return "Both runs have the same settings, so they would be one run twice. Give the second one another value."
    if varied == "forget_bias" and "f" not in find(first.cell).gates:
        return f"The cell of both, {find(first.cell).title}, has no forget gate: choose an LSTM in **Network of both**."
    return None


def misfit(config, weights):
    """Why weights of a file cannot start the networks of a `TrainConfig`; None where they can."""
    work = task(config.task, config.length, config.typed)
    (inputs, columns), (_, outputs), units = weights.shapes["W"], weights.shapes["V"], weights.shapes["U"][0]
    held = (len(weights.flat), units, columns // units, inputs, outputs)
    asked = (config.networks, config.hidden_size, len(find(config.cell).gates), work.inputs, work.outputs)
    words = ("network", "hidden unit", "gate", "input", "output")
    apart = [f"{count(has, word)}, not {wanted}" for has, wanted, word in zip(held, asked, words) if has != wanted]
    if not apart:
        return None
    return (
        f"The weights of the file do not fit the settings: it holds {'; '.join(apart)}. Set seeds, units, cell and "
        "task to fit it, or take the file away."
    )


def verdict(name, training):
    """How many seeds solve the task now, how many did and no longer do, and how the others stand without memory."""
    work, solved, total = training.task, training.solved(), training.config.networks
    done, reached = int(solved.sum()), training.solved_at[training.solved_at >= 0]
    text = f"**{name}**: tested after {count(training.tested[-1], 'update')}, {done} of {count(total, 'seed')} "
    text += "solves the task" if 1 in (done, total) else "solve the task"
    if reached.size:
        text += f"; the first did after {reached.min():,}"
    lost = int(((training.solved_at >= 0) & ~solved).sum())
    if lost:
        text += f", and {lost} had solved it and lost it again"
    loss = training.tests["loss"][-1]
    rest = loss[~solved & np.isfinite(loss)]
    if rest.size:
        middle = float(np.median(rest))
        ratio = middle / work.baseline
        beside = "no better than" if ratio >= 1 else "hardly better than" if ratio > 0.97 else f"{percent(ratio)} of"
        text += (
            f". The held-out loss of {'those that do not' if done else 'all'} is {shown(middle)} (median), {beside} "
            f"the {shown(work.baseline)} of an answer without memory"
        )
    return text + "."


def clipped(name, training):
    """What clipping did so far, or how far the gradient's norm went without it."""
    history, config = training.history, training.config
    if not len(history):
        return ""
    before = history["norm_before"]
    if not np.isfinite(before).any():
        return ""
    top, middle = float(np.nanmax(before)), float(np.nanmedian(training.norms))
    if config.clip == "none":
        text = f"**{name}**: the median norm of the gradient is {shown(middle)}"
        return text + (f", the largest {shown(top)}, {shown(top / middle)} times as much." if middle > 0 else ".")
    share = float(np.nanmean(history["clipped"]))
    turn = float(np.degrees(np.arccos(np.clip(np.nanmin(history["cosine"]), -1, 1))))
    text = f"**{name}**: {percent(share)} of the updates were clipped; the largest norm, {shown(top)}, "
    if share == 0:
        return f"**{name}**: no update was clipped; the largest norm was {shown(top)}."
    bucket, network = np.unravel_index(np.nanargmax(before), before.shape)
    text += f"went down to {shown(history['norm_after'][bucket, network])}"
    if config.clip == "norm":
        return text + ", and no gradient was turned: clipping by norm keeps the direction."
    if turn < 0.5:
        return text + ", and no gradient was turned."
    return text + f". Clipping turned the gradient by up to {turn:.0f}°: the update no longer points straight downhill."


def exploded(training):
    """Whether a gradient that was not clipped was at least a hundred times its median."""
    norms = training.norms
    if training.config.clip != "none" or not np.isfinite(norms).any():
        return False
    with np.errstate(invalid="ignore"):
        return bool((np.nanmax(norms, axis=0) >= 100 * np.nanmedian(norms, axis=0)).any())


def same_pass(trainings):
    """What clipping leaves alone: both first passes, compared; None where the runs start from different networks."""
    one, two = trainings.values()
    if one.first is None or two.first is None or one.first.log10_dh.shape != two.first.log10_dh.shape:
        return None
    if one.config.clip == two.config.clip and one.config.threshold == two.config.threshold:
        return None
    (a, b), both = ((t.first.log10_dh for t in (one, two)), list(trainings))
    apart = float(np.abs(a - b)[np.isfinite(a - b)].max(initial=0.0))
    k = int(np.nanargmax(one.first.clipped.norm_before)) if one.first.clipped.finite.any() else 0
    norms = [float(t.first.clipped.norm_after[k]) for t in (one, two)]
    return (
        f"At the first update both runs had computed the same ∂L/∂h at every step (the largest difference of the "
        f"logarithms of the norms is {shown(apart)}): clipping comes after the backward pass. It changes the update: "
        f"the largest gradient of a seed, of norm {shown(one.first.clipped.norm_before[k])}, was used with norm "
        f"{shown(norms[0])} by “{both[0]}” and with {shown(norms[1])} by “{both[1]}”."
    )


CAUSES = {
    "state": "the state grew past the largest number of {precision} at step {step} of the sequence",
    "output": "the outputs grew so large that the loss is no longer a number",
    "gradient": "the gradient grew past the largest number of {precision} on its way back, though the loss was finite",
    "weights": "the update made weights that are infinite or not numbers",
}


def stops(name, training):
    """Why networks stopped, and what to try; empty where none did."""
    if not training.stops:
        return []
    config, out = training.config, []
    for cause in CAUSES:
        those = {k: s for k, s in training.stops.items() if s.cause == cause}
        if not those:
            continue
        first = min(those.values(), key=lambda s: s.update)
        who = "Its network" if config.networks == 1 else f"{len(those)} of {count(config.networks, 'seed')}"
        words = CAUSES[cause].format(precision=config.precision, step=first.step)
        out.append(
            f"**{name}** diverged. {who} stopped, the first at update {first.update:,}: {words}. The largest weight "
            f"was {shown(first.largest)}; the last finite gradient had norm {shown(first.norm)}. "
            + _advice(config, cause, first)
        )
    return out


def _advice(config, cause, stop):
    tries = []
    if config.clip == "none":
        tries.append("clip by norm, at a threshold near the norms of the first updates")
    elif np.isfinite(stop.norm) and config.threshold > stop.norm:
        tries.append(f"lower the threshold, which at {shown(config.threshold)} was never reached")
    tries.append(f"lower the learning rate below {shown(config.rate)}")
    if cause in ("state", "gradient") and config.gain > 1:
        tries.append(f"lower the gain below {shown(config.gain)}")
    return f"To try: {'; or '.join(tries)}. The weights before that update are kept."


def skipped(name, training):
    """How many updates were left out because of a gradient that was not finite."""
    left_out = int(training.skipped.sum())
    if not left_out:
        return ""
    return f"**{name}**: {count(left_out, 'update')} left out, for a gradient that was not finite."


def seconds_left(trainings):
    """About how long the rest takes at the pace so far; None before the first update."""
    left = 0.0
    for t in trainings.values():
        if not t.finished:
            if not t.updates:
                return None
            left += (t.config.updates - t.updates) * t.seconds / t.updates
    return left


def duration(seconds):
    """Seconds in words."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


NEITHER = "there will be no difference"


def _middle(losses):
    """The median of losses; infinite where none of them is a number any more."""
    known = losses[np.isfinite(losses)]
    return float(np.median(known)) if known.size else np.inf


def winner(trainings):
    """Which run's held-out loss is smaller, or `NEITHER` where the two are within 10 %, and the losses."""
    loss = {name: _middle(t.tests["loss"][-1]) for name, t in trainings.items()}
    (one, a), (two, b) = loss.items()
    best = NEITHER if not max(a, b) > 1.1 * min(a, b) else one if a < b else two
    tested = min(t.tested[-1] for t in trainings.values())
    return best, (
        f"Tested after {count(tested, 'update')}, the median loss on held-out sequences is {shown(a)} for "
        f"“{one}” and {shown(b)} for “{two}”."
    )
