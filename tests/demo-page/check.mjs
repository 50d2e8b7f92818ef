// node check.mjs URL: a browser opens the demo's page, presses every button, and every consequence is judged by the page's own log of requests, by
// decoded frames and by the words that a person reads. Needs `npm ci` in the folder above and chromium. Short leases make it quick.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { chromium } from "playwright-core";
import { ARGUMENTS, executable } from "../browser/chromium.mjs";

const url = process.argv[2];
if (!url) {
  console.error("usage: node check.mjs URL");
  process.exit(2);
}

const WAIT = 30_000;
const profile = await mkdtemp(join(tmpdir(), "sluice-page-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: executable(),
  headless: true,
  args: ARGUMENTS,
  viewport: { width: 1280, height: 900 },
  permissions: ["clipboard-read", "clipboard-write"],
});
const page = await context.newPage();
page.setDefaultTimeout(WAIT);

/** What the browser complains of, refusals apart: those are what is shown. */
const complaints = [];
page.on("pageerror", (error) => complaints.push(error.message));
page.on("console", (message) => {
  if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
});

const press = (name) => page.getByRole("button", { name, exact: true }).click();
const choose = (name) => page.getByRole("radio", { name, exact: true }).check({ force: true });
const gateIs = (state) => page.waitForFunction((state) => document.body.dataset.gate === state, state);
const told = () => page.locator("#gate-why").textContent();
const rows = () => page.evaluate(() => Number(document.getElementById("log-sum").dataset.all ?? 0));

/** Waits until more frames are decoded than were at some time from now on: a new load counts from zero. */
async function decodes() {
  await page.evaluate(() => { window.fewest = Infinity; });
  await page.waitForFunction(() => {
    const now = document.getElementById("video").getVideoPlaybackQuality().totalVideoFrames;
    window.fewest = Math.min(window.fewest, now);
    return now - window.fewest >= 10;
  });
}

/** How many different bytes the middle of the video makes as an image: black, as where a wrong key decodes to nothing, makes two or three. */
async function pictured() {
  const { x, y, width, height } = await page.locator("#video").boundingBox();
  const png = await page.screenshot({ clip: { x: x + width / 4, y: y + height / 4, width: width / 2, height: height / 2 } });
  const parts = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  return new Set(inflateSync(Buffer.concat(parts))).size;
}

/** Waits for a request after the first `since` whose line in the log fits: what, the answer, by what. */
async function logged(since, what, answer, via = "") {
  const row = await page.waitForFunction(([since, what, answer, via]) => {
    const all = Number(document.getElementById("log-sum").dataset.all ?? 0);
    const newest = [...document.getElementById("log").rows].slice(0, all - since);
    const text = (row, name) => row.querySelector(`.${name}`).textContent;
    const found = newest.find((row) => new RegExp(what).test(text(row, "what")) && text(row, "answer") === answer && text(row, "via").includes(via));
    return found && { outcome: found.dataset.outcome, symbol: text(found, "outcome"), name: found.querySelector(".outcome").ariaLabel };
  }, [since, what, answer, via]);
  return row.jsonValue();
}

/** Goes back and forth until the edge refuses: each jump needs segments that are not buffered. Returns the seconds that it took. */
async function refusedSoon(since, answer, via = "") {
  const started = Date.now();
  await page.evaluate(() => {
    const video = document.getElementById("video");
    video.currentTime = (video.currentTime + video.duration / 2) % video.duration;
    window.jumps = setInterval(() => { video.currentTime = (video.currentTime + video.duration / 2) % video.duration; }, 500);
  });
  const row = await logged(since, "\\.m4s$", answer, via);
  await page.evaluate(() => clearInterval(window.jumps));
  const seconds = (Date.now() - started) / 1000;
  assert.deepEqual(row, { outcome: "refused", symbol: "✕", name: "refused" });
  await gateIs("closed");
  assert.match(await told(), new RegExp(`^${answer}: `));
  assert.match(await page.locator("#refusal").textContent(), new RegExp(answer));
  return seconds;
}

async function renewed() {
  await press("New session");
  await gateIs("open");
  await decodes();
}

