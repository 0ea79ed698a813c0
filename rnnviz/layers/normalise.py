"""Layer normalisation (Ba, Kiros and Hinton 2016) between layers, as torch.nn.LayerNorm."""

import autograd.numpy as np

from .base import Layer

EPSILON = 1e-5
"""Added to the variance."""


class Normalise(Layer):
    """y_t = scale (x_t - mean) / sqrt(variance + 1e-5) + shift, mean and variance being over the units of one step."""

    def shapes(self, widths):
        return {"scale": (widths[0],), "shift": (widths[0],)}

    def draw(self, config, widths, place):
        return {"scale": np.ones(widths[0]), "shift": np.zeros(widths[0])}

    def forward(self, p, x):
        centred = x - np.mean(x, axis=-1, keepdims=True)
        variance = np.mean(centred**2, axis=-1, keepdims=True)
        return p["scale"][..., None, :] * centred / np.sqrt(variance + EPSILON) + p["shift"][..., None, :]
