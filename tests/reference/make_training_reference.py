"""Make tests/reference/training.npz: gradients clipped by PyTorch, and whole updates made by it.

Made with torch 2.13.0+cpu, from the root of the repository, in an environment with torch and numpy:

    python tests/reference/make_training_reference.py

float64 throughout.  Keys "clip/<k>/<field>": gradients of three parameters (g0, g1, g2), method, threshold, the same
after torch.nn.utils.clip_grad_norm_ ("norm", and "parameter": called for each alone) or clip_grad_value_ ("value"),
as after0, after1, after2, and total_norm as clip_grad_norm_ returns it for all of them.

Keys "run/<cell>-<optimiser>-<clip>-<kind>/<field>": a torch.nn.RNNCell, LSTMCell or GRUCell and a torch.nn.Linear on
its last outputs, trained for 6 updates on batches x (6, T, B, D), target and weight (6, S, B) with torch.optim: initial
and final weights in torch's own layout ("before_", "after_"), the losses, and the norm of the whole gradient at every
update before it was clipped.
"""

from pathlib import Path

import numpy as np
import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

CELLS = {"rnn": torch.nn.RNNCell, "lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell}
OPTIMISERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.3),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.02),
    "adam": lambda p: torch.optim.Adam(p, lr=0.05),
}
RATES = {"sgd": 0.3, "momentum": 0.1, "rmsprop": 0.02, "adam": 0.05}
RUNS = [(c, o, "norm", "class") for c in CELLS for o in OPTIMISERS]
RUNS += [(c, "sgd", m, k) for c in CELLS for m in ("none", "value", "parameter") for k in ("class", "real")]
THRESHOLDS = {"none": 1.0, "norm": 0.2, "value": 0.05, "parameter": 0.1}
T, B, D, H, UPDATES = 7, 3, 2, 4, 6


def clip(parameters, method, threshold):
    if method == "norm":
        clip_grad_norm_(parameters, threshold)
    elif method == "parameter":
        for p in parameters:
            clip_grad_norm_(p, threshold)
    elif method == "value":
        clip_grad_value_(parameters, threshold)


def clips(rng):
    out = {}
    cases = [(m, t, s) for m in ("norm", "parameter", "value") for t in (1e-3, 0.7, 50.0) for s in (1e-8, 1.0, 1e9)]
    for k, (method, threshold, size) in enumerate(cases):
        gradients = [rng.normal(size=shape) * size for shape in ((3, 4), (5,), (2, 2))]
        parameters = [torch.nn.Parameter(torch.zeros(g.shape)) for g in gradients]
        for p, g in zip(parameters, gradients):
            p.grad = torch.tensor(g)
        total = torch.nn.utils.get_total_norm([p.grad for p in parameters]).item()
        clip(parameters, method, threshold)
        out |= {f"clip/{k}/method": method, f"clip/{k}/threshold": threshold, f"clip/{k}/total_norm": total}
        out |= {f"clip/{k}/g{j}": g for j, g in enumerate(gradients)}
        out |= {f"clip/{k}/after{j}": p.grad.numpy() for j, p in enumerate(parameters)}
    return out


def run(cell, optimiser, method, kind, rng):
    torch.manual_seed(int(rng.integers(2**31)))
    layer, outputs = CELLS[cell](D, H), 1 if kind == "real" else 3
    readout = torch.nn.Linear(H, outputs)
    parameters = [*layer.parameters(), *readout.parameters()]
    names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "V", "b_y"]
    out = {f"before_{n}": p.detach().numpy().copy() for n, p in zip(names, parameters)}
    S = 1 if kind == "real" else T
    x = rng.normal(size=(UPDATES, T, B, D))
    target = rng.normal(size=(UPDATES, S, B)) if kind == "real" else rng.integers(0, 3, (UPDATES, S, B))
    weight = rng.uniform(size=(UPDATES, S, B))
    weight /= weight.sum(axis=(1, 2), keepdims=True)
    step, losses, norms = OPTIMISERS[optimiser](parameters), [], []
    for n in range(UPDATES):
        h = c = torch.zeros(B, H)
        ys = []
        for x_t in torch.tensor(x[n]):
            if cell == "lstm":
                h, c = layer(x_t, (h, c))
            else:
                h = layer(x_t, h)
            ys.append(readout(h))
        y, goal, w = torch.stack(ys[-S:]), torch.tensor(target[n]), torch.tensor(weight[n])
        if kind == "real":
            loss = (w * (y[..., 0] - goal) ** 2).sum()
        else:
            each = torch.nn.functional.cross_entropy(y.flatten(0, 1), goal.flatten(), reduction="none")
            loss = (w.flatten() * each).sum()
        step.zero_grad()
        loss.backward()
        norms.append(torch.nn.utils.get_total_norm([p.grad for p in parameters]).item())
        clip(parameters, method, THRESHOLDS[method])
        step.step()
        losses.append(loss.item())
    out |= {f"after_{n}": p.detach().numpy() for n, p in zip(names, parameters)}
    return out | {
        "x": x,
        "target": target,
        "weight": weight,
        "losses": losses,
        "norms": norms,
        "rate": RATES[optimiser],
        "threshold": THRESHOLDS[method],
    }


if __name__ == "__main__":
    rng = np.random.default_rng(20)
    fields = clips(rng) | {"torch_version": torch.__version__}
    for case in RUNS:
        fields |= {f"run/{'-'.join(case)}/{name}": value for name, value in run(*case, rng).items()}
    np.savez_compressed(Path(__file__).with_name("training.npz"), **fields)
