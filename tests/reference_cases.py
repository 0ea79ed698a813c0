"""Load the frozen PyTorch results (tests/reference/pytorch.npz), converted to the package's layout."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

PATH = Path(__file__).with_name("reference") / "pytorch.npz"

# Gate order of the torch.nn cells -> of the package.
TORCH_GATES = {"rnn": "h", "rnn_relu": "h", "lstm": "ifgo", "gru": "rzn"}
OUR_GATES = {"rnn": "h", "rnn_relu": "h", "lstm": "gifo", "gru": "rzn"}
TORCH_NAMES = {"weight_ih": "W", "weight_hh": "U", "bias_ih": "b", "bias_hh": "b_rec"}


@dataclass(frozen=True)
class Case:
    name: str
    cell: str
    gain: float  # of the recurrent weights
    last_only: bool  # dy is zero except at the last step
    vanishing: bool  # dh falls to about 1e-20 and below
    params: dict  # W, U, b, b_rec
    x: np.ndarray
    dy: np.ndarray
    h0: np.ndarray
    c0: np.ndarray | None
    expected: dict  # h (c), gates by name, dh (dc), dW, dU, db, db_rec, dx, dh0 (dc0)
    torch: dict  # the fields as stored, in torch's own layout

    def __repr__(self):
        return f"Case({self.name})"


def from_torch(cell, array):
    """A torch.nn weight (G*H, n) or bias (G*H,), or a gradient of it, in the package's layout.

    Transposed to (n, G*H), with the blocks of H columns permuted from torch's gate order to ours.
    """
    torch_order, our_order = TORCH_GATES[cell], OUR_GATES[cell]
    blocks = dict(zip(torch_order, np.split(array.T, len(torch_order), axis=-1), strict=True))
    return np.concatenate([blocks[gate] for gate in our_order], axis=-1)


def _case(name, fields):
    cell = str(fields["cell"])
    params, expected = {}, {}
    for torch_name, ours in TORCH_NAMES.items():
        if cell in TORCH_GATES:
            params[ours] = from_torch(cell, fields[torch_name])
            expected[f"d{ours}"] = from_torch(cell, fields[f"grad_{torch_name}"])
        else:
            params[ours] = np.ascontiguousarray(fields[ours])
            expected[f"d{ours}"] = fields[f"grad_{ours}"]
    expected |= {k: fields[k] for k in ("h", "c", "dh", "dc", "dx", "dh0", "dc0") if k in fields}
    expected |= {k.removeprefix("gate_"): v for k, v in fields.items() if k.startswith("gate_")}
    return Case(
        name=name,
        cell=cell,
        gain=float(fields["gain"]),
        last_only=bool(fields["last_only"]),
        vanishing=bool(fields["vanishing"]),
        params=params,
        x=fields["x"],
        dy=fields["dy"],
        h0=fields["h0"],
        c0=fields.get("c0"),
        expected=expected,
        torch=fields,
    )


@cache
def _read():
    cases = {}
    with np.load(PATH) as stored:
        version = str(stored["torch_version"])
        for key in stored.files:
            if "/" in key:
                name, field = key.split("/")
                array = stored[key]
                array.flags.writeable = False  # shared by all tests
                cases.setdefault(name, {})[field] = array
    return version, tuple(_case(name, fields) for name, fields in cases.items())


def torch_version():
    return _read()[0]


def load(*cells):
    """All cases as a list, or those of the given cells."""
    return [case for case in _read()[1] if not cells or case.cell in cells]
