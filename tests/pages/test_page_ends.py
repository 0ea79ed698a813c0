"""Every page at both ends of every control, without a browser: no exception, whatever is chosen."""

import re

import pytest
from opened import opened, said, sentences, sound
from streamlit.testing.v1 import AppTest

from rnnviz.presets import PRESETS, STACKS
from rnnviz.ui.page import PAGES as PAGES_OF_ALL
from rnnviz.ui.state import CONTROLS

PAGES = ["app.py", "pages/lessons.py", "pages/gradient_flow.py", "pages/inside_the_cell.py"]
LESSONS = PAGES[2:]
SLIDERS = ("hidden_size", "steps", "input_scale", "forget_bias", "update_bias", "input_size")


@pytest.mark.parametrize("path", PAGES)
def test_opens(path):
    assert opened(path).title[0].value


def test_no_box_of_the_first_page_is_empty():
    assert all(len(column.children) for column in opened("app.py").columns)


@pytest.mark.parametrize("path", LESSONS)
def test_sliders_at_both_ends(path):
    page = opened(path, shown="LSTM", beside="GRU")
    names = [s.key for s in page.slider]
    assert set(SLIDERS) <= set(names)
    for name in names:
        low, high = page.slider(key=name).min, page.slider(key=name).max
        for end in (low, high):
            sound(page.slider(key=name).set_value(end).run())
            assert page.slider(key=name).value == end


@pytest.mark.parametrize("path", LESSONS)
@pytest.mark.parametrize("gain", ["0", "4"])
@pytest.mark.parametrize("ends", [{"steps": "2", "hidden_size": "1"}, {"steps": "1000", "hidden_size": "128"}])
def test_smallest_and_largest(path, gain, ends):
    for activation in ("relu", "identity"):
        opened(path, gain=gain, activation=activation, input_scale="10", shown="RNN", **ends)


@pytest.mark.parametrize("path", LESSONS)
def test_every_choice(path):
    page = opened(path)
    for name in [s.key for s in page.selectbox]:
        first = page.selectbox(key=name).value
        for option in page.selectbox(key=name).options:
            sound(page.selectbox(key=name).set_value(option).run())
        sound(page.selectbox(key=name).set_value(first).run())
    for name in [t.key for t in page.toggle]:
        sound(page.toggle(key=name).set_value(not page.toggle(key=name).value).run())


@pytest.mark.parametrize("depth", ["map", "unrolled"])
@pytest.mark.parametrize("read", ["one position", "last states", "mean"])
@pytest.mark.parametrize("both, layers, gain, steps", [("true", "8", "4", "2"), ("false", "1", "0", "1000")])
def test_depth_and_direction_at_its_ends(depth, read, both, layers, gain, steps):
    query = dict(depth=depth, read=read, both=both, skips=both, layers=layers, gain=gain, steps=steps)
    page = opened("pages/depth_and_direction.py", **query, shown="RNN" if gain == "4" else "GRU", predict="false")
    assert sentences(page)["verdict"] and "parameters in Keras" in said(page) and len(page.get("code")) == 2


@pytest.mark.parametrize("preset", STACKS, ids=lambda p: p.name)
def test_presets_of_stacks(preset):
    page = opened("pages/depth_and_direction.py", layers="5", position="3")
    sound(page.button(key=f"stack-{preset.name}").click().run())
    assert sentences(page)["stack-says"] == preset.says and in_force(page, "stack-") == [preset.name]


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.name)
def test_presets(preset):
    page = opened("pages/gradient_flow.py")
    sound(page.button(key=f"preset-{preset.name}").click().run())
    assert sentences(page)["preset-says"] == preset.says
    for name, value in preset.values.items():
        assert page.session_state[name] == value


def test_no_cell_chosen():
    page = opened("pages/gradient_flow.py")
    sound(page.button_group(key="cells").set_value([]).run())
    assert "Choose at least one cell" in said(page)


