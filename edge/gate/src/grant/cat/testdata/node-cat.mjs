// Tokens of @eyevinn/cat, as JSON: `npm install @eyevinn/cat@0.16.4 && node node-cat.mjs > node-cat.json`.
import { CAT } from '@eyevinn/cat';

const key = '403697de87af64611c1d32a05dab0fe1fcb715a86ab435f1ec99192d79569388';
const cat = new CAT({ keys: { Symmetric256: Buffer.from(key, 'hex') }, expectCwtTag: true });
const untagged = new CAT({ keys: { Symmetric256: Buffer.from(key, 'hex') } });
const base = { iss: 'eyevinn', sub: 'jonas', aud: 'sluice', exp: 1800003600, nbf: 1799999000, iat: 1799999000, cti: '0b71f00d' };
const all = {
  ...base,
  aud: ['other', 'sluice'],
  catreplay: 1,
  catv: 1,
  catnip: [64500, '192.0.2.0/24', '2001:db8::/32'],
  catu: {
    scheme: { 'exact-match': 'https' },
    host: { 'suffix-match': '.example' },
    path: { 'prefix-match': '/v1/film/' },
    'parent-path': { 'contains-match': 'film' },
  },
  catm: ['GET', 'HEAD'],
  cath: { 'X-Player': { 'exact-match': 'ours' } },
  catgeoiso3166: ['DE', 'US-CA'],
  catr: { type: 'automatic', expadd: 7200, deadline: 4000 },
};
const tokens = {
  base,
  all,
  'catr cookie': {
    ...base,
    catr: { type: 'cookie', expadd: 7200, deadline: 3600, 'cookie-name': 'cat', 'cookie-params': ['Path=/v1', 'Secure'] },
  },
  'catr header': { ...base, catr: { type: 'header', expadd: 7200, deadline: 3600, 'header-name': 'X-Cat', 'header-params': ['a=b'] } },
  'catr early': { ...base, catr: { type: 'header', expadd: 7200 } },
  'catr redirect': { ...base, catr: { type: 'redirect', expadd: 7200, code: 307 } },
  'catnip address': { ...base, catnip: ['192.0.2.7'] },
  'catnip v6': { ...base, catnip: ['2001:db8:1:2::7'] },
  'catu file': {
    ...base,
    catu: { filename: { 'exact-match': 'main.m3u8' }, stem: { 'exact-match': 'main' }, extension: { 'exact-match': '.m3u8' } },
  },
  'catu query': { ...base, catu: { query: { 'exact-match': 'a=1&b=2' } } },
  'catu regex': { ...base, catu: { path: { 'regex-match': ['^/v1/film/'] } } },
  'catu sha256 in hex': { ...base, // Of /v1/film/cbcs/main.m3u8.
    catu: { path: { 'sha256-match': '839e4a870229404c809046af7a9ce772ccf4e313501d29c0831357e153e19300' } } },
  'catreplay reuse': { ...base, catreplay: 2 },
  'no sub': { iss: 'eyevinn', aud: 'sluice', exp: 1800003600, cti: '0b71f00d' },
  'no exp': { iss: 'eyevinn', sub: 'jonas', aud: 'sluice' },
  catpor: { ...base, catpor: [0.5, 'id'] },
  geohash: { ...base, geohash: 'u09' },
  catgeocoord: { ...base, catgeocoord: [[52.5, 13.4, 1000]] },
  cattpk: { ...base, cattpk: '0b71' },
  catalpn: { ...base, catalpn: ['h2'] },
  catifdata: { ...base, catifdata: 'x' },
  catif: { ...base, catif: { exp: [307, { Location: 'https://issuer.example/' }] } },
  'catv 2': { ...base, catv: 2 },
};
const made = {};
for (const [name, claims] of Object.entries(tokens)) {
  made[name] = await cat.generateFromJson(claims, { type: 'mac', alg: 'HS256', kid: 'Symmetric256' });
}
made['untagged, its payload in hex'] = await untagged.generateFromJson(base, { type: 'mac', alg: 'HS256', kid: 'Symmetric256' });
console.log(JSON.stringify({ key, tokens: made }, null, 1));
