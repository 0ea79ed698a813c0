"""One step of one unit as a drawing with its numbers: boxes for what is computed, wires for what goes in."""

import numpy as np

from ..course.cell_sentences import exact
from .theme import FAMILY_COLOURS, GATE_COLOURS, GREY, INK, figure

HEIGHT = 275
WIDE, HIGH = 0.84, 0.52
"""Of a box, in columns and rows."""


def rnn_step(recording, unit, step):
    """How h comes from input, memory and bias. unit, step: counted from 1."""
    t, j = step - 1, unit - 1
    x, h = recording.x[t, 0, 0], recording.h[t, 0, j]
    u = recording.recurrent_terms["h"][t, 0, j]
    w, b = recording.parameters.W[0, j], recording.parameters.b[j]
    colour = FAMILY_COLOURS["rnn"]
    boxes = {
        "x": (0, 2, "input x", x, GREY),
        "w": (1, 2, "× weight", w, INK),
        "xw": (2, 2, "product", x * w, GREY),
        "u": (2, 1, "memory", u, GREY),
        "b": (2, 0, "bias", b, GREY),
        "a": (3, 1, "sum", x * w + u + b, GREY),
        "h": (4, 1, "h = tanh", h, colour),
    }
    wires = [("x", "w"), ("w", "xw"), ("xw", "a"), ("u", "a"), ("b", "a"), ("a", "h")]
    return _drawn(boxes, wires, f"RNN, unit {unit}, step {step}: tanh squeezes the sum into h")


def lstm_step(recording, unit, step):
    """How c keeps a part and takes in a part, and how h is read from it. unit, step: counted from 1."""
    t, j = step - 1, unit - 1
    i, f, g, o = (float(recording.gates[name][t, 0, j]) for name in "ifgo")
    c, before = recording.c[t, 0, j], recording.states["c"][t, 0, j]
    boxes = {
        **_kept_and_added("c", ("f", f), ("i", i), ("g", g), before, c, GATE_COLOURS["c"]),
        "o": (4, 1, "× o", o, GATE_COLOURS["o"]),
        "h": (4, 0, "h", recording.h[t, 0, j], FAMILY_COLOURS["lstm"]),
    }
    wires = [*KEPT_AND_ADDED, ("new", "o", "tanh"), ("o", "h")]
    return _drawn(
        boxes,
        wires,
        f"LSTM, unit {unit}, step {step}: forget gate f, input gate i, candidate g, output gate o",
        gauges=("keep", "write", "o"),
    )


def gru_step(recording, unit, step):
    """How h keeps a part and takes in a part. unit, step: counted from 1."""
    t, j = step - 1, unit - 1
    z, n = (float(recording.gates[name][t, 0, j]) for name in "zn")
    boxes = _kept_and_added(
        "h",
        ("z", z),
        ("(1−z)", 1 - z),
        ("n", n),
        recording.states["h"][t, 0, j],
        recording.h[t, 0, j],
        FAMILY_COLOURS["gru"],
    )
    return _drawn(
        boxes,
        KEPT_AND_ADDED,
        f"GRU, unit {unit}, step {step}: update gate z, candidate n (in n the reset gate has its part)",
        gauges=("keep", "write"),
    )


KEPT_AND_ADDED = [
    ("old", "keep"),
    ("keep", "kept"),
    ("kept", "new"),
    ("g", "write"),
    ("write", "added"),
    ("added", "new", "+"),
]


def _kept_and_added(state, keep, write, candidate, before, now, colour):
    """The boxes of a state that keeps a part of itself and takes in a part of a candidate."""
    (keeps, f), (writes, i), (name, g) = keep, write, candidate
    tone, other = GATE_COLOURS[keeps], GATE_COLOURS.get(writes, GATE_COLOURS[keeps])
    return {
        "old": (0, 2, f"old {state}", before, colour),
        "keep": (1, 2, f"× {keeps}", f, tone),
        "kept": (2, 2, "kept", f * before, GREY),
        "g": (0, 1, name, g, GATE_COLOURS["g"]),
        "write": (1, 1, f"× {writes}", i, other),
        "added": (2, 1, "added", i * g, GREY),
        "new": (3, 2, f"new {state}", now, colour),
    }


