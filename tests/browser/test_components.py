"""The browser's side of the components, run by themselves: messages out of order, as on a busy machine."""

import pytest

from rnnviz.ui.assets import read

OUT_OF_ORDER = """async ([source, html, messages]) => {
  document.body.innerHTML = html;
  window.told = [];
  window.Plotly = { react: async (node, data) => { window.told.push(data); }, purge: () => window.told.push("purged") };
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { default: component } = await import(url);
  const run = (data) => component({ data, parentElement: document.body, key: "k",
                                    setStateValue: (name, value) => window.told.push([name, value]) });
  const encoded = messages.map((m) => (m.figure ? new TextEncoder().encode(JSON.stringify(m)) : m));
  run(encoded[1]);
  const cleanUp = run(encoded[0]);
  cleanUp?.();
  await new Promise((done) => setTimeout(done, 500));
  const first = [...window.told];
  const late = run(encoded[1]);
  run(encoded[2]);
  late?.();
  await new Promise((done) => setTimeout(done, 500));
  return [first, window.told.slice(first.length)];
}"""


@pytest.fixture
def out_of_order(person):
    """What a component does when the second of three messages comes first, and when a clean-up comes late."""
    def run(script, html, messages):
        person.page.goto(person.server + "/_stcore/health")
        return person.page.evaluate(OUT_OF_ORDER, [read("order.js", "join.js", "painter.js", script), html, messages])

    return run


def test_a_pulse_that_comes_late_stops_nothing(out_of_order):
    messages = [{"number": n, "running": n != 1} for n in (1, 2, 3)]
    first, then = out_of_order("pulse.js", '<div class="rv-pulse"></div>', messages)
    assert [value["after"] for _, value in first] == [2], "the older message would have ended the work"
    assert [value["after"] for _, value in then] == [3]


def test_a_figure_that_comes_late_is_not_drawn(out_of_order):
    messages = [{"serial": n, "name": "a", "label": "", "library": "", "figure": {"data": [n], "layout": {}}}
                for n in (1, 2, 3)]
    html = "".join(f'<div class="rv-{name}"></div>' for name in ("title", "figure", "mark"))
    html = f'<div class="rv-plot">{html}</div>'
    first, then = out_of_order("plot.js", html, messages)
    assert first == [[2]]
    assert then[-1] == [3] and "purged" not in then
