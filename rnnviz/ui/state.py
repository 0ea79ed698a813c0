"""What a person has set: every control's name, bound and place in the address."""

import re
import secrets
from dataclasses import replace

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ..cells import CELLS
from ..cliff import B_RANGE, NAMES, UPDATES, W_RANGE
from ..config import BOUNDS, TASKS, Choice, Config, Number, TrainConfig
from ..course import STAGES, START
from ..figures.flow import WINDOWS
from ..figures.theme import FAMILY_COLOURS
from ..noise import GRID_STEPS, LAGS
from ..overfit import AGAINST, NOTHING
from ..papers import TITLES

CELL_KINDS = {
    family: {cell.kind or cell.title: name for name, cell in CELLS.items() if cell.family == family}
    for family in dict.fromkeys([*FAMILY_COLOURS, *(cell.family for cell in CELLS.values())])
}
"""Family -> what each of its kinds is called -> cell, as they are registered; the first kind is the default."""

CELL_LABELS = {CELLS[next(iter(kinds.values()))].title: family for family, kinds in CELL_KINDS.items()}
"""What a family is called on the screen -> the family."""

KIND_CONTROLS = {family: "activation" if family == "rnn" else family for family in CELL_KINDS}
"""Family -> the control that chooses its kind."""

INPUTS = {**BOUNDS["input"].options, "csv": "a column of a CSV file of your own"}


VIEWS = {
    "products": "singular values",
    "exponents": "eigenvalues and exponents",
    "paths": "direct path and the rest",
    "phase": "phase diagram",
    "influence": "who learns from whom",
    "formats": "number formats",
}
"""What the page "Why it vanishes" can look at, and what it is called on the screen."""


MASK_SCHEMES = {
    "between layers alone": "layers",
    "and fresh at every step": "step",
    "and one for all steps": "sequence",
}
"""Where the masks of a stack can be, and the key of `noise.SCHEMES` that it is."""


NOISE_VIEWS = {
    "layer normalisation": "normalisation",
    "masks on the way": "masks",
    "noise in a memory": "memory",
    "overfitting": "overfitting",
}
"""What the page "Norm and noise" can look at."""


LOOKS = {
    "": "as the device prefers",
    "light": "dark on light",
    "dark": "light on dark",
    "projector": "larger, without the sidebar",
}
"""How the pages can look."""


class Flag:
    """A switch: true or false in the address."""

    def __init__(self, default):
        self.default = default

    allowed = "true or false"

    def read(self, texts):
        return {"true": True, "false": False}[texts[-1].lower()]


class Several:
    """Any number of a few names."""

    def __init__(self, default, options):
        self.default, self.options = default, tuple(options)
        self.allowed = "some of " + ", ".join(self.options)

    def read(self, texts):
        names = [t for t in texts if t]
        if not set(names) <= set(self.options):
            raise ValueError
        return names


SIZES = [f"{digit * 10.0**power:.6f}".rstrip("0").rstrip(".") for power in range(-6, 4) for digit in (1, 2, 5)]
"""What a learning rate or a threshold can be set to, from a millionth up."""

WORDS = {
    "train_task": {title: name for name, title in TASKS.items()},
    "train_cell": {cell.title: name for name, cell in CELLS.items()},
    "train_rate": {text: float(text) for text in SIZES if float(text) <= 10},
    "train_threshold": {text: float(text) for text in SIZES},
}
"""Controls of training whose names on the screen and in the address stand for something else."""

VARIED = {
    "clipping": "clip",
    "cell": "cell",
    "initialisation": "init",
    "optimiser": "optimiser",
    "learning rate": "rate",
    "forget bias": "forget_bias",
}
"""What two runs can differ in, and the field of `TrainConfig` that it is."""


def _training_controls():
    """Two runs: train_<field> is the first one's, other_<field> the second one's where the two differ."""
    # What the page opens with is the first of its presets.
    defaults = {
        "train_task": TASKS[BOUNDS["task"].default],
        "train_cell": "RNN (ReLU)",
        "train_init": "identity",
        "train_input_scale": 0.3,
        "train_length": 20,
        "train_rate": "0.1",
        "train_threshold": "1",
    }
    out = {"vary": Choice("clipping", VARIED)}
    for name in TrainConfig.__dataclass_fields__:
        control = f"train_{name}"
        bound = Choice("", WORDS[control]) if control in WORDS else BOUNDS[name]
        out[control] = replace(bound, default=defaults.get(control, bound.default))
    others = {
        "clip": "none",
        "threshold": "1",
        "cell": "LSTM",
        "init": "gaussian",
        "optimiser": "adam",
        "rate": "0.01",
        "forget_bias": 0.0,
    }
    for name, default in others.items():
        control = out[f"train_{name}"]
        out[f"other_{name}"] = replace(control, default=default)
    return out


