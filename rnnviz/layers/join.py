"""Layers that put sequences together."""

import autograd.numpy as np

from .base import Layer


class Join(Layer):
    """y_t = (a_t, b_t, ...), side by side: the two directions of a layer."""

    def width(self, widths):
        return sum(widths)

    def forward(self, p, *inputs):
        return np.concatenate(inputs, axis=-1)


class Sum(Layer):
    """y_t = a_t + b_t + ...: a layer and the connection that goes past it."""

    def width(self, widths):
        if len(set(widths)) > 1:
            raise ValueError(f"What is added must be equally wide. Got widths {', '.join(map(str, widths))} instead.")
        return widths[0]

    def forward(self, p, *inputs):
        return sum(inputs[1:], inputs[0])
