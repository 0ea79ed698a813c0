"""The recurrent layer: the fast engine, on one sequence."""

from copy import copy

import numpy as np

from ..arguments import instance
from ..cells import Cell, find
from ..engine.adjoint import pull_back, unroll_and_linearise
from ..engine.initialise import initialise, learned
from ..engine.parameters import MoreParameters, Parameters
from ..engine.plan import plan
from ..engine.recording import Recording, sealed
from ..engine.unroll import unroll
from ..scaled import Scaled
from .base import Layer, Pass
from .dropout import mask

OF_ALL = ("W", "U", "b", "b_rec")
"""What every cell learns."""


class Recurrent(Layer):
    """h_t of a cell.

    cell: a `Cell` or its name. hidden_size: H. reverse: from the last step of the sequence to the first. rate, once,
    draw, seeds: of the masks inside the step, for a cell that reads some; as in `Dropout`. outputs: how wide h is, of a
    cell that projects it; otherwise H. update: as in `at`; in a test a mask is what it is on average.
    """

    def __init__(
        self, cell, hidden_size, reverse=False, rate=0.0, once=False, draw=0, seeds=(0,), outputs=None, update=0
    ):
        self.cell = find(cell) if isinstance(cell, str) else instance("cell", cell, Cell, "a Cell or its name")
        self.hidden_size, self.reverse, self.outputs = hidden_size, reverse, outputs or hidden_size
        self.rate, self.once, self.number, self.seeds, self.update, self.part = rate, once, draw, seeds, update, None

    @property
    def turn(self):
        """The slice that puts a sequence into the order in which this layer takes its steps, and back."""
        return slice(None, None, -1 if self.reverse else None)

    def at(self, update):
        if not self.cell.masks:
            return self
        other = copy(self)
        other.update = update
        return other

    def cut(self, part):
        if not self.cell.masks:
            return self
        other = copy(self)
        other.part = part
        return other

    def width(self, widths):
        return self.outputs

    def shapes(self, widths):
        columns = len(self.cell.gates) * self.hidden_size
        shapes = {"W": (widths[0], columns), "U": (self.outputs, columns), "b": (columns,), "b_rec": (columns,)}
        return shapes | self.cell.learned(self.hidden_size, self.outputs)

    def count(self, widths):
        """Without b_rec, where no equation reads the recurrent product by itself: there it only adds to b."""
        added = not plan(self.cell).apart
        return super().count(widths) - added * len(self.cell.gates) * self.hidden_size

    def draw(self, config, widths, place):
        parameters, _ = initialise(config, widths[0], self.hidden_size, place, self.cell)
        own = vars(parameters) | learned(config, self.cell, self.hidden_size, self.outputs, place)
        return own | {"U": own["U"][: self.outputs]}

    def parameters(self, arrays):
        """Name -> array as `Parameters`, which are taken as they are."""
        if isinstance(arrays, Parameters):
            return arrays
        own = [arrays[name] for name in OF_ALL]
        more = {name: arrays[name] for name in self.cell.learned(self.hidden_size)}
        return MoreParameters(*own, more) if more else Parameters(*own)

    def run(self, p, x):
        """p: `Parameters`. The `Pass` has `recording` once it is pulled back."""
        cell = self.cell
        x, start, masks = self._begin(p, x)
        forward, local = unroll_and_linearise(cell, p, x, start, masks)
        passed = Pass(forward.states["h"][1:][self.turn], None)
        own = forward.values | masks | {state: array[1:] for state, array in forward.states.items()}
        passed.signals = {name: array[self.turn] for name, array in own.items()}

        def back(dy):
            entering = dy[self.turn]
            entering = Scaled(np.ascontiguousarray(entering.mantissa), entering.exponent)
            adjoint = pull_back(local, p.U, entering)
            passed.recording = sealed(
                Recording(
                    cell,
                    p,
                    x,
                    entering.true,
                    None,
                    None,
                    None,
                    forward,
                    local,
                    adjoint,
                    entering if entering.exponent is not None else None,
                )
            )
            passed.adjoints = {s: passed.recording.gradient(s)[self.turn] for s in cell.states}
            return passed.recording.gradients, [passed.recording.input_gradient[self.turn]]

        passed.pull_back = back
        return passed

    def forward(self, p, x):
        """h_t alone. p: as in `run`."""
        x, start, masks = self._begin(p, x)
        return unroll(self.cell, p, x, start, masks).states["h"][1:][self.turn]

    def _begin(self, p, x):
        """The input in the order of the steps, states of 0, and the masks."""
        x, lead = np.ascontiguousarray(x[self.turn]), (*p.U.shape[:-2], x.shape[-2])
        start = {
            s: np.zeros((*lead, self.outputs if s == "h" else self.hidden_size), p.U.dtype) for s in self.cell.states
        }
        return x, start, self._masks((len(x), *lead, self.hidden_size), p.U.dtype)

    def _masks(self, shape, dtype):
        """Name -> (T, K, B, H) of what the cell reads, in the order in which the layer takes its steps."""
        found = {}
        for j, (name, kind) in enumerate(self.cell.masks.items()):
            if self.update is None:
                own = np.array(1.0 if kind == "kept" else self.rate)
            else:
                own = mask(shape, self.rate, MOST * self.number + j, self.seeds, self.once, self.update, self.part)
                own = own if kind == "kept" else 1.0 - (own > 0)
            found[name] = np.broadcast_to(own.astype(dtype, copy=False), shape)
        return found


MOST = 16
"""More masks than any cell reads, so that each has a number of its own."""
