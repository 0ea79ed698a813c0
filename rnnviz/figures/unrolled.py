"""The network unrolled in time over the curve of its gradient: what is drawn, for the page's own script to draw."""

from dataclasses import dataclass, replace

import numpy as np

from ..depth import levels as levels_of
from ..names import NAMES
from ..unrolled import before, hidden, unrolled
from ..unrolled import stack as unrolled_stack
from .theme import GATE_COLOURS, GREY, cell_look


@dataclass(frozen=True, eq=False)
class Network:
    """A picture of networks unrolled in time.

    look: all that stays as it is while a slider moves, for JSON. numbers: name -> array, all that moves.
    """

    look: dict
    numbers: dict


def network(recordings, axis, shown="", below="x", high=146, closed=False):
    """One of a few recordings unrolled with all its states, or the hidden states of all; below, the curves of all.

    recordings: label -> `Recording`, of the same length. axis: as `powers_axis` gives it. shown: whose; empty for all,
    a row each. below: see `unrolled`. high: the height of the curves, in pixels. closed: before the gradient goes back.
    Returns a `Network`.
    """
    found = {shown: unrolled(recordings[shown], below)} if shown else {n: hidden(r, n) for n, r in recordings.items()}
    if closed:
        found = {label: before(part) for label, part in found.items()}
    parts = list(found.values())
    colours = {label: cell_look(r.cell.family) for label, r in recordings.items()}
    rows = [
        _row(row, row.name if shown else "h", colours[label][0])
        for label, part in found.items()
        for row in part.rows
        if row.log10 is not None
    ]
    lanes = [(lane, colours[label][0]) for label, part in found.items() for lane in part.lanes]
    last = parts[0].rows[-1]
    numbers = {last.name: last.values}
    for part in parts:
        for row in part.rows[:-1]:
            numbers |= {row.name: row.values, f"d{row.name}": row.log10}
        value = float("nan") if part.loss.value is None else part.loss.value
        numbers |= {f"loss {part.loss.row}": np.array([value]), f"entering {part.loss.row}": part.loss.log10}
    numbers |= {f"lane {k}": lane.log10 for k, (lane, _) in enumerate(lanes)}
    own = {label: part.loss.row for label, part in found.items()}
    others = {f"curve {label}": r.log10_dh for label, r in recordings.items() if label not in own}
    numbers |= {name: np.full_like(log10, np.nan) for name, log10 in others.items()} if closed else others
    look = {
        "label": ", ".join(found),
        "steps": parts[0].steps,
        "single": all(recordings[label].h[0].size == 1 for label in found),
        "closed": closed,
        "high": high,
        "axis": {"range": axis["range"], "ticks": axis["tickvals"]},
        "rows": rows,
        "below": last.name,
        "lanes": [_lane(lane, colour) for lane, colour in lanes],
        "losses": [{"row": part.loss.row, "steps": part.loss.steps.tolist()} for part in parts],
        "curves": [
            {"label": label, "row": own.get(label, ""), "colour": colour, "dash": dash}
            for label, (colour, dash) in colours.items()
        ],
    }
    return Network(look, numbers)


def stack(trace, axis, high=60, closed=False):
    """A stack unrolled: a row for each layer or direction, from the top; below one or two the curves of the lowest.

    trace: `Trace` of one network. axis, high, closed: as in `network`.
    """
    found = unrolled_stack(trace)
    colour, dash = cell_look(trace.network.recurrent[0].layer.cell.family)
    if closed:
        found = {name: before(part) for name, part in found.items()}
    levels = {level.name.replace(" ", ""): level for level in levels_of(trace)}
    lowest = [name for name, level in levels.items() if level.layer == 1]
    lanes = [lane for part in found.values() for lane in part.lanes]
    numbers, looks = {"x": next(iter(found.values())).rows[-1].values}, []
    for name, part in found.items():
        row, recording = part.rows[0], trace.recordings[levels[name].node]
        numbers |= {name: row.values, f"d{name}": row.log10}
        if "c" in recording.cell.states:
            log10 = recording.log10_dc[:: -1 if levels[name].reversed else 1]
            numbers[f"d{name} c"] = np.full_like(log10, np.nan) if closed else log10
        if part.loss:
            value = float("nan") if part.loss.value is None else part.loss.value
            numbers |= {f"loss {name}": np.array([value]), f"entering {name}": part.loss.log10}
        cell = "c" in recording.cell.states
        for lane in part.lanes:
            state = "c" if cell and lane.name == "kept" else "h"
            own = {"words": _lane(replace(lane, source=state), colour)["words"]}
            looks.append(_lane(lane, colour) | own | ({"from": f"{name} c"} if state == "c" else {}))
    numbers |= {f"lane {k}": lane.log10 for k, lane in enumerate(lanes)}
    down = ["from above: what comes down from the layers over it"] if trace.config.layers > 1 else []
    past = ["between the boxes: past a layer, × 1"] if any(lane.name == "past" for lane in lanes) else []
    look = {
        "label": f"{trace.network.recurrent[0].layer.cell.title}, {len(levels)} rows",
        "steps": trace.steps,
        "single": trace.config.hidden_size == 1,
        "closed": closed,
        "high": high,
        "stack": [*down, *past],
        "axis": {"range": axis["range"], "ticks": axis["tickvals"]},
        "rows": [_row(part.rows[0], "h", colour) | {"reversed": levels[name].reversed} for name, part in found.items()],
        "below": "x",
        "lanes": looks,
        "losses": [{"row": name, "steps": part.loss.steps.tolist()} for name, part in found.items() if part.loss],
        "curves": [
            {"label": f"layer {name}", "row": name, "colour": colour, "dash": dash if k == 0 else "dash"}
            for k, name in enumerate(lowest)
            if len(levels) < 3
        ],
    }
    return Network(look, numbers)


def _row(row, sign, colour):
    return {"name": row.name, "sign": sign, "colour": colour}


def _lane(lane, colour):
    """A lane's arrows, and in words what multiplies on it."""
    words = {
        "weights": "through the weights U",
        "kept": f"{NAMES.get(lane.source, lane.source)} kept: × the {NAMES.get(lane.gate, 'gate')} {lane.gate}"
        if lane.gate
        else f"{NAMES.get(lane.source, lane.source)} carried over",
        "within": f"from {lane.source} to {lane.target}",
        "whole": "",
        "down": "from the layers above",
        "past": "past a layer",
    }[lane.name]
    return {
        "name": lane.name,
        "words": words,
        "source": lane.source,
        "target": lane.target,
        "gate": lane.gate,
        "colour": colour,
        "tone": GATE_COLOURS.get(lane.gate, GREY),
        "starts": lane.starts.tolist(),
        "ends": lane.ends.tolist(),
    }
