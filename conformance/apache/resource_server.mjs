// Apache with mod_oauth2 as an API: it checks access tokens by introspection, by their signature and by their claims.

import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { example } from '../case.mjs';
import { APP, CALENDAR, ISSUER, REPORTING, RESOURCE } from '../demo.mjs';
import { app, signIn } from '../node/relying_party.mjs';
import { apache } from './server.mjs';

const PORT = Number(new URL(APP).port) + 3;
const SITE = `http://localhost:${PORT}`;
const PLACES = ['introspected', 'signed', 'supervisors', 'bound'];

const values = { PORT, ISSUER, CLIENT: RESOURCE.id, SECRET: RESOURCE.secret };
const server = await apache('resource.conf.in', values, PLACES, 'let in');

async function status(place, headers) {
  const answer = await fetch(`${SITE}/${place}/`, { headers });
  return answer.status;
}

const bearer = (token) => ({ authorization: `Bearer ${token}` });

async function tokenOf(person) {
  const config = await app(CALENDAR, client.ClientSecretBasic(CALENDAR.secret));
  return (await signIn(config, CALENDAR, person)).access_token;
}

await example('an API lets in the tokens of a person and of a service, by introspection and by signature', async () => {
  const config = await app(REPORTING, client.ClientSecretBasic(REPORTING.secret));
  const service = (await client.clientCredentialsGrant(config)).access_token;
  for (const token of [await tokenOf('priya@riverside.example'), service]) {
    for (const place of ['introspected', 'signed']) assert.equal(await status(place, bearer(token)), 200, place);
  }
});

await example('an API lets in by role', async () => {
  assert.equal(await status('supervisors', bearer(await tokenOf('priya@riverside.example'))), 200);
  assert.notEqual(await status('supervisors', bearer(await tokenOf('sam@riverside.example'))), 200);
});

await example('an API refuses no token, a changed one and one that was revoked', async () => {
  const config = await app(CALENDAR, client.ClientSecretBasic(CALENDAR.secret));
  const { access_token: token } = await signIn(config, CALENDAR, 'priya@riverside.example');
  const [head, payload, signature] = token.split('.');
  const changed = [head, payload, [...signature].reverse().join('')].join('.');
  for (const place of ['introspected', 'signed', 'supervisors']) {
    assert.equal(await status(place, {}), 401, place);
    assert.equal(await status(place, bearer(changed)), 401, place);
  }
  await client.tokenRevocation(config, token);
  assert.equal(await status('introspected', bearer(token)), 401);
});

await example('an API lets in a token that is bound to a key with a proof of that key, and with nothing else', async () => {
  const config = await app(REPORTING, client.ClientSecretBasic(REPORTING.secret));
  const keys = await client.randomDPoPKeyPair('ES256');
  const DPoP = client.getDPoPHandle(config, keys);
  const bound = await client.clientCredentialsGrant(config, {}, { DPoP });
  assert.equal(bound.token_type.toLowerCase(), 'dpop');
  const address = new URL(`${SITE}/bound/`);
  const reach = async (token, handle) =>
    (await client.fetchProtectedResource(config, token, address, 'GET', null, undefined, { DPoP: handle })).status;
  assert.equal(await reach(bound.access_token, DPoP), 200);
  const stranger = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
  assert.equal(await reach(bound.access_token, stranger).catch(() => 401), 401, 'a proof of another key');
  assert.equal(await status('bound', bearer(bound.access_token)), 401, 'no proof');
  const { access_token: unbound } = await client.clientCredentialsGrant(config);
  assert.equal(await reach(unbound, DPoP).catch(() => 401), 401, 'a token that is bound to nothing');
});

server.end();
