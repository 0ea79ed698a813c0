"""The training page without a browser: every control at both ends, runs started, paused, rewound, kept and lost."""

import io

import numpy as np
import pytest
import streamlit as st
from opened import opened, said, sentences, sound

from rnnviz import TrainConfig, Training, __version__
from rnnviz.engine.weights_file import read_weights, write_weights
from rnnviz.presets import TRAINING_PRESETS
from rnnviz.ui import training, training_controls
from rnnviz.ui.state import CONTROLS, VARIED

PAGE = "pages/training.py"


def press(page, key):
    return sound(page.button(key=f"train_{key}").click().run())


def small(**query):
    few = dict(train_hidden_size="4", train_length="10", train_sequences="2", train_networks="2")
    return opened(PAGE, **few | query)


def test_a_run_from_start_to_rewind():
    page = press(small(), "start")
    pair = page.session_state["pair"]
    assert pair.running and pair.updates > 0
    press(page, "go")
    at = pair.updates
    assert not pair.running
    press(page, "one")
    assert pair.updates == at + 1
    press(page, "go")
    assert pair.running and pair.updates > at + 1
    press(page, "stop")
    assert pair.finished and not pair.running and page.button(key="train_go").disabled
    weights = [t.initial.flat.copy() for t in pair.trainings.values()]
    press(page, "rewind")
    assert pair.updates == 0 and not pair.finished
    for t, before in zip(pair.trainings.values(), weights):
        np.testing.assert_array_equal(t.weights.flat, before)
    assert len(page.session_state["kept"]) == 1, "the curves before the rewind are kept"


def test_a_run_that_waits_for_its_turn_says_so_and_can_be_ended(monkeypatch):
    class Busy:
        """A gate at which no turn comes, until the tab is closed."""

        def in_turn(self, step, seconds, waiting):
            waiting()
            st.stop()

    monkeypatch.setattr(training, "gate", Busy())
    page = press(small(), "start")
    assert page.session_state["pair"].running and page.session_state["pair"].updates == 0
    assert "waiting for a turn" in page.get("progress")[0].proto.text


def test_a_slice_is_made_of_single_updates(monkeypatch):
    done = []

    class Once:
        """A gate that lets a single step through."""

        def in_turn(self, step, seconds, waiting):
            done.append(step())

    monkeypatch.setattr(training, "gate", Once())
    page = press(small(), "start")
    assert [t.updates for t in page.session_state["pair"].trainings.values()] == [1, 1] and done == [True]


def test_ends_by_itself_and_says_what_came_of_it():
    page = press(small(train_updates="10"), "start")
    while page.session_state["pair"].running:
        sound(page.run())
    assert page.session_state["pair"].updates == 10
    text = said(page)
    assert "after 10 updates" in text and "of 2 seeds" in text and "the same ∂L/∂h at every step" in text


def test_an_explosion_leads_to_the_same_event_on_the_cliff():
    page = press(opened(PAGE, train_updates="20"), "start")
    while page.session_state["pair"].running:
        sound(page.run())
    (query,) = [e.proto.query_string for e in page.get("page_link") if "cliff_step" in e.proto.query_string]
    asked = dict(part.split("=") for part in query.split("&"))
    there = opened("pages/the_cliff.py", **asked, predict="false")
    assert "was at update 41" in said(there) and "thrown out of the picture" in said(there)
    calm = press(press(small(other_clip="norm", other_threshold="2"), "start"), "go")
    assert not [e for e in calm.get("page_link") if "cliff_step" in e.proto.query_string]


def test_a_changed_control_leaves_the_run_alone():
    page = press(press(small(), "start"), "go")
    pair, at = page.session_state["pair"], page.session_state["pair"].updates
    sound(page.slider(key="train_hidden_size").set_value(5).run())
    assert page.session_state["pair"] is pair and pair.updates == at
    assert "settings have changed" in said(page)
    press(page, "start")
    assert page.session_state["pair"] is not pair
    assert page.session_state["pair"].configs[0].hidden_size == 5 and len(page.session_state["kept"]) == 1


def place(page):
    """Where the address is kept, among all that is on the page: the way down from its root."""

    def way(block):
        for k, child in block.children.items():
            if getattr(child.proto, "component_name", "") == "rnnviz.address":
                return (k,)
            if below := hasattr(child, "children") and way(child):
                return k, *below
        return ()

    return way(page._tree)


