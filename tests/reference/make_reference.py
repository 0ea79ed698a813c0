"""Make tests/reference/pytorch.npz: states, gates and gradients of recurrent cells from PyTorch.

Made with torch 2.13.0+cpu, from the root of the repository, in an environment with torch and numpy:

    python tests/reference/make_reference.py

float64 throughout.  rnn, rnn_relu, lstm and gru come from torch.nn.RNNCell, LSTMCell and GRUCell;
lstm_1997, lstm_coupled, gru_2014, rnn_logistic and rnn_identity, which torch.nn does not have, from
the equations below in eager PyTorch.  Gates are recomputed from the equations for the torch.nn cells
too (the modules do not give them), and checked: the module's h must follow from them, and all
gradients of an eager unroll must equal those of the module's.

Every case is also run with its input changed in the last digits; the script refuses a case whose
results then move by more than 1e-11 (chaotic dynamics), as a comparison at 1e-10 would be
meaningless there.

Keys are "<case>/<field>", plus "torch_version".  Fields: cell, gain, last_only, vanishing; x, dy, h0
(c0); h (c), the gates gate_<name>; dh (dc) = total gradients by retain_grad; dx, dh0 (dc0); and
 - torch.nn cells: weight_ih, weight_hh, bias_ih, bias_hh and grad_<the same>, in torch's own layout;
 - other cells: W, U, b, b_rec (columns in blocks of H, in the order of GATES) and grad_<the same>.
"""

import zlib
from pathlib import Path

import numpy as np
import torch

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

NN = {
    "rnn": lambda D, H: torch.nn.RNNCell(D, H, nonlinearity="tanh"),
    "rnn_relu": lambda D, H: torch.nn.RNNCell(D, H, nonlinearity="relu"),
    "lstm": torch.nn.LSTMCell,
    "gru": torch.nn.GRUCell,
}
EAGER = ("lstm_1997", "lstm_coupled", "gru_2014", "rnn_logistic", "rnn_identity")
# For the torch.nn cells this is torch's own order.
GATES = {
    "rnn": "h", "rnn_relu": "h", "rnn_logistic": "h", "rnn_identity": "h", "lstm": "ifgo",
    "lstm_1997": "gio", "lstm_coupled": "gfo", "gru": "rzn", "gru_2014": "rzn",
}  # fmt: skip
PHI = {"rnn": torch.tanh, "rnn_relu": torch.relu, "rnn_logistic": torch.sigmoid, "rnn_identity": lambda a: a}

TINY, SMALL, MEDIUM, LONG = (2, 1, 1, 1), (7, 3, 2, 5), (25, 1, 3, 8), (60, 2, 4, 16)
# (shape, last_only, gain of the recurrent weights; None: vanishing gradients)
NN_CASES = [
    (TINY, False, 1.0), (TINY, True, 1.0),
    (SMALL, False, 1.0), (SMALL, True, 1.0), (SMALL, False, 3.0),
    (MEDIUM, False, 1.0), (MEDIUM, True, 1.0), (MEDIUM, True, 2.5),
    (LONG, False, 1.0), (LONG, True, None),
]  # fmt: skip
EAGER_CASES = [
    (TINY, False, 1.0), (SMALL, False, 1.0), (SMALL, True, 3.0), (MEDIUM, False, 2.0), (MEDIUM, True, None),
]  # fmt: skip
# Gate whose activation alone carries the gradient over time: its bias decides how fast it vanishes.
CARRY = {"lstm": "f", "lstm_coupled": "f", "gru": "z", "gru_2014": "z"}

# Gain of the recurrent weights in the vanishing cases, chosen to bring dh to about 1e-20.
VANISHING_GAIN = {"rnn": 0.6, "rnn_relu": 0.7, "rnn_logistic": 0.6, "rnn_identity": 0.2}


