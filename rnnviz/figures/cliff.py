"""The cliff: the error over (w, b) with three descents on it, and the fixed points that make the wall."""

import numpy as np

from ..cliff import NAMES
from .theme import ABOVE, BELOW, INK, SERIES, figure

COLOURS = dict(zip(("none", "norm", "value"), (SERIES[1], SERIES[0], SERIES[2])))
DASHES = {"none": "dash", "norm": "solid", "value": "dashdot"}
MARKERS = {"none": "x", "norm": "circle", "value": "square"}
X_RANGE = (-5, 6)
SHADES = [[0.0, "#FFFFFF"], [0.2, "#EAEAEA"], [0.8, "#C4C4C4"], [1.0, "#A6A6A6"]]
MARGIN = dict(l=80, r=16, t=64, b=56)


def error_map(surface, wall, descent, update=None):
    """The error as grey over w and b, the wall, and the paths of three descents up to an update.

    surface: `Surface`. wall: b* for every w of it. descent: `Descent`. update: None to draw its start alone. The axes
    never move; a path that leaves them ends at the border.
    """
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
        {
            "type": "scatter",
            "mode": "lines",
            "x": surface.w,
            "y": wall,
            "name": "the wall",
            "line": {"color": INK, "width": 3, "dash": "dot"},
            "hoverinfo": "skip",
        },
    ]
    # Before the start their names stand there already: a legend that grows would shrink the map.
    for k, method in enumerate(COLOURS):
        traces += _path(descent, k, method, update)
    traces.append(_point(descent.w[:1, 0], descent.b[:1, 0], "start", INK, "circle-open", 14))
    return figure(
        traces,
        "The error, seen from above",
        _told(descent, update),
        height=400,
        hovermode="closest",
        margin=MARGIN,
        xaxis=dict(title="recurrent weight w", range=[surface.w[0], surface.w[-1]], showgrid=False),
        yaxis=dict(title="bias b", range=[surface.b[0], surface.b[-1]], showgrid=False),
        meta={"pick": {"x": "cliff_w", "y": "cliff_b"}, "value": "error E"},
    )


def bifurcation(equilibria, folds, wall, w, b_range, start, b, x_last, where):
    """Where the unit can rest, x against b at one w; the wall is where the start x_0 is a resting point that repels.

    equilibria: `Equilibria`. folds: (b, x) pairs. wall: b* of this w. b, x_last: where a descent stands now, and
    where x_50 got to there. where: words for when this is.
    """
    low, high = b_range
    traces = []
    for stable, dash, name in ((True, "solid", "attracts"), (False, "dash", "repels")):
        chosen = equilibria.stable == stable
        x = np.where(chosen, equilibria.x, np.nan)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": np.where(chosen, equilibria.b, np.nan),
                "y": x,
                "name": name,
                "line": {"color": BELOW if stable else ABOVE, "dash": dash, "width": 3},
                "hovertemplate": "b = %{x:.3f}: rests at x = %{y:.3f}<extra></extra>",
            }
        )
    level = dict(color=INK, width=1.5, dash="dot")
    shapes = [dict(type="line", xref="paper", x0=0, x1=1, y0=start, y1=start, line=level)]
    notes = [
        dict(
            xref="paper",
            x=1,
            xanchor="right",
            y=start,
            yanchor="bottom",
            showarrow=False,
            text=f"start x₀ = {start:g}",
            font=dict(size=14),
        )
    ]
    # Where there are none its name stands there all the same: a legend that grows would shrink the picture.
    at, x = np.array(folds or [(np.nan, np.nan)]).T
    traces.append(_point(at, x, "fold", INK, "diamond-open", 10))
    if low <= wall <= high:
        wall = float(wall)
        shapes.append(
            dict(type="line", yref="paper", y0=0, y1=1, x0=wall, x1=wall, line=dict(color=INK, width=3, dash="dot"))
        )
        notes.append(
            dict(
                yref="paper",
                y=0,
                yanchor="bottom",
                x=wall,
                xanchor="left",
                showarrow=False,
                text=" the wall",
                font=dict(size=14, color=INK),
            )
        )
    traces.append(_point([b], [x_last], "x₅₀ there", SERIES[0], "star", 14))
    if not (low <= b <= high and X_RANGE[0] <= x_last <= X_RANGE[1]):
        words = f"The descent stands far<br>outside of this picture:<br>b = {b:.4g}, x₅₀ = {x_last:.4g}"
        notes.append(
            dict(
                xref="paper", yref="paper", x=0.5, xanchor="center", y=0.75, yanchor="top", showarrow=False, text=words
            )
        )
    return figure(
        traces,
        f"Where the unit comes to rest {where}: w = {w:.4g}",
        f"The wall stands at b = {wall:.4g}; the descent at b = {b:.4g}, where the unit gets to x = {x_last:.4g}.",
        height=300,
        hovermode="closest",
        margin=MARGIN,
        xaxis=dict(title="bias b", range=list(b_range)),
        yaxis=dict(title="state x", range=list(X_RANGE)),
        shapes=shapes,
        annotations=notes,
    )


