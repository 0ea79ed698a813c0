"""Stacks as torch.nn.RNN, LSTM and GRU have them: num_layers, bidirectional, proj_size."""

import re
from collections.abc import Mapping

import numpy as np

from ..arguments import checked_array, complaint, instance, numbers
from ..cells.variants import projected
from ..engine.parameters import PYTORCH_ORDER, Parameters, known
from .base import Network
from .build import stacked

NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
PROJECTION = "weight_hr"


def _suffix(node):
    """PyTorch's ending of the names of a node's weights: "layer 2 backward" -> "_l1_reverse"."""
    _, number, *direction = node.split(" ")
    return f"_l{int(number) - 1}" + "_reverse" * (direction == ["backward"])


NAME = re.compile(r"(?P<name>weight_ih|weight_hh|bias_ih|bias_hh|weight_hr)_l(?P<layer>\d{1,3})(?P<turn>_reverse)?")
FIRST = "weight_ih_l0"


def from_pytorch(cell, state, dropout=0.0, seeds=(0,)):
    """A `Network` and its parameters from module.state_dict() of a torch.nn.RNN, LSTM or GRU.

    cell: "rnn" and the other cells of one gate, "lstm" or "gru". state: name -> tensor or array. dropout, seeds: as in
    `stacked`, whose nodes it has. A prefix that all names share, as "lstm.", is left out. Raises ValueError for names
    that are missing or not known, or of several such modules, and as `Parameters.from_pytorch` does.
    """
    state = _alone(instance("state", state, Mapping, "a dict of tensors or arrays"))
    parts = [match for match in map(NAME.fullmatch, state) if match]
    layers = 1 + max((int(match["layer"]) for match in parts), default=0)
    both = any(match["turn"] for match in parts)
    bias, projects = (any(match["name"].startswith(own) for match in parts) for own in ("bias", PROJECTION))
    own = NAMES[: 4 if bias else 2] + (PROJECTION,) * projects
    wanted = [f"{name}_l{k}{turn}" for k in range(layers) for turn in ("", "_reverse")[: 1 + both] for name in own]
    _refuse_names([name for name in wanted if name not in state], [name for name in state if name not in wanted])
    cell, order = known(cell, PYTORCH_ORDER)
    arrays = {name: numbers("state", array) for name, array in state.items()}
    widths = [len(arrays[f"weight_hh_l{k}"]) // len(order) for k in range(layers)]
    outputs = arrays["weight_hh_l0"].shape[-1] if projects else None
    network = stacked(
        projected(cell) if projects else cell,
        arrays["weight_ih_l0"].shape[-1],
        widths,
        both=both,
        dropout=dropout,
        outputs=outputs,
        seeds=seeds,
    )
    parameters = {}
    for node in network.recurrent:
        own = [arrays.get(name + _suffix(node.name)) for name in NAMES]
        if projects:
            parameters[node.name] = _reordered(cell, order, own) | {"R": arrays[PROJECTION + _suffix(node.name)].T}
        else:
            parameters[node.name] = Parameters.from_pytorch(cell.name, *own)
    return network, parameters


def _alone(state):
    """name -> array of the one module in it, without its prefix. Raises ValueError where there are several."""
    state = {str(name): array for name, array in state.items()}
    found = [name.removesuffix(FIRST) for name in state if name == FIRST or name.endswith("." + FIRST)]
    if len(found) > 1:
        raise ValueError(
            f"The 'state' parameter must be the state_dict of one module. Got those of {len(found)} "
            f"instead: {_listed([prefix or 'one without a prefix' for prefix in found])}; keep the names "
            "of one of them."
        )
    return {name.removeprefix(found[0]) if found else name: array for name, array in state.items()}


def _refuse_names(missing, strange):
    """Raise ValueError that says which names are missing and which are not known, if any."""
    told = [f"{what}: {_listed(names)}" for what, names in (("missing", missing), ("not known", strange)) if names]
    if told:
        raise ValueError(
            "The 'state' parameter must have the names of a state_dict of torch.nn.RNN, LSTM or GRU, and "
            f"no others. Got a dict with {'; '.join(told)} instead."
        )


def _listed(names):
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more


def _reordered(cell, order, arrays):
    """W, U, b and b_rec of PyTorch's, whose blocks are in that order; zeros for biases that are None."""
    blocks, out = [order.index(gate) for gate in cell.gates], {}
    for name, array in zip(("W", "U", "b", "b_rec"), arrays):
        array = np.zeros(arrays[0].shape[:1]) if array is None else array
        split = np.split(array, len(order))
        out[name] = np.concatenate([split[k] for k in blocks]).T
    return out


def to_pytorch(network, parameters):
    """Name -> array, as in state_dict(): the way back, for parameters and for gradients alike.

    network: one of `stacked`. parameters: node -> `Parameters`, or {name: array} with a projection. Raises ValueError
    for a cell PyTorch does not have, and for parameters of another network.
    """
    instance("network", network, Network, "a Network")
    out = {}
    for node in network.recurrent:
        own = parameters.get(node.name) if isinstance(parameters, Mapping) else None
        own = vars(own) if isinstance(own, Parameters) else own
        shapes = node.layer.shapes([_inputs(own)])
        if not isinstance(own, Mapping) or set(own) != set(shapes):
            raise ValueError(complaint("parameters", f"a dict with Parameters for {node.name!r}", parameters))
        own = {name: checked_array(name, own[name], shape) for name, shape in shapes.items()}
        cell, order = known(node.layer.cell.name.removesuffix(", projected"), PYTORCH_ORDER)
        blocks = [cell.gates.index(gate) for gate in order]
        for name, array in zip(NAMES, own.values()):
            split = np.split(array, len(blocks), axis=-1)
            out[name + _suffix(node.name)] = np.concatenate([split[k] for k in blocks], axis=-1).T.copy()
        if "R" in own:
            out[PROJECTION + _suffix(node.name)] = own["R"].T.copy()
    return out


def _inputs(own):
    """D of a layer's parameters; 1 where they are none."""
    return (*np.shape(own["W"]), 1)[0] if isinstance(own, Mapping) and "W" in own else 1
