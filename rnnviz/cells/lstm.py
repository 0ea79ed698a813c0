"""Long short-term memory: with a forget gate (Gers, Schmidhuber, Cummins 2000; torch.nn.LSTMCell), without one
(Hochreiter and Schmidhuber 1997) and with input and forget gate coupled as i = 1 - f (Greff et al. 2017).

The candidate's block comes first, so that the gates, which share one activation, lie side by side.
"""

from .base import Cell, register, sigmoid, tanh


def hidden_state(o, c):
    return o * tanh(c)


def cell_state(f, c_prev, i, g):
    return f * c_prev + i * g


def cell_state_1997(c_prev, i, g):
    return c_prev + i * g


def cell_state_coupled(f, c_prev, g):
    return f * c_prev + (1.0 - f) * g


LATEX = {
    "g": r"\tanh(a_g)",
    "i": r"\sigma(a_i)",
    "f": r"\sigma(a_f)",
    "o": r"\sigma(a_o)",
    "h": r"o_t \odot \tanh(c_t)",
}

register(
    Cell(
        name="lstm",
        title="LSTM",
        family="lstm",
        gates=("g", "i", "f", "o"),
        states=("h", "c"),
        equations={"g": tanh, "i": sigmoid, "f": sigmoid, "o": sigmoid, "c": cell_state, "h": hidden_state},
        latex=LATEX | {"c": r"f_t \odot c_{t-1} + i_t \odot g_t"},
        kind="forget gate",
        opens=("i", "f", "o"),
        keeps="f",
    )
)
register(
    Cell(
        name="lstm_1997",
        title="LSTM (1997, no forget gate)",
        family="lstm",
        gates=("g", "i", "o"),
        states=("h", "c"),
        equations={"g": tanh, "i": sigmoid, "o": sigmoid, "c": cell_state_1997, "h": hidden_state},
        latex=LATEX | {"c": r"c_{t-1} + i_t \odot g_t"},
        kind="no forget gate (1997)",
        opens=("i", "o"),
    )
)
register(
    Cell(
        name="lstm_coupled",
        title="LSTM (coupled gates)",
        family="lstm",
        gates=("g", "f", "o"),
        states=("h", "c"),
        equations={"g": tanh, "f": sigmoid, "o": sigmoid, "c": cell_state_coupled, "h": hidden_state},
        latex=LATEX | {"c": r"f_t \odot c_{t-1} + (1 - f_t) \odot g_t"},
        kind="coupled gates",
        opens=("f", "o"),
        keeps="f",
    )
)
