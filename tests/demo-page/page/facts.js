// What goes on, in figures: session, lease, playback.

import { rate } from "./words.js";

const at = (id) => document.getElementById(id);
const bar = at("lease-bar");
const left = at("lease-left");

/** The lease's countdown. It counts no more where the session is `over`. */
export function lease(session, over) {
  const seconds = session && !over ? session.secondsLeft : 0;
  bar.max = session?.life || 1;
  bar.value = seconds;
  if (!session) left.textContent = "none";
  else if (over && session.secondsLeft > 0) left.textContent = "ended";
  else left.textContent = seconds > 0 ? `${Math.ceil(seconds)} s left` : "over";
}

/** Whose session it is, and how its right travels. */
export function viewer({ session, carriage, country }) {
  at("fact-session").textContent = session?.id ?? "none";
  at("fact-session").title = session?.id ?? "";
  at("fact-carriage").textContent = carriage === "cookie" ? "cookie: sluice-lease" : "handle in the path: /~…/";
  at("fact-country").textContent = country ? `${country.name} (${country.code})` : "–";
}

/** What is decoded now. */
export function playback(video, scheme, player) {
  const quality = video.getVideoPlaybackQuality();
  const { keySystem, width, height, bandwidth, codec } = player?.facts() ?? {};
  at("fact-scheme").textContent = scheme;
  at("fact-keys").textContent = keySystem || "–";
  at("fact-rendition").textContent = height ? `${width}×${height}, ${rate(bandwidth)}` : "–";
  at("fact-codec").textContent = codec || "–";
  at("fact-decoded").textContent = String(quality.totalVideoFrames);
  at("fact-dropped").textContent = String(quality.droppedVideoFrames);
  at("fact-buffered").textContent = `${ahead(video).toFixed(1)} s ahead`;
}

/** Seconds of media after the playhead. */
export function ahead(video) {
  for (let range = 0; range < video.buffered.length; range += 1) {
    const [start, end] = [video.buffered.start(range), video.buffered.end(range)];
    if (start <= video.currentTime + 0.1 && video.currentTime < end) return end - video.currentTime;
  }
  return 0;
}
