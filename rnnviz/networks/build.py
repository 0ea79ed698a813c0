"""Networks that are built often."""

from ..arguments import choice, complaint, flag, real, several, whole
from ..cells import CELLS, Cell, find
from ..cells.variants import variant
from ..config import PLACES
from ..layers import Dropout, Join, Normalise, Recurrent, Sum
from .base import Network, Node


def stacked(
    cell,
    inputs,
    widths,
    both=False,
    skip=False,
    norm=False,
    dropout=0.0,
    once=False,
    places="between",
    noise=0.0,
    outputs=None,
    seeds=(0,),
):
    """Layers of one cell, one above the other. Returns a `Network`.

    cell: a `Cell` or its name. inputs: D. widths: H of each layer, from the bottom. both: every layer
    has both directions, a node each, joined by a third. skip: what a layer reads is added to what it makes, where the
    two are equally wide. norm: layer normalisation after each layer. dropout: its rate, from 0 to below 1. once: one
    mask for the sequence instead of one a step. places: a key of `config.PLACES`. noise: the rate of the masks inside
    the steps of a cell that reads some, see `rnnviz.cells.variants`. outputs: how wide h is, of a cell that projects
    it. seeds: of all masks, one a network.

    The nodes of layer k, from 1: "dropout k", "layer k" or, of both directions, "layer k forward", "layer k backward"
    and "layer k", then "norm k" and "sum k", as far as they are asked for. Raises ValueError naming the argument.
    """
    cell = cell if isinstance(cell, Cell) else CELLS[choice("cell", cell, CELLS)]
    widths = [whole("widths", w, 1) for w in several("widths", widths, object, "a sequence of whole numbers")]
    both, skip, norm, once = (flag(n, v) for n, v in zip(("both", "skip", "norm", "once"), (both, skip, norm, once)))
    rate = real("dropout", dropout, "a number from 0 to 0.99", 0.0, 0.99)
    noise = real("noise", noise, "a number from 0 to 0.99", 0.0, 0.99)
    choice("places", places, PLACES)
    if outputs is not None and (not cell.projected or whole("outputs", outputs, 1) > min(widths)):
        raise ValueError(complaint("outputs", "at most the smallest width, for a cell that projects h", outputs))
    seeds = tuple(whole("seeds", seed, 0) for seed in several("seeds", seeds, object, "a sequence of whole numbers"))
    nodes, below, width_below = [], "x", whole("inputs", inputs, 1)
    for k, width in enumerate(widths, 1):
        source = below
        if rate and (k > 1 or places == "every"):
            nodes.append(Node(f"dropout {k}", Dropout(rate, once, k, seeds), (below,)))
            below = nodes[-1].name
        name, own = f"layer {k}", {"rate": noise, "once": once, "seeds": seeds, "outputs": outputs}
        if both:
            parts = f"{name} forward", f"{name} backward"
            nodes += [
                Node(part, Recurrent(cell, width, j > 0, draw=2 * k + j, **own), (below,))
                for j, part in enumerate(parts)
            ]
            nodes.append(Node(name, Join(), parts))
        else:
            nodes.append(Node(name, Recurrent(cell, width, draw=2 * k, **own), (below,)))
        made = (1 + both) * (outputs or width)
        if norm:
            nodes.append(Node(f"norm {k}", Normalise(), (name,)))
        if skip and made == width_below:
            nodes.append(Node(f"sum {k}", Sum(), (nodes[-1].name, source)))
        below, width_below = nodes[-1].name, made
    if rate and places == "every":
        nodes.append(Node(f"dropout {len(widths) + 1}", Dropout(rate, once, len(widths) + 1, seeds), (below,)))
    return Network(tuple(nodes))


def of_configs(configs, inputs):
    """The `Network` that `NetworkConfig`s ask for, which differ in their seeds and weights only. inputs: D."""
    c = configs[0]
    cell = variant(find(c.cell), c.cell_norm, c.peepholes == "learned", c.noise, project=c.projection > 0)
    return stacked(
        cell,
        inputs,
        c.all_widths,
        both=c.directions == "both",
        skip=c.skip == "residual",
        norm=c.norm == "between",
        dropout=c.dropout,
        once=c.mask == "sequence",
        places=c.places,
        noise=c.noise_rate,
        outputs=c.projection or None,
        seeds=tuple(own.seed for own in configs),
    )
