"""One meaning a colour in the whole product, legible on white and on dark, and told apart by those who see no red."""

import itertools
import json
import re

import numpy as np
import plotly.graph_objects as go
import pytest

from rnnviz import CELLS, Config, TrainConfig, Training, cliff, record
from rnnviz.engine import anatomy
from rnnviz.figures import anatomy as why
from rnnviz.figures import cell_heatmaps, gradient_flow, papers, step_shares, theme, training, wiring
from rnnviz.figures import cliff as descents

RNN, LSTM, GRU = (theme.FAMILY_COLOURS[name] for name in ("rnn", "lstm", "gru"))
FAMILIES = {
    "cells": {RNN, LSTM, GRU, theme.OTHER_FAMILY[0]},
    "gates": set(theme.GATE_COLOURS.values()),
    "series": set(theme.SERIES),
    "signs": {theme.BELOW, theme.ABOVE, *(colour for _, colour in theme.SIGNED if colour != "#F7F7F7")},
    "amounts": {colour for _, colour in theme.AMOUNT if colour != "#F7F7F7"},
    "greys": {theme.GREY, theme.INK, *(colour for _, colour in descents.SHADES)},
}
LINES = {RNN, LSTM, GRU, *theme.GATE_COLOURS.values(), *theme.SERIES, theme.BELOW, theme.ABOVE, theme.GREY, theme.INK}