def step(cell, pre_x, pre_u, h, c, product):
    """One step by the equations: (h, c, gates); pre_x[k] = x W_k + b_k, pre_u[k] = h U_k + b_rec_k."""
    a = {k: pre_x[k] + pre_u[k] for k in pre_x}
    if cell in PHI:
        h = PHI[cell](a["h"])
        return h, None, {"h": h}
    if cell.startswith("lstm"):
        gates = {k: torch.tanh(v) if k == "g" else torch.sigmoid(v) for k, v in a.items()}
        g, o = gates["g"], gates["o"]
        if cell == "lstm":
            c = gates["f"] * c + gates["i"] * g
        elif cell == "lstm_1997":
            c = c + gates["i"] * g
        else:
            c = gates["f"] * c + (1 - gates["f"]) * g
        return o * torch.tanh(c), c, gates
    r, z = torch.sigmoid(a["r"]), torch.sigmoid(a["z"])
    if cell == "gru":
        n = torch.tanh(pre_x["n"] + r * pre_u["n"])
    else:
        n = torch.tanh(pre_x["n"] + product(r * h))
    return (1 - z) * n + z * h, None, {"r": r, "z": z, "n": n}


def eager_cell(cell, weight_ih, weight_hh, bias_ih, bias_hh):
    """A function (x, h, c) -> (h, c, gates); weights in torch's layout, (G*H, D) and (G*H, H)."""
    names = GATES[cell]
    H = weight_hh.shape[1]

    def split(v):
        return dict(zip(names, v.chunk(len(names), dim=-1), strict=True))

    def run(x, h, c):
        pre_x, pre_u = split(x @ weight_ih.T + bias_ih), split(h @ weight_hh.T + bias_hh)
        return step(cell, pre_x, pre_u, h, c, lambda m: m @ weight_hh[-H:].T + bias_hh[-H:])

    return run


def backward(cell, run, leaves, dy):
    """Unroll ``run`` from the leaves x, h0 (c0, weights), back-propagate dy, collect everything."""
    x, h, c = leaves["x"], leaves["h0"], leaves.get("c0")
    steps = []
    for t in range(x.shape[0]):
        h, c, gates = run(x[t], h, c)
        for v in (h, c):
            if v is not None:
                v.retain_grad()
        steps.append((h, c, gates))
    loss = sum((h * dy[t]).sum() for t, (h, _, _) in enumerate(steps))
    loss.backward()

    def stack(vs):
        return torch.stack(vs).detach().numpy()

    out = {"h": stack([s[0] for s in steps]), "dh": stack([s[0].grad for s in steps])}
    if c is not None:
        out |= {"c": stack([s[1] for s in steps]), "dc": stack([s[1].grad for s in steps])}
    if cell not in PHI:  # the only "gate" of a simple cell is h itself
        out |= {f"gate_{k}": stack([s[2][k] for s in steps]) for k in GATES[cell]}
    for key, leaf in leaves.items():
        out[f"d{key}" if key in ("x", "h0", "c0") else f"grad_{key}"] = leaf.grad.numpy().copy()
    return out


def inputs(cell, shape, last_only, gain, rng):
    """Numpy inputs of a case: weights in torch's layout, x, dy, h0 (c0)."""
    T, B, D, H = shape
    names = GATES[cell]
    G = len(names)
    vanishing = gain is None
    gain = VANISHING_GAIN.get(cell, 0.3) if vanishing else gain
    data = {
        "weight_ih": rng.normal(size=(G * H, D)) / np.sqrt(D),
        "weight_hh": rng.normal(size=(G * H, H)) * gain / np.sqrt(H),
        "bias_ih": rng.normal(size=G * H) * 0.5,
        "bias_hh": rng.normal(size=G * H) * 0.5,
    }
    if vanishing and cell in CARRY:
        k = names.index(CARRY[cell])
        data["weight_ih"][k * H : (k + 1) * H] *= 0.3
        data["bias_ih"][k * H : (k + 1) * H] = -(1.0 if T > 50 else 2.0)
        data["bias_hh"][k * H : (k + 1) * H] *= 0.3
    data["x"] = rng.normal(size=(T, B, D))
    data["h0"] = rng.normal(size=(B, H)) * 0.5
    if cell.startswith("lstm"):
        data["c0"] = rng.normal(size=(B, H))
    dy = rng.normal(size=(T, B, H))
    if last_only:
        dy[:-1] = 0.0
    return data, dy, gain, vanishing


