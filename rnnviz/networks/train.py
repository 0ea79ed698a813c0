"""Training: update after update, K networks at once, with everything about the gradient on record."""

import time
from dataclasses import dataclass, fields

import numpy as np

from ..arguments import Named, complaint, finite, flag, instance, real, several, whole
from ..cells import Cell, find
from ..config import Stack, TrainConfig
from ..engine.clip import Clipped, clip
from ..engine.history import FINITE, History
from ..engine.network import Weights, losses
from ..engine.optimise import OPTIMISERS, decay
from ..engine.parameters import WHAT
from ..engine.record import record_with
from ..sources.tasks import Batch, right, task
from ..summary import summary
from .learn import answers, at, backward, draw, what_learns

BATCHES, HELD_OUT = 5, 6
"""Streams of random numbers, beside those of `initialise` and `network`."""

TESTED = 100
"""Held-out sequences, the same ones at every test."""

EVERY = 20
"""Updates from one test on the held-out sequences to the next."""

LATE = 0.1
"""Seconds by which a round of updates may end after its time, before it is broken off."""

SHOWN = WHAT | {
    "V": "weights of the read-out",
    "b_y": "bias of the read-out",
    "loss": "loss on the batch of every update",
    "norm_before": "norm of the gradient before clipping",
    "norm_after": "norm of the gradient after clipping",
    "clipped": "share of updates that clipping changed",
    "cosine": "of the angle by which clipping turned the gradient",
    "log10_dh": "log10 of the norm of dL/dh_t at every update and step",
}
"""What the arrays of a training are."""


@dataclass(frozen=True)
class Stop:
    """Why a network learns no longer: the update that failed, and what was not finite then.

    cause: "state", "output", "gradient" or "weights", the first that was not finite. step: of the sequence, from 1, for
    a state. norm: of the last finite gradient. largest: of the weights, before. node: whose state it was, of a network.
    """

    update: int
    cause: str
    step: int
    norm: float
    largest: float
    node: str = ""


@dataclass(frozen=True, eq=False)
class First:
    """The first update: log10 of the norms of dL/dh_t, (T, K), of a network by node, and what clipping did."""

    log10_dh: np.ndarray | dict
    clipped: Clipped


