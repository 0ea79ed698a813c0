"""Normalisation and masks: curves beside one another, masks on the arrows of a stack, and what gets through them."""

from itertools import pairwise

import numpy as np

from ..noise import DRAWS, GRID_LAYERS, GRID_STEPS, LAGS, SCHEMES
from ..norm import PLACES, layers
from ..wording import count, number
from .flow import _exactly_zero, _line, powers_axis
from .theme import GREY, INK, POWERS, SERIES, SERIES_DASHES, figure

HEIGHT = 275

COLUMNS = {
    "layers": "between<br>layers",
    "step": "every<br>step",
    "sequence": "one<br>mask",
    "candidate": "candi-<br>date",
    "zoneout": "zone-<br>out",
}
"""What a scheme is called where there is little room."""

NOTHING = -1.4
"""Where what is exactly 0 stands below an axis of logarithms."""

LOOKS = {name: (SERIES[k % 4], SERIES_DASHES[k % 4]) for k, name in enumerate(SCHEMES)} | {"zoneout": (INK, "longdash")}
"""A colour and a dash for every scheme."""


def gradients(recordings, steps=None, window="near", height=HEIGHT):
    """The norm of dL/dh_t over the steps, on a logarithmic axis, of recordings that only their labels tell apart.

    recordings: label -> `Recording` of one network. steps: the length of the axis. window: a key of `flow.WINDOWS`.
    """
    steps = steps or max(r.steps for r in recordings.values())
    traces, notes = [], []
    looks = dict(zip(PLACES.values(), zip(SERIES, SERIES_DASHES)))  # the same in every picture, whatever is beside it
    for label, r in recordings.items():
        colour, dash = looks[label]
        traces.append(_line(np.arange(1, r.steps + 1), r.log10_dh, label, colour, dash, 3))
        notes += [note | {"y": 0.01 + 0.11 * len(notes)} for note in _exactly_zero(r.log10_dh, label, colour)]
    said = (
        f"{label}: ∂L/∂h is {number(r.log10_dh[-1])} at step {r.steps} and {number(r.log10_dh[0])} at step 1."
        for label, r in recordings.items()
    )
    return figure(
        traces,
        "How much of the gradient reaches each step, with layer normalisation",
        " ".join(said),
        height=height,
        xaxis=dict(title="time step t", range=[0.5, steps + 0.5]),
        yaxis=powers_axis(window, "norm (log scale)"),
        annotations=notes,
        meta={"stepped": True},
    )


def grid(found, height=250):
    """A stack unrolled, its arrows with their masks, and one path: `noise.Masked`. What is dropped is dotted."""
    L, T = GRID_LAYERS, GRID_STEPS
    steps = np.arange(1, T + 1)
    edges = [((t, k), (t, k + 1), found.up[k, t - 1]) for k in range(L + 1) for t in steps]
    edges += [((t - 1, k + 1), (t, k + 1), found.along[k, t - 1]) for k in range(L) for t in steps[1:]]
    way = [(a, b, mask) for (a, b), mask in zip(pairwise(found.path), found.crossed)]
    meets = [(a, b, mask) for a, b, mask in way if mask is not None]
    colour = SERIES[0]
    traces = [
        _edges([e for e in edges if not e[2]], "dropped", GREY, 1, "dot"),
        _edges([e for e in edges if e[2]], "kept", INK, 1.5, "solid"),
        _edges(way, "the path", colour, 4, "solid"),
        _points([(t, k) for t in steps for k in range(1, L + 1)], "units", dict(symbol="circle", size=11, color=INK)),
        _points(
            [_middle(a, b) for a, b, m in meets if m],
            "mask on the path, kept",
            dict(symbol="circle", size=13, color=colour, line=dict(color="#FFFFFF", width=2)),
        ),
        _points(
            [_middle(a, b) for a, b, m in meets if not m],
            "mask on the path, dropped",
            dict(symbol="x", size=13, color=SERIES[1], line=dict(color="#FFFFFF", width=1)),
        ),
    ]
    dropped = sum(not m for _, _, m in meets)
    cut = f"{dropped} of them cut" if dropped > 1 else "one cuts" if dropped else "none cuts"
    return figure(
        traces,
        f"This path meets {count(len(meets), 'mask')}; {cut} it",
        f"From the input at step {found.path[0][0]} to the output at step {T}, through {len(meets)} masks.",
        height=height,
        hovermode="closest",
        showlegend=False,
        xaxis=dict(title="time step t", range=[0.4, T + 0.6], tickvals=[1, 4, 8, T], showgrid=False),
        yaxis=dict(
            range=[-0.25, L + 1.25],
            tickvals=list(range(L + 2)),
            ticktext=["input", *(f"layer {k}" for k in range(1, L + 1)), "output"],
            showgrid=False,
        ),
        margin=dict(l=80, r=16, t=48, b=56),
    )


