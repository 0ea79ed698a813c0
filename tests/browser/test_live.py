"""Live sliders in a real browser: scenes while they move, one answer where they rest, one entry of history a move."""

import base64
import re

import pytest
from somebody import Person
from streamlit.proto.BackMsg_pb2 import BackMsg

GAIN = re.compile("Recurrent gain")
PAGES = {
    "/gradient_flow": "gain",
    "/inside_the_cell?beside=GRU&direction=backward": "gain",
    "/the_cliff?predict=false&cliff_w=5": "cliff_step",
    "/why_it_vanishes?shown=LSTM&view=exponents": "step",
    "/why_it_vanishes?shown=LSTM&view=phase": "gain",
}
PAINTED = (
    "[...document.querySelectorAll('.rv-plot, .rv-numbers, .rv-sentences')].reduce((n, r) => n + (r.painted ?? 0), 0)"
)


class Hand:
    """Somebody's hand on a live slider, and the values that the server hears of."""

    def __init__(self, person, name):
        self.person, self.page, self.name = person, person.page, name
        self.heard, self.last = [], None
        self.input = self.page.locator(f".rv-live input[data-slider='{name}']")
        self.page.on("websocket", lambda line: line.on("framesent", self.hear))

    def hear(self, data):
        """Every message carries what all controls stand at: a value is news where its number is."""
        message = BackMsg()
        message.ParseFromString(data)
        for state in message.rerun_script.widget_states.widgets:
            if f"live-{self.name}" in state.id and state.json_value not in ("", self.last):
                self.last = state.json_value
                self.heard.append(state.json_value)

    def open(self, path):
        self.person.open(path)
        self.input.scroll_into_view_if_needed()
        self.input.hover()
        self.page.wait_for_function(
            "n => { const f = window.rnnvizFilms?.get(n); return f && f.start > 0 && !f.more && f.near.size; }",
            arg=self.name,
            timeout=60_000,
        )
        self.person.settled()
        return self

    def at(self, part):
        box = self.input.bounding_box()
        return box["x"] + part * box["width"], box["y"] + box["height"] / 2

    def drag(self, *parts):
        """Press at the first part of its length and go to the others, without letting go."""
        self.page.mouse.move(*self.at(parts[0]))
        self.page.mouse.down()
        for part in parts[1:]:
            self.page.mouse.move(*self.at(part))
            self.page.wait_for_timeout(30)

    @property
    def shown(self):
        return self.input.locator("xpath=preceding-sibling::output").inner_text()

    def rested(self):
        """Wait until what the server answered is drawn."""
        self.page.wait_for_function(
            "() => !window.rnnvizMoving && ![...document.querySelectorAll('canvas.rv-scene')].some(c => !c.hidden)",
            timeout=30_000,
        )
        self.person.settled()


@pytest.mark.parametrize("path", PAGES)
def test_a_drag_is_drawn_by_the_browser_and_answered_once(person, browser, server, path):
    hand = Hand(person, PAGES[path]).open(path)
    hand.drag(0.3)
    painted, before = person.page.evaluate(PAINTED), len(hand.heard)
    for k in range(12):
        person.page.mouse.move(*hand.at(0.3 + 0.03 * k))
        person.page.wait_for_timeout(30)
    person.page.wait_for_function(f"({PAINTED}) > {painted} + 4", timeout=10_000)
    assert len(hand.heard) == before, "the server heard of a move"
    held = hand.shown
    person.page.mouse.up()
    hand.rested()
    assert hand.shown == held, "the value that was shown is the value that stays"
    person.page.wait_for_function("n => location.search.includes(n + '=')", arg=hand.name)
    person.page.wait_for_timeout(700)
    assert len(hand.heard) == before + 1, "one move, one answer"
    figures = range(person.page.locator(".rv-figure").count())
    other = Person(browser.new_context().new_page(), server).open(person.page.url.removeprefix(server))
    other.page.wait_for_function(f"document.querySelectorAll('.rv-plot[data-drawn]').length === {len(figures)}")
    assert [other.figure(k) for k in figures] == [person.figure(k) for k in figures]
    other.page.context.close()


