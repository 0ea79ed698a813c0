"""Light, dark and projector without a browser: in the address, on every page, and whatever else is set."""

import pytest
from opened import opened, said, sound

from rnnviz.ui.page import PAGES
from rnnviz.ui.state import LOOKS


def styles(page):
    """All style sheets of a page, as one text."""
    return " ".join(element.proto.body for element in page.get("html"))


@pytest.mark.parametrize("path", [path for path, _ in PAGES])
def test_a_projector_has_every_page_larger(path):
    assert "--rv-scale: 1" not in styles(opened(path))
    assert "--rv-scale: 1" in styles(opened(path, look="projector"))


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_outlasts_start_over_and_is_kept_in_links(look):
    page = opened("pages/lessons.py", stage="1.7", look=look, gain="3")
    links = [link.proto.query_string for link in page.get("page_link") if "init=" in link.proto.query_string]
    assert links and all(("look" in link) == bool(look) and look in link for link in links)
    sound(next(b for b in page.button if b.label == "Start over").click().run())
    assert page.session_state["look"] == look and page.session_state["gain"] == 1


def test_a_look_that_is_none_is_said():
    page = opened("app.py", look="neon")
    assert "look=neon" in said(page) and page.session_state["look"] == ""
