"""Stacks of Keras: recurrent layers one above the other, plain or in keras.layers.Bidirectional."""

from ..arguments import complaint, numbers, several
from ..cells import find
from ..engine.parameters import Parameters
from .build import stacked


def from_keras(cell, layers, dropout=0.0, once=False, seeds=(0,)):
    """A `Network` and its parameters from layer.get_weights() of each layer, from the bottom.

    cell: as in `Parameters.from_keras`. layers: for each layer its kernel, recurrent_kernel and bias; of Bidirectional
    ones, whose outputs are concatenated, those of both directions, six. dropout, once, seeds: as in `stacked`, whose
    nodes it has; the dropout of a Keras layer is on its input, one mask for all steps. Raises ValueError for any other
    number of arrays, and as `Parameters.from_keras` does.
    """
    cell = find(cell)
    layers = [
        several("layers", own, object, "lists of arrays")
        for own in several("layers", layers, object, "a list of what get_weights() gives for each layer")
    ]
    counts = {len(own) for own in layers}
    if counts not in ({3}, {6}):
        raise ValueError(complaint("layers", "lists of three arrays, or of six for both directions", sorted(counts)))
    both = counts == {6}
    parameters = [Parameters.from_keras(cell.name, *own[k : k + 3]) for own in layers for k in range(0, len(own), 3)]
    widths = [numbers("layers", own[1]).shape[0] for own in layers]
    network = stacked(cell, len(parameters[0].W), widths, both=both, dropout=dropout, once=once, seeds=seeds)
    return network, {node.name: own for node, own in zip(network.recurrent, parameters)}
