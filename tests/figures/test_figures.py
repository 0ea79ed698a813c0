"""Figures are pictures of a recording: what they show is what was recorded, in the one colour of each thing."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import plotly.graph_objects as go
import pytest

from rnnviz import CELLS, Config, record
from rnnviz.equations import backward, gradients, pieces, values
from rnnviz.figures import cell_heatmaps, gradient_flow, step_shares, wiring
from rnnviz.figures.flow import WINDOWS
from rnnviz.figures.theme import FAMILY_COLOURS, GATE_COLOURS
from rnnviz.figures.units import BESIDE
from rnnviz.formats import FORMATS
from rnnviz.slopes import Unknown, slope


@pytest.fixture(scope="module")
def three():
    return {name.upper(): record(Config(name, steps=20, hidden_size=5)) for name in ("rnn", "lstm", "gru")}


def test_gradient_flow(three):
    figure = go.Figure(gradient_flow(three, bound=True, slope=True, formats=("float16",)))
    curves = {trace.name: np.asarray(trace.y) for trace in figure.data}
    for label, r in three.items():
        np.testing.assert_array_equal(curves[f"{label}: ∂L/∂h"], r.log10_dh)
    np.testing.assert_array_equal(curves["LSTM: ∂L/∂c"], three["LSTM"].log10_dc)
    np.testing.assert_array_equal(curves["RNN: upper bound"], three["RNN"].log10_bound)
    radius = np.log10(three["RNN"].spectra["h"][0])
    np.testing.assert_allclose(-np.diff(curves["RNN: spectral radius"]), radius)
    assert {s.y0 for s in figure.layout.shapes if s.y0 == s.y1} == {
        FORMATS["float16"].smallest,
        FORMATS["float16"].largest,
    }
    assert figure.layout.title.text and figure.layout.xaxis.title.text and figure.layout.yaxis.title.text


@pytest.mark.parametrize("window", WINDOWS)
def test_the_axis_stays(three, window):
    other = {"RNN": record(Config("rnn", steps=20, hidden_size=5, gain=4.0))}
    first, second = (go.Figure(gradient_flow(r, window=window)).layout.yaxis.range for r in (three, other))
    assert first == second == WINDOWS[window]


def test_formats():
    for name, kind in (("float16", np.float16), ("float32", np.float32), ("float64", np.float64)):
        info = np.finfo(kind)
        assert FORMATS[name].largest == pytest.approx(np.log10(float(info.max)), abs=1e-12)
        assert FORMATS[name].smallest == pytest.approx(np.log10(float(info.smallest_subnormal)), abs=1e-12)
        assert FORMATS[name].smallest_normal == pytest.approx(np.log10(float(info.tiny)), abs=1e-12)
    assert 10 ** FORMATS["bfloat16"].largest == pytest.approx(3.3895e38, rel=1e-4)


def test_step_shares(three):
    for trace, r in zip(go.Figure(step_shares(three)).data, three.values()):
        np.testing.assert_allclose(np.asarray(trace.y), r.shares["U"] / r.shares["U"].max())


@pytest.mark.parametrize("name", CELLS)
def test_heatmaps(name):
    r = record(Config(name, steps=9, hidden_size=4, gain=3.0))
    traces = {trace.name.split()[-1]: trace for trace in go.Figure(cell_heatmaps(r)).data}
    shown = {"x": r.x, **r.gates, "h": r.h} | ({"c": r.c} if r.c is not None else {})
    assert set(traces) == set(shown)
    for key, values_ in shown.items():
        z = np.asarray(traces[key].z)
        np.testing.assert_array_equal(z, values_[:, 0].T.astype(np.float32))
        assert traces[key].zmin <= z.min() * (1 - 1e-6) + 1e-30 and z.max() * (1 - 1e-6) <= traces[key].zmax
        if key in ("i", "f", "o", "r", "z"):
            assert traces[key].colorscale[-1][1] == GATE_COLOURS[key] and (traces[key].zmin, traces[key].zmax) == (0, 1)
        else:
            assert traces[key].zmin == -traces[key].zmax


def read(text):
    """The number that a label stands for."""
    text = text.replace("−", "-")
    power = re.fullmatch(r"(-?)(?:(\d)·)?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text)
    if not power:
        return float(text)
    exponent = int(power[3].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
    return float(f"{power[1]}{power[2] or 1}e{exponent}")


@pytest.mark.parametrize(
    "settings",
    [
        {"gain": g, "activation": a}
        for a in ("rnn_relu", "rnn_identity", "lstm_1997")
        for g in (0.0, 0.5, 1.3, 2.0, 4.0)
    ],
    ids=str,
)
def test_labels_of_colour_scales_are_short_and_true(settings):
    """However large what they stand for is: labels that grow would move the margin, and all of the picture with it."""
    for scale in (1e-3, 1.0, 10.0):
        r = record(
            Config(
                settings["activation"],
                gain=settings["gain"],
                init="identity",
                steps=300,
                hidden_size=3,
                input_scale=scale,
            )
        )
        figure = cell_heatmaps(r)
        for trace in figure["data"]:
            bar = trace["colorbar"]
            assert figure["layout"]["margin"]["r"] == BESIDE and len(bar["ticktext"]) == len(bar["tickvals"])
            for text, value in zip(bar["ticktext"], bar["tickvals"]):
                # An exponent's letters are two thirds as wide; a point and a dot are half.
                width = sum(0.65 if c in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹" else 0.5 if c in ".·" else 1 for c in text)
                assert width <= 6.5, text
                assert read(text) == pytest.approx(value, rel=6e-3)
            known = np.abs(np.asarray(trace["z"])[np.isfinite(np.asarray(trace["z"]))])
            assert known.max(initial=0) <= trace["zmax"] * (1 + 1e-6) or trace["zmax"] == 1e307
            assert 0 < trace["zmax"] and (
                known.max(initial=0) == 0
                or trace["zmax"] <= 10 * max(known.max(), 1e-300)
                or trace["name"].split()[-1] in "ifogh"
            )


def test_colours_are_told_apart():
    assert len(set(FAMILY_COLOURS.values())) == 3
    lstm, gru = [GATE_COLOURS[k] for k in "ifogc"], [GATE_COLOURS[k] for k in "rzn"]
    assert len(set(lstm)) == 5 and len(set(gru)) == 3


@pytest.mark.parametrize("name", CELLS)
def test_equations_name_what_they_read(name):
    cell = CELLS[name]
    lines = pieces(cell)
    r = record(Config(name, steps=6, hidden_size=3))
    known = values(r, 2)
    for key, (words, parts) in lines.items():
        assert words
        read = {p[1] for p in parts if not isinstance(p, str)}
        assert read == (set(cell.reads[key]) if key in cell.equations else {f"x_{key[2:]}", f"u_{key[2:]}"})
        operands = [known[r] for r in (cell.reads[key] if key in cell.equations else (f"x_{key[2:]}", f"u_{key[2:]}"))]
        result = cell.equations[key](*operands) if key in cell.equations else operands[0] + operands[1]
        np.testing.assert_allclose(result, known[key], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", CELLS)
def test_printed_equations_compute(name):
    """The text itself, with the numbers put in and read as arithmetic, gives the recorded result."""
    cell = CELLS[name]
    known = values(record(Config(name, steps=5, hidden_size=3)), 1)
    functions = {"σ": lambda a: 1 / (1 + np.exp(-a)), "tanh": np.tanh, "max": max}
    for key, (_, parts) in pieces(cell).items():
        text = "".join(p if isinstance(p, str) else f"({float(known[p[1]][3])!r})" for p in parts)
        text = text.replace("·", "*").replace("−", "-")
        assert re.fullmatch(r"[-+*(),.\d\se]*|.*(σ|tanh|max).*", text)
        assert eval(text, {"__builtins__": {}}, functions) == pytest.approx(known[key][3], rel=1e-9, abs=1e-12)


def plain(pieces):
    """The pieces of a line, those of its slopes among the others."""
    for piece in pieces:
        yield from plain(piece["pieces"]) if isinstance(piece, dict) else [piece]


@pytest.mark.parametrize("loss", ["last", "every"])
@pytest.mark.parametrize("name", CELLS)
def test_printed_gradients_compute(name, loss):
    """The text of every line of the way back, with its numbers read as arithmetic, gives the engine's gradient."""
    r = record(Config(name, steps=7, hidden_size=3, loss=loss, input_scale=0.7))
    known = {key: array for key, array in values(r, 2).items()}
    known |= {key: np.ldexp(*pair) for key, pair in gradients(r, 2).items()}
    functions = {"tanh": np.tanh}
    lines = backward(CELLS[name])
    assert {key[1:] for key in lines} >= {*CELLS[name].equations, *(f"{s}_prev" for s in CELLS[name].states)}
    for key, (words, parts) in lines.items():
        assert words.startswith("by the ")
        for t in range(7):
            text = "".join(p if isinstance(p, str) else f"({float(known[p[1]][t])!r})" for p in plain(parts))
            text = text.replace("·", "*").replace("−", "-").replace("where", "if").replace(", else", " else")
            text = re.sub(r"tanh²\((.*?)\)\)", r"tanh(\1)) ** 2", text).replace("²", " ** 2")
            found = eval(text, {"__builtins__": {}}, functions)
            assert found == pytest.approx(known[key][t], rel=1e-9, abs=1e-13), (key, text)


