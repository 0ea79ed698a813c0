"""Two training runs beside each other: loss, accuracy, norm of the gradient, and how far back the gradient reaches."""

import numpy as np

from ..wording import number
from .theme import AMOUNT, GREY, POWERS, SERIES, SERIES_DASHES, cell_look, figure, raised

HEIGHT = 280
MARGIN = dict(l=80, r=96, t=64, b=56)

PLACES = 120
"""On the axis, at most, at which a curve of all updates is drawn, each the largest of those that it stands for."""


def looks(trainings):
    """A colour and a dash for each run: its cell's where the runs are of different cells, otherwise of a series."""
    families = [t.cell.family for t in trainings.values()]
    if len(set(families)) > 1:
        return [cell_look(family) for family in families]
    return list(zip(SERIES, SERIES_DASHES))


def learning(trainings, kept=()):
    """Loss of two runs against the number of updates, as bands over the seeds, beside the baseline.

    Thick: on held-out sequences. Thin and dotted: on the batches of the training.

    trainings: label -> `Training`. kept: (label, updates, (N, K) held-out loss) of earlier runs, two a pair. The
    vertical axis is logarithmic, from a thousandth of the baseline, the loss of an answer without memory, to ten
    times it, or as many powers of ten further as a run has gone.
    """
    traces = []
    for place, (label, updates, loss) in enumerate(kept):
        traces.append(_earlier(place, label, updates, loss))
    for (label, t), (colour, dash) in zip(trainings.items(), looks(trainings)):
        updates, loss = held_out(t)
        traces += _band(updates, loss, label, colour)
        traces.append(_middle(updates, loss, label, colour, dash, 3))
        h = t.history
        training = _middle(h.updates, h["loss"], f"{label}, training", colour, "dot", 1.5)
        traces.append(training | {"showlegend": False})
    first = next(iter(trainings.values()))
    base = np.log10(first.task.baseline)
    traces = _logarithmic(traces)
    top = _top(traces, base + 1)
    ticks = _whole(base - 3, top)
    return figure(
        traces,
        "Loss: how wrong the answers are",
        _at_the_end(trainings, "loss", "held-out loss") + f" Without memory it is {first.task.baseline:.3g}.",
        height=HEIGHT,
        margin=MARGIN,
        xaxis=_updates_axis(trainings),
        yaxis=dict(
            title="loss (log scale)", range=[base - 3, top], tickvals=ticks, ticktext=_powers(ticks), tickfont=POWERS
        ),
        shapes=[_line(base)],
        annotations=[_note(base, "no memory")],
    )


def accuracy(trainings, kept=()):
    """Share of right answers on the held-out sequences, as bands over the seeds, and from where a task is solved."""
    traces = []
    for place, (label, updates, share) in enumerate(kept):
        traces.append(_earlier(place, label, updates, 100 * share))
    for (label, t), (colour, dash) in zip(trainings.items(), looks(trainings)):
        updates, share = held_out(t, "accuracy")
        traces += _band(updates, 100 * share, label, colour)
        traces.append(_middle(updates, 100 * share, label, colour, dash, 3))
    task = next(iter(trainings.values())).task
    lines = [(100 * v, text) for v, text in ((task.chance, "no memory"), (task.solved_from, "solved")) if v is not None]
    return figure(
        traces,
        "Right answers on held-out sequences",
        _at_the_end(trainings, "accuracy", "right answers, as a share,"),
        height=HEIGHT,
        margin=MARGIN,
        xaxis=_updates_axis(trainings),
        yaxis=dict(title="right answers, %", range=[0, 104]),
        shapes=[_line(v) for v, _ in lines],
        annotations=[_note(v, text) for v, text in lines],
    )


