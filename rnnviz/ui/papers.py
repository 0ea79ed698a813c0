"""The page "Paper figures": a figure's numbers as a table, and a drawing where there is one."""

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import streamlit as st

from .. import cliff, papers
from ..config import Config
from ..engine.record import record
from ..figures import gradient_flow
from ..figures import papers as figures
from ..glossary import marked
from ..wording import shown
from .page import takeaway
from .plot import plot
from .words import words

GRID = Path(__file__).parents[1] / "data" / "paper_grid.json"
MARKED = ("gradient", "norm", "bias", "loss", "gain", "orthogonal", "update", "weight", "saturated", "seed")
"""Words of the glossary that the captions open."""

LIVE_VERSIONS = {
    "P6": {
        "train_cell": "RNN",
        "train_init": "orthogonal",
        "train_input_scale": "1",
        "train_length": "20",
        "train_rate": "0.2",
        "train_updates": "600",
    },
    "P7": {
        "vary": "cell",
        "train_cell": "RNN",
        "train_init": "gaussian",
        "train_input_scale": "1",
        "train_task": "Adding problem of 1997",
        "train_length": "20",
        "train_optimiser": "adam",
        "train_rate": "0.02",
        "train_updates": "1500",
    },
}
"""Settings of the training page for a small version of a figure that takes too long here."""

TO_BE_MOVED = dict.fromkeys(("P1", "P2"), ("pages/the_cliff.py", "The cliff"))
"""Name -> file and title of the page that has a figure live."""


@st.cache_data(max_entries=32, show_spinner="Computing …")
def rows_of(name, code):
    """The rows of a figure, computed once and kept for all: they depend on nothing that a person can set."""
    return papers.FIGURES[name].rows(code=code)


def table(rows):
    """Whether it holds, paper says and where, theory says, measured now, and what is allowed."""
    st.table(
        {
            "holds": ["✔ yes" if r.holds else "✘ no" for r in rows],
            "number": [r.what for r in rows],
            "paper says": [f"{r.says} ({papers.ORIGINS[r.origin]})" for r in rows],
            "theory says": [shown(r.theory, 9) for r in rows],
            "measured now": [shown(r.measured, 9) for r in rows],
            "must be": [r.allowed for r in rows],
        }
    )


def show(name, code):
    """One figure: what it is, its drawing, what to take away, its numbers."""
    if name in LIVE_VERSIONS:
        return ahead(name)
    figure = papers.FIGURES[name]
    rows = rows_of(name, code)
    picture, how = drawing(name, code)
    _drawn(name, picture, how, f"From: {figure.citation}. Settings: {figure.settings}.")
    table(rows)
    if name in TO_BE_MOVED:
        path, title = TO_BE_MOVED[name]
        st.page_link(path, label=f"The figure of the paper, to be moved: **{title}**")
    return None


@st.cache_data(max_entries=32, show_spinner="Computing …")
def drawing(name, code):
    """The figure of a name, and how to read it, computed once and kept for all."""
    picture, how = DRAWINGS[name](rows_of(name, code), code)
    return dict(picture), how


def _drawn(name, picture, how, source):
    """A figure, and right below it what to take away: both on one screen."""
    how = marked(f"How to read it: {how}", *MARKED)
    plot(picture, f"paper-{name}", how, caption=False)
    takeaway(papers.TAKE_AWAY[name])
    words(f"{how}\n\n{source}", "how-paper", "caption")


def _wall(rows, code):
    return (
        figures.across_the_wall(*papers.wall.across_the_wall(), cliff.wall(5.0)),
        "from left to right across the wall, with w as it is. Below, the error; above, how long its gradient is, "
        "in powers of ten. The tip of the upper curve lies 0.00004 to the left of the wall, too close to be seen "
        "apart; the table has both places.",
    )


def _bifurcation(rows, code):
    found = [(b.measured, x.measured) for b, x in zip(rows[::2], rows[1::2])]
    return (
        figures.bifurcation(cliff.equilibria(5.0), cliff.folds(5.0), found),
        "for each b, the states x that the unit can rest in. Solid ones draw it in, dashed ones push it off; where "
        "they meet, both end.",
    )


def _flow(recordings, **look):
    return (
        gradient_flow(recordings, cell_state=False, height=figures.HEIGHT, **look),
        "the norm of the gradient that is left at each step; level is kept, falling to the left is vanishing.",
    )


def _conditions(rows, code):
    return _flow(
        {
            "gain 0.9": record(Config("rnn", init="orthogonal", gain=0.9)),
            "gain 1.5, saturated": record(Config("rnn", gain=1.5, input_scale=10.0)),
        },
        window="wide",
        bound=True,
    )


