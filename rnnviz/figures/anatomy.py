"""Why a gradient vanishes: singular values, eigenvalues, paths, the phase diagram, influence and number formats."""

import numpy as np

from ..formats import FORMATS
from .flow import WINDOWS, powers_axis
from .theme import FAMILY_COLOURS, GREY, figure

BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
FORMAT_LOOKS = {"float16": (ORANGE, "dot"), "bfloat16": ("#CC79A7", "dash"), "float32": (GREEN, "dashdot")}
HEIGHT = 430


def singular_values(steps, logs, length, window):
    """Singular values of dh_T/dh_t over t: all of them thin, the largest, the median and the smallest thick.

    steps: (N,) from 1. logs: (N, H) log10, largest first, NaN where float64 cannot tell. window: a key of `WINDOWS`.
    """
    # One trace for all thin lines, with gaps between them: sixty traces are too slow to follow a finger.
    others = logs[:, 1:-1].T
    x = np.tile([*steps, np.nan], len(others))
    traces = [_line(x, np.pad(others, ((0, 0), (0, 1)), constant_values=np.nan).ravel(), "other", GREY, "solid", 0.6)
              | {"showlegend": False, "hoverinfo": "skip", "opacity": 0.6}]
    middle = logs.shape[1] // 2
    for k, name, colour, dash in ((0, "largest", ORANGE, "solid"), (middle, "median", GREEN, "dashdot"),
                                  (logs.shape[1] - 1, "smallest", BLUE, "dash")):
        traces.append(_line(steps, logs[:, k], name, colour, dash, 3))
    return figure(traces, "What the steps from t to T do together: singular values", height=HEIGHT,
                  xaxis=_time(length), yaxis=powers_axis(window, "singular value (log scale)"))


def eigenvalues(values, step, others=()):
    """Eigenvalues of one step's Jacobian in the complex plane, with the unit circle; those of other steps are faint.

    values: (n,) complex. others: (M,) complex.
    """
    angle = np.linspace(0, 2 * np.pi, 181)
    traces = [{"type": "scatter", "mode": "lines", "x": np.cos(angle), "y": np.sin(angle), "name": "unit circle",
               "line": {"color": GREY, "width": 2}, "hoverinfo": "skip"}]
    others = np.asarray(others)
    size = _round_up(np.abs(np.concatenate([values, others])).max(initial=0.0), 2.2)
    if others.size:
        traces.append(_dots(others, "other steps", GREY, 3) | {"hoverinfo": "skip", "opacity": 0.35})
    traces.append(_dots(values, f"step {step}", ORANGE, 8))
    return figure(traces, f"Eigenvalues of the Jacobian of step {step}", height=HEIGHT, hovermode="closest",
                  xaxis=dict(title="real part", range=[-size, size]),
                  yaxis=dict(title="imaginary part", range=[-0.75 * size, 0.75 * size], scaleanchor="x"))


def exponents(values):
    """Lyapunov exponents, largest first: above 0 a direction grows, below it shrinks."""
    order = np.arange(1, len(values) + 1)
    known = np.isfinite(values)
    ends = values[known]
    low, high = -_round_up(-ends.min(initial=0.0), 3.0), _round_up(ends.max(initial=0.0), 1.0)
    # Each bar by its four corners, all of a colour as one outline: bars drawn one by one are too slow to drag.
    x = np.stack([order - 0.4, order - 0.4, order + 0.4, order + 0.4], axis=1)
    zero = np.zeros_like(values)
    y = np.stack([zero, values, values, zero], axis=1)
    bars = [{"type": "scatter", "mode": "lines", "x": x[own].ravel(), "y": y[own].ravel(), "name": name,
             "line": {"width": 0}, "fill": "tozeroy", "fillcolor": colour, "customdata": np.repeat(values[own], 4),
             "hovertemplate": "%{customdata:.4f} a step<extra></extra>"}
            for own, name, colour in ((values > 0, "grows", ORANGE), (known & (values <= 0), "shrinks", BLUE))]
    return figure(bars, "Lyapunov exponents: mean growth of each direction", height=HEIGHT, showlegend=False,
                  xaxis=dict(title="direction, largest first", range=[0.4, len(values) + 0.6]),
                  yaxis=dict(title="growth a step (natural log)", range=[low, high]))


def paths(found, length, window, carried, gate):
    """The gradient by the carried state, and its two parts: through the gate that keeps it, and through U."""
    t = np.arange(1, length + 1)
    traces = [_line(t, found.full, f"all of ∂L/∂{carried}", FAMILY_COLOURS["lstm"], "solid", 4),
              _line(t, found.direct, f"direct: product of {gate}", ORANGE, "dash", 2.5),
              _line(t, found.rest, "rest: through U and the gates", GREEN, "dot", 2.5)]
    return figure(traces, f"∂L/∂{carried} taken apart", height=HEIGHT, xaxis=_time(length),
                  yaxis=powers_axis(window, "norm (log scale)"))


