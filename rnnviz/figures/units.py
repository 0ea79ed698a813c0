"""Inside the cell: what every unit does at every step, and the cell's equations as a drawing."""

import numpy as np

from ..arguments import instance, whole
from ..names import NAMES
from ..wording import SUPERSCRIPTS
from .given import one_network
from .theme import GATE_COLOURS, GREY, SIGNED, figure, opening

ROW, GAP, TOP, FOOT = 96, 40, 24, 56
"""Heights in pixels: of a heatmap, between two, above and below all."""
BESIDE = 90
"""Pixels at the right for a colour scale and the longest of its labels, so that none needs more."""


def cell_heatmaps(recording, batch=0, label=""):
    """Input, gates, candidate, cell and hidden state of one sequence: rows are units, columns are steps.

    recording: a `Recording` without an ensemble. Gates run from white (0, closed) to their own colour (1, open);
    what has a sign runs from slate through white (0) to red, over the range that is written beside it. batch: which
    sequence, from 0. Raises ValueError naming the argument.
    """
    one_network("recording", recording)
    batch = whole("batch", batch, 0, recording.h.shape[1] - 1)
    instance("label", label, str, "text")
    rows = {"x": recording.x[:, batch]}
    rows |= {name: values[:, batch] for name, values in recording.gates.items()}
    if recording.c is not None:
        rows["c"] = recording.c[:, batch]
    rows["h"] = recording.h[:, batch]
    count, steps = len(rows), recording.steps
    height = count * ROW + (count - 1) * GAP
    traces, axes, notes = [], {}, []
    for k, (name, values) in enumerate(rows.items()):
        top = 1 - k * (ROW + GAP) / height
        bottom = top - ROW / height
        suffix = str(k + 1) if k else ""
        values = np.where(np.isfinite(values), values, np.nan)
        low, high, scale = _range(name, values, recording.cell)
        words = "input x (one-hot)" if name == "x" and values.shape[1] > 8 else f"{NAMES.get(name, name)} {name}"
        traces.append(
            {
                "type": "heatmap",
                "x": np.arange(1, steps + 1),
                "y": np.arange(1, values.shape[1] + 1),
                "z": values.T.astype(np.float32 if max(-low, high) < 1e37 else np.float64),
                "zmin": low,
                "zmax": high,
                "colorscale": scale,
                "name": words,
                "yaxis": f"y{suffix}",
                "colorbar": {
                    "x": 1.01,
                    "y": (top + bottom) / 2,
                    "len": ROW,
                    "lenmode": "pixels",
                    "thickness": 8,
                    "outlinewidth": 0,
                    "tickvals": (marks := [low, high] if low == 0 else [low, 0, high]),
                    "ticktext": [_label(mark) for mark in marks],
                    "tickfont": {"size": 14},
                },
                "hovertemplate": f"step %{{x}}, unit %{{y}}: {name} = %{{z:.4g}}<extra></extra>",
            }
        )
        axes[f"yaxis{suffix}"] = dict(
            domain=[max(bottom, 0), top],
            showgrid=False,
            anchor="x",
            title="input" if name == "x" else "unit",
            range=[0.5, values.shape[1] + 0.5],
            tickvals=sorted({1, (values.shape[1] + 1) // 2, values.shape[1]}),
        )
        notes.append(
            dict(
                text=f"<b>{words}</b>",
                xref="paper",
                x=0,
                xanchor="left",
                yref="paper",
                y=top,
                yanchor="bottom",
                showarrow=False,
            )
        )
    last = f"y{count}" if count > 1 else "y"
    return figure(
        traces,
        f"{label or recording.cell.title}: every unit at every step",
        " ".join(_said(name, values) for name, values in rows.items()),
        height=height + TOP + FOOT + 28,
        margin=dict(l=64, r=BESIDE, t=TOP + 28, b=FOOT),
        hovermode="closest",
        xaxis=dict(title="time step t", range=[0.5, steps + 0.5], anchor=last, showgrid=False),
        annotations=notes,
        meta={"stepped": True, "panels": [[1 - e for e in reversed(a["domain"])] for a in axes.values()]},
        **axes,
    )


def _said(name, values):
    """The range of a quantity, in words."""
    known = values[np.isfinite(values)]
    if not known.size:
        return f"{NAMES.get(name, name)} {name}: no finite number."
    return f"{NAMES.get(name, name)} {name} from {known.min():.3g} to {known.max():.3g}."


def _range(name, values, cell):
    """The ends of a quantity's colour scale, and the scale."""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max()) if finite.size else 1.0
    if name in cell.opens:
        return 0.0, 1.0, opening(GATE_COLOURS.get(name, GREY))
    if name in GATE_COLOURS and name not in "xcq" and largest <= 1:
        return -1.0, 1.0, SIGNED
    largest = min(_short(largest or 1.0), 1e307)  # twice that is still a number, as a colour scale needs
    return -largest, largest, SIGNED


def _short(size):
    """The size itself, or, where it is too long to be written out, the next of 1, 2 and 5 times a power of ten."""
    if 0.01 <= size < 1000:
        return size
    power = int(np.floor(np.log10(size)))
    digits = (1, 2, 5) if abs(power) < 99 else (1,)
    return next((d * 10.0**power for d in digits if d * 10.0**power >= size), 10.0 ** min(power + 1, 307))


def _label(value):
    """One end of a colour scale, in few letters; painter.js writes them the same way."""
    size = abs(value)
    if size == 0 or 0.01 <= size < 1000:
        return f"{value:.3g}".replace("-", "−")
    power = int(np.floor(np.log10(size) + 1e-9))
    digit = round(size / 10.0**power)
    return f"{'−' * (value < 0)}{f'{digit}·' * (digit > 1)}10{str(power).translate(SUPERSCRIPTS)}"
