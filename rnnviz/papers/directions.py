"""Both directions: what the two last states remember, and which inputs a position can see."""

from functools import lru_cache

import numpy as np

from ..config import NetworkConfig
from ..networks import stacked
from ..networks.record import record, record_with
from .base import Figure, Row
from .depth import scalar


@lru_cache(maxsize=4)
def both_ends(T, w):
    """The trace of a linear unit a direction, read where each ends: forward at the last position, backward at the
    first."""
    network = stacked("rnn_identity", 1, [1], both=True)
    dy = np.zeros((T, 1, 2))
    dy[-1, 0, 0] = dy[0, 0, 1] = 1.0
    return record_with(network, {n.name: scalar(1.0, w) for n in network.recurrent}, np.zeros((T, 1, 1)), dy)


def drawn(cell, seed=0):
    """The trace of three units a direction, on 9 steps of noise."""
    return record(
        NetworkConfig(cell, layers=1, steps=9, hidden_size=3, input_size=2, directions="both", seed=seed, loss="every")
    )


def seen(trace, position, half):
    """(T,) whether the output of one half, 0 forward and 1 backward, at a position from 0 depends on each input."""
    dy = np.zeros_like(trace.output)
    dy[position, 0, 3 * half : 3 * half + 3] = 1.0
    return record_with(trace.network, trace.parameters, trace.x, dy).dx.any(axis=(1, 2))


def turned_round(trace):
    """The trace with the input in reverse order and the parameters of the two directions swapped."""
    forward, backward = (trace.parameters[f"layer 1 {turn}"] for turn in ("forward", "backward"))
    swapped = {"layer 1 forward": backward, "layer 1 backward": forward}
    return record_with(trace.network, swapped, trace.x[::-1], np.roll(trace.output_gradient[::-1], 3, axis=-1))


def directions(code=False):
    derived = dict(origin="derived")
    steps, w = 101, 0.9
    dx, t = both_ends(steps, w).dx[:, 0, 0], np.arange(1, steps + 1)
    trace = drawn("lstm")
    other = turned_round(trace)
    beyond = sum(seen(trace, at, 0)[at + 1 :].sum() + seen(trace, at, 1)[:at].sum() for at in range(9))
    return [
        Row(
            "B1: ∂L/∂x of both last states, T = 101, w = 0.9, largest relative difference",
            "w^(T − t) + w^(t − 1): a U",
            0.0,
            float(np.abs(dx / (w ** (steps - t) + w ** (t - 1.0)) - 1).max()),
            1e-12,
            "absolute",
            **derived,
        ),
        Row("B1: the step where it is weakest", "the middle", 51.0, float(t[dx.argmin()]), **derived),
        Row("B1: what is left there", "2 w^((T − 1)/2)", 2 * w**50, dx.min(), 1e-12, **derived),
        Row("B1: what one direction alone brings to the other end", "w^(T − 1)", w**100, dx[0] - 1.0, 1e-6, **derived),
        Row("B2: inputs seen on the wrong side, LSTM, all positions", "exactly none", 0.0, float(beyond), **derived),
        Row(
            "B3: inputs that the backward half has seen at the last position",
            "one: itself",
            1.0,
            float(seen(trace, 8, 1).sum()),
            **derived,
        ),
        Row(
            "B4: input reversed, parameters swapped, output reversed: largest difference",
            "the same numbers, the halves swapped",
            0.0,
            float(np.abs(np.roll(other.output[::-1], 3, axis=-1) - trace.output).max()),
            0.0,
            "absolute",
            **derived,
        ),
    ]


FIGURES = (
    Figure(
        "B",
        "Both directions",
        "closed forms; bidirectional networks are those of Schuster and Paliwal 1997",
        "B1: linear units; B2 to B4: an LSTM of 3 units a direction on 9 steps of noise",
        directions,
        take_away="Read where each direction ends, both ends of the sequence are remembered, and its middle least. At"
        " the last position the backward half has seen one input.",
    ),
)
