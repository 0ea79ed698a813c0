"""What a slider shows while it moves is what the page shows where it rests, for every live slider of every page."""

import base64

import numpy as np
import orjson
import pytest
from opened import opened, sentences

from rnnviz.presets import PRESETS
from rnnviz.ui import films as module
from rnnviz.ui import live, plot
from rnnviz.ui.controls import OWN
from rnnviz.ui.state import VIEWS

SMALL = dict(steps="20", hidden_size="6")
STILL = "how-", "question"
"""How the names of sentences begin that no recording decides."""
ADDRESSES = {
    "start": ("app", {}),
    **{
        f"stage {id}": ("lessons", {"stage": id, "predict": "false"})
        for id in (
            "1.1",
            "1.2",
            "1.4",
            "2.3",
            "2.5",
            "3.1",
            "3.2",
            "3.5",
            "4.1",
            "4.3",
            "4.5",
            "4.6",
            "4.7",
            "5.1",
            "5.2",
            "5.3",
            "5.4",
            "5.6",
            "5.7",
            "6.1",
            "7.1",
            "7.4",
            "7.6",
            "8.1",
            "8.4",
            "8.6",
        )
    },
    "gradient flow": ("gradient_flow", {"bound": "true", "slope": "true", **SMALL}),
    **{
        f"unrolled {cell}": ("gradient_flow", {"picture": "unrolled", "shown": cell, **SMALL})
        for cell in ("RNN", "LSTM", "GRU")
    },
    "text": ("gradient_flow", {"input": "text", "loss": "every", **SMALL}),
    "inside the cell": ("inside_the_cell", {"beside": "GRU", **SMALL}),
    "inside the cell, backward": ("inside_the_cell", {"beside": "GRU", "direction": "backward", **SMALL}),
    **{view: ("why_it_vanishes", {"view": view, "shown": "LSTM", **SMALL}) for view in VIEWS},
    "overflow": (
        "why_it_vanishes",
        {
            "view": "products",
            "shown": "RNN",
            "activation": "identity",
            "init": "identity",
            "steps": "300",
            "hidden_size": "3",
        },
    ),
    **{f"norm, {cell}": ("norm_and_noise", {"predict": "false", "shown": cell, **SMALL}) for cell in ("RNN", "GRU")},
    "norm before the guess": ("norm_and_noise", SMALL),
    **{view: ("norm_and_noise", {"noise_view": view}) for view in ("masks on the way", "noise in a memory")},
    "masks at every step": (
        "norm_and_noise",
        {"noise_view": "masks on the way", "mask_scheme": "and fresh at every step"},
    ),
    "depth": ("depth_and_direction", {"layers": "3", **SMALL}),
    "depth, a preset": (
        "depth_and_direction",
        {"shown": "RNN", "activation": "identity", "init": "identity", "gain": "0.9", "hidden_size": "8"},
    ),
    "a stack unrolled": ("depth_and_direction", {"depth": "unrolled", "both": "true", "layers": "3", **SMALL}),
    "direction": ("depth_and_direction", {"both": "true", "read": "last states", "skips": "true", **SMALL}),
    "the cliff": ("the_cliff", {"predict": "false"}),
    "the cliff before the guess": ("the_cliff", {}),
}


@pytest.fixture
def screen(monkeypatch):
    """Open a page: its films by slider, and everything it draws by name."""
    found, drawn = {}, {}
    answer, send, slider = module.films, plot.as_json, live.live_slider
    monkeypatch.setattr(module, "films", lambda *now: (found.update({f.name: f for f in now}), answer(*now))[1])
    monkeypatch.setattr(plot, "as_json", lambda m: (drawn.update({m["name"]: m["figure"]}), send(m))[1])
    sliders = set()
    monkeypatch.setattr(live, "live_slider", lambda name, *a, **k: (sliders.add(name), slider(name, *a, **k))[1])

    def run(path, query):
        for kept in (found, drawn, sliders):
            kept.clear()
        page = opened("app.py" if path == "app" else f"pages/{path}.py", **query)
        said = {name: text for name, text in sentences(page).items() if not name.startswith(STILL)}
        return dict(found), drawn | said | unrolled(page) | worked_out(page), set(sliders)

    return run


def unrolled(page):
    """The numbers of the unrolled network as they were sent, by name; nothing where there is none."""
    sent = [e.proto.bytes for e in page.get("bidi_component") if e.proto.component_name == "rnnviz.unrolled"]
    return {
        message["name"]: {
            name: np.frombuffer(base64.b64decode(array["bdata"]), "<f8") for name, array in message["numbers"].items()
        }
        for message in map(orjson.loads, sent)
    }


