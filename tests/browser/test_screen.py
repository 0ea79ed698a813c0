"""What stands in nobody's way: the links, the keys, the phone, a page within a page, and what is taken away."""

import csv
import io
import re

import pytest
from somebody import Person

from rnnviz import Config, __version__, record
from rnnviz.course import LESSONS
from rnnviz.ui.page import PAGES as page_links

PAGES = (
    "/",
    "/lessons",
    "/gradient_flow",
    "/inside_the_cell",
    "/why_it_vanishes",
    "/depth_and_direction",
    "/the_cliff",
    "/training",
    "/norm_and_noise",
    "/paper_figures",
)
GAIN = "Recurrent gain"


@pytest.fixture
def sized(browser, server):
    """Somebody with a screen of a size."""
    contexts = []

    def somebody(width, height=800, **more):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **more))
        return Person(contexts[-1].new_page(), server)

    yield somebody
    for context in contexts:
        context.close()


def ready(page):
    page.wait_for_selector("h1", timeout=30_000)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=30_000)


# ---- links ---------------------------------------------------------------------------------------------------------

HIT = """() => [...document.querySelectorAll('[data-testid=stMain] [data-testid=stPageLink-NavLink]')].map(link => {
  const box = link.getBoundingClientRect();
  return [0.1, 0.5, 0.9].every(part =>
    link.contains(document.elementFromPoint(box.x + part * box.width, box.y + box.height / 2))); })"""


def test_links_can_be_hit_at_every_width_with_and_without_the_sidebar(sized):
    somebody = sized(1440)
    somebody.open("/gradient_flow")
    page = somebody.page
    for closed in (False, True):
        if closed:
            page.get_by_test_id("stSidebar").hover()
            page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
            page.get_by_test_id("stExpandSidebarButton").wait_for()
        for width in (1440, 1280, 1279, 1000, 800, 769, 768, 700, 640):
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_timeout(400)
            if not closed and width <= 768:
                continue  # here an open sidebar lies over the page, as it is meant to
            assert page.evaluate(HIT) == [True] * len(page_links), (width, closed)
        page.set_viewport_size({"width": 1440, "height": 800})
    page.set_viewport_size({"width": 700, "height": 800})
    page.get_by_role("link", name="Training").click()
    page.wait_for_url(re.compile("training"))


def test_a_phone_s_sidebar_stays_closed_from_load_to_load(sized):
    somebody = sized(390, 844)
    somebody.open("/gradient_flow")
    page = somebody.page
    assert page.evaluate(HIT) == [True] * len(page_links)
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_test_id("stSidebar").get_by_role("button", name="Reseed").wait_for()
    page.reload()
    somebody.settled()
    page.get_by_test_id("stExpandSidebarButton").wait_for()
    page.wait_for_timeout(500)
    assert page.evaluate(HIT) == [True] * len(page_links)


def test_on_a_phone_nothing_lies_over_what_is_read(sized):
    somebody = sized(390, 844, has_touch=True, is_mobile=True)
    page = somebody.open("/lessons?predict=false&stage=4.6").page
    assert page.locator("kbd").count() == 2 and not page.locator("kbd").first.is_visible()
    somebody.open("/gradient_flow")
    opens = page.get_by_test_id("stExpandSidebarButton")
    assert opens.bounding_box()["y"] >= 0
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 100)")
    page.wait_for_function(
        "document.querySelector('[data-testid=stExpandSidebarButton]').getBoundingClientRect().bottom < 0"
    )
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
    opens.tap()
    page.get_by_test_id("stSidebar").get_by_role("button", name="Start over").wait_for()
    somebody.open("/lessons?predict=false&stage=4.6&look=projector")
    assert page.evaluate(HIT) == [True] * len(page_links)


def test_everything_has_the_width_of_its_column(sized):
    somebody = sized(1280, 720)
    page = somebody.open("/why_it_vanishes?look=projector").page
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth - main.clientWidth") <= 0
    assert (
        page.locator("[data-testid=stMain] [data-testid=stSelectbox] button").last.evaluate(
            "e => e.getBoundingClientRect().right"
        )
        <= 1280
    )
    somebody.open("/lessons?predict=false&stage=4.6&look=light")
    before = page.locator(".rv-plot").first.bounding_box()["width"]
    page.get_by_test_id("stExpandSidebarButton").click()
    width = "document.querySelector('.rv-plot').clientWidth"
    page.wait_for_function(
        f"document.querySelector('.rv-figure')._fullLayout.width === {width} && {width} < {before - 50}"
    )


