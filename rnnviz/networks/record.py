"""Record a network, or one layer: the ways to ask."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..arguments import checked_array, complaint, instance, misshapen, numbers
from ..config import NetworkConfig
from ..engine import record as one_layer
from ..engine.parameters import Parameters
from ..engine.record import _given_or_drawn, _held, _loss_of, _refuse_oversized, checked_inputs
from ..layers import Recurrent
from .base import Network
from .build import of_configs
from .run import drawn, run


def record(config, inputs=None, targets=None):
    """Record what a configuration draws: a `Recording` for a `Config`, a `Trace` for a `NetworkConfig`.

    inputs, targets: as in `rnnviz.engine.record.record`; the targets are those of the network's output, (B, W) or (T,
    B, W). Raises ValueError as it does, naming the argument.
    """
    if not isinstance(config, NetworkConfig):
        return one_layer.record(config, inputs, targets)
    return _drawn([config], inputs, targets, single=True)


def record_many(configs, inputs=None, targets=None):
    """Record an ensemble of K networks in one pass: a `Recording` for `Config`s, a `Trace` for `NetworkConfig`s.

    The configurations may differ in gain, init, input_scale, forget_bias, update_bias and seed. inputs: (T, B, D),
    shared by all. targets: as in `record`, shared by all. Raises ValueError as `rnnviz.engine.record.record_many` does.
    """
    configs = one_layer._alike(configs)
    if not all(isinstance(c, NetworkConfig) for c in configs):
        return one_layer.record_many(configs, inputs, targets)
    return _drawn(configs, inputs, targets, single=False)


def record_each(configs, inputs=None):
    """Record configurations in one pass, as `record_many`. Returns a list of `Recording`s or `Trace`s of one network,
    as `record` does."""
    configs = one_layer._alike(configs)
    if not all(isinstance(c, NetworkConfig) for c in configs):
        return one_layer.record_each(configs, inputs)
    together = record_many(configs, inputs)
    # Masks have the seeds of all networks in the one, and its own in each.
    return [
        replace(together.one(k), config=c, network=of_configs([c], together.x.shape[-1])) for k, c in enumerate(configs)
    ]


def record_with(cell, parameters, inputs, output_gradient, initial_state=None):
    """Record one's own weights, on one's own input, with the gradient of any loss.

    cell: a name in `rnnviz.CELLS`, for a `Recording`; the other arguments are as in `rnnviz.engine.record.record_with`.
    Or a `Network`, for a `Trace`: parameters is node -> `Parameters`, or {name: array} for a node that learns anything
    else, see `Network.shapes`; output_gradient is (T, B, W), the partial derivative of the loss by its output;
    initial_state must be None: states start at 0. Arrays are copied. Raises ValueError naming the argument that is
    wrong.
    """
    if not isinstance(cell, Network):
        return one_layer.record_with(cell, parameters, inputs, output_gradient, initial_state)
    if initial_state is not None:
        raise ValueError(complaint("initial_state", "None for a network", initial_state))
    x = checked_inputs(inputs)
    widths = cell.widths(x.shape[-1])
    parameters = _checked(cell, parameters, widths)
    _refuse_oversized(x.shape[0] * x.shape[1] * _held_by(cell))
    positions = {"x": len(x)}
    for node in cell.nodes:
        positions[node.name] = node.layer.positions(positions[node.reads[0]])
    shape = positions[cell.output], x.shape[1], widths[cell.output]
    gradient = checked_array("output_gradient", output_gradient, shape)
    return run(cell, parameters, x, lambda y: (gradient, None))


def _checked(network, parameters, widths):
    """Copies of the parameters of every node. Raises ValueError."""
    shapes = network.shapes(widths["x"])
    if not isinstance(parameters, Mapping) or set(parameters) != set(shapes):
        shown = list(parameters) if isinstance(parameters, Mapping) else parameters
        raise ValueError(complaint("parameters", f"a dict with the keys {', '.join(shapes)}", shown))
    out = {}
    for node in network.nodes:
        given, own = parameters.get(node.name), shapes.get(node.name)
        if isinstance(node.layer, Recurrent) and not node.layer.cell.learned(1):
            instance(node.name, given, Parameters, "a Parameters")
            U = numbers("U", given.U)
            if U.shape != own["U"]:
                raise ValueError(misshapen("U", own["U"], U))
            out[node.name] = given.checked(node.layer.cell, widths[node.reads[0]])
        elif own:
            if not isinstance(given, Mapping) or set(given) != set(own):
                raise ValueError(complaint(node.name, f"a dict with the keys {', '.join(own)}", given))
            out[node.name] = {name: checked_array(name, given[name], shape) for name, shape in own.items()}
    return out


def _held_by(network):
    """About how many bytes the recordings of all its layers hold, a step and a sequence."""
    return sum(_held(node.layer.cell, node.layer.hidden_size) for node in network.recurrent)


def _drawn(configs, inputs, targets, single):
    """The `Trace` of networks that configurations draw."""
    x = _given_or_drawn(configs, inputs, single)
    network = of_configs(configs, x.shape[-1])
    widths = network.widths(x.shape[-1])
    _refuse_oversized(len(x) * len(configs) * x.shape[-2] * _held_by(network))
    if not single and any("x" in n.reads for n in network.nodes if not isinstance(n.layer, Recurrent)):
        x = np.broadcast_to(x, (len(x), len(configs), *x.shape[2:])).copy()  # only they can share an input
    loss = _loss_of(configs, targets, x, widths[network.output], single)
    if configs[0].read != "position":
        loss = _of_what_is_read(configs[0], loss)
    parameters = {
        name: own[0] if single else {p: np.stack([one[p] for one in own]) for p in own[0]}
        for name, own in drawn(network, configs, x.shape[-1]).items()
    }
    parameters = {n.name: n.layer.parameters(parameters[n.name]) for n in network.nodes if n.name in parameters}
    return run(network, parameters, x, loss, configs[0] if single else None)


def _of_what_is_read(config, loss):
    """The loss of the mean of the output (T, K, B, W), or of both directions' last states, as if it were the output at
    every position that the configuration names."""

    def read(y):
        seen = np.empty_like(y)
        if config.read == "mean":
            seen[...] = y.mean(axis=0)
        else:
            half = y.shape[-1] // 2 if config.directions == "both" else y.shape[-1]
            seen[..., :half], seen[..., half:] = y[-1, ..., :half], y[0, ..., half:]
        gradient, value = loss(seen)
        total, out = gradient.sum(axis=0), np.zeros_like(y)
        if config.read == "mean":
            out[...] = total / len(y)
        else:
            out[-1, ..., :half], out[0, ..., half:] = total[..., :half], total[..., half:]
        return out, value

    return read