def gradient_norms(trainings):
    """Norm of the gradient of all weights at each update: before clipping, what clipping left, and the threshold.

    The axis of updates is logarithmic: what explodes does so in the first few.
    """
    traces, shapes, notes = [], [], []
    for place, ((label, t), (colour, dash)) in enumerate(zip(trainings.items(), looks(trainings))):
        h = t.history
        at, norms = largest(t.norms)
        traces += _band(at, norms, f"{label}, before", colour)
        traces.append(_middle(at, norms, f"{label}: before", colour, dash, 2))
        if t.config.clip != "none":
            traces.append(_middle(h.updates, h["norm_after"], f"{label}: after", colour, "dot", 2 + 1.5 * place))
        if t.config.clip == "norm":
            level = np.log10(t.config.threshold)
            shapes.append(_line(level, colour))
            notes.append(_note(level, f"threshold {t.config.threshold:g}"))
    traces = _logarithmic(traces)
    top = _top(traces, 4)
    ticks = _whole(-4, top)
    return figure(
        traces,
        "Norm of the gradient, before and after clipping",
        " ".join(_largest(label, t.history["norm_before"]) for label, t in trainings.items()),
        height=HEIGHT,
        margin=MARGIN,
        xaxis=dict(
            title="updates (log scale)",
            type="log",
            range=[0, float(np.log10(max(t.config.updates for t in trainings.values())))],
            dtick=1,
        ),
        yaxis=dict(title="norm (log scale)", range=[-4, top], tickvals=ticks, ticktext=_powers(ticks), tickfont=POWERS),
        shapes=shapes,
        annotations=notes,
    )


