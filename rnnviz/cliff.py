"""The cliff: the error surface of one logistic unit (Pascanu, Mikolov and Bengio 2013, figures 3 and 6).

    x_t = w sigma(x_{t-1}) + b, x_0 = 0.5, 50 steps, E = (sigma(x_50) - 0.7)^2

With h_t = sigma(x_t) this is the cell "rnn_logistic" with one unit, U = w, bias b and no input: the engine that records
every other network computes the surface. A descent needs the gradient 180 times while a slider is dragged; for two
weights it is fastest to carry dx/dw and dx/db along. A test holds them against the engine.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .arguments import complaint, finite, lettered, misshapen, numbers, real, whole
from .cells import find
from .cells.base import sigmoid
from .engine.clip import SMALLEST, clip
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
    """E for K pairs (w, b), (K,). Raises ValueError for other shapes, no numbers, NaN or infinity."""
    w, b = (v[:, None] for v in _pairs(w, b))
    zero = np.zeros_like(b)
    parameters = Parameters(W=zero[..., None], U=w[..., None], b=b, b_rec=zero)
    initial = np.full((len(w), 1, 1), sigmoid(START))
    trajectory = unroll(CELL, parameters, np.zeros((STEPS, 1, 1, 1)), {"h": initial})
    return (trajectory.states["h"][-1, :, 0, 0] - TARGET) ** 2


def gradient(w, b):
    """E, its gradient by (w, b) and x_50, for K pairs: (K,), (K, 2), (K,). Raises ValueError as `error` does."""
    return _gradient(*_pairs(w, b))


def _pairs(w, b):
    w, b = (finite(name, lettered(name, v, "K")) for name, v in (("w", w), ("b", b)))
    if w.shape != b.shape:
        raise ValueError(misshapen("b", w.shape, b))
    return w, b


def _gradient(w, b):
    """The derivatives go along with the state."""
    x, by_w, by_b = np.full_like(w, START), np.zeros_like(w), np.zeros_like(w)
    with np.errstate(over="ignore"):
        for _ in range(STEPS):
            s = sigmoid(x)
            slope = w * s * (1.0 - s)
            x, by_w, by_b = w * s + b, s + slope * by_w, 1.0 + slope * by_b
        s = sigmoid(x)
    down = 2.0 * (s - TARGET) * s * (1.0 - s)
    return (s - TARGET) ** 2, np.stack([down * by_w, down * by_b], axis=1), x


def surface(points=161):
    """The error over `W_RANGE` and `B_RANGE`, on points x points. Returns a `Surface` of read-only arrays.

    points: from 2 to 1,000. Raises ValueError for any other.
    """
    return _surface(whole("points", points, 2, 1000))


@lru_cache(maxsize=4)
def _surface(points):
    w, b = np.linspace(*W_RANGE, points), np.linspace(*B_RANGE, points)
    everywhere = error(np.tile(w, points), np.repeat(b, points)).reshape(points, points)
    for array in (w, b, everywhere):
        array.flags.writeable = False
    return Surface(w, b, everywhere)


def wall(w):
    """b* = 0.5 - w sigma(0.5), where x_0 = 0.5 is itself a fixed point; NaN where it is a stable one, and no wall.

    It repels for w sigma'(0.5) > 1, that is for w > 4.25525: to either side the unit runs to another attractor, and
    dx_50/db = (m^50 - 1) / (m - 1) with m = w sigma'(0.5). w: a number, or an array of any shape. Raises ValueError for
    anything else, NaN or infinity.
    """
    w = finite("w", numbers("w", w))
    return np.where(w * SLOPE > 1.0, START - w * sigmoid(START), np.nan)


def wall_error(w):
    """E along the wall, (K,) for K w; NaN where there is none. Raises ValueError as `error` does."""
    w = lettered("w", w, "K")
    b = wall(w)
    return np.where(np.isfinite(b), error(w, np.nan_to_num(b)), np.nan)


def equilibria(w, points=400):
    """All fixed points with x from -8 to 8: b = x - w sigma(x) is exact. Returns `Equilibria`.

    w: a number. points: from 2 to 100,000. Raises ValueError for any other.
    """
    w, points = real("w", w), whole("points", points, 2, 100_000)
    x = np.linspace(-8.0, 8.0, points)
    s = sigmoid(x)
    return Equilibria(x, x - w * s, w * s * (1.0 - s) < 1.0)


def folds(w):
    """The (b, x) at which two fixed points meet, w sigma'(x) = 1: two of them for w > 4, none otherwise.

    w: a number. Raises ValueError for anything else.
    """
    w = real("w", w)
    if w <= 4.0:
        return []
    root = np.sqrt(1.0 - 4.0 / w)
    return [(x - w * s, x) for s in ((1.0 - root) / 2.0, (1.0 + root) / 2.0) for x in [np.log(s / (1.0 - s))]]


def descend(w, b, rate, threshold, updates=UPDATES):
    """Gradient descent from (w, b): not clipped, clipped by norm, clipped by value. Returns a `Descent`, read-only.

    w, b: numbers. rate, threshold: above 0. updates: from 1 to 10,000. Raises ValueError for any other.
    """
    above = "a finite number above 0"
    return _descend(
        real("w", w),
        real("b", b),
        real("rate", rate, above, SMALLEST),
        real("threshold", threshold, above, SMALLEST),
        whole("updates", updates, 1, 10_000),
    )


@lru_cache(maxsize=64)
def _descend(w, b, rate, threshold, updates):
    return descend_many([w], [b], [rate], [threshold], updates)[0]


def descend_many(w, b, rate, threshold, updates=UPDATES):
    """K descents side by side, from K starts, with K rates and K thresholds. Returns a list of `Descent`s, read-only.

    w, b: (K,). rate, threshold: (K,), above 0. updates: from 1 to 10,000. Raises ValueError for any other.
    """
    w, b = _pairs(w, b)
    rate, threshold = (finite(name, lettered(name, v, "K")) for name, v in (("rate", rate), ("threshold", threshold)))
    for name, array in (("rate", rate), ("threshold", threshold)):
        if array.shape != w.shape:
            raise ValueError(misshapen(name, w.shape, array))
        if array.min() <= 0:
            raise ValueError(complaint(name, "above 0", array))
    updates = whole("updates", updates, 1, 10_000)
    count, ways = len(w), len(METHODS)
    place = np.repeat(np.array([w, b]).T, ways, axis=0)
    pace = np.repeat(rate, ways)[:, None]
    ended = np.full(len(place), updates)
    rows = {
        name: []
        for name in ("place", "error", "x_last", "gradient", "after", "norm_before", "norm_after", "factor", "turned")
    }
    for n in range(updates + 1):
        height, slope, x_last = _gradient(*place.T)
        rows["place"].append(place)
        rows["error"].append(height)
        rows["x_last"].append(x_last)
        if n == updates:
            break
        done = [clip(slope[k::ways], m, threshold, nonfinite="skip") for k, m in enumerate(METHODS)]
        after = np.stack([c.gradient for c in done], axis=1).reshape(-1, 2)
        rows["gradient"].append(slope)
        rows["after"].append(after)
        for name in ("norm_before", "norm_after", "factor", "turned"):
            rows[name].append(np.stack([getattr(c, name) for c in done], axis=1).ravel())
        going = n < ended
        place = np.where(going[:, None], place - pace * after, place)
        lost = going & ~(np.abs(place).max(axis=1) < FAR)
        ended[lost] = n + 1
    out = {name: np.array(values) for name, values in rows.items()}
    out["w"], out["b"] = np.moveaxis(out.pop("place"), -1, 0)
    for array in (*out.values(), ended):
        array.flags.writeable = False
    own = [slice(k * ways, (k + 1) * ways) for k in range(count)]
    return [
        Descent(
            **{name: array[:, part] for name, array in out.items()},
            ended=ended[part],
            rate=float(rate[k]),
            threshold=float(threshold[k]),
        )
        for k, part in enumerate(own)
    ]
