"""What the page "Why it vanishes" computes, beside PyTorch: python -m benchmarks.anatomy

All Jacobians dh_T/dh_t: PyTorch's are by the fastest of torch.func.jacrev, torch.autograd.functional.jacobian, and the
same vectorised, of h_T by a zero added to every h_t, which gives all of them in one go. Who learns from whom: one
PyTorch backward pass a loss, each asked for all states before it. float64, the fastest of one thread and all; values
are compared first. The phase diagram is compared with what one move of the page "Gradient flow" costs the server.
"""

import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as `make run` has it; read when NumPy is imported

import numpy as np
import torch

from benchmarks.engine import CELL_NAMES, CORES, TorchEquations, judge
from rnnviz import Config, record
from rnnviz.engine import anatomy
from rnnviz.explain import flow, learns_from, reading, why
from rnnviz.figures import gradient_flow, step_shares
from rnnviz.ui.plot import as_json

STEPS, HIDDEN, GAINS = 100, 32, 64


def median(run, repeats=7):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e3 * float(np.median(times))


def fastest(run, repeats):
    """Milliseconds on the faster of one thread and all."""
    out = []
    for threads in sorted({1, CORES}):
        torch.set_num_threads(threads)
        run()
        out.append(median(run, repeats))
    return min(out)


def unroll(peer, x, taps):
    """h at every step, a tap being added to each; the equations of `TorchEquations`."""
    W, U, b, b_rec = peer.leaves
    H = len(U)
    h = c = torch.zeros(1, H, dtype=x.dtype)
    hs = []
    inputs = x.flatten(0, 1) @ W + b
    for t in range(len(x)):
        u = h @ U + b_rec
        if peer.cell == "rnn":
            h = torch.tanh(inputs[t] + u)
        elif peer.cell == "lstm":
            g, ifo = (inputs[t] + u).split((H, 3 * H), 1)
            i, f, o = torch.sigmoid(ifo).chunk(3, 1)
            c = f * c + i * torch.tanh(g)
            h = o * torch.tanh(c)
        else:
            r, z = torch.sigmoid(inputs[t : t + 1, : 2 * H] + u[:, : 2 * H]).chunk(2, 1)
            h_new = torch.tanh(inputs[t : t + 1, 2 * H :] + r * u[:, 2 * H :])
            h = (1 - z) * h_new + z * h
        h = h + taps[t]
        hs.append(h)
    return hs


def case(cell):
    recording = record(Config(cell=cell, steps=STEPS, hidden_size=HIDDEN, loss="every"))
    peer = TorchEquations(cell, recording.parameters)
    x, zero = torch.from_numpy(recording.x.copy()), torch.zeros(STEPS, 1, HIDDEN, dtype=torch.float64)

    def end(taps):
        return unroll(peer, x, taps)[-1][0]

    ways = [lambda: torch.func.jacrev(end)(zero)]
    ways += [lambda v=v: torch.autograd.functional.jacobian(end, zero, vectorize=v) for v in (False, True)]
    matrices, exponent = anatomy._long_jacobians(recording)
    mine = np.ldexp(matrices, exponent[:, None, None])[1:]
    theirs = ways[1]().detach().numpy()[:, :, 0].transpose(1, 0, 2)
    if np.abs(mine - theirs).max() > 1e-10 * np.abs(theirs).max():
        sys.exit(f"{cell}: the Jacobians differ")
    jac = median(lambda: anatomy._long_jacobians(record(recording.config)))
    each = dict(zip(("jacrev", "jacobian", "jacobian_vectorised"), (fastest(way, 3) for way in ways)))
    torch_jac = min(each.values())

    goal = torch.from_numpy(recording.output_gradient.copy())

    def backward_passes():
        hs = unroll(peer, x, zero)
        norms = torch.zeros(STEPS, STEPS, dtype=torch.float64)
        for k in range(STEPS):
            found = torch.autograd.grad(hs[k], hs[: k + 1], goal[k], retain_graph=True)
            norms[k, : k + 1] = torch.linalg.vector_norm(torch.stack(found), dim=(1, 2))
        return norms

    known, found = anatomy.influence(recording, STEPS)[0], backward_passes().numpy()
    if np.abs(10.0**known - found).max() > 1e-10 * found.max():
        sys.exit(f"{cell}: the matrices differ")
    matrix = median(lambda: anatomy.influence(record(recording.config), STEPS))
    torch_matrix = fastest(backward_passes, 3)
    print(" ".join(f"{name}_ms={ms:.1f}" for name, ms in each.items()), flush=True)
    print(
        f"anatomy cell={cell} T={STEPS} H={HIDDEN} jacobians_ms={jac:.1f} torch_ms={torch_jac:.1f} "
        f"vs_torch={torch_jac / jac:.1f} matrix_ms={matrix:.1f} torch_ms={torch_matrix:.1f} "
        f"vs_torch={torch_matrix / matrix:.1f}",
        flush=True,
    )
    return {f"{cell} Jacobians": torch_jac / jac}, {f"{cell} matrix": torch_matrix / matrix}


def gradient_flow_move():
    """Three recordings, their figures as the browser gets them, and their words."""
    recordings = {c.upper(): record(Config(cell=c)) for c in CELL_NAMES}
    for figure in (gradient_flow(recordings), step_shares(recordings)):
        as_json(figure)
    words = [f(name, r) for name, r in recordings.items() for f in (why, learns_from)]
    return [flow(recordings), reading(recordings, 1), *words]


def main():
    jacobians, matrices, phases = {}, {}, {}
    for cell in CELL_NAMES:
        one, two = case(cell)
        jacobians |= one
        matrices |= two
    move = median(gradient_flow_move)
    for cell in CELL_NAMES:
        took = median(lambda cell=cell: anatomy.phase(Config(cell=cell), "gain", np.linspace(0.0, 4.0, GAINS)))
        phases[f"{cell} phase diagram"] = took / move
        print(f"phase cell={cell} gains={GAINS} T={STEPS} ms={took:.1f} gradient_flow_ms={move:.1f}", flush=True)
    judge("10 times PyTorch for all Jacobians", 10.0, jacobians)
    judge("10 times PyTorch for who learns from whom", 10.0, matrices)
    judge("a phase diagram within 5 moves of Gradient flow", 5.0, phases, at_least=False)


if __name__ == "__main__":
    main()
