"""The pictures of the lesson on the cliff: functions of descents and of what a stage's slider stands at."""

from functools import lru_cache

import numpy as np

from .. import cliff
from .cliff import COLOURS, DASHES, SHADES
from .theme import GREY, INK, POWERS, figure

HEIGHT, TALL = 275, 300
"""With a button to play, and without."""

LEFT, RIGHT = [0, 0.54], [0.73, 1]
"""Where two panels stand beside one another."""

METHODS = tuple(COLOURS)
BEHIND = "#D5D7DC"
"""The ground of the landscape, on a light page and on a dark one."""

ON_GROUND = "#333333"
"""What is written on the ground, or on the map, which are the same on both."""

LINES, POINTS = 25, 61
"""Of the landscape: how many cuts through it, of how many points each."""

TILT, RISE, WIDE = 0.42, 0.75, 1.5
"""Of the landscape: how much of depth and height is seen, and half its width."""


def section(about, b):
    """The error over b at one w, the wall in it, and where the unit runs from here, step by step."""
    (descent,) = about.values()
    w, b, error = (float(a[0, 0]) for a in (descent.w, descent.b, descent.error))
    grid, errors = _errors(w)
    wall, path = float(cliff.wall(w)), _path(w, b)
    traces = [
        _line(grid, errors, "error", GREY, hovertemplate="b = %{x:.2f}: error %{y:.3f}"),
        _ball([b], [error], "here", "none"),
        _line(np.arange(len(path)), path, "unit", COLOURS["none"], hovertemplate="step %{x}: %{y:.3f}")
        | {"xaxis": "x2", "yaxis": "y2"},
    ]
    shapes = [_upright(wall, width=3), _level(cliff.TARGET, "y2", RIGHT)]
    notes = [
        _note("the wall ", x=wall, xanchor="right", yref="paper", y=0.04, yanchor="bottom"),
        _note("target", xref="paper", x=1, xanchor="right", yref="y2", y=cliff.TARGET, yanchor="bottom"),
    ]
    return figure(
        traces,
        f"One unit, 50 steps, at w = {w:g}",
        f"At b = {b:.2f} the error is {error:.3f}; the wall stands at b = {wall:.2f}. The unit ends at {path[-1]:.2f}.",
        height=TALL,
        showlegend=False,
        hovermode="closest",
        shapes=shapes,
        annotations=notes,
        xaxis=dict(title="bias b", range=list(cliff.B_RANGE), domain=LEFT, dtick=1),
        yaxis=dict(title="error", range=[0, 0.5], tickvals=[0, 0.2, 0.4]),
        xaxis2=dict(title="step", range=[0, cliff.STEPS], domain=RIGHT, tickvals=[0, 25, 50], anchor="y2"),
        yaxis2=dict(title="the unit", range=[0, 1], tickvals=[0, 0.5, 1], anchor="x2"),
    )


def relief(about, turn):
    """The error over w and b as a landscape, seen from an angle in degrees: cuts along b, from far to near."""
    turn = np.radians(turn)
    traces = []
    for w, b, heights, edge, drop in _cuts():
        x, y = _seen(w, b, heights, turn)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": x,
                "y": y,
                "name": f"w = {w:.2f}",
                "line": {"width": 1, "color": INK},
                "fill": "tozeroy",
                "fillcolor": BEHIND,
                "hoverinfo": "skip",
            }
        )
        traces.append(_line(*_seen(w, edge, drop, turn), f"the wall at {w:.2f}", COLOURS["none"], 4, hoverinfo="skip"))
    notes = []
    for text, w, b, height, side in (
        ("b = −4", 8, -3.6, 0, "top"),
        ("w = 8", 8, -2, 0, "top"),
        ("b = 0", 8, -0.3, 0, "top"),
        ("w = 2", 2, -3.6, 0.47, "bottom"),
    ):
        x, y = (float(v) for v in _seen(w, b, height, turn))
        notes.append(_note(text, x=x, y=y, yanchor=side))
        if side == "top":
            notes[-1]["font"]["color"] = ON_GROUND
    return figure(
        traces,
        "The error over w and b, as a landscape",
        f"High ground where b is low, low ground where it is high; between them, for w above {1 / cliff.SLOPE:.2f}, a "
        "steep wall.",
        height=TALL,
        showlegend=False,
        annotations=notes,
        margin=dict(l=16, r=16, t=28, b=8),
        xaxis=dict(range=[-WIDE - 0.35, WIDE + 0.35], visible=False),
        yaxis=dict(range=[0, 2.35], visible=False),
    )


