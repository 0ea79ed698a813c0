// The cell's wiring and its equations, or those of its gradients, with the numbers of the step that the page stands at.
// A number is a pair: what stands before the power of ten, and the power, 0 for all but the very large and very small.
const decoder = new TextDecoder();
const MINUS = "−";
const raised = (power) => String(power).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]));

function scientific(value, power, count) {
  const [mantissa, own] = value.toExponential(count - 1).split("e");
  return `${mantissa}\u00a0·\u00a010${raised(+own + power)}`.replace("-", MINUS);
}

// Operands carry two digits more than results, so that a calculation by hand comes out as shown.
function digits([value, power], count) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "not a number";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (power || size < 1e-4 || size >= 1e5) return scientific(value, power, count);
  return Number(value.toPrecision(count)).toString().replace("-", MINUS);
}

function short([value, power]) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (!power && size >= 1e-3 && size < 1000) return value.toFixed(3).replace("-", MINUS);
  // Without spaces, and where the power is a long one without decimals: it stands in a box.
  const exponent = Math.floor(Math.log10(size)) + power;
  return scientific(value, power, Math.abs(exponent) < 100 ? 2 : 1).replaceAll("\u00a0", "");
}

function symbol(text) {
  const found = text.match(/^(∂L\/∂)?(.)_\{?(.*?)\}?$/);
  const span = document.createElement(found ? "i" : "span");
  const [, before = "", letter, index] = found ?? [null, "", text, ""];
  span.textContent = before + letter;
  if (index) { const sub = document.createElement("sub"); sub.textContent = index.replace("-", MINUS); span.append(sub); }
  return span;
}

const named = (pieces) => pieces.flatMap((p) => (p.slope ? named(p.pieces) : [typeof p === "string" ? p : symbol(p[0])]));

// Sentences in which x_{t} is an x with an index.
const written = (text) => text.split(/(\S_\{\S+?\})/).map((part, k) => (k % 2 ? symbol(part) : part));

// What a curve that is nearly flat leaves over in "1 − …"; 1 where the piece stands in no such place.
function rest(pieces, k, value) {
  const before = pieces[k - 1];
  if (typeof before !== "string" || value === null) return 1;
  if (before.endsWith("1 − tanh²(")) return 1 - Math.tanh(value) ** 2;
  return before.endsWith("1 − ") ? 1 - Math.abs(value) : 1;
}

// An equation's right-hand side with its numbers. at: name -> number.
function calculated(pieces, at) {
  // Where 1 − f is less than a millionth no six digits show it: the slope stands there as one number.
  const flat = pieces.flatMap((p) => {
    if (!p.slope) return [p];
    const lost = p.pieces.some((q, k) => typeof q !== "string" && rest(p.pieces, k, at(q[1])[0]) < 1e-6);
    return lost ? [["", p.slope]] : p.pieces;
  });
  return flat.map((p, k) => {
    if (typeof p === "string") return p;
    const number = at(p[1]);
    const text = digits(number, 6 + Math.min(Math.ceil(-Math.log10(rest(flat, k, number[0]))), 9));
    const enclosed = flat[k - 1]?.endsWith?.("(") && flat[k + 1]?.startsWith?.(")");
    return text.startsWith(MINUS) && flat.length > 1 && !enclosed ? `(${text})` : text;
  }).join("");
}

const log10 = ([value, power]) => Math.log10(Math.abs(value)) + power;

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".rv-numbers");
  const message = JSON.parse(decoder.decode(data));
  if (overtaken(root, message.serial)) return undefined;
  const { lines } = message;
  const back = message.direction === "backward";
  let { values } = message;
  const steps = values.h.length;
  root.classList.toggle("rv-back", back);
  root.querySelector(".rv-how").replaceChildren(...written(message.how));
  const drawing = root.querySelector(".rv-wiring");
  if (root.svg !== message.svg) { root.svg = message.svg; drawing.innerHTML = message.svg; }
  const title = (text) => { root.querySelector(".rv-title").textContent = text; };
  const table = root.querySelector(".rv-lines");
  const slots = lines.map((line) => {
    const box = document.createElement("div");
    const words = document.createElement("div");
    words.className = "rv-words";
    words.textContent = line.words;
    const shown = document.createElement("div");
    const number = document.createElement("div");
    shown.append(symbol(line.symbol), " = ", ...named(line.pieces));
    box.append(words, shown, number);
    return { line, box, number };
  });
  table.replaceChildren(...slots.map((slot) => slot.box));
  const show = (step) => {
    const t = Math.min(Math.max(Math.round(step || 1), 1), steps) - 1;
    const at = (name) => [values[name]?.[t], values[`power of ${name}`]?.[t] ?? 0];
    root.querySelector(".rv-where").textContent = message.tokens[t] === undefined ? `Step ${t + 1}` : `Step ${t + 1}: “${message.tokens[t]}”`;
    for (const { line, number } of slots) {
      number.replaceChildren("= ", calculated(line.pieces, at), " = ");
      const result = document.createElement("b");
      result.textContent = digits(at(line.name), 4);
      number.append(result);
    }
    root.querySelector(".rv-beyond").hidden = !lines.some(({ name }) => Math.abs(log10(at(name))) > 307 && at(name)[0] !== 0);
    const boxes = [...drawing.querySelectorAll("[data-value]")];
    for (const text of boxes) text.textContent = short(at((back ? "∂" : "") + text.dataset.value));
    const said = boxes.map((text) => `${back ? "∂L/∂" : ""}${text.dataset.value.replace("_prev", " before")} ${text.textContent}`).join(", ");
    drawing.firstElementChild?.setAttribute("aria-label", `${root.querySelector(".rv-title").textContent}, step ${t + 1}: ${said}`);
    const wires = [...drawing.querySelectorAll("[data-wire]")];
    // Backward: what comes back from what reads it, beside the largest of all.
    const carried = wires.map(({ dataset: { wire, to } }) => {
      if (!back) return log10(at(wire));
      return values[`${wire}>${to}`] ? log10(at(`∂${to}`)) + log10(at(`${wire}>${to}`)) : log10(at(`U ${wire}`));
    });
    const largest = back ? Math.max(...carried.filter(Number.isFinite)) : 0;
    wires.forEach((wire, k) => { wire.style.strokeWidth = 1 + 5 * Math.min(10 ** (carried[k] - largest) || 0, 1); });
  };
  document.removeEventListener("rv-step", root.listener);
  root.listener = ({ detail }) => show(detail);
  document.addEventListener("rv-step", root.listener);
  const bare = () => { root.covered = false; values = message.values; title(message.title); show(window.rnnvizStep ?? message.step); };
  const paint = (numbers, said) => {
    if (numbers) values = Object.fromEntries(Object.entries(numbers.arrays).map(([name, column]) => [name, numbers.array(column)]));
    if (said) title(said.of(said.text));
    show(window.rnnvizStep ?? message.step);
  };
  // While scenes are drawn, numbers that were asked for before have come too late.
  if (window.rnnvizFilming) { title(message.title); show(window.rnnvizStep ?? message.step); } else bare();
  root.leave?.();
  root.leave = joinFilms(root, [message.name, `${message.name}-title`], paint, bare);
  return ifLast(root, () => { root.leave(); root.leave = undefined; document.removeEventListener("rv-step", root.listener); });
}