def test_the_address_is_kept_at_the_same_place_whatever_comes_before_it():
    """Its messages outlive those of the run around it: at a place that moves, the browser lacks the one before it."""
    page = small()
    at = place(page)
    assert at
    sound(page.radio[0].set_value("not clipped").run())
    for key in ("start", "go", "go", "stop", "rewind", "go", "stop"):
        assert place(press(page, key)) == at, key
    sound(page.slider(key="train_hidden_size").set_value(5).run())
    assert place(page) == at
    lesson = opened("pages/lessons.py", stage="5.3")
    at = place(lesson)
    assert at and place(sound(lesson.button(key="skip-5.3").click().run())) == at
    flow = opened("pages/gradient_flow.py", input="sine")
    at = place(flow)
    sound(flow.button(key="preset-Identity ReLU").click().run())
    assert flow.button(key="own_input_back") and place(flow) == at
    cliff = opened("pages/the_cliff.py")
    at = place(cliff)
    assert place(sound(cliff.radio[0].set_value(cliff.radio[0].options[0]).run())) == at


def test_another_pair_is_guessed_anew():
    page = small()
    sound(page.radio[0].set_value("not clipped").run())
    press(press(page, "start"), "stop")
    assert "You expected" in said(page) and not page.radio
    sound(page.slider(key="train_hidden_size").set_value(5).run())
    assert "You expected" not in said(page) and page.radio[0].value is None and "Take away" not in said(page)
    press(page, "start")
    assert "You expected" not in said(page)
    sound(page.slider(key="train_hidden_size").set_value(6).run())
    sound(page.radio[0].set_value("there will be no difference").run())
    assert "You expected “there will be no difference”" in said(press(page, "start"))


def test_kept_pairs_are_few_and_can_be_forgotten():
    page = small()
    for _ in range(training.KEPT + 3):
        press(page, "start")
    kept = page.session_state["kept"]
    assert len(kept) == training.KEPT
    press(page, "go")
    sound(page.button(key=f"forget-{kept[0].name}").click().run())
    assert len(page.session_state["kept"]) == training.KEPT - 1


def test_two_sessions_do_not_share():
    one, two = press(small(), "start"), press(small(train_seed="7"), "start")
    assert one.session_state["pair"] is not two.session_state["pair"]
    press(one, "go")
    at = one.session_state["pair"].updates
    sound(two.run())
    assert one.session_state["pair"].updates == at and two.session_state["pair"].configs[0].seed == 7


@pytest.mark.parametrize("preset", TRAINING_PRESETS, ids=lambda p: p.name)
def test_presets(preset):
    page = opened(PAGE)
    if preset is not TRAINING_PRESETS[0]:
        sound(page.button(key=f"train_preset-{preset.name}").click().run())
        for name, value in preset.values.items():
            assert page.session_state[name] == value
    sound(page.button(key=f"train_preset-{preset.name}").click().run())
    assert sentences(page)["train_preset-says"] == preset.says
    assert tuple(press(page, "start").session_state["pair"].configs) == training_controls.settings(preset.values)[:2]


@pytest.mark.parametrize("varied", VARIED)
def test_every_difference_and_its_controls_at_both_ends(varied):
    page = small(vary=varied, train_cell="LSTM", other_cell="RNN")
    assert len(press(page, "start").session_state["pair"].trainings) == 2
    press(page, "go")
    # What all differences share is gone through with the first of them.
    mine = ("train_", "other_") if varied == next(iter(VARIED)) else ("other_", f"train_{VARIED[varied]}")
    for name in [s.key for s in page.slider if s.key.startswith(mine)]:
        for end in (page.slider(key=name).min, page.slider(key=name).max):
            sound(page.slider(key=name).set_value(end).run())
    for name in [s.key for s in page.select_slider if s.key.startswith(mine)]:
        options = page.select_slider(key=name).options
        for option in (options[0], options[-1]):
            sound(page.select_slider(key=name).set_value(option).run())
    for name in [s.key for s in page.selectbox if s.key.startswith(mine)]:
        for option in page.selectbox(key=name).options:
            sound(page.selectbox(key=name).set_value(option).run())


def test_the_largest_run_there_can_be():
    names = [f"train_{n}" for n in ("networks", "sequences", "updates", "input_scale")]
    largest = {n: str(CONTROLS[n].high) for n in names} | {"train_hidden_size": "64", "train_length": "200"}
    page = press(opened(PAGE, train_cell="LSTM", vary="optimiser", **largest), "start")
    assert page.session_state["pair"].updates >= 1


