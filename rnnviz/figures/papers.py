"""Drawings beside the papers' numbers."""

import numpy as np

from .theme import FAMILY_COLOURS, FAMILY_DASHES, GREY, SERIES, SERIES_DASHES, figure

HEIGHT = 400


def memory(biases, measured, steps):
    """sigma(b)^T over the forget-gate bias, and what was measured. steps: T of the curve."""
    b = np.linspace(-1.0, 6.0, 141)
    curve = -steps * np.log10(1.0 + np.exp(-b))
    logs = {"meta": {"log10": True}}
    return figure([_line(b, curve, f"σ(b) to the power of {steps}", GREY, "dash") | logs,
                   _points(biases, np.log10(measured), "measured", SERIES[0]) | logs],
                  f"What is left of a cell state after {steps} steps",
                  "Measured: " + ", ".join(f"{m:.3g} at bias {b:g}" for b, m in zip(biases, measured)) + ".",
                  height=HEIGHT,
                  xaxis=dict(title="forget-gate bias b", range=[-1, 6.1]),
                  yaxis=dict(title="log₁₀ of what is left", range=[-20, 1]))


def chaos(gains, exponents):
    """Largest Lyapunov exponents over the gain, one dot a seed, beside ln g. exponents: (gains, seeds)."""
    g = np.linspace(0.4, 3.1, 109)
    x = np.repeat(gains, exponents.shape[1])
    return figure([_line(g, np.log(g), "ln g, for small g", GREY, "dash"),
                   _points(x, exponents.ravel(), "measured, a dot a seed", SERIES[0])],
                  "The largest Lyapunov exponent of a random network",
                  "Means: " + ", ".join(f"{m:.3g} at gain {g:g}" for g, m in zip(gains, exponents.mean(axis=1))) + ".",
                  height=HEIGHT,
                  xaxis=dict(title="gain g", range=[0.4, 3.1]),
                  yaxis=dict(title="growth a step (natural log)", range=[-0.9, 0.6]))


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
        traces += [_points(x, y, f"seed {k}, an update", colour, 5, symbol) | {"showlegend": False},
                   _line(ends, base + slope * ends, f"seed {k}: slope {slope:.2f}", colour, SERIES_DASHES[k])]
    return figure(traces,
                  "How rough the error is, where it is steep", f"Slopes {', '.join(slopes)}.", height=HEIGHT,
                  hovermode="closest",
                  xaxis=dict(title="log₁₀ of the gradient's norm"), yaxis=dict(title="log₁₀ of local smoothness"))


def success(rows):
    """Share of seeds that solved a task against its length. rows: dicts with label, length, solved, seeds."""
    traces, says = [], []
    for k, label in enumerate(dict.fromkeys(r["label"] for r in rows)):
        family = label.lower()  # a run that is named after its cell has that cell's colour
        colour, dash = FAMILY_COLOURS.get(family, SERIES[k]), FAMILY_DASHES.get(family, SERIES_DASHES[k])
        own = [(r["length"], 100 * r["solved"] / r["seeds"]) for r in rows if r["label"] == label]
        says.append(f"{label}: " + ", ".join(f"{share:g} % at length {length}" for length, share in own) + ".")
        traces.append(_line(*np.array(own, float).T, label, colour, dash) | {"mode": "lines+markers"})
    return figure(traces, "Seeds that solved it", " ".join(says), height=HEIGHT,
                  xaxis=dict(title="length of the sequences, steps"),
                  yaxis=dict(title="seeds that solved it, %", range=[-3, 104]))


def _line(x, y, name, colour, dash):
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "name": name,
            "line": {"color": colour, "dash": dash, "width": 2.5}, "hovertemplate": "%{y:.3f}"}


def _points(x, y, name, colour, size=8, symbol="circle"):
    return {"type": "scatter", "mode": "markers", "x": np.asarray(x, float), "y": np.asarray(y, float), "name": name,
            "marker": {"color": colour, "size": size, "symbol": symbol}, "hovertemplate": "%{x:.3f}: %{y:.3f}"}
