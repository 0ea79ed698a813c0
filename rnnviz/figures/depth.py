"""Stacks and both directions: the gradient layer by step, what reaches the lowest layer, and what theory says of it."""

import numpy as np

from .. import depth
from ..arguments import whole
from ..wording import number
from .anatomy import SIDE, _around_zero
from .theme import GREY, POWERS, SERIES, SERIES_DASHES, cell_look, figure, raised

LOW, HIGH = -8, 4
"""Powers of ten that colours and curves show: of what enters with the loss."""
MARKS = (-12, -8, -4, 0, 4)
WORDS = "norm of ∂L/∂h, relative to where the loss enters"
BESIDE = 84
HEIGHT = 330


def gradient_map(traces, height=330, curve=True, low=LOW, high=HIGH, rows=0):
    """The norm of dL/dh of every layer at every step as a map, and below it the curves of the lowest layer.

    traces: label -> `Trace` of one network each; several stand side by side, their curves in one. height: in pixels.
    curve: whether the curves are drawn. low, high: the ends of colours and curves, in powers of ten. rows: how many the
    map has room for; 0 for those that there are. Where a gradient is exactly 0 the map is empty.
    """
    height = whole("height", height, 1)
    traces_, axes, notes, first, steps = [], {}, [], [], max(t.steps for t in traces.values())
    foot = 0.46 if curve else 0.0
    for k, (label, trace) in enumerate(traces.items()):
        suffix = "" if k == 0 else str(2 * k + 1)
        part = 1 / len(traces)
        levels = depth.levels(trace)
        left, right = k * part + (0.05 if k else 0), (k + 1) * part
        traces_.append(
            _map(label, levels, low, high, f"x{suffix}", f"y{suffix}", k == len(traces) - 1, foot, height < 300)
        )
        axes[f"xaxis{suffix}"] = dict(
            domain=[left, right],
            range=[0.5, trace.steps + 0.5],
            showgrid=False,
            anchor=f"y{suffix}",
            showticklabels=not curve,
            title="" if curve else "time step t",
        )
        names = [str(n) for n in range(1, rows + 1)] or [level.name for level in levels]
        first = first or names
        # So many labels have room.
        shown = range(len(names)) if len(names) < 6 else [0, len(names) // 2 - 1, len(names) - 1]
        axes[f"yaxis{suffix}"] = dict(
            domain=[foot + 0.06 if curve else 0, 1],
            range=[0.5, len(names) + 0.5],
            tickvals=[n + 1 for n in shown],
            ticktext=[names[n] for n in shown],
            showgrid=False,
            anchor=f"x{suffix}",
            title="layer" if k == 0 else "",
            showticklabels=k == 0 or names != first,
        )
        if len(traces) > 1:
            notes.append(_note(f"<b>{label}</b>", left, 1.0))
    if curve:
        for k, (label, trace) in enumerate(traces.items()):
            traces_ += _curves(label, trace, k, len(traces) > 1)
        axes["xaxis2"] = dict(domain=[0, 1], range=[0.5, steps + 0.5], anchor="y2", title="time step t")
        axes["yaxis2"] = dict(
            domain=[0, foot - 0.06], range=[low, high], title="layer 1", **_powers(low, high, height < 300)
        )
    panels = [[1 - end for end in reversed(axes[name]["domain"])] for name in axes if name[0] == "y"]
    return figure(
        traces_,
        "The gradient, layer by step; white: as much as enters with the loss",
        " ".join(_said(label, trace) for label, trace in traces.items()),
        height=height,
        margin=dict(l=72, r=BESIDE, t=40, b=48),
        hovermode="closest",
        showlegend=curve and len(traces_) > len(traces) + 1,
        legend=dict(orientation="h", x=0, xanchor="left", y=foot - 0.07, yanchor="bottom", font=dict(size=14)),
        annotations=notes,
        meta={"stepped": len(traces) == 1, "value": WORDS} | ({"panels": panels} if len(traces) == 1 else {}),
        **axes,
    )


def lowest_curves(traces, height=275, low=LOW, high=HIGH):
    """What reaches the lowest layer of every network at every step, both directions together. traces: as above."""
    lines = [
        _line(
            depth.reaching(trace),
            label,
            {"color": SERIES[k], "dash": SERIES_DASHES[k], "width": 3} if len(traces) > 1 else _look(trace)[0],
        )
        for k, (label, trace) in enumerate(traces.items())
    ]
    steps = max(t.steps for t in traces.values())
    return figure(
        lines,
        "What reaches the lowest layer",
        " ".join(_said(label, trace) for label, trace in traces.items()),
        height=height,
        xaxis=dict(title="time step t", range=[0.5, steps + 0.5]),
        yaxis=dict(range=[low, high], title="norm (log scale)", **_powers(low, high)),
        meta={"stepped": True},
    )


def _map(label, levels, low, high, x, y, scale, foot, small):
    logs = np.array([level.log10 for level in levels])
    shown = np.where(np.isneginf(logs), np.nan, np.clip(logs, low, high)).astype(np.float32)
    marks = _marks(low, high, small)
    return {
        "type": "heatmap",
        "x": np.arange(1, logs.shape[1] + 1),
        "y": np.arange(1, len(logs) + 1),
        "z": shown,
        "zmin": low,
        "zmax": high,
        "colorscale": _around_zero(low, high),
        "name": f"map {label}",
        "xaxis": x,
        "yaxis": y,
        "xgap": 0,
        "ygap": 2,
        "showscale": scale,
        "meta": {"log10": True},
        "colorbar": SIDE
        | {
            "tickvals": marks,
            "ticktext": [f"10<sup>{m}</sup>" if m else "1" for m in marks],
            "y": (foot + 0.06 + 1) / 2 if foot else 0.5,
            "len": 0.94 - foot if foot else 1.0,
        },
        "hovertemplate": f"step %{{x}}, row %{{y}}: {raised('%{z:.2f}')}<extra></extra>",
    }


def _curves(label, trace, k, several):
    """The lowest layer's curves of one network, and theory's where there is one."""
    theory, lines = depth.in_theory(trace), []
    for level, look in zip(depth.lowest(trace), _look(trace)):
        if several:
            look = {"color": SERIES[k], "dash": SERIES_DASHES[k], "width": 3}
        name = label if several else {"": "layer 1", "→": "forward", "←": "backward"}[level.name[1:].strip()]
        lines.append(_line(level.log10, name, look, "x2", "y2"))
        if level.node in theory and not several:
            dotted = {"color": GREY, "dash": "dot", "width": 6}
            dots = _line(theory[level.node], f"theory {level.name[1:]}".strip(), dotted, "x2", "y2")
            # Beside two entries a phone has no room for more.
            lines.insert(0, dots | {"showlegend": len(theory) == 1})
    return lines


def _look(trace):
    """The lines of the lowest layer: the cell's own, and dashed for the way back in time."""
    colour, _ = cell_look(trace.network.recurrent[0].layer.cell.family)
    return [{"color": colour, "dash": dash, "width": 3} for dash in ("solid", "dash")]


def _line(logs, name, look, x="x", y="y"):
    zero = np.flatnonzero(np.isneginf(logs)) + 1
    return {
        "type": "scatter",
        "mode": "lines",
        "x": np.arange(1, len(logs) + 1),
        "y": np.where(np.isfinite(logs), logs, np.nan),
        "name": name,
        "line": look,
        "xaxis": x,
        "yaxis": y,
        "meta": {"log10": True} | ({"zero": zero.tolist()} if len(zero) else {}),
        "hovertemplate": raised("%{y:.2f}"),
    }


def _marks(low, high, small):
    """Those of `MARKS` that are shown, fewer on a small picture."""
    return [m for m in MARKS if low <= m <= high and (not small or m % 8 == 0 or m == high)]


def _powers(low, high, small=False):
    marks = _marks(low, high, small)
    return {"tickvals": marks, "ticktext": [f"10<sup>{m}</sup>" if m else "1" for m in marks], "tickfont": POWERS}


def _note(text, x, y):
    return dict(
        text=text,
        xref="paper",
        x=x,
        xanchor="left",
        yref="paper",
        y=y,
        yanchor="bottom",
        showarrow=False,
        font=dict(size=14),
    )


def _said(label, trace):
    """The ends and the least of what reaches the lowest layer, in words."""
    logs, least = depth.reaching(trace), depth.weakest(trace)
    return (
        f"{label}: of what enters, {number(logs[0])} reaches the lowest layer at step 1, {number(logs[-1])} at step "
        f"{trace.steps}, least, {number(logs[least - 1])}, at step {least}."
    )


def layers(traces, value):
    """The map of stacks, with room for eight layers, whose number a slider may move. value: does not count."""
    return gradient_map(traces, HEIGHT, rows=8)


def directions(traces, value):
    """The map of one layer of both directions. value: does not count."""
    return gradient_map(traces, HEIGHT, low=-12)


def before(picture):
    """A picture before a guess: its axes alone."""
    data = [
        trace | ({"z": np.full_like(trace["z"], np.nan), "showscale": False} if "z" in trace else {"x": [], "y": []})
        for trace in picture["data"]
    ]
    says = "What is asked is not drawn; it follows your guess."
    return type(picture)(data=data, layout=picture["layout"] | {"meta": {"says": says}, "showlegend": False})


PICTURES = {"layers": layers, "directions": directions, "lowest": lambda traces, value: lowest_curves(traces)}
"""What a stage can draw."""

CLOSED = {
    "layers": lambda traces: before(layers(traces, None)),
    "directions": lambda traces: before(directions(traces, None)),
}
"""Those before a guess."""