def ball(about, update):
    """The descent that is not clipped, on the map, and its gradient, up to an update."""
    return _descents(about, update, ("none",))


def balls(about, update):
    """As `ball`, beside the descent that is clipped by norm."""
    return _descents(about, update, ("none", "norm"))


def all_balls(about, update):
    """All three descents, to the end."""
    return _descents(about, None, METHODS, TALL)


def clipped(about, threshold):
    """The descent that is clipped by norm, to the end. threshold: that of the descent, does not count."""
    return _descents(about, None, ("norm",), TALL)


def rule(about, update):
    """The gradient of the descent that is not clipped, and what clipping by norm would leave of each."""
    (descent,) = about.values()
    before, threshold = descent.norm_before[:, 0], descent.threshold
    after, at = np.minimum(before, threshold), np.arange(1, descent.updates + 1)
    n = int(before.argmax()) + 1 if update is None else max(int(update), 1)
    norm, left = before[n - 1], after[n - 1]
    traces = [
        _line(at, np.log10(before), "before clipping", COLOURS["none"], log10=True),
        _line(at, np.log10(after), "after clipping", COLOURS["norm"], dash="dot", log10=True),
        _ball([n], np.log10([norm]), "before, now", "none"),
        _ball([n], np.log10([left]), "after, now", "norm"),
    ]
    sign = ">" if norm > threshold else "≤"
    says = (
        f"<b>{norm:.3g} {sign} {threshold:g}: × {threshold:g} / {norm:.3g} = {left / norm:.2g}</b>"
        if norm > threshold
        else f"<b>{norm:.2g} {sign} {threshold:g}: stays</b>"
    )
    return figure(
        traces,
        "The rule: longer than the threshold? Multiply by threshold / length",
        f"At update {n} the gradient is {norm:.3g} long; clipped at {threshold:g}, {left:.3g}.",
        height=HEIGHT,
        shapes=[_level(np.log10(threshold)), _upright(n)],
        annotations=[
            _note(says, xref="paper", x=0.02, xanchor="left", yref="paper", y=0.98, yanchor="top", size=18),
            _note("threshold", xref="paper", x=1, xanchor="right", y=np.log10(threshold), yanchor="bottom"),
        ],
        xaxis=dict(title="update", range=[0, descent.updates + 1]),
        yaxis=_length_axis(),
    )


def asked_rule(about):
    """`rule` before the guess: the gradient alone."""
    whole = rule(about, None)
    return type(whole)(
        data=[whole["data"][0], whole["data"][2]],
        layout=whole["layout"]
        | {
            "annotations": whole["layout"]["annotations"][1:],
            "title": whole["layout"]["title"] | {"text": "How long the gradient is, and the threshold"},
            "meta": {"says": "The length of the gradient at every update, before clipping."},
        },
    )


def arrows(about, update):
    """One gradient of the descent clipped by value, as an arrow, and what both ways of clipping leave of it."""
    (descent,) = about.values()
    n = int(descent.turned[:, 2].argmax()) + 1 if update is None else max(int(update), 1)
    (g, cut), threshold = (a[n - 1, 2] for a in (descent.gradient, descent.after)), descent.threshold
    size = float(np.hypot(*g))
    short = g * min(1.0, threshold / size) if size else g
    # As far as the picture reaches, however long it is.
    long = g * min(1.0, 4 * threshold / size) if size else g
    round_ = np.linspace(0, 2 * np.pi, 91)
    square = threshold * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
    traces = [
        _line(
            threshold * np.cos(round_),
            threshold * np.sin(round_),
            "as long as the threshold",
            COLOURS["norm"],
            1.5,
            "dot",
            hoverinfo="skip",
        ),
        _line(*square.T, "every part at most the threshold", COLOURS["value"], 1.5, "dot", hoverinfo="skip"),
        _line([0, long[0]], [0, long[1]], "gradient", GREY, 2, hoverinfo="skip"),
        _line([0, short[0]], [0, short[1]], "by norm", COLOURS["norm"], 4, hoverinfo="skip"),
        _line([0, cut[0]], [0, cut[1]], "by value", COLOURS["value"], 4, hoverinfo="skip"),
        _ball(short[:1], short[1:], "end by norm", "norm"),
        _ball(cut[:1], cut[1:], "end by value", "value"),
        _line(
            np.arange(1, descent.updates + 1),
            descent.turned[:, 2],
            "turned by value",
            COLOURS["value"],
            hovertemplate="update %{x}: %{y:.1f}°",
        )
        | {"xaxis": "x2", "yaxis": "y2", "showlegend": False},
        _ball([n], [descent.turned[n - 1, 2]], "turned now", "value") | {"xaxis": "x2", "yaxis": "y2"},
    ]
    for trace in traces[:3]:
        trace["showlegend"] = False
    reach = 1.5 * threshold
    return figure(
        traces,
        "The arrow of one update, before clipping and after it",
        f"At update {n} clipping by value turns the gradient by {descent.turned[n - 1, 2]:.1f} degrees, by norm by 0.",
        height=TALL,
        hovermode="closest",
        shapes=[_upright(n, "x2")],
        xaxis=dict(title="part by w", range=[-reach, reach], domain=LEFT, scaleanchor="y", tickvals=[-0.1, 0, 0.1]),
        yaxis=dict(title="part by b", range=[-reach, reach], tickvals=[-0.1, 0, 0.1]),
        xaxis2=dict(title="update", range=[0, descent.updates + 1], domain=RIGHT, tickvals=[0, 30, 60], anchor="y2"),
        yaxis2=dict(title="turned", range=[-2, 45], tickvals=[0, 20, 40], ticksuffix="°", anchor="x2"),
    )


