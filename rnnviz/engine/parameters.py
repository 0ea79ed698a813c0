"""One network's weights: their names, their layout and the equivalents elsewhere."""

from dataclasses import dataclass, fields

import numpy as np

from ..arguments import checked_array, choice, complaint, finite, misshapen, numbers, several, whole
from ..cells import Cell, find
from ..summary import summary

PYTORCH_ORDER = {"rnn": ("h",), "lstm": ("i", "f", "g", "o"), "gru": ("r", "z", "n")}
WHAT = {"W": "input weights", "U": "recurrent weights", "b": "bias", "b_rec": "bias of the recurrent product"}
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

    def __repr__(self):
        return summary(
            "Parameters",
            [(name, getattr(array, "shape", type(array).__name__), WHAT[name]) for name, array in vars(self).items()],
        )

    @classmethod
    def from_pytorch(cls, cell, weight_ih, weight_hh, bias_ih=None, bias_hh=None):
        """From the tensors of torch.nn.RNNCell, LSTMCell or GRUCell, or of one layer of RNN, LSTM or GRU.

        cell: "rnn" and the other cells of one gate, "lstm" or "gru". weight_ih: (G*H, D). weight_hh: (G*H, H).
        bias_ih, bias_hh: (G*H,); zeros where absent. Arrays, or tensors as they stand in the module. Raises ValueError
        naming the argument, also for "gru_2014": PyTorch's GRU resets after the product with U.
        """
        cell, order = known(cell, PYTORCH_ORDER)
        if cell.multiplied:
            raise ValueError(complaint("cell", "'gru', which resets after the product with U, as PyTorch", cell.name))
        U = numbers("weight_hh", weight_hh)
        columns = _columns("weight_hh", U, order, transposed=True)
        W = numbers("weight_ih", weight_ih)
        if W.ndim != 2 or len(W) != columns or not W.size:
            raise ValueError(misshapen("weight_ih", f"({columns}, D)", W))
        biases = [
            np.zeros(columns) if bias is None else checked_array(name, bias, (columns,))
            for name, bias in (("bias_ih", bias_ih), ("bias_hh", bias_hh))
        ]
        return cls._reordered(cell, order, finite("weight_ih", W).T, finite("weight_hh", U).T, *biases)

    @classmethod
    def from_keras(cls, cell, kernel, recurrent_kernel, bias=None):
        """From layer.get_weights() of a Keras SimpleRNN, LSTM or GRU.

        cell: "rnn" and the other cells of one gate, "lstm", "gru", or "gru_2014" for a GRU with reset_after=False,
        which is another network. kernel: (D, G*H). recurrent_kernel: (H, G*H). bias: (G*H,), for "gru" (2, G*H); zeros
        where absent. Raises ValueError naming the argument.
        """
        cell, order = known(cell, KERAS_ORDER)
        U = numbers("recurrent_kernel", recurrent_kernel)
        columns = _columns("recurrent_kernel", U, order)
        W = numbers("kernel", kernel)
        if W.ndim != 2 or W.shape[1] != columns or not W.size:
            raise ValueError(misshapen("kernel", f"(D, {columns})", W))
        pair = cell.family == "gru" and not cell.multiplied
        shape = (2, columns) if pair else (columns,)
        bias = np.zeros(shape) if bias is None else numbers("bias", bias)
        if cell.family == "gru" and bias.shape == ((columns,) if pair else (2, columns)):
            raise ValueError(
                misshapen(
                    "bias",
                    f"{shape} of a layer with reset_after={pair}",
                    bias,
                    f"one with reset_after={not pair} is another network, the cell {'gru_2014' if pair else 'gru'!r}",
                )
            )
        bias = checked_array("bias", bias, shape)
        b, b_rec = bias if pair else (bias, np.zeros_like(bias))
        return cls._reordered(cell, order, finite("kernel", W), finite("recurrent_kernel", U), b, b_rec)

    @classmethod
    def _reordered(cls, cell, order, *arrays):
        blocks = [order.index(g) for g in cell.gates]
        return cls(*(np.concatenate([np.split(a, len(order), axis=-1)[k] for k in blocks], axis=-1) for a in arrays))

    @classmethod
    def stack(cls, members):
        """Put K networks of one shape side by side, as an ensemble: every array gets K as its first axis.

        members: a sequence of `Parameters`. Raises ValueError where they are none, or differ in a shape.
        """
        members = several("members", members, cls, "a sequence of at least one Parameters")
        arrays = {
            f.name: [numbers(f"members[{k}].{f.name}", getattr(m, f.name)) for k, m in enumerate(members)]
            for f in fields(cls)
        }
        for name, own in arrays.items():
            if len({array.shape for array in own}) > 1:
                shapes = ", ".join(map(str, sorted({array.shape for array in own})))
                raise ValueError(f"The 'members' parameter must be of one shape. Got {name} of {shapes} instead.")
        return cls(**{name: np.stack(own) for name, own in arrays.items()})

    def checked(self, cell, input_size):
        """A copy of these parameters as contiguous float64.

        cell: a `Cell` or its name. input_size: D. Raises ValueError that says which array is wrong and how.
        """
        cell, input_size = _cell(cell), whole("input_size", input_size, 1)
        U = numbers("U", self.U)
        if U.ndim != 2 or not U.size:
            raise ValueError(misshapen("U", "(H, G*H)", U))
        width = len(U)
        columns = len(cell.gates) * width
        shapes = {"W": (input_size, columns), "U": (width, columns), "b": (columns,), "b_rec": (columns,)}
        return Parameters(**{n: checked_array(n, getattr(self, n), s) for n, s in shapes.items()})

    def gate(self, cell, name):
        """U's block for one gate, (K, H, H), or (K, P, H) where h is P wide, a view.

        cell: a `Cell` or its name. name: one of its gates. Raises ValueError for any other.
        """
        cell = _cell(cell)
        width, k = self.U.shape[-1] // len(cell.gates), cell.gates.index(choice("name", name, cell.gates))
        return self.U[..., k * width : (k + 1) * width]


@dataclass(frozen=True, eq=False)
class MoreParameters(Parameters):
    """The parameters of a cell that learns more: learned is name -> array, of the shapes of `Cell.learned`."""

    learned: dict

    def __repr__(self):
        own = dict(vars(self))
        return summary(
            "Parameters",
            [
                (name, array.shape, WHAT.get(name, "learned inside the step"))
                for name, array in (own | own.pop("learned")).items()
            ],
        )


def _cell(cell):
    return cell if isinstance(cell, Cell) else find(cell)


def known(cell, orders):
    """The `Cell`, and the order of its gates elsewhere. Raises ValueError for a cell that is not known there."""
    cell = find(cell)
    order = orders.get(cell.family, ())
    if sorted(order) != sorted(cell.gates):
        others = " or ".join(", ".join(gates) for gates in orders.values())
        raise ValueError(
            f"The 'cell' parameter must be a cell with the gates {', '.join(order) or others}. "
            f"Got {cell.name!r}, whose gates are {', '.join(cell.gates)}, instead."
        )
    return cell, order


def _columns(name, U, order, transposed=False):
    """G*H of the recurrent weights. Raises ValueError for another shape than (H, G*H), or (G*H, H)."""
    gates = "" if len(order) == 1 else f"{len(order)}*"
    columns, width = (U.shape if transposed else U.shape[::-1]) if U.ndim == 2 else (0, 0)
    if not width or columns != len(order) * width:
        raise ValueError(misshapen(name, f"({gates}H, H)" if transposed else f"(H, {gates}H)", U))
    return columns
