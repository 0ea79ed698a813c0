"""Layer normalisation beside its absence: the same cell three times, and what normalising takes away."""

from dataclasses import dataclass, fields

import numpy as np

from .cells import find
from .cells.variants import variant
from .config import Config, NetworkConfig
from .engine.links import normalise, normalise_back

PLACES = {"none": "off", "sum": "on the sum", "product": "on each product"}
"""Where a normalisation is, and what it is called on the screen."""

SUM, PRODUCT = PLACES["sum"], PLACES["product"]


def beside(config):
    """label -> `NetworkConfig` of one layer, for every place that the cell of a `Config` has."""
    shared = {field.name: getattr(config, field.name) for field in fields(Config)}
    return {
        label: NetworkConfig(**shared, layers=1, cell_norm=place)
        for place, label in PLACES.items()
        if _has(config.cell, place)
    }


def _has(cell, place):
    try:
        variant(find(cell), place)
    except ValueError:
        return False
    return True


def layers(traces):
    """label -> `Recording` of the one layer, of label -> `Trace`."""
    return {label: trace.recordings["layer 1"] for label, trace in traces.items()}


@dataclass(frozen=True)
class Taken:
    """What normalising the recurrent product of the last step does to a small change of it.

    width: how many sums are normalised together. deviation: s, of them. other: by how much a change of most directions
    is stretched, 1/s; shift, longer: of all sums alike, and of their distance from the mean. length: of what comes out.
    """

    width: int
    deviation: float
    other: float
    shift: float
    longer: float
    length: float


def taken(recording):
    """What the normalisation of h_{T-1} U takes away, `Taken`; of a network that has none, what it would."""
    v = recording.h[-2, 0] @ recording.parameters.U
    one, hat, inv, out = np.ones_like(v), np.empty_like(v), np.empty(1), np.empty_like(v)
    normalise(v, 0.0, one, hat, inv, out)
    beside_both = np.random.default_rng(0).standard_normal(len(v))
    beside_both -= beside_both.mean()
    beside_both -= hat * (beside_both @ hat) / max(hat @ hat, 1e-300)

    def stretch(direction):
        back = np.empty_like(v)
        normalise_back(direction.copy(), one, hat, inv, back)
        return float(np.linalg.norm(back) / max(np.linalg.norm(direction), 1e-300))

    return Taken(len(v), float(v.std()), stretch(beside_both), stretch(one), stretch(hat), float(np.linalg.norm(out)))


def unseen(recording):
    """What is done to the recurrent product of the last step -> by how much of its length the normalised one moves."""
    h, U = recording.h[-2, 0], recording.parameters.U
    steady = np.random.default_rng(0)
    unit = np.ones(U.shape[1])
    unit[0] = 3.0
    before = _normalised(h @ U)
    changed = {
        "all of U times 3": h @ (3.0 * U),
        "h times 3": (3.0 * h) @ U,
        "one number more for all sums": h @ (U + steady.standard_normal((len(U), 1))),
        "one unit's weights times 3": h @ (U * unit),
    }
    length = max(np.linalg.norm(before), 1e-300)
    return {what: float(np.linalg.norm(_normalised(v) - before) / length) for what, v in changed.items()}


def _normalised(v):
    out = np.empty_like(v)
    normalise(v, 0.0, np.ones_like(v), np.empty_like(v), np.empty(1), out)
    return out


def growth(recording):
    """The mean natural logarithm of what a step back multiplies the gradient by, from the last step to the first."""
    logs = recording.log10_dh
    return float((logs[0] - logs[-1]) * np.log(10) / max(len(logs) - 1, 1))


WIDE = 0.0818272
"""What `growth` tends to for many tanh units without input and fresh weights at every step: half the logarithm of
E sech^4 z / E tanh^2 z, z being N(0, 1)."""