def worked_out(page):
    """The same of the numbers inside the cell, and their titles."""
    sent = [e.proto.bytes for e in page.get("bidi_component") if e.proto.component_name == "rnnviz.numbers"]
    return {
        name: content
        for message in map(orjson.loads, sent)
        for name, content in ((message["name"], message["values"]), (f"{message['name']}-title", message["title"]))
    }


def same(one, other, where):
    """Pictures that agree but for the rounding of float64."""
    assert type(one) is type(other) or isinstance(one, np.ndarray | list | tuple | float | np.floating), where
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            same(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list | tuple) and not all(isinstance(v, float | int) for v in one):
        assert len(one) == len(other), where
        for k, pair in enumerate(zip(one, other)):
            same(*pair, f"{where}[{k}]")
    elif isinstance(one, np.ndarray | list | tuple | float | np.floating):
        one, other = np.asarray(one, float), np.asarray(other, float)
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9, err_msg=where)
    else:
        assert one == other, where


@pytest.mark.parametrize("name", ADDRESSES)
def test_scenes_are_what_the_page_shows_at_rest(screen, name):
    path, query = ADDRESSES[name]
    found, _, sliders = screen(path, query)
    # A step that only marks what the browser holds needs no scenes; an unrolled stack has none of other rows or losses.
    assert found.keys() >= sliders - {"step"} - ({"layers", "position"} if "depth" in query else set()) and found
    for slider, film in found.items():
        for value in {film.values[0], film.values[len(film.values) // 3]}:
            (scene,) = film.scenes([value])
            _, shown, _ = screen(path, query | {slider: film.bound.text(value)})
            for picture, content in scene.items():
                if picture in shown:
                    same(content, shown[picture], f"{slider} = {value}: {picture}")
            assert not {p for p in shown if p not in scene} - {"landscape", "wiring"} or slider in ("step", "unit")


@pytest.mark.parametrize(
    "query, said",
    [
        ({}, {1.0: "Forget bias 1", 3.0: "Exploding", 2.99: None}),
        ({"window": "wide"}, {0.5: "Vanishing", 3.0: "Exploding"}),
        ({"seed": "3"}, {3.0: "Exploding"}),
        ({"hidden_size": "8"}, {3.0: None}),
        ({"activation": "identity", "init": "orthogonal"}, {1.0: "Norm kept", 3.0: None}),
    ],
    ids=str,
)
def test_a_preset_s_sentence_follows_the_slider(screen, query, said):
    film = screen("gradient_flow", query)[0]["gain"]
    found = [scene["preset-says"] for scene in film.scenes(list(said))]
    known = {preset.name: preset.says for preset in PRESETS}
    assert found == [known.get(name, OWN) for name in said.values()]


def test_equal_settings_share_what_was_computed_and_others_do_not(screen):
    keys = [
        screen("gradient_flow", SMALL | q)[0]["gain"].key
        for q in (
            {},
            {"gain": "2"},
            {"seed": "1"},
            {"window": "wide"},
            {"cells": "LSTM"},
            {"hidden_size": "7"},
            {"picture": "unrolled"},
            {"picture": "unrolled", "shown": "RNN"},
        )
    ]
    assert keys[0] == keys[1] and len(set(keys)) == 7


@pytest.mark.parametrize(
    "asked",
    [
        None,
        3,
        "x",
        [],
        {},
        {"key": "x"},
        {"start": -1},
        {"start": "0"},
        {"start": 1.5},
        {"near": 10**6},
        {"near": "x"},
        {"seconds": float("nan")},
        {"seconds": None},
        {"size": 2**40},
        {"number": True},
        {"number": None},
    ],
)
def test_questions_are_not_trusted(screen, monkeypatch, asked):
    film = screen("gradient_flow", SMALL)[0]["gain"]
    question = {"key": film.key, "near": None, "start": 0, "seconds": 0.0, "size": 0, "number": 1}
    assert module.sensible(question, film)
    if isinstance(asked, dict) and asked and "key" not in asked:
        assert not module.sensible(question | asked, film)
    head, body = module.answer([film], asked)
    assert "answer" not in head and not body and head["keys"] == {"gain": film.key}


def test_a_question_is_answered_slice_by_slice(screen):
    film = screen("gradient_flow", SMALL)[0]["gain"]
    question = {"key": film.key, "near": None, "start": 0, "seconds": 0.0, "size": 0, "number": 1}
    values, seconds, size = [], 0.0, 0
    for number in range(1, 100):
        so_far = dict(start=len(values), seconds=seconds, size=size, number=number)
        head, body = module.answer([film], question | so_far)
        found = head["answer"]
        values, seconds, size = values + list(found["values"]), found["seconds"], size + len(body)
        if not found["more"]:
            break
    assert len(values) == len(set(values)) >= 81 and set(values) <= set(film.values) and size > 10_000
    head, body = module.answer([film], question | {"near": film.place})
    assert 1.01 in head["answer"]["values"] and 0.99 in head["answer"]["values"]
