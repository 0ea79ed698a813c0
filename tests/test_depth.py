"""Stacks and both directions: what is drawn and said of them, beside closed forms; presets; the table and the code."""

import itertools
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from test_wording import ILL_FORMED

from rnnviz import NetworkConfig, depth, explain_depth, frameworks, record
from rnnviz.explain_depth import PLACES
from rnnviz.figures.depth import gradient_map, lowest_curves
from rnnviz.figures.unrolled import stack as drawn_stack
from rnnviz.networks.record import record_each
from rnnviz.presets import STACKS
from rnnviz.ui.state import CELL_KINDS, CONTROLS, STACKED
from rnnviz.unrolled import before, stack

SEEDS = range(20)
LINEAR = {"cell": "rnn_identity", "init": "identity", "gain": 0.9, "hidden_size": 5, "steps": 30}
SHAPES = [
    dict(layers=layers, skip=skip, read=read)
    for layers, skip, read in itertools.product((1, 3, 6), ("none", "residual"), ("position", "mean"))
]
BOTH = [dict(layers=1, directions="both", read=read) for read in ("position", "ends", "mean")]


# ---- theory ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [*SHAPES, *BOTH, dict(layers=3, loss="one", loss_step=9)], ids=str)
@pytest.mark.parametrize("gain", [0.0, 0.9, 1.3])
def test_theory_is_what_a_linear_network_does(fields, gain):
    trace = record(NetworkConfig(**LINEAR | fields | {"gain": gain}))
    theory = depth.in_theory(trace)
    assert set(theory) == {level.node for level in depth.lowest(trace)}
    for level in depth.lowest(trace):
        known = np.isfinite(level.log10)
        np.testing.assert_array_equal(np.isfinite(theory[level.node]), known)
        np.testing.assert_allclose(theory[level.node][known], level.log10[known], atol=1e-11)
    assert "the same to 10 digits" in explain_depth.theory(trace)


@pytest.mark.parametrize(
    "fields", [{"cell": "lstm"}, {"init": "orthogonal"}, {"layers": 2, "directions": "both"}, {"dropout": 0.5}], ids=str
)
def test_where_theory_is_not_exact_none_is_drawn(fields):
    trace = record(NetworkConfig(**LINEAR | fields))
    assert depth.in_theory(trace) == {} and "identity" in explain_depth.theory(trace)
    assert not [t for t in gradient_map({"": trace})["data"] if t["name"].startswith("theory")]


def test_a_legend_has_one_line_of_entries_on_a_phone():
    both = record(NetworkConfig(**LINEAR, layers=1, directions="both", read="ends"))
    shown = [
        t["name"] for t in gradient_map({"": both})["data"] if t["type"] == "scatter" and t.get("showlegend", True)
    ]
    assert sorted(shown) == ["backward", "forward"]


def test_rows_that_are_the_same_are_named_once():
    one, two = (record(NetworkConfig(**LINEAR, layers=n)) for n in (2, 3))
    for traces, named in (({"a": two, "b": two}, False), ({"a": one, "b": two}, True)):
        assert gradient_map(traces)["layout"]["yaxis3"]["showticklabels"] is named


def test_marks_of_a_small_picture_have_room():
    for height, marks in ((330, (-8, -4, 0, 4)), (252, (-8, 0, 4))):
        picture = gradient_map({"": record(NetworkConfig(**LINEAR))}, height)
        assert tuple(picture["layout"]["yaxis2"]["tickvals"]) == marks
        assert tuple(picture["data"][0]["colorbar"]["tickvals"]) == marks


@pytest.mark.parametrize("w, layers, lag", [(0.8, 6, 19), (0.9, 3, 17), (0.9, 1, 0)])
def test_the_lag_that_is_remembered_best(w, layers, lag):
    trace = record(NetworkConfig(**LINEAR | {"gain": w, "layers": layers, "steps": 60}))
    right, why = explain_depth.best(trace)
    assert right == depth.best_lag(trace) == lag and f"{lag} steps ago" in why


# ---- what is seen, and said ------------------------------------------------------------------


@pytest.mark.parametrize(
    "logs, kind",
    [
        ([0.0, -0.5, -0.9], "flat"),
        ([0.0, -2.0, -0.5], "valley"),
        ([-1.0, 0.5, 0.0, -2.0], "hill"),
        ([-5.0, -2.0, 0.0], "slope"),
        ([-np.inf, -2.0, 0.0], "wall"),
    ],
)
def test_shapes(logs, kind):
    assert depth.shape(np.array(logs)) == kind in depth.SHAPES


def test_levels_are_what_was_recorded_from_the_bottom():
    trace = record(NetworkConfig("gru", layers=2, directions="both", read="ends", steps=9, hidden_size=4))
    levels = depth.levels(trace)
    assert [level.name for level in levels] == ["1 →", "1 ←", "2 →", "2 ←"]
    assert [level.reversed for level in levels] == [False, True] * 2
    enters = np.linalg.norm(trace.output_gradient)
    for level in levels:
        dh = trace.recordings[level.node].dh[:: -1 if level.reversed else 1]
        np.testing.assert_allclose(10**level.log10, np.linalg.norm(dh, axis=(1, 2)) / enters, rtol=1e-12)
    both = np.sqrt(sum(10 ** (2 * level.log10) for level in levels[:2]))
    np.testing.assert_allclose(10 ** depth.reaching(trace), both, rtol=1e-12)


