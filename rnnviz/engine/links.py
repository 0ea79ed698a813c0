"""What mixes the units inside a step, beside the products: layer normalisation, with its own pull-back.

Everything else in a step works unit by unit and is autograd's, see `adjoint`.
"""

import numpy as np

EPSILON = 1e-5
"""Added to the variance."""


def normalise(v, shift, scale, hat, inv, out):
    """out = scale (v - mean) / sqrt(variance + 1e-5) + shift over the last axis.

    hat (..., n), inv (..., 1): are filled with x^, what is scaled, and one over the root. out may be v.
    """
    np.subtract(v, v.mean(axis=-1, keepdims=True), out=hat)
    np.divide(1.0, np.sqrt(np.einsum("...i,...i->...", hat, hat)[..., None] / v.shape[-1] + EPSILON), out=inv)
    np.multiply(hat, inv, out=hat)
    np.multiply(hat, scale, out=out)
    np.add(out, shift, out=out)


def normalise_back(dy, scale, hat, inv, out):
    """dL/dv from dL/dout: inv (d - mean d - x^ mean(x^ d)) with d = scale dL/dout. out may be dy."""
    d = dy * scale
    along = np.einsum("...i,...i->...", d, hat)[..., None] / d.shape[-1]
    np.subtract(d, d.mean(axis=-1, keepdims=True), out=out)
    np.subtract(out, along * hat, out=out)
    np.multiply(out, inv, out=out)
