"""How fast a page answers in a browser: python -m benchmarks.browser

From a key press on a live slider to the changed picture: either a frame that the browser had and painted, or a figure
that Plotly has drawn with the values that the server sent; the browser has had a moment to show it. The bare page has
one slider and one line, by the same components, and is measured in turn with the pages.

Dragging, see `benchmarks.hand`, moves a live slider to and fro: of every page, of the unrolled network, and of every
stage of the lessons. Where a slider passes fewer values than the target has pictures, nine of ten of them are to be
seen. It all takes about ten minutes.
"""

import asyncio
import shutil
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

from playwright.async_api import async_playwright
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from somebody import FLAGS, serving

from benchmarks.hand import drag, framed, judge
from rnnviz.course import STAGES

KEY_TO_PICTURE = """() => new Promise((done) => {
  const roots = [...document.querySelectorAll('.rv-plot, .rv-net')];
  // A press is answered once, and a figure is drawn anew only where it differs: a test holds both.
  const before = roots.map((root) => [root.painted ?? 0, root.dataset.drawn]);
  const changed = (root, k) => {
    const [painted, drawn] = before[k];
    if ((root.painted ?? 0) !== painted) return 'frame';
    return root.dataset.drawn !== drawn ? 'answer' : undefined;
  };
  window.addEventListener('keydown', () => {
    const start = performance.now();
    const look = () => {
      const how = roots.map(changed).find(Boolean);
      if (how === undefined) return requestAnimationFrame(look);
      requestAnimationFrame(() => setTimeout(() => done([how, performance.now() - start])));
    };
    requestAnimationFrame(look);
  }, { capture: true, once: true });
})"""
SCREEN = {"width": 1366, "height": 900}
DRAWN = ":is(.rv-plot, .rv-net)[data-drawn]"
VIEWS = (
    "singular values",
    "eigenvalues and exponents",
    "direct path and the rest",
    "phase diagram",
    "who learns from whom",
    "number formats",
)
ADDRESSES = {
    "gradient_flow": "gradient_flow?predict=false",
    "inside_the_cell": "inside_the_cell?predict=false",
    "the_cliff": "the_cliff?predict=false",
    **{
        view.replace(" ", "_"): f"why_it_vanishes?predict=false&reach=1000&view={view.replace(' ', '+')}"
        for view in VIEWS
    },
}
DRAGGED_ALONE = {
    "unrolled, 16 steps": "gradient_flow?predict=false&picture=unrolled&steps=16",
    "unrolled, 100 steps": "gradient_flow?predict=false&picture=unrolled",
    **{f"stage {id}": f"lessons?predict=false&stage={id}" for id, stage in STAGES.items() if stage.slider},
}
"""What is dragged and not pressed: name -> address."""

DRAGGED = {"the_cliff": ("Start: weight w", "Start: bias b", "Learning rate", "Threshold of clipping")}
"""Page -> the sliders to drag, where it is not the first one."""

PICTURES = dict.fromkeys([*ADDRESSES, *DRAGGED_ALONE], 40) | {"gradient_flow": 45, "inside_the_cell": 45}
"""Page -> pictures a second."""

TIMES = {"frame": 1.0, "answer": 2.0}
"""What a key press shows -> times of the bare page's."""

ROUNDS, SECONDS = 6, 2.0


def opened(browser, address):
    """A page at an address, its first figure drawn, and the seconds that took."""
    page = browser.new_context(viewport=SCREEN).new_page()
    start = perf_counter()
    page.goto(address)
    page.wait_for_selector(DRAWN, timeout=60_000)
    return page, perf_counter() - start


def rest(server, seconds=30.0):
    """Wait until a server has been at rest for a second: whatever is computed ahead is there."""
    end, before = perf_counter() + seconds, server.processor_time()
    while perf_counter() < end:
        sleep(1)
        now = server.processor_time()
        if now - before < 0.05:
            return
        before = now


def press(page, frames=True):
    """How a key press was answered, and the milliseconds. frames: False takes those away that the browser has."""
    page.bring_to_front()
    if not frames:
        page.evaluate("for (const film of window.rnnvizFilms?.values() ?? []) film.scenes.clear()")
    page.locator(".rv-live input").first.focus()
    page.evaluate(f"window.answered = undefined, ({KEY_TO_PICTURE})().then(found => {{ window.answered = found; }}), 0")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("window.answered !== undefined", timeout=20_000)
    return page.evaluate("window.answered")


async def drags(app):
    """Drag every live slider, in a browser of its own. Returns what `judge` takes of each."""
    verdicts = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name, address in (ADDRESSES | DRAGGED_ALONE).items():
            page = await (await browser.new_context(viewport=SCREEN)).new_page()
            await page.goto(f"{app}/{address}")
            sliders = page.locator(".rv-live input")
            await page.wait_for_selector(DRAWN, timeout=60_000)
            await sliders.first.wait_for(timeout=60_000)
            for label in DRAGGED.get(name, [None]):
                slider = sliders.first if label is None else page.get_by_role("slider", name=label, exact=True)
                await framed(page, slider)
                pictures, refreshes, values = await drag(page, slider, SECONDS)
                what = f"{name}, {label}" if label else name
                print(
                    f"drag {what}: pictures_per_s={pictures:.1f} refreshes_per_s={refreshes:.1f} "
                    f"values_per_s={values:.1f}",
                    flush=True,
                )
                most = min(PICTURES[name], 0.9 * values)
                verdicts.append((f"{what}: at least {most:.0f} pictures a second", f"{pictures:.1f}", pictures >= most))
            await page.context.close()
        await browser.close()
    return verdicts


def main():
    begun = perf_counter()
    with serving() as app, serving("benchmarks/bare_page.py") as bare, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        pages, times = {}, defaultdict(list)
        for name, address in {"bare": bare, **{n: f"{app}/{a}" for n, a in ADDRESSES.items()}}.items():
            pages[name], seconds = opened(browser, address)
            print(f"page={name} first_figure_s={seconds:.2f}", flush=True)
        rest(app)

        def presses(frames):
            for turn in range(ROUNDS + 1):
                for name, page in pages.items():
                    how, ms = press(page, frames)
                    if turn:
                        times[name, how].append(ms)
                    page.wait_for_timeout(600)

        presses(frames=True)
        sleep(2)
        presses(frames=False)
        plain = median(times["bare", "answer"])
        for (name, how), ms in times.items():
            ratio = median(ms) / plain
            print(f"page={name} key_to={how} n={len(ms)} ms={median(ms):.0f} max_ms={max(ms):.0f} ratio={ratio:.2f}")
        for (name, how), ms in times.items():
            if name != "bare":
                ratio, most = median(ms) / plain, TIMES[how]
                judge(f"{name}, key to {how}: at most {most:g} times the bare page", f"{ratio:.2f}", ratio <= most)
        browser.close()
    with serving() as app:
        for verdict in asyncio.run(drags(app)):
            judge(*verdict)
    print(f"took {perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
