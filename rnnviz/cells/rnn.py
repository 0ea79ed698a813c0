"""The vanilla recurrent network (Elman 1990): h_t = phi(x_t W + h_{t-1} U + b), as torch.nn.RNNCell."""

from .base import Cell, identity, register, relu, sigmoid, tanh

for name, title, kind, phi, latex, max_slope in (
    ("rnn", "RNN", "tanh", tanh, r"\tanh(a_h)", 1.0),
    ("rnn_relu", "RNN (ReLU)", "relu", relu, r"\max(0, a_h)", 1.0),
    ("rnn_logistic", "RNN (logistic)", "logistic", sigmoid, r"\sigma(a_h)", 0.25),
    ("rnn_identity", "RNN (linear)", "identity", identity, r"a_h", 1.0),
):
    register(
        Cell(
            name=name,
            title=title,
            family="rnn",
            gates=("h",),
            states=("h",),
            equations={"h": phi},
            latex={"h": latex},
            max_slope=max_slope,
            kind=kind,
        )
    )
