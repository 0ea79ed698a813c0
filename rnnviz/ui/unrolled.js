// The unrolled network: what stands at every step, the loss, and the gradient on its way back, over its curve. Places
// are worked out once a size; a slider's scenes change widths, shades and words alone, and playing uncovers them.
const utf8 = new TextDecoder();
const SVG = "http://www.w3.org/2000/svg";
const BOXES = { steps: 32, pitch: 25 };
const RAISED = Object.fromEntries([..."-0123456789"].map((c, k) => [c, "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"[k]]));
const LOWERED = Object.fromEntries([..."0123456789"].map((c, k) => [c, "₀₁₂₃₄₅₆₇₈₉"[k]]));
const raised = (number) => [...String(number)].map((c) => RAISED[c]).join("");
const lowered = (number) => [...String(number)].map((c) => LOWERED[c]).join("");
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const within = (value, low, high) => Math.min(Math.max(value, low), high);

function put(tag, attributes, parent, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  parent?.append(node);
  return node;
}

// What is the same already is not set again: it would be styled and laid out anew.
function set(node, name, value) {
  const known = (node.known ??= {});
  if (known[name] !== value) node.setAttribute(name, (known[name] = value));
}
const tell = (node, text) => { if (node.textContent !== text) node.textContent = text; };

// 10 to the power of it, rounded and written as in the pages' own sentences (`wording.number`).
function size(log10, digits = 3) {
  if (log10 === -Infinity) return "0";
  if (!Number.isFinite(log10)) return "not a number";
  if (log10 > -3 && log10 < 6) {
    const value = 10 ** log10;
    const rounded = Number(value.toPrecision(digits));
    return (rounded < 1000 ? rounded : Math.round(value)).toLocaleString("en", { maximumSignificantDigits: 15 });
  }
  const places = Math.max(digits - 2, 1);
  let whole = Math.floor(log10);
  let front = (10 ** (log10 - whole)).toFixed(places);
  if (Number(front) === 10) { front = (1).toFixed(places); whole += 1; }
  return `${front} · 10${raised(whole)}`;
}

// A share: in percent from a thousandth up, as in those sentences.
const part = (log10) => (log10 < -3 ? size(log10, 2) : `${size(log10 + 2, 2)} %`);

function factor(log10) {
  if (log10 === -Infinity) return "0";
  if (log10 > -2 && log10 < 1) return (10 ** log10).toFixed(2);
  return log10 >= 1 && log10 < 3 ? (10 ** log10).toFixed(log10 < 2 ? 1 : 0) : `10${raised(Math.round(log10))}`;
}

function signed(value) {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return "infinite";
  return value ? `${value < 0 ? "−" : ""}${size(Math.log10(Math.abs(value)))}` : "0";
}

// In a box there is room for a sign and three digits.
const brief = (value) => (Math.abs(value) < 0.005 ? "0.00" : Math.abs(value) < 100 ? value.toFixed(Math.abs(value) < 10 ? 2 : 0).replace("-", "−") : "…");

const decoded = ({ bdata }) => new Float64Array(Uint8Array.from(atob(bdata), (c) => c.charCodeAt(0)).buffer);

// Where everything stands: pixels of one picture of a width.
function places(message, width, scale) {
  const T = message.steps;
  const narrow = width < 520;
  const [left, right] = narrow ? [48, 40] : [64, 64];
  const pitch = (width - left - right) / T;
  const boxes = T <= BOXES.steps && pitch >= (message.stack ? 20 : BOXES.pitch);
  const box = boxes ? within(Math.round(pitch * 0.62), message.stack ? 12 : 18, 46) : pitch;
  const several = message.losses.length > 1;
  // For the back row what is said of it has to be on the same screen.
  const far = scale > 1;
  // Of a stack every row is a layer, or a half of one; of many there is no room for factors between them.
  const { stack } = message;
  const tight = stack && message.rows.length > 2;
  const each = tight ? within(Math.floor(200 / message.rows.length), 15, 66) : 0;
  const high = tight ? Math.round(each * 0.55) : several && !stack ? (far ? 23 : 26) : boxes ? Math.max(box, 34) : message.rows.length > 1 ? (far ? 26 : 38) : 44;
  const steps = message.losses[0].steps;
  const railed = steps.some((step) => step !== T);
  const lossy = (name) => message.losses.some(({ row }) => row === name);
  const turned = new Set(message.rows.filter((row) => row.reversed).map(({ name }) => name));
  const lanes = message.lanes.map((lane) => ({ ...lane, from: lane.from ?? lane.source, turned: turned.has(lane.target),
    across: lane.name !== "past" && lane.source === lane.target }));
  const rows = {};
  let y = 2;
  message.rows.forEach((row, place) => {
    const own = lanes.filter((lane) => lane.across && lane.source === row.name);
    y += tight ? each - high : several ? 18 : 20;
    rows[row.name] = y + high / 2;
    own.forEach((lane, k) => {
      lane.y = rows[row.name] + (own.length > 1 ? (k - (own.length - 1) / 2) * 0.5 * high : 0);
      lane.most = (own.length > 1 ? 0.46 : 0.72) * high;
      lane.above = stack ? k === 0 : several || k + place === 0;
      lane.label = rows[row.name] + (lane.above ? -high / 2 - 6 : high / 2 + (railed && lossy(row.name) ? 23 : 15));
    });
    y += tight ? high : high + (own.some((lane) => !lane.above) ? 18 : 4) + (railed && lossy(row.name) ? 8 : 0);
  });
  const input = { y: y + (boxes ? 34 : 24), from: y + (boxes ? 20 : 6) };
  y += boxes ? 40 : 28;
  // Under several rows the curves say it a second time.
  // A stack of many rows has no curves below it.
  const curve = { top: y + 26, high: !message.curves.length ? 0 : far ? (message.rows.length > 1 ? 40 : 80) : message.high };
  const [low, top] = message.axis.range;
  return {
    T, width, narrow, left, right, pitch, boxes, box, high, turned, lanes, named: (lane) => lane.across && (!tight || (lane.above && each - high >= 18)), rows, railed, input, curve,
    first: Math.min(...message.losses.filter(({ row }) => turned.has(row)).map(({ steps: [one] }) => one), T),
    loss: { x: width - right + (narrow ? 22 : 34), r: tight ? within(each / 2, 6, 13) : narrow || several ? 13 : 17 },
    height: curve.high ? curve.top + curve.high + 24 : y,
    x: (t) => left + (t - 0.5) * pitch,
    level: (log10) => curve.top + curve.high * (1 - (log10 - low) / (top - low)),
    last: steps.at(-1) ?? T,
  };
}