def _drawn(boxes, wires, title, gauges=()):
    """A `Figure` of boxes, name -> (column, row from the foot, words, number, colour), and of wires (from, to, words).

    Words stand beside where a wire turns. gauges: names of the boxes, of numbers from 0 to 1, that show how far a gate
    is open.
    """
    traces, notes, heads = [], [], {"triangle-right": [], "triangle-up": [], "triangle-down": []}
    lines = [[], []]
    for start, end, *words in wires:
        x, y, head = _way(boxes[start][:2], boxes[end][:2])
        lines[0] += [*x, np.nan]
        lines[1] += [*y, np.nan]
        heads[head].append((x[-1], y[-1]))
        if words:
            notes.append(_note(x[-1] - 0.24, (y[-2] + y[-1]) / 2, words[0], 15))
    hidden = {"hoverinfo": "skip", "showlegend": False}
    traces.append(
        {
            "type": "scatter",
            "mode": "lines",
            "x": np.array(lines[0], float),
            "y": np.array(lines[1], float),
            "line": {"color": GREY, "width": 2},
            "name": "wires",
            "meta": {"drawn": True},
        }
        | hidden
    )
    for symbol, places in heads.items():
        if places:
            x, y = np.array(places, float).T
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": x,
                    "y": y,
                    "name": symbol,
                    "marker": {"symbol": symbol, "size": 11, "color": GREY},
                    "meta": {"drawn": True},
                }
                | hidden
            )
    for name, (x, y, words, value, colour) in boxes.items():
        left, right, low, high = x - WIDE / 2, x + WIDE / 2, y - HIGH / 2, y + HIGH / 2
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": np.array([left, right, right, left, left]),
                "y": np.array([low, low, high, high, low]),
                "line": {"color": colour, "width": 2.5},
                "name": words,
                "meta": {"drawn": True},
            }
            | hidden
        )
        if name in gauges:
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "x": np.array([left, left + WIDE * value]),
                    "y": np.array([low, low]) + 0.05,
                    "line": {"color": colour, "width": 8},
                    "name": f"{words} is open",
                    "meta": {"drawn": True},
                }
                | hidden
            )
        notes += [_note(x, high + 0.13, words, 15), _note(x, y, f"<b>{exact(value)}</b>", 17)]
    columns, lowest = max(b[0] for b in boxes.values()), min(b[1] for b in boxes.values())
    axis = dict(visible=False, fixedrange=True)
    return figure(
        traces,
        title,
        " ".join(f"{words}: {exact(value)}." for _, _, words, value, _ in boxes.values()),
        height=HEIGHT,
        hovermode="closest",
        showlegend=False,
        annotations=notes,
        margin=dict(l=4, r=4, t=8, b=4),
        xaxis=axis | dict(range=[-0.5, columns + 0.5]),
        yaxis=axis | dict(range=[lowest - 0.4, 2.6]),
    )


def _way(start, end):
    """The corners of a wire, and its head: to the right of a box into the left of the next, or into it from below."""
    (x0, y0), (x1, y1) = start, end
    right = x0 + WIDE / 2
    if x1 == x0:
        return [x0, x0], [y0 - HIGH / 2, y1 + HIGH / 2 + 0.32], "triangle-down"
    if y0 == y1:
        return [right, x1 - WIDE / 2 - 0.05], [y0, y1], "triangle-right"
    if y0 < y1:
        return [right, x1, x1], [y0, y0, y1 - HIGH / 2 - 0.06], "triangle-up"
    return [right, x1, x1], [y0, y0, y1 + HIGH / 2 + 0.32], "triangle-down"


def _note(x, y, text, size):
    return dict(x=x, y=y, text=text, showarrow=False, xanchor="center", yanchor="middle", font=dict(size=size))