class Training:
    """K networks that learn one task; the same configuration always gives the same run.

    config: `TrainConfig`, or `NetworkTrainConfig` for a network of any shape. network: the `Cell` that learns, or the
    `Network`, with its read-out. updates: how many were made. weights: `Weights` now; initial: before the first update.
    history: `History` of every update: loss, norm_before, norm_after, clipped, cosine, each (K,), and log10_dh (K, T),
    the mean of its updates but for gradients that are exactly 0; of a network "log10_dh layer 1" and so on, of every
    recurrent node, by position. norms, losses: norm_before and loss of each single update.
    tests: `History` on the held-out sequences: loss and accuracy (K,), after the updates that `tested` has. stops:
    network, from 0 -> `Stop`. skipped: (K,) updates left out. seconds: spent so far. solved_at: (K,) the first test, in
    updates, that met what counts as solved; -1 before. first: `First`, or None before any update.
    every: updates from one test to the next; the last one is after the last update.
    Of a `NetworkTrainConfig` on a finite data set, tests has "training loss" and "training accuracy" as well, and of a
    validation part the same; of at most `TESTED` sequences of each. best_at: (K,) the test, in updates, with the lowest
    loss on the validation part, of those that were running. early: (K,) which networks stopped there, with the weights
    they had then; where there is a patience, those that run to the end have their best weights as well.
    Raises ValueError for anything but a `TrainConfig`, a task of that length or text that there is not, a network that
    there is not or that would read what it must say, a patience without a validation part, or initial `Weights` of
    another shape or not finite. print shows its arrays.
    """

    every = EVERY
    held_out_sequences = TESTED

    def __init__(self, config, initial=None):
        self.config = instance("config", config, TrainConfig, "a TrainConfig")
        self.cell = find(config.cell)
        more = {name: getattr(config, name) for name in ("validation", "labels") if isinstance(config, Stack)}
        self.task = task(config.task, config.length, config.typed, **more)
        if self.task.finite and not self.task.ahead:
            held_out = self.task.part("held_out", TESTED)
        else:
            held_out = self.task.draw(np.random.default_rng([config.seed, HELD_OUT]), TESTED, held_out=True)
        self._refuse(len(held_out.target))
        self.network = what_learns(config, self.task.inputs, self.task.outputs, len(held_out.target))
        drawn = draw(self.network, config, self.task.inputs, self.task.outputs)
        self.initial = drawn if initial is None else self._given(initial, drawn)
        self._held_out, self.held_out_sequences = _for_all(held_out), held_out.x.shape[1]
        self._parts = {"": self._held_out}
        if isinstance(config, Stack) and self.task.finite:
            names = ["training", "validation"][: 1 + (config.validation > 0)]
            self._parts |= {f"{name} ": _for_all(self.task.part(name, TESTED)) for name in names}
        self.rewind()

    def _refuse(self, answers):
        """Raise ValueError for a stack that sees what the task asks for, or reads once where it asks often."""
        config = self.config
        if isinstance(config, Stack):
            if config.directions == "both" and self.task.ahead:
                raise ValueError(
                    complaint(
                        "directions",
                        f"'forward' for {config.task!r}, whose answers are inputs to come",
                        config.directions,
                    )
                )
            if config.patience and not config.validation:
                raise ValueError(complaint("patience", "0 without a validation part", config.patience))
            if config.read != "position" and answers > 1:
                raise ValueError(
                    complaint("read", f"'position' for {config.task!r}, which asks at {answers} positions", config.read)
                )

    def _given(self, initial, drawn):
        """The caller's weights in the precision of the training. Raises ValueError."""
        instance("initial", initial, Weights, "Weights, as another training's `weights`")
        if initial.shapes != drawn.shapes or len(initial.flat) != len(drawn.flat):
            raise ValueError(
                f"The 'initial' parameter must be weights of {len(drawn.flat)} networks with the shapes "
                f"{drawn.shapes}. Got {len(initial.flat)} networks with {initial.shapes} instead."
            )
        with np.errstate(over="ignore"):
            return initial.like(finite("initial", initial.flat.astype(self.config.precision)))

    def __repr__(self):
        config = self.config
        rows = [(f"weights.arrays[{n!r}]", array.shape, _shown(n)) for n, array in self.weights.arrays.items()]
        rows += [(f"history[{n!r}]", self.history[n].shape, _shown(n)) for n in self.history.rules]
        for n in self.tests.rules:
            part, _, what = n.rpartition(" ")
            rows.append((f"tests[{n!r}]", self.tests[n].shape, f"{what} on {part or 'held-out'} sequences"))
        networks = f"{config.networks} network{'s' * (config.networks > 1)}, {self._title}, on {self.task.title}"
        now = f"{len(self.stops)} stopped, {int(self.solved().sum())} solve it"
        return summary(f"Training of {networks}: {self.updates} of {config.updates} updates, {now}", rows)

    def rewind(self):
        """Back to before the first update: the same weights, the same batches to come, and nothing recorded."""
        config, steps = self.config, self.task.steps
        networks = config.networks
        self.weights = self.initial.like(self.initial.flat.copy())
        self._optimiser = OPTIMISERS[config.optimiser](self.weights.flat)
        self._draws = [np.random.default_rng([own.seed, BATCHES]) for own in config.members()]
        one = (networks,)
        self.history = History(
            {
                "loss": ("mean", one),
                "norm_before": ("largest", one),
                "norm_after": ("largest", one),
                "clipped": ("mean", one),
                "cosine": ("smallest", one),
            }
            | {name: (FINITE, (networks, steps)) for name in self._recurrent}
        )
        self._norms, self._losses = np.empty((2, config.updates, networks))
        self.tests = History({part + name: ("last", one) for part in self._parts for name in ("loss", "accuracy")})
        self.updates, self.seconds, self.stops = 0, 0.0, {}
        self.skipped, self.solved_at = np.zeros(networks, int), np.full(networks, -1)
        self.first = None
        self.best_at, self.early = np.zeros(networks, int), np.zeros(networks, bool)
        self._best = np.full(networks, np.inf), self.weights.flat.copy()
        self._test()

    @property
    def running(self):
        """(K,) which networks still learn."""
        running = ~self.early
        running[list(self.stops)] = False
        return running

    @property
    def finished(self):
        """Whether there is nothing left to do: all updates are made, or every network has stopped."""
        return self.updates >= self.config.updates or not self.running.any()

    @property
    def norms(self):
        """(N, K) the norm of the gradient before clipping, at each of the N updates so far."""
        return self._norms[: self.updates]

    @property
    def losses(self):
        """(N, K) the loss on its batch, at each of the N updates so far; not a number once a network has stopped."""
        return self._losses[: self.updates]

    @property
    def tested(self):
        """(N,) the number of updates before each test on the held-out sequences; the first is 0."""
        return np.minimum((self.tests.updates - 1) * self.every, self.updates)

    def solved(self):
        """(K,) whether the last test on the held-out sequences met what counts as solved."""
        return self._solves(self.tests["loss"][-1], self.tests["accuracy"][-1])

    def update(self):
        """One update of every network that still learns; where all have stopped, it is only counted.

        Raises ValueError once the configuration's updates are made.
        """
        begun, config = time.perf_counter(), self.config
        if self.updates >= config.updates:
            allowed = f"above the {self.updates} that are made, for another one"
            raise ValueError(complaint("updates", allowed, config.updates, "rewind(), or configure more"))
        x, target, weight = self._batch()
        network = at(self.network, self.updates)
        loss, gradient, recording = backward(network, self.weights, x, target, weight, self.task.real)
        clipped = clip(gradient, config.clip, config.threshold, tuple(self.weights.blocks.values()), nonfinite="skip")
        usable = clipped.finite & np.isfinite(loss)
        self._move(self.running & usable, clipped)
        overflow, where, log10_dh = self._seen(recording)
        for k in np.flatnonzero(self.running & ~usable):
            cause = "state" if overflow[k] else "gradient" if np.isfinite(loss[k]) else "output"
            if config.nonfinite == "skip" and cause == "gradient":
                self.skipped[k] += 1
            else:
                self._stop(k, cause, int(overflow[k]), where[k])
        if self.first is None:
            self.first = First(log10_dh["log10_dh"] if self._single else log10_dh, clipped)
        seen = np.where(self.running | usable, loss, np.nan)
        self.history.add(
            loss=seen,
            norm_before=clipped.norm_before,
            norm_after=clipped.norm_after,
            clipped=clipped.touched,
            cosine=clipped.cosine,
            **{name: array.T for name, array in log10_dh.items()},
        )
        self._norms[self.updates], self._losses[self.updates] = clipped.norm_before, seen
        self.updates += 1
        if self.updates % self.every == 0 or self.finished:
            self._test()
        self.seconds += time.perf_counter() - begun

    def probe(self, network=0, initial=False, sequence=0):
        """The `Recording` of one network on one held-out sequence, with the gradient of its loss, in float64.

        Of a `Network` it is a `Trace`, without masks.

        network, sequence: from 0, the latter below `held_out_sequences`. initial: with the weights before the first
        update. Raises ValueError for any there is not.
        """
        network = whole("network", network, 0, self.config.networks - 1)
        sequence = whole("sequence", sequence, 0, self.held_out_sequences - 1)
        initial = flag("initial", initial)
        weights = self.initial if initial else self.weights
        one = weights.like(weights.flat[network : network + 1].astype(np.float64))
        x, target, weight = (
            array[:, :, sequence : sequence + 1]
            for array in (self._held_out.x, self._held_out.target, self._held_out.weight)
        )
        _, _, recording = backward(at(self.network, None), one, x, target, weight, self.task.real)
        if not self._single:
            return recording
        return record_with(self.cell.name, weights.network(network), x[:, 0], recording.output_gradient)

    def _batch(self):
        """x (T, K, B, D), target and weight (S, K, B): each network's own."""
        batches = [self.task.draw(rng, self.config.sequences) for rng in self._draws]
        x, target, weight = (np.stack([getattr(b, n) for b in batches], axis=1) for n in ("x", "target", "weight"))
        real = self.config.precision
        return x.astype(real), target.astype(real) if self.task.real else target, weight.astype(real)

    def _move(self, moving, clipped):
        """Update the weights of the networks that `moving` names; those of the others, and their memory, stay."""
        flat, kept = self.weights.flat, self.weights.flat.copy()
        memory = [array.copy() for array in self._optimiser.state] if not moving.all() else ()
        with np.errstate(all="ignore"):
            if isinstance(self.config, Stack) and self.config.decay:
                decay(flat, self.config.rate, self.config.decay)
            self._optimiser.step(flat, clipped.gradient, self.config.rate)
        flat[~moving] = kept[~moving]
        for array, before in zip(self._optimiser.state, memory):
            array[~moving] = before[~moving]
        for k in np.flatnonzero(~np.isfinite(flat).all(axis=1)):
            flat[k] = kept[k]
            self._stop(k, "weights", 0)

    def _stop(self, k, cause, step, node=""):
        norms = self.history["norm_before"][:, k] if len(self.history) else np.array([np.nan])
        known = norms[np.isfinite(norms)]
        self.stops[int(k)] = Stop(
            self.updates + 1,
            cause,
            step,
            float(known[-1]) if known.size else float("nan"),
            float(np.abs(self.weights.flat[k]).max()),
            node,
        )

    def _seen(self, recording):
        """The first step whose state is not finite, (K,), the node it is of, and name -> log10 of norms, (T, K)."""
        steps = self.task.steps
        if self._single:
            overflow = np.atleast_1d(recording.overflow_step)
            return overflow, [""] * len(overflow), {"log10_dh": recording.log10_dh.reshape(steps, -1)}
        overflow, where = np.zeros(self.config.networks, int), [""] * self.config.networks
        for node, found in recording.overflow_step.items():
            for k in np.flatnonzero(np.atleast_1d(found) * (overflow == 0)):
                overflow[k], where[k] = np.atleast_1d(found)[k], node
        logs = {f"log10_dh {node}": array.reshape(steps, -1) for node, array in recording.log10_dh.items()}
        return overflow, where, Named(logs)

    @property
    def _single(self):
        """Whether it is one recurrent layer with its read-out."""
        return isinstance(self.network, Cell)

    @property
    def _recurrent(self):
        """What the norms of dL/dh_t are called in the history."""
        return ["log10_dh"] if self._single else [f"log10_dh {node.name}" for node in self.network.recurrent]

    @property
    def _title(self):
        return (
            self.cell.title
            if self._single
            else f"{self.config.layers} layer{'s' * (self.config.layers > 1)} of {self.cell.title}"
        )

    def _test(self):
        """Run all networks on the held-out sequences, and on what there is beside them."""
        found = {}
        for part, batch in self._parts.items():
            y = answers(self.network, self.weights, batch.x.astype(self.config.precision), len(batch.target))
            found[part + "loss"] = losses(y, batch.target, batch.weight, self.task.real)
            found[part + "accuracy"] = right(self.task, batch, y)
        self.tests.add(**found)
        if "validation loss" in found:
            self._look_back(found["validation loss"])
        solved = self._solves(found["loss"], found["accuracy"])
        self.solved_at = np.where((self.solved_at < 0) & solved, self.updates, self.solved_at)

    def _look_back(self, loss):
        """Keep the weights of the lowest loss on the validation part, and go back to them where patience ends."""
        lowest, best = self._best
        better = self.running & (loss < lowest)
        lowest[better], best[better], self.best_at[better] = loss[better], self.weights.flat[better], self.updates
        patience = self.config.patience * self.every
        if patience:
            ends = self.running & (self.updates - self.best_at >= patience)
            self.early |= ends
            ends |= self.running & self.finished
            self.weights.flat[ends] = best[ends]

    def _solves(self, loss, accuracy):
        if self.task.solved_from is not None:
            return accuracy >= self.task.solved_from
        return loss < self.task.solved_below


def _for_all(batch):
    """The batch with an axis for the networks, all of which answer the same sequences."""
    return Batch(**{f.name: a if (a := getattr(batch, f.name)) is None else a[:, None] for f in fields(Batch)})


def _shown(name):
    """What an array of a training is, of a network by the name of its parameter."""
    return SHOWN.get(name.split(" ")[0] if name.startswith("log10_dh") else name.rpartition(".")[2], "")


def advance(trainings, seconds):
    """Update several trainings in turn, by the same number of updates, until that much time has passed or all ended.

    trainings: a sequence of `Training`. seconds: of at least 0; at 0 each is updated once. Returns whether any of them
    has something left to do. Updates so slow that a round would end `LATE` seconds too late are made one at a time:
    then the trainings can be one update apart. Raises ValueError for anything but such a sequence and such a number.
    """
    trainings = several("trainings", trainings, Training, "a sequence of at least one Training")
    end = time.perf_counter() + real("seconds", seconds, "a number of at least 0", 0.0, np.inf)
    while left := sorted((t for t in trainings if not t.finished), key=lambda t: t.updates):
        for training in left:
            training.update()
            if time.perf_counter() > end + LATE:
                return True
        if time.perf_counter() >= end:
            break
    return bool(left)
