"""Dropout in its places: what masks do to the mean and the spread of what comes back."""

from functools import lru_cache

import numpy as np

from ..cells import find
from ..cells.variants import candidate_dropout, recurrent_dropout, zoneout
from ..engine.parameters import Parameters
from ..layers import Dropout, Linear
from ..layers.dropout import mask
from ..networks import Network, Node, stacked
from ..networks.record import record_with
from .base import Figure, Row
from .depth import scalar


def masks_of(rate, steps=20_000, width=10):
    """(steps, width) of inverted masks, fresh everywhere."""
    return Dropout(rate, draw=1, seeds=(3,)).run({}, np.ones((steps, 1, width))).output[:, 0]


def arrives(recurrent, once=False, rate=0.2, lags=20, batch=2000, seed=0):
    """(lags + 1, batch) what comes back along the one path of each lag through two layers, of which the first alone
    remembers, all of it: the product of the masks on it. recurrent: whether they are on the recurrent edges too."""
    cell = recurrent_dropout(find("rnn_identity")) if recurrent else "rnn_identity"
    noise = rate if recurrent else 0.0
    network = stacked(cell, 1, [1, 1], dropout=rate, once=once, places="every", noise=noise, seeds=(seed,))
    dy = np.zeros((lags + 1, batch, 1))
    dy[-1] = 1.0
    weights = {"layer 1": scalar(1.0, 1.0), "layer 2": scalar(1.0, 0.0)}
    return record_with(network, weights, np.zeros((lags + 1, batch, 1)), dy).dx[::-1, :, 0]


def masks_met(lag, recurrent, rate=0.2):
    """How many masks are on the path of that lag."""
    return float(np.log(arrives(recurrent, rate=rate, lags=lag)[lag].max()) / -np.log(1.0 - rate))


def unit(cell, w, widths=1, steps=13, **other):
    """The trace of linear units h_t = x_t + w h_{t-1} with noise; the loss is their sum at the last step."""
    network = stacked(cell, 1, [widths], **other)
    weights = Parameters(np.ones((1, widths)), w * np.eye(widths), np.zeros(widths), np.zeros(widths))
    dy = np.zeros((steps, 32, widths))
    dy[-1] = 1.0
    return record_with(network, {"layer 1": weights}, np.zeros((steps, 32, 1)), dy)


def from_first(trace):
    """(B, H) dh_T/dh_1 of every unit."""
    return trace.signals["layer 1", "h"].gradient.true[0]


def written(rate=0.5, steps=20, W=0.3):
    """The trace of an LSTM that keeps all that half open gates let in, with masks on the candidate, on inputs of 1; and
    dL/dx_t as a multiple of what it is without masks, (T,)."""
    network = stacked(candidate_dropout(find("lstm_1997")), 1, [8], noise=rate)
    zeros, weights = np.zeros(24), np.zeros((1, 24))
    weights[0, :8] = W  # the candidate's block
    dy = np.zeros((steps, 1, 8))
    dy[-1, 0, 2] = 1.0
    given = {"layer 1": Parameters(weights, np.zeros((8, 24)), zeros, zeros)}
    trace = record_with(network, given, np.ones((steps, 1, 1)), dy)
    dc = trace.signals["layer 1", "c"].gradient.true[:, 0, 2]
    return trace, trace.dx[:, 0, 0] / (0.5 * (1 - np.tanh(W) ** 2) * W * dc)


@lru_cache(maxsize=4)
def radius_raised(rate, units=300, seeds=4):
    """The mean factor by which one mask for all steps changes the spectral radius of a random matrix."""
    found = []
    for seed in range(seeds):
        U = np.random.default_rng([seed, 1]).normal(size=(units, units)) / np.sqrt(units)
        masked = mask((1, 1, units), rate, 0, (seed,), once=True)[0, 0][:, None] * U
        found.append(np.abs(np.linalg.eigvals(masked)).max() / np.abs(np.linalg.eigvals(U)).max())
    return float(np.mean(found))


