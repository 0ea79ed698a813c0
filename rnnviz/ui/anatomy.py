"""The views of the page "Why it vanishes": each draws one figure or two of a recording, and says what is in them."""

from dataclasses import replace

import numpy as np
import streamlit as st

from .. import explain
from .. import explain_anatomy as words
from ..config import BOUNDS
from ..engine import anatomy
from ..figures import anatomy as figures
from ..names import NAMES
from . import controls, state
from .live import live_slider
from .plot import plot

MOST, OTHERS = 48, 6
"""Steps at which singular values are taken, and other steps whose eigenvalues are shown, at most."""


@st.cache_data(max_entries=32, show_spinner=False)
def _phase(config, field, values, inputs):
    """Every other setting being the same, the diagram is too, while the gain is dragged."""
    return anatomy.phase(config, field, values, inputs)


def _some(count, most, first=0):
    """At most so many of the indices from first to count - 1, the last one among them."""
    return np.unique(np.linspace(first, count - 1, min(most, count - first)).round().astype(int))


def _overflowed(label, recording):
    overflow = explain.overflow(label, recording)
    if overflow:
        st.warning(overflow)
    return bool(overflow)


def singular_values(label, recording, config, drawn):
    if _overflowed(label, recording):
        return
    window = controls.choice("window", "Vertical axis", "Which powers of ten are shown.")
    steps = _some(recording.steps + 1, MOST, 1)
    logs = anatomy.products(recording, steps)
    plot(figures.singular_values(steps, logs, recording.steps, window), "singular-values",
         "How to read it: take all directions that a gradient can have at the last step, send them back to step t, and "
         "see how long they come out: the singular values are the factors. Only what lies above the floor of rounding "
         "is drawn.")
    st.markdown(words.singular_values(label, steps, logs, recording.steps))


def eigenvalues(label, recording, config, drawn):
    if _overflowed(label, recording):
        return
    step = live_slider("step", "Time step t", state.CONTROLS["step"], high=recording.steps)
    jacobians = anatomy.step_jacobians(recording)
    some = _some(recording.steps, OTHERS)
    values, others = np.linalg.eigvals(jacobians[step - 1]), np.linalg.eigvals(jacobians[some]).ravel()
    left, right = st.columns(2, gap="medium")
    with left:
        plot(figures.eigenvalues(values, step, others), "eigenvalues",
             "How to read it: near where the state is, one step is a matrix, its Jacobian. A direction that the matrix "
             "only stretches has an eigenvalue, its factor: inside the circle it shrinks in that step, outside it "
             "grows.")
    found = anatomy.lyapunov(jacobians)
    with right:
        plot(figures.exponents(found), "exponents",
             "How to read it: the growth of each direction over all steps together, as a mean a step. Below 0 is "
             "vanishing, above 0 is exploding, and chaos.")
    st.markdown(words.eigenvalues(values, step) + "\n\n" + words.exponents(label, found, recording.steps))


def paths(label, recording, config, drawn):
    if _overflowed(label, recording):
        return
    found = anatomy.paths(recording)
    if found is None:
        st.info(f"{recording.cell.title} has no gate that keeps its state: all of its gradient goes through U. Choose "
                "the LSTM or the GRU above.")
        return
    window = controls.choice("window", "Vertical axis", "Which powers of ten are shown.")
    carried = recording.cell.states[-1]
    gate = {"lstm": "f", "gru": "z"}[recording.cell.family]
    named = f"the {NAMES[gate]} {gate}" if gate in recording.cell.gates else "ones (it has no forget gate)"
    plot(figures.paths(found, recording.steps, window, carried, named, recording.cell.family), "paths",
         "How to read it: the dashed part only ever passed the gate that keeps the state; the dotted part went through "
         "the recurrent weights at least once. The two add up to the whole, as arrows do: they can also cancel.")
    st.markdown(words.paths(label, recording, found, named))


def phase(label, recording, config, drawn):
    words_ = controls.choice("axis", "What changes from row to row", "All other settings are those on the left.")
    field = state.CONTROLS["axis"].options[words_]
    needed = {"forget_bias": "f", "update_bias": "z"}.get(field, recording.cell.gates[0])
    if needed not in recording.cell.gates:
        st.info(f"The {recording.cell.title} has no {NAMES[needed]}, so its bias changes nothing: every row is the "
                "same network.")
    bound = BOUNDS[field]
    ends = {"gain": (0.0, 4.0), "input_scale": (0.0, 10.0)}.get(field, (-4.0, 8.0))
    values = tuple(np.linspace(*ends, 64).tolist())
    current = getattr(config, field)
    logs = _phase(replace(config, **{field: bound.default}), field, values, None if drawn else recording.x)
    plot(figures.phase(np.array(values), logs, field, words_, current), "phase",
         "How to read it: each row is a network of its own, each column a number of steps back. Slate has vanished, "
         "red has exploded, white is kept. The line is the setting."
         + (" Click to move it." if field == "gain" else ""))
    kept = np.flatnonzero(np.abs(logs[0] - logs[-1]) < 1)
    change = recording.log10_dh[0] - recording.log10_dh[-1]
    st.markdown(
        f"**{label}** at {words_} {current:g}: over {config.steps - 1} steps back the size of ∂L/∂h is multiplied by "
        f"{explain.number(change)}. "
        + (f"Of the 64 networks {len(kept)} keep it within a factor of 10." if len(kept)
           else "None of the 64 networks keeps it within a factor of 10."))


def influence(label, recording, config, drawn):
    if _overflowed(label, recording):
        return
    reach = live_slider("reach", "Truncated BPTT: steps that a loss is sent back", state.CONTROLS["reach"],
                        high=recording.steps)
    plot(figures.influence(anatomy.influence(recording), reach), "influence",
         "How to read it: each column is the loss of one step; upwards, how much of it reaches the states of the steps "
         "before. Dark is much, white is a hundred-millionth of the largest. Truncated backpropagation "
         "through time (BPTT) cuts off all above the dashed line, which is pale.")
    st.markdown(words.truncated(recording, anatomy.truncated(recording, reach), reach))


def formats(label, recording, config, drawn):
    if _overflowed(label, recording):
        return
    window = controls.choice("window", "Vertical axis", "Which powers of ten are shown.")
    rounded = anatomy.rounded(recording)
    plot(figures.formats(recording.log10_dh, rounded, recording.steps, window), "formats",
         "How to read it: the same backward pass, with the gradient rounded to the format after every step. A curve "
         "that ends has become exactly 0, or infinite. Dotted lines: the format's smallest and largest number.")
    st.markdown("\n\n".join(words.formats(recording.log10_dh, rounded, recording)))


VIEWS = dict(zip(state.VIEWS, (singular_values, eigenvalues, paths, phase, influence, formats)))
