"""Hand-written NumPy back-propagation through time for the nine recurrent cells.

Two uses: the reference the tests compare with, and the "hand-written NumPy" peer of the speed
benchmark.  It imports nothing of the package.  Each family has one function, with the recurrence
in two loops over time; everything that does not depend on the recurrence is done for all steps at
once (input product and local derivatives before a loop, parameter gradients after it).

States are kept in arrays of T+1 steps: index 0 is the initial state, index t+1 the state after
step t.  Their gradients are kept the same way, so ``dh[0]`` ends up being dL/dh0.
"""

import numpy as np

GATES = {cell: ("h",) for cell in ("rnn", "rnn_relu", "rnn_logistic", "rnn_identity")} | {
    "lstm": ("g", "i", "f", "o"),
    "lstm_1997": ("g", "i", "o"),
    "lstm_coupled": ("g", "f", "o"),
    "gru": ("r", "z", "n"),
    "gru_2014": ("r", "z", "n"),
}


def bptt(cell, params, x, dy, h0=None, c0=None):
    """Run ``cell`` over x (T, B, D) and back-propagate dy (T, B, H), the direct dL/dh_t.

    ``params`` holds W (D, G*H), U (H, G*H), b (G*H,), b_rec (G*H,), gate blocks ordered as in
    ``GATES``.  Returns a dict: "h", for LSTMs "c", each gate by its name, the total gradients "dh"
    and "dc" (the latter including the path through h of the same step), "dW", "dU", "db",
    "db_rec", "dx", "dh0" and "dc0".
    """
    family = _gru if cell.startswith("gru") else _lstm if cell.startswith("lstm") else _rnn
    with np.errstate(over="ignore"):  # exp(-a) = inf in a sigmoid is the right limit, 0
        return family(cell, params, x, dy, h0, c0)


def _sigmoid(a, out):
    np.negative(a, out=out)
    np.exp(out, out=out)
    out += 1.0
    np.reciprocal(out, out=out)


def _with_initial(T, B, H, initial):
    """Uninitialised states of T+1 steps, of which the first is ``initial`` (zero if None)."""
    states = np.empty((T + 1, B, H))
    states[0] = 0.0 if initial is None else initial
    return states


def _with_final(dy):
    """Gradients of T+1 states: zero for the initial state, dy for the others."""
    return np.concatenate((np.zeros_like(dy[:1]), dy))


def _input_product(x, W, bias):
    T, B, D = x.shape
    product = x.reshape(T * B, D) @ W
    product += bias
    return product.reshape(T, B, -1)


def _input_gradients(x, W, da):
    """dW, db and dx from da (T, B, G*H), the gradient of the input product."""
    flat = da.reshape(-1, W.shape[1])
    dx = (flat @ W.T).reshape(x.shape)
    return {"dW": x.reshape(-1, x.shape[2]).T @ flat, "db": flat.sum(axis=0), "dx": dx}


def _recurrent_product(h_prev, da):
    """dU = sum over steps and batch of h_prev^T da."""
    return h_prev.reshape(-1, h_prev.shape[2]).T @ da.reshape(-1, da.shape[2])


_PHI = {
    "rnn": np.tanh,
    "rnn_relu": lambda a, out: np.maximum(a, 0.0, out=out),
    "rnn_logistic": _sigmoid,
    "rnn_identity": lambda a, out: np.copyto(out, a),
}
_PHI_SLOPE = {  # as a function of the output h
    "rnn": lambda h: 1.0 - h * h,
    "rnn_relu": lambda h: (h > 0.0).astype(h.dtype),
    "rnn_logistic": lambda h: h * (1.0 - h),
    "rnn_identity": np.ones_like,
}


