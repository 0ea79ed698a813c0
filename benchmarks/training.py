"""How many updates a second, beside eager PyTorch: python -m benchmarks.training

Both train the same networks on the same batches from the same weights, with Adam and clipping by norm, and record the
same at every update: the loss, the norm of the gradient before and after clipping and their cosine, and the norm of
dL/dh_t at every step. Before anything is timed, the weights after a few updates in float64 must agree to 1e-9.

PyTorch is the faster of written-out equations and torch.nn.RNNCell, LSTMCell or GRUCell, on the faster of one thread
and one for every core; eight seeds are eight networks, one after the other, as eager PyTorch has no ensemble. rnnviz
trains them side by side. One layer is a `TrainConfig`; three are a `NetworkTrainConfig`, and the norms are those of
every layer. Drawing the batches counts for neither. The last lines are the memory that a run holds on to after few and
after many updates, and the most that updates of large networks take.
"""

import itertools
import os
import sys
import time
import tracemalloc
from dataclasses import replace

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as `make run` has it; read when NumPy is imported

import numpy as np
import torch

from benchmarks.engine import CELL_NAMES, CORES, TOLERANCE, TorchEquations, TorchModule, judge
from rnnviz import NetworkTrainConfig, Parameters, TrainConfig, Training
from rnnviz.engine.network import Weights

STEPS, BATCH, HIDDEN = 50, 16, 32
RATE, THRESHOLD = 1e-3, 1.0
CHECKED = 5
"""Updates before the comparison of weights."""


def config(cell, networks, precision, layers=1, updates=10_000):
    single = TrainConfig(
        cell=cell,
        task="order_2",
        length=STEPS,
        hidden_size=HIDDEN,
        networks=networks,
        sequences=BATCH,
        optimiser="adam",
        rate=RATE,
        clip="norm",
        threshold=THRESHOLD,
        precision=precision,
        updates=updates,
    )
    return single if layers == 1 else NetworkTrainConfig(**vars(single), layers=layers)


class Ours:
    """A `Training` whose batches are drawn beforehand, over and over the same ones."""

    def __init__(self, settings, batches):
        self.training = Training(settings)
        self.training.every = 10**9  # no tests on held-out sequences: PyTorch makes none here
        turns = itertools.cycle(batches)
        self.training._batch = lambda: next(turns)

    def update(self):
        self.training.update()

    def weights(self):
        return self.training.weights


class Torch:
    """As many PyTorch networks as there are seeds, one after the other."""

    def __init__(self, peer, settings, batches):
        drawn = Training(settings).initial
        self.members, self.layout = [], drawn
        for k in range(settings.networks):
            # In order: W, U, b and b_rec of each layer, V and b_y.
            *own, V, b_y = (array[k] for array in drawn.arrays.values())
            layers = [peer(settings.cell, Parameters(*own[j : j + 4])) for j in range(0, len(own), 4)]
            V, b_y = (torch.tensor(array, requires_grad=True) for array in (V, b_y))
            leaves = [*itertools.chain(*(layer.leaves for layer in layers)), V, b_y]
            own = [tuple(torch.from_numpy(np.ascontiguousarray(a[:, k])) for a in b) for b in batches]
            turns = itertools.cycle(own)
            self.members.append((layers, V, b_y, leaves, torch.optim.Adam(leaves, lr=RATE), turns))
        self.record = []

    def update(self):
        self.record = []
        for layers, V, b_y, leaves, optimiser, turns in self.members:
            x, target, weight = next(turns)
            every = []
            for layer in layers:
                hs, _, _ = layer.states(torch.stack(every[-1]) if every else x)
                every.append(hs)
            each = torch.nn.functional.cross_entropy(torch.addmm(b_y, hs[-1], V), target[0], reduction="none")
            loss = (weight[0] * each).sum()
            optimiser.zero_grad()
            loss.backward()
            before = torch.cat([p.grad.flatten() for p in leaves])
            norm = torch.nn.utils.clip_grad_norm_(leaves, THRESHOLD)
            after = torch.cat([p.grad.flatten() for p in leaves])
            optimiser.step()
            reach = torch.linalg.vector_norm(torch.stack([h.grad for hs in every for h in hs]), dim=(1, 2))
            cosine = torch.nn.functional.cosine_similarity(before, after, dim=0)
            self.record.append((loss.item(), norm.item(), after.norm().item(), cosine.item(), reach.numpy()))

    def weights(self):
        """As ours, for peers whose layout is ours."""
        flat = [torch.cat([p.detach().flatten() for p in leaves]).numpy() for _, _, _, leaves, _, _ in self.members]
        return Weights(np.stack(flat), self.layout.shapes)


def batches_of(settings, count=8):
    drawn = Training(settings)
    return [drawn._batch() for _ in range(count)]