def credit(trainings, network=0):
    """Norm of dL/dh_t over update and time step of one network of each run, relative to the largest of its update."""
    rows = len(trainings)
    traces, axes, notes = [], {}, []
    for row, (label, t) in enumerate(trainings.items()):
        h = t.history
        logs = h["log10_dh"][:, network].T
        with np.errstate(invalid="ignore"):
            relative = logs - np.max(logs, axis=0, keepdims=True) if len(h) else logs
        top, bottom = 1 - row / rows, 1 - (row + 0.82) / rows
        suffix = str(row + 1) if row else ""
        traces.append(
            {
                "type": "heatmap",
                "x": h.updates - (h.stride - 1) / 2,
                "y": np.arange(1, t.task.steps + 1),
                "z": relative.astype(np.float32),
                "zmin": -6,
                "zmax": 0,
                "colorscale": AMOUNT,
                "showscale": not row,
                "meta": {"log10": True},
                "colorbar": {
                    "thickness": 10,
                    "outlinewidth": 0,
                    "tickvals": [-6, -3, 0],
                    "x": 1.01,
                    "tickfont": POWERS,
                    "ticktext": ["10<sup>−6</sup>", "10<sup>−3</sup>", "1"],
                },
                "name": label,
                "yaxis": f"y{suffix}",
                "hovertemplate": f"update %{{x:.0f}}, step %{{y}}: {raised('%{z:.2f}')} of the largest<extra></extra>",
            }
        )
        steps = t.task.steps
        axes[f"yaxis{suffix}"] = dict(
            domain=[max(bottom, 0), top - 0.06],
            range=[0.5, steps + 0.5],
            title="time step t",
            anchor="x",
            showgrid=False,
            tickvals=sorted({1, (steps + 1) // 2, steps}),
        )
        notes.append(
            dict(
                text=f"<b>{label}</b>",
                xref="paper",
                x=0,
                xanchor="left",
                yref="paper",
                y=top - 0.06,
                yanchor="bottom",
                showarrow=False,
            )
        )
    return figure(
        traces,
        "How far back the gradient reaches, while they learn",
        " ".join(_reach(label, t.history["log10_dh"][:, network]) for label, t in trainings.items()),
        height=HEIGHT,
        hovermode="closest",
        margin=dict(l=64, r=76, t=28, b=56),
        xaxis=_updates_axis(trainings) | dict(anchor=f"y{rows}" if rows > 1 else "y", showgrid=False),
        annotations=notes,
        meta={"value": "norm of the gradient of the state, relative to the largest of its update"},
        **axes,
    )


def largest(values, even=False):
    """The last of each of at most `PLACES` runs of updates, from 1, and the largest of (N, K) values in each.

    The runs are equally long on a logarithmic axis, the first ones of a single update; or on a plain one, if `even`.
    """
    count = len(values)
    if not count:
        return np.empty(0, int), values
    ends = np.linspace(1, count, PLACES // 2) if even else np.logspace(0, np.log10(count), PLACES)
    ends = np.unique(ends.round().astype(int))
    return ends, np.fmax.reduceat(values, np.concatenate([[0], ends[:-1]]), axis=0)


def held_out(training, name="loss"):
    """Updates and values (N, K) of the tests on held-out sequences, the first of them before any update."""
    return training.tested, training.tests[name]


def _at_the_end(trainings, name, words):
    """The median over the seeds at the last test of every run, in words."""
    ends = {label: t.tests[name][-1] for label, t in trainings.items() if len(t.tests[name])}
    said = (
        f"{label}: {words} {np.nanmedian(v):.3g}" if np.isfinite(v).any() else f"{label}: {words} no number"
        for label, v in ends.items()
    )
    return "; ".join(said) + f", after {max(t.updates for t in trainings.values())} updates."


def _largest(label, norms):
    known = norms[np.isfinite(norms)]
    return f"{label}: at most {known.max():.3g}, {np.median(known):.3g} in the middle." if known.size else ""


def _reach(label, logs):
    """How many decades lie between the last step and the first at the last update, in words."""
    if not len(logs) or not np.isfinite(logs[-1][[0, -1]]).all():
        return ""
    return f"{label}: at the last update step 1 has {number(logs[-1][0] - logs[-1][-1])} of what the last step has."


def _updates_axis(trainings):
    return dict(title="updates", range=[0, max(t.config.updates for t in trainings.values())])


def _middle(updates, values, name, colour, dash, width):
    """The median over the seeds."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": updates,
        "y": _over_seeds(np.nanmedian, values),
        "name": name,
        "line": {"color": colour, "dash": dash, "width": width},
        "hovertemplate": "%{y:.3g}",
    }


def _earlier(place, label, updates, values):
    """A curve of a kept run, thin: grey, since its colour now means another run."""
    return _middle(updates, values, label, GREY, ("longdash", "longdashdot")[place % 2], 1.5)


def _band(updates, values, name, colour):
    """From the smallest to the largest over the seeds."""
    if values.shape[1] < 2:
        return []
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": updates,
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
        "name": name,
    }
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return [
        line | {"y": _over_seeds(np.nanmin, values), "name": f"{name}, lowest"},
        line
        | {
            "y": _over_seeds(np.nanmax, values),
            "name": f"{name}, highest",
            "fill": "tonexty",
            "fillcolor": f"rgba({red},{green},{blue},0.18)",
        },
    ]


def _over_seeds(how, values):
    """A statistic over the seeds that still learn; not a number where there is none."""
    out = np.full(len(values), np.nan)
    known = ~np.isnan(values).all(axis=1)
    out[known] = how(values[known], axis=1)
    return out


def _logarithmic(traces):
    """Curves by the logarithms of their values: the axis then holds its range, and hovering tells the number."""
    for trace in traces:
        value = trace["y"]
        with np.errstate(all="ignore"):
            logs = np.log10(value)
        trace["y"], trace["meta"] = np.where(np.isfinite(logs), logs, np.nan), {"log10": True}
        if trace.get("hoverinfo") != "skip":
            trace["customdata"], trace["hovertemplate"] = value, "%{customdata:.3g}"
    return traces


def _top(traces, usual):
    """The upper end of an axis of logarithms: the usual one, or as many powers of ten more as a curve needs."""
    return usual + max(0, int(np.ceil(max(np.nanmax(t["y"], initial=usual) for t in traces) - usual)))


def _whole(low, high):
    """Whole powers of ten between two, at most ten."""
    first, last = int(np.ceil(low)), int(np.floor(high))
    return list(range(first, last + 1, -(-(last - first + 1) // 10)))


def _powers(ticks):
    return [f"10<sup>{v}</sup>" if abs(v) > 2 else f"{10.0**v:g}" for v in ticks]


def _line(level, colour=GREY):
    line = dict(color=colour, width=1.5, dash="dot")
    return dict(type="line", xref="paper", x0=0, x1=1, y0=level, y1=level, line=line)


def _note(level, text):
    """A word beside the end of a level line, in the margin."""
    return dict(
        xref="paper", x=1.01, xanchor="left", y=level, yanchor="middle", showarrow=False, text=text, font=dict(size=14)
    )
