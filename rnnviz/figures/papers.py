"""Drawings beside the papers' numbers."""

import numpy as np

from ..wording import number, shown
from .theme import ABOVE, BELOW, FAMILY_COLOURS, FAMILY_DASHES, GREY, INK, POWERS, SERIES, SERIES_DASHES, figure

HEIGHT = 320


def across_the_wall(b, error, norm, wall):
    """The error and the norm of its gradient over b, one below the other. wall: b* between them."""
    top = _line(b, norm, "norm of ∂E", SERIES[0], "solid") | {"yaxis": "y2", "hovertemplate": "%{y:.3g}"}
    highest, on = int(np.argmax(norm)), int(np.argmin(np.abs(b - wall)))
    return figure(
        [_line(b, error, "error E", SERIES[1], "dash"), top],
        "Across the wall, at w = 5",
        f"On the wall the norm of the gradient is {shown(norm[on])} and the error {shown(error[on])}. Just "
        f"beside it, at b = {b[highest]:.6f}, it is largest: {shown(norm[highest])}, with an error of "
        f"{shown(error[highest])}. At the ends it is {shown(norm[0])} and "
        f"{shown(norm[-1])}.".replace("-", "−"),
        height=HEIGHT + 20,
        xaxis=dict(title="bias b", range=[b[0], b[-1]], anchor="y"),
        yaxis=dict(title="error E", range=[-0.03, 0.5], domain=[0, 0.42]),
        yaxis2=powers(-1, 4) | dict(title="norm of ∂E", domain=[0.58, 1], anchor="x"),
        shapes=[
            dict(type="line", yref="paper", y0=0, y1=1, x0=wall, x1=wall, line=dict(color=INK, width=1.5, dash="dot"))
        ],
        annotations=[dict(text="the wall", x=wall, xanchor="left", yref="paper", y=0.5, showarrow=False)],
    )


def bifurcation(equilibria, folds, found):
    """Where the unit rests over b. equilibria: `cliff.Equilibria`. folds, found: (b, x) pairs, exact and measured."""
    traces = [
        _line(np.where(chosen, equilibria.b, np.nan), np.where(chosen, equilibria.x, np.nan), name, colour, dash)
        for chosen, name, colour, dash in (
            (equilibria.stable, "attracts", BELOW, "solid"),
            (~equilibria.stable, "repels", ABOVE, "dash"),
        )
    ]
    b, x = np.array(found).T
    exact = " and ".join(f"b = {b:.4f}, x = {x:.4f}".replace("-", "−") for b, x in folds)
    return figure(
        [*traces, _points(b, x, "end found by iterating", SERIES[0], 11, "diamond")],
        "Where the unit comes to rest, at w = 5",
        f"The folds lie at {exact}.",
        height=HEIGHT,
        hovermode="closest",
        xaxis=dict(title="bias b", range=[-3.2, -1.8]),
        yaxis=dict(title="state x", range=[-4, 4]),
    )


def turned(thresholds, degrees):
    """Degrees by which clipping turns gradients of norm 10 over the threshold. degrees: (N, seeds), by value."""
    by = (
        ("element by element, mean", degrees.mean(axis=1), SERIES[2], "dashdot"),
        ("least and most of 20", degrees.min(axis=1), GREY, "dot"),
        ("most", degrees.max(axis=1), GREY, "dot"),
        ("by norm", np.zeros_like(thresholds), SERIES[0], "solid"),
    )
    traces = [_line(thresholds, y, name, colour, dash) for name, y, colour, dash in by]
    traces[2]["showlegend"] = False
    return figure(
        traces,
        "How far clipping turns a gradient of norm 10",
        f"By norm by 0 degrees; element by element by {degrees[0].mean():.3g} degrees on average at "
        f"threshold {thresholds[0]:.3g}, and by {degrees[-1].mean():.3g} at {thresholds[-1]:.3g}.",
        height=HEIGHT,
        xaxis=powers(-2, 1) | dict(title="threshold"),
        yaxis=dict(title="turned by, degrees", range=[-2, 44]),
    )


def regulariser(gains, measured, theory):
    """Ω of orthogonal linear networks over their gain."""
    lowest = int(np.argmin(measured))
    return figure(
        [_line(gains, theory, "equation 9", GREY, "dash"), _points(gains, measured, "measured", SERIES[0])],
        "The regulariser over the gain of an orthogonal network",
        f"Ω is {shown(measured[lowest])} at gain {gains[lowest]:g}, {shown(measured[0])} at gain {gains[0]:g}"
        f" and {shown(measured[-1])} at gain {gains[-1]:g}.",
        height=HEIGHT,
        xaxis=dict(title="gain", range=[gains[0] - 0.005, gains[-1] + 0.005]),
        yaxis=dict(title="Ω", rangemode="tozero"),
    )