const checks = {
  async "a session is bought and plays"() {
    await page.goto(url);
    await gateIs("open");
    await decodes();
    await logged(0, "^sessions$", "201", "viewer's token");
    assert.equal(await page.locator("#fact-keys").textContent(), "org.w3.clearkey");
    assert.ok(await pictured() > 16, "the picture is of one colour");
  },
  async "the lease is renewed before it is over"() {
    const since = await rows();
    await logged(since, "^sessions/.*/renew$", "200", "lease");
    await gateIs("open");
  },
  async "every protocol, scheme and player plays"() {
    const seen = [];
    for (const protocol of ["HLS", "DASH"]) {
      await choose(protocol);
      for (const player of protocol === "HLS" ? ["shaka"] : ["dash.js", "shaka"]) {
        await choose(player);
        for (const scheme of ["cenc", "cbcs"]) {
          const since = await rows();
          await choose(scheme);
          await logged(since, `^${scheme}/.*\\.m4s$`, "200");
          await decodes();
          await gateIs("open");
          seen.push(`${protocol} ${scheme} ${player}`);
        }
      }
    }
    return seen.join(", ");
  },
  async "an ended session is refused within half a lease"() {
    const since = await rows();
    const half = await page.locator("#lease-bar").evaluate((bar) => bar.max / 2);
    await press("End the session");
    await logged(since, "^sessions/", "204", "viewer's token");
    const seconds = await refusedSoon(since, "410 session_ended");
    assert.match(await told(), /this session was ended/);
    assert.ok(seconds < half + 2, `refused after ${seconds} s`);
    return `${seconds.toFixed(1)} s`;
  },
  async "a handle is refused in another country, and good again at home"() {
    await renewed();
    let since = await rows();
    await press("Another country");
    await refusedSoon(since, "403 geo_blocked", "handle");
    since = await rows();
    await press("Back to Germany");
    await logged(since, "\\.m4s$", "200", "handle");
    await gateIs("open");
    await decodes();
  },
  async "an expired lease is refused, by handle"() {
    const since = await rows();
    await press("Expire the lease");
    await page.waitForFunction(() => document.getElementById("lease-left").textContent === "over");
    await refusedSoon(since, "401 token_expired", "handle");
  },
  async "an expired lease is refused, by cookie"() {
    await choose("cookie");
    await renewed();
    await logged(0, "\\.m4s$", "200", "cookie");
    const since = await rows();
    await press("Expire the lease");
    await refusedSoon(since, "401 token_expired", "cookie");
    await choose("handle");
    await renewed();
  },
  async "a copied URL is worth nothing"() {
    const since = await rows();
    await press("Copy this URL without its handle");
    await logged(since, "\\.m4s$", "401 token_missing", "nothing");
    await page.waitForFunction(() => document.getElementById("copied").textContent.includes("401 token_missing"));
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(copied, /^http:\/\/localhost:\d+\/v1\/.*\.m4s/);
    const { status } = await fetch(copied);
    assert.equal(status, 401);
    // It was no request of the viewer's.
    assert.equal(await page.evaluate(() => document.body.dataset.gate), "open");
  },
  async "the keyboard is enough"() {
    await page.reload();
    await gateIs("open");
    const walkTo = async (id, key) => {
      for (let steps = 0; steps < 60; steps += 1) {
        if (await page.evaluate((id) => document.activeElement?.id === id, id)) return;
        await page.keyboard.press(key);
      }
      assert.fail(`${id} is not reached by ${key}`);
    };
    let since = await rows();
    await walkTo("do-end", "Tab");
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, "solid", "the focus is seen");
    await page.keyboard.press("Enter");
    await refusedSoon(since, "410 session_ended");
    since = await rows();
    await walkTo("do-new", "Shift+Tab");
    await page.keyboard.press("Space");
    await logged(since, "\\.m4s$", "200");
    await gateIs("open");
    await page.locator("input[value=dash]").focus();
    since = await rows();
    await page.keyboard.press("ArrowRight");
    await logged(since, "main\\.m3u8$", "200");
    await decodes();
  },
  async "a phone needs no sideways scrolling"() {
    await page.setViewportSize({ width: 375, height: 812 });
    const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= seen, `${wide} pixels on ${seen}`);
  },
  async "the browser complains of nothing"() {
    assert.deepEqual(complaints, []);
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    const detail = await check();
    console.log(`ok: ${name}${detail ? ` (${detail})` : ""}`);
  } catch (error) {
    failed += 1;
    const [gate, why] = await page.evaluate(() => [document.body.dataset.gate, document.getElementById("gate-why").textContent]).catch(() => []);
    const log = await page.locator("#log tr").evaluateAll((rows) => rows.slice(0, 12).map((row) => row.textContent)).catch(() => []);
    console.error(`failed: ${name}: ${error.message}\n  the gate is ${gate}: ${why}\n  ${[...complaints, ...log].join("\n  ")}`);
    break;
  }
}
await context.close();
await rm(profile, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
