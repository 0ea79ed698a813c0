"""An affine map at every step."""

import autograd.numpy as np

from ..engine.network import READOUT
from .base import Layer


class Linear(Layer):
    """y_t = x_t V + b_y. outputs: how wide y is."""

    def __init__(self, outputs):
        self.outputs = outputs

    def width(self, widths):
        return self.outputs

    def shapes(self, widths):
        return {"V": (widths[0], self.outputs), "b_y": (self.outputs,)}

    def draw(self, config, widths, place):
        V = np.random.default_rng([config.seed, READOUT, place]).standard_normal((widths[0], self.outputs))
        return {"V": V / np.sqrt(widths[0]), "b_y": np.zeros(self.outputs)}

    def forward(self, p, x):
        return np.matmul(x, p["V"]) + p["b_y"][..., None, :]
