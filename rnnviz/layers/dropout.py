"""Dropout on the way from one layer to the next."""

import numpy as np

from .base import Layer

MASKS = 7
"""The stream of random numbers that masks are drawn from; the others are in `rnnviz.engine`."""


def mask(shape, rate, draw, seeds, once=False):
    """An inverted mask m / (1 - rate), its elements 0 with probability rate: (T, K, B, W), or (1, K, B, W) if `once`.

    shape: (T, K, B, W), K being absent where there is no ensemble. draw: a number of its own for every mask of a
    network. seeds: one a network.
    """
    steps, *_, batch, width = shape
    own = (1 if once else steps, batch, width)
    masks = [np.random.default_rng([seed, MASKS, draw]).random(own) >= rate for seed in seeds]
    whole = np.stack(masks, axis=1) if len(shape) == 4 else masks[0]
    return whole / (1.0 - rate)


class Dropout(Layer):
    """y_t = m_t x_t: fresh at every step (Zaremba 2014, PyTorch) or one mask for the sequence (Gal 2016, Keras).

    rate: the probability of 0; what is left is divided by 1 - rate. once: one mask for all steps. draw: tells the masks
    of one network apart. seeds: one a network.
    """

    def __init__(self, rate, once=False, draw=0, seeds=(0,)):
        self.rate, self.once, self.draw, self.seeds = rate, once, draw, seeds

    def run(self, p, x):
        m = mask(x.shape, self.rate, self.draw, self.seeds, self.once)
        passed = super().run({"mask": m}, x)
        pull_back = passed.pull_back
        passed.pull_back = lambda dy: ({}, pull_back(dy)[1])
        passed.signals["mask"] = np.broadcast_to(m, x.shape)
        return passed

    def forward(self, p, x):
        return p["mask"] * x
