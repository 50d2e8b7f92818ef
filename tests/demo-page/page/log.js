// The table of requests, newest first.

import { answer, shortName, size, time } from "./words.js";

const ROWS = 200;
const SYMBOLS = { passed: "✓", refused: "✕", none: "–" };
const NAMES = { passed: "passed", refused: "refused", none: "no answer" };

const body = document.getElementById("log");
const sum = document.getElementById("log-sum");
const counts = { passed: 0, refused: 0, none: 0 };

/** `passed`, `refused`, or `none` where there was no answer. */
export function outcome(request) {
  if (request.failure) return "none";
  return request.status < 400 ? "passed" : "refused";
}

/** Adds a request on top. */
export function add(request) {
  const kind = outcome(request);
  counts[kind] += 1;
  const row = document.createElement("tr");
  // Said explicitly: as a grid, which it is where there is little room, it would not be a table's row any more.
  row.setAttribute("role", "row");
  row.dataset.outcome = kind;
  row.title = request.at.toLocaleTimeString();
  const symbol = cell("outcome", SYMBOLS[kind]);
  symbol.setAttribute("aria-label", NAMES[kind]);
  row.append(
    symbol,
    cell("method", request.method),
    cell("what", shortName(request.url)),
    cell("answer", answer(request)),
    cell("via", request.via),
    cell("time number", time(request.ms)),
    cell("size number", size(request.bytes)),
  );
  body.prepend(row);
  while (body.rows.length > ROWS) body.deleteRow(-1);
  // All that were ever added, for who reads along.
  sum.dataset.all = counts.passed + counts.refused + counts.none;
  sum.textContent = `${counts.passed} passed, ${counts.refused} refused`;
}

function cell(name, text) {
  const cell = document.createElement("td");
  cell.setAttribute("role", "cell");
  cell.className = name;
  cell.textContent = text;
  return cell;
}
