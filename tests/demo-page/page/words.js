// Codes in plain words, and numbers for people.

const MEANINGS = {
  bad_request: "the request was not understood",
  token_missing: "nothing came with the request that shows a right: no handle, no lease",
  token_invalid: "the credential is none that this edge has signed",
  token_expired: "the lease is over",
  geo_blocked: "this session may not be used from this country",
  not_entitled: "this viewer has no right to this title",
  rights_window: "the title is not available at this time",
  title_mismatch: "the credential is for another title",
  address_mismatch: "the handle is bound to another network",
  unknown_title: "there is no such title",
  unknown_track: "there is no such track",
  unknown_segment: "there is no such segment",
  unknown_version: "this version of the title is gone",
  unknown_route: "there is nothing at this address",
  stream_limit: "the account watches on as many devices as it may",
  session_ended: "this session was ended",
  rate_limited: "too many requests; try again in a moment",
  internal: "the edge is misconfigured; its log says how",
  origin_unreachable: "the edge cannot reach the origin",
  origin_timeout: "the origin did not answer in time",
  key_unavailable: "there is no key to protect the media with",
  store_unavailable: "the session store does not answer",
};

/** `410 session_ended`, `200`, or why there was no answer. */
export function answer({ status, code, failure }) {
  if (failure) return failure;
  return code ? `${status} ${code}` : String(status);
}

/** What an answer means: `410 session_ended: this session was ended`. */
export function explained(request) {
  const meaning = MEANINGS[request.code] ?? (request.failure ? "the edge could not be reached" : "the edge refused");
  return `${answer(request)}: ${meaning}`;
}

/** A URL as the log names it: what follows the title, without handles and ids. */
export function shortName(url) {
  const path = new URL(url).pathname.replace(/^\/~[^/]+/, "").replace(/^\/v1\//, "");
  if (path.startsWith("sessions")) return path.replace(/^sessions\/[^/]+/, "sessions/…");
  return path.replace(/^[^/]+\//, "").replace(/[0-9a-f]{32}/, (kid) => `${kid.slice(0, 8)}…`);
}

/** `640 B`, `37 KB`, `1.2 MB`. */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** `850 kbit/s`, `5.2 Mbit/s`. */
export function rate(bits) {
  return bits < 1e6 ? `${Math.round(bits / 1000)} kbit/s` : `${(bits / 1e6).toFixed(1)} Mbit/s`;
}

/** `7 ms`, `1.3 s`. */
export function time(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