# Machado, Oliveira and Fernandes (2009), full deficiency, on linear RGB.
SEEN_BY = {
    "most": np.eye(3),
    "protanopes": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopes": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    low, high = sorted(TO_XYZ[1] @ linear(c) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def apart(one, other, eyes="most"):
    """CIE 1976 distance in Lab."""
    x = [np.cbrt(TO_XYZ @ np.clip(SEEN_BY[eyes] @ linear(c), 1e-4, 1) / (0.9505, 1, 1.089)) for c in (one, other)]
    lab = [np.array([116 * f[1], 500 * (f[0] - f[1]), 200 * (f[1] - f[2])]) for f in x]
    return np.linalg.norm(lab[0] - lab[1])


def test_no_colour_has_two_meanings():
    for (one, first), (other, second) in itertools.combinations(FAMILIES.items(), 2):
        assert not first & second, (one, other)


@pytest.mark.parametrize("colour", sorted(LINES))
def test_lines_are_legible_on_white_and_on_dark(colour):
    assert contrast(colour, "#FFFFFF") >= 3 and contrast(colour, "#141414") >= 3


def test_no_other_colour_is_taken_for_a_cell():
    for name, colours in FAMILIES.items():
        for cell, colour in itertools.product((RNN, LSTM, GRU), colours if name != "cells" else ()):
            assert apart(cell, colour) > 25, (cell, colour, name)


@pytest.mark.parametrize("eyes", SEEN_BY)
def test_what_stands_side_by_side_is_told_apart(eyes):
    for colours in ((RNN, LSTM, GRU), theme.SERIES[:3], (theme.BELOW, theme.ABOVE)):
        for one, other in itertools.combinations(colours, 2):
            assert apart(one, other, eyes) > 12, (one, other)
    for gates in ("ifogc", "rzn"):
        for one, other in itertools.combinations((theme.GATE_COLOURS[k] for k in gates), 2):
            assert apart(one, other) > 25, (one, other)


# ---- what figures do with them -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn():
    """Every figure of every page, and which cells each may be about."""
    three = {n.upper(): record(Config(n, steps=14, hidden_size=5, loss="every")) for n in ("rnn", "lstm", "gru")}
    gains = np.linspace(0, 4, 6)
    out = [
        (gradient_flow(three, bound=True, slope=True, formats=("float16",)), "all"),
        (step_shares(three), "all"),
        (gradient_flow({"a": three["RNN"], "b": three["RNN"]}), "rnn"),
    ]
    for label, r in three.items():
        logs, steps = anatomy.products(r, np.arange(1, 15)), np.arange(1, 15)
        jacobians = anatomy.step_jacobians(r)
        out += [
            (cell_heatmaps(r), "none"),
            (why.singular_values(steps, logs, 14, "near"), "none"),
            (why.eigenvalues(np.linalg.eigvals(jacobians[3]), 4, np.linalg.eigvals(jacobians[1])), "none"),
            (why.exponents(anatomy.lyapunov(jacobians)), "none"),
            (why.influence(anatomy.influence(r, 5)[0], 5), "none"),
            (why.formats(r.log10_dh, anatomy.rounded(r), 14, "near"), "none"),
            (
                why.phase(
                    gains,
                    anatomy.phase(Config(label.lower(), steps=9, hidden_size=3), "gain", tuple(gains)),
                    "gain",
                    "gain",
                    1,
                ),
                "none",
            ),
        ]
        if label != "RNN":
            out.append((why.paths(anatomy.paths(r), 14, "near", "c", "f", label.lower()), label.lower()))
    surface, descent = cliff.surface(9), cliff.descend(5.6, -2, 1, 0.5)
    walls = cliff.wall(surface.w)
    out += [
        (descents.error_map(surface, walls, descent, 3), "none"),
        (descents.error_map(surface, walls, descent), "none"),
        (descents.landscape(surface, walls, cliff.wall_error(surface.w), descent, 3), "none"),
        (
            descents.bifurcation(
                cliff.equilibria(5.6),
                cliff.folds(5.6),
                cliff.wall(5.6),
                5.6,
                cliff.B_RANGE,
                cliff.START,
                -2.0,
                1.0,
                "here",
            ),
            "none",
        ),
    ]
    small = dict(hidden_size=3, length=10, networks=2, sequences=2, updates=40)
    pairs = {"none": ("rnn", "rnn", "none"), "all": ("rnn", "lstm", "norm")}
    for about, (one, other, clip) in pairs.items():
        runs = {
            k: Training(TrainConfig(cell=c, clip=how, **small))
            for k, c, how in (("RNN", one, "norm"), ("LSTM", other, clip))
        }
        for run in runs.values():
            run.update()
        kept = (("earlier", *training.held_out(runs["RNN"])),)
        out += [
            (training.learning(runs, kept), about),
            (training.accuracy(runs, kept), about),
            (training.gradient_norms(runs), about),
            (training.credit(runs), "none"),
        ]
    rows = [dict(label=k, length=n, solved=1, seeds=2) for k in ("RNN", "LSTM") for n in (5, 9)]
    named = [r | {"label": {"RNN": "SGD", "LSTM": "SGD, clipped at 1"}[r["label"]]} for r in rows]
    out += [
        (papers.success(rows), "all"),
        (papers.success(named), "none"),
        (papers.memory(np.array([0.0, 5.0]), np.array([1e-9, 0.7]), 50), "none"),
        (papers.across_the_wall(gains, gains, gains + 1, 2.0), "none"),
        (papers.bifurcation(cliff.equilibria(5.0), cliff.folds(5.0), cliff.folds(5.0)), "none"),
        (papers.turned(np.array([0.1, 1.0]), np.array([[30.0, 31], [1, 2]])), "none"),
        (papers.regulariser(np.array([0.9, 1.0, 1.1]), np.array([1.0, 0, 1]), np.array([1.0, 0, 1])), "none"),
        (papers.rests(*np.ones((5, 3))), "none"),
        (papers.memoryless((100, 200), [0.2, 0.1]), "none"),
        (papers.beside_theory("a", "At 1.", gains, {"c": (gains, gains), "d": (gains, None)}), "none"),
        (papers.kept({"a": np.array([-1.0, 0]), "b": np.zeros(2)}), "none"),
        (papers.chaos(np.array([1.0, 2.0]), np.array([[-0.1, 0.0], [0.2, 0.1]])), "none"),
        (papers.smoothness(np.array([[1.0, 2], [3, 4], [5, 6]]), np.array([[1.0, 2], [2, 4], [5, 7]])), "none"),
    ]
    return [(go.Figure(figure), figure, about) for figure, about in out]


def test_a_cell_s_colour_is_that_cell(drawn):
    for _, figure, about in drawn:
        for trace in figure["data"]:
            look = json.dumps({k: trace[k] for k in ("line", "marker", "fillcolor", "colorscale") if k in trace})
            for family, colour in theme.FAMILY_COLOURS.items():
                if colour in look:
                    assert about in ("all", family), (figure["layout"]["title"], trace["name"])
                    assert about != "all" or trace["name"].lower().startswith(family), trace["name"]


def test_runs_of_two_cells_have_their_colours(drawn):
    for _, figure, about in drawn:
        if about == "all":
            for trace in figure["data"]:
                family = trace["name"].lower().split(":")[0].split(",")[0]
                if family in theme.FAMILY_COLOURS and trace["line"].get("width") == 3:
                    assert trace["line"]["color"] == theme.FAMILY_COLOURS[family]


def test_curves_are_told_apart_without_colour(drawn):
    for _, figure, _ in drawn:
        looks = [
            (t["line"].get("dash"), t["line"].get("width"), t.get("marker", {}).get("symbol"))
            for t in figure["data"]
            if "lines" in t.get("mode", "")
            and t.get("showlegend", True)
            and t["type"] == "scatter"
            and not t.get("fill")
        ]
        names = [t["name"] for t in figure["data"]]
        assert len(set(looks)) == len(looks), (names, looks)


def test_every_figure_says_what_is_in_it(drawn):
    for _, figure, _ in drawn:
        says = figure["layout"]["meta"]["says"]
        assert any(c.isdigit() for c in says) and says.endswith(".") and "nan" not in says, says
        assert "^" not in says and not re.search(r"\de[-+]?\d", says), "powers of ten as in all other sentences"


def written(part, size):
    """Every text in a part of a figure, with its size in pixels: plotly.js sets what is raised or lowered at 70 %.

    size: of texts that have no font of their own.
    """
    if isinstance(part, list | tuple):
        for each in part:
            yield from written(each, size)
    if not isinstance(part, dict):
        return
    fonts = {key: value.get("size", size) for key, value in part.items() if key.endswith("font")}
    for key, text in part.items():
        for one in [text] if isinstance(text, str) else text if key in ("text", "ticktext") else ():
            if key in ("text", "ticktext", "name"):
                own = fonts.get(
                    {"ticktext": "tickfont", "text": "textfont" if "textfont" in part else "font"}.get(key), size
                )
                yield one, own * (0.7 if "<su" in one else 1)
        if not isinstance(text, str):
            yield from written(text, fonts.get("font", size))
    yield from ((key, found) for key, found in fonts.items() if key != "font")


def test_nothing_is_written_smaller_than_14(drawn):
    house = theme.TEMPLATE["layout"]
    axes = [house[axis]["tickfont"]["size"] for axis in ("xaxis", "yaxis")]
    assert min(*axes, house["font"]["size"], house["legend"]["font"]["size"], house["hoverlabel"]["font"]["size"]) >= 14
    for _, figure, _ in drawn:
        layout = {key: value for key, value in figure["layout"].items() if key != "template"}
        found = list(written([layout, figure["data"]], house["font"]["size"]))
        assert len(found) > 3 and [text for text in found if text[1] < 14] == [], layout["title"]


def test_the_walk_finds_what_is_small():
    figure = {
        "layout": {
            "xaxis": {"ticktext": ["10<sup>2</sup>"], "tickfont": {"size": 18}},
            "annotations": [{"text": "low", "font": {"size": 12}}, {"text": "plain"}, {"text": "x<sub>1</sub>"}],
        },
        "data": [{"text": ["here"], "textfont": {"size": 9}, "colorbar": {"tickfont": {"size": 10}}}],
    }
    sizes = dict(written(figure, 14))
    assert sizes == pytest.approx(
        {"10<sup>2</sup>": 12.6, "low": 12, "plain": 14, "x<sub>1</sub>": 9.8, "here": 9, "tickfont": 10, "textfont": 9}
    )


@pytest.mark.parametrize("name", CELLS)
def test_wiring_is_in_the_colours_of_gates(name):
    assert not any(colour in wiring(CELLS[name]) for colour in (RNN, LSTM, GRU))


def test_the_map_of_the_cliff_does_not_shrink_when_the_descent_begins():
    surface, descent = cliff.surface(9), cliff.descend(5.6, -2, 1, 0.5)
    before, after = (go.Figure(descents.error_map(surface, cliff.wall(surface.w), descent, k)) for k in (None, 7))
    legends = [[t.name for t in f.data if t.showlegend is not False] for f in (before, after)]
    assert legends[0] == legends[1] and before.layout.margin == after.layout.margin
    assert all(t.x is None or len(t.x) == 0 for t in before.data if t.name in cliff.NAMES.values())


def test_an_exact_zero_is_said():
    figure = gradient_flow({"RNN": record(Config("rnn", gain=0.0, steps=9, hidden_size=4))})
    assert [n["text"] for n in figure["layout"]["annotations"]] == ["RNN: ∂L/∂h is exactly 0 at steps 1 to 8"]
    late = gradient_flow({"RNN": record(Config("rnn", steps=9, hidden_size=4, loss="one", loss_step=5))})
    assert not late["layout"]["annotations"]


def test_influence_goes_as_far_back_as_anything_arrives():
    configs = (
        Config(cell, steps=40, hidden_size=6, loss="every", gain=gain)
        for cell, gain in (("rnn", 0.2), ("lstm_1997", 1.0))
    )
    near, far = (why.influence(anatomy.influence(record(config), 3)[0], 3) for config in configs)
    assert near["layout"]["yaxis"]["range"] == [-0.5, 9.5] and far["layout"]["yaxis"]["range"] == [-0.5, 39.5]
    kept, cut = (np.array(trace["z"]) for trace in near["data"][:2])
    assert np.isfinite(kept[:3]).sum() == 40 + 39 + 38 and np.isnan(kept[3:]).all() and np.isnan(cut[:3]).all()
