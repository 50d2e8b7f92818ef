/** What a page asked for, when, and how it ended: for cases that go wrong. */
export class Traffic {
  #began = performance.now();
  #requests = new Map();

  begin(request) {
    this.#requests.set(request, { at: this.#now(), end: null, how: 'unanswered' });
  }

  end(request, how) {
    Object.assign(this.#requests.get(request) ?? {}, { end: this.#now(), how });
  }

  /** The last requests, in order. */
  last() {
    const line = ([request, { at, end, how }]) => `${at}-${end ?? ''} ms ${request.url().replace(/\/~[^/]*/, '')} ${how}`;
    return [...this.#requests].slice(-30).map(line);
  }

  #now() {
    return Math.round(performance.now() - this.#began);
  }
}
