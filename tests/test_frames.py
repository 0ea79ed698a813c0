"""Scenes computed ahead: which values, how many, and that what is unpacked is what was packed."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnviz import Config, frames, record
from rnnviz.engine.record import record_each
from rnnviz.figures import cell_heatmaps, gradient_flow
from rnnviz.figures.theme import figure


def unpacked(body):
    """The pictures of every scene, read as the browser reads them."""
    length = int.from_bytes(body[:4], "little")
    head, numbers = json.loads(body[4 : 4 + length]), body[4 + length :]

    def of(column, k):
        return column["all"] if "all" in column else column["each"][k]

    def array(place):
        if place is None:
            return None
        kind, at, count = place
        assert at % 4 == 0
        return np.frombuffer(numbers, {"B": "u1", "f": "<f4"}[kind], count, at)

    return head, of, array


def line(y, name="a", **more):
    return {"type": "scatter", "x": np.arange(len(y)), "y": np.asarray(y), "name": name, **more}


@given(st.integers(1, 2000))
def test_values_are_spread_from_end_to_end(count):
    found = frames.coarse(count)
    assert len(set(found)) == len(found) and {0, count - 1} <= set(found) <= set(range(count))
    assert len(found) == count if count <= 160 else len(found) >= 81
    gaps = np.diff(sorted(found[: min(11, count)]))
    assert gaps.size == 0 or gaps.max() - gaps.min() <= 1, "the first of them are evenly spread already"


@given(st.integers(1, 2000), st.data())
def test_values_around_the_one_it_stands_at(count, data):
    near = data.draw(st.integers(0, count - 1))
    found = frames.around(count, near)
    assert not set(found) & set(frames.coarse(count))
    assert {k for k in range(near - 12, near + 13) if 0 <= k < count} == set(found) | (
        set(frames.coarse(count)) & set(range(near - 12, near + 13))
    )


def test_the_values_are_those_of_the_slider():
    values = frames.grid(0.0, 4.0, 0.01)
    assert len(values) == 401 and values[123] == 1.23 and values[-1] == 4.0
    np.testing.assert_array_equal(frames.grid(1, 5, 1), [1, 2, 3, 4, 5])


class Clock:
    """Time that passes as scenes are computed."""

    def __init__(self, monkeypatch, first, each):
        self.now, self.first, self.each, self.calls = 0.0, first, each, []
        monkeypatch.setattr(frames, "thread_time", lambda: self.now)

    def scenes(self, values):
        self.calls.append(len(values))
        self.now += self.first + self.each * len(values)
        return [{"words": str(v)} for v in values]


def test_a_slice_holds_what_its_time_allows(monkeypatch):
    clock = Clock(monkeypatch, 0.0, frames.SECONDS / 10)
    found = frames.take(clock.scenes, list(range(40)), 0, 0.0, 0)
    assert found.taken == 10 and found.more and found.seconds == pytest.approx(frames.SECONDS)
    assert frames.take(clock.scenes, list(range(40)), 30, 0.0, 0).taken == 40
    assert not frames.take(clock.scenes, list(range(40)), 30, 0.0, 0).more
    assert not frames.take(clock.scenes, list(range(40)), 10, frames.MOST_SECONDS, 0).more
    assert not frames.take(clock.scenes, list(range(40)), 10, 0.0, frames.MOST_BYTES).more


def test_one_scene_that_takes_too_long_is_asked_for_at_every_move(monkeypatch):
    clock = Clock(monkeypatch, 0.0, 2 * frames.SECONDS)
    found = frames.take(clock.scenes, list(range(40)), 0, 0.0, 0)
    assert (found.taken, found.more, found.body, clock.calls) == (0, False, b"", [1])


def test_what_costs_hardly_more_than_one_is_computed_together(monkeypatch):
    clock = Clock(monkeypatch, frames.SECONDS / 3, 0.0)
    assert frames.take(clock.scenes, list(range(81)), 0, 0.0, 0, together=16).taken >= 33
    assert clock.calls[:2] == [1, 16]


def test_curves_texts_and_layout_come_back_as_they_were():
    scenes = [
        {
            "p": figure(
                [line([k, np.nan, np.inf]), line([7.0], "same")],
                f"title {k}",
                xaxis=dict(range=[0, 1]),
                yaxis=dict(range=[0, k]),
                shapes=[dict(type="line", x0=k)],
            ),
            "w": f"words {k}",
        }
        for k in range(3)
    ]
    head, of, array = unpacked(frames.pack(scenes))
    assert head["count"] == 3
    picture = head["pictures"]["p"]
    for k in range(3):
        np.testing.assert_array_equal(array(of(picture["traces"][0]["y"], k)), np.float32([k, np.nan, np.inf]))
        assert of(picture["title"], k) == f"title {k}" and of(head["pictures"]["w"]["text"], k) == f"words {k}"
        assert of(picture["shapes"], k) == [{"type": "line", "x0": k}]
        assert of(picture["ranges"], k) == {"xaxis": [0, 1], "yaxis": [0, k]}
    assert "all" in picture["traces"][1]["y"] and "all" in picture["traces"][0]["x"], "what is the same is sent once"


def test_a_trace_or_a_picture_that_is_not_always_there():
    few, more = figure([line([1.0])], "t"), figure([line([1.0]), line([2.0, 3.0], "b")], "t")
    head, of, array = unpacked(frames.pack([{"p": few}, {"p": more}, {"w": "overflow"}]))
    there = [[of(t["there"], k) for k in range(3)] for t in head["pictures"]["p"]["traces"]]
    assert there == [[True, True, False], [False, True, False]]
    np.testing.assert_array_equal(array(of(head["pictures"]["p"]["traces"][1]["y"], 1)), np.float32([2, 3]))
    assert of(head["pictures"]["w"]["text"], 0) is None and of(head["pictures"]["w"]["text"], 2) == "overflow"


@given(st.lists(st.floats(-3, 3) | st.just(np.nan), min_size=4, max_size=4))
def test_shades_are_the_nearest_of_255(values):
    z = np.reshape(values, (2, 2))
    trace = {"type": "heatmap", "x": [1, 2], "y": [1, 2], "z": z, "zmin": -2.0, "zmax": 2.0, "name": "z"}
    head, of, array = unpacked(frames.pack([{"p": figure([trace], "t")}]))
    packed = head["pictures"]["p"]["traces"][0]
    shades = array(of(packed["z"], 0))
    known = ~np.isnan(z.ravel())
    assert of(packed["shape"], 0) == [2, 2] and of(packed["ends"], 0) == [-2.0, 2.0]
    assert (shades[~known] == 255).all()
    back = -2.0 + 4.0 * shades[known] / frames.LEVELS
    assert np.abs(back - np.clip(z.ravel()[known], -2, 2)).max(initial=0) <= 2.0 / frames.LEVELS + 1e-12


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru_2014"])
def test_networks_recorded_together_are_those_recorded_one_by_one(cell):
    configs = [Config(cell, steps=12, hidden_size=5, gain=g) for g in (0.0, 0.7, 4.0)]
    for config, found in zip(configs, record_each(configs), strict=True):
        alone = record(config)
        assert found.config == config
        for name in ("h", "c", "dh", "dc", "dx", "log10_dh", "loss", "overflow_step", "log10_bound", "slope"):
            one, other = getattr(alone, name), getattr(found, name)
            assert (one is None) == (other is None)
            if one is not None:
                assert np.shape(one) == np.shape(other)
                np.testing.assert_allclose(other, one, rtol=1e-10, atol=0)
        for name, shares in alone.shares.items():
            np.testing.assert_allclose(found.shares[name], shares, rtol=1e-9)
        np.testing.assert_allclose(found.gradients.U, alone.gradients.U, rtol=1e-9)
        assert alone.spectra.keys() == found.spectra.keys()
        for gate, pair in alone.spectra.items():
            np.testing.assert_allclose(found.spectra[gate], pair, rtol=1e-10)


def test_the_figures_of_a_recording_can_be_packed():
    recording = record(Config("lstm", steps=10, hidden_size=4))
    head, of, array = unpacked(
        frames.pack(
            [
                {
                    "a": gradient_flow({"LSTM": recording}),
                    "b": cell_heatmaps(recording),
                    "c": {"f": recording.gates["f"][:, 0, 0]},
                }
            ]
        )
    )
    curve = head["pictures"]["a"]["traces"][0]
    np.testing.assert_array_equal(array(of(curve["y"], 0)), recording.log10_dh.astype("f4"))
    numbers = head["pictures"]["c"]["arrays"]["f"]
    np.testing.assert_array_equal(array(of(numbers, 0)), recording.gates["f"][:, 0, 0].astype("f4"))