def _orthogonal(rows, code):
    return _flow(
        {
            "orthogonal": record(Config("rnn_identity", init="orthogonal", steps=1000)),
            "0.99 I": record(Config("rnn_identity", init="identity", gain=0.99, steps=1000)),
        },
        window="close",
    )


def _clipping(rows, code):
    thresholds = np.geomspace(0.01, 10.0, 61)
    return (
        figures.turned(thresholds, papers.clipping.turned(thresholds)),
        "to the left more is cut. By norm the gradient only gets shorter; element by element it also turns.",
    )


def _regulariser(rows, code):
    gains = np.linspace(0.9, 1.1, 21)
    theory = (papers.base.STEPS - 1) * ((gains**2 if code else gains) - 1) ** 2
    return (
        figures.regulariser(gains, papers.clipping.omegas(gains, code), theory),
        "an orthogonal network multiplies the norm by its gain at every step; 1 keeps it.",
    )


def _memory(rows, code):
    measured = [(b, r.measured) for b, r in zip((0.0, 1.0, 2.0, 5.0), rows)]
    return (
        figures.memory(*map(np.array, zip(*measured)), 50),
        "a forget-gate bias decides what is left after 50 steps; the higher, the more.",
    )


def _gru(rows, code):
    weights = np.array([0.0, 0.5, 1.0, 1.5, 1.9, 2.1, 2.25, 2.5, 2.75, 3.0, 3.5, 4.0])
    fine = np.linspace(0.0, 4.0, 81)
    ends = {start: papers.chaos.rests_of_a_gru(weights, start) for start in (0.1, -0.1)}
    return (
        figures.rests(weights, ends[0.1], ends[-0.1], fine, papers.chaos.rest_of_tanh(fine)),
        "below 2 all starts lead to 0. Above it 0 pushes off, and the sign of the start is kept for good.",
    )


def _chaos(rows, code):
    return (
        figures.chaos(papers.chaos.GAINS, papers.chaos.lyapunov_of_random_networks()),
        "below 0 every difference dies out and gradients vanish; above 0 the network is chaotic and they explode.",
    )


def _copying(rows, code):
    return (
        figures.memoryless((100, 200, 300, 500), [row.measured for row in rows]),
        "a network on the line guesses the ten symbols; one below it has remembered some.",
    )


def _identity(rows, code):
    logs = {
        "all units above 0": papers.memory.relu_from().log10_dh,
        "half of them at 0": papers.memory.relu_from(off=8).log10_dh,
        "0.99 times the identity": papers.memory.relu_from(factor=0.99).log10_dh,
    }
    return (
        figures.kept(logs),
        "a level line hands the gradient on unchanged. Units at 0 lose their part at once, and nothing after that.",
    )


def _smoothness(rows, code):
    return (
        figures.smoothness(*papers.clipping.smoothness()),
        "each dot is an update: across, how steep the place is; up, how fast the gradient changes there. Where "
        "both grow together, a step must be short where the gradient is long.",
    )


def _depth(rows, code):
    lags, w = np.arange(41), 0.8
    found = {}
    for layers in (1, 3, 6):
        measured = papers.depth.by_lag(papers.depth.linear(layers, 1 - w, w, T=41))
        found[f"{layers} layer{'s' * (layers > 1)}"] = papers.depth.paths(layers, 1 - w, w, 41), measured
    return (
        figures.beside_theory(
            "What the top of a linear stack remembers",
            f"At w = {w:g}: " + ", ".join(f"{name} best at lag {np.argmax(m)}" for name, (_, m) in found.items()) + ".",
            lags,
            found,
            xaxis=dict(title="lag, steps before the last"),
            yaxis=dict(title="gradient by that input", range=[-0.005, 0.21]),
        ),
        "lines are theory, dots are measured. Each layer adds 0.2 of what comes from below and keeps 0.8 of its own; "
        "the more layers, the further back lies what the top remembers best.",
    )


def _directions(rows, code):
    steps, w = 101, 0.9
    t = np.arange(1, steps + 1)
    forward, backward = w ** (steps - t), w ** (t - 1.0)
    measured = papers.directions.both_ends(steps, w).dx[:, 0, 0]
    return (
        figures.beside_theory(
            "What the two last states remember",
            f"Both: {shown(measured[0])} at step 1, {shown(measured.min())} at step {t[measured.argmin()]}.",
            t,
            {"both last states": (forward + backward, measured), "forward alone": (forward, None)},
            xaxis=dict(title="time step t"),
            yaxis=figures.powers(-5, 0) | dict(title="gradient by that input (log scale)", range=[-5, 0.2]),
        ),
        "the line is theory, the dots are measured. Forward ends at the right and backward at the left: each remembers "
        "its own end.",
    )


