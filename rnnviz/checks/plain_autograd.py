"""The nine cells unrolled operation by operation in ``autograd.numpy`` (plain HIPS autograd).

``taps`` are arrays of zeros added to the states: the gradient of a loss with respect to
``taps["h"]`` is the total dL/dh_t of every step, and likewise for ``taps["c"]`` in an LSTM.
"""

import autograd.numpy as np

GATES = {"lstm": "gifo", "lstm_1997": "gio", "lstm_coupled": "gfo", "gru": "rzn", "gru_2014": "rzn"}


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


PHI = {
    "rnn": np.tanh,
    "rnn_relu": lambda a: np.where(a > 0.0, a, 0.0),
    "rnn_logistic": sigmoid,
    "rnn_identity": lambda a: a,
}


def unroll_plain(cell, params, x, taps, h0, c0):
    """Return (h, c), each (T, B, H); c is None for a cell without a cell state.

    ``taps`` is a dict {"h": (T, B, H)}, for LSTMs {"h": ..., "c": ...}.
    """
    names = GATES.get(cell, "h")
    H = params["U"].shape[0]
    columns = {name: slice(k * H, (k + 1) * H) for k, name in enumerate(names)}
    W, U, b, b_rec = ({k: params[p][..., s] for k, s in columns.items()} for p in ("W", "U", "b", "b_rec"))

    h, c, hs, cs = h0, c0, [], []
    for t in range(x.shape[0]):
        xs = {k: np.dot(x[t], W[k]) + b[k] for k in names}
        if cell == "gru_2014":
            us = {k: np.dot(h, U[k]) + b_rec[k] for k in "rz"}
        else:
            us = {k: np.dot(h, U[k]) + b_rec[k] for k in names}

        if cell in PHI:
            h = PHI[cell](xs["h"] + us["h"])
        elif cell.startswith("lstm"):
            g = np.tanh(xs["g"] + us["g"])
            o = sigmoid(xs["o"] + us["o"])
            if cell == "lstm":
                c = sigmoid(xs["f"] + us["f"]) * c + sigmoid(xs["i"] + us["i"]) * g
            elif cell == "lstm_1997":
                c = c + sigmoid(xs["i"] + us["i"]) * g
            else:
                f = sigmoid(xs["f"] + us["f"])
                c = f * c + (1.0 - f) * g
            c = c + taps["c"][t]
            cs.append(c)
            h = o * np.tanh(c)
        else:
            r, z = sigmoid(xs["r"] + us["r"]), sigmoid(xs["z"] + us["z"])
            if cell == "gru":
                n = np.tanh(xs["n"] + r * us["n"])
            else:
                n = np.tanh(xs["n"] + np.dot(r * h, U["n"]) + b_rec["n"])
            h = (1.0 - z) * n + z * h
        h = h + taps["h"][t]
        hs.append(h)
    return np.stack(hs), np.stack(cs) if cs else None
