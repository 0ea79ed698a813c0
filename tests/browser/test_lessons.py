"""The cliff and the training page in a real browser."""

import re
import time

import pytest
from somebody import Person

from rnnviz.ui.state import VIEWS

CLIFF = "/the_cliff?predict=false"
SMALL = "/training?train_hidden_size=8&train_networks=2&train_sequences=4&train_length=20&train_updates=20000"


def test_open(browser, server):
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    somebody = Person(context.new_page(), server).open(CLIFF + "&cliff_relief=true")
    somebody.page.wait_for_function("document.querySelectorAll('.rv-plot[data-drawn]').length === 3", timeout=30_000)
    somebody.page.goto(server + SMALL)
    begin(somebody.page)
    click(somebody.page, "Pause")
    somebody.settled()
    somebody.fits()
    context.close()


# ---- the cliff -----------------------------------------------------------------------------------------------------


def test_a_guess_comes_first(person):
    person.open("/the_cliff")
    before = person.figure()
    paths = {"not clipped", "clipped by norm", "clipped by value"}
    assert {name: values for name, values in before if name in paths} == {name: [] for name in paths}
    person.page.get_by_text("thrown out of the picture", exact=True).click()
    assert all(len(values) == 26 for name, values in person.changed(before) if name in paths)
    assert "Your guess was" in person.page.inner_text("body")


def test_rate_and_threshold_answer_while_dragged(person):
    person.open(CLIFF)
    for label in ("Threshold of clipping", "Learning rate", "Start: weight w", "Start: bias b"):
        before = person.figure()
        box = person.slider(label).bounding_box()
        person.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + box["height"] / 2)
        person.page.mouse.down()
        for k in range(8):
            person.page.mouse.move(box["x"] + (0.5 + 0.02 * k) * box["width"], box["y"] + box["height"] / 2)
        during = person.changed(before)
        person.page.mouse.up()
        assert during != before
        person.settled()
    person.page.wait_for_url(re.compile("(?=.*cliff_rate=)(?=.*cliff_w=)"), timeout=10_000)


def test_a_click_sets_the_start(person):
    person.open(CLIFF)
    person.page.wait_for_timeout(500)
    before = person.page.locator(".rv-live output").first.inner_text()
    start, entries = person.page.url, person.page.evaluate("history.length")
    box = person.page.locator(".rv-figure .nsewdrag").first.bounding_box()
    person.page.mouse.click(box["x"] + 0.85 * box["width"], box["y"] + 0.3 * box["height"])
    person.page.wait_for_function(
        "old => document.querySelector('.rv-live output').textContent !== old", arg=before, timeout=10_000
    )
    values = [float(t.replace("−", "-")) for t in person.page.locator(".rv-live output").all_inner_texts()[:2]]
    assert values[0] == pytest.approx(7.1, abs=0.15) and values[1] == pytest.approx(-1.2, abs=0.15)
    person.page.wait_for_url(re.compile("(?=.*cliff_b=)(?=.*cliff_w=)"), timeout=10_000)
    person.page.wait_for_timeout(500)
    assert person.page.evaluate("history.length") == entries + 1, "one click, one entry"
    person.page.go_back()
    person.page.wait_for_function("old => document.querySelector('.rv-live output').textContent === old", arg=before)
    assert person.page.url == start


def test_it_plays(person):
    person.open(CLIFF)
    before = person.figure()
    update = person.page.locator(".rv-live output").last
    assert update.inner_text() == "25"
    person.page.wait_for_function("window.rnnvizFilms?.get('cliff_step')?.scenes.size === 61", timeout=30_000)
    person.page.get_by_role("button", name="Play").click()
    person.page.wait_for_function("+[...document.querySelectorAll('.rv-live output')].at(-1).textContent >= 28")
    person.page.get_by_role("button", name="Pause").click()
    # Scenes are painted while it plays; where it rests the figure is drawn.
    person.changed(before)
    person.settled()
    assert person.page.evaluate("Math.max(...[...document.querySelectorAll('.rv-plot')].map(r => r.painted ?? 0))") >= 2


