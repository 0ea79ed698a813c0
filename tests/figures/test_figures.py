"""Figures are pictures of a recording: what they show is what was recorded, in the one colour of each thing."""

import re
from xml.etree import ElementTree

import numpy as np
import plotly.graph_objects as go
import pytest

from rnnviz import CELLS, Config, record
from rnnviz.equations import pieces, values
from rnnviz.figures import cell_heatmaps, gradient_flow, step_shares, wiring
from rnnviz.figures.flow import WINDOWS
from rnnviz.figures.theme import FAMILY_COLOURS, GATE_COLOURS
from rnnviz.formats import FORMATS


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
        text = "".join(p if isinstance(p, str) else f"({float(known[p[1]][3])!r})" for p in parts).replace("·", "*")
        assert re.fullmatch(r"[-+*(),.\d\se]*|.*(σ|tanh|max).*", text)
        assert eval(text, {"__builtins__": {}}, functions) == pytest.approx(known[key][3], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", CELLS)
def test_wiring(name):
    cell = CELLS[name]
    svg = wiring(cell)
    root = ElementTree.fromstring(svg)
    known = set(values(record(Config(name, steps=2, hidden_size=1)), 1))
    boxes = {e.get("data-value") for e in root.iter() if e.get("data-value")}
    wires = {e.get("data-wire") for e in root.iter() if e.get("data-wire")}
    assert set(cell.equations) <= boxes <= known and wires <= boxes
    places = [(float(e.get("x")), float(e.get("y"))) for e in root.iter() if e.tag.endswith("rect")]
    assert all(abs(a[0] - b[0]) > 70 or abs(a[1] - b[1]) > 40 for i, a in enumerate(places) for b in places[:i])
