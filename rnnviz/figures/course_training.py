"""The pictures of the lesson on training: functions of trainings and of what a stage's slider stands at.

A line is one network. While a training runs there is no slider, and the pictures hold what it has come to.
"""

import numpy as np

from .cliff import COLOURS, DASHES
from .course_cliff import LEFT, RIGHT
from .theme import GREY, INK, SERIES, SERIES_DASHES, cell_look, figure
from .training import largest

HEIGHT = 260

LATER = 0.4
"""How much is seen of what comes after the update that the slider stands at."""

SYMBOLS = "abcdXY"
MARKED = {4: "#C7427B", 5: "#8A5FD0"}
"""Colours of X and of Y."""

ANSWERS = dict(range=[0, 104], tickvals=[0, 25, 50, 75, 100])


def sequence(about, which):
    """One held-out sequence, X and Y marked in it, and the right answer."""
    (training,) = about.values()
    symbols = training.probe(0, True, int(which) - 1).x[:, 0].argmax(axis=-1)
    steps, marks = np.arange(1, len(symbols) + 1), np.flatnonzero(symbols >= 4)
    order = [SYMBOLS[symbols[k]] for k in marks]
    traces, heights = [], np.where(symbols >= 4, 0.4, 0.0)
    for s, colour in MARKED.items():
        own = symbols == s
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": steps[own].astype(float),
                "y": heights[own],
                "name": SYMBOLS[s],
                "hoverinfo": "skip",
                "marker": {"symbol": "square", "size": 34, "color": colour},
            }
        )
    notes = [
        _note(
            f"<b>{SYMBOLS[s]}</b>" if s >= 4 else SYMBOLS[s],
            x=int(k),
            y=float(y),
            yanchor="middle",
            font=dict(size=20, color="#FFFFFF") if s >= 4 else dict(size=16),
        )
        for k, s, y in zip(steps, symbols, heights)
    ]
    notes += [_note(word, x=int(k) + 1, y=0.8, yanchor="bottom") for word, k in zip(("first", "then"), marks)]
    notes.append(
        _note(
            f"<b>the answer: {order[0]}, then {order[1]}</b>",
            xref="paper",
            x=0.5,
            y=-0.5,
            yanchor="top",
            font=dict(size=20),
        )
    )
    return figure(
        traces,
        f"What the network reads, step by step: held-out sequence {int(which)}",
        f"{order[0]} comes at step {marks[0] + 1}, {order[1]} at step {marks[1] + 1}.",
        height=230,
        showlegend=False,
        annotations=notes,
        margin=dict(l=24, r=24, t=28, b=56),
        xaxis=dict(title="step", range=[0.3, len(symbols) + 0.7], tickvals=[1, 5, 10, 15, 20], showgrid=False),
        yaxis=dict(range=[-0.9, 1.2], visible=False),
    )


def learning(about, update):
    """Loss and right answers of every network on held-out sequences."""
    traces, base = [], float(np.log10(_first(about).task.baseline))
    for (label, t), look in zip(about.items(), _looks(about)):
        traces += _curves(label, t.tested, np.log10(t.tests["loss"]), update, look, log10=True)
        traces += _curves(label, t.tested, 100 * t.tests["accuracy"], update, look, "2")
    return _panels(
        about,
        traces,
        "On held-out sequences: loss, and right answers in %",
        update,
        dict(range=[base - 3, base + 1], **_powers(range(-2, 2))),
        ANSWERS,
        _updates(about),
        update,
        [_note("guessing", xref="paper", x=LEFT[1], xanchor="right", y=base, yanchor="bottom")],
        [(base, "y", LEFT)],
    )


def explosion(about, update):
    """Length of the gradient before clipping, and loss of the batch, at every update; all axes are logarithmic."""
    traces, total = [], _total(about)
    until = None if update is None else np.log10(update)
    for (label, t), look in zip(about.items(), _looks(about)):
        for values, side in ((t.norms, ""), (t.losses, "2")):
            at, values = largest(values)
            with np.errstate(divide="ignore"):
                traces += _curves(label, np.log10(at), np.log10(values), until, look, side, log10=True)
    return _panels(
        about,
        traces,
        "At every update, on log axes: length of the gradient, and loss",
        update,
        dict(range=[-4, 8], **_powers(range(-3, 8, 3))),
        dict(range=[-4, 8], **_powers(range(-3, 8, 3))),
        dict(range=[0, np.log10(total)], **_powers(range(int(np.log10(total)) + 1))),
        until,
    )


def turned(about, update):
    """By how many degrees clipping turned each update, and right answers on held-out sequences."""
    traces = []
    for (label, t), look in zip(about.items(), _looks(about)):
        at, angles = largest(np.degrees(np.arccos(np.clip(t.history["cosine"], -1, 1))), even=True)
        traces += _curves(label, t.history.updates[at - 1], angles, update, look)
        traces += _curves(label, t.tested, 100 * t.tests["accuracy"], update, look, "2")
    return _panels(
        about,
        traces,
        "How far clipping turned an update, and right answers in %",
        update,
        dict(range=[-3, 92], tickvals=[0, 45, 90], ticksuffix="°"),
        ANSWERS,
        _updates(about),
        update,
    )


