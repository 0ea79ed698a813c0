"""The views of the page "Why it vanishes": each draws one figure or two of a recording, and says what is in them."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import streamlit as st

from .. import explain
from .. import explain_anatomy as words
from ..cells import CELLS
from ..config import BOUNDS
from ..engine import anatomy
from ..engine.record import record
from ..figures import anatomy as figures
from ..names import NAMES
from ..wording import number, shown
from . import controls, state
from .films import Film, gains
from .live import live_slider
from .plot import plot
from .words import words as draw_words

MOST, OTHERS = 48, 6
"""Steps at which singular values are taken, and other steps whose eigenvalues are shown, at most."""

FATES = {"vanishes": "it shrinks below a thousandth", "arrives": "neither", "explodes": "it grows above a hundredfold"}
GROWING = "none", "some, fewer than half", "half or more"
PARTS = "the direct path", "what went through U", "both, within a factor of 10"
AMOUNTS = "more than now", "less than now", "as much, within a factor of 10"
DISTANCES = "at most 10", "11 to 40", "more, or never"
NUMBERS = "exactly 0", "infinite", "a number"
"""What can be answered, by question."""


@st.cache_data(max_entries=32, show_spinner=False)
def _phase(config, field, values, inputs):
    """Every other setting being the same, the diagram is too, while the gain is dragged."""
    return anatomy.phase(config, field, values, inputs)


@lru_cache(maxsize=4)
def _jacobians(recording):
    """The Jacobians of every step, and the exponents of their product: the same while another step is looked at."""
    jacobians = anatomy.step_jacobians(recording)
    return jacobians, anatomy.lyapunov(jacobians)


def _some(count, most, first=0):
    """At most so many of the indices from first to count - 1, the last one among them."""
    return np.unique(np.linspace(first, count - 1, min(most, count - first)).round().astype(int))


@dataclass(frozen=True)
class View:
    """A way to look at a backward pass.

    scene: function of label, recording, and what `settings` gives, to a dict of name -> figure or words. drawn: the
    figures' names, in order. settings: draws the view's own controls and returns their values, by name. asks: function
    of label, `Config` and inputs to an `Asked` or None. columns: figures side by side.
    """

    scene: object
    drawn: tuple
    settings: object
    asks: object
    columns: int = 1


@dataclass(frozen=True, eq=False)
class Asked:
    """A question about a network that is not on the screen: `config`'s. right: function of its `Recording` to one of
    the options, and a sentence.
    """

    text: str
    options: tuple
    config: object
    right: object

    def answer(self, label, recording):
        """The right option and a sentence; no option where the state overflows."""
        overflow = explain.overflow(label, recording)
        return (None, overflow) if overflow else self.right(recording)


def _window(label, recording, config, drawn):
    return {"window": controls.choice("window", "Vertical axis", "Which powers of ten are shown.")}


def _singular_values(label, recording, window):
    steps = _some(recording.steps + 1, MOST, 1)
    logs = anatomy.products(recording, steps)
    return {
        "singular-values": figures.singular_values(steps, logs, recording.steps, window),
        "view": words.singular_values(label, steps, logs, recording.steps),
    }


def _ask_best(label, config, inputs):
    def right(recording):
        steps = _some(recording.steps + 1, MOST, 1)
        logs = anatomy.products(recording, steps)
        return FATES[explain.fate(logs[0, 0])], words.singular_values(label, steps, logs, recording.steps)

    return Asked(
        f"At gain {shown(config.gain)}, over all steps: what becomes of the direction that fares best?",
        tuple(FATES.values()),
        config,
        right,
    )


def _step(label, recording, config, drawn):
    return {"step": live_slider("step", "Time step t", state.CONTROLS["step"], high=recording.steps)}


def _eigenvalues(label, recording, step):
    jacobians, found = _jacobians(recording)
    some = _some(recording.steps, OTHERS)
    values, others = np.linalg.eigvals(jacobians[step - 1]), np.linalg.eigvals(jacobians[some]).ravel()
    return {
        "eigenvalues": figures.eigenvalues(values, step, others),
        "exponents": figures.exponents(found),
        "view": words.eigenvalues(values, step) + "\n\n" + words.exponents(label, found, recording.steps),
    }


def _ask_growing(label, config, inputs):
    def right(recording):
        _, found = _jacobians(recording)
        share = (found > words.KEPT).mean()
        answer = GROWING[0] if not share else GROWING[1] if share < 0.5 else GROWING[2]
        return answer, words.exponents(label, found, recording.steps)

    return Asked(
        f"At gain {shown(config.gain)}, over all steps: how many of the {label}'s directions grow?",
        GROWING,
        config,
        right,
    )


def _paths(label, recording, window):
    found = anatomy.paths(recording)
    if found is None:
        return {
            "view": f"{recording.cell.title} has no gate that keeps its state: all of its gradient goes through U. "
            "Choose the LSTM or the GRU above."
        }
    carried, gate = recording.cell.states[-1], recording.cell.keeps
    named = f"the {NAMES.get(gate, 'gate')} {gate}" if gate else f"what a step keeps of {carried}"
    return {
        "paths": figures.paths(found, recording.steps, window, carried, named, recording.cell.family),
        "view": words.paths(label, recording, found, named),
    }


def _ask_part(label, config, inputs):
    def right(recording):
        found = anatomy.paths(recording.last_loss)
        apart = found.direct[0] - found.rest[0]
        told = _paths(label, recording, "near")["view"]
        return PARTS[0] if apart > 1 else PARTS[1] if apart < -1 else PARTS[2], told

    cell = CELLS[config.cell]
    if cell.states[-1] == "h" and not cell.keeps:
        return None
    return Asked(
        f"At gain {shown(config.gain)}: which part brings more of the gradient to step 1?", PARTS, config, right
    )


def _axis(label, recording, config, drawn):
    words_ = controls.choice("axis", "What changes from row to row", "All other settings are those on the left.")
    field = state.CONTROLS["axis"].options[words_]
    needed = {"forget_bias": "f", "update_bias": "z"}.get(field, recording.cell.gates[0])
    if needed not in recording.cell.gates:
        st.info(
            f"The {recording.cell.title} has no {NAMES[needed]}, so its bias changes nothing: every row is the "
            "same network."
        )
    return {"axis": words_, "field": field, "drawn": drawn}


def _phase_diagram(label, recording, axis, field, drawn):
    config, bound = recording.config, BOUNDS[field]
    ends = {"gain": (0.0, 4.0), "input_scale": (0.0, 10.0)}.get(field, (-4.0, 8.0))
    values = tuple(np.linspace(*ends, 64).tolist())
    current = getattr(config, field)
    logs = _phase(replace(config, **{field: bound.default}), field, values, None if drawn else recording.x)
    change = recording.log10_dh[0] - recording.log10_dh[-1]
    return {
        "phase": figures.phase(np.array(values), logs, field, axis, current),
        "view": words.phase(label, axis, current, logs, change),
    }


def _ask_louder(label, config, inputs):
    """About the input, since the picture has all gains."""
    other = replace(config, input_scale=5.0 if config.input_scale < 2.5 else 0.5)

    def right(recording):
        now, then = (explain.changed(r)[0] for r in (record(config, inputs=inputs), recording))
        found = AMOUNTS[2] if not abs(then - now) > 1 else AMOUNTS[0] if then > now else AMOUNTS[1]
        return found, f"Of the {label}'s gradient {number(now)} is left now, and {number(then)} then."

    return Asked(
        f"With an input scale of {shown(other.input_scale)}, at gain {shown(config.gain)}: how much is left?",
        AMOUNTS,
        other,
        right,
    )


def _reach(label, recording, config, drawn):
    return {
        "reach": live_slider(
            "reach", "Truncated BPTT: steps that a loss is sent back", state.CONTROLS["reach"], high=recording.steps
        )
    }


def _influence(label, recording, reach):
    logs, short = anatomy.influence(recording, reach)
    return {"influence": figures.influence(logs, reach), "view": words.truncated(recording, short, reach)}


def _ask_back(label, config, inputs):
    def right(recording):
        back = explain.reach(recording.last_loss, 1e3)
        answer = DISTANCES[0] if back and back <= 10 else DISTANCES[1] if back and back <= 40 else DISTANCES[2]
        return answer, explain.flow({label: recording})[-1]

    return Asked(
        f"At gain {shown(config.gain)}: after how many steps back has the last loss less than a thousandth of "
        "its gradient?",
        DISTANCES,
        config,
        right,
    )


def _formats(label, recording, window):
    rounded = anatomy.rounded(recording)
    return {
        "formats": figures.formats(recording.log10_dh, rounded, recording.steps, window),
        "view": "\n\n".join(words.formats(recording.log10_dh, rounded, recording)),
    }


def _ask_narrow(label, config, inputs):
    def right(recording):
        rounded = anatomy.rounded(recording, ("float16",))
        end = rounded["float16"][0]
        told = words.formats(recording.log10_dh, rounded, recording)
        return NUMBERS[0] if end == -np.inf else NUMBERS[2] if np.isfinite(end) else NUMBERS[1], told[-1]

    return Asked(
        f"At gain {shown(config.gain)}: what does float16 make of the gradient at step 1?", NUMBERS, config, right
    )


HOW = {
    "singular-values": "How to read it: take all directions that a gradient can have at the last step, send them back "
    "to step t, and see how long they come out: the singular values are the factors. Only what lies above the floor of "
    "rounding is drawn.",
    "eigenvalues": "How to read it: near where the state is, one step is a matrix, its Jacobian. A direction that the "
    "matrix only stretches has an eigenvalue, its factor: inside the circle it shrinks in that step, outside it grows.",
    "exponents": "How to read it: the growth of each direction over all steps together, as a mean a step. Below 0 is "
    "vanishing, above 0 is exploding, and [[chaos]].",
    "paths": "How to read it: the dashed part only ever passed from state to state; the dotted part went through the "
    "recurrent weights at least once. The two add up to the whole, as arrows do: they can also cancel.",
    "phase": "How to read it: each row is a network of its own, each column a number of steps back. Slate has "
    "vanished, red has exploded, white is kept. The line is the setting; where it is the gain, a click moves it.",
    "influence": "How to read it: each column is the loss of one step; upwards, how much of it reaches the states of "
    "the steps before. Dark is much, white is a hundred-millionth of the largest. Truncated backpropagation through "
    "time (BPTT) cuts off all above the dashed line, which has no colour.",
    "formats": "How to read it: the same backward pass, with the gradient rounded to the format after every step. A "
    "curve that ends has become exactly 0, or infinite. Dotted lines: the format's smallest and largest number.",
}
VIEWS = {
    "products": View(_singular_values, ("singular-values",), _window, _ask_best),
    "exponents": View(_eigenvalues, ("eigenvalues", "exponents"), _step, _ask_growing, columns=2),
    "paths": View(_paths, ("paths",), _window, _ask_part),
    "phase": View(_phase_diagram, ("phase",), _axis, _ask_louder),
    "influence": View(_influence, ("influence",), _reach, _ask_back),
    "formats": View(_formats, ("formats",), _window, _ask_narrow),
}
"""A key of `state.VIEWS` -> how it is computed, drawn, set and asked about."""


def scene(view, label, recording, settings):
    """What a view shows of a recording, by name; only that its state overflows, where it does."""
    overflow = explain.overflow(label, recording)
    return {"view": overflow} if overflow else VIEWS[view].scene(label, recording, **settings)


def draw(view, seen):
    """Draw a scene of a view."""
    places = st.columns(VIEWS[view].columns, gap="medium")
    drawn = [name for name in VIEWS[view].drawn if name in seen]
    for place, name in zip(places, drawn):
        with place:
            plot(seen[name], name, HOW[name], caption=False)
    draw_words(seen["view"], "view")
    for name in drawn:
        draw_words(HOW[name], f"how-{name}", "caption")


def view_films(view, label, config, recording, settings, inputs):
    """The `Film`s of a view's sliders: the gain, and where the view has one of its own, that."""
    shared = ("why", view, label, replace(config, gain=BOUNDS["gain"].default), inputs)
    yield gains(
        {label: config},
        config.gain,
        lambda found: scene(view, label, found[label], settings),
        (*shared, settings),
        inputs,
    )
    for name in {"step", "reach"} & settings.keys():

        def scenes(values, name=name):
            return [scene(view, label, recording, settings | {name: v}) for v in values]

        yield Film(name, state.CONTROLS[name], settings[name], scenes, (*shared, config.gain), recording.steps)
