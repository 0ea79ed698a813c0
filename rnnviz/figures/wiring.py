"""A cell as a drawing of its equations: boxes for what is computed, wires for what is read."""

from ..arguments import instance
from ..cells import Cell
from ..names import NAMES
from .theme import GATE_COLOURS, GREY

WIDTH, HEIGHT, ACROSS, DOWN = 72, 42, 20, 10


def wiring(cell):
    """An SVG of the cell's equations, from the previous state and the pre-activations on the left to the new state.

    Places for numbers are text elements with data-value="name"; wires have data-wire="name of what they carry" and
    data-to="name of what reads it". Inside an element of the class rv-back it shows the way of the gradient instead:
    arrows to the left, and dL/d of every name. Raises ValueError for anything but a `Cell`.
    """
    instance("cell", cell, Cell, "a Cell, as recording.cell")
    reads = {name: list(cell.reads[name]) for name in cell.equations}
    for gate, vector in cell.multiplied.items():
        reads[f"a_{gate}"] = [vector]
    sources = list(dict.fromkeys(source for name in reads for source in reads[name] if source not in reads))
    level = dict.fromkeys(sorted(sources, key=lambda source: not source.endswith("_prev")), 0)
    waiting = list(reads)
    while waiting:
        name = next(n for n in waiting if all(source in level for source in reads[n]))
        level[name] = 1 + max(level[source] for source in reads[name])
        waiting.remove(name)
    wires = [(source, name) for name in reads for source in reads[name]]
    columns = [[n for n in level if level[n] == k] for k in range(max(level.values()) + 1)]
    middle = {}
    for k, column in enumerate(columns):
        wish = {
            n: i * (HEIGHT + DOWN) if k == 0 else sum(middle[s] for s in reads[n]) / len(reads[n])
            for i, n in enumerate(column)
        }
        below = None
        for n in sorted(column, key=wish.get):
            middle[n] = wish[n] if below is None else max(wish[n], below + HEIGHT + DOWN)
            below = middle[n]
    total = max(middle.values()) + HEIGHT
    width = len(columns) * WIDTH + (len(columns) - 1) * ACROSS
    left = {n: level[n] * (WIDTH + ACROSS) for n in level}
    parts = [
        f'<svg viewBox="-4 -4 {width + 8} {total + 8:.0f}" role="img" aria-label="{cell.title}: what is computed '
        f'from what, with the numbers of this step" '
        f'style="--least:{width + 8}px;min-width:var(--least);max-width:{width + 60}px">'
    ]
    for source, name in wires:
        x0, y0 = left[source] + WIDTH, middle[source] + HEIGHT / 2
        x1, y1 = left[name], middle[name] + HEIGHT / 2
        bend = max(x1 - ACROSS, x0 + 14)  # late: a wire over several columns passes above or below their boxes
        parts.append(
            f'<path data-wire="{source}" data-to="{name}" '
            f'd="M{x0} {y0:.0f}C{bend} {y0:.0f} {x1 - 14} {y1:.0f} {x1} {y1:.0f}" stroke="{_colour(source)}"/>'
            f'<path class="on" d="M{x1} {y1:.0f}l-9 -6v12z" fill="{_colour(source)}"/>'
            f'<path class="back" display="none" d="M{x0} {y0:.0f}l9 -6v12z" fill="{_colour(source)}"/>'
        )
    for n in level:
        x, y = left[n], middle[n]
        parts.append(
            f'<g><title>{_words(n)}</title><rect x="{x}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="7" '
            f'stroke="{_colour(n)}"/><text class="n" x="{x + WIDTH / 2}" y="{y + 15:.0f}">'
            f'<tspan class="back" display="none">∂L/∂</tspan>{_symbol(n)}</text>'
            f'<text class="v" data-value="{n}" x="{x + WIDTH / 2}" y="{y + 32:.0f}"></text></g>'
        )
    return "".join(parts) + "</svg>"


def _words(name):
    part, _, rest = name.partition("_")
    if rest == "prev":
        return f"{NAMES.get(part, part)} of the previous step"
    if rest:
        kind = {"a": "pre-activation", "x": "input term", "u": "recurrent term"}[part]
        return f"{kind} of the {NAMES.get(rest, rest)}"
    return NAMES.get(name, name)


def _symbol(name):
    part, _, rest = name.partition("_")
    if rest == "prev":
        return f'{part}<tspan dy="3" font-size="14">t−1</tspan>'
    if rest:
        return f'{part}<tspan dy="3" font-size="14">{rest}</tspan>'
    return f'{name}<tspan dy="3" font-size="14">t</tspan>'


def _colour(name):
    part, _, rest = name.partition("_")
    return GATE_COLOURS.get(part if rest in ("", "prev") else rest, GREY)
