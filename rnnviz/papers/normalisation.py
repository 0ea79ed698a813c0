"""Layer normalisation: what it does not see, and the recurrent gain that it switches off."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from ..cells import find
from ..config import NetworkConfig
from ..layers import Normalise
from ..networks import stacked
from ..networks.record import record_many, record_with
from ..scaled import Scaled
from .base import Figure, Row

BA = "Ba, Kiros and Hinton 2016, Layer normalization"
GAINS = (0.3, 1.0, 3.0, 10.0)
GROWTH = 0.0818272
"""Half the logarithm of E sech^4 z / E tanh^2 z, z being N(0, 1)."""


def normalised_rnn(place, inputs, H):
    """A network of one tanh layer with a normalisation in that place, and {its scale and shift: what they start at}."""
    network = stacked(replace(find("rnn"), name=place, normalised={place: place}), inputs, [H])
    return network, {
        "b": np.zeros(H),
        "b_rec": np.zeros(H),
        f"scale_{place}": np.ones(H),
        f"shift_{place}": np.zeros(H),
    }


def jacobian(x):
    """(H, H) of a normalisation at x (H,), and what it makes of x (H,)."""
    H = len(x)
    passed = Normalise().run({"scale": np.ones(H), "shift": np.zeros(H)}, np.tile(x, (H, 1, 1)))
    _, (dx,) = passed.pull_back(Scaled(np.eye(H)[:, None]))
    return dx.mantissa[:, 0], passed.output[0, 0]


def one_step(W, x):
    """The output of units normalised after their input product, on x (B, D), and dL/dW; U is 0."""
    H = W.shape[1]
    network, start = normalised_rnn("x", W.shape[0], H)
    dy = np.random.default_rng(5).normal(size=(2, len(x), H))
    weights = start | {"W": W, "U": np.zeros((H, H))}
    trace = record_with(network, {"layer 1": weights}, np.stack([x, x]), dy)
    return trace.output[0], trace.gradients["layer 1"]["W"]


def unseen(W, x, atol):
    """Which columns of the paper's table 1 leave the output as it is."""
    rng = np.random.default_rng(2)
    column, case = np.ones(W.shape[1]), np.ones((len(x), 1))
    column[2] = case[1] = 3.0
    changed = {
        "matrix scale": (3.0 * W, x),
        "matrix shift": (W + rng.normal(size=(len(W), 1)), x),
        "one unit's scale": (W * column, x),
        "data scale": (W, 3.0 * x),
        "data shift": (W, x + rng.normal(size=len(W))),
        "one case's scale": (W, x * case),
    }
    y = one_step(W, x)[0]
    return {name for name, given in changed.items() if np.allclose(one_step(*given)[0], y, rtol=0.0, atol=atol)}


TABLE_1 = {"matrix scale", "matrix shift", "data scale", "one case's scale"}
"""What the row of layer normalisation marks as unseen."""


def gain_of(gain, H=16, steps=31, seed=0, place="u"):
    """dL/dh_1 of tanh(LN(gain U h)), the input being 0 after the first step, and the trace."""
    rng = np.random.default_rng(seed)
    network, start = normalised_rnn(place, 1, H)
    x, dy = np.zeros((steps, 1, 1)), np.zeros((steps, 1, H))
    x[0] = 1.0
    dy[-1, 0] = rng.normal(size=H)
    weights = {"W": rng.normal(size=(1, H)), "U": gain * rng.normal(size=(H, H)) / np.sqrt(H)}
    trace = record_with(network, {"layer 1": start | weights}, x, dy)
    return trace.signals["layer 1", "h"].gradient.true[0], trace


@lru_cache(maxsize=8)
def growth(gain, seed=0, H=128, steps=201):
    """The mean natural logarithm of what a step multiplies the gradient by."""
    logs = gain_of(gain, H, steps, seed)[1].log10_dh["layer 1"]
    return (logs[1] - logs[-1]) * np.log(10) / (len(logs) - 2)