// What flows from one point to another, as wide at both ends as its size there, with a head.
function flow([x1, y1], [x2, y2], w1, w2) {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
  const head = Math.min(9, 0.55 * length);
  const at = (along, side) => `${(x1 + ux * along - uy * side).toFixed(1)} ${(y1 + uy * along + ux * side).toFixed(1)}`;
  const [a, b, c, end] = [w1 / 2, w2 / 2, w2 / 2 + 3, length - head];
  return `M${at(0, a)}L${at(end, b)}L${at(end, c)}L${at(length, 0)}L${at(end, -c)}L${at(end, -b)}L${at(0, -a)}Z`;
}

// Beside where the loss enters: half of the most is as much as entered, and four powers of ten less are a tenth of that.
const share = (log10, entered) => (log10 === -Infinity || Number.isNaN(log10) ? 0 : 1 / (1 + 10 ** (-(log10 - entered) / 4)));
const wide = (part, most) => (part ? Math.max(1.3, part * most) : 0);
const shade = (part) => within(0.16 + 1.5 * part, 0, 0.95);

class Picture {
  constructor(root, message, width) {
    Object.assign(this, { root, message, at: places(message, width, scaleOf(root)) });
    const { at } = this;
    this.svg = put("svg", { viewBox: `0 0 ${width} ${at.height}`, height: at.height * scaleOf(root), role: "img" }, root);
    this.id = `rv-net-${Math.random().toString(36).slice(2)}`;
    const defs = put("defs", {}, this.svg);
    const window_ = (name) => put("rect", { x: 0, y: 0, width, height: at.height },
      put("clipPath", { id: `${this.id}-${name}` }, defs));
    [this.forward, this.backward] = [window_("forward"), window_("backward")];
    put("rect", { x: at.left, y: at.curve.top, width: width - at.left - at.right, height: at.curve.high },
      put("clipPath", { id: `${this.id}-plot` }, defs));
    this.defs = defs;
    this.axes();
    this.inputs();
    this.lossPlace();
    if (at.boxes) this.boxRows(); else this.bandRows();
    this.pulses = at.lanes.filter((lane) => lane.across).map((lane) => [lane, put("circle", { class: "rv-pulse", r: 5, visibility: "hidden" }, this.svg)]);
  }

  clip(name) { return `url(#${this.id}-${name})`; }

  axes() {
    const { at, svg, message } = this;
    const { curve } = at;
    const end = at.width - at.right;
    [this.markLine, this.nothing] = [put("line", { class: "rv-mark-line", y1: curve.top, y2: curve.top + curve.high, visibility: "hidden" }), put("text", { class: "rv-start", x: at.left + 6, y: curve.top + curve.high - 6 })];
    this.curves = [];
    if (!curve.high) return;
    let above = Infinity;
    for (const tick of [...message.axis.ticks].reverse()) {
      const y = at.level(tick);
      put("line", { class: "rv-rule", x1: at.left, x2: end, y1: y, y2: y }, svg);
      if (above !== Infinity && y - above < 24) continue;
      above = y;
      const text = put("text", { class: "rv-end rv-quiet", x: at.left - 8, y: y + 5 }, svg, tick ? "10" : "1");
      if (tick) put("tspan", { class: "rv-sub", dy: -6 }, text, String(tick).replace("-", "−"));
    }
    put("text", { class: "rv-start rv-quiet", x: at.left, y: curve.top - 8 }, svg, at.narrow ? "norm of ∂L/∂h" : "norm of ∂L/∂h, the gradient at each step (log scale)");
    const every = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((n) => n * at.pitch >= 34) ?? 1000;
    for (let t = 1; t <= at.T; t += 1) {
      if (every === 2 ? t % 2 === 0 : t !== 1 && (t % every || t - 1 < every * 0.6 && every > 1)) continue;
      put("text", { class: "rv-quiet", x: at.x(t), y: curve.top + curve.high + 18 }, svg, t);
    }
    put("text", { class: "rv-quiet rv-end", x: at.width - 2, y: curve.top + curve.high + 18 }, svg, at.narrow ? "t" : "step t");
    if (at.boxes) for (let t = 1; t <= at.T; t += 1) put("line", { class: "rv-rule", x1: at.x(t), x2: at.x(t), y1: curve.top, y2: curve.top + curve.high }, svg);
    svg.append(this.markLine);
    const plot = put("g", { "clip-path": this.clip("plot") }, svg);
    this.curves = message.curves.map(({ label, row, colour, dash }) => {
      const own = row !== "";
      const group = put("g", own ? { "clip-path": this.clip("backward") } : {}, plot);
      const path = put("path", { fill: "none", stroke: colour, "stroke-width": own ? 3.5 : 2, "stroke-opacity": own ? 1 : 0.9,
        "stroke-dasharray": { dash: "9 6", dashdot: "9 4 2 4", longdash: "14 6" }[dash] ?? "none", "stroke-linejoin": "round" }, group);
      const points = own && at.boxes ? Array.from({ length: at.T }, () => put("circle", { r: 4, fill: colour }, group)) : [];
      return { label, row, own, path, points };
    });
    this.curves.forEach((curve, k) => {
      curve.name = put("text", { class: "rv-curve-name", style: `fill:${message.curves[k].colour}` }, svg, curve.label);
      curve.at = Math.round(within(at.T * (0.16 + 0.26 * k), 1, at.T));
    });
    svg.append(this.nothing);
  }

