"""The papers' numbers hold; the command says so, and fails when one does not."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest
from opened import opened, said, sound

from rnnviz import cliff, papers
from rnnviz.figures import papers as figures
from rnnviz.papers import FIGURES, Row
from rnnviz.ui import papers as screen

PAGE = "pages/paper_figures.py"
GRID = json.loads((Path(papers.__file__).parents[1] / "data" / "paper_grid.json").read_text())


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("code", [False, True])
def test_every_row_holds(name, code):
    rows = FIGURES[name].rows(code=code)
    assert rows
    for row in rows:
        assert row.holds, row
        assert np.isfinite(row.theory) and np.isfinite(row.measured) and row.says and row.allowed


def test_all_figures_are_there():
    assert set(FIGURES) | set(papers.TOO_LONG) == {f"P{k}" for k in range(1, 15)} | set("DBNZ")


def test_known_numbers():
    """Those of the papers and their recomputation, written out."""
    theory = {name: [row.theory for row in FIGURES[name].rows()] for name in ("P1", "P2", "P8", "P11")}
    assert theory["P1"][0] == pytest.approx(-2.612296656009273, rel=1e-14)
    assert theory["P1"][1:5] == pytest.approx([4.25525, 18155.808, 0.0060125553, 779.398], rel=1e-6)
    assert theory["P1"][7:] == pytest.approx([4.4702e-5, 6773.125, 0.14959], rel=1e-3)
    assert theory["P2"] == pytest.approx([-2.34438966, -0.96242365, -2.65561034, 0.96242365], rel=1e-6)
    assert theory["P8"] == pytest.approx([8.88e-16, 1.576e-7, 1.753e-3, 0.7148, 0.5], rel=1e-3)
    assert theory["P11"] == pytest.approx([0.1733, 0.0945, 0.0650, 0.0400], abs=5e-5)


def test_the_wall_is_one_story():
    """Figure, table and sentence of P1 have the same numbers, each with its place."""
    rows = {row.what: row.measured for row in FIGURES["P1"].rows()}
    b, error, norm = papers.wall.across_the_wall()
    top = int(norm.argmax())
    assert (np.diff(b) > 0).all() and norm[top] == rows["norm of ∂E there, its largest"]
    assert error[top] == rows["error there"] > 10 * rows["error on the wall, at b*"]
    picture = figures.across_the_wall(b, error, norm, cliff.wall(5.0))["layout"]["meta"]["says"]
    for number in ("779", "6,773", "0.15", "0.00601", "−2.612341"):
        assert number in str(picture), picture
    assert 1000 < rows["norm of ∂E on the wall, at b*"] / rows["norm of ∂E at b = −2.62"] < 10_000
    assert "On the wall, at b*," in papers.TAKE_AWAY["P1"]


@pytest.mark.parametrize(
    "row, holds",
    [
        (Row("", "", 1.0, 1.0001, 1e-3), True),
        (Row("", "", 1.0, 1.01, 1e-3), False),
        (Row("", "", 1.0, float("nan"), 1e-3), False),
        (Row("", "", 0.0, 1e-4, 1e-3), False),
        (Row("", "", 0.0, 1e-4, 1e-3, "absolute"), True),
        (Row("", "", 1.0, 1.1, kind="below"), False),
        (Row("", "", 1.0, 0.9, kind="below"), True),
        (Row("", "", 1.0, 0.9, kind="above"), False),
        (Row("", "", 1.0, float("nan"), kind="above"), False),
        (Row("", "", 1.0, float("inf"), 1e-3), False),
    ],
)
def test_when_a_row_holds(row, holds):
    assert row.holds == holds


def test_the_command(capsys, monkeypatch):
    assert papers.main() == 0
    out = capsys.readouterr().out
    assert "all hold" in out and "FAILS" not in out and all(f"{name}  " in out for name in FIGURES)
    rows = FIGURES["P12"].rows()
    wrong = replace(FIGURES["P12"], rows=lambda code=False: [replace(rows[0], measured=0.1), *rows[1:]])
    monkeypatch.setitem(papers.FIGURES, "P12", wrong)
    assert papers.main() == 1
    out = capsys.readouterr().out
    assert out.count("FAILS") == 1 and "1 do not hold" in out


def test_algorithm_1_in_the_paper_and_in_its_code():
    g, w = np.array([3.0, 4.0]), np.array([1.0, 2.0])
    for code in (False, True):
        assert papers.clipping.rescale(g, w, 5.0, code).tolist() == g.tolist()
    assert papers.clipping.rescale(g, w, 2.5) == pytest.approx(g / 2)
    for bad in (np.nan, np.inf, 1e11):
        assert papers.clipping.rescale(np.array([bad, 0.0]), w, 1.0, code=True) == pytest.approx(0.02 * w)
    assert np.isnan(papers.clipping.rescale(np.array([np.nan, 0.0]), w, 1.0)[0])


def test_the_grid_computed_ahead_says_what_it_is():
    assert GRID["date"] >= "2026-01-01"
    for name in papers.TOO_LONG:
        assert "seeds 0 to 4" in GRID[name]["settings"]
        for row in GRID[name]["rows"]:
            assert 0 <= row["solved"] <= row["ever"] <= row["seeds"] == 5 and len(row["sequences"]) == row["ever"]
    by = {(r["label"], r["length"]): r["solved"] for r in GRID["P6"]["rows"]}
    for length in {length for _, length in by}:
        assert by["SGD, clipped at 1", length] >= by["SGD", length]


def drawn(page):
    """The figures of a page, as they were sent."""
    sent = [e.proto.bytes for e in page.get("bidi_component") if e.proto.component_name == "rnnviz.plot"]
    return [message["figure"] for message in map(orjson.loads, sent)]


def test_each_has_a_figure_and_a_sentence_of_its_own():
    assert list(papers.TAKE_AWAY) == list(papers.TITLES) and len(set(papers.TAKE_AWAY.values())) == 18
    assert screen.DRAWINGS.keys() | papers.TOO_LONG.keys() == papers.TITLES.keys()
    figures = {name: draw(screen.rows_of(name, False), False)[0] for name, draw in screen.DRAWINGS.items()}
    curves = [json.dumps([[*t["y"]] for t in figure["data"]], default=float) for figure in figures.values()]
    assert len(set(curves)) == 16


def test_what_the_code_has_differently_is_drawn_so():
    for name in papers.VARIANTS:
        rows = {code: screen.rows_of(name, code) for code in (False, True)}
        found = {code: np.asarray(screen.DRAWINGS[name](rows[code], code)[0]["data"][-1]["y"]) for code in rows}
        # Algorithm 1 turns nothing either way; Ω of squared norms is another number.
        assert (name == "P4") == np.allclose(found[False], found[True])


def test_figures_over_logarithmic_axes_hold_plain_values():
    """So that a table of them does too."""
    sizes, rough = papers.clipping.smoothness()
    dots = figures.smoothness(sizes, rough)
    assert dots["layout"]["xaxis"]["type"] == dots["layout"]["yaxis"]["type"] == "log"
    np.testing.assert_array_equal(dots["data"][0]["x"], sizes[:, 0])
    np.testing.assert_array_equal(dots["data"][0]["y"], rough[:, 0])
    line = dots["data"][1]
    slope = np.diff(np.log10(line["y"])) / np.diff(np.log10(line["x"]))
    assert f"slope {slope[0]:.2f}" in line["name"]


@pytest.mark.parametrize("chosen", papers.TITLES)
def test_on_the_page(chosen):
    for code in ("false", "true"):
        page = opened(PAGE, paper=chosen, paper_code=code)
        assert [e.value for e in page.success] == [f"**Take away:** {papers.TAKE_AWAY[chosen]}"]
        assert len(drawn(page)) == 1 and len(page.table) == 1
        assert page.selectbox(key="paper").options[0] == "P1: The cliff in the error surface"
        assert "✘" not in str(page.table[0].value)
        if chosen in papers.TOO_LONG:
            assert GRID["date"] in said(page) and "computed ahead" in said(page)


def test_all_at_once_and_nonsense():
    page = opened(PAGE)
    sound(page.button(key="paper_all").click().run())
    count = sum(len(f.rows()) for f in FIGURES.values())
    assert f"{count} of {count} numbers hold" in said(page)
    assert "is used" in said(opened(PAGE, paper="P99"))