@pytest.mark.parametrize("read", ["position", "ends", "mean"])
@pytest.mark.parametrize("both", ["forward", "both"])
@pytest.mark.parametrize("cell, gain", [("rnn", 1.0), ("lstm", 0.0), ("rnn_identity", 4.0), ("rnn_relu", 0.1)])
def test_sentences_are_well_formed(cell, gain, both, read):
    fields = dict(layers=3, directions=both, read=read, gain=gain, hidden_size=3, steps=40, input_scale=0.0)
    for scale, loss_step in ((1.0, 1), (1.0, 20), (0.0, 40)):
        config = NetworkConfig(cell, **fields | {"input_scale": scale}, loss="one", loss_step=loss_step)
        trace = record(config)
        for words in ("verdict", "layers", "halves", "theory"):
            said = getattr(explain_depth, words)(trace)
            assert not ILL_FORMED.search(said), said
        assert explain_depth.least(trace)[0] in PLACES
        assert go.Figure(gradient_map({"a": trace})) and go.Figure(gradient_map({"a": trace, "b": trace}))
        assert go.Figure(lowest_curves({"a": trace, "b": trace}))


def test_an_overflow_is_said():
    trace = record(NetworkConfig("rnn_identity", init="identity", gain=4.0, layers=3, steps=600))
    assert "past the largest number" in explain_depth.verdict(trace)


def test_a_map_is_empty_where_a_gradient_is_exactly_0():
    trace = record(NetworkConfig("lstm", layers=1, directions="both", steps=12, hidden_size=3))
    z = gradient_map({"": trace})["data"][0]["z"]
    assert np.isfinite(z[0]).all() and np.isnan(z[1, :-1]).all() and np.isfinite(z[1, -1])
    assert explain_depth.halves(trace).endswith("12 steps of the forward row, and along 1 step of the backward row.")


# ---- unrolled --------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [{}, {"skip": "residual"}, {"directions": "both", "read": "ends"}], ids=str)
@pytest.mark.parametrize("cell", ["rnn", "lstm", "lstm_coupled", "gru", "gru_2014"])
def test_a_stack_unrolled_is_a_row_a_layer(cell, fields):
    """By place: what comes from above, and along the row, bounds what is there; arrows of a turned row lead onwards."""
    trace = record(NetworkConfig(cell, layers=3, steps=8, hidden_size=4, **fields))
    found, levels = stack(trace), depth.levels(trace)
    assert list(found) == [level.name.replace(" ", "") for level in levels[::-1]]
    for level in levels:
        part = found[level.name.replace(" ", "")]
        lanes = {lane.name: lane for lane in part.lanes}
        np.testing.assert_array_equal(part.rows[0].log10, trace.log10_dh[level.node])
        weights = lanes["weights"]
        assert (weights.starts - weights.ends == (-1 if level.reversed else 1)).all()
        np.testing.assert_array_equal(np.sort(weights.ends), weights.ends)
        arrives = np.zeros(8)
        arrives[weights.ends - 1] += 10**weights.log10
        kept = np.zeros(8)
        if "kept" in lanes and "c" not in trace.recordings[level.node].cell.states:
            kept[lanes["kept"].ends - 1] = 10 ** lanes["kept"].log10
        above = 10 ** trace.total[level.node].log10_norm()
        if level.layer < 3:
            np.testing.assert_allclose(10 ** lanes["down"].log10, above, rtol=1e-12)
        whole = 10 ** part.rows[0].log10
        parts = np.array([above, arrives, kept])
        assert (whole <= parts.sum(axis=0) * (1 + 1e-9)).all()
        assert (whole >= 2 * parts.max(axis=0) - parts.sum(axis=0) * (1 + 1e-9)).all()
        assert ("past" in lanes) == (fields.get("skip") == "residual" and level.layer > 1)
        assert (part.loss is not None) == (level.layer == 3)


@pytest.mark.parametrize("both", ["forward", "both"])
def test_a_stack_is_drawn_whole_and_before_its_gradient_goes_back(both):
    trace = record(NetworkConfig("lstm", layers=2, directions=both, steps=8, hidden_size=4))
    drawn, closed = (drawn_stack(trace, {"range": [-8, 4], "tickvals": [0]}, closed=c) for c in (False, True))
    names = [row["name"] for row in drawn.look["rows"]]
    assert names == (["2", "1"] if both == "forward" else ["2←", "2→", "1←", "1→"])
    assert [row["reversed"] for row in drawn.look["rows"]] == ["←" in name for name in names]
    assert len([k for k in drawn.numbers if k.startswith("lane")]) == len(drawn.look["lanes"])
    for lane in drawn.look["lanes"]:
        assert f"d{lane.get('from', lane['source'])}" in drawn.numbers
    assert drawn.numbers.keys() == closed.numbers.keys()
    for name, values in closed.numbers.items():
        if name.startswith(("lane", "d")):
            known = np.flatnonzero(np.isfinite(values))
            lossy = [loss for loss in drawn.look["losses"] if f"d{loss['row']}" == name]
            assert known.tolist() == ([step - 1 for step in lossy[0]["steps"]] if lossy else []), name
    assert all(before(part).loss is part.loss for part in stack(trace).values())


