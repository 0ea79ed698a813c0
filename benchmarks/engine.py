"""How fast the engine records, beside PyTorch and hand-written NumPy: python -m benchmarks.engine

All peers run in turn in one process, in float64, with one thread, and leave the same behind as NumPy arrays: every
gate, h, c, dL/dh_t, dL/dc_t, the norms of the last two at each step, and the gradients of the parameters. The values
are compared first. Times are medians, in milliseconds; vs_torch is how many times faster than PyTorch rnnviz is,
vs_numpy how many times slower than NumPy; faults how many pages of memory the system had to give rnnviz in a run.

PyTorch is the fastest of four: written-out equations, or torch.nn.RNNCell, LSTMCell or GRUCell, both with retain_grad
on every state, each with one thread and also with one for every core. The modules do not show their gates, so those are
computed again from the recorded states, in one product without autograd. NumPy is rnnviz/checks/hand_written.py, which
gives dL/dx as well; so rnnviz is asked for it too beside those two, and PyTorch is not.
"""

import functools
import os
import platform
import resource
import sys
import time
import tracemalloc
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as `make run` has it; read when NumPy is imported

import numpy as np
import torch

from rnnviz import CELLS, Config, NetworkConfig, Parameters, record, record_many, record_with
from rnnviz.checks import hand_written as oracle
from rnnviz.engine.initialise import initialise
from rnnviz.engine.parameters import PYTORCH_ORDER

