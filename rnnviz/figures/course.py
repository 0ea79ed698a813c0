"""The pictures of the lessons: functions of recordings and of what a stage's slider stands at."""

from functools import partial

import numpy as np

from ..wording import number
from . import course_cell, course_cliff, course_training, course_why, depth, noise, overfitting
from .flow import gradient_flow
from .theme import FAMILY_COLOURS, LEGIBLE_POWERS, bars_outline, figure, raised
from .unrolled import network, stack

HEIGHT = 275
HIGHEST = 5
"""Where the plain axis of `axes` ends."""


def curves(recordings, value):
    """The norm of dL/dh_t of every network, on a logarithmic axis. value: does not count."""
    picture = gradient_flow(recordings, cell_state=False, height=HEIGHT)
    picture["layout"]["yaxis"] |= _powers((-20, -10, 0, 10)) | {"title": {"text": "norm (log scale)"}}
    return picture


def unrolled(recordings, value, window=(-20, 10), marks=(-20, -10, 0, 10), below="x", closed=False):
    """The one network there is, unrolled over its curve; of several, the hidden states. value: does not count.

    window, marks: the ends of the curve's axis and its marks, in powers of ten. below: see `network`. closed: before
    the gradient goes back.
    """
    shown = next(iter(recordings)) if len(recordings) == 1 else ""
    rows = len(recordings[shown].cell.states) if shown else len(recordings)
    # Before a guess the slopes would tell.
    return network(
        recordings,
        {"range": list(window), "tickvals": list(marks)},
        shown,
        "x" if closed else below,
        high={1: 130, 2: 100}.get(rows, 80),
        closed=closed,
    )


def bars(recordings, steps):
    """What is left of 1 after 0, 1, ... `steps` steps back, a row for each network, on plain axes from 0."""
    traces, layout, notes = [], {}, []
    for row, (label, r) in enumerate(recordings.items()):
        left = _left(r)
        axis, low = f"y{row + 1 if row else ''}", 1 - (row + 1) / len(recordings)
        highest = float(10 ** left.max())
        x, y = bars_outline(np.arange(steps + 1), 10.0 ** left[: steps + 1])
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "line": {"width": 1, "color": FAMILY_COLOURS["rnn"]},
                "fill": "tozeroy",
                "fillcolor": FAMILY_COLOURS["rnn"],
                "x": x,
                "y": y,
                "name": f"× {label}",
                "yaxis": axis,
                "hovertemplate": "%{y:.3g}",
            }
        )
        layout[f"yaxis{axis[1:]}"] = dict(
            domain=[low, low + 0.88 / len(recordings)],
            range=[0, 1.35 * highest],
            tickvals=[0, round(highest)],
            title=dict(text=f"× {label}", standoff=4),
            anchor="x",
        )
        notes.append(
            dict(
                xref="x",
                yref=axis,
                x=steps + 0.4,
                xanchor="right" if steps > 5 else "left",
                y=float(10 ** left[steps]),
                yanchor="bottom",
                showarrow=False,
                text=f"<b>{number(left[steps])}</b>",
                font=dict(size=16),
            )
        )
    last = f"y{len(recordings)}" if len(recordings) > 1 else "y"
    says = " ".join(f"Times {label}: {number(_left(r)[steps])} after {steps} steps." for label, r in recordings.items())
    return figure(
        traces,
        "1, multiplied again and again",
        says,
        height=HEIGHT,
        showlegend=False,
        annotations=notes,
        xaxis=dict(title="steps", range=[-1, len(_left(r)) + 1], anchor=last),
        **layout,
    )


