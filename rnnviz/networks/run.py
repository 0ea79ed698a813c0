"""A pass through a network: forward node by node, and back."""

import numpy as np

from ..arguments import Named
from ..engine.parameters import MoreParameters
from ..scaled import Scaled
from .trace import Trace, sealed


def by_name(parameters):
    """`MoreParameters` as {name: array}; anything else as it is."""
    if not isinstance(parameters, MoreParameters):
        return parameters
    own = dict(vars(parameters))
    return own | own.pop("learned")


def drawn(network, configs, inputs):
    """Node -> what each configuration draws for it, name -> array, for the nodes that learn something. inputs: D."""
    widths = network.widths(inputs)
    learning = [node for node in network.nodes if node.name in network.shapes(inputs)]
    return {
        node.name: [node.layer.draw(c, [widths[name] for name in node.reads], place) for c in configs]
        for place, node in enumerate(learning)
    }


def run(network, parameters, x, loss, config=None):
    """The `Trace` of a network on inputs (T, B, D), or (T, K, B, D), or (T, 1, B, D) where K networks share them.

    parameters: node -> {name: array}, or `Parameters`. loss: from the output (T, K, B, W), its gradient by it and its
    value (K,).
    """
    outputs, passes = {"x": x}, {}
    for node in network.nodes:
        own, read = parameters.get(node.name, {}), [outputs[name] for name in node.reads]
        passes[node.name] = node.layer.run(node.layer.parameters(own), *read)
        outputs[node.name] = passes[node.name].output
    gradient, value = loss(outputs[network.output])
    total, arrows, gradients = {network.output: Scaled(gradient)}, {}, {}
    for node in reversed(network.nodes):
        if node.name not in total:  # nobody reads it
            total[node.name] = Scaled(np.zeros_like(outputs[node.name]))
        learned, into = passes[node.name].pull_back(total[node.name])
        passes[node.name].pull_back = None  # it holds its own pass, which nobody would let go of
        if learned:
            gradients[node.name] = by_name(learned)
        for name, part in zip(node.reads, into):
            arrows[node.name, name] = part
            total[name] = total[name] + part if name in total else part
    if "x" not in total:
        total["x"] = Scaled(np.zeros_like(x))
    parameters = {name: by_name(own) for name, own in parameters.items()}
    return sealed(
        Trace(
            network,
            Named(parameters),
            Named(reversed(gradients.items())),
            x,
            Named(outputs),
            gradient,
            value,
            Named(total),
            Named(arrows),
            passes,
            config,
        )
    )
