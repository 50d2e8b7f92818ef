// Signed URLs and cookies by AWS's own signer for JavaScript. It signs with whatever kind of key it is given.
import { readFileSync } from 'node:fs';
import { getSignedCookies, getSignedUrl } from '@aws-sdk/cloudfront-signer';

const ENDS = 1_800_000_000;
const AFTER = 1_790_000_000;
const FOLDER = 'https://tv.example/v1/film/';
const date = (seconds) => new Date(seconds * 1000).toISOString();

const vectors = [];
for (const [key, word, keyPairId] of [['rsa', 'RSA', 'KRSA'], ['p256', 'ECDSA', 'KP256']]) {
  for (const algorithm of ['SHA1', 'SHA256']) {
    const privateKey = readFileSync(`${key}.pem`, 'utf8');
    const by = { keyPairId, privateKey, algorithm };
    const add = (name, rest) =>
      vectors.push({ name: `@aws-sdk/cloudfront-signer, ${name}, ${word} with ${algorithm}`, key, ends: ENDS, after: null, client: null, ...rest });
    const window = { dateLessThan: date(ENDS), dateGreaterThan: date(AFTER), ipAddress: '192.0.2.7' };
    add('canned URL', { url: getSignedUrl({ ...by, url: `${FOLDER}cenc/manifest.mpd`, dateLessThan: date(ENDS) }) });
    add('custom URL', { url: getSignedUrl({ ...by, ...window, url: FOLDER }), after: AFTER, client: '192.0.2.7' });
    add('canned cookies', { url: FOLDER, cookies: getSignedCookies({ ...by, url: FOLDER, dateLessThan: date(ENDS) }) });
    const cookies = getSignedCookies({ ...by, ...window, url: `${FOLDER}*` });
    add('custom cookies', { url: `${FOLDER}cbcs/main.m3u8?max_height=720`, cookies, after: AFTER, client: '192.0.2.7' });
    const everything = JSON.stringify({ Statement: [{ Condition: { DateLessThan: { 'AWS:EpochTime': ENDS } } }] }, null, 2);
    add('cookies for everything', { url: FOLDER, cookies: getSignedCookies({ ...by, policy: everything }) });
  }
}
console.log(JSON.stringify(vectors, null, 1));
