// Runs cases of players in Debian's Chromium. A line of JSON in, lines of JSON out:
//
//   out  {"origin": "http://localhost:PORT"}     where the pages are, before anything else: the edge has to list it
//   in   {"cases": [CASE, …], "parallel": N}     what a case is: page/main.mjs
//   out  {"id": CASE.id, "outcome": {…}}         one per case, in the order in which they end
//
// Ends with its stdin, or after the last case.
import { createInterface } from 'node:readline';
import { launch } from './chromium.mjs';
import { servePages } from './pages.mjs';
import { Traffic } from './traffic.mjs';

/** What a case may take on a busy machine; a case bounds its own steps, so that this is for pages that hang. */
const CASE_MS = 120_000;
/** Routes that give keys. */
const KEYS = /\/license\/|\/key\//;

const say = (message) => process.stdout.write(JSON.stringify(message) + '\n');

const pages = await servePages();
say({ origin: pages.origin });
for await (const line of createInterface({ input: process.stdin })) {
  const { cases, parallel } = JSON.parse(line);
  await runAll(cases, parallel);
  break;
}
pages.close();
process.exit(0);

async function runAll(cases, parallel) {
  const browser = await launch();
  const waiting = [...cases];
  const worker = async () => {
    for (let wanted = waiting.shift(); wanted; wanted = waiting.shift()) {
      say({ id: wanted.id, outcome: await runOne(browser, wanted) });
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  await browser.close();
}

/** A case in a context of its own: no cookie, no cache and no connection of another case is in it. */
async function runOne(browser, wanted) {
  const context = await browser.newContext({ viewport: { width: 640, height: 360 } });
  const notes = [];
  const traffic = new Traffic();
  let keys = 0;
  try {
    const page = await context.newPage();
    page.on('console', (message) => message.type() === 'error' && notes.push(message.text()));
    page.on('request', (request) => traffic.begin(request));
    page.on('requestfinished', (request) => traffic.end(request, 'whole'));
    page.on('requestfailed', (request) => traffic.end(request, request.failure()?.errorText ?? 'failed'));
    page.on('response', (response) => {
      if (KEYS.test(response.url()) && response.ok()) keys += 1;
    });
    page.on('pageerror', (error) => notes.push(String(error)));
    await page.exposeFunction('screenshot', async (clip) => (await page.screenshot({ clip })).toString('base64'));
    await page.goto(`${pages.origin}/`);
    const outcome = await bounded(page.evaluate((wanted) => window.run(wanted), wanted));
    const wrong = Object.values(outcome).some((step) => step?.hole);
    return { ...outcome, keys, cookies: await context.cookies(), notes: [...notes, ...(wrong ? traffic.last() : [])] };
  } catch (error) {
    return { failure: `the page failed: ${error.message}`, notes };
  } finally {
    await context.close();
  }
}

function bounded(promise) {
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no outcome after ${CASE_MS / 1000} s`)), CASE_MS).unref();
  });
  return Promise.race([promise, late]);
}
