"""One network's weights: their names, their layout and the equivalents elsewhere."""

from dataclasses import dataclass, fields

import numpy as np

from ..cells import find

PYTORCH_ORDER = {"rnn": ("h",), "lstm": ("i", "f", "g", "o"), "gru": ("r", "z", "n")}
KERAS_ORDER = {"rnn": ("h",), "lstm": ("i", "f", "g", "o"), "gru": ("z", "r", "n")}


@dataclass(frozen=True, eq=False)
class Parameters:
    """The parameters of one network, or of an ensemble of K of them with K as the first axis.

    W: (D, G*H) input weights. U: (H, G*H) recurrent weights. b: (G*H,) bias. b_rec: (G*H,) bias added to the
    recurrent product: the same as b but in the GRU, whose reset gate multiplies it. The columns are one block of H
    a gate, in the order of `cell.gates`: g, i, f, o for the LSTM; r, z, n for the GRU; h for the RNN.

    PyTorch: W = weight_ih.T, U = weight_hh.T, b = bias_ih, b_rec = bias_hh, blocks in the order i, f, g, o or r, z, n.
    Keras: W = kernel, U = recurrent_kernel, b = bias, blocks i, f, c, o or z, r, h; for a GRU with reset_after=True,
    bias is the pair (b, b_rec). `from_pytorch` and `from_keras` put the blocks in order.
    """

    W: np.ndarray
    U: np.ndarray
    b: np.ndarray
    b_rec: np.ndarray

    @classmethod
    def from_pytorch(cls, cell, weight_ih, weight_hh, bias_ih=None, bias_hh=None):
        """From the tensors of torch.nn.RNNCell, LSTMCell or GRUCell, or of one layer of RNN, LSTM or GRU, as arrays."""
        weight_ih, weight_hh = np.asarray(weight_ih, float), np.asarray(weight_hh, float)
        zero = np.zeros(len(weight_ih))
        biases = [zero if bias is None else np.asarray(bias, float) for bias in (bias_ih, bias_hh)]
        return cls._reordered(cell, PYTORCH_ORDER, weight_ih.T, weight_hh.T, *biases)

    @classmethod
    def from_keras(cls, cell, kernel, recurrent_kernel, bias=None):
        """From layer.get_weights() of a Keras SimpleRNN, LSTM or GRU; a GRU with reset_after=False is a "gru_2014"."""
        kernel = np.asarray(kernel, float)
        bias = np.zeros(kernel.shape[-1]) if bias is None else np.asarray(bias, float)
        b, b_rec = bias if bias.ndim == 2 else (bias, np.zeros_like(bias))
        return cls._reordered(cell, KERAS_ORDER, kernel, np.asarray(recurrent_kernel, float), b, b_rec)

    @classmethod
    def _reordered(cls, cell, orders, *arrays):
        cell = find(cell)
        order = orders[cell.family]
        if sorted(order) != sorted(cell.gates):
            raise ValueError(
                f"The 'cell' parameter must be a cell with the gates {', '.join(order)}. "
                f"Got {cell.name!r}, whose gates are {', '.join(cell.gates)}, instead."
            )
        for field, array in zip(fields(cls), arrays):
            if array.ndim < 1 or array.shape[-1] % len(order):
                raise ValueError(f"The {field.name!r} parameter must have {len(order)} blocks of columns. "
                                 f"Got the shape {array.shape} instead.")
        blocks = [order.index(g) for g in cell.gates]
        return cls(*(np.concatenate([np.split(a, len(order), axis=-1)[k] for k in blocks], axis=-1) for a in arrays))

    @classmethod
    def stack(cls, members):
        """Put K networks of one shape side by side, as an ensemble."""
        return cls(*(np.stack([getattr(m, f.name) for m in members]) for f in fields(cls)))

    def checked(self, cell, input_size):
        """These parameters as contiguous float64, or a ValueError that says which array is wrong and how."""
        U = numbers("U", self.U)
        if U.ndim != 2:
            raise ValueError(f"The 'U' parameter must have the shape (H, G*H). Got {U.shape} instead.")
        width = len(U)
        columns = len(cell.gates) * width
        shapes = {"W": (input_size, columns), "U": (width, columns), "b": (columns,), "b_rec": (columns,)}
        return Parameters(**{n: checked_array(n, getattr(self, n), s) for n, s in shapes.items()})

    def gate(self, cell, name):
        """U's block for one gate, (K, H, H)."""
        width, k = self.U.shape[-2], cell.gates.index(name)
        return self.U[..., k * width : (k + 1) * width]


def numbers(name, value):
    """The value as an array of real numbers, or a ValueError."""
    try:
        array = np.asarray(value)
        if array.dtype.kind in "biufO":
            return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError(f"The {name!r} parameter must be an array of numbers. Got {type(value).__name__} instead.")


def checked_array(name, value, shape):
    """The array as contiguous float64 of that shape. Raises ValueError for another shape, a text, NaN or infinity."""
    array = numbers(name, value)
    if array.shape != tuple(shape):
        raise ValueError(f"The {name!r} parameter must have the shape {tuple(shape)}. Got {array.shape} instead.")
    finite = np.isfinite(array)
    if not finite.all():
        where = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(f"The {name!r} parameter must be finite. Got {array[where]} at {where} instead.")
    return np.ascontiguousarray(array)
