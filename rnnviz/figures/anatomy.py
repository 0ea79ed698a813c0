"""Why a gradient vanishes: singular values, eigenvalues, paths, the phase diagram, influence and number formats."""

import numpy as np

from ..formats import FORMATS
from ..wording import number
from .flow import WINDOWS, powers_axis
from .theme import ABOVE, AMOUNT, BELOW, GATE_COLOURS, GREY, INK, POWERS, SERIES, SIGNED, cell_look, figure, raised

FORMAT_LOOKS = {"float16": (SERIES[0], "dot"), "bfloat16": (SERIES[1], "dash"), "float32": (SERIES[2], "dashdot")}
HEIGHT = 280
SIDE = dict(thickness=10, outlinewidth=0, x=1.01, tickfont=POWERS)
"""The scale of colours beside a map, marked in powers of ten."""
LEAST = -8
"""What is a hundred-millionth of the largest is shown as nothing."""


def singular_values(steps, logs, length, window):
    """Singular values of dh_T/dh_t over t: all of them thin, the largest, the median and the smallest thick.

    steps: (N,) from 1. logs: (N, H) log10, largest first, NaN where float64 cannot tell. window: a key of `WINDOWS`.
    """
    # One trace for all thin lines, with gaps between them: sixty traces are too slow to follow a finger.
    others = logs[:, 1:-1].T
    x = np.tile([*steps, np.nan], len(others))
    traces = [
        _line(x, np.pad(others, ((0, 0), (0, 1)), constant_values=np.nan).ravel(), "other", GREY, "solid", 0.6)
        | {"showlegend": False, "hoverinfo": "skip", "opacity": 0.6}
    ]
    middle = logs.shape[1] // 2
    roles = (0, "largest"), (middle, "median"), (logs.shape[1] - 1, "smallest")
    for (k, name), colour, dash in zip(roles, SERIES, ("solid", "dashdot", "dash")):
        traces.append(_line(steps, logs[:, k], name, colour, dash, 3))
    seen = [f"The {name} {_ends(steps, logs[:, k])}." for k, name in roles]
    return figure(
        traces,
        "What the steps from t to T do together: singular values",
        " ".join(seen),
        height=HEIGHT,
        xaxis=_time(length),
        yaxis=powers_axis(window, "singular value (log scale)"),
    )


def eigenvalues(values, step, others=()):
    """Eigenvalues of one step's Jacobian in the complex plane, with the unit circle; those of other steps are faint.

    values: (n,) complex. others: (M,) complex.
    """
    angle = np.linspace(0, 2 * np.pi, 181)
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": np.cos(angle),
            "y": np.sin(angle),
            "name": "unit circle",
            "line": {"color": GREY, "width": 2},
            "hoverinfo": "skip",
        }
    ]
    others = np.asarray(others)
    size = _round_up(np.abs(np.concatenate([values, others])).max(initial=0.0), 2.2)
    if others.size:
        traces.append(_dots(others, "other steps", GREY, 3) | {"hoverinfo": "skip", "opacity": 0.35})
    traces.append(_dots(values, "this step", SERIES[0], 8))
    sizes = np.abs(values)
    says = f"{len(values)} eigenvalues; {(sizes > 1).sum()} outside the circle, the largest {sizes.max(initial=0):.3g}."
    return figure(
        traces,
        f"Eigenvalues of the Jacobian of step {step}",
        says,
        height=HEIGHT,
        hovermode="closest",
        xaxis=dict(title="real part", range=[-size, size]),
        yaxis=dict(title="imaginary part", range=[-0.75 * size, 0.75 * size], scaleanchor="x"),
    )


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
    bars = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": x[own].ravel(),
            "y": y[own].ravel(),
            "name": name,
            "line": {"width": 0},
            "fill": "tozeroy",
            "fillcolor": colour,
            "customdata": np.repeat(values[own], 4),
            "meta": {"bars": True},
            "hovertemplate": "%{customdata:.4f} a step<extra></extra>",
        }
        for own, name, colour in ((values > 0, "grows", ABOVE), (known & (values <= 0), "shrinks", BELOW))
    ]
    says = f"{(values > 0).sum()} of {len(values)} directions grow"
    says += f"; the exponents go from {ends.max():.3g} down to {ends.min():.3g}." if len(ends) else "."
    return figure(
        bars,
        "Lyapunov exponents: mean growth of each direction",
        says,
        height=HEIGHT,
        showlegend=False,
        xaxis=dict(title="direction, largest first", range=[0.4, len(values) + 0.6]),
        yaxis=dict(title="growth a step (natural log)", range=[low, high]),
    )


