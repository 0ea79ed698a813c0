"""The description of an unrolled network, held against the recording it is of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnviz import CELLS, Config, Parameters, record, record_with
from rnnviz.figures.flow import powers_axis
from rnnviz.figures.unrolled import network
from rnnviz.unrolled import before, hidden, unrolled

NETWORKS = dict(
    cell=st.sampled_from(sorted(CELLS)),
    seed=st.integers(0, 10**6),
    hidden_size=st.integers(1, 5),
    steps=st.integers(2, 12),
    gain=st.floats(0.2, 3.0),
    batch_size=st.integers(1, 3),
)


def lanes_of(found, name):
    return [lane for lane in found.lanes if lane.name == name]


def close(found, expected):
    """Logarithms agree to 1e-7, and are -inf together."""
    found, expected = np.asarray(found), np.asarray(expected)
    none = np.isneginf(expected)
    np.testing.assert_array_equal(np.isneginf(found), none)
    np.testing.assert_allclose(found[~none], expected[~none], rtol=0, atol=1e-7)


@settings(max_examples=40, deadline=None)
@given(loss=st.sampled_from(["last", "every"]), **NETWORKS)
def test_values_and_norms_are_those_of_the_recording(loss, **fields):
    r = record(Config(loss=loss, **fields))
    found = unrolled(r)
    rows = {row.name: row for row in found.rows}
    assert list(rows) == [*reversed(r.cell.states), "x"] and found.steps == r.steps
    for name, array, logs in [("h", r.h, r.log10_dh), ("x", r.x, None)] + (
        [] if r.c is None else [("c", r.c, r.log10_dc)]
    ):
        own = array.reshape(r.steps, -1)
        expected = own[:, 0] if own.shape[1] == 1 else np.sqrt((own**2).mean(axis=1))
        np.testing.assert_allclose(rows[name].values, expected, rtol=1e-9, atol=0)
        if logs is not None:
            np.testing.assert_array_equal(rows[name].log10, logs)
    assert found.loss.value == float(r.loss)
    entering = np.linalg.norm(r.output_gradient.reshape(r.steps, -1), axis=1)
    assert found.loss.steps.tolist() == (np.flatnonzero(entering) + 1).tolist()
    np.testing.assert_allclose(10.0**found.loss.log10, entering[entering > 0], rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(**NETWORKS)
def test_where_one_lane_leads_back_its_factors_multiply_to_what_is_left(**fields):
    r = record(Config(**fields))
    (lane,) = lanes_of(unrolled(r), "weights")
    if "h" in r.local.to_previous["h"]:
        return  # a state that is kept as well has two ways back
    known = np.isfinite(lane.factor)
    close(lane.factor[known], r.log10_dh[:-1][known] - r.log10_dh[1:][known])
    if known.all():
        close(lane.factor.sum(), r.log10_dh[0] - r.log10_dh[-1])


@settings(max_examples=40, deadline=None)
@given(loss=st.sampled_from(["last", "every"]), **NETWORKS)
def test_what_arrives_and_what_enters_add_up(loss, **fields):
    """The norms of the parts bound that of their sum, from above and from below."""
    r = record(Config(loss=loss, **fields))
    found = unrolled(r)
    rows = {row.name: row for row in found.rows}
    for state in r.cell.states:
        parts = [np.zeros(r.steps)]
        for lane in found.lanes:
            if lane.target == state:
                parts.append(np.zeros(r.steps))
                parts[-1][lane.ends - 1] = 10.0**lane.log10
        if state == found.loss.row:
            parts[0][found.loss.steps - 1] = 10.0**found.loss.log10
        parts, whole = np.array(parts), 10.0 ** rows[state].log10
        assert (whole <= parts.sum(axis=0) * (1 + 1e-9)).all()
        assert (whole >= (2 * parts.max(axis=0) - parts.sum(axis=0)) - 1e-9 * parts.sum(axis=0)).all()


@settings(max_examples=40, deadline=None)
@given(**NETWORKS)
def test_a_lane_that_keeps_a_state_is_its_gate(**fields):
    r = record(Config(**fields))
    carried, gate = r.cell.states[-1], r.cell.keeps
    lanes = lanes_of(unrolled(r), "kept")
    assert [lane.source for lane in lanes] == [s for s in reversed(r.cell.states) if s in r.local.to_previous[s]]
    for lane in lanes:
        assert lane.source == lane.target == carried and lane.gate == gate
        factors = 10.0 ** lane.factor[np.isfinite(lane.factor)]
        if not gate:
            np.testing.assert_allclose(factors, 1.0, rtol=1e-12)
            continue
        opened = r.gates[gate][1:].reshape(r.steps - 1, -1)[np.isfinite(lane.factor)]
        assert (opened.min(axis=1) * (1 - 1e-9) <= factors).all() and (factors <= opened.max(axis=1) * (1 + 1e-9)).all()
        if opened.shape[1] == 1:
            np.testing.assert_allclose(factors, opened[:, 0], rtol=1e-9)


@pytest.mark.parametrize("cell", ["lstm", "gru", "lstm_coupled"])
def test_gates_without_input_are_their_bias(cell):
    config = Config(cell, steps=9, gain=0.0, input_scale=0.0, forget_bias=2.0, update_bias=2.0)
    (lane,) = lanes_of(unrolled(record(config)), "kept")
    np.testing.assert_allclose(10.0**lane.factor, 1 / (1 + np.exp(-2.0)), rtol=1e-12)


def test_arrows_lead_from_each_step_to_the_one_before():
    for lane in unrolled(record(Config("lstm", steps=7))).lanes:
        expected = (range(1, 8), range(1, 8)) if lane.name == "within" else (range(2, 8), range(1, 7))
        assert (lane.starts.tolist(), lane.ends.tolist()) == tuple(map(list, expected))


@pytest.mark.parametrize(
    "fields",
    [
        dict(cell="rnn", gain=0.01, steps=400),
        dict(cell="lstm", forget_bias=-10.0, gain=0.01, steps=400),
        dict(cell="gru", update_bias=-10.0, gain=0.01, steps=400),
    ],
)
def test_beyond_what_numbers_hold(fields):
    r = record(Config(hidden_size=6, **fields))
    found = unrolled(r)
    assert r.log10_dh[0] < -308
    for lane in found.lanes:
        assert np.isfinite(lane.log10).all() and np.isfinite(lane.factor).all()
        assert lane.factor.max() < 2.0, "one step is of an ordinary size wherever it is"
    (weights,) = lanes_of(found, "weights")
    if r.cell.family == "rnn":
        close(weights.factor.sum(), r.log10_dh[0] - r.log10_dh[-1])


def test_a_gradient_that_no_number_holds():
    parameters = Parameters(W=np.ones((1, 2)), U=10.0 * np.eye(2), b=np.zeros(2), b_rec=np.zeros(2))
    gradient = np.zeros((400, 1, 2))
    gradient[-1] = 1.0
    (lane,) = unrolled(record_with("rnn_identity", parameters, np.zeros((400, 1, 1)), gradient)).lanes
    np.testing.assert_allclose(lane.factor, 1.0, rtol=1e-12)
    assert lane.log10[0] == pytest.approx(399 + np.log10(np.sqrt(2)))


def test_what_is_exactly_0_is_so():
    found = unrolled(record(Config("rnn", steps=6, gain=0.0)))
    (lane,) = found.lanes
    assert np.isneginf(lane.log10).all() and np.isneginf(lane.factor[-1]) and np.isnan(lane.factor[:-1]).all()
    kept, weights = unrolled(record(Config("gru", steps=6, gain=0.0))).lanes
    assert np.isfinite(kept.log10).all() and np.isneginf(weights.log10).all()


def test_a_loss_on_the_way():
    found = unrolled(record(Config("rnn", steps=9, loss="one", loss_step=4)))
    assert found.loss.steps.tolist() == [4]
    (lane,) = found.lanes
    assert np.isneginf(lane.log10[3:]).all() and np.isfinite(lane.log10[:3]).all()
    every = unrolled(record(Config("rnn", steps=9, loss="every", gain=0.5)))
    assert every.loss.steps.tolist() == list(range(1, 10))
    assert (every.lanes[0].factor < 0).all(), "new gradient is no part of what a step multiplies"


def test_states_that_overflow():
    r = record(Config("rnn_identity", steps=1000, init="identity", gain=4.0))
    assert r.overflow_step
    found = unrolled(r)
    assert not np.isfinite(found.rows[0].values[-1])
    assert all(len(lane.log10) == 999 for lane in found.lanes)


# ---- pictures of it ------------------------------------------------------------------------------------------------

AXIS = powers_axis("near", "")


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_of_the_hidden_state_alone_the_factors_multiply_to_what_is_left(cell):
    r = record(Config(cell, steps=7, hidden_size=8))
    found = hidden(r, "mine")
    (lane,) = found.lanes
    assert (found.rows[0].name, lane.source, lane.target, found.loss.row) == ("mine",) * 4
    close(lane.factor.sum(), r.log10_dh[0] - r.log10_dh[-1])
    np.testing.assert_array_equal(found.rows[0].log10, r.log10_dh)


@pytest.mark.parametrize("loss", ["last", "every"])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_before_its_gradient_goes_back_only_what_enters_is_known(cell, loss):
    r = record(Config(cell, steps=7, hidden_size=3, loss=loss))
    found = before(unrolled(r))
    rows = {row.name: row for row in found.rows}
    entered = np.isfinite(rows["h"].log10)
    np.testing.assert_array_equal(np.flatnonzero(entered) + 1, found.loss.steps)
    np.testing.assert_allclose(rows["h"].log10[entered], found.loss.log10)
    assert "c" not in rows or np.isnan(rows["c"].log10).all()
    assert all(np.isnan(lane.log10).all() and np.isnan(lane.factor).all() for lane in found.lanes)
    np.testing.assert_array_equal(rows["x"].values, unrolled(r).rows[-1].values)


def test_one_of_several_is_drawn_with_its_states_over_the_curves_of_all():
    recordings = {label: record(Config(label.lower(), steps=9, hidden_size=3)) for label in ("RNN", "LSTM")}
    drawn = network(recordings, AXIS, "LSTM")
    assert [row["name"] for row in drawn.look["rows"]] == ["c", "h"] and drawn.look["below"] == "x"
    assert [(curve["label"], curve["row"]) for curve in drawn.look["curves"]] == [("RNN", ""), ("LSTM", "h")]
    np.testing.assert_array_equal(drawn.numbers["curve RNN"], recordings["RNN"].log10_dh)
    for row in unrolled(recordings["LSTM"]).rows[:-1]:
        np.testing.assert_array_equal(drawn.numbers[f"d{row.name}"], row.log10)
    assert np.isnan(network(recordings, AXIS, "LSTM", closed=True).numbers["curve RNN"]).all()


def test_several_are_drawn_below_one_another():
    recordings = {label: record(Config(label.lower(), steps=9, hidden_size=3)) for label in ("RNN", "LSTM", "GRU")}
    drawn = network(recordings, AXIS)
    names = list(recordings)
    assert [row["name"] for row in drawn.look["rows"]] == [loss["row"] for loss in drawn.look["losses"]] == names
    assert [lane["source"] for lane in drawn.look["lanes"]] == names
    assert len({row["colour"] for row in drawn.look["rows"]}) == 3 and {r["sign"] for r in drawn.look["rows"]} == {"h"}
    for label, r in recordings.items():
        np.testing.assert_array_equal(drawn.numbers[f"d{label}"], r.log10_dh)
        assert drawn.numbers[f"loss {label}"] == float(r.loss)


def test_below_the_steps_stands_the_slope_where_it_is_asked_for():
    r = record(Config("rnn", steps=9, hidden_size=3))
    drawn = network({"RNN": r}, AXIS, "RNN", below="slope")
    assert drawn.look["below"] == "slope" and "x" not in drawn.numbers
    np.testing.assert_allclose(drawn.numbers["slope"], 1 - (r.h**2).reshape(9, -1).mean(axis=1))
