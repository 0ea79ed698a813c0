"""Correctness in view: the other ways agree, a planted error is seen, and what cannot be compared is said."""

from dataclasses import replace

import pytest
from opened import opened, said, sound

from rnnviz import CELLS, Config, record
from rnnviz.checks import MOST, check
from rnnviz.engine.adjoint import Adjoint

KNOWN = [c for c in CELLS]


@pytest.mark.parametrize("loss", ["last", "every"])
@pytest.mark.parametrize("cell", KNOWN)
def test_all_ways_agree(cell, loss):
    results = check(record(Config(cell, steps=40, hidden_size=8, loss=loss, seed=3)))
    assert {r.quantity for r in results} == ({"h", "c"} if "c" in CELLS[cell].states else {"h"})
    assert len({r.way for r in results}) == 3
    for r in results:
        assert r.difference is not None and r.left_out == 0 and r.milliseconds > 0 and 1 <= r.step <= 40
        assert r.difference < (1e-5 if "finite" in r.way else 1e-11)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_wrong_derivative_is_seen_where_it_is(cell):
    recording = record(Config(cell, steps=30, hidden_size=8, loss="every"))
    cuts = {name: array.copy() for name, array in recording.back.cuts.items()}
    cuts["h"][12] *= 1.001
    wrong = replace(recording, back=Adjoint(cuts, recording.back.gates, recording.back.exponent))
    for r in check(wrong):
        if r.quantity == "h" and "finite" not in r.way:
            assert r.difference == pytest.approx(1e-3, rel=2e-3) and r.step == 12


def test_what_has_vanished_is_left_out_and_said():
    results = check(record(Config("rnn_identity", init="orthogonal", gain=0.01, steps=300, hidden_size=4)))
    for r in results:
        assert 150 <= r.left_out <= 156  # 0.01 a step leaves 1e-290 after 145 steps
        assert r.difference is None or r.difference < 1e-4
    none = check(record(Config("rnn", gain=0.0, steps=10, hidden_size=3)))
    assert all(r.left_out == 9 for r in none)


def test_what_cannot_be_checked_is_refused():
    with pytest.raises(ValueError, match="at most 40,000 steps times units"):
        check(record(Config("rnn", steps=1000, hidden_size=MOST // 1000 + 1)))
    with pytest.raises(ValueError, match="overflows at step 51"):
        check(record(Config("rnn_identity", init="identity", gain=4.0, steps=1000, hidden_size=32)))


@pytest.mark.parametrize("page", ["gradient_flow", "inside_the_cell"])
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"gain": "0"},
        {"gain": "4", "activation": "relu", "init": "identity"},
        {"steps": "2", "hidden_size": "1"},
        {"steps": "1000", "hidden_size": "128"},
        {"input": "text", "lstm": "coupled gates", "gru": "reset before product"},
    ],
)
def test_on_the_pages(page, query):
    shown = opened(f"pages/{page}.py", **{"steps": "30", "hidden_size": "6", "beside": "RNN"} | query)
    sound(shown.button(key="check").click().run())
    assert "agree" in said(shown) or "at most 40,000" in said(shown)
    assert "do not agree" not in said(shown)


def test_other_settings_clear_the_answer():
    page = opened("pages/gradient_flow.py", steps="30", hidden_size="6")
    sound(page.button(key="check").click().run())
    assert len(page.table) == 3
    sound(page.slider(key="hidden_size").set_value(7).run())
    assert not page.table and "settings have changed since the last check" in said(page)


def test_the_differences_are_numbers():
    page = opened("pages/gradient_flow.py", steps="30", hidden_size="6")
    sound(page.button(key="check").click().run())
    column = page.table[1].value["largest relative difference"]
    plain = [text.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")).replace(" · 10", "e") for text in column]
    assert len(column) == 6 and all(0 <= float(v) < 1e-5 for v in plain)
    assert any("10⁻¹" in text for text in column), "as in all other sentences"
    assert not any("e" in text for text in column)