# ---- training ------------------------------------------------------------------------------------------------------


def begin(page):
    page.get_by_role("button", name="Train", exact=True).click(timeout=30_000)
    page.wait_for_function("document.querySelectorAll('.rv-plot[data-drawn]').length >= 4", timeout=30_000)


def updates(page):
    text = page.locator("[data-testid=stProgress]").inner_text()
    return int(re.search(r"Update ([\d,]+) of", text).group(1).replace(",", ""))


def click(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def wait_updates(page, beyond, timeout=15_000):
    page.wait_for_function(
        "n => Number(document.querySelector('[data-testid=stProgress]')?.innerText.match(/Update ([\\d,]+)/)?.[1]"
        ".replaceAll(',', '')) > n",
        arg=beyond,
        timeout=timeout,
    )


def rest(page):
    """Wait until two looks a second apart show the same update."""
    page.get_by_text(re.compile("paused|stopped|done")).first.wait_for(timeout=10_000)
    one = updates(page)
    page.wait_for_timeout(1000)
    assert updates(page) == one
    return one


def test_start_pause_go_on_one_update_stop_rewind(person):
    page = person.page
    page.goto(person.server + SMALL)
    begin(page)
    wait_updates(page, 50)
    click(page, "Pause")
    at = rest(page)
    click(page, "One update")
    wait_updates(page, at)
    assert updates(page) == at + 1
    click(page, "Go on")
    wait_updates(page, at + 50)
    click(page, "Stop")
    rest(page)
    assert page.get_by_role("button", name="Go on").is_disabled()
    click(page, "Rewind")
    page.get_by_text("Update 0 of").wait_for(timeout=10_000)
    click(page, "Go on")
    wait_updates(page, 50)
    click(page, "Pause")
    person.settled()
    assert "of 2 seeds" in page.inner_text("body")


def test_a_run_that_ends_by_itself_can_be_rewound(person):
    page = person.page
    page.goto(person.server + SMALL.replace("20000", "60"))
    begin(page)
    page.get_by_text("Update 60 of 60, done").wait_for(timeout=20_000)
    page.get_by_text("Look inside").wait_for(timeout=10_000)
    assert page.get_by_role("button", name="Pause").count() == 0
    click(page, "Rewind")
    page.get_by_text("Update 0 of").wait_for(timeout=10_000)
    person.settled()


def test_a_page_answers_while_it_trains(person):
    page = person.page
    page.goto(person.server + SMALL)
    begin(page)
    wait_updates(page, 30)
    click(page, "Pause")
    page.get_by_role("button", name="Go on").wait_for(timeout=5_000)
    click(page, "Go on")
    wait_updates(page, updates(page) + 30)
    click(page, "Stop")
    person.settled()


def test_a_link_makes_the_same_run(person, browser, fresh_server):
    link = SMALL.replace("20000", "60") + "&train_seed=3"
    curves = []
    for server in (person.server, fresh_server):
        context = browser.new_context()
        page = context.new_page()
        page.goto(server + link)
        begin(page)
        page.get_by_text(re.compile("done")).first.wait_for(timeout=30_000)
        page.wait_for_timeout(500)
        curves.append(Person(page, server).figure())
        context.close()
    assert curves[0] == curves[1] and len(curves[0][0][1]) == 4


def test_two_people_do_not_see_each_other(browser, server):
    people = [browser.new_context().new_page() for _ in range(2)]
    for page, seed in zip(people, (1, 2)):
        page.goto(f"{server}{SMALL}&train_seed={seed}")
    begin(people[0])
    wait_updates(people[0], 30)
    assert people[1].locator("[data-testid=stProgress]").count() == 0
    begin(people[1])
    wait_updates(people[1], 30)
    before = updates(people[1])
    click(people[0], "Stop")
    at = rest(people[0])
    wait_updates(people[1], before + 30)
    assert updates(people[0]) == at
    for page in people:
        page.context.close()


def test_closing_the_tab_ends_the_work(browser, fresh_server):
    page = browser.new_context().new_page()
    page.goto(fresh_server + SMALL)
    begin(page)
    wait_updates(page, 30)

    def spent(seconds):
        before = fresh_server.processor_time()
        time.sleep(seconds)
        return fresh_server.processor_time() - before

    at_work = spent(2)
    page.context.close()
    time.sleep(2)
    assert spent(2) < at_work / 4


def test_presets_and_a_run_that_diverges(person):
    page = person.page
    page.goto(person.server + "/training")
    page.get_by_text("Half open or open", exact=True).click(timeout=30_000)
    page.get_by_text("The forget gates of the first start").wait_for(timeout=10_000)
    page.wait_for_url(re.compile("forget"), timeout=10_000)
    page.goto(person.server + "/training?train_cell=RNN+(linear)&train_gain=4&train_init=identity&train_length=200")
    page.get_by_role("button", name="Train", exact=True).click(timeout=30_000)
    page.get_by_text("To try:").first.wait_for(timeout=30_000)
    person.healthy()


# ---- why it vanishes -----------------------------------------------------------------------------------------------


def test_every_view_answers_while_dragged(browser, server):
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    somebody = Person(context.new_page(), server)
    for view in VIEWS:
        somebody.open(f"/why_it_vanishes?shown=LSTM&steps=40&hidden_size=8&step=20&view={view}")
        before = somebody.figure()
        somebody.press(re.compile("Recurrent gain"), "Home")
        if view == "phase":  # its rows are all gains: only the line moves
            somebody.page.wait_for_url(re.compile("gain=0"), timeout=10_000)
        else:
            somebody.changed(before)
        somebody.healthy()
        somebody.fits()
    context.close()


def test_a_click_into_the_phase_diagram_sets_the_gain(person):
    person.open("/why_it_vanishes?view=phase&shown=GRU&steps=30&hidden_size=8")
    box = person.page.locator(".rv-figure .nsewdrag").first.bounding_box()
    person.page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.25 * box["height"])
    person.page.wait_for_url(re.compile(r"gain=(2\.9|3)"), timeout=10_000)


