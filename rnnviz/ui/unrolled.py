"""The network unrolled in time: forward step by step, then the gradient on its way back, over its curve."""

import base64

import numpy as np
import orjson
import streamlit as st

from .. import __version__
from ..figures.flow import powers_axis
from ..figures.theme import GATE_COLOURS, GREY, cell_look
from ..names import NAMES
from ..unrolled import unrolled
from .assets import module, read
from .live import standing
from .order import numbered

PRESSED = "".join(
    f'<button type="button" data-act="{act}" aria-label="{words}" title="{words}">{shown}</button>'
    for act, shown, words in (
        ("back", "‹", "One step back (arrow left)"),
        ("play", "Play", "Play or pause (space)"),
        ("on", "›", "One step on (arrow right)"),
    )
)
TAKEN = "".join(f'<button type="button" data-kind="{k.lower()}" aria-label="Download this picture as {k}">{k}</button>'
                for k in ("PNG", "SVG"))
_component = st.components.v2.component(
    "rnnviz.unrolled",
    html='<div class="rv-net" tabindex="0" role="group"><div class="rv-net-head">'
    f'<div class="rv-net-play">{PRESSED}</div><div class="rv-net-says" aria-live="polite"></div>'
    f'<div class="rv-take">{TAKEN}</div></div><div class="rv-net-legend"></div>'
    '<div class="rv-net-picture"></div><div class="rv-net-table"></div></div>',
    css=read("plot.css", "unrolled.css"),
    js=module("order.js", "scale.js", "join.js", "take.js", "unrolled.js"),
    isolate_styles=False,
)


def network(label, recordings, window, tokens=()):
    """Draw one of a few recordings unrolled, and below it its curve among those of the others.

    label: whose. recordings: label -> `Recording`, of the same length. window: a key of `WINDOWS`. tokens: the names of
    the inputs, where they have some.
    """
    recording, found = recordings[label], unrolled(recordings[label])
    axis = powers_axis(window, "")
    colour, _ = cell_look(recording.cell.family)
    message = {
        "at": standing(),
        "version": __version__,
        "name": "unrolled",
        "label": label,
        "colour": colour,
        "steps": found.steps,
        "single": recording.h[0].size == 1,
        "tokens": list(tokens),
        "axis": {"range": axis["range"], "ticks": axis["tickvals"]},
        "rows": [{"name": row.name, "words": NAMES.get(row.name, row.name), "followed": row.log10 is not None}
                 for row in found.rows],
        "lanes": [_lane(lane) for lane in found.lanes],
        "loss": {"row": found.loss.row, "steps": found.loss.steps.tolist()},
        "curves": [{"label": name, "colour": look[0], "dash": look[1]}
                   for name, look in ((n, cell_look(r.cell.family)) for n, r in recordings.items())],
        "numbers": network_scene(label, recordings)["unrolled"],
    }
    _component(key="unrolled", data=numbered("unrolled", orjson.dumps(message, default=_as_bytes)))


def network_scene(label, recordings):
    """What a `Film` has of the same: the numbers that differ from scene to scene, by name."""
    found = unrolled(recordings[label])
    arrays = {row.name: row.values for row in found.rows}
    arrays |= {f"d{row.name}": row.log10 for row in found.rows if row.log10 is not None}
    arrays |= {f"lane {k}": lane.log10 for k, lane in enumerate(found.lanes)}
    arrays |= {f"curve {name}": r.log10_dh for name, r in recordings.items() if name != label}
    loss = float("nan") if found.loss.value is None else found.loss.value
    return {"unrolled": arrays | {"loss": np.array([loss]), "entering": found.loss.log10}}


def _lane(lane):
    """A lane's arrows, and in words what multiplies on it."""
    words = {
        "weights": "through the weights U",
        "kept": f"{NAMES.get(lane.source, lane.source)} kept: × the {NAMES.get(lane.gate, 'gate')} {lane.gate}"
                if lane.gate else f"{NAMES.get(lane.source, lane.source)} carried over",
        "within": f"from {lane.source} to {lane.target}",
    }[lane.name]
    return {"name": lane.name, "words": words, "source": lane.source, "target": lane.target, "gate": lane.gate,
            "tone": GATE_COLOURS.get(lane.gate, GREY), "starts": lane.starts.tolist(), "ends": lane.ends.tolist()}


def _as_bytes(array):
    """An array as the browser reads it, what is infinite and what is no number included."""
    return {"bdata": base64.b64encode(np.ascontiguousarray(array, "<f8")).decode()}