CONTROLS = {
    **{name: BOUNDS[name] for name in Config.__dataclass_fields__ if name in BOUNDS and name != "batch_size"},
    "input": Choice("noise", INPUTS),
    **{KIND_CONTROLS[family]: Choice(next(iter(kinds)), kinds) for family, kinds in CELL_KINDS.items()},
    "cells": Several(list(CELL_LABELS), CELL_LABELS),
    "picture": Choice("curve", {"curve": "", "unrolled": ""}),
    "window": Choice("near", WINDOWS),
    "cell_state": Flag(True),
    "bound": Flag(False),
    "slope": Flag(False),
    "formats": Several([], ["float16", "bfloat16", "float32", "float64"]),
    "step": Number(1, 1, 1000, 1, whole=True),
    "shown": Choice("LSTM", dict.fromkeys(CELL_LABELS, "")),
    "beside": Choice("none", dict.fromkeys(["none", *CELL_LABELS], "")),
    "unit": Number(1, 1, 128, 1, whole=True),
    "direction": Choice("forward", {"forward": "", "backward": ""}),
    "predict": Flag(True),
    "paper": Choice("P1", TITLES),
    "paper_code": Flag(False),
    "view": Choice("products", VIEWS),
    "axis": Choice(
        "gain",
        {
            "gain": "gain",
            "forget-gate bias": "forget_bias",
            "update-gate bias": "update_bias",
            "input scale": "input_scale",
        },
    ),
    "reach": Number(20, 1, 1000, 1, whole=True),
    "cliff_w": Number(5.6, *W_RANGE, 0.01),
    "cliff_b": Number(-2.0, *B_RANGE, 0.01),
    "cliff_rate": Number(1.0, 0.01, 2.0, 0.01),
    "cliff_threshold": Number(0.5, 0.01, 2.0, 0.01),
    "cliff_step": Number(25, 0, UPDATES, 1, whole=True),
    "cliff_method": Choice(NAMES["norm"], {words: method for method, words in NAMES.items()}),
    "cliff_relief": Flag(False),
    "noise_view": Choice(next(iter(NOISE_VIEWS)), NOISE_VIEWS),
    "mask_scheme": Choice("between layers alone", MASK_SCHEMES),
    "mask_rate": Number(0.2, 0.0, 0.5, 0.01),
    "mask_lag": Number(8, 0, GRID_STEPS - 1, 1, whole=True),
    "mask_way": Number(4, 0, GRID_STEPS - 1, 1, whole=True),
    "against": Choice(NOTHING, AGAINST),
    "memory_lag": Number(10, 0, LAGS, 1, whole=True),
    "layers": BOUNDS["layers"],
    "both": Flag(False),
    "skips": Flag(False),
    "read": Choice("one position", {"one position": "position", "last states": "ends", "mean": "mean"}),
    "position": Number(1000, 1, 1000, 1, whole=True),
    "depth": Choice("map", {"map": "", "unrolled": ""}),
    "stage": Choice("", dict.fromkeys(["", *STAGES], "")),
    "notes": Flag(False),
    "look": Choice("", LOOKS),
    **{stage.control: stage.slider.bound for stage in (START, *STAGES.values()) if stage.slider},
    **_training_controls(),
}
"""Every control of every page, by its name in the address: the table of `Config`, and what only a screen has."""

TRAINED = tuple(_training_controls())
"""The controls of the training page."""

PICTURED = tuple(
    name
    for name in ("input", *KIND_CONTROLS.values(), "window", "bound", "slope", *Config.__dataclass_fields__)
    if name in CONTROLS
)
"""The controls that a preset of the gradient flow sets."""

TOLD_BY = tuple(
    name
    for name in PICTURED
    if name not in ("window", "bound", "slope", "seed", "loss_step", "period", "bits", "text", "input_size")
)
"""Those that tell which preset is in force."""

STACKED = (
    *(name for name in PICTURED if name not in ("window", "bound", "slope", "loss", "loss_step")),
    *("shown", "layers", "both", "skips", "read"),
)
"""The controls that a preset of depth and direction sets."""

OWN = ("input", "text", "bits", "period", "input_size", "train_typed")
"""What a person brought along: a preset leaves it alone, unless it is about it."""

