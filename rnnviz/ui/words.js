// Sentences, as text and never as HTML, and those of a slider's scenes while it moves.
function inline(element, text) {
  text.split(/(\*\*(?:\\.|[^*\\])+\*\*|\[\[[^\]]+\]\])/).forEach((part, k) => {
    if (k % 2 === 0) element.append(part.replace(/\\(.)/g, "$1"));
    else if (part.startsWith("[[")) element.append(...term(...part.slice(2, -2).split("|")));
    else element.append(inline(document.createElement("strong"), part.slice(2, -2)));
  });
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
  root.replaceChildren(...text.split("\n\n").filter(Boolean).map((part) => {
    const heading = part.startsWith("##### ");
    return inline(document.createElement(heading ? "h5" : "p"), heading ? part.slice(6) : part);
  }));
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
