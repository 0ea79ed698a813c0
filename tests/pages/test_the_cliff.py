"""The cliff without a browser: its question, its controls at both ends, and what it says."""

import pytest
from opened import opened, said, sound

from rnnviz import explain_cliff as explain
from rnnviz.ui.state import CONTROLS

PAGE = "pages/the_cliff.py"


@pytest.mark.parametrize("guess", explain.FATES.values())
def test_asks_first_and_keeps_the_guess(guess):
    page = opened(PAGE)
    assert "Before you look" in said(page) and "After 60 updates" not in said(page) and not page.table
    sound(page.radio[0].set_value(guess).run())
    assert "Before you look" not in said(page) and f"Your guess was “{guess}”" in said(page)
    assert ("not this time" in said(page)) == (guess != explain.FATES["thrown"])
    page.session_state["cliff_w"] = 3.0
    assert "Your guess" not in said(sound(page.run())), "it was not about this start"
    assert len(page.table) == 1 and not opened(PAGE, predict="false", cliff_step="0").table


def test_can_be_skipped_and_switched_off():
    page = opened(PAGE)
    sound(page.button(key="skip-cliff").click().run())
    assert "After 60 updates" in said(page) and "Your guess" not in said(page)
    off = opened(PAGE, predict="false")
    assert not off.radio and "After 60 updates" in said(off)


@pytest.mark.parametrize("name", ["cliff_w", "cliff_b", "cliff_rate", "cliff_threshold", "cliff_step"])
@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("method", CONTROLS["cliff_method"].options)
def test_controls_at_both_ends(name, end, method):
    value = CONTROLS[name].text(getattr(CONTROLS[name], end))
    page = opened(PAGE, **{"predict": "false", "cliff_method": method, "cliff_relief": "true"} | {name: value})
    assert "After 60 updates" in said(page)
    assert ("There is no wall" in said(page)) or ("the wall stands at" in said(page))


@pytest.mark.parametrize(
    "query",
    [
        {"cliff_w": "99"},
        {"cliff_b": "nan"},
        {"cliff_rate": "-1"},
        {"cliff_step": "1e999"},
        {"cliff_method": "all"},
        {"predict": "perhaps"},
        {"cliff_relief": "2"},
    ],
)
def test_nonsense_in_the_address_is_said(query):
    assert "is used" in said(opened(PAGE, **query))