TEACHERS = ("predict", "notes", "look")
"""What a teacher has switched, once for all pages: it outlasts "Start over" and links with settings of their own."""

ELSEWHERE = ("embed", "embed_options")


def follow_address(page):
    """Set the controls before they are drawn, whenever the address or the page is another one. Returns whether it is.

    A new session, the browser's Back and Forward, and a link with settings give exactly what the address says; a link
    without takes along what was set on the page before. page: what the page is called.
    """
    kept, context = st.session_state, get_script_run_ctx()
    new, elsewhere = "page" not in kept, kept.get("page") != page
    back = context is not None and context.is_history_navigation
    kept["page"] = page
    if not (new or back or elsewhere):
        return False
    if new or back or set(st.query_params) & CONTROLS.keys():
        kept["address_notes"] = []
        put({name: control.default for name, control in CONTROLS.items()} if not new else {})
        put(dict(filter(None, map(_asked, st.query_params))))
        kept["settings"] = {}
    else:
        put(kept.get("settings", {}))
    return True


def _asked(name):
    """A control of the address and its value; None, and a note to be said, where it is no control or not allowed."""
    notes, texts = st.session_state["address_notes"], st.query_params.get_all(name)
    if name not in CONTROLS:
        if name not in ELSEWHERE:
            notes.append(f"The address has {name!r}, which is no control here; it was ignored.")
        return None
    control = CONTROLS[name]
    try:
        value = _value(control, texts)
        used = control.clamp(value) if isinstance(control, Number) else value
    except (ValueError, KeyError, OverflowError):
        value, used = None, control.default
    if value != used or value is None:
        notes.append(_note(name, control, texts[-1], used))
    return name, used


def recall(name):
    """Have a control that was not drawn for a while stand where it stood. Call it before the control is made."""
    kept = st.session_state
    away = kept.get("away", frozenset())
    if name not in kept:
        kept[name] = kept.get("settings", {}).get(name, CONTROLS[name].default)
    elif name in away:
        # Set anew, or its control would come back at its lower end.
        kept[name], kept["away"] = kept[name], away - {name}


def _note(name, control, text, used):
    """What the address asked for, what is allowed, and what is used instead."""
    allowed, taken = control.allowed, f"“{used}”"
    if isinstance(control, Number):
        low, high, taken = (control.text(value).replace("-", "−") for value in (control.low, control.high, used))
        allowed = f"{'a whole number' if control.whole else 'a number'} from {low} to {high}"
    asked = text if len(text) < 80 else f"{text[:77]}..."
    return f"The address has {name}={asked}, which must be {allowed}. {taken} is used."


def remember():
    """Keep what all controls are set to, for the next page. Call it once they are drawn."""
    kept = st.session_state.to_dict()
    now = {name: kept[name] for name in CONTROLS if name in kept}
    st.session_state["settings"] = kept.get("settings", {}) | now


def address():
    """What of the current settings is not the default: name -> text or texts, as it stands in the address."""
    # One look at all of the state: cheaper than many, and a tab that closes cannot take it away in between.
    kept = st.session_state.to_dict()
    now = kept.get("settings", {}) | kept
    return {
        name: _texts(control, now[name])
        for name, control in CONTROLS.items()
        if now.get(name) not in (None, control.default)
    }


def _texts(control, value):
    if isinstance(control, Number):
        return [control.text(value)]
    if isinstance(control, Flag):
        return [str(value).lower()]
    return list(value) or [""] if isinstance(control, Several) else [value]


def _value(control, texts):
    if isinstance(control, Number):
        return float(texts[-1])
    if isinstance(control, Flag | Several):
        return control.read(texts)
    if not control.accepts(texts[-1]):
        raise ValueError
    return texts[-1]


def say_notes():
    """Say what of the address was clamped or ignored; a press of the button takes it away."""
    notes = st.session_state.get("address_notes")
    if notes:
        with st.container(border=True):
            for note in notes:
                st.markdown(f":material/info: {plain(note)}")
            if st.button("Understood", key="address_read"):
                st.session_state["address_notes"] = []
                st.rerun()


def plain(text):
    """A user's own words, shown as they are and not as Markdown."""
    return "".join("\\" + c if c in "\\`*_{}[]<>()#+-!|~$:" else c for c in text)


def spoken(error):
    """A message of the library as a person reads it, who sets controls and no parameters."""
    return plain(re.sub(r"The '(\w+)' parameter", lambda found: f"The {found[1].replace('_', ' ')}", str(error)))


