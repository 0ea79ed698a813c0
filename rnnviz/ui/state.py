"""What a person has set: every control's name, bound and place in the address."""

import secrets

import streamlit as st

from ..config import BOUNDS, Choice, Number, complaint
from ..figures.flow import WINDOWS

CELL_KINDS = {
    "rnn": {"tanh": "rnn", "relu": "rnn_relu", "logistic": "rnn_logistic", "identity": "rnn_identity"},
    "lstm": {"forget gate": "lstm", "no forget gate (1997)": "lstm_1997", "coupled gates": "lstm_coupled"},
    "gru": {"reset after product": "gru", "reset before product": "gru_2014"},
}
INPUTS = {**BOUNDS["input"].options, "csv": "a column of a CSV file of your own"}


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


CONTROLS = {
    **{name: bound for name, bound in BOUNDS.items() if name not in ("batch_size", "input")},
    "input": Choice("noise", INPUTS),
    "activation": Choice("tanh", CELL_KINDS["rnn"]),
    "lstm": Choice("forget gate", CELL_KINDS["lstm"]),
    "gru": Choice("reset after product", CELL_KINDS["gru"]),
    "cells": Several(["RNN", "LSTM", "GRU"], ["RNN", "LSTM", "GRU"]),
    "window": Choice("near", WINDOWS),
    "cell_state": Flag(True),
    "bound": Flag(False),
    "slope": Flag(False),
    "formats": Several([], ["float16", "bfloat16", "float32", "float64"]),
    "step": Number(1, 1, 1000, 1, whole=True),
    "shown": Choice("LSTM", {"RNN": "", "LSTM": "", "GRU": ""}),
    "beside": Choice("none", {"none": "", "RNN": "", "LSTM": "", "GRU": ""}),
    "unit": Number(1, 1, 128, 1, whole=True),
}
"""Every control of every page, by its name in the address: the table of `Config`, and what only a screen has."""

ELSEWHERE = ("embed", "embed_options")


def read_address():
    """Compare the address with what is allowed, once a session, before any control is made.

    Controls restore themselves from the address; those dragged live are restored here. What was clamped or ignored
    is kept as notes, to be said.
    """
    kept = st.session_state
    if "address_notes" in kept:
        return
    kept["address_notes"] = []
    asked = list(st.query_params)
    for name in asked:
        texts = st.query_params.get_all(name)
        if name not in CONTROLS:
            if name not in ELSEWHERE:
                kept["address_notes"].append(f"The address has {name!r}, which is no control here; it was ignored.")
            continue
        control = CONTROLS[name]
        try:
            value = _value(control, texts)
            used = control.clamp(value) if isinstance(control, Number) else value
        except (ValueError, KeyError, OverflowError):
            value, used = None, control.default
        if value != used or value is None:
            shown = f"{used:g}" if isinstance(control, Number) else f"{used!r}"
            kept["address_notes"].append(f"{complaint(name, control.allowed, texts[-1])} {shown} is used.")
            # Streamlit's own controls would read it again, and stumble over an infinite one: run again without.
            del st.query_params[name]
            kept[name] = used
        elif name in LIVE:
            kept[name] = used
    if any(name in CONTROLS and name not in st.query_params for name in asked):
        st.rerun()


def remember():
    """Keep what all controls are set to, for the next page. Call it once they are drawn."""
    kept = st.session_state
    kept["settings"] = {**kept.get("settings", {}), **{name: kept[name] for name in CONTROLS if name in kept}}


def bring_along():
    """On another page, set its controls to what they were on the last; Streamlit then puts them into the address."""
    for name, value in st.session_state.get("settings", {}).items():
        st.session_state[name] = value


def address():
    """The address of the current settings, for a link to another page: name -> text or texts, defaults left out."""
    kept, out = st.session_state, {}
    for name, control in CONTROLS.items():
        value = kept[name] if name in kept else kept.get("settings", {}).get(name)
        if value is not None and value != control.default:
            out[name] = _texts(control, value)
        elif "settings" not in kept and name in st.query_params:
            out[name] = st.query_params.get_all(name)
    return out


def _texts(control, value):
    if isinstance(control, Number):
        return [control.text(value)]
    if isinstance(control, Flag):
        return [str(value).lower()]
    return list(value) if isinstance(control, Several) else [value]


LIVE = ("gain", "step", "unit")


def _value(control, texts):
    if isinstance(control, Number):
        value = float(texts[-1])
        if value != value:
            raise ValueError
        return value
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
                st.markdown(f":material/info: {_plain(note)}")
            if st.button("Understood", key="address_read"):
                st.session_state["address_notes"] = []
                st.rerun()


def _plain(text):
    """A user's own words, shown as they are and not as Markdown."""
    return "".join("\\" + c if c in "\\`*_{}[]<>()#+-!|~$:" else c for c in text)


def put(values):
    """Set controls, in a callback."""
    for name, value in values.items():
        st.session_state[name] = value


def back_to_start():
    """Every control to its default, in a callback."""
    put({name: control.default for name, control in CONTROLS.items()})


def reseed():
    """A new seed and nothing else, in a callback."""
    put({"seed": secrets.randbelow(BOUNDS["seed"].high)})


def take_preset(preset):
    """A preset's values, and the default of everything that makes up the network, in a callback."""
    looks = ("cells", "formats", "step", "shown", "beside", "unit", "cell_state")
    put({name: control.default for name, control in CONTROLS.items() if name not in looks} | preset.values)


def current(preset):
    """Whether the controls are as this preset set them, whatever the seed."""
    free = (
        "cells",
        "formats",
        "step",
        "shown",
        "beside",
        "unit",
        "cell_state",
        "window",
        "bound",
        "slope",
        "seed",
        "loss_step",
        "period",
        "bits",
        "text",
        "input_size",
    )
    return all(
        st.session_state.get(name, control.default) == preset.values.get(name, control.default)
        for name, control in CONTROLS.items()
        if name not in free
    )
