"""Why it vanishes, without a browser: every view of every cell, at the ends of the controls."""

import pytest
from opened import opened, said, sound

from rnnviz.ui.state import CONTROLS, VIEWS

PAGE = "pages/why_it_vanishes.py"
SMALL = dict(hidden_size="4", steps="12")


@pytest.mark.parametrize("shown", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_every_cell(view, shown):
    assert (
        f"**{shown}**" in said(opened(PAGE, view=view, shown=shown, **SMALL))
        or "no gate that keeps" in said(opened(PAGE, view=view, shown=shown, **SMALL))
        or view in ("influence", "formats")
    )


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    "ends",
    [
        dict(hidden_size="1", steps="2", gain="0"),
        dict(hidden_size="1", steps="2", gain="4", reach="1000", step="1000"),
        dict(gain="4", activation="relu", steps="60", init="identity", shown="RNN", hidden_size="8"),
        dict(gain="4", activation="identity", init="identity", steps="1000", shown="RNN", hidden_size="128"),
        dict(gain="0", shown="GRU", gru="reset before product", loss="one", loss_step="1", **SMALL),
        dict(lstm="no forget gate (1997)", loss="every", **SMALL),
        dict(lstm="coupled gates", input="text", **SMALL),
    ],
)
def test_ends(view, ends):
    page = opened(PAGE, view=view, **ends)
    assert not any("nan" in e.value for e in page.markdown)


@pytest.mark.parametrize("axis", CONTROLS["axis"].options)
def test_every_axis_of_the_phase_diagram(axis):
    page = opened(PAGE, view="phase", axis=axis, shown="LSTM", **SMALL)
    assert "of the 64 networks" in said(page).lower()


def test_more_than_stays_live_is_said():
    assert "takes at most 64 units and 300 steps" in said(opened(PAGE, view="formats", hidden_size="128"))


def test_the_view_can_be_changed():
    page = opened(PAGE, **SMALL)
    for view in VIEWS:
        sound(page.selectbox(key="view").set_value(view).run())


@pytest.mark.parametrize("query", [{"view": "x"}, {"reach": "0"}, {"axis": "T"}, {"reach": "1e999"}])
def test_nonsense_is_said(query):
    assert "is used" in said(opened(PAGE, **query))
