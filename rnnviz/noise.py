"""Masks on the way of a gradient: a memory of linear units whose answers are known exactly, drawn again and again.

Everything drawn is one pass of the engine over a batch whose sequences have masks of their own; what it is held against
are the mean and the spread that the schemes have by calculation.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import comb

import numpy as np

from .arguments import choice, instance, real, whole
from .cells import find
from .cells.variants import variant
from .engine.parameters import Parameters
from .networks import stacked
from .networks.record import record_with

KEPT = 0.9
"""What a unit keeps of its state from step to step where no mask is: the weight w."""

DRAWS = 200
"""How often the masks of a memory are drawn."""

LAGS = 20
"""The furthest that a memory looks back."""

SCHEMES = {
    "layers": "between layers",
    "step": "fresh at every step",
    "sequence": "one mask a sequence",
    "candidate": "on the candidate",
    "zoneout": "zoneout",
}
"""Where the masks are: Zaremba 2014; on the recurrent edges, as anew at each step or as one for all (Gal 2016); where
something is written (Semeniuta 2016); units that stay as they are (Krueger 2017)."""

GRID_LAYERS, GRID_STEPS = 2, 12
"""Of the stack whose masks are looked at."""

FIRST = 4
"""What is added to the seed of its masks: with 0 the last of them, at the output, is 0, and nothing else is to be seen.
"""

OPEN = 40.0
"""A bias at which a gate is 1 in float64."""


@dataclass(frozen=True)
class Memory:
    """A unit that keeps 0.9 of itself a step, with noise. scheme: a key of `SCHEMES`. rate: of masks, or of zoneout.

    Raises ValueError naming the argument.
    """

    scheme: str
    rate: float
    seed: int = 0

    def __post_init__(self):
        choice("scheme", self.scheme, SCHEMES)
        real("rate", self.rate, "a number from 0 to 0.9", 0.0, 0.9)
        whole("seed", self.seed, 0)


@dataclass(frozen=True, eq=False)
class Sampled:
    """What arrives of a gradient after each lag, as a multiple of what arrives without noise.

    memory: `Memory`. weights: (N, draws) after the lags 0, 1, ... mean, spread, likely: (N,) exactly, over all masks;
    the last is the probability that anything gets through. met: (N,) masks on the way.
    """

    memory: Memory
    weights: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    likely: np.ndarray
    met: np.ndarray

    @property
    def through(self):
        """(N,) how many of the draws let anything through."""
        return (self.weights != 0).sum(axis=1)


@lru_cache(maxsize=256)
def sampled(memory):
    """Draw the masks of a `Memory` and pull a gradient back through each. Returns a `Sampled`."""
    instance("memory", memory, Memory, "a Memory")
    network, weights = _network(memory)
    x, dy = np.zeros((LAGS + 1, DRAWS, 1)), np.zeros((LAGS + 1, DRAWS, 1))
    dy[-1] = 1.0
    arrives = record_with(network, {"layer 1": weights}, x, dy).dx[::-1, :, 0]
    lags = np.arange(LAGS + 1)
    mean, second, likely, met = _exact(memory, lags)
    relative = arrives / KEPT ** lags[:, None]
    return Sampled(memory, relative, mean, np.sqrt(np.maximum(second - mean**2, 0.0)), likely, met)


def _network(memory):
    """The network of one unit, and its weights; what is on the candidate needs gates, which stand still."""
    noise = {"layers": "none", "candidate": "candidate", "zoneout": "zoneout"}.get(memory.scheme, "recurrent")
    gated = memory.scheme == "candidate"
    cell = variant(find("lstm" if gated else "rnn_identity"), noise=noise)
    network = stacked(
        cell,
        1,
        [1],
        dropout=memory.rate if memory.scheme == "layers" else 0.0,
        places="every",
        noise=memory.rate if memory.scheme != "layers" else 0.0,
        once=memory.scheme == "sequence",
        seeds=(memory.seed,),
    )
    if not gated:
        return network, Parameters(np.ones((1, 1)), np.full((1, 1), KEPT), np.zeros(1), np.zeros(1))
    bias = {"i": OPEN, "f": np.log(KEPT / (1 - KEPT)), "o": OPEN}
    W, b = (np.array([own.get(gate, at) for gate in cell.gates]) for own, at in (({"g": 1.0}, 0.0), (bias, 0.0)))
    return network, Parameters(W[None], np.zeros((1, len(b))), b, 0 * b)


def _exact(memory, n):
    """Mean and second moment after n steps, beside what arrives without noise; the probability that anything does; and
    the masks that are met."""
    p, q, one = memory.rate, 1.0 - memory.rate, np.ones(len(n))
    if memory.scheme == "layers":
        return one, q**-2.0 * one, q**2 * one, 0 * n + 2
    if memory.scheme == "step":
        return one, q ** -(1.0 * n), q ** (1.0 * n), n
    if memory.scheme == "sequence":
        any_met = np.minimum(n, 1)
        return q ** (1.0 * any_met - n), q ** (1.0 * any_met - 2 * n), q ** (1.0 * any_met), any_met
    if memory.scheme == "candidate":
        return one, one / q, q * one, 0 * n + 1
    # What is held at the step of the input does not take it in.
    return q * (p / KEPT + q) ** n, q * (p / KEPT**2 + q) ** n, q * one, n + 1


@dataclass(frozen=True)
class Grid:
    """Two layers of a linear unit with masks, and one path through them. Raises ValueError naming the argument.

    scheme: "layers", "step" or "sequence", the latter two on the recurrent edges as well. rate: of the masks. lag:
    steps that the path goes. way: after how many of them it goes up from the lower layer.
    """

    scheme: str = "layers"
    rate: float = 0.2
    lag: int = 8
    way: int = 4
    seed: int = 0

    def __post_init__(self):
        choice("scheme", self.scheme, ("layers", "step", "sequence"))
        real("rate", self.rate, "a number from 0 to 0.9", 0.0, 0.9)
        whole("lag", self.lag, 0, GRID_STEPS - 1)
        whole("way", self.way, 0)
        whole("seed", self.seed, 0)


@dataclass(frozen=True, eq=False)
class Masked:
    """A `Grid` with its masks, 0 or above.

    up: (L + 1, T) into the first layer, between layers, and out of the last. along: (L, T) into each step from the one
    before. path: (step, level) from 1 and from 0, the input, to L + 1, the output. crossed: the mask on each arrow of
    it; None where an arrow has none. share: what comes back to the input over all paths, as a multiple of what does
    without masks. paths: how many there are.
    """

    grid: Grid
    up: np.ndarray
    along: np.ndarray
    path: tuple
    crossed: tuple
    share: float
    paths: int

    @property
    def met(self):
        """The masks on the path."""
        return np.array([mask for mask in self.crossed if mask is not None])


@lru_cache(maxsize=256)
def masked(grid):
    """The masks of a `Grid` as the engine draws them, and what they do to a gradient. Returns a `Masked`."""
    instance("grid", grid, Grid, "a Grid")
    L, T = GRID_LAYERS, GRID_STEPS
    recurrent = grid.scheme != "layers"
    network = stacked(
        variant(find("rnn_identity"), noise="recurrent" if recurrent else "none"),
        1,
        [1] * L,
        dropout=grid.rate,
        places="every",
        noise=grid.rate if recurrent else 0.0,
        once=grid.scheme == "sequence",
        seeds=(grid.seed + FIRST,),
    )
    one = Parameters(np.ones((1, 1)), np.ones((1, 1)), np.zeros(1), np.zeros(1))
    dy = np.zeros((T, 1, 1))
    dy[-1] = 1.0
    trace = record_with(network, {n.name: one for n in network.recurrent}, np.zeros((T, 1, 1)), dy)
    up, along = np.ones((L + 1, T)), np.ones((L, T))
    if grid.rate:  # at 0 there are no masks to look at
        up = np.array([trace.signals[f"dropout {k}", "mask"].value[:, 0, 0] for k in range(1, L + 2)])
    if recurrent:
        along = np.array([trace.signals[n.name, "m_h"].value[:, 0, 0] for n in network.recurrent])
    way = path(grid)
    crossed = tuple(
        float(up[level, step - 1]) if above > level else float(along[level - 1, later - 1]) if recurrent else None
        for (step, level), (later, above) in pairwise(way)
    )
    paths = comb(grid.lag + L - 1, L - 1)
    return Masked(grid, up, along, way, crossed, float(trace.dx[T - 1 - grid.lag, 0, 0]) / paths, paths)


def path(grid):
    """The path that goes up a layer after `way` steps, or after the last, see `Masked`."""
    start = GRID_STEPS - grid.lag
    turn = start + min(grid.way, grid.lag)
    below = [(step, 1) for step in range(start, turn + 1)]
    above = [(step, 2) for step in range(turn, GRID_STEPS + 1)]
    return ((start, 0), *below, *above, (GRID_STEPS, GRID_LAYERS + 1))
