"""From a gradient to new weights: the optimisers, as in torch.optim.

Each keeps its memory as arrays of the shape of the weights, (K, P), or (K, 1), in `state`. step(weights, gradient,
rate) updates the weights in place. All raise ValueError naming the argument for weights that are no (K, P) array of
float32 or float64, weights or a gradient of another shape than before, or a rate below 0; numbers that are not finite
go through.
"""

import numpy as np

from ..arguments import complaint, real

MOMENTUM = 0.9
DECAY, SECOND_DECAY = 0.99, 0.999
EPSILON = 1e-8


class _Optimiser:
    """What all share: how many arrays of memory they keep, and the checks."""

    memory = 0

    def __init__(self, weights):
        self.shape = _checked("weights", weights).shape
        self.state = tuple(np.zeros_like(weights) for _ in range(self.memory))

    def _rate(self, weights, gradient, rate):
        """The rate as a float, once all three are checked."""
        _checked("weights", weights, self.shape)
        _checked("gradient", gradient, self.shape)
        return real("rate", rate, "a number of at least 0", 0.0)


def _checked(name, array, shape=None):
    sound = type(array) is np.ndarray and array.dtype.str[1:] in ("f4", "f8") and array.ndim == 2 and array.size
    if not sound or (shape is not None and array.shape != shape):
        raise ValueError(complaint(name, f"an array {shape or '(K, P)'} of float32 or float64", array))
    return array


class SGD(_Optimiser):
    """w <- w - rate g."""

    def step(self, weights, gradient, rate):
        rate = self._rate(weights, gradient, rate)
        weights -= rate * gradient


class Momentum(_Optimiser):
    """v <- 0.9 v + g, w <- w - rate v (Polyak 1964, in the form of torch.optim.SGD)."""

    memory = 1

    def step(self, weights, gradient, rate):
        rate = self._rate(weights, gradient, rate)
        (v,) = self.state
        v *= MOMENTUM
        v += gradient
        weights -= rate * v


class RMSProp(_Optimiser):
    """s <- 0.99 s + 0.01 g^2, w <- w - rate g / (sqrt(s) + 1e-8) (Tieleman and Hinton 2012, as torch.optim.RMSprop)."""

    memory = 1

    def step(self, weights, gradient, rate):
        rate = self._rate(weights, gradient, rate)
        (s,) = self.state
        s *= DECAY
        s += (1.0 - DECAY) * gradient**2
        weights -= rate * gradient / (np.sqrt(s) + EPSILON)


class Adam(_Optimiser):
    """Means of g and of g^2, both corrected for their start at 0 (Kingma and Ba 2015, algorithm 1)."""

    memory = 2

    def __init__(self, weights):
        super().__init__(weights)
        self.state += (np.zeros((len(weights), 1)),)

    def step(self, weights, gradient, rate):
        rate = self._rate(weights, gradient, rate)
        m, s, t = self.state
        t += 1
        m += (1.0 - MOMENTUM) * (gradient - m)
        s += (1.0 - SECOND_DECAY) * (gradient**2 - s)
        scale = (1.0 / np.sqrt(1.0 - SECOND_DECAY**t)).astype(weights.dtype)
        size = (rate / (1.0 - MOMENTUM**t)).astype(weights.dtype)
        weights -= size * m / (np.sqrt(s) * scale + EPSILON)


def decay(weights, rate, amount):
    """w <- (1 - rate amount) w, in place and beside the step of the gradient (Loshchilov and Hutter 2019).

    With Adam it is their AdamW, as torch.optim.AdamW: what is taken away is not divided by the recent size of the
    gradient. With plain descent it is the same as amount / 2 times the squared norm of the weights added to the loss
    (L2). Of all weights, biases as well. amount: from 0 to 1. Raises ValueError as the optimisers do.
    """
    _checked("weights", weights)
    amount = real("amount", amount, "a number from 0 to 1", 0.0, 1.0)
    weights *= 1.0 - real("rate", rate, "a number of at least 0", 0.0) * amount


OPTIMISERS = {"sgd": SGD, "momentum": Momentum, "rmsprop": RMSProp, "adam": Adam}
