"""Stacks of linear units, with connections past the layers and without: every path counted."""

from math import comb

import numpy as np

from ..engine.parameters import Parameters
from ..networks import stacked
from ..networks.record import record_with
from .base import Figure, Row

LAGS = 60


def scalar(v, w):
    """A linear unit h_t = v x_t + w h_{t-1}."""
    return Parameters(np.full((1, 1), v), np.full((1, 1), w), np.zeros(1), np.zeros(1))


def linear(layers, v, w, T=LAGS, **other):
    """The trace of a stack of linear units, whose loss is the output at the last step."""
    network = stacked("rnn_identity", 1, [1] * layers, **other)
    dy = np.zeros((T, 1, network.widths(1)[network.output]))
    dy[-1] = 1.0
    return record_with(network, {n.name: scalar(v, w) for n in network.recurrent}, np.zeros((T, 1, 1)), dy)


def by_lag(trace):
    """dL/dx_{T-n} for n from 0."""
    return trace.dx[::-1, 0, 0]


def paths(layers, v, w, lags=LAGS):
    """v^L w^n C(n + L - 1, L - 1) for n from 0: what all paths up and to the right on the grid carry."""
    return np.array([v**layers * w**n * comb(n + layers - 1, layers - 1) for n in range(lags)])


def paths_past(layers, v, w, lags=LAGS):
    """The same where each layer can be passed: a sum over the j layers that a path goes through."""
    through = sum(comb(layers, j) * paths(j, v, w, lags) for j in range(1, layers + 1))
    return through + (np.arange(lags) == 0)


def through_branches(layers, gain, skip):
    """The trace of layers without memory that pass an input of 1 at the last of two steps, a gain each."""
    network = stacked("rnn_identity", 1, [1] * layers, skip=skip)
    x = np.array([0.0, 1.0]).reshape(2, 1, 1)
    return record_with(network, {n.name: scalar(gain, 0.0) for n in network.recurrent}, x, x)


def mean_length(trace, gain):
    """How many branches a path goes through on average, weighted by what it carries."""
    return sum(gain * own.W[0, 0] for own in trace.gradients.values()) / trace.output[-1, 0, 0]


def best_lag(dx):
    """The least lag whose gradient is the largest, of those that are equally large."""
    return int(np.flatnonzero(dx >= dx.max() * (1 - 1e-12))[0])


def _far(found, expected):
    return float(np.abs(found / expected - 1).max())


def depth(code=False):
    derived = dict(origin="derived")
    count = "C(n + L − 1, L − 1) paths"
    past, plain, total = (
        by_lag(linear(3, 0.5, 0.9, T=T, skip=s)) for T, s in ((LAGS, True), (600, False), (600, True))
    )
    residual = through_branches(20, 0.7, skip=True)
    return [
        Row(
            "D1: ∂h_T/∂x by lag, 1, 3 and 6 layers, largest relative difference",
            f"vᴸ wⁿ times {count}",
            0.0,
            max(_far(by_lag(linear(L, 0.7, 0.9)), paths(L, 0.7, 0.9)) for L in (1, 3, 6)),
            1e-12,
            "absolute",
            **derived,
        ),
        Row(
            "D1: the same, 4 layers, lag 10, weights 1", count, 286.0, by_lag(linear(4, 1.0, 1.0))[10], 1e-12, **derived
        ),
        Row("D1: the same, 3 layers, lag 50", count, 1326.0, by_lag(linear(3, 1.0, 1.0))[50], 1e-12, **derived),
        *(
            Row(
                f"D2: the lag that the top remembers best, w = {w:g}, {layers} layers",
                "(wL − 1)/(1 − w), and the next",
                lag,
                best_lag(by_lag(linear(layers, 1.0, w))),
                **derived,
            )
            for w, layers, lag in ((0.8, 6, 19.0), (0.9, 3, 17.0))
        ),
        Row(
            "D3: with connections past 3 layers, by lag, largest relative difference",
            "a sum over the layers that a path goes through",
            0.0,
            _far(past, paths_past(3, 0.5, 0.9)),
            1e-12,
            "absolute",
            **derived,
        ),
        Row("D3: sum over all lags, with them", "(1 + v/(1 − w))ᴸ", 216.0, total.sum(), 1e-12, **derived),
        Row("D3: sum over all lags, without", "(v/(1 − w))ᴸ", 125.0, plain.sum(), 1e-12, **derived),
        Row(
            "D4: paths through 20 residual layers",
            "2ᴸ paths",
            2.0**20,
            through_branches(20, 1.0, skip=True).output[-1, 0, 0],
            1e-12,
        ),
        Row(
            "D4: layers on a path, weighted by what it carries, each with a gain of 0.7",
            "L g/(1 + g), not L/2",
            20 * 0.7 / 1.7,
            mean_length(residual, 0.7),
            1e-12,
            **derived,
        ),
        Row(
            "D5: what reaches the bottom of 20 layers at lag 0, each with a gain of 0.7",
            "vᴸ",
            0.7**20,
            through_branches(20, 0.7, skip=False).dx[-1, 0, 0],
            1e-12,
            **derived,
        ),
        Row(
            "D5: the same with connections past the layers",
            "at least 1",
            1.0,
            residual.dx[-1, 0, 0],
            kind="above",
            **derived,
        ),
    ]


FIGURES = (
    Figure(
        "D",
        "Depth, and ways past it",
        "D4 after Veit, Wilber and Belongie 2016, Residual networks behave like ensembles of relatively shallow "
        "networks",
        "linear units, one a layer: v from below, w from the step before; the loss is the top at the last step",
        depth,
        take_away="Where w, what a unit keeps of its state, times the number of layers is above 1, a linear stack "
        "remembers best some steps back: more paths lead there. Connections past the layers keep lag 0 at full size or "
        "more.",
    ),
)
