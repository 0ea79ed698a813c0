"""A pass through a network: forward node by node, and back."""

import numpy as np

from ..arguments import Named
from ..engine.parameters import MoreParameters
from ..layers import Recurrent
from ..scaled import Scaled
from .trace import Trace, sealed


def by_name(parameters):
    """`MoreParameters` as {name: array}; anything else as it is."""
    if not isinstance(parameters, MoreParameters):
        return parameters
    own = dict(vars(parameters))
    return own | own.pop("learned")


def run(network, parameters, x, loss, config=None):
    """The `Trace` of a network on inputs (T, B, D), or (T, K, B, D), or (T, 1, B, D) where K networks share them.

    parameters: node -> {name: array}, or `Parameters`. loss: from the output (T, K, B, W), its gradient by it and its
    value (K,).
    """
    outputs, passes = {"x": x}, {}
    for node in network.nodes:
        own = parameters.get(node.name, {})
        if isinstance(node.layer, Recurrent) and isinstance(own, dict):
            own = node.layer.parameters(own)
        passes[node.name] = node.layer.run(own, *(outputs[name] for name in node.reads))
        outputs[node.name] = passes[node.name].output
    gradient, value = loss(outputs[network.output])
    total, arrows, gradients = {network.output: Scaled(gradient)}, {}, {}
    for node in reversed(network.nodes):
        if node.name not in total:  # nobody reads it
            total[node.name] = Scaled(np.zeros_like(outputs[node.name]))
        learned, into = passes[node.name].pull_back(total[node.name])
        if learned:
            gradients[node.name] = by_name(learned)
        for name, part in zip(node.reads, into):
            arrows[node.name, name] = part
            total[name] = total[name] + part if name in total else part
    if "x" not in total:
        total["x"] = Scaled(np.zeros_like(x))
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
