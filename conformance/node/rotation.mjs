// Signing keys rotate three times while apps sign in and APIs validate, and nobody notices.
//
// `conformance/run` has the demo publish a key five seconds before it signs, so that a rotation takes no longer.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { example } from '../case.mjs';
import { CALENDAR, ISSUER, lanyard, REPORTING } from '../demo.mjs';
import { app, signIn } from './relying_party.mjs';

let calendar = await app(CALENDAR, client.ClientSecretBasic(CALENDAR.secret));
const reporting = await app(REPORTING, client.ClientSecretBasic(REPORTING.secret));
const address = new URL(calendar.serverMetadata().jwks_uri);

const eager = createRemoteJWKSet(address, { cooldownDuration: 0 });
const stale = keptAsLongAsAllowed();
const issued = []; // every access token of this run

for (const turn of ['first', 'second', 'third']) {
  await example(`${turn} rotation: no token fails while another key takes over, not even with stale keys`, async () => {
    const before = kid(await issue());
    lanyard('keys', 'rotate');
    const end = Date.now() + 30_000;
    do {
      assert.ok(Date.now() < end, 'the other key does not sign');
      await sleep(50);
      const token = await issue();
      await valid(token, stale);
      await valid(token, eager);
    } while (kid(issued.at(-1)) === before);
  });

  await example(`${turn} rotation: an API that started after it validates every token so far`, async () => {
    const fresh = createRemoteJWKSet(address);
    for (const token of issued) await valid(token, fresh);
  });

  await example(`${turn} rotation: an app with the keys from before signs its people in`, async () => {
    calendar = await aMinuteLater(calendar);
    const tokens = await signIn(calendar, CALENDAR, 'priya@riverside.example');
    issued.push(tokens.access_token);
    await valid(tokens.access_token, stale);
  });
}

/** Keys as an API has them that reads them only when `max-age` is over, and never for an unknown key. */
function keptAsLongAsAllowed() {
  let keys;
  let until = 0;
  return async (...asked) => {
    if (Date.now() >= until) {
      const response = await fetch(address);
      const seconds = Number(/max-age=(\d+)/.exec(response.headers.get('cache-control'))?.[1] ?? 0);
      until = Date.now() + seconds * 1000;
      keys = createLocalJWKSet(await response.json());
    }
    return keys(...asked);
  };
}

/** openid-client reads keys again for an unknown one, but not within a minute: longer than a rotation takes here. */
async function aMinuteLater(before) {
  const after = await app(CALENDAR, client.ClientSecretBasic(CALENDAR.secret));
  const kept = client.getJwksCache(before);
  if (kept) client.setJwksCache(after, { ...kept, uat: kept.uat - 60 });
  return after;
}

async function issue() {
  issued.push((await client.clientCredentialsGrant(reporting)).access_token);
  return issued.at(-1);
}

function valid(token, keys) {
  return jwtVerify(token, keys, { issuer: ISSUER, typ: 'at+jwt' });
}

function kid(token) {
  return decodeProtectedHeader(token).kid;
}
