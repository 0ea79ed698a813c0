"""Drawing the weights of a network."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..cells import find
from .parameters import Parameters

WEIGHTS, RECURRENT, TARGETS, VECTORS = 1, 2, 3, 8
"""Each kind of draw has a stream of its own, so that the same seed gives the same input to every cell."""

GATES = 16
"""More than any cell has."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """A recurrent block at gain 1, (H, H), with its spectral radius and its largest singular value."""

    matrix: np.ndarray
    spectral_radius: float
    largest_singular_value: float


@lru_cache(maxsize=32)
def recurrent_block(init, hidden_size, seed, index):
    """Draw one gate's block of U, at gain 1: Gaussian with standard deviation 1/sqrt(H), orthogonal or identity.

    Orthogonal: the Q of a Gaussian matrix, signs set so that R has a positive diagonal, which makes it uniform over
    rotations and reflections (Mezzadri 2007).
    """
    normal = np.random.default_rng([seed, RECURRENT, index]).standard_normal((hidden_size, hidden_size))
    if init == "identity":
        matrix = np.eye(hidden_size)
    elif init == "orthogonal":
        q, r = np.linalg.qr(normal)
        matrix = q * np.sign(np.diag(r))
    else:
        matrix = normal / np.sqrt(hidden_size)
    matrix.flags.writeable = False
    if init != "gaussian":
        return Drawn(matrix, 1.0, 1.0)
    return Drawn(matrix, float(np.abs(np.linalg.eigvals(matrix)).max()), float(np.linalg.norm(matrix, 2)))


def initialise(config, input_size, width=None, place=0, cell=None):
    """The parameters that a configuration asks for, and gate -> (spectral radius, largest singular value) of U.

    width, cell: where they are not those of the configuration. place: tells the layers of one network apart.
    """
    cell, width = cell or find(config.cell), width or config.hidden_size
    blocks = [recurrent_block(config.init, width, config.seed, k + GATES * place) for k in range(len(cell.gates))]
    draw = np.random.default_rng([config.seed, WEIGHTS, place] if place else [config.seed, WEIGHTS])
    W = draw.standard_normal((len(cell.gates), input_size, width)) * (config.input_scale / np.sqrt(input_size))
    b = np.zeros((len(cell.gates), width))
    for gate, bias in (("f", config.forget_bias), ("z", config.update_bias)):
        if gate in cell.gates:
            b[cell.gates.index(gate)] = bias
    parameters = Parameters(
        W=np.concatenate(list(W), axis=-1),
        U=np.concatenate([config.gain * block.matrix for block in blocks], axis=-1),
        b=b.ravel(),
        b_rec=np.zeros(b.size),
    )
    spectra = {
        g: (config.gain * d.spectral_radius, config.gain * d.largest_singular_value) for g, d in zip(cell.gates, blocks)
    }
    return parameters, spectra


def learned(config, cell, width, outputs, place):
    """Name -> what a cell learns beside W, U and the biases: scales are 1, shifts 0, all else N(0, 1/H)."""
    draw = np.random.default_rng([config.seed, VECTORS, place])
    first = {"scale": np.ones, "shift": np.zeros}
    return {
        name: first[name.split("_")[0]](shape)
        if name.startswith(("scale_", "shift_"))
        else draw.standard_normal(shape) / np.sqrt(width)
        for name, shape in cell.learned(width, outputs).items()
    }


def targets(config, batch, width):
    """Targets drawn uniformly from (-1, 1), (B, W): within reach of every cell but the logistic, same for all."""
    draw = np.random.default_rng([config.seed, TARGETS])
    return draw.uniform(-1.0, 1.0, (batch, width))