def test_overflow_is_explained():
    query = dict(activation="identity", init="identity", gain="4", steps="1000", shown="RNN")
    flow = opened("pages/gradient_flow.py", **query)
    assert "at step 51" in said(flow) and "float64" in said(flow)
    inside = opened("pages/inside_the_cell.py", **query)
    assert any("float64" in w.value for w in inside.warning)


@pytest.mark.parametrize("text", ["", "x", "🙂🙃", "a" * 1000, "<b>*x*</b>"])
def test_texts(text):
    page = opened("pages/gradient_flow.py", input="text")
    sound(page.text_area(key="text").set_value(text).run())
    assert bool(page.warning) == (len(text) < 2)


def test_nonsense_is_clamped_or_ignored_and_said():
    page = opened("pages/gradient_flow.py", steps="99999", hidden_size="abc", gain="-1", what="ever")
    said = " ".join(m.value for m in page.markdown)
    assert page.slider(key="steps").value == 1000 and page.slider(key="hidden_size").value == 32
    assert page.session_state["gain"] == 0
    for name in ("steps", "hidden\\_size", "gain", "what"):
        assert name in said


NONSENSE = (
    "gain=nan",
    "gain=1e999",
    "gain=-5",
    "steps=99999",
    "hidden_size=-3",
    "hidden_size=abc",
    "seed=1e400",
    "init=<script>alert(1)</script>",
    "cells=ABC",
    "step=abc",
    "unit=0",
    "what=ever",
    "bound=maybe",
    "input=text&text=",
    "input=bits&bits=12",
    "loss=one&loss_step=5000",
)


@pytest.mark.parametrize("path, query", [(LESSONS[k % 2], query) for k, query in enumerate(NONSENSE)])
def test_nonsense_in_the_address_is_said(path, query):
    page = opened(path, **dict(part.split("=") for part in query.split("&")))
    assert re.search("ignored|is used|Still in use|must be", said(page))


@pytest.mark.parametrize(
    "message",
    [
        None,
        "x",
        3,
        [],
        {"value": 1},
        {"value": {"number": 1, "value": "x"}},
        {"value": {"number": 1, "value": float("nan")}},
        {"value": {"number": "1"}},
        {"value": {"number": 2, "value": 1e9}},
        {"value": {"number": 3, "value": 0.25}},
    ],
)
def test_messages_of_a_live_slider_are_not_trusted(message, monkeypatch):
    from rnnviz.config import BOUNDS
    from rnnviz.ui import live

    kept, sent = {"live-gain": message, "gain": 1.5}, []
    monkeypatch.setattr(live.st, "session_state", kept)
    monkeypatch.setattr(live, "_component", lambda **given: sent.append(given))
    live.live_slider("gain", "gain", BOUNDS["gain"])
    # The message is taken before the page runs, so that whatever stands above the slider reads the new value.
    sent[0]["on_value_change"]()
    good = isinstance(message, dict) and message["value"] == {"number": 3, "value": 0.25}
    assert kept["gain"] == (0.25 if good else 1.5)
    assert live.live_slider("gain", "gain", BOUNDS["gain"]) == kept["gain"]


# ---- controls that act, and what is one's own ------------------------------------------------------------------------


def drawn(page):
    """The names of all controls on the page."""
    return {w.key for kind in (page.slider, page.selectbox, page.toggle) for w in kind}


ALL = {"activation", "lstm", "gru", "forget_bias", "update_bias"}


