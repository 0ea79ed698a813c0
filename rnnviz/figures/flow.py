"""Gradient flow: the norm of dL/dh_t at every step, and the share of every step in the gradient of the weights."""

from functools import lru_cache

import numpy as np

from ..arguments import choice, flag, instance, whole
from ..formats import FORMATS
from ..wording import number
from .given import labelled
from .theme import GREY, POWERS, SERIES, cell_look, figure, raised

WINDOWS = {"close": (-8, 4), "near": (-20, 10), "wide": (-60, 30), "double": (-330, 320), "all": (-1100, 650)}
"""Powers of ten that the vertical axis can show; it never rescales by itself."""


def gradient_flow(
    recordings, steps=None, window="near", cell_state=True, bound=False, slope=False, formats=(), height=400
):
    """The norm of dL/dh_t over the steps, on a logarithmic axis, for a few recordings of the same length.

    recordings: label -> `Recording` without an ensemble. steps: the length of the axis. window: a key of `WINDOWS`.
    cell_state: also dL/dc_t, dotted. bound, slope: the theory for cells h = phi(...), see `Recording.log10_bound`.
    formats: names in `FORMATS` whose smallest and largest numbers are drawn as lines. height: in pixels. Returns a
    `Figure`. Raises ValueError naming the argument.
    """
    labelled(recordings)
    low, high = WINDOWS[choice("window", window, WINDOWS)]
    for name in instance("formats", formats, list | tuple, f"a sequence of names from {', '.join(FORMATS)}"):
        choice("formats", name, FORMATS)
    cell_state, bound, slope = map(flag, ("cell_state", "bound", "slope"), (cell_state, bound, slope))
    height, steps = whole("height", height, 1), _axis(recordings, steps)
    t = np.arange(1, steps + 1)
    traces, families, zeros = [], set(), []
    for label, r in recordings.items():
        if r.cell.family in families:
            # A second network of the same family, and its theory: another dash would be taken for another cell.
            colour, dash, aside = SERIES[0], "solid", SERIES[0]
        else:
            colour, dash, aside = *cell_look(r.cell.family), GREY
        families.add(r.cell.family)
        traces.append(_line(t, r.log10_dh, f"{label}: ∂L/∂h", colour, dash, 3))
        zeros += _exactly_zero(r.log10_dh, f"{label}: ∂L/∂h", colour)
        if cell_state and r.c is not None:
            traces.append(_line(t, r.log10_dc, f"{label}: ∂L/∂c", colour, "dot", 2))
            zeros += _exactly_zero(r.log10_dc, f"{label}: ∂L/∂c", colour)
        if bound and r.log10_bound is not None:
            traces.append(_line(t, r.log10_bound, f"{label}: upper bound", aside, "solid", 1.5))
        if slope and r.cell.max_slope is not None:
            traces.append(_line(t, spectral_line(r), f"{label}: spectral radius", aside, "dash", 1.5))
    shapes, notes = [], [zero | {"y": 0.01 + 0.06 * k} for k, zero in enumerate(zeros)]
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
                        font=dict(size=14),
                    )
                )
    return figure(
        traces,
        "How much of the gradient reaches each step",
        " ".join(_said(label, r) for label, r in recordings.items()),
        height=height,
        xaxis=dict(title="time step t", range=[0.5, steps + 0.5]),
        yaxis=powers_axis(window, "norm (log scale)"),
        shapes=shapes,
        annotations=notes,
        meta={"stepped": True},
    )


def step_shares(recordings, steps=None, parameter="U"):
    """Bars, one row a recording: the norm of each step's term of dL/dU, relative to the largest of them.

    recordings: as in `gradient_flow`. parameter: "W", "U" or "b". Raises ValueError naming the argument.
    """
    labelled(recordings)
    choice("parameter", parameter, ("W", "U", "b"))
    rows = len(recordings)
    traces, axes = [], {}
    for row, (label, r) in enumerate(recordings.items()):
        share = r.shares[parameter]
        axis = f"y{row + 1}" if row else "y"
        colour, _ = cell_look(r.cell.family)
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
    steps = _axis(recordings, steps)
    return figure(
        traces,
        "Which steps the recurrent weights learn from",
        " ".join(_learnt(label, r.shares[parameter]) for label, r in recordings.items()),
        height=120 + 90 * rows,
        showlegend=False,
        xaxis=dict(title="time step t", range=[0.5, steps + 0.5], anchor="y" if rows < 2 else f"y{rows}"),
        meta={"stepped": True},
        **axes,
    )


