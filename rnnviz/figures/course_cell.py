"""The pictures of the lesson on the inside of a cell: functions of recordings and of what a slider stands at."""

import numpy as np

from ..course.cell_sentences import LSTM_UNIT, RNN_UNIT
from .diagrams import HEIGHT, gru_step, lstm_step, rnn_step
from .theme import GATE_COLOURS, GREY, bars_outline, figure


def valve(recordings, bias):
    """The curve σ with the gate on it, and beside it how far a valve is open."""
    (recording,) = recordings.values()
    at, colour = np.linspace(-6, 6, 97), GATE_COLOURS["f"]
    gate = float(recording.gates["f"].mean())
    bias = recording.config.forget_bias
    thick = {"color": colour, "width": 3}
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": at,
            "y": 1 / (1 + np.exp(-at)),
            "name": "σ",
            "line": thick,
            "hovertemplate": "%{y:.3f}",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": np.array([bias, bias]),
            "y": np.array([0, gate]),
            "name": "this bias",
            "line": {"color": GREY, "width": 2, "dash": "dot"},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": np.array([bias]),
            "y": np.array([gate]),
            "name": "the gate",
            "marker": {"size": 14, "color": colour},
            "hovertemplate": "%{y:.3f}",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": np.array([0, 1.0]),
            "y": np.array([gate, gate]),
            "name": "lets through",
            "line": {"color": colour, "width": 1},
            "fill": "tozeroy",
            "fillcolor": colour,
            "xaxis": "x2",
            "yaxis": "y2",
            "hovertemplate": "%{y:.3f}",
        },
    ]
    note = dict(
        xref="x2",
        yref="y2",
        x=0.5,
        y=max(gate, 0.04),
        yanchor="bottom",
        showarrow=False,
        text=f"<b>{100 * gate:.3g} %</b>",
        font=dict(size=18),
    )
    return figure(
        traces,
        "The curve σ, and how far the gate is open",
        f"At {bias:g} the gate is {gate:.3g}.",
        height=HEIGHT,
        showlegend=False,
        hovermode="closest",
        annotations=[note],
        xaxis=dict(title="bias", domain=[0, 0.6], range=[-6.3, 6.3]),
        yaxis=dict(title="gate", range=[0, 1.05], tickvals=[0, 0.5, 1]),
        xaxis2=dict(title="open", domain=[0.82, 1], range=[-0.1, 1.1], tickvals=[], anchor="y2"),
        yaxis2=dict(range=[0, 1.2], tickvals=[0, 1], ticktext=["0 %", "100 %"], anchor="x2"),
    )


def kept(recordings, value):
    """What is left of the memory of step 1 at every later step. value: does not count."""
    (recording,) = recordings.values()
    return _shares(
        {"forward →: of the memory of step 1": _forward(recording)}, "What the gate keeps, step after step", {0: -1}
    )


def both_ways(recordings, value):
    """As `kept`, and below it what of the gradient of the last step's state arrives at each. value: does not count."""
    (recording,) = recordings.values()
    logs = recording.log10_dh if recording.c is None else recording.log10_dc
    back = f"backward ←: of ∂L/∂{recording.cell.states[-1]} of step {recording.steps}"
    return _shares(
        {"forward →: of the memory of step 1": _forward(recording), back: 10.0 ** (logs - logs[-1])},
        "The same gate in both directions",
        {0: -1, 1: 0},
    )


def _forward(recording):
    """(T,) What the gate that keeps the state of the first unit has left of it since step 1."""
    gate = recording.gates[recording.cell.keeps][:, 0, 0]
    return np.concatenate([[1.0], np.cumprod(gate[1:])])


def _shares(rows, title, ends):
    """Bars from 0 to 1 over the steps, a row for each name -> (T,). ends: row -> index of the bar that tells."""
    traces, layout, notes = [], {}, []
    for row, (name, shares) in enumerate(rows.items()):
        axis, low = f"y{row + 1 if row else ''}", 1 - (row + 1) / len(rows)
        x, y = bars_outline(1 + np.arange(len(shares)), shares)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "line": {"width": 1, "color": GATE_COLOURS["f"]},
                "fill": "tozeroy",
                "fillcolor": GATE_COLOURS["f"],
                "x": x,
                "y": y,
                "name": name,
                "yaxis": axis,
                "hovertemplate": "%{y:.3g}",
            }
        )
        layout[f"yaxis{axis[1:]}"] = dict(
            domain=[low, low + 0.8 / len(rows)], range=[0, 1.3], tickvals=[0, 1], ticktext=["0", "1"], anchor="x"
        )
        k = ends[row] % len(shares)
        notes.append(
            dict(
                xref="x",
                yref=axis,
                x=k + 1,
                y=float(shares[k]),
                yanchor="bottom",
                showarrow=False,
                text=f"<b>{100 * shares[k]:.3g} %</b>",
                font=dict(size=16),
            )
        )
        notes.append(
            dict(
                xref="paper",
                yref=axis,
                x=0.01,
                xanchor="left",
                y=1.3,
                yanchor="middle",
                showarrow=False,
                text=name,
                font=dict(size=15),
            )
        )
    count = len(next(iter(rows.values())))
    says = " ".join(f"{name}: {100 * shares[ends[k]]:.3g} %." for k, (name, shares) in enumerate(rows.items()))
    return figure(
        traces,
        title,
        says,
        height=HEIGHT,
        showlegend=False,
        annotations=notes,
        xaxis=dict(
            title="step",
            range=[0, count + 1],
            tickvals=[1, *range(5, count + 1, 5)],
            anchor=f"y{len(rows) if len(rows) > 1 else ''}",
        ),
        **layout,
    )


def cut(picture, hides):
    """A picture with some of its traces cut down to a few of their points, and nothing else said.

    hides: name's beginning -> slice of the points that stay. Maps go, and marks, and all notes that tell a number.
    """
    traces = []
    for trace in picture["data"]:
        stays = next((points for name, points in hides.items() if trace["name"].startswith(name)), slice(None))
        if "z" in trace:
            traces.append(trace | {"z": np.full_like(trace["z"], np.nan), "showscale": False})
        else:
            traces.append(trace | {"x": trace["x"][stays], "y": trace["y"][stays]})
    layout = picture["layout"]
    notes = [note for note in layout.get("annotations", ()) if not note["text"].startswith("<b>")]
    says = "What is asked is not drawn; it follows your guess."
    return type(picture)(data=traces, layout=layout | {"annotations": notes, "shapes": [], "meta": {"says": says}})


PICTURES = {
    "step of the RNN": lambda recordings, step: rnn_step(*recordings.values(), RNN_UNIT, step),
    "step of the LSTM": lambda recordings, step: lstm_step(*recordings.values(), LSTM_UNIT, step),
    "step of the GRU": lambda recordings, bias: gru_step(*recordings.values(), 1, 16),
    "valve": valve,
    "kept": kept,
    "both ways": both_ways,
}
"""What a stage can draw."""

CLOSED = {
    "valve": lambda recordings: cut(valve(recordings, None), dict.fromkeys(("σ", "this", "the", "lets"), slice(0))),
    "kept": lambda recordings: cut(kept(recordings, None), {"forward": slice(4)}),
    "both ways": lambda recordings: cut(both_ways(recordings, None), {"backward": slice(-4, None)}),
}
"""Those before a guess."""
