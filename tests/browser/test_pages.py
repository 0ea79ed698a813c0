"""Every page, in a real browser: opened, dragged, typed into, linked to, taken away from."""

import itertools
import math
import re

import pytest
from somebody import Person
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.sync.client import connect

PAGES = ("/", "/gradient_flow", "/inside_the_cell")
LESSONS = PAGES[1:]
GAIN, STEP = re.compile("Recurrent gain"), re.compile("Time step")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("scheme, size", [("light", (1366, 850)), ("dark", (390, 844))], ids=["wide", "phone"])
def test_opens(browser, server, path, scheme, size):
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    somebody = Person(context.new_page(), server).open(path)
    assert all(len(values) > 1 for _, values in somebody.figure())
    somebody.fits()
    background = somebody.page.evaluate("document.querySelector('.rv-figure')._fullLayout.paper_bgcolor")
    light = (
        sum(int(n) for n in re.findall(r"\d+", background)[:3]) > 380
        if "rgb" in background
        else (sum(int(background[i : i + 2], 16) for i in (1, 3, 5)) > 380)
    )
    assert light == (scheme == "light")
    context.close()


@pytest.mark.parametrize("path", LESSONS)
def test_gain_answers_while_dragged(person, path):
    person.open(path)
    before = person.figure()
    box = person.slider(GAIN).bounding_box()
    across = lambda part: (box["x"] + part * box["width"], box["y"] + box["height"] / 2)  # noqa: E731
    person.page.mouse.move(*across(0.26))
    person.page.mouse.down()
    for k in range(20):
        person.page.mouse.move(*across(0.26 + 0.02 * k))
    during = person.changed(before)
    person.page.mouse.up()
    person.page.wait_for_url(re.compile("gain="), timeout=10_000)
    assert person.figure() != before and during != before
    person.healthy()


@pytest.mark.parametrize("path", LESSONS)
def test_keys_alone(person, path):
    person.open(path)
    before = person.figure()
    person.press(GAIN, "End")
    end = person.changed(before)
    person.press(GAIN, "Home")
    home = person.changed(end)
    person.press(GAIN, "ArrowRight")
    person.changed(home)
    person.page.wait_for_url(re.compile(r"gain=0\.01"), timeout=10_000)


def test_the_same_node_keeps_its_zoom(person):
    person.open("/gradient_flow")
    person.page.evaluate("document.querySelector('.rv-figure').mine = 1")
    box = person.page.locator(".rv-figure").first.bounding_box()
    person.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 100)
    person.page.mouse.down()
    person.page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 250, steps=5)
    person.page.mouse.up()
    zoomed = "document.querySelector('.rv-figure')._fullLayout.xaxis.range"
    person.page.wait_for_function(f"{zoomed}[0] > 10")
    kept = person.page.evaluate(zoomed)
    before = person.figure()
    person.press(GAIN, "ArrowRight")
    person.changed(before)
    assert person.page.evaluate("document.querySelector('.rv-figure').mine") == 1
    assert person.page.evaluate(zoomed) == kept


@pytest.mark.parametrize(
    "path",
    [
        "/gradient_flow?gain=1.7&steps=60&hidden_size=12&cells=LSTM&cells=GRU&forget_bias=3&window=wide&step=20",
        "/gradient_flow?input=text&text=abracadabra&loss=one&loss_step=7&seed=5&bound=true&init=orthogonal",
        "/inside_the_cell?shown=GRU&gain=1.3&steps=40&step=25&unit=4&beside=RNN",
    ],
)
def test_a_link_shows_the_same_picture_on_a_fresh_server(person, fresh_server, browser, path):
    person.open(path)
    context = browser.new_context()
    other = Person(context.new_page(), fresh_server).open(path)
    assert other.figure() == person.figure()
    assert (
        other.page.locator(".rv-live output").all_inner_texts()
        == person.page.locator(".rv-live output").all_inner_texts()
    )
    assert other.page.get_by_text("Understood").count() == 0
    context.close()


def test_what_is_set_is_in_the_address(person, browser, server):
    person.open("/gradient_flow")
    before = person.figure()
    person.press(GAIN, "End")
    before = person.changed(before)
    person.page.get_by_role("slider", name="Hidden units H").focus()
    person.page.keyboard.press("Home")
    person.changed(before)
    person.page.wait_for_url(re.compile(r"(?=.*gain=4)(?=.*hidden_size=1)"), timeout=10_000)
    person.settled()
    link = person.page.url.removeprefix(server)
    context = browser.new_context()
    assert Person(context.new_page(), server).open(link).figure() == person.figure()
    context.close()


def test_nonsense_in_the_address_is_said(person):
    person.open("/gradient_flow?gain=1e999&init=%3Cscript%3Ealert(1)%3C/script%3E&hidden_size=abc&what=ever")
    said = person.page.get_by_text(re.compile("ignored|is used|Still in use|must be"))
    assert said.count() == 4
    assert person.page.locator("script", has_text="alert(1)").count() == 0


