"""Gradient flow: the norm of dL/dh_t at every step, and the share of every step in the gradient of the weights."""

from functools import lru_cache

import numpy as np

from ..formats import FORMATS
from .theme import FAMILY_COLOURS, FAMILY_DASHES, GREY, OTHER_COLOUR, OTHER_DASH, figure

WINDOWS = {"near": (-20, 10), "wide": (-60, 30), "double": (-330, 320), "all": (-1100, 650)}
"""Powers of ten that the vertical axis can show; it never rescales by itself."""

SECOND = "#CC79A7"
"""The colour of a second network of the same family."""


def gradient_flow(
    recordings, steps=None, window="near", cell_state=True, bound=False, slope=False, formats=()
):
    """The norm of dL/dh_t over the steps, on a logarithmic axis, for a few recordings of the same length.

    recordings: label -> `Recording` without an ensemble. steps: the length of the axis. window: a key of `WINDOWS`.
    cell_state: also dL/dc_t, dotted. bound, slope: the theory for cells h = phi(...), see `Recording.log10_bound`.
    formats: names in `FORMATS` whose smallest and largest numbers are drawn as lines. Returns a `Figure`.
    """
    low, high = WINDOWS[window]
    steps = steps or max((r.steps for r in recordings.values()), default=2)
    t = np.arange(1, steps + 1)
    traces, families = [], set()
    for label, r in recordings.items():
        if r.cell.family in families:
            colour, dash, aside = SECOND, "solid", SECOND
        else:
            colour, dash = _look(r.cell.family)
            aside = GREY
        families.add(r.cell.family)
        traces.append(_line(t, r.log10_dh, f"{label}: ∂L/∂h", colour, dash, 3))
        if cell_state and r.c is not None:
            traces.append(_line(t, r.log10_dc, f"{label}: ∂L/∂c", colour, "dot", 2))
        if bound and r.log10_bound is not None:
            traces.append(_line(t, r.log10_bound, f"{label}: upper bound", aside, "solid", 1.5))
        if slope and r.cell.max_slope is not None:
            traces.append(_line(t, spectral_line(r), f"{label}: spectral radius", aside, "dash", 1.5))
    shapes, notes = [], []
    for place, name in enumerate(formats):
        for value in (FORMATS[name].smallest, FORMATS[name].largest):
            if low < value < high:
                shapes.append(
                    dict(
                        type="line",
                        xref="paper",
                        x0=0,
                        x1=1,
                        y0=value,
                        y1=value,
                        line=dict(color=GREY, width=1, dash="dot"),
                    )
                )
                end = "largest" if value > 0 else "smallest"
                notes.append(
                    dict(
                        xref="paper",
                        x=place / 4,
                        xanchor="left",
                        y=value,
                        yanchor="bottom",
                        showarrow=False,
                        text=f"{end} {name}",
                        font=dict(size=12),
                    )
                )
    return figure(
        traces,
        "How much of the gradient reaches each step",
        height=400,
        xaxis=dict(title="time step t", range=[0.5, steps + 0.5]),
        yaxis=powers_axis(window, "norm of the gradient (log scale)"),
        shapes=shapes,
        annotations=notes,
        meta={"stepped": True},
    )


def step_shares(recordings, steps=None, parameter="U"):
    """Bars, one row a recording: the norm of each step's term of dL/dU, relative to the largest of them."""
    rows = len(recordings)
    traces, axes = [], {}
    for row, (label, r) in enumerate(recordings.items()):
        share = r.shares[parameter]
        axis = f"y{row + 1}" if row else "y"
        colour, _ = _look(r.cell.family)
        traces.append(
            # One outline for all bars of a row: a thousand bars drawn one by one are too slow to follow a finger.
            {
                "type": "scatter",
                "mode": "lines",
                "line": {"shape": "hvh", "width": 1, "color": colour},
                "fill": "tozeroy",
                "fillcolor": colour,
                "x": np.arange(1, r.steps + 1),
                "y": share / (share.max() or 1.0),
                "customdata": 100 * share,
                "hovertemplate": "%{customdata:.2g} % of the sum",
                "name": label,
                "yaxis": axis,
            }
        )
        low = 1 - (row + 1) / rows
        axes[axis.replace("y", "yaxis")] = dict(
            domain=[low, low + 0.82 / rows],
            range=[0, 1.02],
            tickvals=[0, 1],
            title=dict(text=label, standoff=4),
            anchor="x",
        )
    steps = steps or max((r.steps for r in recordings.values()), default=2)
    return figure(
        traces,
        "Which steps the recurrent weights learn from",
        height=120 + 90 * rows,
        showlegend=False,
        xaxis=dict(title="time step t", range=[0.5, steps + 0.5], anchor="y" if rows < 2 else f"y{rows}"),
        meta={"stepped": True},
        **axes,
    )


def spectral_line(recording):
    """log10 of the norm if it changed by the spectral radius of U times the largest slope of phi at every step."""
    loaded = np.flatnonzero(recording.output_gradient.reshape(recording.steps, -1).any(axis=1))
    last = loaded[-1] if len(loaded) else recording.steps - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        per_step = np.log10(recording.spectra["h"][0] * recording.cell.max_slope)
        line = recording.log10_dh[last] + (last - np.arange(recording.steps)) * per_step
    return np.where(np.arange(recording.steps) <= last, line, np.nan)


def _look(family):
    """Colour and dash of a family of cells."""
    return FAMILY_COLOURS.get(family, OTHER_COLOUR), FAMILY_DASHES.get(family, OTHER_DASH)


def _line(t, log10, name, colour, dash, width):
    """A curve of logarithms; hovering tells the number itself. Exact zeros and overflows leave a gap."""
    y = np.where(np.isfinite(log10), log10, np.nan)
    return {
        "type": "scatter",
        "mode": "lines",
        "x": t,
        "y": y,
        "name": name,
        "line": {"color": colour, "dash": dash, "width": width},
        "hovertemplate": "10^%{y:.2f}",
    }


def powers_axis(window, title):
    """An axis of logarithms over a key of `WINDOWS`, marked in powers of ten."""
    low, high = WINDOWS[window]
    values, texts = _ticks(low, high)
    return dict(title=title, range=[low, high], tickvals=values, ticktext=texts)


@lru_cache(maxsize=16)
def _ticks(low, high):
    span = high - low
    step = next(s for s in (1, 2, 5, 10, 50, 100, 200) if span / s <= 10)
    values = list(range(-(-low // step) * step, high + 1, step))
    return values, [f"10<sup>{v}</sup>" if v else "1" for v in values]
