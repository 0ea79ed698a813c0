"""Every page at both ends of every control, without a browser: no exception, whatever is chosen."""

import pytest
from opened import opened, said, sound

from rnnviz.presets import PRESETS

PAGES = ["app.py", "pages/gradient_flow.py", "pages/inside_the_cell.py"]
LESSONS = PAGES[1:]
SLIDERS = ("hidden_size", "steps", "input_scale", "forget_bias", "update_bias", "input_size")


@pytest.mark.parametrize("path", PAGES)
def test_opens(path):
    assert opened(path).header[0].value


@pytest.mark.parametrize("path", LESSONS)
def test_sliders_at_both_ends(path):
    page = opened(path)
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
        options = page.selectbox(key=name).options
        for option in options:
            sound(page.selectbox(key=name).set_value(option).run())
        sound(page.selectbox(key=name).set_value(options[0]).run())
    for name in [t.key for t in page.toggle]:
        sound(page.toggle(key=name).set_value(not page.toggle(key=name).value).run())


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.name)
def test_presets(preset):
    page = opened("pages/gradient_flow.py")
    sound(page.button_group(key="preset").select(preset.name).run())
    assert preset.says in [m.value for m in page.markdown]
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
