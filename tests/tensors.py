"""A tensor of a framework that need not be installed."""

import numpy as np


class Tensor:
    """What a tensor that requires a gradient is to NumPy: it must be detached first."""

    def __init__(self, array, steps=("detach", "cpu", "numpy")):
        self.array, self.steps = np.asarray(array), steps

    def __array__(self, *_, **__):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")

    def _after(self, step):
        assert self.steps[0] == step, "in the order in which torch allows it"
        return Tensor(self.array, self.steps[1:])

    def detach(self):
        return self._after("detach")

    def cpu(self):
        return self._after("cpu")

    def numpy(self):
        assert self.steps == ("numpy",)
        return self.array
