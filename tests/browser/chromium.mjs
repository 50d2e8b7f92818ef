import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

/** What Chromium is started with on a machine without a screen. */
export const ARGUMENTS = [
  // Root has no sandbox, and a test machine no GPU.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  // Players play with sound, as viewers have it: a muted track need not be decoded.
  '--autoplay-policy=no-user-gesture-required',
];

/** Debian's Chromium, headless, with a profile of its own. */
export function launch() {
  return chromium.launch({ executablePath: executable(), headless: true, args: ARGUMENTS });
}

/** Where Chromium is. */
export function executable() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = process.env.CHROMIUM ?? folders.map((folder) => join(folder, 'chromium')).find(runs);
  if (!found) {
    throw new Error('no chromium on the PATH: apt-get install chromium, or set CHROMIUM to the file of another');
  }
  return found;
}

function runs(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
