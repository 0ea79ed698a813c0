"""Weights in a file: a NumPy archive (.npz) of plain arrays, no pickles."""

import io
import zipfile
import zlib
from dataclasses import asdict

import numpy as np

from ..arguments import checked_array, numbers
from .network import LAYER, Weights

NAMES = (*LAYER, "V", "b_y")
LARGEST = 64 * 2**20
"""Bytes that the arrays of a file may take once unpacked."""


def write_weights(weights, config):
    """The weights of K networks, and the `TrainConfig` as text under "config", as the bytes of an .npz file."""
    file = io.BytesIO()
    settings = "; ".join(f"{name}={value!r}" for name, value in asdict(config).items())
    np.savez_compressed(file, **weights.arrays, config=np.array(settings))
    return file.getvalue()


def read_weights(raw):
    """The `Weights` of the bytes of such a file, as float64.

    Raises ValueError for anything else: no archive, an array missing, of the wrong shape or kind, not finite, or too
    large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > LARGEST:
            raise ValueError(f"The file must unpack to at most {LARGEST // 2**20} MB. Got {size // 2**20} MB instead.")
        with np.load(io.BytesIO(raw), allow_pickle=False) as file:
            missing = [name for name in NAMES if name not in file]
            if missing:
                raise ValueError(f"The file must hold the arrays {', '.join(NAMES)}. It lacks {', '.join(missing)}.")
            try:
                arrays = {name: file[name] for name in NAMES}
            except ValueError as error:
                raise ValueError(f"The file must hold plain arrays of numbers. {error}.") from None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, KeyError, NotImplementedError):
        raise ValueError("The file must be a NumPy archive (.npz) of weights, as this page writes it.") from None
    arrays = {name: numbers(name, array) for name, array in arrays.items()}
    U = arrays["U"]
    if U.ndim != 3:
        raise ValueError(f"The 'U' array must have the shape (K, H, G*H). Got {U.shape} instead.")
    networks, hidden, columns = U.shape
    inputs, outputs = (arrays[n].shape[axis] if arrays[n].ndim == 3 else 0 for n, axis in (("W", 1), ("V", 2)))
    shapes = {
        "W": (networks, inputs, columns),
        "U": U.shape,
        "b": (networks, columns),
        "b_rec": (networks, columns),
        "V": (networks, hidden, outputs),
        "b_y": (networks, outputs),
    }
    return Weights.of({name: checked_array(name, arrays[name], shape) for name, shape in shapes.items()})