  inputs() {
    const { at, svg, message } = this;
    this.xs = [];
    const word = message.below.length > 1;
    put("text", { class: word ? "rv-quiet rv-start" : "rv-name rv-quiet", x: word ? 4 : at.narrow ? 20 : 32, y: at.boxes ? at.input.y + 2 : at.input.y }, svg, message.below);
    if (!at.boxes) {
      this.inputBand = put("path", { class: "rv-level", "clip-path": this.clip("forward") }, svg);
      return;
    }
    for (let t = 1; t <= at.T; t += 1) {
      const group = put("g", {}, svg);
      const x = at.x(t);
      const foot = Math.max(...Object.values(at.rows)) + at.high / 2 + 4;
      if (!word) put("path", { class: "rv-line", d: `M${x} ${at.input.from}V${foot}m-3.5 4.5l3.5 -4.5l3.5 4.5` }, group);
      const text = put("text", { class: "rv-quiet", x, y: at.input.y }, group);
      this.xs.push(group);
      if (word) (this.below ??= []).push(text);
      else if (message.tokens[t - 1] !== undefined) text.textContent = String(message.tokens[t - 1]).slice(0, 4);
      else if (at.pitch < 30) text.textContent = t;
      else { text.textContent = "x"; put("tspan", { class: "rv-sub", dy: 3 }, text, t); }
    }
  }

  lossPlace() {
    const { at, svg, message } = this;
    const { x, r } = at.loss;
    this.loss = put("g", {}, svg);
    this.losses = message.losses.map(({ row, steps }) => {
      const y = at.rows[row];
      const others = steps.filter((step) => step !== at.T);
      if (others.length) {
        const aside = at.boxes ? at.box * 0.32 : 0;
        const rail = y + at.high / 2 + 7;
        put("path", { class: "rv-rail", d: `M${x} ${y}V${rail}H${at.x(others[0]) + aside}${others.map((t) => `M${at.x(t) + aside} ${rail}V${rail - 6}`).join("")}` }, this.loss);
      }
      const entry = steps.includes(at.T) ? put("path", { class: "rv-loss" }, this.loss) : null;
      put("circle", { class: "rv-loss", cx: x, cy: y, r }, this.loss);
      if (r > 9) put("text", { class: "rv-loss-name", x, y: y + 6 }, this.loss, "L");
      const value = put("text", { class: "rv-quiet", y: y + (at.railed ? -r - 7 : r + 15) }, this.loss);
      return { row, y, entry, value };
    });
  }

  rowNames() {
    const { at, svg, message } = this;
    for (const { name, colour } of message.rows) put("text", { class: "rv-name", x: at.narrow ? 20 : 32, y: at.rows[name] + (at.high < 16 ? 5 : 6), style: `fill:${colour}${at.high < 16 ? ";font-size:14px" : ""}` }, svg, name);
  }

  boxRows() {
    const { at, svg, message } = this;
    const { box, high } = at;
    this.rowNames();
    for (const name of Object.keys(at.rows)) {
      const y = at.rows[name];
      for (let t = 2; t <= at.T; t += 1) put("line", { class: "rv-line", x1: at.x(t - 1) + box / 2, x2: at.x(t) - box / 2, y1: y, y2: y }, svg);
    }
    this.arrows = at.lanes.map((lane) => lane.starts.map((start, k) => {
      const end = lane.ends[k];
      const path = put("path", { fill: lane.colour }, svg);
      const every = Math.ceil((lane.gate ? 50 : 46) / at.pitch);
      const named = at.named(lane) && (at.last - start) % every === 0;
      const label = named ? put("text", { class: "rv-quiet rv-factor", x: (at.x(start) + at.x(end)) / 2, y: lane.label }, svg) : null;
      if (label) { put("tspan", lane.gate ? { style: `fill:color-mix(in srgb, ${lane.tone} 65%, var(--st-text-color));font-style:italic;font-weight:700` } : {}, label, lane.gate ? `${lane.gate} ` : "×"); put("tspan", {}, label); }
      return { path, label, start, end };
    }));
    // A number is read before the arrows that come down past it.
    for (const { label } of this.arrows.flat()) if (label) svg.append(label);
    this.boxes = message.rows.map(({ name, sign, colour }, row) => Array.from({ length: at.T }, (_, k) => {
      const y = at.rows[name];
      const group = put("g", { class: "rv-box", "data-row": name, "data-step": k + 1 }, svg);
      const x = at.x(k + 1) - box / 2;
      const frame = { x, y: y - high / 2, width: box, height: high, rx: 8 };
      const own = put("rect", { class: "rv-frame", ...frame }, group);
      const inside = put("clipPath", { id: `${this.id}-${row}-${k}` }, this.defs);
      put("rect", { ...frame, x: x + 1, width: box - 2 }, inside);
      const level = put("rect", { class: "rv-level", ...frame, rx: 0, "clip-path": `url(#${this.id}-${row}-${k})` }, group);
      const tint = put("rect", { ...frame, fill: colour }, group);
      const middle = at.x(k + 1);
      const shown = message.single && box >= 40 && high >= 34;
      const text = put("text", { x: middle, y: y + (shown ? -4 : 5) }, group, high < 16 || box < 18 ? "" : box < 32 ? k + 1 : sign);
      if (box >= 32 && high >= 16) put("tspan", { class: "rv-sub", dy: 4 }, text, k + 1);
      const value = shown ? put("text", { x: middle, y: y + 15 }, group) : null;
      return { group, own, level, tint, text, value, title: put("title", {}, group) };
    }));
  }