def strips(found, lag, height=300):
    """What arrives after a lag, a point for every draw of the masks and a column for every scheme; exact means drawn.

    found: label -> `noise.Sampled`. lag: in steps.
    """
    traces, notes, shapes = [], [], []
    for place, one in enumerate(found.values()):
        scheme, weights = one.memory.scheme, one.weights[lag]
        with np.errstate(divide="ignore"):
            y = np.where(weights > 0, np.log10(np.maximum(weights, 1e-300)), NOTHING)
        # A low discrepancy sequence: the points of a column lie beside one another, always the same ones.
        aside = (np.arange(len(y)) * 0.6180339887) % 1.0 - 0.5
        colour, _ = LOOKS[scheme]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": place + 0.7 * aside,
                "y": y,
                "name": SCHEMES[scheme],
                "marker": {"size": 5, "color": colour, "opacity": 0.6},
                "hovertemplate": "%{customdata:.3g}",
                "customdata": weights,
                "meta": {"log10": True},
            }
        )
        mean = float(np.log10(one.mean[lag]))
        shapes.append(_bar(place, mean, INK, 3))
        notes.append(
            dict(
                x=place,
                y=1.0,
                yref="paper",
                yanchor="top",
                showarrow=False,
                text=f"<b>{one.through[lag]}</b>",
                font=dict(size=16),
            )
        )
    says = " ".join(
        f"{SCHEMES[s.memory.scheme]}: {s.through[lag]} of {DRAWS} draws let something through." for s in found.values()
    )
    ticks = [NOTHING, 0, 2, 4, 6]
    return figure(
        traces,
        f"What is left after {lag} steps in {DRAWS} draws; at the top, how many get through",
        says,
        height=height,
        hovermode="closest",
        showlegend=False,
        annotations=notes,
        shapes=shapes,
        xaxis=dict(
            range=[-0.5, len(found) - 0.5],
            tickvals=list(range(len(found))),
            ticktext=[COLUMNS[s.memory.scheme] for s in found.values()],
            showgrid=False,
        ),
        yaxis=dict(
            title="times what it would be",
            range=[-1.9, 8.2],
            tickvals=ticks,
            ticktext=["0", "1", *(f"10<sup>{k}</sup>" for k in ticks[2:])],
            tickfont=POWERS,
        ),
        margin=dict(l=80, r=16, t=64, b=56),
    )


def spreads(found, lag, height=300):
    """How far the draws lie apart, as a multiple of their mean, at every lag: exactly, and as drawn."""
    lags, traces = np.arange(LAGS + 1), []
    for one in found.values():
        colour, dash = LOOKS[one.memory.scheme]
        label = SCHEMES[one.memory.scheme]
        exact, drawn = one.spread / one.mean, one.weights.std(axis=1) / one.mean
        traces.append(_curve(lags, exact, label, {"color": colour, "dash": dash, "width": 2.5}))
        traces.append(
            _curve(lags[::4], drawn[::4], f"{label}, drawn", {"color": colour})
            | {"mode": "markers", "marker": {"size": 7, "color": colour}, "showlegend": False}
        )
    return figure(
        traces,
        "How far apart the draws lie, beside their mean",
        " ".join(
            f"{SCHEMES[s.memory.scheme]}: {number(np.log10(max(s.spread[lag] / s.mean[lag], 1e-300)))} after {lag} "
            "steps."
            for s in found.values()
        ),
        height=height,
        hovermode="closest",
        shapes=[_upright(lag)],
        xaxis=dict(title="steps back", range=[-0.5, LAGS + 0.5]),
        yaxis=dict(
            title="spread (log scale)",
            range=[-1.2, 3.4],
            tickvals=[-1, 0, 1, 2, 3],
            ticktext=["0.1", "1", "10", "100", "1000"],
        ),
    )