def test_presets_reseed_and_start_over(person):
    person.open("/gradient_flow")
    first = person.figure()
    seen = first
    for name in (
        "Vanishing",
        "Exploding",
        "Norm kept",
        "Identity ReLU",
        "Saturated",
        "Forget bias 0",
        "Forget bias 5",
        "LSTM explodes",
        "GRU keeps",
    ):
        person.page.get_by_text(name, exact=True).first.click()
        seen = person.changed(seen)
        person.settled()
    person.page.get_by_role("button", name="Reseed").click()
    reseeded = person.changed(seen)
    person.page.get_by_role("button", name="Start over").click()
    person.changed(reseeded)
    person.settled()
    assert person.figure() == first


def test_values_go_from_page_to_page_and_survive_a_reload(person):
    person.open("/gradient_flow?hidden_size=9&gain=1.98")
    for gain in ("1.99", "2"):
        person.press(GAIN, "ArrowRight")
        person.page.wait_for_url(re.compile(rf"gain={gain}(&|$)"), timeout=10_000)
    person.page.get_by_role("link", name="Inside the cell").first.click()
    person.page.wait_for_url(re.compile("inside_the_cell"))
    person.page.wait_for_function("document.querySelector('.rv-figure')?._fullData?.length > 4")
    person.settled()
    assert "2.00" in person.page.locator(".rv-live output").all_inner_texts()
    assert person.page.evaluate("document.querySelector('.rv-figure')._fullData.at(-1).z.length") == 9
    person.page.wait_for_url(re.compile("(?=.*gain=2)(?=.*hidden_size=9)"), timeout=10_000)
    person.press(GAIN, "ArrowRight")  # the first of this page's slider, heard though the other page's were more
    person.page.wait_for_url(re.compile("gain=2.01"), timeout=10_000)
    person.settled()
    before = person.figure()
    person.page.reload()
    person.settled()
    assert person.figure() == before


def test_the_way_back_stays_open(person):
    person.open("/")
    person.page.get_by_role("link", name="Gradient flow").first.click()
    person.page.wait_for_url(re.compile("gradient_flow"))
    person.page.wait_for_selector(".rv-live input[data-slider=gain]")
    person.settled()
    before = person.figure()
    person.press(GAIN, "End")
    person.changed(before)
    person.page.wait_for_url(re.compile("gain=4"), timeout=10_000)
    person.page.go_back()
    person.page.wait_for_url(re.compile("gradient_flow(?!.*gain=4)"), timeout=10_000)
    person.settled()
    person.page.go_back()
    person.page.wait_for_function("!location.pathname.includes('gradient_flow')", timeout=10_000)


def test_a_step_is_marked_without_the_server(person):
    person.open("/inside_the_cell?beside=GRU")
    person.page.wait_for_function("document.querySelectorAll('.rv-plot[data-drawn]').length === 2")
    person.settled()
    person.page.context.set_offline(True)
    person.press(STEP, "End")
    for where in person.page.locator(".rv-where").all():
        assert where.inner_text() == "Step 100"
    lines = person.page.locator(".rv-mark").all()
    assert len(lines) == 2 and all(line.is_visible() for line in lines)
    at_end = lines[0].bounding_box()["x"]
    person.press(STEP, "Home")
    assert lines[0].bounding_box()["x"] < at_end - 100
    person.page.get_by_role("button", name="Play").click()
    person.page.wait_for_function("document.querySelector('.rv-where').textContent === 'Step 3'", timeout=10_000)
    person.page.get_by_role("button", name="Pause").click()


