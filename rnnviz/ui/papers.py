"""The page "Paper figures": a figure's numbers as a table, and a drawing where there is one."""

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import streamlit as st

from .. import papers
from ..config import Config
from ..engine.record import record
from ..figures import gradient_flow
from ..figures import papers as figures
from ..wording import shown
from .plot import plot

GRID = Path(__file__).parents[1] / "data" / "paper_grid.json"
LIVE_VERSIONS = {
    "P6": {"train_cell": "RNN", "train_init": "orthogonal", "train_input_scale": "1", "train_length": "20",
           "train_rate": "0.2", "train_updates": "600"},
    "P7": {"vary": "cell", "train_cell": "RNN", "train_init": "gaussian", "train_input_scale": "1",
           "train_task": "Adding problem of 1997", "train_length": "20", "train_optimiser": "adam",
           "train_rate": "0.02", "train_updates": "1500"},
}
"""Settings of the training page for a small version of a figure that takes too long here."""


@st.cache_data(max_entries=32, show_spinner="Computing …")
def rows_of(name, code):
    """The rows of a figure, computed once and kept for all: they depend on nothing that a person can set."""
    return papers.FIGURES[name].rows(code=code)


def table(rows):
    """Whether it holds, paper says, theory says, measured now, and what is allowed."""
    st.table({
        "holds": ["✔ yes" if r.holds else "✘ no" for r in rows],
        "number": [r.what for r in rows],
        "paper says": [r.says for r in rows],
        "theory says": [shown(r.theory, 9) for r in rows],
        "measured now": [shown(r.measured, 9) for r in rows],
        "must be": [r.allowed for r in rows],
    })


def show(name, code):
    """One figure: what it is, its numbers, its drawing."""
    if name in LIVE_VERSIONS:
        return ahead(name)
    figure = papers.FIGURES[name]
    st.subheader(f"{figure.name}: {figure.title}", anchor=False)
    st.markdown(f"{figure.citation}. Settings: {figure.settings}.")
    rows = rows_of(name, code)
    table(rows)
    if name in ("P1", "P2"):
        st.page_link("pages/the_cliff.py", label="The figure itself, to be moved: **The cliff**")
    elif name in DRAWINGS:
        DRAWINGS[name](rows)
    return None


def _flow(recordings, **look):
    plot(gradient_flow(recordings, cell_state=False, **look), "paper",
         "How to read it: the norm of the gradient that is left at each step; level is kept, falling to the left is "
         "vanishing.")


def _conditions(rows):
    _flow({"gain 0.9": record(Config("rnn", init="orthogonal", gain=0.9)),
           "gain 1.5, saturated": record(Config("rnn", gain=1.5, input_scale=10.0))}, window="wide", bound=True)


def _orthogonal(rows):
    _flow({"orthogonal": record(Config("rnn_identity", init="orthogonal", steps=1000)),
           "0.99 I": record(Config("rnn_identity", init="identity", gain=0.99, steps=1000))})


def _memory(rows):
    measured = [(b, r.measured) for b, r in zip((0.0, 1.0, 2.0, 5.0), rows)]
    plot(figures.memory(*map(np.array, zip(*measured)), 50), "paper",
         "How to read it: a forget-gate bias decides what is left after 50 steps; the higher, the more.")


def _chaos(rows):
    plot(figures.chaos(papers.GAINS, papers.lyapunov_of_random_networks()), "paper",
         "How to read it: below 0 every difference dies out and gradients vanish; above 0 the network is chaotic and "
         "they explode.")


def _smoothness(rows):
    plot(figures.smoothness(*papers.smoothness()), "paper",
         "How to read it: each dot is an update: across, how steep the place is; up, how fast the gradient changes "
         "there. Where both grow together, a step must be short where the gradient is long.")


DRAWINGS = {"P3": _conditions, "P8": _memory, "P10": _chaos, "P12": _orthogonal, "P14": _smoothness}


@lru_cache(maxsize=1)
def grid():
    """What scripts/paper_grid.py computed ahead."""
    return json.loads(GRID.read_text(encoding="utf-8"))


def ahead(name):
    """A figure that takes too long to compute here: a grid computed ahead, labelled, and a small version to train."""
    title, citation = papers.TOO_LONG[name]
    found = grid()[name]
    st.subheader(f"{name}: {title}", anchor=False)
    st.markdown(f"{citation}. The paper trained for far longer; this is a small version.")
    st.info(f"Computed ahead on {grid()['date']} by scripts/paper_grid.py: {found['settings']}.")
    plot(figures.success(found["rows"]), "paper", "How to read it: each dot is five networks, one a seed.")
    st.table({"run": [r["label"] for r in found["rows"]],
              "length": [str(r["length"]) for r in found["rows"]],
              "solved at the end": [f"{r['solved']} of {r['seeds']}" for r in found["rows"]],
              "solved at any time": [f"{r['ever']} of {r['seeds']}" for r in found["rows"]],
              "sequences until first solved": [
                  ", ".join(f"{n:,}" for n in r["sequences"]) or "never" for r in found["rows"]]})
    st.page_link("pages/training.py", label="A small version to train now: **Training**",
                 query_params=LIVE_VERSIONS[name])


def all_rows():
    """The whole table, as python -m rnnviz.papers prints it."""
    for name, figure in papers.FIGURES.items():
        st.markdown(f"**{name}: {figure.title}.** {figure.citation}.")
        table(rows_of(name, False))
        if name in papers.VARIANTS:
            table(rows_of(name, True))
    held = [r.holds for name in papers.FIGURES for r in rows_of(name, False)]
    st.markdown(f"{sum(held)} of {len(held)} numbers hold.")