def test_one_first_heading(sized):
    somebody = sized(1280)
    page = somebody.page
    page.goto(somebody.server)
    for path, (_, label) in zip(PAGES, page_links, strict=True):
        page.get_by_test_id("stMain").get_by_role("link", name=label, exact=True).first.click()
        page.wait_for_url(re.compile(path))
        page.wait_for_function("label => document.title.startsWith(label) || label === 'Start'", arg=label)
        ready(page)
        page.wait_for_function("document.querySelectorAll('h1').length === 1", timeout=10_000)


def test_embedded_there_is_the_lesson_alone(sized):
    somebody = sized(900)
    somebody.open("/gradient_flow?embed=true&gain=1.5")
    page = somebody.page
    assert page.get_by_test_id("stPageLink-NavLink").count() == 0
    for other in ("stSidebar", "stHeader", "stExpandSidebarButton"):
        assert not page.get_by_test_id(other).is_visible()
    assert page.locator("h1").bounding_box()["y"] < 40
    assert somebody.slider(re.compile(GAIN)).input_value() == "1.5"


# ---- light, dark, projector ------------------------------------------------------------------------------------------

SMALL = """least => [...document.querySelectorAll('[data-testid=stMain] *')].filter(e => e.checkVisibility?.()
  && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && !e.closest('[hidden], .rv-player'))
  .map(e => [e.textContent, parseFloat(getComputedStyle(e).fontSize) * (e.closest('.rv-figure') ? 1.43 : 1)])
  .filter(([, size]) => size < least - 0.05)"""
"""Text smaller than this, exponents and what is scaled up among it."""


def test_looks(sized):
    somebody = sized(1280, 720, color_scheme="light")
    page = somebody.open("/lessons?stage=2.6&predict=false").page
    ground = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor.match(/\\d+/g)[0]"

    def choose(look, dark):
        page.get_by_role("button", name=look).click()
        page.wait_for_function(f"({ground} < 128) === {str(dark).lower()}")
        page.wait_for_function(
            f"(parseInt(document.querySelector('.rv-figure')._fullLayout.paper_bgcolor.slice(1, 3), "
            f"16) < 128) === {str(dark).lower()}"
        )

    choose("Dark", True)
    page.wait_for_url(re.compile("look=dark"))
    page.get_by_role("link", name="Start").click()
    page.wait_for_selector(".rv-live input[data-slider=at_start]")
    assert page.evaluate(f"{ground} < 128") and "look=dark" in page.url
    page.reload()
    somebody.settled()
    page.wait_for_function(f"{ground} < 128")
    choose("Projector", False)
    page.wait_for_url(re.compile("look=projector"))
    page.get_by_role("link", name="Lessons").click()
    page.wait_for_selector(".rv-live input[data-slider='at_2.6']")
    somebody.settled()
    assert page.evaluate(SMALL, 20) == [] and not page.get_by_test_id("stSidebar").is_visible()
    for part in (".rv-live", ".rv-figure", ".rv-sentences[data-size=verdict]"):
        box = page.locator(part).first.bounding_box()
        assert box["y"] + box["height"] <= 720 and box["width"] > 1150, part
    # Where the mouse is, there is the step that it points at: what is scaled up is read in its own measures.
    at = page.evaluate("""() => { const node = document.querySelector('.rv-figure'), box = node.getBoundingClientRect();
        const { xaxis, yaxis } = node._fullLayout;
        return [box.x + 1.43 * (xaxis._offset + xaxis.l2p(20)),
                box.y + 1.43 * (yaxis._offset + yaxis._length / 2)]; }""")
    page.mouse.move(*at)
    page.wait_for_function("document.querySelector('.hoverlayer').textContent.startsWith('step 20')")
    page.get_by_role("button", name="Projector").click()
    page.wait_for_url(re.compile("stage=2.6(?!.*look)"))
    somebody.healthy()


