// The page: one session at a time, one player, and the buttons that put the gate to the test.

import * as facts from "./facts.js";
import * as gate from "./gate.js";
import * as log from "./log.js";
import * as traffic from "./traffic.js";
import { player } from "./players.js";
import { Refused, Session, control } from "./session.js";
import { explained, shortName } from "./words.js";

const at = (id) => document.getElementById(id);
let video = at("video");
const choices = at("choices");
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const chosen = () => Object.fromEntries(new FormData(choices));

/** What the demo's server tells of itself. */
let stage;
/** Where the viewer is, as the network tells the edge. */
let country;
let session = null;
/** Ended or expired: there is nothing to renew. */
let over = false;
/** When the last thing happened that the gate may mind: answers to earlier requests tell nothing of it. */
let changed = 0;
let playing = null;
/** Where the newest segment came from. */
let lastUrl = null;

async function start() {
  stage = await control("/demo/stage");
  country = stage.countries.find(({ code }) => code === stage.country);
  at("where").textContent = `Title “${stage.title}” · edge ${stage.edge.replace("http://", "")} · ${stage.host}`;
  traffic.watch(stage.edge);
  traffic.onRequest(heard);
  setInterval(tick, 250);
  enable();
  if (stage.missing) {
    gate.show("failed", stage.missing);
    for (const control of [...choices.elements, at("do-new")]) control.disabled = true;
    return;
  }
  choices.addEventListener("change", () => act(play));
  for (const [id, action] of Object.entries({ new: newSession, end, expire, country: travel, copy })) {
    at(`do-${id}`).addEventListener("click", () => act(action));
  }
  await act(newSession);
}

let turn = Promise.resolve();
/** Does what a person asked for, one thing at a time. A refusal shows as the answer that it is. */
function act(action) {
  turn = turn.then(action).catch((error) => {
    if (!(error instanceof Refused)) gate.show("failed", `${error.message}.`);
  }).finally(enable);
  return turn;
}

/** What is pointless now cannot be pressed. */
function enable() {
  for (const id of ["do-end", "do-expire", "do-country"]) at(id).disabled = !session;
  at("do-copy").disabled = !lastUrl;
}

async function newSession() {
  await stop();
  session = await Session.create(stage.edge, await control("/demo/viewer"));
  over = false;
  await play();
}

/** Plays what is chosen with the session that there is, from where the player is. */
async function play() {
  if (!session) return;
  offer();
  const { protocol, scheme, carriage, player: name } = chosen();
  const position = playing ? video.currentTime : 0;
  await stop();
  traffic.sendCookies(carriage === "cookie");
  gate.show("idle", "The player asks for the title.");
  playing = await player(name, video, (words) => {
    if (gate.now() !== "closed") gate.show("failed", words);
  });
  // Not by the attribute: what plays by that is paused while it is scrolled out of sight, and asks for nothing.
  if (!still) video.addEventListener("loadeddata", () => video.play().catch(() => {}), { once: true });
  playing.load({ protocol, ...session.source(protocol, scheme, carriage) }, position);
}

/** What cannot be chosen is not on offer: a scheme that the title has not, and dash.js for HLS. */
function offer() {
  const { scheme, player } = choices.elements;
  for (const input of scheme) input.disabled = !session.schemes.includes(input.value);
  const dashOnly = [...player].find(({ value }) => value === "dash.js");
  dashOnly.disabled = chosen().protocol === "hls";
  if (dashOnly.disabled && dashOnly.checked) player[0].checked = true;
}

async function stop() {
  const old = playing;
  playing = null;
  await old?.destroy();
  // What a player leaves at an element, its keys above all, is in the next one's way.
  const fresh = video.cloneNode();
  Object.assign(fresh, { muted: video.muted, volume: video.volume });
  video.replaceWith(fresh);
  video = fresh;
}

async function end() {
  await session.end();
  over = true;
  doubt("The session is ended.", `, within ${Math.ceil(session.life / 2)} s at the latest`);
}

async function expire() {
  const { lease, handle, expires } = await control("/demo/expire", { lease: session.lease, handle: session.handle });
  traffic.replaceHandle(session.handle, handle);
  session.replaceLease(lease, expires);
  over = true;
  doubt("The lease is over.");
}

/** To the other country and back. */
async function travel() {
  const next = stage.countries.find(({ code }) => code !== country.code);
  await control("/demo/country", { country: next.code });
  country = next;
  const [home] = stage.countries;
  at("do-country").textContent = country === home ? "Another country" : `Back to ${home.name}`;
  at("country-hint").textContent = chosen().carriage === "cookie"
    ? "A cookie is bound to no country. Only the title's own rights count, and these allow every country."
    : "A handle is good in the country that it was given in.";
  if (over) return;
  // Which way it stands, the edge says: where it refused, it is asked again.
  if (gate.now() === "closed") await play();
  else doubt(`The viewer is in ${country.name} now.`);
}

/** Something happened that the edge's next answer will show. */
function doubt(words, when = "") {
  changed = performance.now();
  gate.show("closing", `${words} What is buffered plays on; the edge's next answer decides${when}.`);
}

/** The URL as somebody else would have it, and what it is worth to them. */
async function copy() {
  const url = traffic.withoutHandle(lastUrl);
  const copied = await navigator.clipboard.writeText(url).then(() => true, () => false);
  const response = await traffic.ask(url, { credentials: "omit" }, { probe: true });
  const { code = "" } = await response.json().catch(() => ({}));
  const what = copied ? `Copied ${shortName(url)}.` : `The browser does not let this page copy: ${url}`;
  at("copied").textContent = `${what} Whoever opens it gets ${explained({ status: response.status, code })}.`;
}

/** A request was answered, or was not. */
function heard(request) {
  log.add(request);
  if (request.probe || request.failure === "given up") return;
  if (request.failure) {
    gate.show("failed", `${shortName(request.url)}: ${explained(request)}.`);
  } else if (request.status >= 400) {
    refused(request);
  } else if (request.url.includes(".m4s")) {
    lastUrl = request.url;
    enable();
    if (!over && request.started > changed) gate.show("open", "Each request is checked, and its media encrypted as it passes.");
  }
}

function refused(request) {
  over ||= request.status === 401 || request.status === 410;
  gate.show("closed", `${explained(request)}.`);
  enable();
}

let renewal = null;
function tick() {
  const { scheme, carriage } = chosen();
  facts.lease(session, over);
  facts.viewer({ session, carriage, country });
  facts.playback(video, scheme, playing);
  if (!session || over || renewal || session.secondsLeft > session.life / 2) return;
  renewal = session.renew().catch((error) => {
    if (!(error instanceof Refused)) gate.show("failed", `The lease was not renewed: ${error.message}.`);
  }).finally(() => { renewal = null; });
}

start().catch((error) => gate.show("failed", `The demo's server does not answer as it should: ${error.message}.`));
