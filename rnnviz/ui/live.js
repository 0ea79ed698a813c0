// A slider that answers while it is dragged: one request on its way at a time, and the latest value wins.
export default function ({ data, parentElement, setStateValue }) {
  const input = parentElement.querySelector("input");
  const output = parentElement.querySelector("output");
  const label = parentElement.querySelector("label");
  const state = (input.live ??= { sent: 0, waiting: false, wanted: null, settle: 0 });
  if (overtaken(state, data.serial)) return undefined;
  const show = (value) => {
    output.textContent = Number(value).toFixed(data.digits);
    input.style.setProperty("--filled", `${(100 * (value - data.low)) / (data.high - data.low || 1)}%`);
  };
  const send = () => {
    if (state.waiting || state.wanted === null) return;
    state.waiting = true;
    state.sent += 1;
    const message = { ...state.wanted, number: state.sent };
    state.wanted = null;
    setStateValue("value", message);
  };
  label.textContent = data.label;
  input.setAttribute("aria-label", data.label);
  Object.assign(input, { min: data.low, max: data.high, step: data.step });
  if (data.number >= state.sent || !state.waiting) {
    state.waiting = false;
    if (data.number > state.sent) state.sent = data.number;
  }
  // A local slider moves what the page already holds; the server hears of it only once it rests.
  const tell = () => {
    if (!data.local) return;
    window.rnnvizStep = +input.value;
    document.dispatchEvent(new CustomEvent("rv-step", { detail: +input.value }));
  };
  if (state.wanted === null && !state.waiting && !state.settle) { input.value = data.value; show(data.value); tell(); }
  input.oninput = () => {
    show(+input.value);
    tell();
    if (!data.local) {
      state.wanted = { value: +input.value, settled: false };
      send();
    }
    clearTimeout(state.settle);
    // A value that rests is told once more: links to other pages and the presets then follow it.
    state.settle = setTimeout(() => { state.settle = 0; state.wanted = { value: +input.value, settled: true }; send(); }, 500);
  };
  send();
  const move = (to) => { input.value = to; input.oninput(); };
  // A click into a figure names a step, and in a heatmap a unit.
  document.removeEventListener("rv-pick", state.pick);
  state.pick = ({ detail }) => { if (detail[data.name] !== undefined) move(detail[data.name]); };
  document.addEventListener("rv-pick", state.pick);
  const unpick = () => document.removeEventListener("rv-pick", state.pick);
  if (!data.play) return ifLast(state, unpick);
  const play = parentElement.querySelector(".rv-play");
  const pace = parentElement.querySelector("select");
  play.parentElement.hidden = false;
  const stop = () => { clearInterval(state.playing); state.playing = 0; play.textContent = "Play"; };
  const start = () => {
    play.textContent = "Pause";
    state.playing = setInterval(() => (+input.value >= data.high ? stop() : move(+input.value + 1)), +pace.value);
  };
  play.onclick = () => { if (state.playing) return stop(); if (+input.value >= data.high) move(data.low); return start(); };
  pace.onchange = () => { if (state.playing) { clearInterval(state.playing); start(); } };
  return ifLast(state, () => { stop(); unpick(); });
}
