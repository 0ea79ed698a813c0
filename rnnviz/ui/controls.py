"""The controls in the sidebar: from what a person set to the configurations to record."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from .. import sources
from ..cells import CELLS
from ..config import BOUNDS, Config
from ..wording import shown as number
from .state import (
    CELL_KINDS,
    CELL_LABELS,
    CONTROLS,
    INPUTS,
    KIND_CONTROLS,
    back_to_start,
    held,
    in_force,
    own_input_back,
    plain,
    recall,
    reseed,
    spoken,
    take_preset,
    undone,
    whole_page,
)
from .words import words

OWN = "Your own settings. Each button above shows something worth seeing."
LARGEST_FILE = 5 * 1024 * 1024
INPUT_OF = {"input_size": ("noise",), "period": ("sine", "square"), "bits": ("bits",), "text": ("text",)}
"""Which inputs a control is for."""

KIND_WORDS = {
    "rnn": ("RNN activation", "The function that the plain RNN applies to each unit."),
    "lstm": (
        "LSTM kind",
        "Today's LSTM has a forget gate; the one of 1997 had none; with coupled gates, the input "
        "gate is 1 minus the forget gate.",
    ),
    "gru": (
        "GRU kind",
        "Whether the reset gate acts after the product with U, as in PyTorch and Keras, or before it, "
        "as in the paper of 2014.",
    ),
}
"""What the control of a family's kinds is called, and what it says."""


@dataclass(frozen=True, eq=False)
class Setup:
    """label -> Config, at the default gain; inputs (T, 1, D) where they are a file's, and what to say of them."""

    configs: dict
    inputs: np.ndarray | None
    steps: int
    hidden_size: int
    tokens: tuple


def slider(name, label, help, low=None, high=None):
    """A slider over a `Number` of `CONTROLS`: answers on release, kept from page to page, in the address."""
    bound = CONTROLS[name]
    low, high = bound.low if low is None else low, bound.high if high is None else high
    recall(name)
    # Set only where it must be: what is set goes back to the browser, over what somebody has moved meanwhile.
    within = min(max(st.session_state[name], low), high)
    if within != st.session_state[name]:
        st.session_state[name] = within
    return st.slider(label, low, high, step=bound.step, key=name, help=help)


def choice(name, label, help, on_change=None):
    """A choice among the few names of a `Choice` of `CONTROLS`. on_change: called where a person has chosen."""

    def chosen():
        if name not in undone():
            on_change()

    recall(name)
    return st.selectbox(label, list(CONTROLS[name].options), key=name, help=help, on_change=on_change and chosen)


def one(name, label, options):
    """One of a few names, as buttons to press; the first where it stands at none of them."""
    recall(name)
    if st.session_state[name] not in options:
        st.session_state[name] = next(iter(options))
    return st.segmented_control(label, options, required=True, key=name, label_visibility="collapsed", wrap=True)


def several(name, label, help):
    """Any number of a few names, as buttons to press."""
    recall(name)
    return st.pills(label, CONTROLS[name].options, selection_mode="multi", key=name, help=help)


def flag(name, label, help):
    """A switch."""
    recall(name)
    return st.toggle(label, key=name, help=help)


def start_over():
    """A button that puts every control of every page to its first value."""
    st.button("Start over", on_click=back_to_start, width="stretch", help="Every control to its first value.")