def axes(recordings, value):
    """What is left of 1 after each step back, on a plain axis and, below it, on a logarithmic one."""
    (recording,) = recordings.values()
    left = _left(recording)
    steps = np.arange(len(left))
    line = {"type": "scatter", "mode": "lines", "x": steps, "line": {"color": FAMILY_COLOURS["rnn"], "width": 3}}
    traces = [
        line | {"y": 10.0**left, "name": "plain axis", "hovertemplate": "%{y:.3g}"},
        line
        | {"y": left, "name": "log axis", "yaxis": "y2", "hovertemplate": raised("%{y:.2f}"), "meta": {"log10": True}},
    ]
    return figure(
        traces,
        "The same curve on two axes",
        f"It starts at 1; after {steps[-1]} steps it is {number(left[-1])}.",
        height=HEIGHT,
        showlegend=False,
        xaxis=dict(title="steps", range=[-1, len(left)], anchor="y2"),
        yaxis=dict(domain=[0.58, 1], range=[0, HIGHEST], tickvals=[0, 1, HIGHEST], title="counts"),
        yaxis2=dict(title="powers", domain=[0, 0.46], range=[-16, 12], **_powers((-10, 0, 10))),
    )


def curtain(picture):
    """The picture of curves before a guess: their last step alone, as a dot, and nothing said of the others."""
    layout = picture["layout"]
    traces = [
        trace
        | {
            "x": trace["x"][-1:],
            "y": trace["y"][-1:],
            "mode": "markers",
            "marker": {"size": 12, "color": trace["line"]["color"]},
        }
        for trace in picture["data"]
    ]
    says = "Only the last step is drawn; the rest follows your guess."
    return type(picture)(data=traces, layout=layout | {"annotations": [], "meta": {"says": says}})


def closed(name, recordings):
    """The picture of that name in `PICTURES` before a guess: nothing of what is asked."""
    if name in NETWORKS:
        return NETWORKS[name](recordings, None, closed=True)
    if name in CLOSED:
        return CLOSED[name](recordings)
    if name != "bars":
        return curtain(PICTURES[name](recordings, None))
    first = bars(recordings, 0)
    ends = {
        axis: first["layout"][axis] | {"range": [0, 2], "tickvals": [0, 1]}
        for axis in first["layout"]
        if axis.startswith("yaxis")
    }
    return type(first)(data=first["data"], layout=first["layout"] | ends)


def _left(recording):
    """log10 of what is left of the gradient after 0, 1, ... steps back from the loss at the last step."""
    return recording.log10_dh[::-1] - recording.log10_dh[-1]


def _powers(marks):
    """What an axis of logarithms is marked with."""
    texts = [f"10<sup>{power}</sup>" if power else "1" for power in marks]
    return {"tickvals": list(marks), "ticktext": texts, "tickfont": LEGIBLE_POWERS}


def layers(traces, value, closed=False):
    """The one stack there is, unrolled. value: does not count. closed: before the gradient goes back."""
    (trace,) = traces.values()
    return stack(trace, {"range": [-4, 4], "tickvals": [-4, 0, 4]}, closed=closed)


NETWORKS = {
    "stack": layers,
    "unrolled": unrolled,
    "unrolled close": partial(unrolled, window=(-12, 8), marks=(-10, -5, 0, 5)),
    "unrolled far": partial(unrolled, window=(-30, 50), marks=(-20, 0, 20, 40)),
    "unrolled with slopes": partial(unrolled, below="slope"),
    "unrolled wide, with slopes": partial(unrolled, window=(-60, 30), marks=(-60, -40, -20, 0, 20), below="slope"),
}
"""Those of `PICTURES` that are a `Network`."""

PICTURES = {
    "curves": curves,
    "bars": bars,
    "axes": axes,
    **NETWORKS,
    **course_cell.PICTURES,
    **course_why.PICTURES,
    **course_cliff.PICTURES,
    **course_training.PICTURES,
    **depth.PICTURES,
    **noise.PICTURES,
    **overfitting.PICTURES,
}
"""What a stage can draw: a `Figure`, or a `Network`."""

CLOSED = (
    course_cell.CLOSED
    | course_why.CLOSED
    | course_cliff.CLOSED
    | course_training.CLOSED
    | depth.CLOSED
    | noise.CLOSED
    | overfitting.CLOSED
)
"""Those before a guess that are more than curves."""