def test_the_same_settings_twice_are_no_pair():
    page = small(other_clip="norm", other_threshold="1")
    assert page.button(key="train_start").disabled and "same settings" in said(page)


def test_a_run_that_diverges_says_why_and_what_to_try():
    page = opened(
        PAGE,
        train_cell="RNN (linear)",
        train_gain="4",
        train_init="identity",
        train_length="200",
        train_networks="1",
        train_hidden_size="4",
    )
    press(page, "start")
    while page.session_state["pair"].running:
        sound(page.run())
    text = said(page)
    assert "diverged" in text and "at update 1:" in text and "at step" in text and "To try:" in text


@pytest.mark.parametrize("text", ["", "x", "a" * 34, "🙂🙃" * 40, "<b>*x*</b> " * 20, "é" * 2000])
def test_typed_texts(text):
    page = small(train_task="Your own text")
    sound(page.text_area(key="train_typed").set_value(text[:1000]).run())
    assert ("ready text is used" in said(page)) == (0 < len(set(text)) < 2)
    assert press(page, "start").session_state["pair"].updates > 0


@pytest.mark.parametrize(
    "query",
    [
        {"train_rate": "3"},
        {"train_rate": "nan"},
        {"train_cell": "<script>"},
        {"train_length": "1e999"},
        {"vary": "x"},
        {"train_task": "nothing"},
        {"train_updates": "-4"},
        {"other_threshold": "abc"},
        {"train_typed": "x" * 5000},
    ],
)
def test_nonsense_in_the_address_is_said(query):
    page = small(**query)
    assert "is used" in said(page)
    press(page, "start")


# ---- weights in files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru_2014"])
def test_weights_out_and_back_in(cell):
    run = Training(TrainConfig(cell=cell, networks=2, hidden_size=5))
    back = read_weights(write_weights(run.weights, run.config))
    assert back.shapes == run.weights.shapes
    np.testing.assert_array_equal(back.flat.astype("float32"), run.weights.flat)
    with np.load(io.BytesIO(write_weights(run.weights, run.config)), allow_pickle=False) as file:
        assert f"cell={cell!r}" in str(file["config"])


def archive(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def good(**changes):
    run = Training(TrainConfig(networks=2, hidden_size=3))
    return {name: array.copy() for name, array in run.weights.arrays.items()} | changes


@pytest.mark.parametrize(
    "raw, word",
    [
        (b"", "NumPy archive"),
        (b"PK\x03\x04", "NumPy archive"),
        (b"hello" * 99, "NumPy archive"),
        (archive(W=np.ones(3)), "lacks U, b, b_rec, V, b_y"),
        (archive(**good(U=np.ones((2, 4)))), "'U' array"),
        (archive(**good(b=np.ones((2, 5)))), "'b' parameter"),
        (archive(**good(W=np.full((2, 6, 12), np.nan))), "finite"),
        (archive(**good(V=np.array([["a"]]))), "'V' parameter"),
        (archive(**good(W=np.array(1.0))), "'W' parameter"),
        (archive(**good(b_y=np.array([{}], dtype=object))), "plain arrays of numbers"),
    ],
)
def test_files_that_are_no_weights_are_refused(raw, word):
    with pytest.raises(ValueError, match=word):
        read_weights(raw)


def test_a_file_that_would_unpack_to_too_much_is_refused():
    file = io.BytesIO()
    np.savez_compressed(file, W=np.zeros(2**24))
    assert len(file.getvalue()) < 2**20
    with pytest.raises(ValueError, match="at most 64 MB"):
        read_weights(file.getvalue())


def test_curves_as_csv():
    runs = {"a, b": Training(TrainConfig(networks=2, hidden_size=3, updates=10))}
    for _ in range(3):
        runs["a, b"].update()
    lines = training.curves_csv(runs, "http://here/training?train_seed=3").decode("utf-8-sig").splitlines()
    notes, lines = lines[:3], lines[3:]
    assert notes[0] == f"# rnnviz {__version__}" and "train_seed=3" in notes[1]
    assert notes[2].startswith("# a, b: TrainConfig(") and "hidden_size=3" in notes[2]
    assert len(lines) == 1 + 2 * (3 + 1) and all(line.count(",") == lines[0].count(",") + 1 for line in lines[1:])
    assert float(lines[1].split(",")[4]) == pytest.approx(runs["a, b"].history["loss"][0, 0], rel=1e-8)