@pytest.mark.parametrize(
    "path, query, acts",
    [
        ("pages/inside_the_cell.py", {"shown": "RNN"}, {"activation"}),
        ("pages/inside_the_cell.py", {"shown": "LSTM"}, {"lstm", "forget_bias"}),
        ("pages/inside_the_cell.py", {"shown": "GRU", "beside": "RNN"}, {"gru", "update_bias", "activation"}),
        ("pages/inside_the_cell.py", {"shown": "LSTM", "lstm": "no forget gate (1997)"}, {"lstm"}),
        ("pages/why_it_vanishes.py", {"shown": "GRU"}, {"gru", "update_bias"}),
        ("pages/gradient_flow.py", {}, ALL),
    ],
)
def test_what_does_not_act_is_not_there(path, query, acts):
    assert drawn(opened(path, **query)) & ALL == acts


def test_flags_of_the_rnn_are_there_with_it():
    page = opened("pages/gradient_flow.py")
    assert {"bound", "slope", "cell_state"} <= drawn(page)
    sound(page.button_group(key="cells").set_value(["GRU"]).run())
    assert not {"bound", "slope", "cell_state"} & drawn(page)


def test_gates_of_a_training():
    cell = "train_forget_bias", "train_update_bias"
    rnn = opened("pages/training.py", train_cell="RNN")
    assert not set(cell) & drawn(rnn)
    assert set(cell) & drawn(opened("pages/training.py", train_cell="LSTM")) == {"train_forget_bias"}
    both = opened("pages/training.py", vary="cell", train_cell="LSTM", other_cell="GRU")
    assert set(cell) <= drawn(both)


def test_what_is_not_there_keeps_what_it_was_set_to():
    page = opened("pages/inside_the_cell.py", shown="RNN", update_bias="3", forget_bias="2")
    sound(page.selectbox(key="shown").set_value("GRU").run())
    assert page.slider(key="update_bias").value == 3
    sound(page.slider(key="update_bias").set_value(4.0).run())
    sound(page.selectbox(key="shown").set_value("LSTM").run())
    sound(page.selectbox(key="shown").set_value("LSTM").run())
    assert page.slider(key="forget_bias").value == 2
    sound(page.selectbox(key="shown").set_value("GRU").run())
    assert page.slider(key="update_bias").value == 4


def test_a_control_that_comes_back_shows_what_it_stands_at():
    page = opened("pages/inside_the_cell.py")
    sound(page.selectbox(key="shown").set_value("RNN").run())
    sound(page.selectbox(key="beside").set_value("LSTM").run())
    bias = page.slider(key="forget_bias").proto
    assert bias.set_value and list(bias.value) == [1.0]
    sound(page.run())
    assert not page.slider(key="forget_bias").proto.set_value


def in_force(page, key="preset-"):
    """Names of the presets that are marked as in force."""
    return [b.label for b in page.button if (b.key or "").startswith(key) and b.proto.type == "primary"]


def test_a_preset_leaves_the_input_that_a_person_has_set():
    page = opened("pages/gradient_flow.py", input="text", text="abracadabra abracadabra")
    sound(page.button(key="preset-Exploding").click().run())
    assert page.session_state["gain"] == 3 and page.selectbox(key="input").value == "text"
    assert page.text_area(key="text").value == "abracadabra abracadabra"
    assert in_force(page) == ["Exploding"]
    assert any("The input stays yours" in c.value for c in page.caption)


def test_a_preset_that_needs_an_input_gives_the_own_one_back():
    page = opened("pages/gradient_flow.py", input="text", text="abracadabra abracadabra")
    sound(page.button(key="preset-Identity ReLU").click().run())
    assert page.selectbox(key="input").value == "impulse"
    assert in_force(page) == ["Identity ReLU"]
    sound(page.button(key="own_input_back").click().run())
    assert page.selectbox(key="input").value == "text"
    assert page.text_area(key="text").value == "abracadabra abracadabra"
    sound(page.button(key="preset-Identity ReLU").click().run())
    sound(page.button(key="preset-Vanishing").click().run())
    assert page.selectbox(key="input").value == "text"
    assert page.text_area(key="text").value == "abracadabra abracadabra"