def test_what_is_painted_is_the_scene_of_the_value_that_is_shown(person):
    hand = Hand(person, "gain").open("/gradient_flow")
    hand.drag(0.3, 0.31, 0.6)
    person.page.wait_for_function("document.querySelector('.rv-sentences[aria-busy]') !== null")
    person.page.wait_for_timeout(100)
    value = float(hand.shown)
    scene = "v => { const p = window.rnnvizFilms.get('gain').at(v).pictures('reach'); return p.of(p.text); }"
    said = person.page.evaluate(scene, value)
    told = person.page.locator(".rv-sentences", has_text="How far it reaches").inner_text()
    plain = said.replace("*", "").replace("#", "").split()
    assert told.split() == plain
    assert person.page.get_by_text("Your own settings.").is_visible(), "no preset has this gain"
    canvas = person.page.locator("canvas.rv-scene").first
    assert canvas.is_visible()
    colours = canvas.evaluate("c => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size")
    assert colours > 3
    hidden = "getComputedStyle(document.querySelector('.rv-figure .overplot')).visibility"
    assert person.page.evaluate(hidden) == "hidden"
    person.page.mouse.up()
    hand.rested()
    assert person.page.evaluate(hidden) == "visible"


PATIENT = "const wait = setTimeout; window.setTimeout = (f, ms, ...more) => wait(f, ms === 400 ? 6e5 : ms, ...more)"
"""A slider that rests where the hand lets go, however long it was held still: a picture of the screen takes a while."""

UNLIKE = """async (shots) => {
  const [a, b] = await Promise.all(shots.map(async (shot) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${shot}`)).blob());
    const ink = new OffscreenCanvas(image.width, image.height).getContext("2d");
    ink.drawImage(image, 0, 0);
    return ink.getImageData(0, 0, image.width, image.height).data;
  }));
  let count = 0;
  for (let k = 0; k < a.length; k += 4) count += [0, 1, 2].some((c) => Math.abs(a[k + c] - b[k + c]) > 80);
  return count;
}"""
"""How many pixels of two pictures are clearly different."""

JUMPS = {
    "/gradient_flow?bound=true&formats=float16&steps=30": ("gain", 0.1, 0.0),
    "/inside_the_cell?shown=LSTM&steps=40": ("gain", 0.3, 0.6),
    "/inside_the_cell?shown=RNN&activation=relu&steps=40": ("gain", 0.3, 0.6),
    "/the_cliff?predict=false&cliff_step=20": ("cliff_b", 0.5, 0.65),
    "/why_it_vanishes?shown=RNN&view=exponents": ("gain", 0.3, 0.75),
    "/why_it_vanishes?shown=LSTM&view=paths": ("gain", 0.3, 0.6),
    "/why_it_vanishes?shown=RNN&view=formats&window=double": ("gain", 0.4, 0.1),
    "/lessons?predict=false&stage=3.3": ("at_3.3", 0.3, 0.6),
}


@pytest.mark.parametrize("path", JUMPS)
def test_nothing_jumps_where_the_hand_lets_go(person, path):
    page = person.page
    page.set_viewport_size({"width": 1280, "height": 2000})
    page.add_init_script(PATIENT)
    name, start, end = JUMPS[path]
    hand = Hand(person, name).open(path)
    figures = page.locator(".rv-plot")

    def shots():
        boxes = [figures.nth(k).bounding_box() for k in range(figures.count())]
        return [base64.b64encode(page.screenshot(clip=box)).decode() for box in boxes]

    hand.drag(start, (start + end) / 2, end)
    page.wait_for_timeout(200)
    assert page.locator("canvas.rv-scene").first.is_visible()
    held = shots()
    page.mouse.up()
    hand.rested()
    page.mouse.move(0, 0)
    unlike = [page.evaluate(UNLIKE, list(pair)) for pair in zip(held, shots(), strict=True)]
    # Letters that stand half a pixel aside are a hundred or so; what jumps is many hundreds.
    assert max(unlike) < 200, unlike


