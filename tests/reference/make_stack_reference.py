"""Make tests/reference/stacks.npz: torch.nn.RNN, LSTM and GRU of several layers and directions.

Made with torch 2.13.0+cpu, from the root of the repository, in an environment with torch and numpy:

    python tests/reference/make_stack_reference.py

float64 throughout. The module gives the output, dL/dx and the gradients of all weights. The total gradient by h_t (and
c_t) of every layer, which it does not show, comes from the same weights in torch.nn.RNNCell, LSTMCell and GRUCell, one
step after the other with retain_grad; the script refuses a case in which that output, dL/dx or a gradient of a weight
differs from the module's by more than 1e-12.

Keys are "<case>/<field>", plus "torch_version". Fields: cell; x, dy; y, dx; the weights by their names in state_dict(),
grad_<the same>; dh_<suffix>, for an LSTM dc_<suffix>, with the suffix of the layer's weights, as "_l1_reverse".
The cases "lstm-...-projected" are LSTMs with proj_size=2; torch.nn.LSTMCell has none, so that dh and dc are left out.
"""

import zlib
from pathlib import Path

import numpy as np
import torch

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

MODULES = {"rnn": torch.nn.RNN, "rnn_relu": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
CELLS = {"rnn": torch.nn.RNNCell, "rnn_relu": torch.nn.RNNCell, "lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell}
CASES = [(cell, layers, both, 0) for cell in MODULES for layers in (1, 2, 3) for both in (False, True)]
CASES += [("lstm", layers, both, 2) for layers in (1, 2) for both in (False, True)]
T, B, D, H = 12, 2, 3, 4
WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def other(cell):
    return {"nonlinearity": "relu" if cell == "rnn_relu" else "tanh"} if cell.startswith("rnn") else {}


def by_cells(cell, module, x, dy, layers, both):
    """The same network step by step: output, dx, gradients of weights, dL/dh and dL/dc of each layer."""
    leaves = {name: weight.detach().clone().requires_grad_() for name, weight in module.named_parameters()}
    below = x = x.clone().requires_grad_()
    states = {}
    for k in range(layers):
        parts = []
        for turn in ("", "_reverse")[: 1 + both]:
            suffix = f"_l{k}{turn}"
            one = CELLS[cell](below.shape[-1], H, **other(cell))
            own = {name: leaves[name + suffix] for name in WEIGHTS}
            h, c, hs, cs = torch.zeros(B, H), torch.zeros(B, H), [None] * T, [None] * T
            for t in range(T)[:: -1 if turn else 1]:
                if cell == "lstm":
                    h, c = torch.func.functional_call(one, own, (below[t], (h, c)))
                    c.retain_grad()
                    cs[t] = c
                else:
                    h = torch.func.functional_call(one, own, (below[t], h))
                h.retain_grad()
                hs[t] = h
            states[f"dh{suffix}"] = hs
            if cell == "lstm":
                states[f"dc{suffix}"] = cs
            parts.append(torch.stack(hs))
        below = torch.cat(parts, dim=-1)
    (below * dy).sum().backward()
    found = {"y": below.detach(), "dx": x.grad} | {f"grad_{n}": leaf.grad for n, leaf in leaves.items()}
    return found | {name: torch.stack([state.grad for state in own]) for name, own in states.items()}


def main():
    stored = {"torch_version": np.array(torch.__version__)}
    for cell, layers, both, outputs in CASES:
        name = f"{cell}-{layers}-{'both' if both else 'forward'}{'-projected' if outputs else ''}"
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        module = MODULES[cell](
            D, H, num_layers=layers, bidirectional=both, **other(cell), **({"proj_size": outputs} if outputs else {})
        )
        for weight in module.parameters():
            weight.data = torch.tensor(rng.normal(size=weight.shape) * (0.5 if weight.ndim == 2 else 0.3))
        x = torch.tensor(rng.normal(size=(T, B, D)), requires_grad=True)
        dy = torch.tensor(rng.normal(size=(T, B, (outputs or H) * (1 + both))))
        y, _ = module(x)
        (y * dy).sum().backward()
        whole = {"y": y.detach(), "dx": x.grad} | {f"grad_{n}": w.grad for n, w in module.named_parameters()}
        steps = whole if outputs else by_cells(cell, module, x.detach(), dy, layers, both)
        for key, array in whole.items():
            error = float((array - steps[key]).abs().max() / array.abs().max())
            assert error <= 1e-12, f"{name}: {key} differs by {error:.1e}"
        fields = {"cell": cell, "x": x.detach(), "dy": dy} | steps
        fields |= {n: w.detach() for n, w in module.named_parameters()}
        stored |= {f"{name}/{key}": np.asarray(array) for key, array in fields.items()}
    path = Path(__file__).with_name("stacks.npz")
    np.savez_compressed(path, **stored)
    print(f"{path.name}: {len(CASES)} cases, {path.stat().st_size / 1e6:.2f} MB, torch {torch.__version__}")


if __name__ == "__main__":
    main()
