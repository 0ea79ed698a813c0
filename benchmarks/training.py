"""How many updates a second, beside eager PyTorch: python -m benchmarks.training

Both train the same networks on the same batches from the same weights, with Adam and clipping by norm, and record the
same at every update: the loss, the norm of the gradient before and after clipping and their cosine, and the norm of
dL/dh_t at every step. Before anything is timed, the weights after a few updates in float64 must agree to 1e-9.

PyTorch is the faster of written-out equations and torch.nn.RNNCell, LSTMCell or GRUCell, on the faster of one thread
and one for every core; eight seeds are eight networks, one after the other, as eager PyTorch has no ensemble. rnnviz
trains them side by side. Drawing the batches counts for neither. The last lines are the memory that a run holds on to
after few and after many updates.
"""

import itertools
import os
import sys
import time
import tracemalloc

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as `make run` has it; read when NumPy is imported

import numpy as np
import torch

from benchmarks.engine import CELL_NAMES, CORES, TOLERANCE, TorchEquations, TorchModule, judge
from rnnviz import TrainConfig, Training
from rnnviz.engine.network import Weights, draw
from rnnviz.sources.tasks import task

STEPS, BATCH, HIDDEN = 50, 16, 32
RATE, THRESHOLD = 1e-3, 1.0
CHECKED = 5
"""Updates before the comparison of weights."""


def config(cell, networks, precision, updates=10_000):
    return TrainConfig(
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
        work = task(settings.task, settings.length)
        drawn = draw(settings, work.inputs, work.outputs)
        self.members, self.layout = [], drawn
        for k in range(settings.networks):
            one = drawn.like(drawn.flat[k : k + 1])
            layer = peer(settings.cell, one.layer)
            V, b_y = (torch.tensor(one.arrays[n][0], requires_grad=True) for n in ("V", "b_y"))
            leaves = [*layer.leaves, V, b_y]
            own = [tuple(torch.from_numpy(np.ascontiguousarray(a[:, k])) for a in b) for b in batches]
            turns = itertools.cycle(own)
            self.members.append((layer, V, b_y, leaves, torch.optim.Adam(leaves, lr=RATE), turns))
        self.record = []

    def update(self):
        self.record = []
        for layer, V, b_y, leaves, optimiser, turns in self.members:
            x, target, weight = next(turns)
            hs, _, _ = layer.states(x)
            each = torch.nn.functional.cross_entropy(torch.addmm(b_y, hs[-1], V), target[0], reduction="none")
            loss = (weight[0] * each).sum()
            optimiser.zero_grad()
            loss.backward()
            before = torch.cat([p.grad.flatten() for p in leaves])
            norm = torch.nn.utils.clip_grad_norm_(leaves, THRESHOLD)
            after = torch.cat([p.grad.flatten() for p in leaves])
            optimiser.step()
            reach = torch.linalg.vector_norm(torch.stack([h.grad for h in hs]), dim=(1, 2))
            cosine = torch.nn.functional.cosine_similarity(before, after, dim=0)
            self.record.append((loss.item(), norm.item(), after.norm().item(), cosine.item(), reach.numpy()))

    def weights(self):
        """As ours, for peers whose layout is ours."""
        flat = [torch.cat([p.detach().flatten() for p in leaves]).numpy() for _, _, _, leaves, _, _ in self.members]
        return Weights(np.stack(flat), self.layout.shapes)


def batches_of(settings, count=8):
    drawn = Training(settings)
    return [drawn._batch() for _ in range(count)]


def check(cell):
    """End the run with an error where the two do not train alike."""
    settings = config(cell, 2, "float64")
    batches = batches_of(settings)
    ours, peer = Ours(settings, batches), Torch(TorchEquations, settings, batches)
    for _ in range(CHECKED):
        ours.update()
        peer.update()
    a, b = ours.weights().flat, peer.weights().flat
    error = np.abs(a - b).max() / np.abs(b).max()
    reach = 10.0 ** ours.training.history["log10_dh"][-1]
    for k, (loss, norm, after, _, dh) in enumerate(peer.record):
        for name, theirs in (("loss", loss), ("norm_before", norm), ("norm_after", after)):
            error = max(error, abs(ours.training.history[name][-1][k] - theirs) / abs(theirs))
        # The history keeps these as float32 logarithms.
        if np.abs(reach[k] - dh).max() > 1e-4 * dh.max():
            sys.exit(f"{cell}: dL/dh differs")
    if not error < TOLERANCE:
        sys.exit(f"{cell}: updates differ from PyTorch's by {error:.1e}, relative")


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


def case(cell, networks, precision):
    settings = config(cell, networks, precision)
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
    label = f"cell={cell} seeds={networks} {precision}"
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


def main():
    for cell in CELL_NAMES:
        check(cell)
    one = [case(cell, 1, precision) for cell in CELL_NAMES for precision in ("float32", "float64")]
    eight = [case(cell, 8, precision) for cell in CELL_NAMES for precision in ("float32", "float64")]
    memory()
    judge("2 times PyTorch's updates for one seed", 2.0, dict(one))
    judge("8 times PyTorch's updates for eight seeds", 8.0, dict(eight))


if __name__ == "__main__":
    main()