def readout_loss(rate=0.3, steps=1000):
    """The mean squared error of a linear read-out under dropout, and what it is with the ridge that it amounts to."""
    rng = np.random.default_rng(4)
    x, V, target = rng.normal(size=6), rng.normal(size=(6, 1)), 0.4
    network = Network((Node("dropped", Dropout(rate, draw=1), ("x",)), Node("y", Linear(1), ("dropped",))))
    given = {"y": {"V": V, "b_y": np.zeros(1)}}
    trace = record_with(network, given, np.tile(x, (steps, 32, 1)), np.zeros((steps, 32, 1)))
    ridge = (x @ V[:, 0] - target) ** 2 + rate / (1 - rate) * ((x * V[:, 0]) ** 2).sum()
    return float(((trace.output - target) ** 2).mean()), float(ridge)


def places(layers):
    """How many masks a stack has between its layers."""
    network = stacked("lstm", 2, [3] * layers, dropout=0.5)
    return float(sum(isinstance(node.layer, Dropout) for node in network.nodes))


def dropout(code=False):
    derived = dict(origin="derived")
    masks, n = masks_of(0.2), 10
    cell = recurrent_dropout(find("rnn_identity"))
    fresh, once = (from_first(unit(cell, 0.9, 128, n + 1, noise=0.2, once=o)) / 0.9**n for o in (False, True))
    held = from_first(unit(zoneout(find("rnn_identity")), 0.5, 128, noise=0.3))
    found, ridge = readout_loss()
    return [
        Row("Z1: mean of a mask, p = 0.2", "1", 1.0, masks.mean(), 0.01, **derived),
        Row("Z1: its variance", "p/q", 0.25, masks.var(), 0.02, **derived),
        Row("Z1: second moment of 10 of them", "q^−10", 0.8**-10, (masks.prod(axis=1) ** 2).mean(), 0.25, **derived),
        Row("Z2: masks on a path of lag 20, 2 layers, vertical edges alone", "L + 1", 3.0, masks_met(20, False), 1e-12),
        Row("Z2: on recurrent edges too", "L + 1 + n", 23.0, masks_met(20, True), 1e-12, **derived),
        Row("Z5: fresh at every step: share that passes 10, p = 0.2", "qⁿ", 0.8**n, (fresh > 0).mean(), 0.1, **derived),
        Row(
            "Z5: one mask for all 10: mean, times w^10",
            "q^(1 − n), not 1",
            0.8 ** (1 - n),
            once.mean(),
            0.05,
            **derived,
        ),
        *(
            Row(
                f"Z6: spectral radius of 300 units with one mask, p = {p:g}, mean of 4",
                "1/√q times as large",
                (1 - p) ** -0.5,
                radius_raised(p),
                0.06,
                **derived,
            )
            for p in (0.2, 0.5)
        ),
        Row(
            "Z7: on the candidate alone, p = 0.5: largest factor at any of 20 lags",
            "1/q: one mask, whatever the lag (after Semeniuta, Severyn and Barth 2016)",
            2.0,
            written()[1].max(),
            1e-12,
            **derived,
        ),
        Row("Z8: zoneout 0.3, w = 0.5: mean after 12 steps", "(z + (1 − z)w)ⁿ", 0.65**12, held.mean(), 0.15, **derived),
        Row("Z8: its second moment", "(z + (1 − z)w²)ⁿ", 0.475**12, (held**2).mean(), 0.4, **derived),
        Row("Z9: squared error of a linear read-out, p = 0.3", "dropout is a ridge", ridge, found, 0.03, **derived),
        *(
            Row(
                f"Z10: masks in a stack of {layers} layer{'s' * (layers > 1)}",
                "L − 1, in PyTorch's manual",
                layers - 1.0,
                places(layers),
            )
            for layers in (1, 3)
        ),
    ]


FIGURES = (
    Figure(
        "Z",
        "Dropout, and where",
        "Z2: Zaremba, Sutskever and Vinyals 2014, Recurrent neural network regularization, figure 3",
        "p: how often a mask is 0; q = 1 − p; linear units, drawn masks of fixed seeds, so what is a mean is near its "
        "theory, not on it",
        dropout,
        take_away="Masks between the layers meet a path as often at any lag. On the recurrent edges, fresh at every "
        "step, each step adds one: where one in five is 0, one path in a hundred passes 20 of them.",
    ),
)
