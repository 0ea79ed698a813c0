// A slider that answers while it is dragged. Where its film has a scene for a value, the browser draws it, and the
// server hears of the value once it rests. Elsewhere the server is asked: one request at a time, the latest value wins.
const QUIET = 400;
// A finger means the slider once it has gone so many pixels sideways; one that goes up or down scrolls the page.
const SIDEWAYS = 6;

export default function ({ data, parentElement, setStateValue }) {
  const input = parentElement.querySelector("input");
  const output = parentElement.querySelector("output");
  const label = parentElement.querySelector("label");
  const state = (input.live ??= { sent: 0, waiting: false, wanted: null, quiet: 0, shown: null });
  if (overtaken(state, data.serial)) return undefined;
  const films = (window.rnnvizFilms ??= new Map());
  const show = (value) => {
    const said = data.powers ? String(+(10 ** value).toPrecision(2)) : Number(value).toFixed(data.digits);
    output.textContent = said.replace("-", "−");
    if (data.powers) input.setAttribute("aria-valuetext", said);
    input.style.setProperty("--filled", `${(100 * (+input.value - data.low)) / (data.high - data.low || 1)}%`);
  };
  const send = () => {
    if (state.waiting || state.wanted === null) return;
    state.waiting = true;
    state.sent += 1;
    const message = { value: state.wanted, number: state.sent };
    state.asked = state.wanted;
    state.wanted = null;
    clearTimeout(state.again);
    state.again = setTimeout(again, 2000);
    // What the other sliders' films hold belongs to the value that is left now.
    for (const [name, film] of films) if (name !== data.name) film.scenes.clear();
    setStateValue("value", message);
  };
  // An answer can be lost to another message that came between: ask again, unless it is still being worked out.
  const again = () => {
    if (!state.waiting || !input.isConnected) return;
    if (document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "running") {
      state.again = setTimeout(again, 2000);
      return;
    }
    state.waiting = false;
    state.wanted ??= state.asked;
    send();
  };
  label.textContent = data.label;
  input.setAttribute("aria-label", data.label);
  input.dataset.slider = data.name;
  Object.assign(input, { min: data.low, max: data.high, step: data.step });
  if (data.number >= state.sent || !state.waiting) {
    state.waiting = false;
    if (data.number > state.sent) state.sent = data.number;
    document.dispatchEvent(new CustomEvent("rv-answered"));
  }
  const mark = (value) => {
    if (!data.local) return;
    window.rnnvizStep = value;
    document.dispatchEvent(new CustomEvent("rv-step", { detail: value }));
  };
  if (state.wanted === null && !state.waiting && !state.quiet && !state.dragging) {
    input.value = data.value;
    show(data.value);
    mark(data.value);
  }
  // A click into the map of a cliff moves two sliders, whose moves end one after the other.
  const still = () => {
    if ([...document.querySelectorAll(".rv-live input")].some((other) => other.live?.quiet)) return;
    window.rnnvizMoving = window.rnnvizFilming = false;
    document.body.classList.remove("rv-moving");
  };
  const rest = () => {
    clearTimeout(state.quiet);
    state.quiet = 0;
    // What was shown is what stays: in chaos the value beside it has another picture.
    const value = state.shown ?? +input.value;
    if (!state.dragging) input.value = value;
    show(value);
    mark(value);
    still();
    const asked = state.shown !== null && (value !== data.value || state.waiting);
    if (asked) { state.wanted = value; send(); }
    state.shown = null;
    document.dispatchEvent(new CustomEvent("rv-rest", { detail: { asked } }));
  };
  const moved = (roughly) => {
    clearTimeout(state.quiet);
    state.quiet = setTimeout(rest, QUIET);
    window.rnnvizMoving = true;
    document.body.classList.add("rv-moving");
    // A key means exactly this value; a drag means about here.
    const film = films.get(data.name);
    const scene = film?.at(+input.value, roughly);
    window.rnnvizFilming = scene !== undefined;
    if (scene) {
      state.shown = scene.value;
      document.dispatchEvent(new CustomEvent("rv-scene", { detail: { film, scene } }));
    } else {
      state.shown = data.local ? +input.value : null;
      if (!data.local) { state.wanted = +input.value; send(); }
    }
    show(state.shown ?? +input.value);
    mark(state.shown ?? +input.value);
  };
  input.oninput = () => {
    if (!state.finger) return moved(state.dragging);
    state.finger.wanted = input.value;
    input.value = state.finger.value;
    return undefined;
  };
  // In a lesson these keys, and the clicker that sends them, turn to another stage, wherever the focus is.
  input.onkeydown = (event) => {
    if (!/^Page(Up|Down)$/.test(event.key) || !document.querySelector(".rv-lesson")) return;
    event.preventDefault();
    input.blur();
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: event.key, code: event.code, bubbles: true }));
  };
  // At the end of a drag the browser sets the thumb once more, after pointerup and before change.
  input.onpointerdown = ({ pointerType, clientX, clientY }) => {
    state.dragging = true;
    state.finger = pointerType === "touch" ? { x: clientX, y: clientY, value: input.value } : null;
  };
  input.onpointermove = ({ clientX, clientY }) => {
    if (!state.finger) return;
    const aside = Math.abs(clientX - state.finger.x);
    if (aside > SIDEWAYS && aside > Math.abs(clientY - state.finger.y)) state.finger = null;
  };
  input.onchange = () => {
    const dragged = state.dragging;
    state.dragging = false;
    if (dragged && state.quiet) rest();
  };
  const lost = () => setTimeout(() => { state.dragging = false; });
  input.onpointerup = () => {
    // A tap means where it was.
    const wanted = state.finger?.wanted;
    state.finger = null;
    if (wanted !== undefined) { input.value = wanted; moved(true); }
    lost();
  };
  input.onpointercancel = () => { state.finger = null; lost(); };
  send();
  const move = (to) => { input.value = to; moved(false); };
  // A click into a figure names a step, and in a heatmap a unit.
  document.removeEventListener("rv-pick", state.pick);
  state.pick = ({ detail }) => { if (detail[data.name] !== undefined) move(detail[data.name]); };
  document.addEventListener("rv-pick", state.pick);
  // Who presses something else means it for where the slider stands now: the server hears of that first.
  const kinds = ["pointerdown", "keydown"];
  for (const kind of kinds) document.removeEventListener(kind, state.elsewhere, true);
  state.elsewhere = ({ target }) => { if (state.quiet && target !== input) rest(); };
  for (const kind of kinds) document.addEventListener(kind, state.elsewhere, true);
  const leave = () => {
    document.removeEventListener("rv-pick", state.pick);
    for (const kind of kinds) document.removeEventListener(kind, state.elsewhere, true);
    // Without this slider there is no step to mark.
    mark(undefined);
    // A page that is left in the middle of a move has nobody to tell of it any more.
    if (!state.quiet) return;
    clearTimeout(state.quiet);
    state.quiet = 0;
    still();
  };
  if (!data.play) return ifLast(state, leave);
  const play = parentElement.querySelector(".rv-play");
  const pace = parentElement.querySelector("select");
  play.parentElement.hidden = false;
  const stop = () => { clearInterval(state.playing); state.playing = 0; play.textContent = "Play"; };
  const start = () => {
    play.textContent = "Pause";
    state.playing = setInterval(() => (+input.value >= data.high ? stop() : move(+input.value + data.step)), +pace.value);
  };
  play.onclick = () => { if (state.playing) return stop(); if (+input.value >= data.high) move(data.low); return start(); };
  pace.onchange = () => { if (state.playing) { clearInterval(state.playing); start(); } };
  return ifLast(state, () => { stop(); leave(); });
}