def rests(weights, up, down, fine, theory):
    """Where a GRU of one unit ends over its candidate's weight. up, down: from above and from below 0.

    fine, theory: more weights, and the h above 0 with h = tanh(weight h / 2), or 0.
    """
    return figure(
        [
            _line(fine, theory, "h = tanh(weight · h / 2)", GREY, "dash"),
            _line(fine, -theory, "its mirror", GREY, "dash") | {"showlegend": False},
            _points(weights, up, "measured, from 0.1", SERIES[0]),
            _points(weights, down, "measured, from −0.1", SERIES[1], symbol="square"),
        ],
        "Where a GRU of one unit comes to rest",
        f"From 0.1 it ends at {shown(up[0])} at weight {weights[0]:g}, and at {shown(up[-1])} at weight "
        f"{weights[-1]:g}.",
        height=HEIGHT,
        hovermode="closest",
        xaxis=dict(title="weight of the candidate", range=[weights[0] - 0.1, weights[-1] + 0.1]),
        yaxis=dict(title="h at the end", range=[-1.1, 1.1]),
    )


def memoryless(lengths, measured):
    """The loss of the copying task without memory over the time to remember."""
    T = np.arange(50, 551, 5)
    return figure(
        [
            _line(T, 10 * np.log(8) / (T + 20), "10 ln 8 / (T + 20)", GREY, "dash"),
            _points(lengths, measured, "measured", SERIES[0]),
        ],
        "What guessing costs in the copying task",
        "Measured: " + ", ".join(f"{m:.4f} at T = {n:g}" for n, m in zip(lengths, measured)) + ".",
        height=HEIGHT,
        xaxis=dict(title="steps T to remember", range=[40, 560]),
        yaxis=dict(title="loss without memory", range=[0, 0.35]),
    )


def kept(logs):
    """What is left of the norm of a gradient on its way back. logs: label -> (T,) log10 of it."""
    looks = zip(SERIES, SERIES_DASHES)
    traces, says = [], []
    for (label, log10), (colour, dash) in zip(logs.items(), looks):
        part = 10.0 ** (log10 - log10[-1])
        traces.append(_line(np.arange(1, len(part) + 1), part, label, colour, dash))
        says.append(f"{label}: {part[0]:.3g} is left at step 1.")
    return figure(
        traces,
        "What is left of the gradient",
        " ".join(says),
        height=HEIGHT,
        xaxis=dict(title="time step t"),
        yaxis=dict(title="part of ∂L/∂h at the last step", range=[0, 1.1]),
    )


def memory(biases, measured, steps):
    """sigma(b)^T over the forget-gate bias, and what was measured. steps: T of the curve."""
    b = np.linspace(-1.0, 6.0, 141)
    curve = -steps * np.log10(1.0 + np.exp(-b))
    return figure(
        [
            _line(b, 10.0**curve, f"σ(b) to the power of {steps}", GREY, "dash"),
            _points(biases, measured, "measured", SERIES[0]),
        ],
        f"What is left of a cell state after {steps} steps",
        "Measured: " + ", ".join(f"{shown(m)} at bias {b:g}" for b, m in zip(biases, measured)) + ".",
        height=HEIGHT,
        xaxis=dict(title="forget-gate bias b", range=[-1, 6.1]),
        yaxis=powers(-20, 0, 5) | dict(title="what is left (log scale)", range=[-20, 1]),
    )


def chaos(gains, exponents):
    """Largest Lyapunov exponents over the gain, one dot a seed, beside ln g. exponents: (gains, seeds)."""
    g = np.linspace(0.4, 3.1, 109)
    x = np.repeat(gains, exponents.shape[1])
    return figure(
        [
            _line(g, np.log(g), "ln g, for small g", GREY, "dash"),
            _points(x, exponents.ravel(), "measured, a dot a seed", SERIES[0]),
        ],
        "The largest Lyapunov exponent of a random network",
        "Means: " + ", ".join(f"{m:.3g} at gain {g:g}" for g, m in zip(gains, exponents.mean(axis=1))) + ".",
        height=HEIGHT,
        xaxis=dict(title="gain g", range=[0.4, 3.1]),
        yaxis=dict(title="growth a step (natural log)", range=[-0.9, 0.6]),
    )