def sidebar(shown, place=None, loss_where=True):
    """Draw the controls that all pages share, those alone that do something for the cells shown. Returns a `Setup`.

    shown: some of "RNN", "LSTM" and "GRU". place: where in the sidebar, if not at its end. loss_where: whether it is
    for the sidebar to say where the loss is; otherwise it is at the last step.
    """
    with place or st.sidebar:
        left, right = st.columns(2)
        with left:
            start_over()
        right.button(
            "Reseed",
            on_click=reseed,
            width="stretch",
            help="Draw other weights, noise and targets; leave the controls as they are.",
        )
        with st.expander("Network", expanded=True):
            hidden = slider(
                "hidden_size", "Hidden units H", "How many numbers the network remembers from step to step."
            )
            init = choice(
                "init", "Recurrent weights U", "; ".join(f"**{n}**: {s}" for n, s in BOUNDS["init"].options.items())
            )
            kinds = {label: _kind(label, family, label in shown) for label, family in CELL_LABELS.items()}
            gates = {gate for label in shown for gate in CELLS[kinds[label]].gates}
            forget = drawn_if(
                "f" in gates,
                slider,
                "forget_bias",
                "Forget-gate bias",
                "Where the LSTM's forget gates start: 0 is half open, 1 is 0.73, 5 is 0.993.",
            )
            update = drawn_if(
                "z" in gates,
                slider,
                "update_bias",
                "Update-gate bias",
                "Where the GRU's update gates start. Near 1 the old state is kept, near 0 it is replaced.",
            )
        with st.expander("Input"):
            inputs, source, tokens = _input()
        steps = source.pop("length")
        if loss_where:
            loss, loss_step = _loss(steps)
        else:
            loss, loss_step = "last", 1
            held("loss")
            held("loss_step")
        recall("seed")
        seed = st.number_input(
            "Seed",
            0,
            BOUNDS["seed"].high,
            key="seed",
            help="The same seed gives the same weights, noise and targets, to all cells.",
        )
    base = Config(
        cell="rnn",
        hidden_size=hidden,
        init=init,
        forget_bias=forget,
        update_bias=update,
        loss=loss,
        loss_step=min(loss_step, steps),
        seed=int(seed or 0),
        **source,
    )
    return Setup({label: replace(base, cell=cell) for label, cell in kinds.items()}, inputs, steps, hidden, tokens)


def _loss(steps):
    """The controls of where the loss is, and its step."""
    with st.expander("Loss"):
        loss = choice(
            "loss",
            "Where the loss is",
            "; ".join(f"**{n}**: {s}" for n, s in BOUNDS["loss"].options.items())
            + ". The loss is half the squared distance of the hidden state from a target drawn at random.",
        )
        if loss == "one":
            return loss, slider("loss_step", "Step of the loss", "Its time step, from 1.", high=steps)
        held("loss_step")
        return loss, 1


def _kind(label, family, acts):
    """The cell of a family: the chosen one of its kinds, if there are several."""
    kinds, name = CELL_KINDS[family], KIND_CONTROLS[family]
    if len(kinds) < 2:
        return next(iter(kinds.values()))
    words = KIND_WORDS.get(family, (f"{label} kind", "Which cell of this family is drawn."))
    return kinds[drawn_if(acts, choice, name, *words)]


def drawn_if(acts, draw, name, *words):
    """A control that is drawn only if it does something; otherwise what it was set to."""
    return draw(name, *words) if acts else held(name)


def presets(options, sets, reads, key="preset"):
    """A row of presets; the one that is in force says what is to be seen. In a fragment, so that it follows a slider.

    sets: the names of the controls that a preset puts to its values or their defaults. reads: those that tell whether
    it is in force. Returns what is to be said at other gains, for the scenes of a `Film`: gain -> sentence, `OWN` at
    all others.
    """
    whole_page()
    now = next((preset for preset in options if in_force(preset, reads)), None)
    # Buttons: what is pressed is on its way once, where a choice would go along with every later message.
    with st.container(horizontal=True, gap="xsmall", key=f"rv-{key}"):
        for preset in options:
            st.button(
                preset.name,
                key=f"{key}-{preset.name}",
                type="primary" if preset is now else "secondary",
                on_click=take_preset,
                args=(preset, sets),
            )
    words(now.says if now else OWN, f"{key}-says")
    if "input" in sets:
        _own_input(now)
    return said_at(options, reads, "gain")


def said_at(options, reads, name):
    """What presets say where one control alone moves: its value -> sentence; `OWN` is for all others."""
    others = [read for read in reads if read != name]
    return {
        preset.values.get(name, CONTROLS[name].default): preset.says
        for preset in reversed(options)
        if in_force(preset, others)
    }


def _own_input(preset):
    """Say what became of a person's own input, which no preset takes away."""
    own, used = st.session_state.get("own_input"), st.session_state["input"]
    if own not in (None, CONTROLS["input"].default):
        st.button(f"Back to your own input ({own})", on_click=own_input_back, key="own_input_back")
    elif preset and used != preset.values.get("input", CONTROLS["input"].default):
        st.caption(f"This was found with noise as the input. The input stays yours ({used}): see whether it holds.")


