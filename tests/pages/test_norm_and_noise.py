"""Norm and noise at both ends of its controls: no exception, no answer before the guess, every sentence well formed."""

from dataclasses import replace

import pytest
from opened import opened, said, sentences, sound
from test_wording import ILL_FORMED

from rnnviz import explain_noise as explain
from rnnviz import overfit
from rnnviz.glossary import bare
from rnnviz.ui.state import CONTROLS, MASK_SCHEMES, NOISE_VIEWS

PAGE = "pages/norm_and_noise.py"
MASKS, MEMORY, FORTY = list(NOISE_VIEWS)[1:]
SMALL = {"steps": "20", "hidden_size": "6"}


def well_formed(page):
    for text in sentences(page).values():
        assert not ILL_FORMED.search(bare(text)) and "not a number" not in text, text


@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("gain", ["0", "4"])
def test_every_cell_at_every_gain(cell, gain):
    for more in ({"steps": "2", "hidden_size": "1"}, {"steps": "200", "init": "identity", "input": "impulse"}):
        well_formed(opened(PAGE, predict="false", shown=cell, gain=gain, **more))


@pytest.mark.parametrize(
    "kind, places",
    [
        ({"shown": "RNN", "activation": "relu"}, 3),
        ({"shown": "LSTM", "lstm": "no forget gate"}, 3),
        ({"shown": "GRU"}, 2),
        ({"shown": "GRU", "gru": "reset before"}, 1),
    ],
)
def test_places_that_a_cell_has_not_are_not_drawn(kind, places):
    page = opened(PAGE, predict="false", **SMALL, **{k: v for k, v in kind.items() if k in ("shown", "activation")})
    for name in {"lstm", "gru"} & kind.keys():
        options = CONTROLS[name].options
        page.session_state[name] = next(option for option, cell in options.items() if cell in ("lstm_1997", "gru_2014"))
        sound(page.run())
    remains = sentences(page)["remains"]
    assert remains.count("**") == 2 * places
    assert ("no-product" in sentences(page)) == (places == 1) == ("why" not in sentences(page))
    well_formed(page)


@pytest.mark.parametrize("guess", [*explain.OPTIONS, None])
def test_nothing_of_the_answer_is_there_before_the_guess(guess):
    page = opened(PAGE, shown="RNN", **SMALL)
    before = sentences(page)
    assert "on each product" not in before["remains"] and not {"why", "answer-norm"} & before.keys()
    assert not page.success
    if guess:
        sound(page.radio[0].set_value(guess).run())
    else:
        sound(next(b for b in page.button if b.label == "Just show me").click().run())
    after = sentences(page)
    assert "on each product" in after["remains"] and "normalised product is the same" in after["answer-norm"]
    assert (": right." in after["answer-norm"]) == (guess == explain.OPTIONS[2]) and page.success
    assert ("You said" in after["answer-norm"]) == bool(guess)


@pytest.mark.parametrize("scheme", MASK_SCHEMES)
@pytest.mark.parametrize("rate, lag, way", [("0", "0", "11"), ("0.5", "11", "0"), ("0.5", "11", "11")])
def test_masks_at_both_ends(scheme, rate, lag, way):
    page = opened(PAGE, noise_view=MASKS, mask_scheme=scheme, mask_rate=rate, mask_lag=lag, mask_way=way)
    well_formed(page)
    met = 3 + (int(lag) if scheme != next(iter(MASK_SCHEMES)) else 0)
    assert f"meets **{met} masks**" in sentences(page)["crossing"]


@pytest.mark.parametrize("rate", ["0", "0.5"])
@pytest.mark.parametrize("lag", ["0", "20"])
def test_a_memory_at_both_ends(rate, lag):
    page = opened(PAGE, noise_view=MEMORY, mask_rate=rate, memory_lag=lag, seed="3")
    well_formed(page)
    assert sentences(page)["exactly"].count("drawn") == 11


def test_reseed_draws_other_masks():
    page = opened(PAGE, noise_view=MEMORY)
    before = sentences(page)["exactly"]
    sound(next(b for b in page.button if b.label == "Reseed").click().run())
    assert sentences(page)["exactly"] != before


def test_start_over_leaves_the_question_switched_off():
    page = opened(PAGE, predict="false", gain="2", **SMALL)
    sound(next(b for b in page.button if b.label == "Start over").click().run())
    assert page.session_state["predict"] is False and page.session_state["gain"] == 1 and "Before you" not in said(page)


@pytest.fixture
def small(monkeypatch):
    """Runs of a few units that end at once."""
    for name, config in overfit.AGAINST.items():
        own = replace(config, hidden_size=2, networks=2, updates=20, length=10)
        monkeypatch.setitem(overfit.AGAINST, name, own)


@pytest.mark.parametrize("tried", overfit.AGAINST)
def test_runs_come_first_then_the_guess_then_the_test(small, tried):
    page = opened(PAGE, noise_view=FORTY, against=tried)
    for _ in range(60):
        if page.radio:
            break
        sound(page.run())
    before = sentences(page)
    assert not {"stopped", "losses"} & before.keys() and not page.success
    sound(page.radio[0].set_value("20").run())
    after = sentences(page)
    assert after["stopped"].startswith("You would stop after 20: ") and page.success
    assert "Ridge regression" in after["losses"] and f"**{tried}**" in after["losses"]
    well_formed(page)
