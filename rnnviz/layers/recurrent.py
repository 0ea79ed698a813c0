"""The recurrent layer: the fast engine, on one sequence."""

from dataclasses import replace

import numpy as np

from ..cells import find
from ..engine.adjoint import pull_back, unroll_and_linearise
from ..engine.initialise import initialise
from ..engine.parameters import Parameters
from ..recording import Recording, sealed
from ..scaled import Scaled
from .base import Layer, Pass


class Recurrent(Layer):
    """h_t of a cell. cell: its name. hidden_size: H. reverse: from the last step of the sequence to the first."""

    def __init__(self, cell, hidden_size, reverse=False):
        self.cell, self.hidden_size, self.reverse = find(cell), hidden_size, reverse

    @property
    def turn(self):
        """The slice that puts a sequence into the order in which this layer takes its steps, and back."""
        return slice(None, None, -1 if self.reverse else None)

    def width(self, widths):
        return self.hidden_size

    def shapes(self, widths):
        columns = len(self.cell.gates) * self.hidden_size
        return {"W": (widths[0], columns), "U": (self.hidden_size, columns), "b": (columns,), "b_rec": (columns,)}

    def draw(self, config, widths, place):
        return vars(initialise(replace(config, cell=self.cell.name), widths[0], self.hidden_size, place)[0])

    def run(self, p, x):
        """p: as `Parameters`. The `Pass` has `recording` once it is pulled back."""
        cell, parameters = self.cell, p if isinstance(p, Parameters) else Parameters(**p)
        x = np.ascontiguousarray(x[self.turn])
        zeros = np.zeros((*parameters.U.shape[:-2], x.shape[-2], self.hidden_size))
        forward, local = unroll_and_linearise(cell, parameters, x, dict.fromkeys(cell.states, zeros))
        passed = Pass(forward.states["h"][1:][self.turn], None)
        passed.signals = {name: array[self.turn] for name, array in forward.values.items()}
        passed.signals |= {state: array[1:][self.turn] for state, array in forward.states.items()}

        def back(dy):
            entering = dy[self.turn]
            entering = Scaled(np.ascontiguousarray(entering.mantissa), entering.exponent)
            adjoint = pull_back(local, parameters.U, entering)
            passed.recording = sealed(Recording(
                cell, parameters, x, entering.true, None, None, None, forward, local, adjoint,
                entering if entering.exponent is not None else None))
            passed.adjoints = {s: passed.recording.gradient(s)[self.turn] for s in cell.states}
            return passed.recording.gradients, [passed.recording.input_gradient[self.turn]]

        passed.pull_back = back
        return passed
