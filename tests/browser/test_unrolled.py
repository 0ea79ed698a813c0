"""The unrolled network in a real browser: drawn as it is described, played by button and key, live under the slider."""

import re
from pathlib import Path

import numpy as np
import pytest
from somebody import Person

import rnnviz
from rnnviz import Config, __version__, record
from rnnviz.course import sentences
from rnnviz.figures.flow import WINDOWS
from rnnviz.unrolled import unrolled
from rnnviz.wording import number

SMALL = "/gradient_flow?picture=unrolled&predict=false&steps=12&hidden_size=6&window=close&shown="
PICTURE = "document.querySelector('.rv-net')?.picture"
NUMBERS = f"() => Object.fromEntries(Object.entries({PICTURE}.numbers).map(([k, v]) => [k, Array.from(v, String)]))"
PLACES = """() => [...document.querySelectorAll('.rv-net .rv-frame, .rv-net .rv-rule, .rv-net circle.rv-loss')]
  .map(n => { const b = n.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })"""


def look(person, path):
    person.open(path)
    person.page.wait_for_selector(".rv-net[data-drawn]", timeout=30_000)
    return person.settled()


@pytest.fixture
def sized(browser, server):
    """Somebody with a screen of a size."""
    contexts = []

    def somebody(width, height, **more):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **more))
        return Person(contexts[-1].new_page(), server)

    yield somebody
    for context in contexts:
        context.close()


def numbers(person):
    """The numbers that are drawn, by name."""
    found = person.page.evaluate(NUMBERS)
    return {name: np.array([float(v.replace("Infinity", "inf")) for v in values]) for name, values in found.items()}


def described(cell, **fields):
    return unrolled(record(Config(cell, steps=12, hidden_size=6, **fields)))


@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
def test_it_is_drawn_as_it_is_described(person, cell):
    look(person, SMALL + cell)
    found, drawn, page = described(cell.lower()), numbers(person), person.page
    for row in found.rows:
        np.testing.assert_array_equal(drawn[row.name], row.values)
        if row.log10 is not None:
            np.testing.assert_array_equal(drawn[f"d{row.name}"], row.log10)
            assert page.locator(f".rv-box[data-row={row.name}]").count() == 12
    for k, lane in enumerate(found.lanes):
        np.testing.assert_array_equal(drawn[f"lane {k}"], lane.log10)
        named = f"k => {PICTURE}.arrows[k].filter(a => a.label).map(a => [a.start, a.label.textContent])"
        labels = page.evaluate(named, k)
        assert labels or lane.name == "within"
        for start, text in labels:
            sign, shown = re.fullmatch(r"(×|[a-z] )([\d.]+)", text).groups()
            assert sign.strip() == (lane.gate or "×")
            factor = 10.0 ** lane.factor[lane.starts.tolist().index(start)]
            assert float(shown) == pytest.approx(factor, abs=0.0051)


def test_box_and_point_stand_under_one_another_at_the_height_of_the_norm(person):
    look(person, SMALL + "RNN")
    boxes, points, (foot, top) = person.page.evaluate("""() => {
      const places = s => [...document.querySelectorAll(s)].map(n => n.getBoundingClientRect())
        .map(b => [b.x + b.width / 2, b.y + b.height / 2]);
      const rules = [...document.querySelectorAll('.rv-net line.rv-rule')].map(n => n.getBoundingClientRect())
        .filter(b => b.width > b.height).map(b => b.y);
      return [places('.rv-box .rv-frame'), places('.rv-net g[clip-path] > circle'),
              [Math.max(...rules), Math.min(...rules)]]; }""")
    low, high = WINDOWS["close"]
    for box, point, log10 in zip(boxes, points, described("rnn").rows[0].log10, strict=True):
        assert point[0] == pytest.approx(box[0], abs=0.6)
        assert point[1] == pytest.approx(foot - (log10 - low) / (high - low) * (foot - top), abs=1.0)


def test_more_gradient_makes_a_wider_arrow(person):
    look(person, SMALL + "RNN")
    widths = person.page.evaluate(f"{PICTURE}.arrows[0].map(a => a.path.getBBox().height)")
    logs = described("rnn").lanes[0].log10
    assert np.argsort(np.round(widths, 6)).tolist() == np.argsort(logs).tolist()


def at(person):
    return person.page.evaluate(f"{PICTURE}.p")