def tensors(data):
    return {k: torch.tensor(v, requires_grad=True) for k, v in data.items()}


WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def run_eager(cell, data, dy):
    leaves = tensors(data)
    return backward(cell, eager_cell(cell, *(leaves[k] for k in WEIGHTS)), leaves, torch.tensor(dy))


def run_module(cell, data, dy):
    leaves = tensors(data)
    D, H = data["weight_ih"].shape[1], data["weight_hh"].shape[1]
    module = NN[cell](D, H)
    for k in WEIGHTS:
        setattr(module, k, torch.nn.Parameter(leaves[k].detach().clone()))
        leaves[k] = getattr(module, k)
    equations = eager_cell(cell, *(leaves[k] for k in WEIGHTS))

    def run(x, h, c):
        with torch.no_grad():
            by_equations, _, gates = equations(x, h, c)
        h, c = module(x, (h, c)) if cell == "lstm" else (module(x, h), None)
        assert (h - by_equations).abs().max() <= 1e-14, cell
        return h, c, gates

    return backward(cell, run, leaves, torch.tensor(dy))


def difference(a, b, per_step):
    """Largest relative difference of two result dicts, and the field in which it is."""
    worst = {}
    for key in b:
        by_step = per_step and key in ("dh", "dc", "dx")
        axes = tuple(range(1, b[key].ndim)) if by_step else None
        error, scale = np.abs(a[key] - b[key]).max(axis=axes), np.abs(b[key]).max(axis=axes)
        worst[key] = float(np.max(np.where(error > 0, error / np.maximum(scale, 1e-300), 0.0)))
    key = max(worst, key=worst.get)
    return worst[key], key


def main():
    stored = {"torch_version": np.array(torch.__version__)}
    plan = [(cell, case) for cell in NN for case in NN_CASES]
    plan += [(cell, case) for cell in EAGER for case in EAGER_CASES if not (cell == "lstm_1997" and case[2] is None)]
    for cell, (shape, last_only, gain) in plan:
        kind = "vanishing" if gain is None else f"gain{gain:g}"
        name = f"{cell}-T{shape[0]}-{'last' if last_only else 'all'}-{kind}"
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        data, dy, gain, vanishing = inputs(cell, shape, last_only, gain, rng)

        result = run_eager(cell, data, dy)
        moved = dict(data, x=data["x"] * (1 + 4e-16 * rng.choice([-1, 1], size=data["x"].shape)))
        change, where = difference(run_eager(cell, moved, dy), result, per_step=True)
        assert change <= 1e-11, f"{name}: ill-conditioned, {where} moves by {change:.1e}"
        if cell in NN:
            result, by_equations = run_module(cell, data, dy), result
            error, where = difference(by_equations, result, per_step=True)
            assert error <= 1e-12, f"{name}: {where} of the module and of the equations differ by {error:.1e}"

        first, last = (np.abs(result["dh"][t]).max() for t in (0, -1))
        if vanishing:
            assert 1e-35 < first < 1e-16, f"{name}: dh does not vanish as intended, {first:.1e}"
        print(f"{name:34s} |dh| first {first:8.1e} last {last:8.1e}  sensitivity {change:.0e}")

        fields = {"cell": np.array(cell), "gain": np.array(gain), "last_only": np.array(last_only)}
        fields |= {"vanishing": np.array(vanishing), "dy": dy, **data, **result}
        if cell in EAGER:  # to the package's layout: there is no torch layout of these cells
            ours = {"weight_ih": "W", "weight_hh": "U", "bias_ih": "b", "bias_hh": "b_rec"}
            for k, v in ours.items():
                fields[v], fields[f"grad_{v}"] = fields.pop(k).T, fields.pop(f"grad_{k}").T
        stored |= {f"{name}/{key}": value for key, value in fields.items()}

    path = Path(__file__).with_name("pytorch.npz")
    np.savez_compressed(path, **stored)
    print(f"{path.name}: {len(plan)} cases, {path.stat().st_size / 1e6:.2f} MB, torch {torch.__version__}")


if __name__ == "__main__":
    main()
