"""What is left of a gradient: when it must vanish, and what keeps it."""

import numpy as np

from ..cells.base import sigmoid
from ..config import Config
from ..engine import anatomy
from ..engine.parameters import Parameters
from ..engine.record import record, record_with
from ..sources import sequences
from .base import PASCANU, STEPS, Figure, Row

SEEDS = range(5)


def conditions(code=False):
    def change(**settings):
        found = (record(Config(steps=STEPS, seed=s, **settings)) for s in SEEDS)
        return max(r.log10_dh[0] - r.log10_dh[-1] for r in found)

    return [
        Row(
            "tanh, singular values 0.9: log10 of the change over 99 steps, largest of 5 seeds",
            "below 1/γ = 1 is sufficient to vanish",
            99 * np.log10(0.9),
            change(cell="rnn", init="orthogonal", gain=0.9),
            kind="below",
            origin="theorem",
        ),
        Row(
            "logistic, singular values 3.9: the same",
            "below 1/γ = 4 is sufficient to vanish",
            99 * np.log10(3.9 / 4),
            change(cell="rnn_logistic", init="orthogonal", gain=3.9),
            kind="below",
            origin="theorem",
        ),
        Row(
            "tanh, gain 1.5, saturated by its input: the same",
            "above 1/γ is only necessary to explode",
            0.0,
            change(cell="rnn", gain=1.5, input_scale=10.0),
            kind="below",
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
            Row(what, "σ(b) to the power of T", theory, measured, 1e-12 if steps == 50 else 1e-5, origin="derived")
        )
    return rows


def copying(code=False):
    rows = []
    for T in (100, 200, 300, 500):
        batch = sequences.draw_copy(T, np.random.default_rng(T), 20, False)
        memoryless = float((batch.weight * batch.scored * np.log(8.0)).sum())
        rows.append(
            Row(f"loss without memory, T = {T}", "10 ln 8 / (T + 20)", 10 * np.log(8) / (T + 20), memoryless, 1e-12)
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


FIGURES = (
    Figure(
        "P3",
        "When a gradient must vanish",
        f"{PASCANU}, section 2",
        "32 units, 100 steps of noise, 5 seeds; γ is the largest slope of the activation",
        conditions,
        take_away="With the largest singular value times the largest slope below 1, every gradient vanishes. Above 1 "
        "one may explode, and one may vanish all the same: saturated units see to that.",
    ),
    Figure(
        "P8",
        "Forget-gate bias as memory",
        "after Gers, Schmidhuber and Cummins 2000, Learning to forget: continual prediction with LSTM",
        "LSTM of one unit, all weights 0",
        forget_bias,
        take_away="What is left of a cell state after T steps is σ(b) to the power of T: a bias of 0 leaves 8.9 · "
        "10⁻¹⁶ of it after 50 steps, one of 5 leaves 71 %.",
    ),
    Figure(
        "P11",
        "The copying task without memory",
        "Arjovsky, Shah and Bengio 2016, Unitary evolution recurrent neural networks",
        "20 sequences each",
        copying,
        take_away="Who has forgotten the ten symbols pays ln 8 for each of them, 10 ln 8 / (T + 20) a step. Only a "
        "loss below that is a sign of memory.",
    ),
    Figure(
        "P12",
        "Orthogonal weights keep the norm",
        "Saxe, McClelland and Ganguli 2014, Exact solutions to the nonlinear dynamics of learning in deep "
        "linear neural networks",
        "32 linear units",
        orthogonal,
        take_away="In a linear network an orthogonal U hands on every gradient at its full length, at any distance; "
        "0.99 of it leaves 4.4 · 10⁻⁵ after 999 steps.",
    ),
    Figure(
        "P13",
        "Identity and ReLU",
        "Le, Jaitly and Hinton 2015, A simple way to initialize recurrent networks of rectified linear units",
        "16 units, U = I, biases 0, no input, 200 steps",
        identity_relu,
        take_away="With U the identity, units above 0 hand on state and gradient unchanged. A unit at 0 hands on "
        "nothing.",
    ),
)
