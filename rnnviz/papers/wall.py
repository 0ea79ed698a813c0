"""The cliff and the single unit of Pascanu, Mikolov and Bengio 2013."""

from functools import lru_cache

import numpy as np

from .. import cliff
from ..cells.base import sigmoid
from .base import PASCANU, Figure, Row


def _bisect(wanted, low, high, times=60):
    """Where a condition that holds at low and not at high stops holding."""
    for _ in range(times):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if wanted(middle) else (low, middle)
    return 0.5 * (low + high)


def _x_by_b(w, b):
    """dx_50/db of the single unit: dE/db without the derivative of E by x_50."""
    _, by, x = cliff.gradient([w], [b])
    s = sigmoid(x[0])
    return by[0, 1] / (2.0 * (s - cliff.TARGET) * s * (1.0 - s))


def the_cliff(code=False):
    w, s = 5.0, sigmoid(cliff.START)
    b = cliff.START - w * s
    m = w * cliff.SLOPE
    growth = (m**cliff.STEPS - 1) / (m - 1)
    down = 2 * (s - cliff.TARGET) * s * (1 - s)
    top = steepest(w)
    error, by, _ = cliff.gradient(np.full(4, w), [b, -2.62, -2.60, top])
    found = np.linalg.norm(by, axis=1)
    wall = _bisect(lambda v: cliff.gradient([w], [v])[2][0] < 0.5, -2.7, -2.5)
    begins = _bisect(lambda v: _x_by_b(v, cliff.START - v * s) < cliff.STEPS, 4.0, 4.5)
    plots = "no number"
    return [
        Row("the wall b* at w = 5", plots, b, wall, 1e-12, origin="plot"),
        Row("the wall begins at w", plots, 1 / cliff.SLOPE, begins, 1e-6, origin="plot"),
        Row("∂x₅₀/∂b on the wall", plots, growth, _x_by_b(w, b), 1e-6, origin="plot"),
        Row("error on the wall, at b*", plots, (s - cliff.TARGET) ** 2, error[0], 1e-6, origin="plot"),
        Row(
            "norm of ∂E on the wall, at b*", plots, abs(down) * growth * np.hypot(s, 1.0), found[0], 1e-6, origin="plot"
        ),
        Row("norm of ∂E at b = −2.62", plots, 0.2411, found[1], 5e-5, "absolute", origin="plot"),
        Row("norm of ∂E at b = −2.60", plots, 0.1899, found[2], 5e-5, "absolute", origin="plot"),
        Row("where ∂E is longest: b* − b, beside the wall", plots, 4.4702e-5, wall - top, 1e-3, origin="plot"),
        Row("norm of ∂E there, its largest", plots, 6773.13, found[3], 1e-5, origin="plot"),
        Row("error there", plots, 0.1496, error[3], 1e-3, origin="plot"),
    ]


@lru_cache(maxsize=2)
def _rests(start, low, high):
    """The b between low and high at which the attractor that `start` runs to disappears, and x there; by iterating."""

    def run(b):
        x = np.full(b.shape, start)
        for _ in range(20_000):
            x = 5.0 * sigmoid(x) + b
        return x

    for _ in range(4):
        grid = np.linspace(low, high, 201)
        edge = int(np.flatnonzero(np.diff(run(grid) > 0))[0])
        low, high = grid[edge], grid[edge + 1]
    b = 0.5 * (low + high)
    # On the fold itself nothing comes to rest in finite time: x is read a little inside.
    return b, float(run(np.array([b + np.sign(start) * 1e-5]))[0])


def steepest(w=5.0):
    """The b at which the gradient of the error is longest: a little below the wall, where the error is not small."""
    away = np.geomspace(1e-7, 1e-2, 201)
    for _ in range(4):
        _, by, _ = cliff.gradient(np.full_like(away, w), cliff.wall(w) - away)
        top = int(np.linalg.norm(by, axis=1).argmax())
        away = np.linspace(away[max(top - 1, 0)], away[min(top + 1, 200)], 201)
    return float(cliff.wall(w) - away[100])


def across_the_wall(w=5.0):
    """b on both sides of the wall, ever closer to it; the error there, and the norm of its gradient: (N,) each."""
    away = np.geomspace(1e-9, 0.15, 120)
    b = np.sort([steepest(w), *(cliff.wall(w) + np.concatenate([-away[::-1], [0.0], away]))])
    error, by, _ = cliff.gradient(np.full_like(b, w), b)
    return b, error, np.linalg.norm(by, axis=1)


def bifurcation(code=False):
    rows = []
    measured = (_rests(-8.0, -2.5, -2.2), _rests(8.0, -2.8, -2.5))
    for (b, x), (found_b, found_x), name in zip(cliff.folds(5.0), measured, ("upper", "lower")):
        rows.append(Row(f"b of the {name} fold at w = 5", "no number", b, found_b, 1e-6, origin="plot"))
        rows.append(Row(f"x of the {name} fold", "no number", x, found_x, 2e-2, origin="plot"))
    return rows


FIGURES = (
    Figure(
        "P1",
        "The cliff in the error surface",
        f"{PASCANU}, figure 6",
        "x = w σ(x) + b from 0.5, 50 steps, E = (σ(x₅₀) − 0.7)², w = 5",
        the_cliff,
        take_away="On the wall, at b*, the gradient is thousands of times as long as a hundredth beside it, and the "
        "error there is small. Its length says how steep the ground is, not how far to go.",
    ),
    Figure(
        "P2",
        "Bifurcation of the single unit",
        f"{PASCANU}, figure 3",
        "the same unit, w = 5, b swept; found by iterating 20,000 steps from both sides",
        bifurcation,
        take_away="Between the two folds the unit can rest in two places, and where it starts decides in which. "
        "Beyond a fold one of them is gone.",
    ),
)
