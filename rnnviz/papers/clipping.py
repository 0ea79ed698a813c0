"""Clipping, the regulariser Ω, and why a step must be short where the gradient is long."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from ..cells import find
from ..config import Config, TrainConfig
from ..engine.clip import clip, norm
from ..engine.network import backward, draw
from ..engine.record import record, record_each
from ..sources.tasks import task
from .base import PASCANU, STEPS, Figure, Row


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
        Row("norm 10 at threshold 1: norm after", "rescaled to the threshold", 1.0, by_norm.norm_after[0], 1e-6),
        Row("turned by clipping by norm, degrees", "keeps the direction", 0.0, by_norm.turned[0], 1e-5, "absolute"),
        Row(
            "turned by clipping element by element at 0.5, degrees",
            "Mikolov's variant",
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
    says = "both grow together"
    return [
        Row(
            "slope of log smoothness over log gradient norm, smallest of 4 seeds",
            says,
            0.0,
            float(min(slopes)),
            kind="above",
            origin="plot",
        ),
        Row("correlation of the two, all seeds", says, 0.0, float(together), kind="above", origin="plot"),
    ]


FIGURES = (
    Figure(
        "P4",
        "Rescaling the gradient",
        f"{PASCANU}, algorithm 1",
        "a random gradient of 200 elements, norm 10",
        clipping,
        take_away="Clipping by norm keeps the direction, whatever the threshold. Element by element, the direction "
        "turns with what is cut: by about 37 degrees where all of these 200 elements are.",
        variant=True,
    ),
    Figure(
        "P5",
        "The regulariser Ω",
        f"{PASCANU}, equations 9 and 10",
        "32 linear units, 100 steps, loss at the last",
        regulariser,
        take_away="Ω is 0 where every step keeps the norm of the gradient, and grows on both sides of that. It asks "
        "for a gradient that arrives, not for one that is right.",
        variant=True,
    ),
    Figure(
        "P14",
        "Rough where it is steep",
        "Zhang, He, Sra and Jadbabaie 2020, Why gradient clipping accelerates training",
        "RNN of 24 units on temporal order, SGD 0.1 clipped at 1, 150 updates, 4 seeds",
        relaxed_smoothness,
        take_away="Where the gradient is long it also changes fast, so a step that is safe is shorter there. Clipping"
        " shortens it.",
    ),
)
