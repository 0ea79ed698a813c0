// Sentences, as text and never as HTML, and those of a slider's scenes while it moves.
function inline(element, text) {
  text.split(/(\*\*(?:\\.|[^*\\])+\*\*)/).forEach((part, k) => {
    const plain = part.replace(/\\(.)/g, (_, c) => c);
    if (k % 2 === 0) { element.append(plain); return; }
    const bold = document.createElement("strong");
    bold.textContent = part.slice(2, -2).replace(/\\(.)/g, "$1");
    element.append(bold);
  });
  return element;
}

function write(root, text) {
  if (root.written === text) return;
  root.written = text;
  root.replaceChildren(...text.split("\n\n").filter(Boolean).map((part) => {
    const heading = part.startsWith("##### ");
    return inline(document.createElement(heading ? "h5" : "p"), heading ? part.slice(6) : part);
  }));
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".rv-sentences");
  if (overtaken(root, data.serial)) return undefined;
  root.text = data.text;
  const bare = () => { root.covered = false; root.removeAttribute("aria-busy"); write(root, root.text); };
  const paint = (picture) => { root.setAttribute("aria-busy", "true"); write(root, picture.of(picture.text)); };
  if (!window.rnnvizFilming) bare();
  root.leave?.();
  root.leave = joinFilms(root, [data.name], paint, bare);
  return ifLast(root, () => { root.leave(); root.leave = undefined; });
}