  bandRows() {
    const { at, svg, message } = this;
    const [start, span] = [at.x(0.5), at.T * at.pitch];
    this.rowNames();
    this.bands = Object.entries(at.rows).map(([name, y]) => {
      put("rect", { class: "rv-frame", x: start, y: y - at.high / 2, width: span, height: at.high, rx: 8 }, svg);
      return { name, y, level: put("path", { class: "rv-level", "clip-path": this.clip("forward") }, svg) };
    });
    const count = Math.max(2, Math.floor(span / 96));
    this.ribbons = at.lanes.filter((lane) => lane.across).map((lane) => {
      const shades = put("linearGradient", { id: `${this.id}-${message.lanes.findIndex((l) => l.name === lane.name && l.source === lane.source)}`, gradientUnits: "userSpaceOnUse", x1: start, x2: start + span, y1: 0, y2: 0 }, this.defs);
      const stops = Array.from({ length: Math.min(at.T, 60) }, (_, k, all) => put("stop", { offset: k / (Math.min(at.T, 60) - 1), "stop-color": lane.colour }, shades));
      const path = put("path", { fill: `url(#${shades.id})`, "clip-path": this.clip("backward") }, svg);
      const labels = Array.from({ length: at.named(lane) ? count : 0 }, (_, k) => {
        const label = put("text", { class: "rv-quiet", x: start + ((k + 0.5) * span) / count, y: lane.label }, svg);
        put("tspan", lane.gate ? { style: `fill:color-mix(in srgb, ${lane.tone} 65%, var(--st-text-color));font-style:italic;font-weight:700` } : {}, label, lane.gate ? `${lane.gate} ` : "×");
        put("tspan", {}, label);
        return label;
      });
      return { lane, place: at.lanes.indexOf(lane), stops, path, labels };
    });
    this.markBand = put("rect", { class: "rv-mark-line", fill: "none", rx: 2, visibility: "hidden" }, svg);
  }

  // The numbers of one scene; nothing moves from its place.
  show(numbers) {
    const { at, message } = this;
    this.numbers = numbers;
    const entered = this.entered = Object.fromEntries(message.losses.map(({ row }) => [row, numbers[`entering ${row}`].at(-1) ?? 0]));
    for (const { row, y, entry, value } of this.losses) {
      const loss = numbers[`loss ${row}`][0];
      // Of a stack's one loss, once.
      value.textContent = Number.isNaN(loss) || (this.message.stack && row !== this.losses[0].row) ? "" : signed(loss);
      set(value, "x", Math.min(at.loss.x, at.width - 4 * value.textContent.length));
      const w = wide(share(0, 0), 0.72 * at.high);
      if (entry) set(entry, "d", flow([at.loss.x, y], [at.x(at.T + 0.5) - (at.boxes ? at.pitch - at.box : 0) / 2 + 1, y], w, w));
    }
    if (at.boxes) this.showBoxes(numbers, entered); else this.showBands(numbers, entered);
    for (const curve of this.curves) this.showCurve(curve, numbers);
    const own = numbers[`d${message.losses[0].row}`];
    const zero = message.losses.length > 1 ? 0 : own.findLastIndex((log10, k) => log10 === -Infinity && k < at.last) + 1;
    this.nothing.textContent = zero ? `exactly 0 at ${zero > 1 ? `steps 1 to ${zero}` : "step 1"}` : "";
  }

  // What entered by the loss that a row's gradient is of.
  from(row, entered) { return entered[row] ?? Object.values(entered)[0]; }

  showBoxes(numbers, entered) {
    const { at } = this;
    at.lanes.forEach((lane, place) => {
      const [logs, from] = [numbers[`lane ${place}`], numbers[`d${lane.from}`]];
      this.arrows[place].forEach(({ path, label, start, end }, k) => {
        const most = lane.across ? lane.most : lane.name === "past" ? 5 : 0.3 * at.high;
        const [a, b] = [from[start - 1], logs[k]].map((log10) => share(log10, this.from(lane.source, entered)));
        const half = at.box / 2 + 2;
        const [beside, above] = [at.x(start) + at.pitch / 2, (at.rows[lane.source] ?? 0) - at.high / 2];
        const turn = lane.turned ? -1 : 1;
        const ends = lane.across ? [[at.x(start) - turn * half, lane.y], [at.x(end) + turn * half, lane.y]]
          : lane.name === "past" ? [[beside, above - 7], [beside, at.rows[lane.target] + at.high / 2 + 7]]
          : [[at.x(start), at.rows[lane.source] + Math.sign(at.rows[lane.target] - at.rows[lane.source]) * (at.high / 2 + 1)],
             [at.x(end), at.rows[lane.target] - Math.sign(at.rows[lane.target] - at.rows[lane.source]) * (at.high / 2 + 1)]];
        set(path, "d", b ? flow(...ends, wide(a, most), wide(b, most)) : "");
        set(path, "fill-opacity", shade(b).toFixed(3));
        if (label) tell(label.lastChild, Number.isNaN(logs[k] - from[start - 1]) ? "" : factor(logs[k] - from[start - 1]));
        if (label) set(label.firstChild, "fill-opacity", label.lastChild.textContent ? 1 : 0);
      });
    });
    this.below?.forEach((text, k) => { tell(text, brief(numbers[this.message.below][k])); });
    this.boxes.forEach((row, place) => {
      const { name } = this.message.rows[place];
      const [values, logs] = [numbers[name], numbers[`d${name}`]];
      row.forEach((box, k) => {
        box.part = share(logs[k], this.from(name, entered));
        const part = Number.isFinite(values[k]) ? within(Math.abs(values[k]), 0, 1) : 1;
        box.full = part * at.high;
        box.own.classList.toggle("rv-lost", !Number.isFinite(values[k]) || (logs[k] === -Infinity && k < at.last));
        if (box.value) tell(box.value, Number.isFinite(values[k]) ? brief(values[k]) : "∞");
      });
    });
  }