def paths(found, length, window, carried, gate, family):
    """The gradient by the carried state, and its two parts: through the gate that keeps it, and through U.

    The whole is a broad band in its cell's colour, so that a part that is all of it lies on it and is seen.
    """
    t = np.arange(1, length + 1)
    whole = _line(t, found.full, f"all of ∂L/∂{carried}", cell_look(family)[0], "solid", 10) | {"opacity": 0.45}
    whole["line"]["simplify"] = False  # a line as wide as this would be drawn with a few of its points only
    parts = (
        ("direct", found.direct, f"product of {gate}", GATE_COLOURS["f"], "dash"),
        ("rest", found.rest, "through U and the gates", SERIES[1], "dot"),
    )
    traces = [
        whole,
        *(_line(t, logs, f"{name}: {what}", colour, dash, 2.5) for name, logs, what, colour, dash in parts),
    ]
    says = [f"All of it {_ends(t, found.full)}.", *(f"The {name} part {_ends(t, logs)}." for name, logs, *_ in parts)]
    return figure(
        traces,
        f"∂L/∂{carried} taken apart",
        " ".join(says),
        height=HEIGHT,
        xaxis=_time(length),
        yaxis=powers_axis(window, "norm (log scale)"),
    )


def phase(values, logs, name, words, current, low=-12, high=6):
    """Norm of dL/dh_t relative to where the loss enters, over steps back and one setting.

    values: (K,). logs: (T, K) log10. current: the setting of the other figures. name: a control's name, for a click;
    words: what it is called.
    """
    relative = (logs - logs[-1])[::-1].T
    nearest = np.abs(values - current).argmin()
    marked = dict(type="line", xref="paper", x0=0, x1=1, y0=current, y1=current, line=dict(color="#000000", width=2))
    return figure(
        [
            {
                "type": "heatmap",
                "x": np.arange(len(logs)),
                "y": values,
                "z": np.clip(relative, low, high).astype(np.float32),
                "zmin": low,
                "zmax": high,
                "colorscale": _around_zero(low, high),
                "name": words,
                "meta": {"log10": True},
                "colorbar": SIDE
                | {
                    "tickvals": [low, low / 2, 0, high],
                    "ticktext": [f"10<sup>{v:g}</sup>" if v else "1" for v in (low, low / 2, 0, high)],
                },
                "hovertemplate": f"{words} %{{y:.2f}}, %{{x}} steps back: {raised('%{z:.2f}')}<extra></extra>",
            }
        ],
        "How much is left, for every setting at once",
        f"At {words} {values[nearest]:.3g}, {number(relative[nearest, -1])} is left {len(logs) - 1} steps back; at "
        f"{values[0]:g} it is {number(relative[0, -1])}, at {values[-1]:g} {number(relative[-1, -1])}.",
        height=HEIGHT,
        hovermode="closest",
        margin=dict(l=80, r=76, t=28, b=56),
        xaxis=dict(title="steps back from the loss", range=[-0.5, len(logs) - 0.5], showgrid=False),
        yaxis=dict(title=words, range=[values[0], values[-1]], showgrid=False),
        shapes=[marked],
        meta={
            "pick": {"x": "", "y": name},
            "value": f"norm, relative to where the loss enters (not below 1e{low}, not above 1e{high})",
        },
    )


