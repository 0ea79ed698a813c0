// The cell's wiring and its equations, with the numbers of the step that the page stands at.
const decoder = new TextDecoder();

// Operands carry two digits more than results, so that a calculation by hand comes out as shown.
function digits(value, count) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "not a number";
  if (value === 0) return "0";
  const size = Math.abs(value);
  return (size >= 1e-4 && size < 1e5 ? Number(value.toPrecision(count)).toString() : value.toExponential(count - 1)).replace("-", "−");
}

const short = (value) => (value === null || !Number.isFinite(value) ? "–" : Math.abs(value) < 1000 ? value.toFixed(3) : value.toExponential(1)).replace("-", "−");

function symbol(text) {
  const span = document.createElement("i");
  const [, letter, index] = text.match(/^(.)_\{?(.*?)\}?$/) ?? [null, text, ""];
  span.textContent = letter;
  if (index) { const sub = document.createElement("sub"); sub.textContent = index.replace("-", "−"); span.append(sub); }
  return span;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".rv-numbers");
  const message = JSON.parse(decoder.decode(data));
  if (overtaken(root, message.serial)) return undefined;
  const { lines } = message;
  let { values } = message;
  const steps = values[lines[0].name].length;
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
    shown.append(symbol(line.symbol), " = ", ...line.pieces.map((p) => (typeof p === "string" ? p : symbol(p[0]))));
    box.append(words, shown, number);
    return { line, box, number };
  });
  table.replaceChildren(...slots.map((slot) => slot.box));
  const at = (name, t) => values[name][t];
  const show = (step) => {
    const t = Math.min(Math.max(Math.round(step || 1), 1), steps) - 1;
    root.querySelector(".rv-where").textContent = message.tokens[t] === undefined ? `Step ${t + 1}` : `Step ${t + 1}: “${message.tokens[t]}”`;
    for (const { line, number } of slots) {
      const operands = line.pieces.map((p, i) => {
        if (typeof p === "string") return p;
        const text = digits(at(p[1], t), 6);
        const enclosed = line.pieces[i - 1]?.endsWith?.("(") && line.pieces[i + 1]?.startsWith?.(")");
        return text.startsWith("−") && line.pieces.length > 1 && !enclosed ? `(${text})` : text;
      }).join("");
      number.replaceChildren("= ", operands, " = ");
      const result = document.createElement("b");
      result.textContent = digits(at(line.name, t), 4);
      number.append(result);
    }
    for (const text of drawing.querySelectorAll("[data-value]")) text.textContent = short(at(text.dataset.value, t));
    for (const wire of drawing.querySelectorAll("[data-wire]")) {
      const size = Math.min(Math.abs(at(wire.dataset.wire, t) ?? 0), 1);
      wire.style.strokeWidth = 1 + 5 * size;
    }
  };
  document.removeEventListener("rv-step", root.listener);
  root.listener = ({ detail }) => show(detail);
  document.addEventListener("rv-step", root.listener);
  const bare = () => { root.covered = false; values = message.values; title(message.title); show(window.rnnvizStep ?? message.step); };
  const paint = (numbers, named) => {
    if (numbers) values = Object.fromEntries(Object.entries(numbers.arrays).map(([name, column]) => [name, numbers.array(column)]));
    if (named) title(named.of(named.text));
    show(window.rnnvizStep ?? message.step);
  };
  // While scenes are drawn, numbers that were asked for before have come too late.
  if (window.rnnvizFilming) { title(message.title); show(window.rnnvizStep ?? message.step); } else bare();
  root.leave?.();
  root.leave = joinFilms(root, [message.name, `${message.name}-title`], paint, bare);
  return ifLast(root, () => { root.leave(); root.leave = undefined; document.removeEventListener("rv-step", root.listener); });
}
