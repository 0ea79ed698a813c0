"""What learns: one recurrent layer with its read-out, or a network of any shape. Weights, answers, loss and gradient.

A single layer goes through `rnnviz.engine.network`, which is quicker; it is a `Cell`, and a network a `Network`.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..cells import Cell, find
from ..config import Stack
from ..engine import network as one_layer
from ..engine.network import AT_ONCE, Weights, loss_of
from ..layers import Linear, Part, Read
from ..scaled import LOG10_2
from .base import Network, Node
from .build import of_configs
from .run import drawn, run

READOUT = "read-out"
"""The name of the node that makes the answers."""


def what_learns(config, inputs, outputs, answers):
    """The `Cell`, or the `Network` with a read-out, that a `TrainConfig` trains.

    inputs: D. outputs: O. answers: S, how many of the last positions have one.
    """
    if not isinstance(config, Stack):
        return find(config.cell)
    stack = of_configs(config.members(), inputs)
    read = Node("read", Read(config.read, answers, config.directions == "both"), (stack.output,))
    return Network((*stack.nodes, read, Node(READOUT, Linear(outputs), ("read",))))


def draw(network, config, inputs, outputs):
    """The `Weights` that a `TrainConfig` asks for, one network a seed; of a `Network` by "node.parameter"."""
    if isinstance(network, Cell):
        return one_layer.draw(config, inputs, outputs)
    members = {
        f"{node}.{name}": np.stack([one[name] for one in own])
        for node, own in drawn(network, config.members(), inputs).items()
        for name in own[0]
    }
    flat = np.concatenate([array.reshape(len(array), -1) for array in members.values()], axis=1)
    return Weights(flat.astype(config.precision), {name: array.shape[1:] for name, array in members.items()})


KEPT = 2**27
"""Bytes that the arrays of a pass with a gradient may take, about."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What is on record of a pass in parts, as a `Trace` has it. log10_dh: node -> (T, K). overflow_step: -> (K,)."""

    log10_dh: dict
    overflow_step: dict


def at(network, update):
    """The network with the masks of that update of a training, from 0; in a test, None, without any."""
    return network if isinstance(network, Cell) else _changed(network, lambda layer: layer.at(update))


def _changed(network, change):
    nodes = tuple(replace(node, layer=change(node.layer)) for node in network.nodes)
    return network if all(a.layer is b.layer for a, b in zip(nodes, network.nodes)) else Network(nodes)


def by_node(network, weights):
    """Node -> its parameters, as views without K where there is one network; as `run` takes them."""
    found = {}
    for name, array in weights.arrays.items():
        node, _, own = name.rpartition(".")
        found.setdefault(node, {})[own] = array[0] if weights.alone else array[:]
    return {n.name: n.layer.parameters(found[n.name]) for n in network.nodes if n.name in found}


def answers(network, weights, x, outputs):
    """y at the last `outputs` steps, (S, K, B, O), of a test; a few sequences at a time, for the sake of memory.

    x: (T, 1, B, D), for all networks.
    """
    if isinstance(network, Cell):
        return one_layer.answers(network, weights, x, outputs)
    quiet, parameters, x = at(network, None), by_node(network, weights), x[:, 0] if weights.alone else x
    count = max(1, AT_ONCE // (len(x) * len(weights.flat) * weights.flat.itemsize * _numbers_kept(network)))
    y = [_output(quiet, parameters, x[..., s : s + count, :]) for s in range(0, x.shape[-2], count)]
    return _with_networks(np.concatenate(y, axis=-2), weights)


def _numbers_kept(network):
    """About how many numbers the widest layer keeps a step and a sequence, forward alone."""
    return max(
        n.layer.hidden_size * (2 * len(n.layer.cell.gates) + len(n.layer.cell.states)) for n in network.recurrent
    )


def _output(network, parameters, x):
    """The network's output alone: nothing is kept for a way back."""
    made = {"x": x}
    with np.errstate(all="ignore"):
        for node in network.nodes:
            made[node.name] = node.layer.forward(parameters.get(node.name, {}), *(made[name] for name in node.reads))
    return made[network.output]


def backward(network, weights, x, target, weight, real):
    """The loss of K networks, its gradient by all weights, and what was recorded on the way.

    As `engine.network.backward`, of a `Cell` or a `Network`; of the latter with a `Trace`, or `Seen` where it is large
    and goes through in parts: some networks, then some sequences at a time.
    """
    if isinstance(network, Cell):
        return one_layer.backward(network, weights, x, target, weight, real)
    (networks, batch), each = target.shape[1:], len(x) * weights.flat.itemsize * _numbers_recorded(network)
    if networks * batch * each <= KEPT:
        return _backward(network, weights, x, target, weight, real)
    together, rows = max(1, KEPT // (batch * each)), min(batch, max(1, KEPT // each))
    loss, gradient = np.zeros(networks, weights.flat.dtype), np.zeros_like(weights.flat)
    logs = {node.name: np.full((len(x), networks), -np.inf) for node in network.recurrent}
    steps = {node.name: np.zeros(networks, int) for node in network.recurrent}
    for first in range(0, networks, together):
        some = slice(first, min(networks, first + together))
        own = weights.like(weights.flat[some])
        for start in range(0, batch, rows):
            part = Part(some, slice(start, start + rows), batch)
            given = (array[:, some, part.sequences] for array in (x, target, weight))
            found, slope, trace = _backward(_changed(network, lambda layer, p=part: layer.cut(p)), own, *given, real)
            loss[some] += found
            gradient[some] += slope
            for name, log in trace.log10_dh.items():
                twice = [2.0 / LOG10_2 * part for part in (logs[name][:, some], log.reshape(len(x), -1))]
                with np.errstate(all="ignore"):
                    logs[name][:, some] = 0.5 * LOG10_2 * np.logaddexp2(*twice)  # squares of norms add up
                before, now = steps[name][some], np.atleast_1d(trace.overflow_step[name])
                steps[name][some] = np.where((before == 0) | ((now > 0) & (now < before)), now, before)
            del trace  # before there is another one
    return loss, gradient, Seen(logs, steps)


def _numbers_recorded(network):
    """About how many numbers a pass with a gradient keeps a step and a sequence."""
    return sum(n.layer.hidden_size * (4 * len(n.layer.cell.gates) + 11) for n in network.recurrent)


def _backward(network, weights, x, target, weight, real):
    def loss(y):
        value, dy = loss_of(_with_networks(y, weights), target, weight, real)
        return dy[:, 0] if weights.alone else dy, value

    trace = run(network, by_node(network, weights), x[:, 0] if weights.alone else x, loss)
    gradient = weights.like(np.empty_like(weights.flat))
    for name, out in gradient.arrays.items():
        node, _, own = name.rpartition(".")
        found = trace.gradients[node]
        out[...] = found[own] if isinstance(found, dict) else getattr(found, own)
    return trace.loss, gradient.flat, trace


def _with_networks(y, weights):
    return y[:, None] if weights.alone else y
