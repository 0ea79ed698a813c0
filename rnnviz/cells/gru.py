"""Gated recurrent unit (Cho et al. 2014), in its two forms: the reset gate applied after the recurrent product
(torch.nn.GRUCell, Keras with reset_after=True) or before it, as in the paper.

In both, z = 1 keeps the old state, as PyTorch and Keras have it; the paper's own z means the same.
"""

from .base import Cell, register, sigmoid, tanh


def hidden_state(z, n, h_prev):
    return (1.0 - z) * n + z * h_prev


def candidate(x_n, r, u_n):
    return tanh(x_n + r * u_n)


def reset_state(r, h_prev):
    return r * h_prev


LATEX = {"r": r"\sigma(a_r)", "z": r"\sigma(a_z)", "h": r"(1 - z_t) \odot n_t + z_t \odot h_{t-1}"}

register(
    Cell(
        name="gru",
        title="GRU",
        family="gru",
        gates=("r", "z", "n"),
        states=("h",),
        equations={"r": sigmoid, "z": sigmoid, "n": candidate, "h": hidden_state},
        latex=LATEX | {"n": r"\tanh(x_n + r_t \odot u_n)"},
        kind="reset after product",
        opens=("r", "z"),
        keeps="z",
    )
)
register(
    Cell(
        name="gru_2014",
        title="GRU (2014, reset first)",
        family="gru",
        gates=("r", "z", "n"),
        states=("h",),
        equations={"r": sigmoid, "z": sigmoid, "q": reset_state, "n": tanh, "h": hidden_state},
        latex=LATEX | {"q": r"r_t \odot h_{t-1}", "n": r"\tanh(a_n)"},
        multiplied={"n": "q"},
        kind="reset before product",
        opens=("r", "z"),
        keeps="z",
    )
)
