"""The cliff: the error surface of one logistic unit (Pascanu, Mikolov and Bengio 2013, figures 3 and 6).

    x_t = w sigma(x_{t-1}) + b, x_0 = 0.5, 50 steps, E = (sigma(x_50) - 0.7)^2

With h_t = sigma(x_t) this is the cell "rnn_logistic" with one unit, U = w, bias b and no input: the engine that records
every other network computes the surface. A descent needs the gradient 180 times while a slider is dragged; for two
weights it is fastest to carry dx/dw and dx/db along in plain numbers. A test holds them against the engine.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .cells import find
from .cells.base import sigmoid
from .engine.clip import clip
from .engine.parameters import Parameters
from .engine.unroll import unroll

STEPS, START, TARGET = 50, 0.5, 0.7
UPDATES = 60
W_RANGE, B_RANGE = (2.0, 8.0), (-4.0, 0.0)
"""What is drawn; the paper prints no axes."""

NAMES = {"none": "not clipped", "norm": "clipped by norm", "value": "clipped by value"}
METHODS = tuple(NAMES)
FAR = 1e6
"""A weight beyond it is lost: the path ends there."""

LEAST = -709.0
"""Below it exp(-x) leaves the range of numbers, and sigma(x) is 0."""

CELL = find("rnn_logistic")
SLOPE = sigmoid(START) * (1.0 - sigmoid(START))
"""sigma'(0.5)"""


@dataclass(frozen=True, eq=False)
class Surface:
    """The error on a grid. w: (N,). b: (M,). error: (M, N)."""

    w: np.ndarray
    b: np.ndarray
    error: np.ndarray


@dataclass(frozen=True, eq=False)
class Descent:
    """Three descents from one start, in the order of `METHODS`; index n is before update n + 1.

    w, b, error, x_last: (N+1, 3) where each stands, its error, and x_50 there. gradient, after: (N, 3, 2) of the error
    by (w, b), before clipping and after it. norm_before, norm_after, factor, turned: (N, 3); turned in degrees.
    ended: (3,) the update after which a path has left every bound, or N. Past it, numbers repeat.
    """

    w: np.ndarray
    b: np.ndarray
    error: np.ndarray
    x_last: np.ndarray
    gradient: np.ndarray
    after: np.ndarray
    norm_before: np.ndarray
    norm_after: np.ndarray
    factor: np.ndarray
    turned: np.ndarray
    ended: np.ndarray
    rate: float
    threshold: float

    @property
    def updates(self):
        """N."""
        return len(self.gradient)


@dataclass(frozen=True, eq=False)
class Equilibria:
    """The fixed points x = w sigma(x) + b of one w, as a curve over x. x, b: (N,). stable: (N,), w sigma'(x) < 1."""

    x: np.ndarray
    b: np.ndarray
    stable: np.ndarray


def error(w, b):
    """E for K pairs (w, b), (K,)."""
    w, b = (np.asarray(v, float)[:, None] for v in (w, b))
    zero = np.zeros_like(b)
    parameters = Parameters(W=zero[..., None], U=w[..., None], b=b, b_rec=zero)
    initial = np.full((len(w), 1, 1), sigmoid(START))
    trajectory = unroll(CELL, parameters, np.zeros((STEPS, 1, 1, 1)), {"h": initial})
    return (trajectory.states["h"][-1, :, 0, 0] - TARGET) ** 2


def gradient(w, b):
    """E, its gradient by (w, b) and x_50, for K pairs: (K,), (K, 2), (K,)."""
    found = np.array([_by_hand(float(v), float(u)) for v, u in zip(w, b, strict=True)])
    return found[:, 0], found[:, 1:3], found[:, 3]