def test_without_an_own_input_there_is_nothing_to_bring_back():
    page = opened("pages/gradient_flow.py")
    sound(page.button(key="preset-Identity ReLU").click().run())
    assert not [b for b in page.button if b.key == "own_input_back"]
    sound(page.button(key="preset-Vanishing").click().run())
    assert page.selectbox(key="input").value == "noise"


def test_a_preset_of_training_leaves_a_typed_text():
    text = "so it is and so it was and so it will be"
    page = opened("pages/training.py", train_task="Your own text", train_typed=text)
    sound(page.button(key="train_preset-Threshold 1 or 0.002").click().run())
    assert page.session_state["train_typed"] == text and page.session_state["other_threshold"] == "0.002"


@pytest.mark.parametrize("press", ["preset-Identity ReLU", "start over"])
def test_a_message_that_left_before_an_answer_came_undoes_nothing(press):
    page = opened("pages/gradient_flow.py", hidden_size="9", init="orthogonal", input="sine", seed="5")
    older = page._tree.get_widget_states()
    button = next(b for b in page.button if b.key == press or b.label.lower() == press)
    sound(button.click().run())
    names = ("hidden_size", "init", "input", "seed")
    set_now = [page.session_state[name] for name in names]
    sound(page._run(older))
    assert [page.session_state[name] for name in names] == set_now != [9, "orthogonal", "sine", 5]
    sound(page.slider(key="hidden_size").set_value(20).run())
    assert page.session_state["hidden_size"] == 20 and page.session_state["init"] == set_now[1]


def test_an_own_input_that_a_preset_has_set_aside_is_not_forgotten_for_an_older_message():
    page = opened("pages/gradient_flow.py", input="sine")
    older = page._tree.get_widget_states()
    sound(page.button(key="preset-Identity ReLU").click().run())
    sound(page._run(older))
    sound(page.button(key="own_input_back").click().run())
    assert page.session_state["input"] == "sine"


def test_what_the_browser_knows_of_can_be_set_back():
    page = opened("pages/gradient_flow.py", hidden_size="9")
    sound(next(b for b in page.button if b.label == "Start over").click().run())
    page.session_state["address"] = {"put": page.session_state["under_way"][0]}
    sound(page.run())
    sound(page.slider(key="hidden_size").set_value(9).run())
    assert page.session_state["hidden_size"] == 9


# ---- how a page ends ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*(path for path, _ in PAGES_OF_ALL), "pages/course_on_paper.py"])
def test_the_address_is_kept_once_and_the_take_away_said_once(path):
    page = opened(path)
    kept = [e for e in page.get("bidi_component") if e.proto.component_name == "rnnviz.address"]
    assert len(kept) == 1
    assert len(page.success) <= 1 and len(page.title) <= 1


def test_what_the_address_holds_is_short():
    """Names, not the words on the screen, of what can be looked at."""
    for name in ("view", "paper"):
        control = CONTROLS[name]
        assert all(re.fullmatch(r"\w{1,9}", option) and len(title) > 9 for option, title in control.options.items())
    page = opened("pages/why_it_vanishes.py", view="phase")
    assert page.selectbox(key="view").value == "phase" and "phase diagram" in page.selectbox(key="view").options


@pytest.mark.parametrize("also", [{"guess-1.1": "5.5"}, {"gain": 2.0}])
def test_what_is_pressed_in_the_moment_of_a_message_is_drawn(also):
    """Both are one message, which runs a fragment that draws nothing: the page runs once more, and no oftener."""

    def page(also):
        import streamlit as st

        from rnnviz.ui import state

        kept = st.session_state
        kept["runs"] = kept.get("runs", 0) + 1
        if kept["runs"] == 2:
            kept.update(also)
        else:
            state.drawn()
        state.redrawn()

    app = AppTest.from_function(page, args=(also,)).run()
    assert app.session_state["runs"] == 1
    assert sound(app.run()).session_state["runs"] == 3
    assert sound(app.run()).session_state["runs"] == 4