def put(values):
    """Set controls, in a callback, or before they are drawn."""
    kept = st.session_state
    number, under_way = kept.get("under_way", (0, {}))
    for name, value in values.items():
        older, last = under_way.get(name, ((), value))
        older = [v for v in (*older, last, kept.get(name, value)) if v != value]
        if older:
            under_way = under_way | {name: (older[-4:], value)}
    kept["under_way"] = number + bool(under_way), under_way
    kept["just_put"] = kept.get("just_put", {}) | values
    for name, value in values.items():
        kept[name] = value


def settle():
    """Have what was put stand, whatever a message says that left the browser before it knew. Returns whether any was
    put in this run.

    Every message carries what all controls stand at in the browser, and one that is sent while an answer is on its way
    what they stood at before. Call it before the controls of a page are drawn.
    """
    kept = st.session_state
    just = kept.pop("just_put", {})
    for name, value in (undone() | just).items():
        kept[name] = value
    return bool(just)


def undone():
    """Control -> value of what was put and does not stand, since a message had an older value."""
    kept = st.session_state
    return {
        name: value
        for name, (older, value) in kept.get("under_way", (0, {}))[1].items()
        if kept.get(name) != value and kept.get(name) in older
    }


def acknowledged(number):
    """Take it that the browser knows of all that was put up to that number; of what it has not taken over, it is to
    tell once more.
    """
    kept = st.session_state
    last, under_way = kept.get("under_way", (0, {}))
    behind = undone()
    if under_way and number == last:
        kept["under_way"] = last + bool(behind), {name: under_way[name] for name in behind}
        for name, value in behind.items():
            kept[name] = value


def moved(name, value):
    """Set a control to what its slider's own message says, which is newer than anything that was put."""
    kept = st.session_state
    kept.get("under_way", (0, {}))[1].pop(name, None)
    kept[name] = value


def whole_page():
    """Run all of the page where a callback has set controls that a fragment, which calls this first, does not draw.

    A press of a button goes with a slider's message of the same moment, and Streamlit then runs the slider's fragment.
    """
    if settle():
        st.rerun()


def drawn():
    """Take it that the page shows all that is set and guessed now."""
    st.session_state["drawn"] = _stands()


def redrawn():
    """Run all of the page where a fragment that draws nothing of it, and calls this first, was told of more by the way.

    What is pressed in the moment in which the browser's side says something by itself is one message with that.
    """
    whole_page()
    if st.session_state.get("drawn") != _stands():
        st.rerun()


def _stands():
    kept = st.session_state.to_dict()
    return address(), sorted((key, str(guess)) for key, guess in kept.items() if key.startswith("guess-"))


def held(name):
    """What a control that is not drawn now is set to."""
    kept = st.session_state
    recall(name)
    kept[name] = kept[name]  # the session's own from now on: a control's goes with the control
    kept["away"] = kept.get("away", frozenset()) | {name}
    return kept[name]


def back_to_start():
    """Every control but a teacher's to its default, in a callback."""
    st.session_state.pop("own_input", None)
    put({name: control.default for name, control in CONTROLS.items() if name not in TEACHERS})


def link(**settings):
    """The settings of a link to a page: its own, and what a teacher has switched."""
    return {name: texts for name, texts in address().items() if name in TEACHERS} | settings


def reseed():
    """A new seed and nothing else, in a callback."""
    put({"seed": secrets.randbelow(BOUNDS["seed"].high)})


def take_preset(preset, names):
    """A preset's values, and the default of every other control of those names, in a callback.

    What is a person's own stays. A preset that needs a certain input sets that aside as "own_input", until another one
    or `own_input_back` brings it back.
    """
    kept = st.session_state
    own = kept.pop("own_input", None) or kept.get("input", CONTROLS["input"].default)
    put({name: CONTROLS[name].default for name in names if name not in OWN} | preset.values)
    if preset.values.get("input", own) != own:
        kept["own_input"] = own
    elif "input" in names:
        put({"input": own})


def own_input_back():
    """The input that a preset has set aside, in a callback."""
    own = st.session_state.pop("own_input", None)
    if own:
        put({"input": own})


def in_force(preset, names):
    """Whether the controls of those names are as this preset sets them."""
    kept = st.session_state
    return all(
        kept.get(name, CONTROLS[name].default) == preset.values.get(name, CONTROLS[name].default)
        for name in names
        if name not in OWN or name in preset.values
    )