def test_the_course_on_paper_is_the_sheet_alone(sized):
    somebody = sized(1280, 720, color_scheme="dark")
    page = somebody.page
    page.goto(somebody.server + "/course_on_paper")
    page.wait_for_selector(".rv-sheet")
    ready(page)
    page.emulate_media(media="print")
    for part in ("stSidebar", "stHeader", "stPageLink"):
        assert not any(found.is_visible() for found in page.get_by_test_id(part).all()), part
    assert page.get_by_role("heading").first.inner_text() == "The course on paper"
    colours = "[getComputedStyle(document.querySelector('.rv-sheet dd')).color, getComputedStyle(document.body)"
    assert page.evaluate(f"{colours}.backgroundColor]") == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    # Streamlit's page is as high as the screen and scrolls inside: on paper it goes on to the next sheet.
    sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))
    assert sheets >= len(LESSONS)
    somebody.healthy()


# ---- one screen ------------------------------------------------------------------------------------------------------

TOGETHER = {
    "/gradient_flow?": (".rv-live", ".rv-figure", ".st-key-words-verdict"),
    "/gradient_flow?picture=unrolled&": (".rv-live", ".rv-net-says", ".rv-net-picture"),
    "/why_it_vanishes?": (".rv-live", ".rv-figure", ".st-key-words-view"),
    "/depth_and_direction?": (".rv-live", ".rv-figure", ".st-key-words-verdict"),
    "/the_cliff?": (".rv-live", ".rv-figure", ".st-key-words-verdict", ".st-key-plot-bifurcation"),
}
"""Address -> what belongs together: slider, picture and verdict."""


def test_slider_picture_and_verdict_are_on_one_screen(sized):
    somebody = sized(1280, 720)
    for look in ("light", "projector"):
        for path, parts in TOGETHER.items():
            if look == "projector" and "unrolled" in path:
                continue  # its two lanes and the curve need more
            page = somebody.open(f"{path}predict=false&look={look}").page
            for part in parts:
                for box in (found.bounding_box() for found in page.locator(part).all()[: 5 if "cliff" in path else 1]):
                    assert 0 < box["y"] and box["y"] + box["height"] <= 720, (path, look, part, box)
    page.goto(somebody.server + "/training?look=projector")
    assert page.get_by_role("button", name="Train", exact=True).wait_for() is None


# ---- keys ----------------------------------------------------------------------------------------------------------

HERE = """() => { const e = document.activeElement; return e.getAttribute('aria-label') ?? e.innerText; }"""
SEEN = """() => {
  for (let e = document.activeElement, up = 0; e && up < 5; e = e.parentElement, up += 1) {
    const { outlineStyle, outlineWidth } = getComputedStyle(e), box = e.getBoundingClientRect();
    if (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && box.width > 8 && box.height > 8) return true;
  }
  return false; }"""


@pytest.mark.parametrize("path", ["/gradient_flow", "/inside_the_cell", "/why_it_vanishes", "/the_cliff"])
def test_the_first_slider_is_near(sized, path):
    somebody = sized(1280, 720)
    somebody.open(path)
    somebody.page.keyboard.press("Tab")
    somebody.page.keyboard.press("Enter")
    first = somebody.page.locator(".rv-live input").first.get_attribute("aria-label")
    assert somebody.page.evaluate(HERE) == first


def test_focus_is_seen_wherever_it_is(sized):
    somebody = sized(1280, 720, color_scheme="dark")
    somebody.open("/gradient_flow?input=text")
    page, unseen, reached = somebody.page, [], set()
    for _ in range(45):
        page.keyboard.press("Tab")
        page.wait_for_timeout(30)
        what = page.evaluate("() => document.activeElement.tagName")
        if what == "MAIN":
            continue
        reached.add(what)
        if not page.evaluate(SEEN):
            unseen.append(page.evaluate(HERE))
    assert not unseen and {"A", "BUTTON", "INPUT", "SUMMARY"} <= reached


# ---- what is one's own -----------------------------------------------------------------------------------------------