def test_keys_go_step_by_step_through_both_directions(person):
    look(person, SMALL + "LSTM")
    page, says = person.page, person.page.locator(".rv-net-says")
    page.locator(".rv-net").focus()
    assert at(person) == 12 + 1 + 12 and "11 steps back, at step 1" in says.inner_text()
    page.keyboard.press("Home")
    assert at(person) == 0
    levels = f"{PICTURE}.boxes[1].map(b => +b.level.getAttribute('height') > 0)"
    arrows = f"{PICTURE}.arrows[0].map(a => +a.path.getAttribute('opacity'))"
    assert page.evaluate(levels) == [False] * 12 and page.evaluate(arrows) == [0] * 11
    for step in range(1, 13):
        page.keyboard.press("ArrowRight")
        assert f"Forward, step {step} of 12" in says.inner_text()
        assert page.evaluate(levels) == [True] * step + [False] * (12 - step)
    page.keyboard.press("ArrowRight")
    assert "The loss is" in says.inner_text() and page.evaluate(arrows) == [0] * 11
    for back in range(12):
        page.keyboard.press("ArrowRight")
        assert f"at step {12 - back}" in says.inner_text()
        assert page.evaluate(arrows) == [0] * (11 - back) + [1] * back
    page.keyboard.press("ArrowLeft")
    assert at(person) == 24 and page.evaluate(arrows) == [0] + [1] * 10
    page.get_by_role("button", name="One step on").click()
    assert at(person) == 25
    person.healthy()


def test_it_plays_and_pauses(person):
    look(person, SMALL + "GRU")
    page = person.page
    play = page.locator(".rv-net [data-act=play]")
    play.click()
    page.wait_for_function(f"{PICTURE}.p > 14")
    assert page.evaluate(f"{PICTURE}.svg.querySelectorAll('.rv-pulse').length") == 2
    assert play.inner_text() == "Pause"
    play.click()
    stands = at(person)
    page.wait_for_timeout(200)
    assert at(person) == stands < 25
    page.locator(".rv-net").focus()
    page.keyboard.press("Space")
    page.wait_for_function(f"{PICTURE}.p === {PICTURE}.end", timeout=20_000)
    page.wait_for_function("document.querySelector('.rv-net [data-act=play]').textContent === 'Play'")
    person.healthy()


def test_with_reduced_motion_it_goes_in_whole_steps(sized):
    person = sized(1280, 720, reduced_motion="reduce")
    look(person, SMALL + "RNN")
    page = person.page
    page.evaluate(f"""() => {{ window.seen = new Set(); window.moved = false;
      const picture = {PICTURE}, seek = picture.seek.bind(picture);
      picture.seek = (p) => {{ seek(p); window.seen.add(p);
        window.moved ||= picture.pulses.some(([, n]) => n.getAttribute('visibility') === 'visible'); }}; }}""")
    page.locator(".rv-net [data-act=play]").click()
    page.wait_for_function(f"window.seen.size > 1 && {PICTURE}.p === {PICTURE}.end", timeout=30_000)
    assert page.evaluate("[[...window.seen].sort((a, b) => a - b), window.moved]") == [list(range(26)), False]


@pytest.mark.parametrize(
    "path", [SMALL + "LSTM", "/gradient_flow?picture=unrolled&predict=false&shown=RNN"], ids=["boxes", "ribbon"]
)
def test_it_follows_a_drag_at_the_value_that_is_shown_and_nothing_moves(person, path):
    look(person, path)
    page = person.page
    slider = page.locator(".rv-live input[data-slider=gain]")
    slider.hover()
    page.wait_for_function(
        "() => { const f = window.rnnvizFilms?.get('gain'); return f && f.start > 0 && !f.more; }", timeout=60_000
    )
    before, places = numbers(person), page.evaluate(PLACES)
    # What is painted last is kept, with the scene it is of: a busy machine may look at it late.
    page.evaluate(f"""() => {{ const root = document.querySelector('.rv-net'), show = root.picture.show;
      root.picture.show = function (found) {{ show.call(this, found); if (!root.covered) return;
        window.painted = [root.scene.value, Object.fromEntries(Object.entries(found).map(([k, v]) =>
          [k, Array.from(v, String)])), ({PLACES})()]; }}; }}""")
    box = slider.bounding_box()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    for part in (0.3, 0.5, 0.6):
        page.mouse.move(box["x"] + part * box["width"], box["y"] + box["height"] / 2)
        page.wait_for_timeout(60)
    page.wait_for_function("window.painted?.[0] > 2.2")
    value, painted, painted_places = page.evaluate("window.painted")
    drawn = {name: np.array([float(v.replace("Infinity", "inf")) for v in found]) for name, found in painted.items()}
    assert drawn.keys() == before.keys() and not np.array_equal(drawn["dh"], before["dh"])
    assert painted_places == places
    page.mouse.up()
    page.wait_for_function("() => !window.rnnvizMoving && !document.querySelector('.rv-net').covered", timeout=30_000)
    person.settled()
    rested = numbers(person)
    assert page.locator(".rv-live output").first.inner_text() == f"{value:.2f}"
    for name in drawn:  # float32 in a scene
        np.testing.assert_allclose(rested[name], drawn[name], rtol=1e-5, atol=1e-6)
    assert page.evaluate(PLACES) == places


