"""A cell of a family of its own, in one file: drawn, explained and chosen on every page, with nothing else changed."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from rnnviz import CELLS, Config, explain, explain_anatomy, record
from rnnviz.cells import Cell, register
from rnnviz.cells.base import sigmoid, tanh
from rnnviz.engine import anatomy
from rnnviz.figures import cell_heatmaps, gradient_flow, step_shares, wiring
from rnnviz.unrolled import unrolled

ROOT = Path(__file__).parents[1]


def one_gate():
    """One gate k keeps the state, and no letter of it is known elsewhere."""
    return Cell(
        name="one_gate",
        title="OGN",
        family="one gate",
        gates=("k", "m"),
        states=("h",),
        equations={"k": sigmoid, "m": tanh, "h": lambda k, m, h_prev: k * h_prev + (1.0 - k) * m},
        latex={"k": r"\sigma(a_k)", "m": r"\tanh(a_m)", "h": r"k_t \odot h_{t-1} + (1 - k_t) \odot m_t"},
        opens=("k",),
        keeps="k",
    )


@pytest.fixture
def new():
    made = register(one_gate())
    yield made.name
    del CELLS[made.name]


def test_the_figures_draw_it(new):
    r = record(Config(new, steps=9, hidden_size=4))
    both = {"OGN": r, "LSTM": record(Config("lstm", steps=9, hidden_size=4))}
    flow = {trace.name: trace for trace in go.Figure(gradient_flow(both)).data}
    np.testing.assert_array_equal(flow["OGN: ∂L/∂h"].y, r.log10_dh)
    assert flow["OGN: ∂L/∂h"].line.color != flow["LSTM: ∂L/∂h"].line.color
    assert len(go.Figure(step_shares(both)).data) == 2 and wiring(CELLS[new])
    rows = {trace.name.split()[-1]: trace for trace in go.Figure(cell_heatmaps(r)).data}
    assert (rows["k"].zmin, rows["k"].zmax) == (0, 1), "a gate, from closed to open"
    assert rows["m"].zmin == -rows["m"].zmax


def test_it_is_unrolled_with_the_gate_on_its_arrows(new):
    r = record(Config(new, steps=9, hidden_size=1))
    kept, weights = unrolled(r).lanes
    assert (kept.gate, weights.gate) == ("k", "")
    np.testing.assert_allclose(10.0**kept.factor, r.gates["k"][1:, 0, 0], rtol=1e-9)


def test_the_sentences_know_its_gate(new):
    r = record(Config(new, steps=20, hidden_size=4))
    text = explain.why("OGN", r)
    assert f"Its gate k averages {r.gates['k'][1:].mean():.3g}" in text and "The direct path alone would leave" in text
    assert "direct path" in explain_anatomy.paths("OGN", r, anatomy.paths(r), "the gate k")
    assert "**OGN** has lost" in explain.flow({"OGN": r})[0] or "never" in explain.flow({"OGN": r})[0]


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_what_a_cell_says_of_itself_is_so(cell):
    """Values that open lie between 0 and 1; the one that keeps is the derivative of the state by its previous one."""
    r = record(Config(cell.name, steps=12, hidden_size=5, gain=2.0, input_scale=3.0, seed=4))
    for name, values in r.gates.items():
        assert (name in cell.opens) == (cell.equations[name] is sigmoid)
        assert name not in cell.opens or ((values >= 0) & (values <= 1)).all()
    last = cell.states[-1]
    carried = r.local.to_previous[last].get(last)
    if cell.keeps:
        assert cell.keeps in cell.opens
        np.testing.assert_array_equal(carried, r.gates[cell.keeps])
    else:
        assert carried is None or (carried == 1).all()


def test_a_cell_that_names_what_it_has_not_is_refused():
    known = one_gate()
    for wrong in ({"opens": ("r",)}, {"keeps": "f"}):
        with pytest.raises(ValueError, match="must name equations of its own"):
            Cell("bad", "bad", "bad", known.gates, known.states, known.equations, known.latex, **wrong)


def test_the_screen_follows_the_registry():
    from rnnviz.ui.state import CELL_KINDS, CELL_LABELS, CONTROLS, KIND_CONTROLS  # not yet where OPENS runs

    assert CELL_KINDS["rnn"] == {
        "tanh": "rnn",
        "relu": "rnn_relu",
        "logistic": "rnn_logistic",
        "identity": "rnn_identity",
    }
    assert list(CELL_LABELS) == ["RNN", "LSTM", "GRU"] == CONTROLS["cells"].default
    assert list(KIND_CONTROLS.values()) == ["activation", "lstm", "gru"]
    assert [CONTROLS[name].default for name in KIND_CONTROLS.values()] == ["tanh", "forget gate", "reset after product"]


OPENS = """
import warnings
warnings.simplefilter("error", RuntimeWarning)
from test_new_family import one_gate
from rnnviz.cells import register
register(one_gate())
from opened import opened, said, sound
from rnnviz.ui.state import VIEWS

SMALL = dict(hidden_size="4", steps="12")
page = opened("pages/gradient_flow.py", **SMALL)
assert "**OGN**" in said(page) and "Its gate k averages" in said(page)
assert "OGN" in page.button_group(key="cells").options
sound(next(b for b in page.button if b.key == "check").click().run())
assert "that the other ways know" in said(page)
opened("pages/gradient_flow.py", picture="unrolled", shown="OGN", **SMALL)
opened("pages/inside_the_cell.py", shown="OGN", beside="RNN", **SMALL)
for view in VIEWS:
    page = opened("pages/why_it_vanishes.py", view=view, shown="OGN", **SMALL)
    assert view in ("influence", "formats") or "**OGN**" in said(page)
page = opened("pages/training.py", train_cell="OGN", train_hidden_size="4", train_networks="1", train_length="10",
              train_updates="10")
sound(page.button(key="train_start").click().run())
print("all opened")
"""


def test_the_pages_open_it():
    """In a Python of its own, where the cell is registered before anything of the screen is imported."""
    where = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    done = subprocess.run([sys.executable, "-c", OPENS], cwd=ROOT, env=where, capture_output=True, text=True)
    assert done.stdout.strip().endswith("all opened"), done.stderr[-3000:]
