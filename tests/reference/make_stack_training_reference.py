"""Make tests/reference/stack_training.npz: two layers of both directions, trained by PyTorch with AdamW.

Made with torch 2.13.0+cpu, from the root of the repository, in an environment with torch and numpy:

    python tests/reference/make_stack_training_reference.py

float64 throughout. A torch.nn.LSTM with num_layers=2 and bidirectional=True and a torch.nn.Linear on its output at the
last position, or on the last states of both directions ("ends"), trained for 6 updates with torch.optim.AdamW
(lr=0.05, weight_decay=0.3) and clip_grad_norm_(0.5) on batches x (6, T, B, D) and classes (6, B). Keys
"<read>/<field>": initial and final weights in torch's own layout ("before_", "after_"), the losses, and the norm of the
whole gradient at every update before it was clipped.
"""

from pathlib import Path

import numpy as np
import torch

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

T, B, D, H, CLASSES, UPDATES = 7, 3, 2, 3, 4, 6
RATE, DECAY, THRESHOLD = 0.05, 0.3, 0.5


def run(read, rng):
    torch.manual_seed(int(rng.integers(2**31)))
    stack, readout = torch.nn.LSTM(D, H, num_layers=2, bidirectional=True), torch.nn.Linear(2 * H, CLASSES)
    named = [*stack.named_parameters(), ("V", readout.weight), ("b_y", readout.bias)]
    parameters = [p for _, p in named]
    out = {f"before_{n}": p.detach().numpy().copy() for n, p in named}
    x, target = rng.normal(size=(UPDATES, T, B, D)), rng.integers(0, CLASSES, (UPDATES, B))
    step, losses, norms = torch.optim.AdamW(parameters, lr=RATE, weight_decay=DECAY), [], []
    for n in range(UPDATES):
        y, (h, _) = stack(torch.tensor(x[n]))
        seen = y[-1] if read == "position" else torch.cat([h[-2], h[-1]], dim=-1)
        loss = torch.nn.functional.cross_entropy(readout(seen), torch.tensor(target[n]))
        step.zero_grad()
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(parameters, THRESHOLD).item())
        step.step()
        losses.append(loss.item())
    out |= {f"after_{n}": p.detach().numpy() for n, p in named}
    return out | {"x": x, "target": target, "losses": losses, "norms": norms}


if __name__ == "__main__":
    rng = np.random.default_rng(21)
    fields = {"torch_version": torch.__version__, "rate": RATE, "decay": DECAY, "threshold": THRESHOLD}
    for read in ("position", "ends"):
        fields |= {f"{read}/{name}": value for name, value in run(read, rng).items()}
    np.savez_compressed(Path(__file__).with_name("stack_training.npz"), **fields)
