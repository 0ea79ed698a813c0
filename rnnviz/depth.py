"""Stacks and both directions: what comes back to every layer, what theory says of it, and what a network weighs."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .cells import find
from .layers import Linear
from .networks import Network, Node
from .scaled import log10_norm

ARROWS = {"": "", " forward": " →", " backward": " ←"}
"""How the name of a node of a direction ends, and the row that it has on the screen."""


@dataclass(frozen=True, eq=False)
class Level:
    """A recurrent node as a row. name: "2", or "2 →" and "2 ←" of both directions. layer: from 1, the lowest. log10:
    (T,) of the norm of dL/dh_t beside that of dL/d of what is read, -inf where it is exactly 0.
    """

    name: str
    node: str
    layer: int
    log10: np.ndarray

    @property
    def reversed(self):
        """Whether it reads from the last step to the first."""
        return self.name.endswith("←")


def entered(trace):
    """log10 of the norm of the gradient of the loss by what is read, whose parts enter at their positions."""
    return float(log10_norm(trace.output_gradient.sum(axis=0)))


@lru_cache(maxsize=16)
def levels(trace):
    """A `Level` for every recurrent node of a `Trace` of `stacked`, from the bottom."""
    top, found = entered(trace), []
    for node in trace.network.recurrent:
        _, number, *direction = node.name.split(" ")
        arrow = ARROWS["".join(f" {d}" for d in direction)]
        found.append(Level(number + arrow, node.name, int(number), trace.log10_dh[node.name] - top))
    return tuple(found)


def lowest(trace):
    """The levels of the lowest layer: one, or one a direction."""
    return [level for level in levels(trace) if level.layer == 1]


def reaching(trace):
    """(T,) log10 of the norm of what reaches the lowest layer, both directions together, beside what entered."""
    return sum_of_squares([level.log10 for level in lowest(trace)])


def sum_of_squares(logs):
    """log10 of the root of the sum of squares of numbers given by their logarithms."""
    logs = np.array(logs)
    top = logs.max(axis=0)
    base = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return base + 0.5 * np.log10((10.0 ** (2 * (logs - base))).sum(axis=0))


SHAPES = {
    "flat": "flat: within a factor of 10",
    "valley": "valley: weakest on the way",
    "hill": "hill: strongest on the way",
    "slope": "slope: weakest at an end",
    "wall": "wall: exactly 0 beyond it",
}
"""What a curve over the steps can look like."""


def shape(logs):
    """A key of `SHAPES` for logarithms (T,): a bottom is ten times below both ends, a top three times above them."""
    if np.isneginf(logs).any():
        return "wall"
    low, high, ends = logs.min(), logs.max(), (logs[0], logs[-1])
    if not high - low > 1:
        return "flat"
    if min(ends) - low > 1:
        return "valley"
    return "hill" if high - max(ends) > 0.5 else "slope"


def best_lag(trace):
    """How many steps before the last one the largest gradient reaches the lowest layer; of equal ones the least."""
    logs = reaching(trace)[::-1]
    return int(np.flatnonzero(logs >= logs.max() - 1e-9)[0])


def weakest(trace):
    """The position, from 1, where least reaches the lowest layer."""
    return int(np.argmin(reaching(trace))) + 1


# ---- theory ----------------------------------------------------------------------------------


def in_theory(trace):
    """Node of the lowest layer -> (T,) what `Level.log10` is in a linear network whose U is w times the identity; empty
    where it is another, or where paths go back and forth between directions.

    Every path that passes n steps and j more layers multiplies by w^n and the same weights, and there are C(n + j, j)
    of them: the gradient is the sum over j of C(n + j, j) w^n times what the weights of j layers make of it. With
    connections past the layers j goes from 0 up, without it is the number of layers above.
    """
    config = trace.config
    if config is None or config.init != "identity" or find(config.cell).name != "rnn_identity":
        return {}
    if (config.directions == "both" and config.layers > 1) or (config.norm, config.dropout) != ("none", 0.0):
        return {}
    network, steps, top = trace.network, trace.steps, entered(trace)
    found, log10_w = {}, np.log10(config.gain) if config.gain else -np.inf
    for place, node in enumerate(n for n in network.recurrent if n.name.startswith("layer 1")):
        dy = trace.output_gradient[:, 0]
        if config.directions == "both":
            dy = np.split(dy, 2, axis=-1)[place]
        parts = [dy]
        for k in range(config.layers, 1, -1):
            W = trace.parameters[f"layer {k}"].W
            past = (
                [*parts, 0.0 * dy]
                if any(n.name == f"sum {k}" for n in network.nodes)
                else [0.0 * dy] * (len(parts) + 1)
            )
            parts = [one + other for one, other in zip(past, [0.0 * dy, *(part @ W.T for part in parts)])]
        logs = _summed(parts, log10_w, node.layer.reverse)
        found[node.name] = logs - top if np.isfinite(logs[:steps]).any() else logs
    return found


def _summed(parts, log10_w, reverse):
    """log10 of the norm of the sum over s and j of C(s - t + j, j) w^(s - t) parts[j][s], at each t."""
    steps, turn = len(parts[0]), slice(None, None, -1 if reverse else None)
    lags = np.arange(steps)
    ways, kernels = np.zeros(steps), []
    for j in range(len(parts)):
        with np.errstate(invalid="ignore"):
            kernels.append(ways + np.where(lags, lags * log10_w, 0.0))
        ways = ways + np.log10((lags + j + 1) / (j + 1))
    base = max(k.max() for k in kernels)
    total = 0.0
    for logs, part in zip(kernels, parts):
        lag = np.subtract.outer(lags, lags)  # of source s and target t
        matrix = np.where(lag >= 0, 10.0 ** (logs[np.abs(lag)] - base), 0.0)
        total = total + matrix.T @ part[turn]
    return base + log10_norm(total[turn][:, None])


# ---- what it weighs --------------------------------------------------------------------------


@dataclass(frozen=True)
class Weighed:
    """A row of the table of a network. name: of a layer. shape: of what it makes, without the batch. keras, pytorch:
    how many numbers it learns there, where the recurrent product has no bias of its own, or has one.
    """

    name: str
    shape: tuple
    keras: int
    pytorch: int


def weighed(trace, outputs=1):
    """`Weighed` of every layer of a `Trace`, and of a dense layer of so many outputs on what is read."""
    config, inputs = trace.config, trace.x.shape[-1]
    network = Network((*trace.network.nodes, Node("dense", Linear(outputs), (trace.network.output,))))
    widths, shapes, rows = network.widths(inputs), network.shapes(inputs), []
    counts = {name: {n: int(np.prod(s)) for n, s in own.items()} for name, own in shapes.items()}
    for k in range(1, config.layers + 1):
        own = [counts[node.name] for node in network.recurrent if node.name.split(" ")[1] == str(k)]
        both = sum(sum(count.values()) for count in own)
        alone = both - sum(count["b_rec"] for count in own if not _has_two_biases(find(config.cell)))
        last = k == config.layers and config.read != "mean"
        rows.append(
            Weighed(f"layer {k}", (widths[f"layer {k}"],) if last else (trace.steps, widths[f"layer {k}"]), alone, both)
        )
    if config.read == "mean":
        rows.append(Weighed("mean", (widths[network.nodes[-2].name],), 0, 0))
    dense = sum(counts["dense"].values())
    return [*rows, Weighed("dense", (outputs,), dense, dense)]


def _has_two_biases(cell):
    """Whether Keras, too, has one for the recurrent product: of the GRU whose reset gate acts after it."""
    return cell.name == "gru"
