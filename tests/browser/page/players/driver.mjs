/**
 * What the cases need of a player. A subclass has, beside these members, `static library` (the URL of the player's script),
 * `load(url)`, `heights()` (of the renditions), `switchTo(height)` and `showSubtitles()`, each by the player's own interface; and `wind(rate)`
 * where it `winds` by I-frames alone.
 */
export class Driver {
  /** Why the player gave up: {name, status, body}, the latter two where it was an HTTP answer. */
  failure = null;
  /** Whether it plays I-frames alone where it winds. */
  winds = false;
  /** What it complained of and went on. */
  complaints = [];

  fail(name, status = null, body = null) {
    // What comes after the first one is its consequence.
    this.failure ??= { name: shortened(name), status, body: text(body) };
  }

  complain(name) {
    if (this.complaints.length < 10) this.complaints.push(shortened(name));
  }
}

/** An error's text for a table: of URLs, which are long and never the same, the last part. */
function shortened(name) {
  const text = name.replace(/https?:\S*\//g, '');
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** A body as the player kept it: text, or bytes. */
function text(body) {
  const isBytes = body instanceof ArrayBuffer || ArrayBuffer.isView(body);
  return isBytes ? new TextDecoder().decode(body) : body;
}
