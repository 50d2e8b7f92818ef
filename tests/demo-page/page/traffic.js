// Everything that goes to the edge, as the browser sees it: `fetch` and `XMLHttpRequest` are wrapped before any player is loaded.

const nativeFetch = window.fetch.bind(window);
const subscribers = new Set();

/** What requests have in common; the page sets it. */
const way = { edge: "", cookies: false, replaced: new Map() };

/** Requests whose URL begins with `edge` are watched from now on. */
export function watch(edge) {
  way.edge = edge;
}

/** Whether requests carry cookies. */
export function sendCookies(yes) {
  way.cookies = yes;
}

/** URLs that players hold with the handle `from` go out with `to`. */
export function replaceHandle(from, to) {
  way.replaced.set(from, to);
}

/** Calls `heard` with each request that was answered, or was not. */
export function onRequest(heard) {
  subscribers.add(heard);
}

/** The handle in a URL, if there is one. */
export function handleOf(url) {
  return /\/~([^/]+)\//.exec(url)?.[1] ?? null;
}

/** The URL without its handle. */
export function withoutHandle(url) {
  return url.replace(/\/~[^/]+\//, "/");
}

/** A request of the page's own. `facts` are added to what is told of it. */
export async function ask(url, options = {}, facts = {}) {
  const outgoing = { cache: "no-store", credentials: "omit", ...options };
  const asked = {
    method: (options.method ?? "GET").toUpperCase(),
    url,
    via: carriage(url, new Headers(options.headers).get("authorization"), outgoing.credentials),
    ...facts,
  };
  const started = performance.now();
  let response;
  try {
    response = await nativeFetch(url, outgoing);
  } catch (error) {
    tell(asked, { started, failure: broken(error, "no answer") });
    throw error;
  }
  // The copy is read beside the player's reading, so that time and size are those of the whole body.
  response.clone().arrayBuffer().then(
    (body) => tell(asked, { started, status: response.status, bytes: body.byteLength, code: codeOf(response.headers.get("content-type"), body) }),
    (error) => tell(asked, { started, status: response.status, failure: broken(error, "broken off") }),
  );
  return response;
}

/** What a player gave up is no fault of the edge's. */
function broken(error, otherwise) {
  return error.name === "AbortError" ? "given up" : otherwise;
}

function carriage(url, authorization, credentials) {
  if (handleOf(url)) return "handle";
  if (authorization) return authorization.includes(".") ? "viewer's token" : "lease";
  return credentials === "include" ? "cookie" : "nothing";
}

/** The contract's code in a problem document. */
function codeOf(type, body) {
  if (!type?.startsWith("application/problem+json")) return "";
  try {
    return JSON.parse(new TextDecoder().decode(body)).code ?? "";
  } catch {
    return "";
  }
}

function tell(asked, { started, status = 0, bytes = 0, code = "", failure = "" }) {
  const request = { ...asked, at: new Date(), started, ms: performance.now() - started, status, bytes, code, failure };
  for (const heard of subscribers) heard(request);
}

/** Where a player's request really goes. */
function outgoing(url) {
  const handle = handleOf(url);
  return handle && way.replaced.has(handle) ? url.replace(handle, way.replaced.get(handle)) : url;
}

function isWatched(url) {
  return way.edge !== "" && url.startsWith(`${way.edge}/`);
}

window.fetch = (input, options = {}) => {
  const url = typeof input === "string" ? input : (input.url ?? String(input));
  if (!isWatched(url)) return nativeFetch(input, options);
  // Players here call with a URL and options; a Request's own would be lost.
  return ask(outgoing(url), { ...options, credentials: way.cookies ? "include" : "omit" });
};

const { open, send } = XMLHttpRequest.prototype;
const asked = new WeakMap();
const failures = new WeakMap();
let sequence = 0;

XMLHttpRequest.prototype.open = function (method, url, ...rest) {
  const target = String(url);
  if (!isWatched(target)) return open.call(this, method, url, ...rest);
  const to = outgoing(target);
  // Unlike fetch, it cannot be told to pass the browser's cache by; a query of its own does that.
  const fresh = `${to}${to.includes("?") ? "&" : "?"}n=${(sequence += 1)}`;
  asked.set(this, { method: method.toUpperCase(), url: to, via: carriage(to, null, way.cookies ? "include" : "omit") });
  return open.call(this, method, method.toUpperCase() === "GET" ? fresh : to, ...rest);
};

XMLHttpRequest.prototype.send = function (body) {
  const request = asked.get(this);
  if (request) {
    const started = performance.now();
    this.withCredentials = way.cookies;
    this.addEventListener("abort", () => failures.set(this, "given up"));
    this.addEventListener("error", () => failures.set(this, "no answer"));
    this.addEventListener("loadend", () => {
      const body = bodyOf(this);
      const bytes = body.byteLength || Number(this.getResponseHeader("content-length"));
      const failure = failures.get(this) ?? "";
      tell(request, { started, status: this.status, bytes, code: codeOf(this.getResponseHeader("content-type"), body), failure });
    }, { once: true });
  }
  return send.call(this, body);
};

function bodyOf(request) {
  if (request.response instanceof ArrayBuffer) return new Uint8Array(request.response);
  if (typeof request.response === "string") return new TextEncoder().encode(request.response);
  return new Uint8Array();
}