CORES = os.cpu_count()
CELL_NAMES = ("rnn", "lstm", "gru")
CASES = ((100, 1, 32), (500, 1, 64), (100, 16, 32), (200, 32, 64))
INPUT_SIZE = 8
GAINS, GAIN_STEPS, GAIN_SIZE = np.linspace(0.0, 4.0, 32), 200, 32
GROWTH = [(T, 32) for T in (50, 100, 200, 400, 800)] + [(100, H) for H in (8, 16, 64, 128)]
PARAMETERS = ("W", "U", "b", "b_rec")
MODULES = {"rnn": torch.nn.RNNCell, "lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell}
TOLERANCE = 1e-9
SMALLEST = 1e-145
"""Gradients below this are not compared: the squares in their norm leave float64's range, and only rnnviz goes on."""


def problem(cell, steps, batch, hidden):
    """Drawn parameters, inputs and a gradient dL/dh that enters at the last step."""
    rng = np.random.default_rng(0)
    parameters, _ = initialise(Config(cell=cell, hidden_size=hidden), INPUT_SIZE)
    gradient = np.zeros((steps, batch, hidden))
    gradient[-1] = rng.uniform(-1.0, 1.0, (batch, hidden))
    return parameters, rng.standard_normal((steps, batch, INPUT_SIZE)), gradient


# ---- the peers: each returns what it recorded, by name -------------------------------------------------------------


def rnnviz_record(cell, parameters, x, gradient):
    recording = record_with(cell, parameters, x, gradient)
    return read(recording) | {"dx": recording.dx}


def read(r):
    out = {**r.gates, "h": r.h, "dh": r.dh, "log10_dh": r.log10_dh}
    if r.c is not None:
        out |= {"c": r.c, "dc": r.dc, "log10_dc": r.log10_dc}
    return out | {f"d{name}": getattr(r.gradients, name) for name in PARAMETERS}


def numpy_record(cell, parameters, x, gradient):
    out = oracle.bptt(cell, {name: getattr(parameters, name) for name in PARAMETERS}, x, gradient)
    for name in {"dh", "dc"} & set(out):
        out[f"norm_{name}"] = np.sqrt((out[name] ** 2).sum(axis=(-1, -2)))
    return {name: array for name, array in out.items() if name not in ("dh0", "dc0")}


class TorchEquations:
    """The cell's equations, with one input product for all steps and one call for gates of the same activation."""

    def __init__(self, cell, parameters):
        self.cell = cell
        self.leaves = [torch.tensor(getattr(parameters, name), requires_grad=True) for name in PARAMETERS]
        self.gates_of = {"rnn": (), "lstm": ("g", "ifo"), "gru": ("rz", "n")}[cell]

    def __call__(self, x, gradient):
        hs, cs, kept = self.states(torch.from_numpy(x))
        gates = {}
        for names, values in zip(self.gates_of, zip(*kept)):
            blocks = np.split(torch.stack(values).numpy(), len(names), axis=-1)
            gates |= dict(zip(names, blocks))
        return gates | torch_backward(self.leaves, hs, cs, gradient)

    def states(self, x):
        """Every h, every c, and every gate."""
        W, U, b, b_rec = self.leaves
        H = len(U)
        bias = b if self.cell == "gru" else b + b_rec
        inputs = torch.addmm(bias, x.flatten(0, 1), W).unflatten(0, x.shape[:2]).unbind(0)
        h = c = torch.zeros(x.shape[1], H, dtype=x.dtype)
        kept, hs, cs = [], [], []
        for x_t in inputs:
            if self.cell == "rnn":
                h = torch.addmm(x_t, h, U).tanh()
            elif self.cell == "lstm":
                g, ifo = torch.addmm(x_t, h, U).split((H, 3 * H), 1)
                g, ifo = g.tanh(), ifo.sigmoid()
                i, f, o = ifo.chunk(3, 1)
                c = torch.addcmul(i * g, f, c)
                h = o * c.tanh()
                c.retain_grad()
                cs.append(c)
                kept.append((g.detach(), ifo.detach()))
            else:
                (x_rz, x_n), (u_rz, u_n) = (v.split((2 * H, H), 1) for v in (x_t, torch.addmm(b_rec, h, U)))
                rz = (x_rz + u_rz).sigmoid()
                r, z = rz.chunk(2, 1)
                n = torch.addcmul(x_n, r, u_n).tanh()
                h = torch.lerp(n, h, z)
                kept.append((rz.detach(), n.detach()))
            h.retain_grad()
            hs.append(h)
        return hs, cs, kept


class TorchModule:
    """torch.nn.RNNCell, LSTMCell or GRUCell."""

    def __init__(self, cell, parameters):
        self.cell, self.order, gates = cell, PYTORCH_ORDER[cell], CELLS[cell].gates
        self.back = [self.order.index(g) for g in gates]
        sizes = map(len, (parameters.W, parameters.U))
        self.module = MODULES[cell](*sizes, dtype=torch.from_numpy(parameters.W).dtype)
        self.leaves = [getattr(self.module, n) for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        for leaf, name in zip(self.leaves, PARAMETERS):
            blocks = np.split(getattr(parameters, name), len(gates), axis=-1)
            leaf.data = torch.tensor(np.concatenate([blocks[gates.index(g)] for g in self.order], axis=-1).T.copy())

    def __call__(self, x, gradient):
        x = torch.from_numpy(x)
        hs, cs, _ = self.states(x)
        first = torch.zeros_like(hs[0])
        gates = {} if self.cell == "rnn" else self.gates(x, torch.stack([first, *hs[:-1]]))
        out = gates | torch_backward(self.leaves, hs, cs, gradient)
        for name in PARAMETERS:
            blocks = np.split(out[f"d{name}"], len(self.back))
            out[f"d{name}"] = np.concatenate([blocks[k] for k in self.back]).T
        return out

    def states(self, x):
        """Every h, and every c; the modules do not show their gates."""
        h = c = torch.zeros(x.shape[1], self.leaves[1].shape[1], dtype=x.dtype)
        hs, cs = [], []
        for x_t in x.unbind(0):
            if self.cell == "lstm":
                h, c = self.module(x_t, (h, c))
                c.retain_grad()
                cs.append(c)
            else:
                h = self.module(x_t, h)
            h.retain_grad()
            hs.append(h)
        return hs, cs, None

    @torch.no_grad()
    def gates(self, x, previous):
        W, U, b, b_rec = self.leaves
        a, u = torch.nn.functional.linear(x, W, b), torch.nn.functional.linear(previous, U, b_rec)
        if self.cell == "lstm":
            i, f, g, o = (a + u).chunk(4, 2)
            gates = {"i": i.sigmoid(), "f": f.sigmoid(), "g": g.tanh(), "o": o.sigmoid()}
        else:
            (a_r, a_z, a_n), (u_r, u_z, u_n) = a.chunk(3, 2), u.chunk(3, 2)
            r = (a_r + u_r).sigmoid()
            gates = {"r": r, "z": (a_z + u_z).sigmoid(), "n": torch.addcmul(a_n, r, u_n).tanh()}
        return {name: gate.numpy() for name, gate in gates.items()}


def torch_backward(leaves, hs, cs, gradient):
    for leaf in leaves:
        leaf.grad = None
    hs[-1].backward(torch.from_numpy(gradient[-1]))
    out = {f"d{name}": leaf.grad.numpy() for name, leaf in zip(PARAMETERS, leaves)}
    for name, states in (("h", hs), ("c", cs)) if cs else (("h", hs),):
        with torch.no_grad():
            adjoint = torch.stack([s.grad for s in states])
            out |= {
                name: torch.stack(states).numpy(),
                f"d{name}": adjoint.numpy(),
                f"norm_d{name}": torch.linalg.vector_norm(adjoint, dim=(1, 2)).numpy(),
            }
    return out


# ---- measuring -----------------------------------------------------------------------------------------------------


def torch_peers(cell, parameters):
    """(which, threads) -> function of x and the gradient, for the four ways to run PyTorch."""

    def run(peer, threads):
        def call(x, gradient):
            torch.set_num_threads(threads)
            return peer(x, gradient)

        return call

    peers = {"equations": TorchEquations(cell, parameters), "module": TorchModule(cell, parameters)}
    return {(which, n): run(peer, n) for n in sorted({CORES, 1}, reverse=True) for which, peer in peers.items()}


def medians(runs, repeats, seconds=0.0):
    """Name -> median milliseconds. One run of each in turn, so that what else the machine does hits all alike."""
    times, end, rounds = {name: [] for name in runs}, time.perf_counter() + seconds, 0
    while rounds < repeats or (rounds < 51 and time.perf_counter() < end):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
        rounds += 1
    ms = {name: 1e3 * float(np.median(t)) for name, t in times.items()}
    for which in ("equations", "module"):
        ms[which] = min((ms[name] for name in ms if name[0] == which), default=None)
    return ms


def page_faults(run):
    """How often the system had to give the process memory during one run: median of a few."""
    counts = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        run()
        counts.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    return int(np.median(counts))


def check_equal(label, ours, peer):
    """End the run with an error where a recorded value differs, relative to the largest of its step."""
    for name, expected in peer.items():
        actual = 10.0 ** ours[f"log10_{name[5:]}"] if name.startswith("norm_") else ours[name]
        if actual.shape != expected.shape:
            sys.exit(f"{label}: {name} has the shape {actual.shape} in rnnviz, {expected.shape} in the peer")
        axes = tuple(range(1, expected.ndim)) if expected.ndim != 2 else None
        size, error = np.abs(expected).max(axis=axes), np.abs(actual - expected).max(axis=axes)
        if not np.all(error <= np.where(size <= SMALLEST, 2 * SMALLEST, TOLERANCE * size)):
            sys.exit(f"{label}: {name} differs from rnnviz by {np.max(error / size):.1e}, relative")


def case(cell, steps, batch, hidden):
    parameters, x, gradient = problem(cell, steps, batch, hidden)
    peers = torch_peers(cell, parameters) | {"numpy": functools.partial(numpy_record, cell, parameters)}
    runs = {name: functools.partial(peer, x, gradient) for name, peer in peers.items()}
    ours = functools.partial(rnnviz_record, cell, parameters, x, gradient)
    label = f"cell={cell} T={steps} B={batch} H={hidden}"
    for name, run in runs.items():
        check_equal(f"{label} {name}", ours(), run())
    ms = medians(runs | {"rnnviz": ours}, repeats=9, seconds=2.0)
    faults = page_faults(ours)
    vs_torch, vs_numpy = min(ms["equations"], ms["module"]) / ms["rnnviz"], ms["rnnviz"] / ms["numpy"]
    print(
        f"{label} rnnviz_ms={ms['rnnviz']:.2f} torch_ms={min(ms['equations'], ms['module']):.2f} "
        f"numpy_ms={ms['numpy']:.2f} vs_torch={vs_torch:.2f} vs_numpy={vs_numpy:.2f} "
        f"equations_ms={ms['equations']:.2f} module_ms={ms['module']:.2f} faults={faults}",
        flush=True,
    )
    return label, batch, vs_torch, vs_numpy, faults


def stack(cell, layers, steps, batch, hidden):
    """Several layers, one above the other, beside the same of torch's cells with retain_grad on every state."""
    trace = record(
        NetworkConfig(cell, layers=layers, steps=steps, batch_size=batch, hidden_size=hidden, input_size=INPUT_SIZE)
    )
    x, gradient, states = np.array(trace.x), np.array(trace.output_gradient), CELLS[cell].states
    weights = {name: Parameters(*map(np.array, vars(own).values())) for name, own in trace.parameters.items()}
    members = [TorchModule(cell, own) for own in weights.values()]

    def peer():
        below, kept = torch.from_numpy(x), []
        for member in members:
            for leaf in member.leaves:
                leaf.grad = None
            hs, cs, _ = member.states(below)
            below = torch.stack(hs)
            kept.append({"h": hs, "c": cs})
        below.backward(torch.from_numpy(gradient))
        return [{s: torch.stack([state.grad for state in own[s]]).numpy() for s in states} for own in kept]

    def ours():
        found = record_with(trace.network, weights, x, gradient)
        found.dx, found.log10_dh  # noqa: B018
        return [{s: recording.gradient(s).true for s in states} for recording in found.recordings.values()]

    def threads(n):
        def run():
            torch.set_num_threads(n)
            peer()

        return run

    label = f"stack cell={cell} layers={layers} T={steps} B={batch} H={hidden}"
    for k, (mine, theirs) in enumerate(zip(ours(), peer())):
        check_equal(f"{label} layer {k + 1}", mine, theirs)
    ms = medians({("module", n): threads(n) for n in sorted({CORES, 1})} | {"rnnviz": ours}, repeats=9, seconds=2.0)
    print(
        f"{label} rnnviz_ms={ms['rnnviz']:.2f} torch_ms={ms['module']:.2f} vs_torch={ms['module'] / ms['rnnviz']:.2f}",
        flush=True,
    )
    return label, ms["module"] / ms["rnnviz"]


def ensemble(cell):
    """All gains in one pass, against one PyTorch run for each gain."""
    configs = [Config(cell=cell, steps=GAIN_STEPS, hidden_size=GAIN_SIZE, input_size=INPUT_SIZE, gain=g) for g in GAINS]
    recording = record_many(configs)
    x, ours = np.ascontiguousarray(recording.x[:, 0]), read(recording)
    gradients = [np.ascontiguousarray(recording.output_gradient[:, k]) for k in range(len(configs))]
    members = [torch_peers(cell, initialise(c, INPUT_SIZE)[0]) for c in configs]
    amplified = recording.log10_dh.max(axis=0) - recording.log10_dh[-1]
    calm = np.flatnonzero(amplified < 1.0)  # the others amplify rounding until no two programs agree
    for k in calm:
        mine = {n: a[k] if n[1:] in PARAMETERS else a[:, k] for n, a in ours.items()}
        for name, peer in members[k].items():
            check_equal(f"ensemble cell={cell} gain={GAINS[k]:.2f} {name}", mine, peer(x, gradients[k]))
    runs = {name: lambda name=name: [m[name](x, g) for m, g in zip(members, gradients)] for name in members[0]}
    ms = medians(runs | {"rnnviz": lambda: read(record_many(configs))}, repeats=3, seconds=6.0)
    torch_ms = min(ms["equations"], ms["module"])
    label, vs_torch = f"ensemble cell={cell} K={len(configs)} T={GAIN_STEPS} H={GAIN_SIZE}", torch_ms / ms["rnnviz"]
    print(
        f"{label} rnnviz_ms={ms['rnnviz']:.2f} torch_ms={torch_ms:.2f} vs_torch={vs_torch:.2f} "
        f"equations_ms={ms['equations']:.2f} module_ms={ms['module']:.2f} compared={len(calm)}",
        flush=True,
    )
    return label, vs_torch


def growth(cell, steps, hidden):
    arguments = (cell, *problem(cell, steps, 1, hidden))
    ms = medians({"rnnviz": lambda: rnnviz_record(*arguments)}, repeats=9, seconds=0.3)["rnnviz"]
    tracemalloc.start()
    rnnviz_record(*arguments)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    print(f"growth cell={cell} T={steps} H={hidden} rnnviz_ms={ms:.2f} peak_mb={peak:.2f}", flush=True)


def judge(target, bound, values, at_least=True):
    """One line on a target: met, or missed by how much at worst. values: label -> measured."""
    worst = (min if at_least else max)(values, key=values.get)
    missed = [v for v in values.values() if (v < bound if at_least else v > bound)]
    verdict = (
        "met"
        if not missed
        else (f"missed in {len(missed)} of {len(values)}, at worst by {100 * abs(values[worst] / bound - 1):.0f} %")
    )
    print(f"target: {target}: {verdict} (worst {values[worst]:.2f}: {worst})")


def main():
    torch.set_num_threads(CORES)
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    info = Path("/proc/cpuinfo")  # on Linux; platform.processor() is empty there
    names = [line for line in info.read_text().splitlines() if "model name" in line] if info.exists() else []
    print(
        f"python={platform.python_version()} numpy={np.__version__} torch={torch.__version__} blas={blas['name']} "
        f"cpu={names[0].split(':')[1].strip() if names else platform.processor()!r} cores={CORES} "
        f"numpy_threads=1 torch_threads=1_or_{CORES}",
        flush=True,
    )
    cases = [case(cell, *sizes) for cell in CELL_NAMES for sizes in CASES]
    stacks = [stack(cell, 3, 100, 1, 32) for cell in CELL_NAMES]
    ensembles = [ensemble(cell) for cell in CELL_NAMES]
    for cell in CELL_NAMES:
        for steps, hidden in GROWTH:
            growth(cell, steps, hidden)
    judge("5 times PyTorch with a batch of 1", 5.0, {c[0]: c[2] for c in cases if c[1] == 1})
    judge("3 times PyTorch with three layers", 3.0, dict(stacks))
    judge("20 times PyTorch for 32 gains", 20.0, dict(ensembles))
    judge("never slower than PyTorch", 1.0, {c[0]: c[2] for c in cases})
    judge("at most 100 page faults a recording", 100, {c[0]: c[4] for c in cases}, at_least=False)
    judge("at most 2 times the hand-written NumPy", 2.0, {c[0]: c[3] for c in cases}, at_least=False)


if __name__ == "__main__":
    main()
