"""The controls of two training runs that differ in one thing."""

from dataclasses import replace

import streamlit as st

from ..cells import CELLS
from ..config import BOUNDS, TrainConfig
from ..engine.weights_file import read_weights
from ..sources.tasks import LENGTHS, task
from .controls import choice, slider, start_over
from .predict import prediction_switch
from .state import CONTROLS, VARIED, WORDS, held, plain, put, recall, spoken


def sidebar():
    """Draw the controls. Returns what `settings` makes of them."""
    with st.sidebar:
        start_over()
        prediction_switch()
        with st.expander("The one difference", expanded=True):
            varied = VARIED[choice("vary", "The two runs differ in", "Everything else is the same for both.")]
            st.markdown("**First run**")
            _varied("train", varied)
            st.markdown("**Second run**")
            _varied("other", varied)
        with st.expander("Task of both"):
            _task()
        with st.expander("Network of both"):
            if varied != "cell":
                choice("train_cell", "Cell", "The recurrent layer that learns.")
            gates = _gates(varied)
            slider("train_hidden_size", "Hidden units H", "How many numbers the network remembers.", high=64)
            if varied != "init":
                _initialisation("train")
            slider("train_gain", "Recurrent gain", "Factor on the recurrent weights U before the first update.")
            slider("train_input_scale", "Input scale", "How strongly the input drives the units at first.")
            if varied != "forget_bias" and "f" in gates:
                _forget_bias("train")
            elif varied != "forget_bias":
                held("train_forget_bias")
            if "z" in gates:
                slider("train_update_bias", "Update-gate bias", "Where the GRU's update gates start; near 1 it keeps.")
            else:
                held("train_update_bias")
        with st.expander("Training of both"):
            if varied != "optimiser":
                _optimiser("train")
            if varied != "rate":
                _rate("train")
            if varied != "clip":
                _clipping("train")
            slider("train_updates", "Updates", "After how many updates training ends.")
            slider("train_sequences", "Sequences a batch", "How many sequences each update learns from.")
            slider("train_networks", "Seeds", "How many networks train side by side, each from weights of its own.")
            seed = BOUNDS["seed"]
            recall("train_seed")
            st.number_input(
                "First seed",
                0,
                seed.high,
                key="train_seed",
                help="The same seed gives the same weights and the same batches.",
            )
            choice("train_nonfinite", "A gradient that is not finite", _options("train_nonfinite"))
            choice("train_precision", "Arithmetic", _options("train_precision"))
        with st.expander("First weights from a file"):
            _upload()
    return settings(st.session_state)


def settings(values):
    """The two `TrainConfig`s, and the field in which they differ, of control -> value; absent ones have defaults."""
    varied = VARIED[values.get("vary", CONTROLS["vary"].default)]
    first = TrainConfig(**{name: _value(values, f"train_{name}") for name in TrainConfig.__dataclass_fields__})
    names = ("clip", "threshold") if varied == "clip" else (varied,)
    return first, replace(first, **{name: _value(values, f"other_{name}") for name in names}), varied


def _varied(which, varied):
    {
        "clip": _clipping,
        "cell": _cell,
        "init": _initialisation,
        "optimiser": _optimiser,
        "rate": _rate,
        "forget_bias": _forget_bias,
    }[varied](which)


def _gates(varied):
    """All gates that a cell of the two runs has."""
    titles = [st.session_state["train_cell"], *([st.session_state["other_cell"]] if varied == "cell" else [])]
    return {gate for title in titles for gate in CELLS[WORDS["train_cell"][title]].gates}


def _cell(which):
    choice(f"{which}_cell", "Cell", "The recurrent layer that learns.")


def _clipping(which):
    kind = choice(f"{which}_clip", "Clipping", _options(f"{which}_clip"))
    if kind != "none":
        pick(
            f"{which}_threshold",
            "Threshold",
            "By norm: the longest that the gradient may be. By value: the largest that a single element may be.",
        )


def _initialisation(which):
    choice(f"{which}_init", "Recurrent weights U", _options(f"{which}_init"))


def _optimiser(which):
    choice(f"{which}_optimiser", "Optimiser", _options(f"{which}_optimiser"))


def _rate(which):
    pick(f"{which}_rate", "Learning rate", "How far an update goes for its gradient.")


def _forget_bias(which):
    slider(
        f"{which}_forget_bias", "Forget-gate bias", "Where the LSTM's forget gates start: 0 is half open, 1 is 0.73."
    )


def _options(name):
    return "; ".join(f"**{n}**: {s}" for n, s in CONTROLS[name].options.items())


def pick(name, label, help):
    """A slider over the few values of a `Choice` whose names are numbers."""
    recall(name)
    return st.select_slider(label, list(CONTROLS[name].options), key=name, help=help)


def _task():
    """The task, its length, and for one's own text the text; what must be done is said."""
    kept = st.session_state

    def usual_length():
        put({"train_length": LENGTHS[WORDS["train_task"][kept["train_task"]]][1]})

    title = choice("train_task", "Task", "What the networks are to learn.", on_change=usual_length)
    name = WORDS["train_task"][title]
    low, _, high = LENGTHS[name]
    slider(
        "train_length",
        "Length",
        "How long the sequences are: how far back the network must remember.",
        low=low,
        high=high,
    )
    if name == "text":
        recall("train_typed")
        st.text_area(
            "Text to learn",
            max_chars=CONTROLS["train_typed"].longest,
            key="train_typed",
            placeholder="Type a text of at least 25 characters, or leave this empty for a ready one.",
        )
    else:
        held("train_typed")
    try:
        chosen = task(name, kept["train_length"], kept.get("train_typed", ""))
        st.caption(
            f"{plain(chosen.says)} Without memory: {plain(chosen.baseline_says)}. Solved: "
            f"{plain(chosen.solved_says)}. {plain(chosen.source)}"
        )
    except ValueError as error:
        st.warning(f"{spoken(error)} The ready text is used.")


def _upload():
    """Weights to start from, kept in "loaded" until the file is taken away; what is wrong with a file is said."""
    kept = st.session_state
    file = st.file_uploader("Weights (.npz), at most 5 MB", type=["npz"], key="weights_file", max_upload_size=5)
    kept["loaded"] = None
    if file is None:
        st.caption("Both runs start from drawn weights; a file of weights, as this page writes it, can replace them.")
        return
    try:
        kept["loaded"] = read_weights(file.getvalue())
        networks, _, _ = kept["loaded"].arrays["U"].shape
        st.caption(
            f"Both runs will start from the {networks} networks of this file. Seeds, cell, units and task must "
            "be set to fit them."
        )
    except ValueError as error:
        st.error(f"{spoken(error)} Drawn weights are used.")


def _value(values, control):
    """A field of `TrainConfig` as its control has it."""
    value, name = values.get(control), control.split("_", 1)[1]
    value = CONTROLS[control].default if value is None else value
    if name == "typed":
        return _usable_text(value)
    if name == "length":
        low, _, high = LENGTHS[_value(values, "train_task")]
        return min(max(value, low), high)
    words = WORDS.get(f"train_{name}")
    return words[value] if words else value


def _usable_text(text):
    try:
        task("text", None, text)
        return text
    except ValueError:
        return ""