def test_out_and_back_again_asks_nothing(person):
    hand = Hand(person, "gain").open("/gradient_flow")
    figure = person.figure()
    for _ in range(2):
        # Where it rests, the scenes around it come in; the second time it rests exactly under the hand.
        hand.drag(0.3, 0.4, 0.3)
        person.page.mouse.up()
        hand.rested()
        person.page.wait_for_timeout(1000)
    figure, value, before = person.changed(figure), hand.shown, len(hand.heard)
    hand.drag(0.3, 0.5, 0.3)
    assert hand.shown == value
    person.page.mouse.up()
    hand.rested()
    assert person.figure() == figure and len(hand.heard) == before


@pytest.mark.parametrize("known", [True, False], ids=["with scenes", "without"])
def test_one_press_one_answer(person, known):
    hand = Hand(person, "gain").open("/gradient_flow")
    if not known:
        person.page.evaluate("window.rnnvizFilms.get('gain').scenes.clear()")
    drawn = "[...document.querySelectorAll('.rv-plot')].map(r => +r.dataset.drawn)"
    counts, before, heard = person.page.evaluate(drawn), person.figure(), len(hand.heard)
    person.press(GAIN, "ArrowRight")
    if known:
        person.page.wait_for_selector("canvas.rv-scene", timeout=2000)
    person.changed(before)
    person.page.wait_for_url(re.compile(r"gain=1\.01"), timeout=10_000)
    person.page.wait_for_timeout(1500)
    assert len(hand.heard) == heard + 1
    assert person.page.evaluate(drawn) == [n + 1 for n in counts], "each figure is drawn once"


def test_what_stays_the_same_is_not_drawn_again(person):
    hand = Hand(person, "step").open("/gradient_flow")
    drawn = person.page.evaluate("+document.querySelector('.rv-plot').dataset.drawn")
    person.press(re.compile("Time step"), "End")
    person.page.wait_for_url(re.compile("step=100"), timeout=10_000)
    assert person.page.locator(".rv-sentences", has_text="at step 100").count() == 1
    person.page.wait_for_timeout(500)
    assert person.page.evaluate("+document.querySelector('.rv-plot').dataset.drawn") == drawn
    assert hand.shown == "100"


def test_other_settings_leave_no_scene_of_the_old_ones(person):
    hand = Hand(person, "gain").open("/gradient_flow")
    key = "window.rnnvizFilms.get('gain').key"
    before, figure = person.page.evaluate(key), person.figure()
    person.page.get_by_role("button", name="Reseed").click()
    person.changed(figure)
    person.page.wait_for_function(f"{key} !== '{before}'")
    hand.rested()


def test_too_large_a_network_is_asked_for_at_every_move(person):
    person.open("/gradient_flow?steps=1000&hidden_size=128")
    person.page.wait_for_function("window.rnnvizFilms?.get('gain')?.more === false", timeout=60_000)
    assert person.page.evaluate("window.rnnvizFilms.get('gain').scenes.size") <= 81
    before = person.figure()
    person.press(GAIN, "End")
    person.changed(before)


def test_a_finger(browser, server):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    person = Person(context.new_page(), server)
    hand = Hand(person, "gain")
    person.open("/gradient_flow")
    hand.input.scroll_into_view_if_needed()
    person.page.wait_for_function("window.rnnvizFilms?.get('gain')?.more === false", timeout=60_000)
    box, before = hand.input.bounding_box(), person.figure()
    stood = hand.shown, hand.input.input_value()
    fingers = context.new_cdp_session(person.page)

    def touch(kind, part=None, up=0):
        y = box["y"] + box["height"] / 2 - up
        points = [] if part is None else [{"x": box["x"] + part * box["width"], "y": y}]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.75)
    for k in range(1, 10):
        touch("touchMove", 0.75, 12 * k)
        person.page.wait_for_timeout(30)
    touch("touchEnd")
    person.page.wait_for_timeout(1000)
    assert not hand.heard and (hand.shown, hand.input.input_value()) == stood, "it scrolled the page"
    assert hand.input.bounding_box()["y"] != box["y"]
    hand.input.scroll_into_view_if_needed()
    box = hand.input.bounding_box()
    touch("touchStart", 0.25)
    for k in range(10):
        touch("touchMove", 0.25 + 0.04 * k)
        person.page.wait_for_timeout(30)
    assert person.page.evaluate(PAINTED) > 3
    assert not hand.heard
    touch("touchEnd")
    person.changed(before)
    hand.rested()
    person.page.wait_for_url(re.compile("gain="), timeout=10_000)
    context.close()


