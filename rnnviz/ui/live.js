// A slider that answers while it is dragged: one request on its way at a time, and the latest value wins.
export default function ({ data, parentElement, setStateValue }) {
  const input = parentElement.querySelector("input");
  const output = parentElement.querySelector("output");
  const label = parentElement.querySelector("label");
  const state = (input.live ??= { sent: 0, waiting: false, wanted: null, settle: 0 });
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
  if (state.wanted === null && !state.waiting) { input.value = data.value; show(data.value); }
  input.oninput = () => {
    show(+input.value);
    state.wanted = { value: +input.value, settled: false };
    send();
    clearTimeout(state.settle);
    // A value that rests goes into the address; those on the way there would fill the history of the browser.
    state.settle = setTimeout(() => { state.wanted = { value: +input.value, settled: true }; send(); }, 500);
  };
  send();
}