  showBands(numbers, entered) {
    const { at } = this;
    const area = (values, foot, most) => {
      let d = `M${at.x(0.5).toFixed(1)} ${foot}`;
      for (let k = 0; k < at.T; k += 1) d += `V${(foot - most * (Number.isFinite(values[k]) ? within(Math.abs(values[k]), 0, 1) : 1)).toFixed(1)}H${at.x(k + 1.5).toFixed(1)}`;
      return `${d}V${foot}Z`;
    };
    set(this.inputBand, "d", area(numbers[this.message.below], at.input.y, 18));
    for (const { name, y, level } of this.bands) set(level, "d", area(numbers[name], y + at.high / 2 - 1, at.high - 2));
    for (const { lane, place, stops, path, labels } of this.ribbons) {
      const [logs, from] = [numbers[`lane ${place}`], numbers[`d${lane.from}`]];
      const parts = Array.from(logs, (log10) => share(log10, this.from(lane.source, entered)));
      const last = share(from[lane.turned ? 0 : at.T - 1], this.from(lane.source, entered));
      const all = lane.turned ? [last, ...parts] : [...parts, last];
      const halves = all.map((part) => wide(part, lane.most) / 2);
      const xs = halves.map((_, k) => (k === at.T - 1 ? at.x(at.T + 0.5) : at.x(k + 1)).toFixed(1));
      xs[0] = at.x(0.5).toFixed(1);
      const upper = halves.map((w, k) => `${xs[k]} ${(lane.y - w).toFixed(1)}`);
      const lower = halves.map((w, k) => `${xs[k]} ${(lane.y + w).toFixed(1)}`).reverse();
      set(path, "d", `M${upper.join("L")}L${lower.join("L")}Z`);
      stops.forEach((stop, k) => set(stop, "stop-opacity", shade(all[Math.round((k / (stops.length - 1)) * (at.T - 1))]).toFixed(3)));
      labels.forEach((label, k) => {
        const [a, b] = [0, 1].map((side) => Math.floor(((k + side) * logs.length) / labels.length));
        let sum = 0;
        for (let j = a; j < b; j += 1) sum += logs[j] - from[lane.starts[j] - 1];
        const mean = sum / (b - a);
        set(label.firstChild, "fill-opacity", Number.isNaN(mean) ? 0 : 1);
        tell(label.lastChild, Number.isNaN(mean) ? "" : factor(mean));
        label.place = a + 1;
      });
    }
  }

  showCurve({ label, row, own, path, points, name, at: k }, numbers) {
    const { at, message } = this;
    const logs = numbers[own ? `d${row}` : `curve ${label}`];
    let d = "";
    let pen = false;
    for (let t = 1; t <= at.T; t += 1) {
      const known = Number.isFinite(logs[t - 1]);
      if (known) d += `${pen ? "L" : "M"}${at.x(t).toFixed(1)} ${at.level(logs[t - 1]).toFixed(1)}`;
      pen = known;
    }
    set(path, "d", d);
    points.forEach((point, i) => {
      const known = Number.isFinite(logs[i]);
      set(point, "visibility", known ? "inherit" : "hidden");
      if (known) { set(point, "cx", at.x(i + 1)); set(point, "cy", at.level(logs[i])); }
    });
    const [low, high] = message.axis.range;
    const there = Number.isFinite(logs[k - 1]) && logs[k - 1] > low && logs[k - 1] < high;
    set(name, "visibility", there ? "visible" : "hidden");
    if (there) { set(name, "x", at.x(k)); set(name, "y", within(at.level(logs[k - 1]) - 10, at.curve.top + 14, at.curve.top + at.curve.high - 4)); }
  }

  // How far it has come: steps read, then the loss, then steps back.
  get end() { return this.at.T + 1 + (this.message.closed ? 0 : Math.max(this.at.last, this.at.turned.size && this.at.T - this.at.first + 1)); }

  // A row that reads from the end on is read, and gone back along, the other way round.
  reached(t, p, turned) { return within(p - (this.at.T + 1) - (turned ? t - this.at.first : this.at.last - t), 0, 1); }