def test_truncation_blanks_what_it_cuts(person):
    person.open("/why_it_vanishes?view=influence&shown=GRU&steps=30&hidden_size=8&reach=30")
    before = person.figure()
    seen = lambda figure: sum(v is not None and v == v for v in figure[0][1])  # noqa: E731
    assert seen(before) == 30 * 31 / 2
    person.press(re.compile("Truncated BPTT"), "Home")
    after = person.changed(before)
    assert seen(after) == 30


# ---- paper figures -------------------------------------------------------------------------------------------------


def test_the_papers_hold_on_the_page(browser, server):
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = context.new_page()
    somebody = Person(page, server)
    page.goto(server + "/paper_figures")
    page.get_by_text("All numbers", exact=True).click(timeout=30_000)
    page.get_by_role("button", name="Compute all").click()
    page.get_by_text(re.compile(r"\d+ of \d+ numbers hold")).wait_for(timeout=60_000)
    count, total = re.search(r"(\d+) of (\d+) numbers hold", page.inner_text("body")).groups()
    assert count == total and "✘" not in page.inner_text("body")
    somebody.fits()
    page.set_viewport_size({"width": 1366, "height": 850})
    somebody.fits()
    somebody.healthy()
    context.close()


@pytest.mark.parametrize("path", ["/gradient_flow", "/inside_the_cell"])
def test_numbers_can_be_checked(person, path):
    person.open(path + "?steps=30&hidden_size=8&predict=false")
    person.page.get_by_text("Are these numbers right?").click()
    person.page.get_by_role("button", name="Check these numbers").click()
    person.page.get_by_text("Ways that share no code agree").first.wait_for(timeout=20_000)
    person.healthy()
