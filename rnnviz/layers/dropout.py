"""Dropout on the way from one layer to the next."""

from copy import copy

import numpy as np

from .base import Layer, Pass

MASKS = 7
"""The stream of random numbers that masks are drawn from; the others are in `rnnviz.engine`."""


def mask(shape, rate, draw, seeds, once=False, update=0, part=None):
    """An inverted mask m / (1 - rate), its elements 0 with probability rate: (T, K, B, W), or (1, K, B, W) if `once`.

    shape: (T, K, B, W), K being absent where there is no ensemble. draw: a number of its own for every mask of a
    network. seeds: one a network. update: of a training, each of which has masks of its own; a recording has those of
    the first. part: the `Part` that is asked for, of which the shape is, or None for all.
    """
    steps, *_, batch, width = shape
    own = (1 if once else steps, part.batch if part else batch, width)
    if part:
        seeds = seeds[part.networks]
    masks = [np.random.default_rng([seed, MASKS, draw, update]).random(own) >= rate for seed in seeds]
    whole = np.stack(masks, axis=1) if len(shape) == 4 else masks[0]
    return (whole[..., part.sequences, :] if part else whole) / (1.0 - rate)


class Dropout(Layer):
    """y_t = m_t x_t: fresh at every step (Zaremba 2014, PyTorch) or one mask for the sequence (Gal 2016, Keras).

    rate: the probability of 0; what is left is divided by 1 - rate. once: one mask for all steps. draw: tells the masks
    of one network apart. seeds: one a network. update: as in `at`.
    """

    def __init__(self, rate, once=False, draw=0, seeds=(0,), update=0):
        self.rate, self.once, self.number, self.seeds, self.update, self.part = rate, once, draw, seeds, update, None

    def at(self, update):
        other = copy(self)
        other.update = update
        return other

    def cut(self, part):
        other = copy(self)
        other.part = part
        return other

    def run(self, p, x):
        m = self._mask(x)
        with np.errstate(all="ignore"):
            output = m * x

        def back(dy):
            with np.errstate(all="ignore"):
                return {}, [dy.like(m * dy.mantissa)]

        return Pass(output, back, {"mask": np.broadcast_to(m, x.shape)})

    def forward(self, p, x):
        return self._mask(x) * x

    def _mask(self, x):
        """Of the shape of x, or one of which each step takes the same part; 1 in a test."""
        if self.update is None:
            return np.ones((1,) * x.ndim, x.dtype)
        m = mask(x.shape, self.rate, self.number, self.seeds, self.once, self.update, self.part)
        return m.astype(x.dtype, copy=False)