def smoothness(sizes, rough):
    """Local smoothness against the norm of the gradient along training, both logarithmic, with a line for each seed.

    sizes, rough: (N, K) of N updates of K seeds.
    """
    traces, slopes = [], []
    for k, (colour, symbol) in zip(range(sizes.shape[1]), zip(SERIES, ("circle", "square", "diamond", "cross"))):
        x, y = np.log10(sizes[:, k]), np.log10(rough[:, k])
        slope, base = np.polyfit(x, y, 1)
        ends = np.array([x.min(), x.max()])
        slopes.append(f"{slope:.2f}")
        traces += [
            _points(sizes[:, k], rough[:, k], f"seed {k}, an update", colour, 5, symbol) | {"showlegend": False},
            _line(10.0**ends, 10.0 ** (base + slope * ends), f"seed {k}: slope {slope:.2f}", colour, SERIES_DASHES[k]),
        ]
    return figure(
        traces,
        "How rough the error is, where it is steep",
        f"Slopes {', '.join(slopes)}.",
        height=HEIGHT,
        hovermode="closest",
        xaxis=_ruled(sizes) | dict(title="norm of the gradient (log scale)"),
        yaxis=_ruled(rough) | dict(title="local smoothness (log scale)"),
    )


def success(rows):
    """Share of seeds that solved a task against its length. rows: dicts with label, length, solved, seeds."""
    traces, says = [], []
    for k, label in enumerate(dict.fromkeys(r["label"] for r in rows)):
        family = label.lower()  # a run that is named after its cell has that cell's colour
        colour, dash = FAMILY_COLOURS.get(family, SERIES[k]), FAMILY_DASHES.get(family, SERIES_DASHES[k])
        own = [(r["length"], 100 * r["solved"] / r["seeds"]) for r in rows if r["label"] == label]
        says.append(f"{label}: " + ", ".join(f"{share:g} % at length {length}" for length, share in own) + ".")
        traces.append(_line(*np.array(own, float).T, label, colour, dash) | {"mode": "lines+markers"})
    return figure(
        traces,
        "Seeds that solved it",
        " ".join(says),
        height=HEIGHT,
        xaxis=dict(title="length of the sequences, steps"),
        yaxis=dict(title="seeds that solved it, %", range=[-3, 104]),
    )


def beside_theory(title, says, x, curves, **axes):
    """Lines of theory and the dots that were measured. curves: label -> (line, dots or None), (N,) each."""
    traces = []
    for (label, (line, dots)), colour, dash in zip(curves.items(), SERIES, SERIES_DASHES):
        traces.append(_line(x, line, label, colour, dash))
        if dots is not None:
            traces.append(_points(x, dots, label, colour, 6) | {"showlegend": False})
    return figure(traces, title, says, height=HEIGHT, hovermode="closest", **axes)


def powers(low, high, every=1):
    """A logarithmic axis over plain values, marked at powers of ten."""
    powers = range(low, high + 1, every)
    return dict(
        type="log",
        range=[low, high],
        tickvals=[10.0**p for p in powers],
        ticktext=[f"10<sup>{p}</sup>" if not 0 <= p < 4 else f"{10**p:,}" for p in powers],
        tickfont=POWERS,
    )


def _ruled(values):
    """A logarithmic axis around values that span a few powers of ten, marked at 1, 2, 5, 10 and so on."""
    low, high = np.log10(values.min()), np.log10(values.max())
    room = 0.04 * (high - low)
    marks = [digit * 10.0**p for p in range(int(low) - 1, int(high) + 1) for digit in (1, 2, 5)]
    return dict(
        type="log", range=[low - room, high + room], tickvals=marks, ticktext=[number(np.log10(m)) for m in marks]
    )


def _line(x, y, name, colour, dash):
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "name": name,
        "line": {"color": colour, "dash": dash, "width": 2.5},
        "hovertemplate": "%{y:.3f}",
    }


def _points(x, y, name, colour, size=8, symbol="circle"):
    return {
        "type": "scatter",
        "mode": "markers",
        "x": np.asarray(x, float),
        "y": np.asarray(y, float),
        "name": name,
        "marker": {"color": colour, "size": size, "symbol": symbol},
        "hovertemplate": "%{x:.3f}: %{y:.3f}",
    }