  seek(p) {
    const { at } = this;
    this.p = p;
    const lit = within(p - at.T, 0, 1);
    set(this.loss, "opacity", 0.2 + 0.8 * lit);
    const done = p >= this.end;
    const front = at.x(at.last + 0.5) - (p - at.T - 1) * at.pitch;
    set(this.backward, "x", done ? 0 : within(front, 0, at.width));
    set(this.forward, "width", p >= at.T ? at.width : at.x(0.5) + p * at.pitch);
    for (const { own, name } of this.curves) if (own) set(name, "opacity", +done);
    set(this.nothing, "opacity", done ? 1 : 0);
    if (at.boxes) {
      this.xs.forEach((group, k) => set(group, "opacity", 0.25 + 0.75 * within(p - k, 0, 1)));
      for (const [place, row] of this.boxes.entries()) row.forEach(({ level, tint, part, full }, k) => {
        const turned = this.message.rows[place].reversed;
        const read = full * within(p - (turned ? at.T - 1 - k : k), 0, 1);
        set(level, "y", (+tint.getAttribute("y") + at.high - read).toFixed(1));
        set(level, "height", Math.max(0, read).toFixed(1));
        set(tint, "fill-opacity", ((this.message.closed || this.reached(k + 1, p, turned)) * 0.66 * shade(part) * (part ? 1 : 0)).toFixed(3));
      });
      for (const [place, lane] of this.arrows.entries()) for (const { path, label, end } of lane) {
        const shown = this.reached(end, p, at.lanes[place].turned);
        set(path, "opacity", shown);
        if (label) set(label, "opacity", shown);
      }
    } else {
      for (const { labels } of this.ribbons) for (const label of labels) set(label, "opacity", +(at.x(label.place) >= front || done));
    }
    const [steps, part] = [Math.floor(p - at.T - 1), (p - at.T - 1) % 1];
    const going = steps >= 1 && part > 0 && !done && !still();
    const [from, to] = [at.x(at.last - steps + 1), at.x(at.last - steps)];
    const gap = at.boxes ? at.box / 2 : 0;
    for (const [lane, pulse] of this.pulses) {
      set(pulse, "visibility", going ? "visible" : "hidden");
      const turn = lane.turned ? 2 * at.x(0.5 * (at.first + at.last)) : 0;
      const cx = from - gap + part * (to - from + 2 * gap);
      if (going) { set(pulse, "cx", turn ? turn - cx : cx); set(pulse, "cy", lane.y); }
    }
  }

  mark(step) {
    const { at } = this;
    const shown = step >= 1 && step <= at.T;
    set(this.markLine, "visibility", shown ? "visible" : "hidden");
    if (shown) { set(this.markLine, "x1", at.x(step)); set(this.markLine, "x2", at.x(step)); }
    if (at.boxes) for (const row of this.boxes) row.forEach(({ group }, k) => group.classList.toggle("rv-here", k + 1 === step));
    else {
      set(this.markBand, "visibility", shown ? "visible" : "hidden");
      const ys = Object.values(at.rows);
      if (shown) for (const [name, value] of Object.entries({ x: at.x(step) - Math.max(at.pitch, 4) / 2, width: Math.max(at.pitch, 4), y: Math.min(...ys) - at.high / 2 - 2, height: Math.max(...ys) - Math.min(...ys) + at.high + 4 })) set(this.markBand, name, value);
    }
  }

  // One step in words.
  reading(t) {
    const { at, message, numbers } = this;
    const down = (name) => at.lanes.flatMap((lane, place) => lane.name !== "down" || lane.target !== name ? []
      : ` (×${factor(numbers[`lane ${place}`][t - 1] - numbers[`d${lane.from}`][t - 1])} from above)`).join("");
    if (message.stack) return `Step ${t}: norm of ∂L/∂h${lowered(t)} ${message.rows.map(({ name }) => `in layer ${name}: ${size(numbers[`d${name}`][t - 1])}${down(name)}`).join(", ")}.`;
    const states = message.rows.map(({ name, sign }) => `${name === sign ? "" : `${name}: `}${sign}${lowered(t)} ${message.single ? "is" : "has size"} ${signed(numbers[name][t - 1])}${message.closed ? "" : `, norm of ∂L/∂${sign}${lowered(t)} ${size(numbers[`d${name}`][t - 1])}`}`);
    const back = at.lanes.flatMap((lane, place) => {
      const k = lane.across ? lane.ends.indexOf(t) : -1;
      const by = k < 0 ? NaN : numbers[`lane ${place}`][k] - numbers[`d${lane.from}`][lane.starts[k] - 1];
      const way = { whole: lane.source, kept: lane.gate || "kept", weights: "through U" }[lane.name];
      return Number.isNaN(by) ? [] : [`${way} ×${factor(by)}`];
    });
    return `Step ${t}: ${states.join("; ")}${back.length ? `; from step ${t + 1}: ${back.join(", ")}` : ""}.`;
  }

  // Where it stands, in words.
  says() {
    const { at, p, message, numbers } = this;
    const overflow = Object.keys(at.rows).map((name) => numbers[name].findIndex((v) => !Number.isFinite(v))).find((k) => k >= 0);
    if (overflow !== undefined) return `At step ${overflow + 1} the state grows past the largest number there is, and the gradient is lost.`;
    const t = Math.floor(p + 1e-9);
    if (t < 1) return "Nothing is read yet.";
    const single = message.losses.length === 1;
    if (t <= at.T) return `Forward, step ${t} of ${at.T}: ${message.tokens[t - 1] === undefined ? `x${lowered(t)}` : `“${message.tokens[t - 1]}”`} comes in, ${single && message.single ? `h is ${signed(numbers.h[t - 1])}` : "the state takes it up"}.`;
    if (t === at.T + 1) {
      const losses = message.losses.map(({ row }) => [single ? "" : `${row} `, numbers[`loss ${row}`][0]]);
      return `The loss is ${losses.map(([name, loss]) => name + (Number.isNaN(loss) ? "there" : signed(loss))).join(", ")}. Now its gradient goes back.`;
    }
    if (message.stack) return `The gradient has gone back ${t - at.T - 2} step${t === at.T + 3 ? "" : "s"} along the rows, and down from layer to layer at every one.`;
    const step = at.last - (t - at.T - 2);
    const own = numbers[`d${message.losses[0].row}`];
    if (message.losses[0].steps.length > 1) return `Back at step ${step}: ∂L/∂h is ${size(own[step - 1])}. New gradient has entered on the way.`;
    const back = `${at.last - step} step${at.last - step > 1 ? "s" : ""} back, at step ${step}`;
    if (!single) {
      const left = message.losses.map(({ row }) => [row, numbers[`d${row}`][step - 1] - numbers[`d${row}`][at.last - 1]])
        .map(([row, log10]) => `${row} ${log10 > 1e-9 ? `${size(log10)} times` : part(log10)}`);
      return step === at.last ? `The gradient enters at step ${step}.` : `${back}, so much is left: ${left.join(", ")}.`;
    }
    const left = own[step - 1] - own[at.last - 1];
    const much = left === -Infinity || Number.isNaN(left) ? "nothing is left" : Math.abs(left) < 1e-9 ? "all of it is left" : left >= 0 ? `${size(left)} times as much arrives` : `${part(left)} of it is left`;
    if (step === at.last) return `The gradient enters at step ${step}: ∂L/∂h is ${size(own[step - 1])}.`;
    const pace = at.last > 2 && step === 1 && Number.isFinite(left) ? `, ×${size(left / (at.last - 1))} a step` : "";
    return `${back}: ${much}${pace}.`;
  }

