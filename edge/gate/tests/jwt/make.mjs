// Writes jose.json and issuers.json: see README.md.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as jose from "jose";

const NOW = 1_900_000_000;
const version = JSON.parse(readFileSync(createRequire(import.meta.url).resolve("jose/package.json"))).version;
const madeWith = `jose ${version}, Node ${process.versions.node}`;
const claims = { iss: "https://accounts.example", aud: "sluice", sub: "anna", tier: "premium", nbf: NOW, iat: NOW, exp: NOW + 3600 };
const secret = Uint8Array.from({ length: 64 }, (_, at) => 255 - at);

const jwks = { keys: [] };
async function key(alg, kid, options = {}, more = {}) {
  const pair = await jose.generateKeyPair(alg, { extractable: true, ...options });
  jwks.keys.push({ ...(await jose.exportJWK(pair.publicKey)), kid, ...more });
  return pair.privateKey;
}
async function token(name, alg, kid, signer, header = {}) {
  const signed = await new jose.SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(signer);
  return { name, alg, kid, token: signed };
}

const accepted = [
  await token("HS256 of a configured secret", "HS256", "configured", secret),
  await token("RS256", "RS256", "rs256", await key("RS256", "rs256")),
  await token("RS256 of 4096 bits", "RS256", "rs256-4096", await key("RS256", "rs256-4096", { modulusLength: 4096 }, { use: "sig", key_ops: ["verify"], alg: "RS256" })),
  await token("PS256", "PS256", "ps256", await key("PS256", "ps256", {}, { alg: "PS256" })),
  await token("ES256", "ES256", "es256", await key("ES256", "es256", {}, { alg: "ES256", use: "sig" })),
  await token("EdDSA", "EdDSA", "eddsa", await key("EdDSA", "eddsa")),
  await token("EdDSA with other header parameters", "EdDSA", "eddsa2", await key("EdDSA", "eddsa2"), { typ: "at+jwt", cty: "x", jku: "https://evil.example/jwks", x5u: "https://evil.example/x5u" }),
];
const refused = [];
for (const alg of ["HS384", "HS512"]) refused.push([await token(alg, alg, "configured", secret), `alg ${alg}`]);
for (const alg of ["RS384", "RS512", "PS384", "PS512", "ES384", "ES512", "Ed25519"])
  refused.push([await token(alg, alg, alg.toLowerCase(), await key(alg, alg.toLowerCase())), `alg ${alg}`]);
refused.push([{ name: "none", alg: "none", kid: null, token: new jose.UnsecuredJWT(claims).encode() }, "alg none"]);
refused.push([await token("a key that may only encrypt", "RS256", "encrypt", await key("RS256", "encrypt", {}, { key_ops: ["encrypt"] })), "a key that is not for verifying signatures"]);
{
  const first = await key("ES256", "twice");
  await key("ES256", "twice");
  refused.push([await token("a kid that is listed twice", "ES256", "twice", first), "a kid that the key set lists more than once"]);
}
{
  // The key in the header is the signer's own; the one that the kid names is another.
  const { privateKey, publicKey } = await jose.generateKeyPair("EdDSA", { extractable: true });
  refused.push([await token("a key in the header", "EdDSA", "eddsa", privateKey, { jwk: await jose.exportJWK(publicKey) }), null]);
}
const refusedTokens = refused.map(([made, says]) => ({ ...made, says }));
const write = (file, document) => writeFileSync(file, `${JSON.stringify(document, null, 1)}\n`);
write("jose.json", { made_with: madeWith, now: NOW, secret: jose.base64url.encode(secret), jwks, accepted, refused: refusedTokens });

// Tokens of the shapes that issuers document, by keys that were made here.
const issuers = [];
async function issuer(name, { viewer, payload, grant, jwk }) {
  const { privateKey, publicKey } = await jose.generateKeyPair("RS256", { extractable: true });
  const kid = await jose.calculateJwkThumbprint(publicKey);
  const set = { keys: [{ ...(await jose.exportJWK(publicKey)), kid, use: "sig", ...jwk }] };
  const signed = await new jose.SignJWT(payload).setProtectedHeader({ typ: "JWT", alg: "RS256", kid }).sign(privateKey);
  issuers.push({ name, viewer, jwks: set, token: signed, grant });
}
const times = { iat: NOW - 10, exp: NOW + 3590 };

