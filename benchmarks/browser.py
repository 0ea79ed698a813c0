"""How fast a page answers in a browser: python -m benchmarks.browser

From a key press on the gain slider to the changed picture: Plotly has drawn the new values and the browser has had a
frame to paint them. The bare page has one slider and one line, by the same components, and is measured in turn with
the pages. Dragging moves the slider with the mouse for three seconds and counts the pictures that were drawn.
"""

import shutil
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from somebody import FLAGS, serving

KEY_TO_PICTURE = """() => new Promise((done) => {
  const root = document.querySelector('.rv-plot'), drawn = root.dataset.drawn;
  const flat = (a) => (a ? Array.from(a, (v) => (v?.length === undefined ? v : v.join())).join() : "");
  const values = () => root.querySelector('.rv-figure')._fullData.map((t) => flat(t.z) + flat(t.y) + flat(t.x)).join();
  const before = values();
  let start;
  window.addEventListener('keydown', () => { start = performance.now(); }, { capture: true, once: true });
  new MutationObserver((_, observer) => {
    if (root.dataset.drawn === drawn || values() === before) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
  }).observe(root, { attributes: true });
  window.armed = true;
})"""
ADDRESSES = {
    "gradient_flow": "gradient_flow",
    "inside_the_cell": "inside_the_cell",
    "the_cliff": "the_cliff?predict=false",
    "singular_values": "why_it_vanishes?predict=false",
    "eigenvalues": "why_it_vanishes?predict=false&view=eigenvalues+and+exponents",
    "who_learns_from_whom": "why_it_vanishes?predict=false&view=who+learns+from+whom&reach=1000",
    "number_formats": "why_it_vanishes?predict=false&view=number+formats",
}
TARGETS = dict.fromkeys(ADDRESSES, 2.5) | {"gradient_flow": 1.5}
DRAWN = "+document.querySelector('.rv-plot').dataset.drawn"


def main():
    with serving() as app, serving("benchmarks/bare_page.py") as bare, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        pages, times = {}, {}
        for name, address in {"bare": bare, **{n: f"{app}/{a}" for n, a in ADDRESSES.items()}}.items():
            page = pages[name] = browser.new_context(viewport={"width": 1366, "height": 900}).new_page()
            start = perf_counter()
            page.goto(address)
            page.wait_for_selector(".rv-plot[data-drawn]", timeout=60_000)
            print(f"page={name} first_figure_s={perf_counter() - start:.2f}", flush=True)
            page.wait_for_timeout(2000)
            times[name] = []
        for turn in range(33):
            for name, page in pages.items():
                page.bring_to_front()
                page.locator(".rv-live input").first.focus()
                page.evaluate("window.result = undefined")
                page.evaluate(f"({KEY_TO_PICTURE})().then(ms => {{ window.result = ms; }}); 0")
                page.keyboard.press("ArrowRight")
                page.wait_for_function("window.result !== undefined", timeout=20_000)
                if turn >= 3:
                    times[name].append(page.evaluate("window.result"))
                page.wait_for_timeout(700)
        medians = {name: median(values) for name, values in times.items()}
        for name, ms in medians.items():
            late = sorted(times[name])[int(0.95 * len(times[name]))]
            ratio = ms / medians["bare"]
            print(f"page={name} key_to_picture_ms={ms:.0f} p95_ms={late:.0f} ratio={ratio:.2f}", flush=True)
        rates = {}
        for name in TARGETS:
            page = pages[name]
            page.bring_to_front()
            box = page.locator(".rv-live input").first.bounding_box()
            page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] / 2)
            page.mouse.down()
            first, start, k = page.evaluate(DRAWN), perf_counter(), 0
            while perf_counter() - start < 3:
                k += 1
                page.mouse.move(box["x"] + box["width"] * (0.2 + 0.5 * (k % 200) / 200), box["y"] + box["height"] / 2)
                page.wait_for_timeout(8)
            rates[name] = (page.evaluate(DRAWN) - first) / (perf_counter() - start)
            page.mouse.up()
            print(f"drag page={name} pictures_per_s={rates[name]:.1f}", flush=True)
        for name, most in TARGETS.items():
            ratio, rate = medians[name] / medians["bare"], rates[name]
            verdict = "met" if ratio <= most else "MISSED"
            print(f"target {name} at most {most} times the bare page: {ratio:.2f}, {verdict}")
            print(f"target {name} at least 10 pictures a second: {rate:.1f}, {'met' if rate >= 10 else 'MISSED'}")
        browser.close()


if __name__ == "__main__":
    main()