CALCULATOR = {"tanh": math.tanh, "σ": lambda a: 1 / (1 + math.exp(-a)), "max": max}
KEYS = (
    (r"\s*·\s*10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: "e" + m[1].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))),
    ("−", "-"),
    ("·", "*"),
    (r"tanh²\((.*?)\)", r"tanh(\1) ** 2"),
    ("²", " ** 2"),
    ("where", "if"),
    (", else", " else"),
)
"""What to press for what stands on the screen."""


@pytest.mark.parametrize(
    "path",
    [
        "/inside_the_cell?step=30&unit=5&beside=GRU",
        "/inside_the_cell?step=30&unit=5&beside=GRU&direction=backward&loss=every&input_scale=4",
    ],
)
def test_equations_can_be_checked_by_hand(person, path):
    """Every line of numbers, typed as it stands, gives the result that stands there."""
    person.open(path)
    person.page.wait_for_function("document.querySelectorAll('.rv-lines').length === 2")
    lines = person.page.locator(".rv-lines > div").all_inner_texts()
    assert len(lines) > 14
    for line in lines:
        text = line.split("\n")[-1].removeprefix("=")
        for shown, pressed in KEYS:
            text = re.sub(shown, pressed, text)
        sum_, result = text.rsplit("=", 1)
        found = eval(sum_, {"__builtins__": {}}, CALCULATOR)
        sizes = [abs(float(n)) for n in re.findall(r"\d+\.?\d*(?:e-?\d+)?", sum_)]
        assert found == pytest.approx(float(result), rel=1e-3, abs=2e-6 * max(sizes)), line


def test_backward_goes_on_where_no_number_can_be_held(person):
    person.open("/inside_the_cell?steps=300&hidden_size=4&shown=RNN&gain=0.02&direction=backward&step=2")
    page = person.page
    assert re.search(r"10⁻[⁴⁵⁶]\S\S$", page.locator(".rv-lines > div").nth(0).inner_text())
    assert page.get_by_text("power of ten is carried apart").is_visible()
    size = "e => [...e.querySelectorAll('text, tspan')].map(t => parseFloat(getComputedStyle(t).fontSize))"
    scale = page.evaluate(
        "() => { const s = document.querySelector('.rv-wiring svg'); "
        "return s.getBoundingClientRect().width / s.viewBox.baseVal.width; }"
    )
    assert scale >= 0.999 and min(page.locator(".rv-wiring").evaluate(size)) >= 14
    inside = page.locator(".rv-wiring").evaluate(
        "e => [...e.querySelectorAll('g')].every(g => { const b = g.querySelector('rect').getBoundingClientRect();"
        " return [...g.querySelectorAll('text')].every(t => { const r = t.getBoundingClientRect();"
        " return r.left >= b.left && r.right <= b.right; }); })"
    )
    assert inside, "every number lies within its box"
    named = page.locator(".rv-wiring svg").get_attribute("aria-label")
    assert named.startswith("RNN, unit 1, backward, step 2: ∂L/∂a_h ") and "10⁻" in named
    page.get_by_text("forward", exact=True).click()
    page.wait_for_url(lambda url: "direction" not in url, timeout=10_000)
    page.wait_for_function(
        "document.querySelector('.rv-title').textContent.endsWith('forward') || "
        "[...document.querySelectorAll('.rv-numbers .rv-title')].some(t => "
        "t.textContent.endsWith('forward'))"
    )
    assert not page.get_by_text("power of ten is carried apart").is_visible()


@pytest.mark.parametrize("kind, start", [("PNG", b"\x89PNG"), ("SVG", b"<svg"), ("CSV", "\ufeff# How much".encode())])
def test_figures_to_take_away(person, kind, start):
    person.open("/gradient_flow")
    with person.page.expect_download(timeout=30_000) as download:
        person.page.get_by_role("button", name=f"Download this figure as {kind}").first.click()
    content = download.value.path().read_bytes()
    assert content.startswith(start) and len(content) > 1000
    if kind == "CSV":
        rows = [r for r in content.decode("utf-8-sig").strip().split("\n") if not r.startswith("#")]
        assert len(rows) == 101
        names, values = zip(*person.figure())
        assert rows[0].split(",")[1:] == list(names)
        assert [float(v) for v in rows[1].split(",")[1:]] == pytest.approx([10.0 ** v[0] for v in values], rel=1e-9)


def test_a_file_and_bad_files(person, tmp_path):
    person.open("/gradient_flow?input=csv")
    noise = person.figure()
    person.page.locator("[data-testid=stSidebar] summary", has_text="Input").click()

    names = itertools.count()

    def upload(content):
        path = tmp_path / f"series{next(names)}.csv"
        path.write_bytes(content)
        person.page.locator("input[type=file]").set_input_files(path)

    upload(b"jahr;wert\n" + b"".join(f"{2000 + k};{k % 7},{k % 10}\n".encode() for k in range(50)))
    used = person.changed(noise)
    person.page.get_by_text("standardised").wait_for()
    for bad in (b"\0\1\2", b"a,b\n1,2\n3\n", b"a\nx\ny\n", b"only\n1\n"):
        upload(bad)
        person.page.get_by_text("The previous input stays in use.").wait_for()
        person.settled()
        assert person.figure() == used
        upload(b"v\n" + b"".join(f"{k * k % 11}\n".encode() for k in range(50)))
        used = person.changed(used) if used != person.figure() else used
        person.page.get_by_text("The previous input stays in use.").wait_for(state="detached")
        used = person.figure()


def test_closing_a_tab_while_it_is_answered_leaves_no_traceback(fresh_server):
    """One message more and the end of the connection in one packet, as when a tab closes in the middle of a drag."""
    rerun = BackMsg()
    rerun.rerun_script.page_name = "inside_the_cell"
    message = rerun.SerializeToString()
    for answers in range(30):
        address = fresh_server.replace("http", "ws", 1) + "/_stcore/stream"
        with connect(address, subprotocols=["streamlit"], max_size=None, close_timeout=0.1) as line:
            line.send(message)
            for _ in range(5 + answers):
                line.recv()
            with line.protocol_mutex:
                line.protocol.send_binary(message)
                line.protocol.send_close()
                line.socket.sendall(b"".join(line.protocol.data_to_send()))
    # The fixture looks through what the server has logged.