# ---- presets, over seeds ---------------------------------------------------------------------


def of_preset(name):
    """The networks of a preset, one a seed."""
    values = {control: CONTROLS[control].default for control in STACKED} | next(
        preset.values for preset in STACKS if preset.name == name
    )
    family = values["shown"].lower()
    kind = CELL_KINDS[family][values["activation" if family == "rnn" else family]]
    fields = {n: values[n] for n in ("hidden_size", "init", "layers", "steps")}
    gain = values.get("gain", 1.0)
    config = NetworkConfig(
        kind,
        **fields,
        gain=gain,
        directions="both" if values["both"] else "forward",
        skip="residual" if values["skips"] else "none",
        read=CONTROLS["read"].options[values["read"]],
    )
    return record_each([replace(config, seed=seed) for seed in SEEDS])


def handed_down(trace):
    levels = depth.levels(trace)
    return levels[0].log10[-1] - levels[-1].log10[-1]


PRESETS = {
    "Depth": lambda trace: depth.best_lag(trace) == 17 and depth.shape(depth.reaching(trace)) == "hill",
    "Deep": lambda trace: handed_down(trace) < -3,
    "Skips": lambda trace: handed_down(trace) >= 0,
    "Both ends": lambda trace: (
        depth.shape(depth.reaching(trace)) == "valley" and explain_depth.least(trace)[0] == PLACES[1]
    ),
    "Mean": lambda trace: depth.shape(depth.reaching(trace)) == "flat",
    "out[:, -1]": lambda trace: (
        np.isfinite([level.log10 for level in depth.lowest(trace)]).sum(axis=1).tolist() == [100, 1]
    ),
    "Textbook": lambda trace: sum(row.keras for row in depth.weighed(trace)) == 30651,
}


@pytest.mark.parametrize("preset", STACKS, ids=lambda preset: preset.name)
def test_what_a_preset_says_holds_for_every_seed(preset):
    assert all(PRESETS[preset.name](trace) for trace in of_preset(preset.name))


# ---- as a model ------------------------------------------------------------------------------

TEXTBOOK = NetworkConfig("lstm", layers=2, hidden_size=50, steps=100)


def test_the_textbook_s_table():
    rows = depth.weighed(record(TEXTBOOK))
    assert [(row.shape, row.keras) for row in rows] == [((100, 50), 10400), ((50,), 20200), ((1,), 51)]
    assert sum(row.pytorch for row in rows) == 10600 + 20400 + 51
    table = explain_depth.table(rows, (100, 1))
    assert "| layer 2 | (batch, 50) | 20,200 | 20,400 |" in table and "**30,651**" in table


def test_the_textbook_s_code():
    assert frameworks.keras(TEXTBOOK, 1).splitlines()[3:] == [
        "inputs = keras.Input(shape=(100, 1))",
        "x = inputs",
        "x = layers.LSTM(50, return_sequences=True)(x)",
        "x = layers.LSTM(50)(x)",
        "outputs = layers.Dense(1)(x)",
        "model = keras.Model(inputs, outputs)",
        "model.summary()",
    ]
    code = frameworks.pytorch(TEXTBOOK, 1)
    assert "nn.LSTM(1, 50, num_layers=2, batch_first=True)" in code and "return self.dense(x[:, -1])" in code


@pytest.mark.parametrize(
    "fields, keras, pytorch",
    [
        ({"directions": "both", "read": "ends"}, "layers.Bidirectional(layers.LSTM(50))(x)", "x[:, 0, 50:]], dim=1)"),
        ({"read": "mean"}, "layers.GlobalAveragePooling1D()(x)", "x.mean(dim=1)"),
        ({"skip": "residual"}, "layers.add([layers.LSTM(50, return_sequences=True)(x), x])", "out + x if"),
        ({"loss": "one", "loss_step": 7}, "x[:, 6]", "x[:, 6]"),
        ({"directions": "both"}, "layers.Dense(1)(x[:, -1])", "nn.Linear(100, 1)"),
        ({"cell": "lstm_1997"}, "# keras.layers has no layer", "# torch.nn has no layer"),
        ({"cell": "gru_2014"}, "layers.GRU(50, reset_after=False)", "# torch.nn has no layer"),
    ],
    ids=str,
)
def test_code_is_of_what_is_on_the_screen(fields, keras, pytorch):
    """Programs of all these kinds were run: PyTorch's and Keras's networks had the parameters of the table."""
    config = replace(TEXTBOOK, **fields)
    for code, part in ((frameworks.keras(config, 1), keras), (frameworks.pytorch(config, 1), pytorch)):
        assert part in code and compile(code, "network.py", "exec")
