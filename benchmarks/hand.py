"""A hand that drags a slider in a real browser, as a mouse tells of it: 125 times a second, whatever the page does.

`page.mouse.move` of Playwright waits until the page has taken each move, and is answered about 35 times a second on two
cores: as many pictures would be seen of any page, however quick it is.
"""

import asyncio
from time import perf_counter

REPORTS = 125
"""Of a mouse, a second, as the USB has them."""

SWEEP = 0.9
"""Seconds from one end of the way to the other."""

COUNT = """(slider) => {
  const count = window.rnnvizCount = { counting: true };
  const roots = [...document.querySelectorAll('.rv-plot, .rv-net')];
  const now = () => roots.map((root) => `${root.painted ?? 0}:${root.dataset.drawn}`);
  count.shown = roots.map(() => 0);
  count.refreshes = 0;
  count.values = 0;
  let last = now(), value = slider.value;
  const look = () => {
    const next = now();
    next.forEach((state, k) => { count.shown[k] += state !== last[k]; });
    count.values += slider.value !== value;
    [last, value] = [next, slider.value];
    count.refreshes += 1;
    if (count.counting) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
SHOWN = """() => { const count = window.rnnvizCount; count.counting = false;
  return [Math.max(...count.shown), count.refreshes, count.values]; }"""
FRAMED = """(input) => new Promise((done) => {
  const end = performance.now() + 10_000;
  const look = () => {
    const waits = window.rnnvizFilms?.get(input.dataset.slider)?.more && performance.now() < end;
    if (waits) setTimeout(look, 100);
    else done();
  };
  setTimeout(look, 800);
})"""


async def over(page, slider):
    """Lay the hand over a slider, 0.2 along the way. Returns where its way begins, how long it is, and how low."""
    await page.bring_to_front()
    await slider.scroll_into_view_if_needed()
    box = await slider.bounding_box()
    y = box["y"] + box["height"] / 2
    await page.mouse.move(box["x"] + 0.2 * box["width"], y)
    return box["x"], box["width"], y


async def framed(page, slider):
    """Lay the hand over a slider until all its frames are there, at most ten seconds."""
    await over(page, slider)
    await slider.evaluate(FRAMED)


async def drag(page, slider, seconds):
    """Drag a live slider to and fro. Returns rates a second: of pictures, refreshes of the screen, and values passed.

    Pictures are the refreshes at which the busiest picture of the page was painted or drawn anew; a page shows no more
    of them than the screen has refreshes and the slider values: few refreshes are a sign of a machine that others use.
    """
    left, width, y = await over(page, slider)
    await page.mouse.down()
    await page.wait_for_timeout(200)
    told = await page.context.new_cdp_session(page)
    await slider.evaluate(COUNT)
    start, reports = perf_counter(), []
    while (now := perf_counter() - start) < seconds:
        way = now / SWEEP % 2
        x = left + (0.2 + 0.5 * min(way, 2 - way)) * width
        move = {"type": "mouseMoved", "x": x, "y": y, "button": "left", "buttons": 1}
        reports.append(asyncio.ensure_future(told.send("Input.dispatchMouseEvent", move)))
        await asyncio.sleep(max(0, start + len(reports) / REPORTS - perf_counter()))
    found = [count / (perf_counter() - start) for count in await page.evaluate(SHOWN)]
    await asyncio.gather(*reports)
    await page.mouse.up()
    return found


def judge(target, found, met):
    print(f"target {target}: {found}, {'met' if met else 'MISSED'}", flush=True)