def test_back_and_forward_restore_exactly_what_was_one_entry_an_action(person):
    person.open("/gradient_flow")
    person.page.wait_for_timeout(500)
    entries = "history.length"
    start = person.page.evaluate(entries)
    seen = [(person.page.url, person.figure())]

    def acted(do, url):
        before = person.figure()
        do()
        person.page.wait_for_url(url, timeout=15_000)
        person.changed(before)
        person.settled()
        seen.append((person.page.url, person.figure()))
        assert person.page.evaluate(entries) == start + len(seen) - 1, "one action, one entry"

    acted(lambda: person.page.get_by_text("Exploding", exact=True).first.click(), re.compile("gain=3"))
    acted(lambda: person.press(GAIN, "End"), re.compile("gain=4"))
    hidden = person.page.get_by_role("slider", name="Hidden units H")
    acted(lambda: (hidden.focus(), person.page.keyboard.press("Home")), re.compile("(?=.*gain=4)(?=.*hidden_size=1)"))
    acted(lambda: person.page.get_by_text("Forget bias 5", exact=True).first.click(), re.compile("forget_bias=5"))
    for url, figure in seen[-2::-1]:
        before = person.figure()
        person.page.go_back()
        person.changed(before)
        person.settled()
        assert (person.page.url, person.figure()) == (url, figure)
    for url, figure in seen[1:]:
        before = person.figure()
        person.page.go_forward()
        person.changed(before)
        person.settled()
        assert (person.page.url, person.figure()) == (url, figure)
    assert person.page.evaluate(entries) == start + len(seen) - 1


def test_back_goes_from_page_to_page(person):
    person.open("/gradient_flow?gain=2&steps=40")
    flow = person.figure()
    person.page.get_by_role("link", name="Inside the cell").first.click()
    person.page.wait_for_url(re.compile("inside_the_cell.*gain=2"), timeout=10_000)
    person.page.wait_for_function("document.querySelector('.rv-figure')?._fullData?.length > 4")
    person.settled()
    inside = person.figure()
    before = person.figure()
    person.press(GAIN, "End")
    person.changed(before)
    person.page.wait_for_url(re.compile("gain=4"))
    person.page.go_back()
    person.page.wait_for_url(re.compile("inside_the_cell.*gain=2"))
    person.page.wait_for_function("document.querySelector('.rv-live output').textContent === '2.00'")
    person.settled()
    assert person.figure() == inside
    person.page.go_back()
    person.page.wait_for_url(re.compile("gradient_flow.*gain=2"))
    person.page.wait_for_function("document.querySelector('.rv-figure')?._fullData?.length === 4")
    person.settled()
    assert person.figure() == flow


def test_a_link_in_a_new_tab_takes_the_settings_along(person, browser, server):
    person.open("/gradient_flow?gain=2&steps=40")
    link = person.page.get_by_role("link", name="Inside the cell").first
    link.hover()
    address = link.get_attribute("href")
    assert "gain=2" in address and "steps=40" in address


@pytest.mark.parametrize("button, address", [("Reseed", "seed="), ("Exploding", "gain=3")])
def test_a_button_pressed_right_after_a_key(person, browser, server, button, address):
    Hand(person, "gain").open("/gradient_flow")
    person.press(GAIN, "End")
    person.page.get_by_text(button, exact=True).first.click()
    person.page.wait_for_url(re.compile(address), timeout=15_000)
    person.page.wait_for_timeout(2000)
    person.settled()
    wanted = "4.00" if button == "Reseed" else "3.00"
    assert person.page.locator(".rv-live output").first.inner_text() == wanted
    other = Person(browser.new_context().new_page(), server).open(person.page.url.removeprefix(server))
    assert other.figure() == person.figure()
    other.page.context.close()