def test_a_file_stays_through_presets(person, tmp_path):
    person.open("/gradient_flow?input=csv")
    page, first = person.page, person.figure()
    page.locator("[data-testid=stSidebar] summary", has_text="Input").click()
    path = tmp_path / "mine.csv"
    path.write_text("year,a,b\n" + "".join(f"{1900 + k},{k % 7},{k * k % 11}\n" for k in range(60)))
    page.locator("input[type=file]").set_input_files(path)
    used = person.changed(first)
    page.get_by_text("The first 60 of 60 values").wait_for()
    words = page.get_by_text("values of").first.inner_text()
    page.get_by_text("Vanishing", exact=True).click()
    small = person.changed(used)
    page.get_by_text("The input stays yours (csv)").wait_for()
    page.get_by_text("Identity ReLU", exact=True).click()
    impulse = person.changed(small)
    page.get_by_role("button", name="Back to your own input (csv)").click()
    person.changed(impulse)
    page.get_by_text("In use: mine.csv").wait_for()
    assert page.get_by_text("values of").first.inner_text() == words


# ---- what is taken away --------------------------------------------------------------------------------------------


def taken(person, kind, k=0):
    person.page.wait_for_function("k => document.querySelectorAll('.rv-plot[data-drawn]').length > k", arg=k)
    with person.page.expect_download(timeout=30_000) as download:
        person.page.get_by_role("button", name=f"Download this figure as {kind}").nth(k).click()
    return download.value.path().read_bytes()


def tables(content):
    """The notes of a CSV file, and its rows by column."""
    lines = content.decode("utf-8-sig").splitlines()
    notes = [line for line in lines if line.startswith("# ")]
    return notes, list(csv.DictReader(io.StringIO("\n".join(lines[len(notes) :]))))


def test_a_table_holds_plain_values_and_says_where_it_is_from(person):
    person.open("/gradient_flow?gain=0.7&seed=4&cells=RNN&cells=LSTM")
    notes, rows = tables(taken(person, "CSV"))
    assert f"rnnviz {__version__}" in notes[1] and "seed 4" in notes[1] and "gain = 0.7" in notes[1]
    assert person.page.url in notes[2] and "init" not in notes[1]
    assert len(rows) == 100 and rows[0]["time step t"] == "1"
    for label in ("RNN", "LSTM"):
        known = record(Config(label.lower(), gain=0.7, seed=4)).log10_dh
        assert [float(r[f"{label}: ∂L/∂h"]) for r in rows] == pytest.approx(10.0**known, rel=1e-9)


def test_what_is_exactly_0_is_0_in_the_table_and_said_in_the_figure(person):
    person.open("/gradient_flow?gain=0&steps=20")
    _, rows = tables(taken(person, "CSV"))
    assert [row["RNN: ∂L/∂h"] for row in rows[:-1]] == ["0"] * 19 and float(rows[-1]["RNN: ∂L/∂h"]) > 0
    assert "RNN: ∂L/∂h is exactly 0 at steps 1 to 19" in person.page.locator(".rv-figure").first.inner_text()