  table() {
    const { at } = this;
    const every = Math.ceil(at.T / 25);
    return Array.from({ length: at.T }, (_, k) => k + 1).filter((t) => t === 1 || t === at.T || t % every === 0).map((t) => this.reading(t));
  }
}

// The picture by itself: every property in it, its title above, and below it where it is from.
function alone(root, picture, message) {
  const copy = picture.svg.cloneNode(true);
  const inside = [picture.svg, ...picture.svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((node, k) => {
    const css = getComputedStyle(inside[k]);
    for (const name of ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "font-size", "font-weight", "font-style", "text-anchor", "paint-order", "stroke-linejoin", "stop-color"]) node.style.setProperty(name, css.getPropertyValue(name));
    if (/^(text|tspan)$/.test(node.tagName)) node.style.setProperty("font-family", "Arial, sans-serif");
  });
  const { width, height } = picture.at;
  const paper = getComputedStyle(root);
  const ink = paper.getPropertyValue("--st-text-color").trim() || "#31333F";
  const ground = paper.getPropertyValue("--st-background-color").trim() || "#FFFFFF";
  const most = Math.floor((width - 24) / 7);
  const rows = (line) => broken(line, most).split("<br>").map((row) => row.replaceAll("&lt;", "<"));
  const legend = [...root.querySelectorAll(".rv-net-legend span")].flatMap((line) => rows(line.textContent));
  const footer = origin(message.version).flatMap(rows);
  const above = 40 + 18 * legend.length;
  const below = 18 * footer.length + 24;
  const whole = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ xmlns: SVG, width, height: above + height + below, viewBox: `0 0 ${width} ${above + height + below}` })) whole.setAttribute(name, value);
  put("rect", { width, height: above + height + below, fill: ground }, whole);
  const text = (y, words, px, weight = 400) => put("text", { x: 12, y, fill: ink, "font-family": "Arial, sans-serif", "font-size": px, "font-weight": weight }, whole, words);
  text(28, `${message.label} unrolled: how the gradient goes back`, width < 520 ? 16 : 20, 600);
  legend.forEach((line, k) => text(50 + 18 * k, line, 14));
  for (const [name, value] of Object.entries({ y: above, width, height })) copy.setAttribute(name, value);
  whole.append(copy);
  footer.forEach((line, k) => text(above + height + 18 + 18 * k, line, 14));
  return whole;
}

