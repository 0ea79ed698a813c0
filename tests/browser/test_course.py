"""Start and the lessons in a real browser: everything on one screen, words that open, stages one after the other."""

import re

import pytest
from somebody import Person

GAIN = re.compile("gain of the first RNN")


def bottom(page, selector):
    box = page.locator(selector).first.bounding_box()
    return box["y"] + box["height"]


# ---- start ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_start_is_alive_on_one_screen(browser, server, scheme):
    context = browser.new_context(viewport={"width": 1280, "height": 720}, color_scheme=scheme)
    person = Person(context.new_page(), server).open("/")
    page = person.page
    for part in ("h1", ".rv-live", ".rv-figure", ".rv-sentences[data-size=verdict]"):
        assert bottom(page, part) <= 720
    way = page.get_by_role("link", name=re.compile("^Begin")).bounding_box()
    assert way["y"] + way["height"] <= 720
    page.wait_for_function("window.rnnvizFilms?.get('at_start')?.more === false", timeout=30_000)
    before, said = person.figure(), page.locator(".rv-sentences[data-size=verdict]").inner_text()
    person.press(GAIN, "End")
    page.wait_for_selector("canvas.rv-scene", timeout=5000)
    after = dict(person.changed(before))
    names = list(after)
    assert after[names[0]] == after[names[1]] and after[names[2]] == dict(before)[names[2]]
    page.wait_for_url(re.compile("at_start=4"), timeout=10_000)
    assert page.locator(".rv-sentences[data-size=verdict]").inner_text() != said
    context.close()


# ---- words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path, word", [("/", "gradient"), ("/gradient_flow", "loss"), ("/gradient_flow", "log axis")])
@pytest.mark.parametrize("by", ["mouse", "key", "touch"])
def test_a_word_opens_what_it_means(browser, server, path, word, by):
    size = {"width": 390, "height": 844} if by == "touch" else {"width": 1280, "height": 720}
    context = browser.new_context(viewport=size, has_touch=by == "touch", is_mobile=by == "touch")
    person = Person(context.new_page(), server).open(path)
    page = person.page
    term = page.locator("button.rv-term", has_text=word).first
    meaning = term.locator("xpath=following-sibling::span[1]")
    term.scroll_into_view_if_needed()
    assert not meaning.is_visible() and term.get_attribute("aria-expanded") == "false"
    for close in ("Escape", "elsewhere"):
        if by == "mouse":
            term.click()
        elif by == "touch":
            term.tap()
        else:
            term.focus()
            page.keyboard.press("Enter")
        meaning.wait_for(state="visible")
        page.wait_for_timeout(100)
        box = meaning.bounding_box()
        assert 0 <= box["x"] and box["x"] + box["width"] <= size["width"]
        assert 0 <= box["y"] and box["y"] + box["height"] <= size["height"]
        assert meaning.inner_text().startswith(f"{word}: ") and term.get_attribute("aria-expanded") == "true"
        if close == "Escape":
            page.keyboard.press("Escape")
        else:
            page.mouse.click(size["width"] - 3, size["height"] - 3)
        meaning.wait_for(state="hidden")
    person.fits()
    person.healthy()
    context.close()