def _normalisation(rows, code):
    gains = (0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0)
    names = {"none": "no normalisation", "sum": "of the sum", "product": "of each product"}
    found = {label: papers.normalisation.lost_by_gain(gains, place) for place, label in names.items()}
    far = ", ".join(f"{label} by {shown(np.ptp(logs), 2)}" for label, logs in found.items())
    return (
        figures.beside_theory(
            "What is left after 40 steps, over the recurrent gain",
            f"From gain {gains[0]:g} to {gains[-1]:g} the power of ten moves: {far}.",
            np.array(gains),
            {label: (logs, logs) for label, logs in found.items()},
            xaxis=dict(title="recurrent gain", range=[-0.1, 4.1]),
            yaxis=dict(title="change, power of ten"),
        ),
        "each dot is a network of 32 units on the same noise: how many powers of ten the norm of its gradient changes "
        "by. Where the recurrent product is normalised by itself, the gain does next to nothing.",
    )


def _dropout(rows, code):
    lags, q = np.arange(21), 0.8
    kinds = {
        "between layers alone": (q**3 + 0.0 * lags, dict(recurrent=False)),
        "recurrent too, one mask": (np.where(lags, q**4, q**3), dict(recurrent=True, once=True)),
        "recurrent too, fresh": (q ** (3.0 + lags), dict(recurrent=True)),
    }
    found = {label: (line, (papers.dropout.arrives(**how) > 0).mean(axis=1)) for label, (line, how) in kinds.items()}
    return (
        figures.beside_theory(
            "How often a path survives its masks, p = 0.2",
            "At lag 20: " + ", ".join(f"{label} {shown(m[-1], 2)}" for label, (_, m) in found.items()) + ".",
            lags,
            found,
            xaxis=dict(title="lag, steps before the last"),
            yaxis=dict(title="share of 2,000 draws", range=[-0.02, 0.6]),
        ),
        "lines are theory, dots are 2,000 draws of the masks. On the way up through two layers a path meets three "
        "masks; on recurrent edges one more a step, unless it is one for all steps.",
    )


DRAWINGS = {
    "P1": _wall,
    "P2": _bifurcation,
    "P3": _conditions,
    "P4": _clipping,
    "P5": _regulariser,
    "P8": _memory,
    "P9": _gru,
    "P10": _chaos,
    "P11": _copying,
    "P12": _orthogonal,
    "P13": _identity,
    "P14": _smoothness,
    "D": _depth,
    "B": _directions,
    "N": _normalisation,
    "Z": _dropout,
}
"""Name -> function of its rows, and of whether they are those of the code, to a `Figure` and how to read it."""


@lru_cache(maxsize=1)
def grid():
    """What scripts/paper_grid.py computed ahead."""
    return json.loads(GRID.read_text(encoding="utf-8"))


def ahead(name):
    """A figure that takes too long to compute here: a grid computed ahead, labelled, and a small version to train."""
    _, citation, _ = papers.TOO_LONG[name]
    found = grid()[name]
    st.caption(f"The paper trained for far longer. This is a small version, computed ahead on {grid()['date']}.")
    _drawn(
        name,
        figures.success(found["rows"]),
        "each dot is five networks, one a seed.",
        f"From: {citation}. Settings: {found['settings']}. Computed by scripts/paper_grid.py.",
    )
    st.table(
        {
            "run": [r["label"] for r in found["rows"]],
            "length": [str(r["length"]) for r in found["rows"]],
            "solved at the end": [f"{r['solved']} of {r['seeds']}" for r in found["rows"]],
            "solved at any time": [f"{r['ever']} of {r['seeds']}" for r in found["rows"]],
            "sequences until first solved": [
                ", ".join(f"{n:,}" for n in r["sequences"]) or "never" for r in found["rows"]
            ],
        }
    )
    st.page_link(
        "pages/training.py", label="A small version to train now: **Training**", query_params=LIVE_VERSIONS[name]
    )


def all_rows():
    """The whole table, as python -m rnnviz.papers prints it."""
    for name, figure in papers.FIGURES.items():
        st.markdown(f"**{name}: {figure.title}.** {figure.citation}.")
        table(rows_of(name, False))
        if name in papers.VARIANTS:
            table(rows_of(name, True))
    held = [r.holds for name in papers.FIGURES for r in rows_of(name, False)]
    st.markdown(f"{sum(held)} of {len(held)} numbers hold.")