def asked_arrows(about):
    """`arrows` before the guess: the gradient alone."""
    whole = arrows(about, None)
    return type(whole)(
        data=whole["data"][2:3],
        layout=whole["layout"] | {"shapes": [], "meta": {"says": "The gradient of one update, before clipping."}},
    )


def _descents(about, update, methods, height=HEIGHT):
    """Descents on the map, from above, and the lengths of their gradients, up to an update; None: to the end."""
    (descent,) = about.values()
    n = descent.updates if update is None else int(update)
    surface = cliff.surface(81)
    traces = [
        {
            "type": "heatmap",
            "x": surface.w,
            "y": surface.b,
            "z": surface.error.astype(np.float32),
            "zmin": 0,
            "zmax": 0.5,
            "colorscale": SHADES,
            "name": "error E",
            "showlegend": False,
            "showscale": False,
            "hovertemplate": "w = %{x:.2f}, b = %{y:.2f}: error %{z:.3f}<extra></extra>",
        },
        _line(surface.w, cliff.wall(surface.w), "the wall", INK, 3, "dot", hoverinfo="skip") | {"showlegend": False},
    ]
    notes = []
    for method in methods:
        k = METHODS.index(method)
        w, b, norms = descent.w[: n + 1, k], descent.b[: n + 1, k], descent.norm_before[:, k]
        seen = norms[: min(n + 1, len(norms))]
        with np.errstate(divide="ignore"):
            logs = np.log10(seen)
        traces += [
            _line(
                w,
                b,
                cliff.NAMES[method],
                COLOURS[method],
                2.5,
                DASHES[method],
                hovertemplate="w = %{x:.3f}, b = %{y:.3f}",
            ),
            _ball(w[-1:], b[-1:], f"{cliff.NAMES[method]}, now", method),
            _line(
                np.arange(1, len(seen) + 1),
                np.where(np.isfinite(logs), logs, np.nan),
                f"{cliff.NAMES[method]}, length",
                COLOURS[method],
                2.5,
                DASHES[method],
                log10=True,
            )
            | {"xaxis": "x2", "yaxis": "y2", "showlegend": False},
        ]
        if not (cliff.W_RANGE[0] <= w[-1] <= cliff.W_RANGE[1] and cliff.B_RANGE[0] <= b[-1] <= cliff.B_RANGE[1]):
            # In two rows: one would be wider than the map on a phone.
            notes.append(
                _note(
                    f"<b>thrown to<br>w = {w[-1]:.1f}, b = {b[-1]:.1f}</b>",
                    xref="paper",
                    x=LEFT[1] - 0.01,
                    xanchor="right",
                    yref="paper",
                    y=0.96,
                    yanchor="top",
                )
            )
            notes[-1]["font"]["color"] = ON_GROUND
    return figure(
        traces,
        f"After update {n}: the error (dark is high), and the length of the gradient",
        _told(descent, n, methods),
        height=height,
        hovermode="closest",
        annotations=notes,
        xaxis=dict(title="weight w", range=list(cliff.W_RANGE), domain=LEFT, showgrid=False, dtick=2),
        yaxis=dict(title="bias b", range=list(cliff.B_RANGE), showgrid=False, dtick=1),
        xaxis2=dict(title="update", range=[0, descent.updates + 1], domain=RIGHT, tickvals=[0, 30, 60], anchor="y2"),
        yaxis2=_length_axis() | {"anchor": "x2", "title": ""},
        meta={"value": "error E"},
    )