def test_before_a_guess_nothing_of_the_gradient_is_there(person):
    look(person, "/lessons?stage=2.2")
    page = person.page
    arrows = f"{PICTURE}.arrows.flat().map(a => [a.path.getAttribute('d'), a.label?.textContent ?? ''])"
    drawn = page.evaluate(arrows)
    assert {path for path, _ in drawn} == {""} and {text for _, text in drawn} <= {"", "×"}
    page.locator(".rv-net").focus()
    page.keyboard.press("Home")
    page.keyboard.press("End")
    assert at(person) == 31 + 1 and "back," not in page.locator(".rv-net-says").inner_text()
    told = page.locator(".rv-net-table").inner_text() + "".join(page.locator(".rv-box title").all_text_contents())
    assert "∂L" not in told and "Step 31: RNN: h" in told
    known = f"['RNN', 'LSTM', 'GRU'].map(n => {PICTURE}.numbers['d' + n].filter(v => v === v).length)"
    assert page.evaluate(known) == [1, 1, 1]
    page.get_by_role("radio", name="all three").click()
    page.wait_for_function(f"{PICTURE}?.end === 31 + 1 + 31 && {PICTURE}.p === {PICTURE}.end", timeout=15_000)
    drawn = page.evaluate(arrows)
    assert all(path for path, _ in drawn) and any(text.startswith("×0.") for _, text in drawn)
    assert "LSTM" in page.locator(".rv-net-says").inner_text()


SIZES = """() => [...document.querySelectorAll('.rv-net svg text, .rv-net svg tspan, .rv-net-says, .rv-net span,'
    + '.rv-net button')].filter(n => n.textContent.trim())
  .map(n => [n.textContent, parseFloat(getComputedStyle(n).fontSize), n.classList.contains('rv-sub')])"""
COLLISIONS = """() => { const shown = [...document.querySelectorAll('.rv-net svg text')]
    .filter(n => n.textContent.trim() && getComputedStyle(n).visibility === 'visible' && !n.matches('.rv-curve-name'));
  const boxes = shown.map(n => [n.textContent, n.getBoundingClientRect()]);
  const over = (p, q) => p.left < q.right - 1 && q.left < p.right - 1 && p.top + 4 < q.bottom - 4
    && q.top + 4 < p.bottom - 4;
  return boxes.flatMap(([a, p], i) => boxes.slice(i + 1).filter(([, q]) => over(p, q)).map(([b]) => [a, b])); }"""


@pytest.mark.parametrize(
    "query, width, height, scheme",
    [
        ("shown=RNN&steps=16", 390, 844, "dark"),
        ("shown=LSTM&steps=24&loss=every", 1280, 720, "light"),
        ("shown=LSTM&steps=24&loss=every", 390, 844, "light"),
        ("shown=GRU", 1280, 720, "dark"),
    ],
)
def test_it_is_legible(sized, query, width, height, scheme):
    person = sized(width, height, color_scheme=scheme)
    look(person, f"/gradient_flow?picture=unrolled&predict=false&{query}")
    person.fits()
    sizes = person.page.evaluate(SIZES)
    assert len(sizes) > 15 and all(size >= 14 for _, size, _ in sizes)
    assert person.page.evaluate(COLLISIONS) == []
    beyond = """() => { const edge = document.querySelector('.rv-net').getBoundingClientRect();
      return [...document.querySelectorAll('.rv-net svg text')].map(n => [n.textContent, n.getBoundingClientRect()])
        .filter(([, b]) => b.width && (b.left < edge.left - 1 || b.right > edge.right + 1)).map(([t]) => t); }"""
    assert person.page.evaluate(beyond) == []


def test_slider_picture_and_words_share_a_screen(sized):
    person = sized(1280, 720)
    look(person, "/gradient_flow?picture=unrolled&predict=false&shown=RNN&steps=16")
    bottom = person.page.locator(".rv-net svg").bounding_box()
    assert bottom["y"] + bottom["height"] <= 720


def test_a_click_chooses_a_step_and_the_link_leads_to_it(person):
    look(person, SMALL + "GRU&gain=1.5")
    page = person.page
    page.locator(".rv-box[data-step='7']").click()
    page.wait_for_function("document.querySelector('.rv-box[data-step=\"7\"]').classList.contains('rv-here')")
    page.wait_for_url(re.compile("step=7"))
    page.get_by_role("link", name="Step 7 inside the GRU").click()
    page.wait_for_url(re.compile("inside_the_cell"), timeout=15_000)
    page.get_by_text("Step 7", exact=True).wait_for(timeout=15_000)
    person.settled()
    assert "GRU" in page.locator(".rv-numbers .rv-title").inner_text()
    assert page.locator(".rv-live output").first.inner_text() == "1.50"


