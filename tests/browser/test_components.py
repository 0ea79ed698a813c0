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
        scripts = read("order.js", "scale.js", "join.js", "painter.js", script)
        return person.page.evaluate(OUT_OF_ORDER, [scripts, html, messages])

    return run


def test_a_pulse_that_comes_late_stops_nothing(out_of_order):
    messages = [{"number": n, "running": n != 1} for n in (1, 2, 3)]
    first, then = out_of_order("pulse.js", '<div class="rv-pulse"></div>', messages)
    assert [value["after"] for _, value in first] == [2], "the older message would have ended the work"
    assert [value["after"] for _, value in then] == [3]


def test_a_pulse_does_not_ask_again_while_its_answer_waits(person):
    page = person.page
    page.goto(person.server + "/_stcore/health")
    page.clock.install()
    page.evaluate(
        """async (source) => {
      document.body.innerHTML = '<div data-testid="stApp"><div class="rv-pulse"></div></div>';
      window.app = document.querySelector("[data-testid=stApp]");
      window.app.dataset.testScriptState = "running";
      window.asked = 0;
      const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      const { default: component } = await import(url);
      component({ data: { number: 1, running: true }, parentElement: document.body,
                  setStateValue: () => { window.asked += 1; } });
    }""",
        read("order.js", "pulse.js"),
    )
    page.clock.run_for(10_000)
    assert page.evaluate("window.asked") == 1, "the first question comes at once, and no other while it is answered"
    page.evaluate("window.app.dataset.testScriptState = 'notRunning'")
    page.clock.run_for(4_000)
    assert page.evaluate("window.asked") == 2


def test_a_slider_asks_again_where_its_answer_was_lost_and_nothing_is_worked_out(person):
    page = person.page
    page.goto(person.server + "/_stcore/health")
    page.clock.install()
    page.evaluate(
        """async (source) => {
      document.body.innerHTML = '<div data-testid="stApp" data-test-script-state="notRunning"><label></label>'
        + '<output></output><input type="range"></div>';
      window.app = document.querySelector("[data-testid=stApp]");
      window.asked = [];
      const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      const { default: component } = await import(url);
      const data = { name: "gain", label: "", low: 0, high: 4, step: 0.01, digits: 2 };
      window.tell = (serial, number, value) => component({ data: { ...data, serial, number, value }, parentElement: app,
        setStateValue: (_, message) => window.asked.push([message.value, message.number]) });
      window.tell(1, 0, 1);
      const input = document.querySelector("input");
      input.value = 3;
      input.oninput();
      app.dataset.testScriptState = "running";
    }""",
        read("order.js", "live.js"),
    )
    page.clock.run_for(5_000)
    assert page.evaluate("window.asked") == [[3, 1]], "the answer is under way"
    page.evaluate("app.dataset.testScriptState = 'notRunning'")
    page.clock.run_for(2_500)
    assert page.evaluate("window.asked") == [[3, 1], [3, 2]]
    page.evaluate("window.tell(2, 2, 3)")
    page.clock.run_for(10_000)
    assert page.evaluate("window.asked") == [[3, 1], [3, 2]], "once it has come there is nothing to ask"


def test_films_are_asked_for_again_where_another_message_came_instead_of_the_answer(person):
    page = person.page
    page.goto(person.server + "/_stcore/health")
    page.clock.install()
    page.evaluate(
        """async (source) => {
      document.body.innerHTML = '<div class="rv-plot" data-drawn="1"></div><div class="rv-films"></div>';
      window.asked = [];
      const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      const { default: component } = await import(url);
      window.tell = (serial, key) => {
        const message = { keys: { gain: key }, places: { gain: 0 }, serial };
        const head = new TextEncoder().encode(JSON.stringify(message));
        const data = new Uint8Array(4 + head.length);
        new DataView(data.buffer).setUint32(0, head.length, true);
        data.set(head, 4);
        component({ data, parentElement: document.body, setStateValue: (_, value) => window.asked.push(value.key) });
      };
    }""",
        read("order.js", "films.js"),
    )
    page.evaluate("window.tell(1, 'a')")
    page.clock.run_for(1_000)
    page.evaluate("window.tell(2, 'a')")
    page.clock.run_for(1_000)
    assert page.evaluate("window.asked") == ["a"], "the answer may still come"
    page.clock.run_for(3_000)
    assert page.evaluate("window.asked") == ["a", "a"]
    page.evaluate("window.tell(3, 'b')")
    page.clock.run_for(1_000)
    assert page.evaluate("window.asked") == ["a", "a", "b"], "with other settings there is nothing to wait for"


def test_a_figure_that_comes_late_is_not_drawn(out_of_order):
    messages = [
        {"serial": n, "name": "a", "label": "", "library": "", "figure": {"data": [n], "layout": {}}} for n in (1, 2, 3)
    ]
    html = "".join(f'<div class="rv-{name}"></div>' for name in ("title", "figure", "mark"))
    html = f'<div class="rv-plot">{html}</div>'
    first, then = out_of_order("plot.js", html, messages)
    assert first == [[2]]
    assert then[-1] == [3] and "purged" not in then


LIBRARIES = "performance.getEntriesByType('resource').map(r => r.name).filter(name => name.includes('plotly'))"


def test_the_library_that_draws_comes_packed_and_small(newcomer):
    newcomer.open("/")
    [address] = newcomer.page.evaluate(LIBRARIES)
    answer = newcomer.page.request.get(address)
    assert answer.headers["content-type"] == "application/gzip" and "content-encoding" not in answer.headers
    assert len(answer.body()) < 600_000


def test_a_surface_fetches_the_whole_library_and_flat_figures_go_on(newcomer):
    newcomer.open("/the_cliff?predict=false")
    assert all("cartesian" in name for name in newcomer.page.evaluate(LIBRARIES))
    newcomer.open("/the_cliff?predict=false&cliff_relief=true")
    newcomer.page.wait_for_function(
        "[...document.querySelectorAll('.rv-figure')].some(n => n._fullData?.some(t => t.type === 'surface'))"
    )
    assert any("cartesian" not in name for name in newcomer.page.evaluate(LIBRARIES))
    before = newcomer.figure()
    newcomer.press("Learning rate", "Home")
    assert newcomer.changed(before)
    newcomer.settled()


def test_a_library_that_did_not_load_is_asked_for_again(person):
    person.page.route("**/plotly-cartesian*", lambda route: route.abort(), times=1)
    person.page.goto(person.server + "/gradient_flow")
    person.page.wait_for_selector(".rv-plot[data-drawn]", timeout=30_000)
