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
            gates |= dict(zip(names, torch.stack(values).numpy().reshape(*gradient.shape[:2], len(names), H).swapaxes(0, 2).swapaxes(1, 2)))
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