def landscape(surface, wall, wall_error, descent, update=None):
    """The same as `error_map`, as a landscape in three dimensions; paths end where they leave it."""
    line = dict(type="scatter3d", mode="lines")
    traces = [
        {
            "type": "surface",
            "x": surface.w,
            "y": surface.b,
            "z": surface.error.astype(np.float32),
            "cmin": 0,
            "cmax": 0.5,
            "colorscale": SHADES,
            "showscale": False,
            "name": "error E",
            "hovertemplate": "w = %{x:.2f}, b = %{y:.2f}: error %{z:.3f}<extra></extra>",
        },
        line
        | {
            "x": surface.w,
            "y": wall,
            "z": wall_error,
            "name": "the wall",
            "hoverinfo": "skip",
            "line": {"color": INK, "width": 6},
        },
    ]
    if update is not None:
        for k, method in enumerate(COLOURS):
            w, b, z = (a[: update + 1, k] for a in (descent.w, descent.b, descent.error))
            inside = (w >= surface.w[0]) & (w <= surface.w[-1]) & (b >= surface.b[0]) & (b <= surface.b[-1])
            w, b, z = (np.where(inside, a, np.nan) for a in (w, b, z + 0.004))
            traces.append(
                line
                | {
                    "mode": "lines+markers",
                    "x": w,
                    "y": b,
                    "z": z,
                    "name": NAMES[method],
                    "line": {"color": COLOURS[method], "width": 6},
                    "marker": {"size": 2.5, "color": COLOURS[method]},
                    "hoverinfo": "name",
                }
            )
    return figure(
        traces,
        "The error as a landscape",
        _told(descent, update),
        height=520,
        hovermode="closest",
        margin=dict(l=0, r=0, t=28, b=0),
        scene=dict(
            xaxis=dict(title={"text": "w"}, range=[surface.w[0], surface.w[-1]]),
            yaxis=dict(title={"text": "b"}, range=[surface.b[0], surface.b[-1]]),
            zaxis=dict(title={"text": "error E"}, range=[0, 0.5]),
            camera=dict(eye=dict(x=1.5, y=-1.5, z=1.0)),
        ),
        meta={"still": True, "value": "error E"},
    )


def _told(descent, update):
    """Where the three descents stand, in words."""
    if update is None:
        return f"The start is at w = {descent.w[0, 0]:.4g}, b = {descent.b[0, 0]:.4g}."
    w, b, error = (a[update] for a in (descent.w, descent.b, descent.error))
    return (
        f"After update {update}: "
        + "; ".join(
            f"{NAMES[method]} at w = {w[k]:.4g}, b = {b[k]:.4g}, error {error[k]:.3g}"
            for k, method in enumerate(COLOURS)
        )
        + "."
    )


def _path(descent, k, method, update):
    """One descent up to an update, none if None: its line, with a dot at every update, and where it stands."""
    end = 0 if update is None else update + 1
    w, b = descent.w[:end, k], descent.b[:end, k]
    colour, name = COLOURS[method], NAMES[method]
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": w,
        "y": b,
        "name": name,
        "line": {"color": colour, "dash": DASHES[method], "width": 2.5},
        "marker": {"size": 4, "color": colour},
        "hovertemplate": "w = %{x:.3f}, b = %{y:.3f}",
    }
    return [line, _point(w[-1:], b[-1:], f"{name}, now", colour, MARKERS[method], 12) | {"showlegend": False}]


def _point(x, y, name, colour, symbol, size):
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "name": name,
        "marker": {"color": colour, "symbol": symbol, "size": size, "line": {"width": 2}},
        "hoverinfo": "name",
    }