def phase(values, logs, name, words, current, low=-12, high=6):
    """Norm of dL/dh_t relative to where the loss enters, over steps back and one setting.

    values: (K,). logs: (T, K) log10. current: the setting of the other figures. name: a control's name, for a click;
    words: what it is called.
    """
    relative = (logs - logs[-1])[::-1].T
    marked = dict(type="line", xref="paper", x0=0, x1=1, y0=current, y1=current, line=dict(color="#000000", width=2))
    return figure(
        [{"type": "heatmap", "x": np.arange(len(logs)), "y": values,
          "z": np.clip(relative, low, high).astype(np.float32), "zmin": low, "zmax": high,
          "colorscale": _around_zero(low, high), "name": words,
          "colorbar": {"thickness": 8, "outlinewidth": 0, "x": 1.01, "tickvals": [low, low / 2, 0, high],
                       "ticktext": [f"10<sup>{v:g}</sup>" if v else "1" for v in (low, low / 2, 0, high)]},
          "hovertemplate": f"{words} %{{y:.2f}}, %{{x}} steps back: 10^%{{z:.2f}}<extra></extra>"}],
        "How much is left, for every setting at once", height=HEIGHT, hovermode="closest",
        margin=dict(l=64, r=64, t=28, b=48),
        xaxis=dict(title="steps back from the loss", range=[-0.5, len(logs) - 0.5], showgrid=False),
        yaxis=dict(title=words, range=[values[0], values[-1]], showgrid=False),
        shapes=[marked], meta={"pick": {"x": "", "y": name}},
    )


def influence(logs, reach):
    """Norm of dL_k/dh_t: row k the loss, column t the state; what truncation after `reach` steps cuts off is blank."""
    T = len(logs)
    back = np.arange(T)[:, None] - np.arange(T)[None]
    kept = (back >= 0) & (back < reach) & np.isfinite(logs)
    top = logs[kept].max(initial=-1e4)
    shown = np.where(kept, np.clip(logs - top, -8, 0), np.nan)
    cut = {"type": "scatter", "mode": "lines", "x": np.arange(1, T + 1), "y": np.arange(1, T + 1) + reach - 0.5,
           "line": {"color": GREY, "width": 2, "dash": "dash"}, "name": "cut", "hoverinfo": "skip", "showlegend": False}
    return figure(
        [{"type": "heatmap", "x": np.arange(1, T + 1), "y": np.arange(1, T + 1), "z": shown.astype(np.float32),
          "zmin": -8, "zmax": 0, "colorscale": [[0, "#F7F7F7"], [0.4, "#9ECAE1"], [1, "#08306B"]], "name": "norm",
          "colorbar": {"thickness": 8, "outlinewidth": 0, "x": 1.01, "tickvals": [-8, -4, 0],
                       "ticktext": ["10<sup>−8</sup>", "10<sup>−4</sup>", "1"]},
          "hovertemplate": "loss at step %{y}, state at step %{x}: 10^%{z:.2f} of the largest shown<extra></extra>"},
         cut],
        "Who learns from whom: the loss of step k at the state of step t", height=HEIGHT + 40, hovermode="closest",
        margin=dict(l=64, r=64, t=28, b=48),
        xaxis=dict(title="state at step t", range=[0.5, T + 0.5], showgrid=False),
        yaxis=dict(title="loss at step k", range=[0.5, T + 0.5], showgrid=False),
    )


def formats(exact, rounded, length, window):
    """The norm of dL/dh_t exactly, and as the pass looks when every step is rounded to a number format."""
    t = np.arange(1, length + 1)
    traces = [_line(t, exact, "exact", GREY, "solid", 5)]
    low, high = WINDOWS[window]
    shapes = []
    for name, logs in rounded.items():
        colour, dash = FORMAT_LOOKS[name]
        traces.append(_line(t, logs, name, colour, dash, 2.5))
        ends = np.flatnonzero(np.isfinite(logs[1:]) & ~np.isfinite(logs[:-1]) & np.isfinite(exact[:-1]))[-1:] + 1
        if len(ends):
            word = f"{name} ends"
            traces.append({"type": "scatter", "mode": "markers+text", "x": t[ends], "y": logs[ends], "name": word,
                           "text": [word], "textposition": "top right", "showlegend": False,
                           "marker": {"symbol": "x", "size": 11, "color": colour}, "hoverinfo": "skip"})
        for level in (FORMATS[name].smallest, FORMATS[name].largest):
            if low < level < high:
                shapes.append(dict(type="line", xref="paper", x0=0, x1=1, y0=level, y1=level,
                                   line=dict(color=colour, width=1, dash="dot")))
    return figure(traces, "The same backward pass in narrower number formats", height=HEIGHT, xaxis=_time(length),
                  yaxis=powers_axis(window, "norm of ∂L/∂h (log scale)"), shapes=shapes)


def _round_up(value, usual):
    """The usual end of an axis, doubled until it takes in a value."""
    while usual < value:
        usual *= 2
    return usual


def _around_zero(low, high):
    """A scale that is white where nothing changes, blue where the gradient vanishes, red where it explodes."""
    zero = -low / (high - low)
    return [[0.0, "#08306B"], [zero / 2, "#6BAED6"], [zero, "#F7F7F7"], [(1 + zero) / 2, "#F4A582"], [1.0, "#B2182B"]]


def _time(length):
    return dict(title="time step t", range=[0.5, length + 0.5])


def _line(t, logs, name, colour, dash, width):
    return {"type": "scatter", "mode": "lines", "x": t, "y": np.where(np.isfinite(logs), logs, np.nan), "name": name,
            "line": {"color": colour, "dash": dash, "width": width}, "hovertemplate": "10^%{y:.2f}"}


def _dots(values, name, colour, size):
    return {"type": "scatter", "mode": "markers", "x": values.real, "y": values.imag, "name": name,
            "marker": {"color": colour, "size": size}, "hovertemplate": "%{x:.3f} + %{y:.3f} i"}
