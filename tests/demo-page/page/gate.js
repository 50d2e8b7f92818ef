// The gate as the page shows it: open, about to close, closed, and why.

const state = document.getElementById("gate-state");
const why = document.getElementById("gate-why");
const refusal = document.getElementById("refusal");

const HEADINGS = {
  idle: "Waiting",
  open: "The gate is open",
  closing: "The gate is closing",
  closed: "The gate is closed",
  failed: "Something is wrong",
};

/** One of the states above. */
export function now() {
  return document.body.dataset.gate;
}

/** Shows a state. A live region: said again only where something changed. */
export function show(gate, words) {
  if (now() === gate && why.textContent === words) return;
  document.body.dataset.gate = gate;
  state.textContent = HEADINGS[gate];
  why.textContent = words;
  refusal.hidden = gate !== "closed";
  refusal.textContent = gate === "closed" ? `✕ ${words} What is buffered plays on, and then nothing.` : "";
}