def _rnn(cell, params, x, dy, h0, c0):
    W, U = params["W"], params["U"]
    T, B, H = dy.shape
    phi = _PHI[cell]
    buf = np.empty((B, H))

    a = _input_product(x, W, params["b"] + params["b_rec"])
    h = _with_initial(T, B, H, h0)
    for t in range(T):
        np.dot(h[t], U, out=buf)
        buf += a[t]
        phi(buf, out=h[t + 1])

    slope = _PHI_SLOPE[cell](h[1:])
    UT = np.ascontiguousarray(U.T)
    dh, da = _with_final(dy), np.empty((T, B, H))
    for t in reversed(range(T)):
        da_t = np.multiply(dh[t + 1], slope[t], out=da[t])
        np.dot(da_t, UT, out=buf)
        np.add(dh[t], buf, out=dh[t])

    out = {"h": h[1:], "dh": dh[1:], "dh0": dh[0], "dU": _recurrent_product(h[:-1], da)}
    out |= _input_gradients(x, W, da)
    return out | {"db_rec": out["db"].copy()}


def _lstm(cell, params, x, dy, h0, c0):
    """Every variant has g first (tanh), then the sigmoid gates, of which o last."""
    W, U = params["W"], params["U"]
    T, B, H = dy.shape
    names = GATES[cell]
    G = len(names)

    act = _input_product(x, W, params["b"] + params["b_rec"])  # becomes the gates, step by step
    gates = {name: act[:, :, k * H : (k + 1) * H] for k, name in enumerate(names)}
    g, o = gates["g"], gates["o"]
    sigmoids = act[:, :, H:]
    coupled = "i" not in gates
    i = np.empty((T, B, H)) if coupled else gates["i"]
    has_f = "f" in gates
    f = gates.get("f")

    h, c = _with_initial(T, B, H, h0), _with_initial(T, B, H, c0)
    tanh_c = np.empty((T, B, H))
    buf, wide = np.empty((B, H)), np.empty((B, G * H))
    for t in range(T):
        np.dot(h[t], U, out=wide)
        wide += act[t]
        g_t = np.tanh(wide[:, :H], out=g[t])
        _sigmoid(wide[:, H:], out=sigmoids[t])
        if coupled:
            np.subtract(1.0, f[t], out=i[t])
        c_t = np.multiply(i[t], g_t, out=c[t + 1])
        if has_f:
            c_t += np.multiply(f[t], c[t], out=buf)
        else:
            c_t += c[t]
        np.tanh(c_t, out=tanh_c[t])
        np.multiply(o[t], tanh_c[t], out=h[t + 1])

    # Local derivatives: of c_t (of h_t for the last gate, o) by each pre-activation.  The loop
    # multiplies them in place by dL/dc_t (dL/dh_t), which makes them dL/da_t.
    da = np.empty((T, B, G, H))
    da[:, :, 0] = i * (1.0 - g * g)
    if not coupled:
        da[:, :, 1] = g * i * (1.0 - i)
    if has_f:
        da[:, :, -2] = (c[:-1] - g if coupled else c[:-1]) * f * (1.0 - f)
    da[:, :, -1] = tanh_c * o * (1.0 - o)
    h_by_c = np.square(tanh_c, out=tanh_c)  # o * (1 - tanh(c)**2), in place of tanh(c)
    np.subtract(1.0, h_by_c, out=h_by_c)
    h_by_c *= o

    UT = np.ascontiguousarray(U.T)
    dh, dc = _with_final(dy), np.zeros((T + 1, B, H))
    da_flat, da_c, da_o = da.reshape(T, B, G * H), da[:, :, :-1], da[:, :, -1]
    for t in reversed(range(T)):
        dh_t, dc_t = dh[t + 1], dc[t + 1]
        dc_t += np.multiply(dh_t, h_by_c[t], out=buf)
        np.multiply(da_c[t], dc_t[:, None], out=da_c[t])
        np.multiply(da_o[t], dh_t, out=da_o[t])
        np.multiply(dc_t, f[t] if has_f else 1.0, out=dc[t])
        np.dot(da_flat[t], UT, out=buf)
        np.add(dh[t], buf, out=dh[t])

    out = {"h": h[1:], "c": c[1:], **gates, "dh": dh[1:], "dc": dc[1:], "dh0": dh[0], "dc0": dc[0]}
    out |= _input_gradients(x, W, da_flat)
    return out | {"dU": _recurrent_product(h[:-1], da_flat), "db_rec": out["db"].copy()}


