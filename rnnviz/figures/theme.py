"""How every figure looks: one colour a meaning, everywhere the same.

Five families, and no colour is in two of them. A cell's colour is that cell and nothing else. A gate's is the gate; a
sign's is below zero or shrinking, and above zero or growing; those of a series say nothing but "another curve", and
its label says which. Greys are levels, theory and marks. No colour carries a meaning alone: people who do not see red
and green apart, and a black and white print, have dashes, symbols and labels.

Text and background are left to the page, which has a light and a dark side: every line is legible on both.
"""

import numpy as np

FAMILY_COLOURS = {"rnn": "#D55E00", "lstm": "#0072B2", "gru": "#009E73"}
"""Of Okabe and Ito (2008)."""
FAMILY_DASHES = {"rnn": "dash", "lstm": "solid", "gru": "dashdot"}
OTHER_FAMILY = "#6B7A00", "longdash"
"""Of cells that are none of the three."""

GATE_COLOURS = {
    "i": "#A87900",
    "f": "#7B4FB5",
    "o": "#6F7F1E",
    "r": "#6F7F1E",
    "z": "#7B4FB5",
    "g": "#C468A8",
    "n": "#C468A8",
    "q": "#9A6B4B",
    "c": "#9A6B4B",
    "h": "#7F7F7F",
    "x": "#7F7F7F",
}
"""What does the same has the same: f and z keep the state, o and r let out a part of it, g and n are candidates."""

SERIES = ("#8A5FD0", "#C7427B", "#8F7A00", "#857268")
"""Curves that only their labels tell apart, in order: runs, seeds, kinds of clipping, number formats."""
SERIES_DASHES = ("solid", "dash", "dashdot", "dot")

BELOW, ABOVE = "#5C6F82", "#C2185B"
"""Below zero, shrinks, draws in; above zero, grows, pushes off."""
SIGNED = [[0.0, "#2B3A49"], [0.25, "#93A5B5"], [0.5, "#F7F7F7"], [0.75, "#EC8FB0"], [1.0, "#8E0F43"]]
"""Slate below zero, white at zero, red above: for anything with a sign."""

AMOUNT = [[0.0, "#F7F7F7"], [0.4, "#CDBDEB"], [1.0, "#4A2391"]]
"""White is nothing, dark is much: for anything without a sign."""

GREY, INK = "#888888", "#636363"
"""Levels, theory and what is in the background; marks."""


def cell_look(family):
    """Colour and dash of a cell."""
    other, dash = OTHER_FAMILY
    return FAMILY_COLOURS.get(family, other), FAMILY_DASHES.get(family, dash)


def opening(colour):
    """White at 0 to the gate's own colour at 1: for a gate, which opens from 0 to 1."""
    return [[0.0, "#F7F7F7"], [1.0, colour]]


AXIS = dict(
    gridcolor="rgba(128,128,128,0.25)",
    zeroline=False,
    ticks="outside",
    ticklen=4,
    tickfont=dict(size=14),
    title=dict(font=dict(size=16)),
)
TEMPLATE = dict(
    layout=dict(
        font=dict(size=14, color="#444444"),
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin=dict(l=80, r=16, t=64, b=56),
        hovermode="x unified",
        hoverlabel=dict(font=dict(size=14)),
        # Seen through: moved to the left for room, it would cover the topmost label of the axis.
        legend=dict(
            orientation="h",
            x=0,
            y=1.0,
            xanchor="left",
            yanchor="bottom",
            font=dict(size=14),
            traceorder="normal",
            bgcolor="rgba(0,0,0,0)",
        ),
        xaxis=AXIS,
        yaxis=AXIS,
    )
)
POWERS = dict(size=20)
"""The font of powers of ten on an axis: plotly.js sets an exponent at 70 % of it, which is then 14 pixels."""

LEGIBLE_POWERS = dict(size=20)
"""The same in a lesson, where exponents are then 14 pixels."""


def raised(exponent):
    """10 to a power, as a label has it where a pointer is, with an exponent of 14 pixels."""
    return f'10<sup><span style="font-size:14px">{exponent}</span></sup>'


class Figure(dict):
    """A figure as Plotly's JSON has it, {"data": traces, "layout": layout}; `go.Figure(figure)` makes an object of it.

    A `go.Figure` checks every property, which takes longer than to record the networks that it shows: tests do that,
    and pages send the dictionary. A notebook shows it.
    """

    def _ipython_display_(self):
        import plotly.graph_objects as go

        go.Figure(self).show()


def figure(traces, title, says="", meta=None, **layout):
    """A `Figure` in the house style; the page keeps zoom and camera as long as uirevision stays the same.

    says: what is in it, with its numbers, for whoever does not see it. meta: what the page's scripts read, as "value",
    the name of what colours stand for. A trace with "log10" in its meta holds logarithms of what is meant.
    """
    for name, axis in layout.items():
        if name[1:].startswith("axis") and isinstance(axis.get("title"), str):
            layout[name] = axis | {"title": {"text": axis["title"]}}
            if axis["title"] == "time step t":
                # What stands above the values where a pointer is has a word to its number.
                layout[name]["unifiedhovertitle"] = {"text": "step %{x}"}
    title = dict(text=title, x=0, xref="paper", xanchor="left")
    return Figure(
        data=traces,
        layout=dict(template=TEMPLATE, title=title, uirevision="keep", meta={"says": says} | (meta or {}), **layout),
    )


def bars_outline(places, heights):
    """x and y of one outline around bars from 0 to these heights: drawn faster than a bar each."""
    x = np.stack([places - 0.4, places - 0.4, places + 0.4, places + 0.4], axis=1).ravel()
    y = np.stack([0 * heights, heights, heights, 0 * heights], axis=1).ravel()
    return x, y
