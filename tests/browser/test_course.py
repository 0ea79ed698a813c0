"""Start and the lessons in a real browser: everything on one screen, words that open, stages one after the other."""

import re

import pytest
from somebody import Person

from rnnviz.course import LESSONS, STAGES

GAIN = re.compile("gain of the first RNN")


def bottom(page, selector):
    # Streamlit keeps what has left a page in it for a while, out of sight.
    box = page.locator(selector).locator("visible=true").first.bounding_box()
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


@pytest.mark.parametrize(
    "path, word, by",
    [
        ("/", "gradient", "mouse"),
        ("/", "gradient", "touch"),
        ("/gradient_flow", "loss", "key"),
        ("/gradient_flow", "log axis", "touch"),
    ],
)
def test_a_word_opens_what_it_means(browser, server, path, word, by):
    size = {"width": 390, "height": 844} if by == "touch" else {"width": 1280, "height": 720}
    context = browser.new_context(viewport=size, has_touch=by == "touch", is_mobile=by == "touch")
    person = Person(context.new_page(), server).open(path)
    page = person.page
    term = page.locator("button.rv-term", has_text=word).first
    meaning = term.locator("xpath=following-sibling::span[1]")
    term.scroll_into_view_if_needed()
    assert not meaning.is_visible() and term.get_attribute("aria-expanded") == "false"
    for close in ("Escape", "elsewhere", "itself"):
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
        elif close == "itself":
            meaning.click()
        else:
            page.mouse.click(size["width"] - 3, size["height"] - 3)
        meaning.wait_for(state="hidden")
    person.fits()
    person.healthy()
    context.close()


# ---- lessons -------------------------------------------------------------------------------------------------------

SMALL = """() => [...document.querySelectorAll('[data-testid=stMain] *')].filter(e => e.checkVisibility?.()
  && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && !e.closest('.rv-player, [hidden]')
  && parseFloat(getComputedStyle(e).fontSize) < 13.99)
  .map(e => [e.textContent, getComputedStyle(e).fontSize])"""
"""Text that is too small to be read, exponents among it."""

OVERLAPS = """() => { const shown = [...document.querySelectorAll('.rv-net svg text, .rv-figure .annotation-text')]
    .filter(n => n.textContent.trim() && getComputedStyle(n).visibility === 'visible' && !n.matches('.rv-curve-name'));
  const boxes = shown.map(n => [n.textContent, n.getBoundingClientRect()]);
  const over = (p, q) => p.left < q.right - 1 && q.left < p.right - 1 && p.top + 4 < q.bottom - 4
    && q.top + 4 < p.bottom - 4;
  return boxes.flatMap(([a, p], i) => boxes.slice(i + 1).filter(([, q]) => over(p, q)).map(([b]) => [a, b])); }"""
"""Labels of a picture that lie on one another."""

DRAWN = """() => { const all = (v) => Array.from(v ?? [], String);
  const net = document.querySelector('.rv-net')?.picture?.numbers;
  if (net) return JSON.stringify(Object.values(net).map(all));
  const { _fullData: data, _fullLayout: layout } = document.querySelector('.rv-figure');
  return JSON.stringify([data.map((t) => t.z ? t.z.map(all) : [all(t.x), all(t.y)]),
    layout.annotations.map((n) => n.text), layout.shapes.map((s) => [s.x0, s.y0]),
    document.querySelector('.rv-title').textContent]); }"""
"""All that the slider moves in a picture."""

PICTURE = ".rv-figure, .rv-net"


def moved(person, key):
    """Press a key on the slider, and wait until the picture shows something else."""
    page = person.page
    before = page.evaluate(DRAWN)
    page.locator(".rv-live input").focus()
    page.keyboard.press(key)
    page.wait_for_function(f"old => ({DRAWN})() !== old", arg=before, timeout=15_000)


def stage_ready(person, id):
    page = person.page
    page.wait_for_function(
        "title => document.querySelector('h1')?.textContent === title", arg=STAGES[id].title, timeout=30_000
    )
    person.settled()


def inside(page, id, size, parts):
    """The parts lie within the first screen; within one and a half of a phone."""
    screen = size[1] * (1.5 if size[0] < 500 else 1)
    for part in parts:
        assert bottom(page, part) <= screen, (id, part)


