// Sentences, as text and never as HTML, and those of a slider's scenes while it moves.
const MARKED = /(\*\*(?:\\.|[^*\\])+\*\*|\[\[[^\]]+\]\])/;

// The text around what is marked, and that; what is strong has a paragraph's inside.
const split = (text) => text.split(MARKED).map((part, k) => (k % 2 ? part : part.replace(/\\(.)/g, "$1")));

function inline(element, parts) {
  parts.forEach((part, k) => {
    if (k % 2 === 0) element.append(document.createTextNode(part));
    else if (part.startsWith("[[")) element.append(...term(...part.slice(2, -2).split("|")));
    else element.append(inline(document.createElement("strong"), split(part.slice(2, -2))));
  });
  return element;
}

function paragraph(part) {
  const heading = part.startsWith("##### ");
  const parts = split(heading ? part.slice(6) : part);
  const element = inline(document.createElement(heading ? "h5" : "p"), parts);
  const texts = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
  return Object.assign(element, { parts, texts });
}

// In a drag most paragraphs keep what is marked: only the text around it is set, and a word that is open stays open.
function rewritten(element, part) {
  const parts = split(part);
  const same = element?.tagName === "P" && parts.length === element.parts.length && parts.every((own, k) => k % 2 === 0 || own === element.parts[k]);
  if (!same) return paragraph(part);
  element.texts.forEach((node, k) => { if (node.data !== parts[2 * k]) node.data = parts[2 * k]; });
  element.parts = parts;
  return element;
}

// A word that opens what it means. The browser closes it again: by ESC, by a press elsewhere, by the next word. What
// lies over the next word is closed by a press on itself, unless that selects.
function term(word, shown = word) {
  const button = document.createElement("button");
  const meaning = document.createElement("span");
  Object.assign(button, { type: "button", className: "rv-term", textContent: shown, popoverTargetElement: meaning });
  meaning.className = "rv-meaning";
  meaning.popover = "auto";
  meaning.setAttribute("role", "note");
  meaning.onclick = () => { if (getSelection().isCollapsed) meaning.hidePopover(); };
  const name = document.createElement("strong");
  name.textContent = word;
  meaning.append(name, `: ${GLOSSARY[word]}`);
  const tell = (open) => { button.ariaExpanded = String(open); button.ariaDescription = open ? GLOSSARY[word] : null; };
  tell(false);
  meaning.ontoggle = ({ newState }) => {
    tell(newState === "open");
    if (newState !== "open") return;
    const at = button.getBoundingClientRect(), box = meaning.getBoundingClientRect();
    const below = at.bottom + 6 + box.height <= innerHeight;
    meaning.style.left = `${Math.max(8, Math.min(at.left, innerWidth - box.width - 8))}px`;
    meaning.style.top = `${below ? at.bottom + 6 : Math.max(8, at.top - 6 - box.height)}px`;
  };
  return [button, meaning];
}

function write(root, text) {
  if (root.written === text) return;
  root.written = text;
  const before = [...root.children];
  const now = text.split("\n\n").filter(Boolean).map((part, k) => rewritten(before[k], part));
  if (now.length !== before.length || now.some((element, k) => element !== before[k])) root.replaceChildren(...now);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".rv-sentences");
  if (overtaken(root, data.serial)) return undefined;
  root.text = data.text;
  root.dataset.size = data.size;
  const bare = () => { root.covered = false; root.removeAttribute("aria-busy"); root.style.minHeight = ""; write(root, root.text); };
  const paint = (picture) => {
    root.setAttribute("aria-busy", "true");
    // A shorter sentence above a slider would move it away from under the hand.
    root.style.minHeight ||= `${root.offsetHeight}px`;
    write(root, picture.of(picture.text));
  };
  if (!window.rnnvizFilming) bare();
  root.leave?.();
  root.leave = joinFilms(root, [data.name], paint, bare);
  return ifLast(root, () => { root.leave(); root.leave = undefined; });
}
