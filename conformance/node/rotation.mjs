// Signing keys rotate three times while apps sign in and APIs validate, and nobody notices.
//
// Three APIs, made of jose: one reads the keys anew when it meets an unknown one, one knows only the keys as they were
// before the last rotation, one has only just started. A fourth case is openid-client, which kept its keys from the start.

import assert from 'node:assert/strict';
import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { example } from '../case.mjs';
import { CALENDAR, ISSUER, lanyard, REPORTING } from '../demo.mjs';
import { app, signIn } from './relying_party.mjs';

const PRIYA = 'priya@riverside.example';
const calendar = await app(CALENDAR, client.ClientSecretBasic(CALENDAR.secret));
const reporting = await app(REPORTING, client.ClientSecretBasic(REPORTING.secret));
const address = new URL(calendar.serverMetadata().jwks_uri);
const remote = createRemoteJWKSet(address);

const issued = []; // every access token of this run
await issue();

for (const turn of ['first', 'second', 'third']) {
  const before = await published();
  const [newest] = issued.slice(-1);

  await example(`${turn} rotation: another key signs, and within a second on every node`, async () => {
    lanyard('keys', 'rotate');
    await waitFor(async () => {
      await issue();
      return kid(issued.at(-1)) !== kid(newest);
    });
  });

  await example(`${turn} rotation: an API with the keys from before it validates the new token`, () => valid(issued.at(-1), before));

  await example(`${turn} rotation: an API that started after it validates every token so far`, async () => {
    const after = await published();
    for (const token of issued) await valid(token, after);
  });

  await example(`${turn} rotation: an API that reads keys as it needs them validates every token so far`, async () => {
    for (const token of issued) await valid(token, remote);
  });

  await example(`${turn} rotation: an app that runs on signs its people in`, async () => {
    const tokens = await signIn(calendar, CALENDAR, PRIYA);
    assert.ok(tokens.claims());
    issued.push(tokens.access_token);
  });
}

async function issue() {
  issued.push((await client.clientCredentialsGrant(reporting)).access_token);
}

async function published() {
  return createLocalJWKSet(await (await fetch(address)).json());
}

function valid(token, keys) {
  return jwtVerify(token, keys, { issuer: ISSUER, typ: 'at+jwt' });
}

function kid(token) {
  return decodeProtectedHeader(token).kid;
}

async function waitFor(condition) {
  const end = Date.now() + 5000;
  while (!(await condition())) assert.ok(Date.now() < end, 'not within five seconds');
}
