"""The pictures of the lesson on why a gradient vanishes: functions of recordings and of what a slider stands at."""

import numpy as np

from ..course import found
from .anatomy import eigenvalues, influence, paths, phase
from .course_cell import cut
from .diagrams import HEIGHT
from .flow import gradient_flow
from .theme import INK, LEGIBLE_POWERS


def two_ways(recordings, value):
    """The gradient by the carried state, and its two parts. value: does not count."""
    (recording,) = recordings.values()
    cell = recording.cell
    picture = paths(found.two_ways(recording), recording.steps, "close", cell.states[-1], cell.keeps, cell.family)
    picture["layout"]["yaxis"] |= {
        "title": {"text": "norm (log scale)"},
        "tickvals": [-8, -4, 0, 4],
        "ticktext": ["10<sup>−8</sup>", "10<sup>−4</sup>", "1", "10<sup>4</sup>"],
        "tickfont": LEGIBLE_POWERS,
    }
    picture["layout"] |= {"height": HEIGHT}
    return picture


def plane(recordings, value):
    """The eigenvalues of a linear network's step, the unit circle, and how far one step can stretch at most.

    Beside them what that makes of the gradient. value: does not count.
    """
    (recording,) = recordings.values()
    _, stretch = recording.spectra["h"]
    picture, curve = eigenvalues(np.linalg.eigvals(recording.parameters.U), 1), gradient_flow(recordings, window="near")
    angle = np.linspace(0, 2 * np.pi, 181)
    ring = {
        "type": "scatter",
        "mode": "lines",
        "x": stretch * np.cos(angle),
        "y": stretch * np.sin(angle),
        "name": "largest stretch",
        "line": {"color": INK, "width": 2, "dash": "dash"},
        "hoverinfo": "skip",
    }
    circle, dots = picture["data"]
    layout, beside = picture["layout"] | {"height": HEIGHT}, curve["layout"]
    layout["title"] = layout["title"] | {"text": "Eigenvalues of U, the same at every step, and what many steps leave"}
    layout["xaxis"] = layout["xaxis"] | {"domain": [0, 0.42], "range": [-2, 2], "title": {"text": ""}}
    layout["yaxis"] = layout["yaxis"] | {"range": [-2, 2], "title": {"text": ""}, "tickvals": [-1, 0, 1]}
    layout["xaxis2"] = beside["xaxis"] | {"domain": [0.64, 1], "anchor": "y2"}
    layout["yaxis2"] = beside["yaxis"] | {
        "anchor": "x2",
        "title": {"text": ""},
        "tickvals": [-20, -10, 0],
        "tickfont": LEGIBLE_POWERS,
        "ticktext": ["10<sup>−20</sup>", "10<sup>−10</sup>", "1"],
    }
    traces = [
        circle,
        dots | {"name": "eigenvalues"},
        ring,
        curve["data"][0] | {"name": "norm of ∂L/∂h", "xaxis": "x2", "yaxis": "y2"},
    ]
    return type(picture)(data=traces, layout=layout)


def gains(recordings, value):
    """What is left after so many steps back, for every gain. value: does not count."""
    (recording,) = recordings.values()
    config = recording.config
    picture = phase(np.array(found.GAINS), found.ridge(config), "at_4.6", "gain", config.gain)
    picture["layout"] |= {"height": HEIGHT}
    picture["data"][0]["colorbar"] |= {"tickfont": LEGIBLE_POWERS}
    return picture


def who_learns(recordings, value):
    """How far back the loss of every step reaches. value: does not count."""
    (recording,) = recordings.values()
    picture = influence(found.who_learns(recording), recording.steps)
    whole, layout = picture["data"][0], picture["layout"] | {"height": HEIGHT}
    scale = whole["colorbar"] | {"tickfont": LEGIBLE_POWERS}
    return type(picture)(data=[whole | {"colorbar": scale}], layout=layout)


PICTURES = {"two ways": two_ways, "plane": plane, "gains": gains, "who learns": who_learns}
"""What a stage can draw."""

CLOSED = {
    "plane": lambda recordings: cut(
        plane(recordings, None), {"eigenvalues": slice(0), "largest": slice(0), "norm": slice(-1, None)}
    ),
    "gains": lambda recordings: cut(gains(recordings, None), {}),
}
"""Those before a guess."""