await issuer("Okta, access token of a custom authorization server", {
  viewer: {
    issuer: "https://tv.okta.com/oauth2/default", audience: "api://default", jwks: { name: "okta" },
    claims: { account: "uid", tier: { claim: "groups", map: [["Premium", "premium"], ["Basic", "basic"]] } },
    require: { scp: "watch" },
  },
  payload: {
    ver: 1, jti: "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE", iss: "https://tv.okta.com/oauth2/default", aud: "api://default", ...times,
    cid: "0oa1gxnpjz9kCmTuW0h8", uid: "00u5t60iloOHN9pBi0h7", scp: ["openid", "watch"], auth_time: NOW - 600, sub: "anna@tv.example",
    groups: ["Everyone", "Basic", "Premium"],
  },
  jwk: { alg: "RS256" },
  grant: { account: "00u5t60iloOHN9pBi0h7", tier: "premium" },
});
await issuer("Microsoft Entra ID, access token v2.0", {
  viewer: {
    issuer: "https://login.microsoftonline.com/72f988bf-0000-4000-8000-000000000001/v2.0", audience: "6e74172b-0000-4000-8000-000000000002",
    jwks: { name: "entra" },
    claims: { account: "oid", tier: { claim: "roles", map: [["Tv.Premium", "premium"], ["Tv.Basic", "basic"]] }, region: "ctry" },
    require: { tid: "72f988bf-0000-4000-8000-000000000001", ver: "2.0", scp: "watch" },
  },
  payload: {
    aud: "6e74172b-0000-4000-8000-000000000002", iss: "https://login.microsoftonline.com/72f988bf-0000-4000-8000-000000000001/v2.0",
    ...times, nbf: NOW - 10, aio: "AXQAi/8TAAAA", azp: "6e74172b-0000-4000-8000-000000000003", azpacr: "0", ctry: "DE", name: "Anna",
    oid: "690222be-0000-4000-8000-000000000004", preferred_username: "anna@tv.example", rh: "0.AAAA", roles: ["Tv.Basic"],
    scp: "profile watch", sub: "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ", tid: "72f988bf-0000-4000-8000-000000000001",
    uti: "fqiBqXLPj0eQa82S-IYFAA", ver: "2.0",
  },
  // Entra's keys name no algorithm.
  jwk: { x5t: "nOo3ZDrODXEK1jKWhXslHR_KXEg", issuer: "https://login.microsoftonline.com/{tenantid}/v2.0" },
  grant: { account: "690222be-0000-4000-8000-000000000004", tier: "basic", places: ["DE"] },
});
await issuer("Amazon Cognito, access token", {
  viewer: {
    issuer: "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE01", jwks: { name: "cognito" },
    claims: { tier: { claim: "cognito:groups", map: [["gold", "premium"], ["silver", "basic"]] } },
    require: { token_use: "access", client_id: "57cbishk4j24pabc1234567890", scope: "tv/watch" },
  },
  payload: {
    sub: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "cognito:groups": ["beta", "gold"],
    iss: "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE01", version: 2, client_id: "57cbishk4j24pabc1234567890",
    origin_jti: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", event_id: "64f513be-32db-42b0-b78e-b02127b4f463", token_use: "access",
    scope: "openid tv/watch", auth_time: NOW - 600, ...times, jti: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", username: "anna",
  },
  jwk: { alg: "RS256" },
  grant: { account: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", tier: "premium" },
});
await issuer("Amazon Cognito, ID token with custom attributes", {
  viewer: {
    issuer: "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE01", audience: "57cbishk4j24pabc1234567890", jwks: { name: "cognito" },
    claims: { tier: "custom:tier", stream_limit: "custom:streams", not_after: "custom:until", device_class: "custom:devices" },
    require: { token_use: "id" },
  },
  payload: {
    sub: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "cognito:groups": ["beta"], email_verified: true,
    iss: "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE01", "cognito:username": "anna",
    origin_jti: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", aud: "57cbishk4j24pabc1234567890", event_id: "64f513be-32db-42b0-b78e-b02127b4f463",
    token_use: "id", auth_time: NOW - 600, ...times, jti: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", email: "anna@tv.example",
    "custom:tier": "basic", "custom:streams": "2", "custom:until": String(NOW + 600), "custom:devices": "mobile",
  },
  jwk: { alg: "RS256" },
  grant: { account: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", tier: "basic", stream_limit: 2, ends: NOW + 600, device_class: "mobile" },
});
await issuer("Auth0, access token with permissions and a namespaced claim", {
  viewer: {
    issuer: "https://tv.eu.auth0.com/", audience: "https://api.tv.example", jwks: { name: "auth0", algs: ["RS256"] },
    claims: {
      tier: { claim: ["https://tv.example/app_metadata", "plan"], map: [["gold", "premium"]] },
      region: ["https://tv.example/app_metadata", "countries"],
      titles: { claim: "permissions", map: [["watch:final", "final"], ["watch:trailer", "trailer"]] },
      device: null,
    },
    require: { azp: "my_client_id", scope: "watch" },
  },
  payload: {
    "https://tv.example/app_metadata": { plan: "gold", countries: ["DE", "AT"] }, iss: "https://tv.eu.auth0.com/", sub: "auth0|5f7c8ec7c33c6c004bbafe82",
    aud: ["https://api.tv.example", "https://tv.eu.auth0.com/userinfo"], ...times, azp: "my_client_id", scope: "openid profile watch",
    permissions: ["watch:final", "download:final"], device: { os: "ignored" },
  },
  jwk: { alg: "RS256", x5t: "QkY4MzY1RkVBRTlCMzVFRkQ5QTM1RTUwMkJCQjUwQUM4MkI5NTE2Mw" },
  grant: { account: "auth0|5f7c8ec7c33c6c004bbafe82", tier: "premium", titles: ["final"], places: ["DE", "AT"] },
});
write("issuers.json", { made_with: madeWith, now: NOW, issuers });