def test_the_choice_stands_in_the_address(person):
    person.open("/gradient_flow?predict=false&steps=12")
    page = person.page
    assert page.locator(".rv-net").count() == 0
    page.get_by_text("unrolled", exact=True).click()
    page.wait_for_selector(".rv-net[data-drawn]", timeout=30_000)
    page.locator("[data-testid=stMain] [data-testid=stButtonGroup]").get_by_text("GRU", exact=True).click()
    page.wait_for_url(re.compile("(?=.*picture=unrolled)(?=.*shown=GRU)"), timeout=30_000)
    page.wait_for_function("document.querySelector('.rv-net svg').getAttribute('aria-label').startsWith('GRU')")
    page.reload()
    page.wait_for_selector(".rv-net[data-drawn]", timeout=30_000)
    page.get_by_text("curve", exact=True).click()
    page.wait_for_function("document.querySelectorAll('.rv-net').length === 0")
    person.settled()


def test_it_is_told_to_whoever_does_not_see_it(person):
    look(person, SMALL + "RNN")
    words = person.page.locator(".rv-net-table p").all_inner_texts()
    assert len(words) == 12 and all(words[k].startswith(f"Step {k + 1}: ") for k in range(12))
    lane = described("rnn").lanes[0]
    assert f"through U ×{10.0 ** lane.factor[0]:.2f}" in words[0]
    assert person.page.locator(".rv-net svg").get_attribute("aria-label").startswith("RNN unrolled over 12 steps.")


def test_its_numbers_are_written_as_in_the_sentences_of_the_pages(browser):
    source = (Path(rnnviz.__file__).parent / "ui" / "unrolled.js").read_text()
    page = browser.new_page()
    logs = [*np.linspace(-40.03, 12.04, 400), -2.9999, -1e-9, 0.0, 2.9999, 4.09611, 5.9999999, 6.9999]
    parts = re.findall(r"(?ms)^(?:const RAISED|const raised) = .*?;$|^function size.*?^}|^const part = .*?;$", source)
    written = page.evaluate(
        f"logs => {{ {' '.join(parts)} return logs.map((k) => [size(k), size(k, 2), part(k)]); }}", logs
    )
    page.close()
    assert written == [[number(k), number(k, 2), sentences.part(k)] for k in logs]


def test_a_lesson_marks_no_step_of_the_page_before(person):
    look(person, SMALL + "RNN")
    person.page.wait_for_function("window.rnnvizStep >= 1")
    person.page.get_by_role("link", name="Lessons").first.click()
    person.page.wait_for_url(re.compile("/lessons"), timeout=15_000)
    person.page.wait_for_function("window.rnnvizStep === undefined", timeout=15_000)
    person.settled()


def test_a_state_that_overflows_is_said(person):
    look(
        person,
        "/gradient_flow?picture=unrolled&predict=false&shown=RNN&activation=identity&init=identity&gain=4"
        "&steps=1000&hidden_size=2",
    )
    assert "the gradient is lost" in person.page.locator(".rv-net-says").inner_text()
    person.page.locator(".rv-net").focus()
    person.page.keyboard.press("Home")
    person.page.keyboard.press("ArrowRight")
    person.healthy()


@pytest.mark.parametrize("kind", ["PNG", "SVG"])
def test_what_is_taken_away_says_where_it_is_from(person, kind):
    look(person, SMALL + "LSTM&seed=4")
    with person.page.expect_download(timeout=30_000) as download:
        person.page.get_by_role("button", name=f"Download this picture as {kind}").click()
    content = download.value.path().read_bytes()
    assert download.value.suggested_filename == f"unrolled.{kind.lower()}"
    if kind == "PNG":
        assert content.startswith(b"\x89PNG") and len(content) > 20_000
        return
    drawing = content.decode()
    words = re.sub(r"<[^>]*>", " ", drawing)
    for part in (f"rnnviz {__version__}, seed 4", "hidden_size = 6", "/gradient_flow?", "LSTM unrolled", "forget gate"):
        assert part in words
    assert "var(" not in drawing and "<style" not in drawing
    context = person.page.context.browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.set_content(drawing)
    edges = page.evaluate("""() => { const edge = document.querySelector('svg').getBoundingClientRect();
      return [...document.querySelectorAll('svg text')].map(t => [t.textContent, t.getBoundingClientRect()])
        .filter(([, b]) => b.width && (b.left < edge.left || b.right > edge.right || b.bottom > edge.bottom)); }""")
    assert edges == []
    context.close()
