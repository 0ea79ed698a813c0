// Asks for the next slice of work as soon as the last one has arrived; no page, no asking, no work.
export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".rv-pulse");
  if (overtaken(root, data.number)) return undefined;
  clearTimeout(root.next);
  const ask = () => {
    setStateValue("asked", { after: data.number, again: (root.again = (root.again || 0) + 1) });
    root.next = setTimeout(again, 3000);
  };
  // An answer can be lost to a press of a button that came between: ask again. One that is under way may still wait for
  // its turn, and another question would end it, and its place in the queue with it.
  const again = () => {
    const running = document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "running";
    if (running) root.next = setTimeout(again, 3000);
    else ask();
  };
  if (data.running) root.next = setTimeout(ask, 0);
  return ifLast(root, () => clearTimeout(root.next));
}
