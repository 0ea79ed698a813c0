"""Trainings in a lesson: one for all who look at it, which goes on while somebody does."""

from threading import Lock

import streamlit as st

from ..course.found import so_far
from ..networks.train import advance
from .pulse import gate

SLICE = 0.3
"""Seconds of training between two looks at the page."""

WAIT = 1.0
"""Seconds that a page waits for another one's slice before it shows how far the run has come."""

at_rest = Lock()
"""Held while a training is updated, or looked at before it is done."""

_at_work = Lock()


def watched(id, trainings):
    """How far the trainings of a stage are, with a button to stop them here; a slice of work, if they go on.

    Returns whether they do. id: of the stage. trainings: label -> `Training`.
    """
    kept, stopped = st.session_state, f"stopped-{id}"
    going = not kept.get(stopped, False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Stop" if going else "Go on", key=f"run-{id}", on_click=lambda: kept.update({stopped: going}))
        bar = st.empty()

    def shown(how=""):
        updates, total = so_far(trainings), max(t.config.updates for t in trainings.values())
        bar.progress(min(1.0, updates / total), text=f"Update {updates:,} of {total:,}{how}")

    if going:
        # Drawing lets Streamlit end this run where a button was pressed meanwhile, or the tab closed.
        work(trainings.values(), shown)
    shown("" if going else ", stopped")
    return going


def work(trainings, waiting):
    """A slice of training, unless another page is at it: then a look at how far that has come.

    waiting: called while others compute.
    """

    def step():
        with at_rest:
            return advance(trainings, 0)

    waiting()
    if _at_work.acquire(timeout=WAIT):
        try:
            gate.in_turn(step, SLICE, waiting)
        finally:
            _at_work.release()
