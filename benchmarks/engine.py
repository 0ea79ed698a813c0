"""How fast the engine records, beside PyTorch and hand-written NumPy: python -m benchmarks.engine

All peers run in turn in one process, in float64 and with the same number of threads, and leave the same behind as
NumPy arrays: every gate, h, c, dL/dh_t, dL/dc_t, the norms of the last two at each step, and the gradients of the
parameters. The values are compared first, relative to their largest at each step. Times are medians.

PyTorch is the fastest of four: written-out equations, or torch.nn.RNNCell, LSTMCell or GRUCell, both with retain_grad
on every state, each with one thread and with one for every core. The modules do not show their gates, so those are
computed again from the recorded states, in one product without autograd. NumPy is tests/oracle.py, which also gives
dL/dx; so that is asked of rnnviz too, though not of PyTorch.
"""

import os
import platform
import sys
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

CORES = os.cpu_count()
os.environ["OPENBLAS_NUM_THREADS"] = str(CORES)  # read when NumPy is imported
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np
import oracle
import torch

from rnnviz import CELLS, Config, Parameters, record_many, record_with
from rnnviz.engine.initialise import initialise
from rnnviz.engine.parameters import PYTORCH_ORDER

CELL_NAMES = ("rnn", "lstm", "gru")
CASES = ((100, 1, 32), (500, 1, 64), (100, 16, 32), (200, 32, 64))
INPUT_SIZE = 8
GAINS, GAIN_STEPS, GAIN_SIZE = np.linspace(0.0, 4.0, 32), 200, 32
PARAMETERS = ("W", "U", "b", "b_rec")
MODULES = {"rnn": torch.nn.RNNCell, "lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell}
TOLERANCE = 1e-9
SMALLEST_NORM = 1e-145
"""Below this the squares in a norm leave the normal range of float64: only rnnviz goes on, there is nothing to compare."""


def problem(cell, steps, batch, hidden):
    """Drawn parameters, inputs and a gradient dL/dh that enters at the last step."""
    rng = np.random.default_rng(0)
    parameters, _ = initialise(Config(cell=cell, hidden_size=hidden), INPUT_SIZE)
    gradient = np.zeros((steps, batch, hidden))
    gradient[-1] = rng.uniform(-1.0, 1.0, (batch, hidden))
    return parameters, rng.standard_normal((steps, batch, INPUT_SIZE)), gradient


# ---- the peers: each returns what it recorded, by name -------------------------------------------------------------


def rnnviz_record(cell, parameters, x, gradient):
    return read(record_with(cell, parameters, x, gradient))


def read(recording):
    r = recording
    out = {**r.gates, "h": r.h, "dh": r.dh, "log10_dh": r.log10_dh, "dx": r.dx}
    if r.c is not None:
        out |= {"c": r.c, "dc": r.dc, "log10_dc": r.log10_dc}
    return out | {f"d{name}": getattr(r.gradients, name) for name in PARAMETERS}


def numpy_record(cell, parameters, x, gradient):
    out = oracle.bptt(cell, {name: getattr(parameters, name) for name in PARAMETERS}, x, gradient)
    for name in {"dh", "dc"} & set(out):
        out[f"norm_{name}"] = np.sqrt((out[name] ** 2).sum(axis=(-1, -2)))
    return out


class TorchEquations:
    """The cell's equations, with one input product for all steps and one call for gates of the same activation."""

    def __init__(self, cell, parameters):
        self.cell = cell
        self.leaves = [torch.tensor(getattr(parameters, name), requires_grad=True) for name in PARAMETERS]
        self.gates_of = {"rnn": (), "lstm": ("g", "ifo"), "gru": ("rz", "n")}[cell]

    def __call__(self, x, gradient):
        W, U, b, b_rec = self.leaves
        H, x = len(U), torch.from_numpy(x)
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
        gates = {}
        for names, values in zip(self.gates_of, zip(*kept)):
            blocks = np.split(torch.stack(values).numpy(), len(names), axis=-1)
            gates |= dict(zip(names, blocks))
        return gates | torch_backward(self.leaves, hs, cs, gradient)


class TorchModule:
    """torch.nn.RNNCell, LSTMCell or GRUCell."""

    def __init__(self, cell, parameters):
        self.cell, self.order, gates = cell, PYTORCH_ORDER[cell], CELLS[cell].gates
        self.back = [self.order.index(g) for g in gates]
        self.module = MODULES[cell](*map(len, (parameters.W, parameters.U)), dtype=torch.float64)
        self.leaves = [getattr(self.module, n) for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        for leaf, name in zip(self.leaves, PARAMETERS):
            blocks = np.split(getattr(parameters, name), len(gates), axis=-1)
            leaf.data = torch.tensor(np.concatenate([blocks[gates.index(g)] for g in self.order], axis=-1).T.copy())

    def __call__(self, x, gradient):
        H, x = gradient.shape[-1], torch.from_numpy(x)
        h = c = torch.zeros(gradient.shape[1:], dtype=x.dtype)
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
        gates = {} if self.cell == "rnn" else self.gates(x, torch.stack([torch.zeros_like(h), *hs[:-1]]))
        out = gates | torch_backward(self.leaves, hs, cs, gradient)
        for name in PARAMETERS:
            blocks = np.split(out[f"d{name}"], len(self.back))
            out[f"d{name}"] = np.concatenate([blocks[k] for k in self.back]).T
        return out

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
            out |= {name: torch.stack(states).numpy(), f"d{name}": adjoint.numpy(),
                    f"norm_d{name}": torch.linalg.vector_norm(adjoint, dim=(1, 2)).numpy()}
    return out


def torch_run(peer, threads, x, gradient):
    torch.set_num_threads(threads)
    return peer(x, gradient)


# ---- measuring ------------------------------------------------------------------------------------------------------


def compare(name, ours, theirs):
    """Stop if what a peer recorded differs from what rnnviz did, relative to the largest at its step."""
    theirs = {k: v for k, v in theirs.items() if not k.startswith("norm_")} | {
        k.replace("norm_", "log10_"): np.log10(np.maximum(v, SMALLEST_NORM))
        for k, v in theirs.items()
        if k.startswith("norm_")
    }
    for key, value in theirs.items():
        if key not in ours:
            continue
        mine = np.maximum(ours[key], np.log10(SMALLEST_NORM)) if key.startswith("log10_") else ours[key]
        axes = tuple(range(1, value.ndim)) if value.ndim == 3 else None
        scale = np.maximum(np.abs(value).max(axis=axes, keepdims=axes is not None), SMALLEST_NORM)
        error = np.abs(mine - value) / (1.0 if key.startswith("log10_") else scale)
        if not error.max() < TOLERANCE:
            sys.exit(f"{name}: {key} differs by {error.max():.2g}, relative")


def medians(peers, repeats):
    """Milliseconds of each of the callables, taken in turn so that all meet the same machine."""
    times = {name: [] for name in peers}
    for _ in range(repeats):
        for name, run in peers.items():
            start = time.perf_counter()
            run()
            times[name].append((time.perf_counter() - start) * 1e3)
    return {name: float(np.median(t)) for name, t in times.items()}


def torch_peers(cell, parameters, x, gradient):
    peers = {"equations": TorchEquations(cell, parameters), "module": TorchModule(cell, parameters)}
    return {
        (kind, threads): lambda peer=peer, threads=threads: torch_run(peer, threads, x, gradient)
        for kind, peer in peers.items()
        for threads in sorted({1, CORES})
    }


def single(cell, steps, batch, hidden):
    parameters, x, gradient = problem(cell, steps, batch, hidden)
    torch_runs = torch_peers(cell, parameters, x, gradient)
    ours = rnnviz_record(cell, parameters, x, gradient)
    compare(f"{cell} NumPy", ours, numpy_record(cell, parameters, x, gradient))
    for name, run in torch_runs.items():
        compare(f"{cell} PyTorch {name}", ours, run())
    peers = {"rnnviz": lambda: rnnviz_record(cell, parameters, x, gradient),
             "numpy": lambda: numpy_record(cell, parameters, x, gradient), **torch_runs}
    times = medians(peers, 11)
    fastest = min(times[name] for name in torch_runs)
    against_torch, against_numpy = fastest / times["rnnviz"], times["rnnviz"] / times["numpy"]
    print(f"cell={cell} T={steps} B={batch} H={hidden} rnnviz_ms={times['rnnviz']:.2f} torch_ms={fastest:.2f} "
          f"numpy_ms={times['numpy']:.2f} vs_torch={against_torch:.1f} vs_numpy={against_numpy:.2f}", flush=True)
    return against_torch, against_numpy


def ensemble(cell):
    """All gains in one pass, against as many PyTorch runs, of which each is timed."""
    config = Config(cell=cell, steps=GAIN_STEPS, hidden_size=GAIN_SIZE, input_size=INPUT_SIZE)
    configs = [replace(config, gain=gain) for gain in GAINS]
    whole = record_many(configs)
    runs, names = [], None
    for k in range(len(GAINS)):
        parameters = Parameters(*(getattr(whole.parameters, name)[k] for name in PARAMETERS))
        members = torch_peers(cell, parameters, whole.x[:, 0], whole.output_gradient[:, k])
        names = list(members)
        runs.append(members)
    near_one = 8  # a large gain is chaotic: rounding alone moves it away
    compare(f"{cell} of 32", {"dh": whole.dh[:, near_one]}, {"dh": runs[near_one][names[0]]()["dh"]})
    peers = {name: lambda name=name: [members[name]() for members in runs] for name in names}
    times = medians({"rnnviz": lambda: read(record_many(configs)), **peers}, 3)
    fastest = min(times[name] for name in names)
    print(f"ensemble cell={cell} K={len(GAINS)} T={GAIN_STEPS} H={GAIN_SIZE} rnnviz_ms={times['rnnviz']:.1f} "
          f"torch_ms={fastest:.0f} vs_torch={fastest / times['rnnviz']:.1f}", flush=True)
    return fastest / times["rnnviz"]


def growth(cell, steps, hidden):
    parameters, x, gradient = problem(cell, steps, 1, hidden)
    run = lambda: rnnviz_record(cell, parameters, x, gradient)  # noqa: E731
    run()
    took = medians({"rnnviz": run}, 9)["rnnviz"]
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"growth cell={cell} T={steps} B=1 H={hidden} rnnviz_ms={took:.2f} peak_MB={peak / 1e6:.2f}", flush=True)


def target(text, worst, reached):
    print(f"target {text}: worst {worst:.2f}, {'met' if reached else 'MISSED'}")


def main():
    print(f"# Python {platform.python_version()}, NumPy {np.__version__}, PyTorch {torch.__version__}, {CORES} cores, "
          f"{platform.machine()}; medians, float64")
    results = {(cell, *case): single(cell, *case) for case in CASES for cell in CELL_NAMES}
    together = [ensemble(cell) for cell in CELL_NAMES]
    for cell in CELL_NAMES:
        for steps in (50, 100, 200, 400, 800):
            growth(cell, steps, 32)
        for hidden in (8, 16, 64, 128):
            growth(cell, 100, hidden)
    one = min(vs_torch for (_, _, batch, _), (vs_torch, _) in results.items() if batch == 1)
    anywhere = min(vs_torch for vs_torch, _ in results.values())
    by_hand = max(vs_numpy for _, vs_numpy in results.values())
    target("at least 5 times PyTorch for B=1", one, one >= 5)
    target("at least 20 times PyTorch for 32 gains", min(together), min(together) >= 20)
    target("not slower than PyTorch anywhere", anywhere, anywhere >= 1)
    target("at most twice the hand-written NumPy", by_hand, by_hand <= 2)


if __name__ == "__main__":
    main()