@pytest.mark.parametrize("size, scheme", [((1280, 720), "light"), ((390, 844), "dark")], ids=["wide", "phone"])
def test_the_whole_course_stage_by_stage(browser, server, size, scheme):
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    person = Person(context.new_page(), server)
    page, said = person.page, []
    # Streamlit asks for its own settings below the page's address first, and then where they are.
    page.on(
        "console",
        lambda message: (
            said.append((message.text, message.location["url"]))
            if message.type == "error" and "/_stcore/" not in message.location["url"]
            else None
        ),
    )
    person.open("/lessons?stage=1.1")
    for k, (id, stage) in enumerate(STAGES.items()):
        stage_ready(person, id)
        if stage.question:
            assert page.locator(".rv-live").count() == 0 and page.locator("[data-size=verdict]").count() == 1
            inside(page, id, size, (PICTURE, "[data-testid=stButtonGroup]"))
            page.get_by_test_id("stButtonGroup").get_by_role("radio").first.click()
            page.get_by_test_id("stButtonGroup").wait_for(state="detached")
            page.wait_for_function("document.querySelectorAll(':is(.rv-plot, .rv-net)[data-drawn]').length === 1")
            person.settled()
        if stage.trains:
            page.wait_for_selector("[data-testid=stProgress]", state="detached", timeout=120_000)
            person.settled()
        inside(page, id, size, [".rv-live"] * bool(stage.slider) + [PICTURE, ".rv-sentences[data-size=verdict]"])
        assert page.evaluate(SMALL) == [] and page.evaluate(OVERLAPS) == [], id
        person.fits()
        if stage.slider and scheme == "light":  # what moves is the same on both
            page.wait_for_function("n => window.rnnvizFilms?.get(n)?.start > 0", arg=stage.control, timeout=30_000)
            moved(person, "Home" if stage.value > stage.slider.bound.low else "End")
            person.settled()
        if k + 1 < len(STAGES):
            page.get_by_role("button", name=re.compile("^Next")).click()
    last = list(LESSONS.values())[-1]
    assert page.locator(".rv-dots .rv-seen").count() == len(last) - 1, "the stages of this lesson, and here"
    assert not said
    person.healthy()
    context.close()


def test_stages_by_keys_and_the_way_back_of_the_browser(person):
    page = person.page
    person.open("/lessons?stage=1.2")
    before = person.figure()
    page.locator(".rv-live input").focus()
    page.keyboard.press("End")
    person.changed(before)
    page.wait_for_url(re.compile(r"at_1\.2=1\.5"), timeout=10_000)
    factor = person.figure()
    page.locator("h1").click()
    # A clicker's one key shows the answer first, and then goes on.
    for key, id, asked in (
        ("PageDown", "1.3", True),
        ("PageDown", "1.3", False),
        ("PageDown", "1.4", True),
        ("PageUp", "1.3", False),
    ):
        page.keyboard.press(key)
        stage_ready(person, id)
        page.wait_for_url(re.compile(f"stage={re.escape(id)}"), timeout=10_000)
        answered = page.get_by_role("button", name="Just show me")
        answered.wait_for(state="visible" if asked else "detached")
    for id in ("1.4", "1.3", "1.2"):
        page.go_back()
        stage_ready(person, id)
    assert page.locator(".rv-live input").input_value() == "1.5" and person.figure() == factor
    page.go_forward()
    stage_ready(person, "1.3")


def test_a_key_that_moves_on_does_not_move_the_slider(person):
    page = person.page
    person.open("/lessons?stage=1.2")
    page.locator(".rv-live input").focus()
    page.keyboard.press("PageDown")
    stage_ready(person, "1.3")
    page.keyboard.press("PageUp")
    stage_ready(person, "1.2")
    assert page.locator(".rv-live input").input_value() == "0.9"


def test_the_last_stage_opens_the_page_with_its_settings(person):
    page = person.page
    person.open("/lessons?stage=1.7&predict=false")
    page.get_by_role("link", name="Open it with these settings").click()
    page.wait_for_url(re.compile("gradient_flow.*init=orthogonal"), timeout=10_000)
    person.settled()
    assert [name for name, _ in person.figure()] == ["RNN: ∂L/∂h"] and len(person.figure()[0][1]) == 31
    page.go_back()
    stage_ready(person, "1.7")
