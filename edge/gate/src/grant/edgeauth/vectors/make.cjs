// EdgeAuth tokens by Akamai's library for Node. It knows times only, so those are fixed.
const EdgeAuth = require('akamai-edgeauth');

const KEY = '52a152a152a152a152a152a152a152a1';
const ST = 1_790_000_000;
const EXP = 1_800_000_000;
const PATH = '/v1/film/';

const vectors = [];
function add(name, { path = PATH, acl, ...options }, rest = {}) {
  const made = new EdgeAuth({ key: KEY, endTime: EXP, ...options });
  const token = acl ? made.generateACLToken(acl) : made.generateURLToken(path);
  const { salt = null, escapeEarly: escaped = false, startTime: st = null, ip = null } = options;
  vectors.push({ name, token, path, salt, escaped, st, exp: EXP, ip, id: null, data: null, ...rest });
}

for (const escapeEarly of [false, true]) {
  const how = escapeEarly ? 'escaped early' : 'as it is';
  add(`one ACL, ${how}`, { acl: '/v1/film/*', escapeEarly });
  add(`several ACLs, ${how}`, { acl: ['/v1/other/*', '/v?/film/*'], escapeEarly, path: '/v1/film/cbcs/main.m3u8' });
  add(`URL, ${how}`, { path: '/v1/film/cenc/manifest.mpd', escapeEarly });
  add(`URL and salt, ${how}`, { salt: 'a pinch', escapeEarly });
  add(`everything, ${how}`, { acl: '/*', startTime: ST, ip: '192.0.2.7', sessionId: 'anna', payload: 'gold', salt: 'a pinch', escapeEarly }, { id: 'anna', data: 'gold' });
}
add('what must be escaped, escaped early', { acl: '/v1/film/*', ip: '2001:db8::7', sessionId: 'anna@tv.example', payload: 'a~b=c', startTime: ST, escapeEarly: true }, { id: 'anna@tv.example', data: 'a~b=c' });
for (const algorithm of ['sha1', 'md5']) add(algorithm, { acl: '/*', algorithm });
console.log(JSON.stringify({ key: KEY, vectors }, null, 1));
