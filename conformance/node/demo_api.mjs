// The demo app's API, called with tokens that fit and tokens that do not; jose reads what is in them.

import assert from 'node:assert/strict';
import { createRemoteJWKSet, jwtVerify, SignJWT, UnsecuredJWT, decodeJwt, generateKeyPair } from 'jose';
import * as client from 'openid-client';
import { example } from '../case.mjs';
import { APP, CALENDAR, ISSUER, lanyard } from '../demo.mjs';
import { app, signIn } from './relying_party.mjs';

const calendar = await app(CALENDAR, client.ClientSecretBasic(CALENDAR.secret));
const keys = createRemoteJWKSet(new URL(calendar.serverMetadata().jwks_uri));
const priya = await signIn(calendar, CALENDAR, 'priya@riverside.example');
const sam = await signIn(calendar, CALENDAR, 'sam@riverside.example');

await example('the access token is what RFC 9068 says, with the claims of the clinic', async () => {
  const { payload, protectedHeader } = await validated(priya.access_token);
  assert.equal(payload.client_id, CALENDAR.id);
  assert.ok(payload.jti && payload.sid && payload.auth_time && payload.org_id);
  assert.equal(payload.org_name, 'Riverside Clinic');
  assert.deepEqual(payload.assignments.map(({ role, location }) => `${role} at ${location}`).sort(),
    ['practitioner at main-street', 'supervisor at harbour-quay']);
  assert.ok(payload.exp - payload.iat <= 300);
  assert.ok(protectedHeader.kid);
});

await example('the ID token is not an access token', async () => {
  await assert.rejects(validated(priya.id_token));
  assert.equal(await status({ token: priya.id_token }), 401);
});

await example('a member without a role has a token without roles', async () => {
  const { payload } = await validated(sam.access_token);
  assert.deepEqual(payload.roles, []);
  assert.deepEqual(payload.assignments, []);
});

await example('the API serves the practice and the location of the token, and no other', async () => {
  assert.equal(await status({ token: priya.access_token }), 200);
  assert.equal(await status({ token: priya.access_token, organization: 'harbour', location: 'pier' }), 403);
  assert.equal(await status({ token: priya.access_token, location: 'pier' }), 403);
  assert.equal(await status({ token: sam.access_token }), 403);
});

await example('the API refuses tokens that Lanyard did not sign', async () => {
  const claims = decodeJwt(priya.access_token);
  const { privateKey } = await generateKeyPair('ES256');
  const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' }).sign(privateKey);
  const [head, body] = priya.access_token.split('.');
  for (const token of [undefined, 'nonsense', forged, new UnsecuredJWT(claims).encode(), `${head}.${body}.AAAA`]) {
    assert.equal(await status({ token }), 401, token);
  }
});

await example('the API asks Lanyard before something dangerous: a revoked token still reads, and cancels nothing', async () => {
  const tokens = await signIn(calendar, CALENDAR, 'priya@riverside.example', { scope: 'openid roles locations offline_access' });
  assert.equal(await cancelled('a1', tokens.access_token), 403); // she is no supervisor at main-street
  await client.tokenRevocation(calendar, tokens.refresh_token);
  assert.equal(await status({ token: tokens.access_token, location: 'harbour-quay' }), 200);
  assert.equal(await cancelled('a4', tokens.access_token), 401);
  assert.equal(await cancelled('a4', priya.access_token), 200);
});

await example('the API lets the right role cancel only in its own practice', async () => {
  const olivia = await signIn(calendar, CALENDAR, 'olivia@riverside.example', { organization: 'riverside' });
  assert.equal(await cancelled('a2', olivia.access_token), 200);
  assert.equal(await cancelled('a5', olivia.access_token), 403);
  assert.equal(await cancelled('nothing', olivia.access_token), 404);
});

await example('a role at a region reaches the sites below it, and identifiers come on request', async () => {
  const here = ['--organization', 'riverside'];
  const steps = [
    ['location', 'create', 'north', '--name', 'North'],
    ['location', 'move', 'main-street', '--in', 'north'],
    ['role', 'assign', 'manager@north', 'sam@riverside.example'],
    ['location', 'identify', 'main-street', 'provider_number', '0123456A', '--member', 'sam@riverside.example'],
  ];
  const back = [
    ['location', 'identify', 'main-street', 'provider_number', '--member', 'sam@riverside.example'],
    ['role', 'end', 'manager@north', 'sam@riverside.example'],
    ['location', 'move', 'main-street', '--to-top'],
    ['location', 'close', 'north'],
  ];
  for (const step of steps) lanyard(...step, ...here);
  try {
    const tokens = await signIn(calendar, CALENDAR, 'sam@riverside.example', { scope: 'openid roles identifiers' });
    const { payload } = await validated(tokens.access_token);
    assert.deepEqual(payload.assignments, [{ role: 'manager', location: 'north', locations: ['main-street', 'north'] }]);
    assert.deepEqual(payload.identifiers, [{ location: 'main-street', type: 'provider_number', value: '0123456A' }]);
    assert.equal(await status({ token: tokens.access_token }), 200);
    assert.equal(await status({ token: tokens.access_token, location: 'harbour-quay' }), 403);
  } finally {
    for (const step of back) lanyard(...step, ...here);
  }
});

await example('the app has an icon, under both names that browsers ask for', async () => {
  for (const path of ['/calendar.svg', '/favicon.ico']) {
    const response = await fetch(`${APP}${path}`);
    assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'image/svg+xml']);
  }
});

function validated(token) {
  return jwtVerify(token, keys, { issuer: ISSUER, typ: 'at+jwt' });
}

async function cancelled(appointment, token) {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${APP}/api/appointments/${appointment}/cancel`, { method: 'POST', headers })).status;
}

async function status({ token, organization = 'riverside', location = 'main-street' }) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const response = await fetch(`${APP}/api/appointments?${new URLSearchParams({ organization, location })}`, { headers });
  if (response.status === 401) assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer/);
  return response.status;
}