def _axis(recordings, steps):
    """How many steps the axis shows: those asked for, or those of the longest recording."""
    return max((r.steps for r in recordings.values()), default=2) if steps is None else whole("steps", steps, 1, 10**6)


def spectral_line(recording):
    """log10 of the norm if it changed by the spectral radius of U times the largest slope of phi at every step."""
    loaded = np.flatnonzero(recording.output_gradient.reshape(recording.steps, -1).any(axis=1))
    last = loaded[-1] if len(loaded) else recording.steps - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        per_step = np.log10(recording.spectra["h"][0] * recording.cell.max_slope)
        line = recording.log10_dh[last] + (last - np.arange(recording.steps)) * per_step
    return np.where(np.arange(recording.steps) <= last, line, np.nan)


def _said(label, recording):
    """The two ends of a curve, in words; where the loss is alone at one step, the first end is there."""
    logs = recording.log10_dh
    loaded = np.flatnonzero(~np.isneginf(logs))
    last = loaded[-1] if len(loaded) else len(logs) - 1
    return f"{label}: ∂L/∂h is {number(logs[last])} at step {last + 1} and {number(logs[0])} at step 1."


def _learnt(label, shares):
    """From how many of the last steps half of all comes, in words."""
    back = np.cumsum(shares[::-1])
    if not back[-1] > 0:
        return f"{label}: nothing."
    count = int(np.searchsorted(back, 0.5 * back[-1])) + 1
    return f"{label}: half comes from the last {count} of {len(shares)} steps, most from step {shares.argmax() + 1}."


def _exactly_zero(log10, name, colour):
    """A note at the foot of the axis where a gradient that travelled back is exactly 0, which no logarithm shows."""
    nothing = np.isneginf(log10)
    alive = np.flatnonzero(~nothing)
    last = int(alive[0]) if len(alive) else len(log10)
    if not last:
        return []
    steps = f"steps 1 to {last}" if last > 1 else "step 1"
    return [
        dict(
            xref="paper",
            x=0.01,
            xanchor="left",
            yref="paper",
            y=0.01,
            yanchor="bottom",
            showarrow=False,
            text=f"{name} is exactly 0 at {steps}",
            font=dict(size=14, color=colour),
        )
    ]


def _line(t, log10, name, colour, dash, width):
    """A curve of logarithms; hovering tells the number itself. Exact zeros and overflows leave a gap."""
    y = np.where(np.isfinite(log10), log10, np.nan)
    zero = np.flatnonzero(np.isneginf(log10)) + 1
    return {
        "meta": {"log10": True} | ({"zero": zero.tolist()} if len(zero) else {}),
        "type": "scatter",
        "mode": "lines",
        "x": t,
        "y": y,
        "name": name,
        "line": {"color": colour, "dash": dash, "width": width},
        "hovertemplate": raised("%{y:.2f}"),
    }


def powers_axis(window, title):
    """An axis of logarithms over a key of `WINDOWS`, marked in powers of ten."""
    low, high = WINDOWS[window]
    values, texts = _ticks(low, high)
    return dict(title=title, range=[low, high], tickvals=values, ticktext=texts, tickfont=POWERS)


@lru_cache(maxsize=16)
def _ticks(low, high):
    span = high - low
    step = next(s for s in (1, 2, 5, 10, 50, 100, 200) if span / s <= 10)
    values = list(range(-(-low // step) * step, high + 1, step))
    return values, [f"10<sup>{v}</sup>" if v else "1" for v in values]