def start(about):
    """The map and the start on it, before a guess."""
    whole = _descents(about, 0, ("none",))
    return type(whole)(data=[t for t in whole["data"] if t.get("yaxis") != "y2"], layout=whole["layout"])


def _told(descent, n, methods):
    return (
        f"After update {n}: "
        + "; ".join(
            f"{cliff.NAMES[m]} at w = {descent.w[n, k]:.4g}, b = {descent.b[n, k]:.4g}, error {descent.error[n, k]:.3g}"
            for m, k in ((m, METHODS.index(m)) for m in methods)
        )
        + "."
    )


def _length_axis():
    marks = (-9, -6, -3, 0, 3)
    return dict(
        title="gradient",
        range=[-10, 5],
        tickvals=list(marks),
        tickfont=POWERS | {"size": 20},
        ticktext=[f"10<sup>{p}</sup>" if p else "1" for p in marks],
    )


@lru_cache(maxsize=4)
def _errors(w):
    """b over its range, finest where the error jumps, and the error there."""
    grid = np.linspace(*cliff.B_RANGE, 161)
    near = float(cliff.wall(w)) + np.linspace(-0.1, 0.1, 41)
    grid = np.unique(np.concatenate([grid, near[np.isfinite(near)]]))
    return grid, cliff.error(np.full(len(grid), w), grid)


@lru_cache(maxsize=1)
def _cuts():
    """Cuts through the landscape, from far to near: w, b, the error there; b across the wall, the error on it."""
    surface, out = cliff.surface(POINTS), []
    for row in np.linspace(0, POINTS - 1, LINES).round().astype(int):
        w = float(surface.w[row])
        wall = float(cliff.wall(w))
        edge = (wall if wall > cliff.B_RANGE[0] else np.nan) + np.linspace(-0.06, 0.06, 5)
        out.append((w, surface.b, surface.error[:, row], edge, cliff.error(np.full(5, w), np.nan_to_num(edge))))
    return out


def _path(w, b):
    """What the unit holds after 0, 1, ... 50 steps."""
    x, out = cliff.START, []
    for _ in range(cliff.STEPS + 1):
        out.append(1 / (1 + np.exp(-x)))
        x = w * out[-1] + b
    return np.array(out)


def _seen(w, b, error, turn):
    """Where points of the landscape are on the picture. turn: in radians."""
    wide, deep = (np.asarray(b) + 2) / 2, (5 - np.asarray(w)) / 3
    x = wide * np.cos(turn) + deep * np.sin(turn)
    depth = deep * np.cos(turn) - wide * np.sin(turn)
    return WIDE / 1.42 * x, 0.75 + TILT * depth + RISE * 2 * np.asarray(error)


def _line(x, y, name, colour, width=3, dash="solid", log10=False, **more):
    more = (
        {"meta": {"log10": True}, "hovertemplate": "%{customdata:.3g}", "customdata": 10.0 ** np.asarray(y)}
        if log10
        else more
    )
    return {
        "type": "scatter",
        "mode": "lines",
        "x": np.asarray(x, float),
        "y": np.asarray(y, float),
        "name": name,
        "line": {"color": colour, "width": width, "dash": dash},
        **more,
    }


def _ball(x, y, name, method):
    return {
        "type": "scatter",
        "mode": "markers",
        "x": np.asarray(x, float),
        "y": np.asarray(y, float),
        "name": name,
        "marker": {"color": COLOURS[method], "size": 15},
        "showlegend": False,
        "hoverinfo": "skip",
    }


def _upright(x, xref="x", width=1.5):
    return dict(
        type="line", xref=xref, yref="paper", x0=x, x1=x, y0=0, y1=1, line=dict(color=INK, width=width, dash="dot")
    )


def _level(y, yref="y", panel=(0, 1)):
    return dict(
        type="line",
        xref="paper",
        yref=yref,
        x0=panel[0],
        x1=panel[1],
        y0=y,
        y1=y,
        line=dict(color=INK, width=1.5, dash="dot"),
    )


def _note(text, size=14, **place):
    return dict(text=text, showarrow=False, font=dict(size=size)) | dict(xref="x", yref="y") | place


PICTURES = {
    "section": section,
    "relief": relief,
    "ball": ball,
    "balls": balls,
    "all balls": all_balls,
    "clipped": clipped,
    "rule": rule,
    "arrows": arrows,
}
"""What a stage can draw."""

CLOSED = {"relief": lambda about: relief(about, 20), "ball": start, "rule": asked_rule, "arrows": asked_arrows}
"""Those before a guess."""