def _gru(cell, params, x, dy, h0, c0):
    W, U, b_rec = params["W"], params["U"], params["b_rec"]
    T, B, H = dy.shape
    reset_after = cell == "gru"  # r multiplies u_n after the product, else h before it
    direct = 3 * H if reset_after else 2 * H  # columns of U that multiply h itself
    U_h, U_n = np.ascontiguousarray(U[:, :direct]), np.ascontiguousarray(U[:, 2 * H :])
    b_n = b_rec[2 * H :]
    bias = params["b"] + b_rec
    if reset_after:  # b_n is part of u_n, inside r * u_n
        bias[2 * H :] = params["b"][2 * H :]

    act = _input_product(x, W, bias)  # becomes the gates, step by step
    r, z, n = (act[:, :, k * H : (k + 1) * H] for k in range(3))
    rz = act[:, :, : 2 * H]
    h = _with_initial(T, B, H, h0)
    inner = np.empty((T, B, H))  # u_n (gru), r * h_prev (gru_2014)
    buf, carry, u = np.empty((B, H)), np.empty((B, H)), np.empty((B, direct))
    for t in range(T):
        np.dot(h[t], U_h, out=u)
        rz_t, n_t = rz[t], n[t]
        rz_t += u[:, : 2 * H]
        _sigmoid(rz_t, out=rz_t)
        if reset_after:
            inner_t = np.add(u[:, 2 * H :], b_n, out=inner[t])
            n_t += np.multiply(r[t], inner_t, out=buf)
        else:
            inner_t = np.multiply(r[t], h[t], out=inner[t])
            n_t += np.dot(inner_t, U_n, out=buf)
        np.tanh(n_t, out=n_t)
        np.subtract(h[t], n_t, out=buf)
        buf *= z[t]
        np.add(n_t, buf, out=h[t + 1])

    # Local derivatives of h_t by u_t (gru_2014: for r, those of r * h_prev), which the loop makes
    # dL/du_t in place.
    n_slope, r_slope = (1.0 - z) * (1.0 - n * n), r * (1.0 - r)
    du = np.empty((T, B, 3, H))
    du[:, :, 0] = n_slope * inner * r_slope if reset_after else h[:-1] * r_slope
    du[:, :, 1] = (h[:-1] - n) * z * (1.0 - z)
    du[:, :, 2] = n_slope * r if reset_after else n_slope
    du_flat = du.reshape(T, B, 3 * H)
    du_h, du_n = du_flat[:, :, :direct], du_flat[:, :, 2 * H :]
    du_r, du_zn = du[:, :, 0], du[:, :, 1:]

    UT_h, UT_n = np.ascontiguousarray(U_h.T), np.ascontiguousarray(U_n.T)
    dh = _with_final(dy)
    for t in reversed(range(T)):
        dh_t = dh[t + 1]
        np.multiply(dh_t, z[t], out=carry)
        if reset_after:
            np.multiply(du[t], dh_t[:, None], out=du[t])
        else:
            np.multiply(du_zn[t], dh_t[:, None], out=du_zn[t])
            np.dot(du_n[t], UT_n, out=buf)  # dL/d(r * h_prev)
            np.multiply(du_r[t], buf, out=du_r[t])
            buf *= r[t]
            carry += buf
        np.dot(du_h[t], UT_h, out=buf)
        buf += carry
        np.add(dh[t], buf, out=dh[t])

    out = {"h": h[1:], "r": r, "z": z, "n": n, "dh": dh[1:], "dh0": dh[0]}
    out["db_rec"] = du_flat.sum(axis=(0, 1))
    dU = _recurrent_product(h[:-1], du_h)
    if reset_after:
        np.multiply(dh[1:], n_slope, out=du_n)  # from du to da: the gradient of x_n is without r
    else:
        dU = np.hstack((dU, _recurrent_product(inner, du_n)))
    return out | {"dU": dU} | _input_gradients(x, W, du_flat)
