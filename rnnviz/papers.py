"""Published figures and the numbers that they must have: python -m rnnviz.papers

Every row has what the paper says, what theory says exactly, and what is measured here, now.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from . import cliff
from .cells import find
from .cells.base import sigmoid
from .config import Config, TrainConfig
from .engine import anatomy
from .engine.adjoint import linearise
from .engine.clip import clip, norm
from .engine.network import backward, draw
from .engine.parameters import Parameters
from .engine.record import record, record_each, record_with
from .engine.unroll import unroll
from .sources import sequences
from .sources.tasks import task
from .wording import shown


@dataclass(frozen=True)
class Row:
    """One number of a figure. says: what the paper says, in words. theory: exact. measured: now.

    kind: "relative" or "absolute", |measured - theory| against `tolerance`; "below" or "above", measured on that side
    of theory.
    """

    what: str
    says: str
    theory: float
    measured: float
    tolerance: float = 0.0
    kind: str = "relative"

    @property
    def holds(self):
        if self.kind == "below":
            return self.measured <= self.theory + self.tolerance
        if self.kind == "above":
            return self.measured >= self.theory - self.tolerance
        scale = abs(self.theory) if self.kind == "relative" else 1.0
        return bool(abs(self.measured - self.theory) <= self.tolerance * scale)

    @property
    def allowed(self):
        if self.kind in ("below", "above"):
            return f"{self.kind} what theory says"
        if not self.tolerance:
            return "the same to the last digit"
        size = shown(self.tolerance if self.kind == "absolute" else 100 * self.tolerance)
        return f"within {size} of theory" if self.kind == "absolute" else f"within {size} % of theory"


@dataclass(frozen=True)
class Figure:
    """A figure of a paper: its name here, what it shows, where it is from, its settings, and how its rows are made."""

    name: str
    title: str
    citation: str
    settings: str
    rows: Callable


PASCANU = "Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks"
STEPS = 100
SEEDS = range(5)


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
    plots = "only a plot"
    return [
        Row("the wall b* at w = 5", plots, b, wall, 1e-12),
        Row("the wall begins at w", plots, 1 / cliff.SLOPE, begins, 1e-6),
        Row("∂x₅₀/∂b on the wall", plots, growth, _x_by_b(w, b), 1e-6),
        Row("error on the wall, at b*", plots, (s - cliff.TARGET) ** 2, error[0], 1e-6),
        Row("norm of ∂E on the wall, at b*", plots, abs(down) * growth * np.hypot(s, 1.0), found[0], 1e-6),
        Row("norm of ∂E at b = −2.62", plots, 0.2411, found[1], 5e-5, "absolute"),
        Row("norm of ∂E at b = −2.60", plots, 0.1899, found[2], 5e-5, "absolute"),
        Row("where ∂E is longest: b* − b, beside the wall", plots, 4.4702e-5, wall - top, 1e-3),
        Row("norm of ∂E there, its largest", plots, 6773.13, found[3], 1e-5),
        Row("error there", plots, 0.1496, error[3], 1e-3),
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
        rows.append(Row(f"b of the {name} fold at w = 5", "only a plot", b, found_b, 1e-6))
        rows.append(Row(f"x of the {name} fold", "only a plot", x, found_x, 2e-2))
    return rows


def conditions(code=False):
    def change(**settings):
        found = (record(Config(steps=STEPS, seed=s, **settings)) for s in SEEDS)
        return max(r.log10_dh[0] - r.log10_dh[-1] for r in found)

    return [
        Row(
            "tanh, singular values 0.9: log10 of the change over 99 steps, largest of 5 seeds",
            "below 1/γ = 1 is sufficient to vanish (text)",
            99 * np.log10(0.9),
            change(cell="rnn", init="orthogonal", gain=0.9),
            kind="below",
        ),
        Row(
            "logistic, singular values 3.9: the same",
            "below 1/γ = 4 is sufficient to vanish (text)",
            99 * np.log10(3.9 / 4),
            change(cell="rnn_logistic", init="orthogonal", gain=3.9),
            kind="below",
        ),
        Row(
            "tanh, gain 1.5, saturated by its input: the same",
            "above 1/γ is only necessary to explode (text)",
            0.0,
            change(cell="rnn", gain=1.5, input_scale=10.0),
            kind="below",
        ),
    ]


def rescale(gradient, weights, threshold, code=False):
    """Algorithm 1 of the paper, g threshold / |g| where |g| >= threshold; or as its published code has it.

    code: strictly above, and a norm that is not a number, infinite or above 1e10 has the gradient replaced by 0.02
    times the weights.
    """
    size = np.linalg.norm(gradient)
    if code and not size <= 1e10:
        return 0.02 * weights
    reached = size > threshold if code else size >= threshold
    return gradient * (threshold / size) if reached else gradient


def clipping(code=False):
    draw_ = np.random.default_rng(0)
    g, w = draw_.normal(size=(1, 200)), draw_.normal(size=200)
    g *= 10.0 / norm(g)
    by_norm, by_value = (clip(g, method, t) for method, t in (("norm", 1.0), ("value", 0.5)))
    ours = rescale(g[0], w, 1.0, code)
    bad = g[0].copy()
    bad[3] = np.nan
    rows = [
        Row("norm 10 at threshold 1: norm after", "rescaled to the threshold (text)", 1.0, by_norm.norm_after[0], 1e-6),
        Row(
            "turned by clipping by norm, degrees",
            "keeps the direction (text)",
            0.0,
            by_norm.turned[0],
            1e-5,
            "absolute",
        ),
        Row(
            "turned by clipping element by element at 0.5, degrees",
            "Mikolov's variant (text)",
            1.0,
            by_value.turned[0],
            kind="above",
        ),
        Row(
            "algorithm 1 against clip_grad_norm_, largest difference",
            "the same",
            0.0,
            np.abs(ours - by_norm.gradient[0]).max(),
            1e-6,
            "absolute",
        ),
    ]
    if code:
        rows.append(
            Row(
                "code: a gradient that is no number becomes 0.02 W, its norm",
                "not in the text",
                0.02 * np.linalg.norm(w),
                np.linalg.norm(rescale(bad, w, 1.0, True)),
                1e-12,
            )
        )
        edge = g[0] / np.linalg.norm(g[0])
        rows.append(
            Row(
                "code: at the threshold itself nothing is done, largest change",
                "“≥” in the text",
                0.0,
                np.abs(rescale(edge, w, np.linalg.norm(edge), True) - edge).max(),
                0.0,
                "absolute",
            )
        )
    return rows


def turned(thresholds, seeds=20):
    """Degrees by which clipping element by element turns random gradients of 200 elements and norm 10: (N, seeds)."""
    drawn = np.stack([np.random.default_rng(seed).normal(size=200) for seed in range(seeds)])
    drawn *= 10.0 / norm(drawn)[:, None]
    return np.stack([clip(drawn, "value", threshold).turned for threshold in thresholds])


def omega(recording, code=False):
    """The regulariser of equations 9 and 10 for a loss at the last step: sum of (|dL/dh_t| / |dL/dh_{t+1}| - 1)^2.

    code: the published code takes the ratio of the squared norms.
    """
    ratio = 10.0 ** (recording.log10_dh[:-1] - recording.log10_dh[1:])
    return float((((ratio**2 if code else ratio) - 1.0) ** 2).sum())


def omegas(gains, code=False, seed=0):
    """Ω of orthogonal linear networks of these gains, over `STEPS` steps."""
    kept = Config("rnn_identity", init="orthogonal", steps=STEPS, seed=seed)
    return np.array([omega(r, code) for r in record_each([replace(kept, gain=float(gain)) for gain in gains])])


def regulariser(code=False):
    kept = record(Config("rnn_identity", init="orthogonal", steps=STEPS))
    lost = record(Config("rnn_identity", init="orthogonal", gain=0.9, steps=STEPS))
    each = (0.9**2 - 1) ** 2 if code else (0.9 - 1) ** 2
    squared = ", of squared norms as in the code" if code else ""
    return [
        Row(
            f"Ω of an orthogonal linear network{squared}",
            "0 where the norm is kept (equation 9)",
            0.0,
            omega(kept, code),
            1e-20,
            "absolute",
        ),
        Row(
            f"Ω of 0.9 times an orthogonal one, 100 steps{squared}",
            "equation 9",
            (STEPS - 1) * each,
            omega(lost, code),
            1e-9,
        ),
    ]


def forget_bias(code=False):
    rows = []
    for bias, steps in ((0.0, 50), (1.0, 50), (2.0, 50), (5.0, 50), (4.96822, 100)):
        zero = Parameters(W=np.zeros((1, 4)), U=np.zeros((1, 4)), b=np.array([0.0, 0.0, bias, 0.0]), b_rec=np.zeros(4))
        gradient = np.zeros((steps, 1, 1))
        gradient[-1] = 1.0
        r = record_with("lstm", zero, np.zeros((steps, 1, 1)), gradient)
        measured = float(r.initial_gradient["c"][0, 0] / r.dc[-1, 0, 0])
        theory = float(sigmoid(bias)) ** steps if steps == 50 else 0.5
        what = f"∂c_T/∂c₀ with forget bias {bias:g}, T = {steps}" + (", the half-life" if steps == 100 else "")
        rows.append(
            Row(what, "σ(b) to the power of T; no paper's figure", theory, measured, 1e-12 if steps == 50 else 1e-5)
        )
    return rows


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

    unchecked = "(from memory, not checked against the paper)"
    says = f"a real eigenvalue bifurcates at 2 {unchecked}"
    return [
        Row(
            "largest difference of the Jacobian from I/2 + U/4",
            f"J = I/2 + W/4 {unchecked}",
            0.0,
            np.abs(J - predicted).max(),
            1e-15,
            "absolute",
        ),
        Row("growth of h over 200 steps, eigenvalue 1.9", says, 1.0, growth(1.9), kind="below"),
        Row("growth of h over 200 steps, eigenvalue 2.1", says, 1.0, growth(2.1), kind="above"),
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
    says = "chaos above g = 1 (from memory, not checked against the paper); theory: recomputed elsewhere for N = 200"
    return [
        Row(
            f"largest exponent at g = {g:g}, median of 7 seeds",
            says,
            known[g][0],
            float(np.median(found[k])),
            known[g][1],
            "absolute",
        )
        for k, g in enumerate(GAINS)
    ]


def copying(code=False):
    rows = []
    for T in (100, 200, 300, 500):
        batch = sequences.draw_copy(T, np.random.default_rng(T), 20, False)
        memoryless = float((batch.weight * batch.scored * np.log(8.0)).sum())
        rows.append(
            Row(
                f"loss without memory, T = {T}",
                "10 ln 8 / (T + 20) (text)",
                10 * np.log(8) / (T + 20),
                memoryless,
                1e-12,
            )
        )
    return rows


def orthogonal(code=False):
    rows = []
    for gain in (1.0, 0.99):
        r = record(Config("rnn_identity", init="orthogonal" if gain == 1 else "identity", gain=gain, steps=1000))
        what = "log10 of the norm's ratio over 999 steps, " + ("orthogonal" if gain == 1 else "0.99 I")
        rows.append(
            Row(
                what,
                "the norm is kept exactly" if gain == 1 else "w to the power of T",
                999 * np.log10(gain),
                float(r.log10_dh[0] - r.log10_dh[-1]),
                1e-12,
                "absolute" if gain == 1 else "relative",
            )
        )
    r = record(Config("rnn_identity", init="orthogonal", steps=300))
    rows.append(
        Row(
            "largest difference of a singular value of ∂h_T/∂h₁ from 1, T = 300",
            "all are 1",
            0.0,
            float(np.abs(10.0 ** anatomy.products(r, np.array([1])) - 1).max()),
            1e-12,
            "absolute",
        )
    )
    return rows


def identity_relu(code=False):
    r = relu_from()
    return [
        Row(
            "largest change of the state over 200 steps",
            "kept exactly while units are positive",
            0.0,
            float(np.abs(r.h - r.h[0]).max()),
            0.0,
            "absolute",
        ),
        Row(
            "largest change of the gradient over 200 steps",
            "kept exactly while units are positive",
            0.0,
            float(np.abs(r.dh - r.dh[-1]).max()),
            0.0,
            "absolute",
        ),
    ]


def relu_from(off=0, factor=1.0, seed=2):
    """The recording of 16 ReLUs over 200 steps with U = factor I and no input. off: units that start below 0."""
    H, T = 16, 200
    start = np.random.default_rng(seed).uniform(0.1, 1.0, (1, H))
    start[:, :off] *= -1.0
    gradient = np.zeros((T, 1, H))
    gradient[-1] = np.random.default_rng(seed + 1).normal(size=(1, H))
    zero = np.zeros(H)
    parameters = Parameters(W=np.zeros((1, H)), U=factor * np.eye(H), b=zero, b_rec=zero)
    return record_with("rnn_relu", parameters, np.zeros((T, 1, 1)), gradient, {"h": start})


@lru_cache(maxsize=1)
def smoothness(updates=150, seeds=4, first=0):
    """Norm of the gradient, and local smoothness |g(w + d) - g(w)| / |d|, at every update of a run: two (N, K).

    first: the first of the seeds.
    """
    config = TrainConfig(
        cell="rnn",
        task="order_2",
        length=20,
        init="orthogonal",
        hidden_size=24,
        networks=seeds,
        seed=first,
        rate=0.1,
        precision="float64",
    )
    cell, work = find(config.cell), task(config.task, config.length)
    weights = draw(config, work.inputs, work.outputs)
    draws = [np.random.default_rng([first + k, 14]) for k in range(seeds)]
    sizes, rough = [], []
    for _ in range(updates):
        batches = [work.draw(rng, config.sequences) for rng in draws]
        given = [np.stack([getattr(b, n) for b in batches], axis=1) for n in ("x", "target", "weight")]
        _, g, _ = backward(cell, weights, *given, work.real)
        step = -config.rate * clip(g, "norm", 1.0).gradient
        weights = weights.like(weights.flat + step)
        _, after, _ = backward(cell, weights, *given, work.real)
        sizes.append(norm(g))
        rough.append(norm(after - g) / norm(step))
    return np.array(sizes), np.array(rough)


def relaxed_smoothness(code=False):
    sizes, rough = (np.log10(a) for a in smoothness())
    slopes = [np.polyfit(sizes[:, k], rough[:, k], 1)[0] for k in range(sizes.shape[1])]
    together = np.corrcoef(sizes.ravel(), rough.ravel())[0, 1]
    says = "only plots, in which both grow together"
    return [
        Row(
            "slope of log smoothness over log gradient norm, smallest of 4 seeds",
            says,
            0.0,
            float(min(slopes)),
            kind="above",
        ),
        Row("correlation of the two, all seeds", says, 0.0, float(together), kind="above"),
    ]


FIGURES = {
    f.name: f
    for f in (
        Figure(
            "P1",
            "The cliff in the error surface",
            f"{PASCANU}, figure 6",
            "x = w σ(x) + b from 0.5, 50 steps, E = (σ(x₅₀) − 0.7)², w = 5",
            the_cliff,
        ),
        Figure(
            "P2",
            "Bifurcation of the single unit",
            f"{PASCANU}, figure 3",
            "the same unit, w = 5, b swept; found by iterating 20,000 steps from both sides",
            bifurcation,
        ),
        Figure(
            "P3",
            "When a gradient must vanish",
            f"{PASCANU}, section 2",
            "32 units, 100 steps of noise, 5 seeds; γ is the largest slope of the activation",
            conditions,
        ),
        Figure(
            "P4",
            "Rescaling the gradient",
            f"{PASCANU}, algorithm 1",
            "a random gradient of 200 elements, norm 10",
            clipping,
        ),
        Figure(
            "P5",
            "The regulariser Ω",
            f"{PASCANU}, equations 9 and 10",
            "32 linear units, 100 steps, loss at the last",
            regulariser,
        ),
        Figure(
            "P8",
            "Forget-gate bias as memory",
            "after Gers, Schmidhuber and Cummins 2000, Learning to forget: continual prediction with LSTM",
            "LSTM of one unit, all weights 0",
            forget_bias,
        ),
        Figure(
            "P9",
            "The GRU at the origin",
            "after Kanai, Fujiwara and Iwamura 2017, Preventing gradient explosions in gated recurrent units",
            "no input, no bias, h = 0",
            gru_origin,
        ),
        Figure(
            "P10",
            "Chaos in random networks",
            "after Sompolinsky, Crisanti and Sommers 1988, Chaos in random neural networks",
            "N = 200, U ~ N(0, g²/N), 1,500 steps after 200, 7 seeds",
            chaos,
        ),
        Figure(
            "P11",
            "The copying task without memory",
            "Arjovsky, Shah and Bengio 2016, Unitary evolution recurrent neural networks",
            "20 sequences each",
            copying,
        ),
        Figure(
            "P12",
            "Orthogonal weights keep the norm",
            "Saxe, McClelland and Ganguli 2014, Exact solutions to the nonlinear dynamics of learning in deep "
            "linear neural networks",
            "32 linear units",
            orthogonal,
        ),
        Figure(
            "P13",
            "Identity and ReLU",
            "Le, Jaitly and Hinton 2015, A simple way to initialize recurrent networks of rectified linear units",
            "16 units, U = I, biases 0, no input, 200 steps",
            identity_relu,
        ),
        Figure(
            "P14",
            "Rough where it is steep",
            "Zhang, He, Sra and Jadbabaie 2020, Why gradient clipping accelerates training",
            "RNN of 24 units on temporal order, SGD 0.1 clipped at 1, 150 updates, 4 seeds",
            relaxed_smoothness,
        ),
    )
}


TOO_LONG = {
    "P6": ("Success against length, with and without clipping", f"{PASCANU}, figure 7"),
    "P7": ("Adding: RNN against LSTM", "Hochreiter and Schmidhuber 1997, Long short-term memory, experiment 4"),
}
"""Figures that take too long to compute while somebody waits: title and citation."""

TITLES = {name: f.title for name, f in FIGURES.items()} | {name: title for name, (title, _) in TOO_LONG.items()}
TITLES = {name: TITLES[name] for name in sorted(TITLES, key=lambda name: int(name[1:]))}
"""Name -> title of all figures, in order."""

TAKE_AWAY = {
    "P1": "On the wall, at b*, the gradient is thousands of times as long as a hundredth beside it, and the error "
    "there is small. Its length says how steep the ground is, not how far to go.",
    "P2": "Between the two folds the unit can rest in two places, and where it starts decides in which. Beyond a fold "
    "one of them is gone.",
    "P3": "With the largest singular value times the largest slope below 1, every gradient vanishes. Above 1 one may "
    "explode, and one may vanish all the same: saturated units see to that.",
    "P4": "Clipping by norm keeps the direction, whatever the threshold. Element by element, the direction turns with "
    "what is cut: by about 37 degrees where all of these 200 elements are.",
    "P5": "Ω is 0 where every step keeps the norm of the gradient, and grows on both sides of that. It asks for a "
    "gradient that arrives, not for one that is right.",
    "P6": "In this small version clipping decides: over 40 steps all five seeds find the order with it, and none "
    "without.",
    "P7": "In this small version four of five LSTMs have learnt to add over 20 steps at the end, and no RNN. Over 40 "
    "steps, in the same time, neither has.",
    "P8": "What is left of a cell state after T steps is σ(b) to the power of T: a bias of 0 leaves 8.9 · 10⁻¹⁶ of it "
    "after 50 steps, one of 5 leaves 71 %.",
    "P9": "Left alone, a GRU of one unit forgets while its candidate's weight is below 2: it comes to rest at 0. Above "
    "2 it keeps one of two values.",
    "P10": "Well below g = 1 small differences die out, and gradients with them. Well above it they grow: chaos.",
    "P11": "Who has forgotten the ten symbols pays ln 8 for each of them, 10 ln 8 / (T + 20) a step. Only a loss below "
    "that is a sign of memory.",
    "P12": "In a linear network an orthogonal U hands on every gradient at its full length, at any distance; 0.99 of "
    "it leaves 4.4 · 10⁻⁵ after 999 steps.",
    "P13": "With U the identity, units above 0 hand on state and gradient unchanged. A unit at 0 hands on nothing.",
    "P14": "Where the gradient is long it also changes fast, so a step that is safe is shorter there. Clipping "
    "shortens it.",
}
"""Name -> the one sentence to take away from a figure."""

VARIANTS = ("P4", "P5")
"""Figures whose authors' published code differs from the text."""


def main():
    """Print all rows; the exit status is 1 if one does not hold."""
    failed = 0
    for figure in FIGURES.values():
        print(f"\n{figure.name}  {figure.title}. {figure.citation}. {figure.settings}.")
        rows = figure.rows()
        if figure.name in VARIANTS:
            rows += [row for row in figure.rows(code=True) if row not in rows]
        for row in rows:
            failed += not row.holds
            print(
                f"  {'ok   ' if row.holds else 'FAILS'} {row.what}: theory {row.theory:.10g}, measured "
                f"{row.measured:.10g} ({row.allowed}); paper: {row.says}"
            )
    print(f"\n{'all hold' if not failed else f'{failed} do not hold'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