async function takeAway(root, picture, message, kind) {
  const whole = alone(root, picture, message);
  const drawing = new Blob([new XMLSerializer().serializeToString(whole)], { type: "image/svg+xml" });
  let taken = drawing;
  if (kind === "png") {
    const image = new Image();
    image.src = URL.createObjectURL(drawing);
    await image.decode();
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: 2 * image.width, height: 2 * image.height });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(image.src);
    taken = await new Promise((done) => canvas.toBlob(done, "image/png"));
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(taken);
  link.download = `${message.name}.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".rv-net");
  const message = JSON.parse(utf8.decode(data));
  if (overtaken(root, message.serial)) return undefined;
  const numbers = Object.fromEntries(Object.entries(message.numbers).map(([name, array]) => [name, decoded(array)]));
  const frame = root.querySelector(".rv-net-picture");
  const says = root.querySelector(".rv-net-says");
  const { serial, at, numbers: _, ...drawn } = message;
  const shape = JSON.stringify(drawn);
  const button = (act) => root.querySelector(`[data-act=${act}]`);
  const told = () => {
    if (!root.picture) return;
    const words = root.picture.says();
    if (says.textContent !== words) says.textContent = words;
  };
  const build = (shown) => {
    const width = Math.round(frame.clientWidth / scaleOf(frame));
    if (!width) return;
    const old = root.picture;
    const p = old && root.shape === shape && old.p < old.end ? old.p : Infinity;
    frame.replaceChildren();
    root.picture = new Picture(frame, message, width);
    root.shape = shape;
    root.picture.show(shown);
    root.picture.seek(Math.min(p, root.picture.end));
    root.picture.mark(window.rnnvizStep);
    root.querySelector(".rv-net-legend").replaceChildren(...legend());
    told();
  };
  const legend = () => root.picture.at.lanes.filter((lane) => lane.across && (!message.stack || lane.source === message.rows[0].name)).map((lane, _, all) => {
    const line = document.createElement("span");
    line.textContent = lane.words && all.length > 1 ? `${lane.above ? "upper" : "lower"} lane: ${lane.words}` : root.picture.at.boxes ? "on each arrow: what that step back multiplies the gradient by" : "numbers: what a step back multiplies by";
    return line;
  }).concat((message.stack ?? []).map((words) => Object.assign(document.createElement("span"), { textContent: words }))).filter((line, k, lines) => line.textContent !== lines[k - 1]?.textContent);
  const settle = () => {
    root.picture.svg.setAttribute("aria-label", `${message.label} unrolled over ${message.steps} steps. ${root.picture.says()}`);
    for (const row of root.picture.boxes ?? []) row.forEach(({ title }, k) => { title.textContent = root.picture.reading(k + 1); });
    const lines = root.picture.table();
    root.querySelector(".rv-net-table").replaceChildren(...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
    root.dataset.drawn = String((+root.dataset.drawn || 0) + 1);
  };
  const bare = () => {
    root.covered = false;
    if (!root.picture || root.shape !== shape || root.picture.at.width !== Math.round(frame.clientWidth / scaleOf(frame))) build(numbers);
    else { root.picture.message = message; root.picture.show(numbers); root.picture.seek(root.picture.p); told(); }
    if (root.picture) settle();
  };
  const paint = (scene) => {
    if (!root.picture) return;
    root.picture.show(Object.fromEntries(Object.keys(scene.arrays).map((name) => [name, scene.array(scene.arrays[name])])));
    root.picture.seek(root.picture.p);
    told();
  };
  // Playing: forward at one pace, back at another, a long sequence as a whole as fast as a short one.
  const stop = () => { cancelAnimationFrame(root.playing); clearTimeout(root.waiting); root.playing = root.waiting = 0; button("play").textContent = "Play"; says.setAttribute("aria-live", "polite"); };
  const move = (p) => { root.picture.seek(within(p, 0, root.picture.end)); told(); };
  const jump = (steps) => { stop(); const { picture } = root; const whole = steps > 0 ? Math.floor(picture.p + 1e-9) : Math.ceil(picture.p - 1e-9); move(whole + steps); };
  const start = () => {
    const { picture } = root;
    if (picture.p >= picture.end) move(0);
    button("play").textContent = "Pause";
    says.setAttribute("aria-live", "off");
    const pace = (p) => (p < picture.at.T ? Math.max(1000 / 110, picture.at.T / 2.2) : p < picture.at.T + 1 ? 1.4 : Math.max(1000 / 200, picture.at.last / 3.6));
    if (still()) {
      const next = () => {
        const jumps = Math.max(1, Math.round(root.picture.at.T / 16));
        const { p } = root.picture;
        move(p < root.picture.at.T ? Math.min(p + jumps, root.picture.at.T) : p < root.picture.at.T + 1 ? p + 1 : p + jumps);
        if (root.picture.p >= root.picture.end) stop(); else root.waiting = setTimeout(next, 500);
      };
      root.waiting = setTimeout(next, 0);
      return;
    }
    let before = performance.now();
    const tick = (now) => {
      const passed = within((now - before) / 1000, 0, 0.1);
      before = now;
      move(root.picture.p + passed * pace(root.picture.p));
      if (root.picture.p >= root.picture.end) stop(); else root.playing = requestAnimationFrame(tick);
    };
    root.playing = requestAnimationFrame(tick);
  };
  const toggle = () => (root.playing || root.waiting ? stop() : start());
  button("play").onclick = toggle;
  button("back").onclick = () => jump(-1);
  button("on").onclick = () => jump(1);
  root.onkeydown = (event) => {
    const act = { ArrowLeft: () => jump(-1), ArrowRight: () => jump(1), Home: () => { stop(); move(0); }, End: () => { stop(); move(root.picture.end); } }[event.key] ?? (event.key === " " && event.target === root ? toggle : undefined);
    if (!act || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    act();
  };
  const under = (event) => {
    const { at: places_, svg } = root.picture;
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) * places_.width) / box.width;
    const t = Math.floor((x - places_.left) / places_.pitch) + 1;
    return t >= 1 && t <= places_.T ? t : undefined;
  };
  frame.onclick = (event) => { const step = under(event); if (step) document.dispatchEvent(new CustomEvent("rv-pick", { detail: { step } })); };
  frame.onpointermove = (event) => { const step = under(event); if (event.pointerType === "mouse" && !root.playing && !root.waiting && step) says.textContent = root.picture.reading(step); };
  frame.onpointerleave = told;
  root.querySelectorAll("[data-kind]").forEach((take) => { take.onclick = () => takeAway(root, root.picture, message, take.dataset.kind); });
  root.setAttribute("aria-label", `${message.label} unrolled. Space plays and pauses, the arrow keys go one step, Home and End to the ends.`);
  // While scenes are drawn, numbers that were asked for before have come too late.
  if (!window.rnnvizFilming || !root.picture) bare();
  root.leave?.();
  document.removeEventListener("rv-step", root.listener);
  root.leave = joinFilms(root, [message.name], paint, bare);
  root.listener = ({ detail }) => root.picture?.mark(detail);
  document.addEventListener("rv-step", root.listener);
  root.watcher?.disconnect();
  root.watcher = new ResizeObserver(() => { if (root.picture?.at.width !== Math.round(frame.clientWidth / scaleOf(frame))) { build(root.picture?.numbers ?? numbers); if (root.picture) settle(); } });
  root.watcher.observe(frame);
  return ifLast(root, () => { stop(); root.leave(); root.leave = undefined; root.watcher.disconnect(); document.removeEventListener("rv-step", root.listener); });
}
