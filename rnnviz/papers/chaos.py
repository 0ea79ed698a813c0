"""Where networks that read nothing come to rest, and when they do not."""

from functools import lru_cache

import numpy as np

from ..cells import find
from ..engine import anatomy
from ..engine.adjoint import linearise
from ..engine.parameters import Parameters
from ..engine.record import record_with
from ..engine.unroll import unroll
from .base import Figure, Row


def gru_origin(code=False):
    H, draw_ = 8, np.random.default_rng(1)
    U = np.concatenate([draw_.normal(size=(H, 2 * H)), draw_.normal(size=(H, H))], axis=1)

    def at_origin(U, start, steps=2):
        parameters = Parameters(W=np.zeros((1, 3 * len(U))), U=U, b=np.zeros(3 * len(U)), b_rec=np.zeros(3 * len(U)))
        return record_with("gru", parameters, np.zeros((steps, 1, 1)), np.zeros((steps, 1, len(U))), {"h": start})

    J = anatomy.step_jacobians(at_origin(U, np.zeros((1, H))))[0]
    predicted = np.eye(H) / 2 + U[:, 2 * H :].T / 4

    def growth(eigenvalue):
        U = np.zeros((1, 3))
        U[0, 2] = eigenvalue
        return float(at_origin(U, np.full((1, 1), 1e-6), 200).h[-1, 0, 0] / 1e-6)

    says = "a real eigenvalue bifurcates at 2"
    return [
        Row(
            "largest difference of the Jacobian from I/2 + U/4",
            "J = I/2 + W/4",
            0.0,
            np.abs(J - predicted).max(),
            1e-15,
            "absolute",
            "memory",
        ),
        Row("growth of h over 200 steps, eigenvalue 1.9", says, 1.0, growth(1.9), kind="below", origin="memory"),
        Row("growth of h over 200 steps, eigenvalue 2.1", says, 1.0, growth(2.1), kind="above", origin="memory"),
    ]


def rests_of_a_gru(weights, start=0.1, steps=2000):
    """Where GRUs of one unit end that read nothing but h, through the candidate's weight alone: (N,)."""
    weights = np.asarray(weights, float)
    U = np.zeros((len(weights), 1, 3))
    U[:, 0, 2] = weights
    zero = np.zeros((len(weights), 3))
    parameters = Parameters(W=np.zeros((len(weights), 1, 3)), U=U, b=zero, b_rec=zero)
    first = {"h": np.full((len(weights), 1, 1), start)}
    return unroll(find("gru"), parameters, np.zeros((steps, 1, 1, 1)), first).states["h"][-1, :, 0, 0]


def rest_of_tanh(weights):
    """The h above 0 with h = tanh(weight h / 2), or 0 where there is none: (N,)."""
    weights = np.asarray(weights, float)
    h = np.ones_like(weights)
    for _ in range(2000):
        h = np.tanh(0.5 * weights * h)
    return np.where(weights > 2.0, h, 0.0)


GAINS = (0.5, 1.0, 1.5, 2.0, 3.0)


@lru_cache(maxsize=2)
def lyapunov_of_random_networks(units=200, steps=1500, settle=200, seeds=7):
    """The largest Lyapunov exponent of tanh networks with U ~ N(0, g^2/N) and no input: (gains, seeds)."""
    K = len(GAINS) * seeds
    draw_ = np.random.default_rng(7)
    matrices = draw_.standard_normal((seeds, units, units)) / np.sqrt(units)
    U = np.concatenate([g * matrices for g in GAINS])
    zero = np.zeros((K, units))
    parameters = Parameters(W=np.zeros((K, 1, units)), U=U, b=zero, b_rec=zero)
    start = np.tile(draw_.standard_normal((seeds, 1, units)), (len(GAINS), 1, 1))
    cell = find("rnn")
    trajectory = unroll(cell, parameters, np.zeros((steps + settle, 1, 1, 1)), {"h": start})
    ((_, slope),) = linearise(cell, trajectory).to_gates["h"]
    v, total = np.tile(draw_.standard_normal((seeds, 1, units)), (len(GAINS), 1, 1)), np.zeros(K)
    for t in range(steps + settle):
        v = np.matmul(v, U) * slope[t, ..., 0, :]
        size = np.linalg.norm(v, axis=(-1, -2))
        v /= size[:, None, None]
        if t >= settle:
            total += np.log(size)
    return (total / steps).reshape(len(GAINS), seeds)


def chaos(code=False):
    found = lyapunov_of_random_networks()
    known = {0.5: (-0.665, 0.05), 1.0: (0.0, 0.01), 1.5: (0.055, 0.03), 2.0: (0.145, 0.02), 3.0: (0.295, 0.01)}
    says = "chaos above g = 1; theory: recomputed elsewhere for N = 200"
    return [
        Row(
            f"largest exponent at g = {g:g}, median of 7 seeds",
            says,
            known[g][0],
            float(np.median(found[k])),
            known[g][1],
            "absolute",
            "memory",
        )
        for k, g in enumerate(GAINS)
    ]


FIGURES = (
    Figure(
        "P9",
        "The GRU at the origin",
        "after Kanai, Fujiwara and Iwamura 2017, Preventing gradient explosions in gated recurrent units",
        "no input, no bias, h = 0",
        gru_origin,
        take_away="Left alone, a GRU of one unit forgets while its candidate's weight is below 2: it comes to rest at"
        " 0. Above 2 it keeps one of two values.",
    ),
    Figure(
        "P10",
        "Chaos in random networks",
        "after Sompolinsky, Crisanti and Sommers 1988, Chaos in random neural networks",
        "N = 200, U ~ N(0, g²/N), 1,500 steps after 200, 7 seeds",
        chaos,
        take_away="Well below g = 1 small differences die out, and gradients with them. Well above it they grow: "
        "chaos.",
    ),
)