def influence(logs, reach):
    """Norm of dL_k/dh_t: column k the loss, row k - t the steps back; pale is what truncation after `reach` cuts off.

    The rows go as far back as anything arrives, to a quarter of the steps or the half or all of them.
    """
    T = len(logs)
    by_loss = np.full((T, T), np.nan)  # row: steps back, column: the loss
    for back in range(T):
        by_loss[back, back:] = np.diagonal(logs, -back)
    kept = np.broadcast_to(np.arange(T)[:, None] < reach, (T, T))
    relative = by_loss - by_loss[np.isfinite(by_loss)].max(initial=-1e4)
    shown = np.clip(relative, LEAST, 0).astype(np.float32)
    furthest = max(np.flatnonzero((relative > LEAST).any(axis=1)).max(initial=0) + 1, min(reach, T))
    rows = next(r for r in (-(-T // 4), -(-T // 2), T) if r >= furthest)
    cut = {
        "type": "scatter",
        "mode": "lines",
        "x": np.array([0.5, T + 0.5]),
        "y": np.full(2, reach - 0.5),
        "line": {"color": INK, "width": 2, "dash": "dash"},
        "name": "cut",
        "hoverinfo": "skip",
        "showlegend": False,
        "meta": {"drawn": True},
    }
    part = {
        "type": "heatmap",
        "x": np.arange(1, T + 1),
        "y": np.arange(T),
        "zmin": LEAST,
        "zmax": 0,
        "colorscale": AMOUNT,
        "meta": {"log10": True},
        "hovertemplate": f"loss of step %{{x}}, %{{y}} steps back: {raised('%{z:.2f}')} of the largest<extra></extra>",
    }
    scale = SIDE | {"tickvals": [-8, -4, 0], "ticktext": ["10<sup>−8</sup>", "10<sup>−4</sup>", "1"]}
    return figure(
        [
            part | {"z": np.where(kept, shown, np.nan), "name": "kept", "colorbar": scale},
            part | {"z": np.where(kept, np.nan, shown), "name": "cut off", "showscale": False, "opacity": 0.35},
            cut,
        ],
        "Who learns from whom: how far back the loss of every step reaches",
        f"The loss of step {T} keeps {number(by_loss[T // 2, T - 1] - by_loss[0, T - 1])} of its gradient {T // 2} "
        f"steps back. What goes back {reach} steps or more is cut off.",
        height=HEIGHT,
        hovermode="closest",
        margin=dict(l=80, r=76, t=28, b=56),
        xaxis=dict(title="loss of step k", range=[0.5, T + 0.5], showgrid=False),
        yaxis=dict(title="steps back from it", range=[-0.5, rows - 0.5], showgrid=False),
        meta={"value": "norm, relative to the largest (not below 1e-8)"},
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
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers+text",
                    "x": t[ends],
                    "y": logs[ends],
                    "name": word,
                    "text": [word],
                    "textposition": "top right",
                    "showlegend": False,
                    "marker": {"symbol": "x", "size": 11, "color": colour},
                    "hoverinfo": "skip",
                }
            )
        for level in (FORMATS[name].smallest, FORMATS[name].largest):
            if low < level < high:
                shapes.append(
                    dict(
                        type="line",
                        xref="paper",
                        x0=0,
                        x1=1,
                        y0=level,
                        y1=level,
                        line=dict(color=colour, width=1, dash="dot"),
                    )
                )
    says = [f"Exactly it {_ends(t, exact)}.", *(f"In {name} it {_ends(t, logs)}." for name, logs in rounded.items())]
    return figure(
        traces,
        "The same backward pass in narrower number formats",
        " ".join(says),
        height=HEIGHT,
        xaxis=_time(length),
        yaxis=powers_axis(window, "norm of ∂L/∂h (log scale)"),
        shapes=shapes,
    )


def _round_up(value, usual):
    """The usual end of an axis, doubled until it takes in a value."""
    while usual < value:
        usual *= 2
    return usual


def _around_zero(low, high):
    """`SIGNED` with its white where nothing changes: slate where the gradient vanishes, red where it explodes."""
    zero = -low / (high - low)
    return [[2 * at * zero if at <= 0.5 else zero + (2 * at - 1) * (1 - zero), colour] for at, colour in SIGNED]


def _ends(t, logs):
    """The two ends of a curve of logarithms, in words."""
    known = np.flatnonzero(~np.isnan(logs))
    if not len(known):
        return "is nowhere above rounding"
    first, last = known[0], known[-1]
    return f"is {number(logs[last])} at step {t[last]} and {number(logs[first])} at step {t[first]}"


def _time(length):
    return dict(title="time step t", range=[0.5, length + 0.5])


def _line(t, logs, name, colour, dash, width):
    return {
        "type": "scatter",
        "mode": "lines",
        "x": t,
        "y": np.where(np.isfinite(logs), logs, np.nan),
        "name": name,
        "meta": {"log10": True},
        "line": {"color": colour, "dash": dash, "width": width},
        "hovertemplate": raised("%{y:.2f}"),
    }


def _dots(values, name, colour, size):
    return {
        "type": "scatter",
        "mode": "markers",
        "x": values.real,
        "y": values.imag,
        "name": name,
        "marker": {"color": colour, "size": size},
        "hovertemplate": "%{x:.3f} + %{y:.3f} i",
    }
