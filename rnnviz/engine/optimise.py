"""From a gradient to new weights: the optimisers, as in torch.optim.

Each keeps its memory as arrays of the shape of the weights, (K, P), or (K, 1), in `state`.
"""

import numpy as np

MOMENTUM = 0.9
DECAY, SECOND_DECAY = 0.99, 0.999
EPSILON = 1e-8


class SGD:
    """w <- w - rate g."""

    def __init__(self, weights):
        self.state = ()

    def step(self, weights, gradient, rate):
        weights -= rate * gradient


class Momentum:
    """v <- 0.9 v + g, w <- w - rate v (Polyak 1964, in the form of torch.optim.SGD)."""

    def __init__(self, weights):
        self.state = (np.zeros_like(weights),)

    def step(self, weights, gradient, rate):
        (v,) = self.state
        v *= MOMENTUM
        v += gradient
        weights -= rate * v


class RMSProp:
    """s <- 0.99 s + 0.01 g^2, w <- w - rate g / (sqrt(s) + 1e-8) (Tieleman and Hinton 2012, as torch.optim.RMSprop)."""

    def __init__(self, weights):
        self.state = (np.zeros_like(weights),)

    def step(self, weights, gradient, rate):
        (s,) = self.state
        s *= DECAY
        s += (1.0 - DECAY) * gradient**2
        weights -= rate * gradient / (np.sqrt(s) + EPSILON)


class Adam:
    """Means of g and of g^2, both corrected for their start at 0 (Kingma and Ba 2015, algorithm 1)."""

    def __init__(self, weights):
        self.state = (np.zeros_like(weights), np.zeros_like(weights), np.zeros((len(weights), 1)))

    def step(self, weights, gradient, rate):
        m, s, t = self.state
        t += 1
        m += (1.0 - MOMENTUM) * (gradient - m)
        s += (1.0 - SECOND_DECAY) * (gradient**2 - s)
        scale = (1.0 / np.sqrt(1.0 - SECOND_DECAY**t)).astype(weights.dtype)
        size = (rate / (1.0 - MOMENTUM**t)).astype(weights.dtype)
        weights -= size * m / (np.sqrt(s) * scale + EPSILON)


OPTIMISERS = {"sgd": SGD, "momentum": Momentum, "rmsprop": RMSProp, "adam": Adam}