def _by_hand(w, b):
    """E, dE/dw, dE/db and x_50; the derivatives are carried along with the state."""
    x, by_w, by_b = START, 0.0, 0.0
    for _ in range(STEPS):
        s = 1.0 / (1.0 + math.exp(-x)) if x > LEAST else 0.0
        slope = w * s * (1.0 - s)
        x, by_w, by_b = w * s + b, s + slope * by_w, 1.0 + slope * by_b
    s = 1.0 / (1.0 + math.exp(-x)) if x > LEAST else 0.0
    down = 2.0 * (s - TARGET) * s * (1.0 - s)
    return (s - TARGET) ** 2, down * by_w, down * by_b, x


@lru_cache(maxsize=4)
def surface(points=161):
    """The error over `W_RANGE` and `B_RANGE`, on points x points. Returns a `Surface` of read-only arrays."""
    w, b = np.linspace(*W_RANGE, points), np.linspace(*B_RANGE, points)
    everywhere = error(np.tile(w, points), np.repeat(b, points)).reshape(points, points)
    for array in (w, b, everywhere):
        array.flags.writeable = False
    return Surface(w, b, everywhere)


def wall(w):
    """b* = 0.5 - w sigma(0.5), where x_0 = 0.5 is itself a fixed point; NaN where it is a stable one, and no wall.

    It repels for w sigma'(0.5) > 1, that is for w > 4.25525: to either side the unit runs to another attractor, and
    dx_50/db = (m^50 - 1) / (m - 1) with m = w sigma'(0.5).
    """
    w = np.asarray(w, float)
    return np.where(w * SLOPE > 1.0, START - w * sigmoid(START), np.nan)


def wall_error(w):
    """E along the wall, (K,); NaN where there is none."""
    b = wall(w)
    return np.where(np.isfinite(b), error(w, np.nan_to_num(b)), np.nan)


def equilibria(w, points=400):
    """All fixed points with x from -8 to 8: b = x - w sigma(x) is exact. Returns `Equilibria`."""
    x = np.linspace(-8.0, 8.0, points)
    s = sigmoid(x)
    return Equilibria(x, x - w * s, w * s * (1.0 - s) < 1.0)


def folds(w):
    """The (b, x) at which two fixed points meet, w sigma'(x) = 1: two of them for w > 4, none otherwise."""
    if w <= 4.0:
        return []
    root = np.sqrt(1.0 - 4.0 / w)
    return [(x - w * s, x) for s in ((1.0 - root) / 2.0, (1.0 + root) / 2.0) for x in [np.log(s / (1.0 - s))]]


@lru_cache(maxsize=64)
def descend(w, b, rate, threshold, updates=UPDATES):
    """Gradient descent from (w, b): not clipped, clipped by norm, clipped by value. Returns a `Descent`."""
    place = np.tile([float(w), float(b)], (len(METHODS), 1))
    ended = np.full(len(METHODS), updates)
    rows = {name: [] for name in ("place", "error", "x_last", "gradient", "after", "norm_before", "norm_after",
                                  "factor", "turned")}
    for n in range(updates + 1):
        height, slope, x_last = gradient(*place.T)
        rows["place"].append(place)
        rows["error"].append(height)
        rows["x_last"].append(x_last)
        if n == updates:
            break
        done = [clip(slope[k : k + 1], m, threshold, nonfinite="skip") for k, m in enumerate(METHODS)]
        after = np.concatenate([c.gradient for c in done])
        rows["gradient"].append(slope)
        rows["after"].append(after)
        for name in ("norm_before", "norm_after", "factor", "turned"):
            rows[name].append(np.concatenate([getattr(c, name) for c in done]))
        going = n < ended
        place = np.where(going[:, None], place - rate * after, place)
        lost = going & ~(np.abs(place).max(axis=1) < FAR)
        ended[lost] = n + 1
    out = {name: np.array(values) for name, values in rows.items()}
    for array in (*out.values(), ended):
        array.flags.writeable = False
    place = out.pop("place")
    return Descent(w=place[..., 0], b=place[..., 1], **out, ended=ended, rate=rate, threshold=threshold)
