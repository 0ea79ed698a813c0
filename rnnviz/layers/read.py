"""What a read-out sees of a sequence."""

import autograd.numpy as np

from .base import Layer


class Read(Layer):
    """The last positions of the sequence, the ends of both directions, or the mean over all positions.

    how: a key of `config.READS`. outputs: S, how many of the last positions. both: whether the second half of the units
    is of a layer that ends at the first position. The output is (S, K, B, W), with S = 1 for "ends" and "mean".
    """

    def __init__(self, how, outputs=1, both=False):
        self.how, self.outputs, self.both = how, outputs, both

    def positions(self, steps):
        return self.outputs if self.how == "position" else 1

    def forward(self, p, x):
        if self.how == "mean":
            return np.mean(x, axis=0, keepdims=True)
        if self.how == "ends" and self.both:
            half = x.shape[-1] // 2
            return np.concatenate([x[-1:, ..., :half], x[:1, ..., half:]], axis=-1)
        return x[-1:] if self.how == "ends" else x[-self.outputs :]