def check(cell, layers):
    """End the run with an error where the two do not train alike."""
    settings = config(cell, 2, "float64", layers)
    batches = batches_of(settings)
    ours, peer = Ours(settings, batches), Torch(TorchEquations, settings, batches)
    for _ in range(CHECKED):
        ours.update()
        peer.update()
    a, b = ours.weights().flat, peer.weights().flat
    error = np.abs(a - b).max() / np.abs(b).max()
    names = ["log10_dh"] if layers == 1 else [f"log10_dh layer {k + 1}" for k in range(layers)]
    reach = 10.0 ** np.concatenate([ours.training.history[name][-1] for name in names], axis=-1)
    for k, (loss, norm, after, _, dh) in enumerate(peer.record):
        for name, theirs in (("loss", loss), ("norm_before", norm), ("norm_after", after)):
            error = max(error, abs(ours.training.history[name][-1][k] - theirs) / abs(theirs))
        # The history keeps these as float32 logarithms.
        if np.abs(reach[k] - dh).max() > 1e-4 * dh.max():
            sys.exit(f"{cell}, {layers} layers: dL/dh differs")
    if not error < TOLERANCE:
        sys.exit(f"{cell}, {layers} layers: updates differ from PyTorch's by {error:.1e}, relative")


def pace(runs, seconds=3.0):
    """Name -> updates a second: the median update of each, in turns of ten, as training makes one after the other."""
    times, end = {name: [] for name in runs}, time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[next(iter(runs))]) < 30:
        for name, run in runs.items():
            for _ in range(10):
                start = time.perf_counter()
                run()
                times[name].append(time.perf_counter() - start)
    return {name: 1.0 / float(np.median(t)) for name, t in times.items()}


def case(cell, networks, precision, layers=1):
    settings = config(cell, networks, precision, layers)
    batches = batches_of(settings)

    def threaded(member, threads):
        def run():
            torch.set_num_threads(threads)
            member.update()

        return run

    runs = {"rnnviz": Ours(settings, batches).update}
    for name, peer in (("equations", TorchEquations), ("module", TorchModule)):
        for threads in sorted({1, CORES}):
            runs[name, threads] = threaded(Torch(peer, settings, batches), threads)
    found = pace(runs)
    ours, best = found.pop("rnnviz"), max(found.values())
    label = f"cell={cell} layers={layers} seeds={networks} {precision}"
    print(
        f"training {label} T={STEPS} B={BATCH} H={HIDDEN} rnnviz_per_s={ours:.0f} torch_per_s={best:.0f} "
        f"vs_torch={ours / best:.2f}",
        flush=True,
    )
    return label, ours / best


def memory():
    """What a run holds on to, in MB, after few and after many updates."""
    for updates in (100, 1_000, 5_000):
        tracemalloc.start()
        training = Training(TrainConfig(cell="rnn", hidden_size=8, networks=4, updates=updates))
        while not training.finished:
            training.update()
        print(f"memory updates={updates} held_mb={tracemalloc.get_traced_memory()[0] / 2**20:.2f}", flush=True)
        tracemalloc.stop()


LARGE = {
    "sine, two layers of 50": NetworkTrainConfig("lstm", 50, task="next_sine", length=100, networks=1, sequences=32),
    "motions, 3 layers of 64, both, 8 seeds": NetworkTrainConfig(
        "lstm", 64, layers=3, directions="both", task="motions", length=100, networks=8, sequences=32, validation=0.2
    ),
    "motions, 8 layers of 128, both": NetworkTrainConfig(
        "lstm", 128, layers=8, directions="both", task="motions", length=100, networks=1, sequences=32
    ),
}


def largest():
    """The most that two updates and their tests take, in MB."""
    for label, settings in LARGE.items():
        tracemalloc.start()
        training = Training(replace(settings, updates=10))
        training.update()
        training.update()
        print(f"memory {label}: peak_mb={tracemalloc.get_traced_memory()[1] / 2**20:.0f}", flush=True)
        tracemalloc.stop()


def main():
    for cell in CELL_NAMES:
        for layers in (1, 3):
            check(cell, layers)
    one = [case(cell, 1, precision) for cell in CELL_NAMES for precision in ("float32", "float64")]
    eight = [case(cell, 8, precision) for cell in CELL_NAMES for precision in ("float32", "float64")]
    deep = [case(cell, networks, "float32", 3) for networks in (1, 8) for cell in CELL_NAMES]
    memory()
    largest()
    print("three layers: " + ", ".join(f"{label}: {ratio:.2f}" for label, ratio in deep))
    judge("2 times PyTorch's updates for one seed", 2.0, dict(one))
    judge("8 times PyTorch's updates for eight seeds", 8.0, dict(eight))


if __name__ == "__main__":
    main()
