import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const TYPES = { html: 'text/html; charset=utf-8', mjs: 'text/javascript', js: 'text/javascript' };

/** The players as their projects build them for use. */
const LIBRARIES = {
  '/libraries/shaka-player.js': 'shaka-player/dist/shaka-player.compiled.js',
  '/libraries/dash.js': 'dashjs/dist/modern/umd/dash.all.min.js',
  '/libraries/hls.js': 'hls.js/dist/hls.min.js',
};

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Serves the pages and the players. The origin is `localhost` where edges are `127.0.0.1`: to the browser another site, so
 * that cookies are third-party ones.
 */
export async function servePages() {
  const server = createServer(async (request, response) => {
    const file = fileOf(new URL(request.url, 'http://localhost').pathname);
    const body = file && (await readFile(file).catch(() => null));
    if (!body) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': TYPES[file.split('.').pop()] ?? 'application/octet-stream' }).end(body);
  });
  await new Promise((listening, failed) => server.once('error', failed).listen(0, '127.0.0.1', listening));
  return { origin: `http://localhost:${server.address().port}`, close: () => server.close() };
}

function fileOf(path) {
  if (path in LIBRARIES) return here(`../node_modules/${LIBRARIES[path]}`);
  if (path === '/') return here('page/index.html');
  return /^\/([a-z]+\/)?[a-z]+\.mjs$/.test(path) ? here(`page${path}`) : null;
}