def through(found, rate):
    """How many draws let anything through after each lag, and how many would on average. rate: does not count."""
    lags, traces = np.arange(LAGS + 1), []
    for one in found.values():
        colour, dash = LOOKS[one.memory.scheme]
        label = SCHEMES[one.memory.scheme]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": lags,
                "y": 100 * one.likely,
                "name": f"{label}: on average",
                "line": {"color": colour, "dash": dash, "width": 2.5},
                "hovertemplate": "%{y:.3g} %",
            }
        )
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": lags,
                "y": 100 * one.through / DRAWS,
                "name": f"of {DRAWS} draws",
                "line": {"color": colour},
                "marker": {"size": 9, "color": colour},
                "hovertemplate": "%{y:.3g} %",
            }
        )
    return figure(
        traces,
        "Draws that let anything through, in %",
        " ".join(f"{SCHEMES[s.memory.scheme]}: {s.through[-1]} of {DRAWS} after {LAGS} steps." for s in found.values()),
        height=HEIGHT,
        xaxis=dict(title="steps back", range=[-0.5, LAGS + 0.5]),
        yaxis=dict(range=[0, 104], tickvals=[0, 25, 50, 75, 100]),
    )


def _middle(a, b):
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2


def _edges(edges, name, colour, width, dash):
    """Arrows as one line with gaps."""
    points = [v for a, b, _ in edges for v in (a, b, (np.nan, np.nan))]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": np.array([p[0] for p in points], float),
        "y": np.array([p[1] for p in points], float),
        "name": name,
        "line": {"color": colour, "width": width, "dash": dash},
        "hoverinfo": "skip",
    }


def _points(points, name, marker):
    return {
        "type": "scatter",
        "mode": "markers",
        "x": np.array([p[0] for p in points], float),
        "y": np.array([p[1] for p in points], float),
        "name": name,
        "marker": marker,
        "hoverinfo": "skip",
    }


def _curve(x, values, name, line):
    """A line on an axis of logarithms; what is exactly 0 leaves a gap."""
    with np.errstate(divide="ignore"):
        y = np.where(values > 0, np.log10(np.maximum(values, 1e-300)), np.nan)
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "name": name,
        "line": line,
        "hovertemplate": "%{customdata:.3g}",
        "customdata": values,
        "meta": {"log10": True},
    }


def _bar(place, y, colour, width):
    return dict(type="line", x0=place - 0.42, x1=place + 0.42, y0=y, y1=y, line=dict(color=colour, width=width))


def _upright(x):
    return dict(type="line", yref="paper", x0=x, x1=x, y0=0, y1=1, line=dict(color=INK, width=1.5, dash="dot"))


def _one(about):
    (found,) = about.values()
    return found


def _empty(picture):
    """The picture without what is asked: its axes alone."""
    layout = picture["layout"] | {"shapes": [], "annotations": [], "meta": {"says": "It follows your guess."}}
    return type(picture)(
        data=[
            t | {"x": t["x"][:0], "y": t["y"][:0]} | ({"customdata": []} if "customdata" in t else {})
            for t in picture["data"]
        ],
        layout=layout,
    )


def _without_path(about):
    """The grid before a guess: no path, and no number of masks."""
    picture = grid(_one(about), HEIGHT)
    data = [
        t if t["name"] in ("kept", "dropped", "units") else t | {"x": t["x"][:0], "y": t["y"][:0]}
        for t in picture["data"]
    ]
    layout = picture["layout"] | {
        "title": picture["layout"]["title"] | {"text": "Two layers; dotted: dropped"},
        "meta": {"says": "The path follows your guess."},
    }
    return type(picture)(data=data, layout=layout)


PICTURES = {
    "norms": lambda about, gain: gradients(layers(about), window="near"),
    "through": through,
    "masks": lambda about, lag: grid(_one(about), HEIGHT),
    "strips": lambda about, rate: strips(about, LAGS, HEIGHT),
}
"""What a stage can draw."""

CLOSED = {
    "through": lambda about: _empty(through(about, None)),
    "masks": _without_path,
    "strips": lambda about: _empty(strips(about, LAGS, HEIGHT)),
}
"""Those before a guess that are more than curves."""