@pytest.mark.parametrize("name", CELLS)
def test_printed_slopes_are_the_derivatives(name):
    """All are known as text, so that no line of the nine cells falls back on a number."""
    cell = CELLS[name]
    for key, (_, parts) in backward(cell).items():
        for piece in parts:
            if isinstance(piece, dict):
                assert piece["slope"].split(">")[0] == key[1:]
                assert not any(not isinstance(p, str) and ">" in p[1] for p in piece["pieces"])


def test_an_equation_that_cannot_be_read_has_its_slope_as_a_number():
    cell = CELLS["lstm"]
    strange = replace(cell, latex=cell.latex | {"f": r"\mathrm{softsign}(a_f)", "c": ""})
    lines = backward(strange)
    assert ("∂f/∂a_f", "a_f>f") in list(plain(lines["∂a_f"][1])) and ("∂c/∂i", "i>c") in list(plain(lines["∂i"][1]))
    assert lines["∂o"] == backward(cell)["∂o"]


@pytest.mark.parametrize(
    "text, name, read, expected",
    [
        ([("r_t", "r"), " · (", ("a_t", "a"), " + ", ("b_t", "b"), ") − ", ("a_t", "a")], "h", "a", "(r_t − 1)"),
        (["tanh(", ("a_t", "a"), ") · ", ("a_t", "a")], "h", "a", "((1 − tanh²(a_t)) · a_t + tanh(a_t))"),
        (["1 − ", ("z_t", "z")], "h", "z", "(−1)"),
        ([("a_t", "a")], "h", "a", ""),
    ],
)
def test_slopes_as_text(text, name, read, expected):
    assert "".join(p if isinstance(p, str) else p[0] for p in slope(text, name, read)) == expected