def _input():
    """The controls of the input. Returns the array of a file or None, fields of Config and "length", and tokens."""
    kind = choice("input", "Input x", "; ".join(f"**{n}**: {s}" for n, s in INPUTS.items()), on_change=_chosen_anew)
    for name, kinds in INPUT_OF.items():
        if kind not in kinds:
            held(name)
    steps = slider("steps", "Time steps T", "How long the sequence is.")
    scale = slider(
        "input_scale",
        "Input scale",
        "How strongly the input drives the units: the standard deviation of x·W for inputs of size 1.",
    )
    fields = {"input": "noise" if kind == "csv" else kind, "steps": steps, "input_scale": scale, "length": steps}
    if kind == "noise":
        fields["input_size"] = slider("input_size", "Inputs D", "How many noise signals come in side by side.")
    elif kind in ("sine", "square"):
        fields["period"] = slider("period", "Period in steps", "How many steps one wave takes.", high=max(4, steps))
    elif kind == "bits":
        fields["bits"] = _text("bits", "Bits", lambda text: sources.signal("bits", 2, bits=text))
    elif kind == "text":
        fields["text"] = _text("text", "Text", lambda text: sources.one_hot(text, steps), area=True)
        read = sources.one_hot(fields["text"], steps)
        fields["length"] = len(read.characters)
        st.caption(
            f"{len(read.characters)} of {read.given} characters, {len(read.alphabet)} different ones: each is a "
            "vector of zeros with a single 1 (one-hot)."
        )
        return None, fields, read.characters
    elif kind == "sunspots":
        return None, *_series(sources.sunspots(), fields)
    elif kind == "csv":
        series = _upload()
        if series is not None:
            values = sources.standardise(series.values[:steps]).values
            fields, tokens = _series(series, fields)
            return values[:, None, None], fields, tokens
    return None, fields, ()


def _chosen_anew():
    st.session_state.pop("own_input", None)


def _text(name, label, check, area=False):
    """A field of text; a text that cannot be used is explained, and the last usable one stays in use."""
    bound, kept = BOUNDS[name], st.session_state
    field = st.text_area if area else st.text_input
    recall(name)
    text = field(label, max_chars=bound.longest, key=name)
    try:
        if not bound.accepts(text):
            raise ValueError(f"It must be {bound.allowed}.")
        check(text)
        kept[f"usable_{name}"] = text
    except ValueError as error:
        kept.setdefault(f"usable_{name}", bound.default)
        st.warning(f"{spoken(error)} Still in use: “{plain(kept[f'usable_{name}'][:40])}”.")
    return kept[f"usable_{name}"]


def _series(series, fields):
    """Say which part of a series is used and how it was standardised."""
    used = min(len(series.values), fields["steps"])
    mean, std = (number(v, 4) for v in (lambda s: (s.mean, s.std))(sources.standardise(series.values[:used])))
    st.caption(
        f"The first {used} of {len(series.values)} values of {plain(series.name)}, standardised: less their mean "
        f"{mean}, divided by their standard deviation {std}. {plain(series.source)}"
    )
    return fields | {"length": used}, tuple(series.labels[:used]) if series.labels else ()


def _upload():
    """The chosen column of the last usable file, or None while there is none; what is wrong with a file is said."""
    kept = st.session_state
    file = st.file_uploader("CSV file, at most 5 MB", type=["csv", "tsv", "txt"], key="file", max_upload_size=5)
    if file is not None and kept.get("file_id") != file.file_id:
        kept["file_id"], kept["file_error"] = file.file_id, None
        try:
            raw = file.getvalue()
            table = sources.read_csv(raw)
            kept["table"], kept["file_name"] = table, file.name
        except ValueError as error:
            kept["file_error"] = str(error)
    if kept.get("file_error"):
        st.error(f"{plain(kept['file_error'])} The previous input stays in use.")
    table = kept.get("table")
    if table is None:
        st.info(
            "No file is in use yet, so the input is still noise. A link to this page cannot carry a file: whoever "
            "opens it uploads the file again."
        )
        return None
    if file is None:
        st.caption(f"In use: {plain(kept['file_name'])}.")
    if kept.get("column") not in table.columns:
        kept["column"] = kept["column_used"] if kept.get("column_used") in table.columns else table.preferred
    column = kept["column_used"] = st.selectbox("Column", list(table.columns), key="column")
    for name, reason in table.skipped.items():
        st.caption(f"Column “{plain(name)}” cannot be used: {plain(reason)}")
    series = table.series(column)
    for note in series.notes:
        st.caption(plain(note))
    count, used = len(series.values), min(len(series.values), kept.get("steps", 100))
    st.caption(f"{f'All {count:,}' if used == count else f'The first {used:,} of {count:,}'} values are used.")
    try:
        sources.standardise(series.values[:used])
    except ValueError as error:
        st.error(f"{spoken(error)} The input is noise instead.")
        return None
    return series
