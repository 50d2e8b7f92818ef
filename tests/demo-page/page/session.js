// The viewer's session: bought with a token at the edge, renewed by its lease, ended.

import { ask, handleOf, withoutHandle } from "./traffic.js";

/** A call of the demo's own control API, which stands in for the operator, other devices and the network. */
export async function control(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, { ...options, cache: "no-store" });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** The edge said no. */
export class Refused extends Error {
  constructor(status, code) {
    super(`${status} ${code}`);
    this.status = status;
    this.code = code;
  }
}

/** One session, as the edge's session object tells it. */
export class Session {
  #edge;
  #token;
  #object;
  /** The lease's life in seconds, to draw it. */
  life = 0;

  /** Buys a session for the title with the viewer's token. */
  static async create(edge, { token, title }) {
    const session = new Session();
    session.#edge = edge;
    session.#token = token;
    const body = JSON.stringify({ title, device: "demo-page" });
    await session.#call("/v1/sessions", "POST", token, { "content-type": "application/json" }, body);
    return session;
  }

  get id() { return this.#object.session; }
  get lease() { return this.#object.lease; }
  get handle() { return handleOf(this.#object.hls[0].url); }
  get secondsLeft() { return Math.max(0, this.#object.expires - Date.now() / 1000); }

  /** The schemes on offer. */
  get schemes() { return this.#object.dash.map((link) => link.scheme); }

  /** The manifest's URL, and the licence's. */
  source(protocol, scheme, carriage) {
    const url = this.#object[protocol].find((link) => link.scheme === scheme)?.url;
    if (!url) throw new Error(`this title is not offered in ${scheme}`);
    const carried = carriage === "cookie" ? withoutHandle : (url) => url;
    return { url: carried(url), license: this.#object.license.clearkey && carried(this.#object.license.clearkey) };
  }

  /** Extends the session and its lease. */
  async renew() {
    await this.#call(`/v1/sessions/${this.id}/renew`, "POST", this.lease);
  }

  /** Ends the session, by the viewer's right: that is how another device does it. */
  async end() {
    await this.#call(`/v1/sessions/${this.id}`, "DELETE", this.#token);
  }

  /** Goes on with another lease in place of the true one. */
  replaceLease(lease, expires) {
    this.#object = { ...this.#object, lease, expires };
  }

  async #call(path, method, bearer, headers = {}, body = undefined) {
    // Credentials, so that the lease's cookie is kept; it is not what these routes go by.
    const options = { method, headers: { ...headers, authorization: `Bearer ${bearer}` }, body, credentials: "include" };
    const response = await ask(this.#edge + path, options);
    if (!response.ok) {
      const problem = await response.json().catch(() => ({}));
      throw new Refused(response.status, problem.code ?? "");
    }
    if (response.status === 204) return;
    this.#object = await response.json();
    this.life = this.#object.expires - Date.now() / 1000;
  }
}
