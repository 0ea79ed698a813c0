"""Random networks for the tests of the engine, and what is recorded of one, by name."""

import numpy as np

from rnnviz import CELLS, Parameters, record_with

WEIGHTS = ("W", "U", "b", "b_rec")
OVER_TIME = ("h", "c", "dh", "dc", "dx")
SMOOTH = [name for name in CELLS if name != "rnn_relu"]


def network(cell, seed=0, T=6, B=3, D=2, H=4, gain=1.0, bias=0.5):
    """Random Parameters, inputs and initial state of a cell."""
    rng = np.random.default_rng([seed, len(cell), *cell.encode()])
    G = len(CELLS[cell].gates)
    parameters = Parameters(
        W=rng.normal(size=(D, G * H)) / np.sqrt(D),
        U=rng.normal(size=(H, G * H)) * gain / np.sqrt(H),
        b=rng.normal(size=G * H) * bias,
        b_rec=rng.normal(size=G * H) * bias,
    )
    initial = {state: rng.normal(size=(B, H)) * 0.7 for state in CELLS[cell].states}
    return parameters, rng.normal(size=(T, B, D)), initial


def output_gradient(kind, T, B, H, seed=0):
    """(T, B, H) random where a loss of that kind (a key of config.LOSSES) has a gradient, else 0."""
    gradient = np.random.default_rng([seed, 99]).normal(size=(T, B, H))
    chosen = {"last": [T - 1], "step": [T // 2], "every": range(T)}[kind]
    gradient[[t for t in range(T) if t not in chosen]] = 0.0
    return gradient


def as_dict(parameters):
    return {name: getattr(parameters, name) for name in WEIGHTS}


def flat(recording):
    """Everything that was recorded, name -> array."""
    out = {"h": recording.h, "dh": recording.dh, "dx": recording.dx, "log10_dh": recording.log10_dh}
    if recording.c is not None:
        out |= {"c": recording.c, "dc": recording.dc, "log10_dc": recording.log10_dc}
    if recording.loss is not None:
        out |= {"loss": recording.loss}
    out |= {f"value {name}": array for name, array in recording.gates.items()}
    for kind in ("preactivations", "input_terms", "recurrent_terms", "initial_state", "log10_shares", "shares"):
        out |= {f"{kind} {name}": array for name, array in getattr(recording, kind).items()}
    out |= {f"d{name}0": array for name, array in recording.initial_gradient.items()}
    out |= {f"d{name}": array for name, array in as_dict(recording.gradients).items()}
    out |= {f"parameters {name}": array for name, array in as_dict(recording.parameters).items()}
    for gate, (radius, largest) in recording.spectra.items():
        out |= {f"spectral radius {gate}": radius, f"singular value {gate}": largest}
    if recording.log10_bound is not None:
        out["log10_bound"] = recording.log10_bound
    return out | {"overflow_step": recording.overflow_step, "output_gradient": recording.output_gradient}


def loss_of(cell, parameters, inputs, gradient, initial):
    """sum(gradient * h), whose gradient by h is `gradient`, through the engine's forward pass."""
    return float((record_with(cell, parameters, inputs, gradient, initial).h * gradient).sum())


def central_difference(function, step):
    """d function(s) / ds at 0 by a five-point stencil."""
    near, far = function(step) - function(-step), function(2 * step) - function(-2 * step)
    return (8 * near - far) / (12 * step)
