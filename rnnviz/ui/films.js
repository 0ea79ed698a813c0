// Holds the scenes that the server has computed ahead for the page's sliders, and asks for more, one slice at a time:
// the first of every slider, all of the one that a hand or the focus is on, and every value around where that one rests.
const text = new TextDecoder();

function unpack(bytes, start) {
  const length = new DataView(bytes.buffer, bytes.byteOffset + start, 4).getUint32(0, true);
  return [JSON.parse(text.decode(bytes.subarray(start + 4, start + 4 + length))), start + 4 + length];
}

function empty(key) {
  const film = { key, scenes: new Map(), start: 0, seconds: 0, size: 0, more: true, near: new Set() };
  // The scene of exactly this value, or, where about there will do, the nearest.
  film.at = (value, roughly) => {
    const exact = film.scenes.get(value.toFixed(6));
    if (exact || !roughly) return exact;
    let found;
    for (const scene of film.scenes.values()) if (!found || Math.abs(scene.value - value) < Math.abs(found.value - value)) found = scene;
    return found;
  };
  return film;
}

// Arrays are looked up in the bytes they came in, when a scene is drawn.
function reader(bytes) {
  const whole = bytes.slice();
  return (place) => {
    if (!place) return undefined;
    const [kind, at, length] = place;
    return kind === "B" ? whole.subarray(at, at + length) : new Float32Array(whole.buffer, at, length);
  };
}

function add(film, answer, bytes, start) {
  film.seconds = answer.seconds;
  if (answer.near === null) { film.more = answer.more; film.start += answer.values.length; } else film.near.add(answer.near);
  if (start >= bytes.length) return;
  film.size += bytes.length - start;
  const [head, body] = unpack(bytes, start);
  const array = reader(bytes.subarray(body));
  const of = (column, k) => (column.all !== undefined ? column.all : column.each?.[k]);
  answer.values.forEach((value, k) => {
    const draw = { value, pictures: (name) => head.pictures[name] && { ...head.pictures[name], of: (column) => of(column, k), array: (column) => array(of(column, k)) } };
    film.scenes.set(value.toFixed(6), draw);
  });
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".rv-films");
  const [head, body] = unpack(data, 0);
  if (overtaken(root, head.serial)) return undefined;
  const films = (window.rnnvizFilms ??= new Map());
  for (const name of films.keys()) if (!(name in head.keys)) films.delete(name);
  for (const [name, key] of Object.entries(head.keys)) {
    // Of other settings: an answer that is still to come is of no use any more.
    if (films.get(name)?.key !== key) { films.set(name, empty(key)); root.patience = 0; }
  }
  const { answer } = head;
  if (answer && films.get(answer.name)?.key === answer.key && root.answered !== head.number) add(films.get(answer.name), answer, data, body);
  if (head.number !== undefined) { root.answered = head.number; root.patience = 0; }
  const next = () => {
    const names = Object.keys(head.keys);
    const first = names.find((name) => films.get(name).start === 0 && films.get(name).more);
    if (first) return [first, null];
    const wanted = names.includes(window.rnnvizWanted) ? window.rnnvizWanted : names[0];
    const film = films.get(wanted);
    if (!film) return undefined;
    if (film.more) return [wanted, null];
    const near = head.places[wanted];
    return film.start && !film.near.has(near) ? [wanted, near] : undefined;
  };
  const ask = () => {
    clearTimeout(root.again);
    // The first picture comes first, what a slider has asked for, and whatever runs or is about to run again.
    const now = performance.now();
    const waiting = [...document.querySelectorAll(".rv-live input")].some((input) => input.live?.waiting);
    const busy = now < root.patience || window.rnnvizMoving || underWay() || waiting || !document.querySelector(".rv-plot[data-drawn]");
    const wanted = busy ? undefined : next();
    if (!wanted) { root.again = setTimeout(ask, 30); return; }
    const [name, near] = wanted;
    const film = films.get(name);
    root.number = Math.max(root.number ?? 0, head.number ?? 0) + 1;
    // An answer can be lost to a press of a button, or to a move, that came between: ask again.
    root.patience = now + 3000;
    setStateValue("ask", { key: film.key, near, start: near === null ? film.start : 0, seconds: film.seconds, size: film.size, number: root.number });
    root.again = setTimeout(ask, 3000);
  };
  clearTimeout(root.again);
  root.again = setTimeout(ask, answer || head.number === undefined ? 0 : 300);
  const want = ({ target }) => { if (target.dataset?.slider) window.rnnvizWanted = target.dataset.slider; };
  for (const kind of ["pointerover", "focusin"]) { document.removeEventListener(kind, root.want); document.addEventListener(kind, want); }
  root.want = want;
  return ifLast(root, () => {
    clearTimeout(root.again);
    for (const kind of ["pointerover", "focusin"]) document.removeEventListener(kind, root.want);
  });
}
