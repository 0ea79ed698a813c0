"""What a layer is: its forward equation, in autograd.numpy, and everything else follows.

A layer reads one or more sequences (T, K, B, D), K being absent where there is no ensemble, and makes one. `Recurrent`
and `Dropout` have a backward pass of their own; the derivatives of all others are autograd's. These are linear in the
gradient that comes from above, so that one outside float64 goes through them exactly: a `Scaled` gradient is cut into
bands, each is pulled back by itself, and the results are added with their exponents.
"""

from dataclasses import dataclass, field
from math import prod

import numpy as np
from autograd import make_vjp

from ..engine.threads import isolate_threads
from ..scaled import Scaled, shifted

isolate_threads()


@dataclass(eq=False)
class Pass:
    """One pass of a layer over its inputs.

    output: (T, K, B, W). pull_back: dL/doutput, `Scaled` -> (parameter -> dL/dparameter, dL/dinput of each, `Scaled`);
    None once a network was pulled back. signals: name -> array, what else was computed on the way. adjoints: the same
    -> its gradient, `Scaled`, once pulled back.
    """

    output: np.ndarray
    pull_back: object
    signals: dict = field(default_factory=dict)
    adjoints: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """Some of K networks and some of a batch of B sequences, as slices; batch: B."""

    networks: slice
    sequences: slice
    batch: int


class Layer:
    """A layer by its formula: `forward`, and the width of what it makes and the shapes of what it learns."""

    def width(self, widths):
        """W, from the widths of the inputs. Raises ValueError for inputs it cannot read."""
        return widths[0]

    def positions(self, steps):
        """How many positions the output has, from how many the inputs have."""
        return steps

    def shapes(self, widths):
        """Parameter -> its shape in one network."""
        return {}

    def count(self, widths):
        """How many numbers one network learns."""
        return sum(prod(shape) for shape in self.shapes(widths).values())

    def draw(self, config, widths, place):
        """Parameter -> its first value. config: a `NetworkConfig`. place: tells the nodes of one network apart."""
        return {}

    def parameters(self, arrays):
        """Name -> array as `run` takes them."""
        return arrays

    def at(self, update):
        """The layer with the masks of that update of a training, from 0, if it has any; in a test, None, without."""
        return self

    def cut(self, part):
        """The layer with the masks of a `Part` of the networks and sequences, if it has any."""
        return self

    def forward(self, p, *inputs):
        """The output. p: parameter -> (K, ...), or without K."""
        raise NotImplementedError

    def run(self, p, *inputs):
        """The `Pass` over inputs, each (T, K, B, D)."""
        with np.errstate(all="ignore"):
            vjp, output = make_vjp(lambda every: self.forward(every[0], *every[1]))((p, inputs))

        def back(dy):
            with np.errstate(all="ignore"):
                return _pulled(vjp, dy)

        return Pass(output, back)


def _pulled(vjp, dy):
    """Pull a `Scaled` gradient back through a function that may mix the steps."""
    parameters, inputs = None, None
    for mantissa, exponent in dy.bands():
        own, into = vjp(mantissa)
        own = {name: _times(array, exponent) for name, array in own.items()}
        into = [
            Scaled(a, None if dy.exponent is None else np.full((len(a), *dy.exponent.shape[1:]), exponent))
            for a in into
        ]
        if inputs is None:
            parameters, inputs = own, into
        else:
            parameters = {name: parameters[name] + array for name, array in own.items()}
            inputs = [one + other for one, other in zip(inputs, into)]
    if inputs is None:  # all of it is 0
        own, into = vjp(np.zeros_like(dy.mantissa))
        return own, [Scaled(array) for array in into]
    return parameters, inputs


def _times(array, exponent):
    """array * 2**exponent, for an array of any shape."""
    return shifted(array.reshape(1, -1), exponent).reshape(array.shape)
