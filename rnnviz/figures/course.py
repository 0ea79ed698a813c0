"""The pictures of the lessons: functions of recordings and of what a stage's slider stands at."""

import numpy as np

from ..wording import number
from . import course_cliff, course_training
from .flow import gradient_flow
from .theme import FAMILY_COLOURS, figure

HEIGHT = 275
HIGHEST = 5
"""Where the plain axis of `axes` ends."""


POWERS = dict(size=20)
"""The font of powers of ten, whose exponents are then 14 pixels."""


def curves(recordings, value, window="near", marks=(-20, -10, 0, 10)):
    """The norm of dL/dh_t of every network, on a logarithmic axis. value: does not count. marks: powers on it."""
    picture = gradient_flow(recordings, window=window, cell_state=False, height=HEIGHT)
    picture["layout"]["yaxis"] |= _powers(marks) | {"title": {"text": "norm (log scale)"}}
    return picture


def close(recordings, value):
    """As `curves`, on an axis that holds less of what is small, and shows more of what is near 1."""
    picture = curves(recordings, value, marks=(-10, -5, 0, 5))
    picture["layout"]["yaxis"] |= {"range": [-12, 8]}
    return picture


def wide(recordings, value):
    """As `curves`, on an axis that also holds what is smaller and larger."""
    return curves(recordings, value, "wide", (-60, -40, -20, 0, 20))


def bars(recordings, steps):
    """What is left of 1 after 0, 1, ... `steps` steps back, a row for each network, on plain axes from 0."""
    traces, layout, notes = [], {}, []
    for row, (label, r) in enumerate(recordings.items()):
        left = _left(r)
        axis, low = f"y{row + 1 if row else ''}", 1 - (row + 1) / len(recordings)
        highest = float(10 ** left.max())
        x, y = _outline(10.0 ** left[: steps + 1])
        traces.append({"type": "scatter", "mode": "lines", "line": {"width": 1, "color": FAMILY_COLOURS["rnn"]},
                       "fill": "tozeroy", "fillcolor": FAMILY_COLOURS["rnn"], "x": x, "y": y, "name": f"× {label}",
                       "yaxis": axis, "hovertemplate": "%{y:.3g}"})
        layout[f"yaxis{axis[1:]}"] = dict(domain=[low, low + 0.88 / len(recordings)], range=[0, 1.35 * highest],
                                          tickvals=[0, round(highest)], title=dict(text=f"× {label}", standoff=4),
                                          anchor="x")
        notes.append(dict(xref="x", yref=axis, x=steps + 0.4, xanchor="right" if steps > 5 else "left",
                          y=float(10 ** left[steps]), yanchor="bottom", showarrow=False,
                          text=f"<b>{number(left[steps])}</b>", font=dict(size=16)))
    last = f"y{len(recordings)}" if len(recordings) > 1 else "y"
    says = " ".join(f"Times {label}: {number(_left(r)[steps])} after {steps} steps." for label, r in recordings.items())
    return figure(traces, "1, multiplied again and again", says, height=HEIGHT, showlegend=False, annotations=notes,
                  xaxis=dict(title="steps", range=[-1, len(_left(r)) + 1], anchor=last), **layout)


def axes(recordings, value):
    """What is left of 1 after each step back, on a plain axis and, below it, on a logarithmic one."""
    (recording,) = recordings.values()
    left = _left(recording)
    steps = np.arange(len(left))
    line = {"type": "scatter", "mode": "lines", "x": steps, "line": {"color": FAMILY_COLOURS["rnn"], "width": 3}}
    traces = [line | {"y": 10.0**left, "name": "plain axis", "hovertemplate": "%{y:.3g}"},
              line | {"y": left, "name": "log axis", "yaxis": "y2", "hovertemplate": "10^%{y:.2f}",
                      "meta": {"log10": True}}]
    return figure(
        traces, "The same curve on two axes",
        f"It starts at 1; after {steps[-1]} steps it is {number(left[-1])}.",
        height=HEIGHT, showlegend=False,
        xaxis=dict(title="steps", range=[-1, len(left)], anchor="y2"),
        yaxis=dict(domain=[0.58, 1], range=[0, HIGHEST], tickvals=[0, 1, HIGHEST], title="counts"),
        yaxis2=dict(title="powers", domain=[0, 0.46], range=[-16, 12], **_powers((-10, 0, 10))),
    )


def curtain(picture):
    """The picture of curves before a guess: their last step alone, as a dot, and nothing said of the others."""
    layout = picture["layout"]
    traces = [trace | {"x": trace["x"][-1:], "y": trace["y"][-1:], "mode": "markers",
                       "marker": {"size": 12, "color": trace["line"]["color"]}} for trace in picture["data"]]
    says = "Only the last step is drawn; the rest follows your guess."
    return type(picture)(data=traces, layout=layout | {"annotations": [], "meta": {"says": says}})


def closed(name, recordings):
    """The picture of that name in `PICTURES` before a guess: nothing of what is asked."""
    if name in CLOSED:
        return CLOSED[name](recordings)
    if name != "bars":
        return curtain(PICTURES[name](recordings, None))
    first = bars(recordings, 0)
    ends = {axis: first["layout"][axis] | {"range": [0, 2], "tickvals": [0, 1]}
            for axis in first["layout"] if axis.startswith("yaxis")}
    return type(first)(data=first["data"], layout=first["layout"] | ends)


def _left(recording):
    """log10 of what is left of the gradient after 0, 1, ... steps back from the loss at the last step."""
    return recording.log10_dh[::-1] - recording.log10_dh[-1]


def _powers(marks):
    """What an axis of logarithms is marked with."""
    texts = [f"10<sup>{power}</sup>" if power else "1" for power in marks]
    return {"tickvals": list(marks), "ticktext": texts, "tickfont": POWERS}


def _outline(heights):
    """One outline for bars of these heights: two hundred points are drawn faster than fifty bars."""
    k = np.arange(len(heights))
    x = np.stack([k - 0.4, k - 0.4, k + 0.4, k + 0.4], axis=1).ravel()
    y = np.stack([0 * heights, heights, heights, 0 * heights], axis=1).ravel()
    return x, y


PICTURES = {"curves": curves, "close": close, "wide": wide, "bars": bars, "axes": axes,
            **course_cliff.PICTURES, **course_training.PICTURES}
"""What a stage can draw."""

CLOSED = course_cliff.CLOSED | course_training.CLOSED
"""Those that are more than curves, before a guess."""