@lru_cache(maxsize=8)
def lost_by_gain(gains, place, seed=0):
    """log10 of what a gradient changes by over 40 steps of noise, a gain each. place: a key of `config.CELL_NORMS`."""
    shared = NetworkConfig("rnn", layers=1, steps=40, hidden_size=32, cell_norm=place, seed=seed)
    logs = record_many([replace(shared, gain=float(g)) for g in gains]).log10_dh["layer 1"]
    return logs[0] - logs[-1]


def normalisation(code=False):
    derived = dict(origin="derived")
    x = np.random.default_rng(0).normal(size=7) * 100.0
    J, y = jacobian(x)
    values = np.linalg.svd(J, compute_uv=False) * x.std()
    rng = np.random.default_rng(2)
    W, cases = 100.0 * rng.normal(size=(3, 5)), rng.normal(size=(4, 3))
    dW, dW5 = one_step(W, cases)[1], one_step(5.0 * W, cases)[1]
    low, high = gain_of(30.0)[0], gain_of(300.0)[0]
    product, total = (lost_by_gain((1.0, 4.0), place) for place in ("product", "sum"))
    found = [growth(gain) for gain in GAINS]
    near = "10⁻⁵ is added to the variance"
    return [
        Row("N1: singular values of its Jacobian, times s: the 5 largest of 7", "1", 1.0, values[4], 1e-6, **derived),
        Row("N1: the other two", "0", 0.0, values[5], 1e-6, "absolute", **derived),
        Row("N1: norm of what it makes of 7 numbers", "√H", np.sqrt(7.0), float(np.linalg.norm(y)), 1e-8, **derived),
        Row(
            "N2: cells of the row of layer normalisation that hold, of 6",
            "table 1: unseen are the matrix's scale and shift, the data's scale and one case's",
            6.0,
            6.0 - len(unseen(W, cases, 1e-6) ^ TABLE_1),
            origin="table",
        ),
        Row(
            "N3: the gradient of a matrix that is 5 times as large",
            "1/5: weights that grow slow their own learning",
            0.2,
            float(np.linalg.norm(dW5) / np.linalg.norm(dW)),
            1e-6,
            **derived,
        ),
        Row(
            "N4: tanh(LN(a U h)), ∂h_T/∂h₁ over 30 steps, a = 30 against 300: relative difference",
            f"it does not depend on a; {near}",
            0.0,
            float(np.linalg.norm(high - low) / np.linalg.norm(low)),
            1e-5,
            "absolute",
            **derived,
        ),
        Row(
            "N5: log10 of the change by a gain of 4 for 1, each product normalised, input of noise",
            f"none; {near}",
            0.0,
            float(product[1] - product[0]),
            1e-3,
            "absolute",
            **derived,
        ),
        Row(
            "N5: the same, their sum normalised: its size",
            "not 0",
            0.01,
            float(abs(total[1] - total[0])),
            kind="above",
            **derived,
        ),
        Row(
            "N6: growth a step of tanh(LN(a U h)), a = 0.3 to 10, smallest",
            "0.03",
            0.03,
            min(found),
            kind="above",
            **derived,
        ),
        Row("N6: largest", f"near {GROWTH:.4f} for fresh weights, 0.1", 0.10, max(found), kind="below", **derived),
        Row("N6: between the gains", "the same for any gain", 0.015, max(found) - min(found), kind="below", **derived),
    ]


FIGURES = (
    Figure(
        "N",
        "Layer normalisation",
        f"{BA}, table 1 (N2)",
        "N1: 7 numbers; N2, N3: 5 units on 4 cases; N4: 16 units without input; N5: 32; N6: 128 units, 200 steps",
        normalisation,
        take_away="With its recurrent product normalised a network hands back the same gradient at gain 1 and at gain "
        "100. With the sum of its products normalised the input still tells the gains apart.",
    ),
)