def test_what_no_number_can_hold_is_written_out(person):
    person.open("/gradient_flow?gain=0.01&steps=300&window=all&cells=RNN")
    _, rows = tables(taken(person, "CSV"))
    mantissa, power = rows[0]["RNN: ∂L/∂h"].split("e")
    known = record(Config("rnn", gain=0.01, steps=300)).log10_dh[0]
    assert int(power) < -400 and int(power) == int(known // 1) and 1 <= float(mantissa) < 10


def test_a_map_is_one_tidy_table(person):
    person.open("/the_cliff?predict=false&cliff_step=5&cliff_relief=true")
    for k, across, up in ((0, "recurrent weight w", "bias b"), (2, "w", "b")):
        _, rows = tables(taken(person, "CSV", k))
        assert set(rows[0]) == {"curve", across, up, "error E"}
        ground = [row for row in rows if row["curve"] == "error E"]
        assert len(ground) == 81 * 81 and all(0 <= float(row["error E"]) <= 0.5 for row in ground)
        assert len([row for row in rows if row["curve"] == "clipped by norm"]) == 6


def test_points_above_one_another_all_have_a_row(person):
    person.open("/why_it_vanishes?view=exponents&hidden_size=8&shown=RNN&step=30")
    _, rows = tables(taken(person, "CSV"))
    assert len([row for row in rows if row["curve"] == "this step"]) == 8
    _, bars = tables(taken(person, "CSV", 1))
    assert [row["direction, largest first"] for row in bars] == [str(k) for k in range(1, 9)]


def test_a_loss_is_a_loss(person):
    page = person.page
    page.goto(
        person.server + "/training?train_hidden_size=4&train_networks=1&train_sequences=2&train_updates=20&train_seed=6"
    )
    page.get_by_role("button", name="Train", exact=True).click(timeout=30_000)
    page.get_by_text("Update 20 of 20, done").wait_for(timeout=30_000)
    person.settled()
    notes, rows = tables(taken(person, "CSV"))
    assert "seed 6" in notes[1] and "train_updates = 20" in notes[1]
    drawn = dict(person.figure())
    assert rows[0]["updates"] == "0" and len(drawn) == 4
    for name, curve in drawn.items():
        first = next(float(row[name]) for row in rows if row[name])
        assert first == pytest.approx(10.0 ** curve[0], rel=1e-6) and first > 1


def test_a_picture_says_where_it_is_from_and_holds_its_whole_legend(person):
    person.open("/gradient_flow?gain=0.7&seed=4&bound=true&slope=true&steps=60&hidden_size=12&input_scale=2")
    drawing = taken(person, "SVG").decode()
    words = re.sub(r"<[^>]*>", " ", drawing)
    for part in (
        f"rnnviz {__version__}, seed 4",
        "gain = 0.7",
        "hidden_size = 12",
        "/gradient_flow?",
        "How much of the gradient reaches each step",
    ):
        assert part in words
    # The page of the test shows it: every word of it lies within its edges, and no two entries on one another.
    context = person.page.context.browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.set_content(drawing)
    edges = page.evaluate("""() => {
      const { right, bottom } = document.querySelector('svg').getBoundingClientRect();
      return [...document.querySelectorAll('svg text')].map(t => [t.textContent, t.getBoundingClientRect()])
        .filter(([, b]) => b.width && (b.left < 0 || b.top < 0 || b.right > right || b.bottom > bottom))
        .map(([t]) => t); }""")
    boxes = (
        "s => [...document.querySelectorAll(s)].map(t => { const b = t.getBoundingClientRect();"
        " return [b.left, b.right, b.top - 1, b.bottom + 1]; })"
    )
    legend, samples = (page.evaluate(boxes, f".legend .{part}") for part in ("legendtext", "legendlines path"))
    top = page.evaluate("() => document.querySelector('.gtitle').getBoundingClientRect().bottom")
    assert edges == [] and len(legend) == 6
    assert all(b[2] >= top - 1 for b in legend)
    assert len(samples) >= 6 and not any(
        a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]
        for i, a in enumerate(legend)
        for b in (*legend[:i], *samples)
    )
    context.close()


# ---- legible -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "width, path",
    [
        (390, "/gradient_flow?formats=float16"),
        (1280, "/the_cliff?predict=false"),
        (390, "/why_it_vanishes?view=influence"),
    ],
)
def test_numbers_on_axes_are_large_enough(sized, width, path):
    somebody = sized(width, 1600)
    somebody.open(path)
    sizes = somebody.page.evaluate("""() => [...document.querySelectorAll('.rv-figure svg text')]
      .flatMap(t => [t, ...t.querySelectorAll('tspan')]).filter(t => t.textContent.trim())
      .map(t => [t.textContent, parseFloat(getComputedStyle(t).fontSize), !!t.matches(':is(.xtick, .ytick) text')])""")
    assert sizes and all(size >= 12 for _, size, _ in sizes)
    fonts = somebody.page.evaluate(
        "() => [...document.querySelectorAll('.rv-figure svg text')]"
        ".filter(t => t.textContent.trim()).map(t => getComputedStyle(t).fontFamily)"
    )
    assert len(set(fonts)) == 1
    assert all(size >= 14 for _, size, tick in sizes if tick)


def test_the_mark_of_a_step_leaves_titles_alone(person):
    person.open("/inside_the_cell?step=12")
    page = person.page
    mask = page.evaluate("() => getComputedStyle(document.querySelector('.rv-mark')).maskImage")
    assert mask.startswith("linear-gradient") and mask.count("%") == 4 * 7


def test_buttons_stand_below_the_axis(sized):
    for width in (1280, 390):
        somebody = sized(width, 1600)
        somebody.open("/the_cliff?predict=false")
        low, high = somebody.page.evaluate("""() => [document.querySelector('.xtitle').getBoundingClientRect().bottom,
          document.querySelector('.rv-take button').getBoundingClientRect().top]""")
        assert low <= high
