"""Stacks as torch.nn.RNN, LSTM and GRU have them: num_layers, bidirectional."""

from collections.abc import Mapping

import numpy as np

from ..arguments import complaint, instance, numbers
from ..engine.parameters import PYTORCH_ORDER, Parameters, known
from .base import Network
from .build import stacked

NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def _suffix(node):
    """PyTorch's ending of the names of a node's weights: "layer 2 backward" -> "_l1_reverse"."""
    _, number, *direction = node.split(" ")
    return f"_l{int(number) - 1}" + "_reverse" * (direction == ["backward"])


def from_pytorch(cell, state, dropout=0.0, seeds=(0,)):
    """A `Network` and its parameters from module.state_dict() of a torch.nn.RNN, LSTM or GRU.

    cell: "rnn" and the other cells of one gate, "lstm" or "gru". state: name -> tensor or array. dropout, seeds: as in
    `stacked`, whose nodes it has. Raises ValueError for names that are missing or not known, and as
    `Parameters.from_pytorch` does.
    """
    instance("state", state, Mapping, "a dict of tensors or arrays")
    both, layers = "weight_ih_l0_reverse" in state, 0
    while f"weight_ih_l{layers}" in state:
        layers += 1
    bias = "bias_ih_l0" in state
    wanted = {f"{name}_l{k}{turn}" for name in NAMES[: 4 if bias else 2] for k in range(max(layers, 1))
              for turn in ("", "_reverse")[: 1 + both]}
    strange = sorted(wanted ^ set(state))
    if strange:
        raise ValueError(complaint("state", f"a state_dict with {', '.join(sorted(wanted))}", strange))
    widths = [numbers("state", state[f"weight_hh_l{k}"]).shape[-1] for k in range(layers)]
    network = stacked(cell, numbers("state", state["weight_ih_l0"]).shape[-1], widths, both=both, dropout=dropout,
                      seeds=seeds)
    parameters = {node.name: Parameters.from_pytorch(cell, *(state.get(name + _suffix(node.name)) for name in NAMES))
                  for node in network.recurrent}
    return network, parameters


def to_pytorch(network, parameters):
    """Name -> array, as in state_dict(): the way back, for parameters and for gradients alike.

    network: one of `stacked`. parameters: node -> `Parameters`. Raises ValueError for a cell PyTorch does not have.
    """
    instance("network", network, Network, "a Network")
    out = {}
    for node in network.recurrent:
        own = parameters.get(node.name) if isinstance(parameters, Mapping) else None
        if not isinstance(own, Parameters):
            raise ValueError(complaint("parameters", f"a dict with Parameters for {node.name!r}", parameters))
        own = own.checked(node.layer.cell, np.shape(own.W)[0])
        cell, order = known(node.layer.cell.name, PYTORCH_ORDER)
        blocks = [cell.gates.index(gate) for gate in order]
        for name, array in zip(NAMES, vars(own).values()):
            split = np.split(array, len(blocks), axis=-1)
            out[name + _suffix(node.name)] = np.concatenate([split[k] for k in blocks], axis=-1).T.copy()
    return out
