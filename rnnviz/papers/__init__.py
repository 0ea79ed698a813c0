"""Published figures and the numbers that they must have: python -m rnnviz.papers

Every row has what the paper says and where that comes from, what theory says exactly, and what is measured here, now.
To add a figure, write its rows and its `Figure` in a file beside this one, and name the file below.
"""

from . import chaos, clipping, depth, directions, dropout, memory, normalisation, wall
from .base import ORIGINS, PASCANU, Figure, Row

__all__ = ["FIGURES", "ORIGINS", "TAKE_AWAY", "TITLES", "TOO_LONG", "VARIANTS", "Figure", "Row", "main"]

MODULES = (wall, memory, clipping, chaos, depth, directions, normalisation, dropout)

TOO_LONG = {
    "P6": (
        "Success against length, with and without clipping",
        f"{PASCANU}, figure 7",
        "In this small version clipping decides: over 40 steps all five seeds find the order with it, and none "
        "without.",
    ),
    "P7": (
        "Adding: RNN against LSTM",
        "Hochreiter and Schmidhuber 1997, Long short-term memory, experiment 4",
        "In this small version four of five LSTMs have learnt to add over 20 steps at the end, and no RNN. Over 40 "
        "steps, in the same time, neither has.",
    ),
}
"""Figures that take too long to compute while somebody waits: title, citation, and what to take away."""

ORDER = [*(f"P{k}" for k in range(1, 15)), "D", "B", "N", "Z"]

_found = {f.name: f for module in MODULES for f in module.FIGURES}
FIGURES = {name: _found[name] for name in sorted(_found, key=ORDER.index)}

TITLES = {name: FIGURES[name].title if name in FIGURES else TOO_LONG[name][0] for name in ORDER}
"""Name -> title of all figures, in order."""

TAKE_AWAY = {name: FIGURES[name].take_away if name in FIGURES else TOO_LONG[name][2] for name in ORDER}
"""Name -> the one sentence to take away from a figure."""

VARIANTS = tuple(name for name, f in FIGURES.items() if f.variant)
"""Figures whose authors' published code differs from the text."""


def main():
    """Print all rows; the exit status is 1 if one does not hold."""
    failed = 0
    for figure in FIGURES.values():
        print(f"\n{figure.name}  {figure.title}. {figure.citation}. {figure.settings}.")
        rows = figure.rows()
        if figure.variant:
            rows += [row for row in figure.rows(code=True) if row not in rows]
        for row in rows:
            failed += not row.holds
            print(
                f"  {'ok   ' if row.holds else 'FAILS'} {row.what}: theory {row.theory:.10g}, measured "
                f"{row.measured:.10g} ({row.allowed}); paper: {row.says} ({ORIGINS[row.origin]})"
            )
    print(f"\n{'all hold' if not failed else f'{failed} do not hold'}")
    return 1 if failed else 0