@pytest.mark.parametrize("text", [["sin(", ("a_t", "a"), ")"], [("a_t", "a"), " / 2"], ["("], [("b_t", "b")]])
def test_slopes_that_are_not_known(text):
    with pytest.raises(Unknown):
        slope(text, "h", "a")


@pytest.mark.parametrize("name", CELLS)
def test_wiring(name):
    cell = CELLS[name]
    svg = wiring(cell)
    root = ElementTree.fromstring(svg)
    known = set(values(record(Config(name, steps=2, hidden_size=1)), 1))
    boxes = {e.get("data-value") for e in root.iter() if e.get("data-value")}
    wires = {e.get("data-wire") for e in root.iter() if e.get("data-wire")}
    assert set(cell.equations) <= boxes <= known and wires <= boxes
    r = record(Config(name, steps=4, hidden_size=2))
    found = gradients(r, 1)
    assert {f"∂{box}" for box in boxes} <= set(found)
    for e in root.iter():
        if e.get("data-wire"):
            way = f"{e.get('data-wire')}>{e.get('data-to')}"
            assert way in found or f"U {e.get('data-wire')}" in found, way
    back = [e for e in root.iter() if e.get("class") == "back"]
    assert back and all(e.get("display") == "none" for e in back), "forward, where no style says otherwise"
    places = [(float(e.get("x")), float(e.get("y"))) for e in root.iter() if e.tag.endswith("rect")]
    assert all(abs(a[0] - b[0]) > 70 or abs(a[1] - b[1]) > 40 for i, a in enumerate(places) for b in places[:i])
