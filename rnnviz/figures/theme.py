"""How every figure looks: one colour a gate and a cell, one scale a meaning, everywhere the same.

The colours are those of Okabe and Ito (2008), told apart by people who do not see red and green apart; where they
carry meaning a dash or a label carries it too. Text and background are left to the page, which has a light and a
dark side, so figures come with neutral greys only.
"""

FAMILY_COLOURS = {"rnn": "#D55E00", "lstm": "#0072B2", "gru": "#009E73"}
FAMILY_DASHES = {"rnn": "dash", "lstm": "solid", "gru": "dashdot"}

OTHER_COLOUR, OTHER_DASH = "#56B4E9", "longdash"
"""Of a family that came later."""

GATE_COLOURS = {
    "i": "#E69F00",
    "f": "#0072B2",
    "o": "#009E73",
    "r": "#56B4E9",
    "z": "#D55E00",
    "g": "#CC79A7",
    "n": "#CC79A7",
    "q": "#8C6BB1",
    "c": "#8C6BB1",
    "h": "#7F7F7F",
    "x": "#7F7F7F",
}
"""Candidates share a colour: the LSTM's g and the GRU's n are the same thing."""

GREY = "#888888"
SIGNED = [[0.0, "#0B559F"], [0.25, "#7FB4DC"], [0.5, "#F7F7F7"], [0.75, "#F2A65A"], [1.0, "#A63603"]]
"""Blue below zero, white at zero, orange above: for anything with a sign."""


def opening(colour):
    """White at 0 to the gate's own colour at 1: for a gate, which opens from 0 to 1."""
    return [[0.0, "#F7F7F7"], [1.0, colour]]


TEMPLATE = dict(
    layout=dict(
        font=dict(size=14, color="#444444"),
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin=dict(l=64, r=16, t=64, b=48),
        hovermode="x unified",
        legend=dict(orientation="h", x=0, y=1.0, xanchor="left", yanchor="bottom"),
        xaxis=dict(gridcolor="rgba(128,128,128,0.25)", zeroline=False, ticks="outside", ticklen=4),
        yaxis=dict(gridcolor="rgba(128,128,128,0.25)", zeroline=False, ticks="outside", ticklen=4),
    )
)


class Figure(dict):
    """A figure as Plotly's JSON has it, {"data": traces, "layout": layout}; `go.Figure(figure)` makes an object of it.

    A `go.Figure` checks every property, which takes longer than to record the networks that it shows: tests do that,
    and pages send the dictionary. A notebook shows it.
    """

    def _ipython_display_(self):
        import plotly.graph_objects as go

        go.Figure(self).show()


def figure(traces, title, **layout):
    """A `Figure` in the house style; the page keeps zoom and camera as long as uirevision stays the same."""
    for name, axis in layout.items():
        if name[1:].startswith("axis") and isinstance(axis.get("title"), str):
            layout[name] = axis | {"title": {"text": axis["title"]}}
    title = dict(text=title, x=0, xref="paper", xanchor="left")
    return Figure(data=traces, layout=dict(template=TEMPLATE, title=title, uirevision="keep", **layout))
