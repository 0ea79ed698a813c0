"""What a network is: nodes in order, each a layer and the names of what it reads."""

from dataclasses import dataclass
from functools import cached_property

from ..arguments import instance, several, whole
from ..layers import Layer, Recurrent


@dataclass(frozen=True)
class Node:
    """A layer in its place. name: its own. reads: the nodes whose outputs it takes, or "x", the input."""

    name: str
    layer: Layer
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Network:
    """Nodes in the order in which they are computed; the last one makes the output.

    Raises ValueError for a name that is there twice, or a node that reads what is not computed before it.
    """

    nodes: tuple[Node, ...]

    def __post_init__(self):
        object.__setattr__(self, "nodes", tuple(several("nodes", self.nodes, Node, "a sequence of at least one Node")))
        known = ["x"]
        for node in self.nodes:
            instance("layer", node.layer, Layer, "a Layer")
            unknown = [name for name in node.reads if name not in known]
            if unknown or not node.reads:
                raise ValueError(
                    f"The node {node.name!r} must read some of {', '.join(known)}. Got {node.reads} instead."
                )
            if node.name in known:
                raise ValueError(f"The 'nodes' parameter must have a name once. Got {node.name!r} twice instead.")
            known.append(node.name)

    @cached_property
    def recurrent(self):
        """The nodes that are recurrent layers."""
        return tuple(node for node in self.nodes if isinstance(node.layer, Recurrent))

    @property
    def output(self):
        """The name of the last node."""
        return self.nodes[-1].name

    def widths(self, input_size):
        """Name -> the width of what that node makes; "x" for the input. Raises ValueError where they do not fit."""
        widths = {"x": whole("input_size", input_size, 1)}
        for node in self.nodes:
            widths[node.name] = node.layer.width([widths[name] for name in node.reads])
        return widths

    def shapes(self, input_size):
        """Name -> {parameter: its shape in one network}, for the nodes that learn something."""
        widths = self.widths(input_size)
        shapes = {node.name: node.layer.shapes([widths[name] for name in node.reads]) for node in self.nodes}
        return {name: own for name, own in shapes.items() if own}

    def counts(self, input_size):
        """Name -> how many numbers that node learns, as Keras counts them, for the nodes that learn something.

        A second bias that only adds to the first, `b_rec` of all cells but the GRU, is left out; PyTorch counts it.
        """
        widths = self.widths(input_size)
        counts = {node.name: node.layer.count([widths[name] for name in node.reads]) for node in self.nodes}
        return {name: count for name, count in counts.items() if count}