def asked(picture):
    """A function of trainings that gives the picture before a guess: its axes alone."""

    def empty(about):
        whole = picture(about, None)
        gone = [trace | {"x": trace["x"][:0], "y": trace["y"][:0], "customdata": []} for trace in whole["data"]]
        layout = whole["layout"] | {"meta": {"says": "Nothing is trained before the guess."}}
        return type(whole)(data=gone, layout=layout)

    return empty


def _panels(about, traces, title, update, left, right, updates, at, notes=(), levels=()):
    """Two panels over the updates, and in both a line where the slider stands. at: its place on their axis."""
    # There is room for no more below the narrow one.
    ends = {name: [updates[name][0], updates[name][-1]] for name in ("tickvals", "ticktext") if name in updates}
    shapes = [
        dict(
            type="line",
            xref="paper",
            yref=y,
            x0=panel[0],
            x1=panel[1],
            y0=level,
            y1=level,
            line=dict(color=GREY, width=1.5, dash="dot"),
        )
        for level, y, panel in levels
    ]
    if update is not None:
        shapes += [
            dict(
                type="line",
                xref=x,
                yref="paper",
                x0=float(at),
                x1=float(at),
                y0=0,
                y1=1,
                line=dict(color=INK, width=1.5, dash="dot"),
            )
            for x in ("x", "x2")
        ]
    says = (
        f"{label}: {int(t.solved().sum())} of {t.config.networks} networks solve it after {t.updates} updates."
        for label, t in about.items()
    )
    return figure(
        traces,
        title,
        " ".join(says),
        height=HEIGHT,
        hovermode="closest",
        shapes=shapes,
        annotations=list(notes),
        xaxis=dict(title="updates", domain=LEFT, **updates),
        yaxis=left,
        xaxis2=dict(title="updates", domain=RIGHT, anchor="y2", **updates | ends),
        yaxis2=right | {"anchor": "x2"},
    )


def _curves(label, x, values, until, look, side="", log10=False):
    """A line for each network, (N, K) values, faint after the place `until` on the axis. side: of the panel."""
    colour, dash = look
    now = len(x) if until is None else int(np.searchsorted(x, until + 1e-9, "right"))
    later = {"width": 1.5, "color": colour}
    out = []
    for name, part, line, opacity in (
        (f"{label}, later", slice(max(now - 1, 0), None), later, LATER),
        (label, slice(now), later | {"width": 2, "dash": dash}, 1.0),
    ):
        y = np.concatenate([values[part], np.full((1, values.shape[1]), np.nan)]).T.ravel()
        y = np.where(np.isfinite(y), y, np.nan)
        out.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": np.tile(np.append(x[part], np.nan), values.shape[1]),
                "y": y,
                "name": f"{name}{side}",
                "line": line,
                "opacity": opacity,
                "showlegend": not side and opacity == 1.0,
                "xaxis": f"x{side}",
                "yaxis": f"y{side}",
                "hovertemplate": "%{customdata:.3g}",
                "customdata": 10.0**y if log10 else y,
                "meta": {"log10": log10},
            }
        )
    return out


def _looks(about):
    """A colour and a dash for each run: a kind of clipping has the one it has on the cliff, a cell its own."""
    clips, cells = [[getattr(t.config, name) for t in about.values()] for name in ("clip", "cell")]
    if len(set(clips)) > 1:
        return [(COLOURS[clip], DASHES[clip]) for clip in clips]
    if len(set(cells)) == len(cells):
        return [cell_look(t.cell.family) for t in about.values()]
    return list(zip(SERIES, SERIES_DASHES))


def _first(about):
    return next(iter(about.values()))


def _total(about):
    return max(t.config.updates for t in about.values())


def _updates(about):
    """A plain axis of updates."""
    total = _total(about)
    return dict(range=[0, total], tickvals=[0, total // 2, total])


def _powers(marks):
    """What an axis of logarithms is marked with; exponents are 14 pixels high."""
    texts = [f"10<sup>{power}</sup>" if power not in (0, 1) else f"{10**power}" for power in marks]
    return dict(tickvals=list(marks), ticktext=texts, tickfont=dict(size=20))


def _note(text, **place):
    return dict(text=text, showarrow=False, xref="x", yref="y", font=dict(size=14)) | place


PICTURES = {"sequence": sequence, "learning": learning, "explosion": explosion, "turned": turned}
"""What a stage can draw."""

CLOSED = {
    "sequence": lambda about: sequence(about, 1),
    **{name: asked(PICTURES[name]) for name in ("learning", "explosion", "turned")},
}
"""Those before a guess."""
